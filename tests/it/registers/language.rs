//! Ops of a language in the middle of registers: operators that print and cost, in loops and in fused ops;
//! slots that ops write, name twice or leave behind for a call.

use super::agree;
use fusevm::prelude::*;
use std::io::Write;

#[derive(Language)]
#[language(
    name = "mixed",
    ops(ops::OPS),
    operators(Add = ops::join, NumLt = ops::shorter, NumNe = ops::differ, Inc = ops::next)
)]
struct Mixed;

#[ops(Mixed)]
mod ops {
    use super::*;

    #[ext_op(cost = 3)]
    pub fn join(a: &Value, b: &Value, out: &mut Output) -> std::io::Result<String> {
        write!(out, "j")?;
        Ok(format!("{}{}", a.to_str(), b.to_str()))
    }

    /// Whether a text is shorter than that; runs a function to know.
    #[ext_op(cost = 2)]
    pub fn shorter(a: Value, b: Value, mut cx: Ctx<'_, Mixed>) -> Result<bool, Trap> {
        write!(cx.output(), "s").map_err(Trap::host)?;
        let len = cx.call("len", &[a])?;
        Ok(len.to_int() < b.to_int())
    }

    #[ext_op]
    pub fn differ(a: &Value, b: &Value) -> bool {
        a.to_str() != b.to_str()
    }

    #[ext_op(cost = 4)]
    pub fn next(a: &Value, out: &mut Output) -> std::io::Result<String> {
        write!(out, "+")?;
        Ok(format!("{}+", a.to_str()))
    }

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    /// Counts in the slot and has the VM call.
    #[ext_op]
    pub fn count_and_call(f: &Func, #[slot] n: &mut Value, args: Rest<'_>) -> Invoke {
        let _ = args;
        *n = Value::Int(n.to_int() + 1);
        Invoke::Call {
            function: f.clone(),
            callee: Value::Undef,
            first: None,
        }
    }

    /// Names three slots and writes the last.
    #[ext_op]
    pub fn three(#[imm] a: Slot, #[imm] b: Slot, #[slot] n: &mut Value) -> i64 {
        let before = n.to_int();
        *n = Value::Int(before + i64::from(a.0) + i64::from(b.0));
        before
    }

    /// Jumps with two values, or falls through with one.
    #[ext_op]
    pub fn odd(n: i64, #[imm] _to: Label) -> Branch<i64, i64> {
        match n % 2 {
            0 => Branch::Fall(n / 2),
            _ => Branch::Jump(3 * n + 1),
        }
    }
}

fn mixed(ops: impl FnOnce(&mut Builder<Mixed>)) -> Chunk {
    let mut b = Builder::<Mixed>::new();
    ops(&mut b);
    let f = b.begin_fn("len", &["text"]);
    b.get_slot(0);
    b.emit(Op::StringLen);
    b.emit(Op::ReturnValue);
    b.end_fn(f);
    b.finish().unwrap_or_else(|errors| panic!("{errors}"))
}

/// `while (text < limit) text += 1`, tested before.
fn counts(b: &mut Builder<Mixed>) {
    b.load("ab");
    b.set_slot(0);
    let (top, end) = (b.label_here(), b.label());
    b.get_slot(0);
    b.load(5);
    b.emit(Op::NumLt);
    b.jump_if_false(end);
    for op in [Op::GetSlot(0), Op::Inc, Op::SetSlot(0)] {
        b.emit(op);
    }
    b.jump(top);
    b.bind(end);
    b.get_slot(0);
}

#[test]
fn operators_in_the_test_of_a_loop() {
    let seen = agree::<Mixed>(&mixed(counts), |_| {});
    assert_eq!(
        (seen.end.as_str(), seen.output.as_str()),
        ("\"ab+++\"", "s+s+s+s")
    );
}

#[test]
fn operators_in_fused_ops_of_the_chunk() {
    let chunk = mixed(|b| {
        b.load("ab");
        b.set_slot(0);
        let top = b.label_here();
        b.emit(Op::PreIncSlotVoid(0));
        b.emit(Op::AddAssignSlotVoid(0, 0));
        b.branch(Op::SlotIncLtIntJumpBack(0, 20, 0), top);
        let end = b.label();
        b.branch(Op::SlotLtIntJumpIfFalse(0, 3, 0), end);
        b.emit(Op::Nop);
        b.bind(end);
        b.emit(Op::PreIncSlot(0));
        b.println(1);
    });
    let seen = agree::<Mixed>(&chunk, |_| {});
    assert!(seen.output.starts_with("+j+s"), "{seen:?}");
}

#[test]
fn operators_and_the_branch_behind_them() {
    let chunk = mixed(|b| {
        for text in ["a", "b"] {
            let end = b.label();
            b.load(text);
            b.load("a");
            b.emit(Op::NumNe);
            b.jump_if_true(end);
            b.load("same");
            b.println(1);
            b.bind(end);
        }
    });
    assert_eq!(agree::<Mixed>(&chunk, |_| {}).output, "same\n");
}

#[test]
fn a_slot_that_an_op_writes_before_the_vm_calls() {
    let chunk = mixed(|b| {
        b.load(5);
        b.set_slot(1);
        b.load("kept");
        b.set_slot(0);
        let f = b.begin_inner_fn("three", &["text"]);
        b.load(3);
        b.set_slot(2);
        b.get_slot(2);
        b.emit(Op::ReturnValue);
        let name = b.inner_fn(&f);
        b.end_fn(f);
        b.load("below");
        for _ in 0..2 {
            b.op(ops::function { f: name.clone() });
            b.load("x");
            b.op(ops::count_and_call {
                n: Slot(1),
                args: 1,
            });
        }
        b.get_slot(0);
        b.get_slot(1);
        b.get_slot(2);
        // Goes on in the base interpreter.
        b.emit(Op::AccumSumLoop(2, 1, 9));
        b.get_slot(1);
        b.get_slot(0);
        b.make_array(8);
    });
    let seen = agree::<Mixed>(&chunk, |_| {});
    assert_eq!(
        seen.end,
        "[\"below\", 3, 3, \"kept\", 7, undef, 9, \"kept\"]"
    );
}

#[test]
fn a_slot_that_an_op_names_twice() {
    let chunk = mixed(|b| {
        b.load(40);
        b.set_slot(1);
        b.op(ops::three {
            a: Slot(1),
            b: Slot(2),
            n: Slot(1),
        });
        b.get_slot(1);
        b.make_array(2);
    });
    assert_eq!(agree::<Mixed>(&chunk, |_| {}).end, "[40, 43]");
}

#[test]
fn ops_that_branch_in_a_loop_and_to_the_end() {
    let chunk = mixed(|b| {
        b.load(1);
        let top = b.label_here();
        b.op(ops::odd { _to: top });
        b.emit(Op::Dup);
        b.println(1);
        let end = b.label();
        b.op(ops::odd { _to: end });
        b.bind(end);
    });
    agree::<Mixed>(&chunk, |_| {});
}
