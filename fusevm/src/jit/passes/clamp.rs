//! A number that is held between two constants is compared with the second one once it has been with the first: so
//! nobody needs what it was before any more, and it stays where it is.
//!
//! ```text
//! is = x < 10; high = x > 500 ? 500 : x; is ? 10 : high
//!
//! high = x > 500 ? 500 : x; high < 10 ? 10 : high
//! ```
//!
//! The second comparison has to wait for the first one's result: not where the next turn waits for what comes of it.
//!
//! **Invariant**: the constants are in order, so that a number that passes one bound is on the right side of the other.

use crate::jit::ir::{B, Cond, Func, Inst, Term, Ty, V};
use std::collections::{HashMap, HashSet};

/// Whether it has changed anything.
pub(super) fn run(f: &mut Func) -> bool {
    let mut given = None;
    let mut changed = false;
    for at in 0..f.blocks.len() {
        let insts = &f.blocks[at].insts;
        if !insts.iter().any(|v| outer(f, *v).is_some()) {
            continue;
        }
        let insts = std::mem::take(&mut f.blocks[at].insts);
        let mut done = Vec::with_capacity(insts.len() + 1);
        for v in insts {
            if let Some((cond, inner, bound, x)) = outer(f, v)
                && !comes_of(f, given.get_or_insert_with(|| arguments(f)), x, v)
            {
                let is = f.value(Inst::Cmp(cond, inner, bound), Ty::Bool);
                done.push(is);
                changed = true;
                f.insts[v.0 as usize] = Inst::Select(is, bound, inner);
            }
            done.push(v);
        }
        f.blocks[at].insts = done;
    }
    changed
}

/// What the outer one of two selections may ask instead, and what both are of.
fn outer(f: &Func, v: V) -> Option<(Cond, V, V, V)> {
    let &Inst::Select(_, bound, inner) = f.inst(v) else {
        return None;
    };
    let ((low, cond, x), (high, other, y)) = (bounded(f, v)?, bounded(f, inner)?);
    let Inst::Select(_, _, unbounded) = f.inst(inner) else {
        return None;
    };
    let in_order = match (cond, other) {
        (Cond::Lt, Cond::Gt) => low < high,
        (Cond::Gt, Cond::Lt) => low > high,
        _other => false,
    };
    (in_order && x == y && *unbounded == x).then_some((cond, inner, bound, x))
}

/// The constant that a selection puts in the place of what is beyond it, on which side that is, and the value that
/// is compared.
fn bounded(f: &Func, v: V) -> Option<(i64, Cond, V)> {
    let Inst::Select(is, bound, _) = f.inst(v) else {
        return None;
    };
    let &Inst::Cmp(cond, x, with) = f.inst(*is) else {
        return None;
    };
    let n = f.int(*bound)?;
    (f.int(with) == Some(n)).then_some((n, cond, x))
}

/// What the parameters of blocks may be.
fn arguments(f: &Func) -> HashMap<V, Vec<V>> {
    let mut given: HashMap<V, Vec<V>> = HashMap::new();
    for B(at) in f.order() {
        let ways = match &f.blocks[at as usize].term {
            Term::Jump(to, args) => [Some((to, args)), None],
            Term::Branch(_, yes, no) => [Some((&yes.0, &yes.1)), Some((&no.0, &no.1))],
            Term::Open | Term::Return(_) | Term::Leave(_) => [None, None],
        };
        for (to, args) in ways.into_iter().flatten() {
            for (param, arg) in f.blocks[to.0 as usize].params.iter().zip(args) {
                given.entry(*param).or_default().push(*arg);
            }
        }
    }
    given
}

/// Whether a value comes of another, in this turn or one before.
fn comes_of(f: &Func, given: &HashMap<V, Vec<V>>, x: V, of: V) -> bool {
    let (mut open, mut seen) = (vec![x], HashSet::new());
    while let Some(v) = open.pop() {
        if v == of {
            return true;
        }
        if seen.insert(v) {
            match given.get(&v) {
                Some(args) => open.extend(args),
                None => f.inst(v).each_operand(|v| open.push(*v)),
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::jit::passes::golden::check;

    #[test]
    fn the_second_bound_is_for_what_the_first_has_left() {
        check(
            run,
            "
            b0(v0: Int):
                v1: Int = 10
                v2: Int = 500
                v3: Bool = Lt v0, v1
                v4: Bool = Gt v0, v2
                v5: Int = select v4, v2, v0
                v6: Int = select v3, v1, v5
                leave @9 Planned [r1=v6]
            ",
            "
            b0(v0: Int):
                v1: Int = 10
                v2: Int = 500
                v3: Bool = Lt v0, v1
                v4: Bool = Gt v0, v2
                v5: Int = select v4, v2, v0
                v7: Bool = Lt v5, v1
                v6: Int = select v7, v1, v5
                leave @9 Planned [r1=v6]
            ",
        );
    }

    #[test]
    fn bounds_that_cross_and_what_the_next_turn_waits_for_stay_as_they_are() {
        let kept = |of: &str| check(run, of, of);
        kept(
            "
            b0(v0: Int):
                v1: Int = 500
                v2: Int = 10
                v3: Bool = Lt v0, v1
                v4: Bool = Gt v0, v2
                v5: Int = select v4, v2, v0
                v6: Int = select v3, v1, v5
                leave @9 Planned [r1=v6]
            ",
        );
        kept(
            "
            b0(v0: Int):
                v1: Int = 10
                v2: Int = 500
                jump b1(v0)
            b1(v3: Int):
                v4: Int = Add v3, v1
                v5: Bool = Lt v4, v1
                v6: Bool = Gt v4, v2
                v7: Int = select v6, v2, v4
                v8: Int = select v5, v1, v7
                jump b1(v8)
            ",
        );
    }
}
