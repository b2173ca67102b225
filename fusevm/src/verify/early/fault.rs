//! Faults and what is said about them.

use crate::chunk::fixed::{StaticCode, StaticOp};
use crate::ext::{ConstText, Ty};

/// What is wrong with an op, a label, or the end of a block.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Nothing.
    None,
    /// It pops more than there is.
    Underflow {
        /// Values it pops.
        pops: u32,
        /// Values there are.
        holds: u32,
        /// Whether only those since the scope was opened count.
        scoped: bool,
    },
    /// `MakeHash` of an odd number of values.
    OddHash {
        /// The number.
        n: u16,
    },
    /// An operand that is none of its codes.
    Operand {
        /// What the codes are of.
        what: &'static str,
        /// The operand.
        value: u32,
    },
    /// An operand of an ext op is of another type.
    Input {
        /// Index of the operand.
        at: usize,
        /// Type of the value there.
        found: Ty,
    },
    /// Control gets to a label with another height than before.
    Heights {
        /// The label.
        label: usize,
        /// Height with which control gets there.
        here: u32,
        /// Height with which it got there first.
        there: u32,
        /// The op from which it did.
        from: usize,
    },
    /// Control gets to a label with other scopes open than before.
    Scopes {
        /// The label.
        label: usize,
    },
    /// `PopFrame` without an open scope.
    NoScope,
    /// A call with another number of arguments.
    Arity {
        /// Index of the name of the function.
        name: u16,
        /// Arguments it takes.
        takes: u8,
        /// Arguments it gets.
        got: u8,
    },
    /// An ext op with another number of immediates.
    Immediates {
        /// Immediates it gets.
        got: usize,
    },
    /// An immediate names a function that is not there.
    NoFunction {
        /// The name.
        name: &'static str,
    },
    /// A block ends with another number of values.
    BlockHeight {
        /// Values its op takes.
        wants: u32,
        /// Values there are.
        holds: u32,
    },
    /// A block ends inside a scope.
    BlockScope,
}

impl Fault {
    /// Reports the fault of `op`, if there is one.
    ///
    /// # Panics
    /// When there is one: an error of compilation where this is evaluated.
    #[track_caller]
    pub const fn report(self, code: &StaticCode, op: StaticOp) {
        if !matches!(self, Fault::None) {
            panic!("{}", self.text(code, op).as_str());
        }
    }

    const fn text(self, code: &StaticCode, op: StaticOp) -> ConstText {
        let text = ConstText::EMPTY;
        match self {
            Fault::None => text,
            Fault::Underflow {
                pops,
                holds,
                scoped,
            } => {
                let text = (text.and("stack underflow: `").and(name(op)))
                    .and("` pops ")
                    .and_number(pops);
                match scoped {
                    false => text.and(", but the stack holds ").and_number(holds),
                    true => (text.and(", but only ").and_number(holds))
                        .and(" were pushed since the scope was opened"),
                }
            }
            Fault::OddHash { n } => (text.and("a hash is made of keys and values, but "))
                .and_number(n as u32)
                .and(" is an odd number of them"),
            Fault::Operand { what, value } => (text.and_number(value).and(" is not a ")).and(what),
            Fault::Input { at, found } => input(text, op, at, found),
            Fault::Heights {
                label,
                here,
                there,
                from,
            } => (text.and("stack height "))
                .and_number(here)
                .and(" at `'")
                .and(code.labels[label].name)
                .and("`, but ")
                .and_number(there)
                .and(" on the path from `")
                .and(name(code.ops[from]))
                .and("` in line ")
                .and_number(code.places[from].0),
            Fault::Scopes { label } => (text.and("the path reaches `'"))
                .and(code.labels[label].name)
                .and("` with other scopes open than an earlier one"),
            Fault::NoScope => text.and("no scope is open here"),
            Fault::Arity { name, takes, got } => {
                let s = if takes == 1 { "" } else { "s" };
                (text.and("`").and(code.names[name as usize]))
                    .and("` takes ")
                    .and_number(takes as u32)
                    .and(" argument")
                    .and(s)
                    .and(", but got ")
                    .and_number(got as u32)
            }
            Fault::Immediates { got } => immediates(text, op, got),
            Fault::NoFunction { name } => {
                text.and("the chunk has no function `").and(name).and("`")
            }
            Fault::BlockHeight { wants, holds } => (text.and("the block must leave "))
                .and_number(wants)
                .and(" on the stack, but leaves ")
                .and_number(holds),
            Fault::BlockScope => text.and("the block ends with a scope open"),
        }
    }
}

const fn name(op: StaticOp) -> &'static str {
    match op {
        StaticOp::Core(op) | StaticOp::Open(op) => op.info().name,
        StaticOp::Ext(desc, _) => desc.name,
        StaticOp::Load | StaticOp::Splice | StaticOp::Broken => "",
    }
}

const fn input(text: ConstText, op: StaticOp, at: usize, found: Ty) -> ConstText {
    let StaticOp::Ext(desc, _) = op else {
        return text;
    };
    (text.and("`").and(desc.name).and("`, operand "))
        .and_number(at as u32 + 1)
        .and(": expected ")
        .and(desc.inputs[at].ty.name())
        .and(", found ")
        .and(found.name())
}

const fn immediates(text: ConstText, op: StaticOp, got: usize) -> ConstText {
    let StaticOp::Ext(desc, _) = op else {
        return text;
    };
    let wants = desc.immediates.len();
    let s = if wants == 1 { "" } else { "s" };
    let mut text = (text.and("`").and(desc.name).and("` has "))
        .and_number(wants as u32)
        .and(" immediate")
        .and(s);
    let mut i = 0;
    while i < wants {
        let sep = if i == 0 { " (`" } else { ", `" };
        text = text.and(sep).and(desc.immediates[i].name).and("`");
        i += 1;
    }
    text = if wants > 0 { text.and(")") } else { text };
    (text.and(", but got ").and_number(got as u32)).and("; its operands come from the stack")
}
