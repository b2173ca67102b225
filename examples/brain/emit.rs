//! From commands to bytecode.
//!
//! Loops that test their cell are ext ops with labels. Loops that count have a slot that goes from minus
//! the turns up to 0, so that the limit of the fused op that ends each turn is a constant.

use super::Brain;
use super::optimise::{Command, Turns};
use super::tape::{Targets, ops};
use fusevm::prelude::*;

/// A loop that is being written.
struct Loop {
    turns: Turns,
    at: i32,
    top: Label,
    end: Label,
    slot: u16,
}

/// Writes commands.
pub fn emit(commands: &[(Command, Span)], b: &mut Builder<Brain>) {
    let mut loops: Vec<Loop> = Vec::new();
    let mut counters = 0;
    for (command, span) in commands {
        b.at(span.clone());
        match command {
            Command::Add { at, n } => b.op(ops::add { at: *at, n: *n }),
            Command::Set { at, n } => b.op(ops::set { at: *at, n: *n }),
            Command::Move { by } => b.op(ops::shift { by: *by }),
            Command::Scan { by } => b.op(ops::scan { by: *by }),
            Command::Spread { from, to } => {
                let to = Targets(to.clone()).to_string().into();
                b.op(ops::spread { from: *from, to });
            }
            Command::Write { at } => b.op(ops::write { at: *at }),
            Command::Read { at } => read(*at, b),
            Command::Open { at, turns } => {
                let open = open(*at, *turns, counters, b);
                counters += open.counts();
                loops.push(open);
            }
            Command::Close => {
                if let Some(open) = loops.pop() {
                    counters -= open.counts();
                    close(&open, b);
                }
            }
        }
    }
    b.op(ops::here {});
}

/// Reads a byte; a line first, when none is at hand.
fn read(at: i32, b: &mut Builder<Brain>) {
    let ready = b.label();
    b.op(ops::ready { to: ready });
    b.emit(Op::ReadLine);
    b.op(ops::feed {});
    b.bind(ready);
    b.op(ops::read { at });
}

impl Loop {
    fn counts(&self) -> u16 {
        matches!(self.turns, Turns::Counted { .. } | Turns::Known(_)).into()
    }
}

fn open(at: i32, turns: Turns, slot: u16, b: &mut Builder<Brain>) -> Loop {
    let end = b.label();
    match turns {
        Turns::Tested { .. } | Turns::Once => b.op(ops::unless { at, to: end }),
        Turns::Counted { factor } => {
            b.op(ops::count { at, factor });
            b.emit(Op::SetSlot(slot));
            b.branch(Op::SlotLtIntJumpIfFalse(slot, 0, 0), end);
        }
        Turns::Known(turns) => {
            b.load(-i64::from(turns));
            b.emit(Op::SetSlot(slot));
        }
    }
    let top = b.label_here();
    Loop {
        turns,
        at,
        top,
        end,
        slot,
    }
}

fn close(open: &Loop, b: &mut Builder<Brain>) {
    match open.turns {
        Turns::Tested { by: 0 } => b.op(ops::again {
            at: open.at,
            to: open.top,
        }),
        Turns::Tested { by } => b.op(ops::move_again { by, to: open.top }),
        Turns::Once => {}
        Turns::Counted { .. } | Turns::Known(_) => {
            b.branch(Op::SlotIncLtIntJumpBack(open.slot, 0, 0), open.top);
        }
    }
    b.bind(open.end);
}
