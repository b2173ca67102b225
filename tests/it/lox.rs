//! Lox: a folder of small programs with their expectations inside, larger ones with their output beside
//! them, and the benchmarks in small, each run in every way a program can run.
//!
//! `tests/programs/lox/README.md` says what the comments mean.

use fusevm::cli::Cli;
use fusevm::{SharedBuffer, Vm, compile};
use std::fs;
use std::path::{Path, PathBuf};

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../../examples/lox/main.rs"]
mod language;

mod alloc;
mod random;
mod repl;

use language::Lox;

fusevm::testing::test_ops!(Lox);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All programs below a folder.
fn programs(folder: &str) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            match path.is_dir() {
                true => open.push(path),
                false if path.extension().is_some_and(|e| e == "lox") => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}

/// What a program is to do.
#[derive(Debug, Default, PartialEq, Eq)]
struct Expected {
    output: String,
    /// Message of a runtime error, and its line.
    runtime: Option<(String, usize)>,
    trace: Vec<String>,
    compile: Vec<String>,
}

fn expected(source: &str) -> Expected {
    let mut it = Expected::default();
    for (at, line) in source.lines().enumerate() {
        let number = at + 1;
        let behind = |mark: &str| line.split_once(mark).map(|(_, text)| text);
        if let Some(text) = behind("// expect:") {
            it.output += text.strip_prefix(' ').unwrap_or(text);
            it.output.push('\n');
        } else if let Some(text) = behind("// expect runtime error: ") {
            assert!(it.runtime.is_none(), "a program ends once");
            it.runtime = Some((text.to_owned(), number));
        } else if let Some(text) = behind("// expect trace: ") {
            it.trace.push(text.to_owned());
        } else if let Some(text) = behind("// [line ") {
            it.compile.push(format!("[line {text}"));
        } else if let Some(text) = behind("// Error").filter(|text| text.starts_with([':', ' '])) {
            it.compile.push(format!("[line {number}] Error{text}"));
        }
    }
    it
}

/// Exit code, output, errors of a command line.
fn run(args: &[&str], input: &str) -> (u8, String, String) {
    let (output, errors) = (SharedBuffer::default(), SharedBuffer::default());
    let cli = Cli::<Lox>::new(Default::default);
    let cli = cli.input(std::io::Cursor::new(input.to_owned()));
    let code = cli.output(output.clone()).errors(errors.clone()).run(args);
    (code, output.text(), errors.text())
}

/// Runs a program as a command; what is wrong with what it does.
fn as_command(source: &str, expected: &Expected) -> Vec<String> {
    // What recurses without end does so sooner.
    let (code, output, errors) = run(&["--max-depth", "1000", "-"], source);
    let mut wrong = Vec::new();
    if output != expected.output {
        wrong.push(format!("wrote {output:?}, not {:?}", expected.output));
    }
    let lines: Vec<&str> = errors.lines().collect();
    let as_wanted = match (&expected.runtime, expected.compile.is_empty()) {
        (_, false) => code == 65 && lines == expected.compile,
        (None, true) => code == 0 && lines.is_empty(),
        (Some((message, line)), true) => {
            let place = format!("[line {line}] in ");
            code == 70
                && lines.first() == Some(&message.as_str())
                && lines.get(1).is_some_and(|first| first.starts_with(&place))
                && (expected.trace.is_empty() || lines[1..] == expected.trace)
        }
    };
    if !as_wanted {
        let (runtime, compile) = (&expected.runtime, &expected.compile);
        wrong.push(format!(
            "exit code {code} and {lines:?}, not {runtime:?} {:?} {compile:?}",
            expected.trace
        ));
    }
    wrong
}

/// Runs a program on registers and on the stack, fused and not, with few collections and with many;
/// what differs.
fn in_all_ways(name: &str, source: &str) -> Vec<String> {
    let Ok(chunk) = compile::<Lox>(name, source) else {
        return Vec::new();
    };
    let mut first = None;
    let mut wrong = Vec::new();
    let often = Some((8, 1));
    let ways = [
        (true, true, None),
        (true, true, often),
        (false, true, None),
        (false, false, None),
        (false, true, often),
    ];
    #[cfg(all(feature = "jit", unix))]
    let (ways, compiled) = (
        (ways.into_iter().map(|way| (way, None))).chain(
            crate::jit::ways()
                .into_iter()
                .map(|way| ((true, true, often), Some(way.1))),
        ),
        true,
    );
    #[cfg(not(all(feature = "jit", unix)))]
    let (ways, compiled) = (ways.into_iter().map(|way| (way, None::<()>)), false);
    for ((lowering, fusion, pace), jit) in ways {
        let out = SharedBuffer::default();
        let mut vm = Vm::<Lox>::default();
        <Lox as fusevm::Frontend>::prepare(&mut vm);
        let mut limits = vm.limits().clone();
        limits.max_call_depth = 1_000;
        vm.set_limits(limits);
        if let Some((floor, factor)) = pace {
            vm.heap_mut().set_pace(floor, factor);
        }
        vm.set_lowering(lowering);
        vm.set_fusion(fusion);
        vm.set_fuel(Some(u64::MAX / 2));
        #[cfg(all(feature = "jit", unix))]
        jit.iter()
            .for_each(|config| vm.set_jit(fusevm::JitConfig::clone(config)));
        vm.set_output(out.clone());
        let ended = vm.eval(&chunk).map_err(|error| error.render());
        let seen = format!("{ended:?} {:?} fuel {:?}", out.text(), vm.fuel());
        if *first.get_or_insert_with(|| seen.clone()) != seen {
            wrong.push(format!(
                "lowering {lowering}, fusion {fusion}, pace {pace:?}, {compiled} {jit:?}: {seen}, at first {first:?}"
            ));
        }
    }
    wrong
}

fn report(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} failures:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn programs_do_what_they_say() {
    let programs = programs("tests/programs/lox");
    assert!(programs.len() >= 250, "{} programs", programs.len());
    let mut wrong = Vec::new();
    for path in programs {
        let name = path.strip_prefix(root()).expect("it is below").display();
        let source = fs::read_to_string(&path).expect("it can be read");
        let expected = expected(&source);
        if expected == Expected::default() {
            wrong.push(format!("{name}: expects nothing"));
        }
        let mut faults = as_command(&source, &expected);
        faults.extend(in_all_ways(&name.to_string(), &source));
        wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    report(&wrong);
}

#[test]
fn larger_programs_print_what_stands_beside_them() {
    let programs = programs("examples/lox/programs");
    assert!(programs.len() >= 7, "{} programs", programs.len());
    let mut wrong = Vec::new();
    for path in programs {
        let name = path.display().to_string();
        let source = fs::read_to_string(&path).expect("it can be read");
        let output = fs::read_to_string(path.with_extension("expected")).expect("it is beside");
        let (code, seen, errors) = run(&["-"], &source);
        if (code, &seen, errors.as_str()) != (0, &output, "") {
            wrong.push(format!("{name}: exit code {code}, {errors}, wrote\n{seen}"));
        }
    }
    report(&wrong);
}

#[test]
fn benchmarks_run_in_small() {
    let programs = programs("examples/lox/bench");
    assert!(programs.len() >= 11, "{} programs", programs.len());
    for path in programs {
        let name = path.display();
        let source = fs::read_to_string(&path).expect("it can be read");
        let sized: Vec<String> = source.lines().map(in_small).collect();
        let (code, output, errors) = run(&["-"], &sized.join("\n"));
        assert_eq!((code, errors.as_str()), (0, ""), "{name}");
        assert!(output.lines().count() >= 2, "{name}: {output}");
    }
}

/// A line of a benchmark, with the size that it has in tests.
fn in_small(line: &str) -> String {
    match line.split_once("; // in tests ") {
        Some((_, size)) => format!("var size = {size};"),
        None => line.to_owned(),
    }
}
