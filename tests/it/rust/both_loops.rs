//! Loops of every kind.

use fusevm::testing::both;

#[test]
fn sums() {
    let sum = both! {
        let mut sum = 0i64;
        let mut i = 0i64;
        while i < 1000 { sum += i; i += 1; }
        sum
    };
    assert_eq!(sum, Ok(499_500));
    let both_left = both! {
        let mut sum = 5i64;
        let mut i = -10i64;
        while i < 4 { sum += i; i += 1; }
        sum * 100 + i
    };
    assert_eq!(both_left, Ok(-4396));
    let none = both! {
        let mut sum = 1i64;
        let mut i = 10i64;
        while i < 4 { sum += i; i += 1; }
        sum * 100 + i
    };
    assert_eq!(none, Ok(110));
    let itself = both! {
        let mut i = 1i64;
        while i < 100 { i += i; i += 1; }
        i
    };
    assert_eq!(itself, Ok(127));
    let ranged = both! {
        let mut sum = 0i64;
        for i in 0..100 { sum += i; }
        for i in 0..=100 { sum += i; }
        for i in -3..3 { sum += i; }
        for i in 5..5 { sum += i; }
        for i in 7..2 { sum += i; }
        sum
    };
    assert_eq!(ranged, Ok(9997));
    let of_floats = both! {
        let mut sum = 0.0;
        let step = 0.1;
        let mut i = 0i64;
        while i < 10 { sum += step; i += 1; }
        sum
    };
    assert_eq!(of_floats, Ok(0.999_999_999_999_999_9));
}

#[test]
fn counted_loops() {
    let continued = both! {
        let mut n = 0i64;
        let mut i = 0i64;
        while i < 20 {
            i += 1;
            if i % 3 == 0 { continue; }
            n = n * 2 + i;
        }
        n
    };
    assert!(continued.is_ok());
    let skips_its_step = both! {
        let mut n = 0i64;
        let mut i = 0i64;
        while i < 20 {
            if i % 3 == 0 { i += 2; continue; }
            n += i;
            i += 1;
        }
        n * 100 + i
    };
    assert!(skips_its_step.is_ok());
    let down = both! {
        let mut i = 10i64;
        let mut n = 0i64;
        while i > 0 { n = n * 3 + i; i -= 1; }
        n
    };
    assert!(down.is_ok());
    let moved_limit = both! {
        let mut limit = 10i64;
        let mut n = 0i64;
        for i in 0..limit { limit -= 1; n += i * limit; }
        n * 100 + limit
    };
    assert!(moved_limit.is_ok());
    let own_counter = both! {
        let mut n = 0i64;
        for mut i in 0..5 { i *= 10; n += i; }
        n
    };
    assert_eq!(own_counter, Ok(100));
    let shadowed = both! {
        let i = 4i64;
        let mut n = 0i64;
        for i in i..i + 3 { n = n * 10 + i; }
        n * 10 + i
    };
    assert_eq!(shadowed, Ok(4564));
    let after_a_shadow = both! {
        let mut i = 0i64;
        let mut n = 0i64;
        while i < 5 {
            n += i;
            i += 1;
            let mut i = 40i64;
            i += 1;
            n += i;
        }
        n
    };
    assert_eq!(after_a_shadow, Ok(215));
    let half = both! {
        let mut x: i64 = 1_000_000;
        let mut turns: i64 = 0;
        while x > 1 && turns < 50 { x = x / 2; turns += 1; }
        turns
    };
    assert_eq!(half, Ok(19));
}

#[test]
fn limits_on_either_side() {
    let all = both! {
        let mut n = 0i64;
        let mut i = 0i64;
        while i <= 10 { n += i; i += 1; }
        while 20 > i { n = n + i; i = i + 1; }
        while 30 >= i { n = n * 3 + i; n = n % 1009; i = i + 1; }
        if i <= 30 { n += 1; }
        if 31 >= i { n += 10_000; }
        if -5 <= i && i <= i64::MAX { n += 100_000; }
        let x = 10.5;
        if x <= 10.0 { n += 1_000_000; }
        n - i
    };
    assert!(all.is_ok());
}

#[test]
fn ends_of_ranges() {
    let at_the_end = both! {
        let mut n = 0i64;
        for i in i64::MAX - 2..=i64::MAX { n = n.wrapping_add(i); }
        n
    };
    assert!(at_the_end.is_ok());
    let to_the_end = both! {
        let last = i64::MAX;
        let mut n = 0i64;
        for i in last - 3..last { n += last - i; }
        n
    };
    assert_eq!(to_the_end, Ok(6));
    let from_the_start = both! {
        let mut n = 0i64;
        for i in i64::MIN..=i64::MIN + 1 { n = n.wrapping_sub(i); }
        n
    };
    assert!(from_the_start.is_ok());
    let past_32_bits = both! {
        let mut n = 0i64;
        for i in 2_147_483_645..2_147_483_650i64 { n = n ^ i; }
        for i in 2_147_483_645..=2_147_483_647i64 { n += i; }
        for i in -2_147_483_650..-2_147_483_647i64 { n += i; }
        n
    };
    assert!(past_32_bits.is_ok());
}

#[test]
fn nested_loops() {
    let table = both! {
        let mut n = 0i64;
        let mut i = 0i64;
        while i < 12 {
            let mut j = 0i64;
            while j < 12 { n += i * j; j += 1; }
            i += 1;
        }
        n
    };
    assert_eq!(table, Ok(4356));
    let triangle = both! {
        let mut n = 0i64;
        for i in 0..20 { for j in 0..i { for k in j..=i { n += k - j; } } }
        n
    };
    assert!(triangle.is_ok());
    let primes = both! {
        let mut count = 0i64;
        'next: for n in 2..200 {
            let mut d = 2i64;
            while d * d <= n {
                if n % d == 0 { continue 'next; }
                d += 1;
            }
            count += 1;
        }
        count
    };
    assert_eq!(primes, Ok(46));
    let collatz = both! {
        let mut best = 0i64;
        let mut length = 0i64;
        for start in 1..300 {
            let mut n: i64 = start;
            let mut steps = 0i64;
            while n != 1 {
                n = if n & 1 == 0 { n >> 1 } else { 3 * n + 1 };
                steps += 1;
            }
            if steps > length { best = start; length = steps; }
        }
        best * 1000 + length
    };
    assert_eq!(collatz, Ok(231_127));
}

#[test]
fn endless_loops() {
    let value = both! {
        let mut i = 1i64;
        let found = loop {
            i = i * 3;
            if i > 1000 { break i; }
        };
        found + i
    };
    assert_eq!(value, Ok(4374));
    let inner_value = both! {
        let mut n = 0i64;
        loop {
            let more = loop { n += 1; if n % 7 == 0 { break n > 20; } };
            if more { break; }
        }
        n
    };
    assert_eq!(inner_value, Ok(21));
    let out_of_two = both! {
        let mut n = 0i64;
        'outer: loop {
            loop {
                n += 1;
                if n == 5 { continue 'outer; }
                if n > 9 { break 'outer; }
            }
        }
        n
    };
    assert_eq!(out_of_two, Ok(10));
    let by_truth = both! {
        let mut n = 0i64;
        while true { n += 1; if n * n > 200 { break; } }
        n
    };
    assert_eq!(by_truth, Ok(15));
}
