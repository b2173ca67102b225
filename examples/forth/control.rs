//! Control structures, and what goes onto the return stack.
//!
//! What a standard Forth has on its return stack is in slots here, whose number is known at each place: a
//! loop takes two, its index and its limit, `>r` one. Ends of paths that meet hold the same number.

use super::compile::{Compile, Compiler};
use super::flow::control as ops;
use super::source::Token;
use fusevm::prelude::*;

/// The words of control structures.
pub const COMPILED: &[(&str, Compile)] = &[
    ("if", |c, t| c.if_(t)),
    ("else", |c, t| c.else_(t)),
    ("then", |c, t| c.then(t)),
    ("begin", |c, t| c.begin(t)),
    ("until", |c, t| c.until(t)),
    ("again", |c, t| c.again(t)),
    ("while", |c, t| c.while_(t)),
    ("repeat", |c, t| c.repeat(t)),
    ("do", |c, t| c.do_(t)),
    ("?do", |c, t| c.do_(t)),
    ("loop", |c, t| c.loop_(t)),
    ("+loop", |c, t| c.loop_(t)),
    ("i", |c, t| c.index(t)),
    ("j", |c, t| c.index(t)),
    ("leave", |c, t| c.leave(t)),
    ("unloop", |c, t| c.unloop(t)),
    ("case", |c, t| c.case(t)),
    ("of", |c, t| c.of(t)),
    ("endof", |c, t| c.endof(t)),
    ("endcase", |c, t| c.endcase(t)),
    (">r", |c, t| c.to_r(t)),
    ("r>", |c, t| c.r_from(t)),
    ("r@", |c, t| c.r_fetch(t)),
];

/// Slots for what is held; each of these may take two.
const MOST_HELD: usize = 10_000;

/// What slots hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Index and limit of a loop.
    Loop,
    /// What `>r` put there.
    Value,
}

/// A control structure that is open.
#[derive(Debug)]
pub struct Open {
    kind: Kind,
    /// The word that opened it.
    pub word: String,
    span: Span,
    label: Label,
    /// How much was held there.
    held: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `if` and `else`: the label is where the path that is left out goes on.
    If,
    /// The label is the head of the loop.
    Begin,
    /// The label is behind the loop.
    While,
    /// The label is behind the loop, here is its head; and its limit, when that is a constant.
    Do(Label, Option<i32>),
    /// The label is behind the structure.
    Case,
    /// The label is the next case.
    Of,
}

impl Open {
    /// The error for one that has no end.
    pub fn unfinished(&self) -> Diagnostic {
        let end = match self.kind {
            Kind::If => "then",
            Kind::Begin => "until` or `repeat",
            Kind::While => "repeat",
            Kind::Do(..) => "loop",
            Kind::Case => "endcase",
            Kind::Of => "endof",
        };
        Diagnostic::at(
            self.span.clone(),
            format!("`{}` without `{end}`", self.word),
        )
    }
}

impl Compiler<'_> {
    fn open(&mut self, kind: Kind, label: Label, token: &Token) {
        let (word, span) = (token.word.clone(), token.span.clone());
        let held = self.held.len();
        self.control.push(Open {
            kind,
            word,
            span,
            label,
            held,
        });
    }

    /// Closes the innermost structure, which has to be of a kind.
    fn close(&mut self, token: &Token, wanted: &str, fits: fn(Kind) -> bool) -> Parsed<Open> {
        self.flush();
        match self.control.pop_if(|open| fits(open.kind)) {
            Some(open) => Ok(open),
            None => {
                let text = format!("`{}` without `{wanted}`", token.word);
                let error = Diagnostic::at(token.span.clone(), text);
                Err(match self.control.last() {
                    Some(open) => error.note(format!("`{}` is still open", open.word)),
                    None => error,
                })
            }
        }
    }

    /// That a path which goes on at a place holds what is held there.
    fn agree(&self, held: usize, token: &Token) -> Parsed {
        if !self.live || self.held.len() == held {
            return Ok(());
        }
        let word = &token.word;
        let error = format!("`>r` and `r>` are not balanced where `{word}` joins two paths");
        Err(Diagnostic::at(token.span.clone(), error))
    }

    /// Lets paths that hold so much go on here.
    fn join(&mut self, label: Label, held: usize, token: &Token) -> Parsed {
        self.agree(held, token)?;
        self.held.resize(held, Held::Value);
        self.live = true;
        self.b.bind(label);
        Ok(())
    }

    fn if_(&mut self, token: &Token) -> Parsed {
        self.flush();
        let to = self.b.label();
        self.b.op(ops::if_ { to });
        self.open(Kind::If, to, token);
        Ok(())
    }

    fn else_(&mut self, token: &Token) -> Parsed {
        let open = self.close(token, "if", |kind| matches!(kind, Kind::If | Kind::While))?;
        let end = self.b.label();
        self.b.jump(end);
        let (held, live) = (self.held.len(), self.live);
        self.held.resize(open.held, Held::Value);
        self.b.bind(open.label);
        self.live = true;
        self.open(Kind::If, end, token);
        if let Some(last) = self.control.last_mut() {
            // Where the first branch does not end, the second says what is held behind it.
            last.held = if live { held } else { usize::MAX };
        }
        Ok(())
    }

    fn then(&mut self, token: &Token) -> Parsed {
        let open = self.close(token, "if", |kind| matches!(kind, Kind::If | Kind::While))?;
        let held = if open.held == usize::MAX {
            self.held.len()
        } else {
            open.held
        };
        self.join(open.label, held, token)
    }

    fn begin(&mut self, token: &Token) -> Parsed {
        self.flush();
        let head = self.b.label_here();
        self.open(Kind::Begin, head, token);
        Ok(())
    }

    fn until(&mut self, token: &Token) -> Parsed {
        let open = self.close(token, "begin", |kind| kind == Kind::Begin)?;
        self.agree(open.held, token)?;
        self.b.op(ops::until { to: open.label });
        Ok(())
    }

    fn again(&mut self, token: &Token) -> Parsed {
        let open = self.close(token, "begin", |kind| kind == Kind::Begin)?;
        self.agree(open.held, token)?;
        self.b.jump(open.label);
        self.live = false;
        Ok(())
    }

    fn while_(&mut self, token: &Token) -> Parsed {
        let begin = self.close(token, "begin", |kind| kind == Kind::Begin)?;
        let to = self.b.label();
        self.b.op(ops::while_ { to });
        self.open(Kind::While, to, token);
        self.control.push(begin);
        Ok(())
    }

    fn repeat(&mut self, token: &Token) -> Parsed {
        self.again(token)?;
        let open = self.close(token, "while", |kind| kind == Kind::While)?;
        self.join(open.label, open.held, token)
    }

    fn do_(&mut self, token: &Token) -> Parsed {
        let bounds = match token.word.as_str() {
            "do" => self.take_literals(counted),
            _ => None,
        };
        self.flush();
        let end = self.b.label();
        let (index, limit) = self.slots(token, self.held.len())?;
        match bounds {
            Some((_, from)) => {
                self.b.load(from);
                self.b.emit(Op::SetSlot(index));
            }
            None => {
                match token.word.as_str() {
                    "do" => self.b.op(ops::do_ {}),
                    _ => self.b.op(ops::do_unless_equal { to: end }),
                }
                self.b.emit(Op::SetSlot(index));
                self.b.emit(Op::SetSlot(limit));
            }
        }
        let head = self.b.label_here();
        let limit = bounds.map(|(limit, _)| limit);
        self.open(Kind::Do(head, limit), end, token);
        self.held.push(Held::Loop);
        Ok(())
    }

    fn loop_(&mut self, token: &Token) -> Parsed {
        let open = self.close(token, "do", |kind| matches!(kind, Kind::Do(..)))?;
        self.agree(open.held + 1, token)?;
        let (index, slot) = self.slots(token, open.held)?;
        let Kind::Do(to, bound) = open.kind else {
            return Ok(());
        };
        match (token.word.as_str(), bound) {
            ("loop", Some(limit)) => {
                self.b.branch(Op::SlotIncLtIntJumpBack(index, limit, 0), to);
            }
            (word, bound) => {
                match bound {
                    Some(limit) => self.b.load(i64::from(limit)),
                    None => self.b.emit(Op::GetSlot(slot)),
                }
                let index = Slot(index);
                match word {
                    "loop" => self.b.op(ops::loop_ { index, to }),
                    _ => self.b.op(ops::plus_loop { index, to }),
                }
            }
        }
        self.held.truncate(open.held);
        self.live = true;
        self.b.bind(open.label);
        Ok(())
    }

    /// Slots of what is held at a place: its first, and its second where it has one.
    fn slots(&self, token: &Token, place: usize) -> Parsed<(u16, u16)> {
        match u16::try_from(2 * place) {
            Ok(slot) if place < MOST_HELD => Ok((slot, slot + 1)),
            _ => {
                let error = "too many loops and `>r` in one another";
                Err(Diagnostic::at(token.span.clone(), error))
            }
        }
    }

    /// Gives what is held: the innermost of a kind but so many.
    fn push_held(&mut self, token: &Token, kind: Held, skip: usize, outside: &str) -> Parsed {
        self.flush();
        let places = (0..self.held.len())
            .rev()
            .filter(|place| self.held[*place] == kind);
        let Some(place) = places.into_iter().nth(skip) else {
            let error = format!("`{}` {outside}", token.word);
            return Err(Diagnostic::at(token.span.clone(), error));
        };
        let (slot, _) = self.slots(token, place)?;
        self.b.op(ops::held { s: Slot(slot) });
        Ok(())
    }

    fn index(&mut self, token: &Token) -> Parsed {
        match token.word.as_str() {
            "i" => self.push_held(token, Held::Loop, 0, "outside of a loop"),
            _ => self.push_held(token, Held::Loop, 1, "outside of two loops"),
        }
    }

    fn leave(&mut self, token: &Token) -> Parsed {
        self.flush();
        let open = self
            .control
            .iter()
            .rev()
            .find(|open| matches!(open.kind, Kind::Do(..)));
        let Some(open) = open else {
            return Err(Diagnostic::at(
                token.span.clone(),
                "`leave` outside of a loop",
            ));
        };
        self.b.jump(open.label);
        self.live = false;
        Ok(())
    }

    /// Nothing: slots end with the function.
    fn unloop(&mut self, token: &Token) -> Parsed {
        match self.held.contains(&Held::Loop) {
            true => Ok(()),
            false => Err(Diagnostic::at(
                token.span.clone(),
                "`unloop` outside of a loop",
            )),
        }
    }

    fn case(&mut self, token: &Token) -> Parsed {
        self.flush();
        let end = self.b.label();
        self.open(Kind::Case, end, token);
        Ok(())
    }

    fn of(&mut self, token: &Token) -> Parsed {
        self.flush();
        if !matches!(
            self.control.last(),
            Some(Open {
                kind: Kind::Case,
                ..
            })
        ) {
            return Err(Diagnostic::at(token.span.clone(), "`of` without `case`"));
        }
        let to = self.b.label();
        self.b.op(ops::of { to });
        self.open(Kind::Of, to, token);
        Ok(())
    }

    fn endof(&mut self, token: &Token) -> Parsed {
        let of = self.close(token, "of", |kind| kind == Kind::Of)?;
        let Some((end, held)) = self.control.last().map(|case| (case.label, case.held)) else {
            return Ok(());
        };
        self.agree(held, token)?;
        self.b.jump(end);
        self.live = false;
        self.join(of.label, of.held, token)
    }

    fn endcase(&mut self, token: &Token) -> Parsed {
        let case = self.close(token, "case", |kind| kind == Kind::Case)?;
        self.b.op(super::words::ops::drop_ {});
        self.join(case.label, case.held, token)
    }

    fn to_r(&mut self, token: &Token) -> Parsed {
        self.flush();
        let (slot, _) = self.slots(token, self.held.len())?;
        self.held.push(Held::Value);
        self.b.op(ops::hold { s: Slot(slot) });
        Ok(())
    }

    fn r_from(&mut self, token: &Token) -> Parsed {
        if self.held.last() == Some(&Held::Loop) {
            let error = "`r>` inside of a loop that began behind `>r`";
            return Err(Diagnostic::at(token.span.clone(), error));
        }
        self.push_held(token, Held::Value, 0, "without `>r`")?;
        self.held.pop();
        Ok(())
    }

    fn r_fetch(&mut self, token: &Token) -> Parsed {
        self.push_held(token, Held::Value, 0, "without `>r`")
    }
}

/// Bounds that a loop with a constant limit can count between, limit and start.
fn counted(limit: i64, from: i64) -> Option<(i32, i64)> {
    i32::try_from(limit)
        .ok()
        .filter(|_| from < limit)
        .map(|limit| (limit, from))
}
