//! The test of ops that say they are equality.

use crate::value::{Handle, Ref, Value};

/// Checks that a function is `==` of values, on values of all kinds; the macro calls it in a test beside the op.
///
/// # Panics
/// When it says otherwise of two of them.
#[doc(hidden)]
pub fn check_equality(is: impl Fn(&Value, &Value) -> bool) {
    let values = samples();
    for a in &values {
        for b in &values {
            assert_eq!(is(a, b), a == b, "`equality` is not kept: {a:?}, {b:?}");
        }
    }
}

fn samples() -> Vec<Value> {
    let handle = |index| Handle::new(index, 1, 2, 3);
    let mut values = vec![
        Value::Undef,
        Value::Bool(false),
        Value::Bool(true),
        Value::Int(0),
        Value::Int(1),
        Value::Int(i64::MIN),
        Value::Float(0.0),
        Value::Float(-0.0),
        Value::Float(1.0),
        Value::Float(f64::NAN),
        Value::Status(0),
        Value::Status(1),
        Value::NativeFn(0),
        Value::NativeFn(1),
    ];
    for index in 0..2 {
        values.push(Value::Obj(handle(index)));
        values.push(Value::Ref(Ref(handle(index))));
    }
    let long = "longer than what stands beside a count";
    let texts = ["", "0", "1", "a", "b", "true", long];
    values.extend(texts.iter().chain(&texts).map(|text| Value::str(*text)));
    values.extend([
        Value::array(Vec::<Value>::new()),
        Value::array(vec![1, 2]),
        Value::array(vec![1, 2]),
        Value::array(vec![1.0, 2.0]),
        Value::hash([("a", 1), ("b", 2)]),
        Value::hash([("b", 2), ("a", 1)]),
    ]);
    values
}

#[cfg(test)]
mod tests {
    use super::check_equality;
    use crate::value::Value;

    #[test]
    fn equality_is_kept() {
        check_equality(|a, b| a == b);
    }

    #[test]
    #[should_panic = "`equality` is not kept"]
    fn numbers_of_two_kinds_are_not_equal() {
        let as_numbers = |a: &Value, b: &Value| match (a, b) {
            (Value::Int(a), Value::Float(b)) => *a as f64 == *b,
            _ => a == b,
        };
        check_equality(as_numbers);
    }
}
