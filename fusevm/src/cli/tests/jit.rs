//! Machine code, with and without the feature.

use super::{File, ok, run};

/// Adds up what is below 50,000.
const SUM: &str = "
  LoadInt 0
  SetSlot 0
  LoadInt 0
  SetSlot 1
top:
  GetSlot 0
  GetSlot 1
  Add
  SetSlot 0
  GetSlot 1
  Inc
  SetSlot 1
  GetSlot 1
  LoadInt 50000
  NumLt
  JumpIfTrue top
  GetSlot 0
  PrintLn 1
";

#[test]
fn without_machine_code_programs_do_the_same() {
    let file = File::new("without.fvm", SUM);
    assert_eq!(ok(&[file.path()], ""), "1249975000\n");
    assert_eq!(ok(&["--no-jit", file.path()], ""), "1249975000\n");
    let (code, output, errors) = run(&["--no-fuse", "--no-jit", "--jit", file.path()], "");
    assert_eq!((code, output.as_str()), (0, "1249975000\n"));
    match cfg!(all(feature = "jit", unix)) {
        true => assert_eq!(errors, ""),
        false => assert_eq!(
            errors,
            "note: this was built without machine code (feature `jit`)\n"
        ),
    }
}

#[test]
#[cfg(all(feature = "jit", unix))]
fn what_was_compiled_is_shown_at_the_end() {
    let file = File::new("listed.fvm", SUM);
    let (code, output, errors) = run(&["--no-fuse", "--jit-listing", file.path()], "");
    assert_eq!((code, output.as_str()), (0, "1249975000\n"));
    let parts = [
        "== version 0: main program, the loop at ",
        "r0 Int",
        "-- register code\n; main program: ",
        "-- middle form\nb0(",
        "-- CLIF\nfunction ",
        "-- machine code\n",
        " compiled in ",
    ];
    let mut from = 0;
    for part in parts {
        let at = errors[from..].find(part);
        from += at.unwrap_or_else(|| panic!("no {part:?} behind {from} in {errors}"));
    }
    let (_, _, errors) = run(&["--no-jit", "--jit-listing", file.path()], "");
    assert_eq!(errors, "");
    let input = "1 2 + print\n:reset\n3 print\n";
    assert_eq!(ok(&["--repl", "--jit-listing"], input), "3\n3\n");
}

#[test]
#[cfg(not(all(feature = "jit", unix)))]
fn a_listing_that_cannot_be_had_is_told() {
    let (code, output, errors) = run(&["--jit-listing", "-e", "1 print"], "");
    assert_eq!((code, output.as_str()), (0, "1\n"));
    assert!(
        errors.starts_with("note: this was built without"),
        "{errors}"
    );
}
