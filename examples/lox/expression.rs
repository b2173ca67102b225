//! Expressions, by the precedence of what stands between them.

use fusevm::prelude::*;

use super::ops;
use super::parse::{MAX_ARGUMENTS, Parser};
use super::scan::{Kind, Token};
use super::scope::{Code, Jump};

/// How tightly an infix binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    None,
    Assignment,
    Or,
    And,
    Equality,
    Comparison,
    Term,
    Factor,
    Unary,
    Call,
    Primary,
}

impl Level {
    fn of(infix: Kind) -> Self {
        match infix {
            Kind::LeftParen | Kind::Dot => Level::Call,
            Kind::Star | Kind::Slash => Level::Factor,
            Kind::Plus | Kind::Minus => Level::Term,
            Kind::Less | Kind::LessEqual | Kind::Greater | Kind::GreaterEqual => Level::Comparison,
            Kind::EqualEqual | Kind::BangEqual => Level::Equality,
            Kind::And => Level::And,
            Kind::Or => Level::Or,
            _ => Level::None,
        }
    }

    fn tighter(self) -> Self {
        match self {
            Level::None => Level::Assignment,
            Level::Assignment => Level::Or,
            Level::Or => Level::And,
            Level::And => Level::Equality,
            Level::Equality => Level::Comparison,
            Level::Comparison => Level::Term,
            Level::Term => Level::Factor,
            Level::Factor => Level::Unary,
            Level::Unary => Level::Call,
            Level::Call | Level::Primary => Level::Primary,
        }
    }
}

impl<'s> Parser<'s, '_> {
    pub fn expression(&mut self) {
        self.at_least(Level::Assignment);
    }

    /// An expression of what binds at least as tightly as `level`.
    fn at_least(&mut self, level: Level) {
        self.nested(|parser| {
            parser.advance();
            let can_assign = level <= Level::Assignment;
            if !parser.prefix(can_assign) {
                return parser.error("Expect expression.");
            }
            while level <= Level::of(parser.current.kind) {
                parser.advance();
                parser.infix(can_assign);
            }
            if can_assign && parser.matches(Kind::Equal) {
                parser.error("Invalid assignment target.");
            }
        });
    }

    /// What starts with the token just passed; `false` when nothing does.
    fn prefix(&mut self, can_assign: bool) -> bool {
        let token = self.previous.clone();
        match token.kind {
            Kind::Number => {
                let number: f64 = token.text.parse().unwrap_or(f64::NAN);
                self.emit(Code::Load(number.into()));
            }
            Kind::String => {
                let text = token.text.trim_matches('"');
                self.emit(Code::Load(text.into()));
            }
            Kind::True => self.emit(Code::Load(true.into())),
            Kind::False => self.emit(Code::Load(false.into())),
            Kind::Nil => self.emit(Code::Load(Value::Undef)),
            Kind::Identifier => self.named(token.text, can_assign),
            Kind::This => match self.classes.is_empty() {
                true => self.error("Can't use 'this' outside of a class."),
                false => self.get("this"),
            },
            Kind::Super => self.super_method(),
            Kind::LeftParen => {
                self.expression();
                self.consume(Kind::RightParen, "Expect ')' after expression.");
            }
            Kind::Minus => {
                self.at_least(Level::Unary);
                self.emit_from(&token, Code::Op(Op::Negate));
            }
            Kind::Bang => {
                self.at_least(Level::Unary);
                self.negate();
            }
            _ => return false,
        }
        true
    }

    fn infix(&mut self, can_assign: bool) {
        let token = self.previous.clone();
        match token.kind {
            Kind::LeftParen => {
                let args = self.arguments();
                self.op(ops::call { args });
            }
            Kind::Dot => self.property(can_assign),
            Kind::And => self.shortcut(Level::And, Jump::AndFalsey),
            Kind::Or => self.shortcut(Level::Or, Jump::OrTruthy),
            _ => self.binary(&token),
        }
    }

    fn binary(&mut self, token: &Token<'s>) {
        self.at_least(Level::of(token.kind).tighter());
        // What is not greater is less or equal, even where one is no number.
        let (op, negated) = match token.kind {
            Kind::Plus => (Op::Add, false),
            Kind::Minus => (Op::Sub, false),
            Kind::Star => (Op::Mul, false),
            Kind::Slash => (Op::Div, false),
            Kind::EqualEqual => (Op::NumEq, false),
            Kind::BangEqual => (Op::NumEq, true),
            Kind::Less => (Op::NumLt, false),
            Kind::GreaterEqual => (Op::NumLt, true),
            Kind::Greater => (Op::NumGt, false),
            _ => (Op::NumGt, true),
        };
        self.emit_from(token, Code::Op(op));
        if negated {
            self.emit(Code::Op(Op::LogNot));
        }
    }

    fn negate(&mut self) {
        match self.function().leaves_truth() {
            true => self.emit(Code::Op(Op::LogNot)),
            false => self.op(ops::not {}),
        }
    }

    fn shortcut(&mut self, level: Level, jump: Jump) {
        let done = self.function().target();
        self.emit(Code::JumpIf(jump, done));
        self.at_least(level);
        self.bind(done);
    }

    fn named(&mut self, name: &'s str, can_assign: bool) {
        let variable = self.resolve(name);
        if can_assign && self.matches(Kind::Equal) {
            self.expression();
            self.emit(Code::Op(Op::Dup));
            self.emit(match variable {
                Some(variable) => Code::Set(variable),
                None => Code::SetGlobal(name),
            });
        } else {
            self.emit(match variable {
                Some(variable) => Code::Get(variable),
                None => Code::GetGlobal(name),
            });
        }
    }

    fn property(&mut self, can_assign: bool) {
        self.consume(Kind::Identifier, "Expect property name after '.'.");
        let name = self.previous.text;
        if can_assign && self.matches(Kind::Equal) {
            self.expression();
            self.op(ops::set_property { name: name.into() });
        } else if self.matches(Kind::LeftParen) {
            let args = self.arguments();
            let name = name.into();
            self.op(ops::invoke { name, args });
        } else {
            self.op(ops::get_property { name: name.into() });
        }
    }

    fn super_method(&mut self) {
        match self.classes.last() {
            None => self.error("Can't use 'super' outside of a class."),
            Some(class) if !class.has_superclass => {
                self.error("Can't use 'super' in a class with no superclass.");
            }
            Some(_) => {}
        }
        self.consume(Kind::Dot, "Expect '.' after 'super'.");
        self.consume(Kind::Identifier, "Expect superclass method name.");
        let name = self.previous.text;
        self.get("this");
        self.get("super");
        if self.matches(Kind::LeftParen) {
            let args = self.arguments();
            let name = name.into();
            self.op(ops::invoke_super { name, args });
        } else {
            self.op(ops::get_super { name: name.into() });
        }
    }

    /// The arguments of a call, behind its parenthesis; how many.
    fn arguments(&mut self) -> u8 {
        let mut count = 0;
        if !self.check(Kind::RightParen) {
            loop {
                self.expression();
                if count == MAX_ARGUMENTS {
                    self.error("Can't have more than 255 arguments.");
                }
                count += 1;
                if !self.matches(Kind::Comma) {
                    break;
                }
            }
        }
        self.consume(Kind::RightParen, "Expect ')' after arguments.");
        count.min(MAX_ARGUMENTS) as u8
    }
}
