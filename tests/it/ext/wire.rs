//! Chunks that leave their language and come back: to one with its ops in another order, to a later
//! one, to an earlier one.

use super::eval;
use fusevm::{ErrorKind, LoadError, ext::ImportMismatch, prelude::*};

#[derive(Language)]
#[language(name = "old", ops(old::OPS))]
struct Old;

/// The ops of a language as they were.
#[ops(Old)]
mod old {
    use super::*;

    #[ext_op]
    pub fn first(a: i64) -> i64 {
        a + 1
    }

    #[ext_op]
    pub fn second(#[imm] by: u8, #[imm] n: Name<'_>, a: i64) -> String {
        format!("{n} {}", a * i64::from(by))
    }

    #[ext_op]
    pub fn third(#[imm] to: Label, a: Value) -> Branch<(), Value> {
        let _ = to;
        match a {
            Value::Undef => Branch::Fall(()),
            other => Branch::Jump(other),
        }
    }

    #[ext_op]
    pub fn changes(a: i64, b: f64) -> f64 {
        a as f64 + b
    }

    #[ext_op]
    pub fn loses_a_result(a: i64) -> Option<i64> {
        Some(a)
    }

    #[ext_op]
    pub fn renamed(a: i64) -> i64 {
        a * 100
    }

    #[ext_op(version = 2)]
    pub fn refined(a: i64) -> i64 {
        a * 2
    }

    #[ext_op]
    pub fn gone() -> i64 {
        0
    }
}

#[derive(Language)]
#[language(name = "new", ops(more::OPS, new::OPS), linked)]
struct New;

/// Ops that stand before the old ones.
#[ops(New)]
mod more {
    #[ext_op]
    pub fn zeroth() -> i64 {
        -1
    }

    #[ext_op]
    pub fn also() -> i64 {
        -2
    }
}

/// The ops of the language as they are, in another order.
#[ops(New)]
mod new {
    use super::*;

    #[ext_op]
    pub fn third(#[imm] to: Label, a: Value) -> Branch<(), Value> {
        super::old::third(to, a)
    }

    #[ext_op]
    pub fn between() -> i64 {
        -3
    }

    #[ext_op(was = "renamed", was = "renamed_before_that")]
    pub fn with_a_better_name(a: i64) -> i64 {
        a * 100
    }

    #[ext_op]
    pub fn changes(a: f64, b: f64) -> f64 {
        a + b
    }

    #[ext_op]
    pub fn loses_a_result(a: i64) {
        let _ = a;
    }

    #[ext_op(version = 3)]
    pub fn refined(a: i64) -> i64 {
        a * 3
    }

    #[ext_op]
    pub fn second(#[imm] by: u8, #[imm] n: Name<'_>, a: i64) -> String {
        super::old::second(by, n, a)
    }

    #[ext_op]
    pub fn first(a: i64) -> i64 {
        a + 1
    }
}

/// Through bytes and back.
fn sent(chunk: &Chunk) -> Chunk {
    let received = Chunk::from_bytes(&chunk.to_bytes()).expect("what was written reads");
    assert_eq!(&received, chunk);
    received
}

/// Why the chunk does not load into the VM of a language.
fn refused<L: Language<Host = ()>>(chunk: &Chunk) -> (ImportMismatch, String) {
    let mut vm = L::vm(());
    let error = vm.load(chunk).expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Load);
    let [LoadError::Import { error: why, .. }] = error.load_errors() else {
        panic!("{error}")
    };
    assert_eq!(why.language, L::NAME);
    (why.why.clone(), error.to_string())
}

#[test]
fn ops_are_found_by_name_in_another_order() {
    assert_ne!(Old::table().id("first"), New::table().id("first"));
    let chunk = super::chunk::<Old>(|b| {
        let to = b.label();
        b.load(1);
        b.op(old::first {});
        b.op(old::second {
            by: 21,
            n: "x".into(),
        });
        b.load(Value::Undef);
        b.op(old::third { to });
        b.load(5);
        b.op(old::third { to });
        b.load("not here");
        b.bind(to);
        b.make_array(2);
    });
    let expected = "[\"x 42\", 5]";
    let received = sent(&chunk);
    let here = Old::vm(()).eval(&received).unwrap();
    assert_eq!(format!("{here:?}"), expected);
    let there = New::vm(()).eval(&received).unwrap();
    assert_eq!(format!("{there:?}"), expected);
    // The text form says as much.
    let listed = Chunk::parse(&chunk.to_string()).unwrap();
    let there = New::vm(()).eval(&listed).unwrap();
    assert_eq!(format!("{there:?}"), expected);
}

#[test]
fn an_op_that_has_changed_is_refused_with_both_signatures() {
    let chunk = super::chunk::<Old>(|b| {
        b.load(1);
        b.load(2.0);
        b.op(old::changes {});
    });
    let (why, text) = refused::<New>(&sent(&chunk));
    let signatures = ImportMismatch::Signature {
        chunk: "(Int, Float) -> Float".into(),
        language: "(Float, Float) -> Float".into(),
    };
    assert_eq!(why, signatures);
    assert_eq!(
        text,
        "chunk: op `changes` is `(Int, Float) -> Float` in the chunk, but `(Float, Float) -> Float` in language `new`"
    );
    let chunk = super::chunk::<Old>(|b| {
        b.load(1);
        b.op(old::loses_a_result {});
    });
    let (_, text) = refused::<New>(&sent(&chunk));
    assert!(
        text.contains("`(Int) -> Any`") && text.contains("`(Int) -> ()`"),
        "{text}"
    );
}

#[test]
fn an_old_name_loads() {
    let chunk = super::chunk::<Old>(|b| {
        b.load(3);
        b.op(old::renamed {});
    });
    let there = New::vm(()).eval(sent(&chunk)).unwrap();
    assert_eq!(there, Value::Int(300));
    let table = New::table();
    assert_eq!(
        table.id("renamed_before_that"),
        table.id("with_a_better_name")
    );
    let back = super::chunk::<New>(|b| {
        b.load(3);
        b.op(new::with_a_better_name {});
    });
    let (why, _) = refused::<Old>(&sent(&back));
    assert_eq!(why, ImportMismatch::Unknown, "names are not guessed");
}

#[test]
fn an_earlier_version_loads_and_a_later_one_does_not() {
    let older = super::chunk::<Old>(|b| {
        b.load(7);
        b.op(old::refined {});
    });
    assert_eq!(New::vm(()).eval(sent(&older)).unwrap(), Value::Int(21));
    let newer = super::chunk::<New>(|b| {
        b.load(7);
        b.op(new::refined {});
    });
    let (why, text) = refused::<Old>(&sent(&newer));
    let versions = ImportMismatch::Version {
        chunk: 3,
        language: 2,
    };
    assert_eq!(why, versions);
    assert_eq!(
        text,
        "chunk: the chunk needs version 3 of op `refined`, but language `old` has version 2"
    );
}

#[test]
fn an_op_that_is_not_there_is_named_with_the_language() {
    let chunk = super::chunk::<Old>(|b| b.op(old::gone {}));
    let (why, text) = refused::<New>(&sent(&chunk));
    assert_eq!(why, ImportMismatch::Unknown);
    assert_eq!(
        text,
        "chunk: language `new` has no op `gone`; if a linked crate declares it, bring it in with `use CRATE as _;`"
    );
}

#[test]
fn all_that_does_not_fit_is_told_at_once() {
    let chunk = super::chunk::<Old>(|b| {
        b.op(old::gone {});
        b.op(old::loses_a_result {});
        b.emit(Op::Pop);
        b.load(1);
        b.load(2.0);
        b.op(old::changes {});
    });
    let error = New::vm(()).load(&chunk).unwrap_err();
    assert_eq!(error.load_errors().len(), 3);
    assert_eq!(error.to_string().lines().count(), 3);
    assert!(error.as_trap().is_none() && error.trace().is_empty());
}

#[test]
fn a_vm_that_refused_a_chunk_is_as_before() {
    let refuses = super::chunk::<Old>(|b| {
        super::returning(b, "f", &[], |b| b.op(old::gone {}));
    });
    let mut vm = New::vm(());
    for _ in 0..100 {
        assert!(vm.load(&refuses).is_err());
    }
    assert!(vm.function("f").is_none());
    assert_eq!(vm.function_names().count(), 0);
    let one = eval(&mut vm, |b| {
        b.load(0);
        b.op(new::first {});
    });
    assert_eq!(one.unwrap(), Value::Int(1));
}

#[test]
fn a_program_asks_whether_its_ops_are_linked() {
    assert_eq!(New::require(["first", "renamed", "core.idiv"]), Ok(()));
    let missing = New::require(["gone", "first", "never"]).unwrap_err();
    assert_eq!(missing.missing, ["gone", "never"]);
    assert_eq!(
        missing.to_string(),
        "language `new` lacks the ops gone, never: bring in the crates that declare them with `use CRATE as _;`"
    );
}
