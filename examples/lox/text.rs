//! Values as Lox prints them.

use fusevm::prelude::*;

use super::objects::{Bound, Class, Closure, Instance};

/// Significant digits of a number.
const DIGITS: usize = 6;

pub fn text(heap: &Heap, value: &Value) -> String {
    match value {
        Value::Undef => "nil".into(),
        Value::Bool(truth) => truth.to_string(),
        Value::Float(number) => self::number(*number),
        Value::Str(text) => text.as_str().into(),
        Value::NativeFn(_) => "<native fn>".into(),
        other => object(heap, other).unwrap_or_else(|| other.to_string()),
    }
}

fn object(heap: &Heap, value: &Value) -> Option<String> {
    let method = match heap.downcast::<Bound>(value) {
        Some(bound) => Some(heap.get(bound).ok()?.method),
        None => heap.downcast::<Closure>(value),
    };
    if let Some(closure) = method {
        return Some(format!("<fn {}>", heap.get(closure).ok()?.function.name()));
    }
    if let Some(class) = heap.downcast::<Class>(value) {
        return Some(heap.get(class).ok()?.name.to_string());
    }
    let instance = heap.get(heap.downcast::<Instance>(value)?).ok()?;
    Some(format!("{} instance", heap.get(instance.class).ok()?.name))
}

/// A number as C's `%g` writes it.
pub fn number(number: f64) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() {
            "-nan"
        } else {
            "nan"
        }
        .into();
    }
    if number.is_infinite() || number == 0.0 {
        return number.to_string();
    }
    let scientific = format!("{number:.*e}", DIGITS - 1);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= DIGITS as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", shortened(digits), exponent.abs());
    }
    let decimals = (DIGITS as i32 - 1 - exponent) as usize;
    shortened(&format!("{number:.decimals$}")).into()
}

/// Digits without zeros at the end of the fraction.
fn shortened(digits: &str) -> &str {
    match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    }
}
