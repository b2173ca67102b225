//! What machine code calls.
//!
//! Places are addresses of values: of registers, of globals that are there, of elements, of constants.
//! **Invariant**: machine code has taken such an address from where the VM keeps things now, and no two
//! that are given to one call are the same unless it says so; what stands there are whole values. What is
//! called here but [`step`], [`left`], [`pay`] and [`widen`] moves no registers and no globals.
//!
//! Each gives 0 if it is done. Else, unless a drop has panicked, everything is as it was, and the
//! interpreter runs the instruction.

use super::{Around, Context, Exited, Failure, Host, OpDesc, World, with};
use crate::jit::profile::OBJ;
use crate::semantics::{compare, string};
use crate::value::{Array, Hash, KeyRef, Value};
use std::any::Any;
use std::cmp::Ordering;
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Not done: the interpreter does it.
const DECLINED: u64 = 1;

fn status(ok: bool) -> u64 {
    u64::from(!ok)
}

/// Tells the host that a version is left, by the exit that the context has.
pub(in crate::jit) extern "C" fn left(context: *mut Context, version: u64, off: u64) -> u64 {
    let window = off as usize / size_of::<Value>();
    // SAFETY: machine code stands still while it calls, and nothing else has the context.
    let (failure, exit) = unsafe { ((*context).native.take(), (*context).exit) };
    let version = version as u32;
    let exit = Exited { version, exit };
    let leave = |host: &mut dyn Host| {
        if let Some(failure) = failure {
            host.failed(exit, failure);
        }
        host.left(exit, window);
    };
    // SAFETY: machine code passes what it was given.
    unsafe { with(context, leave) };
    1
}

pub(in crate::jit) extern "C" fn step(
    context: *mut Context,
    exit: u64,
    off: u64,
    count: u64,
) -> u64 {
    let window = off as usize / size_of::<Value>();
    let run = |host: &mut dyn Host| host.step(Exited::of_bits(exit), window, count as usize);
    // SAFETY: machine code passes what it was given.
    status(unsafe { with(context, run) })
}

/// Runs an instruction that may have the whole VM. The last bit of `what` says whether ops that are called behind it ask
/// for parts of that; the others are one more than the instruction, if it is in no unit that is built into another.
pub(in crate::jit) extern "C" fn out(
    context: *mut Context,
    exit: u64,
    off: u64,
    left: u64,
    what: u64,
) -> u64 {
    let window = off as usize / size_of::<Value>();
    let (exit, place) = (Exited::of_bits(exit), (window, left as usize));
    let (lends, alone) = (what & 1 != 0, (what as usize >> 1).checked_sub(1));
    let run = |host: &mut dyn Host| host.out(exit, place, alone);
    // SAFETY: machine code passes what it was given.
    let went = unsafe { with(context, run) };
    // SAFETY: machine code stands still while it calls, and nothing else has the context.
    unsafe { (*context).went = went == Some(true) };
    if went.is_some() && lends {
        // Others had all of the VM: its parts are lent anew.
        // SAFETY: as for `with`; what was lent before nobody has any more.
        let context = unsafe { &mut *context };
        // SAFETY: the host is borrowed by `enter` for as long as the context is there. Only the lifetime changes, as in
        // `enter`.
        let around =
            unsafe { std::mem::transmute::<Around<'_>, Around<'static>>((*context.host).around()) };
        context.world = World::of(around);
    }
    status(went.is_some())
}

/// An element comes to a place, and perhaps another one behind it; or what came of the loop, which has jumped then.
pub(in crate::jit) extern "C" fn next(context: *mut Context, to: *mut Value) -> u64 {
    // SAFETY: machine code stands still while it calls, and nothing else has the context or the host, which moves nothing
    // that it has taken note of.
    let (context, host) = unsafe { (&mut *context, &mut *(*context).host) };
    let Some((ends, values)) = host.turn() else {
        return DECLINED;
    };
    context.went = ends;
    let mut failed = 0;
    for (n, value) in values.into_iter().enumerate() {
        let Some(value) = value else { continue };
        // SAFETY: the registers of the unit, of which the second is one if there are two elements.
        let old = std::mem::replace(unsafe { &mut *to.add(n) }, value);
        failed |= discard(context, old, 0);
    }
    failed
}

/// What a place has is what a turn has left.
pub(in crate::jit) extern "C" fn answer(context: *mut Context, at: *mut Value) -> u64 {
    // SAFETY: see `next`, and the module.
    let (host, left) = unsafe { (&mut *(*context).host, take(&mut *at)) };
    status(host.answer(left))
}

pub(in crate::jit) extern "C" fn pay(context: *mut Context, cost: u64) -> u64 {
    // SAFETY: machine code passes what it was given.
    status(unsafe { with(context, |host| host.pay(cost)) })
}

/// What is to be done about an op that gave no result, at that exit: 0 for nothing, for it is there now;
/// [`AGAIN`] to call it again, [`LEAVES`] to leave.
pub(in crate::jit) extern "C" fn odd(context: *mut Context, exit: u64, off: u64) -> u64 {
    let (exit, window) = (Exited::of_bits(exit), off as usize / size_of::<Value>());
    // SAFETY: machine code stands still while it calls, and nothing else has the context.
    let failure = unsafe { (*context).native.take() };
    let failure = match failure {
        Some(Failure::Due) => {
            // SAFETY: machine code passes what it was given.
            match unsafe { with(context, |host| host.collect(exit, window)) } {
                true => return AGAIN,
                false => Failure::Declined,
            }
        }
        Some(Failure::Late(allocate)) => {
            // SAFETY: as above.
            match unsafe { with(context, |host| host.allocate(allocate)) } {
                Ok(made) => {
                    // SAFETY: as above; no op runs that has it.
                    unsafe { (*context).world.result = made };
                    return 0;
                }
                Err(trap) => Failure::from(trap),
            }
        }
        Some(other) => other,
        None => Failure::Declined,
    };
    // SAFETY: as above.
    unsafe { (*context).native.put(failure) };
    LEAVES
}

/// What [`odd`] says.
pub(in crate::jit) const LEAVES: u64 = 1;
pub(in crate::jit) const AGAIN: u64 = 2;

/// Sees to it that there are registers for a window so many bytes behind the first one.
pub(in crate::jit) extern "C" fn widen(context: *mut Context, off: u64) -> u64 {
    let window = off as usize / size_of::<Value>();
    // SAFETY: machine code passes what it was given.
    status(unsafe { with(context, |host| host.widen(window)) })
}

/// Puts a new object into the register so many bytes behind the first one.
pub(in crate::jit) extern "C" fn make(
    context: *mut Context,
    exit: u64,
    off: u64,
    maker: u64,
    to: u64,
) -> u64 {
    let window = off as usize / size_of::<Value>();
    let run = |host: &mut dyn Host| host.make(Exited::of_bits(exit), window, maker as u32);
    // SAFETY: machine code passes what it was given.
    let (index, rest) = unsafe { with(context, run) };
    if rest == 0 {
        return DECLINED;
    }
    // The tag comes first in memory, and the index last.
    let (tag, index) = (u64::from(OBJ), u64::from(index));
    let head = match cfg!(target_endian = "little") {
        true => tag | index << 32,
        false => tag << 56 | index,
    };
    // SAFETY: that register is of the window, for which there is room, and has nothing to drop. What stands there
    // is read as it is written, by words of eight bytes: else the processor waits.
    unsafe {
        let registers = (*context).places.registers;
        let at = registers.byte_add(to as usize).cast::<[u64; 2]>();
        at.write([head, rest]);
    }
    0
}

/// Sets a field of an object that can have it.
pub(in crate::jit) extern "C" fn set_field(
    context: *mut Context,
    object: *const Value,
    field: u64,
    value: *const Value,
) -> u64 {
    // SAFETY: see the module.
    let (object, value) = unsafe { ((*object).clone(), (*value).clone()) };
    let run = |host: &mut dyn Host| host.set_field(&object, field as usize, value);
    // SAFETY: machine code passes what it was given.
    status(unsafe { with(context, run) })
}

/// What an op says that looks at two values and at nothing else: 0 or 1, or 2 for nothing.
pub(in crate::jit) extern "C" fn peek(
    _: *mut Context,
    op: *const OpDesc,
    a: *const Value,
    b: *const Value,
) -> u64 {
    // SAFETY: see the module; the address of the op is that of a constant that describes it.
    let (op, a, b) = unsafe { (&*op, &*a, &*b) };
    if op.equality
        && let Some(is) = crate::semantics::compare::equal_at_a_glance(a, b)
    {
        return u64::from(is);
    }
    let Some(peek) = op.peek else {
        return 2;
    };
    match catch_unwind(AssertUnwindSafe(|| peek(&[a, b]))) {
        Ok(Some(Value::Bool(is))) => u64::from(is),
        Ok(_) => 2,
        // It is said when the interpreter runs it again.
        Err(payload) => {
            std::mem::forget(payload);
            2
        }
    }
}

/// How two numbers may stand to each other, as bits.
pub(in crate::jit) const LESS: u64 = 1;
pub(in crate::jit) const EQUAL: u64 = 2;
pub(in crate::jit) const MORE: u64 = 4;
pub(in crate::jit) const NEITHER: u64 = 8;

fn is_in(orders: u64, a: &Value, b: &Value) -> u64 {
    let order = match compare::numbers(a, b) {
        Some(Ordering::Less) => LESS,
        Some(Ordering::Equal) => EQUAL,
        Some(Ordering::Greater) => MORE,
        None => NEITHER,
    };
    u64::from(orders & order != 0)
}

/// Whether two values stand to each other in one of these orders, as numbers.
pub(in crate::jit) extern "C" fn order(
    _: *mut Context,
    orders: u64,
    a: *const Value,
    b: *const Value,
) -> u64 {
    // SAFETY: see the module; both are only looked at.
    let (a, b) = unsafe { (&*a, &*b) };
    is_in(orders, a, b)
}

/// The same for a value and an integer.
pub(in crate::jit) extern "C" fn order_int(
    _: *mut Context,
    orders: u64,
    a: *const Value,
    n: i64,
) -> u64 {
    // SAFETY: see the module.
    is_in(orders, unsafe { &*a }, &Value::Int(n))
}

/// Whether a value counts as true.
pub(in crate::jit) extern "C" fn truth(_: *mut Context, a: *const Value) -> u64 {
    // SAFETY: see the module.
    u64::from(unsafe { &*a }.to_bool())
}

/// Whether dropping the value runs no code of the host's, however deep.
fn is_simple(value: &Value) -> bool {
    matches!(
        value,
        Value::Undef
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Obj(_)
            | Value::Str(_)
    )
}

/// Drops a value; the instruction so many behind that of the exit is the one that traps if that panics.
fn discard(context: *mut Context, value: Value, behind: u32) -> u64 {
    if is_simple(&value) {
        return 0;
    }
    match catch_unwind(AssertUnwindSafe(|| drop(value))) {
        Ok(()) => 0,
        Err(payload) => panicked(context, payload, behind),
    }
}

#[cold]
fn panicked(context: *mut Context, payload: Box<dyn Any + Send>, behind: u32) -> u64 {
    // SAFETY: machine code passes what it was given.
    unsafe { with(context, |host| host.panicked(payload, behind)) };
    1
}

/// Drops what stands there.
pub(in crate::jit) extern "C" fn forget(context: *mut Context, at: *mut Value) -> u64 {
    // SAFETY: see the module.
    let old = take(unsafe { &mut *at });
    discard(context, old, 0)
}

/// Drops what stands there, whose count of holders machine code has brought to 0.
pub(in crate::jit) extern "C" fn last(
    context: *mut Context,
    at: *mut Value,
    count: *mut usize,
) -> u64 {
    // SAFETY: nobody else holds it any more, and so nobody else looks at the count, which is the first word
    // of what is counted: what has a count of 1 here is whole again. The order is that of the
    // read-modify-write that found it the last.
    unsafe { *count = 1 };
    forget(context, at)
}

/// Copies a value to a place with nothing to drop.
pub(in crate::jit) extern "C" fn copy(_: *mut Context, from: *const Value, to: *mut Value) -> u64 {
    // SAFETY: see the module.
    unsafe { *to = (*from).clone() };
    0
}

/// What is there is an array: nobody looks at what this gives.
pub(in crate::jit) extern "C" fn unshare(_: *mut Context, at: *mut Value) -> u64 {
    // SAFETY: see the module.
    match unsafe { &mut *at } {
        Value::Array(array) => array.unshare(),
        other => debug_assert!(false, "{other:?} is no array"),
    }
    0
}

/// Appends the text of a constant, which the version keeps for as long as it is there.
pub(in crate::jit) extern "C" fn append(
    context: *mut Context,
    at: *mut Value,
    text: *const u8,
    len: usize,
) -> u64 {
    // SAFETY: address and length are those of a text that the version holds, which nobody changes
    // as long as it does.
    let text = unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(text, len)) };
    // SAFETY: see the module.
    let (most, at) = unsafe { ((*context).places.most_bytes, &mut *at) };
    match at {
        Value::Str(old) if old.len().saturating_add(len) <= most => {
            old.push_str(text);
            0
        }
        _other => DECLINED,
    }
}

pub(in crate::jit) extern "C" fn fit(_: *mut Context, at: *mut Value, form: u64) -> u64 {
    // SAFETY: see the module.
    match unsafe { &mut *at } {
        Value::Array(array) => status(array.fit(form)),
        _other => 1,
    }
}

/// Makes room for so many more elements, as far as there may be so many. What is there is an array: nobody looks at
/// what this gives.
pub(in crate::jit) extern "C" fn reserve(context: *mut Context, at: *mut Value, more: u64) -> u64 {
    // SAFETY: see the module.
    let (most, at) = unsafe { ((*context).places.most, &mut *at) };
    match at {
        Value::Array(array) => array.reserve((more as usize).min(most.saturating_sub(array.len()))),
        other => debug_assert!(false, "{other:?} is no array"),
    }
    0
}

fn push(context: *mut Context, at: *mut Value, value: Value) -> u64 {
    // SAFETY: see the module.
    let (most, at) = unsafe { ((*context).places.most, &mut *at) };
    match at {
        Value::Array(array) if array.len() < most => {
            array.push(value);
            0
        }
        _other => DECLINED,
    }
}

pub(in crate::jit) extern "C" fn push_int(context: *mut Context, at: *mut Value, n: i64) -> u64 {
    push(context, at, Value::Int(n))
}

pub(in crate::jit) extern "C" fn push_float(
    context: *mut Context,
    at: *mut Value,
    bits: u64,
) -> u64 {
    push(context, at, Value::Float(f64::from_bits(bits)))
}

pub(in crate::jit) extern "C" fn push_other(
    context: *mut Context,
    at: *mut Value,
    bits: u64,
) -> u64 {
    let value = match bits {
        0 => Value::Bool(false),
        1 => Value::Bool(true),
        _undef => Value::Undef,
    };
    push(context, at, value)
}

/// Copies an element, perhaps to where its array stands.
pub(in crate::jit) extern "C" fn element(
    context: *mut Context,
    of: *const Value,
    index: u64,
    to: *mut Value,
) -> u64 {
    // SAFETY: see the module; the borrow ends before the other begins.
    let found = match unsafe { &*of } {
        Value::Array(array) => array.get(index as usize),
        _other => None,
    };
    let Some(value) = found else {
        return DECLINED;
    };
    // SAFETY: as above.
    let old = std::mem::replace(unsafe { &mut *to }, value);
    discard(context, old, 0)
}

/// Makes an array of so many values from there on, and leaves it there.
pub(in crate::jit) extern "C" fn array(context: *mut Context, at: *mut Value, n: usize) -> u64 {
    // SAFETY: see the module.
    if n > unsafe { (*context).places.most } {
        return DECLINED;
    }
    // SAFETY: machine code gives a row of registers; an empty one is still the address of a register.
    let made = Array::taken(unsafe { std::slice::from_raw_parts_mut(at, n) });
    // SAFETY: what was there was taken, or nothing that has to be dropped.
    unsafe { *at = Value::Array(made) };
    0
}

/// `to = a` followed by `b`, as texts, where `a` is a constant; `b` is taken, or kept, and may be `to`.
pub(in crate::jit) extern "C" fn join(
    context: *mut Context,
    to: *mut Value,
    a: *const Value,
    b: *mut Value,
    keeps: u64,
) -> u64 {
    // SAFETY: see the module; the borrow of `b` ends here.
    let mut right = lift(unsafe { &mut *b });
    // SAFETY: see the module.
    let (most, a, to_now) = unsafe { ((*context).places.most_bytes, &*a, &mut *to) };
    let done = is_simple(to_now) && string::join(most, to_now, a, &right);
    if !done || keeps != 0 {
        // SAFETY: as above; what is there now is nothing or the same number.
        unsafe { *b = take(&mut right) };
    }
    if done {
        discard(context, right, 0)
    } else {
        DECLINED
    }
}

/// The same with a number.
pub(in crate::jit) extern "C" fn join_int(
    context: *mut Context,
    to: *mut Value,
    a: *const Value,
    n: i64,
) -> u64 {
    // SAFETY: see the module.
    let (most, a, to) = unsafe { ((*context).places.most_bytes, &*a, &mut *to) };
    let done = is_simple(to) && string::join(most, to, a, &Value::Int(n));
    u64::from(!done)
}

/// Appends a constant, or the value of another register, which is taken or kept.
pub(in crate::jit) extern "C" fn extend(
    context: *mut Context,
    to: *mut Value,
    b: *mut Value,
    keeps: u64,
) -> u64 {
    // SAFETY: see the module.
    let (most, to, b) = unsafe { ((*context).places.most_bytes, &mut *to, &mut *b) };
    if !string::extend(most, to, b) {
        return DECLINED;
    }
    if keeps == 0 {
        // A text or a number.
        *b = Value::Undef;
    }
    0
}

pub(in crate::jit) extern "C" fn extend_int(context: *mut Context, to: *mut Value, n: i64) -> u64 {
    // SAFETY: see the module.
    let (most, to) = unsafe { ((*context).places.most_bytes, &mut *to) };
    u64::from(!string::extend(most, to, &Value::Int(n)))
}

/// The text or number there, for now.
fn lift(at: &mut Value) -> Value {
    match at {
        Value::Int(n) => Value::Int(*n),
        other => take(other),
    }
}

/// The hash of a global.
fn hash<'a>(of: *mut Option<Value>) -> Option<&'a mut Hash> {
    // SAFETY: see the module; who calls does not use it beyond the call.
    match unsafe { &mut *of } {
        Some(Value::Hash(hash)) => Some(hash),
        _other => None,
    }
}

/// What a key is, and the hash that has it or not: where that is so, and `to` has nothing that the host may
/// want to know the end of.
fn look_up<'a>(
    of: *mut Option<Value>,
    key: *const Value,
    to: *const Value,
) -> Option<(&'a Hash, KeyRef<'a>)> {
    // SAFETY: see the module; who calls drops both borrows before it writes.
    let (key, to) = unsafe { (&*key, &*to) };
    let hash: &Hash = hash(of)?;
    Some((hash, key.as_key()?)).filter(|_| is_simple(to))
}

/// `to =` what a hash has under a key, which may stand there, and is taken or kept.
pub(in crate::jit) extern "C" fn hash_get(
    _: *mut Context,
    of: *mut Option<Value>,
    key: *mut Value,
    to: *mut Value,
    takes: u64,
) -> u64 {
    let Some((hash, found)) = look_up(of, key, to) else {
        return DECLINED;
    };
    let value = hash.find(found).cloned().unwrap_or_default();
    found_out((key, to), value, takes)
}

/// `to =` whether a hash has a key; otherwise the same.
pub(in crate::jit) extern "C" fn hash_exists(
    _: *mut Context,
    of: *mut Option<Value>,
    key: *mut Value,
    to: *mut Value,
    takes: u64,
) -> u64 {
    let Some((hash, found)) = look_up(of, key, to) else {
        return DECLINED;
    };
    let is = hash.contains_key(found);
    found_out((key, to), Value::Bool(is), takes)
}

fn found_out((key, to): (*mut Value, *mut Value), value: Value, takes: u64) -> u64 {
    if takes & TAKES_KEY != 0 {
        // SAFETY: see the module. A text or a number.
        unsafe { *key = Value::Undef };
    }
    // SAFETY: as above; what is there was looked at.
    unsafe { *to = value };
    0
}

/// What is under a key of a hash becomes a value. Flags say what is taken, else it is kept, and whether the
/// instruction is the one behind that of the exit.
pub(in crate::jit) extern "C" fn hash_set(
    context: *mut Context,
    of: *mut Option<Value>,
    key: *mut Value,
    value: *mut Value,
    flags: u64,
) -> u64 {
    // SAFETY: see the module; key and value are read, and written when the borrows are over.
    let (most, found) = unsafe { ((*context).places.most_keys, (*key).as_key()) };
    let Some((hash, found)) = hash(of).zip(found) else {
        return DECLINED;
    };
    // SAFETY: as above. The same register for both is copied: that one is not taken.
    let given = unsafe {
        match flags & TAKES_VALUE {
            0 => (*value).clone(),
            _takes => take(&mut *value),
        }
    };
    match hash.put(found, given, most) {
        Ok(old) => {
            if flags & TAKES_KEY != 0 {
                // SAFETY: as above. A text or a number.
                unsafe { *key = Value::Undef };
            }
            discard(context, old, (flags & BEHIND) as u32)
        }
        Err(given) => {
            if flags & TAKES_VALUE != 0 {
                // SAFETY: as above.
                unsafe { *value = given };
            }
            DECLINED
        }
    }
}

/// Flags of those on hashes.
pub(in crate::jit) const BEHIND: u64 = 1;
pub(in crate::jit) const TAKES_VALUE: u64 = 2;
pub(in crate::jit) const TAKES_KEY: u64 = 4;
