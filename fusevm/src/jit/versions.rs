//! The versions of a VM: their numbers and code, what they call, and how they go.
//!
//! Machine code names a version by its number when it leaves, and calls one through the cell of its
//! [`Face`]. **Invariant**: both stay what they are until nothing leads there, which is when no machine code
//! of the VM runs, and who called it is gone too.

use super::build::Entry;
use super::entry::Door;
use super::ir::{At, CalleeAt, Ty, Why};
use super::memory::{Kept, Placed, Region};
use super::passes::inline::Body;
use super::profile::{ANY, LAST_PLAIN, tag};
use super::report::Watch;
use super::tier::Key;
use crate::heap::Maker;
use crate::value::{Handle, Value};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What callers of a version are compiled against.
#[derive(Debug)]
pub(super) struct Face {
    pub(super) unit: u32,
    pub(super) args: Vec<Option<Ty>>,
    /// Through what it is called.
    pub(super) callee: CalleeAt,
    pub(super) gives: Option<Ty>,
    /// Where its code is, which machine code looks up here.
    cell: AtomicUsize,
}

impl Face {
    pub(super) fn new(
        unit: u32,
        args: Vec<Option<Ty>>,
        callee: CalleeAt,
        gives: Option<Ty>,
    ) -> Face {
        let cell = AtomicUsize::new(0);
        Face {
            unit,
            args,
            callee,
            gives,
            cell,
        }
    }

    /// The address at which the address of its code stands.
    pub(super) fn cell(&self) -> usize {
        self.cell.as_ptr() as usize
    }
}

/// A version that was compiled.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) key: Key,
    /// Functions whose frames exits may name.
    pub(super) units: Vec<u32>,
    pub(super) ip: u32,
    pub(super) part: Option<usize>,
    pub(super) entry: Vec<Entry>,
    pub(super) face: Arc<Face>,
    pub(super) exits: Vec<Exited>,
    pub(super) calls: Vec<usize>,
    /// What callers may build in.
    pub(super) body: Arc<Body>,
    /// Values that its code has addresses of.
    pub(super) keeps: Vec<Arc<Value>>,
    /// What makes objects in it, by number.
    pub(super) makers: Vec<Maker>,
    /// The last arena whose shapes it looks at.
    pub(super) arena: u32,
    pub(super) bytes: usize,
    /// Whether ops and builtins run in it, or in what it calls, that may have the whole VM.
    pub(super) calls_out: bool,
    /// Whether registers have nothing to be dropped when it has come to its end, but for the result.
    pub(super) leaves_plain: bool,
    /// How often the interpreter entered it.
    pub(super) entered: u64,
    /// For a loop: since that was a power of two last.
    pub(super) since: Option<Watch>,
    boxed: usize,
    placed: Option<Placed>,
    pub(super) state: State,
}

/// What has become of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    Gone,
    /// Another may have its number.
    Free,
}

/// An exit as the VM sees it.
#[derive(Clone, Debug)]
pub(super) struct Exited {
    pub(super) why: Why,
    pub(super) frames: Vec<At>,
    /// For how control goes on behind a call: where the window of that begins, in the unit's.
    pub(super) below: u16,
    /// How often an assumption failed there.
    pub(super) times: u32,
    /// How often it was taken.
    pub(super) taken: u64,
}

/// A version with its machine code, still to be placed.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) number: usize,
    pub(super) version: Version,
    pub(super) code: Vec<u8>,
    /// Bytes in front of it.
    pub(super) before: usize,
    /// The way in from the interpreter, where that is apart.
    pub(super) boxed: Option<Vec<u8>>,
}

impl Version {
    /// One that nobody has machine code of yet.
    pub(super) fn new(
        (key, ip, part): (Key, u32, Option<usize>),
        entry: Vec<Entry>,
        face: Arc<Face>,
        body: Arc<Body>,
    ) -> Version {
        Version {
            key,
            units: Vec::new(),
            ip,
            part,
            entry,
            face,
            exits: Vec::new(),
            calls: Vec::new(),
            body,
            keeps: Vec::new(),
            makers: Vec::new(),
            arena: 0,
            bytes: 0,
            calls_out: false,
            leaves_plain: false,
            entered: 0,
            since: None,
            boxed: 0,
            placed: None,
            state: State::Gone,
        }
    }

    /// Whether it is for what a function is called through: by a value, which may stand below its window.
    pub(super) fn is_through(
        &self,
        looks: bool,
        (callee, below): (Option<Handle>, Option<&Value>),
    ) -> bool {
        match self.face.callee {
            CalleeAt::Nothing => !looks || callee.is_none(),
            CalleeAt::Entry => true,
            CalleeAt::Is(is) => callee == Some(is),
            CalleeAt::Below => match below {
                Some(Value::Obj(below)) => callee == Some(*below),
                _other => false,
            },
        }
    }

    /// Tags that a function's first arguments have to have: all of them, or [`ANY`] for any.
    pub(super) fn tags(&self, argc: usize) -> Box<[u8]> {
        let tags = self.entry.iter().take(argc).map(|entry| match entry {
            Entry::Val(ty) => ty.tag().unwrap_or(ANY),
            Entry::Tag(tag) => *tag,
            Entry::Any | Entry::Plain => ANY,
        });
        tags.collect()
    }

    #[inline]
    pub(super) fn fits(&self, registers: &[Value]) -> bool {
        self.entry
            .iter()
            .zip(registers)
            .all(|(entry, value)| match entry {
                Entry::Val(ty) if self.part.is_none() && *ty == Ty::Undef => true,
                Entry::Val(ty) => ty.tag() == Some(tag(value)),
                Entry::Tag(of) => *of == tag(value),
                Entry::Any => true,
                Entry::Plain => self.part.is_none() || tag(value) <= LAST_PLAIN,
            })
    }
}

/// All versions of a VM, with the memory that their code has.
#[derive(Debug)]
pub(super) struct Versions {
    region: Region,
    all: Vec<Version>,
    /// Numbers of versions that nothing leads to.
    free: Vec<usize>,
    /// Entries that are open.
    inside: u32,
    /// Code that may be freed when none is.
    garbage: Vec<Placed>,
    /// How many are ready.
    ready: usize,
}

impl std::ops::Index<usize> for Versions {
    type Output = Version;

    fn index(&self, number: usize) -> &Version {
        &self.all[number]
    }
}

impl std::ops::IndexMut<usize> for Versions {
    fn index_mut(&mut self, number: usize) -> &mut Version {
        &mut self.all[number]
    }
}

impl Versions {
    pub(super) fn new(region: Region) -> Versions {
        Versions {
            region,
            all: Vec::new(),
            free: Vec::new(),
            inside: 0,
            garbage: Vec::new(),
            ready: 0,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Version> {
        self.all.iter()
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Bytes of code memory in use.
    pub(super) fn memory(&self) -> usize {
        self.region.in_use()
    }

    pub(super) fn is_any_ready(&self) -> bool {
        self.ready > 0
    }

    /// Versions that are ready, with their numbers.
    pub(super) fn ready(&self) -> impl Iterator<Item = (usize, &Version)> {
        let all = self.all.iter().enumerate();
        all.filter(|(_, version)| version.state == State::Ready)
    }

    /// Numbers that new versions may have: those that are free, last ones first, and then from there on.
    pub(super) fn numbers(&self) -> (Vec<usize>, usize) {
        (self.free.clone(), self.all.len())
    }

    /// Whether all is still there that was there when these were begun, and that they call.
    pub(super) fn still_fit(&self, made: &[Made]) -> bool {
        let own: HashSet<usize> = made.iter().map(|made| made.number).collect();
        let is_ready = |to: &usize| {
            let found = self.all.get(*to);
            found.is_some_and(|version| version.state == State::Ready)
        };
        let calls = made.iter().flat_map(|made| &made.version.calls);
        calls.into_iter().all(|to| own.contains(to) || is_ready(to))
    }

    /// Places what was made, all or nothing of it, for one may call the other; whether there was room.
    /// Where the pieces of each version are, `told` is told.
    pub(super) fn place(
        &mut self,
        made: Vec<Made>,
        mut told: impl FnMut(usize, &[(usize, usize)]),
    ) -> bool {
        let Some(all) = self.place_code(&made) else {
            return false;
        };
        for (made, mut placed) in made.into_iter().zip(all) {
            placed.starts[0] += made.before;
            let (number, mut version) = (made.number, made.version);
            let lens = [
                made.code.len() - made.before,
                made.boxed.as_ref().map_or(0, Vec::len),
            ];
            let pieces: Vec<_> = placed.starts.iter().copied().zip(lens).collect();
            told(number, &pieces);
            (version.face.cell).store(placed.starts[0], Ordering::Relaxed);
            version.boxed = placed.starts[usize::from(made.boxed.is_some())];
            version.placed = Some(placed);
            version.state = State::Ready;
            self.ready += 1;
            self.put(number, version);
        }
        true
    }

    /// Places code, in one go if there is room for that; nothing leads there yet.
    fn place_code(&mut self, made: &[Made]) -> Option<Vec<Placed>> {
        let pieces: Vec<[&[u8]; 2]> = (made.iter())
            .map(|made| [&made.code[..], made.boxed.as_deref().unwrap_or_default()])
            .collect();
        if let Some(all) = self.region.place(&pieces) {
            return Some(all);
        }
        let mut all = Vec::new();
        for one in &pieces {
            let Some(placed) = self.region.place(std::slice::from_ref(one)) else {
                all.iter().for_each(|placed| self.region.free(placed));
                return None;
            };
            all.extend(placed);
        }
        Some(all)
    }

    /// Places code that stays as long as the region; where it begins.
    pub(super) fn place_apart(&mut self, code: &[u8]) -> Option<usize> {
        let placed = self.region.place(&[[code, &[]]])?;
        placed.first().map(|placed| placed.starts[0])
    }

    fn put(&mut self, number: usize, version: Version) {
        while self.all.len() <= number {
            // A number before it may have been for what could not be compiled.
            let place = (version.key, 0, None);
            let (face, body) = (version.face.clone(), version.body.clone());
            let mut nothing = Version::new(place, Vec::new(), face, body);
            nothing.state = State::Free;
            self.free.push(self.all.len());
            self.all.push(nothing);
        }
        self.free.retain(|free| *free != number);
        self.all[number] = version;
    }

    /// The way in, and what keeps count of it, with `seed` for what guards that leave for no reason go by.
    pub(super) fn begin(&mut self, number: usize, keeper: usize, seed: u64) -> Door {
        self.inside += 1;
        let version = &mut self.all[number];
        version.entered += 1;
        // Another way through the guards each time (the multiplier is that of SplitMix64).
        let turn = seed.wrapping_add(version.entered);
        let code = version.face.cell.load(Ordering::Relaxed);
        Door::of(
            (version.boxed, code),
            keeper,
            turn.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        )
    }

    /// What keeps the code of a version in place whatever becomes of this, if it calls who may do that.
    pub(super) fn keep(&self, number: usize) -> Option<Kept> {
        self.all[number].calls_out.then(|| self.region.keep())
    }

    /// Whether the code is of this region.
    pub(super) fn is(&self, kept: &Kept) -> bool {
        self.region.is(kept)
    }

    /// Machine code has ended.
    #[inline]
    pub(super) fn end(&mut self) {
        self.inside -= 1;
        if !self.garbage.is_empty() {
            self.sweep();
        }
    }

    /// Frees the memory of what is gone, if nothing runs; whether nothing does.
    fn sweep(&mut self) -> bool {
        if self.inside == 0 {
            for placed in std::mem::take(&mut self.garbage) {
                self.region.free(&placed);
            }
        }
        self.inside == 0
    }

    /// Drops a version, and those that call it. Each is told to `told`.
    pub(super) fn drop(&mut self, number: usize, mut told: impl FnMut(usize, &Version)) {
        let mut open = vec![number];
        while let Some(at) = open.pop() {
            let version = &mut self.all[at];
            if version.state != State::Ready {
                continue;
            }
            version.state = State::Gone;
            self.ready -= 1;
            self.garbage.extend(version.placed.take());
            told(at, version);
            open.extend((0..self.all.len()).filter(|v| self.all[*v].calls.contains(&at)));
        }
    }

    /// Gives the numbers of versions that are not in use free, and their memory, if nothing runs.
    pub(super) fn clean(&mut self, of: impl Fn(&Key) -> bool) {
        if !self.sweep() {
            return;
        }
        for (number, version) in self.all.iter_mut().enumerate() {
            if version.state == State::Gone && of(&version.key) {
                version.state = State::Free;
                (version.exits, version.calls) = (Vec::new(), Vec::new());
                version.bytes = 0;
                self.free.push(number);
            }
        }
    }
}
