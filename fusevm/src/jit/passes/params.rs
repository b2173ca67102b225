//! Parameters of blocks that always get one value are that value.
//!
//! **Invariant**: a parameter goes only if each way to its block gives it the same value or itself.

use super::graph::replace;
use crate::jit::ir::{Func, Term, V};

pub(super) fn run(f: &mut Func) {
    loop {
        let mut with: Vec<V> = (0..f.insts.len() as u32).map(V).collect();
        let order = f.order();
        // What each parameter is given: nothing yet, one value, or more.
        let mut given: Vec<Vec<Option<Option<V>>>> = (f.blocks.iter())
            .map(|block| vec![None; block.params.len()])
            .collect();
        for at in &order {
            let mut note = |to: usize, args: &[V]| {
                for (i, arg) in args.iter().enumerate() {
                    let param = f.blocks[to].params[i];
                    let slot = &mut given[to][i];
                    match slot {
                        _ if *arg == param => {}
                        None => *slot = Some(Some(*arg)),
                        Some(Some(old)) if old == arg => {}
                        Some(_) => *slot = Some(None),
                    }
                }
            };
            match &f.blocks[at.0 as usize].term {
                Term::Jump(to, args) => note(to.0 as usize, args),
                Term::Branch(_, (yes, with), (no, without)) => {
                    note(yes.0 as usize, with);
                    note(no.0 as usize, without);
                }
                _other => {}
            }
        }
        let mut gone: Vec<Vec<usize>> = vec![Vec::new(); f.blocks.len()];
        for at in &order[1..] {
            let at = at.0 as usize;
            for (i, slot) in given[at].iter().enumerate() {
                if let Some(Some(v)) = slot {
                    with[f.blocks[at].params[i].0 as usize] = *v;
                    gone[at].push(i);
                }
            }
        }
        if gone.iter().all(Vec::is_empty) {
            return;
        }
        let keep = |values: &mut Vec<V>, gone: &[usize]| {
            let mut at = 0;
            values.retain(|_| {
                at += 1;
                !gone.contains(&(at - 1))
            });
        };
        for block in &mut f.blocks {
            match &mut block.term {
                Term::Jump(to, args) => keep(args, &gone[to.0 as usize]),
                Term::Branch(_, (yes, with), (no, without)) => {
                    keep(with, &gone[yes.0 as usize]);
                    keep(without, &gone[no.0 as usize]);
                }
                _other => {}
            }
        }
        for (block, gone) in f.blocks.iter_mut().zip(&gone) {
            keep(&mut block.params, gone);
        }
        replace(f, &with);
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::jit::passes::golden::check;

    #[test]
    fn what_a_loop_gives_back_unchanged_is_no_parameter() {
        check(
            run,
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
