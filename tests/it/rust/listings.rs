//! The classic loops come out as fused ops.

use fusevm::prelude::*;

/// Compares a listing, without places in the source.
#[track_caller]
fn lists(chunk: &Chunk, expected: &str) {
    let text = chunk.to_string();
    let code = text.lines().map(|line| {
        let line = line.split(" .at").next().unwrap_or("");
        line.split(" .line").next().unwrap_or("").trim()
    });
    let skipped = ["source", "language", "import"];
    let code =
        code.filter(|line| !line.is_empty() && !skipped.iter().any(|word| line.starts_with(word)));
    let expected = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let (code, expected): (Vec<_>, Vec<_>) = (code.collect(), expected.collect());
    assert_eq!(code, expected, "\n{text}");
}

#[test]
fn sum() {
    lists(
        &fusevm_chunk! { ();
            let mut sum = 0;
            let mut i = 0;
            while i < 1_000_000 { sum += i; i += 1; }
            sum
        },
        "LoadInt 0
         SetSlot 0
         LoadInt 0
         SetSlot 1
         AccumSumLoop 0, 1, 1000000
         GetSlot 0",
    );
    lists(
        &fusevm_chunk! { ();
            let mut sum = 0;
            let mut i = 0;
            while 999_999 >= i { sum = sum + i; i = i + 1; }
            sum
        },
        "LoadInt 0
         SetSlot 0
         LoadInt 0
         SetSlot 1
         AccumSumLoop 0, 1, 1000000
         GetSlot 0",
    );
    lists(
        &fusevm_chunk! { ();
            let mut sum = 0;
            for i in 0..1_000_000 { sum += i; }
            sum
        },
        "LoadInt 0
         SetSlot 0
         LoadInt 0
         SetSlot 1
         AccumSumLoop 0, 1, 1000000
         GetSlot 0",
    );
}

#[test]
fn nested() {
    lists(
        &fusevm_chunk! { ();
            let mut n = 0;
            for i in 0..300 {
                for j in 0..300 { n += i * j; }
            }
        },
        "LoadInt 0
         SetSlot 0
         LoadInt 0
         SetSlot 1
         SlotLtIntJumpIfFalse 1, 300, L16
       L5:
         LoadInt 0
         SetSlot 2
         SlotLtIntJumpIfFalse 2, 300, L15
       L8:
         GetSlot 0
         GetSlot 1
         GetSlot 2
         Mul
         Add
         SetSlot 0
         SlotIncLtIntJumpBack 2, 300, L8
       L15:
         SlotIncLtIntJumpBack 1, 300, L5
       L16:",
    );
}

#[test]
fn string_build() {
    lists(
        &fusevm_chunk! { ();
            let mut s = "";
            for i in 0..1000 { s += "ab"; }
            let mut i = 0;
            while i < 50 { s.push_str("c"); i += 1; }
        },
        "LoadConst \"\"
         SetSlot 0
         LoadInt 0
         SetSlot 1
         ConcatConstLoop \"ab\", 0, 1, 1000
         LoadInt 0
         SetSlot 1
         ConcatConstLoop \"c\", 0, 1, 50",
    );
}

#[test]
fn texts_grow_in_place() {
    lists(
        &fusevm_chunk! { ();
            let mut s = "";
            for i in 0..3 { s += i.to_string(); s.push_str(s); }
        },
        "LoadConst \"\"
         SetSlot 0
         LoadInt 0
         SetSlot 1
         SlotLtIntJumpIfFalse 1, 3, L11
       L5:
         GetSlot 1
         ext \"core.to_str\"
         ext \"core.slot_append\" 0
         GetSlot 0
         ext \"core.slot_append\" 0
         SlotIncLtIntJumpBack 1, 3, L5
       L11:",
    );
}

#[test]
fn array_fill() {
    lists(
        &fusevm_chunk! { ();
            static mut XS = [];
            for i in 0..1000 { XS.push(i); }
        },
        "DeclareArray XS
         LoadInt 0
         SetSlot 0
         PushIntRangeLoop XS, 0, 1000",
    );
    lists(
        &fusevm_chunk! { ();
            let mut xs = [];
            let mut i = 0;
            while i < 1000 { xs.push(i); i += 1; }
        },
        "MakeArray 0
         SetSlot 0
         LoadInt 0
         SetSlot 1
         SlotLtIntJumpIfFalse 1, 1000, L8
       L5:
         GetSlot 1
         ext \"core.slot_push\" 0
         SlotIncLtIntJumpBack 1, 1000, L5
       L8:",
    );
}

#[test]
fn steps() {
    lists(
        &fusevm_chunk! { ();
            fn fib(n: i64) -> i64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
            let mut i = 0;
            let by = 3;
            i += 1;
            i += by;
            fib(i)
        },
        "fn fib/1
         LoadInt 0
         SetSlot 0
         LoadInt 3
         SetSlot 1
         PreIncSlotVoid 0
         AddAssignSlotVoid 0, 1
         GetSlot 0
         Call fib, 1
         Jump L23
       fib:
         SetSlot 0
         SlotLtIntJumpIfFalse 0, 2, L13
         GetSlot 0
         ReturnValue
       L13:
         GetSlot 0
         LoadInt 1
         Sub
         Call fib, 1
         GetSlot 0
         LoadInt 2
         Sub
         Call fib, 1
         Add
         ReturnValue
       L23:",
    );
}
