//! Sets for every language, prefixes, linked sets, and `require`.
#![deny(warnings)]
#![forbid(unsafe_code)]

use fusevm::prelude::*;

#[derive(Language)]
#[language(ops(every::OPS), linked)]
struct One;

#[derive(Language)]
#[language(ops(every::OPS))]
struct Other;

#[ops(prefix = "math")]
mod every {
    use super::*;

    #[ext_op(pure, alt = negate_float)]
    pub fn negate(a: i64) -> Value {
        a.wrapping_neg().into()
    }

    #[ext_op(pure)]
    pub fn negate_float(a: f64) -> f64 {
        -a
    }

    #[ext_op]
    pub fn newline(out: &mut Output) {
        let _ = out;
    }
}

#[ops(One, linked)]
mod found {
    #[ext_op]
    pub fn found() -> i64 {
        5
    }
}

#[ext_op(One, linked)]
fn alone() -> i64 {
    6
}

fn negated<L: Language<Host = ()>>(value: impl Into<Value>) -> Value
where
    every::negate: ExtOp<L>,
{
    let mut b = Builder::<L>::new();
    b.load(value);
    b.op(every::negate {});
    L::vm(()).eval(b.finish().unwrap()).unwrap()
}

fn main() {
    assert_eq!(
        (negated::<One>(4), negated::<Other>(0.5)),
        (Value::Int(-4), Value::Float(-0.5))
    );
    assert_eq!(One::table().id("math.negate"), Some(0));
    assert!(One::require(["math.negate", "found", "alone"]).is_ok());
    let missing = Other::require(["found"]).unwrap_err().to_string();
    assert!(missing.contains("lacks the ops found"), "{missing}");
    let mut b = Builder::<One>::new();
    b.op(found::found {});
    assert_eq!(
        One::vm(()).eval(b.finish().unwrap()).unwrap(),
        Value::Int(5)
    );
    let _ = alone {};
}
