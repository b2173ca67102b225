//! The workloads in each form that a VM runs them in, beside native Rust: the ops themselves (base) and
//! register code, each with and without counting of fuel, all in turn and with the same answers.
//!
//! `cargo bench --bench tiers`, with the beginnings of names to look at some rows alone. Prints the
//! median time of a run natively, and how many times that each form takes. What it takes to begin at all
//! is in `start`. With `--list` it prints the workloads instead, as bytecode and as register code, with
//! `--jit-listing` (and `--metered`) as what becomes of them on their way to machine code; with
//! `--profile` it runs their register code alone, for a profiler to look at.

#[path = "workloads/mod.rs"]
mod workloads;

use fusevm::Program;
use workloads::race::{Effort, Entrant, mean, race, ratio, time};
use workloads::{CLASSIC, SHARED, Tier, Workload};

const TIERS: &[(&str, Tier)] = &[
    (
        "base",
        Tier {
            lowering: false,
            metered: false,
            jit: false,
        },
    ),
    (
        "base, metered",
        Tier {
            lowering: false,
            metered: true,
            jit: false,
        },
    ),
    (
        "register",
        Tier {
            lowering: true,
            metered: false,
            jit: false,
        },
    ),
    (
        "register, metered",
        Tier {
            lowering: true,
            metered: true,
            jit: false,
        },
    ),
    #[cfg(feature = "jit")]
    (
        "jit",
        Tier {
            lowering: true,
            metered: false,
            jit: true,
        },
    ),
    #[cfg(feature = "jit")]
    (
        "jit, metered",
        Tier {
            lowering: true,
            metered: true,
            jit: true,
        },
    ),
];

fn main() {
    // `cargo test` runs this binary as well, to see that it still builds and works: once, and small.
    let test = !std::env::args().any(|a| a == "--bench");
    let effort = if test { Effort::TEST } else { Effort::FULL };
    let wanted: Vec<String> = (std::env::args().skip(1))
        .filter(|a| !a.starts_with('-'))
        .collect();
    let is_wanted =
        |w: &Workload| wanted.is_empty() || wanted.iter().any(|p| w.name.starts_with(p));
    if std::env::args().any(|a| a == "--list") {
        let rows = SHARED.iter().chain(&CLASSIC).filter(|w| is_wanted(w));
        return rows.for_each(|row| println!("; {}\n{}", row.name, listing(row)));
    }
    #[cfg(feature = "jit")]
    if std::env::args().any(|a| a == "--jit-listing") {
        let metered = std::env::args().any(|a| a == "--metered");
        let rows = SHARED.iter().chain(&CLASSIC).filter(|w| is_wanted(w));
        return rows.for_each(|row| println!("; {}\n{}", row.name, row.jit_listing(metered)));
    }
    #[cfg(feature = "jit")]
    if std::env::args().any(|a| a == "--jit") {
        // Nothing but machine code, for a profiler.
        for row in SHARED.iter().chain(&CLASSIC).filter(|w| is_wanted(w)) {
            std::hint::black_box(row.in_vm(TIERS[4].1)(3));
        }
        return;
    }
    if std::env::args().any(|a| a == "--profile") {
        // Nothing but register code, for a profiler.
        for row in SHARED.iter().chain(&CLASSIC).filter(|w| is_wanted(w)) {
            std::hint::black_box(row.in_vm(TIERS[2].1)(3));
        }
        return;
    }
    for (title, rows) in [("workloads", &SHARED[..]), ("classic rows", &CLASSIC[..])] {
        head(title);
        let mut ratios: Vec<Vec<f64>> = Vec::new();
        for row in rows.iter().filter(|w| is_wanted(w)) {
            ratios.push(line(&if test { row.small() } else { *row }, effort));
        }
        let of = |tier: usize| mean(ratios.iter().map(|row| row[tier]));
        let means: Vec<String> = (0..TIERS.len())
            .map(|tier| of(tier).map_or_else(|| "–".to_owned(), ratio))
            .collect();
        print_line("geometric mean", "", &means);
    }
}

/// The register code of a workload, instruction by instruction, with the ops it comes from.
fn listing(workload: &Workload) -> String {
    let program = Program::new(workload.chunk()).expect("the chunk is right");
    program.register_listing()
}

fn head(title: &str) {
    println!("\ntimes of native Rust, {title}");
    let names: Vec<String> = (TIERS.iter()).map(|(name, _)| (*name).to_owned()).collect();
    print_line("", "native", &names);
}

fn print_line(name: &str, native: &str, cells: &[String]) {
    print!("{name:<22} {native:>10}");
    for cell in cells {
        print!(" {cell:>18}");
    }
    println!();
}

/// Races one workload: its ratios.
fn line(workload: &Workload, effort: Effort) -> Vec<f64> {
    let mut entrants: Vec<(String, Entrant<'_>)> = vec![("native".to_owned(), workload.native())];
    for (name, tier) in TIERS {
        entrants.push(((*name).to_owned(), workload.in_vm(*tier)));
    }
    let times = race(workload.name, &mut entrants, effort);
    let ratios: Vec<f64> = times[1..].iter().map(|time| time / times[0]).collect();
    let cells: Vec<String> = ratios.iter().map(|r| ratio(*r)).collect();
    print_line(workload.name, &time(times[0]), &cells);
    ratios
}
