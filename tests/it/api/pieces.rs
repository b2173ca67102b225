//! What builders have for front ends of one pass: variables that closures turn out to share, code that
//! is put elsewhere, ops that are taken back.

use super::chunk;
use fusevm::{Op, VM, prelude::*};

fn shown(build: impl FnOnce(&mut Builder<()>)) -> String {
    let value = VM::empty().eval(chunk(build)).expect("it runs");
    format!("{value:?}")
}

fn names(chunk: &Chunk) -> Vec<&'static str> {
    chunk.ops().iter().map(|op| op.name()).collect()
}

#[test]
fn a_variable_stays_in_its_slot_until_it_is_shared() {
    let write = |share: bool| {
        chunk(move |b| {
            let x = b.local(3);
            b.load(1);
            b.init_local(x);
            b.load(2);
            b.set_local(x);
            b.get_local(x);
            if share {
                b.share_local(x);
            }
        })
    };
    let plain = ["LoadInt", "SetSlot", "LoadInt", "SetSlot", "GetSlot"];
    assert_eq!(names(&write(false)), plain);
    let shared = write(true);
    assert_eq!(
        shared
            .ops()
            .iter()
            .filter(|op| matches!(op, Op::ExtendedWide(..)))
            .count(),
        3
    );
    for chunk in [write(false), shared] {
        assert_eq!(VM::empty().eval(chunk).unwrap(), Value::Int(2));
    }
}

#[test]
fn each_initial_value_gets_a_cell_of_its_own() {
    let values = shown(|b| {
        let x = b.local(0);
        for slot in [1, 2] {
            b.load(slot as i64 * 10);
            b.init_local(x);
            b.get_cell(x);
            b.set_slot(slot);
        }
        b.load(7);
        b.set_local(x);
        for slot in [1, 2] {
            b.get_slot(slot);
            b.op(core_ops::cell_get {});
        }
        b.make_array(2);
    });
    assert_eq!(values, "[10, 7]");
}

#[test]
fn parameters_may_be_shared_and_functions_may_have_own_slots() {
    let values = shown(|b| {
        let f = b.begin_fn("f", &["a", "b"]);
        let (a, second) = (b.param(&f, 0), b.param(&f, 1));
        let third = b.local(2);
        b.load("c");
        b.init_local(third);
        b.get_cell(a);
        b.load("other");
        b.op(core_ops::cell_set {});
        for local in [a, second, third] {
            b.get_local(local);
        }
        b.make_array(3);
        b.emit(Op::ReturnValue);
        b.end_fn(f);
        b.load("a");
        b.load("b");
        b.call("f", 2);
    });
    assert_eq!(values, r#"["other", "b", "c"]"#);
}

#[test]
fn code_is_put_elsewhere_with_its_labels() {
    // for (i = 0; i < 5; i = i > 2 ? i + 2 : i + 1) seen += i, the step being written first.
    let values = shown(|b| {
        b.load(0);
        b.set_slot(0);
        b.load(0);
        b.set_slot(1);
        let top = b.label_here();
        let done = b.label();
        b.get_slot(0);
        b.load(5);
        b.emit(Op::NumLt);
        b.jump_if_false(done);
        let mark = b.mark();
        let (small, out) = (b.label(), b.label());
        b.get_slot(0);
        b.load(2);
        b.emit(Op::NumGt);
        b.jump_if_false(small);
        b.emit(Op::PreIncSlotVoid(0));
        b.jump(out);
        b.bind(small);
        b.emit(Op::Nop);
        b.bind(out);
        b.emit(Op::PreIncSlotVoid(0));
        let step = b.cut(mark);
        for op in [Op::GetSlot(1), Op::GetSlot(0), Op::Add, Op::SetSlot(1)] {
            b.emit(op);
        }
        b.paste(step);
        b.jump(top);
        b.bind(done);
        b.get_slot(1);
    });
    // 0 + 1 + 2 + 3; then i is 5.
    assert_eq!(values, "6");
}

#[test]
fn a_cut_of_another_body_takes_nothing() {
    let value = shown(|b| {
        b.load(1);
        let mark = b.mark();
        b.load(2);
        let f = b.begin_fn::<&str>("f", &[]);
        b.load(3);
        let piece = b.cut(mark);
        b.paste(piece);
        b.emit(Op::ReturnValue);
        b.end_fn(f);
        b.call("f", 0);
        b.make_array(3);
    });
    assert_eq!(value, "[1, 2, 3]");
}

#[test]
fn the_last_op_can_be_taken_back_where_control_comes_from_it_alone() {
    let mut b = Builder::<()>::new();
    assert!(b.last_op().is_none() && b.take_last_op().is_none());
    b.load(1);
    b.emit(Op::LogNot);
    assert!(matches!(b.take_last_op(), Some(Op::LogNot)));
    assert!(matches!(b.last_op(), Some(Op::LoadInt(1))));
    b.label_here();
    assert!(b.last_op().is_none() && b.take_last_op().is_none());
    b.emit(Op::Inc);
    assert!(matches!(b.last_op(), Some(Op::Inc)));
    assert_eq!(names(&b.finish().unwrap()), ["LoadInt", "Inc"]);
}

#[test]
fn a_value_that_is_dropped_is_not_copied_to_be_stored() {
    let statement = |between: fn(&mut Builder<()>), store: fn(&mut Builder<()>)| {
        chunk(move |b| {
            b.load(1);
            b.emit(Op::Dup);
            between(b);
            store(b);
            b.discard();
        })
    };
    let nothing = |_: &mut Builder<()>| {};
    let to_slot = |b: &mut Builder<()>| b.set_slot(0);
    let to_global = |b: &mut Builder<()>| b.set_var("x");
    assert_eq!(names(&statement(nothing, to_slot)), ["LoadInt", "SetSlot"]);
    assert_eq!(names(&statement(nothing, to_global)), ["LoadInt", "SetVar"]);
    // Control comes from elsewhere with two values, or with one.
    let label = |b: &mut Builder<()>| {
        b.label_here();
    };
    let all = ["LoadInt", "Dup", "SetSlot", "Pop"];
    assert_eq!(names(&statement(label, to_slot)), all);
    let then_label = |b: &mut Builder<()>| {
        b.set_slot(0);
        b.label_here();
    };
    assert_eq!(names(&statement(nothing, then_label)), all);
    let shared = chunk(|b| {
        let x = b.local(0);
        b.load(1);
        b.init_local(x);
        b.load(2);
        b.emit(Op::Dup);
        b.set_local(x);
        b.discard();
        b.get_cell(x);
        b.op(core_ops::cell_get {});
    });
    assert_eq!(VM::empty().eval(shared).unwrap(), Value::Int(2));
}
