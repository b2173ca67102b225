//! Constants and floats as text.

use super::super::MAX_CONSTANT_PARTS;
use super::super::encode::{Filling, Part, walk};
use super::token::{Cursor, Result, Token, quoted};
use crate::value::{Array, Hash, Str, Value, write_float};
use std::fmt::Write;

/// A float as text that reads back to the same bits, and as nothing but a float.
pub(super) fn float(f: f64) -> String {
    let mut out = String::new();
    if f.is_nan() && f.to_bits() != f64::NAN.to_bits() {
        return format!("nan(0x{:016x})", f.to_bits());
    }
    if f.is_nan() {
        return "nan".into();
    }
    write_float(f, &mut out);
    if f.is_finite() && !out.contains(['.', 'e']) {
        out.push_str(".0");
    }
    out
}

/// A constant as text.
pub(super) fn constant(value: &Value) -> String {
    let mut out = String::new();
    let mut after_key = false;
    walk(value, |part| {
        let first = out.is_empty() || out.ends_with(['[', '{']) || after_key;
        let starts = matches!(
            part,
            Part::Leaf(_) | Part::Array(_) | Part::Hash(_) | Part::Key(_)
        );
        if starts && !first {
            out.push_str(", ");
        }
        after_key = false;
        match part {
            Part::Leaf(value) => leaf(value, &mut out),
            Part::Array(_) => out.push('['),
            Part::Hash(_) => out.push('{'),
            Part::Key(key) => {
                out.push_str(&quoted(key.as_str()));
                out.push_str(": ");
                after_key = true;
            }
            Part::EndArray => out.push(']'),
            Part::EndHash => out.push('}'),
            Part::TooMany => out.push_str("<too many parts>"),
        }
    });
    out
}

fn leaf(value: &Value, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Undef => out.write_str("undef"),
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(i) => write!(out, "{i}"),
        Value::Float(f) => out.write_str(&float(*f)),
        Value::Str(text) => out.write_str(&quoted(text.as_str())),
        Value::Status(code) => write!(out, "status({code})"),
        Value::NativeFn(id) => write!(out, "builtin({id})"),
        Value::Array(_)
        | Value::Hash(_)
        | Value::Ref(_)
        | Value::Func(_)
        | Value::Obj(_)
        | Value::Host(_) => write!(out, "<{}>", value.kind()),
    };
}

/// Reads a float; a whole number is one, too.
pub(super) fn read_float(c: &mut Cursor<'_>, what: &str) -> Result<f64> {
    match *c.peek() {
        Token::Word("inf") => {
            c.take()?;
            Ok(f64::INFINITY)
        }
        Token::Word("nan") => {
            c.take()?;
            if !c.eat("(")? {
                return Ok(f64::NAN);
            }
            let Token::Number(digits) = *c.peek() else {
                return c.expected("the bits of a NaN, `0x…`");
            };
            let hex = digits.strip_prefix("0x");
            let bits = hex.and_then(|hex| u64::from_str_radix(hex, 16).ok());
            let Some(nan) = bits.map(f64::from_bits).filter(|f| f.is_nan()) else {
                return c.expected("the bits of a NaN, `0x…`");
            };
            c.take()?;
            c.need(")")?;
            Ok(nan)
        }
        Token::Number(digits) => match digits.parse::<f64>() {
            Ok(f) if f.is_finite() || digits == "-inf" => {
                c.take()?;
                Ok(f)
            }
            _ => c.expected(what),
        },
        _ => c.expected(what),
    }
}

/// Reads a constant.
pub(super) fn read_constant(c: &mut Cursor<'_>) -> Result<Value> {
    let start = c.mark();
    let mut open: Vec<Filling> = Vec::new();
    for _ in 0..MAX_CONSTANT_PARTS {
        let at = c.mark();
        let mut value = if c.eat("[")? {
            if !c.eat("]")? {
                open.push(Filling::Array(Array::new()));
                continue;
            }
            Value::Array(Array::new())
        } else if c.eat("{")? {
            if !c.eat("}")? {
                let key = read_key(c)?;
                open.push(Filling::Hash(Hash::new(), key));
                continue;
            }
            Value::Hash(Hash::new())
        } else {
            read_leaf(c)?
        };
        loop {
            let Some(filling) = open.last_mut() else {
                return Ok(value);
            };
            if !filling.put(value) {
                return Err(at.error("the key of this value is there twice"));
            }
            let close = match filling {
                Filling::Array(_) => "]",
                Filling::Hash(..) => "}",
            };
            if c.eat(",")? {
                if let Filling::Hash(_, key) = filling {
                    *key = read_key(c)?;
                }
                break;
            }
            if !c.eat(close)? {
                return c.expected(format_args!("`,` or `{close}`"));
            }
            value = open.pop().map_or(Value::Undef, Filling::close);
        }
    }
    Err(start.error(format!("a constant has at most {MAX_CONSTANT_PARTS} parts")))
}

fn read_key(c: &mut Cursor<'_>) -> Result<Str> {
    let key = c.name("a key")?;
    c.need(":")?;
    Ok(Str::from(key))
}

fn read_leaf(c: &mut Cursor<'_>) -> Result<Value> {
    let value = match c.peek() {
        Token::Text(_) => return Ok(Value::Str(Str::from(c.name("a text")?))),
        Token::Number(digits) if !digits.contains(['.', 'e', 'E', 'i']) => {
            let (min, max) = (i128::from(i64::MIN), i128::from(i64::MAX));
            let n = c.integer("a number", min, max)?;
            return Ok(Value::Int(n as i64));
        }
        Token::Number(_) | Token::Word("inf" | "nan") => {
            return read_float(c, "a number").map(Value::Float);
        }
        Token::Word("status") => {
            c.take()?;
            c.need("(")?;
            let (min, max) = (i128::from(i32::MIN), i128::from(i32::MAX));
            let code = c.integer("a status", min, max)?;
            c.need(")")?;
            return Ok(Value::Status(code as i32));
        }
        Token::Word("builtin") => {
            c.take()?;
            c.need("(")?;
            let id = c.unsigned("the number of a builtin")?;
            c.need(")")?;
            return Ok(Value::NativeFn(id));
        }
        Token::Word("undef") => Value::Undef,
        Token::Word("true") => Value::Bool(true),
        Token::Word("false") => Value::Bool(false),
        _ => return c.expected("a constant"),
    };
    c.take()?;
    Ok(value)
}
