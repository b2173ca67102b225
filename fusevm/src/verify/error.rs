//! What can be wrong with a chunk.

use crate::chunk::Chunk;
use crate::op::Op;
use crate::value::Str;
use std::fmt;

/// A rule that a chunk breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// Name of the source.
    pub source: Str,
    /// Source line of the op; 0 when there is none.
    pub line: u32,
    /// Index of the op; `None` for what concerns the chunk as a whole.
    pub pc: Option<usize>,
    /// Name of the op: the ext op's own name where the chunk imports it.
    pub op: Option<String>,
    /// The rule.
    pub rule: Broken,
}

/// The rule that is broken. See the [module page](super) for what each says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages below say what each field is")]
pub enum Broken {
    /// An operand points past its pool.
    Index {
        what: &'static str,
        index: u64,
        len: usize,
    },
    /// A jump target is not an op of the chunk.
    Target { target: u64, len: usize },
    /// A code or count that an operand cannot have.
    Operand { what: &'static str, value: u64 },
    /// `MakeHash` of an odd number of values.
    OddHash { n: usize },
    /// An ext op with the form for other immediates than it has.
    Form { wide: bool },
    /// An immediate that names a function the chunk does not have.
    NoFunction { name: Str },
    /// An immediate that must be a text of the constant pool.
    NotText { index: u64 },
    /// A block range that is not inside the chunk.
    BlockRange {
        block: usize,
        start: usize,
        end: usize,
        len: usize,
    },
    /// A function entry outside the chunk.
    Entry { name: Str, pc: usize, len: usize },
    /// Two functions of one name.
    DuplicateFunction { name: Str },
    /// A constant that is not plain data.
    NotPlain { index: usize },
    /// A pool, or the chunk, is longer than its indices can name.
    TooLong { what: &'static str, len: usize },
    /// The tables of lines or places do not fit the ops.
    Tables {
        ops: usize,
        lines: usize,
        places: usize,
    },
    /// An op pops more than its frame has.
    Underflow {
        pops: usize,
        holds: usize,
        scoped: bool,
    },
    /// Two paths meet with different heights.
    Heights {
        at: usize,
        height: usize,
        from: usize,
        other: usize,
    },
    /// Two paths meet with different scopes open.
    Scopes { at: usize, from: usize },
    /// `PopFrame` without an open scope.
    NoScope,
    /// Control runs off the end inside a function.
    RunsOff { function: Str },
    /// A jump leaves the block it is in.
    LeavesBlock { block: usize, target: usize },
    /// A block ends with another number of values than its op takes.
    BlockHeight {
        block: usize,
        wants: usize,
        holds: usize,
    },
    /// A block ends with a scope open.
    BlockScope { block: usize },
    /// A block that contains itself.
    BlockInItself { block: usize },
    /// A call with another number of arguments than the function takes.
    Arity { name: Str, takes: u8, got: u8 },
    /// The functions of the chunk overlap so much that checking them takes too long.
    Work { limit: u64 },
}

impl VerifyError {
    pub(super) fn at(chunk: &Chunk, pc: usize, rule: Broken) -> Self {
        let name = |op: &Op| {
            let import = chunk.immediates(*op).filter(|_| chunk.language.is_some());
            match import.and_then(|(id, _)| chunk.imports.get(usize::from(id))) {
                Some(import) => import.name.as_str().to_owned(),
                None => op.name().to_owned(),
            }
        };
        Self {
            source: chunk.source.clone(),
            line: chunk.line(pc),
            pc: Some(pc),
            op: chunk.ops.get(pc).map(name),
            rule,
        }
    }

    pub(super) fn chunk(chunk: &Chunk, rule: Broken) -> Self {
        Self {
            source: chunk.source.clone(),
            line: 0,
            pc: None,
            op: None,
            rule,
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source.as_str() {
            "" => "chunk",
            name => name,
        };
        match (self.pc, &self.op) {
            (Some(pc), Some(op)) => write!(f, "{source}:{}: @{pc} {op}: {}", self.line, self.rule),
            (Some(pc), None) => write!(f, "{source}:{}: @{pc}: {}", self.line, self.rule),
            _ => write!(f, "{source}: {}", self.rule),
        }?;
        Ok(())
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index { what, index, len } => {
                write!(f, "{what} {index} does not exist; the chunk has {len}")
            }
            Self::Target { target, len } => {
                write!(
                    f,
                    "jump target @{target} is past the end of the chunk at @{len}"
                )
            }
            Self::Operand { what, value } => write!(f, "{value} is not a {what}"),
            Self::OddHash { n } => write!(
                f,
                "a hash is made of keys and values, but {n} is an odd number of them"
            ),
            Self::Form { wide: true } => {
                f.write_str("the immediates of this op need `ExtendedWide`")
            }
            Self::Form { wide: false } => f.write_str("the immediates of this op fit `Extended`"),
            Self::NoFunction { name } => write!(f, "the chunk has no function `{name}`"),
            Self::NotText { index } => write!(f, "constant {index} is not a string"),
            Self::BlockRange {
                block,
                start,
                end,
                len,
            } => write!(
                f,
                "block {block} is [@{start}, @{end}), which is not a range of the chunk's {len} ops"
            ),
            Self::Entry { name, pc, len } => write!(
                f,
                "function `{name}` starts at @{pc}, past the chunk's {len} ops"
            ),
            Self::DuplicateFunction { name } => write!(f, "function `{name}` is defined twice"),
            Self::NotPlain { index } => write!(
                f,
                "constant {index} is not plain data: chunks hold no functions, references, objects or host values"
            ),
            Self::TooLong { what, len } => write!(f, "{len} {what} are more than a chunk can have"),
            Self::Tables { ops, lines, places } => write!(
                f,
                "{ops} ops need as many lines and as many places or none, but there are {lines} lines and {places} places"
            ),
            Self::Underflow {
                pops,
                holds,
                scoped: false,
            } => write!(
                f,
                "stack underflow: it pops {pops}, but the stack holds {holds}"
            ),
            Self::Underflow { pops, holds, .. } => write!(
                f,
                "stack underflow: it pops {pops}, but only {holds} were pushed since the scope was opened"
            ),
            Self::Heights {
                at,
                height,
                from,
                other,
            } => write!(
                f,
                "stack height {other} at @{at}, but {height} on the path from @{from}"
            ),
            Self::Scopes { at, from } => write!(
                f,
                "the path from @{from} reaches @{at} with other scopes open than an earlier one"
            ),
            Self::NoScope => f.write_str("no scope is open here"),
            Self::RunsOff { function } => {
                write!(
                    f,
                    "control runs off the end of the chunk in function `{function}`"
                )
            }
            Self::LeavesBlock { block, target } => {
                write!(f, "the jump to @{target} leaves block {block}")
            }
            Self::BlockHeight {
                block,
                wants,
                holds,
            } => write!(
                f,
                "block {block} must leave {wants} on the stack, but leaves {holds}"
            ),
            Self::BlockScope { block } => write!(f, "block {block} ends with a scope open"),
            Self::BlockInItself { block } => write!(f, "block {block} contains itself"),
            Self::Arity { name, takes, got } => {
                let s = if *takes == 1 { "" } else { "s" };
                write!(f, "`{name}` takes {takes} argument{s}, but got {got}")
            }
            Self::Work { limit } => write!(
                f,
                "the functions and blocks of the chunk overlap so much that checking them takes more than {limit} steps"
            ),
        }
    }
}

impl std::error::Error for VerifyError {}

/// All rules a chunk breaks, by pc. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyErrors(pub(super) Vec<VerifyError>);

impl VerifyErrors {
    /// The errors.
    pub fn iter(&self) -> std::slice::Iter<'_, VerifyError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a VerifyErrors {
    type Item = &'a VerifyError;
    type IntoIter = std::slice::Iter<'a, VerifyError>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for VerifyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let sep = if i > 0 { "\n" } else { "" };
            write!(f, "{sep}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for VerifyErrors {}
