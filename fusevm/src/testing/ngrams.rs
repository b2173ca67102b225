//! Counts of register instructions and of runs of them, by which fused ones are chosen: for
//! `benches/ngrams.rs`.

use crate::interp::Tally;
use crate::vm::VM;

/// What was counted in a VM.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Instructions that ran, each on its own.
    pub plain: u64,
    /// Instructions that run where they are fused.
    pub fused: u64,
    /// Runs of one to four instructions.
    pub runs: Vec<Ngram>,
}

/// A run of instructions.
#[derive(Clone, Debug)]
pub struct Ngram {
    /// Their names.
    pub names: Vec<String>,
    /// How often it ran.
    pub count: u64,
    /// How many instructions less would run if it were one, beyond those that are less already.
    pub saves: u64,
}

/// Counts the instructions that run in a VM, up to `most`; then its program is interrupted.
pub fn begin(vm: &mut VM, most: u64) {
    vm.tally = Some(Box::new(Tally::new(most)));
    vm.changed += 1;
}

/// Ends that: what was counted.
pub fn end(vm: &mut VM) -> Counts {
    let Some(tally) = vm.tally.take() else {
        return Counts::default();
    };
    let runs = tally.runs().into_iter().map(|(names, count)| Ngram {
        names: names.into_iter().map(str::to_owned).collect(),
        count: count.runs,
        saves: count.saves,
    });
    Counts {
        plain: tally.plain,
        fused: tally.fused,
        runs: runs.collect(),
    }
}

/// How many instructions there are, fused ones included.
pub fn instructions() -> usize {
    crate::lower::instructions()
}
