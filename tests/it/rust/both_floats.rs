//! Floats: NaN, −0, infinities, functions, casts.

use fusevm::testing::both;

#[test]
fn arithmetic() {
    let tenths = both! { 0.1 + 0.2 };
    assert_eq!(
        tenths.map(f64::to_bits),
        Ok(0.300_000_000_000_000_04_f64.to_bits())
    );
    let zeros = both! {
        let zero = 0.0;
        let minus = -0.0;
        let a = 1.0 / zero == f64::INFINITY;
        let b = 1.0 / minus == f64::NEG_INFINITY;
        let c = zero == minus;
        a && b && c
    };
    assert_eq!(zeros, Ok(true));
    let minus_zero = both! { let x = 0.0; -x * 5.0 };
    assert_eq!(minus_zero.map(f64::to_bits), Ok((-0.0_f64).to_bits()));
    let not_a_number = both! { let zero = 0.0; zero / zero };
    assert!(not_a_number.is_ok_and(f64::is_nan));
    let remainders = both! {
        let a = -7.5 % 2.0;
        let b = 7.5 % -2.0;
        let c = 1e300 % 7.0;
        a * 100.0 + b + c
    };
    assert!(remainders.is_ok());
    let remainder_by_zero = both! { let zero = 0.0; 5.0 % zero };
    assert!(remainder_by_zero.is_ok_and(f64::is_nan));
    let series = both! {
        let mut sum = 0.0;
        let mut sign = 1.0;
        for k in 0..200 {
            sum += sign / (2 * k + 1) as f64;
            sign = -sign;
        }
        sum * 4.0
    };
    assert!(series.is_ok_and(|pi| (pi - std::f64::consts::PI).abs() < 0.01));
    let assigned = both! {
        let mut x = 10.0;
        x += 2.5; x -= 0.25; x *= 3.0; x /= 7.0; x %= 1.0;
        x
    };
    assert!(assigned.is_ok());
}

#[test]
fn comparison_with_nan() {
    let all = both! {
        let nan = f64::NAN;
        let mut n = 0i64;
        if nan == nan { n += 1; }
        if nan != nan { n += 2; }
        if nan < 1.0 { n += 4; }
        if nan >= 1.0 { n += 8; }
        if !(nan < 1.0) { n += 16; }
        if !(nan > 1.0) && !(nan <= 1.0) { n += 32; }
        if nan.is_nan() && !1.0f64.is_nan() { n += 64; }
        n
    };
    assert_eq!(all, Ok(114));
    let in_a_loop = both! {
        let mut x = f64::NAN;
        let mut turns = 0i64;
        while !(x > 3.0) { if x.is_nan() { x = 0.0; } x += 1.0; turns += 1; }
        turns
    };
    assert_eq!(in_a_loop, Ok(4));
    let negated_nan = both! { -f64::NAN };
    assert!(negated_nan.is_ok_and(f64::is_nan));
}

#[test]
fn functions() {
    let roots = both! {
        let mut sum = 0.0f64;
        for i in 0..50 { sum += (i as f64).sqrt(); }
        sum
    };
    assert!(roots.is_ok());
    let whole = both! {
        let mut sum = 0.0f64;
        for i in -20..20 {
            let x = i as f64 / 4.0;
            sum = sum * 1.5 + x.floor() + x.ceil() * 2.0 + x.trunc() * 3.0 + x.round() * 5.0 + x.abs();
        }
        sum
    };
    assert!(whole.is_ok());
    let curves = both! {
        let x = 0.7f64;
        x.sin() + x.cos() * 10.0 + x.exp() * 100.0 + x.ln() * 1000.0 + x.atan2(-0.3) * 10_000.0 + x.powf(2.5)
    };
    assert!(curves.is_ok());
    let rounded_to_minus_zero = both! { (-0.3f64).round() };
    assert_eq!(
        rounded_to_minus_zero.map(f64::to_bits),
        Ok((-0.0_f64).to_bits())
    );
    let root_of_less = both! { (-1.0f64).sqrt() };
    assert!(root_of_less.is_ok_and(f64::is_nan));
    let newton = both! {
        fn root(x: f64) -> f64 {
            let mut guess = x / 2.0;
            loop {
                let next = (guess + x / guess) / 2.0;
                if (next - guess).abs() < 1e-12 { break next; }
                guess = next;
            }
        }
        root(2.0) * 1000.0 + root(144.0)
    };
    assert!(newton.is_ok());
}

#[test]
fn casts() {
    let to_integers = both! {
        let mut n = 0i64;
        n = n.wrapping_mul(31).wrapping_add(2.9 as i64);
        n = n.wrapping_mul(31).wrapping_add(-2.9 as i64);
        n = n.wrapping_mul(31).wrapping_add(f64::NAN as i64);
        n = n.wrapping_mul(31).wrapping_add(f64::INFINITY as i64);
        n = n.wrapping_mul(31).wrapping_add(f64::NEG_INFINITY as i64);
        n = n.wrapping_mul(31).wrapping_add(1e300 as i64);
        n = n.wrapping_mul(31).wrapping_add(9_223_372_036_854_775_807.0 as i64);
        n = n.wrapping_mul(31).wrapping_add(-0.0 as i64);
        n
    };
    assert!(to_integers.is_ok());
    let to_floats = both! {
        (i64::MAX as f64) + (i64::MIN as f64) + (9_007_199_254_740_993i64 as f64) + (0i64 as f64)
    };
    assert!(to_floats.is_ok());
    let of_truths = both! { (true as i64) * 10 + (false as i64) + (3 > 2) as i64 };
    assert_eq!(of_truths, Ok(11));
    let chained = both! { 7i64 as f64 as i64 as f64 / 2 as f64 };
    assert_eq!(chained, Ok(3.5));
    let constants = both! {
        f64::MAX / 2.0 + f64::MIN / 2.0 + f64::EPSILON + f64::MIN_POSITIVE
    };
    assert!(constants.is_ok());
}

#[test]
fn mandelbrot() {
    let inside = both! {
        let mut inside = 0i64;
        for row in 0..24 {
            for column in 0..48 {
                let cx = column as f64 / 16.0 - 2.25;
                let cy = row as f64 / 8.0 - 1.5;
                let mut x = 0.0;
                let mut y = 0.0;
                let mut n = 0i64;
                while n < 40 && x * x + y * y <= 4.0 {
                    let next = x * x - y * y + cx;
                    y = 2.0 * x * y + cy;
                    x = next;
                    n += 1;
                }
                if n == 40 { inside += 1; }
            }
        }
        inside
    };
    assert!(inside.is_ok_and(|n| n > 100));
}
