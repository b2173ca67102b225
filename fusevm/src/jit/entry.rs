//! The border between machine code and the VM: what machine code is given, what it calls, and how it is
//! entered.
//!
//! A room for `unsafe`. Machine code works on raw addresses that a [`Context`] holds, and calls back
//! through it.
//!
//! **Invariants.** [`enter`] is the one way in. While machine code runs, the VM is borrowed by the
//! [`Host`] that `enter` was given, and nobody uses that but the functions here that machine code calls:
//! one at a time, on the same thread, each ending before machine code goes on. Addresses of registers and
//! globals are taken anew from the host after each of its calls, for those may move them. Machine code
//! writes only registers of windows that the host said there is room for, globals by symbols that the VM
//! has, and elements within the length it has just read; and what it writes are whole values that have
//! nothing to drop, over values that have nothing to drop. No function here unwinds: panics of what is
//! dropped are caught by the host.

#![allow(unsafe_code)]

use crate::ext::NativeState;
use crate::value::Value;
use std::mem::offset_of;
use std::ptr::{null, null_mut};

/// What machine code sees of the VM.
#[repr(C)]
pub(super) struct Context {
    places: Places,
    /// The native stack must not grow below.
    floor: usize,
    /// What ops of numbers tell.
    native: NativeState,
    /// For tests: what guards that leave for no reason go by.
    seed: u64,
    host: *mut dyn Host,
}

/// Where the VM keeps what machine code reads, now.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Places {
    /// The first register of the VM.
    pub(crate) registers: *mut Value,
    /// The first global.
    pub(crate) globals: *mut Option<Value>,
    /// The last window that has room, in bytes behind the first register.
    pub(crate) room: usize,
    /// Elements that an array may have.
    pub(crate) most: usize,
    /// Fuel for now.
    pub(crate) slice: *mut u64,
    /// What is set when somebody interrupts; it stays where it is.
    pub(crate) flag: *const u8,
}

/// Offsets of what machine code reads.
pub(super) const REGISTERS: i32 = offset_of!(Context, places.registers) as i32;
pub(super) const GLOBALS: i32 = offset_of!(Context, places.globals) as i32;
pub(super) const FLOOR: i32 = offset_of!(Context, floor) as i32;
pub(super) const ROOM: i32 = offset_of!(Context, places.room) as i32;
pub(super) const FLAG: i32 = offset_of!(Context, places.flag) as i32;
pub(super) const MOST: i32 = offset_of!(Context, places.most) as i32;
pub(super) const SEED: i32 = offset_of!(Context, seed) as i32;
pub(super) const NATIVE: i32 = offset_of!(Context, native) as i32;
pub(super) const SLICE: i32 = offset_of!(Context, places.slice) as i32;

const _: () = assert!(size_of::<Option<Value>>() == size_of::<Value>());

/// The VM, as machine code asks it for what it cannot do.
pub(crate) trait Host {
    /// Says where things are.
    fn places(&mut self, now: &mut Places);

    /// Elements that an array may have.
    fn max_array_len(&self) -> usize;

    /// Bytes that a text may have.
    fn max_string_len(&self) -> usize;

    /// Machine code leaves the unit by that exit; its window begins at that register.
    fn left(&mut self, exit: Exited, window: usize);

    /// Runs `count` instructions from the one of the exit on, as the interpreter does; whether they ran.
    fn step(&mut self, exit: Exited, window: usize, count: usize) -> bool;

    /// Takes fuel beyond that for now; whether there is that much, and nobody has interrupted.
    fn pay(&mut self, cost: u64) -> bool;

    /// The value in a register, or of a global.
    fn at(&mut self, place: Place) -> &mut Value;

    /// Runs what may drop a value, which may panic; whether it did not.
    fn dropping(&mut self, run: &mut dyn FnMut(&mut dyn Host)) -> bool;
}

/// A register, by number, or a global.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Register(usize),
    Global(usize),
}

/// An exit of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exited {
    pub(crate) version: u32,
    pub(crate) exit: u32,
}

impl Exited {
    pub(super) fn bits(self) -> u64 {
        u64::from(self.version) << 32 | u64::from(self.exit)
    }

    fn of_bits(bits: u64) -> Self {
        Exited {
            version: (bits >> 32) as u32,
            exit: bits as u32,
        }
    }
}

/// Native stack that is left to what machine code calls.
const RESERVE: usize = 128 << 10;

/// The way into a version, while an entry is open: see [`Jit::begin`](super::Jit::begin).
#[derive(Debug)]
pub(crate) struct Door {
    address: usize,
    seed: u64,
}

impl Door {
    /// The address of a boxed entry that `emit` made, in a region that nothing frees before
    /// [`Jit::end`](super::Jit::end) is called.
    pub(super) fn of(address: usize, seed: u64) -> Door {
        Door { address, seed }
    }

    /// Enters machine code, whose window begins at that register; so many calls may be opened, and the
    /// native stack must not grow below `floor`. Whether it came to its end: else the host was told by
    /// which exits it was left.
    pub(crate) fn enter(
        self,
        host: &mut dyn Host,
        (window, left): (usize, usize),
        floor: usize,
    ) -> bool {
        let mut places = Places {
            registers: null_mut(),
            globals: null_mut(),
            room: 0,
            most: 0,
            slice: null_mut(),
            flag: null(),
        };
        host.places(&mut places);
        // SAFETY: only the lifetime changes: the context is gone when this function returns.
        let host: *mut (dyn Host + 'static) =
            unsafe { std::mem::transmute::<*mut dyn Host, *mut (dyn Host + 'static)>(host) };
        let mut context = Context {
            places,
            floor: floor.saturating_add(RESERVE),
            native: NativeState::default(),
            seed: self.seed,
            host,
        };
        // SAFETY: only `Jit::begin` makes doors, of versions that are ready: there is such a function at
        // the address, for a window of that unit, and it stays until the entry is closed.
        let entry: extern "C" fn(*mut Context, u64, u64) -> u64 =
            unsafe { std::mem::transmute::<usize, _>(self.address) };
        let bytes = window * size_of::<Value>();
        entry(&raw mut context, bytes as u64, left as u64) == 0
    }
}

/// The lowest address of this thread's native stack; what is below the current frame by a quarter of a megabyte
/// where the system does not tell.
pub(crate) fn stack_floor() -> usize {
    let here = 0u8;
    let guess = (&raw const here as usize).saturating_sub(256 << 10);
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the attributes are written by the first call before they are read, and given back.
        unsafe {
            let mut attributes = std::mem::zeroed::<libc::pthread_attr_t>();
            if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
                return guess;
            }
            let (mut low, mut len) = (std::ptr::null_mut(), 0);
            let ok = libc::pthread_attr_getstack(&raw const attributes, &raw mut low, &raw mut len);
            libc::pthread_attr_destroy(&raw mut attributes);
            if ok == 0 {
                return low as usize;
            }
        }
    }
    guess
}

/// Has the system run this thread only where others leave it room: whoever wakes it is not stopped by that.
/// Where the system does not know of such threads, it is one like any other.
pub(super) fn give_way() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: all zeros is a value of this type; the call reads it and changes this thread's policy, which
        // it may refuse.
        unsafe {
            let parameters = std::mem::zeroed::<libc::sched_param>();
            let call = libc::SYS_sched_setscheduler;
            libc::syscall(call, 0, libc::SCHED_BATCH, &raw const parameters);
        }
    }
}

/// Runs something with the host, and takes note of where things are afterwards.
///
/// # Safety
/// `context` is what `enter` gave to the machine code that calls.
unsafe fn with<T>(context: *mut Context, of: impl FnOnce(&mut dyn Host) -> T) -> T {
    // SAFETY: machine code stands still while it calls, and nothing else has the context or the host.
    let context = unsafe { &mut *context };
    // SAFETY: as above; the host is borrowed by `enter` for as long as this.
    let host = unsafe { &mut *context.host };
    let result = of(host);
    host.places(&mut context.places);
    result
}

/// What machine code calls. Locations are numbers: those of registers in bytes behind the first one, those
/// of globals from [`GLOBAL`] on.
pub(super) mod calls {
    use super::{Context, Exited, Host, Place, Value, with};

    /// Locations from here on are globals.
    pub(in crate::jit) const GLOBAL: u64 = 1 << 62;

    fn place(at: u64) -> Place {
        match at.checked_sub(GLOBAL) {
            Some(symbol) => Place::Global(symbol as usize),
            None => Place::Register(at as usize / size_of::<Value>()),
        }
    }

    fn status(ok: bool) -> u64 {
        u64::from(!ok)
    }

    pub(in crate::jit) extern "C" fn left(context: *mut Context, exit: u64, off: u64) -> u64 {
        let window = off as usize / size_of::<Value>();
        // SAFETY: machine code passes what it was given.
        unsafe { with(context, |host| host.left(Exited::of_bits(exit), window)) };
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

    pub(in crate::jit) extern "C" fn pay(context: *mut Context, cost: u64) -> u64 {
        // SAFETY: machine code passes what it was given.
        status(unsafe { with(context, |host| host.pay(cost)) })
    }

    pub(in crate::jit) extern "C" fn forget(context: *mut Context, at: u64) -> u64 {
        let run =
            |host: &mut dyn Host| host.dropping(&mut |host| *host.at(place(at)) = Value::Undef);
        // SAFETY: machine code passes what it was given.
        status(unsafe { with(context, run) })
    }

    pub(in crate::jit) extern "C" fn copy(context: *mut Context, from: u64, to: u64) -> u64 {
        let run = |host: &mut dyn Host| {
            let value = host.at(place(from)).clone();
            host.dropping(&mut |host| *host.at(place(to)) = value.clone())
        };
        // SAFETY: machine code passes what it was given.
        status(unsafe { with(context, run) })
    }

    pub(in crate::jit) extern "C" fn r#move(context: *mut Context, from: u64, to: u64) -> u64 {
        let run = |host: &mut dyn Host| {
            host.dropping(&mut |host| {
                let value = std::mem::take(host.at(place(from)));
                *host.at(place(to)) = value;
            })
        };
        // SAFETY: machine code passes what it was given.
        status(unsafe { with(context, run) })
    }

    pub(in crate::jit) extern "C" fn unshare(context: *mut Context, at: u64) -> u64 {
        let run = |host: &mut dyn Host| match host.at(place(at)) {
            Value::Array(array) => {
                array.unshare();
                true
            }
            _other => false,
        };
        // SAFETY: machine code passes what it was given.
        status(unsafe { with(context, run) })
    }

    /// Appends the text of a constant, which the version keeps for as long as it is there.
    pub(in crate::jit) extern "C" fn append(
        context: *mut Context,
        at: u64,
        text: *const u8,
        len: usize,
    ) -> u64 {
        // SAFETY: address and length are those of a text that the version holds, which nobody changes
        // as long as it does.
        let text = unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(text, len)) };
        // SAFETY: machine code passes what it was given; see `with`. Nothing is moved.
        let host = unsafe { &mut *(*context).host };
        let most = host.max_string_len();
        match host.at(place(at)) {
            Value::Str(old) if old.len().saturating_add(len) <= most => {
                old.push_str(text);
                0
            }
            _other => 1,
        }
    }

    fn push(context: *mut Context, at: u64, value: Value) -> u64 {
        let run = |host: &mut dyn Host| {
            let most = host.max_array_len();
            match host.at(place(at)) {
                Value::Array(array) if array.len() < most => {
                    array.push(value);
                    true
                }
                _other => false,
            }
        };
        // SAFETY: machine code passes what it was given.
        status(unsafe { with(context, run) })
    }

    pub(in crate::jit) extern "C" fn push_int(context: *mut Context, at: u64, n: i64) -> u64 {
        push(context, at, Value::Int(n))
    }

    pub(in crate::jit) extern "C" fn push_float(context: *mut Context, at: u64, f: f64) -> u64 {
        push(context, at, Value::Float(f))
    }

    pub(in crate::jit) extern "C" fn push_other(context: *mut Context, at: u64, bits: u64) -> u64 {
        let value = match bits {
            0 => Value::Bool(false),
            1 => Value::Bool(true),
            _undef => Value::Undef,
        };
        push(context, at, value)
    }

    pub(in crate::jit) extern "C" fn element(
        context: *mut Context,
        of: u64,
        index: u64,
        to: u64,
    ) -> u64 {
        let run = |host: &mut dyn Host| {
            let value = match host.at(place(of)) {
                Value::Array(array) => array.get(index as usize),
                _other => None,
            };
            let Some(value) = value else {
                return false;
            };
            host.dropping(&mut |host| *host.at(place(to)) = value.clone())
        };
        // SAFETY: machine code passes what it was given.
        status(unsafe { with(context, run) })
    }
}

/// Where a `Vec` keeps its parts, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VecLayout {
    /// The address of the first element.
    pub(super) data: i32,
    pub(super) len: i32,
    pub(super) capacity: i32,
}

/// Where a `Vec` keeps its parts; `None` if it cannot be told.
pub(super) fn vec_layout() -> Option<VecLayout> {
    fn of<T: Clone>(one: T) -> Option<VecLayout> {
        const WORDS: usize = 3;
        if size_of::<Vec<T>>() != WORDS * size_of::<usize>() {
            return None;
        }
        let mut probe: Vec<T> = Vec::with_capacity(7);
        probe.push(one.clone());
        probe.push(one);
        // SAFETY: a `Vec` of that size is its three words, all of them initialised.
        let words: [usize; WORDS] = unsafe { std::ptr::read((&raw const probe).cast()) };
        let at = |wanted: usize| {
            let mut found = words
                .iter()
                .enumerate()
                .filter(|(_, word)| **word == wanted);
            let (at, _) = found.next()?;
            found
                .next()
                .is_none()
                .then_some((at * size_of::<usize>()) as i32)
        };
        Some(VecLayout {
            data: at(probe.as_ptr() as usize)?,
            len: at(probe.len())?,
            capacity: at(probe.capacity())?,
        })
    }
    let layout = of(0i64)?;
    let same = of(0f64) == Some(layout) && of(Value::Undef) == Some(layout);
    same.then_some(layout)
}
