//! Fusion: finds the op sequences that the fused ops stand for, and overlays them.
//!
//! The overlay is as long as the chunk. Where a sequence starts, it has the fused op, everywhere else
//! the op of the chunk: pcs, lines and targets never move, the overlay is never part of a chunk, and
//! whoever cannot run a fused op in one go runs the op of the chunk at that pc instead. A sequence is
//! fused only where no jump, block or function enters it but at its start.

use crate::ext::ImmTag;
use crate::op::Op;
use crate::verify::Verified;

/// The ops of a verified chunk with fused sequences replaced at their starts.
pub fn fuse(verified: &Verified) -> Vec<Op> {
    let chunk = verified.chunk();
    let ops = chunk.ops();
    let mut entered = vec![false; ops.len() + 1];
    let mut enter = |pc: usize| {
        if let Some(place) = entered.get_mut(pc) {
            *place = true;
        }
    };
    for op in ops {
        if let Some(target) = op.target() {
            enter(target);
        }
        if let (Some((id, packed)), true) = (chunk.immediates(*op), chunk.language.is_some()) {
            let signature = &chunk.imports[usize::from(id)].signature;
            for (_, _, target) in signature
                .unpack(packed)
                .filter(|(tag, ..)| *tag == ImmTag::Label)
            {
                enter(target as usize);
            }
        }
    }
    for function in chunk.functions() {
        enter(function.pc);
    }
    for block in chunk.blocks() {
        enter(block.start);
        enter(block.end);
    }
    let mut overlay = ops.to_vec();
    let mut pc = 0;
    while pc < ops.len() {
        let found = sequence(ops, pc).filter(|fused| {
            let len = fused.with_expansion(<[Op]>::len);
            entered
                .get(pc + 1..pc + len)
                .is_some_and(|inner| !inner.contains(&true))
        });
        match found.or_else(|| shorter(ops, pc, &entered)) {
            Some(fused) => {
                overlay[pc] = fused;
                pc += fused.with_expansion(<[Op]>::len);
            }
            None => pc += 1,
        }
    }
    overlay
}

/// The longest fused op whose expansion starts at `pc`.
fn sequence(ops: &[Op], pc: usize) -> Option<Op> {
    counted_loop(ops, pc)
        .or_else(|| straight(ops, pc, 7))
        .or_else(|| straight(ops, pc, 4))
}

/// A fused op inside a longer sequence that something enters in the middle.
fn shorter(ops: &[Op], pc: usize, entered: &[bool]) -> Option<Op> {
    [4, 3].into_iter().find_map(|len| {
        let free = entered
            .get(pc + 1..pc + len)
            .is_some_and(|inner| !inner.contains(&true));
        straight(ops, pc, len).filter(|_| free)
    })
}

/// The fused op that stands for exactly `len` ops from `pc`, without a loop.
fn straight(ops: &[Op], pc: usize, len: usize) -> Option<Op> {
    let small = |n: i64| i32::try_from(n).ok();
    match *ops.get(pc..pc + len)? {
        [
            Op::GetSlot(a),
            Op::Inc,
            Op::SetSlot(b),
            Op::GetSlot(c),
            Op::LoadInt(n),
            Op::NumLt,
            Op::JumpIfTrue(to),
        ] if a == b && b == c => Some(Op::SlotIncLtIntJumpBack(a, small(n)?, to)),
        [
            Op::GetSlot(s),
            Op::LoadInt(n),
            Op::NumLt,
            Op::JumpIfFalse(to),
        ] => Some(Op::SlotLtIntJumpIfFalse(s, small(n)?, to)),
        [Op::GetSlot(a), Op::GetSlot(b), Op::Add, Op::SetSlot(c)] if a == c => {
            Some(Op::AddAssignSlotVoid(a, b))
        }
        [Op::GetSlot(a), Op::Inc, Op::SetSlot(b), Op::GetSlot(c)] if a == b && b == c => {
            Some(Op::PreIncSlot(a))
        }
        [Op::GetSlot(a), Op::Inc, Op::SetSlot(b)] if a == b => Some(Op::PreIncSlotVoid(a)),
        _ => None,
    }
}

/// The fused loop whose expansion starts at `pc`.
fn counted_loop(ops: &[Op], pc: usize) -> Option<Op> {
    let &[
        Op::GetSlot(i),
        Op::LoadInt(n),
        Op::NumLt,
        Op::JumpIfFalse(exit),
    ] = ops.get(pc..pc + 4)?
    else {
        return None;
    };
    let limit = i32::try_from(n).ok()?;
    let fused = match *ops.get(pc + 4..pc + 8)? {
        [Op::GetSlot(sum), Op::GetSlot(j), Op::Add, Op::SetSlot(t)] if sum == t && i == j => {
            Op::AccumSumLoop(sum, i, limit)
        }
        [Op::GetSlot(s), Op::LoadConst(k), Op::Concat, Op::SetSlot(t)] if s == t => {
            Op::ConcatConstLoop(k, s, i, limit)
        }
        [Op::GetSlot(j), Op::ArrayPush(name), ..] if i == j => Op::PushIntRangeLoop(name, i, limit),
        _ => return None,
    };
    let len = fused.with_expansion(<[Op]>::len);
    let tail = ops.get(pc + len - 4..pc + len)?;
    let back = [Op::GetSlot(i), Op::Inc, Op::SetSlot(i), Op::Jump(pc)];
    (exit == pc + len && tail == back).then_some(fused)
}
