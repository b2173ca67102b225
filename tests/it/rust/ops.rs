//! Ops of a language, called by their paths.

use super::language::{Counter, Round, Shapes, free, ops};
use fusevm::prelude::*;
use fusevm::testing::assert_chunk;

#[test]
fn operands() {
    assert_chunk!(Shapes; fusevm_chunk! { Shapes; ops::clamp(50, 10, 20) + ops::clamp(-5, 1 + 2, 20) } => 23);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        let mut sum = 0;
        for i in 0..1_000 { sum += ops::clamp(i, 10, 500); }
        sum
    } => 374_805);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes; core_ops::floor(2.5) + core_ops::len([1, 2]) } => 4.0);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes; free(5) + free(&6) } => 11);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes; ops::total(1) + ops::total(1, 2, "3", 4.5) } => 11);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        fn f(n: i64) -> i64 { ops::clamp(n * 2, ops::clamp(n, 0, 5), 100) }
        f(-3) * 1000 + f(70)
    } => 100);
}

#[test]
fn results() {
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        let (q, r) = ops::div_rem(17, 5);
        let (mut a, _) = ops::div_rem(100, 7);
        a += q;
        a * 100 + r
    } => 1702);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes; let x: i64 = ops::clamp(7, 0, 5); x / 2 } => 2);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        fn half(x: f64) -> f64 { ops::scale(2, x) / 4.0 }
        half(3.0)
    } => 1.5);
    // Results that nobody uses are dropped.
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        for i in 0..10 { ops::clamp(i, 0, 1); ops::div_rem(i, 3); ops::count(i); }
        "done"
    } => "done");
}

#[test]
fn immediates() {
    let by = 3;
    assert_chunk!(Shapes; fusevm_chunk! { Shapes; ops::scale(-2, 1.5) + ops::scale(#by, 0.5) } => -1.5);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        [ops::rounded(Up, 1.5), ops::rounded(Round::Down, 1.5)]
    } => Value::array(vec![2, 1]));
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        let speed = 5;
        let first: String = ops::tagged(speed, speed + 1);
        first + ops::tagged("odd name", 2) + ops::tagged(word, #(7))
    } => "speed=6odd name=2word=7");
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        ops::starts("ab", false, "abc") && ops::starts("x", true, "abc") && ops::starts(#(String::from("a")), #(false), "abc")
    } => true);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        let mut x: Value = 21;
        ops::double(x);
        x
    } => 42);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        fn outer(n) {
            fn square(n) { n * n }
            core_ops::call_value(ops::function(square), n)
        }
        outer(9)
    } => 81);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        let mut sum = 0;
        ops::times(|i| sum += i + 1, 4);
        sum
    } => 10);
}

#[test]
fn labels() {
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        let a = [5, 6];
        let mut i = 0;
        'all: loop {
            ops::leave_if_undef('all, a[i]);
            i += 1;
        }
        i
    } => 2);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        let h = hash!{ "a" => hash!{ "b" => 1 } };
        let mut found = "";
        'path: {
            ops::leave_if_undef('path, h["a"]);
            found += "a";
            ops::leave_if_undef('path, h["a"]["x"]);
            found += "x";
        }
        found
    } => "a");
}

/// Ops on numbers take numbers, and join texts.
#[derive(Language)]
#[language(name = "strict", ops(joins::OPS), operands = strict, unset = strict, operators(Add = joins::join))]
struct Strict;

#[ops(Strict)]
mod joins {
    use super::*;

    #[ext_op(pure)]
    pub(crate) fn join(a: &Value, b: &Value) -> String {
        format!("{a}{b}")
    }
}

#[test]
fn a_language_that_is_strict() {
    assert_chunk!(Strict; fusevm_chunk! { Strict;
        let yes = 2 > 1;
        let no = 2.0 < 1.0;
        let mut n = 0;
        if yes == no { n += 1; }
        if yes != no && yes > no && no <= yes { n += 10; }
        if yes ^ no | no & yes { n += 100; }
        for i in 0..3 { n += i; }
        let mut i = 0;
        while i <= 3 { i = i + 1; n = n ^ i; }
        n
    } => 117);
    assert_chunk!(Strict; fusevm_chunk! { Strict;
        static mut TEXT: Value = #("a");
        fn more(mut x) { x += 1; TEXT += x; TEXT }
        more(#("b"))
    } => "ab1");
    assert_chunk!(Strict; fusevm_chunk! { Strict; let x = #("a"); x * 2 } => trap "");
    assert_chunk!(Strict; fusevm_chunk! { Strict; let x = #("a"); x - 1 } => trap "");
}

#[test]
fn policy_and_host() {
    assert_chunk!(Shapes; fusevm_chunk! { Shapes; i64::MAX + 1 } => trap "overflow");
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        let most = i64::MAX;
        [most.wrapping_add(1), (-2).wrapping_sub(most), most.wrapping_mul(2), i64::MIN.wrapping_neg()]
    } => Value::array(vec![i64::MIN, i64::MAX, -2, i64::MIN]));
    let mut vm = Shapes::vm(Counter::default());
    vm.eval(fusevm_chunk! { Shapes; for i in 0..5 { ops::count(i); } })
        .unwrap();
    assert_eq!(vm.host().total, 10);
}

#[test]
fn places_in_the_source() {
    let line = line!() + 3;
    let chunk = fusevm_chunk! { ();
        let zero = 0;
        1 / zero
    };
    let error = VM::empty().eval(&chunk).unwrap_err();
    let place = format!("{}:{line}: ", file!());
    assert!(error.to_string().starts_with(&place), "{error}");
    let place = (0..chunk.ops().len())
        .rev()
        .find_map(|pc| chunk.place(pc).filter(|_| chunk.line(pc) == line));
    assert_eq!(place.map(|place| place.column), Some(11));
}

#[test]
#[should_panic(expected = "immediate `by` of `scale` is a number of type i32")]
fn a_captured_immediate_that_does_not_fit() {
    let _ = fusevm_chunk! { Shapes; ops::scale(#("three"), 1.0) };
}
