//! What a handler changes while registers run: fuel, limits, functions, the interrupt flag; and values of
//! the host that fail when they are dropped.

use super::{agree, core};
use fusevm::{Error, TrapKind, VM, Value, Vm, prelude::*};

/// A function that calls a builtin, and a loop behind the call.
const CALLS: &str = r#"
fn f/1
  LoadInt 0
  SetSlot 1
  LoadInt 7
  Call f, 1
  Pop
top:
  GetSlot 1
  Inc
  SetSlot 1
  GetSlot 1
  SetVar turns
  GetSlot 1
  LoadInt 30
  NumLt
  JumpIfTrue top
  LoadInt 3
  Jump end
f:
  SetSlot 0
  LoadInt 100
  GetSlot 0
  CallBuiltin 1, 1
  LoadInt 5
  Add
  Add
  ReturnValue
end:
"#;

#[test]
fn fuel_that_a_handler_sets_counts_from_there_on() {
    for fuel in 0..300 {
        let sets: [fn(&mut VM, u8) -> Value; 2] = [
            |vm, _| {
                let fuel = vm.global("fuel").to_int() as u64;
                vm.set_fuel(Some(fuel));
                Value::Int(1)
            },
            |vm, _| {
                vm.set_fuel(None);
                Value::Int(1)
            },
        ];
        for (i, handler) in sets.into_iter().enumerate() {
            if i == 1 && fuel > 0 {
                continue;
            }
            let chunk = core(CALLS);
            let ends = [(false, false), (true, false), (true, true)].map(|(lowering, fusion)| {
                let form = (Some(lowering), fusion);
                super::run::<()>(&chunk, form, None, |vm| {
                    vm.set_global("fuel", fuel);
                    vm.register_builtin(1, handler);
                })
            });
            assert_eq!(ends[1], ends[0], "fuel {fuel}");
            assert_eq!(ends[2], ends[0], "fuel {fuel}");
        }
    }
}

#[test]
fn a_depth_that_a_handler_sets_holds_from_there_on() {
    let chunk = core(
        "fn down/1\n  CallBuiltin 1, 0\n  Pop\n  LoadInt 20\n  Call down, 1\n  Jump end\n\
         down:\n  SetSlot 0\n  GetSlot 0\n  LoadInt 0\n  NumLe\n  JumpIfTrue done\n  GetSlot 0\n  Dec\n  \
         Call down, 1\n  Inc\n  ReturnValue\ndone:\n  LoadInt 0\n  ReturnValue\nend:\n",
    );
    let seen = agree::<()>(&chunk, |vm| {
        vm.register_builtin(1, |vm, _| {
            let mut limits = vm.limits().clone();
            limits.max_call_depth = 5;
            vm.set_limits(limits);
            Value::Undef
        });
    });
    assert!(seen.end.contains("CallDepth"), "{seen:?}");
}

/// The turns of an endless loop until it hears of an interrupt in its first turn.
fn turns_until_stopped(body: usize) -> i64 {
    let mut text = String::from("top:\n  GetVar n\n  Inc\n  SetVar n\n  CallBuiltin 1, 0\n  Pop\n");
    text.extend((0..body / 3).map(|_| "  GetSlot 0\n  Inc\n  SetSlot 0\n"));
    text.push_str("  Jump top\n");
    let mut vm = VM::empty();
    vm.register_builtin(1, |vm, _| {
        if vm.global("n") == Value::Int(1) {
            vm.interrupt_handle().interrupt();
        }
        Value::Undef
    });
    let error = vm.eval(core(&text)).unwrap_err();
    assert_eq!(error.kind(), fusevm::ErrorKind::Trap(TrapKind::Interrupted));
    vm.global("n").to_int()
}

#[test]
fn long_bodies_hear_of_an_interrupt_as_soon_as_short_ones() {
    for body in [3, 300, 3_000, 30_000] {
        let ops = turns_until_stopped(body) * body as i64;
        assert!(ops < 100_000, "{ops} ops with a body of {body}");
    }
}

#[test]
fn a_handler_that_resets_the_vm_leaves_frames_alone() {
    let chunk = core(
        "fn f/1\n  LoadInt 4\n  SetSlot 0\n  LoadInt 5\n  LoadInt 6\n  Call f, 1\n  Add\n  GetSlot 0\n  Add\n  \
         Jump end\nf:\n  SetSlot 0\n  LoadInt 7\n  CallBuiltin 1, 0\n  Pop\n  GetSlot 0\n  Add\n  ReturnValue\nend:\n",
    );
    let seen = agree::<()>(&chunk, |vm| {
        vm.register_builtin(1, |vm, _| {
            vm.reset();
            Value::Undef
        });
    });
    assert_eq!(seen.end, "22");
}
/// Panics when it is dropped.
#[derive(FuseValue)]
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new("dropped"));
    }
}

#[test]
fn a_value_that_panics_when_it_is_dropped_is_a_trap() {
    // The first op of `g` is far behind the last of `f`, so that no op of the one is taken for the other.
    let text = r#"
fn g/1
fn f/1
  LoadInt 1
  Call f, 1
  Jump end
f:
  SetSlot 0
  LoadInt 1
  SetSlot 1
  LoadInt 2
  SetSlot 2
  GetSlot 1
  GetSlot 2
  Add
  CallBuiltin 2, 1
  SetSlot 1
  CallBuiltin 1, 0
  Call g, 1
  ReturnValue
g:
  SetSlot 0
  LoadInt 3
  SetSlot 0
  LoadInt 4
  ReturnValue
end:
"#;
    let prepare = |vm: &mut Vm<()>| {
        vm.register_builtin(1, |_, _| Fragile.into());
        vm.register_builtin(2, |vm, _| vm.peek().cloned().unwrap_or_default());
    };
    let seen = |lowering| {
        let mut vm = Vm::<()>::default();
        prepare(&mut vm);
        vm.set_lowering(lowering);
        let mut seen = Vec::new();
        for fuel in [None, Some(100)] {
            // Code is made in the first run.
            for _ in 0..2 {
                vm.set_fuel(fuel);
                let error: Error = vm.eval(core(text)).unwrap_err();
                let trace: Vec<_> = error
                    .trace()
                    .iter()
                    .map(|site| site.function.clone())
                    .collect();
                seen.push((error.kind(), error.message(), trace));
            }
        }
        assert_eq!(vm.eval(core("LoadInt 1")).unwrap(), Value::Int(1));
        seen
    };
    let (base, registers) = (seen(false), seen(true));
    assert!(base[0].1.contains("dropped"), "{base:?}");
    assert_eq!(registers, base);
}
