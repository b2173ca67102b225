//! Fast paths of fused ops. What a fast path does not cover, the parts do, one by one.

use super::{Step, run_parts};
use crate::op::Op;
use crate::semantics::{Overflow, Trap};
use crate::value::Value;
use crate::vm::{Linked, VM};
use std::sync::Arc;

/// A fused op that stands in the chunk.
pub(super) fn run(vm: &mut VM, linked: &Arc<Linked>, op: Op) -> Step {
    match fast(vm, linked, op)? {
        true => Ok(()),
        false => run_parts(vm, linked, op),
    }
}

/// Runs a fused op in one go; its first unit of fuel has been paid and the pc stands behind it.
///
/// `false` when the parts have to do it: kinds, overflow or fuel are not as a fast path needs them.
/// Then nothing has happened.
pub(super) fn fast(vm: &mut VM, linked: &Linked, op: Op) -> Result<bool, Trap> {
    match op {
        Op::PreIncSlot(s) => {
            let Some(next) = incremented(vm, s).filter(|_| vm.pay(3)) else {
                return Ok(false);
            };
            *vm.slot_mut(s)? = Value::Int(next);
            vm.stack.push(Value::Int(next));
        }
        Op::PreIncSlotVoid(s) => {
            let Some(next) = incremented(vm, s).filter(|_| vm.pay(2)) else {
                return Ok(false);
            };
            *vm.slot_mut(s)? = Value::Int(next);
        }
        Op::AddAssignSlotVoid(a, b) => {
            let (Some(x), Some(y)) = (int(vm, a), int(vm, b)) else {
                return Ok(false);
            };
            let Some(sum) = x.checked_add(y).filter(|_| vm.pay(3)) else {
                return Ok(false);
            };
            *vm.slot_mut(a)? = Value::Int(sum);
        }
        Op::SlotLtIntJumpIfFalse(s, limit, to) => {
            let Some(value) = int(vm, s).filter(|_| vm.pay(3)) else {
                return Ok(false);
            };
            if value >= i64::from(limit) {
                vm.pc = to;
            }
        }
        Op::SlotIncLtIntJumpBack(s, limit, to) => {
            let Some(next) = incremented(vm, s).filter(|_| vm.pay(6)) else {
                return Ok(false);
            };
            *vm.slot_mut(s)? = Value::Int(next);
            if next < i64::from(limit) {
                vm.pc = to;
            }
        }
        Op::AccumSumLoop(..) | Op::ConcatConstLoop(..) | Op::PushIntRangeLoop(..) => {
            return whole(vm, linked, op, (None, 0));
        }
        _unfused => return Ok(false),
    }
    Ok(true)
}

fn int(vm: &VM, s: u16) -> Option<i64> {
    vm.slot(s)?.as_int()
}

/// Runs a fused loop in one go if it can. Its locals are slots, or registers of a window; `unpaid` is
/// fuel to pay beside that of the loop.
pub(super) fn whole(
    vm: &mut VM,
    linked: &Linked,
    op: Op,
    (window, unpaid): (Option<usize>, u64),
) -> Result<bool, Trap> {
    let at = Locals { window, unpaid };
    match op {
        Op::AccumSumLoop(sum, i, limit) => accumulate(vm, linked, at, (sum, i, limit)),
        Op::ConcatConstLoop(k, s, i, limit) => append(vm, linked, at, (k, s, i, limit)),
        Op::PushIntRangeLoop(name, i, limit) => fill(vm, linked, at, (name, i, limit)),
        _other => Ok(false),
    }
}

/// Where the locals of a fused loop are, and what is to be paid beside it.
#[derive(Clone, Copy)]
struct Locals {
    window: Option<usize>,
    unpaid: u64,
}

impl Locals {
    fn get(self, vm: &VM, s: u16) -> Option<&Value> {
        match self.window {
            None => vm.slot(s),
            Some(window) => vm.registers.get(window + usize::from(s)),
        }
    }

    fn get_mut(self, vm: &mut VM, s: u16) -> Result<&mut Value, Trap> {
        match self.window {
            None => vm.slot_mut(s),
            Some(window) => Ok(&mut vm.registers[window + usize::from(s)]),
        }
    }

    fn int(self, vm: &VM, s: u16) -> Option<i64> {
        self.get(vm, s)?.as_int()
    }

    /// Pays for that many turns of so many ops; whether there was enough.
    fn pay(self, vm: &mut VM, turns: u64, parts: u64) -> bool {
        vm.pay(loop_cost(turns, parts).saturating_add(self.unpaid))
    }
}

/// Slot `s` plus one, when it is an integer and stays one.
fn incremented(vm: &VM, s: u16) -> Option<i64> {
    int(vm, s)?.checked_add(1)
}

/// Turns of a counted loop from `i` up to `limit`.
fn turns(i: i64, limit: i32) -> u64 {
    match i < i64::from(limit) {
        true => i64::from(limit).wrapping_sub(i).cast_unsigned(),
        false => 0,
    }
}

/// Fuel of a fused loop beyond the unit that is paid: its turns, and the four ops that find its end.
fn loop_cost(turns: u64, parts: u64) -> u64 {
    turns.saturating_mul(parts).saturating_add(3)
}

/// `while i < limit { sum += i; i += 1 }`: the sum of an arithmetic series.
fn accumulate(
    vm: &mut VM,
    linked: &Linked,
    at: Locals,
    (sum, i, limit): (u16, u16, i32),
) -> Result<bool, Trap> {
    let (Some(from), Some(start)) = (at.int(vm, i), at.int(vm, sum)) else {
        return Ok(false);
    };
    let n = turns(from, limit);
    if n > 0 {
        if sum == i {
            return Ok(false);
        }
        let series = |from: i128, to: i128| (from + to) * (to - from + 1) / 2;
        let last = i128::from(limit) - 1;
        let (first, start) = (i128::from(from), i128::from(start));
        let end = start + series(first, last);
        // Partial sums fall while i is negative and rise after: the extremes are at its sign change and
        // at the ends.
        let low = start + series(first.min(0), last.min(0).max(first.min(0) - 1));
        let exact = [end, low].iter().all(|v| i64::try_from(*v).is_ok());
        if !exact && linked.chunk().policy.overflow != Overflow::Wrap {
            return Ok(false);
        }
        if !at.pay(vm, n, 12) {
            return Ok(false);
        }
        *at.get_mut(vm, sum)? = Value::Int(end as i64);
        *at.get_mut(vm, i)? = Value::Int(limit.into());
        return Ok(true);
    }
    Ok(at.pay(vm, 0, 0))
}

/// `while i < limit { s = s . k; i += 1 }`: one reservation.
fn append(
    vm: &mut VM,
    linked: &Linked,
    at: Locals,
    (k, s, i, limit): (u16, u16, u16, i32),
) -> Result<bool, Trap> {
    let Some(from) = at.int(vm, i) else {
        return Ok(false);
    };
    let n = turns(from, limit);
    if n == 0 {
        return Ok(at.pay(vm, 0, 0));
    }
    let Some(Value::Str(piece)) = linked.chunk().constants.get(usize::from(k)) else {
        return Ok(false);
    };
    let Some(Value::Str(text)) = at.get(vm, s) else {
        return Ok(false);
    };
    let grown = n.saturating_mul(piece.len() as u64);
    let fits = grown.saturating_add(text.len() as u64) <= vm.limits().max_string_len as u64;
    if s == i || !fits || !at.pay(vm, n, 12) {
        return Ok(false);
    }
    if let Value::Str(text) = at.get_mut(vm, s)?
        && grown > 0
    {
        text.push_str(&piece.as_str().repeat(n as usize));
    }
    *at.get_mut(vm, i)? = Value::Int(limit.into());
    Ok(true)
}

/// `while i < limit { push i onto the array; i += 1 }`: one reservation.
fn fill(
    vm: &mut VM,
    linked: &Linked,
    at: Locals,
    (name, i, limit): (u16, u16, i32),
) -> Result<bool, Trap> {
    let Some(from) = at.int(vm, i) else {
        return Ok(false);
    };
    let n = turns(from, limit);
    if n == 0 {
        return Ok(at.pay(vm, 0, 0));
    }
    let symbol = linked.symbol(name);
    let Some(Some(Value::Array(array))) = vm.globals.get(symbol) else {
        return Ok(false);
    };
    let fits = n.saturating_add(array.len() as u64) <= vm.limits().max_array_len as u64;
    if !fits || !at.pay(vm, n, 10) {
        return Ok(false);
    }
    if let Some(Value::Array(array)) = &mut vm.globals[symbol] {
        array.reserve(n as usize);
        array.extend((from..i64::from(limit)).map(Value::Int));
    }
    *at.get_mut(vm, i)? = Value::Int(limit.into());
    Ok(true)
}
