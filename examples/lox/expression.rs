//! Expressions, by the precedence of what stands between them.

use fusevm::prelude::*;

use super::ops;
use super::parse::{MAX_ARGUMENTS, Parser};
use super::scan::{Kind, Token};

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
                self.out().load(number);
            }
            (Kind::String, text) => self.out().load(text.trim_matches('"')),
            (Kind::Identifier, name) => self.named(name, can_assign),
            (Kind::Fixed, "true") => self.out().load(true),
            (Kind::Fixed, "false") => self.out().load(false),
            (Kind::Fixed, "nil") => self.out().load(()),
            (Kind::Fixed, "this") => match self.classes.is_empty() {
                true => self.error("Can't use 'this' outside of a class."),
                false => self.get_named("this"),
            },
            (Kind::Fixed, "super") => self.super_method(),
            (Kind::Fixed, "(") => {
                self.expression();
                self.consume(")", "Expect ')' after expression.");
            }
            (Kind::Fixed, "-") => {
                self.at_least(UNARY);
                self.out_from(&token).emit(Op::Negate);
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
                self.out().op(ops::call { args });
            }
            "." => self.property(can_assign),
            "and" => self.and(AND),
            "or" => self.or(OR),
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
        self.out_from(token).emit(op);
        if negated {
            self.out().emit(Op::LogNot);
        }
    }

    fn negate(&mut self) {
        match self.leaves_truth() {
            true => self.out().emit(Op::LogNot),
            false => self.out().op(ops::not {}),
        }
    }

    fn or(&mut self, least: Level) {
        let to = self.out().label();
        if self.leaves_truth() {
            self.out().jump_if_true_keep(to);
        } else {
            self.out().emit(Op::Dup);
            self.out().op(ops::not {});
            self.out().jump_if_false(to);
        }
        self.other_operand(least, to);
    }

    /// The right side of `and` or `or`, which takes the place of the left one.
    fn other_operand(&mut self, least: Level, to: Label) {
        self.out().emit(Op::Pop);
        // From the left, so that a long row is not deep; what it gives is the same.
        self.at_least(least + 1);
        self.out().bind(to);
    }

    fn and(&mut self, least: Level) {
        let to = self.out().label();
        if self.leaves_truth() {
            self.out().jump_if_false_keep(to);
        } else {
            self.out().emit(Op::Dup);
            self.out().op(ops::not {});
            self.out().jump_if_true(to);
        }
        self.other_operand(least, to);
    }

    fn named(&mut self, name: &'s str, can_assign: bool) {
        let variable = self.resolve(name);
        if can_assign && self.matches("=") {
            self.expression();
            self.out().emit(Op::Dup);
            self.set(variable);
        } else {
            self.get(variable);
        }
    }

    fn property(&mut self, can_assign: bool) {
        let name = self.identifier("Expect property name after '.'.");
        if can_assign && self.matches("=") {
            self.expression();
            self.out().op(ops::set_property { name: name.into() });
        } else if self.matches("(") {
            let args = self.arguments();
            let name = name.into();
            self.out().op(ops::invoke { name, args });
        } else {
            self.out().op(ops::get_property { name: name.into() });
        }
    }

    fn super_method(&mut self) {
        match self.classes.last() {
            None => self.error("Can't use 'super' outside of a class."),
            Some(false) => {
                self.error("Can't use 'super' in a class with no superclass.");
            }
            Some(true) => {}
        }
        self.consume(".", "Expect '.' after 'super'.");
        let name = self.identifier("Expect superclass method name.");
        self.get_named("super");
        self.get_named("this");
        if self.matches("(") {
            let args = self.arguments();
            if usize::from(args) == MAX_ARGUMENTS {
                self.error("Can't have more than 254 arguments of a method.");
            }
            let (name, this_and_args) = (name.into(), args.saturating_add(1));
            self.out().op(ops::invoke_super {
                name,
                this_and_args,
            });
        } else {
            self.out().op(ops::get_super { name: name.into() });
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
