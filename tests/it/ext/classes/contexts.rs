//! What an op sees beside its operands, and which sets a language has.

use super::{Classes, alone, everywhere, from_afar, ops, vm};
use fusevm::testing::assert_chunk;
use fusevm::{SharedBuffer, TrapKind, prelude::*};

#[test]
fn contexts_side_by_side() {
    let out = SharedBuffer::default();
    let mut vm = vm();
    vm.set_output(out.clone());
    for text in ["one", "two"] {
        let object = vm.eval(&chunk! { Classes; {text}; ops::side_by_side; });
        assert_eq!(object.unwrap().kind(), Kind::Obj);
    }
    assert_eq!(vm.host().0, ["one", "two"]);
    assert_eq!(out.text(), "1 one\n2 two\n");
    assert_eq!(vm.heap().len(), 2);
}

#[test]
fn rules_carry_limits_and_the_texts_of_objects() {
    let mut vm = vm();
    let mut limits = Limits::default();
    limits.max_string_len = 20;
    vm.set_limits(limits);
    let text = vm.eval(&chunk! { Classes;
        everywhere::counter; everywhere::counter; MakeArray(2); ops::text_of;
    });
    assert_eq!(text.unwrap(), Value::str("(Counter) (Counter)"));
    let text = vm.eval(&chunk! { Classes;
        everywhere::counter; everywhere::counter; everywhere::counter; MakeArray(3); ops::text_of;
    });
    let error = text.unwrap_err();
    assert_eq!(error.kind(), fusevm::ErrorKind::Trap(TrapKind::TextTooLong));
}

#[test]
fn the_whole_vm_at_once() {
    let out = SharedBuffer::default();
    let mut vm = vm();
    vm.set_output(out.clone());
    vm.set_global("x", 41);
    let text = vm.eval(&chunk! { Classes;
        fn inc(n) { GetSlot(n); Inc; ReturnValue; }
        ops::everything;
    });
    assert_eq!(text.unwrap(), Value::str("(Counter) 42 undef"));
    assert_eq!(vm.global("x"), Value::Int(42));
    assert_eq!((vm.host().0.len(), out.text().as_str()), (1, "printed"));
}

#[test]
fn sets_of_all_kinds_are_in_the_language() {
    let both = chunk! { Classes; LoadInt(4); alone; from_afar::far; MakeArray(2); };
    assert_chunk!(Classes; both => vec![-4, 77]);
    let table = Classes::table();
    assert_eq!(table.id("byte"), Some(0));
    let id = |name: &str| table.id(name).unwrap_or_else(|| panic!("no {name}"));
    assert!(id("far") > id("core.idiv"), "linked ops stand at the end");
    assert!(table.id("alone").is_none() && id("by_itself") < id("core.idiv"));
}
