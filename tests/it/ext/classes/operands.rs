//! What is on the stack and in slots.

use super::{Classes, everywhere, ops};
use fusevm::prelude::*;
use fusevm::testing::assert_chunk;

#[test]
fn operands_by_value() {
    static SCALARS: StaticChunk = chunk! { Classes;
        LoadInt(1); LoadFloat(2.5); LoadTrue; LoadUndef; ops::scalars;
    };
    assert_chunk!(Classes; SCALARS => "1 2.5 true undef");
    static OWNED: StaticChunk = chunk! { Classes;
        LoadConst("s"); LoadConst("t");
        LoadInt(7); MakeArray(1);
        MakeHash(0);
        LoadFloat(21.5); everywhere::celsius;
        ops::owned;
    };
    assert_chunk!(Classes; OWNED => "s t 1 0 21.5");
}

#[test]
fn operands_that_are_handles() {
    static HANDLES: StaticChunk = chunk! { Classes;
        fn f() { LoadInt(1); ReturnValue; }
        ops::function(f); LoadConst("held"); everywhere::cell; everywhere::counter; ops::handles;
    };
    assert_chunk!(Classes; HANDLES => "f \"held\" 11");
}

#[test]
fn operands_borrowed() {
    static BORROWED: StaticChunk = chunk! { Classes;
        let counter;
        everywhere::counter; SetSlot(counter);
        LoadConst("s"); LoadInt(1);
        LoadInt(9); MakeArray(1);
        LoadConst("k"); LoadTrue; MakeHash(2);
        LoadFloat(-3.5); everywhere::celsius;
        // One object twice: two shared borrows of it.
        GetSlot(counter); GetSlot(counter);
        ops::borrowed;
    };
    assert_chunk!(Classes; BORROWED => "s 1 Some(9) Some(true) -3.5 10 10");
}

#[test]
fn options_are_none_for_other_kinds() {
    static SOME: StaticChunk = chunk! { Classes;
        LoadInt(1); LoadConst("s"); everywhere::counter; LoadFloat(0.5); everywhere::celsius;
        ops::optional;
    };
    assert_chunk!(Classes; SOME => "Some(1) Some(\"s\") Some(10) Some(Celsius(0.5))");
    static NONE: StaticChunk = chunk! { Classes;
        LoadConst("1"); LoadUndef; LoadFloat(0.5); everywhere::celsius; everywhere::counter;
        ops::optional;
    };
    assert_chunk!(Classes; NONE => "None None None None");
}

#[test]
fn objects_are_written_through_any_handle() {
    static COUNTS: StaticChunk = chunk! { Classes;
        let counter;
        everywhere::counter; SetSlot(counter);
        GetSlot(counter); LoadInt(5); ops::bump;
        GetSlot(counter); ops::maybe_bump;
        LoadConst("no counter"); ops::maybe_bump;
        GetSlot(counter); LoadInt(0); ops::bump;
        MakeArray(4);
    };
    assert_chunk!(Classes; COUNTS => vec![Value::from(15), true.into(), false.into(), 16.into()]);
}

#[test]
fn a_slot_of_the_callers_frame_is_written_in_place() {
    static TOTALS: StaticChunk = chunk! { Classes;
        fn sum3(n) {
            GetSlot(n); ops::add_to(4);
            GetSlot(n); ops::add_to(4);
            GetSlot(n); ops::add_to(4);
            GetSlot(4); ReturnValue;
        }
        LoadInt(1000); SetSlot(4);
        LoadInt(7); Call(sum3, 1);
        GetSlot(4);
        MakeArray(2);
    };
    assert_chunk!(Classes; TOTALS => vec![21, 1000]);
}

#[test]
fn the_rest_is_as_long_as_the_op_says() {
    for n in [0u8, 1, 3, 255] {
        let list = chunk! { Classes;
            LoadConst("first"); ..{(0..i64::from(n)).map(Op::LoadInt)}; ops::list({n});
        };
        let mut expected: Array = (0..i64::from(n)).rev().collect();
        expected.push("first".into());
        assert_chunk!(Classes; list => expected);
    }
}
