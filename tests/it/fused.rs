//! Fused ops against the sequences they stand for.
//!
//! Each op runs in three forms on the same slots, globals, limits and fuel: as an op of the chunk,
//! as its sequence with fusion off, and as its sequence with fusion on, where the overlay has the op
//! again. All forms agree in result, trap, line, fuel and what is left in slots and globals; the two
//! sequences also in the pc of a trap, which is that of the part, while the op names its own.

use crate::generate::{Outcome, Random, overlay_is_exact};
use fusevm::{
    Chunk, ChunkBuilder, Flags, Limits, Op, Opcode, Overflow, Policy, Program, SharedBuffer, VM,
    VMResult, Value, fuse, verify,
};

/// Chunks for each op, and runs of each.
const CHUNKS: u64 = 100;
const RUNS: u64 = 50;

/// The line of the op or its sequence, and no other.
const LINE: u32 = 3;
/// A slot that starts unwritten.
const FRESH: u16 = 40;

/// Slots 0 and 1 from globals, then `parts`, which stand for `op`, above a value on the stack, then all
/// slots as the result; and where the parts start.
fn chunk(op: Op, parts: &[Op], policy: Policy) -> (Chunk, usize) {
    let mut b = ChunkBuilder::new();
    b.set_policy(policy);
    let [s0, s1, path, _array] = ["s0", "s1", "path", "array"].map(|name| b.add_name(name));
    for text in ["", "ab", "größe"] {
        b.add_constant(text);
    }
    b.add_constant(7);
    b.add_constant(Value::array(vec![Value::Int(1), Value::str("x")]));
    for (name, slot) in [(s0, 0), (s1, 1)] {
        b.emit(Op::GetVar(name), 1);
        b.emit(Op::SetSlot(slot), 1);
    }
    b.emit(Op::LoadInt(77), 2);
    let top = b.current_pos();
    if matches!(op, Op::SlotIncLtIntJumpBack(..)) {
        for op in [Op::GetVar(path), Op::Inc, Op::SetVar(path)] {
            b.emit(op, 2);
        }
    }
    let start = b.current_pos();
    for part in parts {
        let part = match part.target() {
            Some(to) if op.target().is_none() => part.with_target(start + to),
            Some(_) => part.with_target(top),
            None => *part,
        };
        b.emit(part, LINE);
    }
    let last = b.current_pos() - 1;
    // Keeps apart what would be another op together with what follows.
    b.emit(Op::Nop, 4);
    if matches!(op, Op::SlotLtIntJumpIfFalse(..)) {
        b.emit(Op::LoadTrue, 4);
        b.emit(Op::SetVar(path), 4);
        let end = b.current_pos();
        b.patch_jump(last, end);
    }
    let mut height = 1 + op.effect().map_or(0, |effect| effect.pushes as u16);
    for slot in [0, 1, FRESH] {
        b.emit(Op::GetSlot(slot), 5);
        height += 1;
    }
    b.emit(Op::MakeArray(height), 5);
    (b.build(), start)
}

/// The op of that code with operands at random.
fn op(code: Opcode, r: &mut Random) -> Op {
    let mut slot = || r.pick(&[0, 0, 0, 1, 1, FRESH]);
    let (a, b) = (slot(), slot());
    let limit = match r.below(8) {
        0 => r.pick(&[i32::MIN, i32::MAX, i32::MIN + 1]),
        _ => r.below(60) as i32 - 20,
    };
    match code {
        Opcode::PreIncSlot => Op::PreIncSlot(a),
        Opcode::PreIncSlotVoid => Op::PreIncSlotVoid(a),
        Opcode::AddAssignSlotVoid => Op::AddAssignSlotVoid(a, b),
        Opcode::SlotLtIntJumpIfFalse => Op::SlotLtIntJumpIfFalse(a, limit, 0),
        Opcode::SlotIncLtIntJumpBack => Op::SlotIncLtIntJumpBack(a, limit, 0),
        Opcode::AccumSumLoop => Op::AccumSumLoop(a, b, limit),
        Opcode::ConcatConstLoop => Op::ConcatConstLoop(r.below(5) as u16, a, b, limit),
        Opcode::PushIntRangeLoop => Op::PushIntRangeLoop(3, b, limit),
        other => panic!("{other:?} has no cases"),
    }
}

/// The slot that a loop counts in, up to what, and whether something else writes it.
fn counts(op: Op) -> Option<(u16, i32, bool)> {
    match op {
        Op::SlotIncLtIntJumpBack(i, limit, _) | Op::PushIntRangeLoop(_, i, limit) => {
            Some((i, limit, false))
        }
        Op::AccumSumLoop(other, i, limit) | Op::ConcatConstLoop(_, other, i, limit) => {
            Some((i, limit, other == i))
        }
        _once => None,
    }
}

/// What a run starts with.
#[derive(Debug)]
struct Start {
    slots: [Value; 2],
    array: Option<Value>,
    fuel: Option<u64>,
    limits: Limits,
}

impl Start {
    fn new(op: Op, r: &mut Random) -> Self {
        let slots = [slot(op, r), slot(op, r)];
        let array = match r.below(6) {
            0 => None,
            1 => Some(r.value(1)),
            n => Some(Value::array(
                (0..n as i64).map(Value::Int).collect::<Vec<_>>(),
            )),
        };
        let mut limits = Limits::default();
        if r.one_in(2) {
            limits.max_string_len = r.below(60);
            limits.max_array_len = 4 + r.below(30);
        }
        if r.one_in(10) {
            limits.max_stack = r.below(50);
        }
        let fuel = match r.below(8) {
            0..=2 => None,
            3 => Some(2_000),
            _ => Some(r.below(201) as u64),
        };
        let ends = match counts(op) {
            None => true,
            Some((FRESH, limit, other)) => limit < 50 && !other,
            Some((i, limit, other)) => {
                let from = slots[usize::from(i)].to_float();
                // Not far below the bound, nor where the next step would wrap to below it.
                let near = f64::from(limit) - 60.0..1e15;
                !other && (from.is_nan() || near.contains(&from))
            }
        };
        let fuel = if ends { fuel } else { fuel.or(Some(500)) };
        Self {
            slots,
            array,
            fuel,
            limits,
        }
    }

    /// A program in a VM that has run others before.
    fn run(&self, vm: &mut VM, out: &SharedBuffer, program: &Program) -> Outcome {
        vm.reset();
        vm.set_global("s0", self.slots[0].clone());
        vm.set_global("s1", self.slots[1].clone());
        if let Some(array) = &self.array {
            vm.set_global("array", array.clone());
        }
        vm.set_limits(self.limits.clone());
        vm.set_fuel(self.fuel);
        let result = match vm.eval(program) {
            Ok(value) => VMResult::Ok(value),
            Err(error) => VMResult::Error(error),
        };
        Outcome::seen(vm, result, out)
    }
}

/// A value for a slot: often near the bound of the loop, or where a sum leaves the integers.
fn slot(op: Op, r: &mut Random) -> Value {
    match (counts(op), r.below(5)) {
        (Some((_, limit, _)), 0 | 1) => Value::Int(i64::from(limit) - r.below(40) as i64 + 3),
        (Some((_, limit, _)), 2) if r.one_in(2) => {
            Value::Float(f64::from(limit) - r.below(80) as f64 / 4.0)
        }
        (Some(_), 3) => Value::Int(match r.one_in(2) {
            true => i64::MIN + r.below(60) as i64,
            false => i64::MAX - r.below(60) as i64,
        }),
        _ => r.value(1),
    }
}

/// A VM and what it prints.
fn vm(fusion: bool) -> (VM, SharedBuffer) {
    let (mut vm, out) = (VM::empty(), SharedBuffer::default());
    vm.set_output(out.clone());
    vm.set_fusion(fusion);
    (vm, out)
}

fn cases(code: Opcode) {
    let [mut emitted, mut plain, mut overlaid] = [true, false, true].map(vm);
    let mut finished = 0;
    for seed in 0..CHUNKS {
        let mut r = Random::new(seed);
        let op = op(code, &mut r);
        let overflow = r.pick(&[Overflow::Wrap, Overflow::Trap, Overflow::Promote]);
        let policy = Policy {
            overflow,
            ..Policy::default()
        };
        let (one, at) = chunk(op, &[op], policy);
        let (many, _) = chunk(op, &op.expansion(), policy);
        let overlay = fuse(&verify(many.clone()).expect("it verifies"));
        assert_eq!(
            overlay[at].opcode(),
            code,
            "the overlay has the op, seed {seed}"
        );
        let one = Program::new(one).expect("it verifies");
        let many = Program::new(many).expect("it verifies");
        for run in 0..RUNS {
            let start = Start::new(op, &mut r);
            let parts = start.run(&mut plain.0, &plain.1, &many);
            let again = start.run(&mut overlaid.0, &overlaid.1, &many);
            let fused = start.run(&mut emitted.0, &emitted.1, &one);
            let case = || format!("seed {seed}, run {run}: {op} under {policy:?}, {start:?}");
            assert_eq!(again, parts, "the overlay, {}", case());
            if fused.line == Some(LINE) {
                assert_eq!(fused.pc, Some(at), "{}", case());
            }
            finished += u64::from(fused.kind.is_none());
            assert_eq!(fused.without_pc(), parts.without_pc(), "the op, {}", case());
        }
    }
    // Most runs show the slots, not only where a trap is.
    assert!(finished > CHUNKS * RUNS / 4, "{finished} finished");
}

/// One of the parts, slightly other than it is.
fn near_miss(op: Op, r: &mut Random) -> Vec<Op> {
    let mut parts = op.expansion();
    let at = r.below(parts.len());
    let other = r.pick(&[0, 1, 2, FRESH]);
    parts[at] = match parts[at] {
        Op::GetSlot(_) => Op::GetSlot(other),
        Op::SetSlot(_) => Op::SetSlot(other),
        Op::LoadInt(n) => Op::LoadInt(n + (1 << 33)),
        Op::Inc => Op::Dec,
        Op::Add => Op::Concat,
        Op::Concat => Op::Add,
        Op::NumLt => Op::NumLe,
        Op::JumpIfTrue(to) => Op::JumpIfFalse(to),
        Op::JumpIfFalse(to) if r.one_in(2) => Op::JumpIfTrue(to),
        Op::JumpIfFalse(to) => Op::JumpIfFalse(to + 1),
        Op::Jump(to) => Op::Jump(to + 4),
        Op::ArrayPush(_) => Op::SetVar(3),
        _same => Op::LoadUndef,
    };
    parts
}

#[test]
fn what_is_nearly_a_sequence_is_not_fused_as_one() {
    let [mut plain, mut overlaid] = [false, true].map(vm);
    let fused = |code: &&Opcode| code.info().flags.has(Flags::FUSED);
    for code in Opcode::ALL.iter().filter(fused) {
        for seed in 0..200 {
            let mut r = Random::new(seed);
            let op = op(*code, &mut r);
            let (near, _) = chunk(op, &near_miss(op, &mut r), Policy::default());
            let case = || format!("seed {seed}: {op}\n{}", near.listing());
            let verified = verify(near.clone()).unwrap_or_else(|e| panic!("{e}, {}", case()));
            assert!(overlay_is_exact(&verified), "{}", case());
            let program = Program::from(verified);
            for _ in 0..4 {
                let mut start = Start::new(op, &mut r);
                start.fuel = Some(r.below(400) as u64);
                let parts = start.run(&mut plain.0, &plain.1, &program);
                let again = start.run(&mut overlaid.0, &overlaid.1, &program);
                assert_eq!(again, parts, "{start:?}, {}", case());
            }
        }
    }
}

macro_rules! tests {
    ($($name:ident = $code:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            cases(Opcode::$code);
        })*

        #[test]
        fn every_fused_op_has_cases() {
            let tested = [$(Opcode::$code),*];
            let fused = |code: &Opcode| code.info().flags.has(Flags::FUSED);
            let all: Vec<_> = Opcode::ALL.iter().copied().filter(fused).collect();
            assert_eq!(tested[..], all);
        }
    };
}

tests! {
    pre_inc_slot = PreIncSlot,
    pre_inc_slot_void = PreIncSlotVoid,
    add_assign_slot_void = AddAssignSlotVoid,
    slot_lt_int_jump_if_false = SlotLtIntJumpIfFalse,
    slot_inc_lt_int_jump_back = SlotIncLtIntJumpBack,
    accum_sum_loop = AccumSumLoop,
    concat_const_loop = ConcatConstLoop,
    push_int_range_loop = PushIntRangeLoop,
}
