//! Instructions that the loop leaves: each runs here, one at a time, whatever its operands are.

use super::super::ext::Ran;
use super::super::slow::on_numbers;
use super::super::{forget, is_plain};
use super::{Landing, Run, Src, element};
use crate::interp::{BlockRun, Step, Turn};
use crate::lower::Ins;
use crate::op::Opcode;
use crate::semantics::{Trap, Unset, array, string};
use crate::value::{Array, Value};
use crate::vm::{Callee, VM};

impl<'l> Run<'l> {
    /// Runs the instruction before the current place, and sets the place that comes next; whether that is
    /// here.
    #[inline(never)]
    pub(super) fn step(&mut self, vm: &mut VM) -> Result<bool, Trap> {
        let code = self.code;
        let mut next = code.plain[self.place.1 - 1];
        let window = self.place.0;
        let register = |r: u16| window + usize::from(r);
        // What stands where the result goes is dropped first; then the loop may have it.
        if let Some(d) = next.dest().map(|d| *d)
            && !is_plain(&vm.registers[register(d)])
            && !next.reads().contains(&Some(d))
        {
            vm.registers[register(d)] = Value::Undef;
            self.place.1 -= 1;
            return Ok(true);
        }
        match next {
            Ins::Copy { d, a } => {
                vm.registers[register(d)] = vm.registers[register(a)].clone();
            }
            Ins::Take { d, a } => {
                let value = std::mem::take(&mut vm.registers[register(a)]);
                vm.registers[register(d)] = value;
            }
            Ins::Int { d, n } => vm.registers[register(d)] = Value::Int(n.into()),
            Ins::Undef { d } => vm.registers[register(d)] = Value::Undef,
            Ins::Bool { d, is } => vm.registers[register(d)] = Value::Bool(is),
            Ins::Swap { a, b } => vm.registers.swap(register(a), register(b)),
            Ins::Const { d, k } => {
                vm.registers[register(d)] = self.linked.constant_of(code, k);
            }
            Ins::Clear { a, n } => {
                vm.registers[register(a)..register(a) + usize::from(n)].fill(Value::Undef);
                self.patience -= i64::from(n);
            }
            Ins::Not { d, a } => {
                let is = !vm.registers[register(a)].to_bool();
                if a >= code.base {
                    vm.registers[register(a)] = Value::Undef;
                }
                vm.registers[register(d)] = Value::Bool(is);
            }
            Ins::JumpIf { a, last, to } | Ins::JumpIfNot { a, last, to } => {
                let is = vm.registers[register(a)].to_bool();
                if last {
                    forget(&mut vm.registers[register(a)]);
                }
                if is == matches!(next, Ins::JumpIf { .. }) {
                    self.place.1 = to as usize;
                }
            }
            Ins::IndexGet { d, a, b } => {
                let value = element(&vm.registers[register(a)], &vm.registers[register(b)]);
                if b >= code.base {
                    forget(&mut vm.registers[register(b)]);
                }
                vm.registers[register(d)] = value;
            }
            Ins::GetVar { d, name } => match &vm.globals[self.linked.symbol(name)] {
                Some(value) => vm.registers[register(d)] = value.clone(),
                None => {
                    if self.declines() {
                        return Ok(true);
                    }
                    self.tell(vm);
                    self.run_one(vm)?;
                    vm.registers[register(d)] = vm.stack.pop().unwrap_or_default();
                }
            },
            Ins::SetVar { a, name } if self.must_be_set(vm, name) => {
                if self.declines() {
                    return Ok(true);
                }
                self.tell(vm);
                let value = vm.fetch(register(a), a >= code.base);
                vm.stack.push(value);
                self.run_one(vm)?;
            }
            Ins::SetVar { a, name } => {
                let value = vm.fetch(register(a), a >= code.base);
                vm.globals[self.linked.symbol(name)] = Some(value);
            }
            Ins::ArrayGet { d, b, name } => {
                let index = vm.fetch(register(b), b >= code.base);
                let cell = vm.globals[self.linked.symbol(name)].as_ref();
                let value = cell.map_or(Value::Undef, |cell| element(cell, &index));
                vm.registers[register(d)] = value;
            }
            Ins::MakeArray { a, n } => {
                let rules = vm.rules(self.linked.chunk().policy);
                array::check_len(&rules, n.into())?;
                let items = register(a)..register(a) + usize::from(n);
                let made = Array::taken(&mut vm.registers[items]);
                vm.registers[register(a)] = Value::Array(made);
            }
            Ins::Len { d, a } => {
                let value = vm.fetch(register(a), a >= code.base);
                let rules = vm.rules(self.linked.chunk().policy);
                let len = string::string_len(&rules, [value])?;
                vm.registers[register(d)] = len;
            }
            Ins::Call { a, .. } if self.make_room(vm, a) => self.place.1 -= 1,
            Ins::Call { argc, function, .. } if self.find_target(vm, function, argc) => {
                self.place.1 -= 1;
            }
            Ins::Call {
                a, argc, function, ..
            } => {
                let name = self.linked.chunk().functions()[function as usize].name;
                return self.call(vm, (a, argc, name));
            }
            Ins::CallOut { a, argc, name } => return self.call(vm, (a, argc, name)),
            Ins::Jump { to } => self.place.1 = to as usize,
            Ins::Return { a, blocks: 0 } if self.calls.len() > self.known => {
                let value = std::mem::take(&mut vm.registers[register(a)]);
                self.return_here(vm, Some(value));
            }
            Ins::ReturnVoid { blocks: 0 } if self.calls.len() > self.known => {
                self.return_here(vm, None);
            }
            // It may trap, and asks for no frames before that.
            #[cfg(all(feature = "jit", unix))]
            Ins::IndexSet { a, b, c, s } if self.is_quiet => {
                let value = vm.fetch(register(c), c >= code.base);
                let index = vm.fetch(register(b), b >= code.base).to_int();
                vm.set_element(self.linked, register(a), (index, value), s)?;
            }
            _other => match self.at_once(vm, next) {
                Some(result) => {
                    let value = result?;
                    match next.dest() {
                        Some(d) => vm.registers[register(*d)] = value,
                        None => self.branch_by(next, value.to_bool()),
                    }
                }
                None if self.declines() => return Ok(true),
                None => return self.told(vm, next),
            },
        }
        Ok(true)
    }

    /// Whether only instructions that ask for no frames may run: machine code runs this one.
    #[inline(always)]
    fn declines(&mut self) -> bool {
        #[cfg(all(feature = "jit", unix))]
        {
            self.declined |= self.is_quiet;
            self.is_quiet
        }
        #[cfg(not(all(feature = "jit", unix)))]
        false
    }

    /// The same for instructions that may trap or ask for frames, of which the VM knows all then.
    fn told(&mut self, vm: &mut VM, mut next: Ins<u16>) -> Result<bool, Trap> {
        self.tell(vm);
        let code = self.code;
        let (window, ip) = self.place;
        let pc = code.meta[ip - 1].pc as usize;
        let register = |r: u16| window + usize::from(r);
        if let Some((op, a, b)) = self.numeric(next) {
            return match next.dest() {
                Some(d) => self.numbers(vm, op, (a, b), *d),
                None => self.branch(vm, next, (a, b)),
            };
        }
        match next {
            Ins::IndexSet { a, b, c, s } => {
                let value = vm.fetch(register(c), c >= code.base);
                let index = vm.fetch(register(b), b >= code.base).to_int();
                vm.set_element(self.linked, register(a), (index, value), s)?;
            }
            Ins::HashGet { d, b, .. }
            | Ins::HashExists { d, b, .. }
            | Ins::HashDelete { d, b, .. } => {
                let key = vm.fetch(register(b), b >= code.base);
                vm.stack.push(key);
                self.run_one(vm)?;
                vm.registers[register(d)] = vm.stack.pop().unwrap_or_default();
            }
            Ins::ArraySet { b, c, .. } | Ins::HashSet { b, c, .. } => {
                let value = vm.fetch(register(c), c >= code.base);
                let index = vm.fetch(register(b), b >= code.base);
                vm.stack.extend([value, index]);
                self.run_one(vm)?;
            }
            Ins::ArrayPush { a, .. } => {
                let value = vm.fetch(register(a), a >= code.base);
                vm.stack.push(value);
                self.run_one(vm)?;
            }
            Ins::Return { a, blocks } => {
                let value = std::mem::take(&mut vm.registers[register(a)]);
                vm.free_registers(window);
                return self.go_back(vm, Some(value), blocks);
            }
            Ins::ReturnVoid { blocks } => {
                vm.free_registers(window);
                return self.go_back(vm, None, blocks);
            }
            Ins::End { a, some } => {
                let value = some.then(|| std::mem::take(&mut vm.registers[register(a)]));
                vm.free_registers(window);
                vm.end_program(value)?;
                return Ok(false);
            }
            Ins::Base { a, n, locals } => {
                let ran = vm.run_base(self.linked, (a, n, locals), (pc, ip))?;
                return Ok(ran.is_some() && !self.handled(vm)?);
            }
            Ins::BaseBranch { a, n, locals } => {
                match vm.run_base(self.linked, (a, n, locals), (pc, ip))? {
                    Some(true) => {}
                    Some(false) => self.place.1 += 1,
                    None => return Ok(false),
                }
                return Ok(!self.handled(vm)?);
            }
            Ins::ExtBranch { a, n, locals } => {
                let site = (self.linked, pc, ip);
                let ran = vm.run_ext(site, (a, n, locals), window, Callee::OfFrame)?;
                if let Ran::On(false, _) | Ran::Back(false) = ran {
                    self.place.1 += 1;
                }
                return self.after_ext(vm, ran, (a, n));
            }
            Ins::Exit { exit } => {
                vm.leave_registers(code, &code.exits[exit as usize])?;
                return Ok(false);
            }
            Ins::Charge { exit, .. } => {
                let exit = &code.exits[exit as usize];
                if !vm.prepay(exit.cost.into())? {
                    vm.leave_registers(code, exit)?;
                    return Ok(false);
                }
            }
            Ins::LoopStart { .. } | Ins::LoopNext { .. } | Ins::LoopTurn { .. } => {
                self.turn(vm, next)?;
            }
            Ins::Fused { index } => {
                let op = code.fused[index as usize];
                if vm.run_fused(self.linked, op, window)? {
                    self.place.1 += 1;
                }
            }
            // Those above have it all; fused ones are not written so.
            _other => debug_assert!(false, "{next:?} is not run"),
        }
        Ok(true)
    }

    /// An instruction of a loop that runs ops for each element.
    pub(super) fn turn(&mut self, vm: &mut VM, ins: Ins<u16>) -> Step {
        let (window, pc) = (self.place.0, self.pc());
        let register = |r: u16| window + usize::from(r);
        match ins {
            Ins::LoopStart { a } => {
                let value = std::mem::take(&mut vm.registers[register(a)]);
                vm.blocks
                    .push(BlockRun::of(self.linked.chunk().ops[pc], value));
            }
            Ins::LoopNext { a, to } => {
                vm.charge(1)?;
                match Turn::of(&mut vm.blocks) {
                    Turn::Element(first, second) => {
                        vm.registers[register(a)] = first;
                        if let Some(second) = second {
                            vm.registers[register(a) + 1] = second;
                        }
                    }
                    Turn::End(result) => {
                        if let Some(value) = result {
                            vm.registers[register(a)] = value;
                        }
                        self.place.1 = to as usize;
                    }
                }
            }
            Ins::LoopTurn { a, some } => {
                let left = match some {
                    true => std::mem::take(&mut vm.registers[register(a)]),
                    false => Value::Undef,
                };
                if let Some(run) = vm.blocks.last_mut() {
                    run.answer(left);
                }
            }
            _other => debug_assert!(false, "{ins:?} is of no loop"),
        }
        Ok(())
    }

    /// Whether a global is not there, and may not be made by an assignment.
    fn must_be_set(&self, vm: &VM, name: u16) -> bool {
        let declares = || matches!(self.opcode(), Opcode::DeclareVar);
        vm.globals[self.linked.symbol(name)].is_none()
            && self.linked.chunk().policy.unset == Unset::Strict
            && !declares()
    }

    /// Returns from a call of which the VM has not heard.
    fn return_here(&mut self, vm: &mut VM, value: Option<Value>) {
        let window = self.place.0;
        let registers = &mut vm.registers[window..];
        (registers.iter_mut().take(self.code.registers.into())).for_each(forget);
        if let Some(rec) = self.calls.pop() {
            match rec.landing {
                Landing::Register(d) => {
                    vm.registers[rec.window + usize::from(d)] = value.unwrap_or_default();
                    vm.callees.pop();
                }
                Landing::Window => vm.registers[window] = value.unwrap_or_default(),
                Landing::Nowhere => {}
            }
            (self.place, self.code) = ((rec.window, rec.ip as usize), rec.code);
        }
    }

    /// Runs the op behind the instruction on what has been pushed for it.
    fn run_one(&self, vm: &mut VM) -> Step {
        let (pc, ip) = (self.pc(), self.place.1);
        let op = self.linked.chunk().ops[pc];
        vm.run_op(self.linked, op, (pc, ip)).map(|_| ())
    }

    /// The pc of the instruction before the current place.
    pub(super) fn pc(&self) -> usize {
        self.code.meta[self.place.1 - 1].pc as usize
    }

    fn opcode(&self) -> Opcode {
        self.linked.chunk().ops[self.pc()].opcode()
    }

    /// The op on numbers that an instruction does, and its operands.
    fn numeric(&self, ins: Ins<u16>) -> Option<(Opcode, u16, Src)> {
        use Opcode::*;
        Some(match ins {
            Ins::Add { a, b, .. } => (Add, a, Src::Reg(b)),
            Ins::Sub { a, b, .. } => (Sub, a, Src::Reg(b)),
            Ins::Mul { a, b, .. } => (Mul, a, Src::Reg(b)),
            Ins::Div { a, b, .. } => (Div, a, Src::Reg(b)),
            Ins::Mod { a, b, .. } => (Mod, a, Src::Reg(b)),
            Ins::And { a, b, .. } => (BitAnd, a, Src::Reg(b)),
            Ins::Or { a, b, .. } => (BitOr, a, Src::Reg(b)),
            Ins::Xor { a, b, .. } => (BitXor, a, Src::Reg(b)),
            Ins::Shl { a, b, .. } => (Shl, a, Src::Reg(b)),
            Ins::Shr { a, b, .. } => (Shr, a, Src::Reg(b)),
            // These may stand for one of `Inc` and `Dec`.
            Ins::AddI { a, n, .. } | Ins::SubI { a, n, .. } => match self.opcode() {
                op @ (Add | Sub) => (op, a, Src::Int(n)),
                _one => match ins {
                    Ins::AddI { .. } => (Inc, a, Src::None),
                    _dec => (Dec, a, Src::None),
                },
            },
            Ins::MulI { a, n, .. } => (Mul, a, Src::Int(n)),
            Ins::ModI { a, n, .. } => (Mod, a, Src::Int(n)),
            Ins::AndI { a, n, .. } => (BitAnd, a, Src::Int(n)),
            Ins::OrI { a, n, .. } => (BitOr, a, Src::Int(n)),
            Ins::XorI { a, n, .. } => (BitXor, a, Src::Int(n)),
            Ins::ShlI { a, n, .. } => (Shl, a, Src::Int(n)),
            Ins::ShrI { a, n, .. } => (Shr, a, Src::Int(n)),
            Ins::Binary { op, a, b, .. } => (op, a, Src::Reg(b)),
            Ins::Concat { a, b, .. } => (Concat, a, Src::Reg(b)),
            Ins::Unary { op, a, .. } => (op, a, Src::None),
            Ins::JumpLt { a, b, .. }
            | Ins::JumpLe { a, b, .. }
            | Ins::JumpEq { a, b, .. }
            | Ins::JumpNotLt { a, b, .. }
            | Ins::JumpNotLe { a, b, .. }
            | Ins::JumpNotEq { a, b, .. } => (self.opcode(), a, Src::Reg(b)),
            Ins::JumpLtI { a, n, .. }
            | Ins::JumpLeI { a, n, .. }
            | Ins::JumpGtI { a, n, .. }
            | Ins::JumpGeI { a, n, .. }
            | Ins::JumpEqI { a, n, .. }
            | Ins::JumpNotLtI { a, n, .. }
            | Ins::JumpNotLeI { a, n, .. }
            | Ins::JumpNotGtI { a, n, .. }
            | Ins::JumpNotGeI { a, n, .. }
            | Ins::JumpNotEqI { a, n, .. } => (self.opcode(), a, Src::Int(n.into())),
            _other => return None,
        })
    }

    /// What an op on numbers gives, where its operands are numbers; or where the language's own op looks at
    /// nothing but them.
    fn at_once(&self, vm: &mut VM, ins: Ins<u16>) -> Option<Result<Value, Trap>> {
        let (op, a, b) = self.numeric(ins)?;
        self.on_two_numbers(vm, ins, (op, a, b))
            .or_else(|| self.by_operator(vm, ins, (op, a, b)).map(Ok))
    }

    /// What the language's own op gives for operands that are not numbers, if that looks at nothing but them.
    fn by_operator(
        &self,
        vm: &mut VM,
        ins: Ins<u16>,
        (op, a, b): (Opcode, u16, Src),
    ) -> Option<Value> {
        let peek = self.linked.operator(op)?.peek?;
        let (window, registers) = (self.place.0, &vm.registers);
        let small;
        let first = &registers[window + usize::from(a)];
        let result = match b {
            Src::None => peek(&[first]),
            Src::Reg(_) | Src::Int(_) => {
                let second = match b {
                    Src::Reg(b) => &registers[window + usize::from(b)],
                    Src::Int(n) => {
                        small = Value::Int(n.into());
                        &small
                    }
                    Src::None => return None,
                };
                let turned = ins.turned() && matches!(op, Opcode::NumGt | Opcode::NumGe);
                match turned {
                    true => peek(&[second, first]),
                    false => peek(&[first, second]),
                }
            }
        }?;
        // What only the stack had is gone.
        let second = match b {
            Src::Reg(b) => Some(b),
            Src::Int(_) | Src::None => None,
        };
        for r in [Some(a), second].into_iter().flatten() {
            if r >= self.code.base {
                forget(&mut vm.registers[window + usize::from(r)]);
            }
        }
        Some(result)
    }

    fn on_two_numbers(
        &self,
        vm: &VM,
        ins: Ins<u16>,
        (op, a, b): (Opcode, u16, Src),
    ) -> Option<Result<Value, Trap>> {
        let number = |r: u16| match &vm.registers[self.place.0 + usize::from(r)] {
            Value::Int(n) => Some(Value::Int(*n)),
            Value::Float(f) => Some(Value::Float(*f)),
            _other => None,
        };
        let a = number(a)?;
        let b = match b {
            Src::Reg(b) => number(b)?,
            Src::Int(n) => Value::Int(n.into()),
            Src::None => Value::Undef,
        };
        let (a, b) = match ins.turned() && matches!(op, Opcode::NumGt | Opcode::NumGe) {
            true => (b, a),
            false => (a, b),
        };
        on_numbers(op, &vm.rules(self.linked.chunk().policy), a, b)
    }

    /// Runs an op that has its two inputs from register `a` on; whether it is one on numbers, and they are.
    #[cfg(all(feature = "jit", unix))]
    pub(super) fn of_two(&self, vm: &mut VM, a: u16) -> Result<bool, Trap> {
        let first = self.place.0 + usize::from(a);
        let number = |value: &Value| match value {
            Value::Int(n) => Some(Value::Int(*n)),
            Value::Float(f) => Some(Value::Float(*f)),
            _other => None,
        };
        let [a, b] = [0, 1].map(|at| number(&vm.registers[first + at]));
        let (Some(a), Some(b)) = (a, b) else {
            return Ok(false);
        };
        let rules = vm.rules(self.linked.chunk().policy);
        let Some(result) = on_numbers(self.opcode(), &rules, a, b) else {
            return Ok(false);
        };
        vm.registers[first] = result?;
        vm.registers[first + 1] = Value::Undef;
        Ok(true)
    }

    /// Runs an op on numbers or texts, with one result, on whatever its operands are; whether it was one.
    #[cfg(all(feature = "jit", unix))]
    pub(super) fn coerced(&mut self, vm: &mut VM) -> Result<bool, Trap> {
        let mut ins = self.code.plain[self.place.1 - 1];
        let (Some((op, a, b)), Some(d)) = (self.numeric(ins), ins.dest().map(|d| *d)) else {
            return Ok(false);
        };
        let window = self.place.0;
        let value = |r: u16| vm.registers[window + usize::from(r)].clone();
        let second = match b {
            Src::Reg(b) => value(b),
            Src::Int(n) => Value::Int(n.into()),
            Src::None => Value::Undef,
        };
        let rules = vm.rules(self.linked.chunk().policy);
        let result = match op {
            Opcode::Concat => Some(string::concat(&rules, [value(a), second])),
            op => on_numbers(op, &rules, value(a), second),
        };
        let Some(result) = result else {
            return Ok(false);
        };
        // What only the stack had is gone.
        self.values(vm, a, b);
        vm.registers[window + usize::from(d)] = result?;
        Ok(true)
    }

    /// Takes the branch on a comparison, if that is its way.
    fn branch_by(&mut self, ins: Ins<u16>, is: bool) {
        // `!=` is the other way round of `==`.
        let is = is != (self.opcode() == Opcode::NumNe);
        if let Some((when, to)) = ins.branch()
            && is == when
        {
            self.place.1 = to as usize;
        }
    }

    /// The values of operands; those that only the stack had are gone from their registers.
    fn values(&self, vm: &mut VM, a: u16, b: Src) -> (Value, Option<Value>) {
        let window = self.place.0;
        let mut value = |r: u16| vm.fetch(window + usize::from(r), r >= self.code.base);
        let b = match b {
            Src::Reg(b) => Some(value(b)),
            Src::Int(n) => Some(Value::Int(n.into())),
            Src::None => None,
        };
        (value(a), b)
    }

    /// An op on numbers, as the base interpreter runs it; whether its result is there.
    fn numbers(
        &mut self,
        vm: &mut VM,
        op: Opcode,
        (a, b): (u16, Src),
        d: u16,
    ) -> Result<bool, Trap> {
        let inputs = self.values(vm, a, b);
        let (pc, (window, ip)) = (self.pc(), self.place);
        match vm.run_numbers(self.linked, op, inputs, (pc, ip))? {
            Some(value) => {
                vm.registers[window + usize::from(d)] = value;
                Ok(!self.handled(vm)?)
            }
            None => Ok(false),
        }
    }

    /// The same for a comparison, and the branch on it.
    fn branch(&mut self, vm: &mut VM, ins: Ins<u16>, (a, b): (u16, Src)) -> Result<bool, Trap> {
        let op = self.opcode();
        let inputs = match self.values(vm, a, b) {
            (a, Some(b)) if ins.turned() && matches!(op, Opcode::NumGt | Opcode::NumGe) => {
                (b, Some(a))
            }
            inputs => inputs,
        };
        let at = (self.pc(), self.place.1);
        let Some(value) = vm.run_numbers(self.linked, op, inputs, at)? else {
            return Ok(false);
        };
        self.branch_by(ins, value.to_bool());
        Ok(!self.handled(vm)?)
    }
}
