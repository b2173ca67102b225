//! Instructions on registers that are no `u8`: on numbers, and where nothing can trap. Others are left to
//! [`Run::step`].

use super::{Run, element};
use crate::interp::register::is_plain;
use crate::lower::Ins;
use crate::op::Opcode;
use crate::value::Value;
use crate::vm::VM;
use std::mem::{forget, replace, take};

impl Run<'_> {
    /// Runs instructions until there is one that is not run here: [`Run::place`] is then before it, and
    /// nothing of it has run. Whether the loop does not run it either.
    #[inline(never)]
    pub(super) fn wide(&mut self, vm: &mut VM) -> bool {
        let code = self.code;
        let win = &mut vm.registers[self.place.0..][..usize::from(code.registers)];
        let mut ip = self.place.1;
        loop {
            macro_rules! go_to {
                ($to:expr) => {{
                    let to = $to as usize;
                    if to <= ip {
                        self.patience -= (ip + 1 - to) as i64;
                        if self.patience < 0 {
                            break;
                        }
                    }
                    ip = to;
                    continue;
                }};
            }
            macro_rules! at {
                ($r:expr) => {
                    win[usize::from($r)]
                };
            }
            macro_rules! arithmetic {
                ($checked:ident, $sign:tt, $a:expr, $b:expr) => {
                    numbers(&at!($a), $b, |x, y| x.$checked(y).map(Value::Int), |x, y| Some(Value::Float(x $sign y)))
                };
            }
            macro_rules! bits {
                ($a:expr, $b:expr, $of:expr) => {
                    match (&at!($a), $b) {
                        (&Value::Int(x), &Value::Int(y)) => {
                            let of: fn(i64, i64) -> i64 = $of;
                            Some(Value::Int(of(x, y)))
                        }
                        _ => None,
                    }
                };
            }
            macro_rules! compare {
                ($sign:tt, $a:expr, $b:expr) => {
                    match (&at!($a), $b) {
                        (Value::Int(x), Value::Int(y)) => Some(x $sign y),
                        (Value::Float(x), Value::Float(y)) => Some(x $sign y),
                        _ => None,
                    }
                };
            }
            macro_rules! branch {
                ($when:literal, $is:expr, $to:expr) => {
                    match $is {
                        Some($when) => go_to!($to),
                        Some(_) => {
                            ip += 1;
                            continue;
                        }
                        None => break,
                    }
                };
            }
            macro_rules! branch_small {
                ($sign:tt, $when:literal, $a:expr, $n:expr, $to:expr) => {
                    branch!($when, compare!($sign, $a, &like(&at!($a), $n.into())), $to)
                };
            }
            let (d, value) = match code.plain[ip] {
                Ins::Copy { d, a } => (d, Some(at!(a).clone())),
                Ins::Take { d, a } if is_plain(&at!(d)) => (d, Some(take(&mut at!(a)))),
                Ins::Int { d, n } => (d, Some(Value::Int(n.into()))),
                Ins::Const { d, k } => (d, Some(self.linked.constant_of(code, k))),
                Ins::Undef { d } => (d, Some(Value::Undef)),
                Ins::Bool { d, is } => (d, Some(Value::Bool(is))),

                Ins::Add { d, a, b } => (d, arithmetic!(checked_add, +, a, &at!(b))),
                Ins::Sub { d, a, b } => (d, arithmetic!(checked_sub, -, a, &at!(b))),
                Ins::Mul { d, a, b } => (d, arithmetic!(checked_mul, *, a, &at!(b))),
                Ins::AddI { d, a, n } => (d, arithmetic!(checked_add, +, a, &Value::Int(n.into()))),
                Ins::SubI { d, a, n } => (d, arithmetic!(checked_sub, -, a, &Value::Int(n.into()))),
                Ins::MulI { d, a, n } => (d, arithmetic!(checked_mul, *, a, &Value::Int(n.into()))),
                Ins::Div { d, a, b } => (d, quotient(&at!(a), &at!(b))),
                Ins::Mod { d, a, b } => (d, remainder(&at!(a), &at!(b))),
                Ins::ModI { d, a, n } => (d, remainder(&at!(a), &Value::Int(n.into()))),
                Ins::And { d, a, b } => (d, bits!(a, &at!(b), |x, y| x & y)),
                Ins::Or { d, a, b } => (d, bits!(a, &at!(b), |x, y| x | y)),
                Ins::Xor { d, a, b } => (d, bits!(a, &at!(b), |x, y| x ^ y)),
                Ins::Shl { d, a, b } => (d, bits!(a, &at!(b), |x, y| x << (y & 63))),
                Ins::Shr { d, a, b } => (d, bits!(a, &at!(b), |x, y| x >> (y & 63))),
                Ins::AndI { d, a, n } => (d, bits!(a, &Value::Int(n.into()), |x, y| x & y)),
                Ins::OrI { d, a, n } => (d, bits!(a, &Value::Int(n.into()), |x, y| x | y)),
                Ins::XorI { d, a, n } => (d, bits!(a, &Value::Int(n.into()), |x, y| x ^ y)),
                Ins::ShlI { d, a, n } => (d, bits!(a, &Value::Int(n.into()), |x, y| x << (y & 63))),
                Ins::ShrI { d, a, n } => (d, bits!(a, &Value::Int(n.into()), |x, y| x >> (y & 63))),
                Ins::Binary { op, d, a, b } => {
                    let is = match op {
                        Opcode::NumEq => compare!(==, a, &at!(b)),
                        Opcode::NumNe => compare!(!=, a, &at!(b)),
                        Opcode::NumLt => compare!(<, a, &at!(b)),
                        Opcode::NumGt => compare!(>, a, &at!(b)),
                        Opcode::NumLe => compare!(<=, a, &at!(b)),
                        Opcode::NumGe => compare!(>=, a, &at!(b)),
                        _other => break,
                    };
                    (d, is.map(Value::Bool))
                }
                Ins::Not { d, a } => match at!(a) {
                    Value::Bool(is) => (d, Some(Value::Bool(!is))),
                    _ => break,
                },

                Ins::Jump { to } => go_to!(to),
                Ins::JumpIf { a, to, .. } => branch!(true, truth(&at!(a)), to),
                Ins::JumpIfNot { a, to, .. } => branch!(false, truth(&at!(a)), to),
                Ins::JumpLt { a, b, to } => branch!(true, compare!(<, a, &at!(b)), to),
                Ins::JumpLe { a, b, to } => branch!(true, compare!(<=, a, &at!(b)), to),
                Ins::JumpEq { a, b, to } => branch!(true, compare!(==, a, &at!(b)), to),
                Ins::JumpNotLt { a, b, to } => branch!(false, compare!(<, a, &at!(b)), to),
                Ins::JumpNotLe { a, b, to } => branch!(false, compare!(<=, a, &at!(b)), to),
                Ins::JumpNotEq { a, b, to } => branch!(false, compare!(==, a, &at!(b)), to),
                Ins::JumpLtI { a, n, to } => branch_small!(<, true, a, n, to),
                Ins::JumpLeI { a, n, to } => branch_small!(<=, true, a, n, to),
                Ins::JumpGtI { a, n, to } => branch_small!(>, true, a, n, to),
                Ins::JumpGeI { a, n, to } => branch_small!(>=, true, a, n, to),
                Ins::JumpEqI { a, n, to } => branch_small!(==, true, a, n, to),
                Ins::JumpNotLtI { a, n, to } => branch_small!(<, false, a, n, to),
                Ins::JumpNotLeI { a, n, to } => branch_small!(<=, false, a, n, to),
                Ins::JumpNotGtI { a, n, to } => branch_small!(>, false, a, n, to),
                Ins::JumpNotGeI { a, n, to } => branch_small!(>=, false, a, n, to),
                Ins::JumpNotEqI { a, n, to } => branch_small!(==, false, a, n, to),

                Ins::GetVar { d, name } => (d, vm.globals[self.linked.symbol(name)].clone()),
                Ins::IndexGet { d, a, b } => match (&at!(a), &at!(b)) {
                    (items @ Value::Array(_), at @ Value::Int(_)) => (d, Some(element(items, at))),
                    _ => break,
                },
                Ins::Charge { exit, .. } => {
                    let cost = u64::from(code.exits[exit as usize].cost);
                    match vm.slice.checked_sub(cost) {
                        Some(left) => vm.slice = left,
                        None => break,
                    }
                    ip += 1;
                    continue;
                }
                _other => break,
            };
            let register = &mut at!(d);
            match value {
                Some(value) if is_plain(register) => forget(replace(register, value)),
                _ => break,
            }
            ip += 1;
        }
        self.place.1 = ip;
        matches!(code.ins[ip], Ins::Wide)
    }
}

/// What comes of two numbers, which are whole or not.
#[inline(always)]
fn numbers(
    a: &Value,
    b: &Value,
    int: impl Fn(i64, i64) -> Option<Value>,
    float: impl Fn(f64, f64) -> Option<Value>,
) -> Option<Value> {
    match (a, b) {
        (&Value::Int(x), &Value::Int(y)) => int(x, y),
        (&Value::Float(x), &Value::Float(y)) => float(x, y),
        (&Value::Int(x), &Value::Float(y)) => float(x as f64, y),
        (&Value::Float(x), &Value::Int(y)) => float(x, y as f64),
        _ => None,
    }
}

#[inline(always)]
fn quotient(a: &Value, b: &Value) -> Option<Value> {
    let of = |x: f64, y: f64| (y != 0.0).then(|| Value::Float(x / y));
    numbers(a, b, |x, y| of(x as f64, y as f64), of)
}

#[inline(always)]
fn remainder(a: &Value, b: &Value) -> Option<Value> {
    match (a, b) {
        (&Value::Int(x), &Value::Int(y)) if y != 0 => Some(Value::Int(x.wrapping_rem(y))),
        _ => None,
    }
}

/// A number of the kind of another.
#[inline(always)]
fn like(value: &Value, n: i64) -> Value {
    match value {
        Value::Float(_) => Value::Float(n as f64),
        _ => Value::Int(n),
    }
}

#[inline(always)]
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        _ => None,
    }
}
