//! Words that give meanings to names, and those that ask for them.
//!
//! A definition is a function. So is a variable, a constant or a value, for the inputs that follow; in its
//! own input the op that such a function consists of takes its place.

use super::compile::{Compile, Compiler, is_core, simple};
use super::flow::{control as ops, names};
use super::held::Held;
use super::source::{self, Token};
use super::words;
use fusevm::FnId;
use fusevm::prelude::*;

/// The words.
pub const COMPILED: &[(&str, Compile)] = &[
    (":", |c, t| c.define(t)),
    (";", |c, t| c.end_definition(t)),
    ("variable", |c, t| c.name(t)),
    ("create", |c, t| c.name(t)),
    ("constant", |c, t| c.name(t)),
    ("value", |c, t| c.name(t)),
    ("to", |c, t| c.to(t)),
    ("recurse", |c, t| c.recurse(t)),
    ("exit", |c, t| c.exit(t)),
    ("'", |c, t| c.tick(t)),
    ("[']", |c, t| c.tick(t)),
];

/// What a name stands for.
#[derive(Clone)]
pub enum Meaning {
    /// A definition: the function of that name.
    Function(String),
    /// A variable, constant or value: what that name stands for.
    Named(String),
}

/// A definition that is open.
pub struct Definition {
    pub id: FnId,
    pub name: String,
    /// The name of its function.
    pub function: String,
    pub span: Span,
    /// What the main program holds.
    pub held: Vec<Held>,
}

impl Compiler<'_> {
    /// The name under which the next definition of a name is known to the VM.
    fn claim(&mut self, token: &Token) -> Parsed<String> {
        let name = &token.operand;
        if is_core(name) {
            return token.fail(format!("`{name}` is a core word, which stays as it is"));
        }
        if source::number(name).is_some() {
            return token.fail(format!("`{name}` is a number"));
        }
        let (to_come, before) = self.counts.entry(name.clone()).or_default();
        *to_come = to_come.saturating_sub(1);
        *before += 1;
        Ok(match *to_come {
            0 => name.clone(),
            _later => format!("{name} {before}"),
        })
    }

    /// That a word stands outside of definitions and control structures.
    fn outside(&self, token: &Token) -> Parsed {
        let inside = match (&self.definition, self.control.last()) {
            (Some(definition), _) => &definition.name,
            (None, Some(open)) => &open.word,
            (None, None) => return Ok(()),
        };
        token.fail(format!("`{}` inside of `{inside}`", token.word))
    }

    fn define(&mut self, token: &Token) -> Parsed {
        self.flush();
        self.outside(token)?;
        let function = self.claim(token)?;
        self.definition = Some(Definition {
            id: self.b.begin_fn(&function, &[] as &[&str]),
            name: token.operand.clone(),
            function,
            span: token.span.clone(),
            held: std::mem::take(&mut self.held),
        });
        self.live = true;
        Ok(())
    }

    fn end_definition(&mut self, token: &Token) -> Parsed {
        self.flush();
        let Some(definition) = self.definition.take() else {
            return token.fail("`;` without `:`");
        };
        if let Some(open) = self.control.last() {
            return Err(open.unfinished());
        }
        if self.live && !self.held.is_empty() {
            return token.fail("`>r` without `r>`");
        }
        self.live = true;
        self.held = definition.held;
        self.b.end_fn(definition.id);
        // The word is known from here on: inside it its name meant what it had meant before.
        let meaning = Meaning::Function(definition.function);
        self.meanings.insert(definition.name, meaning);
        Ok(())
    }

    /// `variable`, `create`, `constant`, `value`: a name that stands for a cell.
    fn name(&mut self, token: &Token) -> Parsed {
        self.flush();
        self.outside(token)?;
        let name = self.claim(token)?;
        let of = || name.as_str().into();
        match token.word.as_str() {
            "constant" | "value" => self.b.op(names::constant { name: of() }),
            word => {
                self.b.op(names::create { name: of() });
                if word == "variable" {
                    self.b.op(names::literal { n: 0 });
                    self.b.op(words::ops::comma {});
                }
            }
        }
        // For the inputs to come.
        let function = self.b.begin_fn(&name, &[] as &[&str]);
        self.b.op(names::named { name: of() });
        self.b.end_fn(function);
        self.meanings
            .insert(token.operand.clone(), Meaning::Named(name));
        Ok(())
    }

    fn to(&mut self, token: &Token) -> Parsed {
        self.flush();
        let name = match self.meanings.get(&token.operand) {
            Some(Meaning::Named(name)) => name,
            Some(Meaning::Function(name)) => {
                return token.fail(format!("`{name}` is a definition, not a value"));
            }
            None => &token.operand,
        };
        self.b.op(names::to { name: name.into() });
        Ok(())
    }

    fn recurse(&mut self, token: &Token) -> Parsed {
        self.flush();
        match &self.definition {
            Some(definition) => self.b.call(&definition.function, 0),
            None => return token.fail("`recurse` outside of a definition"),
        }
        Ok(())
    }

    fn exit(&mut self, _: &Token) -> Parsed {
        self.flush();
        match self.definition {
            Some(_) => self.b.emit(Op::Return),
            None => {
                self.b.op(ops::done {});
                self.b.emit(Op::ReturnValue);
            }
        }
        self.live = false;
        Ok(())
    }

    fn tick(&mut self, token: &Token) -> Parsed {
        self.flush();
        let name = &token.operand;
        let function = match self.meanings.get(name) {
            Some(Meaning::Function(function) | Meaning::Named(function)) => function.clone(),
            None => name.clone(),
        };
        if is_core(name) && !self.functions.contains(name) {
            let function = self.b.begin_fn(name, &[] as &[&str]);
            let written = simple(name, self.b);
            self.b.end_fn(function);
            if !written {
                return token.fail(format!("`{name}` has no execution token"));
            }
            self.functions.insert(name.clone());
        }
        self.b.op(names::tick {
            word: function.into(),
        });
        Ok(())
    }
}
