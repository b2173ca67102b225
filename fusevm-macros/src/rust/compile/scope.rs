//! Names: variables in slots, globals, functions, and what each name means where it stands.

use super::Walk;
use crate::errors::near;
use crate::rust::ast::{Block, Function, Pattern, Stmt};
use crate::rust::types::Ty;
use proc_macro2::Ident;
use std::collections::HashMap;
use syn::ext::IdentExt;

/// Names of one block.
#[derive(Default)]
pub(super) struct Scope {
    names: HashMap<String, Named>,
    functions: HashMap<String, usize>,
    /// The first slot that is free behind the block.
    slots: u16,
}

#[derive(Clone, Copy)]
enum Named {
    Var(usize),
    Static(usize),
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Var(usize),
    Static(usize),
    /// A variable of the code around the function.
    Outside,
    Nothing,
}

pub(super) struct Var {
    key: usize,
    pub(super) slot: u16,
    pub(super) mutable: bool,
    /// Whether it was declared with a value.
    pub(super) given: bool,
    /// The type it was declared with.
    pub(super) ty: Option<Ty>,
}

pub(super) struct Global {
    key: usize,
    pub(super) name: String,
    pub(super) mutable: bool,
    pub(super) ty: Option<Ty>,
}

pub(super) struct Signature {
    key: usize,
    /// As it is written.
    pub(super) name: String,
    /// As the chunk calls it.
    pub(super) entry: String,
    pub(super) params: Vec<(String, Ty)>,
    /// The result, if it is declared.
    pub(super) result: Option<Ty>,
}

/// What belongs to one function, or to the main program.
#[derive(Default)]
pub(super) struct Frame {
    /// The function; none for the main program.
    pub(super) function: Option<usize>,
    /// Scopes below this are those of the code around.
    pub(super) floor: usize,
    pub(super) slots: u16,
    /// Whether a value is returned.
    pub(super) returns: bool,
    /// How many blocks of ops are open.
    pub(super) blocks: usize,
}

impl Walk<'_> {
    pub(super) fn open(&mut self) {
        let slots = self.frame.slots;
        self.scopes.push(Scope {
            slots,
            ..Scope::default()
        });
    }

    pub(super) fn close(&mut self) {
        if let Some(scope) = self.scopes.pop() {
            self.frame.slots = scope.slots;
        }
    }

    /// A slot for a value without a name, until the end of the scope.
    pub(super) fn temp(&mut self) -> u16 {
        let slot = self.frame.slots;
        match slot.checked_add(1) {
            Some(next) => self.frame.slots = next,
            None => {
                self.wrong(self.at, "a function has 65535 variables at most");
            }
        }
        slot
    }

    /// A new variable of that name in this scope, in a slot of its own.
    pub(super) fn declare(&mut self, pattern: &Pattern, ty: Option<Ty>, given: bool) -> usize {
        let slot = self.temp();
        let var = self.vars.len();
        if let (Some(name), Some(scope)) = (&pattern.name, self.scopes.last_mut()) {
            scope.names.insert(plain(name), Named::Var(var));
        }
        self.vars.push(Var {
            key: key(pattern),
            slot,
            mutable: pattern.mutable,
            given,
            ty,
        });
        var
    }

    /// The variable has been assigned a value of that type.
    pub(super) fn learn(&mut self, var: usize, ty: Ty) {
        if self.vars[var].ty.is_none() {
            self.facts.learn(self.vars[var].key, ty);
        }
    }

    pub(super) fn learn_static(&mut self, at: usize, ty: Ty) {
        if self.statics[at].ty.is_none() {
            self.facts.learn(self.statics[at].key, ty);
        }
    }

    pub(super) fn learn_result(&mut self, function: usize, ty: Ty) {
        if self.functions[function].result.is_none() {
            self.facts.learn(self.functions[function].key, ty);
        }
    }

    /// Whether the variable has a value here.
    pub(super) fn has_value(&self, var: usize) -> bool {
        self.vars[var].given || self.body.given.contains(&var)
    }

    pub(super) fn var_ty(&self, var: usize) -> Ty {
        let Var { ty, key, .. } = &self.vars[var];
        ty.unwrap_or_else(|| self.facts.of(*key).unwrap_or(Ty::Wrong))
    }

    pub(super) fn static_ty(&self, at: usize) -> Ty {
        let Global { ty, key, .. } = &self.statics[at];
        ty.unwrap_or_else(|| self.facts.of(*key).unwrap_or(Ty::Wrong))
    }

    /// The result of a function, as far as it is known.
    pub(super) fn result(&self, function: usize) -> Ty {
        let Signature { result, key, .. } = &self.functions[function];
        result.unwrap_or_else(|| self.facts.of(*key).unwrap_or(Ty::Unit))
    }

    pub(super) fn find(&self, name: &Ident) -> Found {
        let name = plain(name);
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            match scope.names.get(&name) {
                Some(Named::Static(at)) => return Found::Static(*at),
                Some(Named::Var(var)) if depth >= self.frame.floor => return Found::Var(*var),
                Some(Named::Var(_)) => return Found::Outside,
                None => {}
            }
        }
        Found::Nothing
    }

    /// The function of that name.
    pub(super) fn function(&self, name: &Ident) -> Option<usize> {
        let name = plain(name);
        let mut scopes = self.scopes.iter().rev();
        scopes.find_map(|scope| scope.functions.get(&name).copied())
    }

    /// Whether the declaration of a name has been reported.
    pub(super) fn is_lost(&self, name: &Ident) -> bool {
        self.lost.contains(&plain(name))
    }

    /// Reports a name that means nothing.
    pub(super) fn unknown(&mut self, name: &Ident, found: Found) -> Ty {
        if self.is_lost(name) {
            return Ty::Wrong;
        }
        let text = match found {
            Found::Outside => format!(
                "`{name}` is a variable of the code around the function: take it as a \
                    parameter, or make it a `static`"
            ),
            _ => match self.guess(name) {
                Some(guess) => format!("there is no variable `{name}`; did you mean `{guess}`?"),
                None => format!(
                    "there is no variable `{name}` here: `#{name}` for one of the Rust code \
                        around the chunk"
                ),
            },
        };
        self.wrong(name.span(), text)
    }

    fn guess(&self, name: &Ident) -> Option<String> {
        let scopes = self.scopes.iter().enumerate();
        let names = scopes.flat_map(|(depth, scope)| {
            let floor = self.frame.floor;
            let seen = move |named: &Named| depth >= floor || matches!(named, Named::Static(_));
            scope.names.iter().filter(move |(_, named)| seen(named))
        });
        let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
        near(&plain(name), &names).map(str::to_owned)
    }

    /// The function that was probably meant.
    pub(super) fn guess_function(&self, name: &Ident) -> Option<String> {
        let names = self.scopes.iter().flat_map(|scope| scope.functions.keys());
        let names: Vec<&str> = names.map(String::as_str).collect();
        near(&plain(name), &names).map(str::to_owned)
    }

    /// Makes functions and globals of a block known in all of it.
    pub(super) fn declare_items(&mut self, block: &Block, top: bool) {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Fn(function) => self.declare_function(function),
                Stmt::Static(global) if top => {
                    let at = self.statics.len();
                    let name = plain(&global.name);
                    let known = self
                        .scopes
                        .last_mut()
                        .and_then(|scope| scope.names.insert(name.clone(), Named::Static(at)));
                    if known.is_some() {
                        let text = format!("there are two globals `{name}` here: rename one");
                        self.wrong(global.name.span(), text);
                    }
                    let (mutable, ty) = (global.mutable, global.ty);
                    let ty = ty.or(global.value.is_none().then_some(Ty::Any));
                    let key = key(global);
                    self.statics.push(Global {
                        key,
                        name,
                        mutable,
                        ty,
                    });
                }
                Stmt::Static(global) => {
                    self.lost.push(plain(&global.name));
                    let text = "a `static` stands outside of functions and blocks";
                    self.wrong(global.name.span(), text);
                }
                _ => {}
            }
        }
    }

    fn declare_function(&mut self, function: &Function) {
        let name = plain(&function.name);
        let at = self.functions.len();
        let known = self
            .scopes
            .last_mut()
            .map(|scope| scope.functions.insert(name.clone(), at));
        if known.flatten().is_some() {
            let text = format!("there are two functions `{name}` here: rename one");
            self.wrong(function.name.span(), text);
        }
        let outer = self
            .frame
            .function
            .map(|at| self.functions[at].entry.clone());
        let path = outer.map_or(name.clone(), |outer| format!("{outer}.{name}"));
        let taken = |entry: &String| self.functions.iter().any(|it| it.entry == *entry);
        let more = (2..).map(|n| format!("{path}.{n}"));
        let entry = std::iter::once(path.clone())
            .chain(more)
            .find(|entry| !taken(entry));
        let params = function.params.iter().map(|param| {
            let name = param.pattern.name.as_ref().map_or("_".to_owned(), plain);
            (name, param.ty)
        });
        let params: Vec<(String, Ty)> = params.collect();
        for (i, (name, _)) in params.iter().enumerate() {
            if name != "_" && params.iter().take(i).any(|(other, _)| other == name) {
                let text = format!("there are two parameters `{name}`: rename one");
                self.wrong(function.params[i].pattern.at, text);
            }
        }
        let mut result = function.result;
        if function.body.is_none() && result.is_none() {
            result = Some(Ty::Unit);
        }
        self.functions.push(Signature {
            key: key(function),
            params,
            entry: entry.unwrap_or_else(|| path.clone()),
            name,
            result,
        });
        if function.params.len() > usize::from(u8::MAX) {
            self.wrong(
                function.name.span(),
                "a function takes 255 arguments at most",
            );
        }
    }
}

/// What walks learn for the next: types, by the declaration that lacks one.
#[derive(Default)]
pub(super) struct Facts {
    types: HashMap<usize, Ty>,
    pub(super) changed: bool,
}

impl Facts {
    fn of(&self, key: usize) -> Option<Ty> {
        self.types.get(&key).copied()
    }

    fn learn(&mut self, key: usize, ty: Ty) {
        // What is wrong, or never comes, says nothing.
        if matches!(ty, Ty::Wrong | Ty::Never | Ty::Unit) {
            return;
        }
        let known = self.of(key);
        let joined = known.map_or(ty, |known| known.join(ty));
        if known != Some(joined) {
            self.types.insert(key, joined);
            self.changed = true;
        }
    }
}

/// What tells a declaration from others, in every walk: its place in the tree.
fn key<T>(declaration: &T) -> usize {
    std::ptr::from_ref(declaration).addr()
}

/// A name without `r#`.
pub(super) fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}
