//! What the expansion of `fusevm_chunk!` stands on: the part of it that needs no tokens. Not part of
//! the interface: nothing here is stable.
//!
//! The macro does not know what an op takes. Here are the constants that prove that what was written
//! fits, and the functions that write it into a builder once that is so.

use crate::chunk::{Builder, Chunk, Diagnostic, Span};
use crate::core_ops;
use crate::ext::private::{Given, ToGiven, pack_given};
use crate::ext::{ConstText, ImmDesc, ImmKind, ImmediatePool, Label, Language, OpDesc, Ty};
use crate::op::Op;
use crate::semantics::Overflow;
use crate::value::Value;

/// The chunk, when nothing is wrong with it.
///
/// # Panics
/// When a captured immediate does not fit its op, or a pool is full: the one thing that is not known
/// while rustc runs.
#[track_caller]
pub fn finish<L: Language>(b: Builder<L>) -> Chunk {
    match b.finish() {
        Ok(chunk) => chunk,
        Err(errors) => panic!("{errors}"),
    }
}

/// Number of immediates of an op that are written: all but the count of its `Rest`.
const fn immediates(op: &OpDesc) -> usize {
    op.immediates.len() - op.rest.is_some() as usize
}

/// Whether argument `at` of an op goes on the stack.
pub const fn is_operand(op: &OpDesc, at: usize) -> bool {
    at >= immediates(op)
}

/// Checks the number of arguments.
///
/// # Panics
/// When it is not what the op takes; the macro calls it in a constant.
#[track_caller]
pub const fn assert_count(op: &OpDesc, count: usize) {
    let written = immediates(op);
    let least = written + op.inputs.len();
    let most = if op.rest.is_some() {
        least + u8::MAX as usize
    } else {
        least
    };
    if least <= count && count <= most {
        return;
    }
    let mut text = (ConstText::EMPTY.and("`").and(op.name)).and("` takes ");
    if op.rest.is_some() && count < least {
        text = text.and("at least ");
    }
    let number = if count > most { most } else { least };
    text = text.and_number(number as u32);
    text = text.and(if number == 1 {
        " argument"
    } else {
        " arguments"
    });
    let mut i = 0;
    while i < least {
        let name = if i < written {
            op.immediates[i].name
        } else {
            op.inputs[i - written].name
        };
        text = text.and(", ").and(name);
        i += 1;
    }
    panic!(
        "{}",
        text.and("; here are ").and_number(count as u32).as_str()
    );
}

/// Checks an argument that may be an immediate; `otherwise` says why it cannot be an operand.
///
/// # Panics
/// When it does not fit; the macro calls it in a constant.
#[track_caller]
pub const fn assert_argument(op: &OpDesc, at: usize, given: Given<'_>, otherwise: Option<&str>) {
    if !is_operand(op, at) {
        let desc = &op.immediates[at];
        if is_slot_by_number(desc, given) {
            let text = ConstText::EMPTY.and("immediate `").and(desc.name);
            let text = text.and("` of `").and(op.name).and("` is a variable");
            panic!("{}", text.as_str());
        }
        let of_words = "; a value of the Rust code around is captured, `#name`";
        crate::ext::assert_given_or(op, at, given, of_words);
    } else if let Some(text) = otherwise {
        panic!("{}", ConstText::EMPTY.and(text).as_str());
    }
}

/// Whether a slot is named by its number: any variable could be meant, also one that has a type.
const fn is_slot_by_number(desc: &ImmDesc, given: Given<'_>) -> bool {
    matches!(desc.kind, ImmKind::Slot) && !matches!(given, Given::Local(..))
}

/// Checks an argument that is a variable: an op that takes its slot writes any value there.
///
/// # Panics
/// When the variable does not change, or has a type; the macro calls it in a constant.
#[track_caller]
pub const fn assert_slot(op: &OpDesc, at: usize, mutable: bool, untyped: bool) {
    if is_operand(op, at) || !matches!(op.immediates[at].kind, ImmKind::Slot) {
        return;
    }
    let text = (ConstText::EMPTY.and("`").and(op.name)).and(match mutable {
        true => "` may write any value there: declare the variable with `: Value`",
        false => "` writes the variable: declare it with `let mut`",
    });
    if !mutable || !untyped {
        panic!("{}", text.as_str());
    }
}

/// Checks an argument that can only be an operand.
///
/// # Panics
/// When the op takes an immediate there; the macro calls it in a constant.
#[track_caller]
pub const fn assert_operand(op: &OpDesc, at: usize) {
    if !is_operand(op, at) {
        let text = crate::ext::private::wanted(op.name, &op.immediates[at]);
        panic!(
            "{}",
            text.and(", and stands in the bytecode: it cannot be computed")
                .as_str()
        );
    }
}

/// Checks the type of an argument that may be an operand.
///
/// # Panics
/// When the op takes another there; the macro calls it in a constant.
#[track_caller]
pub const fn assert_takes(op: &OpDesc, at: usize, found: Ty, coerce: bool) {
    let written = immediates(op);
    if at < written || at - written >= op.inputs.len() {
        return;
    }
    let input = &op.inputs[at - written];
    if input.takes(found, coerce) {
        return;
    }
    let text = (ConstText::EMPTY.and(rust_name(input.ty)))
        .and(" belongs here, as `")
        .and(input.name)
        .and("` of `")
        .and(op.name)
        .and("`, and this is ")
        .and(rust_name(found))
        .and(match (input.ty, found) {
            (_, Ty::Array | Ty::Hash) => "",
            (Ty::Int, _) => ": write `as i64` behind it",
            (Ty::Float, _) => ": write `as f64` behind it",
            (Ty::Bool, Ty::Int | Ty::Float) => ": compare it, `… != 0`",
            (Ty::Str, _) => ": write `format!(\"{}\", …)`",
            _ => "",
        });
    panic!("{}", text.as_str());
}

/// Checks the number of results that are used.
///
/// # Panics
/// When the op gives others; the macro calls it in a constant.
#[track_caller]
pub const fn assert_results(op: &OpDesc, used: usize) {
    let given = op.outputs.falls.len();
    if given == used {
        return;
    }
    let text = (ConstText::EMPTY.and("`").and(op.name)).and(match given {
        0 => "` gives no value: write it as a statement, with `;`",
        1 => "` gives one value: `let x = …`",
        _ => "` gives two values: `let (a, b) = …`",
    });
    panic!("{}", text.as_str());
}

/// Checks the type of the one result.
///
/// # Panics
/// When it is another; the macro calls it in a constant.
#[track_caller]
pub const fn assert_type(op: &OpDesc, wanted: Ty) {
    if op.outputs.falls.len() != 1 {
        return;
    }
    let (found, rust) = (op.outputs.falls[0], rust_name(wanted));
    if crate::ext::private::same_type(found, wanted) {
        return;
    }
    let text = (ConstText::EMPTY
        .and(rust)
        .and(" belongs here, and `")
        .and(op.name))
    .and("` gives ");
    let text = text.and(rust_name(found)).and(match wanted {
        Ty::Int | Ty::Float => ": write `as ",
        _ => ": leave the type out",
    });
    let text = match wanted {
        Ty::Int | Ty::Float => text.and(rust).and("` behind it"),
        _ => text,
    };
    panic!("{}", text.as_str());
}

/// A type as Rust writes it.
const fn rust_name(ty: Ty) -> &'static str {
    match ty {
        Ty::Any => "any value",
        Ty::Bool => "bool",
        Ty::Int => "i64",
        Ty::Float => "f64",
        Ty::Str => "String",
        Ty::Array => "Array",
        Ty::Hash => "Hash",
        Ty::Ref => "Ref",
        Ty::Func => "Func",
        Ty::Object(name) | Ty::Host(name) => name,
    }
}

/// Checks that an op can leave a loop or block: that its jump leaves nothing on the stack.
///
/// # Panics
/// When it does; the macro calls it in a constant.
#[track_caller]
pub const fn assert_leaves(op: &OpDesc) {
    if let Some([_, ..]) = op.outputs.jumps {
        let text = (ConstText::EMPTY.and("`").and(op.name))
            .and("` jumps with a value, which a loop or block that is left does not take");
        panic!("{}", text.as_str());
    }
}

/// Appends an op: its operands are on the stack, and `given` stands for its arguments, of which those
/// that are operands mean nothing.
pub fn op<L: Language>(b: &mut Builder<L>, op: &'static OpDesc, given: &[Given<'_>]) {
    let written = immediates(op);
    let mut packed = 0;
    for (at, given) in given.iter().enumerate().take(written) {
        match pack_given(op, at, *given, b) {
            Ok(bits) => packed |= bits,
            Err(text) => b.report(Diagnostic::at(Span::default(), text)),
        }
    }
    if let (Some(_), Some(count)) = (op.rest, op.immediates.last()) {
        let rest = given.len().saturating_sub(written + op.inputs.len());
        debug_assert!(matches!(count.kind, ImmKind::Count));
        packed |= (rest as u64 & u64::from(u8::MAX)) << count.shift;
    }
    b.op_of(op, packed);
}

/// Drops what an op has left.
pub fn drop_results<L: Language>(b: &mut Builder<L>, op: &OpDesc) {
    for _ in op.outputs.falls {
        b.emit(Op::Pop);
    }
}

/// A label as an immediate.
pub fn label(label: &Label) -> Given<'static> {
    Given::Label(label.0)
}

/// A captured value as an argument of an op, by whether the op takes an immediate there.
pub trait Captured<const IMMEDIATE: bool> {
    /// As an immediate.
    fn given(&self) -> Given<'_>;
    /// As an operand.
    fn value(&self) -> Value;
}

impl<T: ToGiven> Captured<true> for T {
    fn given(&self) -> Given<'_> {
        self.to_given()
    }
    fn value(&self) -> Value {
        Value::Undef
    }
}

impl<T: Clone + Into<Value>> Captured<false> for T {
    fn given(&self) -> Given<'_> {
        Given::Later
    }
    fn value(&self) -> Value {
        self.clone().into()
    }
}

/// Appends integer arithmetic that wraps, whatever the language makes of overflow.
pub fn wrapping<L: Language>(b: &mut Builder<L>, op: Op) {
    match (L::POLICY.overflow, op) {
        (Overflow::Wrap, op) => b.emit(op),
        (_, Op::Sub) => b.op(core_ops::wrapping_sub {}),
        (_, Op::Mul) => b.op(core_ops::wrapping_mul {}),
        (_, Op::Negate) => b.op(core_ops::wrapping_neg {}),
        _ => b.op(core_ops::wrapping_add {}),
    }
}

/// Appends the loop that appends a text.
pub fn append_loop<L: Language>(b: &mut Builder<L>, piece: &str, s: u16, i: u16, limit: i32) {
    let k = ImmediatePool::text(b, piece);
    b.emit(Op::ConcatConstLoop(k, s, i, limit));
}

/// Appends the loop that fills an array.
pub fn push_range<L: Language>(b: &mut Builder<L>, array: &str, i: u16, limit: i32) {
    let name = ImmediatePool::name(b, array);
    b.emit(Op::PushIntRangeLoop(name, i, limit));
}
