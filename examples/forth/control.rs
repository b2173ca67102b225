//! Control structures: jumps that are forward until they meet their labels, and loops.
//!
//! Where paths meet, slots hold the same on each; see [`held`](super::held).

use super::compile::{Compile, Compiler};
use super::flow::control as ops;
use super::held::Held;
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
    ("leave", |c, t| c.leave(t)),
    ("case", |c, t| c.case(t)),
    ("of", |c, t| c.of(t)),
    ("endof", |c, t| c.endof(t)),
    ("endcase", |c, t| c.endcase(t)),
];

/// Control structures that may be open at once.
const DEEPEST: usize = 10_000;

/// A control structure that is open.
#[derive(Debug)]
pub struct Open {
    kind: Kind,
    /// The word that opened it.
    pub word: String,
    span: Span,
    label: Label,
    /// How much paths that come to the label hold; nothing where none has come yet.
    held: Option<usize>,
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
    fn open(&mut self, kind: Kind, label: Label, token: &Token) -> Parsed {
        if self.control.len() == DEEPEST {
            return token.fail("too many control structures in one another");
        }
        self.control.push(Open {
            kind,
            word: token.word.clone(),
            span: token.span.clone(),
            label,
            held: Some(self.held.len()),
        });
        Ok(())
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

    /// That a path which goes on at a label holds what others hold there.
    fn agree(&self, held: Option<usize>, token: &Token) -> Parsed {
        match held {
            Some(held) if self.live && self.held.len() != held => token.fail(format!(
                "`>r` and `r>` are not balanced where `{}` joins two paths",
                token.word
            )),
            _ => Ok(()),
        }
    }

    /// Lets paths that hold so much go on here.
    fn join(&mut self, label: Label, held: Option<usize>, token: &Token) -> Parsed {
        self.agree(held, token)?;
        self.begin_path(held);
        self.b.bind(label);
        Ok(())
    }

    /// A path that holds so much begins.
    fn begin_path(&mut self, held: Option<usize>) {
        let held = held.unwrap_or(self.held.len());
        self.held.resize(held, Held::Value);
        self.live = true;
    }

    fn if_(&mut self, token: &Token) -> Parsed {
        let to = self.b.label();
        match self.operands(1) {
            true => self.b.jump_if_false(to),
            false => self.b.op(ops::if_ { to }),
        }
        self.open(Kind::If, to, token)
    }

    fn else_(&mut self, token: &Token) -> Parsed {
        let open = self.close(token, "if", |kind| matches!(kind, Kind::If | Kind::While))?;
        let end = self.b.label();
        self.b.jump(end);
        let held = self.live.then_some(self.held.len());
        self.begin_path(open.held);
        self.b.bind(open.label);
        self.open(Kind::If, end, token)?;
        if let Some(last) = self.control.last_mut() {
            last.held = held;
        }
        Ok(())
    }

    fn then(&mut self, token: &Token) -> Parsed {
        let open = self.close(token, "if", |kind| matches!(kind, Kind::If | Kind::While))?;
        self.join(open.label, open.held, token)
    }

    fn begin(&mut self, token: &Token) -> Parsed {
        self.flush();
        let head = self.b.label_here();
        self.open(Kind::Begin, head, token)
    }

    fn until(&mut self, token: &Token) -> Parsed {
        let is_operand = self.operands(1);
        let open = self.close(token, "begin", |kind| kind == Kind::Begin)?;
        self.agree(open.held, token)?;
        match is_operand {
            true => self.b.jump_if_false(open.label),
            false => self.b.op(ops::until { to: open.label }),
        }
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
        let is_operand = self.operands(1);
        let begin = self.close(token, "begin", |kind| kind == Kind::Begin)?;
        let to = self.b.label();
        match is_operand {
            true => self.b.jump_if_false(to),
            false => self.b.op(ops::while_ { to }),
        }
        self.open(Kind::While, to, token)?;
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
            "do" => self.take_numbers(counted),
            _ => None,
        };
        let are_operands = bounds.is_none() && self.operands(2);
        self.flush();
        let end = self.b.label();
        let (index, limit) = self.slots(token, self.held.len())?;
        match bounds {
            Some((_, from)) => {
                self.b.load(from);
                self.b.emit(Op::SetSlot(index));
            }
            None => {
                let unless_equal = token.word == "?do";
                match unless_equal {
                    _ if are_operands => {}
                    true => self.b.op(ops::do_unless_equal {}),
                    false => self.b.op(ops::do_ {}),
                }
                self.b.emit(Op::SetSlot(index));
                self.b.emit(Op::SetSlot(limit));
                if unless_equal {
                    self.b.emit(Op::GetSlot(index));
                    self.b.emit(Op::GetSlot(limit));
                    self.b.emit(Op::NumEq);
                    self.b.jump_if_true(end);
                }
            }
        }
        let head = self.b.label_here();
        let limit = bounds.map(|(limit, _)| limit);
        self.open(Kind::Do(head, limit), end, token)?;
        self.held.push(Held::Loop);
        Ok(())
    }

    fn loop_(&mut self, token: &Token) -> Parsed {
        let open = self.close(token, "do", |kind| matches!(kind, Kind::Do(..)))?;
        let held = open.held.unwrap_or(0);
        self.agree(Some(held + 1), token)?;
        let (index, slot) = self.slots(token, held)?;
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
        self.begin_path(open.held);
        self.b.bind(open.label);
        Ok(())
    }

    fn leave(&mut self, token: &Token) -> Parsed {
        self.flush();
        let is_loop = |open: &&Open| matches!(open.kind, Kind::Do(..));
        let Some(open) = self.control.iter().rev().find(is_loop) else {
            return token.fail("`leave` outside of a loop");
        };
        self.b.jump(open.label);
        self.live = false;
        Ok(())
    }

    fn case(&mut self, token: &Token) -> Parsed {
        self.flush();
        let end = self.b.label();
        self.open(Kind::Case, end, token)
    }

    fn of(&mut self, token: &Token) -> Parsed {
        self.flush();
        let case = self.control.last().filter(|open| open.kind == Kind::Case);
        if case.is_none() {
            return token.fail("`of` without `case`");
        }
        let to = self.b.label();
        self.b.op(ops::of { to });
        self.open(Kind::Of, to, token)
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
}

/// Bounds that a loop with a constant limit can count between, limit and start.
fn counted(limit: i64, from: i64) -> Option<(i32, i64)> {
    i32::try_from(limit)
        .ok()
        .filter(|_| from < limit)
        .map(|limit| (limit, from))
}
