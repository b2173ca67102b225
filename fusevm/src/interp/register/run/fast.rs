//! The loop: instructions on numbers, on arrays of them, branches, calls and returns.
//!
//! What it calls is out of line, and called where little else is to be kept: what copies and drops counted
//! values, [`Run::text`], builtins. An operand that is no number, a register whose value has to be dropped, a
//! limit that is near: whatever else is not done in place is left to [`Run::step`], which can run
//! every instruction. So all that the loop keeps at hand stays in machine registers.
//!
//! Frames that are opened and left here are narrow: the numbers of their registers are a `u8`.

#[cfg(all(feature = "jit", unix))]
use super::Passes;
use super::{Landing, Rec, Run};
use crate::heap::Act;
use crate::interp::register::{forget as forget_value, is_plain};
use crate::lower::{Brief, Code, Ins, WINDOW};
use crate::op::{Op, Opcode};
use crate::semantics::compare::equal_at_a_glance;
use crate::semantics::string;
use crate::value::{Array, Handle, Number, Value, View, ViewMut};
use crate::vm::VM;
use std::hint::cold_path;
use std::mem::{forget, replace, take};

/// The window of a frame.
#[inline(always)]
fn view(registers: &mut [Value], window: usize) -> &mut [Value; WINDOW] {
    // Frames see to it that a whole window is there.
    (&mut registers[window..window + WINDOW])
        .try_into()
        .expect("the window has its length")
}

/// Place of an element by its index from the front.
#[inline(always)]
fn place(index: &Value) -> Option<usize> {
    match index {
        Value::Int(n) => usize::try_from(*n).ok(),
        _other => None,
    }
}

/// Whether nothing happens when the first so many registers of a window are dropped. It looks at all of them,
/// since they mostly are plain, four between two jumps, and at up to three behind them.
#[inline(always)]
fn are_plain(win: &[Value; WINDOW], registers: u8) -> bool {
    let (fours, _) = win.as_chunks::<4>();
    of_four(&fours[0])
        && (registers <= 4 || of_four(&fours[1]))
        && (registers <= 8 || are_more_plain(&fours[2..], registers))
}

#[inline(always)]
fn of_four([a, b, c, d]: &[Value; 4]) -> bool {
    is_plain(a) & is_plain(b) & is_plain(c) & is_plain(d)
}

/// The same for those behind the first eight.
#[inline(never)]
fn are_more_plain(fours: &[[Value; 4]], registers: u8) -> bool {
    let rest = registers.saturating_sub(5) / 4;
    fours.iter().take(rest.into()).all(of_four)
}

/// Empties slots, unless there is something to drop; whether it did.
#[inline(never)]
fn empty(registers: &mut [Value], (from, to): (usize, usize)) -> bool {
    for register in &mut registers[from..to] {
        if !is_plain(register) {
            return false;
        }
        forget(replace(register, Value::Undef));
    }
    true
}

// What follows copies values that are counted, and drops those that were there. It is called where it
// is not expected, so that the loop keeps nothing in memory for its sake.

#[cold]
#[inline(never)]
fn copy_value(win: &mut [Value; WINDOW], d: u8, a: u8) {
    win[d as usize] = win[a as usize].clone();
}

/// Copies a truth or nothing to where nothing is to be dropped; whether it did.
#[inline(never)]
fn put_plain(to: &mut Value, from: &Value) -> bool {
    if !is_plain(to) {
        return false;
    }
    match *from {
        Value::Bool(is) => forget(replace(to, Value::Bool(is))),
        Value::Undef => forget(replace(to, Value::Undef)),
        _ => return false,
    }
    true
}

/// The same from register to register.
#[inline(never)]
fn copy_plain(win: &mut [Value; WINDOW], d: u8, a: u8) -> bool {
    match win[a as usize] {
        Value::Bool(is) => put_plain(&mut win[d as usize], &Value::Bool(is)),
        Value::Undef => put_plain(&mut win[d as usize], &Value::Undef),
        _ => false,
    }
}

#[cold]
#[inline(never)]
fn load_value(register: &mut Value, from: &Value) {
    *register = from.clone();
}

/// Drops what a function has left in its registers but its result, which goes to the first one.
#[cold]
#[inline(never)]
fn return_value(win: &mut [Value; WINDOW], registers: u8, a: u8) {
    let value = take(&mut win[a as usize]);
    win[..registers.into()].iter_mut().for_each(forget_value);
    win[0] = value;
}

/// Copies a result that is not counted to the first register, with nothing there to drop.
#[inline(never)]
fn return_plain(win: &mut [Value; WINDOW], a: u8) {
    match win[a as usize] {
        Value::Obj(handle) => forget(replace(&mut win[0], Value::Obj(handle.by_fields()))),
        ref other => win[0] = other.clone(),
    }
}

/// Moves the result of a call to where the caller has it, if they are not both plain.
#[cold]
#[inline(never)]
fn move_result(registers: &mut [Value], from: usize, to: usize) {
    let value = take(&mut registers[from]);
    registers[to] = value;
}

/// Drops the value that a call went through.
#[cold]
#[inline(never)]
fn drop_last(values: &mut Vec<Value>) {
    values.pop();
}

/// Makes an array of registers, in the first of them.
#[inline(never)]
fn make_array(win: &mut [Value; WINDOW], a: u8, n: u8) {
    let items = usize::from(a)..usize::from(a) + usize::from(n);
    let made = Array::taken(&mut win[items]);
    win[usize::from(a)] = Value::Array(made);
}

/// Appends a number to an array that nobody shares, where `at` is its end, or writes it among values; whether
/// it did.
#[inline(never)]
fn set_other(items: &mut Array, at: usize, value: Number, most: usize) -> bool {
    if at == items.len() {
        return at < most
            && match value {
                Number::Int(n) => items.push_int(n),
                Number::Float(f) => items.push_float(f),
            };
    }
    let place = items.place(at);
    match items.all_mut() {
        Some(ViewMut::Value(items)) if place < items.len() && is_plain(&items[place]) => {
            match value {
                Number::Int(n) => forget(replace(&mut items[place], Value::Int(n))),
                Number::Float(f) => forget(replace(&mut items[place], Value::Float(f))),
            }
            true
        }
        _ => false,
    }
}

/// Copies an element of an array of values; whether there is one.
#[cold]
#[inline(never)]
fn load_element(win: &mut [Value; WINDOW], d: u8, a: u8, at: usize) -> bool {
    let Value::Array(items) = &win[a as usize] else {
        return false;
    };
    let value = items.get(at);
    let is_there = value.is_some();
    if let Some(value) = value {
        win[d as usize] = value;
    }
    is_there
}

impl<'l> Run<'l> {
    /// The instructions of the running function, with the places where machine code may be entered, unless
    /// there is none yet.
    #[inline(always)]
    fn table(&self) -> &'l [Ins] {
        #[cfg(all(feature = "jit", unix))]
        if self.code.is_hooked() && self.passes == Passes::No {
            return self.code.table();
        }
        #[cfg(all(feature = "jit", unix))]
        return &self.code.ins;
        #[cfg(not(all(feature = "jit", unix)))]
        &self.code.ins
    }

    /// Whether two registers are equal, where the language says that of them which the VM says; the instruction
    /// at `ip` may go to `to`. What only the stack had is gone then.
    #[inline(never)]
    fn equal(
        &self,
        win: &mut [Value; WINDOW],
        (a, b): (u8, u8),
        (ip, to): (usize, usize),
    ) -> Option<bool> {
        let is = equal_at_a_glance(&win[a as usize], &win[b as usize]);
        let is = is.filter(|_| self.equality)?;
        (self.used(win, a, (ip, to)) && self.used(win, b, (ip, to))).then_some(is)
    }

    /// The same for a register and constant `k`, which the instruction behind the one at `ip` compares.
    #[inline(always)]
    fn equal_constant(
        &self,
        win: &mut [Value; WINDOW],
        (a, k): (u8, u16),
        (ip, to): (usize, usize),
    ) -> Option<bool> {
        let constant = self.code.constants.get(usize::from(k));
        let is = equal_at_a_glance(&win[a as usize], constant.unwrap_or(&Value::Undef));
        let is = is.filter(|_| self.equality)?;
        (matches!(self.op_at(ip + 1), Op::NumEq) && self.used(win, a, (ip, to))).then_some(is)
    }

    /// What only the stack had is gone, unless the instruction goes so far back that it may have to run once
    /// more; whether it need not.
    #[inline(always)]
    fn used(&self, win: &mut [Value; WINDOW], r: u8, (ip, to): (usize, usize)) -> bool {
        let register = &mut win[r as usize];
        if !is_plain(register) && u16::from(r) >= self.code.base {
            let back = (ip + 1).saturating_sub(to);
            if self.patience < back as i64 {
                return false;
            }
            *register = Value::Undef;
        }
        true
    }

    /// Leaves a function that an ext op has called: its result, which register `a` has, goes to register `d` of
    /// the caller.
    #[inline(never)]
    fn return_invoked(&mut self, vm: &mut VM, a: u8, d: u16) {
        let Some(&Rec {
            code, window, ip, ..
        }) = self.calls.last()
        else {
            return;
        };
        let to = window + usize::from(d);
        let win = view(&mut vm.registers, self.place.0);
        let registers = self.code.registers as u8;
        let clean = are_plain(win, registers);
        macro_rules! to_caller {
            (Value::$kind:ident($number:expr)) => {{
                let number = $number;
                match &mut vm.registers[to] {
                    to if is_plain(to) => forget(replace(to, Value::$kind(number))),
                    to => load_value(to, &Value::$kind(number)),
                }
            }};
        }
        match win[a as usize] {
            Value::Float(f) if clean => to_caller!(Value::Float(f)),
            Value::Int(n) if clean => to_caller!(Value::Int(n)),
            Value::Obj(handle) if clean => to_caller!(Value::Obj(handle.by_fields())),
            Value::Bool(is) if clean => to_caller!(Value::Bool(is)),
            _ => {
                cold_path();
                return_value(win, registers, a);
                move_result(&mut vm.registers, self.place.0, to);
            }
        }
        self.calls.pop();
        match vm.callees.last().is_some_and(is_plain) {
            true => forget(vm.callees.pop()),
            // If it panics, that is of the return, when the call is over.
            false => drop_last(&mut vm.callees),
        }
        (self.place, self.code) = ((window, ip as usize), code);
    }

    /// Opens the window of a function whose arguments are in registers from `a` on, or from the one behind, for an ext op
    /// whose result goes to `a`; the caller goes on at its place.
    #[inline(never)]
    fn open(&mut self, vm: &mut VM, unit: &'l Code, callee: Handle, (a, behind): (u8, u8)) {
        let (window, ip) = self.place;
        let below = window + usize::from(a) + usize::from(behind);
        // Its slots begin empty.
        if unit.own_slots > unit.argc.into() {
            let slots = &mut vm.registers[below..][..unit.own_slots.into()];
            slots[unit.argc.into()..].fill(Value::Undef);
        }
        self.calls.push(Rec {
            code: self.code,
            window,
            ip: ip as u32,
            function: unit.unit,
            landing: Landing::Register(a.into()),
        });
        vm.callees.push(Value::Obj(callee.by_fields()));
        (self.place, self.code) = ((below, 0), unit);
    }

    /// The op that the instruction at a place of the running function comes from.
    #[inline(always)]
    fn op_at(&self, ip: usize) -> Op {
        self.linked.chunk().ops[self.code.meta[ip].pc as usize]
    }

    /// Runs instructions until there is one that is not run here: [`Run::place`] is then behind it, and
    /// nothing of it has run.
    #[inline(never)]
    pub(super) fn fast(&mut self, vm: &mut VM) {
        // The rest of the state is in memory, where few instructions want it.
        let mut ip = self.place.1;
        let mut ins: &[Ins] = self.table();
        // The last window that there is.
        let mut reach = vm.registers.len() - WINDOW;
        let mut win = view(&mut vm.registers, self.place.0);
        'run: loop {
            // Its fields are read where they are used, not all at once.
            let next = &ins[ip];
            macro_rules! leave {
                () => {{
                    cold_path();
                    break 'run;
                }};
            }
            // Writes a register, unless there is something to drop. Kind and number go there one by one: a
            // value that was written so and is read as a whole makes the processor wait.
            macro_rules! put {
                ($d:expr, Value::Undef) => {{
                    let register = &mut win[$d as usize];
                    if !is_plain(register) {
                        leave!();
                    }
                    forget(replace(register, Value::Undef));
                }};
                ($d:expr, Value::$kind:ident($number:expr)) => {{
                    let number = $number;
                    let register = &mut win[$d as usize];
                    if !is_plain(register) {
                        leave!();
                    }
                    forget(replace(register, Value::$kind(number)));
                }};
            }
            // Copies a number or the like to a register; `other` copies what is neither a number nor an object,
            // and tells whether it did.
            macro_rules! copy {
                ($d:expr, $from:expr, $other:expr) => {
                    match $from {
                        &Value::Int(n) => put!($d, Value::Int(n)),
                        &Value::Float(f) => put!($d, Value::Float(f)),
                        &Value::Obj(handle) => put!($d, Value::Obj(handle.by_fields())),
                        _ => {
                            cold_path();
                            if !$other {
                                leave!();
                            }
                        }
                    }
                };
            }
            // Writes a number or the like where there is one, or whatever is dropped without more ado.
            macro_rules! write {
                ($to:expr, $from:expr) => {{
                    let to = $to;
                    if !is_plain(to) {
                        leave!();
                    }
                    match $from {
                        &Value::Int(n) => forget(replace(to, Value::Int(n))),
                        &Value::Float(f) => forget(replace(to, Value::Float(f))),
                        &Value::Bool(is) => forget(replace(to, Value::Bool(is))),
                        &Value::Obj(handle) => forget(replace(to, Value::Obj(handle.by_fields()))),
                        Value::Undef => forget(replace(to, Value::Undef)),
                        _ => leave!(),
                    }
                }};
            }
            // Copies a field to a register, if it is a number or the like.
            macro_rules! put_field {
                ($d:expr, $value:expr, $otherwise:lifetime) => {
                    match *$value {
                        Value::Int(n) => put!($d, Value::Int(n)),
                        Value::Float(f) => put!($d, Value::Float(f)),
                        Value::Bool(is) => put!($d, Value::Bool(is)),
                        Value::Obj(handle) => put!($d, Value::Obj(handle.by_fields())),
                        Value::Undef => put!($d, Value::Undef),
                        _ => break $otherwise,
                    }
                };
            }
            // Does what the loop knows of an op on an object: its inputs are `n` from register `a` on, in the
            // first of which the object is, or will be put. The op is the last of `parts` instructions.
            // What is not done here goes on behind.
            macro_rules! on_object {
                ($handle:expr, $a:expr, $n:expr, $known:expr, $parts:literal) => {
                    'unknown: {
                        let (handle, a, n): (Handle, u8, u8) = ($handle, $a, $n);
                        let hits = vm.code.hits(self.program).get(usize::from($known));
                        let (Some(hits), Some(beside)) = (hits, vm.heap.beside(handle)) else {
                            break 'unknown;
                        };
                        let Some(hit) = hits.of(handle, beside.key) else {
                            break 'unknown;
                        };
                        let args = match hit.act {
                            Act::Load => {
                                let Some(Some(value)) = beside.fields.get(hit.number as usize)
                                else {
                                    break 'unknown;
                                };
                                if n != 1 {
                                    break 'unknown;
                                }
                                put_field!(a, value, 'unknown);
                                ip += $parts;
                                continue 'run;
                            }
                            Act::Assign | Act::Store => {
                                let cell = beside.fields.get_mut(hit.number as usize);
                                let Some(Some(cell)) = cell else {
                                    break 'unknown;
                                };
                                if n != 2 || !is_plain(cell) {
                                    break 'unknown;
                                }
                                let assigns = hit.act == Act::Assign;
                                macro_rules! store {
                                    ($value:expr) => {{
                                        forget(replace(cell, $value));
                                        if assigns {
                                            forget(replace(&mut win[a as usize], $value));
                                        }
                                    }};
                                }
                                let Some(value) = win.get(usize::from(a) + 1) else {
                                    break 'unknown;
                                };
                                match *value {
                                    Value::Int(n) => store!(Value::Int(n)),
                                    Value::Float(f) => store!(Value::Float(f)),
                                    Value::Bool(is) => store!(Value::Bool(is)),
                                    Value::Obj(handle) => store!(Value::Obj(handle.by_fields())),
                                    Value::Undef => store!(Value::Undef),
                                    _ => break 'unknown,
                                }
                                ip += $parts;
                                continue 'run;
                            }
                            Act::Call => 1_u8,
                            Act::CallMethod => 0,
                            Act::Known => {
                                put!(a, Value::Obj(handle.by_fields()));
                                self.place.1 = ip + $parts;
                                let done = self.known(vm, (a, n), $known);
                                win = view(&mut vm.registers, self.place.0);
                                if !done {
                                    break 'unknown;
                                }
                                ip = self.place.1;
                                ins = self.table();
                                continue 'run;
                            }
                            Act::No => break 'unknown,
                        };
                        let below = self.place.0 + usize::from(a) + usize::from(args);
                        let Some(&Some(unit)) = self.made.get(hit.number as usize) else {
                            break 'unknown;
                        };
                        let unit: &'l Code = unit;
                        if self.calls.len() >= self.most
                            || below > reach
                            || unit.argc != n - args
                            || self.patience < 0
                        {
                            break 'unknown;
                        }
                        self.patience -= unit.ins.len() as i64;
                        // What does next to nothing needs no frame.
                        if n == 1 && unit.brief != Brief::No {
                            match unit.brief {
                                Brief::Undef => put!(a, Value::Undef),
                                Brief::First => put!(a, Value::Obj(handle.by_fields())),
                                Brief::Op(place) => {
                                    let hits = vm.code.hits(self.program).get(usize::from(place));
                                    let hit = hits.and_then(|hits| hits.of(handle, beside.key));
                                    let Some(hit) = hit.filter(|hit| hit.act == Act::Load) else {
                                        break 'unknown;
                                    };
                                    let Some(Some(value)) = beside.fields.get(hit.number as usize)
                                    else {
                                        break 'unknown;
                                    };
                                    put_field!(a, value, 'unknown);
                                }
                                Brief::No => {}
                            }
                            ip += $parts;
                            continue 'run;
                        }
                        if $parts > 1 {
                            put!(a, Value::Obj(handle.by_fields()));
                        }
                        let callee = hit.callee.unwrap_or(handle);
                        self.place.1 = ip + $parts;
                        self.open(vm, unit, callee, (a, args));
                        ip = 0;
                        ins = self.table();
                        win = view(&mut vm.registers, self.place.0);
                        continue 'run;
                    }
                };
            }
            // Copies an element to a register; `other` as for `copy`.
            macro_rules! element {
                ($d:expr, $items:expr, $at:expr, $other:expr) => {{
                    let at = $items.place($at);
                    match $items.all() {
                        View::Int(items) if at < items.len() => put!($d, Value::Int(items[at])),
                        View::Float(items) if at < items.len() => put!($d, Value::Float(items[at])),
                        View::Value(items) if at < items.len() => {
                            copy!($d, &items[at], $other(&items[at]));
                        }
                        _ => leave!(),
                    }
                }};
            }
            // Writes a number where an array that nobody shares has an element, or ends.
            macro_rules! set_element {
                ($array:expr, $at:expr, Value::$kind:ident($number:expr)) => {{
                    let Value::Array(items) = $array else {
                        leave!();
                    };
                    let at = items.place($at);
                    match items.all_mut() {
                        Some(ViewMut::$kind(items)) if at < items.len() => items[at] = $number,
                        _ => {
                            if !set_other(
                                items,
                                $at,
                                Number::$kind($number),
                                vm.limits.max_array_len,
                            ) {
                                leave!();
                            }
                        }
                    }
                }};
            }
            // Goes on at another instruction. Where that lies behind, time passes.
            macro_rules! go_to {
                ($to:expr) => {{
                    let to = $to as usize;
                    if to <= ip {
                        self.patience -= (ip + 1 - to) as i64;
                        if self.patience < 0 {
                            leave!();
                        }
                    }
                    ip = to;
                    continue;
                }};
            }
            // Writes the result of an instruction that stands for two.
            macro_rules! then {
                ($d:expr, Value::$kind:ident($number:expr)) => {{
                    put!($d, Value::$kind($number));
                    ip += 1;
                }};
            }
            macro_rules! integer {
                ($d:expr, $checked:ident, $x:expr, $y:expr) => {
                    match $x.$checked($y) {
                        Some(n) => put!($d, Value::Int(n)),
                        None => leave!(),
                    }
                };
            }
            macro_rules! arithmetic {
                ($checked:ident, $sign:tt, $d:expr, $a:expr, $b:expr) => {
                    match ($a, $b) {
                        (&Value::Int(x), &Value::Int(y)) => integer!($d, $checked, x, y),
                        (&Value::Float(x), &Value::Float(y)) => put!($d, Value::Float(x $sign y)),
                        (&Value::Int(x), &Value::Float(y)) => {
                            cold_path();
                            put!($d, Value::Float(x as f64 $sign y));
                        }
                        (&Value::Float(x), &Value::Int(y)) => {
                            cold_path();
                            put!($d, Value::Float(x $sign y as f64));
                        }
                        _ => leave!(),
                    }
                };
            }
            macro_rules! with_number {
                ($checked:ident, $sign:tt, $d:expr, $a:expr, $n:expr) => {
                    match win[$a as usize] {
                        Value::Int(x) => integer!($d, $checked, x, i64::from($n)),
                        Value::Float(x) => {
                            cold_path();
                            put!($d, Value::Float(x $sign f64::from($n)));
                        }
                        _ => leave!(),
                    }
                };
            }
            macro_rules! bits {
                ($d:expr, $a:expr, $b:expr, $of:expr) => {
                    match (&win[$a as usize], $b) {
                        (&Value::Int(x), &Value::Int(y)) => {
                            let of: fn(i64, i64) -> i64 = $of;
                            put!($d, Value::Int(of(x, y)));
                        }
                        _ => leave!(),
                    }
                };
            }
            macro_rules! compare {
                ($sign:tt, $a:expr, $b:expr) => {
                    match ($a, $b) {
                        (&Value::Int(x), &Value::Int(y)) => x $sign y,
                        (&Value::Float(x), &Value::Float(y)) => x $sign y,
                        _ => leave!(),
                    }
                };
            }
            // Whether two values are equal, where the language says that of them which the VM says.
            macro_rules! equal {
                ($a:expr, $b:expr, $to:expr) => {
                    match self.equal(win, ($a, $b), (ip, $to as usize)) {
                        Some(is) => is,
                        None => leave!(),
                    }
                };
            }
            macro_rules! branch_equal {
                ($when:literal, $a:expr, $b:expr, $to:expr) => {{
                    let is = match (&win[$a as usize], &win[$b as usize]) {
                        (&Value::Int(x), &Value::Int(y)) => x == y,
                        (&Value::Float(x), &Value::Float(y)) => x == y,
                        // `!=` is an op of its own there.
                        _ => {
                            if !matches!(self.op_at(ip), Op::NumEq) {
                                leave!();
                            }
                            equal!($a, $b, $to)
                        }
                    };
                    if is == $when {
                        go_to!($to);
                    }
                }};
            }
            // Whether a register equals constant `k`; the instruction behind this one compares them.
            macro_rules! equal_constant {
                ($a:expr, $k:expr, $to:expr) => {{
                    let constant = self.code.constants.get($k as usize);
                    match (&win[$a as usize], constant) {
                        (&Value::Float(x), Some(&Value::Float(y))) => x == y,
                        (&Value::Int(x), Some(&Value::Int(y))) => x == y,
                        _other => match self.equal_constant(win, ($a, $k), (ip, $to as usize)) {
                            Some(is) => is,
                            None => leave!(),
                        },
                    }
                }};
            }
            macro_rules! branch {
                ($sign:tt, $when:literal, $a:expr, $b:expr, $to:expr) => {
                    if compare!($sign, &win[$a as usize], &win[$b as usize]) == $when {
                        go_to!($to);
                    }
                };
            }
            macro_rules! branch_small {
                ($sign:tt, $when:literal, $a:expr, $n:expr, $to:expr) => {{
                    let is = match win[$a as usize] {
                        Value::Int(x) => x $sign i64::from($n),
                        Value::Float(x) => {
                            cold_path();
                            x $sign f64::from($n)
                        }
                        _ => leave!(),
                    };
                    if is == $when {
                        go_to!($to);
                    }
                }};
            }
            // A counter after its step.
            macro_rules! stepped {
                ($a:expr, $n:expr) => {
                    match win[$a as usize] {
                        Value::Int(x) => match x.checked_add(i64::from($n)) {
                            Some(x) => x,
                            None => leave!(),
                        },
                        _ => leave!(),
                    }
                };
            }
            // Writes the counter, and goes on at the place there, or behind both instructions.
            macro_rules! turn {
                ($a:expr, $x:expr, $goes:expr, $to:expr) => {{
                    let goes = $goes;
                    let to = $to;
                    if goes && to <= ip {
                        self.patience -= (ip + 1 - to) as i64;
                        if self.patience < 0 {
                            leave!();
                        }
                    }
                    forget(replace(&mut win[$a as usize], Value::Int($x)));
                    if goes {
                        ip = to;
                        continue;
                    }
                    ip += 1;
                }};
            }
            macro_rules! step_to {
                ($sign:tt, $a:expr, $b:expr, $n:expr, $to:expr) => {{
                    let x = stepped!($a, $n);
                    let goes = match win[$b as usize] {
                        Value::Int(y) => x $sign y,
                        _ => leave!(),
                    };
                    turn!($a, x, goes, $to as usize);
                }};
            }
            macro_rules! step_by {
                ($sign:tt, $a:expr, $s:expr, $b:expr, $to:expr) => {{
                    let (Value::Int(n), &Value::Int(y)) = (&win[$s as usize], &win[$b as usize])
                    else {
                        leave!();
                    };
                    let x = stepped!($a, *n);
                    turn!($a, x, x $sign y, $to as usize);
                }};
            }
            macro_rules! step_small {
                ($sign:tt, $a:expr, $n:expr, $bound:expr, $back:expr) => {{
                    let x = stepped!($a, $n);
                    turn!($a, x, x $sign i64::from($bound), ip + 2 - usize::from($back));
                }};
            }
            // Of three numbers of one kind.
            macro_rules! product {
                ($d:expr, $a:expr, $b:expr, $c:expr, $int:expr, $float:expr) => {
                    match (&win[$a as usize], &win[$b as usize], &win[$c as usize]) {
                        (&Value::Float(x), &Value::Float(y), &Value::Float(z)) => {
                            let of: fn(f64, f64, f64) -> f64 = $float;
                            then!($d, Value::Float(of(x, y, z)));
                        }
                        (&Value::Int(x), &Value::Int(y), &Value::Int(z)) => {
                            let of: fn(i64, i64, i64) -> Option<i64> = $int;
                            match of(x, y, z) {
                                Some(n) => then!($d, Value::Int(n)),
                                None => leave!(),
                            }
                        }
                        _ => leave!(),
                    }
                };
            }
            // Of an element and a number of its kind.
            macro_rules! with_element {
                ($d:expr, $a:expr, $b:expr, $c:expr, $int:expr, $float:expr) => {{
                    let Value::Array(items) = &win[$a as usize] else {
                        leave!();
                    };
                    let Some(at) = place(&win[$b as usize]) else {
                        leave!();
                    };
                    let at = items.place(at);
                    match items.all() {
                        View::Float(items) if at < items.len() => {
                            let &Value::Float(z) = $c else {
                                leave!();
                            };
                            let of: fn(f64, f64) -> f64 = $float;
                            then!($d, Value::Float(of(items[at], z)));
                        }
                        View::Int(items) if at < items.len() => {
                            let &Value::Int(z) = $c else {
                                leave!();
                            };
                            let of: fn(i64, i64) -> Option<i64> = $int;
                            match of(items[at], z) {
                                Some(n) => then!($d, Value::Int(n)),
                                None => leave!(),
                            }
                        }
                        _ => leave!(),
                    }
                }};
            }
            // Goes on at a place unless an element compares so with a number of its kind.
            macro_rules! unless_element {
                ($items:expr, $b:expr, $c:expr, $int:expr, $float:expr, $to:expr) => {{
                    let Some(at) = place(&win[$b as usize]) else {
                        leave!();
                    };
                    let at = $items.place(at);
                    let is = match $items.all() {
                        View::Int(items) if at < items.len() => {
                            let &Value::Int(z) = $c else {
                                leave!();
                            };
                            let of: fn(i64, i64) -> bool = $int;
                            of(items[at], z)
                        }
                        View::Float(items) if at < items.len() => {
                            let &Value::Float(z) = $c else {
                                leave!();
                            };
                            let of: fn(f64, f64) -> bool = $float;
                            of(items[at], z)
                        }
                        _ => leave!(),
                    };
                    if !is {
                        go_to!($to);
                    }
                    ip += 1;
                }};
            }
            macro_rules! with_float {
                ($d:expr, $a:expr, $k:expr, $float:expr) => {{
                    let of: fn(f64, f64) -> f64 = $float;
                    let k = self.code.floats[$k as usize];
                    match win[$a as usize] {
                        Value::Float(x) => then!($d, Value::Float(of(x, k))),
                        Value::Int(x) => then!($d, Value::Float(of(x as f64, k))),
                        _ => leave!(),
                    }
                }};
            }
            macro_rules! branch_float {
                ($sign:tt, $when:literal, $a:expr, $k:expr, $to:expr) => {{
                    let k = self.code.floats[$k as usize];
                    let is = match win[$a as usize] {
                        Value::Float(x) => x $sign k,
                        Value::Int(x) => (x as f64) $sign k,
                        _ => leave!(),
                    };
                    if is == $when {
                        go_to!($to);
                    }
                    ip += 1;
                }};
            }
            // Runs instructions on texts and hashes, from this one on.
            macro_rules! texts {
                () => {{
                    self.place.1 = ip + 1;
                    let done = self.text(vm);
                    win = view(&mut vm.registers, self.place.0);
                    if !done {
                        leave!();
                    }
                    ip = self.place.1;
                    continue;
                }};
            }
            match *next {
                Ins::Copy { d, a } => match win[a as usize] {
                    Value::Int(n) if is_plain(&win[d as usize]) => put!(d, Value::Int(n)),
                    Value::Float(f) if is_plain(&win[d as usize]) => put!(d, Value::Float(f)),
                    Value::Obj(handle) if is_plain(&win[d as usize]) => {
                        put!(d, Value::Obj(handle.by_fields()))
                    }
                    _ => {
                        cold_path();
                        self.place.1 = ip + 1;
                        copy_value(win, d, a);
                    }
                },
                Ins::Take { d, a } => {
                    copy!(d, &win[a as usize], copy_plain(win, d, a));
                    forget(replace(&mut win[a as usize], Value::Undef));
                }
                Ins::Int { d, n } => put!(d, Value::Int(n.into())),
                Ins::Const { d, k } => match &self.code.constants[k as usize] {
                    &Value::Float(f) => put!(d, Value::Float(f)),
                    &Value::Int(n) => put!(d, Value::Int(n)),
                    // Some instructions read it where it is: see `text`.
                    other => match ins[ip + 1] {
                        Ins::Concat { d: to, a, b } if to == a && b == d && a != d => {
                            self.place.1 = ip + 2;
                            let limit = vm.limits.max_string_len;
                            if u16::from(d) < self.code.base
                                || !string::extend(limit, &mut win[a as usize], other)
                            {
                                self.place.1 = ip + 1;
                                leave!();
                            }
                            ip += 1;
                        }
                        Ins::Concat { .. }
                        | Ins::HashGet { .. }
                        | Ins::HashExists { .. }
                        | Ins::HashDelete { .. }
                        | Ins::HashSet { .. } => texts!(),
                        _ => {
                            self.place.1 = ip + 1;
                            load_value(&mut win[d as usize], other);
                        }
                    },
                },
                Ins::Undef { d } => put!(d, Value::Undef),
                Ins::Bool { d, is } => put!(d, Value::Bool(is)),
                Ins::Swap { a, b } => win.swap(a.into(), b.into()),

                Ins::Add { d, a, b } => {
                    arithmetic!(checked_add, +, d, &win[a as usize], &win[b as usize]);
                }
                Ins::Sub { d, a, b } => {
                    arithmetic!(checked_sub, -, d, &win[a as usize], &win[b as usize]);
                }
                Ins::Mul { d, a, b } => {
                    arithmetic!(checked_mul, *, d, &win[a as usize], &win[b as usize]);
                }
                Ins::AddI { d, a, n } => with_number!(checked_add, +, d, a, n),
                Ins::SubI { d, a, n } => with_number!(checked_sub, -, d, a, n),
                Ins::MulI { d, a, n } => with_number!(checked_mul, *, d, a, n),
                Ins::Div { d, a, b } => {
                    let (x, y) = match (&win[a as usize], &win[b as usize]) {
                        (&Value::Float(x), &Value::Float(y)) => (x, y),
                        (&Value::Int(x), &Value::Int(y)) => (x as f64, y as f64),
                        (&Value::Int(x), &Value::Float(y)) => (x as f64, y),
                        (&Value::Float(x), &Value::Int(y)) => (x, y as f64),
                        _ => leave!(),
                    };
                    if y == 0.0 {
                        leave!();
                    }
                    put!(d, Value::Float(x / y));
                }
                Ins::Mod { d, a, b } => match (&win[a as usize], &win[b as usize]) {
                    (&Value::Int(x), &Value::Int(y)) if y != 0 => {
                        put!(d, Value::Int(x.wrapping_rem(y)));
                    }
                    _ => leave!(),
                },
                Ins::ModI { d, a, n } => match win[a as usize] {
                    Value::Int(x) if n != 0 => put!(d, Value::Int(x.wrapping_rem(n.into()))),
                    _ => leave!(),
                },
                Ins::And { d, a, b } => bits!(d, a, &win[b as usize], |x, y| x & y),
                Ins::Or { d, a, b } => bits!(d, a, &win[b as usize], |x, y| x | y),
                Ins::Xor { d, a, b } => bits!(d, a, &win[b as usize], |x, y| x ^ y),
                Ins::Shl { d, a, b } => bits!(d, a, &win[b as usize], |x, y| x << (y & 63)),
                Ins::Shr { d, a, b } => bits!(d, a, &win[b as usize], |x, y| x >> (y & 63)),
                Ins::AndI { d, a, n } => bits!(d, a, &Value::Int(n.into()), |x, y| x & y),
                Ins::OrI { d, a, n } => bits!(d, a, &Value::Int(n.into()), |x, y| x | y),
                Ins::XorI { d, a, n } => bits!(d, a, &Value::Int(n.into()), |x, y| x ^ y),
                Ins::ShlI { d, a, n } => bits!(d, a, &Value::Int(n.into()), |x, y| x << (y & 63)),
                Ins::ShrI { d, a, n } => bits!(d, a, &Value::Int(n.into()), |x, y| x >> (y & 63)),
                Ins::Binary {
                    op: Opcode::NumEq,
                    d,
                    a,
                    b,
                } => {
                    let is = match (&win[a as usize], &win[b as usize]) {
                        (&Value::Int(x), &Value::Int(y)) => x == y,
                        (&Value::Float(x), &Value::Float(y)) => x == y,
                        _ => {
                            // What is dropped for it must not be asked for once more.
                            let goes = u16::from(d) >= self.code.base && (d == a || d == b);
                            if !goes && !is_plain(&win[d as usize]) {
                                leave!();
                            }
                            equal!(a, b, usize::MAX)
                        }
                    };
                    put!(d, Value::Bool(is));
                }
                Ins::Binary { op, d, a, b } => {
                    let (x, y) = (&win[a as usize], &win[b as usize]);
                    let is = match op {
                        Opcode::NumNe => compare!(!=, x, y),
                        Opcode::NumLt => compare!(<, x, y),
                        Opcode::NumGt => compare!(>, x, y),
                        Opcode::NumLe => compare!(<=, x, y),
                        Opcode::NumGe => compare!(>=, x, y),
                        _other => leave!(),
                    };
                    put!(d, Value::Bool(is));
                }
                Ins::Unary { op, d, a } => match (op, &win[a as usize]) {
                    (Opcode::Negate, &Value::Float(x)) => put!(d, Value::Float(-x)),
                    (Opcode::Negate, &Value::Int(x)) => integer!(d, checked_sub, 0_i64, x),
                    _ => leave!(),
                },
                Ins::Not { d, a } => match win[a as usize] {
                    Value::Bool(is) => put!(d, Value::Bool(!is)),
                    _ => leave!(),
                },

                Ins::Jump { to } => go_to!(to),
                Ins::JumpIf { a, to, .. } => match &win[a as usize] {
                    Value::Bool(true) => go_to!(to),
                    Value::Bool(false) => {}
                    _ => leave!(),
                },
                Ins::JumpIfNot { a, to, .. } => match &win[a as usize] {
                    Value::Bool(false) => go_to!(to),
                    Value::Bool(true) => {}
                    _ => leave!(),
                },
                Ins::JumpLt { a, b, to } => branch!(<, true, a, b, to),
                Ins::JumpLe { a, b, to } => branch!(<=, true, a, b, to),
                Ins::JumpEq { a, b, to } => branch_equal!(true, a, b, to),
                Ins::JumpNotLt { a, b, to } => branch!(<, false, a, b, to),
                Ins::JumpNotLe { a, b, to } => branch!(<=, false, a, b, to),
                Ins::JumpNotEq { a, b, to } => branch_equal!(false, a, b, to),
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

                Ins::GetVar { d, name } => match &vm.globals[self.linked.symbol(name)] {
                    &Some(Value::Int(n)) if is_plain(&win[d as usize]) => put!(d, Value::Int(n)),
                    &Some(Value::Float(f)) if is_plain(&win[d as usize]) => {
                        put!(d, Value::Float(f));
                    }
                    &Some(Value::Obj(handle)) if is_plain(&win[d as usize]) => {
                        put!(d, Value::Obj(handle.by_fields()));
                    }
                    Some(value) => {
                        cold_path();
                        self.place.1 = ip + 1;
                        load_value(&mut win[d as usize], value);
                    }
                    None => leave!(),
                },
                Ins::SetVar { a, name } => match &mut vm.globals[self.linked.symbol(name)] {
                    Some(cell) => write!(cell, &win[a as usize]),
                    None => leave!(),
                },
                Ins::IndexGet { d, a, b } => {
                    let Value::Array(items) = &win[a as usize] else {
                        leave!();
                    };
                    let Some(index) = place(&win[b as usize]) else {
                        leave!();
                    };
                    let at = items.place(index);
                    match items.all() {
                        View::Int(items) if at < items.len() => put!(d, Value::Int(items[at])),
                        View::Float(items) if at < items.len() => put!(d, Value::Float(items[at])),
                        View::Value(items) if at < items.len() => match items[at] {
                            Value::Int(n) => put!(d, Value::Int(n)),
                            Value::Float(f) => put!(d, Value::Float(f)),
                            _ => {
                                cold_path();
                                self.place.1 = ip + 1;
                                if !load_element(win, d, a, index) {
                                    leave!();
                                }
                            }
                        },
                        _ => leave!(),
                    }
                }
                Ins::IndexSet { a, b, c, .. } => {
                    let Some(at) = place(&win[b as usize]) else {
                        leave!();
                    };
                    match win[c as usize] {
                        Value::Int(n) => set_element!(&mut win[a as usize], at, Value::Int(n)),
                        Value::Float(f) => set_element!(&mut win[a as usize], at, Value::Float(f)),
                        _ => leave!(),
                    }
                }
                Ins::ArrayGet { d, b, name } => {
                    let Some(Value::Array(items)) = &vm.globals[self.linked.symbol(name)] else {
                        leave!();
                    };
                    let Some(at) = place(&win[b as usize]) else {
                        leave!();
                    };
                    element!(d, items, at, |item| put_plain(&mut win[d as usize], item));
                }
                Ins::ArraySet { b, c, name } => {
                    let Some(at) = place(&win[b as usize]) else {
                        leave!();
                    };
                    let Some(cell) = &mut vm.globals[self.linked.symbol(name)] else {
                        leave!();
                    };
                    match win[c as usize] {
                        Value::Int(n) => set_element!(cell, at, Value::Int(n)),
                        Value::Float(f) => set_element!(cell, at, Value::Float(f)),
                        _ => leave!(),
                    }
                }
                Ins::MakeArray { a, n } => {
                    let beyond = usize::from(a) + usize::from(n) > WINDOW;
                    if beyond || usize::from(n) > vm.limits.max_array_len {
                        leave!();
                    }
                    self.place.1 = ip + 1;
                    make_array(win, a, n);
                }
                Ins::Len { d, a } => match &win[a as usize] {
                    Value::Array(items) if u16::from(a) < self.code.base => {
                        let n = items.len() as i64;
                        put!(d, Value::Int(n));
                    }
                    _ => leave!(),
                },
                Ins::ArrayPush { a, name } => {
                    let Some(Value::Array(items)) = &mut vm.globals[self.linked.symbol(name)]
                    else {
                        leave!();
                    };
                    if items.len() >= vm.limits.max_array_len {
                        leave!();
                    }
                    let pushed = match win[a as usize] {
                        Value::Int(n) => items.push_int(n),
                        Value::Float(f) => items.push_float(f),
                        _ => leave!(),
                    };
                    if !pushed {
                        leave!();
                    }
                }
                Ins::Concat { .. }
                | Ins::HashGet { .. }
                | Ins::HashExists { .. }
                | Ins::HashDelete { .. }
                | Ins::HashSet { .. } => texts!(),
                Ins::Call {
                    a,
                    argc,
                    want,
                    function,
                } => {
                    // A function may be longer than all patience there is: what it takes counts for the
                    // next one.
                    if self.patience < 0 {
                        leave!();
                    }
                    let Some(&Some(unit)) = self.targets.get(function as usize) else {
                        leave!();
                    };
                    let below = self.place.0 + usize::from(a);
                    if self.calls.len() >= self.most || below + WINDOW > vm.registers.len() {
                        leave!();
                    }
                    // Its slots begin empty.
                    let slots = unit.own_slots as u8;
                    if slots > argc
                        && !empty(&mut vm.registers[below..], (argc.into(), slots.into()))
                    {
                        leave!();
                    }
                    // There is room: so nothing is kept in memory for the sake of making more.
                    if self.calls.len() == self.calls.capacity() {
                        leave!();
                    }
                    self.patience -= unit.ins.len() as i64;
                    self.calls.push(Rec {
                        code: self.code,
                        window: self.place.0,
                        ip: ip as u32 + 1,
                        function,
                        landing: Landing::of_call(want),
                    });
                    (self.place.0, self.code, ip) = (below, unit, 0);
                    ins = self.table();
                    win = view(&mut vm.registers, below);
                    continue;
                }
                Ins::Return { a, blocks: 0 } => {
                    if self.calls.len() <= self.known {
                        leave!();
                    }
                    match self.calls.last().map(|rec| rec.landing) {
                        // The caller wants it where the callee's window begins.
                        Some(Landing::Window) => {
                            let registers = self.code.registers as u8;
                            if !are_plain(win, registers) {
                                cold_path();
                                self.place.1 = ip + 1;
                                return_value(win, registers, a);
                            } else {
                                match win[a as usize] {
                                    Value::Int(n) => forget(replace(&mut win[0], Value::Int(n))),
                                    Value::Float(f) => {
                                        forget(replace(&mut win[0], Value::Float(f)));
                                    }
                                    _ => return_plain(win, a),
                                }
                            }
                        }
                        Some(Landing::Register(d)) => {
                            self.place.1 = ip + 1;
                            self.return_invoked(vm, a, d);
                            ip = self.place.1;
                            ins = self.table();
                            win = view(&mut vm.registers, self.place.0);
                            continue;
                        }
                        Some(Landing::Nowhere) | None => leave!(),
                    }
                    let Some(rec) = self.calls.pop() else {
                        leave!();
                    };
                    (self.place.0, self.code, ip) = (rec.window, rec.code, rec.ip as usize);
                    ins = self.table();
                    win = view(&mut vm.registers, rec.window);
                    continue;
                }
                Ins::ReturnVoid { blocks: 0 } => {
                    if self.calls.len() <= self.known || !are_plain(win, self.code.registers as u8)
                    {
                        leave!();
                    }
                    match self.calls.last().map(|rec| rec.landing) {
                        Some(Landing::Window) => forget(replace(&mut win[0], Value::Undef)),
                        Some(Landing::Nowhere) => {}
                        Some(Landing::Register(_)) | None => leave!(),
                    }
                    let Some(rec) = self.calls.pop() else {
                        leave!();
                    };
                    (self.place.0, self.code, ip) = (rec.window, rec.code, rec.ip as usize);
                    ins = self.table();
                    win = view(&mut vm.registers, rec.window);
                    continue;
                }
                Ins::Ext {
                    a,
                    n,
                    import,
                    known,
                    ..
                } => {
                    let Value::Obj(handle) = win[a as usize] else {
                        self.place.1 = ip + 1;
                        // An op of numbers, on numbers: nothing but its own code.
                        let op = self.linked.ops.get(usize::from(import));
                        let inputs = usize::from(a)..usize::from(a) + usize::from(n);
                        let (Some(quick), Some(inputs)) =
                            (op.and_then(|op| op.quick), win.get_mut(inputs))
                        else {
                            leave!();
                        };
                        if !quick(inputs) {
                            leave!();
                        }
                        ip += 1;
                        continue;
                    };
                    on_object!(handle, a, n, known, 1);
                    cold_path();
                    self.place.1 = ip + 1;
                    if !self.known(vm, (a, n), known) {
                        leave!();
                    }
                    ip = self.place.1;
                    ins = self.table();
                    win = view(&mut vm.registers, self.place.0);
                    continue;
                }
                Ins::Builtin { a, argc, id } => {
                    self.place.1 = ip + 1;
                    // The next instruction may be what takes the result elsewhere.
                    let (d, behind) = match ins[ip + 1] {
                        Ins::Take { d, a: result } if result == a => (d, 1),
                        _ => (a, 0),
                    };
                    if !self.builtin_in_loop(vm, (a, argc), id, d) {
                        cold_path();
                        return;
                    }
                    reach = vm.registers.len() - WINDOW;
                    win = view(&mut vm.registers, self.place.0);
                    ip += behind;
                }
                Ins::Charge { cost, .. } => match vm.slice.checked_sub(cost.into()) {
                    Some(left) if cost < u16::MAX => vm.slice = left,
                    _ => leave!(),
                },
                Ins::StepJump { a, n, to } => {
                    let x = stepped!(a, n);
                    turn!(a, x, true, to as usize);
                }
                Ins::StepLt { a, b, n, to } => step_to!(<, a, b, n, to),
                Ins::StepLe { a, b, n, to } => step_to!(<=, a, b, n, to),
                Ins::StepLtI { a, n, bound, back } => step_small!(<, a, n, bound, back),
                Ins::StepLeI { a, n, bound, back } => step_small!(<=, a, n, bound, back),
                Ins::StepGtI { a, n, bound, back } => step_small!(>, a, n, bound, back),
                Ins::StepGeI { a, n, bound, back } => step_small!(>=, a, n, bound, back),
                Ins::StepByLt { a, s, b, to } => step_by!(<, a, s, b, to),
                Ins::StepByLe { a, s, b, to } => step_by!(<=, a, s, b, to),
                Ins::Copies { d, a, e, b } => {
                    // If the second copy is not done here, both are done again.
                    copy!(d, &win[a as usize], copy_plain(win, d, a));
                    copy!(e, &win[b as usize], copy_plain(win, e, b));
                    ip += 1;
                }
                Ins::IndexGetNotEqI { a, b, n, to } => {
                    let Value::Array(items) = &win[a as usize] else {
                        leave!();
                    };
                    let Some(at) = place(&win[b as usize]) else {
                        leave!();
                    };
                    let at = items.place(at);
                    let is = match items.all() {
                        View::Int(items) if at < items.len() => items[at] == i64::from(n),
                        View::Value(items) if at < items.len() => match &items[at] {
                            &Value::Int(x) => x == i64::from(n),
                            _ => leave!(),
                        },
                        _ => leave!(),
                    };
                    if !is {
                        go_to!(to);
                    }
                    ip += 1;
                }
                Ins::IndexGetNotLt { a, b, c, to } => {
                    let Value::Array(items) = &win[a as usize] else {
                        leave!();
                    };
                    unless_element!(items, b, &win[c as usize], |x, z| x < z, |x, z| x < z, to);
                }
                Ins::IndexGetNotGt { a, b, c, to } => {
                    let Value::Array(items) = &win[a as usize] else {
                        leave!();
                    };
                    unless_element!(items, b, &win[c as usize], |x, z| x > z, |x, z| x > z, to);
                }
                Ins::ArrayGetNotLt { b, c, name, by } => {
                    let Some(Value::Array(items)) = &vm.globals[self.linked.symbol(name)] else {
                        leave!();
                    };
                    let to = (ip + 2).wrapping_add_signed(by.into());
                    unless_element!(items, b, &win[c as usize], |x, z| x < z, |x, z| x < z, to);
                }
                Ins::ArrayGetNotGt { b, c, name, by } => {
                    let Some(Value::Array(items)) = &vm.globals[self.linked.symbol(name)] else {
                        leave!();
                    };
                    let to = (ip + 2).wrapping_add_signed(by.into());
                    unless_element!(items, b, &win[c as usize], |x, z| x > z, |x, z| x > z, to);
                }
                Ins::MulAdd { d, a, b, c } => {
                    product!(
                        d,
                        a,
                        b,
                        c,
                        |x, y, z| z.checked_add(x.checked_mul(y)?),
                        |x, y, z| z + x * y
                    );
                }
                Ins::MulFrom { d, a, b, c } => {
                    product!(
                        d,
                        a,
                        b,
                        c,
                        |x, y, z| z.checked_sub(x.checked_mul(y)?),
                        |x, y, z| z - x * y
                    );
                }
                Ins::MulSub { d, a, b, c } => {
                    product!(
                        d,
                        a,
                        b,
                        c,
                        |x, y, z| x.checked_mul(y)?.checked_sub(z),
                        |x, y, z| x * y - z
                    );
                }
                Ins::MulAddI { d, a, n, m } => match win[a as usize] {
                    Value::Int(x) => {
                        let y = x
                            .checked_mul(n.into())
                            .and_then(|y| y.checked_add(m.into()));
                        match y {
                            Some(y) => then!(d, Value::Int(y)),
                            None => leave!(),
                        }
                    }
                    _ => leave!(),
                },
                Ins::JumpModNotEq { a, n, m, to } => match win[a as usize] {
                    Value::Int(x) if n != 0 => {
                        if x.wrapping_rem(n.into()) != i64::from(m) {
                            go_to!(to);
                        }
                        ip += 1;
                    }
                    _ => leave!(),
                },
                Ins::IndexSetI { a, b, n } => {
                    let Some(at) = place(&win[b as usize]) else {
                        leave!();
                    };
                    set_element!(&mut win[a as usize], at, Value::Int(n.into()));
                    ip += 1;
                }
                Ins::IndexGetAdd { d, a, b, c } => {
                    with_element!(
                        d,
                        a,
                        b,
                        &win[c as usize],
                        |x, z| z.checked_add(x),
                        |x, z| z + x
                    );
                }
                Ins::IndexGetFrom { d, a, b, c } => {
                    with_element!(
                        d,
                        a,
                        b,
                        &win[c as usize],
                        |x, z| z.checked_sub(x),
                        |x, z| z - x
                    );
                }
                Ins::IndexGetMul { d, a, b, c } => {
                    with_element!(
                        d,
                        a,
                        b,
                        &win[c as usize],
                        |x, z| z.checked_mul(x),
                        |x, z| z * x
                    );
                }
                Ins::IndexGetAt { d, of, a, b, c } => {
                    match (
                        &win[a as usize],
                        &win[b as usize],
                        &win[c as usize],
                        &win[of as usize],
                    ) {
                        (&Value::Int(a), &Value::Int(b), &Value::Int(c), Value::Array(items)) => {
                            let at = a.checked_mul(b).and_then(|at| at.checked_add(c));
                            let Some(at) = at.and_then(|at| usize::try_from(at).ok()) else {
                                leave!();
                            };
                            element!(d, items, at, |_item| false);
                            ip += 2;
                        }
                        _ => leave!(),
                    }
                }
                Ins::AddF { d, a, k } => with_float!(d, a, k, |x, k| x + k),
                Ins::SubF { d, a, k } => with_float!(d, a, k, |x, k| x - k),
                Ins::FromF { d, a, k } => with_float!(d, a, k, |x, k| k - x),
                Ins::MulF { d, a, k } => with_float!(d, a, k, |x, k| x * k),
                Ins::DivF { d, a, k } => {
                    let k = self.code.floats[k as usize];
                    if k == 0.0 {
                        leave!();
                    }
                    match win[a as usize] {
                        Value::Float(x) => then!(d, Value::Float(x / k)),
                        Value::Int(x) => then!(d, Value::Float(x as f64 / k)),
                        _ => leave!(),
                    }
                }
                Ins::IntoF { d, a, k } => match win[a as usize] {
                    Value::Float(x) if x != 0.0 => {
                        then!(d, Value::Float(self.code.floats[k as usize] / x));
                    }
                    Value::Int(x) if x != 0 => {
                        then!(d, Value::Float(self.code.floats[k as usize] / x as f64));
                    }
                    _ => leave!(),
                },
                Ins::JumpLtF { a, k, to } => branch_float!(<, true, a, k, to),
                Ins::JumpNotLtF { a, k, to } => branch_float!(<, false, a, k, to),
                Ins::JumpGtF { a, k, to } => branch_float!(>, true, a, k, to),
                Ins::JumpNotGtF { a, k, to } => branch_float!(>, false, a, k, to),

                Ins::EqualK { d, a, k } => {
                    // What is dropped for it must not be asked for once more.
                    let goes = u16::from(d) >= self.code.base && d == a;
                    if !goes && !is_plain(&win[d as usize]) {
                        leave!();
                    }
                    let is = equal_constant!(a, k, usize::MAX);
                    then!(d, Value::Bool(is));
                }
                Ins::JumpEqK { a, k, to } => {
                    if equal_constant!(a, k, to) {
                        go_to!(to);
                    }
                    ip += 1;
                }
                Ins::JumpNotEqK { a, k, to } => {
                    if !equal_constant!(a, k, to) {
                        go_to!(to);
                    }
                    ip += 1;
                }
                Ins::ExtOf { d, a, known } => {
                    if let Value::Obj(handle) = win[a as usize] {
                        on_object!(handle, d, 1, known, 2);
                    }
                    copy!(d, &win[a as usize], copy_plain(win, d, a));
                }
                Ins::ExtOfVar { d, name, known } => {
                    let Some(value) = &vm.globals[self.linked.symbol(name)] else {
                        leave!();
                    };
                    if let &Value::Obj(handle) = value {
                        on_object!(handle, d, 1, known, 2);
                    }
                    let Some(value) = &vm.globals[self.linked.symbol(name)] else {
                        leave!();
                    };
                    copy!(d, value, put_plain(&mut win[d as usize], value));
                }

                // All that is left, by name: so there is no other value to ask for.
                Ins::Clear { .. }
                | Ins::CallOut { .. }
                | Ins::Return { .. }
                | Ins::ReturnVoid { .. }
                | Ins::End { .. }
                | Ins::Base { .. }
                | Ins::BaseBranch { .. }
                | Ins::ExtBranch { .. }
                | Ins::Exit { .. }
                | Ins::LoopStart { .. }
                | Ins::LoopNext { .. }
                | Ins::LoopTurn { .. }
                | Ins::Fused { .. }
                | Ins::Enter
                | Ins::Wide => leave!(),
            }
            ip += 1;
        }
        self.place.1 = ip + 1;
    }
}
