//! What all of the parser shares: tokens, errors, variables, jumps.
//! Statements are in [`statement`](super::statement), expressions in
//! [`expression`](super::expression).
//!
//! One pass. After an error it goes on as if what was expected had been there, says no more until
//! the statement has ended, and then looks for the next one.

use fusevm::prelude::*;

use super::Lox;
use super::ops;
use super::scan::{Kind, Scanner, Token};
use super::scope::{self, Function, Variable, resolve};

/// Statements and expressions that may stand in one another.
const MAX_DEPTH: usize = 400;

/// Parameters and arguments that there may be.
pub const MAX_ARGUMENTS: usize = 255;

pub struct Parser<'s, 'b> {
    scanner: Scanner<'s>,
    pub previous: Token<'s>,
    pub current: Token<'s>,
    panicking: bool,
    /// Set when things go too deep: from then on nothing is said.
    gave_up: bool,
    depth: usize,
    /// Those that are open, innermost last; the script is the first.
    pub functions: Vec<Function<'s>>,
    /// Classes around; whether each has a superclass.
    pub classes: Vec<bool>,
    b: &'b mut Builder<Lox>,
}

/// Compiles a script; the errors are in the builder.
pub fn script(source: &str, b: &mut Builder<Lox>) {
    let start = Token {
        kind: Kind::End,
        text: "",
        span: 0..0,
        line: 1,
    };
    let mut parser = Parser {
        scanner: Scanner::new(source),
        previous: start.clone(),
        current: start,
        panicking: false,
        gave_up: false,
        depth: 0,
        functions: vec![Function::new(scope::Kind::Script)],
        classes: Vec::new(),
        b,
    };
    parser.advance();
    while !parser.at_end() {
        parser.declaration();
    }
}

impl<'s> Parser<'s, '_> {
    // Tokens and errors.

    pub fn advance(&mut self) {
        self.previous = std::mem::replace(&mut self.current, self.scanner.next());
        while self.current.kind == Kind::Error {
            let message = self.current.text;
            self.error_at_current(message);
            self.current = self.scanner.next();
        }
    }

    pub fn check(&self, fixed: &str) -> bool {
        self.current.is(fixed)
    }

    pub fn at_end(&self) -> bool {
        self.current.kind == Kind::End
    }

    pub fn matches(&mut self, fixed: &str) -> bool {
        let found = self.check(fixed);
        if found {
            self.advance();
        }
        found
    }

    pub fn consume(&mut self, fixed: &str, message: &str) {
        if !self.matches(fixed) {
            self.error_at_current(message);
        }
    }

    /// Passes a name, and gives it; what has been passed last where there is none.
    pub fn identifier(&mut self, message: &str) -> &'s str {
        match self.current.kind {
            Kind::Identifier => self.advance(),
            _ => self.error_at_current(message),
        }
        self.previous.text
    }

    pub fn error(&mut self, message: &str) {
        self.error_at(self.previous.clone(), message);
    }

    pub fn error_at_current(&mut self, message: &str) {
        self.error_at(self.current.clone(), message);
    }

    fn error_at(&mut self, token: Token<'s>, message: &str) {
        if std::mem::replace(&mut self.panicking, true) || self.gave_up {
            return;
        }
        let (at, goes_on) = match token.kind {
            Kind::End => (" at end".to_owned(), true),
            Kind::Error => (String::new(), message == "Unterminated string."),
            _ => (format!(" at '{}'", token.text), false),
        };
        let error = Diagnostic::at(token.span, format!("Error{at}: {message}"));
        self.b.report(match goes_on {
            true => error.incomplete(),
            false => error,
        });
    }

    /// After an error goes to where the next statement seems to start.
    pub fn synchronize(&mut self) {
        let starts = [
            "class", "fun", "var", "for", "if", "while", "print", "return",
        ];
        if !std::mem::take(&mut self.panicking) {
            return;
        }
        while !self.previous.is(";") && !self.at_end() {
            if starts.iter().any(|start| self.check(start)) {
                return;
            }
            self.advance();
        }
    }

    /// Parses what stands in something else, unless that goes too deep: then there is no more source.
    pub fn nested(&mut self, parse: impl FnOnce(&mut Self)) {
        if self.depth == MAX_DEPTH {
            self.error_at_current("Too many things in one another.");
            self.gave_up = true;
            self.scanner.stop();
            self.advance();
            return;
        }
        self.depth += 1;
        parse(self);
        self.depth -= 1;
    }

    // Code.

    /// The builder, for ops that come from the token passed last.
    pub fn out(&mut self) -> &mut Builder<Lox> {
        self.b.at(self.previous.place())
    }

    /// The builder, for ops that come from `token`, as far as that is in the line of the last one:
    /// lines are those where things end.
    pub fn out_from(&mut self, token: &Token<'s>) -> &mut Builder<Lox> {
        match token.line == self.previous.line {
            true => self.b.at(token.span.clone()),
            false => self.out(),
        }
    }

    pub fn function(&mut self) -> &mut Function<'s> {
        // The script is there as long as the parser is.
        self.functions.last_mut().expect("a function is open")
    }

    /// Whether what has been computed last is known to be a truth.
    pub fn leaves_truth(&self) -> bool {
        use Op::{LoadFalse, LoadTrue, LogNot, NumEq, NumGt, NumLt};
        let last = self.b.last_op();
        matches!(
            last,
            Some(LoadFalse | LoadTrue | LogNot | NumEq | NumGt | NumLt)
        )
    }

    /// A jump if the value on top, which goes, is false.
    pub fn jump_if_false(&mut self) -> Label {
        let to = self.b.label();
        match (self.leaves_truth(), self.b.last_op()) {
            (true, Some(Op::LogNot)) => {
                self.b.take_last_op();
                self.out().jump_if_true(to);
            }
            (true, _) => self.out().jump_if_false(to),
            (false, _) => {
                self.out().op(ops::not {});
                self.out().jump_if_true(to);
            }
        }
        to
    }

    // Variables.

    pub fn resolve(&mut self, name: &'s str) -> Variable<'s> {
        resolve(&mut self.functions, name, self.b).unwrap_or_else(|refusal| {
            self.error(refusal);
            Variable::Global(name)
        })
    }

    /// Pushes the variable of that name.
    pub fn get_named(&mut self, name: &'s str) {
        let variable = self.resolve(name);
        self.get(variable);
    }

    pub fn get(&mut self, variable: Variable<'s>) {
        match variable {
            Variable::Global(name) => self.out().get_var(name),
            Variable::Local(local) => self.out().get_local(local),
            Variable::Captured(at) => self.out().op(ops::get_captured { at }),
        }
    }

    pub fn set(&mut self, variable: Variable<'s>) {
        match variable {
            Variable::Global(name) => self.out().set_var(name),
            Variable::Local(local) => self.out().set_local(local),
            Variable::Captured(at) => self.out().op(ops::set_captured { at }),
        }
    }

    /// The name of a variable that is declared here.
    pub fn declared(&mut self, message: &str) -> &'s str {
        let name = self.identifier(message);
        if !self.function().is_global_scope() {
            if self.function().has(name) {
                self.error("Already a variable with this name in this scope.");
            }
            self.add_local(name);
        }
        name
    }

    /// Adds a local that cannot be read yet.
    pub fn add_local(&mut self, name: &'s str) {
        let slot = self.function().next_slot();
        let local = self.b.local(slot);
        self.function().add(name, local);
    }

    /// The variable that was declared last, by that name, can be read from now on.
    pub fn initialized(&mut self, name: &'s str) -> Variable<'s> {
        let local = match self.function().is_global_scope() {
            true => None,
            false => self.function().initialized(),
        };
        local.map_or(Variable::Global(name), Variable::Local)
    }

    /// Gives a variable its first value.
    pub fn define(&mut self, variable: Variable<'s>) {
        match variable {
            Variable::Global(name) => self.out().declare_var(name),
            Variable::Local(local) => self.out().init_local(local),
            Variable::Captured(_) => self.set(variable),
        }
    }
}
