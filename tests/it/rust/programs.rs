//! Programs that put several things together.

use super::language::{Shapes, ops};
use fusevm::prelude::*;
use fusevm::testing::assert_chunk;

#[test]
fn programs() {
    assert_chunk!(fusevm_chunk! { ();
        fn outer(items) {
            let k = 2;
            items.map(|x| {
                fn double(x) { x * 2 }
                let r = loop { break double(x) + k; };
                if r > 5 { r } else { -r }
            })
        }
        outer([1, 2, 3])
    } => Value::array(vec![-4, 6, 8]));
    assert_chunk!(fusevm_chunk! { ();
        let mut total = 0;
        let rows = [[1, 2], [3, 4]];
        for row in rows { for x in row { if x == 3 { continue; } total += x; } }
        rows.for_each(|row| row.for_each(|x| { total += x * 10; }));
        total
    } => 107);
    assert_chunk!(fusevm_chunk! { ();
        fn first(a) { for x in a { if x > 2 { return x; } } "none" }
        [first([1, 2]), first([1, 5, 7])]
    } => Value::array([Value::str("none"), Value::Int(5)]));
    assert_chunk!(fusevm_chunk! { ();
        fn maybe(n) { if n > 0 { return n; } }
        [maybe(1), maybe(-1)]
    } => Value::array([Value::Int(1), Value::Undef]));
    assert_chunk!(fusevm_chunk! { ();
        fn a(n) { if n == 0 { "end" } else { b(n - 1) } }
        fn b(n) { a(n) }
        a(5)
    } => "end");
    assert_chunk!(fusevm_chunk! { ();
        let mut queue = [1];
        let mut seen = "";
        while !queue.is_empty() {
            let x = queue.remove(0);
            seen += format!("{x} ");
            if x < 4 { queue.push(x * 2); queue.push(x * 2 + 1); }
        }
        seen
    } => "1 2 3 4 5 6 7 ");
    assert_chunk!(fusevm_chunk! { ();
        let mut memo = hash!{};
        fn fib(n, memo) {
            if n < 2 { return hash!{ "v" => n, "m" => memo }; }
            if memo.contains_key(n) { return hash!{ "v" => memo[n], "m" => memo }; }
            let a = fib(n - 1, memo);
            let b = fib(n - 2, a["m"]);
            let v = a["v"] + b["v"];
            let mut m = b["m"];
            m[n] = v;
            hash!{ "v" => v, "m" => m }
        }
        fib(50, memo)["v"]
    } => 12_586_269_025_i64);
    assert_chunk!(fusevm_chunk! { ();
        let x = match "b" { "a" => 1, "b" | "c" => 2, _ => 3 };
        let y = match #(Value::Int(2)) { 1 => "one", n if n == 2 => "two", n => n };
        format!("{x}{y}")
    } => "2two");
    assert_chunk!(fusevm_chunk! { ();
        let a = [3, 1, 2].sort_by(|a, b| a.cmp(&b));
        let mut i = 0;
        while a[i] != 3 { i += 1; }
        i
    } => 2);
    assert_chunk!(Shapes; fusevm_chunk! { Shapes;
        let n = ops::clamp(#(5_i64), -1, 10);
        let s = if n == 5 { "five" } else { n };
        format!("{s}{}", ops::total(1, n, n))
    } => "five11");
    assert_chunk!(fusevm_chunk! { (); let a = "x" < "y"; let c = "abc"; let d = #("abd"); [a, c < d, d > c] } => Value::array(vec![true, true, true]));
    assert_chunk!(fusevm_chunk! { (); return; } => ());
    assert_chunk!(fusevm_chunk! { (); } => ());
    assert_chunk!(fusevm_chunk! { (); loop { break } } => ());
    assert_chunk!(fusevm_chunk! { (); let x = { let y = [1]; y[0] }; x } => 1);
    assert_chunk!(fusevm_chunk! { (); static A = 5; static B = A + 1; fn f() { A * B } f() } => 30);
    assert_chunk!(fusevm_chunk! { (); let r#type = 4; r#type + 1 } => 5);
    assert_chunk!(fusevm_chunk! { (); let mut a = [1, 2]; a[0] = a; a[0][1] } => 2);
    assert_chunk!(fusevm_chunk! { (); let mut a = [1, 2, 3]; a[-1] = 9; a[-2] *= 5; a } => Value::array(vec![1, 10, 9]));
}
