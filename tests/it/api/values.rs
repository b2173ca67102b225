//! Values as data of other formats.

use fusevm::{Limits, VM, Value};

/// Levels that may be nested.
const DEPTH: usize = 128;

fn nested(levels: usize) -> Value {
    (0..levels).fold(Value::Undef, |value, _| Value::array(vec![value]))
}

#[test]
fn plain_data_goes_there_and_back() {
    let json = r#"{"b":[1,-2.5,"x",null,true],"7":{},"big":1e+300}"#;
    let value: Value = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&value).unwrap(), json);
    let huge: Value = serde_json::from_str("18446744073709551615").unwrap();
    assert_eq!(huge.kind().name(), "Float");
    assert_eq!(serde_json::to_string(&Value::Status(3)).unwrap(), "3");
}

#[test]
fn what_belongs_to_a_vm_stays_there() {
    let error = serde_json::to_string(&Value::array(vec![Value::NativeFn(1)])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a builtin function means nothing outside its VM"
    );
    let mut vm = VM::empty();
    let cell = vm.heap_mut().new_ref(Value::Int(1)).unwrap();
    assert!(serde_json::to_string(&Value::Ref(cell)).is_err());
}

#[test]
fn nesting_has_an_end() {
    assert!(serde_json::to_string(&nested(DEPTH)).is_ok());
    let error = serde_json::to_string(&nested(DEPTH + 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "value is nested more than 128 levels deep"
    );
    let text = |levels| "[".repeat(levels) + &"]".repeat(levels);
    assert!(serde_json::from_str::<Value>(&text(DEPTH - 1)).is_ok());
    assert!(serde_json::from_str::<Value>(&text(DEPTH + 1)).is_err());
}

#[test]
fn data_goes_through_a_program() {
    use fusevm::prelude::*;
    let mut vm = VM::empty();
    let data: Value = serde_json::from_str(r#"{"xs":[3,1,2]}"#).unwrap();
    vm.set_global("data", data);
    let sorted = vm.eval(super::chunk(|b| {
        b.get_var("data");
        b.set_slot(0);
        b.load(9);
        b.load("xs");
        b.op(core_ops::slot_push_path {
            s: Slot(0),
            path: 1,
        });
        b.get_slot(0);
    }));
    let json = serde_json::to_string(&sorted.unwrap()).unwrap();
    assert_eq!(json, r#"{"xs":[3,1,2,9]}"#);
}

#[test]
fn the_text_of_a_value_has_a_limit() {
    let mut vm = VM::empty();
    assert_eq!(vm.text(&Value::array(vec![1, 2])).unwrap(), "1 2");
    let mut limits = Limits::default();
    limits.max_string_len = 2;
    vm.set_limits(limits);
    assert!(vm.text(&Value::array(vec![1, 2])).is_err());
}
