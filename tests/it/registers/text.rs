//! Texts and hashes: constants where they are, texts that are written over, and what both do with limits.

use super::{agree, core};
use fusevm::{Limits, Vm};

/// Where an operand comes from, in a program whose slots are 0: a text that global `t` has too, 1: a text
/// that nobody else has, 2: a number, 3: an array.
const SOURCES: [&str; 8] = [
    "LoadConst \"const\"",
    "LoadConst \"12\"",
    "LoadInt -7",
    "GetSlot 0",
    "GetSlot 1",
    "GetSlot 2",
    "GetSlot 3",
    "GetVar t",
];

/// What is around an operation: all that it could have changed.
fn around(operation: &str) -> String {
    format!(
        "  LoadConst \"shared\"\n  Dup\n  SetVar t\n  SetSlot 0
  LoadConst \"a\"\n  LoadConst \"b\"\n  Concat\n  SetSlot 1
  LoadInt 12\n  SetSlot 2
  LoadConst [1, 2]\n  SetSlot 3
  LoadConst {{\"const\": 1, \"12\": [3], \"shared\": \"four\"}}\n  SetHash h
{operation}
  SetSlot 4
  GetSlot 0\n  GetSlot 1\n  GetSlot 2\n  GetSlot 3\n  GetSlot 4\n  GetHash h\n  MakeArray 6
"
    )
}

fn limited(vm: &mut Vm<()>) {
    let mut limits = Limits::default();
    (limits.max_string_len, limits.max_hash_len) = (16, 4);
    vm.set_limits(limits);
}

#[test]
fn every_source_of_operands() {
    for a in SOURCES {
        for op in ["HashGet h", "HashExists h", "HashDelete h", "HashGet unset"] {
            agree::<()>(&core(&around(&format!("  {a}\n  {op}"))), limited);
        }
        for b in SOURCES {
            for operation in [
                format!("  {a}\n  {b}\n  Concat"),
                format!("  {a}\n  {b}\n  Concat\n  Dup\n  SetSlot 0"),
                format!("  {a}\n  {b}\n  Concat\n  SetSlot 1\n  {a}\n  {b}\n  Concat"),
                format!("  {a}\n  {b}\n  HashSet h\n  {b}\n  HashGet h"),
                format!("  {a}\n  {b}\n  HashSet h\n  {b}\n  LoadInt 99\n  HashSet h\n  {a}"),
            ] {
                agree::<()>(&core(&around(&operation)), limited);
            }
        }
    }
}

#[test]
fn a_text_grows_from_short_to_long_to_the_limit() {
    for more in SOURCES {
        let grow = format!("  GetSlot 1\n  {more}\n  Concat\n  SetSlot 1\n").repeat(3);
        let turned = format!("  {more}\n  GetSlot 1\n  Concat\n  SetSlot 1\n").repeat(3);
        for operation in [grow, turned] {
            let chunk = core(&around(&format!(
                "{operation}  GetSlot 1\n  GetSlot 1\n  Concat"
            )));
            agree::<()>(&chunk, limited);
            agree::<()>(&chunk, |_| {});
        }
    }
}

#[test]
fn words_are_counted_in_a_text_that_is_written_over() {
    let chunk = core(
        r#"
  DeclareHash h
  LoadInt 0
  SetSlot 0
top:
  LoadConst "word"
  GetSlot 0
  LoadInt 3
  Mod
  Concat
  SetSlot 1
  GetSlot 1
  HashGet h
  LoadInt 1
  Add
  GetSlot 1
  HashSet h
  GetSlot 0
  Inc
  SetSlot 0
  GetSlot 0
  LoadInt 8
  NumLt
  JumpIfTrue top
  GetHash h
"#,
    );
    let seen = agree::<()>(&chunk, |_| {});
    assert_eq!(seen.end, r#"{"word0": 3, "word1": 3, "word2": 2}"#);
}
