//! The shape of a unit's code: its blocks, its loops, and which registers are live where.
//!
//! Blocks are what control enters only at the top. They come in reverse postorder, so that all ways to
//! a block but those back come before it. A unit whose loops have more than one entry has no shape here
//! and stays interpreted.

use crate::ext::{ImmKind, OpDesc};
use crate::lower::{Code, Ins};

/// A set of small numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    /// The first ones, which are all that most units need.
    first: u64,
    others: Vec<u64>,
}

impl Bits {
    pub(super) fn new(len: usize) -> Self {
        Bits {
            first: 0,
            others: vec![0; len.div_ceil(64).saturating_sub(1)],
        }
    }

    pub(super) fn has(&self, at: usize) -> bool {
        let word = match at / 64 {
            0 => Some(&self.first),
            word => self.others.get(word - 1),
        };
        word.is_some_and(|word| word >> (at % 64) & 1 != 0)
    }

    fn word(&mut self, at: usize) -> Option<&mut u64> {
        match at / 64 {
            0 => Some(&mut self.first),
            word => self.others.get_mut(word - 1),
        }
    }

    pub(super) fn put(&mut self, at: usize) {
        if let Some(word) = self.word(at) {
            *word |= 1 << (at % 64);
        }
    }

    pub(super) fn drop(&mut self, at: usize) {
        if let Some(word) = self.word(at) {
            *word &= !(1 << (at % 64));
        }
    }

    /// Takes in what the other has; whether that was news.
    pub(super) fn join(&mut self, other: &Bits) -> bool {
        let mut news = other.first & !self.first != 0;
        self.first |= other.first;
        for (word, more) in self.others.iter_mut().zip(&other.others) {
            news |= more & !*word != 0;
            *word |= more;
        }
        news
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = std::iter::once(&self.first).chain(&self.others);
        let words = words.enumerate();
        words.flat_map(|(at, word)| {
            let rest = |word: &u64| Some(word & (word - 1)).filter(|rest| *rest != 0);
            let rests = std::iter::successors(Some(*word).filter(|word| *word != 0), rest);
            rests.map(move |word| at * 64 + word.trailing_zeros() as usize)
        })
    }
}

/// What an instruction does to registers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Touches {
    pub(super) reads: [Option<u16>; 3],
    /// Reads so many from there on.
    pub(super) read_range: (u16, u16),
    pub(super) writes: [Option<u16>; 2],
    /// Reads all slots, and may write them.
    pub(super) slots: bool,
    /// Reads all registers.
    pub(super) all: bool,
}

/// What an instruction reads and writes.
pub(super) fn touches(ins: Ins<u16>) -> Touches {
    let r = |reads: &[u16], writes: &[u16]| {
        let at = |from: &[u16], i: usize| from.get(i).copied();
        Touches {
            reads: [at(reads, 0), at(reads, 1), at(reads, 2)],
            writes: [at(writes, 0), at(writes, 1)],
            ..Touches::default()
        }
    };
    let range = |a, n, writes: &[u16]| Touches {
        read_range: (a, n),
        ..r(&[], writes)
    };
    match ins {
        Ins::Copy { d, a } => r(&[a], &[d]),
        Ins::Take { d, a } => r(&[a], &[d, a]),
        Ins::Int { d, .. } | Ins::Const { d, .. } | Ins::Undef { d } | Ins::Bool { d, .. } => {
            r(&[], &[d])
        }
        Ins::Swap { a, b } => r(&[a, b], &[a, b]),
        Ins::Clear { .. } => r(&[], &[]),
        Ins::Add { d, a, b }
        | Ins::Sub { d, a, b }
        | Ins::Mul { d, a, b }
        | Ins::Div { d, a, b }
        | Ins::Mod { d, a, b }
        | Ins::And { d, a, b }
        | Ins::Or { d, a, b }
        | Ins::Xor { d, a, b }
        | Ins::Shl { d, a, b }
        | Ins::Shr { d, a, b }
        | Ins::Binary { d, a, b, .. }
        | Ins::IndexGet { d, a, b }
        | Ins::Concat { d, a, b } => r(&[a, b], &[d]),
        Ins::AddI { d, a, .. }
        | Ins::SubI { d, a, .. }
        | Ins::MulI { d, a, .. }
        | Ins::ModI { d, a, .. }
        | Ins::AndI { d, a, .. }
        | Ins::OrI { d, a, .. }
        | Ins::XorI { d, a, .. }
        | Ins::ShlI { d, a, .. }
        | Ins::ShrI { d, a, .. }
        | Ins::Unary { d, a, .. }
        | Ins::Not { d, a }
        | Ins::Len { d, a } => r(&[a], &[d]),
        Ins::Jump { .. } | Ins::ReturnVoid { .. } | Ins::Charge { .. } => r(&[], &[]),
        Ins::JumpIf { a, .. } | Ins::JumpIfNot { a, .. } => r(&[a], &[]),
        Ins::JumpLt { a, b, .. }
        | Ins::JumpLe { a, b, .. }
        | Ins::JumpEq { a, b, .. }
        | Ins::JumpNotLt { a, b, .. }
        | Ins::JumpNotLe { a, b, .. }
        | Ins::JumpNotEq { a, b, .. } => r(&[a, b], &[]),
        Ins::JumpLtI { a, .. }
        | Ins::JumpLeI { a, .. }
        | Ins::JumpGtI { a, .. }
        | Ins::JumpGeI { a, .. }
        | Ins::JumpEqI { a, .. }
        | Ins::JumpNotLtI { a, .. }
        | Ins::JumpNotLeI { a, .. }
        | Ins::JumpNotGtI { a, .. }
        | Ins::JumpNotGeI { a, .. }
        | Ins::JumpNotEqI { a, .. } => r(&[a], &[]),
        Ins::GetVar { d, .. } => r(&[], &[d]),
        Ins::SetVar { a, .. } | Ins::ArrayPush { a, .. } => r(&[a], &[]),
        Ins::IndexSet { a, b, c, .. } => r(&[a, b, c], &[]),
        Ins::ArrayGet { d, b, .. }
        | Ins::HashGet { d, b, .. }
        | Ins::HashExists { d, b, .. }
        | Ins::HashDelete { d, b, .. } => r(&[b], &[d]),
        Ins::ArraySet { b, c, .. } | Ins::HashSet { b, c, .. } => r(&[b, c], &[]),
        Ins::MakeArray { a, n } => range(a, n, &[a]),
        Ins::Call { a, argc, .. } | Ins::CallOut { a, argc, .. } => range(a, argc.into(), &[]),
        Ins::Builtin { a, argc, .. } => range(a, argc.into(), &[]),
        Ins::Return { a, .. } => r(&[a], &[]),
        Ins::End { a, some } => r(&[a][..some.into()], &[]),
        Ins::Base { a, n, .. }
        | Ins::BaseBranch { a, n, .. }
        | Ins::Ext { a, n, .. }
        | Ins::ExtBranch { a, n, .. } => Touches {
            slots: true,
            ..range(a, n, &[])
        },
        Ins::Fused { .. } => Touches {
            slots: true,
            ..Touches::default()
        },
        Ins::LoopStart { a } => r(&[a], &[]),
        Ins::LoopNext { .. } => r(&[], &[]),
        Ins::LoopTurn { a, some } => r(&[a][..some.into()], &[]),
        // What comes then is no business of this code.
        _other => Touches {
            all: true,
            ..Touches::default()
        },
    }
}

/// Where control goes from an instruction: to which, and whether it may go on behind.
pub(crate) fn ways(at: usize, ins: Ins<u16>) -> (Option<usize>, bool) {
    match ins {
        Ins::Jump { to } => (Some(to as usize), false),
        Ins::JumpIf { to, .. } | Ins::JumpIfNot { to, .. } | Ins::LoopNext { to, .. } => {
            (Some(to as usize), true)
        }
        Ins::Return { .. } | Ins::ReturnVoid { .. } | Ins::End { .. } | Ins::Exit { .. } => {
            (None, false)
        }
        Ins::BaseBranch { .. } | Ins::ExtBranch { .. } | Ins::Fused { .. } => (Some(at + 2), true),
        other => (other.branch().map(|(_, to)| to as usize), true),
    }
}

/// What control enters only at the top.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) start: usize,
    /// Behind its last instruction.
    pub(super) end: usize,
    pub(super) succs: Vec<usize>,
    pub(super) preds: Vec<usize>,
    /// Registers that are live at its start.
    pub(super) live: Bits,
    /// The innermost loop that it is in.
    pub(super) inner: Option<usize>,
}

/// A natural loop: one entry, its header.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub(super) header: usize,
    pub(super) blocks: Bits,
    pub(super) parent: Option<usize>,
    /// Registers that instructions in it write.
    pub(super) written: Bits,
}

/// The shape of a unit's code.
#[derive(Debug)]
pub(super) struct Flow {
    /// In reverse postorder; those that control does not reach are not among them.
    pub(super) blocks: Vec<Block>,
    pub(super) loops: Vec<Loop>,
    registers: usize,
    /// The block that each instruction is in, if control reaches it.
    places: Vec<Option<usize>>,
    /// Whether each instruction may see slots that it does not name.
    slots: Vec<bool>,
    /// Whether an op in it looks at what the function was called through.
    pub(super) looks_at_callee: bool,
}

/// Whether an instruction may see slots that it does not name: ext ops say which they name.
fn sees_slots(ins: Ins<u16>, ops: &[&'static OpDesc]) -> bool {
    let Ins::Ext { import, .. } = ins else {
        return touches(ins).slots;
    };
    let op = ops.get(usize::from(import));
    op.is_none_or(|op| {
        op.immediates
            .iter()
            .any(|imm| matches!(imm.kind, ImmKind::Slot))
    })
}

/// Whether an instruction is an ext op that looks at what the function was called through.
fn looks_at_callee(ins: Ins<u16>, ops: &[&'static OpDesc]) -> bool {
    let Ins::Ext { import, .. } = ins else {
        return false;
    };
    let op = ops.get(usize::from(import));
    op.is_some_and(|op| op.callee.is_some())
}

impl Flow {
    /// The shape of some code; `None` where a loop has more than one entry.
    pub(super) fn of(code: &Code, ops: &[&'static OpDesc]) -> Option<Flow> {
        let plain = &code.plain;
        let mut leaders = Bits::new(plain.len() + 1);
        leaders.put(0);
        for (at, ins) in plain.iter().enumerate() {
            let (to, on) = ways(at, *ins);
            if to.is_some() || !on {
                leaders.put(at + 1);
            }
            if let Some(to) = to {
                leaders.put(to);
            }
        }
        let starts: Vec<usize> = leaders.iter().filter(|at| *at < plain.len()).collect();
        let index = |at: usize| starts.binary_search(&at).ok();
        let mut blocks: Vec<Block> = Vec::new();
        for (i, &start) in starts.iter().enumerate() {
            let end = starts.get(i + 1).copied().unwrap_or(plain.len());
            let (to, on) = ways(end - 1, plain[end - 1]);
            let mut succs: Vec<usize> = to.and_then(index).into_iter().collect();
            // Behind first: that is the way on.
            if on {
                succs.insert(0, index(end)?);
            }
            blocks.push(Block {
                start,
                end,
                succs,
                ..Block::default()
            });
        }
        let order = postorder(&blocks);
        let mut number = vec![usize::MAX; blocks.len()];
        for (n, &old) in order.iter().rev().enumerate() {
            number[old] = n;
        }
        let mut sorted: Vec<Block> = (order.iter().rev())
            .map(|&old| std::mem::take(&mut blocks[old]))
            .collect();
        for block in &mut sorted {
            block.succs.iter_mut().for_each(|s| *s = number[*s]);
        }
        for at in 0..sorted.len() {
            for to in sorted[at].succs.clone() {
                if !sorted[to].preds.contains(&at) {
                    sorted[to].preds.push(at);
                }
            }
        }
        let mut places = vec![None; plain.len()];
        for (at, block) in sorted.iter().enumerate() {
            places[block.start..block.end].fill(Some(at));
        }
        let mut flow = Flow {
            blocks: sorted,
            places,
            loops: Vec::new(),
            registers: code.registers.into(),
            slots: code.plain.iter().map(|ins| sees_slots(*ins, ops)).collect(),
            looks_at_callee: code.plain.iter().any(|ins| looks_at_callee(*ins, ops)),
        };
        flow.find_loops(code)?;
        flow.find_live(code);
        Some(flow)
    }

    /// The block that begins there.
    pub(super) fn block_at(&self, start: usize) -> Option<usize> {
        self.block_of(start)
            .filter(|at| self.blocks[*at].start == start)
    }

    /// The block that an instruction is in.
    pub(super) fn block_of(&self, ip: usize) -> Option<usize> {
        self.places.get(ip).copied().flatten()
    }

    fn find_loops(&mut self, code: &Code) -> Option<()> {
        let idom = dominators(&self.blocks);
        let dominates = |a: usize, mut b: usize| {
            while b > a {
                b = idom[b];
            }
            a == b
        };
        for header in 0..self.blocks.len() {
            let latches: Vec<usize> = (self.blocks[header].preds.iter())
                .copied()
                .filter(|pred| *pred >= header)
                .collect();
            if latches.is_empty() {
                continue;
            }
            if !latches.iter().all(|latch| dominates(header, *latch)) {
                return None;
            }
            let mut inside = Bits::new(self.blocks.len());
            inside.put(header);
            let mut open = latches;
            while let Some(at) = open.pop() {
                if !inside.has(at) {
                    inside.put(at);
                    open.extend(&self.blocks[at].preds);
                }
            }
            let mut written = Bits::new(self.registers);
            for at in inside.iter() {
                let block = &self.blocks[at];
                for ip in block.start..block.end {
                    self.note_written(ip, code, &mut written);
                }
            }
            // Headers come in order, outer ones first.
            let parent = (0..self.loops.len())
                .rev()
                .find(|outer| self.loops[*outer].blocks.has(header));
            self.loops.push(Loop {
                header,
                blocks: inside,
                parent,
                written,
            });
        }
        for (number, found) in self.loops.iter().enumerate() {
            for at in found.blocks.iter() {
                if at < self.blocks.len() {
                    self.blocks[at].inner = Some(number);
                }
            }
        }
        Some(())
    }

    /// Registers that an instruction may write.
    fn note_written(&self, ip: usize, code: &Code, written: &mut Bits) {
        written.join(&self.written(ip, code));
        if self.slots[ip] {
            (0..code.base).for_each(|r| written.put(r.into()));
        }
    }

    /// The same but for slots that it does not name: for those that leave values in a row, all from there on.
    pub(super) fn written(&self, ip: usize, code: &Code) -> Bits {
        let mut written = Bits::new(self.registers);
        let ins = code.plain[ip];
        let touched = touches(ins);
        (touched.writes.iter().flatten()).for_each(|r| written.put((*r).into()));
        let from = match ins {
            Ins::Call { a, .. }
            | Ins::CallOut { a, .. }
            | Ins::Builtin { a, .. }
            | Ins::Clear { a, .. }
            | Ins::MakeArray { a, .. }
            | Ins::LoopStart { a }
            | Ins::LoopNext { a, .. }
            | Ins::LoopTurn { a, .. }
            | Ins::Base { a, .. }
            | Ins::BaseBranch { a, .. }
            | Ins::Ext { a, .. }
            | Ins::ExtBranch { a, .. } => a,
            _other => u16::MAX,
        };
        (from..code.registers).for_each(|r| written.put(r.into()));
        // What only the stack has is gone when it was read.
        let read = touched.reads.iter().flatten().copied();
        read.filter(|r| *r >= code.base)
            .for_each(|r| written.put(r.into()));
        written
    }

    fn find_live(&mut self, code: &Code) {
        for block in &mut self.blocks {
            block.live = Bits::new(self.registers);
        }
        let mut news = true;
        while news {
            news = false;
            for at in (0..self.blocks.len()).rev() {
                let mut live = self.live_at_end(at);
                let block = &self.blocks[at];
                for ip in (block.start..block.end).rev() {
                    self.before(ip, code, &mut live);
                }
                news |= self.blocks[at].live.join(&live);
            }
        }
    }

    fn live_at_end(&self, at: usize) -> Bits {
        let mut live = Bits::new(self.registers);
        for to in &self.blocks[at].succs {
            live.join(&self.blocks[*to].live);
        }
        live
    }

    /// What is live before each instruction of a block, and at its end.
    pub(super) fn live_in(&self, at: usize, code: &Code) -> Vec<Bits> {
        let block = &self.blocks[at];
        let mut live = self.live_at_end(at);
        let mut all = Vec::with_capacity(block.end - block.start + 1);
        all.push(live.clone());
        for ip in (block.start..block.end).rev() {
            self.before(ip, code, &mut live);
            all.push(live.clone());
        }
        all.reverse();
        all
    }

    /// Whether an instruction may see slots that it does not name.
    pub(super) fn sees_slots(&self, ip: usize) -> bool {
        self.slots[ip]
    }

    /// From what is live behind an instruction to what is live before it.
    fn before(&self, ip: usize, code: &Code, live: &mut Bits) {
        let ins = code.plain[ip];
        let touched = touches(ins);
        (touched.writes.iter().flatten()).for_each(|r| live.drop((*r).into()));
        if let Ins::Call { a, want: true, .. } | Ins::CallOut { a, .. } | Ins::Builtin { a, .. } =
            ins
        {
            live.drop(a.into());
        }
        (touched.reads.iter().flatten()).for_each(|r| live.put((*r).into()));
        let (from, n) = touched.read_range;
        (from..from + n).for_each(|r| live.put(r.into()));
        if self.slots[ip] {
            (0..code.base).for_each(|r| live.put(r.into()));
        }
        if touched.all {
            (0..code.registers).for_each(|r| live.put(r.into()));
        }
    }
}

fn postorder(blocks: &[Block]) -> Vec<usize> {
    let mut seen = Bits::new(blocks.len());
    let mut order = Vec::new();
    if blocks.is_empty() {
        return order;
    }
    let mut open = vec![(0, 0)];
    seen.put(0);
    while let Some((at, next)) = open.last_mut() {
        // The way on comes right behind, so it is walked last.
        let succs = &blocks[*at].succs;
        match succs.len().checked_sub(*next + 1).map(|i| succs[i]) {
            Some(to) => {
                *next += 1;
                if !seen.has(to) {
                    seen.put(to);
                    open.push((to, 0));
                }
            }
            None => {
                order.push(*at);
                open.pop();
            }
        }
    }
    order
}

/// The immediate dominator of each block, by number in reverse postorder (Cooper, Harvey and Kennedy,
/// "A Simple, Fast Dominance Algorithm").
fn dominators(blocks: &[Block]) -> Vec<usize> {
    dominators_of(blocks.len(), |at| &blocks[at].preds)
}

/// The same from how many blocks there are, and the predecessors of each alone.
pub(super) fn dominators_of<'a>(len: usize, preds: impl Fn(usize) -> &'a [usize]) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let mut idom = vec![NONE; len];
    if idom.is_empty() {
        return idom;
    }
    idom[0] = 0;
    // Whether a way was not known yet: without one, once is enough.
    let (mut news, mut open) = (true, true);
    while news && open {
        (news, open) = (false, false);
        for at in 1..len {
            let mut new = NONE;
            for &pred in preds(at) {
                if idom[pred] == NONE {
                    open = true;
                    continue;
                }
                new = if new == NONE {
                    pred
                } else {
                    meet(&idom, new, pred)
                };
            }
            if idom[at] != new {
                idom[at] = new;
                news = true;
            }
        }
    }
    idom
}

fn meet(idom: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        while a > b {
            a = idom[a];
        }
        while b > a {
            b = idom[b];
        }
    }
    a
}
