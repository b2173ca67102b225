//! Handlers that fail in the middle of a loop that is hot, and handlers that run the VM from there: in
//! every tier the same trap at the same place, and nothing left behind.

use fusevm::prelude::*;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;

#[derive(Language)]
#[language(name = "failing", host = Host, ops(ops::OPS))]
struct Failing;

/// Counts the runs of ops.
#[derive(Default)]
struct Host {
    runs: u64,
    /// How the op `fails` fails next.
    how: i64,
}

/// Its copies are counted.
#[derive(FuseValue, Clone)]
struct Counted(Arc<()>);

/// So are these, which live in the heap.
#[derive(Object)]
struct Thing {
    #[trace(skip)]
    counted: Option<Counted>,
    values: Vec<Value>,
}

#[derive(Debug)]
struct Odd(i64);

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is odd", self.0)
    }
}

impl std::error::Error for Odd {}

/// Ways to fail, below it.
const FINE: i64 = 6;

/// Panics without a message on the terminal, or gives an error.
fn fail(how: i64) -> Result<i64, Trap> {
    match how {
        0 => resume_unwind(Box::new("a text")),
        1 => resume_unwind(Box::new(String::from("a string"))),
        2 => resume_unwind(Box::new(17)),
        3 => Err(Trap::host(Odd(7))),
        4 => Err(Trap::host(fmt::Error)),
        5 => Err(Trap::HandlerBusy),
        how => Ok(how),
    }
}

/// The same where an op can only panic.
fn panics(how: i64) -> i64 {
    match how {
        0 | 3 => resume_unwind(Box::new("a text")),
        1 | 4 => resume_unwind(Box::new(String::from("a string"))),
        2 | 5 => resume_unwind(Box::new(17)),
        how => how,
    }
}

#[ops(Failing)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn leaf(what: &Value, how: i64, host: &mut Host) -> Result<i64, Trap> {
        let _ = what;
        host.runs += 1;
        fail(how)
    }

    /// Of numbers alone.
    #[ext_op]
    pub fn unboxed(how: i64, x: f64) -> Result<i64, Odd> {
        match how {
            0..3 => Ok(panics(how)),
            3.. if how < FINE => Err(Odd(how)),
            _ => Ok(x as i64 + how),
        }
    }

    #[ext_op]
    pub fn infallible(how: i64, is: bool) -> f64 {
        panics(how) as f64 + f64::from(u8::from(is))
    }

    #[ext_op(pure)]
    pub fn chaste(how: i64) -> i64 {
        panics(how)
    }

    #[ext_op(pure)]
    pub fn borrows(text: &str, what: &Counted, how: i64) -> Result<i64, String> {
        let _ = what;
        match how {
            3.. if how < FINE => Err(format!("{text} {how}")),
            how => Ok(panics(how)),
        }
    }

    #[ext_op]
    pub fn takes(text: String, what: Counted, how: i64) -> Result<Counted, Trap> {
        let _ = text;
        fail(how)?;
        Ok(what)
    }

    #[ext_op]
    pub fn rest(how: i64, values: Rest<'_>) -> Result<i64, Trap> {
        Ok(fail(how)? + values.len() as i64)
    }

    /// Traps by itself for 0.
    #[ext_op(inline)]
    pub fn share(n: i64, by: i64) -> i64 {
        n / by
    }

    /// What other kinds than numbers come to.
    #[ext_op(inline, alt = other)]
    pub fn either(n: i64, by: i64) -> i64 {
        n % by
    }

    #[ext_op]
    pub fn other(what: &Value, how: &Value) -> Result<i64, Trap> {
        let _ = what;
        fail(how.to_int())
    }

    #[ext_op]
    pub fn owner(what: Value, how: i64, mut cx: Ctx<'_, Failing>) -> Result<i64, Trap> {
        let _ = what;
        cx.host().runs += 1;
        fail(how)
    }

    /// Fails in the middle of writing an object.
    #[ext_op]
    pub fn write(mut thing: ObjMut<'_, Thing>, how: i64) -> Result<i64, Trap> {
        thing.values.push(Value::Int(how));
        let fine = fail(how);
        thing.values.clear();
        fine
    }

    /// Fails with an object that nobody has.
    #[ext_op]
    pub fn allot(what: &Counted, how: i64, heap: &mut Heap) -> Result<Obj<Thing>, Trap> {
        let thing = Thing {
            counted: Some(what.clone()),
            values: Vec::new(),
        };
        let thing = heap.alloc(thing)?;
        fail(how)?;
        Ok(thing)
    }

    #[ext_op]
    pub fn is_counted(thing: &Thing) -> i64 {
        thing.counted.is_some().into()
    }

    /// Calls a function that fails by `fails`.
    #[ext_op]
    pub fn through(how: i64, mut cx: Ctx<'_, Failing>) -> Result<i64, Trap> {
        cx.host().how = how;
        Ok(cx.call("inner", &[Value::Int(3)])?.to_int())
    }

    #[ext_op]
    pub fn fails(n: i64, host: &mut Host) -> Result<i64, Trap> {
        let _ = n;
        fail(host.how)
    }

    #[ext_op]
    pub fn thing() -> Thing {
        Thing {
            counted: None,
            values: Vec::new(),
        }
    }

    /// Calls `down` with one less, or what is at the bottom.
    #[ext_op]
    pub fn again(n: i64, how: i64, mut cx: Ctx<'_, Failing>) -> Result<i64, Trap> {
        cx.host().runs += 1;
        match n {
            0 => fail(how),
            n => Ok(cx
                .call("down", &[Value::Int(n - 1), Value::Int(how)])?
                .to_int()),
        }
    }
}

/// A function of a loop in which the op gets `how` in turn `at`, and before that what is fine.
macro_rules! looped {
    ($($name:ident: { $($op:tt)* })*) => {
        [$((stringify!($name), chunk! { Failing;
            fn inner(n) {
                let i;
                LoadInt(0); SetSlot(i);
              'top:
                GetSlot(i); Inc; SetSlot(i);
                GetSlot(i); LoadInt(30); NumLt; JumpIfTrue('top);
                GetSlot(n); ops::fails; ReturnValue;
            }
            fn $name(how, at) {
                let i; let sum; let held; let now; let last;
                GetVar(counted); SetSlot(held);
                LoadInt(0); SetSlot(i);
                LoadInt(0); SetSlot(sum);
              'top:
                LoadInt(9); SetSlot(now);
                GetSlot(i); GetSlot(at); NumEq; JumpIfFalse('on);
                GetSlot(how); SetSlot(now);
              'on:
                GetSlot(sum);
                $($op)*
                Add; SetSlot(sum);
                GetSlot(i); Inc; SetSlot(i);
                GetSlot(i); LoadInt(40); NumLt; JumpIfTrue('top);
                GetSlot(sum); ReturnValue;
            }
        })),*]
    };
}

fn functions() -> Vec<(&'static str, StaticChunk)> {
    Vec::from(looped! {
        leaf: { GetSlot(held); GetSlot(now); ops::leaf; }
        unboxed: { GetSlot(now); LoadFloat(2.5); ops::unboxed; }
        infallible: { GetSlot(now); LoadTrue; ops::infallible; }
        chaste: { GetSlot(now); ops::chaste; }
        borrows: { LoadConst("text"); GetSlot(held); GetSlot(now); ops::borrows; }
        takes: { LoadConst("text"); GetVar(counted); GetSlot(now); ops::takes; SetSlot(last); LoadInt(1); }
        rest: { GetSlot(now); GetSlot(held); GetSlot(sum); ops::rest(2); }
        share: { LoadInt(1_000); GetSlot(now); ops::share; }
        either: { LoadInt(1_000); GetSlot(now); ops::either; }
        other: { GetSlot(held); GetSlot(now); ops::either; }
        // What runs the VM keeps a loop from being compiled, unless it was never seen there.
        owner: {
            GetSlot(i); GetSlot(at); NumEq; JumpIfFalse('skip);
            GetSlot(held); GetSlot(now); ops::owner; Add;
          'skip:
            LoadInt(1);
        }
        write: { GetVar(thing); GetSlot(now); ops::write; }
        allot: { GetSlot(held); GetSlot(now); ops::allot; SetSlot(last); GetSlot(last); ops::is_counted; }
        through: {
            GetSlot(i); GetSlot(at); NumEq; JumpIfFalse('skip);
            GetSlot(now); ops::through; Add;
          'skip:
            LoadInt(1);
        }
        scoped: {
            PushFrame;
            GetVar(counted); SetSlot(0); GetSlot(0); LoadInt(9); ops::leaf; Pop;
            PopFrame;
            GetSlot(held); GetSlot(now); ops::leaf;
        }
    })
}

/// Ways to run, by name.
fn tiers() -> Vec<(&'static str, Vm<Failing>)> {
    let vm = |name: &'static str| (name, Failing::vm(Host::default()));
    let mut base = vm("base");
    base.1.set_lowering(false);
    #[cfg_attr(not(all(feature = "jit", unix)), allow(unused_mut))]
    let mut all = vec![base, vm("register code")];
    #[cfg(all(feature = "jit", unix))]
    {
        all[1].1.set_jit(crate::jit::none());
        // In the first, code stays however often it fails.
        let mut steady = crate::jit::at_once(30);
        steady.exits = u32::MAX;
        let ways = [("steady", steady)].into_iter().chain(crate::jit::ways());
        for (way, config) in ways {
            let mut hot = vm(way);
            hot.1.set_jit(config);
            all.push(hot);
        }
    }
    all
}

/// How often machine code was entered.
fn entries(vm: &Vm<Failing>) -> u64 {
    #[cfg(all(feature = "jit", unix))]
    return vm.jit_report().entries;
    #[cfg(not(all(feature = "jit", unix)))]
    return vm.fuel().map_or(0, |_| 0);
}

/// What is seen of a call from outside: value or error with its place and chain, and fuel.
fn seen(vm: &mut Vm<Failing>, name: &str, args: [i64; 2]) -> String {
    vm.set_fuel(Some(1_000_000));
    let end = match vm.call(name, &args.map(Value::Int)) {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!(
            "{:?} {:?} {:?} {}",
            error.kind(),
            error.pc(),
            error.line(),
            error.render()
        ),
    };
    format!("{end}, {:?} left", vm.fuel())
}

/// A VM with these functions and a value of which copies are counted.
fn prepared(vm: &mut Vm<Failing>) -> Arc<()> {
    let counted = Arc::new(());
    vm.set_global("counted", Counted(counted.clone()));
    vm.eval(&chunk! { Failing; ops::thing; SetVar(thing); })
        .expect("it runs");
    counted
}

/// So many failures in each tier, of each op in turn.
fn failures(times: usize) {
    let mut kinds = std::collections::BTreeSet::new();
    for (name, function) in functions() {
        let mut wanted: Vec<String> = Vec::new();
        for (tier, mut vm) in tiers() {
            let counted = prepared(&mut vm);
            vm.load(&function).expect("it loads");
            vm.collect();
            let (held, heap) = (Arc::strong_count(&counted), vm.heap().len());
            for i in 0..times {
                let how = (i % FINE as usize) as i64;
                // In the first turns, and when the loop is machine code.
                let args = [how, ((i * 7 + 30) % 40) as i64];
                let end = seen(&mut vm, name, args);
                let fine = seen(&mut vm, name, [FINE, 20]);
                match wanted.get(i) {
                    Some(wanted) => assert_eq!(end, *wanted, "{name} {args:?} in {tier}"),
                    None => {
                        kinds.insert(end.split(' ').next().unwrap_or_default().to_owned());
                        wanted.push(end);
                    }
                }
                match wanted.get(times) {
                    Some(wanted) => assert_eq!(fine, *wanted, "{name} after {args:?} in {tier}"),
                    None if i + 1 == times => wanted.push(fine),
                    None => {}
                }
                assert_eq!(
                    Arc::strong_count(&counted),
                    held + extra(&mut vm, heap),
                    "{name} {args:?} in {tier}"
                );
            }
            vm.collect();
            assert_eq!(vm.heap().len(), heap, "{name} in {tier}");
            assert_eq!(Arc::strong_count(&counted), held, "{name} in {tier}");
            // Both calls in machine code, but where kinds never settle.
            let least = match (tier, name) {
                ("base" | "register code", _) => 0,
                ("steady", "other" | "owner" | "through") => 1,
                ("steady", _) => times as u64,
                _ => 1,
            };
            let entered = entries(&vm);
            assert!(entered >= least, "{name} in {tier}: {entered} entries");
            drop(vm);
            assert_eq!(Arc::strong_count(&counted), 1, "{name} in {tier}");
        }
        let failed = wanted.iter().filter(|end| end.contains("Trap(")).count();
        // The inline ops fail for 0 alone.
        let inline = matches!(name, "share" | "either");
        assert!(
            failed >= if inline { times / 6 } else { times },
            "{name}: {failed}"
        );
    }
    for kind in ["Panic", "Host", "HandlerBusy", "ZeroDivision"] {
        assert!(kinds.iter().any(|k| k.contains(kind)), "{kind}: {kinds:?}");
    }
}

/// Objects that wait for a collection, each of which holds a copy.
fn extra(vm: &mut Vm<Failing>, heap: usize) -> usize {
    vm.heap().len() - heap
}

#[test]
fn failures_in_hot_loops_are_the_same_in_every_tier() {
    failures(60);
}

/// 10,000 of them in each tier.
#[test]
#[ignore = "takes minutes"]
fn ten_thousand_failures_in_hot_loops() {
    failures(10_000usize.div_ceil(functions().len()));
}

/// Goes down through a handler from the middle of a hot loop.
static DOWN: StaticChunk = chunk! { Failing;
    fn down(n, how) {
        let i; let sum; let held;
        GetVar(counted); SetSlot(held);
        LoadInt(0); SetSlot(i);
        LoadInt(0); SetSlot(sum);
      'top:
        GetSlot(sum); GetSlot(i); Add; SetSlot(sum);
        GetSlot(i); LoadInt(25); NumEq; JumpIfFalse('on);
        GetSlot(sum); GetSlot(n); GetSlot(how); ops::again; Add; SetSlot(sum);
      'on:
        GetSlot(i); Inc; SetSlot(i);
        GetSlot(i); LoadInt(50); NumLt; JumpIfTrue('top);
        GetSlot(sum); ReturnValue;
    }
    fn main(n, how) {
        let i; let last;
        LoadInt(0); SetSlot(i);
      'top:
        GetSlot(n); GetSlot(how); Call(down, 2); SetSlot(last);
        GetSlot(i); Inc; SetSlot(i);
        GetSlot(i); LoadInt(3); NumLt; JumpIfTrue('top);
        GetSlot(last); ReturnValue;
    }
};

#[test]
fn handlers_run_the_vm_from_hot_loops_as_deep_as_the_limit_lets_them() {
    let mut wanted: Vec<String> = Vec::new();
    for (tier, mut vm) in tiers() {
        let counted = prepared(&mut vm);
        let mut limits = Limits::default();
        limits.max_reentry = 8;
        vm.set_limits(limits);
        vm.load(&DOWN).expect("it loads");
        let held = Arc::strong_count(&counted);
        let mut at = 0;
        for round in 0..12 {
            for n in [0, 1, 3, 7, 8, 9, 20] {
                for how in 0..=FINE {
                    let end = seen(&mut vm, "main", [n, how]);
                    // The call from outside is one, and each `again` that goes on another.
                    let too_deep = end.contains("nested runs exceed 8");
                    assert_eq!(too_deep, n >= 8, "{n} deep in {tier}: {end}");
                    assert_eq!(end.starts_with("Trap("), too_deep || how < FINE, "{end}");
                    match wanted.get(at) {
                        Some(wanted) => {
                            assert_eq!(end, *wanted, "{n} deep, {how}, round {round} in {tier}")
                        }
                        None => wanted.push(end),
                    }
                    at += 1;
                    assert_eq!(Arc::strong_count(&counted), held, "{n} deep in {tier}");
                }
            }
        }
        let least = match tier {
            "base" | "register code" => 0,
            "steady" => 12 * 7 * 7,
            _ => 1,
        };
        assert!(entries(&vm) >= least, "{tier}: {} entries", entries(&vm));
        assert!(vm.host().runs > 1_000, "{}", vm.host().runs);
    }
    // Every one eight deep: 7 nested runs, and back.
    let fine = wanted
        .iter()
        .filter(|end| !end.starts_with("Trap("))
        .count();
    assert_eq!(fine, 12 * 4);
    let deep = wanted.iter().filter(|end| end.contains("nested runs"));
    assert_eq!(deep.count(), 12 * 3 * 7);
}
