//! Checks of declared ops that need types: constant functions that panic, which the macros call in
//! constants, so that a mistake is an error of compilation. The message is the panic's, the place the
//! token to blame: the functions track their caller.

use super::desc::{same, same_type};
use super::{AccessKind, HeapUse, ImmKind, OpDesc, Ty};
use crate::op::{Flags, Opcode};

/// How the message of a compile-time check names two things: text pieces joined in a constant.
#[derive(Clone, Copy, Debug)]
pub struct ConstText {
    bytes: [u8; 256],
    len: usize,
}

impl ConstText {
    /// No text.
    pub const EMPTY: Self = Self {
        bytes: [0; 256],
        len: 0,
    };

    /// With `text` appended; cut at 256 bytes.
    pub const fn and(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut i = 0;
        while i < text.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = text[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// With a number appended.
    pub const fn and_number(self, number: u32) -> Self {
        let mut digits = [0; 10];
        let (mut at, mut rest) = (digits.len(), number);
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        match std::str::from_utf8(digits.split_at(at).1) {
            Ok(text) => self.and(text),
            Err(_) => self,
        }
    }

    /// The text so far.
    pub const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "?",
        }
    }
}

/// Checks that no two ops of the sets of a language share a name. Ids that are asked for twice are
/// two implementations of [`Id`](super::Id), which rustc refuses by itself.
///
/// # Panics
/// When two do; `#[derive(Language)]` calls it in a constant, so that this is an error of compilation.
#[track_caller]
pub const fn assert_distinct(language: &str, sets: &[&[&OpDesc]]) {
    let (mut s, mut i) = (0, 0);
    while s < sets.len() {
        if i == sets[s].len() {
            (s, i) = (s + 1, 0);
            continue;
        }
        let a = sets[s][i];
        let (mut t, mut j) = (s, i + 1);
        while t < sets.len() {
            if j == sets[t].len() {
                (t, j) = (t + 1, 0);
                continue;
            }
            let b = sets[t][j];
            if same(a.name, b.name) {
                let text = (ConstText::EMPTY.and("two ops of language `").and(language))
                    .and("` are named `")
                    .and(a.name)
                    .and("`: one at ")
                    .and(a.file)
                    .and(":")
                    .and_number(a.line)
                    .and(", one at ")
                    .and(b.file)
                    .and(":")
                    .and_number(b.line)
                    .and("; rename one with `name = \"…\"`");
                panic!("{}", text.as_str());
            }
            j += 1;
        }
        i += 1;
    }
}

/// Checks input `at` of an op against the other parameters that share the heap.
///
/// # Panics
/// When they could not be borrowed together; the macros call it in a constant.
#[track_caller]
pub const fn assert_heap_use(op: &OpDesc, at: usize, takes_heap: bool) {
    let own = op.inputs[at].heap;
    if matches!(own, HeapUse::None) {
        return;
    }
    assert!(
        !op.calls_back,
        "beside `Ctx` heap objects come as handles: take `Obj<T>` and reach it through `cx.heap()`"
    );
    assert!(
        !takes_heap,
        "beside `&mut Heap` heap objects come as handles: take `Obj<T>` and reach it through the heap"
    );
    let mut i = 0;
    while i < at {
        match (op.inputs[i].heap, own) {
            (HeapUse::Unique, HeapUse::Unique) => panic!(
                "an op can write one heap object at a time: take the others as `Obj<T>` handles"
            ),
            (HeapUse::Unique, HeapUse::Shared) | (HeapUse::Shared, HeapUse::Unique) => panic!(
                "an op that writes a heap object cannot borrow another: take the other as an `Obj<T>` handle"
            ),
            (HeapUse::None, _) | (_, HeapUse::None) | (HeapUse::Shared, HeapUse::Shared) => {}
        }
        i += 1;
    }
}

/// Checks that the heap is there to be read where a callee is borrowed from it.
///
/// # Panics
/// When the op may write it; the macros call it in a constant.
#[track_caller]
pub const fn assert_callee(op: &OpDesc, takes_heap: bool) {
    let shared = match op.callee {
        Some(callee) => matches!(callee.heap, HeapUse::Shared),
        None => false,
    };
    assert!(
        !shared || !writes(op, takes_heap),
        "an op that may write the heap cannot borrow the callee from it: take `#[callee] c: Obj<T>` and reach it through the heap"
    );
}

/// Whether the op may write the heap while it runs.
const fn writes(op: &OpDesc, takes_heap: bool) -> bool {
    let mut writes = takes_heap;
    let mut i = 0;
    while i < op.inputs.len() {
        writes |= matches!(op.inputs[i].heap, HeapUse::Unique);
        i += 1;
    }
    writes
}

/// Checks that an op with `Rules` leaves the heap to be read: texts of objects come from it.
///
/// # Panics
/// When the op may write it; the macros call it in a constant.
#[track_caller]
pub const fn assert_rules(op: &OpDesc, takes_heap: bool) {
    assert!(
        !writes(op, takes_heap),
        "`Rules` read the heap, which this op may write: take `Obj<T>` instead of `ObjMut`, and no `&mut Heap`"
    );
}

/// Whether results of types `alt` may stand where `types` are declared.
const fn covers(types: &[Ty], alt: &[Ty]) -> bool {
    if types.len() != alt.len() {
        return false;
    }
    let mut i = 0;
    while i < types.len() {
        if !matches!(types[i], Ty::Any) && !same_type(types[i], alt[i]) {
            return false;
        }
        i += 1;
    }
    true
}

/// Checks that an op with `alt` and the op it names have the same effect.
///
/// # Panics
/// When they differ; the macros call it in a constant.
#[track_caller]
pub const fn assert_same_effect(op: &OpDesc, alt: &OpDesc) {
    assert!(
        op.inputs.len() == alt.inputs.len() && op.rest.is_some() == alt.rest.is_some(),
        "an op and its `alt` need the same number of operands"
    );
    let mut same_immediates = op.immediates.len() == alt.immediates.len();
    let mut i = 0;
    while same_immediates && i < op.immediates.len() {
        same_immediates = op.immediates[i].kind.same(alt.immediates[i].kind);
        i += 1;
    }
    assert!(
        same_immediates,
        "an op and its `alt` need the same immediates"
    );
    assert!(
        covers(op.outputs.falls, alt.outputs.falls)
            && match (op.outputs.jumps, alt.outputs.jumps) {
                (Some(types), Some(alt)) => covers(types, alt),
                (None, None) => true,
                _ => false,
            },
        "an op and its `alt` need the same results: where their types differ, let the op return `Value`"
    );
    assert!(
        op.calls_back == alt.calls_back,
        "an op and its `alt` both take `Ctx`, or neither does"
    );
}

/// Checks that an op can stand in for a core op where operands are no numbers.
///
/// # Panics
/// When its shape is another; the macros call it in a constant.
#[track_caller]
pub const fn assert_operator(operator: &(Opcode, &OpDesc)) {
    let (info, op) = (operator.0.info(), operator.1);
    assert!(
        info.flags.has(Flags::NUMBERS),
        "operators are for the ops on numbers: arithmetic, `Num…`, `Spaceship` and bits"
    );
    assert!(
        op.inputs.len() == info.inputs.len() && op.rest.is_none(),
        "an operator takes as many operands as the op it stands in for"
    );
    assert!(
        op.immediates.is_empty(),
        "an operator has no immediates: it stands in for an op that has none"
    );
    assert!(
        op.outputs.falls.len() == 1 && op.outputs.jumps.is_none(),
        "an operator leaves one result, as the op it stands in for"
    );
    assert!(
        !op.outputs.invokes,
        "an operator is done when it returns: call through `Ctx` instead of returning `Invoke`"
    );
    assert!(
        !op.cache,
        "an operator has no place of its own: leave `#[cache]` out"
    );
}

/// Checks the promise of `pure` as far as types tell.
///
/// # Panics
/// When the op reads what may change between two runs; the macros call it in a constant.
#[track_caller]
pub const fn assert_pure(op: &OpDesc) {
    let mut i = 0;
    while i < op.inputs.len() {
        if !matches!(op.inputs[i].heap, HeapUse::None) {
            let text = (ConstText::EMPTY.and("`pure` is not kept: operand `"))
                .and(op.inputs[i].name)
                .and("` is an object of the heap, which changes between two runs");
            panic!("{}", text.as_str());
        }
        i += 1;
    }
    assert!(
        !op.outputs.invokes,
        "`pure` is not kept: the op returns `Invoke`, and any function may be called by it"
    );
}

/// Checks the promise of `equality` as far as types tell.
///
/// # Panics
/// When the op is not one of two borrowed values of any kind that gives a `bool` and nothing else; the macros call it
/// in a constant.
#[track_caller]
pub const fn assert_equality(op: &OpDesc) {
    let of_values = op.inputs.len() == 2
        && op.immediates.is_empty()
        && op.peek.is_some()
        && matches!(op.inputs[0].ty, Ty::Any)
        && matches!(op.inputs[1].ty, Ty::Any)
        && matches!(op.outputs.falls, [Ty::Bool]);
    assert!(
        of_values,
        "`equality` is not kept: it is for `fn(a: &Value, b: &Value) -> bool`"
    );
}

/// Checks the promise of `fast`.
///
/// # Panics
/// When machine code would have to run the op as the interpreter does; the macros call it in a constant.
#[track_caller]
pub const fn assert_fast(op: &OpDesc) {
    let Some(why_of) = op.boxed() else {
        return;
    };
    let text = ConstText::EMPTY.and("`fast` is not kept: ");
    let text = match why_of.text() {
        (None, why) => text.and(why),
        (Some(operand), why) => text.and("`").and(operand).and("`").and(why),
    };
    panic!("{}", text.as_str());
}

/// Checks immediate `at` of an op against those before it, and labels against the outputs.
///
/// # Panics
/// When they take more than 64 bits, when there are two labels, or a label that the op never jumps
/// to; the macros call it in a constant, so that this is an error of compilation.
#[track_caller]
pub const fn assert_immediate(op: &OpDesc, at: usize) {
    let (mut bits, mut labels) = (0, 0);
    let mut i = 0;
    while i <= at {
        bits += op.immediates[i].kind.bits();
        labels += matches!(op.immediates[i].kind, ImmKind::Label) as usize;
        i += 1;
    }
    let own = op.immediates[at].kind.bits();
    assert!(
        bits <= 64 || bits - own > 64,
        "the immediates of this op take more than 64 bits: pass some of them on the stack"
    );
    if matches!(op.immediates[at].kind, ImmKind::Label) {
        assert!(
            labels == 1,
            "an op jumps to one label at most: make the other an op of its own"
        );
        assert!(
            op.outputs.jumps.is_some(),
            "the op never jumps to this label: return `Branch`"
        );
    }
}

/// Refuses an op that reads or sets a field of an input that it has not.
///
/// # Panics
/// While rustc runs, if there are no such inputs.
pub const fn assert_access(op: &OpDesc) {
    let wanted = match op.outputs.access {
        None => return,
        Some(AccessKind::Load) => 1,
        Some(AccessKind::Store | AccessKind::Assign) => 2,
    };
    assert!(
        op.inputs.len() >= wanted && op.rest.is_none() && !op.calls_back,
        "`Load` reads a field of the op's first input; `Store` and `Assign` set it to the last one: the op needs these, and neither `Rest` nor `Ctx`"
    );
}

/// Checks that an op that may jump has a label to jump to.
///
/// # Panics
/// When it has none; the macros call it in a constant.
#[track_caller]
pub const fn assert_jumps(op: &OpDesc) {
    let mut labels = 0;
    let mut i = 0;
    while i < op.immediates.len() {
        labels += matches!(op.immediates[i].kind, ImmKind::Label) as usize;
        i += 1;
    }
    assert!(
        op.outputs.jumps.is_none() || labels > 0,
        "an op that returns `Branch` needs a label to jump to: add a parameter `#[imm] to: Label`"
    );
}
