//! Every kind of result at run time, and errors of an op's own.

use fusevm::testing::assert_chunk;
use fusevm::{ErrorKind, Loadable, TrapKind, prelude::*};
use std::fmt;

#[derive(Language)]
#[language(name = "results", ops(ops::OPS))]
struct Results;

#[derive(Object, Debug)]
struct Pair {
    left: i64,
    right: i64,
}

#[derive(FuseValue, Clone, PartialEq)]
#[fuse_value(eq)]
struct Unit(&'static str);

/// An error with something to look at.
#[derive(Debug, PartialEq)]
struct OutOfStock {
    wanted: i64,
}

impl fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} are not in stock", self.wanted)
    }
}

impl std::error::Error for OutOfStock {}

#[ops(Results)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn nothing(_x: i64) {}

    #[ext_op]
    pub fn div_rem(a: i64, b: i64) -> (i64, i64) {
        (a / b, a % b)
    }

    #[ext_op]
    pub fn find(s: &str, part: &str) -> Option<i64> {
        s.find(part).map(|at| at as i64)
    }

    #[ext_op]
    pub fn head(s: &str) -> &str {
        s.get(..1).unwrap_or("")
    }

    #[ext_op]
    pub fn first(_s: &str, items: &Array) -> Value {
        items.get(0).unwrap_or_default()
    }

    #[ext_op]
    pub fn twice(s: String) -> String {
        s.repeat(2)
    }

    #[ext_op]
    pub fn unit() -> Unit {
        Unit("m")
    }

    #[ext_op]
    pub fn pair(left: i64, right: i64) -> Pair {
        Pair { left, right }
    }

    /// Allocates while it has borrowed from the heap.
    #[ext_op]
    pub fn swapped(p: &Pair) -> Pair {
        Pair {
            left: p.right,
            right: p.left,
        }
    }

    /// Two objects at once, one of them perhaps not.
    #[ext_op]
    pub fn halves(p: &Pair) -> (Pair, Option<Pair>) {
        let half = |x| Pair { left: x, right: 0 };
        (half(p.left), (p.right != 0).then(|| half(p.right)))
    }

    #[ext_op]
    pub fn left(p: &Pair) -> i64 {
        p.left
    }

    #[ext_op]
    pub fn take(n: i64) -> Result<i64, OutOfStock> {
        match n {
            0..=9 => Ok(10 - n),
            wanted => Err(OutOfStock { wanted }),
        }
    }

    #[ext_op]
    pub fn check(n: i64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match n {
            0 => Ok(()),
            n => Err(format!("{n} is not zero").into()),
        }
    }

    #[ext_op]
    pub fn trap_of_its_own(n: i64) -> Result<(), Trap> {
        match n {
            0 => Ok(()),
            _ => Err(Trap::ZeroDivision { op: "mine" }),
        }
    }

    #[ext_op]
    pub fn jump_if_undef(#[imm] to: Label, v: &Value) -> Branch {
        let _ = to;
        Branch::when(v.is_undef())
    }

    /// Falls with one result, jumps with two.
    #[ext_op]
    pub fn sign(#[imm] if_negative: Label, n: i64) -> Branch<i64, (String, i64)> {
        let _ = if_negative;
        match n {
            0.. => Branch::Fall(n),
            n => Branch::Jump(("minus".into(), -n)),
        }
    }

    #[ext_op]
    pub fn fallible_jump(#[imm] to: Label, n: i64) -> Result<Branch<Pair, ()>, OutOfStock> {
        let _ = to;
        match n {
            0 => Ok(Branch::Jump(())),
            1 => Ok(Branch::Fall(Pair { left: 8, right: 9 })),
            wanted => Err(OutOfStock { wanted }),
        }
    }
}

fn error(program: impl Loadable) -> Error {
    let result = Results::vm(()).eval(program);
    result.expect_err("the program traps")
}

#[test]
fn as_many_results_as_the_signature_says() {
    static STACK: StaticChunk = chunk! { Results;
        LoadConst("bottom");
        LoadInt(1); ops::nothing;
        LoadInt(17); LoadInt(5); ops::div_rem;
        MakeArray(3);
    };
    assert_chunk!(Results; STACK => vec!["bottom".into(), Value::Int(3), 2.into()]);
}

#[test]
fn options_and_texts() {
    let find = |part: &str| chunk! { Results; LoadConst("abc"); {part}; ops::find; };
    assert_chunk!(Results; find("c") => 2);
    assert_chunk!(Results; find("x") => Value::Undef);
    assert_chunk!(Results; chunk! { Results; LoadConst("abc"); ops::head; } => "a");
    assert_chunk!(Results; chunk! { Results;
        LoadConst(""); LoadConst("inside"); MakeArray(1); ops::first;
    } => "inside");
    assert_chunk!(Results; chunk! { Results; ops::unit; } => Unit("m"));
}

#[test]
fn objects_are_allocated_beside_borrows_and_without() {
    static LEFTS: StaticChunk = chunk! { Results;
        let swapped; let right;
        LoadInt(3); LoadInt(4); ops::pair; ops::swapped; SetSlot(swapped);
        GetSlot(swapped); ops::halves; ops::left; SetSlot(right); ops::left;
        GetSlot(right);
        GetSlot(swapped); ops::left;
        MakeArray(3);
    };
    assert_chunk!(Results; LEFTS => vec![4, 3, 4]);
    let mut vm = Results::vm(());
    vm.eval(&LEFTS).unwrap();
    assert_eq!(vm.heap().len(), 4);

    let mut limits = Limits::default();
    limits.max_objects = 1;
    vm.set_limits(limits);
    let line = line!() + 1;
    let two = chunk! { Results; LoadInt(3); LoadInt(4); ops::pair; ops::swapped; };
    let error = vm.eval(&two).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Heap));
    let place = format!("{}:{line}", file!());
    assert_eq!(error.to_string(), format!("{place}: too many objects"));
}

#[test]
fn an_error_of_the_ops_own_comes_out_whole() {
    assert_chunk!(Results; chunk! { Results; LoadInt(3); ops::take; } => 7);
    let line = line!() + 1;
    let failed = error(&chunk! { Results; LoadInt(12); ops::take; });
    assert_eq!(failed.kind(), ErrorKind::Trap(TrapKind::Host));
    assert_eq!(
        failed.downcast_ref(),
        Some(&OutOfStock { wanted: 12 }),
        "with what it carries"
    );
    assert!(failed.downcast_ref::<fmt::Error>().is_none());
    let place = format!("{}:{line}", file!());
    assert_eq!(failed.to_string(), format!("{place}: 12 are not in stock"));
    assert_eq!(failed.site().unwrap().op, "take");

    let boxed = error(&chunk! { Results; LoadInt(1); ops::check; });
    assert_eq!(boxed.message(), "1 is not zero");
    let trap = error(&chunk! { Results; LoadInt(1); ops::trap_of_its_own; });
    assert_eq!(trap.kind(), ErrorKind::Trap(TrapKind::ZeroDivision));
    assert_eq!(trap.message(), "division by zero in `mine`");
}

#[test]
fn branches_without_results() {
    let taken = |v: Value| {
        chunk! { Results;
            LoadConst("below"); {v}; ops::jump_if_undef('jumps);
            LoadConst("fell"); ReturnValue;
          'jumps:
            LoadConst("jumped");
        }
    };
    assert_chunk!(Results; taken(Value::Undef) => "jumped");
    assert_chunk!(Results; taken(Value::Int(0)) => "fell");
}

#[test]
fn branches_with_results_on_both_ways() {
    let sign = |n: i64| {
        chunk! { Results;
            LoadConst("below"); {n}; ops::sign('negative);
            MakeArray(2); ReturnValue;
          'negative:
            MakeArray(3);
        }
    };
    assert_chunk!(Results; sign(5) => vec!["below".into(), Value::Int(5)]);
    assert_chunk!(Results; sign(-5) => vec!["below".into(), "minus".into(), Value::Int(5)]);
}

#[test]
fn a_branch_backwards_makes_a_loop() {
    static STEPS: StaticChunk = chunk! { Results;
        let i;
        LoadInt(0); SetSlot(i);
      'top:
        GetSlot(i); Inc; SetSlot(i);
        // Undef while it is below 1000.
        GetSlot(i); LoadInt(1000); NumLt; JumpIfFalse('done);
        LoadUndef; ops::jump_if_undef('top);
      'done:
        GetSlot(i);
    };
    assert_chunk!(Results; STEPS => 1000);
}

#[test]
fn a_branch_may_fail_and_may_allocate() {
    let program = |n: i64| {
        chunk! { Results;
            {n}; ops::fallible_jump('jumps);
            ops::left; ReturnValue;
          'jumps:
            LoadConst("jumped");
        }
    };
    assert_chunk!(Results; program(0) => "jumped");
    assert_chunk!(Results; program(1) => 8);
    let wanted = Some(&OutOfStock { wanted: 2 });
    assert_eq!(error(program(2)).downcast_ref(), wanted);
}

#[test]
fn what_an_op_gives_is_held_to_the_limits() {
    let mut vm = Results::vm(());
    let mut limits = Limits::default();
    limits.max_string_len = 8;
    vm.set_limits(limits);
    for (text, fits) in [("four", true), ("five!", false)] {
        let result = vm.eval(&chunk! { Results; {text}; ops::twice; });
        let kind = result.as_ref().err().map(fusevm::Error::kind);
        let trap = (!fits).then_some(ErrorKind::Trap(TrapKind::TooLong));
        assert_eq!(kind, trap, "{result:?}");
    }
}
