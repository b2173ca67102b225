//! Bodies: code that is laid out as one piece. What has been emitted can be looked at, taken back and
//! put elsewhere, so that a front end of one pass need not keep code of its own.

use super::{Builder, FnId};
use crate::chunk::{INNER, Place};
use crate::ext::{Label, Language, Text};
use crate::op::Op;
use crate::value::Str;

/// Code that is laid out as one piece.
#[derive(Default)]
pub(super) struct Body {
    pub(super) ops: Vec<Emitted>,
    pub(super) kind: BodyKind,
    /// Labels that are bound here, with their offsets, in order.
    pub(super) bound: Vec<(usize, Label)>,
}

#[derive(Clone, Copy, Default)]
pub(super) enum BodyKind {
    #[default]
    Main,
    Function {
        /// Index of its entry.
        entry: usize,
    },
    Block {
        index: u16,
    },
}

/// An op and where it comes from.
#[derive(Clone, Copy)]
pub(super) struct Emitted {
    pub(super) op: Op,
    pub(super) line: u32,
    pub(super) place: Place,
    /// The variable it is about: where that stands is known when its function has been built.
    #[cfg(feature = "macros")]
    pub(super) of: Option<super::local::Access>,
}

/// A place in code under construction; see [`Builder::cut`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    body: usize,
    offset: usize,
}

/// Code that was cut out, to be put elsewhere in its function.
#[derive(Default)]
#[must_use = "put it somewhere with `paste`"]
pub struct Piece {
    ops: Vec<Emitted>,
    bound: Vec<(usize, Label)>,
}

impl Body {
    /// Whether a label is bound behind all that was emitted.
    pub(super) fn ends_in_label(&self) -> bool {
        (self.bound.last()).is_some_and(|(offset, _)| *offset == self.ops.len())
    }
}

impl<L: Language> Builder<L> {
    pub(super) fn body(&mut self) -> (usize, &mut Body) {
        let body = self.open.last().copied().unwrap_or(0);
        (body, &mut self.bodies[body])
    }

    /// Opens a function that is reached by value alone, as closures and methods are: others may have its
    /// name. Ops take it as an immediate by what [`inner_fn`](Self::inner_fn) gives.
    pub fn begin_inner_fn<P: AsRef<str>>(&mut self, name: &str, params: &[P]) -> FnId {
        let apart = format!("{name}{INNER}{}", self.chunk.functions.len());
        self.begin_fn(&apart, params)
    }

    /// A function for an immediate of type `Function`: `b.op(ops::closure { f: b.inner_fn(&f) })`.
    pub fn inner_fn(&self, function: &FnId) -> Text {
        let entry = match self.bodies[function.0].kind {
            BodyKind::Function { entry } => self.chunk.functions.get(entry),
            BodyKind::Main | BodyKind::Block { .. } => None,
        };
        let name = entry.and_then(|entry| self.chunk.name(entry.name));
        Text::from(name.map_or("", Str::as_str))
    }

    /// Where the next op will stand.
    pub fn mark(&self) -> Mark {
        let body = self.open.last().copied().unwrap_or(0);
        let offset = self.bodies[body].ops.len();
        Mark { body, offset }
    }

    /// Takes out what was emitted in this function since `mark`, with the labels that were bound: the
    /// increment of a loop, say, which is written before its body and runs after it.
    ///
    /// Nothing is cut when another function or block has been opened or ended since.
    pub fn cut(&mut self, mark: Mark) -> Piece {
        let (body, code) = self.body();
        if body != mark.body || code.ops.len() < mark.offset {
            return Piece::default();
        }
        let ops = code.ops.split_off(mark.offset);
        // A label at the mark itself is of what came before.
        let first = code
            .bound
            .partition_point(|(offset, _)| *offset <= mark.offset);
        let mut bound = code.bound.split_off(first);
        for (offset, label) in &mut bound {
            *offset -= mark.offset;
            self.labels[label.0 as usize] = None;
        }
        Piece { ops, bound }
    }

    /// Puts code here that was cut out elsewhere in the same function.
    pub fn paste(&mut self, piece: Piece) {
        let (body, code) = self.body();
        let start = code.ops.len();
        code.ops.extend(piece.ops);
        for (offset, label) in piece.bound {
            let at = (body, start + offset);
            self.bodies[body].bound.push((at.1, label));
            self.labels[label.0 as usize] = Some(at);
        }
    }

    /// The op that was emitted last; `None` at the start, and where control may come from elsewhere.
    pub fn last_op(&self) -> Option<Op> {
        let code = &self.bodies[self.open.last().copied().unwrap_or(0)];
        let last = code.ops.last().filter(|_| !code.ends_in_label());
        last.map(|emitted| emitted.op)
    }

    /// Takes [`last_op`](Self::last_op) back, to emit something else for it.
    pub fn take_last_op(&mut self) -> Option<Op> {
        let last = self.last_op()?;
        self.body().1.ops.pop();
        Some(last)
    }

    /// `v →`: drops the value. When that is a copy of what was stored just before, as an assignment
    /// leaves that is an expression and used as a statement, no copy is made.
    pub fn discard(&mut self) {
        let (_, code) = self.body();
        let stores = |op: Op| matches!(op, Op::SetSlot(_) | Op::SetVar(_));
        let copied = match code.ops.as_slice() {
            [.., copy, store] => matches!(copy.op, Op::Dup) && stores(store.op),
            _ => false,
        };
        let entered = (code.bound.last()).is_some_and(|(offset, _)| *offset + 1 >= code.ops.len());
        match copied && !entered {
            true => drop(code.ops.remove(code.ops.len() - 2)),
            false => self.push(Op::Pop),
        }
    }
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Piece").field(&self.ops.len()).finish()
    }
}
