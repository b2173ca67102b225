//! Fuel, which is a variable in machine code, and the flag of who wants to interrupt.
//!
//! What is paid is not subtracted at once, but **owed**: a number that is known while code is made, and goes on
//! into blocks that come from one block alone. It is subtracted where ways meet and where others want to know what
//! there is; ways out do so for themselves. So a turn or a call subtracts once what it pays in many places, and what
//! it has to wait for is not one subtraction behind the other.
//!
//! Where each turn of a loop pays the same, and something counts its turns, nothing is subtracted in it: what there
//! is follows from what is counted ([`Turn`]).

use super::{Body, Facts, Ways};
use crate::jit::entry::{self, calls};
use crate::jit::ir::{B, Bin, Func, Inst, Lib, Term, V};
use crate::jit::mix::Map;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use cranelift_frontend::Variable;

/// A loop whose turns all pay the same. In it there is what the variable has, less what is owed, less so much times
/// what is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    header: B,
    /// A parameter of the header, at what place, and what it is in the next turn.
    counter: V,
    place: usize,
    next: V,
    /// What is paid for each number that is counted, and for a turn.
    by: i64,
    whole: i64,
}

/// What is known of fuel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Owed {
    owed: i64,
    turn: Option<Turn>,
    /// At the end of a block, and behind it, whether there is what is counted next.
    is_next: Option<bool>,
}

/// By number of block, the loop it belongs to, if its turns all pay the same.
pub(super) fn turns(f: &Func, facts: &Facts, ways: &[Ways]) -> Vec<Option<Turn>> {
    let mut turns = vec![None; f.blocks.len()];
    if !f.any(|inst| matches!(inst, Inst::Spend(_))) {
        return turns;
    }
    // The blocks of each innermost loop, in order.
    let mut loops: Vec<Vec<B>> = Vec::new();
    for b in &facts.order {
        if let Some(inner) = facts.inner(*b) {
            let number = usize::from(inner.number);
            loops.resize(loops.len().max(number + 1), Vec::new());
            loops[number].push(*b);
        }
    }
    for blocks in loops.iter().filter(|blocks| !blocks.is_empty()) {
        let found = turn(f, blocks, &facts.order, ways);
        blocks.iter().for_each(|b| turns[b.0 as usize] = found);
    }
    turns
}

fn turn(f: &Func, blocks: &[B], order: &[B], ways: &[Ways]) -> Option<Turn> {
    let header = blocks[0];
    // What a turn has paid at the beginning of each block, whichever way it went.
    let mut paid: Map<B, i64> = Map::default();
    paid.insert(header, 0);
    let (mut back, mut whole) = (None, 0);
    for b in blocks {
        let block = &f.blocks[b.0 as usize];
        let mut owed = *paid.get(b)?;
        for v in &block.insts {
            match f.inst(*v) {
                // These want to know what there is.
                Inst::Ensure(..) | Inst::Pay(_) | Inst::Call { .. } => return None,
                Inst::Lib {
                    lib: Lib::Step | Lib::Out,
                    ..
                } => return None,
                Inst::Spend(cost) => owed = owed.checked_add(f.int(*cost)?)?,
                _other => {}
            }
        }
        for to in block.term.succs() {
            match blocks.contains(&to) {
                // The turn ends in one place.
                true if to == header && back.is_some() => return None,
                true if to == header => (back, whole) = (Some(*b), owed),
                true if *paid.entry(to).or_insert(owed) != owed => return None,
                // Whoever is behind the loop has to know.
                false if !matches!(ways[to.0 as usize], Ways::One(_)) => return None,
                _other => {}
            }
        }
    }
    let args = match &f.blocks[back?.0 as usize].term {
        Term::Jump(_, args) => args,
        Term::Branch(_, (to, args), _) | Term::Branch(_, _, (to, args)) if *to == header => args,
        _other => return None,
    };
    let params = &f.blocks[header.0 as usize].params;
    let counts = |(place, (param, arg)): (usize, (&V, &V))| match f.inst(*arg) {
        Inst::Bin(Bin::Add, from, by) if from == param => {
            let step = f.int(*by).filter(|step| *step > 0)?;
            (whole % step == 0).then_some((place, *param, *arg, whole / step))
        }
        _other => None,
    };
    let (place, counter, next, by) = params.iter().zip(args).enumerate().find_map(counts)?;
    // Whoever comes from outside comes there alone, and can make ready.
    let comes = |b: &B| {
        let term = &f.blocks[b.0 as usize].term;
        !blocks.contains(b) && term.succs().any(|to| to == header)
    };
    let mut before = order.iter().filter(|b| comes(b));
    let is_jump = |b: &B| matches!(f.blocks[b.0 as usize].term, Term::Jump(..));
    (whole > 0 && before.all(is_jump)).then_some(Turn {
        header,
        counter,
        place,
        next,
        by,
        whole,
    })
}

impl Body<'_, '_> {
    /// Takes over what fuel there is, from the VM or a callee.
    pub(super) fn fetch_fuel(&mut self) {
        if let Some(fuel) = self.fuel {
            let context = self.context();
            let mut has = self.load(types::I64, context, entry::SLICE);
            let (owed, counted) = self.paid();
            if owed != 0 {
                has = self.b.ins().iadd_imm_s(has, owed);
            }
            if let Some(counted) = counted {
                has = self.b.ins().iadd(has, counted);
            }
            self.b.def_var(fuel, has);
        }
    }

    /// Says what fuel there is.
    pub(super) fn tell_fuel(&mut self) {
        if let Some(fuel) = self.fuel {
            let (context, has) = (self.context(), self.has(fuel));
            (self.b.ins()).store(Self::trusted(), has, context, entry::SLICE);
        }
    }

    /// What a loop has paid when so much is counted.
    fn counted(&mut self, turn: Turn, counter: V) -> ir::Value {
        let counter = self.value(counter);
        let by = self.b.ins().iconst(types::I64, turn.by);
        self.b.ins().imul(counter, by)
    }

    /// What was paid and not subtracted: as a number, and as a value.
    fn paid(&mut self) -> (i64, Option<ir::Value>) {
        let Owed {
            owed,
            turn,
            is_next,
        } = self.owes;
        let is_made = |turn: Turn| self.values[turn.next.0 as usize].is_some();
        match turn {
            None => (owed, None),
            // Where there is what is counted next, the loop goes on with that alone.
            Some(turn) if is_next.unwrap_or_else(|| is_made(turn)) => {
                (owed - turn.whole, Some(self.counted(turn, turn.next)))
            }
            Some(turn) => (owed, Some(self.counted(turn, turn.counter))),
        }
    }

    /// What there is.
    fn has(&mut self, fuel: Variable) -> ir::Value {
        let mut has = self.b.use_var(fuel);
        let (owed, counted) = self.paid();
        if owed != 0 {
            has = self.less(has, owed);
        }
        if let Some(counted) = counted {
            has = self.b.ins().isub(has, counted);
        }
        has
    }

    /// Subtracts what is owed.
    pub(super) fn settle(&mut self) {
        if let Some(fuel) = self.fuel
            && (self.owes.owed != 0 || self.owes.turn.is_some())
        {
            let has = self.has(fuel);
            self.b.def_var(fuel, has);
        }
        self.owes = Owed::default();
    }

    /// What is owed at the beginning of a block, of the blocks before it.
    pub(super) fn owes_at(&mut self, at: B, before: Option<Owed>) {
        let turn = self.turns[at.0 as usize];
        self.owes = (before.or_else(|| self.joins.remove(&at))).unwrap_or_default();
        match turn {
            Some(turn) if turn.header == at => {
                self.owes = Owed {
                    owed: 0,
                    turn: Some(turn),
                    is_next: None,
                };
            }
            Some(_) => self.owes.is_next = None,
            None if self.owes.turn.is_some() => self.settle(),
            None => {}
        }
    }

    /// Before a block ends: what those behind it do not know is subtracted.
    pub(super) fn settle_for(&mut self, at: B, ways: &[Ways]) {
        let Some(fuel) = self.fuel else { return };
        let term = &self.f.blocks[at.0 as usize].term;
        let turn_of = |b: B| self.turns[b.0 as usize];
        if let Some(turn) = turn_of(at) {
            self.owes.is_next = Some(self.values[turn.next.0 as usize].is_some());
            // The next turn takes for granted that this one has paid.
            let missing = turn.whole - self.owes.owed;
            if term.succs().any(|to| to == turn.header) && missing != 0 {
                let has = self.b.use_var(fuel);
                let has = self.b.ins().iadd_imm_s(has, missing);
                self.b.def_var(fuel, has);
                self.owes.owed = turn.whole;
            }
            // Ways that meet in a turn have paid the same.
            let meets = |to: &B| matches!(ways[to.0 as usize], Ways::More) && *to != turn.header;
            for to in term.succs().filter(meets) {
                self.joins.insert(to, self.owes);
            }
        } else if let Term::Jump(to, args) = term
            && let Some(turn) = turn_of(*to).filter(|turn| turn.header == *to)
        {
            self.settle();
            let paid = self.counted(turn, args[turn.place]);
            let has = self.b.use_var(fuel);
            let has = self.b.ins().iadd(has, paid);
            self.b.def_var(fuel, has);
        } else {
            // A block that only leads to the next turn is to stay empty.
            let meets = |to: B| matches!(ways[to.0 as usize], Ways::More) || self.leads_back(to);
            if term.succs().any(meets) {
                self.settle();
            }
        }
    }

    pub(super) fn poll(&mut self, exit: usize) {
        let is = self.interrupted();
        self.guard(is, false, exit);
    }

    /// What is not 0 if somebody has interrupted.
    pub(super) fn interrupted(&mut self) -> ir::Value {
        let context = self.context();
        let flag = match self.flag {
            Some(flag) => flag,
            None => self.load(types::I64, context, entry::FLAG),
        };
        self.load(types::I8, flag, 0)
    }

    /// Leaves unless there is so much fuel, if need be from beyond what there is for now.
    pub(super) fn ensure(&mut self, cost: u32, exit: usize) {
        let Some(fuel) = self.fuel else { return };
        let (has, cost) = (self.b.use_var(fuel), i64::from(cost));
        let with = cost + self.owes.owed;
        let is = (self.b.ins()).icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, has, with);
        let (more, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(more);
        self.b.ins().brif(is, on, &[], more, &[]);
        let frame = self.frame;
        self.b.switch_to_block(more);
        self.tell_fuel();
        let wanted = self.b.ins().iconst(types::I64, cost);
        let status = self.rarely(calls::pay as *const () as usize, &[wanted]);
        self.fetch_fuel();
        self.guard(status, false, exit);
        if let Some(paid) = self.b.current_block() {
            self.b.set_cold_block(paid);
        }
        // It is there, and not spent yet.
        let has = self.b.use_var(fuel);
        let has = self.b.ins().iadd_imm_s(has, cost);
        self.b.def_var(fuel, has);
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(on);
        // Paying moves no registers.
        self.frame = frame;
    }

    fn less(&mut self, has: ir::Value, cost: i64) -> ir::Value {
        let cost = self.b.ins().iconst(types::I64, cost);
        self.b.ins().isub(has, cost)
    }

    pub(super) fn spend(&mut self, v: V, cost: V, at: B) {
        let Some(fuel) = self.fuel else { return };
        if let Some(cost) = self.f.int(cost) {
            self.owes.owed += cost;
            return;
        }
        let cost = match self.f.inst(cost) {
            // What else is paid in the block goes with it: what comes later is owed with a minus until then.
            Inst::Select(is, a, b) if let (Some(a), Some(b)) = (self.f.int(*a), self.f.int(*b)) => {
                let later = self.paid_behind(v, at);
                let all = self.owes.owed + later;
                self.owes.owed = -later;
                let (is, a, b) = (self.value(*is), a + all, b + all);
                let a = self.b.ins().iconst(types::I64, a);
                let b = self.b.ins().iconst(types::I64, b);
                self.b.ins().select(is, a, b)
            }
            _other => self.value(cost),
        };
        let has = self.b.use_var(fuel);
        let has = self.b.ins().isub(has, cost);
        self.b.def_var(fuel, has);
    }

    /// What a block pays behind an instruction, as long as nobody wants to know what there is.
    fn paid_behind(&self, v: V, at: B) -> i64 {
        let insts = self.f.blocks[at.0 as usize].insts.iter();
        let behind = insts.skip_while(|of| **of != v).skip(1);
        let mut paid = 0;
        for v in behind {
            match self.f.inst(*v) {
                Inst::Spend(cost) => paid += self.f.int(*cost).unwrap_or(0),
                Inst::Ensure(..) | Inst::Pay(_) | Inst::Call { .. } | Inst::Lib { .. } => break,
                _other => {}
            }
        }
        paid
    }

    /// For how many times so much there is fuel, at most so many.
    pub(super) fn turns_paid(&mut self, cost: u32, most: u32) -> ir::Value {
        let all = u64::from(cost) * u64::from(most);
        let bits = (
            u64::BITS - all.leading_zeros(),
            u32::BITS - cost.leading_zeros(),
        );
        let Some(fuel) = self.fuel.filter(|_| bits.0 < 32) else {
            // What is dear is looked for in each turn.
            return self.b.ins().iconst(types::I64, 1);
        };
        let (has, all) = (self.has(fuel), self.b.ins().iconst(types::I64, all as i64));
        let has = self.b.ins().umin(has, all);
        if cost == 1 {
            return has;
        }
        // By a constant: what is less than 2^n is multiplied by 2^(n + m) / d, rounded up, where d is 2^m at most
        // (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", 1994).
        let shift = bits.0 + bits.1;
        let by = (1_u64 << shift).div_ceil(cost.into());
        let by = self.b.ins().iconst(types::I64, by.cast_signed());
        let product = self.b.ins().imul(has, by);
        let shift = self.fixed(shift.into());
        self.b.ins().ushr(product, shift)
    }

    /// Pays if there is so much, and whether there is.
    pub(super) fn pay(&mut self, cost: u32) -> ir::Value {
        let Some(fuel) = self.fuel else {
            return self.b.ins().iconst(types::I8, 0);
        };
        let (has, cost) = (self.b.use_var(fuel), i64::from(cost));
        let with = cost + self.owes.owed;
        let is = (self.b.ins()).icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, has, with);
        let rest = self.less(has, cost);
        let rest = self.b.ins().select(is, rest, has);
        self.b.def_var(fuel, rest);
        is
    }
}
