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
//! dropped are caught by the host. Ops that machine code calls by themselves ([`NativeState`]) get the
//! addresses of values that nobody moves or writes before they are back, but the op itself what it is given to
//! take; each of those is a register of its own. Beside that they get, if they ask for it, the [`World`]: parts of
//! the VM that stay where they are as long as the host is borrowed, and that nobody else uses before they are back.

#![allow(unsafe_code)]

pub(super) mod calls;

use super::profile::LAST_PLAIN;
use crate::ext::{Allocate, Around, Failure, NativeState, OpDesc, World};
use crate::heap::Shaped;
use crate::semantics::Trap;
use crate::value::Value;
use std::any::Any;
use std::mem::offset_of;
use std::ptr::{null, null_mut};

/// What machine code sees of the VM.
#[repr(C)]
pub(super) struct Context {
    /// What ops tell: first, so that its address is that of the context.
    native: NativeState,
    /// What ops are given that ask for it.
    world: World,
    places: Places,
    /// The native stack must not grow below.
    floor: usize,
    /// The exit by which machine code leaves.
    exit: u32,
    /// For tests: what guards that leave for no reason go by.
    seed: u64,
    /// A function that is called and keeps all registers, what it is given beside the context, and what it gives.
    rare: Rare,
    /// Whether the instruction that the VM has run last has jumped.
    went: bool,
    /// Where the code of the version begins that is entered.
    code: usize,
    /// Where what keeps registers over calls that are rare begins, if code calls it.
    keeper: usize,
    /// Where the window of the loop begins that was entered, in bytes behind the first register.
    window: u64,
    /// The same, by its address now.
    frame: *mut Value,
    /// Its own address, which loops read: what is read may stay in any machine register.
    own: *mut Context,
    host: *mut dyn Host,
}

/// A call of a function of the host that is rare: it goes by way of memory, so that there is nothing to move.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Rare {
    address: usize,
    given: [u64; 2],
    status: u64,
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
    /// Bytes that a text may have, and keys that a hash may.
    pub(crate) most_bytes: usize,
    pub(crate) most_keys: usize,
    /// Where code writes by which exit its caller would go on, by the calls that are left, before it calls what may
    /// want all frames: there is room for those of the entry.
    pub(crate) links: *mut u64,
    /// Fuel for now: while machine code runs, what is here counts.
    pub(crate) slice: u64,
    /// What is set when somebody interrupts; it stays where it is.
    pub(crate) flag: *const u8,
    /// What the heap keeps beside objects, by arena. There is something for each arena that code was made for.
    pub(crate) tables: *const Vec<Vec<Shaped>>,
    /// The heap that this is of, as handles name it; 0 for none.
    pub(crate) salt: u32,
}

/// Offsets of what machine code reads.
pub(super) const REGISTERS: i32 = offset_of!(Context, places.registers) as i32;
pub(super) const GLOBALS: i32 = offset_of!(Context, places.globals) as i32;
pub(super) const FLOOR: i32 = offset_of!(Context, floor) as i32;
pub(super) const ROOM: i32 = offset_of!(Context, places.room) as i32;
pub(super) const LINKS: i32 = offset_of!(Context, places.links) as i32;
pub(super) const FLAG: i32 = offset_of!(Context, places.flag) as i32;
pub(super) const MOST: i32 = offset_of!(Context, places.most) as i32;
pub(super) const FRAME: i32 = offset_of!(Context, frame) as i32;
pub(super) const EXIT: i32 = offset_of!(Context, exit) as i32;
pub(super) const ADDRESS: i32 = offset_of!(Context, rare.address) as i32;
pub(super) const GIVEN: i32 = offset_of!(Context, rare.given) as i32;
pub(super) const STATUS: i32 = offset_of!(Context, rare.status) as i32;
pub(super) const WENT: i32 = offset_of!(Context, went) as i32;
pub(super) const CODE: i32 = offset_of!(Context, code) as i32;
pub(super) const KEEPER: i32 = offset_of!(Context, keeper) as i32;
pub(super) const SEED: i32 = offset_of!(Context, seed) as i32;
pub(super) const OWN: i32 = offset_of!(Context, own) as i32;
pub(super) const FAILED: i32 = offset_of!(Context, native) as i32;

pub(super) const WORLD: i32 = offset_of!(Context, world) as i32;
pub(super) const RESULT: i32 = offset_of!(Context, world.result) as i32;

/// A loop gives this, and its number, where it is left: nobody was told so far by which exit.
pub(super) const LEFT: i64 = 1 << 32;

const _: () = assert!(FAILED == 0);
pub(super) const TABLES: i32 = offset_of!(Context, places.tables) as i32;
pub(super) const SALT: i32 = offset_of!(Context, places.salt) as i32;
pub(super) const SLICE: i32 = offset_of!(Context, places.slice) as i32;

const _: () = assert!(size_of::<Option<Value>>() == size_of::<Value>());

/// The VM, as machine code asks it for what it cannot do.
pub(crate) trait Host {
    /// Says where things are.
    fn places(&mut self, now: &mut Places);

    /// What ops see of the VM beside their inputs.
    fn around(&mut self) -> Around<'_>;

    /// Collects if it is time to, before the op behind the exit; whether that went well.
    fn collect(&mut self, exit: Exited, window: usize) -> bool;

    /// Makes an object that an op has given.
    fn allocate(&mut self, allocate: Allocate) -> Result<Value, Trap>;

    /// So much fuel is left of that for now.
    fn spent(&mut self, slice: u64);

    /// The op of the exit, by which machine code leaves next, gave no result.
    fn failed(&mut self, exit: Exited, failure: Failure);

    /// Machine code leaves the unit by that exit; its window begins at that register.
    fn left(&mut self, exit: Exited, window: usize);

    /// Runs `count` instructions from the one of the exit on, as the interpreter does; whether they ran.
    fn step(&mut self, exit: Exited, window: usize, count: usize) -> bool;

    /// The next turn of the innermost loop over elements: whether there is none, and what its registers get. Nothing if
    /// dropping a value has panicked.
    fn turn(&mut self) -> Option<(bool, [Option<Value>; 2])>;

    /// What the turn has left; whether that went well.
    fn answer(&mut self, left: Value) -> bool;

    /// Runs the instruction of the exit with all frames told: an op or a builtin that may have the whole VM. The window
    /// of its unit begins at that register, and so many calls are left there; the instruction is given if the unit has no
    /// other built in there. Whether it has jumped; nothing if machine code does not go on behind it, because something
    /// has changed that it was made for.
    fn out(&mut self, exit: Exited, place: (usize, usize), alone: Option<usize>) -> Option<bool>;

    /// Sets a field of an object that can have it; whether it is one.
    fn set_field(&mut self, object: &Value, field: usize, value: Value) -> bool;

    /// Makes what a maker of the version makes: the parts of its handle, zeros if there is none.
    fn make(&mut self, exit: Exited, window: usize, maker: u32) -> (u32, u64);

    /// Takes fuel beyond that for now; whether there is that much, and nobody has interrupted.
    fn pay(&mut self, cost: u64) -> bool;

    /// Sees to it that there are registers for a window that begins there, if there may be; whether there are.
    fn widen(&mut self, window: usize) -> bool;

    /// Dropping a value has panicked, for the instruction so many behind that of the exit.
    fn panicked(&mut self, payload: Box<dyn Any + Send>, behind: u32);
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

    pub(crate) fn of_bits(bits: u64) -> Self {
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
#[repr(C)]
pub(crate) struct Door {
    address: usize,
    // Not beside what it stands beside in the context: two words that are copied as one would have to be written so.
    code: usize,
    seed: u64,
    keeper: usize,
}

impl Door {
    /// The address of a boxed entry that `emit` made, and of the code that it is to call, in a region that
    /// nothing frees before [`Jit::end`](super::Jit::end) is called; and that of what keeps registers, which
    /// stays there, or 0 where no code of the VM calls it.
    pub(super) fn of((address, code): (usize, usize), keeper: usize, seed: u64) -> Door {
        Door {
            address,
            code,
            seed,
            keeper,
        }
    }

    /// Enters machine code, whose window begins at that register; so many calls may be opened, and the
    /// native stack must not grow below `floor`. Whether it came to its end: else the host was told by
    /// which exits it was left.
    pub(crate) fn enter(
        self,
        host: &mut impl Host,
        (window, left): (usize, usize),
        floor: usize,
    ) -> bool {
        let mut places = Places {
            registers: null_mut(),
            globals: null_mut(),
            room: 0,
            most: 0,
            most_bytes: 0,
            most_keys: 0,
            links: null_mut(),
            slice: 0,
            flag: null(),
            tables: null(),
            salt: 0,
        };
        // SAFETY: only the lifetime changes. Nobody has it but the ops that machine code calls, one at a time, and
        // none of them keeps anything of it; and it is gone when this function returns.
        let world = unsafe { std::mem::transmute::<Around<'_>, Around<'static>>(host.around()) };
        host.places(&mut places);
        let frame = places.registers.wrapping_add(window);
        let own: *mut _ = host;
        // SAFETY: only the lifetime changes: the context is gone when this function returns.
        let host: *mut (dyn Host + 'static) = unsafe {
            std::mem::transmute::<*mut dyn Host, *mut (dyn Host + 'static)>(own as *mut dyn Host)
        };
        let mut context = Context {
            native: NativeState::default(),
            world: World::of(world),
            places,
            floor: floor.saturating_add(RESERVE),
            exit: 0,
            seed: self.seed,
            rare: Rare::default(),
            went: false,
            code: self.code,
            keeper: self.keeper,
            window: (window * size_of::<Value>()) as u64,
            frame,
            own: null_mut(),
            host,
        };
        context.own = &raw mut context;
        // SAFETY: only `Jit::begin` makes doors, of versions that are ready: there is such a function at
        // the address, for a window of that unit, and it stays until the entry is closed.
        let entry: extern "C" fn(*mut Context, u64, u64) -> u64 =
            unsafe { std::mem::transmute::<usize, _>(self.address) };
        let bytes = context.window;
        let mut status = entry(&raw mut context, bytes, left as u64);
        if status & LEFT.cast_unsigned() != 0 {
            status = calls::left(&raw mut context, status & u64::from(u32::MAX), bytes);
        }
        let slice = context.places.slice;
        // SAFETY: machine code is left, and nothing else has the host.
        unsafe { &mut *own }.spent(slice);
        if context.world.is_empty() && context.native.is_empty() {
            // There is nothing to drop.
            std::mem::forget(context);
        }
        status == 0
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
    host.spent(context.places.slice);
    let result = of(host);
    host.places(&mut context.places);
    let window = context.window as usize;
    context.frame = context.places.registers.wrapping_byte_add(window);
    result
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
    let beside = of(Shaped::default()) == Some(layout)
        && of(Some(Value::Undef)) == Some(layout)
        && of(vec![Shaped::default()]) == Some(layout);
    (same && beside && none_tag() > LAST_PLAIN).then_some(layout)
}

/// What stands where a value has its tag, and there is none.
fn none_tag() -> u8 {
    let nothing: Option<Value> = None;
    // SAFETY: a value begins with its tag, which is a byte that is always written; so what tells none from
    // some is there, for nothing else of a value is.
    unsafe { std::ptr::read((&raw const nothing).cast::<u8>()) }
}
