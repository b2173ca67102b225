//! Workloads: programs with the same algorithm in native Rust.
//!
//! Each is a chunk with a function `run(n)` and a Rust function that gives the same number, always as
//! a float that is exact. The compiler knows neither `n` nor what stands in a `black_box`, so that
//! nothing is computed beforehand; what it makes of the rest is what it is measured by.
//! `SHARED` are those that other languages run as well; `CLASSIC` are about this op set.

pub mod classic;
pub mod race;

mod arrays;
mod bodies;
mod calls;
mod loops;
mod text;

use classic::Course;
use fusevm::prelude::*;
use std::hint::black_box;

/// A program and what it is compared with.
#[derive(Clone, Copy)]
pub struct Workload {
    pub name: &'static str,
    /// Its argument.
    pub n: i64,
    /// Whether sequences of ops run as one.
    pub fusion: bool,
    native: fn(i64) -> f64,
    chunk: fn(i64) -> Chunk,
}

const fn workload(
    name: &'static str,
    n: i64,
    native: fn(i64) -> f64,
    chunk: fn(i64) -> Chunk,
) -> Workload {
    let fusion = true;
    Workload {
        name,
        n,
        fusion,
        native,
        chunk,
    }
}

#[rustfmt::skip]
pub const SHARED: [Workload; 14] = [
    workload("fib", 25, calls::fib, |_| calls::FIB.to_chunk()),
    workload("ackermann", 6, calls::ackermann, |_| calls::ACKERMANN.to_chunk()),
    workload("tak", 6, calls::tak, |_| calls::TAK.to_chunk()),
    workload("sum", 1_000_000, loops::sum, |_| loops::SUM.to_chunk()),
    workload("nested", 500, loops::nested, |_| loops::NESTED.to_chunk()),
    workload("collatz", 5_000, loops::collatz, |_| loops::COLLATZ.to_chunk()),
    workload("sieve", 200_000, arrays::sieve, |_| arrays::SIEVE.to_chunk()),
    workload("nbody", 5_000, bodies::nbody, |_| bodies::NBODY.to_chunk()),
    workload("mandelbrot", 100, loops::mandelbrot, |_| loops::MANDELBROT.to_chunk()),
    workload("matmul", 60, arrays::matmul, |_| arrays::MATMUL.to_chunk()),
    workload("quicksort", 20_000, arrays::quicksort, |_| arrays::QUICKSORT.to_chunk()),
    workload("trees", 10, arrays::trees, |_| arrays::TREES.to_chunk()),
    workload("append", 100_000, text::append, |_| text::APPEND.to_chunk()),
    workload("hash", 50_000, text::hash, |_| text::HASH.to_chunk()),
];

#[rustfmt::skip]
pub const CLASSIC: [Workload; 13] = [
    workload("fib_iterative(35)", 35, classic::fib_iterative, |_| classic::FIB_ITERATIVE.to_chunk()),
    workload("fib_recursive(20)", 20, calls::fib, |_| calls::FIB.to_chunk()),
    workload("ackermann(3, 4)", 4, calls::ackermann, |_| calls::ACKERMANN.to_chunk()),
    workload("sum to 1M, fused", 1_000_000, loops::sum, classic::sum),
    Workload {
        fusion: false,
        ..workload("sum to 1M, unfused", 1_000_000, loops::sum, classic::sum)
    },
    workload("nested 100 x 100", 100, loops::nested, |_| loops::NESTED.to_chunk()),
    workload("dispatch of 1M Nops", 1_000_000, classic::nops_native, classic::nops),
    workload("string build 10k", 10_000, text::append, classic::append),
    workload("slot_mixed x 100", 100, classic::mixed_native, classic::mixed),
    workload("slot_bitwise x 200", 200, classic::bitwise_native, classic::bitwise),
    workload("slot_float x 200", 200, classic::float_native, classic::float),
    workload("ext op in a loop", 100_000, classic::host_calls, |_| classic::EXT_OP.to_chunk()),
    workload("builtin in a loop", 100_000, classic::host_calls, |_| classic::BUILTIN.to_chunk()),
];

/// How a VM runs.
#[derive(Clone, Copy)]
pub struct Tier {
    pub lowering: bool,
    pub metered: bool,
    /// Whether what is hot becomes machine code.
    pub jit: bool,
}

impl Workload {
    /// A smaller argument, to see that it works.
    pub fn small(self) -> Self {
        let n = match self.n {
            n if n <= 100 => n.min(20),
            n => n / 50,
        };
        Self { n, ..self }
    }

    /// Its bytecode.
    pub fn chunk(&self) -> Chunk {
        (self.chunk)(self.n)
    }

    /// In native Rust.
    pub fn native(&self) -> race::Entrant<'_> {
        Box::new(|runs| {
            let run = || (self.native)(black_box(self.n));
            (0..runs).fold(0.0, |_, _| black_box(run()))
        })
    }

    /// A VM that has loaded it.
    pub fn vm(&self, lowering: bool, jit: bool) -> Vm<Course> {
        let mut vm = Course::vm(());
        vm.register_builtin(0, classic::mix_builtin);
        vm.set_fusion(self.fusion);
        vm.set_lowering(lowering);
        set_jit(&mut vm, jit);
        vm.eval(self.chunk()).expect("the chunk is right");
        vm
    }

    /// What its machine code is made from, and that itself.
    #[cfg(feature = "jit")]
    #[allow(dead_code, reason = "the peers list nothing")]
    pub fn jit_listing(&self, metered: bool) -> String {
        let mut vm = self.vm(true, true);
        let mut config = fusevm::JitConfig::DEFAULT;
        config.listings = true;
        vm.set_jit(config);
        for _ in 0..3 {
            vm.set_fuel(metered.then_some(u64::MAX / 2));
            vm.call("run", &[Value::Int(self.n)])
                .expect("the program runs");
        }
        vm.jit_listing()
    }

    /// In a VM of its own, loaded once.
    pub fn in_vm(&self, tier: Tier) -> race::Entrant<'_> {
        let mut vm = self.vm(tier.lowering, tier.jit);
        // Who calls it often does not look for its name each time.
        let run = vm.function("run").expect("there is one");
        Box::new(move |runs| {
            let mut answer = Value::Undef;
            for _ in 0..runs {
                vm.set_fuel(tier.metered.then_some(u64::MAX / 2));
                let args = [Value::Int(black_box(self.n))];
                answer = vm.call(&run, &args).expect("the program runs");
            }
            answer.to_float()
        })
    }
}

/// Whether what is hot becomes machine code.
#[cfg(feature = "jit")]
fn set_jit(vm: &mut VM, on: bool) {
    let mut config = fusevm::JitConfig::DEFAULT;
    config.enabled = on;
    vm.set_jit(config);
}

#[cfg(not(feature = "jit"))]
fn set_jit(_: &mut VM, _: bool) {}
