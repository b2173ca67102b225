//! Fusing: neighbouring instructions that run as one.
//!
//! A fused instruction takes the place of the first of those it stands for; the others stay where they
//! are, behind it. So a jump to one of them, an exit, a point, the pc of a trap are what they were. Where
//! the values are not what the fused instruction is for, the first one runs as it was written
//! ([`Code::plain`](super::Code)), and the others after it.
//!
//! What is fused was chosen by how often it ran in the example programs and the benchmarks
//! (`cargo bench --bench ngrams` counts it): see `doc/architecture.md`.
//!
//! A register that stands for a place on the stack is read once, by what pops the value. So a value that
//! goes from one of the instructions to the next need not be written, if it is such a one.

use super::{Ins, NOWHERE};

/// The instructions with what can be fused in its place. `base` is the first register of the stack.
pub(super) fn fuse(ins: &[Ins], base: u16, floats: impl Fn(u32) -> Option<u16>) -> Vec<Ins> {
    let mut fused = ins.to_vec();
    for at in 0..ins.len() {
        if let Some(instead) =
            three(&ins[at..], base).or_else(|| two(&ins[at..], (at, base), &floats))
        {
            fused[at] = instead;
        }
    }
    fused
}

/// One for three.
fn three(ins: &[Ins], base: u16) -> Option<Ins> {
    let &[first, second, third, ..] = ins else {
        return None;
    };
    match (first, second, third) {
        // An element by row and column.
        (
            Ins::Mul { d: t, a, b },
            Ins::Add { d: u, a: x, b: c },
            Ins::IndexGet { d, a: of, b: v },
        ) if u16::from(t.min(u)) >= base && x == t && v == u && c != t && of != u => {
            Some(Ins::IndexGetAt { d, of, a, b, c })
        }
        _other => None,
    }
}

/// One for two; `at` is where the first is.
fn two(ins: &[Ins], (at, base): (usize, u16), floats: impl Fn(u32) -> Option<u16>) -> Option<Ins> {
    let &[first, second, ..] = ins else {
        return None;
    };
    // A value that goes from the first to the second and nowhere else.
    let passes = |t: u8| u16::from(t) >= base;
    Some(match (first, second) {
        // A counter, and the test of its loop.
        (Ins::AddI { d, a, n, .. }, test) if d == a => step(a, n, test, at)?,
        (Ins::SubI { d, a, n }, test) if d == a => step(a, n.checked_neg()?, test, at)?,

        (Ins::Add { d, a, b: s }, Ins::JumpLt { a: x, b, to })
            if d == a && x == a && b != a && s != a =>
        {
            Ins::StepByLt { a, s, b, to }
        }
        (Ins::Add { d, a, b: s }, Ins::JumpLe { a: x, b, to })
            if d == a && x == a && b != a && s != a =>
        {
            Ins::StepByLe { a, s, b, to }
        }
        (Ins::Copy { d, a }, Ins::Copy { d: e, a: b }) if b != d => Ins::Copies { d, a, e, b },

        // A product that is added to something.
        (Ins::Mul { d: t, a, b }, Ins::Add { d, a: c, b: x })
        | (Ins::Mul { d: t, a, b }, Ins::Add { d, a: x, b: c })
            if passes(t) && x == t && c != t =>
        {
            Ins::MulAdd { d, a, b, c }
        }
        (Ins::Mul { d: t, a, b }, Ins::Sub { d, a: c, b: x }) if passes(t) && x == t && c != t => {
            Ins::MulFrom { d, a, b, c }
        }
        (Ins::Mul { d: t, a, b }, Ins::Sub { d, a: x, b: c }) if passes(t) && x == t && c != t => {
            Ins::MulSub { d, a, b, c }
        }
        (Ins::MulI { d: t, a, n, .. }, Ins::AddI { d, a: x, n: m, .. }) if passes(t) && x == t => {
            let (n, m) = (n.try_into().ok()?, m.try_into().ok()?);
            Ins::MulAddI { d, a, n, m }
        }
        (Ins::ModI { d: t, a, n }, Ins::JumpNotEqI { a: x, n: m, to }) if passes(t) && x == t => {
            let (n, m) = (n.try_into().ok()?, m.try_into().ok()?);
            Ins::JumpModNotEq { a, n, m, to }
        }
        (Ins::Int { d: t, n }, Ins::IndexSet { a, b, c, .. }) if passes(t) && c == t && b != t => {
            let n = n.try_into().ok()?;
            Ins::IndexSetI { a, b, n }
        }

        // An element, and what is done with it.
        (Ins::IndexGet { d: t, a, b }, Ins::Add { d, a: c, b: x })
        | (Ins::IndexGet { d: t, a, b }, Ins::Add { d, a: x, b: c })
            if passes(t) && x == t && c != t =>
        {
            Ins::IndexGetAdd { d, a, b, c }
        }
        (Ins::IndexGet { d: t, a, b }, Ins::Sub { d, a: c, b: x })
            if passes(t) && x == t && c != t =>
        {
            Ins::IndexGetFrom { d, a, b, c }
        }
        (Ins::IndexGet { d: t, a, b }, Ins::Mul { d, a: c, b: x })
        | (Ins::IndexGet { d: t, a, b }, Ins::Mul { d, a: x, b: c })
            if passes(t) && x == t && c != t =>
        {
            Ins::IndexGetMul { d, a, b, c }
        }

        (Ins::IndexGet { d: t, a, b }, Ins::JumpNotEqI { a: x, n, to }) if passes(t) && x == t => {
            let n = n.try_into().ok()?;
            Ins::IndexGetNotEqI { a, b, n, to }
        }
        (Ins::IndexGet { d: t, a, b }, Ins::JumpNotLt { a: x, b: c, to })
            if passes(t) && x == t && c != t =>
        {
            Ins::IndexGetNotLt { a, b, c, to }
        }
        (Ins::IndexGet { d: t, a, b }, Ins::JumpNotLt { a: c, b: x, to })
            if passes(t) && x == t && c != t =>
        {
            Ins::IndexGetNotGt { a, b, c, to }
        }
        (Ins::ArrayGet { d: t, b, name }, Ins::JumpNotLt { a: x, b: c, to })
            if passes(t) && x == t && c != t =>
        {
            let by = distance(at, to)?;
            Ins::ArrayGetNotLt { b, c, name, by }
        }
        (Ins::ArrayGet { d: t, b, name }, Ins::JumpNotLt { a: c, b: x, to })
            if passes(t) && x == t && c != t =>
        {
            let by = distance(at, to)?;
            Ins::ArrayGetNotGt { b, c, name, by }
        }

        // A property or a method of a slot or a global.
        (Ins::Copy { d, a }, Ins::Ext { a: t, n: 1, .. }) if passes(t) && d == t => Ins::ExtOf {
            d,
            a,
            known: NOWHERE,
        },
        (Ins::GetVar { d, name }, Ins::Ext { a: t, n: 1, .. }) if passes(t) && d == t => {
            Ins::ExtOfVar {
                d,
                name,
                known: NOWHERE,
            }
        }

        // A constant that something is compared with.
        (Ins::Undef { d: t }, test) if passes(t) && test.is_equality() => equal(t, NOWHERE, test)?,
        (Ins::Const { d: t, k }, test) if passes(t) && test.is_equality() => {
            equal(t, u16::try_from(k).ok().filter(|k| *k != NOWHERE)?, test)?
        }

        // A number of the program as an operand.
        (Ins::Const { d: t, k }, second) if passes(t) => with_float(t, floats(k)?, second)?,
        _other => return None,
    })
}

/// A comparison of constant `k`, which the instruction before it puts into `t`, with another register.
fn equal(t: u8, k: u16, test: Ins) -> Option<Ins> {
    let other = |a, b| match (a == t, b == t) {
        (true, false) => Some(b),
        (false, true) => Some(a),
        _both => None,
    };
    Some(match test {
        Ins::Binary { d, a, b, .. } => Ins::EqualK {
            d,
            a: other(a, b)?,
            k,
        },
        Ins::JumpEq { a, b, to } => Ins::JumpEqK {
            a: other(a, b)?,
            k,
            to,
        },
        Ins::JumpNotEq { a, b, to } => Ins::JumpNotEqK {
            a: other(a, b)?,
            k,
            to,
        },
        _other => return None,
    })
}

/// How far it is to `to` from behind the second of two instructions at `at`.
fn distance(at: usize, to: u32) -> Option<i16> {
    i16::try_from(i64::from(to) - (at as i64 + 2)).ok()
}

/// A counter and the test behind it; the step is `n`, and the instruction is at `at`.
fn step(a: u8, n: i32, test: Ins, at: usize) -> Option<Ins> {
    let small = i8::try_from(n).ok();
    // A bound in the instruction leaves less room for where it goes.
    let back = |to: u32| u16::try_from((at as u32 + 2).checked_sub(to)?).ok();
    Some(match test {
        Ins::Jump { to } => Ins::StepJump {
            a,
            n: n.try_into().ok()?,
            to,
        },
        Ins::JumpLt { a: x, b, to } if x == a && b != a => Ins::StepLt {
            a,
            b,
            n: small?,
            to,
        },
        Ins::JumpLe { a: x, b, to } if x == a && b != a => Ins::StepLe {
            a,
            b,
            n: small?,
            to,
        },
        Ins::JumpLtI { a: x, n: bound, to } if x == a => Ins::StepLtI {
            a,
            n: small?,
            bound,
            back: back(to)?,
        },
        Ins::JumpLeI { a: x, n: bound, to } if x == a => Ins::StepLeI {
            a,
            n: small?,
            bound,
            back: back(to)?,
        },
        Ins::JumpGtI { a: x, n: bound, to } if x == a => Ins::StepGtI {
            a,
            n: small?,
            bound,
            back: back(to)?,
        },
        Ins::JumpGeI { a: x, n: bound, to } if x == a => Ins::StepGeI {
            a,
            n: small?,
            bound,
            back: back(to)?,
        },
        _other => return None,
    })
}

/// An instruction that reads float `k` of the code in register `t`.
fn with_float(t: u8, k: u16, second: Ins) -> Option<Ins> {
    Some(match second {
        Ins::Add { d, a, b } if a == t && b != t => Ins::AddF { d, a: b, k },
        Ins::Add { d, a, b } if b == t && a != t => Ins::AddF { d, a, k },
        Ins::Sub { d, a, b } if a == t && b != t => Ins::FromF { d, a: b, k },
        Ins::Sub { d, a, b } if b == t && a != t => Ins::SubF { d, a, k },
        Ins::Mul { d, a, b } if a == t && b != t => Ins::MulF { d, a: b, k },
        Ins::Mul { d, a, b } if b == t && a != t => Ins::MulF { d, a, k },
        Ins::Div { d, a, b } if a == t && b != t => Ins::IntoF { d, a: b, k },
        Ins::Div { d, a, b } if b == t && a != t => Ins::DivF { d, a, k },
        Ins::JumpLt { a, b, to } if a == t && b != t => Ins::JumpGtF { a: b, k, to },
        Ins::JumpLt { a, b, to } if b == t && a != t => Ins::JumpLtF { a, k, to },
        Ins::JumpNotLt { a, b, to } if a == t && b != t => Ins::JumpNotGtF { a: b, k, to },
        Ins::JumpNotLt { a, b, to } if b == t && a != t => Ins::JumpNotLtF { a, k, to },
        _other => return None,
    })
}
