//! What is compiled in one go: a version, and those that it calls as far as there are none yet.
//!
//! A [`Batch`] has all it is made from, as it was when it was asked for: another thread may run it while
//! the VM goes on. What the VM learns meanwhile makes nothing wrong: machine code checks what it assumes of
//! values, and what it assumes of functions, and of versions that were there, the VM looks at again before
//! it places what was made ([`Tier`](super::tier)).

use super::build::{Callees, Entry, Found, Refused, Source, build};
use super::config::JitConfig;
use super::emit::{Callee, Emitter, Target};
use super::flow::Flow;
use super::ir::{CalleeAt, Func, Inst, Lib, Ty};
use super::listing::Listings;
use super::passes::inline::Body;
use super::passes::{self, Facts};
use super::profile::{Profile, single_type};
use super::tier::Key;
use super::versions::{Exited, Face, Made, Version};
use crate::chunk::Chunk;
use crate::ext::{OpDesc, OpTable};
use crate::heap::Knowledge;
use crate::lower::{Code, Form};
use crate::semantics::Policy;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A loaded program, as far as compiling looks at it.
pub(crate) trait Loaded: Send + Sync {
    fn policy(&self) -> Policy;

    /// Symbols of the names.
    fn symbols(&self) -> &[u32];

    fn ops(&self) -> &[&'static OpDesc];

    /// For each op the number of its place among those with a memory; nothing if no op keeps one.
    fn places(&self) -> &[u32];

    fn chunk(&self) -> &Chunk;

    /// Whether ops of the language take numbers of other kinds.
    fn coerces(&self) -> bool;

    /// The language's ops in place of those on numbers.
    fn operators(&self) -> Option<&'static OpTable>;

    /// The code of a unit that has run.
    fn made(&self, unit: u32, form: Form) -> Option<&Code>;

    /// The code of a function for so many arguments.
    fn code(&self, function: u32, argc: u8, form: Form) -> Option<&Code>;
}

/// What the VM knew of a unit.
#[derive(Debug)]
pub(super) struct Known {
    /// Its shape, if somebody has looked for it.
    pub(super) flow: Option<Option<Arc<Flow>>>,
    pub(super) profile: Arc<Profile>,
    /// Whether it stays interpreted when it is called.
    pub(super) is_refused: bool,
}

/// A version that the VM had.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) number: usize,
    pub(super) face: Arc<Face>,
    pub(super) body: Arc<Body>,
    pub(super) calls_out: bool,
}

/// What is to be compiled, with what is known of it.
pub(super) struct Batch {
    pub(super) program: Arc<dyn Loaded>,
    pub(super) key: Key,
    pub(super) form: Form,
    /// The version that is wanted.
    pub(super) wish: Wish,
    /// Whether a version for its place was given up because something was out of range.
    pub(super) again: bool,
    /// By number of unit.
    pub(super) units: HashMap<u32, Known>,
    /// By number of function, whether its name stands for it.
    pub(super) bound: Arc<[bool]>,
    /// What ops have said of shapes, by place.
    pub(super) shapes: Vec<Knowledge>,
    /// Whether there is what keeps registers over calls that are rare.
    pub(super) has_keeper: bool,
    /// How often the code generator was asked for something, for `fail`.
    pub(super) asked: u32,
    /// Versions of functions of the program.
    pub(super) present: Vec<Present>,
    /// Numbers for what is made: these, from the end, and then from there on.
    pub(super) numbers: (Vec<usize>, usize),
    pub(super) config: JitConfig,
}

/// A version of the unit that a batch is for.
#[derive(Debug)]
pub(super) enum Wish {
    /// The function, for arguments of these types, `None` for one in memory, called through that.
    Function(Vec<Option<Ty>>, CalleeAt),
    /// That loop, from that instruction on, with that in the registers.
    Loop(usize, u32, Vec<Entry>),
}

/// What came of a batch.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The version that was wanted.
    pub(super) first: Option<usize>,
    /// All versions that were made, of which one may call the other.
    pub(super) made: Vec<Made>,
    /// Why there is no version of what was wanted, and for people because of which instruction.
    pub(super) refused: Option<(Refused, Option<String>)>,
    /// Functions that cannot be called in machine code, by number.
    pub(super) failed: Vec<(u32, Refused)>,
    /// Shapes that nobody had looked for.
    pub(super) flows: Vec<(u32, Option<Arc<Flow>>)>,
    pub(super) listings: Listings,
    /// The code of what keeps registers over calls that are rare, where there was none and there is to be.
    pub(super) keeper: Option<Vec<u8>>,
    /// What it took.
    pub(super) time: Duration,
}

impl Done {
    fn refused(why: Refused) -> Done {
        Done {
            refused: Some((why, None)),
            ..Done::default()
        }
    }
}

impl Batch {
    /// Whether Cranelift is to check what it is given.
    pub(super) fn checks(&self) -> bool {
        self.config.check
    }

    /// Makes machine code. Where the code generator panics its state is no good any more, and what it was at
    /// stays interpreted. Ends early, with nothing, when nobody wants it any more.
    pub(super) fn run(&self, emitter: &mut Option<Emitter>, is_wanted: &dyn Fn() -> bool) -> Done {
        let begin = Instant::now();
        if emitter.is_none() {
            *emitter = Emitter::new(self.config.check);
        }
        let compile = AssertUnwindSafe(|| match emitter.as_mut() {
            Some(emitter) => {
                emitter.wants_keeper = false;
                let mut done = Making::new(self, is_wanted).all(emitter);
                if !self.has_keeper && emitter.wants_keeper {
                    done.keeper = emitter.keeper();
                    if done.keeper.is_none() {
                        return Done::refused(Refused::Failed);
                    }
                }
                done
            }
            None => Done::refused(Refused::Failed),
        });
        let mut done = catch_unwind(compile).unwrap_or_else(|_| {
            *emitter = None;
            Done::refused(Refused::Failed)
        });
        done.time = begin.elapsed();
        done
    }
}

/// A batch on its way.
struct Making<'a> {
    batch: &'a Batch,
    is_wanted: &'a dyn Fn() -> bool,
    /// What is made, first of all what was asked for.
    drafts: Vec<Draft>,
    numbers: (Vec<usize>, usize),
    asked: u32,
    flows: HashMap<u32, Option<Arc<Flow>>>,
    listings: Listings,
}

/// A version on its way.
struct Draft {
    number: usize,
    ip: u32,
    part: Option<usize>,
    entry: Vec<Entry>,
    face: Arc<Face>,
    calls: Vec<usize>,
    state: Draw,
}

enum Draw {
    Wanted,
    Built(Arc<Body>),
    Failed(Refused),
}

impl<'a> Making<'a> {
    fn new(batch: &'a Batch, is_wanted: &'a dyn Fn() -> bool) -> Self {
        Making {
            batch,
            is_wanted,
            drafts: Vec::new(),
            numbers: batch.numbers.clone(),
            asked: batch.asked,
            flows: HashMap::new(),
            listings: Listings::of(&batch.config),
        }
    }

    fn all(mut self, emitter: &mut Emitter) -> Done {
        let (program, form) = (&self.batch.program, self.batch.form);
        let Some(code) = program.made(self.batch.key.unit, form) else {
            return Done::refused(Refused::Failed);
        };
        let first = match &self.batch.wish {
            Wish::Function(args, callee) => {
                self.want_function(self.batch.key.unit, code, args, *callee)
            }
            Wish::Loop(part, ip, entry) => {
                let face = Face::new(self.batch.key.unit, Vec::new(), CalleeAt::Entry, None);
                self.want((*ip, Some(*part)), entry.clone(), face)
            }
        };
        if self.drafts.is_empty() {
            // It is there.
            return Done {
                first: Some(first),
                ..Done::default()
            };
        }
        self.build_all(first, code);
        let made = self.emit_all(emitter);
        let mut done = Done {
            first: Some(first),
            made,
            flows: self.flows.into_iter().collect(),
            listings: self.listings,
            ..Done::default()
        };
        for draft in self.drafts {
            let Draw::Failed(why) = draft.state else {
                continue;
            };
            if draft.number == first {
                let said = match why {
                    Refused::Slow(at) => code.plain.get(at as usize),
                    _other => None,
                };
                done.refused = Some((why, said.map(|ins| format!("{ins:?}"))));
            } else if why != Refused::Later {
                done.failed.push((draft.face.unit, why));
            }
        }
        done
    }

    /// Builds the first one, and those that are called.
    fn build_all(&mut self, first: usize, code: &Code) {
        let (batch, form) = (self.batch, self.batch.form);
        let mut open = vec![first];
        while let Some(number) = open.pop() {
            let Some(at) = self.draft(number) else {
                continue;
            };
            let draft = &self.drafts[at];
            if !matches!(draft.state, Draw::Wanted) {
                continue;
            }
            let face = draft.face.clone();
            let code = match number == first {
                true => Some(code),
                false => (batch.program).code(face.unit, face.args.len() as u8, form),
            };
            let done = match (self.is_wanted)() {
                true => code.ok_or(Refused::Failed),
                false => Err(Refused::Later),
            };
            match done.and_then(|code| self.build_one(at, code)) {
                Ok(body) => {
                    self.drafts[at].state = Draw::Built(Arc::new(body));
                    open.extend(&self.drafts[at].calls);
                }
                Err(refused) => self.drafts[at].state = Draw::Failed(refused),
            }
        }
        // Who calls what cannot be compiled cannot be, either, but may do without it.
        loop {
            let failed = |to: &usize| {
                let draft = self.drafts.iter().find(|draft| draft.number == *to);
                draft.is_some_and(|draft| matches!(draft.state, Draw::Failed(_)))
            };
            let lost = self.drafts.iter().position(|draft| {
                matches!(draft.state, Draw::Built(_)) && draft.calls.iter().any(failed)
            });
            let Some(lost) = lost else { break };
            self.drafts[lost].state = Draw::Failed(Refused::Later);
        }
    }

    /// Builds a version in the middle.
    fn build_one(&mut self, at: usize, code: &Code) -> Result<Body, Refused> {
        let batch = self.batch;
        if code.is_wide() {
            return Err(Refused::Size);
        }
        let draft = &self.drafts[at];
        let (number, face, part) = (draft.number, draft.face.clone(), draft.part);
        let (ip, entry) = (draft.ip, draft.entry.clone());
        let flow = self.flow(face.unit, code).ok_or(Refused::Shape)?;
        let unseen = Profile::default();
        let known = batch.units.get(&face.unit);
        let source = Source {
            code,
            flow: &flow,
            profile: known.map_or(&unseen, |known| &known.profile),
            policy: batch.program.policy(),
            symbols: batch.program.symbols(),
            ops: batch.program.ops(),
            places: batch.program.places(),
            chunk: batch.program.chunk(),
            coerce: batch.program.coerces(),
            operators: batch.program.operators(),
            known: &batch.shapes,
            part,
            entry,
            callee: face.callee,
            gives: face.gives,
            eager: batch.config.eager,
        };
        let mut wanting = Wanting {
            making: self,
            calls: Vec::new(),
        };
        let mut f = build(&source, &mut wanting)?;
        let calls = wanting.calls;
        let more = passes::early(&mut f);
        let of = (code, batch.program.chunk());
        (self.listings).built(number, of, part.map(|_| ip), &source.entry);
        self.drafts[at].calls = calls;
        Ok(Body {
            f,
            gives: face.gives,
            units: vec![face.unit],
            more,
        })
    }

    fn flow(&mut self, unit: u32, code: &Code) -> Option<Arc<Flow>> {
        let known = self.batch.units.get(&unit);
        if let Some(flow) = known.and_then(|known| known.flow.as_ref()) {
            return flow.clone();
        }
        let ops = self.batch.program.ops();
        let made = || Flow::of(code, ops).map(Arc::new);
        self.flows.entry(unit).or_insert_with(made).clone()
    }

    /// Machine code of all that were built, or of none of them, for others may call them by now.
    fn emit_all(&mut self, emitter: &mut Emitter) -> Vec<Made> {
        let outs = self.outs();
        let table = self.table(&outs);
        let mut made = Vec::new();
        for (at, calls_out) in outs.into_iter().enumerate() {
            let Draw::Built(body) = &mut self.drafts[at].state else {
                continue;
            };
            let (f, body) = (Body::take(body), body.clone());
            let emitted = match (self.is_wanted)() {
                true => self.emit_one(at, (f, body), &table, emitter),
                false => None,
            };
            let Some(mut one) = emitted else {
                for draft in &mut self.drafts {
                    if let Draw::Built(_) = draft.state {
                        draft.state = Draw::Failed(Refused::Failed);
                    }
                }
                return Vec::new();
            };
            one.version.calls_out = calls_out;
            made.push(one);
        }
        made
    }

    /// Which drafts run what may have the whole VM, or call one that does.
    fn outs(&self) -> Vec<bool> {
        let runs = |draft: &Draft| match &draft.state {
            Draw::Built(body) => {
                (body.f).any(|inst| matches!(inst, Inst::Lib { lib: Lib::Out, .. }))
            }
            _other => false,
        };
        let mut outs: Vec<bool> = self.drafts.iter().map(runs).collect();
        loop {
            let is_out = |number: &usize| match self.draft(*number) {
                Some(at) => outs[at],
                None => self
                    .present(*number)
                    .is_some_and(|present| present.calls_out),
            };
            let calls = |at: &usize| !outs[*at] && self.drafts[*at].calls.iter().any(is_out);
            let Some(next) = (0..outs.len()).find(calls) else {
                return outs;
            };
            outs[next] = true;
        }
    }

    /// Machine code of a version that was built.
    fn emit_one(
        &mut self,
        at: usize,
        (mut f, body): (Func, Arc<Body>),
        table: &[Callee],
        emitter: &mut Emitter,
    ) -> Option<Made> {
        self.may_fail()?;
        let mut units = body.units.clone();
        let changed = passes::inline::run(&mut f, &mut units, &|version| self.body(version));
        let order = passes::late(&mut f, (changed, body.more), self.batch.again);
        let facts = Facts::of(&f, order);
        let draft = &self.drafts[at];
        let (number, face) = (draft.number, draft.face.clone());
        let target = Target {
            number: number as u32,
            stress: self.batch.config.stress,
            args: face.args.iter().flatten().copied().collect(),
            gives: face.gives,
            is_loop: draft.part.is_some(),
        };
        let listed = self.listings.is_kept();
        let emitted = emitter.unit(&f, &facts, &target, table, listed)?;
        self.listings.emitted(number, &f, &emitted);
        let boxed = match draft.part {
            Some(_) => None,
            None => Some(emitter.boxed(&face.args, face.gives)?),
        };
        let key = Key {
            unit: face.unit,
            ..self.batch.key
        };
        let place = (key, draft.ip, draft.part);
        let mut version = Version::new(place, draft.entry.clone(), face, body);
        version.bytes = emitted.code.len() - emitted.before;
        version.calls = draft.calls.clone();
        version.units = units;
        version.keeps = std::mem::take(&mut f.keeps);
        version.makers = std::mem::take(&mut f.makers);
        version.arena = f.arena;
        let windows = calls(&f);
        version.leaves_plain = f.leaves_plain()
            && !draft
                .entry
                .iter()
                .any(|entry| matches!(entry, Entry::Any | Entry::Tag(_)));
        version.exits = (f.exits.into_iter())
            .map(|exit| Exited {
                why: exit.why,
                frames: exit.frames,
                below: 0,
                times: 0,
                taken: 0,
            })
            .collect();
        for (after, window) in windows {
            version.exits[after].below = window;
        }
        Some(Made {
            number,
            version,
            code: emitted.code,
            before: emitted.before,
            boxed,
        })
    }

    /// For tests: fails as the code generator may.
    fn may_fail(&mut self) -> Option<()> {
        let config = &self.batch.config;
        if config.fail == 0 {
            return Some(());
        }
        self.asked += 1;
        let turn = u64::from(self.asked / config.fail) ^ config.seed;
        match (self.asked % config.fail, turn % 2) {
            (0, 0) => resume_unwind(Box::new("the code generator fails, as it was told to")),
            (0, _) => None,
            _ => Some(()),
        }
    }

    /// What calls go to, by number of version.
    fn table(&self, outs: &[bool]) -> Vec<Callee> {
        let present = (self.batch.present.iter()).map(|p| (p.number, &p.face, p.calls_out));
        let drafts = (self.drafts.iter().zip(outs)).map(|(d, out)| (d.number, &d.face, *out));
        let all: Vec<(usize, &Arc<Face>, bool)> = present.chain(drafts).collect();
        let len = all.iter().map(|(number, ..)| number + 1).max().unwrap_or(0);
        let nothing = Callee {
            cell: 0,
            args: Vec::new(),
            gives: None,
            calls_out: false,
        };
        let mut table = vec![nothing; len];
        for (number, face, calls_out) in all {
            table[number] = Callee {
                cell: face.cell(),
                args: face.args.iter().flatten().copied().collect(),
                gives: face.gives,
                calls_out,
            };
        }
        table
    }

    /// What callers may build in.
    fn body(&self, number: usize) -> Option<Arc<Body>> {
        if let Some(at) = self.draft(number) {
            return match &self.drafts[at].state {
                Draw::Built(body) => Some(body.clone()),
                _other => None,
            };
        }
        Some(self.present(number)?.body.clone())
    }

    fn present(&self, number: usize) -> Option<&Present> {
        let mut present = self.batch.present.iter();
        present.find(|present| present.number == number)
    }

    fn draft(&self, number: usize) -> Option<usize> {
        (self.drafts.iter()).position(|draft| draft.number == number)
    }

    fn gives(&self, number: usize) -> Option<Ty> {
        let present = self.batch.present.iter().map(|p| (p.number, &p.face));
        let drafts = self.drafts.iter().map(|draft| (draft.number, &draft.face));
        let mut all = drafts.chain(present);
        all.find(|(of, _)| *of == number)?.1.gives
    }

    /// The version of a function for those arguments, which is to be made if there is none.
    fn want_function(
        &mut self,
        unit: u32,
        code: &Code,
        args: &[Option<Ty>],
        callee: CalleeAt,
    ) -> usize {
        let fits = |face: &Face| face.unit == unit && face.args == args && face.callee == callee;
        let draft = self.drafts.iter();
        let mut draft = draft.filter(|draft| draft.part.is_none() && fits(&draft.face));
        let mut present = self.batch.present.iter().filter(|p| fits(&p.face));
        let found = (draft.next().map(|draft| draft.number))
            .or_else(|| present.next().map(|present| present.number));
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
        let known = self.batch.units.get(&unit);
        let gives = known.and_then(|known| single_type(known.profile.returns));
        let face = Face::new(unit, args.to_vec(), callee, gives);
        self.want((0, None), entry, face)
    }

    /// Takes note of a version that is to be; its number.
    fn want(&mut self, (ip, part): (u32, Option<usize>), entry: Vec<Entry>, face: Face) -> usize {
        let number = self.numbers.0.pop().unwrap_or_else(|| {
            self.numbers.1 += 1;
            self.numbers.1 - 1
        });
        self.drafts.push(Draft {
            number,
            ip,
            part,
            entry,
            face: Arc::new(face),
            calls: Vec::new(),
            state: Draw::Wanted,
        });
        number
    }
}

/// For each call how the frame goes on behind it, and where the callee's window begins.
fn calls(f: &Func) -> Vec<(usize, u16)> {
    let insts = f.blocks.iter().flat_map(|block| &block.insts);
    let calls = insts.filter_map(|v| match f.inst(*v) {
        Inst::Call { after, window, .. } => Some((*after, *window)),
        _other => None,
    });
    calls.collect()
}

/// Finds versions for calls.
struct Wanting<'a, 'b> {
    making: &'a mut Making<'b>,
    calls: Vec<usize>,
}

impl Callees for Wanting<'_, '_> {
    fn version(
        &mut self,
        function: u32,
        through: Option<CalleeAt>,
        args: &[Option<Ty>],
    ) -> Result<Found, Refused> {
        let (slow, batch) = (Refused::Slow(0), self.making.batch);
        if through.is_none() && batch.bound.get(function as usize) != Some(&true) {
            return Err(slow);
        }
        let code = (batch.program).code(function, args.len() as u8, batch.form);
        let code = code.ok_or(slow)?;
        let known = batch.units.get(&function);
        if code.is_wide() || known.is_some_and(|known| known.is_refused) {
            return Err(slow);
        }
        if known.is_none_or(|known| known.profile.is_empty()) {
            return Err(Refused::Later);
        }
        let flow = self.making.flow(function, code);
        let looks = flow.is_some_and(|flow| flow.looks_at_callee);
        let callee = through.filter(|_| looks).unwrap_or(CalleeAt::Nothing);
        let number = self.making.want_function(function, code, args, callee);
        if !self.calls.contains(&number) {
            self.calls.push(number);
        }
        Ok(Found {
            version: number,
            gives: self.making.gives(number),
        })
    }
}
