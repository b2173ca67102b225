//! Expressions, by the precedence of what stands between them.

use fusevm::prelude::*;

use super::ops;
use super::parse::{MAX_ARGUMENTS, Parser};
use super::scan::{Kind, Token};
use super::scope::{Code, Jump};

/// How tightly an infix binds, loosest first; 0 for what is none.
type Level = u8;

const ASSIGNMENT: Level = 1;
const OR: Level = 2;
const AND: Level = 3;
const UNARY: Level = 8;

fn level(infix: &Token<'_>) -> Level {
    match infix.text {
        _ if infix.kind != Kind::Fixed => 0,
        "or" => OR,
        "and" => AND,
        "==" | "!=" => 4,
        "<" | "<=" | ">" | ">=" => 5,
        "+" | "-" => 6,
        "*" | "/" => 7,
        "(" | "." => 9,
        _ => 0,
    }
}

impl<'s> Parser<'s, '_> {
    pub fn expression(&mut self) {
        self.at_least(ASSIGNMENT);
    }

    /// An expression of what binds as tightly as `least`, or more so.
    fn at_least(&mut self, least: Level) {
        self.nested(|parser| {
            parser.advance();
            let can_assign = least <= ASSIGNMENT;
            if !parser.prefix(can_assign) {
                return parser.error("Expect expression.");
            }
            while least <= level(&parser.current) {
                parser.advance();
                parser.infix(can_assign);
            }
            if can_assign && parser.matches("=") {
                parser.error("Invalid assignment target.");
            }
        });
    }

    /// What starts with the token just passed; `false` when nothing does.
    fn prefix(&mut self, can_assign: bool) -> bool {
        let token = self.previous.clone();
        match (token.kind, token.text) {
            (Kind::Number, text) => {
                let number: f64 = text.parse().unwrap_or(f64::NAN);
                self.emit(Code::Load(number.into()));
            }
            (Kind::String, text) => self.emit(Code::Load(text.trim_matches('"').into())),
            (Kind::Identifier, name) => self.named(name, can_assign),
            (Kind::Fixed, "true") => self.emit(Code::Load(true.into())),
            (Kind::Fixed, "false") => self.emit(Code::Load(false.into())),
            (Kind::Fixed, "nil") => self.emit(Code::Load(Value::Undef)),
            (Kind::Fixed, "this") => match self.classes.is_empty() {
                true => self.error("Can't use 'this' outside of a class."),
                false => self.get("this"),
            },
            (Kind::Fixed, "super") => self.super_method(),
            (Kind::Fixed, "(") => {
                self.expression();
                self.consume(")", "Expect ')' after expression.");
            }
            (Kind::Fixed, "-") => {
                self.at_least(UNARY);
                self.emit_from(&token, Code::Op(Op::Negate));
            }
            (Kind::Fixed, "!") => {
                self.at_least(UNARY);
                self.negate();
            }
            _ => return false,
        }
        true
    }

    fn infix(&mut self, can_assign: bool) {
        let token = self.previous.clone();
        match token.text {
            "(" => {
                let args = self.arguments();
                self.op(ops::call { args });
            }
            "." => self.property(can_assign),
            "and" => self.shortcut(AND, Jump::AndFalsey),
            "or" => self.shortcut(OR, Jump::OrTruthy),
            _ => self.binary(&token),
        }
    }

    fn binary(&mut self, token: &Token<'s>) {
        self.at_least(level(token) + 1);
        // What is not greater is less or equal, even where one is no number.
        let (op, negated) = match token.text {
            "+" => (Op::Add, false),
            "-" => (Op::Sub, false),
            "*" => (Op::Mul, false),
            "/" => (Op::Div, false),
            "==" => (Op::NumEq, false),
            "!=" => (Op::NumEq, true),
            "<" => (Op::NumLt, false),
            ">=" => (Op::NumLt, true),
            ">" => (Op::NumGt, false),
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

    fn shortcut(&mut self, least: Level, jump: Jump) {
        let done = self.function().target();
        self.emit(Code::JumpIf(jump, done));
        // From the left, so that a long row is not deep; what it gives is the same.
        self.at_least(least + 1);
        self.bind(done);
    }

    fn named(&mut self, name: &'s str, can_assign: bool) {
        let variable = self.resolve(name);
        if can_assign && self.matches("=") {
            self.expression();
            self.emit(Code::Op(Op::Dup));
            self.emit(Code::Set(variable));
        } else {
            self.emit(Code::Get(variable));
        }
    }

    fn property(&mut self, can_assign: bool) {
        let name = self.identifier("Expect property name after '.'.");
        if can_assign && self.matches("=") {
            self.expression();
            self.op(ops::set_property { name: name.into() });
        } else if self.matches("(") {
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
        self.consume(".", "Expect '.' after 'super'.");
        let name = self.identifier("Expect superclass method name.");
        self.get("this");
        self.get("super");
        if self.matches("(") {
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
        if !self.check(")") {
            loop {
                self.expression();
                if count == MAX_ARGUMENTS {
                    self.error("Can't have more than 255 arguments.");
                }
                count += 1;
                if !self.matches(",") {
                    break;
                }
            }
        }
        self.consume(")", "Expect ')' after arguments.");
        count.min(MAX_ARGUMENTS) as u8
    }
}
