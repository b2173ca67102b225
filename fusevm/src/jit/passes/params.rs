//! Parameters of blocks that always get one value are that value.
//!
//! **Invariant**: a parameter goes only if each way to its block gives it the same value or itself.

use super::graph::replace;
use crate::jit::ir::{B, Func, Term, V};

/// What a parameter is given.
#[derive(Clone, Copy, PartialEq)]
enum Given {
    Nothing,
    One(V),
    More,
}

/// Whether any went.
pub(super) fn run(f: &mut Func, order: &[B]) -> bool {
    let mut changed = false;
    while one(f, order) {
        changed = true;
    }
    changed
}

fn one(f: &mut Func, order: &[B]) -> bool {
    let has_any = |b: &B| !f.blocks[b.0 as usize].params.is_empty();
    if !order[1..].iter().any(has_any) {
        return false;
    }
    let mut given = vec![Given::Nothing; f.insts.len()];
    for at in order {
        let mut note = |to: &B, args: &[V]| {
            for (param, arg) in f.blocks[to.0 as usize].params.iter().zip(args) {
                let given = &mut given[param.0 as usize];
                *given = match *given {
                    given if arg == param => given,
                    Given::Nothing => Given::One(*arg),
                    Given::One(old) if old == *arg => Given::One(old),
                    _several => Given::More,
                };
            }
        };
        match &f.blocks[at.0 as usize].term {
            Term::Jump(to, args) => note(to, args),
            Term::Branch(_, (yes, with), (no, without)) => {
                note(yes, with);
                note(no, without);
            }
            _other => {}
        }
    }
    let mut changed = false;
    let mut with: Vec<V> = (0..f.insts.len() as u32).map(V).collect();
    for at in &order[1..] {
        for param in &f.blocks[at.0 as usize].params {
            if let Given::One(v) = given[param.0 as usize] {
                with[param.0 as usize] = v;
                changed = true;
            }
        }
    }
    if !changed {
        return false;
    }
    let stays = |param: &V| with[param.0 as usize] == *param;
    for at in 0..f.blocks.len() {
        let mut term = std::mem::replace(&mut f.blocks[at].term, Term::Open);
        let keep = |to: &B, args: &mut Vec<V>| {
            let mut params = f.blocks[to.0 as usize].params.iter();
            args.retain(|_| params.next().is_none_or(stays));
        };
        match &mut term {
            Term::Jump(to, args) => keep(to, args),
            Term::Branch(_, (yes, with), (no, without)) => {
                keep(yes, with);
                keep(no, without);
            }
            _other => {}
        }
        f.blocks[at].term = term;
    }
    (f.blocks.iter_mut()).for_each(|block| block.params.retain(stays));
    replace(f, &with);
    true
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::jit::passes::golden::check;

    #[test]
    fn what_a_loop_gives_back_unchanged_is_no_parameter() {
        check(
            |f| assert!(run(f, &f.order())),
            "
            b0(v0: Int, v1: Bool):
                jump b1(v0, v0)
            b1(v2: Int, v3: Int):
                v4: Int = Add v2, v3
                if v1 b2() else b3()
            b2():
                jump b1(v2, v4)
            b3():
                return v4
            ",
            "
            b0(v0: Int, v1: Bool):
                jump b1(v0)
            b1(v3: Int):
                v4: Int = Add v0, v3
                if v1 b2() else b3()
            b3():
                return v4
            b2():
                jump b1(v4)
            ",
        );
    }
}
