//! Integers at their edges: division, shifts, bits, overflow that wraps.

use fusevm::testing::both;

#[test]
fn division() {
    let signs = both! {
        let mut n = 0i64;
        for a in -9..10 {
            for b in -4..5 {
                if b != 0 { n = n * 3 + a / b - a % b; n = n % 1_000_003; }
            }
        }
        n
    };
    assert!(signs.is_ok());
    let euclid = both! {
        let mut n = 0i64;
        for a in -9i64..10 {
            for b in -4i64..5 {
                if b != 0 { n = n * 3 + a.div_euclid(b) + a.rem_euclid(b); n = n % 1_000_003; }
            }
        }
        n
    };
    assert!(euclid.is_ok());
    let edges = both! {
        let least = i64::MIN;
        let most = i64::MAX;
        (least / most) + (most % least) + (least / 2) + (least % 10) + (least / least)
    };
    assert!(edges.is_ok());
    for zero in [
        both! { let zero: i64 = 0; 1 / zero },
        both! { let zero: i64 = 0; 1 % zero },
        both! { let zero: i64 = 0; 5i64.rem_euclid(zero) },
        both! { let mut n: i64 = 100; let mut d: i64 = 3; while d > -3 { n = n / d; d -= 1; } n },
    ] {
        let failed = zero.unwrap_err();
        assert!(failed.to_string().contains("zero"), "{failed}");
    }
    for overflow in [
        both! { let least = i64::MIN; let d: i64 = -1; least / d },
        both! { let least = i64::MIN; let d: i64 = -1; least % d },
        both! { let least = i64::MIN; let d: i64 = -1; least.div_euclid(d) },
    ] {
        assert!(overflow.unwrap_err().panic.contains("overflow"));
    }
}

#[test]
fn shifts() {
    let left = both! {
        let mut n = 0i64;
        for count in 0..64 { n = n ^ (0x1234_5678_9abc_def1 << count); }
        n
    };
    assert!(left.is_ok());
    let right = both! {
        let mut n = 0i64;
        for count in 0..64 { n = n.wrapping_add((-0x1234_5678_9abc_def1 >> count) ^ (i64::MAX >> count)); }
        n
    };
    assert!(right.is_ok());
    let sign = both! { (-1i64 >> 63) + (i64::MIN >> 62) + (i64::MAX >> 62) };
    assert_eq!(sign, Ok(-2));
    let wrapped = both! {
        1i64.wrapping_shl(63) ^ 3i64.wrapping_shl(65) ^ (-8i64).wrapping_shr(66) ^ 9i64.wrapping_shl(64)
    };
    assert!(wrapped.is_ok());
    let assigned = both! {
        let mut n = 5i64;
        n <<= 40;
        n >>= 3;
        n |= 0b1010;
        n &= !2;
        n ^= 0xff;
        n
    };
    assert!(assigned.is_ok());
}

#[test]
fn wrapping() {
    let all = both! {
        let most = i64::MAX;
        let least = i64::MIN;
        let a = most.wrapping_add(1) == least;
        let b = least.wrapping_sub(1) == most;
        let c = least.wrapping_neg() == least;
        let d = least.wrapping_mul(-1) == least;
        a && b && c && d
    };
    assert_eq!(all, Ok(true));
    let random = both! {
        let mut state: i64 = 88_172_645_463_325_252;
        let mut sum: i64 = 0;
        for _ in 0..500 {
            state = state ^ (state << 13);
            state = state ^ ((state >> 7) & 0x01ff_ffff_ffff_ffff);
            state = state ^ (state << 17);
            sum = sum.wrapping_add(state.wrapping_mul(6_364_136_223_846_793_005));
        }
        sum
    };
    assert!(random.is_ok());
    let hash = both! {
        fn mix(h: i64, x: i64) -> i64 { (h ^ x).wrapping_mul(1_099_511_628_211) }
        let mut h: i64 = -3_750_763_034_362_895_579;
        for i in 0..64 { h = mix(h, i); }
        h
    };
    assert!(hash.is_ok());
}

#[test]
fn literals_and_bits() {
    let literals = both! {
        0xff + 0o17 + 0b101 + 1_000_000i64 - -5 + -9_223_372_036_854_775_808 / 1_000_000
    };
    assert!(literals.is_ok());
    let least = both! { -9_223_372_036_854_775_808i64 == i64::MIN };
    assert_eq!(least, Ok(true));
    let precedence = both! {
        let a = 6i64;
        let b = 3i64;
        let c = a + b * 2 - a / b % 2 << 1 & 0xff | 1 ^ a & b;
        let d = -a + !b - -(b);
        let e = (a < b) == false;
        if e && !(a == b) || a > 100 { c * 1000 + d } else { 0 }
    };
    assert!(precedence.is_ok());
    let truths = both! {
        let a = true;
        let b = false;
        let mut n = 0i64;
        if a & b { n += 1; }
        if a | b { n += 2; }
        if a ^ b { n += 4; }
        if a ^ a { n += 8; }
        if !b & (a != b) { n += 16; }
        if a > b && b < a && a >= a { n += 32; }
        n
    };
    assert_eq!(truths, Ok(54));
    let bit_count = both! {
        let mut n: i64 = 0x0f0f_1234;
        let mut bits = 0i64;
        while n != 0 { n &= n - 1; bits += 1; }
        bits
    };
    assert!(bit_count.is_ok());
}

#[test]
fn methods() {
    let several = both! {
        let a = -7i64;
        let b = 12i64;
        a.abs() + a.min(b) * 10 + a.max(b) * 100 + a.signum() * 1000 + b.signum() * 10_000 + b.pow(3)
    };
    assert!(several.is_ok());
    let truths = both! { (-7i64).is_negative() && 7i64.is_positive() && !0i64.is_negative() && !0i64.is_positive() };
    assert_eq!(truths, Ok(true));
    let powers = both! {
        let two = 2i64;
        let minus = -3i64;
        two.pow(0) + two.pow(62) - minus.pow(3) + minus.pow(4)
    };
    assert!(powers.is_ok());
}

#[test]
fn signs_and_casts_bind_as_in_rust() {
    let all = both! {
        let x = 2.9;
        let a = -x as i64 + -2.9 as i64 * 10;
        let b = -9_223_372_036_854_775_808i64 as f64 / 4.0;
        let c = !5i64 as f64;
        let d = -7i64.abs() + -(7i64).signum();
        let e = 1i64 + 2 as i64 * 3 - (-1i64 as i64) << 1;
        a as f64 + b + c + d as f64 + e as f64
    };
    assert!(all.is_ok());
}
