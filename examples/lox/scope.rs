//! Functions while they are parsed: scopes, locals, and what closures capture.

use fusevm::prelude::*;

use super::Lox;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable<'s> {
    Global(&'s str),
    Local(Local),
    /// What the closure has captured, by its number.
    Captured(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Script,
    Function,
    Method,
    Initializer,
}

impl Kind {
    pub fn has_this(self) -> bool {
        matches!(self, Kind::Method | Kind::Initializer)
    }
}

/// A local that can be seen where the parser is.
struct Visible<'s> {
    name: &'s str,
    /// `None` while its initializer is parsed.
    depth: Option<usize>,
    local: Local,
}

pub struct Function<'s> {
    pub kind: Kind,
    /// What it captures of the function around it.
    pub captures: Vec<Variable<'s>>,
    visible: Vec<Visible<'s>>,
    depth: usize,
}

/// Why a variable cannot be read.
type Refusal = &'static str;

impl<'s> Function<'s> {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            captures: Vec::new(),
            visible: Vec::new(),
            depth: 0,
        }
    }

    pub fn is_global_scope(&self) -> bool {
        self.kind == Kind::Script && self.depth == 0
    }

    pub fn begin_scope(&mut self) {
        self.depth += 1;
    }

    pub fn end_scope(&mut self) {
        self.depth -= 1;
        let ended = |local: &Visible<'_>| local.depth.is_none_or(|depth| depth > self.depth);
        while self.visible.last().is_some_and(ended) {
            self.visible.pop();
        }
    }

    /// The slot of the next local.
    pub fn next_slot(&self) -> usize {
        self.visible.len()
    }

    /// Adds a local that cannot be read yet.
    pub fn add(&mut self, name: &'s str, local: Local) {
        let depth = None;
        self.visible.push(Visible { name, depth, local });
    }

    /// Whether the innermost scope has a local of that name.
    pub fn has(&self, name: &str) -> bool {
        let here = |local: &&Visible<'_>| local.depth.is_none_or(|depth| depth >= self.depth);
        let mut locals = self.visible.iter().rev().take_while(here);
        locals.any(|local| local.name == name)
    }

    /// Lets the local that was added last be read from now on.
    pub fn initialized(&mut self) -> Option<Local> {
        let depth = self.depth;
        let last = self.visible.last_mut()?;
        last.depth = Some(depth);
        Some(last.local)
    }

    fn local(&self, name: &str) -> Option<Result<Local, Refusal>> {
        let local = self.visible.iter().rev().find(|local| local.name == name)?;
        Some(match local.depth {
            Some(_) => Ok(local.local),
            None => Err("Can't read local variable in its own initializer."),
        })
    }

    fn capture(&mut self, variable: Variable<'s>) -> Variable<'s> {
        let known = self.captures.iter().position(|known| *known == variable);
        let at = known.unwrap_or_else(|| {
            self.captures.push(variable);
            self.captures.len() - 1
        });
        Variable::Captured(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

/// The variable that `name` is in the innermost of the functions; those between it and its owner
/// capture it.
pub fn resolve<'s>(
    functions: &mut [Function<'s>],
    name: &'s str,
    b: &mut Builder<Lox>,
) -> Result<Variable<'s>, Refusal> {
    let found = (functions.iter().enumerate().rev())
        .find_map(|(at, function)| Some((at, function.local(name)?)));
    let Some((owner, local)) = found else {
        return Ok(Variable::Global(name));
    };
    let local = local?;
    let inner = &mut functions[owner + 1..];
    if !inner.is_empty() {
        b.share_local(local);
    }
    let through = |variable, function: &mut Function<'s>| function.capture(variable);
    Ok(inner.iter_mut().fold(Variable::Local(local), through))
}
