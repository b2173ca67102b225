//! Which units return a value: plain reachability, before any stack is looked at.

use super::flow::{BlockUse, block_of, shape};
use super::{Broken, Budget};
use crate::chunk::Chunk;
use crate::op::Op;
use std::collections::HashSet;

/// Finds out for one unit after the other whether a `ReturnValue` can be reached in it.
pub(super) struct Reach<'c> {
    chunk: &'c Chunk,
    /// Whether there is a `ReturnValue` at all.
    any: bool,
    seen: Vec<u32>,
    epoch: u32,
}

impl<'c> Reach<'c> {
    pub(super) fn new(chunk: &'c Chunk) -> Self {
        let any = (chunk.ops.iter()).any(|op| matches!(op, Op::ReturnValue));
        Self {
            chunk,
            any,
            seen: if any {
                vec![0; chunk.ops.len()]
            } else {
                Vec::new()
            },
            epoch: 0,
        }
    }

    /// Whether the unit that starts at `pc` can return a value. Blocks that share its frame belong to it.
    pub(super) fn returns(&mut self, pc: usize, budget: &mut Budget) -> Result<bool, Broken> {
        if !self.any {
            return Ok(false);
        }
        let len = self.chunk.ops.len();
        let mut pieces = vec![(pc, 0, len)];
        let mut blocks = HashSet::new();
        let mut returns = false;
        while let Some((start, low, high)) = pieces.pop() {
            self.epoch += 1;
            let mut open = vec![start];
            while let Some(mut pc) = open.pop() {
                while (low..high).contains(&pc) && self.seen[pc] != self.epoch {
                    budget.spend(1)?;
                    self.seen[pc] = self.epoch;
                    let op = self.chunk.ops[pc];
                    returns |= matches!(op, Op::ReturnValue);
                    if let Some((block, usage)) = block_of(op)
                        && usage != BlockUse::Unit
                        && blocks.insert(block)
                    {
                        let range = &self.chunk.blocks[block];
                        pieces.push((range.start, range.start, range.end));
                    }
                    let flow = shape(self.chunk, op);
                    if let Some((target, _)) = flow.and_then(|f| f.jumps) {
                        open.push(target);
                    }
                    // Calls go on here, known or not: what a unit returns must not change once others
                    // were verified against it.
                    if flow.is_some_and(|f| f.falls.is_none()) {
                        break;
                    }
                    pc += 1;
                }
            }
        }
        Ok(returns)
    }
}
