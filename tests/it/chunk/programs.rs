//! Constant chunks as programs: loaded by reference, verified once, with lines in the Rust file.

use super::forms::{Forms, ops};
use fusevm::prelude::*;

static SQUARE: StaticChunk = chunk! { ();
    fn square(x) { GetSlot(x); Dup; Mul; ReturnValue; }
};

#[test]
fn functions_of_a_prelude_are_there_for_later_programs() {
    static USE: StaticChunk = chunk! { ();
        fn square(x);
        LoadInt(7); Call(square, 1);
    };
    let mut vm = VM::empty();
    let error = vm.eval(&USE).unwrap_err();
    assert!(
        error.to_string().contains("undefined function: square"),
        "{error}"
    );
    vm.load(&SQUARE).unwrap();
    assert_eq!(vm.eval(&USE).unwrap(), Value::Int(49));
    assert_eq!(vm.call("square", &[3.into()]).unwrap(), Value::Int(9));
}

#[test]
fn vms_and_threads_share_one_program() {
    let chunk = SQUARE.program().unwrap().chunk();
    std::thread::scope(|scope| {
        for n in 0..4i64 {
            scope.spawn(move || {
                let mut vm = VM::empty();
                let program = vm.load(&SQUARE).unwrap();
                assert!(std::ptr::eq(program.chunk(), chunk));
                assert_eq!(vm.call("square", &[n.into()]).unwrap(), Value::Int(n * n));
            });
        }
    });
}

#[test]
fn errors_are_told_at_the_line_in_the_rust_file() {
    let line = line!() + 2;
    static CHUNK: StaticChunk = chunk! { Forms;
        fn broken(x) { GetSlot(x); LoadFloat(0.5); ops::hypot; ReturnValue; }

        LoadConst("three");
        Call(broken, 1);
    };
    let mut vm = Forms::vm(());
    let error = vm.eval(&CHUNK).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}:{line}: `hypot`, operand 1: expected Float, found Str \"three\"",
            file!()
        )
    );
    let lines: Vec<u32> = error.trace().iter().map(|site| site.line).collect();
    assert_eq!(lines, [line, line + 3]);
    let columns = error
        .trace()
        .iter()
        .map(|site| site.place.map(|place| place.column));
    assert_eq!(columns.collect::<Vec<_>>(), [Some(57), Some(9)]);
}

#[test]
fn what_only_loading_can_find_is_an_error_of_loading() {
    static CHUNK: StaticChunk = chunk! { Forms; ops::parsed("no number"); };
    let error = Forms::vm(()).eval(&CHUNK).unwrap_err();
    assert!(
        error.to_string().contains("no number") || error.to_string().contains("invalid float"),
        "{error}"
    );
    let open = chunk! { ();
        MakeArray({3});
    };
    let error = VM::empty().eval(&open).unwrap_err();
    let wanted = "MakeArray: stack underflow: it pops 3, but the stack holds 0";
    assert!(error.to_string().contains(wanted), "{error}");
}

/// Its argument four thousand times.
macro_rules! four_thousand {
    (@ $then:ident $($op:tt)*) => { $then! { $($op)* $($op)* $($op)* $($op)* $($op)* $($op)* $($op)* $($op)* $($op)* $($op)* } };
    ($($op:tt)*) => { four_thousand! { @ hundredfold $($op)* $($op)* $($op)* $($op)* } };
}
macro_rules! hundredfold {
    ($($op:tt)*) => { four_thousand! { @ thousandfold $($op)* } };
}
macro_rules! thousandfold {
    ($($op:tt)*) => { four_thousand! { @ whole $($op)* } };
}
macro_rules! whole {
    ($($op:tt)*) => { chunk! { (); LoadInt(0); $($op)* } };
}

#[test]
fn long_chunks_are_verified_when_they_are_loaded() {
    static LONG: StaticChunk = four_thousand!(Inc;);
    assert_eq!(LONG.to_chunk().ops().len(), 4001);
    assert_eq!(VM::empty().eval(&LONG).unwrap(), Value::Int(4000));
    // Nothing is said while rustc runs.
    static WRONG: StaticChunk = four_thousand!(Pop;);
    assert!(WRONG.program().is_err());
    let error = VM::empty().eval(&WRONG).unwrap_err();
    assert!(error.to_string().contains("stack underflow"), "{error}");
}
