//! What is known without running it: constants, and instructions that are simpler written otherwise.
//!
//! **Invariant**: what is put in place of an instruction gives the same value for all values of its
//! operands; floats bit by bit, but for which NaN it is.

use crate::jit::ir::{Bin, Cond, Func, Inst, Un, V};

/// What an instruction comes to.
pub(super) enum Simple {
    /// A value that is there.
    Is(V),
    /// Another instruction.
    Inst(Inst),
    /// An operation on a value and a number.
    By(Bin, V, i64),
}

/// A simpler form of an instruction, if there is one.
pub(super) fn fold(f: &Func, inst: &Inst) -> Option<Simple> {
    match inst {
        Inst::Bin(op, a, b) => bin(f, *op, *a, *b),
        Inst::Un(op, a) => un(f, *op, *a),
        Inst::Cmp(cond, a, b) => cmp(f, *cond, *a, *b),
        Inst::FCmp(cond, a, b) => {
            let (x, y) = (float(f, *a)?, float(f, *b)?);
            let is = match cond {
                Cond::Eq => x == y,
                Cond::Ne => x != y,
                Cond::Lt | Cond::Below => x < y,
                Cond::Le => x <= y,
                Cond::Gt => x > y,
                Cond::Ge => x >= y,
            };
            Some(Simple::Inst(Inst::Bool(is)))
        }
        Inst::Select(is, a, b) => match f.inst(*is) {
            Inst::Bool(true) => Some(Simple::Is(*a)),
            Inst::Bool(false) => Some(Simple::Is(*b)),
            _other => (a == b).then_some(Simple::Is(*a)),
        },
        _other => None,
    }
}

fn float(f: &Func, v: V) -> Option<f64> {
    match f.inst(v) {
        Inst::Float(bits) => Some(f64::from_bits(*bits)),
        _other => None,
    }
}

fn bin(f: &Func, op: Bin, a: V, b: V) -> Option<Simple> {
    let (x, y) = (f.int(a), f.int(b));
    if let (Some(x), Some(y)) = (x, y) {
        let int = |n| Some(Simple::Inst(Inst::Int(n)));
        let truth = |is| Some(Simple::Inst(Inst::Bool(is)));
        return match op {
            Bin::Add => int(x.wrapping_add(y)),
            Bin::Sub => int(x.wrapping_sub(y)),
            Bin::Mul => int(x.wrapping_mul(y)),
            Bin::Rem if y != 0 => int(x.wrapping_rem(y)),
            Bin::Quot if y != 0 => int(x.wrapping_div(y)),
            Bin::And => int(x & y),
            Bin::Or => int(x | y),
            Bin::Xor => int(x ^ y),
            Bin::Shl => int(x.wrapping_shl(y as u32)),
            Bin::Shr => int(x.wrapping_shr(y as u32)),
            Bin::AddOver => truth(x.checked_add(y).is_none()),
            Bin::SubOver => truth(x.checked_sub(y).is_none()),
            Bin::MulOver => truth(x.checked_mul(y).is_none()),
            _other => None,
        };
    }
    if let (Some(x), Some(y)) = (float(f, a), float(f, b)) {
        let value = match op {
            Bin::FAdd => x + y,
            Bin::FSub => x - y,
            Bin::FMul => x * y,
            Bin::FDiv => x / y,
            _other => return None,
        };
        return (!value.is_nan()).then_some(Simple::Inst(Inst::Float(value.to_bits())));
    }
    if let Some(simple) = y.and_then(|y| together(f, op, a, y)) {
        return Some(simple);
    }
    // Of truths.
    match (op, f.inst(a), f.inst(b)) {
        (Bin::And, Inst::Bool(true), _) | (Bin::And, _, Inst::Bool(false)) => {
            return Some(Simple::Is(b));
        }
        (Bin::And, _, Inst::Bool(true)) | (Bin::And, Inst::Bool(false), _) => {
            return Some(Simple::Is(a));
        }
        _other => {}
    }
    match (op, x, y) {
        (Bin::Add, Some(0), _) => Some(Simple::Is(b)),
        (Bin::Add | Bin::Sub | Bin::Or | Bin::Xor | Bin::Shl | Bin::Shr, _, Some(0)) => {
            Some(Simple::Is(a))
        }
        (Bin::Mul, _, Some(1)) => Some(Simple::Is(a)),
        (Bin::Mul, Some(1), _) => Some(Simple::Is(b)),
        (Bin::Rem, _, Some(1 | -1)) => Some(Simple::Inst(Inst::Int(0))),
        (Bin::Quot, _, Some(1)) => Some(Simple::Is(a)),
        _other => None,
    }
}

/// An operation by a number on the result of the same by another: one by both.
fn together(f: &Func, op: Bin, a: V, y: i64) -> Option<Simple> {
    let Inst::Bin(before, of, by) = f.inst(a) else {
        return None;
    };
    let x = f.int(*by).filter(|_| *before == op)?;
    let both = match op {
        Bin::Add => x.wrapping_add(y),
        Bin::Xor => x ^ y,
        Bin::And => x & y,
        Bin::Or => x | y,
        _other => return None,
    };
    Some(Simple::By(op, *of, both))
}

fn un(f: &Func, op: Un, a: V) -> Option<Simple> {
    match (op, f.inst(a)) {
        (Un::Not, Inst::Bool(is)) => Some(Simple::Inst(Inst::Bool(!is))),
        (Un::Not, Inst::Un(Un::Not, of)) => Some(Simple::Is(*of)),
        (Un::Not, Inst::Cmp(cond, x, y)) => {
            let turned = match cond {
                Cond::Eq => Cond::Ne,
                Cond::Ne => Cond::Eq,
                Cond::Lt => Cond::Ge,
                Cond::Le => Cond::Gt,
                Cond::Gt => Cond::Le,
                Cond::Ge => Cond::Lt,
                Cond::Below => return None,
            };
            Some(Simple::Inst(Inst::Cmp(turned, *x, *y)))
        }
        (Un::BitNot, Inst::Int(n)) => Some(Simple::Inst(Inst::Int(!n))),
        (Un::ToFloat, Inst::Int(n)) => Some(Simple::Inst(Inst::Float((*n as f64).to_bits()))),
        (Un::ToInt, Inst::Float(bits)) => {
            Some(Simple::Inst(Inst::Int(f64::from_bits(*bits) as i64)))
        }
        (Un::OfBool, Inst::Bool(is)) => Some(Simple::Inst(Inst::Int((*is).into()))),
        _other => None,
    }
}

/// What a value was masked with, if that is no negative number: it is no larger, and none either.
pub(super) fn mask(f: &Func, v: V) -> Option<i64> {
    match f.inst(v) {
        Inst::Bin(Bin::And, _, mask) => f.int(*mask).filter(|mask| *mask >= 0),
        _other => None,
    }
}

fn cmp(f: &Func, cond: Cond, a: V, b: V) -> Option<Simple> {
    if let (Some(x), Some(y)) = (f.int(a), f.int(b)) {
        let is = match cond {
            Cond::Eq => x == y,
            Cond::Ne => x != y,
            Cond::Lt => x < y,
            Cond::Le => x <= y,
            Cond::Gt => x > y,
            Cond::Ge => x >= y,
            Cond::Below => (x as u64) < y as u64,
        };
        return Some(Simple::Inst(Inst::Bool(is)));
    }
    // What was masked is no larger than the mask.
    if let (Cond::Below, Some(mask), Some(end)) = (cond, mask(f, a), f.int(b))
        && mask < end
    {
        return Some(Simple::Inst(Inst::Bool(true)));
    }
    let same = Simple::Inst(Inst::Bool(matches!(cond, Cond::Eq | Cond::Le | Cond::Ge)));
    (a == b).then_some(same)
}

#[cfg(test)]
mod tests {
    use crate::jit::passes::golden::check;
    use crate::jit::passes::graph::Graph;
    use crate::jit::passes::number;

    #[test]
    fn what_was_masked_is_below_what_the_mask_is_below() {
        check(
            |f| number::run(f, &Graph::of(f)),
            "
            b0(v0: Int):
                v1: Int = 3
                v2: Int = And v0, v1
                v3: Int = 4
                v4: Bool = Below v2, v3
                guard v4, else @1 Range []
                v5: Bool = Below v2, v1
                guard v5, else @2 Range []
                v6: Int = -4
                v7: Int = And v0, v6
                v8: Bool = Below v7, v3
                guard v8, else @3 Range []
                return v2
            ",
            "
            b0(v0: Int):
                v1: Int = 3
                v2: Int = And v0, v1
                v3: Int = 4
                v4: Bool = true
                v5: Bool = Below v2, v1
                guard v5, else @2 Range []
                v6: Int = -4
                v7: Int = And v0, v6
                v8: Bool = Below v7, v3
                guard v8, else @3 Range []
                return v2
            ",
        );
    }

    #[test]
    fn what_is_known_is_not_computed() {
        check(
            |f| number::run(f, &Graph::of(f)),
            "
            b0(v0: Int):
                v1: Int = 3
                v2: Int = 4
                v3: Int = Mul v1, v2
                v4: Int = 0
                v5: Int = Add v3, v4
                v6: Bool = Lt v5, v1
                if v6 b1() else b2()
            b1():
                return v0
            b2():
                return v5
            ",
            "
            b0(v0: Int):
                v1: Int = 3
                v2: Int = 4
                v3: Int = 12
                v4: Int = 0
                v6: Bool = false
                jump b2()
            b2():
                return v3
            ",
        );
    }

    #[test]
    fn truths_that_are_known_are_not_asked_for_again() {
        check(
            |f| number::run(f, &Graph::of(f)),
            "
            b0(v0: Bool):
                v1: Bool = true
                v2: Bool = And v0, v1
                v3: Bool = And v1, v2
                guard v3, else @1 Range []
                v4: Bool = false
                v5: Bool = And v0, v4
                return v5
            ",
            "
            b0(v0: Bool):
                v1: Bool = true
                guard v0, else @1 Range []
                v4: Bool = false
                return v4
            ",
        );
    }
}
