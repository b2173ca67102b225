//! The example languages: their programs print what they say, and their REPLs live through errors.
//!
//! A program says what it prints in a file beside it that ends in `.expected`, or in comments, a line each
//! behind `expect:`. What it reads is in a file that ends in `.input`.

mod brain;
mod calc;
mod forth;

use fusevm::cli::Cli;
use fusevm::{Frontend, SharedBuffer, Vm, compile};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// The programs of an example, by name: those files that end in `.EXTENSION`.
fn programs(language: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(language);
    let entries = fs::read_dir(folder.join("programs")).expect("an example has programs");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut programs: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    programs.sort();
    assert!(
        programs.len() >= 4,
        "{language} has too few programs to show anything"
    );
    programs
}

/// What a program is to print: the file beside it, or what stands behind `LEADER expect:` in its lines.
fn expected(path: &Path, source: &str, leader: &str) -> String {
    if let Ok(text) = fs::read_to_string(path.with_extension("expected")) {
        return text;
    }
    let mark = format!("{leader} expect:");
    let lines = source.lines().filter_map(|line| line.split_once(&mark));
    lines
        .map(|(_, text)| format!("{}\n", text.strip_prefix(' ').unwrap_or(text)))
        .collect()
}

/// Fuel past which a program runs once only where the build is not optimised.
const MUCH: u64 = 2_000_000;

/// Runs all programs of a language with and without fused sequences in a VM, where fuel is counted, and
/// through its command line.
fn programs_print_what_they_say<L: Frontend<Host: Default>>(extension: &str, leader: &str) {
    for path in programs(L::NAME, extension) {
        let name = path.file_name().expect("it is a file").to_string_lossy();
        let source = fs::read_to_string(&path).expect("it can be read");
        let expected = expected(&path, &source, leader);
        assert!(!expected.is_empty(), "{name} expects nothing");
        let input = fs::read_to_string(path.with_extension("input")).unwrap_or_default();
        let chunk =
            compile::<L>(&name, &source).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        let in_vm = |fusion, prepare: &dyn Fn(&mut Vm<L>)| {
            let out = SharedBuffer::default();
            let mut vm = Vm::<L>::default();
            L::prepare(&mut vm);
            vm.set_fusion(fusion);
            vm.set_fuel(Some(u64::MAX / 2));
            vm.set_output(out.clone());
            vm.set_input(Cursor::new(input.clone()));
            prepare(&mut vm);
            vm.eval(&chunk)
                .unwrap_or_else(|error| panic!("{}", error.render()));
            assert_eq!(out.text(), expected, "{name}, fusion {fusion}");
            u64::MAX / 2 - vm.fuel().expect("it was limited")
        };
        let spent = |fusion| in_vm(fusion, &|_| {});
        let fused = spent(true);
        #[cfg(all(feature = "jit", unix))]
        for (at, (way, config)) in crate::jit::ways().into_iter().enumerate() {
            if fused <= MUCH && (fused <= MUCH / 20 || at as u64 == fused % 5) {
                let here = in_vm(true, &|vm| vm.set_jit(config.clone()));
                assert_eq!(fused, here, "{name}: fuel in machine code {way}");
            }
        }
        if cfg!(debug_assertions) && fused > MUCH {
            continue;
        }
        assert_eq!(fused, spent(false), "{name}: fuel depends on fusion");
        let file = path.to_str().expect("the names here are UTF-8");
        let ran = run::<L>(&[file], input.clone());
        assert_eq!(ran, (0, expected, String::new()), "{name}");
    }
}

/// Exit code, output, errors of a command line.
fn run<L: Frontend<Host: Default>>(args: &[&str], input: String) -> (u8, String, String) {
    let (output, errors) = (SharedBuffer::default(), SharedBuffer::default());
    let cli = Cli::<L>::new(L::Host::default).input(Cursor::new(input));
    let code = cli.output(output.clone()).errors(errors.clone()).run(args);
    (code, output.text(), errors.text())
}

/// What an input of a REPL leads to.
enum Then {
    /// This on standard output.
    Shows(&'static str),
    /// An error with this in it.
    Fails(&'static str),
}

/// Gives a REPL its inputs, and compares what each leads to.
fn survives<L: Frontend<Host: Default>>(args: &[&str], session: &[(&str, Then)]) {
    let lines = session.iter().map(|(line, _)| format!("{line}\n"));
    let (code, output, errors) = run::<L>(args, lines.collect());
    assert_eq!(code, 0);
    let shown = session.iter().filter_map(|(_, then)| match then {
        Then::Shows(text) => Some(*text),
        Then::Fails(_) => None,
    });
    assert_eq!(output, shown.collect::<String>());
    let mut rest = errors.as_str();
    let mut failures = 0;
    for (line, then) in session {
        if let Then::Fails(part) = then {
            let (_, after) = rest
                .split_once(part)
                .unwrap_or_else(|| panic!("{line:?}: no {part:?} in:\n{rest}"));
            rest = after;
            failures += 1;
        }
    }
    assert_eq!(errors.matches("error: ").count(), failures, "{errors}");
}
