//! What a standard Forth has on its return stack, in slots of the frame.
//!
//! A loop takes two, its index and its limit, `>r` one; what is in which slot is known at each place, and
//! ends with the function. So nobody sees what a caller holds, and what is out of balance does not compile.

use super::compile::{Compile, Compiler};
use super::flow::control as ops;
use super::pending::Pending;
use super::source::Token;
use fusevm::prelude::*;

/// The words that hold something, or give what is held.
pub const COMPILED: &[(&str, Compile)] = &[
    ("i", |c, t| c.index(t)),
    ("j", |c, t| c.index(t)),
    ("unloop", |c, t| c.unloop(t)),
    (">r", |c, t| c.put_away(t)),
    ("r>", |c, t| c.take_back(t)),
    ("r@", |c, t| c.look_at(t)),
];

/// Places for what is held; each is two slots.
const MOST: usize = 10_000;

/// What slots hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Index and limit of a loop.
    Loop,
    /// What `>r` put there.
    Value,
}

impl Compiler<'_> {
    /// Slots of what is held at a place: its first, and its second where it has one.
    pub fn slots(&self, token: &Token, place: usize) -> Parsed<(u16, u16)> {
        match u16::try_from(2 * place) {
            Ok(slot) if place < MOST => Ok((slot, slot + 1)),
            _ => token.fail("too many loops and `>r` in one another"),
        }
    }

    /// Gives what is held: the innermost of a kind but so many.
    fn push_held(&mut self, token: &Token, kind: Held, skip: usize, outside: &str) -> Parsed {
        let mut places = (0..self.held.len()).filter(|place| self.held[*place] == kind);
        let Some(place) = places.nth_back(skip) else {
            return token.fail(format!("`{}` {outside}", token.word));
        };
        let (slot, _) = self.slots(token, place)?;
        self.wait(Pending::Held(slot));
        Ok(())
    }

    fn index(&mut self, token: &Token) -> Parsed {
        match token.word.as_str() {
            "i" => self.push_held(token, Held::Loop, 0, "outside of a loop"),
            _ => self.push_held(token, Held::Loop, 1, "outside of two loops"),
        }
    }

    /// Nothing: slots end with the function.
    fn unloop(&mut self, token: &Token) -> Parsed {
        match self.held.contains(&Held::Loop) {
            true => Ok(()),
            false => token.fail("`unloop` outside of a loop"),
        }
    }

    fn put_away(&mut self, token: &Token) -> Parsed {
        let (slot, _) = self.slots(token, self.held.len())?;
        self.held.push(Held::Value);
        match self.operands(1) {
            true => self.b.emit(Op::SetSlot(slot)),
            false => self.b.op(ops::hold { s: Slot(slot) }),
        }
        Ok(())
    }

    fn take_back(&mut self, token: &Token) -> Parsed {
        if self.held.last() == Some(&Held::Loop) {
            return token.fail("`r>` inside of a loop that began behind `>r`");
        }
        self.push_held(token, Held::Value, 0, "without `>r`")?;
        self.held.pop();
        Ok(())
    }

    fn look_at(&mut self, token: &Token) -> Parsed {
        self.push_held(token, Held::Value, 0, "without `>r`")
    }
}
