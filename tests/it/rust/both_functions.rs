//! Functions: nested, recursive, and what they return.

use fusevm::testing::both;

#[test]
fn recursion() {
    let fib = both! {
        fn fib(n: i64) -> i64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
        fib(18)
    };
    assert_eq!(fib, Ok(2584));
    let factorial = both! {
        fn factorial(n: i64) -> i64 {
            if n <= 1 { return 1; }
            n * factorial(n - 1)
        }
        factorial(20)
    };
    assert_eq!(factorial, Ok(2_432_902_008_176_640_000));
    let mutual = both! {
        fn even(n: i64) -> bool { if n == 0 { true } else { odd(n - 1) } }
        fn odd(n: i64) -> bool { if n == 0 { false } else { even(n - 1) } }
        even(40) && !odd(40) && odd(7)
    };
    assert_eq!(mutual, Ok(true));
    let ackermann = both! {
        fn ack(m: i64, n: i64) -> i64 {
            if m == 0 { n + 1 } else if n == 0 { ack(m - 1, 1) } else { ack(m - 1, ack(m, n - 1)) }
        }
        ack(2, 5)
    };
    assert_eq!(ackermann, Ok(13));
    let gcd = both! {
        fn gcd(a: i64, b: i64) -> i64 { if b == 0 { a.abs() } else { gcd(b, a % b) } }
        gcd(1071, 462) + 1000 * gcd(-48, 36)
    };
    assert_eq!(gcd, Ok(12_021));
    let power = both! {
        fn power(x: f64, n: i64) -> f64 {
            if n == 0 { return 1.0; }
            let half = power(x, n / 2);
            if n % 2 == 0 { half * half } else { half * half * x }
        }
        power(1.5, 21)
    };
    assert!(power.is_ok());
}

#[test]
fn functions_in_functions() {
    let nested = both! {
        fn outer(n: i64) -> i64 {
            fn inner(n: i64) -> i64 { n * n }
            inner(n) + inner(n + 1)
        }
        fn other(n: i64) -> i64 {
            fn inner(n: i64) -> i64 { n + 100 }
            inner(n)
        }
        outer(3) * 1000 + other(4)
    };
    assert_eq!(nested, Ok(25_104));
    let in_a_block = both! {
        let a = { fn f() -> i64 { 1 } f() };
        let b = { fn f() -> i64 { 20 } f() };
        a + b
    };
    assert_eq!(in_a_block, Ok(21));
    let deep = both! {
        fn a(x: i64) -> i64 {
            fn b(x: i64) -> i64 {
                fn c(x: i64) -> i64 { if x > 10 { x } else { a(x + 4) } }
                c(x) + 1
            }
            b(x) * 2
        }
        a(1)
    };
    assert!(deep.is_ok());
}

#[test]
fn parameters_and_results() {
    let written = both! {
        fn sum_to(mut n: i64) -> i64 {
            let mut sum = 0;
            while n > 0 { sum += n; n -= 1; }
            sum
        }
        let n = 10;
        sum_to(n) * 100 + n
    };
    assert_eq!(written, Ok(5510));
    let mixed = both! {
        fn pick(first: bool, a: f64, b: i64) -> f64 { if first { a } else { b as f64 } }
        pick(true, 0.5, 3) + pick(false, 0.5, 3)
    };
    assert_eq!(mixed, Ok(3.5));
    let early = both! {
        fn find(limit: i64) -> i64 {
            for i in 0..limit {
                for j in 0..limit {
                    if i * j == 42 { return i * 100 + j; }
                }
            }
            -1
        }
        find(5) + find(50)
    };
    assert_eq!(early, Ok(141));
    let nothing = both! {
        fn nothing(_n: i64) { }
        fn returns(n: i64) { if n > 0 { return; } nothing(n) }
        nothing(1);
        returns(1);
        returns(-1);
    };
    assert_eq!(nothing, Ok(()));
    let never = both! {
        fn never(n: i64) -> i64 { loop { if n == 0 { loop {} } return n; } }
        never(3) + never(4)
    };
    assert_eq!(never, Ok(7));
    let endless = both! {
        fn endless(n: i64) -> i64 { loop { if n < 0 { loop {} } } }
        fn stuck() { loop {} }
        if 1 > 2 { stuck(); endless(1) + 1 } else { 3i64 }
    };
    assert_eq!(endless, Ok(3));
    let returned_from_inside = both! {
        fn f(n: i64) -> i64 { 1 + (2 + if n > 3 { return n } else { n }) }
        f(2) * 100 + f(9)
    };
    assert_eq!(returned_from_inside, Ok(509));
    let from_the_program = both! {
        let mut i = 0i64;
        loop { i += 1; if i == 12 { return i * 2; } }
    };
    assert_eq!(from_the_program, Ok(24));
}
