//! What is hot, what is compiled, and where machine code is entered.
//!
//! A VM has its own machine code. Units are known by program, function and form; each has a profile, and
//! places where machine code can be entered: the beginning of a function, the heads of loops. Each place
//! has versions, by the kinds of what is in the registers there.
//!
//! What is wanted becomes a [`Batch`], of which there is one at a time: another thread runs it
//! ([`background`]), or this one does where the configuration says so. What came of it is placed when
//! control next comes by, unless it is about functions that are no longer what they were.

use super::background::{self, Handed};
use super::batch::{Batch, Done, Known, Loaded, Present, Wish};
use super::build::{Entry, Refused};
use super::config::JitConfig;
use super::emit::Emitter;
use super::entry::Door;
use super::flow::Flow;
use super::ir::{At, CalleeAt, Ty, Why};
use super::links::{Links, Open};
use super::listing::Listings;
use super::memory::{Kept, Region};
use super::mix::Map;
use super::profile::{LAST_PLAIN, Profile, tag};
use super::report::{JitExit, JitRefused, JitReport, JitUnit, Watch};
use super::versions::{State, Versions};
use crate::ext::OpDesc;
use crate::heap::{Heap, Knowledge, Maker, Shaped};
use crate::lower::Code;
use crate::value::{Handle, Value};
use std::sync::Arc;
use std::time::Duration;

/// Places that wait for the batch on its way, of which note is taken.
const WAITING: usize = 8;

/// Times that control comes by before a place is tried again because of what its callees were not seen to
/// do, at most.
const SKIPPED: u32 = 1_023;

/// Times that control comes to a loop before the function around it may be entered: if it comes so often, and the thread
/// works less than that from one time to the next. What a call by the host takes less then is a seventh at least.
const SHORT: u64 = 64;
const SOON: Duration = Duration::from_micros(1);

/// A unit of a VM: which program, which function of it (or its number of functions, for the main
/// program), and the form of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// A number that no other program of the VM ever has.
    pub(crate) program: u64,
    pub(crate) unit: u32,
    pub(crate) form: u8,
}

/// What compiling wants to know of the VM.
pub(crate) struct Scene<'a> {
    /// The program, to be kept.
    pub(crate) program: &'a dyn Fn() -> Arc<dyn Loaded>,
    pub(crate) ops: &'a [&'static OpDesc],
    /// How many functions the program has.
    pub(crate) functions: usize,
    /// Whether a function is what its name stands for in the VM.
    pub(crate) is_bound: &'a dyn Fn(usize) -> bool,
    /// What ops have said of shapes, by place.
    pub(crate) known: &'a [Knowledge],
    /// The heap whose shapes these are.
    pub(crate) salt: u32,
}

#[derive(Debug, Default)]
struct Unit {
    flow: Option<Option<Arc<Flow>>>,
    profile: Arc<Profile>,
    places: Map<u32, Spot>,
}

/// A place where machine code can be entered.
#[derive(Debug, Default)]
struct Spot {
    versions: Vec<usize>,
    /// How often it was compiled.
    compiled: u32,
    /// Whether a version was given up because something was out of range.
    ranged: bool,
    refused: Option<Refused>,
    /// The instruction because of which it was refused, for people.
    said: Option<String>,
    /// Times that control comes by before it is tried again, now and the next time.
    skips: (u32, u32),
}

/// A batch on its way.
#[derive(Debug)]
struct Pending {
    handed: Handed,
    /// The place that it is for, and others without a version that wait for it to be done.
    waiting: Vec<(Key, u32)>,
}

/// The machine code of a VM.
pub(crate) struct Jit {
    pub(crate) config: JitConfig,
    /// Made when something is compiled on this thread.
    emitter: Option<Emitter>,
    units: Map<Key, Unit>,
    versions: Versions,
    pending: Option<Pending>,
    /// Which functions of a program are what their names stand for.
    bound: Option<(u64, Arc<[bool]>)>,
    /// The heap whose shapes are compiled against; 0 for none so far.
    salt: u32,
    /// Arenas that code may look shapes up in, and what they are given where there is another heap.
    arenas: usize,
    blank: Vec<Vec<Shaped>>,
    /// Where what keeps registers while fuel is fetched was placed, or 0.
    keeper: usize,
    /// Exits by which callers go on, for each entry that is open whose callees may want to know; so many are in use.
    links: Vec<Links>,
    linking: usize,
    /// How often the code generator was asked for something, for `fail`.
    asked: u32,
    /// How often the VM had defined a function when this was compiled.
    defined: u64,
    /// Whether something was not compiled because what it calls was not seen.
    unseen: bool,
    listings: Listings,
    /// The thread that it ran on last, and the end of that one's native stack.
    stack: Option<(usize, usize)>,
    /// The version that was entered last, of a unit that looks at nothing it is called through, and where.
    last: Option<(Key, u32, usize)>,
    /// Changes when versions come or go.
    stamp: u64,
    /// Time that compiling took, and how much came of it.
    time: Duration,
    compiled: u64,
    /// The longest that the program stood still, and that its thread worked for that.
    pauses: (Duration, Duration),
    entries: u64,
    direct: u64,
    exits: u64,
}

impl Jit {
    pub(crate) fn new(config: JitConfig) -> Option<Jit> {
        let region = Region::reserve(config.code_memory)?;
        Some(Jit {
            listings: Listings::of(&config),
            config,
            emitter: None,
            units: Map::default(),
            versions: Versions::new(region),
            pending: None,
            bound: None,
            salt: 0,
            arenas: 0,
            blank: Vec::new(),
            keeper: 0,
            links: Vec::new(),
            linking: 0,
            asked: 0,
            defined: 0,
            unseen: false,
            stack: None,
            last: None,
            stamp: 0,
            time: Duration::ZERO,
            compiled: 0,
            pauses: Default::default(),
            entries: 0,
            direct: 0,
            exits: 0,
        })
    }

    /// What was seen of a unit, to be added to.
    pub(crate) fn profile(&mut self, key: Key) -> &mut Profile {
        // A batch may have what there was until now.
        Arc::make_mut(&mut self.units.entry(key).or_default().profile)
    }

    /// Whether nothing was seen of a unit.
    pub(crate) fn is_unseen(&self, key: Key) -> bool {
        (self.units.get(&key)).is_none_or(|unit| unit.profile.is_empty())
    }

    /// Whether something has to be looked at before a place of the unit is compiled.
    pub(crate) fn wants_profile(&mut self, key: Key) -> bool {
        std::mem::take(&mut self.unseen) || self.is_unseen(key)
    }

    /// Whether something is being compiled elsewhere.
    pub(crate) fn is_making(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether there is machine code to be entered.
    pub(crate) fn has_code(&self) -> bool {
        self.versions.is_any_ready()
    }

    fn spot(&mut self, key: Key, ip: u32) -> &mut Spot {
        let unit = self.units.entry(key).or_default();
        unit.places.entry(ip).or_default()
    }

    fn flow(&mut self, key: Key, code: &Code, ops: &[&'static OpDesc]) -> Option<Arc<Flow>> {
        let unit = self.units.entry(key).or_default();
        if let Some(flow) = &unit.flow {
            return flow.clone();
        }
        let watch = Watch::start();
        let flow = Flow::of(code, ops).map(Arc::new);
        unit.flow = Some(flow.clone());
        self.stood(watch);
        flow
    }

    fn stood(&mut self, watch: Watch) {
        let (pause, work) = watch.stop();
        self.pauses = (self.pauses.0.max(pause), self.pauses.1.max(work));
    }

    /// Functions were defined so often: drops what was bound to others, and places what has become ready.
    pub(crate) fn renew(&mut self, defined: u64) {
        if self.defined != defined {
            self.drop_all();
            self.defined = defined;
        }
        if (self.pending.as_ref()).is_some_and(|pending| pending.handed.is_done())
            && let Some(pending) = self.pending.take()
        {
            let watch = Watch::start();
            if let Some(done) = pending.handed.take() {
                // Nothing is entered here.
                let _ = self.settle(pending.waiting[0], done);
            }
            self.stood(watch);
        }
    }

    /// Where machine code may be entered for an instruction that is hot: the head of the innermost loop
    /// around it, or else the beginning of the function.
    pub(crate) fn hot(
        &mut self,
        (key, code, ip): (Key, &Code, usize),
        is_main: bool,
        ops: &[&'static OpDesc],
    ) -> Option<u32> {
        if code.is_wide() {
            return None;
        }
        let flow = self.flow(key, code, ops)?;
        let block = flow.block_of(ip)?;
        let mut at = flow.blocks[block].inner;
        while let Some(part) = at {
            let head = flow.blocks[flow.loops[part].header].start as u32;
            if !self.is_refused(key, head) {
                return Some(head);
            }
            at = flow.loops[part].parent;
        }
        (!is_main && !self.is_refused(key, 0)).then_some(0)
    }

    /// All places of a unit where machine code may be entered, hot or not.
    pub(crate) fn all(
        &mut self,
        (key, code): (Key, &Code),
        is_main: bool,
        ops: &[&'static OpDesc],
    ) -> Vec<u32> {
        let flow = match code.is_wide() {
            true => None,
            false => self.flow(key, code, ops),
        };
        let Some(flow) = flow else {
            return Vec::new();
        };
        let heads = flow
            .loops
            .iter()
            .map(|part| flow.blocks[part.header].start as u32);
        let mut all: Vec<u32> = heads.chain((!is_main).then_some(0)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What there is to say about it, in order.
    pub(crate) fn report(&self) -> JitReport {
        let mut report = JitReport {
            time: self.time,
            longest_pause: self.pauses.0,
            longest_work: self.pauses.1,
            count: self.compiled,
            is_compiling: self.is_making(),
            entries: self.entries,
            direct: self.direct,
            exits: self.exits,
            code_memory: self.versions.memory(),
            ..JitReport::default()
        };
        for version in self.versions.iter().filter(|v| v.bytes > 0) {
            let key = version.key;
            let exits = version.exits.iter().filter(|exit| exit.taken > 0);
            report.compiled.push(JitUnit {
                program: key.program,
                unit: key.unit,
                instruction: version.ip,
                is_loop: version.part.is_some(),
                kinds: format!("{:?}", version.face.args),
                bytes: version.bytes,
                entered: version.entered,
                is_in_use: version.state == State::Ready,
                exits: exits
                    .map(|exit| JitExit {
                        instruction: exit.frames.first().map_or(0, |at| at.ip),
                        why: format!("{:?}", exit.why),
                        taken: exit.taken,
                    })
                    .collect(),
            });
        }
        for (key, unit) in &self.units {
            for (ip, spot) in &unit.places {
                if let Some(why) = spot.refused {
                    report.refused.push(JitRefused {
                        program: key.program,
                        unit: key.unit,
                        instruction: *ip,
                        why: match &spot.said {
                            Some(said) => format!("{why:?}, {said}"),
                            None => format!("{why:?}"),
                        },
                    });
                }
            }
        }
        report
            .refused
            .sort_by_key(|r| (r.program, r.unit, r.instruction));
        report
    }

    fn is_refused(&self, key: Key, ip: u32) -> bool {
        let spot = self.units.get(&key).and_then(|unit| unit.places.get(&ip));
        spot.is_some_and(|spot| spot.refused.is_some())
    }

    /// The version to enter there, compiled if there is none; `None` if it stays interpreted for now.
    /// `Err` if it stays so for good.
    pub(crate) fn version(
        &mut self,
        (key, code, ip): (Key, &Code, u32),
        registers: &[Value],
        through: (Option<Handle>, Option<&Value>),
        scene: &Scene<'_>,
    ) -> Result<Option<usize>, ()> {
        if (self.pending.as_ref()).is_some_and(|pending| pending.waiting.contains(&(key, ip))) {
            return Ok(None);
        }
        if let Some((of, at, last)) = self.last
            && (of, at) == (key, ip)
            && self.versions[last].fits(registers)
        {
            return Ok(Some(last));
        }
        let Some(flow) = self.flow(key, code, scene.ops) else {
            return Err(());
        };
        let header = flow.block_at(ip as usize);
        let part = flow.loops.iter().position(|l| Some(l.header) == header);
        let unit = self.units.entry(key).or_default();
        let spot = unit.places.entry(ip).or_default();
        if spot.refused.is_some() {
            return Err(());
        }
        let fits = |v: &&usize| {
            let version = &self.versions[**v];
            version.part == part
                && version.fits(registers)
                && version.is_through(flow.looks_at_callee, through)
        };
        if let Some(&found) = spot.versions.iter().find(fits) {
            self.last = (!flow.looks_at_callee).then_some((key, ip, found));
            return Ok(Some(found));
        }
        if unit.profile.is_empty() || spot.versions.len() >= 4 {
            return Ok(None);
        }
        if let Some(pending) = &mut self.pending {
            // Where there is a version, what comes next may fit it.
            if spot.versions.is_empty() && pending.waiting.len() < WAITING {
                pending.waiting.push((key, ip));
            }
            return Ok(None);
        }
        if spot.skips.0 > 0 {
            spot.skips.0 -= 1;
            return Ok(None);
        }
        let wish = match (ip, part) {
            (0, None) => {
                let types = (registers.iter().take(code.argc.into()))
                    .map(|value| Ty::of_tag(tag(value)).filter(|ty| *ty != Ty::Undef));
                let callee = match through {
                    (Some(callee), below) if flow.looks_at_callee => match below {
                        Some(Value::Obj(below)) if *below == callee => CalleeAt::Below,
                        _other => CalleeAt::Is(callee),
                    },
                    _nothing => CalleeAt::Nothing,
                };
                Wish::Function(types.collect(), callee)
            }
            (_, Some(part)) => Wish::Loop(part, ip, entry_of(code, (part, &flow), registers)),
            _other => return Err(()),
        };
        let watch = Watch::start();
        let again = spot.ranged;
        let batch = self.batch((key, code), (wish, again), scene);
        let found = self.make((key, ip), batch);
        self.stood(watch);
        found
    }

    /// Has a batch for a place run, here or elsewhere: the version that came of it, if that is known now.
    fn make(&mut self, place: (Key, u32), batch: Batch) -> Result<Option<usize>, ()> {
        let batch = match self.config.background {
            false => Box::new(batch),
            true => match background::hand_in(batch) {
                Ok(handed) => {
                    let waiting = vec![place];
                    self.pending = Some(Pending { handed, waiting });
                    return Ok(None);
                }
                Err(batch) => batch,
            },
        };
        let done = batch.run(&mut self.emitter, &|| true);
        self.settle(place, done)
    }

    /// What is to be compiled, with all that is known of the program.
    fn batch(
        &mut self,
        (key, code): (Key, &Code),
        (wish, again): (Wish, bool),
        scene: &Scene<'_>,
    ) -> Batch {
        let of = |other: &Key| (other.program, other.form) == (key.program, key.form);
        let units = (self.units.iter().filter(|(other, _)| of(other))).map(|(other, unit)| {
            let called = unit.places.get(&0);
            let known = Known {
                flow: unit.flow.clone(),
                profile: unit.profile.clone(),
                is_refused: called.is_some_and(|spot| spot.refused.is_some()),
            };
            (other.unit, known)
        });
        let functions = (self.versions.ready()).filter(|(_, v)| of(&v.key) && v.part.is_none());
        let present = functions.map(|(number, version)| Present {
            number,
            face: version.face.clone(),
            body: version.body.clone(),
            calls_out: version.calls_out,
        });
        let bound = match &self.bound {
            Some((program, bound)) if *program == key.program => bound.clone(),
            _other => (0..scene.functions).map(scene.is_bound).collect(),
        };
        self.bound = Some((key.program, bound.clone()));
        // Code of a VM is made for one heap.
        if self.salt == 0 {
            self.salt = scene.salt;
        }
        let shapes = match self.salt == scene.salt {
            true => (scene.known.iter())
                .map(|known| known.of_heap(scene.salt))
                .collect(),
            false => Vec::new(),
        };
        // As much as it may be, and not less, should the batch panic.
        let asked = self.asked;
        self.asked += u32::from(self.config.fail > 0);
        Batch {
            shapes,
            has_keeper: self.keeper != 0,
            asked,
            program: (scene.program)(),
            key,
            form: code.form,
            wish,
            again,
            units: units.collect(),
            bound,
            present: present.collect(),
            numbers: self.versions.numbers(),
            config: self.config.clone(),
        }
    }

    /// Places what came of a batch for that place.
    fn settle(&mut self, (key, ip): (Key, u32), done: Done) -> Result<Option<usize>, ()> {
        self.time += done.time;
        self.forget_last();
        self.listings.join(done.listings);
        if self.keeper == 0
            && let Some(code) = &done.keeper
        {
            self.keeper = self.versions.place_apart(code).unwrap_or(0);
        }
        let arenas = done.made.iter().map(|made| made.version.arena as usize + 1);
        self.arenas = arenas.fold(self.arenas, usize::max);
        self.asked += u32::from(self.config.fail > 0) * done.made.len() as u32;
        for (unit, flow) in done.flows {
            let unit = self.units.entry(Key { unit, ..key }).or_default();
            unit.flow.get_or_insert(flow);
        }
        for (unit, why) in done.failed {
            let spot = self.spot(Key { unit, ..key }, 0);
            spot.refused.get_or_insert(why);
        }
        let mut refused = done.refused;
        if !self.versions.still_fit(&done.made) {
            return Ok(None);
        }
        let places: Vec<(usize, Key, u32)> = (done.made.iter())
            .map(|made| (made.number, made.version.key, made.version.ip))
            .collect();
        let listings = &mut self.listings;
        let told = |number, pieces: &[_]| listings.placed(number, pieces);
        let is_kept = self.keeper != 0 || done.keeper.is_none();
        if is_kept && self.versions.place(done.made, told) {
            self.compiled += places.len() as u64;
            for (number, key, ip) in places {
                let spot = self.spot(key, ip);
                spot.versions.push(number);
                spot.compiled += 1;
            }
        } else {
            refused = Some((Refused::Memory, None));
        }
        let spot = self.spot(key, ip);
        match refused {
            None => Ok(done.first),
            Some((Refused::Later, _)) => {
                spot.skips.0 = spot.skips.1;
                spot.skips.1 = (2 * spot.skips.1 + 1).min(SKIPPED);
                self.unseen = true;
                Ok(None)
            }
            Some((why, said)) => {
                (spot.refused, spot.said) = (Some(why), said);
                Err(())
            }
        }
    }

    /// Where code finds what the heap keeps beside objects, and whose that is: nothing of a heap that it was not
    /// made for.
    pub(crate) fn shapes(&mut self, heap: &Heap) -> (*const Vec<Vec<Shaped>>, u32) {
        let (tables, salt) = heap.shape_tables();
        if salt == self.salt && tables.len() >= self.arenas {
            return (tables, salt);
        }
        let arenas = self.arenas;
        if self.blank.len() < arenas {
            self.blank.resize_with(arenas, || vec![Shaped::default()]);
        }
        (&raw const self.blank, 0)
    }

    /// What makes an object for a version.
    pub(crate) fn maker(&self, version: u32, number: u32) -> Option<&Maker> {
        self.versions[version as usize].makers.get(number as usize)
    }

    /// Listings of what was compiled.
    pub(crate) fn listing(&self) -> String {
        self.listings.text()
    }

    /// The way in, and what keeps count of it.
    pub(crate) fn begin(&mut self, version: usize) -> Door {
        self.entries += 1;
        self.versions.begin(version, self.keeper, self.config.seed)
    }

    /// A number that changes when versions come or go.
    pub(crate) fn stamp(&self) -> u64 {
        self.stamp
    }

    fn forget_last(&mut self) {
        self.last = None;
        self.stamp += 1;
    }

    /// Whether versions are what they were at that stamp, and nothing waits to be placed.
    #[inline]
    pub(crate) fn is_as_it_was(&self, stamp: u64) -> bool {
        let news = (self.pending.as_ref()).is_some_and(|pending| pending.handed.is_done());
        self.stamp == stamp && !news
    }

    /// The tags of arguments with which a version of a function may be entered.
    pub(crate) fn tags(&self, version: usize, argc: u8) -> Box<[u8]> {
        self.versions[version].tags(argc.into())
    }

    /// Whether registers have nothing to be dropped when a version of a function has come to its end.
    pub(crate) fn leaves_plain(&self, version: usize) -> bool {
        self.versions[version].leaves_plain
    }

    /// Whether a version is a loop that control has just come to for so many times that the function around it
    /// may well be what is hot.
    pub(crate) fn is_short(&mut self, version: usize) -> bool {
        let version = &mut self.versions[version];
        let turn = version.entered;
        if version.part.is_none() || turn < SHORT || !turn.is_power_of_two() {
            return false;
        }
        let since = version.since.replace(Watch::start());
        // Half of them came since then. Where all is hot at once, as in tests, time says nothing.
        let soon = SOON.saturating_mul(turn as u32 / 2);
        self.config.threshold == 1 || since.is_some_and(|since| since.stop().1 < soon)
    }

    /// Whether machine code may be made for the beginning of a unit, and there was none so far.
    pub(crate) fn may_begin(&self, key: Key) -> bool {
        let spot = (self.units.get(&key)).and_then(|unit| unit.places.get(&0));
        spot.is_none_or(|spot| spot.refused.is_none() && spot.versions.is_empty())
    }

    /// The same for a call by the host that comes here at once.
    pub(crate) fn begin_direct(&mut self, version: usize) -> Door {
        self.direct += 1;
        self.begin(version)
    }

    /// Whether a version is a loop, which is never returned from.
    pub(crate) fn is_loop(&self, version: usize) -> bool {
        self.versions[version].part.is_some()
    }

    /// Whether something in the unit of a version looks at what it was called through.
    pub(crate) fn looks_at_callee(&self, version: usize) -> bool {
        if self.last.is_some_and(|(_, _, last)| last == version) {
            return false;
        }
        let unit = self.units.get(&self.versions[version].key);
        let flow = unit.and_then(|unit| unit.flow.as_ref()?.as_ref());
        flow.is_none_or(|flow| flow.looks_at_callee)
    }

    /// Machine code has ended.
    pub(crate) fn end(&mut self) {
        self.versions.end();
    }

    /// What keeps the code of a version in place while it runs ops and builtins that may have the whole VM, if it does.
    pub(crate) fn keep(&self, version: usize) -> Option<Kept> {
        self.versions.keep(version)
    }

    /// Whether it is still the one whose code was kept.
    pub(crate) fn is(&self, kept: &Kept) -> bool {
        self.versions.is(kept)
    }

    /// Opens links for the calls of a version, so many of which may be opened, where it calls what may want to know them;
    /// how many that are then.
    pub(crate) fn open_links(&mut self, version: usize, left: usize) -> usize {
        if !self.versions[version].calls_out {
            return left;
        }
        if self.links.len() == self.linking {
            self.links.push(Links::default());
        }
        self.linking += 1;
        self.links[self.linking - 1].make(left)
    }

    /// The same version has ended.
    pub(crate) fn close_links(&mut self) {
        self.linking -= 1;
    }

    /// Those of the machine code that runs.
    fn top_links(&mut self) -> Option<&mut Links> {
        self.links[..self.linking].last_mut()
    }

    /// Where those are written.
    pub(crate) fn links(&mut self) -> *mut u64 {
        self.top_links()
            .map_or(std::ptr::null_mut(), Links::address)
    }

    /// What is open, innermost first: a unit that is at that exit, whose window begins at that register and in which so
    /// many calls may still be opened, and those that have called it, up to what was entered, where `most` could be, or
    /// to what the VM was told.
    pub(crate) fn open_calls(
        &self,
        (exit, mut window): (super::Exited, usize),
        (mut left, most): (usize, usize),
        open: &mut Vec<Open>,
    ) {
        open.clear();
        let exited =
            |of: super::Exited| &self.versions[of.version as usize].exits[of.exit as usize];
        open.push(Open::innermost(exit, window, exited(exit).frames.len()));
        let Some(links) = self.links[..self.linking].last() else {
            return;
        };
        while left < most {
            let caller = exited(links.at(left).0);
            window -= usize::from(caller.below);
            let link = links.open(left, window, caller.frames.len());
            left += caller.frames.len();
            open.push(link);
            if link.told.is_some() {
                break;
            }
        }
    }

    /// The VM was told of these, and knows so many calls now.
    pub(crate) fn tell_links(&mut self, open: &[Open], calls: usize) {
        if let Some(links) = self.top_links() {
            links.tell(open, calls);
        }
    }

    /// The VM forgets what it was told of calls.
    pub(crate) fn forget_links(&mut self) {
        if let Some(links) = self.top_links() {
            links.forget();
        }
    }

    /// Whether a version may want all frames.
    pub(crate) fn calls_out(&self, version: usize) -> bool {
        self.versions[version].calls_out
    }

    /// The innermost frame of an exit, and its unit.
    pub(crate) fn site(&self, exited: super::Exited) -> Option<(u32, At)> {
        let version = &self.versions[exited.version as usize];
        let at = version.exits[exited.exit as usize].frames.first()?;
        Some((version.units[usize::from(at.unit)], *at))
    }

    /// A frame of an exit with its unit, counted from the outermost.
    pub(crate) fn frame(&self, exited: super::Exited, number: usize) -> Option<(u32, At)> {
        let version = &self.versions[exited.version as usize];
        let frames = &version.exits[exited.exit as usize].frames;
        let at = frames.get(frames.len().checked_sub(number + 1)?)?;
        Some((version.units[usize::from(at.unit)], *at))
    }

    /// Why an exit is there.
    pub(crate) fn reason(&self, exited: super::Exited) -> Why {
        self.versions[exited.version as usize].exits[exited.exit as usize].why
    }

    /// Why an exit was taken, of which note is taken.
    pub(crate) fn why(&mut self, exited: super::Exited) -> Why {
        let exit = &mut self.versions[exited.version as usize].exits[exited.exit as usize];
        exit.taken += 1;
        self.exits += 1;
        exit.why
    }

    /// The end of the native stack of this thread, which has that number: found once for a thread.
    pub(crate) fn floor(&mut self, thread: usize, find: fn() -> usize) -> usize {
        match self.stack {
            Some((of, floor)) if of == thread => floor,
            _other => {
                let floor = find();
                self.stack = Some((thread, floor));
                floor
            }
        }
    }

    /// Forgets what was seen at the instruction of an exit, which is what it was compiled for: what comes
    /// now counts more. Not for ever, or what is of two kinds would never settle.
    fn see_anew(&mut self, key: Key, at: (u32, u32), compiled: u32) {
        let (unit, ip) = at;
        if compiled <= 2 {
            self.profile(Key { unit, ..key }).reset(ip as usize);
        }
    }

    /// Takes note of an exit that was taken because an assumption failed: whether the version is gone now.
    pub(crate) fn count(&mut self, exited: super::Exited) -> bool {
        let (number, exit) = (exited.version, exited.exit);
        let limit = self.config.exits;
        let version = &mut self.versions[number as usize];
        let taken = &mut version.exits[exit as usize];
        taken.times += 1;
        if taken.times < limit || version.state != State::Ready {
            return false;
        }
        let (key, ip) = (version.key, version.ip);
        let is_range = version.exits[exit as usize].why == Why::Range;
        self.drop_version(number as usize);
        let recompiles = self.config.recompiles;
        let spot = self.spot(key, ip);
        spot.ranged |= is_range;
        let compiled = spot.compiled;
        if compiled > recompiles {
            spot.refused = Some(Refused::Kinds);
        }
        if let Some((unit, at)) = self.site(exited) {
            self.see_anew(key, (unit, at.ip), compiled);
            // A function that was built in there is built anew, too.
            let of = Key { unit, ..key };
            for v in (0..self.versions.len()).filter(|_| of != key) {
                if self.versions[v].key == of && self.versions[v].part.is_none() {
                    self.drop_version(v);
                }
            }
        }
        true
    }

    /// Drops a version, and those that call it.
    fn drop_version(&mut self, number: usize) {
        self.forget_last();
        let units = &mut self.units;
        self.versions.drop(number, |at, version| {
            let unit = units.get_mut(&version.key);
            if let Some(spot) = unit.and_then(|unit| unit.places.get_mut(&version.ip)) {
                spot.versions.retain(|v| *v != at);
            }
        });
    }

    /// Drops all code: functions are no longer what they were.
    fn drop_all(&mut self) {
        (self.pending, self.bound) = (None, None);
        (0..self.versions.len()).for_each(|v| self.drop_version(v));
        self.versions.clean(|_| true);
    }

    /// Forgets programs that are gone, while nothing runs.
    pub(crate) fn forget(&mut self, gone: &[u64]) {
        if gone.is_empty() || self.units.is_empty() {
            return;
        }
        let is_gone = |key: &Key| gone.contains(&key.program);
        let pending = self.pending.as_ref();
        if pending.is_some_and(|pending| is_gone(&pending.waiting[0].0)) {
            self.pending = None;
        }
        for v in 0..self.versions.len() {
            if is_gone(&self.versions[v].key) {
                self.drop_version(v);
            }
        }
        self.units.retain(|key, _| !is_gone(key));
        self.versions.clean(is_gone);
    }
}

/// What is in the registers at the head of a loop.
fn entry_of(code: &Code, (part, flow): (usize, &Flow), registers: &[Value]) -> Vec<Entry> {
    let live = &flow.blocks[flow.loops[part].header].live;
    let mut entry = Vec::new();
    for (r, value) in registers.iter().take(code.registers.into()).enumerate() {
        entry.push(match (live.has(r), tag(value)) {
            // What is counted is dropped when something else comes there, and not before.
            (false, 0..=LAST_PLAIN) => Entry::Plain,
            (false, _) => Entry::Any,
            (true, tag) => match Ty::of_tag(tag) {
                Some(ty) => Entry::Val(ty),
                None => Entry::Tag(tag),
            },
        });
    }
    entry
}
