//! Ways out of a unit: guards, and the cold pieces that they lead to.
//!
//! What writes the same locations is one piece, which takes the values as parameters; what nothing else
//! writes is written where the guard leads to. The context has the number of the exit. All of them end in one
//! place, where the host is told.

use super::{Body, clif};
use crate::jit::entry::{self, calls};
use crate::jit::ir::{B, Func, Inst, Lib, Loc, Term, Ty, V};
use crate::jit::mix::{Map, Mix};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, types};
use std::hash::{Hash, Hasher};

/// Locations that exits write each for itself, before they share a piece that does so: a piece is work for the
/// code generator.
const AGAIN: usize = 2;

/// A piece of code that writes locations, for so many exits.
#[derive(Debug)]
pub(super) struct Stub {
    layout: Vec<(Loc, Ty)>,
    ways: usize,
    /// Where it is, if more than one leave by it.
    block: Option<ir::Block>,
}

/// Whether it never leaves, although it names an exit.
fn stays(inst: &Inst) -> bool {
    match inst {
        Inst::Lib { lib, locs, .. } => match lib {
            Lib::Share(_) | Lib::Move(_) => true,
            Lib::Copy => locs[0].is_some(),
            _other => false,
        },
        _other => false,
    }
}

/// What an exit writes, without the values.
fn layout(f: &Func, exit: usize) -> impl Iterator<Item = (Loc, Ty)> {
    (f.exits[exit].writes.iter()).map(|(loc, v)| (*loc, f.ty(*v)))
}

impl Body<'_, '_> {
    /// An exit, as the VM knows it.
    pub(super) fn exit_number(&mut self, exit: usize) -> ir::Value {
        let exited = entry::Exited {
            version: self.target.number,
            exit: exit as u32,
        };
        self.b.ins().iconst(types::I64, exited.bits().cast_signed())
    }

    /// Finds out which exits can share a piece.
    pub(super) fn plan_exits(&mut self, order: &[B]) {
        let f = self.f;
        // By what the locations and types come to.
        let mut known: Map<u64, usize> = Map::default();
        for at in order {
            let block = &f.blocks[at.0 as usize];
            let last = match &block.term {
                Term::Leave(exit) => Some(*exit),
                _other => None,
            };
            let inside = block.insts.iter().map(|v| f.inst(*v));
            let inside = inside.filter(|inst| !stays(inst)).filter_map(Inst::exit);
            for exit in inside.chain(last) {
                let stub = match self.ways[exit] {
                    Some(stub) => stub,
                    None => {
                        let mut mix = Mix::default();
                        layout(f, exit).for_each(|written| written.hash(&mut mix));
                        let stub = known.entry(mix.finish()).or_insert(self.stubs.len());
                        let found = self.stubs.get(*stub);
                        if found.is_none_or(|stub| !layout(f, exit).eq(stub.layout.iter().copied()))
                        {
                            *stub = self.stubs.len();
                            self.stubs.push(Stub {
                                layout: layout(f, exit).collect(),
                                ways: 0,
                                block: None,
                            });
                        }
                        *stub
                    }
                };
                self.ways[exit] = Some(stub);
                self.stubs[stub].ways += 1;
            }
        }
    }

    /// Leaves by an exit, from a cold block.
    pub(super) fn leave_by(&mut self, exit: usize) {
        // A number in an instruction: it is in no register on its way.
        let number = self.b.ins().iconst(types::I32, exit as i64);
        let context = self.context();
        self.store(number, context, entry::EXIT);
        let owes = self.owes;
        self.settle();
        self.owes = owes;
        let f = self.f;
        let writes = &f.exits[exit].writes;
        debug_assert!(writes.is_sorted_by_key(|(loc, _)| *loc), "{writes:?}");
        let is_shared = |stub: &usize| (self.stubs[*stub].ways - 1) * writes.len() > AGAIN;
        let shared = self.ways[exit].filter(is_shared);
        let values = (writes.iter()).filter(|(_, v)| f.ty(*v) != Ty::Undef);
        let values: Vec<BlockArg> = values.map(|(_, v)| self.value(*v).into()).collect();
        match shared {
            Some(stub) => {
                let block = self.stub(stub);
                self.b.ins().jump(block, &values);
            }
            None => self.write_back(layout(f, exit), &values),
        }
    }

    /// The piece that exits share.
    fn stub(&mut self, stub: usize) -> ir::Block {
        let Stub { layout, block, .. } = &mut self.stubs[stub];
        if let Some(block) = *block {
            return block;
        }
        let new = self.b.create_block();
        *block = Some(new);
        self.b.set_cold_block(new);
        for (_, ty) in layout.iter().filter(|(_, ty)| *ty != Ty::Undef) {
            self.b.append_block_param(new, clif(*ty));
        }
        new
    }

    /// Writes what only the values say, and goes on to where machine code is left.
    fn write_back(&mut self, layout: impl Iterator<Item = (Loc, Ty)>, values: &[BlockArg]) {
        // Who comes here may not have it, and registers may have moved.
        let frame = self.frame.take();
        let mut values = values.iter().filter_map(BlockArg::as_value).peekable();
        for (loc, ty) in layout {
            if self.frame.is_none() && self.target.is_loop && matches!(loc, Loc::Reg(_)) {
                // So that nothing has to be kept for it in a loop.
                let context = self.context();
                self.frame = Some(self.load(types::I64, context, entry::FRAME));
            }
            let (at, behind) = self.place(loc);
            let v = values.next_if(|_| ty != Ty::Undef);
            self.store_boxed(at, behind, ty, v);
        }
        self.frame = frame;
        let last = match self.last {
            Some(last) => last,
            None => self.b.create_block(),
        };
        self.last = Some(last);
        self.b.ins().jump(last, &[]);
    }

    /// Makes the pieces that exits share, and where they all end.
    pub(super) fn finish_exits(&mut self) {
        self.owes = super::fuel::Owed::default();
        for stub in std::mem::take(&mut self.stubs) {
            let Some(block) = stub.block else { continue };
            self.b.switch_to_block(block);
            let params = self.b.block_params(block).iter();
            let params: Vec<BlockArg> = params.map(|param| (*param).into()).collect();
            self.write_back(stub.layout.into_iter(), &params);
        }
        let Some(last) = self.last else { return };
        self.b.switch_to_block(last);
        self.b.set_cold_block(last);
        self.tell_fuel();
        let version = i64::from(self.target.number);
        if self.target.is_loop {
            // It is only entered from where the VM is told.
            let left = self.b.ins().iconst(types::I64, entry::LEFT | version);
            return self.leave(left);
        }
        let off = self.off();
        let version = self.b.ins().iconst(types::I64, version);
        let left = calls::left as *const () as usize;
        let status = self.rarely(left, &[version, off]);
        self.leave(status);
    }

    /// Leaves the function with a status that is not 0.
    pub(super) fn leave(&mut self, status: ir::Value) {
        match self.target.gives.filter(|ty| *ty != Ty::Undef) {
            Some(ty) => {
                let nothing = match ty {
                    Ty::Float => self.b.ins().f64const(0.0),
                    ty => self.b.ins().iconst(clif(ty), 0),
                };
                self.b.ins().return_(&[status, nothing]);
            }
            None => {
                self.b.ins().return_(&[status]);
            }
        }
    }

    /// Goes on in a new block if the truth is as wanted, and leaves otherwise.
    pub(super) fn guard(&mut self, is: ir::Value, want: bool, exit: usize) {
        let out = self.b.create_block();
        self.branch_off(is, want, out);
        self.fill_out(out, exit);
    }

    /// Goes on in a new block if the truth is as wanted, and to `out` otherwise.
    pub(super) fn branch_off(&mut self, is: ir::Value, want: bool, out: ir::Block) {
        let on = self.b.create_block();
        match want {
            true => self.b.ins().brif(is, on, &[], out, &[]),
            false => self.b.ins().brif(is, out, &[], on, &[]),
        };
        self.b.switch_to_block(on);
    }

    /// Has a cold block leave by an exit: what the stub is given is made on the way to it alone.
    pub(super) fn fill_out(&mut self, out: ir::Block, exit: usize) {
        let Some(on) = self.b.current_block() else {
            return;
        };
        self.b.set_cold_block(out);
        self.b.switch_to_block(out);
        self.leave_by(exit);
        self.b.switch_to_block(on);
    }

    /// For tests: leaves now and then although there is no reason to, where the instruction may as well
    /// be left to the interpreter.
    pub(super) fn shake(&mut self, v: V) {
        let f = self.f;
        let (Inst::Guard(.., exit)
        | Inst::Poll(exit)
        | Inst::Ensure(_, exit)
        | Inst::Room { exit, .. }
        | Inst::Peek { exit, .. }
        | Inst::Lib {
            lib:
                Lib::Step
                | Lib::Out
                | Lib::Answer
                | Lib::Unshare
                | Lib::Fit(_)
                | Lib::Push
                | Lib::Element
                | Lib::Array(_)
                | Lib::Join { .. }
                | Lib::Extend { .. }
                | Lib::HashGet { .. }
                | Lib::HashExists { .. }
                | Lib::HashSet(_),
            exit,
            ..
        }) = f.inst(v)
        else {
            return;
        };
        let exit = *exit;
        let context = self.context();
        let seed = self.load(types::I64, context, entry::SEED);
        // A linear congruential generator, whose high bits are good (Knuth, "The Art of Computer
        // Programming", volume 2, 3.3.4).
        let by = (self.b.ins()).iconst(types::I64, 6_364_136_223_846_793_005);
        let next = self.b.ins().imul(seed, by);
        let next = self.b.ins().iadd_imm_s(next, 1_442_695_041);
        self.b
            .ins()
            .store(Self::trusted(), next, context, entry::SEED);
        let below = (u64::MAX / u64::from(self.target.stress)).cast_signed();
        let below = self.b.ins().iconst(types::I64, below);
        let is = self.b.ins().icmp(IntCC::UnsignedLessThan, next, below);
        self.guard(is, false, exit);
    }
}
