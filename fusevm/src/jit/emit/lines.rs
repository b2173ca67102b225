//! How machine code lies in the lines of the cache: short loops reach into as few of them as can be.
//!
//! A processor fetches code, and guesses its branches, line by line: a loop of five instructions that reaches from
//! one line into the next takes two cycles a turn instead of one (seen on Zen 4). The code generator places no loop by
//! itself, so all the code of a unit is moved, to where it is best for its innermost loops, the deeper the more.

use crate::jit::passes::Inner;
use cranelift_codegen::CompiledCode;
use cranelift_codegen::ir::SourceLoc;

/// Bytes of a line.
const LINE: usize = 64;

/// Bytes between two marked instructions of a loop that may be others: moves.
const MOVES: usize = 24;

/// Loops deeper than that count as much as these: eight times as much as those around them, each time.
const DEEPEST: u32 = 7;

/// Loops that are looked at.
const MOST: usize = 16;

/// Where a loop lies, and how much it counts.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: usize,
    to: usize,
    counts: usize,
}

/// What stands at the instructions of a loop, for the code generator to say where they are.
pub(super) fn mark(inner: Inner) -> SourceLoc {
    SourceLoc::new((u32::from(inner.number) + 1) << 3 | u32::from(inner.depth).min(DEEPEST))
}

/// Bytes to leave free at the beginning of a line, before this code.
pub(super) fn free(code: &CompiledCode) -> usize {
    let mut loops: Vec<(SourceLoc, Stretch)> = Vec::new();
    for mark in code.buffer.get_srclocs_sorted() {
        let (from, to) = (mark.start as usize, mark.end as usize);
        let is_full = mark.loc.is_default() || loops.len() == MOST;
        match loops.iter_mut().rev().find(|(loc, _)| *loc == mark.loc) {
            Some((_, known)) if from <= known.to + MOVES => known.to = to,
            // What is seldom done stands far behind.
            Some(_) => {}
            None if is_full => {}
            None => {
                // Its first block may begin with moves.
                let starts = &code.bb_starts;
                let block = starts.partition_point(|start| *start <= mark.start);
                let from = (block.checked_sub(1)).map_or(from, |at| starts[at] as usize);
                let counts = 1 << (3 * (mark.loc.bits() & DEEPEST));
                loops.push((mark.loc, Stretch { from, to, counts }));
            }
        }
    }
    best(loops.iter().map(|(_, stretch)| *stretch))
}

/// How far to move these loops so that they reach into few lines; where that is the same, the one that counts most
/// begins with a line.
fn best(loops: impl Iterator<Item = Stretch> + Clone) -> usize {
    let most = loops.clone().map(|l| l.counts).max();
    let first = loops.clone().find(|l| Some(l.counts) == most);
    let cost = |free: usize| {
        let lines = |l: Stretch| ((l.to + free - 1) / LINE - (l.from + free) / LINE) * l.counts;
        let into = first.map_or(free, |l| (l.from + free) % LINE);
        (loops.clone().map(lines).sum::<usize>(), into)
    };
    (0..LINE).min_by_key(|free| cost(*free)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{LINE, Stretch, best};

    fn at(from: usize, to: usize, counts: usize) -> Stretch {
        Stretch { from, to, counts }
    }

    #[test]
    fn a_loop_begins_with_a_line() {
        assert_eq!(best([].into_iter()), 0);
        assert_eq!(best([at(0x61, 0x7b, 1)].into_iter()), 0x1f);
        assert_eq!(best([at(0x40, 0x240, 1)].into_iter()), 0);
    }

    #[test]
    fn several_loops_are_each_in_one_line_if_that_can_be() {
        let loops = [at(10, 40, 8), at(60, 80, 8), at(130, 170, 8)];
        let free = best(loops.into_iter());
        for l in loops {
            assert_eq!((l.from + free) / LINE, (l.to + free - 1) / LINE, "{free}");
        }
    }

    #[test]
    fn the_deeper_loop_counts_more() {
        let free = best([at(0, 64, 1), at(64 + 10, 64 + 74, 8)].into_iter());
        assert_eq!(free, 54);
    }
}
