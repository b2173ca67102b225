//! The register form where it could differ from the base interpreter: programs that the generators do
//! not come to, each run in every form and with every amount of fuel.

mod control;
mod fusing;
mod host;
mod language;
mod leaving;
mod memory;
mod text;
mod wide;

use fusevm::{Chunk, Error, Language, Loadable, SharedBuffer, Vm};

/// What can be seen of a run.
#[derive(Debug, PartialEq)]
struct Seen {
    end: String,
    fuel: Option<u64>,
    output: String,
    globals: Vec<String>,
}

/// What an error says, the call chain included.
fn told(error: &Error) -> String {
    let trace: Vec<String> = error
        .trace()
        .iter()
        .map(|site| format!("{site:?}"))
        .collect();
    format!("{:?} {error} {trace:?}", error.kind())
}

/// Runs a chunk or a program in a VM of its own.
fn run<L: Language<Host: Default>>(
    chunk: impl Loadable,
    (lowering, fusion): (Option<bool>, bool),
    fuel: Option<u64>,
    prepare: impl Fn(&mut Vm<L>),
) -> Seen {
    let mut vm = Vm::<L>::default();
    let output = SharedBuffer::default();
    vm.set_output(output.clone());
    lowering.into_iter().for_each(|on| vm.set_lowering(on));
    vm.set_fusion(fusion);
    vm.set_fuel(fuel);
    prepare(&mut vm);
    let result = vm.eval(chunk);
    let globals = (vm.global_names()).map(|name| format!("{name} = {:?}", vm.global(name)));
    Seen {
        end: match &result {
            Ok(value) => format!("{value:?}"),
            Err(error) => told(error),
        },
        fuel: vm.fuel(),
        globals: globals.collect(),
        output: output.text(),
    }
}

/// Runs a chunk in every form, with every amount of fuel up to what it needs, and with no limit; what it
/// does with that.
fn agree<L: Language<Host: Default>>(chunk: &Chunk, prepare: impl Fn(&mut Vm<L>)) -> Seen {
    const ENOUGH: u64 = 2_000;
    let base = |fuel| run(chunk, (Some(false), false), fuel, &prepare);
    let all = base(Some(ENOUGH));
    let used = ENOUGH - all.fuel.unwrap_or(0).min(ENOUGH);
    let fuels = (0..=used).map(Some).chain([Some(ENOUGH), None]);
    for fuel in fuels {
        let first = base(fuel);
        for form in [
            (Some(false), true),
            (Some(true), false),
            (Some(true), true),
            (None, true),
        ] {
            let other = run(chunk, form, fuel, &prepare);
            assert_eq!(
                other,
                first,
                "lowering and fusion {form:?}, fuel {fuel:?}\n{}",
                chunk.listing()
            );
        }
        #[cfg(all(feature = "jit", unix))]
        for (at, (way, config)) in crate::jit::ways().into_iter().enumerate() {
            // One way for each of a few amounts of fuel, and all of them where there is no end of it.
            if fuel.is_some_and(|fuel| fuel % 16 != 3 * at as u64) {
                continue;
            }
            let form = (Some(true), fuel.is_none_or(|fuel| fuel % 2 == 0));
            let other = run(chunk, form, fuel, |vm: &mut Vm<L>| {
                vm.set_jit(config.clone());
                prepare(vm);
            });
            assert_eq!(
                other,
                first,
                "machine code {way}, fuel {fuel:?}\n{}",
                chunk.listing()
            );
        }
    }
    base(None)
}

/// A chunk without a language.
fn core(text: &str) -> Chunk {
    Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}
