//! The parser: declarations and statements, and what all of it shares. Expressions are in
//! [`expression`](super::expression).
//!
//! One pass. After an error it goes on as if what was expected had been there, says no more until
//! the statement has ended, and then looks for the next one.

use fusevm::prelude::*;

use super::Lox;
use super::ops;
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
        depth: 0,
        functions: vec![Function::new(FunctionKind::Script, "script")],
        classes: Vec::new(),
        scanner: Scanner::new(source),
        b,
    };
    parser.advance();
    while !parser.matches(Kind::End) {
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

    pub fn check(&self, kind: Kind) -> bool {
        self.current.kind == kind
    }

    pub fn matches(&mut self, kind: Kind) -> bool {
        let found = self.check(kind);
        if found {
            self.advance();
        }
        found
    }

    pub fn consume(&mut self, kind: Kind, message: &str) {
        if !self.matches(kind) {
            self.error_at_current(message);
        }
    }

    pub fn error(&mut self, message: &str) {
        self.error_at(self.previous.clone(), message);
    }

    pub fn error_at_current(&mut self, message: &str) {
        self.error_at(self.current.clone(), message);
    }

    fn error_at(&mut self, token: Token<'s>, message: &str) {
        if std::mem::replace(&mut self.panicking, true) {
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

    /// Goes to where the next statement seems to start.
    fn synchronize(&mut self) {
        use Kind::{Class, End, For, Fun, If, Print, Return, Var, While};
        self.panicking = false;
        let starts = [Class, Fun, Var, For, If, While, Print, Return, End];
        while self.previous.kind != Kind::Semicolon && !starts.contains(&self.current.kind) {
            self.advance();
        }
    }

    /// Parses what stands in something else, unless that goes too deep: then there is no more source.
    pub fn nested(&mut self, parse: impl FnOnce(&mut Self)) {
        if self.depth == MAX_DEPTH {
            self.error_at_current("Too many things in one another.");
            self.scanner.stop();
            self.advance();
            return;
        }
        self.depth += 1;
        parse(self);
        self.depth -= 1;
    }

    // Code.

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
            [
                ..,
                (Code::Op(Op::Dup), _),
                (Code::Set(_) | Code::SetGlobal(_), _)
            ]
        );
        match stored {
            true => drop(code.remove(code.len() - 2)),
            false => self.emit(Code::Op(Op::Pop)),
        }
    }

    /// A jump to a new place if the value on top, which goes, is false.
    fn jump_if_false(&mut self) -> Target {
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

    fn bind_here(&mut self) -> Target {
        let target = self.function().target();
        self.bind(target);
        target
    }

    // Variables.

    pub fn resolve(&mut self, name: &str) -> Option<Variable> {
        match resolve(&mut self.functions, name)? {
            Ok(variable) => Some(variable),
            Err(refusal) => {
                self.error(refusal);
                None
            }
        }
    }

    /// Pushes the variable of that name.
    pub fn get(&mut self, name: &'s str) {
        match self.resolve(name) {
            Some(variable) => self.emit(Code::Get(variable)),
            None => self.emit(Code::GetGlobal(name)),
        }
    }

    /// The name of a variable that is declared here.
    fn declared(&mut self, message: &str) -> &'s str {
        self.consume(Kind::Identifier, message);
        let name = self.previous.text;
        self.declare(name);
        name
    }

    fn declare(&mut self, name: &'s str) {
        if !self.function().is_global_scope() && !self.function().declare(name) {
            self.error("Already a variable with this name in this scope.");
        }
    }

    /// Gives the variable that was declared last its value.
    fn define(&mut self, name: &'s str) {
        match self.function().is_global_scope() {
            true => self.emit(Code::DeclareGlobal(name)),
            false => {
                let local = self.function().initialized();
                self.emit(Code::Declare(local));
            }
        }
    }

    // Declarations.

    fn declaration(&mut self) {
        if self.matches(Kind::Class) {
            self.nested(Self::class);
        } else if self.matches(Kind::Fun) {
            self.function_declaration();
        } else if self.matches(Kind::Var) {
            self.variable();
        } else {
            self.statement();
        }
        if self.panicking {
            self.synchronize();
        }
    }

    fn function_declaration(&mut self) {
        let name = self.declared("Expect function name.");
        let is_global = self.function().is_global_scope();
        let local = (!is_global).then(|| self.function().initialized());
        if let Some(local) = local {
            self.emit(Code::Reserve(local));
        }
        self.nested(|parser| parser.body(FunctionKind::Function));
        self.emit(match local {
            Some(local) => Code::Set(Variable::Local(local)),
            None => Code::DeclareGlobal(name),
        });
    }

    fn variable(&mut self) {
        let name = self.declared("Expect variable name.");
        match self.matches(Kind::Equal) {
            true => self.expression(),
            false => self.emit(Code::Load(Value::Undef)),
        }
        self.consume(Kind::Semicolon, "Expect ';' after variable declaration.");
        self.define(name);
    }

    /// A function from its parameters on; leaves the closure.
    fn body(&mut self, kind: FunctionKind) {
        let name = self.previous.text;
        self.functions.push(Function::new(kind, name));
        self.function().begin_scope();
        self.consume(Kind::LeftParen, "Expect '(' after function name.");
        if !self.check(Kind::RightParen) {
            loop {
                self.function().arity += 1;
                if self.function().arity > MAX_ARGUMENTS {
                    self.error_at_current("Can't have more than 255 parameters.");
                }
                self.declared("Expect parameter name.");
                self.function().initialized();
                if !self.matches(Kind::Comma) {
                    break;
                }
            }
        }
        self.consume(Kind::RightParen, "Expect ')' after parameters.");
        self.consume(Kind::LeftBrace, "Expect '{' before function body.");
        self.block();
        self.leave();
        if let Some(function) = self.functions.pop() {
            self.emit(Code::Function(Box::new(function)));
        }
    }

    /// Returns what a function returns that does not say.
    fn leave(&mut self) {
        match self.function().kind {
            FunctionKind::Initializer => self.get("this"),
            _ => self.emit(Code::Load(Value::Undef)),
        }
        self.emit(Code::Op(Op::ReturnValue));
    }

    fn class(&mut self) {
        let name = self.declared("Expect class name.");
        self.op(ops::class { name: name.into() });
        self.define(name);
        self.classes.push(Class {
            has_superclass: false,
        });
        let inherits = self.matches(Kind::Less);
        if inherits {
            self.superclass(name);
        }
        self.get(name);
        self.consume(Kind::LeftBrace, "Expect '{' before class body.");
        while !self.check(Kind::RightBrace) && !self.check(Kind::End) {
            self.method();
        }
        self.consume(Kind::RightBrace, "Expect '}' after class body.");
        self.emit(Code::Op(Op::Pop));
        if inherits {
            self.function().end_scope();
        }
        self.classes.pop();
    }

    /// Opens a scope with the superclass as `super`.
    fn superclass(&mut self, class: &'s str) {
        self.consume(Kind::Identifier, "Expect superclass name.");
        let name = self.previous.text;
        self.get(name);
        if name == class {
            self.error("A class can't inherit from itself.");
        }
        self.function().begin_scope();
        self.function().add("super");
        self.define("super");
        self.get("super");
        self.get(class);
        self.op(ops::inherit {});
        if let Some(class) = self.classes.last_mut() {
            class.has_superclass = true;
        }
    }

    fn method(&mut self) {
        self.consume(Kind::Identifier, "Expect method name.");
        let name = self.previous.text;
        let kind = match name {
            "init" => FunctionKind::Initializer,
            _ => FunctionKind::Method,
        };
        self.nested(|parser| parser.body(kind));
        self.op(ops::method { name: name.into() });
    }

    // Statements.

    fn statement(&mut self) {
        self.nested(|parser| {
            if parser.matches(Kind::Print) {
                parser.expression();
                parser.consume(Kind::Semicolon, "Expect ';' after value.");
                parser.op(ops::print {});
            } else if parser.matches(Kind::For) {
                parser.for_loop();
            } else if parser.matches(Kind::If) {
                parser.choice();
            } else if parser.matches(Kind::Return) {
                parser.return_statement();
            } else if parser.matches(Kind::While) {
                parser.while_loop();
            } else if parser.matches(Kind::LeftBrace) {
                parser.function().begin_scope();
                parser.block();
                parser.function().end_scope();
            } else {
                parser.expression_statement();
            }
        });
    }

    fn block(&mut self) {
        while !self.check(Kind::RightBrace) && !self.check(Kind::End) {
            self.declaration();
        }
        self.consume(Kind::RightBrace, "Expect '}' after block.");
    }

    fn expression_statement(&mut self) {
        self.expression();
        self.consume(Kind::Semicolon, "Expect ';' after expression.");
        self.drop_value();
    }

    fn choice(&mut self) {
        self.consume(Kind::LeftParen, "Expect '(' after 'if'.");
        self.expression();
        self.consume(Kind::RightParen, "Expect ')' after condition.");
        let otherwise = self.jump_if_false();
        self.statement();
        if self.matches(Kind::Else) {
            let done = self.jump();
            self.bind(otherwise);
            self.statement();
            self.bind(done);
        } else {
            self.bind(otherwise);
        }
    }

    fn while_loop(&mut self) {
        let top = self.bind_here();
        self.consume(Kind::LeftParen, "Expect '(' after 'while'.");
        self.expression();
        self.consume(Kind::RightParen, "Expect ')' after condition.");
        let done = self.jump_if_false();
        self.statement();
        self.emit(Code::Jump(top));
        self.bind(done);
    }

    fn for_loop(&mut self) {
        self.function().begin_scope();
        self.consume(Kind::LeftParen, "Expect '(' after 'for'.");
        if self.matches(Kind::Var) {
            self.variable();
        } else if !self.matches(Kind::Semicolon) {
            self.expression_statement();
        }
        let top = self.bind_here();
        let mut done = None;
        if !self.matches(Kind::Semicolon) {
            self.expression();
            self.consume(Kind::Semicolon, "Expect ';' after loop condition.");
            done = Some(self.jump_if_false());
        }
        // The increment is parsed before the body and runs after it.
        let before = self.function().code.len();
        if !self.matches(Kind::RightParen) {
            self.expression();
            self.drop_value();
            self.consume(Kind::RightParen, "Expect ')' after for clauses.");
        }
        let increment = self.function().code.split_off(before);
        self.statement();
        self.function().code.extend(increment);
        self.emit(Code::Jump(top));
        if let Some(done) = done {
            self.bind(done);
        }
        self.function().end_scope();
    }

    fn return_statement(&mut self) {
        let kind = self.function().kind;
        match kind {
            FunctionKind::Script => self.error("Can't return from top-level code."),
            FunctionKind::Initializer if !self.check(Kind::Semicolon) => {
                self.error("Can't return a value from an initializer.");
            }
            _ => {}
        }
        if self.matches(Kind::Semicolon) {
            return self.leave();
        }
        self.expression();
        self.consume(Kind::Semicolon, "Expect ';' after return value.");
        self.emit(Code::Op(Op::ReturnValue));
    }
}
