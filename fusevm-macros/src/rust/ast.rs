//! What `fusevm_chunk!` understands of Rust, as a tree.
//!
//! Parentheses and the invisible groups of `macro_rules!` are gone; what did not parse is
//! [`Kind::Broken`], so that everything around it is still compiled.

use super::types::Ty;
use proc_macro2::{Ident, Span, TokenStream};
use syn::{Lifetime, Path};

/// First and last token of a piece of source.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Extent {
    pub(crate) fn to(self, other: Extent) -> Extent {
        Extent {
            first: self.first,
            last: other.last,
        }
    }
}

impl From<Span> for Extent {
    fn from(span: Span) -> Self {
        Extent {
            first: span,
            last: span,
        }
    }
}

/// Statements in braces, and the expression that gives their value.
pub(crate) struct Block {
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) tail: Option<Box<Expr>>,
    /// The closing brace, where a value that is missing is missed.
    pub(crate) close: Span,
}

pub(crate) enum Stmt {
    Let(Let),
    /// `let (a, b) = ops::two(x);`
    Pair([Pattern; 2], Expr),
    Static(Static),
    Fn(Function),
    Expr(Expr),
}

pub(crate) struct Let {
    pub(crate) pattern: Pattern,
    pub(crate) ty: Option<Ty>,
    pub(crate) value: Option<Expr>,
}

/// A name that gets a value; no name for `_`.
pub(crate) struct Pattern {
    pub(crate) name: Option<Ident>,
    pub(crate) mutable: bool,
    pub(crate) at: Span,
}

/// A global; without a value, one that is set elsewhere.
pub(crate) struct Static {
    pub(crate) name: Ident,
    pub(crate) mutable: bool,
    pub(crate) ty: Option<Ty>,
    pub(crate) value: Option<Expr>,
}

/// A function; without a body, one that is defined elsewhere.
pub(crate) struct Function {
    pub(crate) name: Ident,
    pub(crate) params: Vec<Param>,
    pub(crate) result: Option<Ty>,
    pub(crate) body: Option<Block>,
}

pub(crate) struct Param {
    pub(crate) pattern: Pattern,
    pub(crate) ty: Ty,
}

pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) at: Extent,
}

/// A label of a loop or block.
pub(crate) type Label = Option<Lifetime>;

pub(crate) enum Kind {
    /// The digits of an integer; its sign is an operator.
    Int(u64),
    Float(f64),
    Bool(bool),
    Str(String),
    Name(Ident),
    /// A path that is called, or a word for an op.
    Path(Path),
    /// A Rust expression, by its index in the list of captures.
    Capture(usize),
    Label(Lifetime),
    /// `&x`, which means `x` where an argument stands.
    Ref(Box<Expr>),
    Unary(Unary, Span, Box<Expr>),
    Binary(Binary, Span, Box<[Expr; 2]>),
    Assign(Box<[Expr; 2]>),
    Compound(Binary, Span, Box<[Expr; 2]>),
    Cast(Box<Expr>, Ty),
    Call(Box<Expr>, Vec<Expr>),
    Method(Box<Expr>, Ident, Vec<Expr>),
    Closure(Vec<Pattern>, Box<Expr>),
    Index(Box<[Expr; 2]>),
    Array(Vec<Expr>),
    Repeat(Box<[Expr; 2]>),
    Hash(Vec<[Expr; 2]>),
    /// Both bounds of `a..b`, and whether the last is part of it.
    Range(Box<[Expr; 2]>, bool),
    Block(Label, Block),
    If(Box<Expr>, Block, Option<Box<Expr>>),
    While(Label, Box<Expr>, Block),
    Loop(Label, Block),
    For(Label, Pattern, Box<Expr>, Block),
    Match(Box<Expr>, Vec<Arm>),
    Break(Label, Option<Box<Expr>>),
    Continue(Label),
    Return(Option<Box<Expr>>),
    /// `print!` and `println!`.
    Print {
        line: bool,
        text: Vec<Piece>,
    },
    Format(Vec<Piece>),
    /// What did not parse; its error is reported.
    Broken,
}

/// A piece of a text with values in it.
pub(crate) enum Piece {
    Text(String),
    Value(Expr),
}

pub(crate) struct Arm {
    /// The literals it is for; empty for the arm of all others.
    pub(crate) literals: Vec<Expr>,
    /// The name of the value in the arm of all others.
    pub(crate) name: Option<Pattern>,
    pub(crate) guard: Option<Expr>,
    pub(crate) body: Expr,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unary {
    Neg,
    Not,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Binary {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
    BitOr,
    BitXor,
    BitAnd,
    Shl,
    Shr,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl Binary {
    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Binary::Or => "||",
            Binary::And => "&&",
            Binary::Eq => "==",
            Binary::Ne => "!=",
            Binary::Lt => "<",
            Binary::Gt => ">",
            Binary::Le => "<=",
            Binary::Ge => ">=",
            Binary::BitOr => "|",
            Binary::BitXor => "^",
            Binary::BitAnd => "&",
            Binary::Shl => "<<",
            Binary::Shr => ">>",
            Binary::Add => "+",
            Binary::Sub => "-",
            Binary::Mul => "*",
            Binary::Div => "/",
            Binary::Rem => "%",
        }
    }

    /// Whether it is arithmetic, with a result of the type of its sides.
    pub(crate) fn computes(self) -> bool {
        use Binary::{Add, Div, Mul, Rem, Sub};
        matches!(self, Add | Sub | Mul | Div | Rem)
    }

    /// Whether its result is a truth whatever it compares.
    pub(crate) fn compares(self) -> bool {
        use Binary::{Eq, Ge, Gt, Le, Lt, Ne};
        matches!(self, Eq | Ne | Lt | Gt | Le | Ge)
    }
}

/// A Rust expression whose value goes into the chunk when it is built.
pub(crate) struct Capture {
    pub(crate) tokens: TokenStream,
    pub(crate) at: Span,
}
