//! What the verifier refuses, and what it must not refuse.
//!
//! `tests/reject/*.fvm` are chunks with the errors expected of them in comments, in order:
//! `; error @PC LINE: MESSAGE`, or `; error chunk: MESSAGE` for what concerns no single op. Files
//! named `accept_*` look wrong and are right: they run, with `; => VALUE`, `; halted` or
//! `; trap KIND @PC: MESSAGE` for the end they come to, and `; raw` for a raw handler that does
//! nothing. Rules that a text cannot break are broken here.

use fusevm::{
    Broken, Chunk, ChunkBuilder, ErrorKind, Op, VM, VMResult, Value, VerifyError, verify,
};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The files of `tests/reject` by name, with their texts.
fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reject");
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let text = fs::read_to_string(&path).expect("the file can be read");
            (name.into_owned(), text)
        })
        .collect();
    files.sort();
    files
}

fn parsed(name: &str, text: &str) -> Chunk {
    Chunk::parse(text).unwrap_or_else(|error| panic!("{name}.fvm:{error}"))
}

/// The comments that say what is expected.
fn expected(text: &str) -> Vec<&str> {
    let marks = ["error ", "=> ", "trap ", "halted", "raw"];
    (text.lines().filter_map(|line| line.strip_prefix("; ")))
        .filter(|line| marks.iter().any(|mark| line.starts_with(mark)))
        .collect()
}

fn errors_of(chunk: &Chunk) -> Vec<VerifyError> {
    match verify(chunk.clone()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().cloned().collect(),
    }
}

/// An error as the files write it.
fn line_of(error: &VerifyError) -> String {
    match error.pc {
        Some(pc) => format!("error @{pc} {}: {}", error.line, error.rule),
        None => format!("error chunk: {}", error.rule),
    }
}

#[test]
fn wrong_chunks_are_refused_with_all_that_is_wrong() {
    let mut broken = BTreeSet::new();
    for (name, text) in files().iter().filter(|(name, _)| !name.starts_with("accept_")) {
        let chunk = parsed(name, text);
        let found = errors_of(&chunk);
        let lines: Vec<String> = found.iter().map(line_of).collect();
        assert_eq!(lines, expected(text), "{name}.fvm\n{}", chunk.listing());
        for error in &found {
            let named = error.pc.map(|pc| chunk.ops().get(pc).is_some());
            assert_ne!(named, Some(false), "{name}.fvm: {error}");
            broken.insert(name_of(&error.rule));
        }
        assert!(!found.is_empty(), "{name}.fvm is accepted");
        let rule = found.iter().any(|e| name.starts_with(name_of(&e.rule)));
        let order = ["several", "tables_first", "operands_first"];
        assert!(rule || order.contains(&name.as_str()), "{name}.fvm breaks another rule");
        // The same chunk as bytes, and a VM that is asked to run it.
        let read = Chunk::from_bytes(&chunk.to_bytes()).expect("its own bytes are a chunk");
        assert_eq!(errors_of(&read), found, "{name}.fvm");
        match VM::new(chunk).run() {
            VMResult::Error(error) => {
                assert_eq!(error.kind(), ErrorKind::Load, "{name}.fvm");
                assert_eq!(error.load_errors().len(), found.len(), "{name}.fvm");
            }
            other => panic!("{name}.fvm runs: {other:?}"),
        }
    }
    for chunk in not_written() {
        for error in errors_of(&chunk) {
            broken.insert(name_of(&error.rule));
        }
    }
    broken.insert(name_of(&overlapping(1 << 16, 1 << 10)[0].rule));
    let missing: Vec<_> = RULES.iter().filter(|rule| !broken.contains(*rule)).collect();
    assert!(missing.is_empty(), "no chunk breaks {missing:?}");
}

#[test]
fn odd_chunks_are_accepted_and_run() {
    for (name, text) in files().iter().filter(|(name, _)| name.starts_with("accept_")) {
        let chunk = parsed(name, text);
        if let Err(errors) = verify(chunk.clone()) {
            panic!("{name}.fvm: {errors}\n{}", chunk.listing());
        }
        let mut wanted = expected(text);
        let mut vm = VM::new(chunk.clone());
        vm.set_fuel(Some(10_000));
        if wanted.first() == Some(&"raw") {
            wanted.remove(0);
            vm.set_extension_handler(Box::new(|_, _, _| {}));
        }
        let ends = match vm.run() {
            VMResult::Ok(value) => format!("=> {value:?}"),
            VMResult::Halted => "halted".into(),
            VMResult::Error(error) => match error.as_trap() {
                Some(trap) => {
                    let pc = error.pc().unwrap_or_default();
                    format!("trap {} @{pc}: {trap}", trap.kind())
                }
                None => panic!("{name}.fvm: {error}"),
            },
        };
        assert_eq!([ends.as_str()], wanted[..], "{name}.fvm\n{}", chunk.listing());
    }
}

/// The rules that a chunk can break.
const RULES: [&str; 22] = [
    "index",
    "target",
    "operand",
    "odd_hash",
    "form",
    "no_function",
    "not_text",
    "block_range",
    "entry",
    "duplicate_function",
    "not_plain",
    "too_long",
    "underflow",
    "heights",
    "scopes",
    "no_scope",
    "runs_off",
    "leaves_block",
    "block_height",
    "block_scope",
    "block_in_itself",
    "arity",
];

/// The name of a rule, as the files begin.
///
/// `Broken` is open for more, but the names in its `Debug` form are not made up here: a rule that
/// no file of its name breaks fails the test above.
fn name_of(rule: &Broken) -> &'static str {
    match rule {
        Broken::Index { .. } => "index",
        Broken::Target { .. } => "target",
        Broken::Operand { .. } => "operand",
        Broken::OddHash { .. } => "odd_hash",
        Broken::Form { .. } => "form",
        Broken::NoFunction { .. } => "no_function",
        Broken::NotText { .. } => "not_text",
        Broken::BlockRange { .. } => "block_range",
        Broken::Entry { .. } => "entry",
        Broken::DuplicateFunction { .. } => "duplicate_function",
        Broken::NotPlain { .. } => "not_plain",
        Broken::TooLong { .. } => "too_long",
        Broken::Tables { .. } => "tables",
        Broken::Underflow { .. } => "underflow",
        Broken::Heights { .. } => "heights",
        Broken::Scopes { .. } => "scopes",
        Broken::NoScope => "no_scope",
        Broken::RunsOff { .. } => "runs_off",
        Broken::LeavesBlock { .. } => "leaves_block",
        Broken::BlockHeight { .. } => "block_height",
        Broken::BlockScope { .. } => "block_scope",
        Broken::BlockInItself { .. } => "block_in_itself",
        Broken::Arity { .. } => "arity",
        Broken::Work { .. } => "work",
        other => panic!("a rule without a file: {other:?}"),
    }
}
