//! The README shows one op as bytecode and as machine code: it is what there is.

use fusevm::prelude::*;

#[derive(Language)]
#[language(name = "showcase", ops(ops::OPS))]
struct Showcase;

#[ops(Showcase)]
mod ops {
    /// Takes one more number into a hash.
    #[ext_op(inline)]
    pub fn hash(h: i64, x: i64) -> i64 {
        (h ^ x) * 31
    }
}

/// The block of the README behind that line.
fn shown(heading: &str) -> String {
    let readme = include_str!("../../../README.md");
    let behind = readme.split(heading).nth(1).expect("the README has it");
    let block = behind.split("```").nth(1).expect("there is a block");
    block.trim_start_matches("text").trim().to_owned()
}

/// The first word of each line: which registers are used is nobody's promise.
fn words(text: &str) -> String {
    let words = text
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    words.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_readme_shows_what_there_is() {
    let chunk = fusevm_chunk! { Showcase;
        fn run(n: i64) {
            let mut h = 17;
            for i in 0..n { h = ops::hash(h, i); }
            h
        }
    };
    let text = chunk.to_string();
    for line in shown("As bytecode, the turn of the loop:").lines() {
        assert!(text.contains(line.trim()), "`{line}` is not in\n{text}");
    }
    let mut vm = Showcase::vm(());
    let mut config = super::at_once(30);
    config.listings = true;
    vm.set_jit(config);
    vm.eval(&chunk).expect("the chunk is right");
    for _ in 0..3 {
        vm.call("run", &[Value::Int(1000)]).expect("it runs");
    }
    let listing = vm.jit_listing();
    if cfg!(target_arch = "x86_64") {
        let shown = shown("And as machine code:");
        let is_there = words(&listing).contains(&words(&shown));
        assert!(is_there, "{shown}\nis not in\n{listing}");
    }
}
