//! Which register instructions run in a row, and how much fewer would run if they were one: by this the
//! fused instructions (`fusevm/src/lower/fuse.rs`) are chosen.
//!
//! `cargo bench --bench ngrams`, with the beginnings of names to look at some programs alone, with
//! `-- --more` for those below 1 % as well. It runs the
//! workloads, the example programs of the languages and the benchmarks of Lox in register code without fused
//! instructions, each up to a limit, and counts runs of two to four instructions that stand and ran
//! one behind the other, nothing but the last of which may jump or leave the loop. Every program weighs the
//! same.
//!
//! A run of n instructions that is one saves n - 1. `share` is what that is of all instructions that
//! run unfused; `left` is what of it is still to be had, fused as they are: where a run takes an
//! instruction out of the middle of a fused one, nothing. `most` names the program in which there is
//! most left. Names are those of instructions and not of operands: whether a value goes from one to the
//! next, the listing shows (`cargo bench --bench tiers -- --list`).

#![allow(clippy::type_complexity, reason = "the examples may have their own")]

#[allow(dead_code, reason = "other benches use the rest")]
#[path = "workloads/mod.rs"]
mod workloads;

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../examples/brain/main.rs"]
mod brain;
#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../examples/calc/main.rs"]
mod calc;
#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../examples/forth/main.rs"]
mod forth;
#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../examples/lox/main.rs"]
mod lox;

use fusevm::testing::ngrams::{self, Counts};
use fusevm::{Error, Frontend, TrapKind, Value, Vm, compile};
use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use workloads::{CLASSIC, SHARED};

/// Instructions of a program that are counted.
const MOST: u64 = 3_000_000;

/// The same where it is only to be seen that it works.
const MOST_IN_TESTS: u64 = 5_000;

/// The share below which nothing is shown, and the same where more is asked for.
const LEAST: [f64; 2] = [0.01, 0.003];

/// Instructions there may be.
const ROOM: usize = 250;

fn main() {
    // `cargo test` runs this binary as well, to see that it still builds and works.
    let test = !std::env::args().any(|a| a == "--bench");
    let most = if test { MOST_IN_TESTS } else { MOST };
    let wanted: Vec<String> = (std::env::args().skip(1))
        .filter(|a| !a.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.starts_with(w));
    let mut ranking = Ranking::default();
    for row in SHARED.iter().chain(&CLASSIC).filter(|row| row.fusion) {
        let name = row.name.to_owned();
        if is_wanted(&name) {
            let mut vm = row.vm(true, false);
            ngrams::begin(&mut vm, most);
            let ran = vm.call("run", &[Value::Int(row.n)]);
            ranking.add(name, &ran, &ngrams::end(&mut vm));
        }
    }
    let folders: [(&str, &str, fn(&Path, u64) -> Ran); 5] = [
        ("calc/programs", "calc", run::<calc::Calc>),
        ("forth/programs", "fth", run::<forth::Forth>),
        ("brain/programs", "b", run::<brain::Brain>),
        ("lox/programs", "lox", run::<lox::Lox>),
        ("lox/bench", "lox", run::<lox::Lox>),
    ];
    for (folder, extension, run) in folders {
        for path in programs(folder, extension) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("{folder}/{stem}");
            if is_wanted(&name) {
                let (ran, counts) = run(&path, most);
                ranking.add(name, &ran, &counts);
            }
        }
    }
    let more = std::env::args().any(|a| a == "--more");
    ranking.print(LEAST[usize::from(more)]);
}

type Ran = (Result<Value, Error>, Counts);

/// The programs of an example.
fn programs(folder: &str, extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(root.join("examples").join(folder)).expect("there is the folder");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    paths.sort();
    paths
}

/// Runs a program of a language.
fn run<L: Frontend<Host: Default>>(path: &Path, most: u64) -> Ran {
    let source = fs::read_to_string(path).expect("it can be read");
    let input = fs::read_to_string(path.with_extension("input")).unwrap_or_default();
    let chunk = compile::<L>("", &source).expect("the examples compile");
    let mut vm = Vm::<L>::default();
    L::prepare(&mut vm);
    vm.set_output(std::io::sink());
    vm.set_input(Cursor::new(input));
    vm.set_lowering(true);
    ngrams::begin(&mut vm, most);
    let ran = vm.eval(&chunk);
    (ran, ngrams::end(&mut vm))
}

/// What all programs have run.
#[derive(Default)]
struct Ranking {
    programs: Vec<String>,
    /// Of all instructions, the share that is left where they are fused, program by program.
    fused: Vec<f64>,
    runs: BTreeMap<Vec<String>, Row>,
}

/// A run of instructions.
#[derive(Default)]
struct Row {
    count: u64,
    /// Sums over the programs.
    share: f64,
    left: f64,
    /// The greatest of what is left, and the program.
    most: (f64, usize),
}

impl Ranking {
    fn add(&mut self, name: String, ran: &Result<Value, Error>, counts: &Counts) {
        if let Err(error) = ran {
            let limit = error.as_trap().map(|trap| trap.kind()) == Some(TrapKind::Interrupted);
            assert!(limit, "{name}: {}", error.render());
        }
        if counts.plain == 0 {
            return println!("{name}: nothing of it runs in registers");
        }
        let all = counts.plain as f64;
        for run in &counts.runs {
            let row = self.runs.entry(run.names.clone()).or_default();
            let left = run.saves as f64 / all;
            row.count += run.count;
            row.share += run.count as f64 * (run.names.len() - 1) as f64 / all;
            row.left += left;
            if left > row.most.0 {
                row.most = (left, self.programs.len());
            }
        }
        self.fused.push(counts.fused as f64 / all);
        self.programs.push(name);
    }

    fn print(&self, least: f64) {
        let programs = self.programs.len().max(1) as f64;
        let mut rows: Vec<(&Vec<String>, &Row)> = self
            .runs
            .iter()
            .filter(|(names, _)| names.len() > 1)
            .collect();
        rows.sort_by(|(_, a), (_, b)| b.left.total_cmp(&a.left));
        println!("not fused yet, by what is left to be had");
        println!("   left   share         runs  most");
        for (names, row) in &rows {
            if row.left / programs < least {
                break;
            }
            let (most, program) = row.most;
            println!(
                "{} {} {:>12}  {} {:<24} {}",
                percent(row.left / programs),
                percent(row.share / programs),
                row.count,
                percent(most),
                self.programs[program],
                names.join("; ")
            );
        }
        rows.sort_by(|(_, a), (_, b)| b.share.total_cmp(&a.share));
        println!("\nfused, all or most of it");
        println!("   left   share         runs");
        for (names, row) in &rows {
            if row.share / programs < least {
                break;
            }
            if 2.0 * row.left < row.share {
                println!(
                    "{} {} {:>12}  {}",
                    percent(row.left / programs),
                    percent(row.share / programs),
                    row.count,
                    names.join("; ")
                );
            }
        }
        let fused = self.fused.iter().sum::<f64>() / programs;
        println!(
            "\n{} programs; fused, {} of the instructions are left",
            self.programs.len(),
            percent(fused).trim()
        );
        let instructions = ngrams::instructions();
        println!("{instructions} instructions; there is room for {ROOM}");
        assert!(instructions < ROOM, "there are too many instructions");
    }
}

fn percent(share: f64) -> String {
    format!("{:>5.1} %", 100.0 * share)
}
