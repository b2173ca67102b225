//! Every form of item, operand and immediate, in constant chunks.

use fusevm::prelude::*;
use fusevm::testing::assert_chunk;

/// How a field is read.
#[derive(Clone, Copy, Debug, PartialEq, Immediate)]
pub enum Mode {
    Plain,
    Twice,
}

#[derive(Language)]
#[language(name = "forms", ops(ops::OPS, negate))]
pub struct Forms;

#[fusevm::ops(Forms)]
pub mod ops {
    use super::*;
    use fusevm::Function;

    #[ext_op(pure)]
    pub fn hypot(a: f64, b: f64) -> f64 {
        a.hypot(b)
    }

    #[ext_op]
    pub fn field(#[imm] index: u8, #[imm] mode: Mode, of: &Array) -> Value {
        let found = of.get(index.into()).unwrap_or_default();
        match mode {
            Mode::Plain => found,
            Mode::Twice => Value::Int(found.to_int() * 2),
        }
    }

    #[ext_op]
    pub fn numbers(#[imm] a: i8, #[imm] b: i32, #[imm] c: bool) -> i64 {
        i64::from(a) + i64::from(b) + i64::from(c)
    }

    #[ext_op]
    pub fn word(#[imm] name: Name<'_>) -> String {
        name.as_str().to_owned()
    }

    #[ext_op]
    pub fn parsed(#[imm] number: &f64) -> f64 {
        *number
    }

    #[ext_op]
    pub fn run(
        #[imm] function: Function,
        arg: Value,
        mut cx: Ctx<'_, Forms>,
    ) -> Result<Value, Trap> {
        let function = Value::Func(function.into());
        cx.call(&function, &[arg])
    }

    #[ext_op]
    pub fn each(#[imm] body: Block, mut cx: Ctx<'_, Forms>) -> Result<(), Trap> {
        for _ in 0..3 {
            cx.run(body, &[])?;
        }
        Ok(())
    }

    #[ext_op]
    pub fn add_to(#[slot] s: &mut Value, by: i64) {
        *s = Value::Int(s.to_int() + by);
    }

    #[ext_op]
    pub fn sum(#[imm] scale: u8, of: Rest<'_>) -> i64 {
        of.iter().map(Value::to_int).sum::<i64>() * i64::from(scale)
    }

    #[ext_op]
    pub fn jump_if_undef(#[imm] to: Label, v: &Value) -> Branch {
        let _ = to;
        Branch::when(v.is_undef())
    }
}

/// An op of its own.
#[ext_op(Forms, pure)]
pub fn negate(a: i64) -> i64 {
    -a
}

const LIMIT: i64 = 40;

#[test]
fn core_ops_with_operands_of_every_kind() {
    static CHUNK: StaticChunk = chunk! { ();
        let x;
        LoadInt(-7); SetSlot(x); GetSlot(x); SetSlot(9); GetSlot(9);
        LoadInt(LIMIT + 2); Add; DeclareVar(total); GetVar("total");
        LoadFloat(-0.5); Add; LoadTrue; Add; LoadConst(10); Add; LoadConst("1.5"); Add;
        LoadConst(-2.5); Add; LoadConst(true); Add;
        MakeArray(1); SetArray("odd name"); LoadInt(0); ArrayGet("odd name");
    };
    assert_chunk!(CHUNK => 45.5);
}

#[test]
fn fused_ops_by_the_names_of_their_slots() {
    static SUM: StaticChunk = chunk! { ();
        let sum; let i;
        LoadInt(0); SetSlot(sum); LoadInt(0); SetSlot(i);
        AccumSumLoop(sum, i, 1_000);
        GetSlot(sum);
    };
    assert_chunk!(SUM => 499_500);
    static NESTED: StaticChunk = chunk! { ();
        let n; let i; let j;
        LoadInt(0); SetSlot(n); LoadInt(0); SetSlot(i);
      'outer:
        SlotLtIntJumpIfFalse(i, 10, 'end);
        LoadInt(0); SetSlot(j);
      'inner:
        AddAssignSlotVoid(n, j);
        SlotIncLtIntJumpBack(j, 5, 'inner);
        PreIncSlotVoid(i);
        Jump('outer);
      'end:
        GetSlot(n);
    };
    assert_chunk!(NESTED => 100);
    static TEXT: StaticChunk = chunk! { ();
        let s; let i;
        LoadConst(""); SetSlot(s); LoadInt(0); SetSlot(i);
        ConcatConstLoop("ab", s, i, 3);
        DeclareArray(xs); LoadInt(0); SetSlot(i);
        PushIntRangeLoop(xs, i, 4);
        GetSlot(s); GetVar(xs); Concat;
    };
    assert_chunk!(TEXT => "ababab0 1 2 3");
}

#[test]
fn immediates_of_every_kind() {
    static FIELDS: StaticChunk = chunk! { Forms;
        LoadInt(3); LoadInt(4); MakeArray(2); Dup; Dup;
        ops::field(1, Plain); Swap;
        ops::field { mode: Mode::Twice, index: 0 }; Add; Swap;
        ops::field { index: 1, mode: Twice }; Add;
    };
    assert_chunk!(Forms; FIELDS => 18);
    static NUMBERS: StaticChunk = chunk! { Forms; ops::numbers(-128, 1_000_000, true); };
    assert_chunk!(Forms; NUMBERS => 999_873);
    static CONST: StaticChunk = chunk! { Forms; ops::numbers(0, LIMIT - 50, false); };
    assert_chunk!(Forms; CONST => -10);
    static WORDS: StaticChunk = chunk! { Forms;
        let own;
        ops::word(plain); ops::word("in quotes"); ops::word(own); MakeArray(3);
    };
    assert_chunk!(Forms; WORDS => vec![Value::from("plain"), "in quotes".into(), "own".into()]);
    static PARSED: StaticChunk = chunk! { Forms; ops::parsed("2.5"); };
    assert_chunk!(Forms; PARSED => 2.5);
    static SLOT: StaticChunk = chunk! { Forms;
        let n;
        LoadInt(5); ops::add_to(n); LoadInt(6); ops::add_to(0); GetSlot(n);
    };
    assert_chunk!(Forms; SLOT => 11);
    static REST: StaticChunk = chunk! { Forms;
        LoadInt(1); LoadInt(2); LoadInt(3); ops::sum(10, 2); Add;
    };
    assert_chunk!(Forms; REST => 51);
    static FUNCTION: StaticChunk = chunk! { Forms;
        fn double(x) { GetSlot(x); Dup; Add; ReturnValue; }
        LoadInt(4); ops::run(double); negate;
    };
    assert_chunk!(Forms; FUNCTION => -8);
}

#[test]
fn core_op_sets_and_free_standing_ops() {
    static CHUNK: StaticChunk = chunk! { Forms;
        LoadFloat(3.0); LoadFloat(4.0); ops::hypot;
        core_ops::to_int; negate; self::negate; negate;
    };
    assert_chunk!(Forms; CHUNK => -5);
}

#[test]
fn labels_of_ext_ops_and_functions() {
    static CHUNK: StaticChunk = chunk! { Forms;
        fn or_else(v, other) {
            GetSlot(v); ops::jump_if_undef('other);
            GetSlot(v); ReturnValue;
          'other:
            GetSlot(other); ReturnValue;
        }
        LoadUndef; LoadInt(1); Call(or_else, 2);
        LoadInt(2); LoadInt(3); Call(or_else, 2);
        Add;
    };
    assert_chunk!(Forms; CHUNK => 3);
    assert_chunk!(Forms; CHUNK, [Value::Undef, "x"] => "x");
}

#[test]
fn blocks_by_name_in_place_and_for_ext_ops() {
    static CHUNK: StaticChunk = chunk! { Forms;
        let n; let factor;
        LoadInt(3); SetSlot(factor);
        block scaled { GetSlot(factor); Mul; }
        block count { PreIncSlotVoid(n); }
        LoadInt(0); SetSlot(n);
        ops::each(count);
        LoadInt(1); LoadInt(4); Range;
        MapBlock(scaled);
        GrepBlock { let e; SetSlot(e); GetSlot(e); LoadInt(6); NumGe; };
        SortBlock { Swap; Sub; };
        Dup;
        ForEachBlock {
            block inner { GetSlot(n); Add; SetSlot(n); }
            MakeArray(1); ForEachBlock(inner);
        };
        GetSlot(n);
        MakeArray(2);
    };
    // 3 for the runs of `count`, and 12 + 9 + 6.
    let sorted = Value::array(vec![Value::from(12), 9.into(), 6.into()]);
    assert_chunk!(Forms; CHUNK => vec![sorted, 30.into()]);
}

#[test]
fn loops_that_are_entered_at_their_test() {
    static CHUNK: StaticChunk = chunk! { ();
        let i; let j; let n;
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(n);
        Jump('outer_test);
      'outer:
        LoadInt(0); SetSlot(j);
        Jump('inner_test);
      'inner:
        PreIncSlotVoid(n); PreIncSlotVoid(j);
      'inner_test:
        GetSlot(j); LoadInt(3); NumLt; JumpIfTrue('inner);
        PreIncSlotVoid(i);
      'outer_test:
        GetSlot(i); LoadInt(4); NumLt; JumpIfTrue('outer);
        GetSlot(n);
    };
    assert_chunk!(CHUNK => 12);
}

#[test]
fn scopes_and_ends() {
    static CHUNK: StaticChunk = chunk! { ();
        fn nothing(x) { }
        fn labelled(x) { GetSlot(x); JumpIfTrue('end); LoadInt(1); Pop; 'end: }
        LoadInt(1); PushFrame; LoadInt(2); LoadInt(3); PopFrame;
        LoadInt(7); Call(nothing, 1);
        LoadInt(7); Call(labelled, 1);
        LoadInt(8); Add; JumpIfTrueKeep('end); LoadInt(5); Add;
      'end:
    };
    assert_chunk!(CHUNK => 9);
    static EMPTY: StaticChunk = chunk! { (); };
    assert_chunk!(EMPTY => Value::Undef);
    static ONLY: StaticChunk = chunk! { (); fn seven() { LoadInt(7); ReturnValue; } };
    assert_chunk!(ONLY, [] => 7);
}

/// Chunks written by another macro: what it passes on may have invisible groups around it.
macro_rules! op_of {
    ($language:ty, $op:path, $function:ident, $a:expr, $b:literal) => {
        chunk! { $language;
            fn $function(x, y) { GetSlot(x); GetSlot(y); $op; ReturnValue; }
            LoadFloat($a); LoadFloat($b); Call($function, 2);
        }
    };
}

#[test]
fn inside_other_macros() {
    static HYPOT: StaticChunk = op_of!(Forms, ops::hypot, long, 1.5 + 1.5, 4.0);
    assert_chunk!(Forms; HYPOT => 5.0);
    assert_chunk!(Forms; op_of!(Forms, Sub, less, 5.0, 4.0) => 1.0);
}
