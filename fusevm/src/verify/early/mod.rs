//! Verification while rustc runs: one walk over constant code, in constant functions.
//!
//! `chunk!` evaluates [`check`] in a constant and asks for the fault of each op in a constant of its
//! own, on the tokens of that op: a stack underflow in Rust source is an error of `cargo check`, at the
//! op. The walk goes through the code in the order in which it lies, once as a rule. Each label has the height
//! with which control first gets there; where a label is jumped to from behind, nothing is taken to be
//! known of the types there.
//!
//! The rules are those of the [verifier](super) as far as a constant can tell, and one that it has
//! not: where the type of a value and that of the operand of an ext op are both declared, they agree.
//! Deliberately not trusted by anything: a chunk that comes from here is verified like any other
//! before it runs. And after a fault the walk goes on as if the op had found what it takes, so that
//! one mistake hides no other.

mod fault;
mod reach;
#[cfg(test)]
mod tests;
mod types;

pub use fault::Fault;

use crate::chunk::fixed::{BodyKind, Literal, NO_LABEL, StaticBody, StaticCode, StaticOp};
use crate::ext::{Given, ImmKind, InputDesc, OpDesc, Ty, same, same_type};
use crate::op::{Flags, Op, OpInfo, OperandKind};
use crate::semantics::Overflow;
use reach::returns;
use types::{State, Types, same_scopes};

/// What is wrong with constant code of `N` ops, `M` labels and `B` blocks.
#[derive(Debug)]
pub struct Checked<const N: usize, const M: usize, const B: usize> {
    ops: [Fault; N],
    labels: [Fault; M],
    blocks: [Fault; B],
}

impl<const N: usize, const M: usize, const B: usize> Checked<N, M, B> {
    /// Reports what is wrong with the op at `pc`.
    ///
    /// # Panics
    /// When something is; the macros call it in a constant, so that this is an error of compilation.
    #[track_caller]
    pub const fn op(&self, pc: usize, code: &StaticCode) {
        self.ops[pc].report(code, code.ops[pc]);
    }

    /// Reports what is wrong where control falls into a label.
    ///
    /// # Panics
    /// When something is, as for [`Checked::op`].
    #[track_caller]
    pub const fn label(&self, label: usize, code: &StaticCode) {
        self.labels[label].report(code, StaticOp::Broken);
    }

    /// Reports what is wrong with the end of a block.
    ///
    /// # Panics
    /// When something is, as for [`Checked::op`].
    #[track_caller]
    pub const fn block(&self, block: usize, code: &StaticCode) {
        self.blocks[block].report(code, StaticOp::Broken);
    }

    /// Whether there is no fault at all.
    #[cfg(test)]
    const fn is_clean(&self) -> bool {
        let mut clean = true;
        let mut i = 0;
        while i < N {
            clean &= matches!(self.ops[i], Fault::None);
            i += 1;
        }
        let mut i = 0;
        while i < M {
            clean &= matches!(self.labels[i], Fault::None);
            i += 1;
        }
        let mut i = 0;
        while i < B {
            clean &= matches!(self.blocks[i], Fault::None);
            i += 1;
        }
        clean
    }
}

/// Checks constant code. `C` bounds what the walk may remember of types: four for each op.
pub const fn check<const N: usize, const M: usize, const B: usize, const C: usize>(
    code: &StaticCode,
) -> Checked<N, M, B> {
    let mut walk = Walk::<N, M, B, C> {
        code,
        found: Checked {
            ops: [Fault::None; N],
            labels: [Fault::None; M],
            blocks: [Fault::None; B],
        },
        types: Types::new(),
        at: [State::DEAD; M],
        state: State::at(0),
        returns: [false; N],
        body: 0,
        label: 0,
        again: false,
    };
    if N > 0 {
        walk.run();
    }
    walk.found
}

struct Walk<'c, const N: usize, const M: usize, const B: usize, const C: usize> {
    code: &'c StaticCode,
    found: Checked<N, M, B>,
    types: Types<C>,
    /// What is known at each label, once control has got there.
    at: [State; M],
    state: State,
    /// Whether the function that is body `i` returns a value.
    returns: [bool; N],
    body: usize,
    /// The label that comes next.
    label: usize,
    /// Whether control has got from behind to a label that it had not got to before.
    again: bool,
}

impl<const N: usize, const M: usize, const B: usize, const C: usize> Walk<'_, N, M, B, C> {
    const fn run(&mut self) {
        let bodies = self.code.bodies;
        let mut scan = reach::Scan::<N>::new();
        let mut i = 0;
        while i < bodies.len() {
            if matches!(bodies[i].kind, BodyKind::Function { .. }) && bodies[i].start < N {
                self.returns[i] = returns(self.code, i, &mut scan);
            }
            i += 1;
        }
        while self.body < bodies.len() {
            let first = self.label;
            self.walk(bodies[self.body]);
            // Once more for each loop around others that is entered at its test.
            while self.again {
                self.label = first;
                self.walk(bodies[self.body]);
            }
            self.body += 1;
        }
    }

    /// Goes through a body.
    const fn walk(&mut self, body: StaticBody) {
        self.again = false;
        self.enter(body.kind);
        let mut pc = body.start;
        while pc < body.end {
            self.pass_labels(pc);
            if self.state.live {
                self.step(pc);
            }
            pc += 1;
        }
        self.pass_labels(body.end);
        self.leave(body.kind);
    }

    /// What a body starts with.
    const fn enter(&mut self, kind: BodyKind) {
        self.state = match kind {
            BodyKind::Main => State::at(0),
            BodyKind::Function { arity, .. } => State::at(arity as u32),
            BodyKind::Block => match self.usage() {
                Some((inputs, _)) => State::at(inputs),
                None => State {
                    known: false,
                    ..State::at(0)
                },
            },
        };
    }

    /// What the op that runs this block puts onto the stack for it, and what it takes off; `None` when
    /// only an ext op runs it, or none.
    const fn usage(&self) -> Option<(u32, u32)> {
        let mut pc = 0;
        while pc < N {
            if let StaticOp::Core(op) = self.code.ops[pc]
                && let Some(block) = operand(op, OperandKind::Block)
                && self.code.blocks[block as usize] == self.body
            {
                return match op {
                    Op::MapBlock(_) | Op::GrepBlock(_) => Some((1, 1)),
                    Op::SortBlock(_) => Some((2, 1)),
                    Op::ForEachBlock(_) => Some((1, 0)),
                    // The rest are the shell's, which take any number.
                    _other => None,
                };
            }
            pc += 1;
        }
        None
    }

    const fn leave(&mut self, kind: BodyKind) {
        if !matches!(kind, BodyKind::Block) || !self.state.live {
            return;
        }
        let fault = match self.usage() {
            _ if self.state.scope != 0 => Fault::BlockScope,
            Some((_, wants)) if self.state.known && wants != self.state.height => {
                Fault::BlockHeight {
                    wants,
                    holds: self.state.height,
                }
            }
            _ => return,
        };
        let mut block = 0;
        while block < B {
            if self.code.blocks[block] == self.body {
                self.found.blocks[block] = fault;
            }
            block += 1;
        }
    }

    /// Control gets to the labels at `pc`.
    const fn pass_labels(&mut self, pc: usize) {
        while self.label < M {
            let label = self.code.labels[self.label];
            if label.body != self.body || label.pc != pc {
                return;
            }
            if self.state.live {
                let fault = self.arrive(self.label, self.state, pc.saturating_sub(1));
                if !matches!(fault, Fault::None) {
                    self.found.labels[self.label] = fault;
                }
            }
            self.state = self.at[self.label];
            if label.back {
                // Whatever comes from behind is not known yet.
                self.state.top = 0;
            }
            self.label += 1;
        }
    }

    /// Control gets to a label in this state: what is wrong with that.
    const fn arrive(&mut self, label: usize, state: State, from: usize) -> Fault {
        let seen = self.at[label];
        if !seen.live {
            self.at[label] = State { from, ..state };
            self.again |= label < self.label;
            return Fault::None;
        }
        if !same_scopes(&self.types, seen.scope, state.scope) {
            return Fault::Scopes { label };
        }
        if !seen.known || !state.known {
            self.at[label].known = false;
            return Fault::None;
        }
        if seen.height != state.height {
            // Which is right nobody knows: what follows is not to blame.
            self.at[label].known = false;
            return Fault::Heights {
                label,
                here: state.height,
                there: seen.height,
                from: seen.from,
            };
        }
        self.at[label].top = self.types.merged(seen.top, state.top);
        Fault::None
    }

    const fn fail(&mut self, pc: usize, fault: Fault) {
        if matches!(self.found.ops[pc], Fault::None) {
            self.found.ops[pc] = fault;
        }
    }

    const fn step(&mut self, pc: usize) {
        match self.code.ops[pc] {
            StaticOp::Core(op) => self.core(pc, op),
            StaticOp::Ext(desc, given) => self.ext(pc, desc, given),
            StaticOp::Load => self.push(Ty::Any),
            // How many values they take nobody knows yet.
            StaticOp::Open(_) | StaticOp::Splice | StaticOp::Broken => self.forget(),
        }
    }

    const fn forget(&mut self) {
        self.state.known = false;
        self.state.top = 0;
    }

    const fn push(&mut self, ty: Ty) {
        self.state.height += 1;
        self.state.top = self.types.push(ty, self.state.top);
    }

    /// Takes a value; its type.
    const fn pop(&mut self) -> Ty {
        let (ty, below) = self.types.pop(self.state.top);
        self.state.top = below;
        self.state.height = self.state.height.saturating_sub(1);
        ty
    }

    /// Whether there are `pops` values to take. If not, that is a fault, and the walk goes on as if
    /// there were.
    const fn need(&mut self, pc: usize, pops: u32) {
        if !self.state.known {
            self.state.height = pops;
            return;
        }
        let base = self.types.base(self.state.scope);
        let holds = self.state.height - base;
        if holds < pops {
            let scoped = self.state.scope != 0;
            self.fail(
                pc,
                Fault::Underflow {
                    pops,
                    holds,
                    scoped,
                },
            );
            self.state.height = base + pops;
            self.state.top = 0;
        }
    }

    /// Goes to the label of the op at `pc`, if it has one.
    const fn jump(&mut self, pc: usize) {
        let label = self.code.jumps[pc];
        if label != NO_LABEL {
            let fault = self.arrive(label as usize, self.state, pc);
            self.fail(pc, fault);
        }
    }

    const fn core(&mut self, pc: usize, op: Op) {
        let info = op.info();
        let Some(effect) = op.effect() else {
            return self.forget();
        };
        self.need(pc, effect.pops as u32);
        match op {
            Op::Dup | Op::Dup2 | Op::Swap | Op::Rot => self.shuffle(op),
            Op::PushFrame => {
                let (parent, base) = (self.state.scope, self.state.height);
                self.state.scope = self.types.open(parent, base);
            }
            Op::PopFrame if self.state.scope == 0 => self.fail(pc, Fault::NoScope),
            Op::PopFrame => {
                self.state.height = self.types.base(self.state.scope);
                self.state.scope = self.types.parent(self.state.scope);
                self.state.top = 0;
            }
            Op::Call(name, argc) => self.call(pc, name, argc),
            op => {
                let mut inputs = [Ty::Any; 2];
                let mut i = effect.pops;
                while i > 0 {
                    i -= 1;
                    let ty = self.pop();
                    if i < 2 {
                        inputs[i] = ty;
                    }
                }
                if effect.pushes > 0 && info.outputs.len() == 1 {
                    self.push(self.output(op, info, inputs));
                }
            }
        }
        self.jump(pc);
        if info.flags.has(Flags::ENDS) {
            self.state.live = false;
        }
    }

    const fn shuffle(&mut self, op: Op) {
        let top = self.pop();
        match op {
            Op::Dup => {
                self.push(top);
                self.push(top);
            }
            Op::Rot => {
                let (second, third) = (self.pop(), self.pop());
                self.push(second);
                self.push(top);
                self.push(third);
            }
            other => {
                let second = self.pop();
                if matches!(other, Op::Dup2) {
                    self.push(second);
                    self.push(top);
                    self.push(second);
                    self.push(top);
                } else {
                    self.push(top);
                    self.push(second);
                }
            }
        }
    }

    /// Type of the one output of a core op: what its row calls it, and for numbers what comes in.
    const fn output(&self, op: Op, info: &OpInfo, [a, b]: [Ty; 2]) -> Ty {
        let wraps = !matches!(self.code.language.policy.overflow, Overflow::Promote);
        match op {
            Op::LoadInt(_) => Ty::Int,
            Op::LoadFloat(_) => Ty::Float,
            Op::LoadTrue | Op::LoadFalse => Ty::Bool,
            Op::LoadConst(k) if (k as usize) < self.code.constants.len() => {
                match self.code.constants[k as usize] {
                    Literal::Str(_) => Ty::Str,
                    Literal::Int(_) => Ty::Int,
                    Literal::Float(_) => Ty::Float,
                    Literal::Bool(_) => Ty::Bool,
                }
            }
            Op::JumpIfTrueKeep(_) | Op::JumpIfFalseKeep(_) => a,
            Op::Add | Op::Sub | Op::Mul => match (a, b) {
                (Ty::Int, Ty::Int) if wraps => Ty::Int,
                (Ty::Float, Ty::Float | Ty::Int) | (Ty::Int, Ty::Float) => Ty::Float,
                _ => Ty::Any,
            },
            Op::Negate | Op::Inc | Op::Dec => match a {
                Ty::Int if wraps => Ty::Int,
                Ty::Float => Ty::Float,
                _ => Ty::Any,
            },
            _other => named_type(info.outputs[0]),
        }
    }

    const fn call(&mut self, pc: usize, name: u16, argc: u8) {
        let mut i = 0;
        while i < argc {
            self.pop();
            i += 1;
        }
        let bodies = self.code.bodies;
        let mut i = 0;
        while i < bodies.len() {
            if let BodyKind::Function { name: own, arity } = bodies[i].kind
                && own == name
            {
                if arity != argc {
                    let fault = Fault::Arity {
                        name,
                        takes: arity,
                        got: argc,
                    };
                    self.fail(pc, fault);
                }
                if self.returns[i] {
                    self.push(Ty::Any);
                }
                return;
            }
            i += 1;
        }
        // A function of another program: whether it returns a value is not known.
        self.forget();
    }

    const fn ext(&mut self, pc: usize, desc: &'static OpDesc, given: &[Given<'static>]) {
        if given.len() != desc.immediates.len() {
            self.fail(pc, Fault::Immediates { got: given.len() });
            return self.forget();
        }
        let mut rest = 0;
        let mut i = 0;
        while i < given.len() {
            match (desc.immediates[i].kind, given[i]) {
                (ImmKind::Count, Given::Int(n)) => rest = n as u32,
                (ImmKind::Count, _) => return self.forget(),
                (ImmKind::Function, Given::Word(name) | Given::Text(name))
                    if !self.has_function(name) =>
                {
                    self.fail(pc, Fault::NoFunction { name });
                }
                _ => {}
            }
            i += 1;
        }
        self.need(pc, desc.inputs.len() as u32 + rest);
        while rest > 0 {
            self.pop();
            rest -= 1;
        }
        let mut at = desc.inputs.len();
        while at > 0 {
            at -= 1;
            let found = self.pop();
            if !takes(&desc.inputs[at], found, self.code.language.coerce) {
                self.fail(pc, Fault::Input { at, found });
            }
        }
        if let Some(jumps) = desc.outputs.jumps {
            let falls = self.state;
            self.push_all(jumps);
            self.jump(pc);
            self.state = falls;
        }
        self.push_all(desc.outputs.falls);
    }

    const fn push_all(&mut self, types: &[Ty]) {
        let mut i = 0;
        while i < types.len() {
            self.push(types[i]);
            i += 1;
        }
    }

    const fn has_function(&self, name: &str) -> bool {
        let bodies = self.code.bodies;
        let mut i = 0;
        while i < bodies.len() {
            if let BodyKind::Function { name: own, .. } = bodies[i].kind
                && same(self.code.names[own as usize], name)
            {
                return true;
            }
            i += 1;
        }
        false
    }
}

/// Bits of the operand of that kind, if the op has one.
const fn operand(op: Op, kind: OperandKind) -> Option<u64> {
    let operands = op.info().operands;
    let mut i = 0;
    while i < operands.len() {
        if operands[i].1 as u8 == kind as u8 {
            return Some(op.bits()[i]);
        }
        i += 1;
    }
    None
}

/// Whether an input takes a value of that type, as far as types tell.
const fn takes(input: &InputDesc, found: Ty, coerce: bool) -> bool {
    if input.optional || matches!(found, Ty::Any) || matches!(input.ty, Ty::Any) {
        return true;
    }
    if coerce || input.coerce {
        let widens = matches!(found, Ty::Int | Ty::Float | Ty::Bool | Ty::Str);
        if widens && matches!(input.ty, Ty::Int | Ty::Float | Ty::Bool) {
            return true;
        }
    }
    same_type(input.ty, found)
}

/// The type of what the rows of the op table call an output.
const fn named_type(output: &str) -> Ty {
    const NAMES: [(&str, Ty); 8] = [
        ("bool", Ty::Bool),
        ("n", Ty::Int),
        ("s", Ty::Str),
        ("array", Ty::Array),
        ("mapped", Ty::Array),
        ("kept", Ty::Array),
        ("sorted", Ty::Array),
        ("hash", Ty::Hash),
    ];
    let mut i = 0;
    while i < NAMES.len() {
        if same(NAMES[i].0, output) {
            return NAMES[i].1;
        }
        i += 1;
    }
    Ty::Any
}
