//! The ops of a language at run time: ids, look-up by name, and what a chunk's imports resolve to.

use super::{Import, Language, OpDesc};
use crate::op::Opcode;
use std::collections::HashMap;
use std::fmt;

/// The ops of a language: dense ids in the order of its `ops(…)` list, then the core ops, then the
/// linked ones by name. An op with `id = N` has that id; the others fill the ids that are left.
#[derive(Debug)]
pub struct OpTable {
    language: &'static str,
    coerce: bool,
    ops: Vec<&'static OpDesc>,
    by_name: HashMap<&'static str, u16>,
    /// By opcode; empty where a language has none.
    operators: Vec<Option<&'static OpDesc>>,
}

impl OpTable {
    /// The table of `L` from its op sets. A name that stands twice keeps its first op; the derive
    /// has refused duplicates among the listed ones before.
    pub fn new<L: Language>(sets: impl IntoIterator<Item = &'static [&'static OpDesc]>) -> Self {
        Self::of_ops::<L>(sets.into_iter().flatten().copied())
    }

    /// The table of a language that lists `sets`: what `#[derive(Language)]` builds. `linked` are the
    /// ops found at link time.
    pub fn of_language<L: Language>(
        sets: &[&'static [&'static OpDesc]],
        linked: Vec<&'static OpDesc>,
    ) -> Self {
        let core = super::core_tables::<L>();
        Self::of_ops::<L>(
            sets.iter()
                .chain(&core)
                .flat_map(|set| set.iter().copied())
                .chain(linked),
        )
    }

    fn of_ops<L: Language>(ops: impl Iterator<Item = &'static OpDesc>) -> Self {
        let mut listed: Vec<&'static OpDesc> = Vec::new();
        let mut seen = HashMap::new();
        for desc in ops {
            if seen.insert(desc.name, ()).is_none() {
                listed.push(desc);
            }
        }
        let mut ops: Vec<Option<&'static OpDesc>> = vec![None; listed.len()];
        for desc in listed.iter().filter(|d| d.id.is_some()) {
            let id = usize::from(desc.id.unwrap_or(0));
            if id >= ops.len() {
                ops.resize(id + 1, None);
            }
            ops[id] = Some(desc);
        }
        let mut free = 0;
        for desc in listed.iter().filter(|d| d.id.is_none()) {
            while ops.get(free).is_some_and(Option::is_some) {
                free += 1;
            }
            match ops.get_mut(free) {
                Some(place) => *place = Some(desc),
                None => ops.push(Some(desc)),
            }
        }
        // Ids that are asked for may leave gaps; they hold nothing that could be called.
        let ops: Vec<&'static OpDesc> = (ops.into_iter())
            .map(|op| op.unwrap_or(&super::UNASSIGNED))
            .collect();
        let mut by_name = HashMap::new();
        for (id, desc) in ops.iter().enumerate().filter(|(_, d)| !d.name.is_empty()) {
            for old in desc.was {
                by_name.entry(*old).or_insert(id as u16);
            }
        }
        for (id, desc) in ops.iter().enumerate().filter(|(_, d)| !d.name.is_empty()) {
            by_name.insert(desc.name, id as u16);
        }
        Self {
            language: L::NAME,
            coerce: L::COERCE,
            ops,
            by_name,
            operators: operators::<L>(),
        }
    }

    /// The op that runs in place of `code` where an operand is no number.
    #[inline]
    pub fn operator(&self, code: Opcode) -> Option<&'static OpDesc> {
        self.operators.get(code as usize).copied().flatten()
    }

    /// Whether the language has such ops at all.
    pub(crate) fn has_operators(&self) -> bool {
        self.operators.iter().any(Option::is_some)
    }

    /// Names of the ops on numbers that the language has ops for, and these.
    pub(crate) fn operators(&self) -> Vec<(&'static str, &'static OpDesc)> {
        let listed = Opcode::ALL.iter().zip(&self.operators);
        listed
            .filter_map(|(code, op)| op.map(|op| (code.info().name, op)))
            .collect()
    }

    /// Name of the language.
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// Whether the language widens operands.
    pub fn coerce(&self) -> bool {
        self.coerce
    }

    /// The ops with their ids, in order of the ids.
    pub fn ops(&self) -> impl Iterator<Item = (u16, &'static OpDesc)> + '_ {
        (self.ops.iter().enumerate())
            .filter(|(_, op)| !op.name.is_empty())
            .map(|(id, op)| (id as u16, *op))
    }

    /// The op with that id.
    pub fn get(&self, id: u16) -> Option<&'static OpDesc> {
        let op = self.ops.get(usize::from(id)).copied()?;
        (!op.name.is_empty()).then_some(op)
    }

    /// Id of the op with that name, or that had it before.
    pub fn id(&self, name: &str) -> Option<u16> {
        self.by_name.get(name).copied()
    }

    /// The op an import of a chunk stands for.
    ///
    /// # Errors
    /// Why there is none: unknown name, other signature, later version.
    pub fn resolve(&self, import: &Import) -> Result<&'static OpDesc, ImportError> {
        let fail = |why| ImportError {
            op: import.name.as_str().to_owned(),
            language: self.language,
            why,
        };
        let id = self
            .id(import.name.as_str())
            .ok_or_else(|| fail(ImportMismatch::Unknown))?;
        let desc = self.ops[usize::from(id)];
        let here = Import::of(desc);
        if import.version > here.version {
            let why = ImportMismatch::Version {
                chunk: import.version,
                language: here.version,
            };
            return Err(fail(why));
        }
        if import.signature != here.signature {
            let why = ImportMismatch::Signature {
                chunk: import.signature.to_string(),
                language: here.signature.to_string(),
            };
            return Err(fail(why));
        }
        Ok(desc)
    }

    /// Checks that ops of these names are here.
    ///
    /// # Errors
    /// The names that are missing.
    pub fn require<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<(), MissingOps> {
        let missing: Vec<String> = (names.into_iter())
            .filter(|name| self.id(name).is_none())
            .map(str::to_owned)
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(MissingOps {
                language: self.language,
                missing,
            }),
        }
    }
}

fn operators<L: Language>() -> Vec<Option<&'static OpDesc>> {
    let mut operators = Vec::new();
    for (code, desc) in L::OPERATORS {
        operators.resize(Opcode::ALL.len(), None);
        operators[*code as usize] = Some(*desc);
    }
    operators
}

/// An import of a chunk that the language does not have as the chunk means it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The op the chunk names.
    pub op: String,
    /// The language it was to be loaded into.
    pub language: &'static str,
    /// What does not fit.
    pub why: ImportMismatch,
}

/// What does not fit between a chunk's import and the language's op.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportMismatch {
    /// No op has that name, or had it.
    Unknown,
    /// The chunk was made for a later version of the op.
    Version {
        /// Version the chunk asks for.
        chunk: u32,
        /// Version of the language's op.
        language: u32,
    },
    /// Operands, results or immediates differ.
    Signature {
        /// As the chunk has it.
        chunk: String,
        /// As the language has it.
        language: String,
    },
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { op, language, why } = self;
        match why {
            ImportMismatch::Unknown => write!(
                f,
                "language `{language}` has no op `{op}`; if a linked crate declares it, bring it in with `use CRATE as _;`"
            ),
            ImportMismatch::Version {
                chunk,
                language: here,
            } => write!(
                f,
                "the chunk needs version {chunk} of op `{op}`, but language `{language}` has version {here}"
            ),
            ImportMismatch::Signature {
                chunk,
                language: here,
            } => write!(
                f,
                "op `{op}` is `{chunk}` in the chunk, but `{here}` in language `{language}`"
            ),
        }
    }
}

impl std::error::Error for ImportError {}

/// Ops that a program requires of a language and that are not linked into the binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingOps {
    /// The language.
    pub language: &'static str,
    /// Names without an op.
    pub missing: Vec<String>,
}

impl fmt::Display for MissingOps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "language `{}` lacks the ops {}: bring in the crates that declare them with `use CRATE as _;`",
            self.language,
            self.missing.join(", ")
        )
    }
}

impl std::error::Error for MissingOps {}
