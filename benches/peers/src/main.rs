//! The shared workloads side by side: native Rust, this VM, and other languages that are found on the
//! machine or compiled in.

mod command;
mod peer;
mod plot;
mod table;

#[path = "../../workloads/mod.rs"]
mod workloads;

use peer::{HOST_CALL, Peer};
use std::process::ExitCode;
use table::Table;
use workloads::race::{Effort, Entrant, race};
use workloads::{CLASSIC, SHARED, Tier, Workload};

const HELP: &str = "\
usage: peers [options] [beginnings of workload names]

Runs the same algorithms in native Rust, in fusevm and in every peer there is, in turn, warm, and takes
medians. All must give the same answers. Prints tables of times as multiples of native Rust, in Markdown.

options:
  --install      first installs what apt-get has of the peers (asks nothing; needs root)
  --plot FILE    writes a plot of the first table as SVG
  --test         one short round, to see that everything works
  --help         this text

Peers that are commands are used when they are found: lua5.4, luajit (with its compiler and without),
node, qjs, python3, gawk. Peers that are crates come in by features of cargo:
  --features jit        fusevm itself with machine code for what runs hot
  --features registry   the crate fusevm 0.26.10, its interpreter; classic rows as well
  --features registry-jit  and its machine code
  --features mlua       Lua 5.4 inside this process
  --features rquickjs   QuickJS-NG inside this process
  --features piccolo    Lua in Rust
  --features rhai       Rhai
  --features rune       Rune
  --features koto       Koto
  --features wasmi      WebAssembly, interpreted
  --features wasmtime   WebAssembly, compiled by Cranelift
With any of them a second table shows what it costs to call a function of the host.
";

const REGISTER: Tier = Tier {
    lowering: true,
    jit: false,
    metered: false,
};

/// What the command line asks for.
struct Options {
    effort: Effort,
    test: bool,
    plot: Option<String>,
    install: bool,
    wanted: Vec<String>,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(what) => {
            eprintln!("{what}; `--help` says what there is");
            return ExitCode::FAILURE;
        }
    };
    if options.install {
        command::install();
    }
    let mut peers = command::found();
    peers.extend(peer::compiled_in());
    let shared = compare("workload", &SHARED, &mut peers, &options);
    println!("{shared}");
    if let Some(calls) = host_calls(&mut peers, &options) {
        println!("{calls}");
    }
    // The classic rows are about ops that only VMs of this set have.
    peers.retain(|peer| peer.runs_chunks());
    if !peers.is_empty() {
        println!("{}", compare("classic row", &CLASSIC, &mut peers, &options));
    }
    if let Some(path) = &options.plot
        && let Err(e) = std::fs::write(path, plot::svg(&shared))
    {
        eprintln!("{path}: {e}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// None when help is asked for.
fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        effort: Effort::FULL,
        test: false,
        plot: None,
        install: false,
        wanted: Vec::new(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" => return Ok(None),
            "--install" => options.install = true,
            "--test" => (options.test, options.effort) = (true, Effort::TEST),
            "--plot" => options.plot = Some(args.next().ok_or("`--plot` needs a file")?),
            option if option.starts_with('-') => return Err(format!("unknown option: `{option}`")),
            _ => options.wanted.push(arg),
        }
    }
    Ok(Some(options))
}

/// What it costs to call a function of the host, with the loop around it.
fn host_calls(peers: &mut Vec<Box<dyn Peer>>, options: &Options) -> Option<String> {
    let in_a_loop = CLASSIC.iter().find(|row| row.name == "ext op in a loop");
    let mut calls = *in_a_loop.expect("it is among the classic rows");
    calls.name = HOST_CALL;
    peers.retain(|peer| peer.has(&calls));
    if peers.is_empty() {
        return None;
    }
    let table = compare("nanoseconds", &[calls], peers, options);
    let n = if options.test { calls.small() } else { calls }.n;
    (!table.rows.is_empty()).then(|| table.around_a_loop(n))
}

/// Races all workloads that are wanted.
fn compare(what: &str, rows: &[Workload], peers: &mut [Box<dyn Peer>], options: &Options) -> Table {
    let names = peers.iter().map(|peer| peer.name().to_owned());
    let columns = std::iter::once("fusevm".to_owned()).chain(names);
    let mut table = Table::new(what, columns.collect());
    let wanted = |row: &&Workload| {
        let wanted = &options.wanted;
        wanted.is_empty() || wanted.iter().any(|start| row.name.starts_with(start))
    };
    for row in rows.iter().filter(wanted) {
        let row = if options.test { row.small() } else { *row };
        eprintln!("{} ...", row.name);
        let has: Vec<bool> = peers.iter().map(|peer| peer.has(&row)).collect();
        for peer in peers.iter() {
            let says = peer.says(&row);
            let note = says.map(|says| (peer.name().to_owned(), row.name.to_owned(), says));
            table.notes.extend(note);
        }
        let mut entrants: Vec<(String, Entrant<'_>)> = vec![
            ("native".to_owned(), row.native()),
            ("fusevm".to_owned(), row.in_vm(REGISTER)),
        ];
        for (peer, _) in peers.iter_mut().zip(&has).filter(|(_, has)| **has) {
            let name = peer.name().to_owned();
            let row = &row;
            entrants.push((name, Box::new(move |runs| peer.run(row, runs))));
        }
        let mut times = race(row.name, &mut entrants, options.effort).into_iter();
        let native = times.next().expect("native Rust takes part");
        let of_vm = times.next();
        let of_peers = has.iter().map(|has| has.then(|| times.next()).flatten());
        let ratios = std::iter::once(of_vm).chain(of_peers);
        let ratios = ratios.map(|time| time.map(|time| time / native));
        table.push(row.name, native, ratios.collect());
    }
    table
}
