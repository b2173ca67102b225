//! Bodies with the bodies of what they call in the places of the calls.

use super::{Inline, InlineFlat, InlineIns, InlineKind};
use std::borrow::Cow;

impl Inline {
    /// The body with the bodies of the ops it calls in the places of the calls; `None` where that is
    /// not [short](Inline::is_short). Costs nothing where there are no calls.
    pub fn flat(&self) -> Option<InlineFlat> {
        if !self.is_short() {
            return None;
        }
        let calls = |ins: &InlineIns| matches!(ins, InlineIns::Call { .. });
        if !self.code.iter().any(calls) {
            return Some(InlineFlat {
                locals: Cow::Borrowed(self.locals),
                code: Cow::Borrowed(self.code),
            });
        }
        let mut flat = Flat {
            locals: self.locals.to_vec(),
            code: Vec::new(),
        };
        flat.body(self, 0, None)?;
        Some(InlineFlat {
            locals: Cow::Owned(flat.locals),
            code: Cow::Owned(flat.code),
        })
    }
}

struct Flat {
    locals: Vec<InlineKind>,
    code: Vec<InlineIns>,
}

impl Flat {
    /// Adds a body whose locals begin at `base`; its result goes to `to`, and control on behind it, or
    /// it is returned.
    fn body(&mut self, inline: &Inline, base: u16, to: Option<u16>) -> Option<()> {
        let mut begins = Vec::with_capacity(inline.code.len());
        let from = self.code.len();
        let mut targets = Vec::new();
        let mut ends = Vec::new();
        for ins in inline.code {
            begins.push(u16::try_from(self.code.len()).ok()?);
            match (moved(*ins, base), to) {
                (InlineIns::Call { to, callee, args }, _) => {
                    let inner = u16::try_from(self.locals.len()).ok()?;
                    self.locals.extend_from_slice(callee.locals);
                    for (param, arg) in (inner..).zip(args) {
                        let from = base + arg;
                        self.code.push(InlineIns::Copy { to: param, from });
                    }
                    self.body(callee, inner, Some(to))?;
                }
                (InlineIns::Return { from }, Some(to)) => {
                    self.code.push(InlineIns::Copy { to, from });
                    ends.push(self.code.len());
                    self.code.push(InlineIns::Jump { target: 0 });
                }
                (ins, _) => {
                    if let InlineIns::Jump { .. } | InlineIns::JumpIfNot { .. } = ins {
                        targets.push(self.code.len());
                    }
                    self.code.push(ins);
                }
            }
        }
        for at in targets {
            if let InlineIns::Jump { target } | InlineIns::JumpIfNot { target, .. } =
                &mut self.code[at]
            {
                *target = begins[usize::from(*target)];
            }
        }
        let end = u16::try_from(self.code.len()).ok()?;
        // A jump to the instruction behind it is none; nothing before it names a place behind it.
        if ends.last() == Some(&usize::from(end - 1)) && self.code.len() > from {
            ends.pop();
            self.code.pop();
        }
        let end = u16::try_from(self.code.len()).ok()?;
        for at in ends {
            self.code[at] = InlineIns::Jump { target: end };
        }
        Some(())
    }
}

/// The instruction on locals that begin at `base`.
fn moved(ins: InlineIns, base: u16) -> InlineIns {
    use InlineIns::{Binary, Bool, Call, Copy, Float, Int, Jump, JumpIfNot, Return, Unary};
    let at = |local: u16| local + base;
    match ins {
        Int { to, value } => Int { to: at(to), value },
        Float { to, value } => Float { to: at(to), value },
        Bool { to, value } => Bool { to: at(to), value },
        Copy { to, from } => Copy {
            to: at(to),
            from: at(from),
        },
        Unary { op, to, a } => Unary {
            op,
            to: at(to),
            a: at(a),
        },
        Binary { op, to, a, b } => Binary {
            op,
            to: at(to),
            a: at(a),
            b: at(b),
        },
        // The arguments are moved where they are copied.
        Call { to, callee, args } => Call {
            to: at(to),
            callee,
            args,
        },
        Jump { target } => Jump { target },
        JumpIfNot { a, target } => JumpIfNot { a: at(a), target },
        Return { from } => Return { from: at(from) },
    }
}
