//! Declarations and statements.

use fusevm::prelude::*;

use super::ops;
use super::parse::{MAX_ARGUMENTS, Parser};
use super::scope::{Function, Kind, Variable};

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
        self.nested(|parser| parser.body(Kind::Function, Some(variable)));
    }

    fn variable(&mut self) {
        let name = self.declared("Expect variable name.");
        match self.matches("=") {
            true => self.expression(),
            false => self.out().load(()),
        }
        self.consume(";", "Expect ';' after variable declaration.");
        let variable = self.initialized(name);
        self.define(variable);
    }

    /// A function from its parameters on; the closure goes to the variable, or stays on the stack.
    fn body(&mut self, kind: Kind, variable: Option<Variable<'s>>) {
        let name = self.previous.text;
        self.consume("(", "Expect '(' after function name.");
        let parameters = self.parameters(kind);
        self.consume(")", "Expect ')' after parameters.");
        let f = self.out().begin_inner_fn(name, &parameters);
        let mut function = Function::new(kind);
        function.begin_scope();
        for (at, name) in parameters.iter().enumerate() {
            function.add(name, self.out().param(&f, at));
            function.initialized();
        }
        self.functions.push(function);
        self.consume("{", "Expect '{' before function body.");
        self.block();
        self.leave();
        let captures = std::mem::take(&mut self.function().captures);
        self.functions.pop();
        let function = self.out().inner_fn(&f);
        self.out().end_fn(f);
        let arity = (parameters.len() - usize::from(kind.has_this())) as u8;
        let own = variable.filter(|variable| captures.contains(variable));
        if let Some(variable) = own {
            // It captures the variable that it goes to, which has to be there before it.
            self.out().load(());
            self.define(variable);
        }
        self.closure(
            ops::closure {
                function,
                arity,
                cells: 0,
            },
            &captures,
        );
        match (own, variable) {
            (Some(variable), _) => self.set(variable),
            (None, Some(variable)) => self.define(variable),
            (None, None) => {}
        }
    }

    /// The parameters of a function, between its parentheses; `this` comes before them.
    fn parameters(&mut self, kind: Kind) -> Vec<&'s str> {
        let mut names = Vec::new();
        if kind.has_this() {
            names.push("this");
        }
        if !self.check(")") {
            loop {
                if names.len() - usize::from(kind.has_this()) == MAX_ARGUMENTS {
                    self.error_at_current("Can't have more than 255 parameters.");
                }
                let name = self.identifier("Expect parameter name.");
                if names.contains(&name) {
                    self.error("Already a variable with this name in this scope.");
                }
                names.push(name);
                if !self.matches(",") {
                    break;
                }
            }
        }
        if names.len() > MAX_ARGUMENTS {
            // Of a function it has been said; `this` takes the place of one.
            self.error("Can't have more than 254 parameters in a method.");
        }
        names
    }

    /// Pushes a closure with the cells of what it captures.
    fn closure(&mut self, closure: ops::closure, captures: &[Variable<'s>]) {
        let (first, more) = captures.split_at(captures.len().min(MAX_ARGUMENTS));
        first.iter().for_each(|variable| self.cell(*variable));
        let cells = first.len() as u8;
        self.out().op(ops::closure { cells, ..closure });
        for variable in more {
            self.cell(*variable);
            self.out().op(ops::capture {});
        }
    }

    fn cell(&mut self, variable: Variable<'s>) {
        match variable {
            Variable::Local(local) => self.out().get_cell(local),
            Variable::Captured(at) => self.out().op(ops::captured_cell { at }),
            Variable::Global(_) => self.get(variable),
        }
    }

    /// Returns what a function returns that does not say.
    fn leave(&mut self) {
        match self.function().kind {
            Kind::Initializer => self.get_named("this"),
            _ => self.out().load(()),
        }
        self.out().emit(Op::ReturnValue);
    }

    fn class(&mut self) {
        let name = self.declared("Expect class name.");
        self.out().op(ops::class { name: name.into() });
        let variable = self.initialized(name);
        self.define(variable);
        self.classes.push(false);
        let inherits = self.matches("<");
        if inherits {
            self.superclass(name);
        }
        self.get_named(name);
        self.consume("{", "Expect '{' before class body.");
        while !self.check("}") && !self.at_end() {
            self.method();
        }
        self.consume("}", "Expect '}' after class body.");
        self.out().emit(Op::Pop);
        if inherits {
            self.function().end_scope();
        }
        self.classes.pop();
    }

    /// Opens a scope with the superclass as `super`.
    fn superclass(&mut self, class: &'s str) {
        let name = self.identifier("Expect superclass name.");
        self.get_named(name);
        if name == class {
            self.error("A class can't inherit from itself.");
        }
        self.function().begin_scope();
        self.add_local("super");
        let variable = self.initialized("super");
        self.define(variable);
        self.get_named("super");
        self.get_named(class);
        self.out().op(ops::inherit {});
        if let Some(has_superclass) = self.classes.last_mut() {
            *has_superclass = true;
        }
    }

    fn method(&mut self) {
        let name = self.identifier("Expect method name.");
        let kind = match name {
            "init" => Kind::Initializer,
            _ => Kind::Method,
        };
        self.nested(|parser| parser.body(kind, None));
        self.out().op(ops::method { name: name.into() });
    }

    fn statement(&mut self) {
        self.nested(|parser| {
            if parser.matches("print") {
                parser.expression();
                parser.consume(";", "Expect ';' after value.");
                parser.out().op(ops::print {});
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
        self.out().discard();
    }

    /// An `if` with all its `else if`, which stand one behind another and not in one another.
    fn choice(&mut self) {
        let done = self.out().label();
        loop {
            self.consume("(", "Expect '(' after 'if'.");
            self.expression();
            self.consume(")", "Expect ')' after condition.");
            let otherwise = self.jump_if_false();
            self.statement();
            let more = self.matches("else");
            if more {
                self.out().jump(done);
            }
            self.out().bind(otherwise);
            if more && self.matches("if") {
                continue;
            }
            if more {
                self.statement();
            }
            break;
        }
        self.out().bind(done);
    }

    fn while_loop(&mut self) {
        let top = self.out().label_here();
        self.consume("(", "Expect '(' after 'while'.");
        self.expression();
        self.consume(")", "Expect ')' after condition.");
        let done = self.jump_if_false();
        self.statement();
        self.out().jump(top);
        self.out().bind(done);
    }

    fn for_loop(&mut self) {
        self.function().begin_scope();
        self.consume("(", "Expect '(' after 'for'.");
        if self.matches("var") {
            self.variable();
        } else if !self.matches(";") {
            self.expression_statement();
        }
        let top = self.out().label_here();
        let mut done = None;
        if !self.matches(";") {
            self.expression();
            self.consume(";", "Expect ';' after loop condition.");
            done = Some(self.jump_if_false());
        }
        // The increment is parsed before the body and runs after it.
        let before = self.out().mark();
        if !self.matches(")") {
            self.expression();
            self.out().discard();
            self.consume(")", "Expect ')' after for clauses.");
        }
        let increment = self.out().cut(before);
        self.statement();
        self.out().paste(increment);
        self.out().jump(top);
        done.into_iter().for_each(|done| self.out().bind(done));
        self.function().end_scope();
    }

    fn return_statement(&mut self) {
        let kind = self.function().kind;
        match kind {
            Kind::Script => self.error("Can't return from top-level code."),
            Kind::Initializer if !self.check(";") => {
                self.error("Can't return a value from an initializer.");
            }
            _ => {}
        }
        if self.matches(";") {
            return self.leave();
        }
        self.expression();
        self.consume(";", "Expect ';' after return value.");
        self.out().emit(Op::ReturnValue);
    }
}
