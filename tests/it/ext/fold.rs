//! Pure ops on constants run once, while code is made; what a program does, and what it costs, stays.

use fusevm::testing::assert_chunk;
use fusevm::{Program, prelude::*};
use std::sync::atomic::{AtomicI64, Ordering};

#[derive(Language)]
#[language(name = "folding", ops(ops::OPS))]
struct Folding;

/// The same names and signatures, and another meaning.
#[derive(Language)]
#[language(name = "other", ops(others::OPS))]
struct Other;

static RUNS: AtomicI64 = AtomicI64::new(0);

#[ops(Folding)]
mod ops {
    use super::*;

    /// Counts, which a pure op must not do, so that the test can see when it runs.
    #[ext_op(pure)]
    pub fn counted(a: i64, b: i64) -> i64 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        a.wrapping_mul(b)
    }

    #[ext_op(pure)]
    pub fn twice(a: i64) -> i64 {
        a.wrapping_mul(2)
    }

    #[ext_op(inline)]
    pub fn divided(a: i64, b: i64) -> i64 {
        a / b
    }

    #[ext_op(pure)]
    pub fn length(#[imm] more: u8, text: &str) -> f64 {
        text.len() as f64 + f64::from(more)
    }

    #[ext_op(pure)]
    pub fn is_undef(v: &Value) -> bool {
        v.is_undef()
    }

    #[ext_op(pure)]
    pub fn fails(a: i64) -> Result<i64, String> {
        Err(format!("not {a}"))
    }

    #[ext_op(pure)]
    pub fn text(a: i64) -> String {
        a.to_string()
    }

    #[ext_op(pure, cost = 10)]
    pub fn dear(a: i64) -> i64 {
        a
    }

    #[ext_op]
    pub fn impure(a: i64) -> i64 {
        a
    }
}

#[ops(Other)]
mod others {
    #[ext_op(pure)]
    pub fn twice(a: i64) -> i64 {
        a.wrapping_mul(2).wrapping_add(1)
    }
}

/// The register form that a program has in a VM of its language.
fn listing(chunk: &StaticChunk) -> String {
    let program = Folding::vm(()).load(chunk).unwrap();
    program.register_listing()
}

#[test]
fn nothing_is_left_of_them() {
    let chunk = chunk! { Folding;
        LoadInt(20); ops::twice; LoadInt(2); ops::divided;
        LoadConst("four"); ops::length(3); Swap; Pop;
        LoadUndef; ops::is_undef; Pop;
    };
    let text = listing(&chunk);
    assert!(!text.contains("Ext"), "{text}");
    assert_chunk!(Folding; chunk => 7.0);
}

#[test]
fn what_is_left() {
    let cases: [(&str, StaticChunk); 5] = [
        (
            "it traps",
            chunk! { Folding; LoadInt(1); LoadInt(0); ops::divided; },
        ),
        ("it fails", chunk! { Folding; LoadInt(1); ops::fails; }),
        (
            "it gives a text",
            chunk! { Folding; LoadInt(1); ops::text; },
        ),
        ("it has a cost", chunk! { Folding; LoadInt(1); ops::dear; }),
        (
            "it is not pure",
            chunk! { Folding; LoadInt(1); ops::impure; },
        ),
    ];
    for (why, chunk) in &cases {
        let text = listing(chunk);
        assert!(text.contains("Ext"), "{why}: {text}");
    }
    assert_chunk!(Folding; &cases[0].1 => trap "division by zero in `divided`");
    assert_chunk!(Folding; &cases[1].1 => trap "not 1");
    assert_chunk!(Folding; &cases[3].1 => 1);
}

#[test]
fn once_and_not_each_time() {
    let chunk = chunk! { Folding;
        fn f(n) { GetSlot(n); LoadInt(6); LoadInt(7); ops::counted; Add; ReturnValue; }
        LoadInt(0); Call(f, 1);
    };
    let mut vm = Folding::vm(());
    vm.set_fuel(Some(1000));
    vm.eval(&chunk).unwrap();
    let before = RUNS.load(Ordering::Relaxed);
    for n in 0..10 {
        assert_eq!(vm.call("f", &[n.into()]).unwrap(), Value::Int(42 + n));
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), before);
    // Fuel is that of the ops, as they stand.
    assert_chunk!(Folding; chunk => 42);
}

#[test]
fn code_that_is_shared_by_languages() {
    let chunk = chunk! { Folding;
        fn f() { LoadInt(21); ops::twice; ReturnValue; }
        Call(f, 0);
    };
    let program = Program::new(chunk.to_chunk()).unwrap();
    let (mut first, mut second) = (Folding::vm(()), Other::vm(()));
    for _ in 0..3 {
        assert_eq!(first.eval(&program).unwrap(), Value::Int(42));
        assert_eq!(second.eval(&program).unwrap(), Value::Int(43));
    }
}
