//! Declarations and statements.

use fusevm::prelude::*;

use super::ops;
use super::parse::{Class, MAX_ARGUMENTS, Parser};
use super::scope::{Code, FunctionKind, Variable};

impl<'s> Parser<'s, '_> {
    pub fn declaration(&mut self) {
        if self.matches("class") {
            self.nested(Self::class);
        } else if self.matches("fun") {
            self.function_declaration();
        } else if self.matches("var") {
            self.variable();
        } else {
            self.statement();
        }
        self.synchronize();
    }

    fn function_declaration(&mut self) {
        let name = self.declared("Expect function name.");
        let variable = self.initialized(name);
        if let Variable::Local(local) = variable {
            self.emit(Code::Reserve(local));
        }
        self.nested(|parser| parser.body(FunctionKind::Function));
        self.emit(match variable {
            Variable::Local(_) => Code::Set(variable),
            _ => Code::Declare(variable),
        });
    }

    fn variable(&mut self) {
        let name = self.declared("Expect variable name.");
        match self.matches("=") {
            true => self.expression(),
            false => self.emit(Code::Load(Value::Undef)),
        }
        self.consume(";", "Expect ';' after variable declaration.");
        self.define(name);
    }

    /// A function from its parameters on; leaves the closure.
    fn body(&mut self, kind: FunctionKind) {
        let name = self.previous.text;
        self.open(kind, name);
        self.function().begin_scope();
        self.consume("(", "Expect '(' after function name.");
        if !self.check(")") {
            loop {
                self.function().arity += 1;
                if self.function().arity > MAX_ARGUMENTS {
                    self.error_at_current("Can't have more than 255 parameters.");
                }
                self.declared("Expect parameter name.");
                self.function().initialized();
                if !self.matches(",") {
                    break;
                }
            }
        }
        self.consume(")", "Expect ')' after parameters.");
        self.consume("{", "Expect '{' before function body.");
        self.block();
        self.leave();
        self.close();
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
        let inherits = self.matches("<");
        if inherits {
            self.superclass(name);
        }
        self.get(name);
        self.consume("{", "Expect '{' before class body.");
        while !self.check("}") && !self.at_end() {
            self.method();
        }
        self.consume("}", "Expect '}' after class body.");
        self.emit(Code::Op(Op::Pop));
        if inherits {
            self.function().end_scope();
        }
        self.classes.pop();
    }

    /// Opens a scope with the superclass as `super`.
    fn superclass(&mut self, class: &'s str) {
        let name = self.identifier("Expect superclass name.");
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
        let name = self.identifier("Expect method name.");
        let kind = match name {
            "init" => FunctionKind::Initializer,
            _ => FunctionKind::Method,
        };
        self.nested(|parser| parser.body(kind));
        self.op(ops::method { name: name.into() });
    }

    fn statement(&mut self) {
        self.nested(|parser| {
            if parser.matches("print") {
                parser.expression();
                parser.consume(";", "Expect ';' after value.");
                parser.op(ops::print {});
            } else if parser.matches("for") {
                parser.for_loop();
            } else if parser.matches("if") {
                parser.choice();
            } else if parser.matches("return") {
                parser.return_statement();
            } else if parser.matches("while") {
                parser.while_loop();
            } else if parser.matches("{") {
                parser.function().begin_scope();
                parser.block();
                parser.function().end_scope();
            } else {
                parser.expression_statement();
            }
        });
    }

    fn block(&mut self) {
        while !self.check("}") && !self.at_end() {
            self.declaration();
        }
        self.consume("}", "Expect '}' after block.");
    }

    fn expression_statement(&mut self) {
        self.expression();
        self.consume(";", "Expect ';' after expression.");
        self.drop_value();
    }

    fn choice(&mut self) {
        self.consume("(", "Expect '(' after 'if'.");
        self.expression();
        self.consume(")", "Expect ')' after condition.");
        let otherwise = self.jump_if_false();
        self.statement();
        if self.matches("else") {
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
        self.consume("(", "Expect '(' after 'while'.");
        self.expression();
        self.consume(")", "Expect ')' after condition.");
        let done = self.jump_if_false();
        self.statement();
        self.emit(Code::Jump(top));
        self.bind(done);
    }

    fn for_loop(&mut self) {
        self.function().begin_scope();
        self.consume("(", "Expect '(' after 'for'.");
        if self.matches("var") {
            self.variable();
        } else if !self.matches(";") {
            self.expression_statement();
        }
        let top = self.bind_here();
        let mut done = None;
        if !self.matches(";") {
            self.expression();
            self.consume(";", "Expect ';' after loop condition.");
            done = Some(self.jump_if_false());
        }
        // The increment is parsed before the body and runs after it.
        let before = self.function().code.len();
        if !self.matches(")") {
            self.expression();
            self.drop_value();
            self.consume(")", "Expect ')' after for clauses.");
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
            FunctionKind::Initializer if !self.check(";") => {
                self.error("Can't return a value from an initializer.");
            }
            _ => {}
        }
        if self.matches(";") {
            return self.leave();
        }
        self.expression();
        self.consume(";", "Expect ';' after return value.");
        self.emit(Code::Op(Op::ReturnValue));
    }
}
