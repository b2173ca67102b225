//! A language that was generated: what its ops share, and what runs each of them in every way.

mod ops;

use fusevm::ext::Native;
use fusevm::{JitConfig, Rules, SharedBuffer, prelude::*};
use std::fmt;
use std::str::FromStr;

#[derive(Language)]
#[language(name = "many", host = Host, ops(given::OPS, ops::ops::OPS))]
pub struct Many;

#[derive(Default)]
pub struct Host {
    pub sum: i64,
}

#[derive(FuseValue, Clone, Debug, PartialEq)]
#[fuse_value(eq)]
pub struct Celsius(pub f64);

#[derive(Object)]
pub struct Counter {
    pub count: i64,
}

/// A function with what it has captured.
#[derive(Object)]
pub struct Closure {
    #[trace(skip)]
    pub function: Func,
    pub captured: i64,
}

#[derive(Immediate, Clone, Copy, Debug)]
pub enum Way {
    Up,
    Down,
    Left,
}

/// A text that is parsed at load.
#[derive(Debug)]
pub struct Letters(pub String);

impl FromStr for Letters {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Letters(text.into()))
    }
}

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Default)]
pub struct Memory(pub i64);

pub fn mix(sum: i64, n: i64) -> i64 {
    sum.wrapping_mul(31).wrapping_add(n) & 0xff_ffff
}

/// A number for a text: all that a value shows of itself.
pub fn digest(text: impl fmt::Debug) -> i64 {
    format!("{text:?}").bytes().fold(7, |sum, byte| mix(sum, byte.into()))
}

/// Ops that the programs need beside those under test.
#[fusevm::ops(Many)]
pub mod given {
    use super::*;

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    #[ext_op]
    pub fn cell(v: Value, heap: &mut Heap) -> Result<Ref, Trap> {
        Ok(heap.new_ref(v)?)
    }

    #[ext_op]
    pub fn counter() -> Counter {
        Counter { count: 10 }
    }

    #[ext_op]
    pub fn celsius(x: f64) -> Celsius {
        Celsius(x)
    }

    #[ext_op]
    pub fn closure(#[imm] f: Function) -> Closure {
        let function = f.into();
        Closure { function, captured: 5 }
    }

    #[ext_op]
    pub fn enter(callee: Obj<Closure>, args: Rest<'_>, heap: &mut Heap) -> Result<Invoke, Trap> {
        let _ = args;
        let function = heap.get(callee)?.function.clone();
        Ok(Invoke::Call { function, callee: callee.into(), first: None })
    }

    /// Takes note of a result.
    #[ext_op]
    pub fn note(v: &Value, host: &mut Host) {
        host.sum = mix(host.sum, match v {
            Value::Obj(_) | Value::Ref(_) => 1,
            other => digest(other),
        });
    }
}

/// An op under test.
pub struct Case {
    pub name: &'static str,
    /// Writes its operands, the op, and what takes its result.
    pub write: fn(&mut Builder<Many>),
}

/// The slot in which a loop counts, and the one that ops write.
pub const TURN: usize = 1;
pub const SLOT: usize = 2;

/// A program that runs the op in a loop of a closure.
fn program(case: &Case) -> Chunk {
    let mut b = Builder::<Many>::new();
    let small = b.begin_fn("small", &["a", "b"]);
    b.get_slot(0);
    b.load(3);
    b.emit(Op::Mul);
    b.get_slot(1);
    b.emit(Op::Add);
    b.emit(Op::ReturnValue);
    b.end_fn(small);
    let f = b.begin_fn("f", &["turns"]);
    b.load(0);
    b.set_slot(TURN);
    b.load(0);
    b.set_slot(SLOT);
    let top = b.label_here();
    (case.write)(&mut b);
    b.get_slot(TURN);
    b.emit(Op::Inc);
    b.set_slot(TURN);
    b.get_slot(TURN);
    b.get_slot(0);
    b.emit(Op::NumLt);
    b.jump_if_true(top);
    b.get_slot(SLOT);
    b.emit(Op::ReturnValue);
    b.end_fn(f);
    b.op(given::function { f: "small".into() });
    b.set_var("func");
    b.load("text");
    b.set_var("text");
    b.load(1);
    b.load(2.5);
    b.make_array(2);
    b.set_var("list");
    b.load("key");
    b.load(7);
    b.make_hash(1);
    b.set_var("map");
    b.load(4);
    b.op(given::cell {});
    b.set_var("cell");
    b.op(given::counter {});
    b.set_var("counter");
    b.load(21.5);
    b.op(given::celsius {});
    b.set_var("celsius");
    b.op(given::closure { f: "f".into() });
    b.load(40);
    b.op(given::enter { args: 1 });
    b.finish().unwrap_or_else(|errors| panic!("{}: {errors}", case.name))
}

/// What came of a few runs in one VM, and how often machine code was entered.
fn run(case: &Case, chunk: &Chunk, lowering: bool, config: JitConfig) -> (Vec<String>, u64) {
    let mut vm = Many::vm(Host::default());
    let out = SharedBuffer::default();
    vm.set_output(out.clone());
    vm.set_lowering(lowering);
    vm.set_jit(config);
    let program = vm.load(chunk).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let mut ends = Vec::new();
    for _ in 0..3 {
        vm.set_fuel(Some(1 << 30));
        let end = match vm.eval(&program) {
            Ok(value) => format!("{value:?}"),
            Err(error) => format!("{:?} {:?} {}", error.kind(), error.pc(), error.render()),
        };
        ends.push(format!("{end}, {} {:?}", vm.host().sum, vm.fuel()));
    }
    vm.collect();
    ends.push(format!("{} objects", vm.heap().len()));
    let entries = vm.jit_report().entries;
    drop(vm);
    ends.push(out.text());
    (ends, entries)
}

fn at_once() -> JitConfig {
    let mut config = JitConfig::DEFAULT;
    (config.threshold, config.observed, config.everywhere) = (1, 60, true);
    (config.exits, config.code_memory) = (u32::MAX, 1 << 20);
    config.background = false;
    config
}

fn main() {
    let mut none = JitConfig::DEFAULT;
    none.enabled = false;
    let mut leaving = at_once();
    leaving.stress = 3;
    let mut eager = at_once();
    eager.eager = true;
    let (mut hot, mut trapped) = (0, 0);
    let mut native = std::collections::BTreeMap::<String, usize>::new();
    for case in ops::CASES {
        let chunk = program(case);
        let (base, _) = run(case, &chunk, false, none.clone());
        trapped += usize::from(base[0].contains("Trap("));
        let mut entered = 0;
        for (tier, config) in [
            ("register code", &none),
            ("machine code", &at_once()),
            ("machine code, leaving", &leaving),
            ("machine code, eager", &eager),
        ] {
            let (ends, entries) = run(case, &chunk, true, config.clone());
            assert_eq!(ends, base, "`{}` in {tier} (left) and base\n{}", case.name, chunk.listing());
            entered += entries;
        }
        hot += usize::from(entered > 0);
        let (_, desc) = Many::table().ops().find(|(_, desc)| desc.name == case.name).expect("it is there");
        let class = match desc.native() {
            Native::Entry(why) => format!("as the interpreter: {why}"),
            other => format!("{other:?}"),
        };
        *native.entry(class).or_default() += 1;
    }
    let report = fusevm::testing::check_ops::<Many>(&[]);
    println!(
        "{} ops the same in five ways; {hot} in loops that are machine code, {trapped} trap; {native:?}; {} on generated inputs",
        ops::CASES.len(),
        report.tested.len()
    );
    for class in ["Expanded", "Unboxed", "Pointers", "Inside", "as the interpreter"] {
        let of = native.iter().filter(|(name, _)| name.starts_with(class));
        assert!(of.map(|(_, count)| count).sum::<usize>() > 3, "{native:?}");
    }
    assert!(hot * 2 > ops::CASES.len() && report.tested.len() > 50);
}

/// So that it is used.
pub fn limit(rules: &Rules<'_>) -> i64 {
    rules.limits.max_call_depth as i64 & 1
}
