//! The walk before lowering: which ops control gets to, with what height and which scopes open, and
//! how many slots each depth of scopes has.

use crate::chunk::Chunk;
use crate::op::{Op, OperandKind};
use crate::verify::Verified;
use crate::verify::flow::{BlockUse, block_of, shape};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is known of an op that control gets to.
#[derive(Clone, Debug)]
pub(super) struct At {
    /// Values on the stack of the region.
    pub(super) height: u32,
    /// Heights at which the open scopes of the region were opened.
    pub(super) scopes: Rc<[u32]>,
    /// Whether something jumps here.
    pub(super) target: bool,
}

/// The ops of a region: a unit, or a block where it is used.
#[derive(Debug, Default)]
pub(super) struct Region {
    pub(super) ops: BTreeMap<usize, At>,
    pub(super) start: usize,
    /// The pc that ends it.
    pub(super) end: usize,
}

/// How large the frame of a unit is.
#[derive(Debug, Default)]
pub(super) struct Size {
    /// Slots by depth of scopes.
    pub(super) slots: Vec<u32>,
    pub(super) height: u32,
    /// Whether the unit stays in the base interpreter.
    pub(super) declined: bool,
    /// Ops looked at; those of a block at each place that uses it.
    pub(super) work: usize,
}

/// Blocks in one another that are lowered.
const NESTING: u32 = 16;
/// Scopes in one another that are lowered: each op and exit knows all of those around it.
const SCOPES: u32 = 64;

/// Walks the region `start..end`, which finds `inputs` values on its stack. Around it are so many
/// values, scopes and blocks.
pub(super) fn walk(
    verified: &Verified,
    (start, end): (usize, usize),
    inputs: u32,
    (height, depth, nesting): (u32, u32, u32),
    size: &mut Size,
) -> Region {
    let chunk = verified.chunk();
    let mut region = Region {
        ops: BTreeMap::new(),
        start,
        end,
    };
    let mut open: Vec<(usize, u32, Rc<[u32]>)> = vec![(start, inputs, Rc::new([]))];
    let mut targets: Vec<usize> = Vec::new();
    while let Some((mut pc, mut h, mut scopes)) = open.pop() {
        while pc < end && !region.ops.contains_key(&pc) {
            let at = At {
                height: h,
                scopes: scopes.clone(),
                target: false,
            };
            region.ops.insert(pc, at);
            size.work += 1;
            if size.work > 4 * chunk.ops.len() + 1_000 || nesting > NESTING {
                size.declined = true;
                return region;
            }
            let op = chunk.ops[pc];
            let d = scopes.len() as u32;
            if depth + d > SCOPES {
                size.declined = true;
                return region;
            }
            size.height = size.height.max(height + h + 4);
            note_slots(chunk, op, depth + d, size);
            let Some(shape) = shape(chunk, op) else {
                size.declined = true;
                return region;
            };
            let left = h.saturating_sub(shape.pops as u32);
            if let Some((block, usage)) = block_of(op)
                && usage != BlockUse::Unit
            {
                let range = chunk.blocks[block].clone();
                let inner = (range.start, range.end);
                let around = (height + left, depth + d, nesting + 1);
                walk(verified, inner, usage.inputs() as u32, around, size);
            }
            if let Some((to, n)) = shape.jumps {
                targets.push(to);
                open.push((to, left + n as u32, scopes.clone()));
            }
            match op {
                Op::PushFrame => {
                    scopes = scopes.iter().copied().chain([left]).collect();
                    let depths = (depth + d) as usize + 2;
                    size.slots.resize(size.slots.len().max(depths), 0);
                    h = left;
                }
                Op::PopFrame => {
                    h = scopes.last().copied().unwrap_or(0);
                    scopes = scopes[..scopes.len().saturating_sub(1)].into();
                }
                Op::Call(name, _) => match verified.callee(name).returns {
                    Some(returns) => h = left + u32::from(returns),
                    None => break,
                },
                _other => match shape.falls {
                    Some(n) => h = left + n as u32,
                    None => break,
                },
            }
            size.height = size.height.max(height + h + 4);
            pc += 1;
        }
    }
    // Behind the test of a loop its body begins, where the jump back may go at once.
    let backward = region.ops.keys().filter_map(|pc| match chunk.ops[*pc] {
        Op::Jump(to) if to <= *pc => super::region::branch::loop_test(chunk, &region, to),
        _other => None,
    });
    let bodies: Vec<usize> = backward.map(|branch| branch + 1).collect();
    targets.extend(bodies);
    // Where it lies behind other code, control is sent to its start.
    if region
        .ops
        .first_key_value()
        .is_some_and(|(pc, _)| *pc != start)
    {
        targets.push(start);
    }
    for to in targets {
        if let Some(at) = region.ops.get_mut(&to) {
            at.target = true;
        }
    }
    region
}

/// Counts the slots an op names at a depth of scopes.
fn note_slots(chunk: &Chunk, op: Op, depth: u32, size: &mut Size) {
    let depth = depth as usize;
    if size.slots.len() <= depth {
        size.slots.resize(depth + 1, 0);
    }
    let slots = &mut size.slots[depth];
    op.each_operand(|o| {
        if o.kind == OperandKind::Slot {
            *slots = (*slots).max(o.bits as u32 + 1);
        }
    });
    if let (Some((id, packed)), true) = (chunk.immediates(op), chunk.language().is_some()) {
        let signature = &chunk.imports()[usize::from(id)].signature;
        for (tag, _, bits) in signature.unpack(packed) {
            match tag {
                crate::ext::ImmTag::Slot => *slots = (*slots).max(bits as u32 + 1),
                // It runs on the slots of the base interpreter.
                crate::ext::ImmTag::Block => size.declined = true,
                _other => {}
            }
        }
    }
}
