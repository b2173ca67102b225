//! Programs at random that verify by construction.
//!
//! A [`Writer`] appends statements and expressions, each of which leaves the stack as it says: all
//! values, all ops that need no shell, branches, loops, scopes, blocks inside blocks, functions that
//! call each other, fused ops and the sequences they stand for. Loops count up to a bound and calls
//! count down, but what a program computes may still be large: it runs under fuel.

mod expression;
mod language;
mod outcome;
mod random;
mod shift;
mod statement;
mod tight;

pub(crate) use language::{Generated, with_ops};
pub(crate) use outcome::{Outcome, Setting, overlay_is_exact};
pub(crate) use random::Random;
pub(crate) use shift::shifted;

use fusevm::{Chunk, ChunkBuilder, Flags, Op, Opcode, Operands, Policy, Unset, Value, ZeroDiv};

/// The ops that compute a value from values, by the number of their inputs; as the op table has them.
pub(crate) struct Forms {
    unary: Vec<Op>,
    binary: Vec<Op>,
}

impl Forms {
    pub(crate) fn new() -> Self {
        let pure = |inputs: usize| {
            let computes = |code: &&Opcode| {
                let info = code.info();
                let plain = info.operands.is_empty() && info.flags.has(Flags::PURE);
                plain && info.inputs.len() == inputs && info.outputs.len() == 1
            };
            let op = |code: &Opcode| Chunk::parse(code.info().name).expect("it parses").ops()[0];
            Opcode::ALL.iter().filter(computes).map(op).collect()
        };
        Self {
            unary: pure(1),
            binary: pure(2),
        }
    }
}

/// A function of the program: its last argument says how many calls deep it may still go.
#[derive(Clone, Copy)]
struct Function {
    name: u16,
    /// `None` for any number.
    arity: Option<u8>,
    returns: bool,
}

/// Slots that expressions and statements use freely.
const SLOTS: usize = 6;
/// The slot in which a function has its last argument.
const DEPTH: u16 = 7;
/// The first slot of a loop's counter.
const COUNTERS: u16 = 8;
/// Names of globals.
const GLOBALS: usize = 5;

/// A program that is being written.
pub(crate) struct Writer<'r> {
    b: ChunkBuilder,
    r: &'r mut Random,
    forms: &'r Forms,
    /// Ops after which only the smallest things are added.
    room: usize,
    line: u32,
    functions: Vec<Function>,
    /// Whether what is being written returns a value; `None` in the main program.
    returns: Option<bool>,
    /// Loops that are open.
    loops: u16,
    /// Blocks that are open.
    blocks: usize,
    /// Whether it is for machine code, mostly: see `tight`. One in so many things is not.
    tight: Option<usize>,
    /// Calls that tight expressions may still make.
    calls: usize,
}

/// A program of about `room` ops.
pub(crate) fn program(r: &mut Random, forms: &Forms, room: usize) -> Chunk {
    written(Writer::new(r, forms, room))
}

#[cfg(feature = "jit")]
/// A program of about `room` ops, most of them what machine code is for.
pub(crate) fn tight(r: &mut Random, forms: &Forms, room: usize) -> Chunk {
    let mut w = Writer::new(r, forms, room);
    w.tight = Some(w.r.pick(&[40, 300, 3_000]));
    w.calls = 6;
    w.tight_start();
    written(w)
}

fn written(mut w: Writer<'_>) -> Chunk {
    for _ in 0..1 + w.r.below(6) {
        w.statement(3);
    }
    match w.r.below(5) {
        0 => {
            w.expression(3);
            w.emit(Op::ReturnValue);
        }
        1 => drop(w.emit(Op::Return)),
        2 => {}
        _ => w.expression(3),
    }
    let over = w.emit(Op::Jump(0));
    for f in w.functions.clone() {
        w.function(f);
    }
    let end = w.b.current_pos();
    w.b.patch_jump(over, end);
    w.b.build()
}

impl<'r> Writer<'r> {
    fn new(r: &'r mut Random, forms: &'r Forms, room: usize) -> Self {
        let mut b = ChunkBuilder::new();
        b.set_source("generated");
        b.set_policy(policy(r));
        for i in 0..GLOBALS {
            b.add_name(format!("g{i}"));
        }
        b.add_name("unknown");
        let functions = (0..r.below(4)).map(|i| Function {
            name: b.add_name(format!("f{i}")),
            arity: (!r.one_in(3)).then(|| 1 + r.below(3) as u8),
            returns: !r.one_in(3),
        });
        let functions = functions.collect();
        Self {
            b,
            r,
            forms,
            room,
            line: 1,
            functions,
            returns: None,
            loops: 0,
            blocks: 0,
            tight: None,
            calls: 0,
        }
    }

    fn emit(&mut self, op: Op) -> usize {
        self.room = self.room.saturating_sub(1);
        if self.r.one_in(5) {
            self.line += 1;
        }
        self.b.emit(op, self.line)
    }

    /// Makes the jump at `pc` lead here.
    fn land(&mut self, pc: usize) {
        let here = self.b.current_pos();
        self.b.patch_jump(pc, here);
    }

    fn global(&mut self) -> u16 {
        self.r.below(GLOBALS) as u16
    }

    fn slot(&mut self) -> u16 {
        self.r.below(SLOTS) as u16
    }

    /// Emits a fused op, or the sequence it stands for; the pc of the op that has its target.
    fn fused(&mut self, op: Op) -> usize {
        if self.r.one_in(2) {
            return self.emit(op);
        }
        let start = self.b.current_pos();
        let is_loop = op.target().is_none();
        for part in op.expansion() {
            match part.target() {
                Some(to) if is_loop => self.emit(part.with_target(start + to)),
                _ => self.emit(part),
            };
        }
        self.b.current_pos() - 1
    }

    fn constant(&mut self, value: Value) {
        let k = self.b.add_constant(value);
        self.emit(Op::LoadConst(k));
    }

    fn function(&mut self, f: Function) {
        let start = self.b.current_pos();
        match f.arity {
            Some(arity) => self.b.add_function(f.name, start, arity),
            None => self.b.add_sub_entry(f.name, start),
        }
        self.returns = Some(f.returns);
        self.room += 30;
        self.emit(Op::SetSlot(DEPTH));
        // Without a declared number of arguments, those before the last stay where they are.
        for slot in (0..f.arity.unwrap_or(1) - 1).rev() {
            self.emit(Op::SetSlot(slot.into()));
        }
        self.emit(Op::GetSlot(DEPTH));
        self.emit(Op::LoadInt(0));
        self.emit(Op::NumLe);
        let go = self.emit(Op::JumpIfFalse(0));
        self.emit(Op::Return);
        self.land(go);
        let body = self.b.current_pos();
        if self.r.one_in(4) {
            // A function that begins in the middle of another.
            let name = self.b.add_name(format!("inner{body}"));
            self.b.add_function(name, body, 0);
        }
        if self.tight.is_some() {
            self.tight_start();
        }
        for _ in 0..self.r.below(4) {
            self.statement(2);
        }
        if self.r.one_in(4) {
            // Once more from the start, one less deep.
            for slot in 0..f.arity.unwrap_or(1) - 1 {
                self.emit(Op::GetSlot(slot.into()));
            }
            self.emit(Op::GetSlot(DEPTH));
            self.emit(Op::Dec);
            self.emit(Op::GetSlot(DEPTH));
            self.emit(Op::JumpIfTrue(start));
            for _ in 0..f.arity.unwrap_or(1) {
                self.emit(Op::Pop);
            }
        }
        if f.returns {
            self.expression(2);
            self.emit(Op::ReturnValue);
        } else {
            self.emit(Op::Return);
        }
        if self.r.one_in(4) {
            // A function that goes on in another.
            let here = self.b.current_pos();
            let name = self.b.add_name(format!("into{body}"));
            self.b.add_function(name, here, 1);
            self.emit(Op::SetSlot(DEPTH));
            self.emit(Op::Jump(body));
        }
    }
}

fn policy(r: &mut Random) -> Policy {
    let mut policy = Policy::from_bits(r.below(3) as u8).unwrap_or_default();
    if r.one_in(8) {
        policy.zero_div = ZeroDiv::Trap;
    } else if r.one_in(8) {
        policy.zero_div = ZeroDiv::Float;
    }
    if r.one_in(16) {
        policy.unset = Unset::Trap;
    }
    if r.one_in(16) {
        policy.operands = Operands::Strict;
    }
    policy
}
