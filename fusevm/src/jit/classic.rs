//! The classic way to machine code: a compiler that one asks whether it takes a chunk, and to run it on
//! integers. A thin door to the one compiler there is.
//!
//! A chunk it takes becomes a function of its slots in a VM of its own, so that machine code of it is found
//! again at the next call. **It never differs from the interpreter**: it *is* a VM, and gives nothing where
//! the answer would need another type, or the program stops with an error. Only ops that touch nothing but
//! stack and slots are taken, so that a program that gave nothing can be run again.

use super::JitConfig;
use crate::chunk::{Chunk, ChunkBuilder};
use crate::op::{Flags, Op, Opcode, OperandKind};
use crate::value::{Func, Value};
use crate::vm::VM;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

/// Chunks that are kept; the one that was not asked for the longest goes.
const KEPT: usize = 64;
/// Bytes of machine code for each.
const MEMORY: usize = 1 << 20;
/// Slots that a chunk may use.
const MOST_SLOTS: u8 = 200;
/// Calls that make straight code hot.
const CALLS: usize = 6;

/// The function that the chunk becomes, and one that calls it.
const BODY: &str = "body";
const WARM: &str = "warm";

/// Runs chunks on integers, by machine code where they are hot.
///
/// *Linear* chunks are straight code, *block* chunks may have jumps; both may use the ops on numbers, truths,
/// the stack and slots, and nothing else. The slots of the main program begin with the integers given. One
/// [`PushFrame`](Op::PushFrame) at the beginning is the program's frame, and does nothing.
///
/// Each function gives `None` rather than anything but what [`VM`] would give; the caller runs the chunk
/// there then.
///
/// ```
/// use fusevm::{ChunkBuilder, JitCompiler, Op, Value};
///
/// let mut b = ChunkBuilder::new();
/// for op in [Op::GetSlot(0), Op::GetSlot(1), Op::Mul, Op::LoadInt(2), Op::Add] {
///     b.emit(op, 1);
/// }
/// let chunk = b.build();
/// let jit = JitCompiler::new();
/// assert!(jit.is_linear_eligible(&chunk));
/// assert_eq!(jit.try_run_linear(&chunk, &[4, 10]), Some(Value::Int(42)));
/// assert_eq!(jit.try_run_linear(&chunk, &[4]), None);
/// ```
#[derive(Debug, Default)]
pub struct JitCompiler {
    /// Asked for last, last.
    kept: RefCell<VecDeque<Kept>>,
}

/// A chunk in a VM of its own.
#[derive(Debug)]
struct Kept {
    /// The chunk that it came with last, by its identity.
    last: Arc<()>,
    /// The bytes of the chunk, in which floats of different bits differ.
    chunk: Vec<u8>,
    kind: Kind,
    eager: bool,
    /// `None` if it is not taken.
    ready: Option<Ready>,
}

/// A chunk as a function of its slots.
#[derive(Debug)]
struct Ready {
    slots: u8,
    function: Func,
    /// Symbols of the globals in which a block chunk leaves them.
    left: Vec<u32>,
    vm: VM,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    Block,
}

impl JitCompiler {
    /// A compiler that has no chunk yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether [`try_run_linear`](Self::try_run_linear) takes the chunk.
    pub fn is_linear_eligible(&self, chunk: &Chunk) -> bool {
        self.with(chunk, Kind::Linear, false, |_| Some(()))
            .is_some()
    }

    /// Runs straight code on these slots: its result. `None` if the chunk is not taken, uses more slots than
    /// are given, or stops with an error.
    pub fn try_run_linear(&self, chunk: &Chunk, slots: &[i64]) -> Option<Value> {
        self.with(chunk, Kind::Linear, false, |ready| {
            ready.run(slots.get(..ready.slots.into())?)
        })
    }

    /// Whether [`try_run_block`](Self::try_run_block) takes the chunk.
    pub fn is_block_eligible(&self, chunk: &Chunk) -> bool {
        self.with(chunk, Kind::Block, false, |_| Some(())).is_some()
    }

    /// Runs code with jumps on these slots, which then hold what the program left there: its result. `None`,
    /// with the slots as they were, if the chunk is not taken, uses more slots than are given, stops with an
    /// error, or if its result or a slot is no integer in the end.
    pub fn try_run_block(&self, chunk: &Chunk, slots: &mut [i64]) -> Option<i64> {
        self.block(chunk, slots, false)
    }

    /// The same, with machine code as soon as may be.
    pub fn try_run_block_eager(&self, chunk: &Chunk, slots: &mut [i64]) -> Option<i64> {
        self.block(chunk, slots, true)
    }

    fn block(&self, chunk: &Chunk, slots: &mut [i64], eager: bool) -> Option<i64> {
        self.with(chunk, Kind::Block, eager, |ready| {
            let slots = slots.get_mut(..ready.slots.into())?;
            let Value::Int(result) = ready.run(slots)? else {
                return None;
            };
            let left = || ready.left.iter().map(|symbol| ready.vm.global_at(*symbol));
            if !left().all(|left| matches!(left, Some(Value::Int(_)))) {
                return None;
            }
            for (slot, left) in slots.iter_mut().zip(left()) {
                if let Some(Value::Int(n)) = left {
                    *slot = *n;
                }
            }
            Some(result)
        })
    }

    /// Does something with a chunk, if that is taken.
    fn with<T>(
        &self,
        chunk: &Chunk,
        kind: Kind,
        eager: bool,
        of: impl FnOnce(&mut Ready) -> Option<T>,
    ) -> Option<T> {
        let mut all = self.kept.borrow_mut();
        let last = chunk.identity();
        let is_asked = |kept: &Kept| (kept.kind, kept.eager) == (kind, eager);
        // Mostly it is the one that was asked for before.
        let at = (all.iter()).rposition(|kept| is_asked(kept) && Arc::ptr_eq(&kept.last, last));
        if let Some(at) = at
            && at + 1 == all.len()
        {
            return all.back_mut()?.ready.as_mut().and_then(of);
        }
        let mut kept = match at {
            Some(at) => all.remove(at)?,
            None => {
                let bytes = chunk.to_bytes();
                let same = |kept: &Kept| is_asked(kept) && kept.chunk == bytes;
                match all.iter().position(same) {
                    Some(at) => all.remove(at)?,
                    None => Kept {
                        ready: ready(chunk, kind, eager),
                        last: last.clone(),
                        chunk: bytes,
                        kind,
                        eager,
                    },
                }
            }
        };
        kept.last = last.clone();
        let done = kept.ready.as_mut().and_then(of);
        if all.len() >= KEPT {
            all.pop_front();
        }
        all.push_back(kept);
        done
    }
}

impl Ready {
    fn run(&mut self, slots: &[i64]) -> Option<Value> {
        run(&mut self.vm, &self.function, slots)
    }
}

/// Slots that are given without an allocation.
const FEW: usize = 8;

fn run(vm: &mut VM, function: &Func, slots: &[i64]) -> Option<Value> {
    let mut few = [const { Value::Undef }; FEW];
    match few.get_mut(..slots.len()) {
        Some(few) => {
            for (value, slot) in few.iter_mut().zip(slots) {
                *value = Value::Int(*slot);
            }
            vm.call(function, few).ok()
        }
        None => {
            let slots: Vec<Value> = slots.iter().copied().map(Value::Int).collect();
            vm.call(function, &slots).ok()
        }
    }
}

/// A VM that has the chunk as a function of its slots.
fn ready(chunk: &Chunk, kind: Kind, eager: bool) -> Option<Ready> {
    let slots = slots(chunk, kind)?;
    // What is not right by itself might be right in a function.
    VM::empty().load(chunk).ok()?;
    let config = JitConfig {
        // Whoever calls this asks for machine code.
        background: false,
        code_memory: MEMORY,
        // What is to be hot has to be so soon.
        threshold: if eager || kind == Kind::Linear {
            1
        } else {
            256
        },
        observed: u32::try_from(chunk.ops().len()).map_or(u32::MAX, |len| len.saturating_add(100)),
        ..JitConfig::default()
    };
    // Whether something is on the stack at the end, the verifier knows.
    [true, false].into_iter().find_map(|gives| {
        let mut vm = VM::empty();
        vm.set_jit(config.clone());
        vm.load(function(chunk, kind, slots, gives)).ok()?;
        if kind == Kind::Linear {
            // What is called once in each run would never be hot. Nothing depends on what this gives.
            let warm = vm.function(WARM)?;
            let _ = run(&mut vm, &warm, &vec![1; slots.into()]);
        }
        let function = vm.function(BODY)?;
        let left = match kind {
            Kind::Linear => Vec::new(),
            // They are there, so that to set them is to write a number.
            Kind::Block => (0..slots).map(|slot| vm.make_global(&left(slot))).collect(),
        };
        Some(Ready {
            slots,
            function,
            left,
            vm,
        })
    })
}

/// The number of slots that a chunk uses; `None` if it is not taken.
fn slots(chunk: &Chunk, kind: Kind) -> Option<u8> {
    let plain = chunk.language().is_none()
        && chunk.imports().is_empty()
        && chunk.functions().is_empty()
        && chunk.blocks().is_empty();
    if !plain {
        return None;
    }
    let mut count = 0;
    for (pc, op) in chunk.ops().iter().enumerate() {
        let taken = match (op, kind) {
            (Op::PushFrame, _) => pc == 0,
            (Op::LoadConst(k), _) => matches!(
                chunk.constants().get(usize::from(*k)),
                Some(Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Undef)
            ),
            (Op::AccumSumLoop(..), _) => kind == Kind::Block,
            (op, Kind::Block) if op.target().is_some() => {
                // A frame that opens twice is no frame of the program.
                let again = op.target() == Some(0) && chunk.ops().first() == Some(&Op::PushFrame);
                is_number_op(*op) && !again
            }
            (op, _) => is_number_op(*op) && op.target().is_none(),
        };
        if !taken {
            return None;
        }
        let named = op.operands().into_iter();
        for slot in named.filter(|operand| operand.kind == OperandKind::Slot) {
            count = count.max(slot.bits + 1);
        }
    }
    u8::try_from(count)
        .ok()
        .filter(|count| *count <= MOST_SLOTS)
}

/// Whether an op touches nothing but the stack, slots and the place, and makes no text.
fn is_number_op(op: Op) -> bool {
    let info = op.opcode().info();
    match info.family {
        "stack" | "arith" | "bits" | "control" => true,
        "compare" => info.flags.has(Flags::NUMBERS),
        "local" => matches!(op.opcode(), Opcode::GetSlot | Opcode::SetSlot),
        "fused" => matches!(
            op,
            Op::PreIncSlot(_)
                | Op::PreIncSlotVoid(_)
                | Op::AddAssignSlotVoid(..)
                | Op::SlotLtIntJumpIfFalse(..)
                | Op::SlotIncLtIntJumpBack(..)
        ),
        _other => false,
    }
}

/// The global in which a block chunk leaves a slot.
fn left(slot: u8) -> String {
    format!("slot {slot}")
}

/// A program of functions of that many slots: the chunk, whose end gives the result, and leaves the slots in globals if
/// it is a block chunk; and one that calls it a few times.
fn function(chunk: &Chunk, kind: Kind, slots: u8, gives: bool) -> Chunk {
    let mut b = ChunkBuilder::new();
    let line = 1;
    b.set_policy(chunk.policy());
    for constant in chunk.constants() {
        b.add_constant(constant.clone());
    }
    let (body, warm) = (b.add_name(BODY), b.add_name(WARM));
    let over = b.emit(Op::Jump(0), line);
    // Arguments begin on the stack; register code takes them where they are.
    b.add_function(body, b.current_pos(), slots);
    for slot in (0..slots).rev() {
        b.emit(Op::SetSlot(slot.into()), line);
    }
    let shift = b.current_pos();
    for op in chunk.ops() {
        let op = match (op, op.target()) {
            (Op::PushFrame, _) => Op::Nop,
            (op, Some(to)) => op.with_target(to.saturating_add(shift)),
            (op, None) => *op,
        };
        b.emit(op, line);
    }
    if !gives {
        b.emit(Op::LoadUndef, line);
    }
    if kind == Kind::Block {
        for slot in 0..slots {
            let name = b.add_name(left(slot).as_str());
            b.emit(Op::GetSlot(slot.into()), line);
            b.emit(Op::SetVar(name), line);
        }
    }
    b.emit(Op::ReturnValue, line);
    b.add_function(warm, b.current_pos(), slots);
    for slot in (0..slots).rev() {
        b.emit(Op::SetSlot(slot.into()), line);
    }
    for call in 0..CALLS {
        if call > 0 {
            b.emit(Op::Pop, line);
        }
        for slot in 0..slots {
            b.emit(Op::GetSlot(slot.into()), line);
        }
        b.emit(Op::Call(body, slots), line);
    }
    b.emit(Op::ReturnValue, line);
    b.patch_jump(over, b.current_pos());
    b.build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Op::*;

    fn chunk(ops: &[Op]) -> Chunk {
        let mut b = ChunkBuilder::new();
        for op in ops {
            b.emit(*op, 1);
        }
        b.build()
    }

    /// What the interpreter gives, slots set by the program itself.
    fn interpreted(ops: &[Op], slots: &[i64]) -> Option<Value> {
        let mut all = Vec::new();
        for (slot, n) in slots.iter().enumerate() {
            all.extend([LoadInt(*n), SetSlot(slot as u16)]);
        }
        let by = all.len();
        all.extend(ops.iter().map(|op| match op.target() {
            Some(to) => op.with_target(to + by),
            None => *op,
        }));
        let mut vm = VM::empty();
        vm.set_jit(JitConfig {
            enabled: false,
            ..JitConfig::default()
        });
        vm.eval(chunk(&all)).ok()
    }

    /// Bits and kind of a value.
    fn exact(value: &Value) -> String {
        match value {
            Value::Float(f) => format!("{:x}", f.to_bits()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn straight_code_gives_what_the_interpreter_gives() {
        #[rustfmt::skip]
        let rows: [&[Op]; 7] = [
            &[GetSlot(0), GetSlot(1), Add, SetSlot(0), GetSlot(0), LoadInt(3), Mul, SetSlot(0),
              GetSlot(0), LoadInt(1009), Mod, SetSlot(0), GetSlot(1), Inc, SetSlot(1), GetSlot(0)],
            &[GetSlot(0), LoadInt(5), Shl, GetSlot(1), BitXor, SetSlot(0), GetSlot(0), LoadInt(0xff_ffff),
              BitAnd, SetSlot(0), GetSlot(0), LoadInt(3), Shr, GetSlot(0), BitOr],
            &[GetSlot(0), LoadFloat(1.125), Mul, LoadFloat(0.5), Add, LoadFloat(1.25), Div],
            &[GetSlot(0), GetSlot(1), Div],
            &[GetSlot(0), GetSlot(1), NumLt],
            &[GetSlot(0), SetSlot(1)],
            &[LoadFloat(-0.0), GetSlot(0), Pop],
        ];
        let jit = JitCompiler::new();
        for ops in rows {
            let chunk = chunk(ops);
            assert!(jit.is_linear_eligible(&chunk), "{ops:?}");
            for turn in 0..600 {
                for slots in [[turn, 7], [-turn, 0], [i64::MAX, turn], [i64::MIN, -1]] {
                    let (given, wanted) =
                        (jit.try_run_linear(&chunk, &slots), interpreted(ops, &slots));
                    assert_eq!(
                        given.as_ref().map(exact),
                        wanted.as_ref().map(exact),
                        "{ops:?} on {slots:?}"
                    );
                }
            }
        }
    }

    /// Adds up in slot 0 what slot 1 counts up to slot 2.
    const SUM: [Op; 11] = [
        GetSlot(1),
        GetSlot(2),
        NumLt,
        JumpIfFalse(10),
        GetSlot(0),
        GetSlot(1),
        Add,
        SetSlot(0),
        PreIncSlotVoid(1),
        Jump(0),
        GetSlot(0),
    ];

    #[test]
    fn loops_write_slots_back() {
        let jit = JitCompiler::new();
        let chunk = chunk(&SUM);
        assert!(jit.is_block_eligible(&chunk) && !jit.is_linear_eligible(&chunk));
        for n in [0, 1, 2, 1_000, 100_000] {
            for eager in [false, true, true] {
                let mut slots = [5, 0, n, 77];
                let given = match eager {
                    true => jit.try_run_block_eager(&chunk, &mut slots),
                    false => jit.try_run_block(&chunk, &mut slots),
                };
                assert_eq!(given.map(Value::Int), interpreted(&SUM, &[5, 0, n]));
                assert_eq!(slots, [5 + n * (n - 1) / 2, n, n, 77]);
            }
        }
        assert_eq!(jit.kept.borrow().len(), 3);
    }

    #[test]
    fn chunks_are_told_apart_whatever_becomes_of_them() {
        let jit = JitCompiler::new();
        for n in 0..200 {
            // One after the other where the one before was.
            let one = chunk(&[GetSlot(0), LoadInt(n % 70), Add]);
            let (copy, again) = (one.clone(), chunk(&[GetSlot(0), LoadInt(n % 70), Add]));
            for chunk in [&one, &copy, &one, &again, &one] {
                assert_eq!(
                    jit.try_run_linear(chunk, &[1]),
                    Some(Value::Int(n % 70 + 1))
                );
                let mut slots = [n];
                assert_eq!(jit.try_run_block(chunk, &mut slots), Some(n + n % 70));
            }
        }
    }

    #[test]
    fn what_is_hot_is_machine_code() {
        let ops = [GetSlot(0), GetSlot(1), Mul, GetSlot(0), BitXor];
        let ops = ops.into_iter().chain([GetSlot(1), Add].repeat(20));
        let straight = chunk(&ops.collect::<Vec<_>>());
        let looping = chunk(&SUM);
        for (chunk, kind, eager, turns) in [
            (&straight, Kind::Linear, false, 200),
            (&looping, Kind::Block, true, 200),
        ] {
            let mut ready = ready(chunk, kind, eager).expect("it is taken");
            let slots = ready.slots;
            let mut config = ready.vm.jit_config().clone();
            config.listings = true;
            ready.vm.set_jit(config);
            let slots = usize::from(slots);
            if kind == Kind::Linear {
                let warm = ready.vm.function(WARM).expect("it is there");
                run(&mut ready.vm, &warm, &[1, 1][..slots]);
            }
            for n in 0..turns {
                assert!(ready.run(&[n, 0, n][..slots]).is_some());
            }
            let listing = ready.vm.jit_listing();
            assert!(listing.contains(": body, "), "{kind:?}: {listing}");
        }
    }

    #[test]
    fn a_frame_at_the_beginning_is_that_of_the_program() {
        let jit = JitCompiler::new();
        let mut ops = vec![PushFrame, LoadInt(0), SetSlot(0), LoadInt(0), SetSlot(1)];
        ops.extend([AccumSumLoop(0, 1, 1000), GetSlot(0)]);
        let mut slots = [9; 4];
        assert_eq!(
            jit.try_run_block_eager(&chunk(&ops), &mut slots),
            Some(499_500)
        );
        assert_eq!(slots, [499_500, 1000, 9, 9]);
        assert!(!jit.is_linear_eligible(&chunk(&ops)));
        assert!(!jit.is_block_eligible(&chunk(&[PushFrame, LoadTrue, JumpIfTrue(0)])));
        assert!(!jit.is_block_eligible(&chunk(&[LoadInt(1), PushFrame])));
    }

    #[test]
    fn nothing_is_given_rather_than_something_else() {
        let jit = JitCompiler::new();
        let linear = chunk(&[GetSlot(3)]);
        assert_eq!(jit.try_run_linear(&linear, &[1, 2, 3]), None);
        assert_eq!(
            jit.try_run_linear(&linear, &[1, 2, 3, 4, 5]),
            Some(Value::Int(4))
        );
        // Results and slots that are no integers.
        for ops in [
            &[GetSlot(0), LoadInt(1), NumLt][..],
            &[GetSlot(0), LoadFloat(1.0), Add],
            &[LoadFloat(1.5), SetSlot(0), LoadInt(1)],
            &[LoadInt(1), SetSlot(0)],
        ] {
            let mut slots = [0];
            assert_eq!(
                jit.try_run_block_eager(&chunk(ops), &mut slots),
                None,
                "{ops:?}"
            );
            assert_eq!(slots, [0]);
        }
        // Chunks that touch more than stack and slots, or do not verify.
        for ops in [
            &[GetVar(0)][..],
            &[ReadLine],
            &[CallBuiltin(0, 0)],
            &[Add],
            &[GetSlot(300)],
            &[Jump(7)],
            &[LoadConst(0)],
            &[LoadInt(1), ReturnValue],
        ] {
            assert!(!jit.is_block_eligible(&chunk(ops)), "{ops:?}");
            assert!(!jit.is_linear_eligible(&chunk(ops)), "{ops:?}");
        }
        let mut b = ChunkBuilder::new();
        b.set_policy(crate::Policy {
            overflow: crate::Overflow::Trap,
            ..crate::Policy::default()
        });
        b.emit(GetSlot(0), 1);
        b.emit(Inc, 1);
        let traps = b.build();
        assert_eq!(jit.try_run_linear(&traps, &[1]), Some(Value::Int(2)));
        assert_eq!(jit.try_run_linear(&traps, &[i64::MAX]), None);
    }

    #[test]
    fn only_so_many_chunks_are_kept() {
        let jit = JitCompiler::new();
        for n in 0..KEPT as i64 + 9 {
            let chunk = chunk(&[LoadInt(n)]);
            assert_eq!(jit.try_run_linear(&chunk, &[]), Some(Value::Int(n)));
        }
        assert_eq!(jit.kept.borrow().len(), KEPT);
    }
}
