//! The benchmarks of `examples/lox/bench`, in the register interpreter and in machine code, beside `clox`, the
//! virtual machine in C that *Crafting Interpreters* ends with, if there is one on the machine.
//!
//! `cargo bench --bench lox --features jit [-- --clox COMMAND] [beginnings of names]`. Programs take turns, and
//! say themselves how long they took; of three rounds the medians are shown. Nobody packages `clox`: it is
//! built from its sources by `gcc -O3`, and found on the path or where `--clox` says.
//!
//! A second table shows what it takes, in a loop, to read a property and to call a method, in nanoseconds beyond
//! the loop itself; there LuaJIT takes part with tables, if `luajit` or the command behind `--luajit` is found.

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../examples/lox/main.rs"]
mod language;

use fusevm::{Frontend, SharedBuffer, Vm, compile};
use language::Lox;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::{env, fs};

const ROUNDS: usize = 3;

/// Turns of a loop over objects.
const TURNS: u64 = 20_000_000;

/// What is done in such a loop, in Lox and in Lua. Each but the first follows a ring of two objects, so that nothing
/// is the same in two turns; what is in it beyond another one is what the table shows.
const LOOPS: [(&str, &str, &str); 4] = [
    ("nothing", "s = s + 1;", "s = s + 1"),
    ("next", "p = p.next; s = s + 1;", "p = p.next; s = s + 1"),
    (
        "property",
        "p = p.next; s = s + p.x;",
        "p = p.next; s = s + p.x",
    ),
    (
        "method",
        "p = p.next; s = s + p.get();",
        "p = p.next; s = s + p:get()",
    ),
];

/// What the table shows: a loop, and the one that it is measured by.
const BEYOND: [(&str, usize, usize); 3] = [
    ("a property", 2, 1),
    ("a call of a method", 3, 1),
    ("a property of what the turn before gave", 1, 0),
];

/// What runs programs.
enum Runner {
    Own {
        jit: bool,
    },
    Command(String),
    /// The same for programs in Lua.
    Lua(String),
}

fn main() -> ExitCode {
    let mut wanted = Vec::new();
    let (mut clox, mut args) = ("clox".to_owned(), env::args().skip(1));
    let mut luajit = "luajit".to_owned();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {}
            // What `cargo test` runs it for is that it builds.
            "--test" => return ExitCode::SUCCESS,
            "--clox" => clox = args.next().unwrap_or(clox),
            "--luajit" => luajit = args.next().unwrap_or(luajit),
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
    if let Some(last) = means
        .last()
        .filter(|_| logs.iter().all(|logs| !logs.is_empty()))
    {
        let shown: Vec<String> = means.iter().map(|m| format!("{:.2}", m / last)).collect();
        println!("geometric mean, of the last | {}", shown.join(" | "));
    }
    if wanted.is_empty()
        || wanted
            .iter()
            .any(|name| "objects".starts_with(name.as_str()))
    {
        match objects(runners, luajit) {
            Ok(table) => println!("\n{table}"),
            Err(what) => {
                eprintln!("{what}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// What reading properties and calling methods takes: a table.
fn objects(mut runners: Vec<(&str, Runner)>, luajit: String) -> Result<String, String> {
    if Command::new(&luajit).arg("-v").output().is_ok() {
        runners.push(("LuaJIT", Runner::Lua(luajit)));
    }
    let folder = env::temp_dir().join(format!("fusevm-objects-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let mut times = vec![[f64::MAX; LOOPS.len()]; runners.len()];
    for (at, (name, lox, lua)) in LOOPS.iter().enumerate() {
        let programs = [
            (folder.join(format!("{name}.lox")), lox_loop(lox)),
            (folder.join(format!("{name}.lua")), lua_loop(lua)),
        ];
        for (path, text) in &programs {
            fs::write(path, text).map_err(|error| error.to_string())?;
        }
        for _ in 0..ROUNDS {
            for ((_, runner), times) in runners.iter().zip(&mut times) {
                let path = match runner {
                    Runner::Lua(_) => &programs[1].0,
                    _lox => &programs[0].0,
                };
                times[at] = times[at].min(run(runner, path)?);
            }
        }
    }
    fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    let names: Vec<&str> = runners.iter().map(|(name, _)| *name).collect();
    let mut lines = vec![format!("nanoseconds | {}", names.join(" | "))];
    for (what, with, without) in BEYOND {
        let beyond = times
            .iter()
            .map(|times| (times[with] - times[without]) * 1e9 / TURNS as f64);
        let shown: Vec<String> = beyond.map(|ns| format!("{ns:.1}")).collect();
        lines.push(format!("{what} | {}", shown.join(" | ")));
    }
    Ok(lines.join("\n"))
}

fn lox_loop(body: &str) -> String {
    format!(
        "class P {{ init() {{ this.x = 1; this.next = nil; }} get() {{ return this.x; }} }}
         fun run(p, n) {{ var s = 0; for (var i = 0; i < n; i = i + 1) {{ {body} }} return s; }}
         var p = P(); var q = P(); p.next = q; q.next = p;
         run(p, 1000000);
         var t = clock(); run(p, {TURNS}); print clock() - t;"
    )
}

fn lua_loop(body: &str) -> String {
    format!(
        "local P = {{}} P.__index = P
         function P.get(self) return self.x end
         local function new() return setmetatable({{x = 1, next = false}}, P) end
         local function run(p, n) local s = 0; for i = 1, n do {body} end return s end
         local p, q = new(), new(); p.next = q; q.next = p
         run(p, 1000000)
         local t = os.clock(); run(p, {TURNS}); print(os.clock() - t)"
    )
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
        Runner::Command(command) | Runner::Lua(command) => {
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
