//! Statements: each leaves the stack as it was. And blocks, which stand where they are used, with a
//! jump over them.

use super::{COUNTERS, Writer};
use fusevm::Op;

impl Writer<'_> {
    /// A statement with others up to `depth` deep inside it.
    pub(super) fn statement(&mut self, depth: usize) {
        if depth == 0 || self.room == 0 {
            return match self.tight {
                Some(_) => self.tight_store(1),
                None => self.store(1),
            };
        }
        if let Some(rare) = self.tight
            && !self.r.one_in(rare)
        {
            return self.tight_statement(depth);
        }
        match self.r.below(24) {
            0..=6 => self.store(depth),
            7 | 8 => self.print(depth),
            9 | 10 => self.choose(depth),
            11 | 12 => self.count_up(depth),
            13 => self.count_up_after(depth),
            14 | 15 => self.fused_statement(),
            16 => self.scope(depth),
            17 => self.call(depth),
            18 | 19 => self.each(depth),
            20 => self.leave(depth),
            21 => self.unreachable(depth),
            22 => {
                self.expression(depth);
                self.emit(Op::Pop);
            }
            _ => drop(self.emit(Op::Nop)),
        }
    }

    fn some(&mut self, depth: usize) {
        for _ in 0..1 + self.r.below(3) {
            self.statement(depth - 1);
        }
    }

    /// Writes to a cell.
    fn store(&mut self, depth: usize) {
        let (name, slot) = (self.global(), self.slot());
        if self.r.one_in(8) {
            let op = self
                .r
                .pick(&[Op::DeclareArray(name), Op::DeclareHash(name)]);
            self.emit(op);
            return;
        }
        self.expression(depth);
        let op = self.r.pick(&[
            Op::SetSlot(slot),
            Op::SetSlot(slot),
            Op::SetSlot(slot),
            Op::SetVar(name),
            Op::DeclareVar(name),
            Op::SetArray(name),
            Op::SetHash(name),
            Op::ArrayPush(name),
            Op::SetStatus,
            Op::ArraySet(name),
            Op::HashSet(name),
            Op::SlotArraySet(slot),
        ]);
        if matches!(op, Op::ArraySet(_) | Op::HashSet(_) | Op::SlotArraySet(_)) {
            self.emit(Op::LoadInt(0));
            self.expression(depth - 1);
            if self.r.one_in(2) {
                self.emit(Op::LoadInt(5));
                self.emit(Op::Mod);
            }
            self.emit(Op::Add);
        }
        self.emit(op);
    }

    fn print(&mut self, depth: usize) {
        let n = self.r.below(3) as u8;
        (0..n).for_each(|_| self.expression(depth - 1));
        let op = self.r.pick(&[Op::Print(n), Op::PrintLn(n)]);
        self.emit(op);
    }

    fn choose(&mut self, depth: usize) {
        let no = match self.r.one_in(3) {
            true => {
                let (slot, limit) = (self.slot(), self.r.below(20) as i32 - 5);
                self.fused(Op::SlotLtIntJumpIfFalse(slot, limit, 0))
            }
            false => {
                self.expression(depth - 1);
                self.emit(Op::JumpIfFalse(0))
            }
        };
        self.some(depth);
        if self.r.one_in(2) {
            let end = self.emit(Op::Jump(0));
            self.land(no);
            self.some(depth);
            self.land(end);
        } else {
            self.land(no);
        }
    }

    /// `for (i = a; i < b; i += 1) { … }`
    pub(super) fn count_up(&mut self, depth: usize) {
        let (i, limit) = self.counter();
        let top = self.b.current_pos();
        let exit = self.fused(Op::SlotLtIntJumpIfFalse(i, limit, 0));
        self.loops += 1;
        self.some(depth);
        self.loops -= 1;
        self.fused(Op::PreIncSlotVoid(i));
        self.emit(Op::Jump(top));
        self.land(exit);
    }

    /// `i = a; do { … } while (++i < b)`
    pub(super) fn count_up_after(&mut self, depth: usize) {
        let (i, limit) = self.counter();
        let top = self.b.current_pos();
        self.loops += 1;
        self.some(depth);
        self.loops -= 1;
        self.fused(Op::SlotIncLtIntJumpBack(i, limit, top));
    }

    /// A loop's counter and bound.
    fn counter(&mut self) -> (u16, i32) {
        let i = COUNTERS + self.loops;
        let from = self.r.below(8) as i64 - 2;
        self.emit(Op::LoadInt(from));
        self.emit(Op::SetSlot(i));
        let most = match (self.tight.is_some(), self.loops) {
            (true, 0) => 60,
            (true, 1) => 12,
            _ => 8,
        };
        (i, self.r.below(most) as i32)
    }

    fn fused_statement(&mut self) {
        let (a, b, name) = (self.slot(), self.slot(), self.global());
        let limit = match self.r.below(10) {
            0 => self.r.int() as i32,
            1 => 1000,
            _ => self.r.below(30) as i32 - 5,
        };
        if !self.r.one_in(4) {
            self.expression(1);
            self.emit(Op::SetSlot(b));
        }
        let op = match self.r.below(5) {
            0 => Op::PreIncSlotVoid(a),
            1 => Op::AddAssignSlotVoid(a, b),
            2 => Op::AccumSumLoop(a, b, limit),
            3 => {
                let text = self.r.text();
                Op::ConcatConstLoop(self.b.add_constant(text), a, b, limit)
            }
            _ => Op::PushIntRangeLoop(name, b, limit),
        };
        self.fused(op);
    }

    fn scope(&mut self, depth: usize) {
        self.emit(Op::PushFrame);
        self.some(depth);
        if self.r.one_in(3) {
            self.expression(1);
        }
        self.emit(Op::PopFrame);
    }

    pub(super) fn call(&mut self, depth: usize) {
        if self.functions.is_empty() {
            return self.store(depth);
        }
        if self.r.one_in(6) {
            // Functions that share their code, by the names they may have; a function of another program.
            self.emit(Op::CallBuiltin(super::outcome::SHARED, 0));
            self.emit(Op::Pop);
            return;
        }
        let functions = self.functions.clone();
        let f = self.r.pick(&functions);
        let argc = self.arguments(f.arity, depth);
        self.emit(Op::Call(f.name, argc));
        if f.returns {
            self.emit(Op::Pop);
        }
    }

    fn each(&mut self, depth: usize) {
        if self.blocks == 3 {
            return self.store(depth);
        }
        self.expression(depth - 1);
        let block = self.block(1, 0);
        self.emit(Op::ForEachBlock(block));
    }

    /// Leaves the function or the program, sometimes.
    fn leave(&mut self, depth: usize) {
        self.expression(depth - 1);
        let over = self.emit(Op::JumpIfTrue(0));
        let value = self.returns.unwrap_or_else(|| self.r.one_in(2));
        if self.r.one_in(6) {
            // A call of a function that is not there ends its path.
            let unknown = super::GLOBALS as u16;
            self.emit(Op::Call(unknown, 0));
        } else if value && !self.r.one_in(3) {
            self.expression(1);
            self.emit(Op::ReturnValue);
        } else {
            self.emit(Op::Return);
        }
        self.land(over);
    }

    /// Ops that make no sense, behind a jump.
    fn unreachable(&mut self, depth: usize) {
        let over = self.emit(Op::Jump(0));
        let op = self
            .r
            .pick(&[Op::Add, Op::Pop, Op::PopFrame, Op::Return, Op::Dup2]);
        self.emit(op);
        self.land(over);
        self.store(depth);
    }

    /// A block that finds that many values and leaves that many; its index.
    pub(super) fn block(&mut self, inputs: usize, outputs: usize) -> u16 {
        let over = self.emit(Op::Jump(0));
        let start = self.b.current_pos();
        self.blocks += 1;
        if self.r.one_in(2) {
            self.statement(1);
        }
        let ends = match (inputs, outputs) {
            (2, _) => self.compare(),
            (_, 1) => self.transform(),
            _ => self.consume(),
        };
        self.blocks -= 1;
        if let Some(pc) = ends {
            self.land(pc);
        }
        let end = self.b.current_pos();
        let block = self.b.add_block_range(start, end);
        self.land(over);
        block
    }

    /// `a b → number`. Jumps to the end of the block.
    fn compare(&mut self) -> Option<usize> {
        if self.r.one_in(4) {
            self.emit(Op::Swap);
        }
        let orders = [Op::Spaceship, Op::StrCmp, Op::Sub, Op::NumGt];
        let op = match self.r.one_in(6) {
            true => self.r.pick(&self.forms.binary),
            false => self.r.pick(&orders),
        };
        self.emit(op);
        None
    }

    /// `e → v`
    fn transform(&mut self) -> Option<usize> {
        let mut ends = None;
        match self.r.below(5) {
            0 => {}
            1 => {
                self.emit(Op::Dup);
                ends = Some(self.emit(Op::JumpIfTrue(0)));
                self.emit(Op::Negate);
            }
            2 => {
                let slot = self.slot();
                self.emit(Op::SetSlot(slot));
                self.expression(2);
            }
            3 => {
                self.emit(Op::Pop);
                self.statement(1);
                self.expression(1);
            }
            _ => {
                self.expression(1);
                let op = self.r.pick(&self.forms.binary);
                self.emit(op);
            }
        }
        ends
    }

    /// `e →`
    fn consume(&mut self) -> Option<usize> {
        let (slot, name) = (self.slot(), self.global());
        let op = self.r.pick(&[
            Op::Pop,
            Op::SetSlot(slot),
            Op::PrintLn(1),
            Op::ArrayPush(name),
            Op::JumpIfFalse(0),
        ]);
        let pc = self.emit(op);
        let jumps = matches!(op, Op::JumpIfFalse(_));
        self.statement(2);
        jumps.then_some(pc)
    }
}
