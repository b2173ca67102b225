//! What the bodies of inline ops are made of, in machine code, on operands at the edges of their kinds.

use super::at_once;
use super::edges::{FLOATS, INTS, same};
use fusevm::prelude::*;

#[derive(Language)]
#[language(name = "edges", ops(ops::OPS))]
struct Edges;

/// Ops of one or two operands, and functions `f` that run one a few times over.
macro_rules! ops {
    ($($name:ident($($x:ident: $ty:ty),*) -> $out:ty { $body:expr } $wanted:expr;)*) => {
        #[fusevm::ops(Edges)]
        mod ops {
            $(
                #[ext_op(inline)]
                pub fn $name($($x: $ty),*) -> $out {
                    $body
                }
            )*
        }

        /// Each op in a loop, and what it has to give; `None` where it traps.
        fn cases() -> Vec<(&'static str, StaticChunk, fn(&Value, &Value) -> Option<Value>)> {
            vec![$((
                stringify!($name),
                chunk! { Edges;
                    fn f(a, b) {
                        let i; let last;
                        LoadInt(0); SetSlot(i);
                      'top:
                        $(GetSlot($x);)* ops::$name; SetSlot(last);
                        GetSlot(i); Inc; SetSlot(i);
                        GetSlot(i); LoadInt(5); NumLt; JumpIfTrue('top);
                        GetSlot(last); ReturnValue;
                    }
                },
                |first, second| {
                    let wanted: fn($($ty),*) -> Option<$out> = $wanted;
                    let mut given = [first, second].into_iter();
                    $(let $x: $ty = Operand::of(given.next()?)?;)*
                    wanted($($x),*).map(Value::from)
                },
            )),*]
        }
    };
}

ops! {
    to_int(a: f64) -> i64 { a as i64 } |a| Some(match a {
        a if a.is_nan() => 0,
        a if a >= 9_223_372_036_854_775_808.0 => i64::MAX,
        a if a <= -9_223_372_036_854_775_808.0 => i64::MIN,
        a => a.trunc() as i128 as i64,
    });
    to_float(a: i64) -> f64 { a as f64 } |a| Some(a as f64);
    floor(a: f64) -> f64 { a.floor() } |a| Some(a.floor());
    ceil(a: f64) -> f64 { a.ceil() } |a| Some(a.ceil());
    round(a: f64) -> f64 { a.round() } |a| Some(a.round());
    root(a: f64) -> f64 { a.sqrt() } |a| Some(a.sqrt());
    size(a: i64) -> i64 { a.abs() } |a| Some(if a < 0 { 0i64.wrapping_sub(a) } else { a });
    quotient(a: i64, b: i64) -> i64 { a / b } |a, b| a.checked_div(b);
    remainder(a: i64, b: i64) -> i64 { a % b } |a, b| a.checked_rem(b);
    left(a: i64, b: i64) -> i64 { a << b } |a, b| {
        (0..64).contains(&b).then(|| (i128::from(a) << b) as i64)
    };
    right(a: i64, b: i64) -> i64 { a >> b } |a, b| {
        (0..64).contains(&b).then(|| i128::from(a).div_euclid(1 << b) as i64)
    };
    least(a: f64, b: f64) -> f64 { a.min(b) } |a, b| Some(match (a, b) {
        (a, b) if a.is_nan() => b,
        (a, b) if b < a => b,
        (a, _) => a,
    });
    most(a: f64, b: f64) -> f64 { a.max(b) } |a, b| Some(match (a, b) {
        (a, b) if a.is_nan() => b,
        (a, b) if b > a => b,
        (a, _) => a,
    });
    is_less(a: f64, b: f64) -> bool { a < b } |a, b| Some(b > a);
}

trait Operand: Sized {
    fn of(value: &Value) -> Option<Self>;
}

impl Operand for i64 {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }
}

impl Operand for f64 {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }
}

#[test]
fn inline_ops_at_the_edges() {
    let kinds = [
        INTS.map(Value::Int).to_vec(),
        FLOATS.map(Value::Float).to_vec(),
    ];
    for (name, chunk, wanted) in cases() {
        for values in &kinds {
            let mut config = at_once(25);
            config.exits = u32::MAX;
            let mut base = Edges::vm(());
            base.set_lowering(false);
            let mut hot = Edges::vm(());
            hot.set_jit(config);
            base.load(&chunk).expect("it loads");
            hot.load(&chunk).expect("it loads");
            let mut fine = 0;
            for a in values {
                for b in values {
                    let table = wanted(a, b);
                    fine += u64::from(table.is_some());
                    for (tier, vm) in [("base", &mut base), ("machine code", &mut hot)] {
                        let found = vm.call("f", &[a.clone(), b.clone()]).ok();
                        let as_said = match (&found, &table) {
                            (Some(found), Some(table)) => same(found, table),
                            (None, None) => true,
                            _ => false,
                        };
                        assert!(
                            as_said,
                            "{name} of {a:?}, {b:?} in {tier}: {found:?}, not {table:?}"
                        );
                    }
                }
            }
            let entries = hot.jit_report().entries;
            assert!(
                entries + 5 >= fine,
                "{name}: {entries} entries, {fine} fine"
            );
        }
    }
}
