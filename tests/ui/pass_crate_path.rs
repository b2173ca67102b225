//! The crate under another name.

mod inner {
    pub(crate) use fusevm as renamed;
}

/// Hides the name, so that nothing finds the crate by it.
mod fusevm {}

use inner::renamed::prelude::*;

#[derive(Language)]
#[language(host = Machine, ops(ops::OPS, negate), crate = crate::inner::renamed)]
struct Calc;

struct Machine;

#[derive(Object)]
#[object(crate = crate::inner::renamed)]
struct Cell(Part<Value>);

#[derive(Trace)]
#[trace(crate = crate::inner::renamed)]
struct Part<T>(T);

#[derive(FuseValue)]
#[fuse_value(crate = crate::inner::renamed)]
struct Point(i64);

#[derive(Immediate, Clone, Debug)]
#[immediate(crate = crate::inner::renamed)]
enum Side {
    Left,
}

#[ops(Calc, crate = crate::inner::renamed)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn cell(#[imm] side: Side, value: Value, machine: &mut Machine) -> Cell {
        let (Side::Left, Machine) = (side, machine);
        Cell(Part(value))
    }

    #[ext_op]
    pub fn point(n: i64) -> Point {
        Point(n)
    }

    #[ext_op(inline)]
    pub fn mixed(#[imm] n: u8, mut a: i64, x: f64) -> i64 {
        a <<= 1 + n as i64;
        if a > 4 && x.min(2.0) < x.abs() { a / 3 } else { less(a) }
    }

    #[ext_op(inline)]
    pub fn less(a: i64) -> i64 {
        a - 1
    }
}

#[ext_op(Calc, crate = crate::inner::renamed)]
fn negate(point: &Point) -> i64 {
    -point.0
}

fn main() {
    let mut b = Builder::<Calc>::new();
    b.load(4);
    b.op(ops::point {});
    b.op(negate {});
    b.op(ops::cell { side: Side::Left });
    let cell = Calc::vm(Machine).eval(b.finish().unwrap()).unwrap();
    assert_eq!(cell.kind(), Kind::Obj);
}
