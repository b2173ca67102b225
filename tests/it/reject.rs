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
    for (name, text) in files()
        .iter()
        .filter(|(name, _)| !name.starts_with("accept_"))
    {
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
        let rule = found.iter().any(|e| name.starts_with(&name_of(&e.rule)));
        let order = ["several", "tables_first", "operands_first"];
        assert!(
            rule || order.contains(&name.as_str()),
            "{name}.fvm breaks another rule"
        );
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
    for error in errors_of(&overlapping_functions(1000)) {
        broken.insert(name_of(&error.rule));
    }
    let rules = rules();
    assert!(rules.len() > 20, "{rules:?}");
    let missing: Vec<_> = rules
        .iter()
        .filter(|rule| !broken.contains(*rule))
        .collect();
    assert!(missing.is_empty(), "no chunk breaks {missing:?}");
}

#[test]
fn odd_chunks_are_accepted_and_run() {
    for (name, text) in files()
        .iter()
        .filter(|(name, _)| name.starts_with("accept_"))
    {
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
        assert_eq!(
            [ends.as_str()],
            wanted[..],
            "{name}.fvm\n{}",
            chunk.listing()
        );
    }
}

/// The rules in the verifier's source, and that of the tables, which no public way of making a chunk
/// can break.
fn rules() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fusevm/src/verify/error.rs");
    let source = fs::read_to_string(path).expect("the source is there");
    let (_, rest) = source
        .split_once("pub enum Broken {")
        .expect("the rules are there");
    let (variants, _) = rest.split_once("\n}").expect("the rules end");
    (variants.lines().map(str::trim))
        .filter(|line| line.starts_with(char::is_uppercase))
        .map(snake)
        .filter(|rule| rule != "tables")
        .collect()
}

/// The name of a rule, as the names of files begin.
fn name_of(rule: &Broken) -> String {
    snake(&format!("{rule:?}"))
}

/// The word a text begins with, in snake case.
fn snake(text: &str) -> String {
    let word = text.chars().take_while(|c| c.is_alphanumeric());
    let mut out = String::new();
    for c in word {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Chunks that break a rule and have no text: with values of a running VM, with pools past what
/// indices can name.
fn not_written() -> Vec<Chunk> {
    let mut vm = VM::empty();
    vm.load(Chunk::parse("fn f/0\nf:\n  Return").expect("it parses"))
        .expect("it loads");
    let cell = vm
        .heap_mut()
        .new_ref(Value::Int(1))
        .expect("the heap has room");
    let function = vm.function("f").expect("it is loaded");
    let mut chunks = Vec::new();
    for value in [
        Value::Ref(cell),
        Value::array(vec![Value::Int(1), Value::Ref(cell)]),
        Value::Func(function.clone()),
        Value::hash([("f", Value::array(vec![Value::Func(function)]))]),
    ] {
        let mut b = ChunkBuilder::new();
        b.add_constant(1);
        b.add_constant(value);
        chunks.push(b.build());
    }
    for pool in ["constants", "names", "blocks"] {
        let mut b = ChunkBuilder::new();
        for i in 0..=POOL {
            match pool {
                "constants" => drop(b.add_constant(0)),
                "names" => drop(b.add_name(i.to_string())),
                _ => drop(b.add_block_range(0, 0)),
            }
        }
        chunks.push(b.build());
    }
    let imports: Vec<String> = (0..=POOL)
        .map(|i| format!("import op{i} v1 () -> ()"))
        .collect();
    chunks.push(Chunk::parse(&imports.join("\n")).expect("it parses"));
    chunks
}

/// Most entries of a pool.
const POOL: usize = 1 << 16;

#[test]
fn values_of_a_running_vm_and_pools_too_long_are_refused() {
    let wanted = [
        "error chunk: constant 1 is not plain data: chunks hold no functions, references, objects or host values",
        "error chunk: 65537 constants are more than a chunk can have",
        "error chunk: 65537 names are more than a chunk can have",
        "error chunk: 65537 blocks are more than a chunk can have",
        "error chunk: 65537 imports are more than a chunk can have",
    ];
    let found: Vec<String> = (not_written().iter())
        .flat_map(|chunk| errors_of(chunk).iter().map(line_of).collect::<Vec<_>>())
        .collect();
    assert_eq!(found[..4], [wanted[0]; 4]);
    assert_eq!(found[4..], wanted[1..]);
}

/// `n` functions, each starting one op further into one body.
fn overlapping_functions(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    for pc in 0..n {
        let name = b.add_name(format!("f{pc}"));
        b.add_function(name, pc, 0);
        b.emit(Op::Nop, 1);
    }
    b.emit(Op::Return, 1);
    b.build()
}

/// One body of `n` ops, called with every number of arguments there is.
fn argument_counts(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    let name = b.add_name("f");
    for argc in 0..=u8::MAX {
        for _ in 0..argc {
            b.emit(Op::LoadUndef, 1);
        }
        b.emit(Op::Call(name, argc), 1);
    }
    b.emit(Op::Return, 1);
    b.add_sub_entry(name, b.current_pos());
    for _ in 0..n {
        b.emit(Op::Nop, 1);
    }
    b.emit(Op::Return, 1);
    b.build()
}

/// `n` blocks, each of which runs the next, and all end together.
fn chained_blocks(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    b.emit(Op::MakeArray(0), 1);
    for i in 0..n - 1 {
        b.add_block_range(i + 1, n);
        b.emit(Op::MapBlock(i as u16 + 1), 1);
    }
    b.add_block_range(n, n);
    b.build()
}

/// `n` functions, and `n` ext ops that mention the last of them.
fn mentioned_functions(n: usize) -> Chunk {
    let functions: Vec<String> = (0..n).map(|i| format!("fn f{i}/0 @0")).collect();
    let last = n - 1;
    let ops = format!("  ext of f{last}\n").repeat(n);
    let import = "language calc\nimport of v1 (imm function) -> ()";
    let text = format!("{import}\n{}\n  Return\n{ops}", functions.join("\n"));
    Chunk::parse(&text).expect("it parses")
}

/// `n` ops of an import with `n` immediates.
fn many_immediates(n: usize) -> Chunk {
    let immediates = vec!["imm bool"; n].join(", ");
    let ops = "  ExtendedWide 0, 0\n".repeat(n);
    let text = format!("language calc\nimport long v1 ({immediates}) -> ()\n{ops}");
    Chunk::parse(&text).expect("it parses")
}

/// `n` calls of `n` functions that call each other on.
fn chained_calls(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    let names: Vec<u16> = (0..n).map(|i| b.add_name(format!("f{i}"))).collect();
    b.emit(Op::Call(names[0], 0), 1);
    b.emit(Op::Return, 1);
    for (i, name) in names.iter().enumerate() {
        b.add_function(*name, b.current_pos(), 0);
        b.emit(Op::Call(names[(i + 1) % n], 0), 1);
        b.emit(Op::Return, 1);
    }
    b.build()
}

/// The fastest of some verifications, and what they found.
fn verified(chunk: &Chunk, times: usize) -> (Duration, Vec<VerifyError>) {
    let runs = (0..times).map(|_| {
        let start = Instant::now();
        let errors = errors_of(chunk);
        (start.elapsed(), errors)
    });
    runs.min_by_key(|(time, _)| *time).expect("it ran")
}

#[test]
fn checking_takes_time_linear_in_the_chunk() {
    // At this many times the size, quadratic work takes 256 times as long.
    const STEP: usize = 16;
    let table: [(&str, fn(usize) -> Chunk, usize, &str); 6] = [
        ("overlapping functions", overlapping_functions, POOL, "work"),
        ("argument counts", argument_counts, POOL, "work"),
        ("chained blocks", chained_blocks, POOL, "work"),
        ("mentioned functions", mentioned_functions, POOL / 2, ""),
        ("many immediates", many_immediates, POOL / 4, "operand"),
        ("chained calls", chained_calls, POOL, ""),
    ];
    for (what, make, n, rule) in table {
        let (small, _) = verified(&make(n / STEP), 2);
        let chunk = make(n);
        // Room for a busy machine; quadratic work at this size goes on for minutes.
        let allowed = 6 * STEP as u32 * small + Duration::from_secs(10);
        let (large, errors) = verified(&chunk, 1);
        assert!(
            large <= allowed,
            "{what}: {small:?} for {}, {large:?} for {n}",
            n / STEP
        );
        match rule {
            "" => assert!(errors.is_empty(), "{what}: {}", errors[0]),
            rule => assert_eq!(name_of(&errors[0].rule), rule, "{what}"),
        }
        if rule == "work" {
            assert_eq!(errors.len(), 1, "{what}");
            assert_eq!(errors[0].pc, None);
        }
    }
}
