//! Machine code where it could differ from the interpreter: everything is compiled at once, what was
//! never seen too, and left at every place where it may be.

mod background;
mod branches;
mod counting;
mod direct;
mod edges;
mod elements;
mod failing;
mod filling;
mod handlers;
mod inline;
mod limits;
mod pairs;
mod programs;
mod reference;
mod sharing;
mod showcase;

use crate::generate::Random;
use fusevm::{Chunk, JitConfig, VM, verify};

/// Machine code for whatever runs twice, seen for `observed` instructions before: at once, so that a run is
/// like any other.
pub(crate) fn at_once(observed: u32) -> JitConfig {
    let mut config = JitConfig::DEFAULT;
    config.threshold = 1;
    config.observed = observed;
    config.everywhere = true;
    config.background = false;
    config.code_memory = 1 << 20;
    config.check = true;
    config
}

/// No machine code.
pub(crate) fn none() -> JitConfig {
    let mut config = JitConfig::DEFAULT;
    config.enabled = false;
    config
}

/// The ways of making machine code that differ most, by name.
pub(crate) fn ways() -> Vec<(&'static str, JitConfig)> {
    let with = |of: &dyn Fn(&mut JitConfig)| {
        let mut config = at_once(30);
        of(&mut config);
        config
    };
    vec![
        ("at once", with(&|_| {})),
        ("eager", with(&|c| (c.eager, c.observed) = (true, 1))),
        ("leaving", with(&|c| (c.stress, c.exits) = (3, u32::MAX))),
        (
            "leaving and eager",
            with(&|c| (c.stress, c.eager, c.exits) = (5, true, u32::MAX)),
        ),
        ("again and again", with(&|c| (c.exits, c.observed) = (1, 5))),
    ]
}

/// Some way of making machine code.
pub(crate) fn some_way(r: &mut Random) -> JitConfig {
    let observed = r.pick(&[1, 10, 60, 400]);
    let mut config = at_once(observed);
    config.exits = r.pick(&[1, 2, 16, u32::MAX]);
    config.recompiles = r.pick(&[0, 2, 8]);
    config.eager = r.one_in(3);
    config.stress = r.pick(&[0, 0, 1, 2, 5, 40]);
    config.seed = r.next();
    config
}

/// The program as a function that is called so many times, if it can be one.
pub(crate) fn repeated(chunk: &Chunk, times: u32) -> Option<Chunk> {
    const HEAD: [&str; 8] = [
        "source ",
        "language ",
        "policy ",
        "import ",
        "const ",
        "name ",
        "fn ",
        "block ",
    ];
    let text = chunk.to_string();
    let is_head = |line: &&str| HEAD.iter().any(|word| line.starts_with(word)) || line.is_empty();
    let head: Vec<&str> = text.lines().take_while(is_head).collect();
    let body: Vec<&str> = text.lines().skip(head.len()).collect();
    let (head, body) = (head.join("\n"), body.join("\n"));
    // What the program leaves at its end, if anything, is its result.
    let ways = [("", ""), ("  ReturnValue\n", ""), ("  Return\n", "")];
    let kept = [
        ("  SetSlot 1\n", "  GetSlot 1\n  ReturnValue\n"),
        ("", "  Return\n"),
    ];
    let all = ways
        .iter()
        .flat_map(|way| kept.iter().map(move |kept| (way.0, *kept)));
    all.into_iter().find_map(|(end, (keep, give))| {
        let text = format!(
            "{head}\nfn hot_main/0\n  LoadInt 0\n  SetSlot 0\nhot_top:\n  Call hot_main, 0\n{keep}\
             \x20 GetSlot 0\n  Inc\n  SetSlot 0\n  GetSlot 0\n  LoadInt {times}\n  NumLt\n\
             \x20 JumpIfTrue hot_top\n{give}hot_main:\n{body}\n{end}"
        );
        let chunk = Chunk::parse(&text).ok()?;
        verify(chunk.clone()).is_ok().then_some(chunk)
    })
}

/// How often a VM went into machine code, all of which could be made.
pub(crate) fn entries(vm: &VM) -> u64 {
    let report = vm.jit_report();
    let failed = report.refused.iter().find(|place| place.why == "Failed");
    assert!(
        failed.is_none(),
        "the code generator was given something wrong: {report}"
    );
    report.entries
}
