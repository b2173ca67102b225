//! The benchmarks of `examples/lox/bench`, in the register interpreter and in machine code, beside `clox`, the
//! virtual machine in C that *Crafting Interpreters* ends with, if there is one on the machine.
//!
//! `cargo bench --bench lox --features jit [-- --clox COMMAND] [beginnings of names]`. Programs take turns, and
//! say themselves how long they took; of three rounds the medians are shown. Nobody packages `clox`: it is
//! built from its sources by `gcc -O3`, and found on the path or where `--clox` says.

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../examples/lox/main.rs"]
mod language;

use fusevm::{Frontend, SharedBuffer, Vm, compile};
use language::Lox;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::{env, fs};

const ROUNDS: usize = 3;

/// What runs programs.
enum Runner {
    Own { jit: bool },
    Command(String),
}

fn main() -> ExitCode {
    let mut wanted = Vec::new();
    let (mut clox, mut args) = ("clox".to_owned(), env::args().skip(1));
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {}
            // What `cargo test` runs it for is that it builds.
            "--test" => return ExitCode::SUCCESS,
            "--clox" => clox = args.next().unwrap_or(clox),
            name => wanted.push(name.to_owned()),
        }
    }
    let mut runners = vec![("registers", Runner::Own { jit: false })];
    if cfg!(all(feature = "jit", unix)) {
        runners.push(("machine code", Runner::Own { jit: true }));
    }
    match Command::new(&clox).arg("/dev/null").output() {
        Ok(_) => runners.push(("clox", Runner::Command(clox))),
        Err(error) => println!("without clox: {clox}: {error}\n"),
    }
    let columns: Vec<&str> = runners.iter().map(|(name, _)| *name).collect();
    println!("seconds | {}", columns.join(" | "));
    let mut logs = vec![Vec::new(); runners.len()];
    for path in programs(&wanted) {
        let mut times = vec![Vec::new(); runners.len()];
        for _ in 0..ROUNDS {
            for ((_, runner), times) in runners.iter().zip(&mut times) {
                match run(runner, &path) {
                    Ok(time) => times.push(time),
                    Err(what) => {
                        eprintln!("{}: {what}", path.display());
                        return ExitCode::FAILURE;
                    }
                }
            }
        }
        let mut shown = Vec::new();
        for (times, logs) in times.iter_mut().zip(&mut logs) {
            times.sort_by(f64::total_cmp);
            let median = times[ROUNDS / 2];
            logs.push(median.ln());
            shown.push(format!("{median:.3}"));
        }
        let name = path.file_stem().unwrap_or_default().display().to_string();
        println!("{name} | {}", shown.join(" | "));
    }
    // The last column is what the others are compared with.
    let means: Vec<f64> = (logs.iter())
        .map(|logs| (logs.iter().sum::<f64>() / logs.len().max(1) as f64).exp())
        .collect();
    if let Some(last) = means.last() {
        let shown: Vec<String> = means.iter().map(|m| format!("{:.2}", m / last)).collect();
        println!("geometric mean, of the last | {}", shown.join(" | "));
    }
    ExitCode::SUCCESS
}

fn programs(wanted: &[String]) -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/lox/bench");
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_stem().unwrap_or_default().display().to_string();
            wanted.is_empty() || wanted.iter().any(|start| name.starts_with(start))
        })
        .collect();
    found.sort();
    found
}

/// Seconds that a program says it took, for a batch if it is one of those that run for a fixed time.
fn run(runner: &Runner, path: &PathBuf) -> Result<f64, String> {
    let output = match runner {
        Runner::Own { jit } => own(path, *jit)?,
        Runner::Command(command) => {
            let output = Command::new(command).arg(path).output();
            let output = output.map_err(|error| error.to_string())?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned());
            }
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
    };
    let mut lines = output.lines().rev();
    let mut number = || -> Result<f64, String> {
        let line = lines.next().ok_or("it printed no time")?;
        line.parse().map_err(|_| format!("`{line}` is no time"))
    };
    let elapsed = number()?;
    match path.ends_with("zoo_batch.lox") {
        true => Ok(elapsed / number()?),
        false => Ok(elapsed),
    }
}

fn own(path: &PathBuf, jit: bool) -> Result<String, String> {
    let source = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let chunk = compile::<Lox>("bench", &source).map_err(|errors| errors.to_string())?;
    let out = SharedBuffer::default();
    let mut vm = Vm::<Lox>::default();
    <Lox as Frontend>::prepare(&mut vm);
    vm.set_output(out.clone());
    #[cfg(all(feature = "jit", unix))]
    {
        let mut config = fusevm::JitConfig::DEFAULT;
        config.enabled = jit;
        vm.set_jit(config);
    }
    #[cfg(not(all(feature = "jit", unix)))]
    let _ = jit;
    vm.eval(&chunk).map_err(|error| error.render())?;
    Ok(out.text())
}
