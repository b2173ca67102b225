//! What runs without allocating once its places know their way: as many bytes are asked for by a few
//! turns of a loop as by many.

use super::language::Lox;
use crate::allocations::{bytes, interpret};
use fusevm::{Frontend, Vm, compile};

/// Bytes that `turns` turns around `body` ask for, in a VM that has run them before.
fn asked(declarations: &str, body: &str, turns: u32) -> usize {
    let mut vm = Vm::<Lox>::default();
    Lox::prepare(&mut vm);
    interpret(&mut vm);
    let source = format!(
        "{declarations}
         fun work(turns) {{
           for (var turn = 0; turn < turns; turn = turn + 1) {{ {body} }}
         }}"
    );
    let chunk = compile::<Lox>("work", &source).expect("it compiles");
    vm.eval(&chunk).expect("it runs");
    let call = compile::<Lox>("call", "work(turns);").expect("it compiles");
    let program = vm.load(&call).expect("it loads");
    vm.set_global("turns", f64::from(turns));
    for _ in 0..2 {
        vm.eval(&program).expect("it runs");
    }
    let (bytes, ran) = bytes(|| vm.eval(&program));
    ran.expect("it runs");
    bytes
}

#[test]
fn properties_calls_and_captures_allocate_nothing_when_warm() {
    let declarations = "
        class Base { twice(n) { return n + n; } }
        class Point < Base {
          init() { this.x = 1; this.y = 2; this.f = inc; }
          get() { return this.x; }
          add(a, b, c) { this.y = a + b + c; }
          twice(n) { return super.twice(n); }
        }
        fun inc(n) { return n + 1; }
        fun counter() {
          var count = 0;
          fun next() { count = count + 1; return count; }
          return next;
        }
        var point = Point();
        var next = counter();
        var bound = point.get;
        var s = \"one\";";
    let bodies = [
        ("get", "point.x;"),
        ("set", "point.x = turn;"),
        ("get and set", "point.x = point.x + point.y;"),
        ("invoke", "point.get();"),
        ("invoke with arguments", "point.add(1, 2, turn);"),
        ("invoke a field", "point.f(turn);"),
        ("invoke super", "point.twice(turn);"),
        ("call", "inc(turn);"),
        ("call a bound method", "bound();"),
        ("capture", "next();"),
        (
            "globals and arithmetic",
            "turns = turns + 1 - 1; -turn * 2 / 3 < 4;",
        ),
        (
            "strings",
            "s == \"one\"; s != \"two\"; if (s) s; s and nil or s;",
        ),
        ("calls into calls", "inc(inc(point.get()));"),
    ];
    for (what, body) in bodies {
        let (few, many) = (
            asked(declarations, body, 10),
            asked(declarations, body, 1_000),
        );
        assert_eq!(few, many, "{what}");
    }
    // And what has to allocate is seen to.
    let (few, many) = (
        asked(declarations, "Point();", 10),
        asked(declarations, "Point();", 1_000),
    );
    assert!(many > few);
}
