//! From bodies to a chunk: where each piece of code goes, and with it what labels stand for.

use super::{BodyKind, BuildError, BuildErrors, Builder, Emitted};
use crate::chunk::{Chunk, Place};
use crate::ext::{ImmTag, Language};
use crate::op::Op;

impl<L: Language> Builder<L> {
    /// Lays the chunk out: the main program, then functions and blocks.
    ///
    /// # Errors
    /// All that was found on the way and here.
    pub fn finish(mut self) -> Result<Chunk, BuildErrors> {
        if self.open.len() != 1 && !self.stopped() {
            let line = self.line;
            self.errors.push(BuildError::Unbalanced { line });
        }
        self.open.truncate(1);
        let jump_over = self.bodies.len() > 1 && self.falls_through(0);
        let mut starts = Vec::with_capacity(self.bodies.len());
        let mut at = 0;
        for (i, body) in self.bodies.iter().enumerate() {
            starts.push(at);
            at += body.ops.len() + usize::from(i == 0 && jump_over);
        }
        let end = at;
        for i in 0..self.bodies.len() {
            let mut ops = std::mem::take(&mut self.bodies[i].ops);
            for emitted in &mut ops {
                #[cfg(feature = "macros")]
                {
                    emitted.op = self.place_local(emitted);
                }
                emitted.op = self.place_targets(emitted.op, emitted.line, i, &starts);
            }
            if i == 0 && jump_over {
                let (op, line, place) = (Op::Jump(end), self.line, Place::default());
                ops.push(Emitted {
                    op,
                    line,
                    place,
                    #[cfg(feature = "macros")]
                    of: None,
                });
            }
            let (start, len) = (starts[i], ops.len());
            match self.bodies[i].kind {
                BodyKind::Main => {}
                BodyKind::Function { entry } => self.chunk.functions[entry].pc = start,
                BodyKind::Block { index } => {
                    if let Some(range) = self.chunk.blocks.get_mut(usize::from(index)) {
                        *range = start..start + len;
                    }
                }
            }
            for Emitted {
                op, line, place, ..
            } in ops
            {
                self.chunk.ops.push(op);
                self.chunk.lines.push(line);
                self.chunk.spans.push(place);
            }
        }
        if self.chunk.spans.iter().all(|p| *p == Place::default()) {
            self.chunk.spans.clear();
        }
        match self.errors.is_empty() {
            true => Ok(self.chunk),
            false => Err(BuildErrors(self.errors)),
        }
    }

    /// The op with its labels replaced by pcs.
    fn place_targets(&mut self, op: Op, line: u32, body: usize, starts: &[usize]) -> Op {
        if let Some(label) = op.target() {
            return op.with_target(self.resolve(label as u64, line, body, starts));
        }
        let Some((import, packed)) = self.chunk.immediates(op) else {
            return op;
        };
        let Some(import) = self.chunk.imports.get(usize::from(import)) else {
            return op;
        };
        let label = import
            .signature
            .unpack(packed)
            .find(|(tag, ..)| *tag == ImmTag::Label);
        let Some((_, shift, label)) = label else {
            return op;
        };
        let pc = self.resolve(label, line, body, starts) as u64;
        let mask = u64::from(u32::MAX) << shift;
        match op {
            Op::ExtendedWide(id, arg) => {
                let packed = (packed & !mask) | (pc << shift);
                Op::ExtendedWide(id, self.chunk.change_wide(arg, packed))
            }
            other => other,
        }
    }

    fn resolve(&mut self, label: u64, line: u32, body: usize, starts: &[usize]) -> usize {
        match self.labels.get(label as usize) {
            Some(Some((there, offset))) if *there == body => starts[body] + offset,
            Some(Some(_)) => {
                self.errors.push(BuildError::LabelElsewhere { line });
                0
            }
            Some(None) | None => {
                if !self.stopped() {
                    self.errors.push(BuildError::UnboundLabel { line });
                }
                0
            }
        }
    }

    /// Whether the front end had errors of its own: what it then left open is no news.
    fn stopped(&self) -> bool {
        let own = |e: &BuildError| matches!(e, BuildError::Source(_));
        self.errors.iter().any(own)
    }
}
