//! Instructions on texts and hashes, where nothing can trap: on strings and whole numbers, within the
//! limits. Others are left to [`Run::step`].

use super::Run;
use crate::interp::register::forget;
use crate::lower::Ins;
use crate::semantics::string;
use crate::value::Value;
use crate::vm::VM;
use std::mem::take;

impl Run<'_> {
    /// Runs instructions from the one before the current place on, as long as they are such; whether the
    /// first one was.
    #[inline(never)]
    pub(super) fn text(&mut self, vm: &mut VM) -> bool {
        let first = self.place.1 - 1;
        let mut at = first;
        while self.may_be_text(at)
            && let Some(behind) = self.text_at(vm, at)
        {
            at = behind;
        }
        self.place.1 = if at == first { first + 1 } else { at };
        at != first
    }

    /// Runs the instruction at that place, with a constant before it; the place behind.
    /// Whether an instruction may run here with those before it.
    #[inline(always)]
    fn may_be_text(&self, _at: usize) -> bool {
        #[cfg(all(feature = "jit", unix))]
        return _at < self.text_end;
        #[cfg(not(all(feature = "jit", unix)))]
        true
    }

    #[inline(always)]
    fn text_at(&mut self, vm: &mut VM, at: usize) -> Option<usize> {
        let (code, linked) = (self.code, self.linked);
        let (globals, limits) = (&mut vm.globals, &vm.limits);
        let win = &mut vm.registers[self.place.0..];
        // A string that only the next instruction needs stays where it is.
        let (ins, constant, behind) = match code.plain[at] {
            Ins::Const { d, k } if d >= code.base => match &code.constants[k as usize] {
                string @ Value::Str(_) => {
                    let ins = *code.plain.get(at + 1)?;
                    if !ins.reads_once(d) {
                        return None;
                    }
                    (ins, Some((d, string)), at + 2)
                }
                _other => return None,
            },
            ins => (ins, None, at + 1),
        };
        let constant = |r: u16| constant.filter(|(d, _)| *d == r).map(|(_, value)| value);
        // What only the stack has is gone from its register then.
        macro_rules! used {
            ($r:expr) => {
                if $r >= code.base {
                    forget(&mut win[$r as usize]);
                }
            };
        }
        // What it drops may panic: that is a trap of this instruction.
        self.place.1 = behind;
        match ins {
            Ins::Concat { d, a, b } if a != b => {
                let limit = limits.max_string_len;
                if let Some(b) = constant(b) {
                    if !string::extend(limit, &mut win[a as usize], b) {
                        return None;
                    }
                } else {
                    let right = lift(&mut win[b as usize]);
                    let done = match constant(a) {
                        Some(a) => string::join(limit, &mut win[d as usize], a, &right),
                        None => string::extend(limit, &mut win[a as usize], &right),
                    };
                    if !done || b < code.base && b != d {
                        win[b as usize] = right;
                    }
                    if !done {
                        return None;
                    }
                }
                if a != d && constant(a).is_none() {
                    win[d as usize] = take(&mut win[a as usize]);
                }
            }
            Ins::HashGet { d, b, name } => {
                let Some(Value::Hash(hash)) = &globals[linked.symbol(name)] else {
                    return None;
                };
                let key = constant(b).unwrap_or(&win[b as usize]).as_key()?;
                let value = hash.find(key).cloned().unwrap_or_default();
                used!(b);
                win[d as usize] = value;
            }
            Ins::HashExists { d, b, name } => {
                let Some(Value::Hash(hash)) = &globals[linked.symbol(name)] else {
                    return None;
                };
                let key = constant(b).unwrap_or(&win[b as usize]).as_key()?;
                let is = hash.contains_key(key);
                used!(b);
                win[d as usize] = Value::Bool(is);
            }
            Ins::HashDelete { d, b, name } => {
                let Some(Value::Hash(hash)) = &mut globals[linked.symbol(name)] else {
                    return None;
                };
                let key = constant(b).unwrap_or(&win[b as usize]).as_key()?;
                let value = hash.remove(key).unwrap_or_default();
                used!(b);
                win[d as usize] = value;
            }
            Ins::HashSet { b, c, name } => {
                let Some(Value::Hash(hash)) = &mut globals[linked.symbol(name)] else {
                    return None;
                };
                let value = match constant(c) {
                    Some(value) => value.clone(),
                    None if c >= code.base => lift(&mut win[c as usize]),
                    None => win[c as usize].clone(),
                };
                let key = constant(b).unwrap_or(&win[b as usize]).as_key();
                let left = match key {
                    Some(key) => hash.set(key, value, limits.max_hash_len),
                    None => Err(value),
                };
                if let Err(value) = left {
                    if constant(c).is_none() {
                        win[c as usize] = value;
                    }
                    return None;
                }
                used!(b);
                used!(c);
            }
            _other => return None,
        }
        Some(behind)
    }
}

/// The text or number in a register, for now.
#[inline(always)]
fn lift(register: &mut Value) -> Value {
    match register {
        Value::Int(n) => Value::Int(*n),
        other => take(other),
    }
}
