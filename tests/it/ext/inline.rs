//! Ops whose bodies every tier knows: what they compute, in the VM and as instructions. That a body and
//! its translation agree is tested by the tests that `#[ext_op(inline)]` writes beside each op.

use fusevm::ext::inline::{InlineFault, InlineOp};
use fusevm::prelude::*;
use fusevm::testing::assert_chunk;
use fusevm::testing::inline::{Ended, run};

#[derive(Language)]
#[language(
    name = "typed",
    ops(ops::OPS, others::OPS, adds_ten::OPS, doubled::OPS, alone)
)]
struct Typed;

#[ext_op(Typed, inline)]
fn alone(a: i64) -> i64 {
    a - 1
}

#[ops]
mod others {
    /// Of every language.
    #[ext_op(inline)]
    pub fn square(x: f64) -> f64 {
        x * x
    }

    #[ext_op(inline)]
    pub fn half(n: i64, by: i64) -> i64 {
        n / by
    }
}

#[ops(Typed)]
mod ops {
    use super::others;

    #[ext_op(inline)]
    pub fn clamp(x: i64, lo: i64, hi: i64) -> i64 {
        if x < lo {
            lo
        } else if x > hi {
            hi
        } else {
            x
        }
    }

    #[ext_op(inline)]
    pub fn arith(a: i64, b: i64) -> i64 {
        let mut sum = a + b * 3 - -a;
        sum -= 7;
        sum *= !b & 0xff | a ^ 12;
        sum.abs().min(b).max(i64::MIN + 1)
    }

    #[ext_op(inline)]
    pub fn divides(a: i64, b: i64) -> i64 {
        let q = a / b;
        let mut r = a % b;
        r %= 100;
        q + r
    }

    #[ext_op(inline)]
    pub fn shifts(a: i64, mut b: i64) -> i64 {
        b >>= 1;
        (a << b) ^ (a >> b)
    }

    #[ext_op(inline)]
    pub fn floats(a: f64, b: f64) -> f64 {
        let c = (a * a + b * b).sqrt();
        let d = a.floor() - b.ceil() + c.trunc() / a.round();
        -d.abs() % 7.5 + f64::sqrt(2.0) * std::f64::consts::PI
    }

    #[ext_op(inline)]
    pub fn least(a: f64, b: f64) -> f64 {
        a.min(b) + a.max(b)
    }

    #[ext_op(inline)]
    pub fn casts(a: f64, n: i64, t: bool) -> i64 {
        let from = n as f64 * 0.5;
        a as i64 + from as i64 + i64::from(t) + t as i64 + a.is_nan() as i64
    }

    #[ext_op(inline)]
    pub fn truths(a: i64, b: i64, x: f64) -> bool {
        let zero = b != 0 && a / b > 2;
        let or = a == 0 || 10 / a == 1;
        (zero || or) && !(a == 7 || x == 0.5) ^ (a >= b) | (zero == or)
    }

    #[ext_op(inline)]
    pub fn gcd(a: i64, b: i64) -> i64 {
        let mut x = a;
        let mut y = b;
        while y != 0 {
            let rest = x % y;
            x = y;
            y = rest;
        }
        x.wrapping_abs()
    }

    #[ext_op(inline)]
    pub fn collatz(n: i64) -> i64 {
        let mut n = n;
        let mut steps = 0;
        if n < 1 {
            return -1;
        }
        while n != 1 {
            if steps > 500 {
                break;
            }
            steps += 1;
            if n % 2 == 0 {
                n /= 2;
                continue;
            }
            n = 3 * n + 1;
        }
        steps
    }

    #[ext_op(inline)]
    pub fn scaled(#[imm] by: i32, x: i64, #[imm] up: bool, #[imm] small: u8) -> i64 {
        let x = x * by as i64 + i64::from(small);
        if up { x + 1 } else { x }
    }

    #[ext_op(inline)]
    pub fn calls(a: i64, x: f64) -> i64 {
        let y: f64 = others::square(x);
        let low = clamp(a, -100, 100) + clamp(y as i64, 0, if a > 0 { a } else { -a });
        let halved: i64 = others::half(low, a);
        if truths(low, a, y) {
            halved
        } else {
            divides(halved, low)
        }
    }

    /// What runs first, and what does not run at all.
    #[ext_op(inline)]
    #[allow(unused_assignments)]
    pub fn order(a: i64, b: i64, t: bool) -> i64 {
        let mut c = a;
        c += {
            c = 7;
            b
        };
        c /= {
            c -= 5;
            b
        };
        c <<= {
            c = -c;
            b & 3
        };
        let mut u = t;
        let v = t && {
            c += 1;
            u = !u;
            u
        };
        let w = v || {
            c *= 2;
            false
        };
        let x = c - {
            c = 3;
            c
        };
        if w { x } else { x + c }
    }

    #[ext_op(inline)]
    pub fn shadows(a: i64) -> i64 {
        let b = a;
        let a = {
            let a = b + 1;
            a * 2
        };
        let mut c = a;
        let d = c + {
            c = 5;
            c
        };
        d + c * b
    }
}

/// Of a macro's arguments, which come in invisible groups.
macro_rules! adds {
    ($name:ident, $t:ty, $by:expr) => {
        #[ops(Typed)]
        mod $name {
            #[ext_op(inline)]
            pub fn $name(r#type: $t) -> $t {
                r#type + $by
            }
        }
    };
}
adds!(adds_ten, i64, 2 * 5);

/// Each is twice as long as the one before.
macro_rules! doubles {
    ($($name:ident = $inner:ident,)*) => {
        #[ops(Typed)]
        mod doubled {
            #[ext_op(inline)]
            pub fn d0(x: i64) -> i64 {
                x + 1
            }

            $(#[ext_op(inline)]
            pub fn $name(x: i64) -> i64 {
                $inner(x) + $inner(x)
            })*
        }
    };
}
doubles! {
    d1 = d0, d2 = d1, d3 = d2, d4 = d3, d5 = d4, d6 = d5, d7 = d6, d8 = d7, d9 = d8, d10 = d9, d11 = d10,
}

#[test]
fn a_body_that_is_too_long_is_called() {
    use fusevm::ext::Native;
    let native = |name| {
        let table = Typed::table();
        table.get(table.id(name).unwrap()).unwrap().native()
    };
    assert_eq!(native("d6"), Native::Expanded);
    assert_eq!(native("d11"), Native::Unboxed);
    let deep = chunk! { Typed; LoadInt(1); doubled::d11; };
    assert_chunk!(Typed; deep => 1 << 12);
}

#[test]
fn a_translation_that_is_another_is_found() {
    let table = Typed::table();
    let clamp = table.get(table.id("clamp").unwrap()).unwrap();
    let number = |value: &Value| i64::try_from(value.clone()).unwrap();
    let checked = |args: &[Value]| {
        let [x, lo, hi] = args else { unreachable!() };
        checked::<ops::clamp>((number(x), number(lo), number(hi))).map(Value::Int)
    };
    // As `clamp`, but that the upper bound wins.
    let upper = |args: &[Value]| {
        let [x, lo, hi] = args else { unreachable!() };
        Value::Int(number(x).max(number(lo)).min(number(hi)))
    };
    let failed = std::panic::catch_unwind(|| fusevm::testing::inline::check(clamp, upper, checked));
    let text = *failed
        .expect_err("they differ")
        .downcast::<String>()
        .unwrap();
    assert!(text.starts_with("`clamp` of ["), "{text}");
}

fn checked<O: InlineOp>(args: O::Args<'_>) -> Result<O::Output, InlineFault> {
    O::checked(args)
}

#[test]
fn what_they_compute() {
    assert_eq!(ops::clamp(7, 1, 5), 5);
    assert_eq!(ops::gcd(-12, 18), 6);
    assert_eq!(ops::collatz(27), 111);
    // Overflow wraps in every build, also where Rust calls the function.
    assert_eq!(alone(i64::MIN), i64::MAX);
    assert_eq!(ops::scaled(-2, 5, true, 4), -5);
    assert_eq!(ops::shadows(1), 4 + 5 + 5);
    // 7 + 2, (9 - 5) / 2, -2 << 2, no `v`, -8 * 2, -16 - 3, + 3.
    assert_eq!(ops::order(1, 2, false), -16);
    assert_eq!(adds_ten::adds_ten(i64::MAX), i64::MIN + 9);
    assert_eq!(
        checked::<others::half>((1, 0)),
        Err(InlineFault::ZeroDivision)
    );
    assert_eq!(
        checked::<others::half>((i64::MIN, -1)),
        Err(InlineFault::Overflow)
    );
    assert_eq!(checked::<ops::shifts>((1, 128)), Err(InlineFault::Overflow));
}

#[test]
fn in_the_vm() {
    let clamp = chunk! { Typed; LoadInt(7); LoadInt(1); LoadInt(5); ops::clamp; };
    assert_chunk!(Typed; clamp => 5);
    let half = chunk! { Typed; LoadInt(7); LoadInt(0); others::half; };
    assert_chunk!(Typed; half => trap "division by zero in `half`");
    // A fault inside of what is called is that of the op that stands there.
    let calls = chunk! { Typed; LoadInt(0); LoadFloat(1.5); ops::calls; };
    assert_chunk!(Typed; calls => trap "division by zero in `calls`");
    let shifts = chunk! { Typed; LoadInt(1); LoadInt(200); ops::shifts; };
    assert_chunk!(Typed; shifts => trap "integer overflow in `shifts`");
    let scaled = chunk! { Typed; LoadInt(5); ops::scaled(-2, true, 4); };
    assert_chunk!(Typed; scaled => -5);
    let loops = chunk! { Typed;
        fn f(n) { GetSlot(n); ops::collatz; ReturnValue; }
        LoadInt(27); Call(f, 1);
    };
    assert_chunk!(Typed; loops => 111);
}

#[test]
fn what_the_table_says() {
    let table = Typed::table();
    let desc = |name| table.get(table.id(name).unwrap()).unwrap();
    assert!(desc("clamp").inline.is_some() && desc("clamp").pure);
    assert!(!desc("clamp").outputs.fallible);
    assert!(desc("calls").outputs.fallible);
    let body = desc("calls").inline.unwrap();
    let gives = |args: &[Value]| match run(body, args, 1000) {
        Ended::Value(value) => value,
        other => panic!("{other:?}"),
    };
    let expected = ops::calls(3, 2.0);
    assert_eq!(gives(&[3.into(), 2.0.into()]), Value::Int(expected));
}
