//! What one op does to the heights and types on the stack.

use super::Fault;
use super::walk::Walk;
use crate::chunk::fixed::{BodyKind, Literal, NO_LABEL, StaticOp};
use crate::ext::{Given, ImmKind, OpDesc, Ty, same};
use crate::op::{Flags, Op, OpInfo};
use crate::semantics::Overflow;
use crate::verify::operands::codes;

impl<const N: usize, const M: usize, const B: usize, const C: usize> Walk<'_, N, M, B, C> {
    const fn fail(&mut self, pc: usize, fault: Fault) {
        if matches!(self.found.ops[pc], Fault::None) {
            self.found.ops[pc] = fault;
        }
    }

    /// Runs the op at `pc`, as far as it can be known.
    pub(super) const fn step(&mut self, pc: usize) {
        match self.code.ops[pc] {
            StaticOp::Core(op) => self.core(pc, op),
            StaticOp::Ext(desc, given) => self.ext(pc, desc, given),
            StaticOp::Load => self.push(Ty::Any),
            // How many values they take nobody knows yet.
            StaticOp::Open(_) | StaticOp::Splice | StaticOp::Broken => self.forget(),
        }
    }

    /// Checks what stands in the op at `pc`, whatever is on the stack and if control gets there or not.
    pub(super) const fn operands(&mut self, pc: usize) {
        let StaticOp::Core(op) = self.code.ops[pc] else {
            return;
        };
        if let Op::MakeHash(n) = op
            && n % 2 == 1
        {
            self.fail(pc, Fault::OddHash { n });
        }
        let (kinds, bits) = (op.info().operands, op.bits());
        let mut i = 0;
        while i < kinds.len() {
            if let Some((what, count)) = codes(kinds[i].1)
                && bits[i] >= count as u64
            {
                let value = bits[i] as u32;
                self.fail(pc, Fault::Operand { what, value });
            }
            i += 1;
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
        let pops = info.inputs.len();
        if info.flags.has(Flags::NUMBERS) && !(is_number(a) && (pops < 2 || is_number(b))) {
            // With other operands it may be an op of the language.
            return Ty::Any;
        }
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
        let declared = self.code.declared;
        let mut i = 0;
        while i < declared.len() {
            let (own, takes) = declared[i];
            if own == name && takes != argc {
                let got = argc;
                self.fail(pc, Fault::Arity { name, takes, got });
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
        // The first that does not fit, as when it runs: they are popped from the last.
        let (mut at, mut fault) = (desc.inputs.len(), Fault::None);
        while at > 0 {
            at -= 1;
            let found = self.pop();
            if !desc.inputs[at].takes(found, self.code.language.coerce) {
                fault = Fault::Input { at, found };
            }
        }
        self.fail(pc, fault);
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

const fn is_number(ty: Ty) -> bool {
    matches!(ty, Ty::Int | Ty::Float)
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
