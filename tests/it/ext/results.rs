//! Every kind of result at run time, and errors of an op's own.

use super::eval;
use fusevm::{ErrorKind, TrapKind, prelude::*};
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

fn value(build: impl FnOnce(&mut Builder<Results>)) -> Value {
    eval(&mut Results::vm(()), build).unwrap_or_else(|error| panic!("{}", error.render()))
}

fn error(build: impl FnOnce(&mut Builder<Results>)) -> Error {
    eval(&mut Results::vm(()), build).expect_err("the program traps")
}

#[test]
fn as_many_results_as_the_signature_says() {
    let stack = value(|b| {
        b.load("bottom");
        b.load(1);
        b.op(ops::nothing {});
        b.load(17);
        b.load(5);
        b.op(ops::div_rem {});
        b.make_array(3);
    });
    assert_eq!(format!("{stack:?}"), "[\"bottom\", 3, 2]");
}

#[test]
fn options_and_texts() {
    let find = |part: &'static str| {
        value(|b| {
            b.load("abc");
            b.load(part);
            b.op(ops::find {});
        })
    };
    assert_eq!(find("c"), Value::Int(2));
    assert_eq!(find("x"), Value::Undef);
    let head = value(|b| {
        b.load("abc");
        b.op(ops::head {});
    });
    assert_eq!(head, Value::str("a"));
    let first = value(|b| {
        b.load("");
        b.load("inside");
        b.make_array(1);
        b.op(ops::first {});
    });
    assert_eq!(first, Value::str("inside"));
    assert_eq!(value(|b| b.op(ops::unit {})), Value::from(Unit("m")));
}

#[test]
fn objects_are_allocated_beside_borrows_and_without() {
    let mut vm = Results::vm(());
    let lefts = eval(&mut vm, |b| {
        b.load(3);
        b.load(4);
        b.op(ops::pair {});
        b.op(ops::swapped {});
        b.set_slot(0);
        b.get_slot(0);
        b.op(ops::halves {});
        b.op(ops::left {});
        b.set_slot(1);
        b.op(ops::left {});
        b.get_slot(1);
        b.get_slot(0);
        b.op(ops::left {});
        b.make_array(3);
    });
    assert_eq!(format!("{:?}", lefts.unwrap()), "[4, 3, 4]");
    assert_eq!(vm.heap().len(), 4);

    let mut limits = Limits::default();
    limits.max_objects = 1;
    vm.set_limits(limits);
    let error = eval(&mut vm, |b| {
        b.load(3);
        b.load(4);
        b.op(ops::pair {});
        b.op(ops::swapped {});
    });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Heap));
    assert_eq!(error.to_string(), "chunk:1: too many objects");
}

#[test]
fn an_error_of_the_ops_own_comes_out_whole() {
    let taken = value(|b| {
        b.load(3);
        b.op(ops::take {});
    });
    assert_eq!(taken, Value::Int(7));
    let failed = error(|b| {
        b.line(4).load(12);
        b.op(ops::take {});
    });
    assert_eq!(failed.kind(), ErrorKind::Trap(TrapKind::Host));
    assert_eq!(
        failed.downcast_ref(),
        Some(&OutOfStock { wanted: 12 }),
        "with what it carries"
    );
    assert!(failed.downcast_ref::<fmt::Error>().is_none());
    assert_eq!(failed.to_string(), "chunk:4: 12 are not in stock");
    assert_eq!(failed.site().unwrap().op, "take");

    let boxed = error(|b| {
        b.load(1);
        b.op(ops::check {});
    });
    assert_eq!(boxed.message(), "1 is not zero");
    let trap = error(|b| {
        b.load(1);
        b.op(ops::trap_of_its_own {});
    });
    assert_eq!(trap.kind(), ErrorKind::Trap(TrapKind::ZeroDivision));
    assert_eq!(trap.message(), "division by zero in `mine`");
}

#[test]
fn branches_without_results() {
    let taken = |v: Value| {
        value(|b| {
            let to = b.label();
            b.load("below");
            b.load(v);
            b.op(ops::jump_if_undef { to });
            b.load("fell");
            b.emit(Op::ReturnValue);
            b.bind(to);
            b.load("jumped");
        })
    };
    assert_eq!(taken(Value::Undef), Value::str("jumped"));
    assert_eq!(taken(Value::Int(0)), Value::str("fell"));
}

#[test]
fn branches_with_results_on_both_ways() {
    let sign = |n: i64| {
        let got = value(|b| {
            let if_negative = b.label();
            b.load("below");
            b.load(n);
            b.op(ops::sign { if_negative });
            b.make_array(2);
            b.emit(Op::ReturnValue);
            b.bind(if_negative);
            b.make_array(3);
        });
        format!("{got:?}")
    };
    assert_eq!(sign(5), "[\"below\", 5]");
    assert_eq!(sign(-5), "[\"below\", \"minus\", 5]");
}

#[test]
fn a_branch_backwards_makes_a_loop() {
    let steps = value(|b| {
        b.load(0);
        b.set_slot(0);
        let top = b.label_here();
        b.get_slot(0);
        b.emit(Op::Inc);
        b.set_slot(0);
        // Undef while slot 0 is below 1000.
        let done = b.label();
        b.get_slot(0);
        b.load(1000);
        b.emit(Op::NumLt);
        b.jump_if_false(done);
        b.load(Value::Undef);
        b.op(ops::jump_if_undef { to: top });
        b.bind(done);
        b.get_slot(0);
    });
    assert_eq!(steps, Value::Int(1000));
}

#[test]
fn a_branch_may_fail_and_may_allocate() {
    let program = |n: i64| {
        eval(&mut Results::vm(()), |b| {
            let to = b.label();
            b.load(n);
            b.op(ops::fallible_jump { to });
            b.op(ops::left {});
            b.emit(Op::ReturnValue);
            b.bind(to);
            b.load("jumped");
        })
    };
    assert_eq!(program(0).unwrap(), Value::str("jumped"));
    assert_eq!(program(1).unwrap(), Value::Int(8));
    let error = program(2).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&OutOfStock { wanted: 2 }));
}

#[test]
fn what_an_op_gives_is_held_to_the_limits() {
    let mut vm = Results::vm(());
    let mut limits = Limits::default();
    limits.max_string_len = 8;
    vm.set_limits(limits);
    for (text, fits) in [("four", true), ("five!", false)] {
        let mut b = Builder::<Results>::new();
        b.load(text);
        b.op(ops::twice {});
        let result = vm.eval(b.finish().unwrap());
        let kind = result.as_ref().err().map(fusevm::Error::kind);
        let trap = (!fits).then_some(ErrorKind::Trap(TrapKind::TooLong));
        assert_eq!(kind, trap, "{result:?}");
    }
}
