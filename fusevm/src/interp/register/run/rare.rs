//! Instructions that are not run in the loop itself, and ops of numbers on other values.

use super::super::ext::Ran;
use super::{Run, Src, element};
use crate::interp::{BlockRun, Step};
use crate::lower::Ins;
use crate::op::Opcode;
use crate::semantics::Trap;
use crate::value::Value;
use crate::vm::VM;

impl<'l> Run<'l> {
    /// Goes on behind an ext op: where the call it asked for begins, if it asked for one.
    pub(super) fn after_ext(
        &mut self,
        vm: &mut VM,
        ran: Ran,
        (a, n): (u8, u8),
        (window, ip): (usize, usize),
    ) -> Result<Option<(usize, usize)>, Trap> {
        match ran {
            Ran::On(_) => Ok(Some((window, ip))),
            Ran::Back(_) => Ok((!self.handled(vm, ip)?).then_some((window, ip))),
            Ran::Elsewhere => Ok(None),
            Ran::Invokes(invoke) => self.invoke(vm, invoke, (a, n), (window, ip)),
        }
    }

    /// What is not run in the loop itself; where control goes on, `None` when that is not here.
    #[inline(never)]
    pub(super) fn other(
        &mut self,
        vm: &mut VM,
        next: Ins,
        (window, mut ip): (usize, usize),
    ) -> Result<Option<(usize, usize)>, Trap> {
        let code = self.code;
        self.tell(vm, window, ip);
        let pc = code.meta[ip - 1].pc as usize;
        let register = |r: u8| window + usize::from(r);
        match next {
            Ins::GetVar { d, .. } => {
                self.run_one(vm, ip)?;
                vm.registers[register(d)] = vm.stack.pop().unwrap_or_default();
            }
            Ins::SetVar { a, name } => {
                let value = vm.fetch(register(a), a >= code.base);
                vm.globals[self.linked.symbol(name)] = Some(value);
            }
            Ins::IndexSet { a, b, c, s } => {
                let value = vm.fetch(register(c), c >= code.base);
                let index = vm.fetch(register(b), b >= code.base).to_int();
                vm.set_element(self.linked, register(a), (index, value), s)?;
            }
            Ins::ArrayGet { d, b, name } => {
                let index = vm.fetch(register(b), b >= code.base);
                let cell = vm.globals[self.linked.symbol(name)].as_ref();
                let value = cell.map_or(Value::Undef, |cell| element(cell, &index));
                vm.registers[register(d)] = value;
            }
            Ins::ArraySet { b, c, .. } => {
                let value = vm.fetch(register(c), c >= code.base);
                let index = vm.fetch(register(b), b >= code.base);
                vm.stack.extend([value, index]);
                self.run_one(vm, ip)?;
            }
            Ins::ArrayPush { a } => {
                let value = vm.fetch(register(a), a >= code.base);
                vm.stack.push(value);
                self.run_one(vm, ip)?;
            }
            Ins::Concat { d, a, b } => {
                let last = b >= code.base;
                let done = vm.append(register(d), register(a), (register(b), last))
                    || self.numbers(vm, (window, ip), Opcode::Concat, (a, Src::Reg(b)), d)?;
                if !done {
                    return Ok(None);
                }
            }
            Ins::Call { a, argc, name } => return self.call(vm, (a, argc, name), (window, ip)),
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
                return Ok(None);
            }
            Ins::Base { a, n, locals } => {
                let ran = vm.run_base(self.linked, (a, n, locals), (pc, ip))?;
                let leaves = ran.is_none() || self.handled(vm, ip)?;
                if leaves {
                    return Ok(None);
                }
            }
            Ins::BaseBranch { a, n, locals } => {
                match vm.run_base(self.linked, (a, n, locals), (pc, ip))? {
                    Some(true) => {}
                    Some(false) => ip += 1,
                    None => return Ok(None),
                }
                if self.handled(vm, ip)? {
                    return Ok(None);
                }
            }
            Ins::ExtBranch { a, n, locals } => {
                let ran = vm.run_ext((self.linked, pc, ip), (a, n, locals), window)?;
                if let Ran::On(false) | Ran::Back(false) = ran {
                    ip += 1;
                }
                return self.after_ext(vm, ran, (a, n), (window, ip));
            }
            Ins::Exit { exit } => {
                vm.leave_registers(code, &code.exits[exit as usize])?;
                return Ok(None);
            }
            Ins::Charge { exit } => {
                let exit = &code.exits[exit as usize];
                if !vm.prepay(exit.cost.into())? {
                    vm.leave_registers(code, exit)?;
                    return Ok(None);
                }
            }
            Ins::LoopStart { a } => {
                let value = std::mem::take(&mut vm.registers[register(a)]);
                vm.blocks
                    .push(BlockRun::of(self.linked.chunk().ops[pc], value));
            }
            Ins::LoopNext { a, to } => {
                vm.charge(1)?;
                match vm.blocks.last_mut().and_then(BlockRun::next) {
                    Some((first, second)) => {
                        vm.registers[register(a)] = first;
                        if let Some(second) = second {
                            vm.registers[register(a) + 1] = second;
                        }
                    }
                    None => {
                        if let Some(value) = vm.blocks.pop().and_then(BlockRun::finish) {
                            vm.registers[register(a)] = value;
                        }
                        ip = to as usize;
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
            Ins::Fused { index } => {
                let op = code.fused[index as usize];
                if vm.run_fused(self.linked, op, window)? {
                    ip += 1;
                }
            }
            _in_the_loop => {}
        }
        Ok(Some((window, ip)))
    }

    /// Runs the op behind the instruction on what has been pushed for it.
    pub(super) fn run_one(&self, vm: &mut VM, ip: usize) -> Step {
        let pc = self.code.meta[ip - 1].pc as usize;
        let op = self.linked.chunk().ops[pc];
        vm.run_op(self.linked, op, (pc, ip)).map(|_| ())
    }

    /// The op behind an addition of a number, and that number if it is an operand.
    pub(super) fn add(&self, ip: usize, n: i32) -> (Opcode, Src) {
        match self.opcode(ip) {
            Opcode::Add => (Opcode::Add, Src::Int(n)),
            _inc => (Opcode::Inc, Src::None),
        }
    }

    /// The same for a subtraction.
    pub(super) fn sub(&self, ip: usize, n: i32) -> (Opcode, Src) {
        match self.opcode(ip) {
            Opcode::Sub => (Opcode::Sub, Src::Int(n)),
            _dec => (Opcode::Dec, Src::None),
        }
    }

    pub(super) fn opcode(&self, ip: usize) -> Opcode {
        let pc = self.code.meta[ip - 1].pc as usize;
        self.linked.chunk().ops[pc].opcode()
    }

    /// The values of operands; those that only the stack had are gone from their registers.
    pub(super) fn values(
        &self,
        vm: &mut VM,
        window: usize,
        a: u8,
        b: Src,
    ) -> (Value, Option<Value>) {
        let mut value = |r: u8| vm.fetch(window + usize::from(r), r >= self.code.base);
        let b = match b {
            Src::Reg(b) => Some(value(b)),
            Src::Int(n) => Some(Value::Int(n.into())),
            Src::None => None,
        };
        (value(a), b)
    }

    /// An op of numbers on values that have no fast path; whether its result is there.
    #[cold]
    #[inline(never)]
    pub(super) fn numbers(
        &mut self,
        vm: &mut VM,
        (window, ip): (usize, usize),
        op: Opcode,
        (a, b): (u8, Src),
        d: u8,
    ) -> Result<bool, Trap> {
        self.tell(vm, window, ip);
        let inputs = self.values(vm, window, a, b);
        let pc = self.code.meta[ip - 1].pc as usize;
        match vm.run_numbers(self.linked, op, inputs, (pc, ip))? {
            Some(value) => {
                vm.registers[window + usize::from(d)] = value;
                Ok(!self.handled(vm, ip)?)
            }
            None => Ok(false),
        }
    }

    /// The comparison behind a branch, on values that have no fast path: its truth, or that of `==`
    /// where it is `!=`.
    #[cold]
    #[inline(never)]
    pub(super) fn compare(
        &mut self,
        vm: &mut VM,
        (window, ip): (usize, usize),
        (a, b): (u8, Src),
    ) -> Result<Option<bool>, Trap> {
        self.tell(vm, window, ip);
        let op = self.opcode(ip);
        let inputs = match (self.values(vm, window, a, b), b) {
            // Greater is less the other way round.
            ((a, Some(b)), Src::Reg(_)) if matches!(op, Opcode::NumGt | Opcode::NumGe) => {
                (b, Some(a))
            }
            (inputs, _) => inputs,
        };
        let pc = self.code.meta[ip - 1].pc as usize;
        let result = vm.run_numbers(self.linked, op, inputs, (pc, ip))?;
        Ok(result.map(|value| value.to_bool() != (op == Opcode::NumNe)))
    }
}
