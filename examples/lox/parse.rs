//! What all of the parser shares: tokens, errors, the code of the functions that are open, variables.
//! Statements are in [`statement`](super::statement), expressions in
//! [`expression`](super::expression).
//!
//! One pass. After an error it goes on as if what was expected had been there, says no more until
//! the statement has ended, and then looks for the next one.

use fusevm::prelude::*;

use super::Lox;
use super::scan::{Kind, Scanner, Token};
use super::scope::{Code, Function, FunctionKind, Jump, Target, Variable, resolve};

/// Statements and expressions that may stand in one another.
const MAX_DEPTH: usize = 400;

/// Parameters and arguments that there may be.
pub const MAX_ARGUMENTS: usize = 255;

/// A class while its body is parsed.
pub struct Class {
    pub has_superclass: bool,
}

pub struct Parser<'s, 'b> {
    scanner: Scanner<'s>,
    pub previous: Token<'s>,
    pub current: Token<'s>,
    panicking: bool,
    /// Set when things go too deep: from then on nothing is said.
    gave_up: bool,
    depth: usize,
    /// Those that are open, innermost last; the script is the first.
    functions: Vec<Function<'s>>,
    pub classes: Vec<Class>,
    b: &'b mut Builder<Lox>,
}

/// Parses a script; its code, and the errors in the builder.
pub fn script<'s>(source: &'s str, b: &mut Builder<Lox>) -> Function<'s> {
    let start = Token {
        kind: Kind::End,
        text: "",
        span: 0..0,
        line: 1,
    };
    let mut parser = Parser {
        previous: start.clone(),
        current: start,
        panicking: false,
        gave_up: false,
        depth: 0,
        functions: vec![Function::new(FunctionKind::Script, "script")],
        classes: Vec::new(),
        scanner: Scanner::new(source),
        b,
    };
    parser.advance();
    while !parser.at_end() {
        parser.declaration();
    }
    parser.functions.swap_remove(0)
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

    /// Opens a function: code goes to it from now on.
    pub fn open(&mut self, kind: FunctionKind, name: &'s str) {
        self.functions.push(Function::new(kind, name));
    }

    /// Closes the innermost function, and leaves the closure of it.
    pub fn close(&mut self) {
        if let Some(function) = self.functions.pop() {
            self.emit(Code::Function(Box::new(function)));
        }
    }

    pub fn function(&mut self) -> &mut Function<'s> {
        // The script is there as long as the parser is.
        self.functions.last_mut().expect("a function is open")
    }

    pub fn emit(&mut self, code: Code<'s>) {
        let place = self.previous.place();
        self.function().code.push((code, place));
    }

    /// Emits code that comes from `token`, as far as that is in the line of the last one: lines are
    /// those where things end.
    pub fn emit_from(&mut self, token: &Token<'s>, code: Code<'s>) {
        let place = match token.line == self.previous.line {
            true => token.span.clone(),
            false => self.previous.place(),
        };
        self.function().code.push((code, place));
    }

    pub fn op<X: ExtOp<Lox> + 's>(&mut self, op: X) {
        self.emit(Code::Ext(Box::new(move |b| b.op(op))));
    }

    /// Drops the value on top; one that was copied to be stored is not copied.
    pub fn drop_value(&mut self) {
        let code = &mut self.function().code;
        let stored = matches!(
            code.as_slice(),
            [.., (Code::Op(Op::Dup), _), (Code::Set(_), _)]
        );
        match stored {
            true => drop(code.remove(code.len() - 2)),
            false => self.emit(Code::Op(Op::Pop)),
        }
    }

    /// A jump to a new place if the value on top, which goes, is false.
    pub fn jump_if_false(&mut self) -> Target {
        let truth = self.function().leaves_truth();
        let target = self.function().target();
        let negated =
            truth && matches!(self.function().code.last(), Some((Code::Op(Op::LogNot), _)));
        let jump = match (truth, negated) {
            (_, true) => {
                self.function().code.pop();
                Jump::True
            }
            (true, false) => Jump::False,
            (false, false) => Jump::Falsey,
        };
        self.emit(Code::JumpIf(jump, target));
        target
    }

    pub fn jump(&mut self) -> Target {
        let target = self.function().target();
        self.emit(Code::Jump(target));
        target
    }

    pub fn bind(&mut self, target: Target) {
        self.emit(Code::Bind(target));
    }

    pub fn bind_here(&mut self) -> Target {
        let target = self.function().target();
        self.bind(target);
        target
    }

    // Variables.

    pub fn resolve(&mut self, name: &'s str) -> Variable<'s> {
        resolve(&mut self.functions, name).unwrap_or_else(|refusal| {
            self.error(refusal);
            Variable::Global(name)
        })
    }

    /// Pushes the variable of that name.
    pub fn get(&mut self, name: &'s str) {
        let variable = self.resolve(name);
        self.emit(Code::Get(variable));
    }

    /// The name of a variable that is declared here.
    pub fn declared(&mut self, message: &str) -> &'s str {
        let name = self.identifier(message);
        self.declare(name);
        name
    }

    fn declare(&mut self, name: &'s str) {
        if !self.function().is_global_scope() && !self.function().declare(name) {
            self.error("Already a variable with this name in this scope.");
        }
    }

    /// The variable that was declared last, by that name, can be read from now on.
    pub fn initialized(&mut self, name: &'s str) -> Variable<'s> {
        match self.function().is_global_scope() {
            true => Variable::Global(name),
            false => Variable::Local(self.function().initialized()),
        }
    }

    /// Gives the variable that was declared last its value.
    pub fn define(&mut self, name: &'s str) {
        let variable = self.initialized(name);
        self.emit(Code::Declare(variable));
    }
}
