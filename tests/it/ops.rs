//! What each op means, said by small programs, and run in every way a program can run.
//!
//! `tests/ops/NAME.fvm` is about the op of that name. A file is a list of cases; each is a program in
//! the text form, and lines that start with `; ` say how to run it and what is expected. `;; ` starts
//! what is said to people, and `;; case NAME` a case. What stands before the first case holds for all.
//!
//! The end of a program, exactly one, unless there are rows:
//!
//! | line | meaning |
//! |---|---|
//! | `; => VALUE` | it ends with this value, written as a literal, so that its kind shows |
//! | `; halted` | it ends with an empty stack |
//! | `  Add ; trap KIND: MESSAGE` | behind an op: this op traps |
//! | `; trap KIND: MESSAGE` | it traps outside of any op |
//! | `  Glob ; load: MESSAGE` | behind an op: because of this op it does not load |
//! | `; with 1 \| "2" => 3` | a row: a program of its own, with these texts for `$1`, `$2` … |
//! | `; with 1 \| "2" trap KIND: MESSAGE` | a row in which the op of the file traps |
//!
//! What else is seen, with nothing where nothing is said:
//!
//! | line | meaning |
//! |---|---|
//! | `; out: LINE` | a line of output; `; out: "a\n"` is a piece of output, to the byte |
//! | `; global x = VALUE`, `; global x unset` | a global at the end |
//! | `; used N` | the fuel that was used |
//!
//! How it is run:
//!
//! | line | meaning |
//! |---|---|
//! | `; limit max_array_len=10` | [`fusevm::Limits`] |
//! | `; fuel N` | the fuel; else there is plenty |
//! | `; input "line\n"`, `; input fails`, `; output fails` | the streams |
//! | `; given x KIND` | a global that no text can write: see [`host::given`] |
//! | `; builtin 7 sum` | a builtin: see [`host::builtin`] |
//! | `; raw` | handlers for raw ext ops: see [`host::raw`] |
//! | `; shell`, `; shell refuses` | a scripted [`shell::Scripted`], or one that grants nothing |
//!
//! Lines of the file are the lines of the ops. Each program runs with fusion and without, from text
//! and from bytes, in a fresh VM and twice in one in which another program has trapped; result, trap,
//! place, call chain, output, globals and fuel have to be the same in all of them.

mod case;
mod host;
mod run;
mod shell;
mod vm;

use case::{Case, End};
use fusevm::{Flags, Opcode};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Ops that trap only when fuel is short or the host interrupts: what they make is no longer than what
/// they are given.
const TRAP_BY_FUEL_ALONE: [&str; 4] = ["MapBlock", "GrepBlock", "SortBlock", "ForEachBlock"];

/// All cases, in the order of their files.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ops");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(path).expect("the file can be read");
        case::read(&name, &text)
    };
    paths.iter().flat_map(read).collect()
}

/// The name of the file about an op.
fn file_name(op: Opcode) -> String {
    let mut name = String::new();
    for c in op.info().name.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

#[test]
fn every_op_does_what_its_file_says() {
    let other = run::other();
    let check = |case: Case| case.check(&other).err();
    let wrong: Vec<String> = cases().into_iter().filter_map(check).collect();
    let count = wrong.len();
    assert!(count == 0, "{}\n{count} cases are wrong", wrong.join("\n"));
}

#[test]
fn every_op_has_a_file_and_every_case_has_its_op() {
    let mut ops: BTreeMap<String, Opcode> = BTreeMap::new();
    for &op in Opcode::ALL {
        ops.insert(file_name(op), op);
    }
    for case in cases() {
        let Some(op) = ops.get(&case.file) else {
            panic!("{}.fvm is about no op", case.file);
        };
        let chunk = case.chunk().unwrap_or_else(|error| panic!("{error}"));
        let used = chunk.ops().iter().any(|o| o.opcode() == *op);
        assert!(used, "{case} does without {}", op.info().name);
    }
    let files: BTreeSet<String> = cases().into_iter().map(|case| case.file).collect();
    let missing: Vec<_> = ops.keys().filter(|name| !files.contains(*name)).collect();
    assert!(missing.is_empty(), "no files for {missing:?}");
}

#[test]
fn ops_trap_as_the_table_says() {
    let mut trapped = BTreeSet::new();
    for case in cases() {
        let End::Trap {
            kind,
            line: Some(line),
            ..
        } = &case.end
        else {
            continue;
        };
        let chunk = case.chunk().unwrap_or_else(|error| panic!("{error}"));
        let at = run::op_of_line(&chunk, *line);
        let op = at.expect("the trap stands behind an op").1.opcode();
        let by_fuel = kind == "out_of_fuel";
        if by_fuel && !TRAP_BY_FUEL_ALONE.contains(&op.info().name) {
            continue;
        }
        assert!(
            op.info().flags.has(Flags::TRAPS),
            "{case}: {op:?} has no TRAPS in the table"
        );
        if case.file == file_name(op) {
            trapped.insert(op.info().name);
        }
    }
    let traps = |op: &&Opcode| op.info().flags.has(Flags::TRAPS);
    let missing: Vec<_> = (Opcode::ALL.iter().filter(traps))
        .map(|op| op.info().name)
        .filter(|name| !trapped.contains(name))
        .collect();
    assert!(missing.is_empty(), "no case shows a trap of {missing:?}");
}
