//! What is hot, what is compiled, and what becomes of it.
//!
//! A VM has its own machine code. Units are known by program, function and form; each has a profile, and
//! places where machine code can be entered: the beginning of a function, the heads of loops. Each place
//! has versions, by the kinds of what is in the registers there.

use super::build::{Callees, Entry, Found, Refused, Source, build};
use super::emit::{Callee, Emitter, Target};
use super::entry::Door;
use super::flow::Flow;
use super::ir::{At, CalleeAt, Ty, Why};
use super::listing::Listings;
use super::memory::{Placed, Region};
use super::passes::inline::Body;
use super::passes::{self, Facts};
use super::profile::{LAST_PLAIN, Profile, single_type, tag};
use super::report::{JitExit, JitRefused, JitReport, JitUnit};
use crate::chunk::Chunk;
use crate::ext::{OpDesc, OpTable};
use crate::heap::{Heap, Knowledge, Maker, Shaped};
use crate::lower::Code;
use crate::semantics::Policy;
use crate::value::{Handle, Value};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How machine code is made, for [`VM::set_jit`](crate::VM::set_jit). Nothing but time and memory depends
/// on it.
///
/// ```
/// use fusevm::{Chunk, JitConfig, VM, Value};
///
/// let chunk = Chunk::parse(
///     "
///       LoadInt 0
///       SetSlot 0
///     top:
///       GetSlot 0
///       LoadInt 3
///       Add
///       SetSlot 0
///       GetSlot 0
///       LoadInt 300000
///       NumLt
///       JumpIfTrue top
///       GetSlot 0
///     ",
/// )
/// .unwrap();
/// let mut config = JitConfig::default();
/// config.listings = true;
/// let mut vm = VM::empty();
/// vm.set_jit(config);
/// assert_eq!(vm.eval(&chunk).unwrap(), Value::Int(300_000));
/// assert!(vm.jit_listing().contains("main program, the loop at "));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JitConfig {
    /// Whether there is any. On by default.
    pub enabled: bool,
    /// Instructions, about, that run between two looks at what is hot. 1 compiles whatever runs twice.
    pub threshold: u32,
    /// Instructions that run slowly to see kinds of values before something is compiled.
    pub observed: u32,
    /// Exits by one guard after which a unit is compiled anew.
    pub exits: u32,
    /// How often a place is compiled anew before it stays interpreted.
    pub recompiles: u32,
    /// Bytes of machine code that a VM may have; memory is used as it is needed.
    pub code_memory: usize,
    /// Whether Cranelift checks what it is given.
    pub check: bool,
    /// Whether listings of what is compiled are kept, for [`VM::jit_listing`](crate::VM::jit_listing).
    pub listings: bool,
    /// Whether machine code gets names in `/tmp/perf-PID.map`, where Linux `perf` reads them. The file grows,
    /// and stays behind; a system that does not let it be written is no error.
    pub perf_map: bool,
    /// For tests: guards leave machine code one time in so many although they hold. 0 for never.
    pub stress: u32,
    /// For tests: which times those are.
    pub seed: u64,
    /// For tests: instructions that nobody has seen running are compiled too.
    pub eager: bool,
    /// For tests: every function and every loop is compiled when it runs for the second time, hot or not.
    pub everywhere: bool,
    /// For tests: the code generator fails one time in so many, by turns with an error and with a panic (which
    /// comes first, `seed` says). 0 for never.
    #[doc(hidden)]
    pub fail: u32,
}

impl JitConfig {
    /// What holds where nothing else is said.
    pub const DEFAULT: JitConfig = JitConfig {
        enabled: true,
        threshold: 4_096,
        observed: 2_000,
        exits: 8,
        recompiles: 8,
        code_memory: 32 << 20,
        check: cfg!(debug_assertions),
        listings: false,
        perf_map: false,
        stress: 0,
        seed: 0,
        eager: false,
        everywhere: false,
        fail: 0,
    };
}

impl Default for JitConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

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
    pub(crate) policy: Policy,
    pub(crate) symbols: &'a [u32],
    pub(crate) ops: &'a [&'static OpDesc],
    pub(crate) chunk: &'a Chunk,
    /// The language's ops in place of those on numbers.
    pub(crate) operators: Option<&'static OpTable>,
    /// What is known of shapes, by place.
    pub(crate) known: &'a [Knowledge],
    /// The heap whose shapes these are.
    pub(crate) salt: u32,
    /// The code of a function for so many arguments.
    pub(crate) code: &'a dyn Fn(u32, u8) -> Option<&'a Code>,
    /// Whether a function is what its name stands for in the VM.
    pub(crate) is_bound: &'a dyn Fn(u32) -> bool,
}

#[derive(Debug, Default)]
struct Unit {
    flow: Option<Option<Arc<Flow>>>,
    profile: Profile,
    places: HashMap<u32, Spot>,
}

/// A place where machine code can be entered.
#[derive(Debug, Default)]
struct Spot {
    versions: Vec<usize>,
    /// How often it was compiled.
    compiled: u32,
    refused: Option<Refused>,
    /// The instruction because of which it was refused, for people.
    said: Option<String>,
    entered: u32,
}

#[derive(Debug)]
struct Version {
    key: Key,
    /// Functions whose frames exits may name.
    units: Vec<u32>,
    ip: u32,
    part: Option<usize>,
    entry: Vec<Entry>,
    args: Vec<Option<Ty>>,
    callee: CalleeAt,
    gives: Option<Ty>,
    /// Where its code is.
    cell: Box<usize>,
    boxed: usize,
    placed: Option<Placed>,
    exits: Vec<Exited>,
    calls: Vec<usize>,
    /// What callers may build in.
    body: Option<Arc<Body>>,
    /// Values that its code has addresses of.
    keeps: Vec<Arc<Value>>,
    makers: Vec<Maker>,
    state: State,
    /// How often the interpreter entered it.
    entered: u64,
    bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Wanted,
    Ready,
    Gone,
    /// Another may have its number.
    Free,
}

/// An exit as the VM sees it.
#[derive(Clone, Debug)]
struct Exited {
    why: Why,
    frames: Vec<At>,
    /// How often an assumption failed there.
    times: u32,
    /// How often it was taken.
    taken: u64,
}

/// The machine code of a VM.
pub(crate) struct Jit {
    pub(crate) config: JitConfig,
    emitter: Emitter,
    region: Region,
    units: HashMap<Key, Unit>,
    versions: Vec<Version>,
    /// Numbers of versions that nothing leads to.
    free: Vec<usize>,
    /// The heap whose shapes are compiled against; 0 for none so far.
    salt: u32,
    /// Arenas that code may look shapes up in, and what they are given where there is another heap.
    arenas: usize,
    blank: Vec<Vec<Shaped>>,
    /// How often the VM had defined a function when this was compiled.
    pub(crate) defined: u64,
    /// Entries that are open.
    inside: u32,
    /// Code that may be freed when none is.
    garbage: Vec<Placed>,
    /// How often the code generator was asked for something, for `fail`.
    asked: u32,
    listings: Listings,
    stack: Option<(std::thread::ThreadId, usize)>,
    /// Time that compiling took, and how much came of it.
    time: Duration,
    compiled: u64,
    entries: u64,
    exits: u64,
}

impl Jit {
    pub(crate) fn new(config: JitConfig) -> Option<Jit> {
        let emitter = Emitter::new(config.check)?;
        let region = Region::reserve(config.code_memory)?;
        Some(Jit {
            listings: Listings::of(&config),
            config,
            emitter,
            region,
            units: HashMap::new(),
            versions: Vec::new(),
            free: Vec::new(),
            salt: 0,
            arenas: 0,
            blank: Vec::new(),
            defined: 0,
            inside: 0,
            garbage: Vec::new(),
            asked: 0,
            stack: None,
            time: Duration::ZERO,
            compiled: 0,
            entries: 0,
            exits: 0,
        })
    }

    pub(crate) fn profile(&mut self, key: Key) -> &mut Profile {
        &mut self.units.entry(key).or_default().profile
    }

    fn flow(&mut self, key: Key, code: &Code, ops: &[&'static OpDesc]) -> Option<Arc<Flow>> {
        let unit = self.units.entry(key).or_default();
        let flow = unit
            .flow
            .get_or_insert_with(|| Flow::of(code, ops).map(Arc::new));
        flow.clone()
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
            count: self.compiled,
            entries: self.entries,
            exits: self.exits,
            code_memory: self.region.in_use(),
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
                kinds: format!("{:?}", version.args),
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
        let Some(flow) = self.flow(key, code, scene.ops) else {
            return Err(());
        };
        let spot = self
            .units
            .entry(key)
            .or_default()
            .places
            .entry(ip)
            .or_default();
        if spot.refused.is_some() {
            return Err(());
        }
        spot.entered = spot.entered.saturating_add(1);
        let header = flow.block_at(ip as usize);
        let part = flow.loops.iter().position(|l| Some(l.header) == header);
        let versions = spot.versions.clone();
        let fits = |v: &&usize| {
            let version = &self.versions[**v];
            version.part == part
                && version.fits(registers)
                && version.is_through(flow.looks_at_callee, through)
        };
        if let Some(found) = versions.iter().find(fits) {
            return Ok(Some(*found));
        }
        if self.profile(key).is_empty() {
            return Ok(None);
        }
        if versions.len() >= 4 {
            return Ok(None);
        }
        let number = match (ip, part) {
            (0, None) => {
                let args = (registers.iter().take(code.argc.into()))
                    .map(|value| Ty::of_tag(tag(value)).filter(|ty| *ty != Ty::Undef))
                    .collect();
                let callee = match through {
                    (Some(callee), below) if flow.looks_at_callee => match below {
                        Some(Value::Obj(below)) if *below == callee => CalleeAt::Below,
                        _other => CalleeAt::Is(callee),
                    },
                    _nothing => CalleeAt::Nothing,
                };
                self.want_function(key, code, args, callee)
            }
            (_, Some(part)) => self.want_loop(key, code, (ip, part, &flow), registers),
            _other => return Err(()),
        };
        let begin = Instant::now();
        let compile = AssertUnwindSafe(|| {
            self.place_keeper();
            self.compile(number, code, scene)
        });
        let done = catch_unwind(compile).unwrap_or_else(|_| self.failed());
        self.time += begin.elapsed();
        let spot = self
            .units
            .entry(key)
            .or_default()
            .places
            .entry(ip)
            .or_default();
        match done {
            Ok(()) => Ok(Some(number)),
            Err(Refused::Later) => Ok(None),
            Err(refused) => {
                spot.refused = Some(refused);
                spot.said = match refused {
                    Refused::Slow(at) => code.plain.get(at as usize).map(|ins| format!("{ins:?}")),
                    _other => None,
                };
                Err(())
            }
        }
    }

    /// Places what all units call that count fuel; it stays as long as the region.
    fn place_keeper(&mut self) {
        if self.emitter.keeper == 0
            && let Some(emitted) = self.emitter.keeper()
            && let Some(placed) = self.region.place(&[&emitted.code])
        {
            self.emitter.keeper = placed.starts[0];
        }
    }

    /// The code generator has panicked: its state is no good any more, and nothing of what it was at can be
    /// called.
    fn failed(&mut self) -> Result<(), Refused> {
        if let Some(emitter) = Emitter::new(self.config.check) {
            let keeper = self.emitter.keeper;
            self.emitter = emitter;
            self.emitter.keeper = keeper;
        }
        for version in &mut self.versions {
            if version.state == State::Wanted {
                version.state = State::Gone;
            }
        }
        // Some may have been placed already that call others which never will be.
        let is_lost = |v: usize| {
            let calls = &self.versions[v].calls;
            (calls.iter()).any(|to| self.versions[*to].state != State::Ready)
        };
        let lost: Vec<usize> = (0..self.versions.len()).filter(|v| is_lost(*v)).collect();
        lost.into_iter().for_each(|v| self.drop_version(v));
        Err(Refused::Failed)
    }

    fn want_function(
        &mut self,
        key: Key,
        code: &Code,
        args: Vec<Option<Ty>>,
        callee: CalleeAt,
    ) -> usize {
        let found = (self.versions.iter()).position(|v| {
            v.key == key
                && v.ip == 0
                && v.part.is_none()
                && v.args == args
                && v.callee == callee
                && matches!(v.state, State::Wanted | State::Ready)
        });
        if let Some(found) = found {
            return found;
        }
        let mut entry: Vec<Entry> = (args.iter())
            .map(|ty| ty.map_or(Entry::Any, Entry::Val))
            .collect();
        // Other slots begin empty.
        entry.resize(
            usize::from(code.own_slots).max(entry.len()),
            Entry::Val(Ty::Undef),
        );
        entry.resize(code.registers.into(), Entry::Plain);
        let gives = single_type(self.profile(key).returns);
        self.add(Version {
            args,
            callee,
            gives,
            ..Version::wanted(key, 0, entry)
        })
    }

    fn want_loop(
        &mut self,
        key: Key,
        code: &Code,
        (ip, part, flow): (u32, usize, &Flow),
        registers: &[Value],
    ) -> usize {
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
        self.add(Version {
            part: Some(part),
            callee: CalleeAt::Entry,
            ..Version::wanted(key, ip, entry)
        })
    }

    /// Compiles a version, and those that it calls.
    fn compile(&mut self, first: usize, code: &Code, scene: &Scene<'_>) -> Result<(), Refused> {
        let mut open = vec![first];
        let mut built: Vec<usize> = Vec::new();
        let mut failed: Vec<(usize, Refused)> = Vec::new();
        while let Some(number) = open.pop() {
            if self.versions[number].state != State::Wanted
                || built.contains(&number)
                || failed.iter().any(|(n, _)| *n == number)
            {
                continue;
            }
            let version = &self.versions[number];
            let own = match number == first {
                true => Some(code),
                false => (scene.code)(version.key.unit, version.args.len() as u8),
            };
            let done = own
                .ok_or(Refused::Failed)
                .and_then(|own| self.build_one(number, own, scene));
            match done {
                Ok(()) => {
                    open.extend(&self.versions[number].calls);
                    built.push(number);
                }
                Err(refused) => failed.push((number, refused)),
            }
        }
        // Who calls what cannot be compiled cannot be, either.
        loop {
            let lost = built.iter().position(|number| {
                let calls = &self.versions[*number].calls;
                calls.iter().any(|to| failed.iter().any(|(n, _)| n == to))
            });
            let Some(lost) = lost else { break };
            failed.push((built.swap_remove(lost), Refused::Slow(0)));
        }
        let mut made = Vec::new();
        for number in built {
            match self.emit_one(number) {
                Some(bytes) => made.push((number, bytes)),
                // Others may call it by now: none of them can be had.
                None => {
                    failed.extend(made.drain(..).map(|(n, _)| (n, Refused::Failed)));
                    failed.push((number, Refused::Failed));
                    break;
                }
            }
        }
        for (number, refused) in &failed {
            let version = &mut self.versions[*number];
            version.state = State::Gone;
            let (key, ip) = (version.key, version.ip);
            let spot = self
                .units
                .entry(key)
                .or_default()
                .places
                .entry(ip)
                .or_default();
            if *refused != Refused::Later {
                spot.refused.get_or_insert(*refused);
            }
        }
        self.place(made)?;
        let refused = failed
            .iter()
            .find(|(n, _)| *n == first)
            .map(|(_, why)| *why);
        refused.map_or(Ok(()), Err)
    }

    /// Places what was made, all or nothing of it, for one may call the other.
    fn place(&mut self, made: Vec<(usize, Vec<u8>)>) -> Result<(), Refused> {
        let all: Vec<usize> = made.iter().map(|(number, _)| *number).collect();
        let placed = self.place_all(made);
        if placed.is_err() {
            for number in all {
                self.drop_version(number);
                self.versions[number].state = State::Gone;
            }
        }
        placed
    }

    /// Places each its code, and the way in to it.
    fn place_all(&mut self, made: Vec<(usize, Vec<u8>)>) -> Result<(), Refused> {
        for (number, bytes) in made {
            self.may_fail().ok_or(Refused::Failed)?;
            let version = &self.versions[number];
            let cell = &raw const *version.cell as usize;
            let boxed = match version.part {
                Some(_) => Some(Vec::new()),
                None => {
                    let (args, gives) = (version.args.clone(), version.gives);
                    let emitted = self.emitter.boxed(cell, &args, gives);
                    emitted.map(|emitted| emitted.code)
                }
            };
            let boxed_len = boxed.as_ref().map_or(0, Vec::len);
            let placed = boxed.and_then(|boxed| self.region.place(&[&bytes, &boxed]));
            let version = &mut self.versions[number];
            let placed = placed.ok_or(Refused::Failed)?;
            *version.cell = placed.starts[0];
            version.boxed = match version.part {
                Some(_) => placed.starts[0],
                None => placed.starts[1],
            };
            let lens = [bytes.len(), boxed_len];
            let pieces: Vec<_> = placed.starts.iter().copied().zip(lens).collect();
            self.listings.placed(number, &pieces);
            version.placed = Some(placed);
            version.state = State::Ready;
            self.compiled += 1;
            let (key, ip) = (version.key, version.ip);
            let spot = self
                .units
                .entry(key)
                .or_default()
                .places
                .entry(ip)
                .or_default();
            spot.versions.push(number);
            spot.compiled += 1;
        }
        Ok(())
    }

    /// Builds a version in the middle.
    fn build_one(&mut self, number: usize, code: &Code, scene: &Scene<'_>) -> Result<(), Refused> {
        let key = self.versions[number].key;
        if code.is_wide() {
            return Err(Refused::Size);
        }
        let flow = self.flow(key, code, scene.ops).ok_or(Refused::Shape)?;
        let profile = self.profile(key).clone();
        // Code of a VM is made for one heap.
        if self.salt == 0 {
            self.salt = scene.salt;
        }
        let own_heap = self.salt == scene.salt;
        let version = &self.versions[number];
        let source = Source {
            code,
            flow: &flow,
            profile: &profile,
            policy: scene.policy,
            symbols: scene.symbols,
            ops: scene.ops,
            chunk: scene.chunk,
            operators: scene.operators,
            known: if own_heap { scene.known } else { &[] },
            part: version.part,
            entry: version.entry.clone(),
            callee: version.callee,
            gives: version.gives,
            eager: self.config.eager,
        };
        let gives = version.gives;
        let mut callees = Wanting {
            jit: self,
            scene,
            program: key,
            calls: Vec::new(),
        };
        let mut f = build(&source, &mut callees)?;
        let calls = callees.calls;
        passes::early(&mut f);
        self.arenas = self.arenas.max(f.arena as usize + 1);
        let version = &mut self.versions[number];
        let ip = version.part.map(|_| version.ip);
        (self.listings).built(number, (code, scene.chunk), ip, &version.entry);
        version.calls = calls;
        version.body = Some(Arc::new(Body {
            f,
            gives,
            units: vec![key.unit],
        }));
        Ok(())
    }

    /// For tests: fails as the code generator may.
    fn may_fail(&mut self) -> Option<()> {
        if self.config.fail == 0 {
            return Some(());
        }
        self.asked += 1;
        let turn = u64::from(self.asked / self.config.fail) ^ self.config.seed;
        match (self.asked % self.config.fail, turn % 2) {
            (0, 0) => resume_unwind(Box::new("the code generator fails, as it was told to")),
            (0, _) => None,
            _ => Some(()),
        }
    }

    /// Machine code of a version that was built.
    fn emit_one(&mut self, number: usize) -> Option<Vec<u8>> {
        self.may_fail()?;
        let version = &self.versions[number];
        let body = version.body.clone()?;
        let mut f = body.f.clone();
        let mut units = body.units.clone();
        let of = |version: usize| self.versions[version].body.clone();
        passes::inline::run(&mut f, &mut units, &of);
        passes::late(&mut f);
        let facts = Facts::of(&f);
        let target = Target {
            number: number as u32,
            stress: self.config.stress,
            args: version.args.iter().flatten().copied().collect(),
            gives: version.gives,
            is_loop: version.part.is_some(),
        };
        let table: Vec<Callee> = (self.versions.iter())
            .map(|v| Callee {
                cell: &raw const *v.cell as usize,
                args: v.args.iter().flatten().copied().collect(),
                gives: v.gives,
            })
            .collect();
        let listed = self.listings.is_kept();
        let emitted = (self.emitter).unit(&f, &facts, &target, &table, listed)?;
        self.listings.emitted(number, &f, &emitted);
        let version = &mut self.versions[number];
        version.bytes = emitted.code.len();
        version.units = units;
        version.keeps = std::mem::take(&mut f.keeps);
        version.makers = std::mem::take(&mut f.makers);
        version.exits = (f.exits.into_iter())
            .map(|exit| Exited {
                why: exit.why,
                frames: exit.frames,
                times: 0,
                taken: 0,
            })
            .collect();
        Some(emitted.code)
    }

    /// Where code finds what the heap keeps beside objects, and whose that is: nothing of a heap that it was not
    /// made for.
    pub(crate) fn shapes(&mut self, heap: &Heap) -> (*const Vec<Shaped>, u32) {
        let (tables, salt) = heap.shape_tables();
        if salt == self.salt && tables.len() >= self.arenas {
            return (tables.as_ptr(), salt);
        }
        let arenas = self.arenas;
        if self.blank.len() < arenas {
            self.blank.resize_with(arenas, || vec![Shaped::default()]);
        }
        (self.blank.as_ptr(), 0)
    }

    /// Listings of what was compiled.
    pub(crate) fn listing(&self) -> String {
        self.listings.text()
    }

    /// What makes an object for a version.
    pub(crate) fn maker(&self, version: u32, number: u32) -> Option<&Maker> {
        let version = self.versions.get(version as usize)?;
        version.makers.get(number as usize)
    }

    /// The way in, and what keeps count of it.
    pub(crate) fn begin(&mut self, version: usize) -> Door {
        self.inside += 1;
        let version = &mut self.versions[version];
        version.entered += 1;
        self.entries += 1;
        // Another way through the guards each time (the multiplier is that of SplitMix64).
        let turn = self.config.seed.wrapping_add(version.entered);
        Door::of(version.boxed, turn.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Whether a version is a loop, which is never returned from.
    pub(crate) fn is_loop(&self, version: usize) -> bool {
        self.versions[version].part.is_some()
    }

    /// Machine code has ended.
    pub(crate) fn end(&mut self) {
        self.inside -= 1;
        if self.inside == 0 {
            for placed in std::mem::take(&mut self.garbage) {
                self.region.free(&placed);
            }
        }
    }

    /// The innermost frame of an exit, and its unit.
    pub(crate) fn site(&self, exited: super::Exited) -> Option<(u32, At)> {
        let version = &self.versions[exited.version as usize];
        let at = version.exits[exited.exit as usize].frames.first()?;
        Some((version.units[usize::from(at.unit)], *at))
    }

    /// The frames of an exit with their units, outermost first.
    pub(crate) fn frames(&self, exited: super::Exited) -> impl Iterator<Item = (u32, At)> {
        let version = &self.versions[exited.version as usize];
        let frames = version.exits[exited.exit as usize].frames.iter().rev();
        frames.map(|at| (version.units[usize::from(at.unit)], *at))
    }

    /// Why an exit was taken, of which note is taken.
    pub(crate) fn why(&mut self, exited: super::Exited) -> Why {
        let exit = &mut self.versions[exited.version as usize].exits[exited.exit as usize];
        exit.taken += 1;
        self.exits += 1;
        exit.why
    }

    /// The end of this thread's native stack, found once for a thread.
    pub(crate) fn floor(&mut self, find: fn() -> usize) -> usize {
        let thread = std::thread::current().id();
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
        self.drop_version(number as usize);
        let recompiles = self.config.recompiles;
        let spot = self
            .units
            .entry(key)
            .or_default()
            .places
            .entry(ip)
            .or_default();
        let compiled = spot.compiled;
        if compiled > recompiles {
            spot.refused = Some(Refused::Kinds);
        }
        if let Some((unit, at)) = self.site(exited) {
            self.see_anew(key, (unit, at.ip), compiled);
            // What was built in there is built anew, too.
            let of = Key { unit, ..key };
            for v in 0..self.versions.len() {
                if self.versions[v].key == of {
                    self.drop_version(v);
                }
            }
        }
        true
    }

    /// Drops a version, and those that call it.
    fn drop_version(&mut self, number: usize) {
        let mut open = vec![number];
        while let Some(at) = open.pop() {
            if self.versions[at].state != State::Ready {
                continue;
            }
            self.versions[at].state = State::Gone;
            self.garbage.extend(self.versions[at].placed.take());
            let (key, ip) = (self.versions[at].key, self.versions[at].ip);
            if let Some(spot) = (self.units.get_mut(&key)).and_then(|u| u.places.get_mut(&ip)) {
                spot.versions.retain(|v| *v != at);
            }
            open.extend((0..self.versions.len()).filter(|v| self.versions[*v].calls.contains(&at)));
        }
    }

    /// Drops all code: functions are no longer what they were.
    pub(crate) fn drop_all(&mut self) {
        (0..self.versions.len()).for_each(|v| self.drop_version(v));
        self.clean(|_| true);
    }

    /// Forgets programs that are gone, while nothing runs.
    pub(crate) fn forget(&mut self, gone: &[u64]) {
        if gone.is_empty() || self.units.is_empty() {
            return;
        }
        let is_gone = |key: &Key| gone.contains(&key.program);
        for v in 0..self.versions.len() {
            if is_gone(&self.versions[v].key) {
                self.drop_version(v);
            }
        }
        self.units.retain(|key, _| !is_gone(key));
        self.clean(is_gone);
    }

    /// Gives the numbers of versions that are not in use free, and their memory, if nothing runs.
    fn clean(&mut self, of: impl Fn(&Key) -> bool) {
        if self.inside > 0 {
            return;
        }
        for placed in std::mem::take(&mut self.garbage) {
            self.region.free(&placed);
        }
        for (number, version) in self.versions.iter_mut().enumerate() {
            if version.state != State::Free && of(&version.key) {
                version.state = State::Free;
                (version.exits, version.calls) = (Vec::new(), Vec::new());
                version.bytes = 0;
                self.free.push(number);
            }
        }
    }

    /// Takes note of a version that is to be; its number.
    fn add(&mut self, version: Version) -> usize {
        match self.free.pop() {
            Some(number) => {
                self.versions[number] = version;
                number
            }
            None => {
                self.versions.push(version);
                self.versions.len() - 1
            }
        }
    }
}

impl Version {
    /// One that is still to be compiled.
    fn wanted(key: Key, ip: u32, entry: Vec<Entry>) -> Version {
        Version {
            key,
            units: vec![key.unit],
            ip,
            part: None,
            entry,
            args: Vec::new(),
            callee: CalleeAt::Nothing,
            gives: None,
            cell: Box::new(0),
            boxed: 0,
            placed: None,
            exits: Vec::new(),
            calls: Vec::new(),
            body: None,
            keeps: Vec::new(),
            makers: Vec::new(),
            state: State::Wanted,
            entered: 0,
            bytes: 0,
        }
    }

    /// Whether it is for what a function is called through: by a value, which may stand below its window.
    fn is_through(&self, looks: bool, (callee, below): (Option<Handle>, Option<&Value>)) -> bool {
        match self.callee {
            CalleeAt::Nothing => !looks || callee.is_none(),
            CalleeAt::Entry => true,
            CalleeAt::Is(is) => callee == Some(is),
            CalleeAt::Below => match below {
                Some(Value::Obj(below)) => callee == Some(*below),
                _other => false,
            },
        }
    }

    fn fits(&self, registers: &[Value]) -> bool {
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

/// Finds versions for calls.
struct Wanting<'a, 'b> {
    jit: &'a mut Jit,
    scene: &'a Scene<'b>,
    program: Key,
    calls: Vec<usize>,
}

impl Callees for Wanting<'_, '_> {
    fn version(
        &mut self,
        function: u32,
        through: Option<CalleeAt>,
        args: &[Option<Ty>],
    ) -> Result<Found, Refused> {
        let slow = Refused::Slow(0);
        if through.is_none() && !(self.scene.is_bound)(function) {
            return Err(slow);
        }
        let code = (self.scene.code)(function, args.len() as u8).ok_or(slow)?;
        let key = Key {
            unit: function,
            ..self.program
        };
        if code.is_wide() || self.jit.is_refused(key, 0) {
            return Err(slow);
        }
        if self.jit.profile(key).is_empty() {
            return Err(Refused::Later);
        }
        let flow = self.jit.flow(key, code, self.scene.ops);
        let looks = flow.is_some_and(|flow| flow.looks_at_callee);
        let callee = through.filter(|_| looks).unwrap_or(CalleeAt::Nothing);
        let number = self.jit.want_function(key, code, args.to_vec(), callee);
        if !self.calls.contains(&number) {
            self.calls.push(number);
        }
        Ok(Found {
            version: number,
            gives: self.jit.versions[number].gives,
        })
    }
}
