//! State of a VM that outlives a run: names, globals, functions, loaded programs.

use super::collect::Held;
use super::share::Handle;
use super::{Linked, VM};
use crate::ext::Place;
use crate::heap::{Hits, Knowledge, Known};
use crate::lower::NOWHERE;
use crate::semantics::Trap;
use crate::value::{Func, Str, Value};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

/// A function of a loaded program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FunctionRef {
    pub(crate) code: u32,
    pub(crate) index: u32,
}

/// A handler that is taken out while it runs.
pub(super) enum Taken<H> {
    Unset,
    Busy,
    Here(H),
}

impl<H> Taken<H> {
    pub(super) fn is_set(&self) -> bool {
        !matches!(self, Taken::Unset)
    }

    pub(super) fn take(&mut self) -> Result<H, Trap> {
        match std::mem::replace(self, Taken::Busy) {
            Taken::Here(handler) => Ok(handler),
            Taken::Busy => Err(Trap::HandlerBusy),
            Taken::Unset => {
                *self = Taken::Unset;
                Err(Trap::Load("the op has no handler".into()))
            }
        }
    }

    /// Puts the handler back, unless it has set another in its place.
    pub(super) fn put_back(&mut self, handler: H) {
        if matches!(self, Taken::Busy) {
            *self = Taken::Here(handler);
        }
    }
}

/// Entries that are looked at each time, so that many programs in use cost no more than few.
const SUSPECTS: usize = 8;

/// Entries that are found by looking at each.
const FEW: usize = 8;

/// The programs a VM has loaded, by number.
#[derive(Default)]
pub(crate) struct Code {
    /// The first one. A VM that is made for one program has no list.
    first: Option<Entry>,
    /// Those behind it: number `n` stands at `n - 1`.
    more: Vec<Option<Entry>>,
    /// How many numbers are taken or free.
    len: usize,
    free: Vec<u32>,
    /// By the identity of the program that was loaded, which the entry keeps alive; empty while entries
    /// are few.
    by_origin: HashMap<usize, u32, BuildHasherDefault<DefaultHasher>>,
    /// The entry that is looked at next, whether something still leads to it.
    suspect: usize,
    /// How many programs there were so far, those that were linked anew counted again.
    serial: u64,
    /// Those that are gone since somebody asked, by their numbers.
    gone: Vec<u64>,
}

struct Entry {
    linked: Arc<Linked>,
    /// A number that no other program of the VM has ever had.
    serial: u64,
    /// Functions of the VM that are this program's.
    functions: usize,
    /// Whether something else than functions keeps it: a main program, a trap of the shell.
    pinned: bool,
    /// Whether its main program has begun before.
    begun: bool,
    /// Memory of the places in it, as many as were needed so far.
    places: Vec<Place>,
    /// What ops have said of shapes, by places, as far as they did.
    known: Vec<Knowledge>,
    /// The same as the loop reads it.
    hits: Vec<Hits>,
}

impl Code {
    fn origin(linked: &Linked) -> usize {
        linked.origin().identity()
    }

    /// The entry of that number.
    #[inline]
    fn entry(&self, index: u32) -> Option<&Entry> {
        match (index as usize).checked_sub(1) {
            None => self.first.as_ref(),
            Some(at) => self.more.get(at)?.as_ref(),
        }
    }

    fn entry_mut(&mut self, index: u32) -> Option<&mut Entry> {
        match (index as usize).checked_sub(1) {
            None => self.first.as_mut(),
            Some(at) => self.more.get_mut(at)?.as_mut(),
        }
    }

    /// Puts an entry where there is none, or takes it out.
    fn set(&mut self, index: u32, entry: Option<Entry>) {
        match (index as usize).checked_sub(1) {
            None => self.first = entry,
            Some(at) if at == self.more.len() => self.more.push(entry),
            Some(at) => self.more[at] = entry,
        }
    }

    /// The programs with their numbers.
    fn all(&self) -> impl Iterator<Item = (&Entry, u32)> {
        let places = std::iter::once(&self.first).chain(&self.more);
        (places.zip(0..)).filter_map(|(entry, n)| Some((entry.as_ref()?, n)))
    }

    pub(super) fn insert(&mut self, linked: Arc<Linked>) -> u32 {
        let origin = Self::origin(&linked);
        let few = self.len <= FEW;
        let index = self.free.pop().unwrap_or_else(|| {
            self.len += 1;
            (self.len - 1) as u32
        });
        self.serial += 1;
        let entry = Entry {
            linked,
            serial: self.serial,
            functions: 0,
            pinned: false,
            begun: false,
            places: Vec::new(),
            known: Vec::new(),
            hits: Vec::new(),
        };
        self.set(index, Some(entry));
        if self.len > FEW {
            if few {
                let known = self.all().map(|(e, n)| (Self::origin(&e.linked), n));
                self.by_origin = known.collect();
            }
            self.by_origin.insert(origin, index);
        }
        index
    }

    pub(super) fn find(&self, origin: usize) -> Option<u32> {
        if self.len > FEW {
            return self.by_origin.get(&origin).copied();
        }
        let found = self.all().find(|(e, _)| Self::origin(&e.linked) == origin);
        found.map(|(_, index)| index)
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Arc<Linked>> {
        self.entry(index).map(|entry| &entry.linked)
    }

    pub(super) fn replace(&mut self, index: u32, linked: Arc<Linked>) {
        self.serial += 1;
        let serial = self.serial;
        if let Some(entry) = self.entry_mut(index) {
            entry.linked = linked;
            (entry.known, entry.hits) = (Vec::new(), Vec::new());
            let old = std::mem::replace(&mut entry.serial, serial);
            self.gone.push(old);
        }
    }

    /// The number of a program, which no other ever has, as long as it is not linked anew.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn serial(&self, index: u32) -> u64 {
        self.entry(index).map_or(0, |entry| entry.serial)
    }

    /// Takes the memory of a place out, while its op runs: whoever comes to the place in the meantime
    /// finds none.
    pub(crate) fn take_place(&mut self, code: u32, place: usize) -> Place {
        let entry = self.entry_mut(code)?;
        entry.places.get_mut(place)?.take()
    }

    /// Puts the memory of a place back.
    pub(crate) fn put_place(&mut self, code: u32, place: usize, memory: Place) {
        if let Some(entry) = self.entry_mut(code) {
            if entry.places.len() <= place {
                entry.places.resize_with(place + 1, || None);
            }
            entry.places[place] = memory;
        }
    }

    /// The memory of so many places, which stay where they are.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn places_mut(&mut self, code: u32, count: usize) -> &mut [Place] {
        let Some(entry) = self.entry_mut(code) else {
            return &mut [];
        };
        if entry.places.len() < count {
            entry.places.resize_with(count, || None);
        }
        &mut entry.places
    }

    /// What is known at all places of a program, by number.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn all_known(&self, code: u32) -> &[Knowledge] {
        self.entry(code).map_or(&[], |entry| &entry.known)
    }

    /// What is known at a place of a program.
    #[inline]
    pub(crate) fn known(&self, code: u32, place: u16) -> Option<&Knowledge> {
        self.entry(code)?.known.get(usize::from(place))
    }

    /// What the loop knows at the places of a program, by number, as far as it does.
    #[inline(always)]
    pub(crate) fn hits(&self, code: u32) -> &[Hits] {
        self.entry(code).map_or(&[], |entry| &entry.hits)
    }

    /// Takes note of what an op has said at a place.
    pub(crate) fn learn(&mut self, code: u32, place: u16, known: Known) {
        if place != NOWHERE
            && let Some(entry) = self.entry_mut(code)
        {
            let at = usize::from(place);
            if entry.known.len() <= at {
                entry.known.resize_with(at + 1, Knowledge::default);
                entry.hits.resize(at + 1, Hits::default());
            }
            entry.known[at].learn(known);
            entry.hits[at] = entry.known[at].hits();
        }
    }

    /// Whether the main program of an entry begins for the first time.
    pub(super) fn begins(&mut self, index: u32) -> bool {
        let entry = self.entry_mut(index);
        entry.is_some_and(|entry| !std::mem::replace(&mut entry.begun, true))
    }

    pub(crate) fn pin(&mut self, index: u32) {
        if let Some(entry) = self.entry_mut(index) {
            entry.pinned = true;
        }
    }

    fn count(&mut self, index: u32, by: isize) {
        if let Some(entry) = self.entry_mut(index) {
            entry.functions = entry.functions.saturating_add_signed(by);
        }
    }

    /// Forgets programs that nothing of the VM leads to and nobody else holds. Only while nothing runs.
    fn sweep(&mut self) {
        for _ in 0..self.len.min(SUSPECTS) {
            let at = if self.suspect < self.len {
                self.suspect
            } else {
                0
            };
            self.suspect = at + 1;
            let index = at as u32;
            let unused = |e: &&Entry| e.functions == 0 && !e.pinned;
            let Some(entry) = self.entry(index).filter(unused) else {
                continue;
            };
            if Handle::is_shared(&entry.linked.origin().0) {
                // Whoever holds the program, or a function of it, may run it again.
                continue;
            }
            let (origin, serial) = (Self::origin(&entry.linked), entry.serial);
            self.by_origin.remove(&origin);
            self.gone.push(serial);
            self.free.push(index);
            self.set(index, None);
        }
    }

    /// Whether there is but one program, which the one that runs it holds.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn is_alone(&self) -> bool {
        self.len == 1
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.all().count()
    }
}

/// How much of a VM's run-time state there was before something ran above it.
#[derive(Clone, Copy)]
pub(crate) struct Savepoint {
    pub(crate) frames: usize,
    pub(crate) stack: usize,
    registers: usize,
    callees: usize,
    slots: usize,
    blocks: usize,
    depth: usize,
    pc: usize,
    reentry: usize,
    captures: usize,
    units: (usize, usize),
    pub(crate) held: Held,
}

impl Savepoint {
    /// The same, with slots that a block has made in the frame it shares.
    pub(super) fn with_slots(self, slots: usize) -> Self {
        Self { slots, ..self }
    }
}

impl VM {
    /// Where the run-time state is now.
    pub(crate) fn savepoint(&self) -> Savepoint {
        Savepoint {
            frames: self.frames.len(),
            stack: self.stack.len(),
            registers: self.free_register,
            callees: self.callees.len(),
            slots: self.slots.len(),
            blocks: self.blocks.len(),
            depth: self.depth,
            pc: self.pc,
            reentry: self.reentry,
            captures: self.output.captures(),
            units: self.shell_state.depths(),
            held: self.held(),
        }
    }

    /// Drops whatever has run above a savepoint.
    pub(crate) fn restore(&mut self, point: Savepoint) {
        cut(&mut self.frames, point.frames);
        cut(&mut self.stack, point.stack);
        cut(&mut self.slots, point.slots);
        self.free_registers(point.registers);
        cut(&mut self.callees, point.callees);
        cut(&mut self.blocks, point.blocks);
        self.depth = point.depth;
        self.pc = point.pc;
        self.reentry = point.reentry;
        self.output.end_captures(point.captures);
        self.release(point.held);
        crate::interp::abandon(self, point.units);
        self.reload = true;
    }

    /// The symbol of a name, made if there is none yet.
    pub(crate) fn intern(&mut self, name: &Str) -> u32 {
        if let Some(symbol) = self.names.find_str(name) {
            return symbol;
        }
        let symbol = self.names.insert(name.clone());
        self.globals.resize(symbol as usize + 1, None);
        self.functions.resize(symbol as usize + 1, None);
        symbol
    }

    /// A global, Undef when it was never set.
    pub fn global(&self, name: &str) -> Value {
        let symbol = self.names.find(name);
        symbol
            .and_then(|s| self.globals[s as usize].clone())
            .unwrap_or_default()
    }

    /// The global of a symbol, if it is set.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn global_at(&self, symbol: u32) -> Option<&Value> {
        self.globals.get(symbol as usize)?.as_ref()
    }

    /// Sets a global to 0; its symbol.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn make_global(&mut self, name: &str) -> u32 {
        let symbol = self.intern(&Str::from(name));
        self.globals[symbol as usize] = Some(Value::Int(0));
        symbol
    }

    /// Sets a global.
    pub fn set_global(&mut self, name: &str, value: impl Into<Value>) {
        let symbol = self.intern(&Str::from(name));
        self.globals[symbol as usize] = Some(value.into());
    }

    /// Names of the globals that were set or declared.
    pub fn global_names(&self) -> impl Iterator<Item = &str> {
        let set = self
            .names
            .iter()
            .zip(self.globals.iter().skip(1))
            .filter(|(_, value)| value.is_some());
        set.map(|(name, _)| name.as_str())
    }

    /// Names of the functions that programs have defined.
    pub fn function_names(&self) -> impl Iterator<Item = &str> {
        let set = self
            .names
            .iter()
            .zip(self.functions.iter().skip(1))
            .filter(|(_, f)| f.is_some());
        set.map(|(name, _)| name.as_str())
    }

    /// The function of that name as a value.
    pub fn function(&self, name: &str) -> Option<Func> {
        let at = self.functions[self.names.find(name)? as usize]?;
        self.code.get(at.code)?.function(at.index as usize)
    }

    pub(crate) fn function_at(&self, symbol: usize) -> Option<FunctionRef> {
        self.functions.get(symbol).copied().flatten()
    }

    /// Whether there is a function of that name, and whether it returns a value.
    pub(super) fn function_returns(&self, name: &str) -> Option<bool> {
        let at = self.functions[self.names.find(name)? as usize]?;
        Some(self.code.get(at.code)?.verified.returns(at.index as usize))
    }

    /// Makes a function of a loaded program the one of its name.
    pub(super) fn define(&mut self, symbol: usize, code: u32, index: u32) {
        let new = FunctionRef { code, index };
        self.defined += 1;
        self.changed += 1;
        if let Some(old) = self.functions[symbol].replace(new) {
            self.code.count(old.code, -1);
        }
        self.code.count(code, 1);
    }

    pub(crate) fn code(&self) -> &Code {
        &self.code
    }

    pub(crate) fn code_mut(&mut self) -> &mut Code {
        &mut self.code
    }

    /// Keeps a loaded program although no function of the VM is its own.
    pub(crate) fn pin_code(&mut self, code: u32) {
        self.code.pin(code);
    }

    /// Forgets what no longer leads anywhere, once nothing runs.
    pub(crate) fn settle(&mut self) {
        if self.frames.is_empty() {
            self.code.sweep();
            #[cfg(all(feature = "jit", unix))]
            if let Some(jit) = &mut self.jit {
                jit.forget(&self.code.gone);
            }
            #[cfg(all(feature = "jit", unix))]
            if !self.code.gone.is_empty() {
                self.directs = Default::default();
            }
            self.code.gone.clear();
        }
    }
}

/// Drops what is beyond `len`. A `truncate` where nothing is calls what drops it all the same.
#[inline(always)]
pub(crate) fn cut<T>(values: &mut Vec<T>, len: usize) {
    if values.len() > len {
        values.truncate(len);
    }
}

#[cfg(test)]
mod tests {
    use crate::{ChunkBuilder, Op, VM, Value};

    #[test]
    fn programs_that_nothing_leads_to_are_forgotten() {
        let mut vm = VM::empty();
        let define = |n: i64| {
            let mut b = ChunkBuilder::new();
            let f = b.add_name("f");
            let jump = b.emit(Op::Jump(0), 1);
            let pc = b.emit(Op::LoadInt(n), 1);
            b.emit(Op::ReturnValue, 1);
            b.add_function(f, pc, 0);
            b.patch_jump(jump, b.current_pos());
            b.emit(Op::Call(f, 0), 1);
            b.build()
        };
        for n in 0..100 {
            assert_eq!(vm.eval(define(n)).unwrap(), Value::Int(n));
            let mut b = ChunkBuilder::new();
            b.emit(Op::LoadInt(n), 1);
            vm.eval(b.build()).unwrap();
        }
        // The program of the last `f`, and no other.
        assert_eq!(vm.code.len(), 1);
        assert_eq!(vm.call("f", &[]).unwrap(), Value::Int(99));
    }
}
