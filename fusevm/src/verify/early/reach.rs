//! Whether a function of constant code returns a value: plain reachability, as in the verifier.

use super::operand;
use crate::chunk::fixed::{NO_LABEL, StaticCode, StaticOp};
use crate::op::{Flags, Op, OperandKind};

/// What the scans of a code of `N` ops write, kept between them.
pub(super) struct Scan<const N: usize> {
    /// The scan that came to an op last.
    seen: [u32; N],
    scan: u32,
    /// Bodies and places in them, still to be looked at.
    open: [(usize, usize); N],
}

impl<const N: usize> Scan<N> {
    pub(super) const fn new() -> Self {
        Self {
            seen: [0; N],
            scan: 0,
            open: [(0, 0); N],
        }
    }
}

/// Whether `ReturnValue` can be reached in a body, or in a block that it runs.
pub(super) const fn returns<const N: usize>(
    code: &StaticCode,
    body: usize,
    scan: &mut Scan<N>,
) -> bool {
    scan.scan += 1;
    let mut open = 1;
    scan.open[0] = (body, code.bodies[body].start);
    while open > 0 {
        open -= 1;
        let (body, mut pc) = scan.open[open];
        while pc < code.bodies[body].end && scan.seen[pc] != scan.scan {
            scan.seen[pc] = scan.scan;
            let mut ends = false;
            if let StaticOp::Core(op) | StaticOp::Open(op) = code.ops[pc] {
                if matches!(op, Op::ReturnValue) {
                    return true;
                }
                ends = op.info().flags.has(Flags::ENDS);
                if let Some(block) = operand(op, OperandKind::Block)
                    && open < N
                {
                    let inner = code.blocks[block as usize];
                    scan.open[open] = (inner, code.bodies[inner].start);
                    open += 1;
                }
            }
            if code.jumps[pc] != NO_LABEL && open < N {
                scan.open[open] = (body, code.labels[code.jumps[pc] as usize].pc);
                open += 1;
            }
            if ends {
                break;
            }
            pc += 1;
        }
    }
    false
}
