//! Peers that are commands: each is started once and stays, with the workloads in a program of its
//! language. A line to it says what to run how often; the answer is a line back. So all take turns, and
//! what compiles while it runs stays warm. The time includes a line each way, which a turn is long
//! enough to hide.

use crate::peer::{HOST_CALL, Peer};
use crate::workloads::Workload;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A command that may be there.
struct Known {
    name: &'static str,
    command: &'static str,
    args: &'static [&'static str],
    program: &'static str,
    /// What its language does not have.
    lacks: &'static [&'static str],
    /// Whether it calls functions of shared libraries.
    calls_libraries: bool,
}

const fn known(
    name: &'static str,
    command: &'static str,
    args: &'static [&'static str],
    program: &'static str,
) -> Known {
    Known {
        name,
        command,
        args,
        program,
        lacks: &[],
        calls_libraries: false,
    }
}

const KNOWN: [Known; 7] = [
    known("Lua 5.4", "lua5.4", &[], "workloads.lua"),
    known("LuaJIT -joff", "luajit", &["-joff"], "workloads.lua"),
    Known {
        calls_libraries: true,
        ..known("LuaJIT", "luajit", &[], "workloads.lua")
    },
    known("Node", "node", &[], "workloads.js"),
    known("QuickJS", "qjs", &["--std"], "workloads.js"),
    known("Python", "python3", &[], "workloads.py"),
    Known {
        lacks: &["trees"],
        ..known("gawk", "gawk", &["-f"], "workloads.awk")
    },
];

/// As apt-get knows them.
const PACKAGES: [&str; 6] = ["lua5.4", "luajit", "nodejs", "quickjs", "python3", "gawk"];

/// Installs what there is, one by one, since a package that is missing stops all of them.
pub fn install() {
    for package in PACKAGES {
        let mut apt = Command::new("apt-get");
        apt.args(["install", "--yes", "--no-upgrade", package]);
        apt.stdout(Stdio::null());
        if !apt.status().is_ok_and(|status| status.success()) {
            eprintln!("`{package}` was not installed");
        }
    }
}

/// A command that runs.
struct Running {
    known: &'static Known,
    /// Whether it has the function of the host.
    has_library: bool,
    child: Child,
    lines_in: ChildStdin,
    lines_out: BufReader<ChildStdout>,
}

/// Starts the commands that are there.
pub fn found() -> Vec<Box<dyn Peer>> {
    let library = library();
    let running = KNOWN
        .iter()
        .filter_map(|known| Running::start(known, library.as_deref()));
    running
        .map(|peer| Box::new(peer) as Box<dyn Peer>)
        .collect()
}

/// A shared library with the function of the host, made by the compiler that is there anyway; nothing if it
/// cannot be made.
fn library() -> Option<PathBuf> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/programs/mix.rs");
    let name = format!("{}fusevm_peers_mix{}", DLL_PREFIX, DLL_SUFFIX);
    let path = std::env::temp_dir().join(name);
    let mut rustc = Command::new("rustc");
    rustc.args([
        "--edition=2024",
        "--crate-type=cdylib",
        "-Copt-level=3",
        "-o",
    ]);
    rustc.arg(&path).arg(source).stderr(Stdio::null());
    rustc
        .status()
        .is_ok_and(|status| status.success())
        .then_some(path)
}

impl Running {
    fn start(known: &'static Known, library: Option<&Path>) -> Option<Self> {
        let programs = concat!(env!("CARGO_MANIFEST_DIR"), "/programs/");
        let mut command = Command::new(known.command);
        command
            .args(known.args)
            .arg(format!("{programs}{}", known.program));
        let library = library.filter(|_| known.calls_libraries);
        if let Some(library) = library {
            command.env("FUSEVM_MIX", library);
        }
        let mut child = (command.stdin(Stdio::piped()).stdout(Stdio::piped()))
            .spawn()
            .ok()?;
        let (lines_in, lines_out) = (child.stdin.take()?, child.stdout.take()?);
        let lines_out = BufReader::new(lines_out);
        Some(Self {
            known,
            has_library: library.is_some(),
            child,
            lines_in,
            lines_out,
        })
    }

    fn ask(&mut self, line: &str) -> std::io::Result<String> {
        self.lines_in.write_all(line.as_bytes())?;
        self.lines_in.flush()?;
        let mut answer = String::new();
        self.lines_out.read_line(&mut answer)?;
        Ok(answer)
    }
}

impl Peer for Running {
    fn name(&self) -> &str {
        self.known.name
    }

    fn has(&self, workload: &Workload) -> bool {
        match workload.name {
            HOST_CALL => self.has_library,
            name => !self.known.lacks.contains(&name),
        }
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let (name, n) = (workload.name, workload.n);
        let answer = match self.ask(&format!("{name} {n} {runs}\n")) {
            Ok(answer) => answer,
            Err(e) => panic!("{}, {name}: {e}", self.known.name),
        };
        match answer.trim().parse() {
            Ok(answer) => answer,
            Err(_) => panic!("{}, {name}: {answer:?} is no answer", self.known.name),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
