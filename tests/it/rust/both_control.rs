//! Branches, labelled blocks, `match`, short circuits, shadowing, and order of evaluation.

use fusevm::testing::both;

#[test]
fn branches() {
    let chain = both! {
        let mut n = 0i64;
        for i in 0..10 {
            n = n * 10 + if i < 3 { 1 } else if i < 6 { 2 } else if i == 7 { 3 } else { 4 };
        }
        n
    };
    assert_eq!(chain, Ok(1_112_224_344));
    let statements = both! {
        let mut n = 0i64;
        let mut i = 0i64;
        while i < 8 {
            if i % 2 == 0 { n += 1 } else { n += 10 }
            if i == 5 { n += 100; }
            i += 1;
        }
        n
    };
    assert_eq!(statements, Ok(144));
    let of_truths = both! {
        let a = if 1 < 2 { 2 > 1 } else { false };
        let b = if a { !a } else { a };
        a && !b
    };
    assert_eq!(of_truths, Ok(true));
    let diverging = both! {
        let mut n = 0i64;
        loop {
            let x = if n > 5 { break } else { n };
            n = x + 2;
        }
        n
    };
    assert_eq!(diverging, Ok(6));
}

#[test]
fn short_circuits() {
    let effects = both! {
        let mut n = 0i64;
        let a = { n += 1; false } && { n += 10; true };
        let b = { n += 100; true } || { n += 1000; true };
        let c = ({ n += 10_000; true } && { n += 100_000; false }) || { n += 1_000_000; true };
        if !a && b && c { n } else { -n }
    };
    assert_eq!(effects, Ok(1_110_101));
    let in_conditions = both! {
        let mut n = 0i64;
        for i in 0..30 {
            if i > 3 && i < 20 && (i % 3 == 0 || i % 5 == 0) && !(i == 15) { n += i; }
            if !(i < 10 || i > 12) { n += 1000; }
            if !(i > 4 && i < 27) { n += 100_000; }
        }
        n
    };
    assert!(in_conditions.is_ok());
    let guarded = both! {
        let zero = 0i64;
        if zero != 0 && 10 / zero > 1 { 1i64 } else { 2i64 }
    };
    assert_eq!(guarded, Ok(2));
    let looped = both! {
        let mut i = 0i64;
        let mut j = 20i64;
        while i < 10 && (j > 15 || i < 7) { i += 1; j -= 1; }
        i * 100 + j
    };
    assert!(looped.is_ok());
}

#[test]
fn labelled_blocks() {
    let value = both! {
        let mut n = 0i64;
        for i in 0..6 {
            n = n * 10 + 'found: {
                if i == 2 { break 'found 7; }
                if i > 3 { break 'found i * 2 - 5; }
                i
            };
        }
        n
    };
    assert_eq!(value, Ok(17_335));
    let nothing = both! {
        let mut n = 0i64;
        'a: {
            n += 1;
            'b: {
                n += 10;
                if n > 5 { break 'a; }
                n += 100;
            }
            n += 1000;
        }
        n
    };
    assert_eq!(nothing, Ok(11));
    let through_operands = both! {
        let mut n = 0i64;
        let x = 'out: {
            1 + 2 * (3 + { n += 1; if n > 0 { break 'out n + 40; } n })
        };
        x
    };
    assert_eq!(through_operands, Ok(41));
    let loop_in_an_operand = both! {
        let mut i = 0i64;
        let mut n = 100i64;
        n = n + 1000 * loop { i += 1; if i % 4 == 0 { break i + loop { break 5; }; } };
        n
    };
    assert_eq!(loop_in_an_operand, Ok(9100));
    let continued_from_an_operand = both! {
        let mut n = 0i64;
        for i in 0..10 { n += 1 + if i % 2 == 0 { continue } else { i }; }
        n
    };
    assert_eq!(continued_from_an_operand, Ok(30));
}

#[test]
fn matches() {
    let integers = both! {
        let mut n = 0i64;
        for i in -2..8 {
            let digit: i64 = match i { 0 => 5, 1 | 2 => 6, -1 => 7, x if x > 5 => x, _ => 1 };
            n = n * 10 + digit;
        }
        n
    };
    assert_eq!(integers, Ok(1_756_611_167));
    let statements = both! {
        let mut n = 0i64;
        for i in 0..5 {
            match i {
                0 => n += 1,
                1 => { n += 10; n += 10; }
                3 => continue,
                other => n += other * 100,
            }
            n += 1000;
        }
        n
    };
    assert_eq!(statements, Ok(4621));
    let truths = both! {
        let a = match 3 > 2 { true => 1i64, false => 2i64 };
        let b = match 2 > 3 { true => 1i64, _ => 2i64 };
        a * 10 + b
    };
    assert_eq!(truths, Ok(12));
    let returning = both! {
        fn name(n: i64) -> i64 { match n { 1 => return 100, 2 => 200, _ => { if n > 5 { return 0; } n } } }
        name(1) + name(2) + name(3) + name(9)
    };
    assert_eq!(returning, Ok(303));
}

#[test]
fn shadowing_and_scopes() {
    let shadows = both! {
        let x = 1i64;
        let x = x + 10;
        let y = { let x = x * 2; x + 1 };
        let x = x as f64 / 2.0;
        x + y as f64
    };
    assert_eq!(shadows, Ok(28.5));
    let slots_again = both! {
        let mut n = 0i64;
        for i in 0..5 {
            { let a = i; let b = a * 2; n += a + b; }
            { let c = 7; let d: i64; if i > 2 { d = c } else { d = c + 1 } n += d; }
        }
        n
    };
    assert!(slots_again.is_ok());
    let declared_first = both! {
        let x: i64;
        let y;
        if 2 > 1 { x = 5; y = 1.5; } else { x = 6; y = 2.5; }
        x as f64 * y
    };
    assert_eq!(declared_first, Ok(7.5));
    let ignored = both! { let _ = 5i64; let mut n = 1i64; let _ = { n = 2; n }; n };
    assert_eq!(ignored, Ok(2));
}

#[test]
fn order_of_evaluation() {
    let operands = both! {
        let mut n = 1i64;
        let a = { n = n * 2; n } - { n = n * 5; n } * { n = n + 3; n };
        a * 100 + n
    };
    assert!(operands.is_ok());
    let value_before_place = both! {
        let mut n = 1i64;
        n += { n = 10; 5 };
        n
    };
    assert_eq!(value_before_place, Ok(15));
    let arguments = both! {
        fn digits(a: i64, b: i64, c: i64) -> i64 { a * 100 + b * 10 + c }
        let mut n = 0i64;
        digits({ n += 1; n }, { n += 1; n }, { n += 1; n })
    };
    assert_eq!(arguments, Ok(123));
    let old_value_stays = both! {
        let mut n = 3i64;
        n + { n = 50; n } + n
    };
    assert_eq!(old_value_stays, Ok(103));
}

#[test]
fn values_on_every_way() {
    assert_eq!(
        both! {
            let x: i64;
            let y: i64;
            loop { x = 5; break; }
            match x { 5 => { y = 1; } 6 => return 3, _ => { y = 2; } }
            let z: i64;
            'a: { if y > 0 { z = 7; break 'a; } z = 8; }
            let w: i64;
            if x > 100 { return 0; } else { w = 4; }
            x * 1000 + y * 100 + z * 10 + w
        },
        Ok(5174)
    );
    assert_eq!(
        both! {
            let mut v: i64;
            let mut n = 0i64;
            for i in 0..3 { v = i; n += v; }
            n
        },
        Ok(3)
    );
    assert_eq!(both! { if true { 1i64 } else { 2 } }, Ok(1));
    assert_eq!(
        both! { let mut n = 0i64; if false { n = 1; } if !false { n += 2; } n },
        Ok(2)
    );
    assert_eq!(
        both! { let b = false; let c = b || !b && true; c },
        Ok(true)
    );
    assert_eq!(both! { { { 5i64 } } }, Ok(5));
    assert_eq!(both! { ; ; 5i64 }, Ok(5));
    assert_eq!(both! { fn f() -> i64 { return 3; } f(); f() }, Ok(3));
    assert_eq!(
        both! { fn f(x: i64) -> i64 { match x { 0 => 1, _ => { let y = x - 1; f(y) * 2 } } } f(10) },
        Ok(1024)
    );
}

#[test]
fn blocks_before_bodies() {
    let of_loops = both! {
        let mut i = 0i64;
        let mut n = 0i64;
        while { i += 1; i < 5 } {}
        while { i -= 1; i } > 1 { n += 1; }
        while 1 < { i += 1; i } && { n += 1; n } < 8 { n += 1; }
        for k in { i }..10 { n += k; }
        while 'none: { break 'none false } {}
        n * 100 + i
    };
    assert_eq!(of_loops, Ok(4704));
    let of_choices = both! {
        let n = 7i64;
        let a = if { let m = n; m == 6 } { 1 } else if { n > 6 } { 2 } else { 3 };
        let b = match { n } { 1 => 2, k => k + 1000 };
        if { true } as i64 == 1 { a + b } else { 0 }
    };
    assert_eq!(of_choices, Ok(1009));
}
