//! Functions while they are parsed: scopes, locals, captures, and code that does not know yet which
//! locals are captured.
//!
//! Whether a closure further on captures a local is known when its function has been parsed. Until
//! then code says `Get` and `Set`; [`lower`](crate::lower) makes slots or cells of it.

use fusevm::{Builder, Op, Span, Value};

use super::Lox;

/// A place in the code of one function that jumps go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target(pub usize);

/// A local of a function, by its number.
pub type LocalId = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable<'s> {
    Global(&'s str),
    Local(LocalId),
    /// What the closure has captured, by its number.
    Captured(u32),
}

pub enum Code<'s> {
    Load(Value),
    Op(Op),
    /// An ext op.
    Ext(Box<dyn FnOnce(&mut Builder<Lox>) + 's>),
    /// Gives a variable its first value.
    Declare(Variable<'s>),
    /// Makes room for a local that what is to be its value may capture.
    Reserve(LocalId),
    Get(Variable<'s>),
    Set(Variable<'s>),
    Function(Box<Function<'s>>),
    /// Jumps if the value on top, which goes, is false as an op has it, or as Lox has it.
    JumpIf(Jump, Target),
    Jump(Target),
    Bind(Target),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// The value is a truth.
    False,
    True,
    /// The value may be anything.
    Falsey,
    /// As `Falsey`, but where it jumps the value stays.
    AndFalsey,
    OrTruthy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    Script,
    Function,
    Method,
    Initializer,
}

/// A local variable: where it stands, and whether closures share it.
#[derive(Clone, Copy, Debug)]
pub struct Local {
    pub slot: u16,
    pub captured: bool,
}

/// A local that can be seen where the parser is.
struct Visible<'s> {
    name: &'s str,
    /// `None` while its initializer is parsed.
    depth: Option<usize>,
    id: LocalId,
}

pub struct Function<'s> {
    pub kind: FunctionKind,
    pub name: &'s str,
    pub arity: usize,
    pub code: Vec<(Code<'s>, Span)>,
    pub targets: usize,
    /// All locals it has had, parameters first.
    pub locals: Vec<Local>,
    /// What it captures of the function around it.
    pub captures: Vec<Variable<'s>>,
    visible: Vec<Visible<'s>>,
    depth: usize,
}

/// Why a variable cannot be declared or read.
pub type Refusal = &'static str;

impl<'s> Function<'s> {
    pub fn new(kind: FunctionKind, name: &'s str) -> Self {
        let mut function = Self {
            kind,
            name,
            arity: 0,
            code: Vec::new(),
            targets: 0,
            locals: Vec::new(),
            captures: Vec::new(),
            visible: Vec::new(),
            depth: 0,
        };
        if matches!(kind, FunctionKind::Method | FunctionKind::Initializer) {
            function.add("this");
            function.initialized();
        }
        function
    }

    /// Slots that the arguments of a call come in.
    pub fn parameters(&self) -> usize {
        let this = matches!(self.kind, FunctionKind::Method | FunctionKind::Initializer);
        self.arity + usize::from(this)
    }

    pub fn is_global_scope(&self) -> bool {
        self.kind == FunctionKind::Script && self.depth == 0
    }

    pub fn begin_scope(&mut self) {
        self.depth += 1;
    }

    pub fn end_scope(&mut self) {
        self.depth -= 1;
        let outside = |local: &Visible<'_>| local.depth.is_some_and(|depth| depth <= self.depth);
        let kept = self
            .visible
            .iter()
            .take_while(|local| outside(local))
            .count();
        self.visible.truncate(kept);
    }

    /// Adds a local that cannot be read yet.
    pub fn add(&mut self, name: &'s str) -> LocalId {
        let id = self.locals.len();
        self.locals.push(Local {
            slot: u16::try_from(self.visible.len()).unwrap_or(u16::MAX),
            captured: false,
        });
        self.visible.push(Visible {
            name,
            depth: None,
            id,
        });
        id
    }

    /// Adds a local; `false` when the scope has one of that name.
    pub fn declare(&mut self, name: &'s str) -> bool {
        let here = |local: &&Visible<'_>| local.depth.is_none_or(|depth| depth >= self.depth);
        let mut same = self.visible.iter().rev().take_while(here);
        let free = !same.any(|local| local.name == name);
        self.add(name);
        free
    }

    /// The local that was added last can be read from now on; which it is.
    pub fn initialized(&mut self) -> LocalId {
        let depth = self.depth;
        self.visible.last_mut().map_or(0, |local| {
            local.depth = Some(depth);
            local.id
        })
    }

    fn local(&self, name: &str) -> Option<Result<LocalId, Refusal>> {
        let local = self.visible.iter().rev().find(|local| local.name == name)?;
        Some(match local.depth {
            Some(_) => Ok(local.id),
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

    pub fn target(&mut self) -> Target {
        self.targets += 1;
        Target(self.targets - 1)
    }

    /// Whether what has been computed last is known to be a truth.
    pub fn leaves_truth(&self) -> bool {
        use Op::{LogNot, NumEq, NumGt, NumLt, NumNe};
        matches!(
            self.code.last(),
            Some(
                (Code::Op(NumEq | NumNe | NumGt | NumLt | LogNot), _)
                    | (Code::Load(Value::Bool(_)), _)
            )
        )
    }
}

/// The variable that `name` is in the innermost of the functions; those between it and its owner
/// capture it.
pub fn resolve<'s>(functions: &mut [Function<'s>], name: &'s str) -> Result<Variable<'s>, Refusal> {
    let found = (functions.iter().enumerate().rev())
        .find_map(|(at, function)| Some((at, function.local(name)?)));
    let Some((owner, local)) = found else {
        return Ok(Variable::Global(name));
    };
    let (outer, inner) = functions.split_at_mut(owner + 1);
    let local = local?;
    outer[owner].locals[local].captured |= !inner.is_empty();
    let through = |variable, function: &mut Function<'s>| function.capture(variable);
    Ok(inner.iter_mut().fold(Variable::Local(local), through))
}
