//! The core ops on cells.

use super::{eval, returning};
use fusevm::{ErrorKind, TrapKind, prelude::*};

fn run(build: impl FnOnce(&mut Builder<()>)) -> Result<Value, Error> {
    eval(&mut <()>::vm(()), build)
}

#[test]
fn a_cell_is_shared_by_all_who_hold_it() {
    let values = run(|b| {
        b.load(1);
        b.op(core_ops::new_cell {});
        b.emit(Op::Dup);
        b.set_slot(0);
        b.load(2);
        b.op(core_ops::cell_set {});
        b.op(core_ops::slot_cell_get { s: Slot(0) });
        b.load(3);
        b.op(core_ops::slot_cell_set { s: Slot(0) });
        b.get_slot(0);
        b.op(core_ops::cell_get {});
        b.make_array(2);
    });
    assert_eq!(format!("{:?}", values.unwrap()), "[2, 3]");
}

#[test]
fn a_slot_goes_into_a_cell_of_its_own_each_time() {
    let values = run(|b| {
        returning(b, "f", &["x"], |b| {
            b.op(core_ops::slot_to_cell { s: Slot(0) });
            b.get_slot(0);
        });
        for (slot, value) in [(0, "one"), (1, "two")] {
            b.load(value);
            b.call("f", 1);
            b.set_slot(slot);
        }
        b.load("other");
        b.op(core_ops::slot_cell_set { s: Slot(0) });
        b.op(core_ops::slot_cell_get { s: Slot(0) });
        b.op(core_ops::slot_cell_get { s: Slot(1) });
        b.make_array(2);
    });
    assert_eq!(values.unwrap().to_str(), "other two");
}

#[test]
fn what_is_no_cell_traps() {
    let cases: [(fn(&mut Builder<()>), &str); 4] = [
        (
            |b| b.op(core_ops::slot_cell_get { s: Slot(0) }),
            "`core.slot_cell_get`, operand 1: expected Ref, found Undef in the slot",
        ),
        (
            |b| {
                b.load(1);
                b.op(core_ops::slot_cell_set { s: Slot(0) });
            },
            "`core.slot_cell_set`, operand 1: expected Ref, found Undef in the slot",
        ),
        (
            |b| {
                b.load(1);
                b.op(core_ops::cell_get {});
            },
            "`core.cell_get`, operand 1: expected Ref, found Int 1",
        ),
        (
            |b| {
                b.load("x");
                b.load(1);
                b.op(core_ops::cell_set {});
            },
            "`core.cell_set`, operand 1: expected Ref, found Str \"x\"",
        ),
    ];
    for (build, message) in cases {
        let error = run(build).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Operand));
        assert_eq!(error.message(), message);
    }
}
