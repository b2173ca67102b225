//! Programs of untyped values: texts, arrays, hashes, globals, what is printed.

use super::printed;
use fusevm::prelude::*;
use fusevm::testing::assert_chunk;

#[test]
fn texts() {
    assert_chunk!(fusevm_chunk! { (); "a" + "b" } => "ab");
    assert_chunk!(fusevm_chunk! { (); let mut s = "x"; s += "y"; s.push_str("z"); s } => "xyz");
    assert_chunk!(fusevm_chunk! { (); let s = "abc"; s.len() } => 3);
    assert_chunk!(fusevm_chunk! { (); "ab".repeat(3) } => "ababab");
    assert_chunk!(fusevm_chunk! { (); concat!("a", 1, -2.5, true, 'c') } => "a1-2.5truec");
    assert_chunk!(fusevm_chunk! { (); format!("{{{}}} {}", 1 + 1, "x") } => "{2} x");
    assert_chunk!(fusevm_chunk! { (); let n = 7; format!("{n}") } => "7");
    assert_chunk!(fusevm_chunk! { (); format!("") + 5.5.to_string() } => "5.5");
    assert_chunk!(fusevm_chunk! { (); "abc" < "abd" && "b" > "a" && "a" <= "a" && "b" >= "a" } => true);
    assert_chunk!(fusevm_chunk! { (); "10" == "1e1" } => false);
    assert_chunk!(fusevm_chunk! { (); "abc".cmp("abd") } => -1);
    assert_chunk!(fusevm_chunk! { (); if "".is_empty() { "12" as i64 } else { 0 } } => 12);
    assert_chunk!(fusevm_chunk! { (); "2.5" as f64 * 2.0 } => 5.0);
    assert_chunk!(fusevm_chunk! { ();
        let mut s = "";
        for i in 0..4 { s += format!("{i},"); }
        s
    } => "0,1,2,3,");
    assert_chunk!(fusevm_chunk! { ();
        fn greet(name: String) -> String { "hello " + name }
        greet("you") + "!"
    } => "hello you!");
}

#[test]
fn arrays() {
    assert_chunk!(fusevm_chunk! { (); [1, 2.5, "x", true] } =>
        Value::array([Value::Int(1), Value::Float(2.5), Value::str("x"), Value::Bool(true)]));
    assert_chunk!(fusevm_chunk! { (); [0; 3] } => Value::array(vec![0, 0, 0]));
    assert_chunk!(fusevm_chunk! { (); let n = 2; ["a"; n + 1] } => Value::array(vec!["a", "a", "a"]));
    assert_chunk!(fusevm_chunk! { (); let a = [1, 2, 3]; a[0] + a[2] + a[-1] } => 7);
    assert_chunk!(fusevm_chunk! { (); let a = [1]; a[5] } => ());
    assert_chunk!(fusevm_chunk! { ();
        let mut a = [1, 2];
        a.push(3);
        a[0] = 10;
        a[1] += 5;
        let last = a.pop();
        [a.len(), last, a[0], a[1]]
    } => Value::array(vec![2, 3, 10, 7]));
    assert_chunk!(fusevm_chunk! { ();
        let mut grid = [];
        for i in 0..3 { grid[i] = [0; 3]; }
        for i in 0..3 { for j in 0..3 { grid[i][j] = i * 3 + j; } }
        grid[1][1] *= 100;
        grid[2].push("end");
        let gone = grid[2].pop();
        [grid[1][1], grid[2][2], grid[0].len(), gone]
    } => Value::array([Value::Int(400), Value::Int(8), Value::Int(3), Value::str("end")]));
    assert_chunk!(fusevm_chunk! { ();
        let a = [1, 2];
        let mut b = a;
        b.push(3);
        [a.len(), b.len()]
    } => Value::array(vec![2, 3]));
    assert_chunk!(fusevm_chunk! { ();
        let mut a = [1, 2, 3];
        let mut seen = "";
        for x in a { a.push(x * 10); seen += x; }
        format!("{seen}:{}", a.len())
    } => "123:6");
    assert_chunk!(fusevm_chunk! { ();
        let mut i = 0;
        let mut a = [0, 0, 0];
        a[{ i += 1; i }] += { i += 1; 7 };
        [a[2], i]
    } => Value::array(vec![7, 2]));
    assert_chunk!(fusevm_chunk! { (); let mut a = [1, 2, 3]; a.remove(1); a } => Value::array(vec![1, 3]));
    assert_chunk!(fusevm_chunk! { (); [1, 2] == [1, 2] && [1] != [2] && [] == [] } => true);
}

#[test]
fn sieve() {
    assert_chunk!(fusevm_chunk! { ();
        let n = 100;
        let mut composite = [false; n + 1];
        let mut primes = [];
        for i in 2..=n {
            if composite[i] == true { continue; }
            primes.push(i);
            let mut j = i * i;
            while j <= n { composite[j] = true; j += i; }
        }
        [primes.len(), primes[24]]
    } => Value::array(vec![25, 97]));
}

#[test]
fn hashes() {
    assert_chunk!(fusevm_chunk! { (); hash!{ "a" => 1, "b" => 2 } } => Value::hash([("a", 1), ("b", 2)]));
    assert_chunk!(fusevm_chunk! { ();
        let mut h = hash!{};
        h["x"] = 1;
        h["x"] += 5;
        h["y"] = "two";
        h[3] = "three";
        let gone = h.remove("y");
        [h["x"], h["y"], gone, h.len(), h["3"]]
    } => Value::array([Value::Int(6), Value::Undef, Value::str("two"), Value::Int(2), Value::str("three")]));
    assert_chunk!(fusevm_chunk! { ();
        let h = hash!{ "k" => [] };
        h.contains_key("k") && !h.contains_key("x")
    } => true);
    assert_chunk!(fusevm_chunk! { ();
        let h = hash!{ "b" => 2, "a" => 1 };
        let mut s = "";
        for k in h.keys() { s += format!("{k}{};", h[k]); }
        for v in &h.values() { s += v; }
        s
    } => "b2;a1;21");
    assert_chunk!(fusevm_chunk! { ();
        let mut counts = hash!{};
        for word in ["a", "b", "a", "c", "a"] { counts[word] += 1; }
        [counts["a"], counts["b"], counts.len()]
    } => Value::array(vec![3, 1, 3]));
    assert_chunk!(fusevm_chunk! { ();
        let mut deep = hash!{ "list" => [hash!{ "n" => 1 }] };
        deep["list"][0]["n"] += 41;
        deep["list"][1] = hash!{};
        deep["list"][1]["new"] = "made";
        let gone = deep["list"][1].remove("new");
        format!("{} {} {}", deep["list"][0]["n"], gone, deep["list"][1].is_empty())
    } => "42 made 1");
}

#[test]
fn blocks() {
    assert_chunk!(fusevm_chunk! { (); [1, 2, 3].map(|x| x * x) } => Value::array(vec![1, 4, 9]));
    assert_chunk!(fusevm_chunk! { (); [1, 2, 3, 4].filter(|x| x % 2 == 0) } => Value::array(vec![2, 4]));
    assert_chunk!(fusevm_chunk! { (); [0, "", "a", 5].filter(|x| x).len() } => 2);
    assert_chunk!(fusevm_chunk! { ();
        let mut sum = 0;
        [1, 2, 3].for_each(|x| sum += x);
        [10].for_each(|x| { let y = x * 2; sum += y; });
        sum
    } => 26);
    assert_chunk!(fusevm_chunk! { ();
        let mut a = [3, 1, 2];
        a = a.sort_by(|a, b| b.cmp(a));
        a
    } => Value::array(vec![3, 2, 1]));
    assert_chunk!(fusevm_chunk! { ();
        let words = ["pear", "fig", "apple"];
        words.sort_by(|a, b| a.len().cmp(b.len())).map(|w| w + "s")
    } => Value::array(vec!["figs", "pears", "apples"]));
    assert_chunk!(fusevm_chunk! { ();
        let offset = 100;
        [[1, 2], [3]].map(|row| row.map(|x| x + offset).filter(|x| x > 101))
    } => Value::array([Value::array(vec![102]), Value::array(vec![103])]));
    assert_chunk!(fusevm_chunk! { ();
        [5, 6, 7].map(|x| {
            let mut n = 0;
            for i in 0..x as i64 { if i == 3 { break; } n += i; }
            loop { if n > 10 { break n; } n += x; }
        })
    } => Value::array(vec![13, 15, 17]));
    assert_chunk!(fusevm_chunk! { ();
        fn apply(a) { a.map(|x| if x > 1 { x } else { -x }) }
        apply([1, 2])
    } => Value::array(vec![-1, 2]));
}

#[test]
fn globals() {
    assert_chunk!(fusevm_chunk! { ();
        static mut COUNT: i64 = 0;
        fn bump(by: i64) -> i64 { COUNT += by; COUNT }
        bump(2) + bump(3) * 10
    } => 52);
    assert_chunk!(fusevm_chunk! { ();
        static mut XS = [];
        for i in 0..5 { XS.push(i); }
        XS[1] = 50;
        XS[2] += 5;
        let last = XS.pop();
        let first = XS.remove(0);
        [XS.len(), XS[0], XS[1], last, first]
    } => Value::array(vec![3, 50, 7, 4, 0]));
    assert_chunk!(fusevm_chunk! { ();
        static mut H = hash!{};
        H["a"] = 1;
        H["b"] = [1, 2];
        H["b"][1] = 20;
        H["b"].push(3);
        let gone = H.remove("a");
        format!("{gone} {} {} {} {}", H["b"][1], H["b"].len(), H.contains_key("a"), H.keys())
    } => "1 20 3  b");
    assert_chunk!(fusevm_chunk! { ();
        static mut ANY;
        ANY = 5;
        ANY += 1;
        let n = ANY;
        ANY = [n];
        ANY[1] = "x";
        ANY
    } => Value::array([Value::Int(6), Value::str("x")]));
    let mut vm = VM::empty();
    vm.eval(fusevm_chunk! { (); static mut SHARED = 20; fn twice(n) { n * 2 } })
        .unwrap();
    let value = vm.eval(fusevm_chunk! { ();
        static mut SHARED: i64;
        fn twice(n) -> _;
        SHARED += 1;
        twice(SHARED)
    });
    assert_eq!(value.unwrap(), Value::Int(42));
}

#[test]
fn untyped_numbers() {
    let (seven, half) = (Value::Int(7), Value::Float(0.5));
    assert_chunk!(fusevm_chunk! { (); let x = #(seven.clone()); x / 2 } => 3.5);
    assert_chunk!(fusevm_chunk! { (); let x = #(seven.clone()); x as i64 / 2 } => 3);
    assert_chunk!(fusevm_chunk! { (); let x = #(half.clone()); x + 1 } => 1.5);
    assert_chunk!(fusevm_chunk! { (); let x = #(seven.clone()); x.sqrt() > 2.6 && x.max(9) == 9 } => true);
    assert_chunk!(fusevm_chunk! { (); let x = #(seven.clone()); -x % 4 } => -3);
    assert_chunk!(fusevm_chunk! { (); let x = #(seven.clone()); x << 2 | 1 } => 29);
    assert_chunk!(fusevm_chunk! { (); let x = #(Value::Undef); x / 0 } => ());
    assert_chunk!(fusevm_chunk! { (); let x = #(Value::Int(0)); x || "other" } => "other");
    assert_chunk!(fusevm_chunk! { (); let x = #(Value::str("0")); x && "never" } => "0");
    assert_chunk!(fusevm_chunk! { (); let x = #(Value::str("abc")); x == #(Value::str("abd")) } => false);
    assert_chunk!(fusevm_chunk! { (); let x = #(Value::str("1.0")); [x == 1, x == "1"] } =>
        Value::array(vec![true, false]));
    assert_chunk!(fusevm_chunk! { (); let x = #(Value::Int(1)); let y = #(Value::Float(1.0)); x == y } => true);
    assert_chunk!(fusevm_chunk! { (); let x = #(Value::Float(10.5)); if x <= 10 { 1 } else { 2 } } => 2);
    assert_chunk!(fusevm_chunk! { (); let x = #(seven.clone()); x.pow(2).abs() } => 49);
    assert_chunk!(fusevm_chunk! { ();
        let mut x = 1;
        x = "now a text";
        x
    } => "now a text");
    assert_chunk!(fusevm_chunk! { ();
        let n = #(Value::str("4"));
        let mut sum = 0;
        for i in 0..n { sum += i; }
        sum
    } => 6);
}

#[test]
fn captures() {
    let (n, text, list) = (5_i64, String::from("text"), vec![1, 2, 3]);
    assert_chunk!(fusevm_chunk! { (); #n + #(n * 2) } => 15);
    assert_chunk!(fusevm_chunk! { (); let x: i64 = #n; x / 2 } => 2);
    assert_chunk!(fusevm_chunk! { (); let x: f64 = #(n as f64); x / 2.0 } => 2.5);
    assert_chunk!(fusevm_chunk! { (); let s: String = #(text.as_str()); s + "!" } => "text!");
    assert_chunk!(fusevm_chunk! { (); let a: Array = #(list.clone()); a.len() } => 3);
    assert_chunk!(fusevm_chunk! { ();
        fn f(b: bool, x: i64) -> i64 { if b { x } else { -x } }
        f(#(n > 4), #n)
    } => 5);
    assert_chunk!(fusevm_chunk! { (); for i in 0..2 { if i == 1 { return #(Some(n)); } } } => 5);
}

#[test]
fn output() {
    let chunk = fusevm_chunk! { ();
        let name = "you";
        println!("hello {name}, {} and {}", 1 + 2, [1, 2]);
        print!("{}", true);
        print!("no line");
        println!();
        println!("{{}} {}", 1.0);
    };
    assert_eq!(printed(&chunk), "hello you, 3 and 1 2\n1no line\n{} 1\n");
    let fizz = fusevm_chunk! { ();
        for i in 1..=15 {
            println!("{}", match i % 15 { 0 => "fizzbuzz", 3 | 6 | 9 | 12 => "fizz", 5 | 10 => "buzz", _ => i });
        }
    };
    assert!(printed(&fizz).ends_with("\n13\n14\nfizzbuzz\n"));
    let hanoi = fusevm_chunk! { ();
        fn hanoi(n: i64, from, to, by) -> i64 {
            if n == 0 { return 0; }
            let moves = hanoi(n - 1, from, by, to);
            if n == 1 { print!("{from}{to} "); }
            moves + 1 + hanoi(n - 1, by, to, from)
        }
        println!("{}", hanoi(4, "a", "c", "b"));
    };
    assert_eq!(printed(&hanoi), "ab bc ca ab bc ca ab bc 15\n");
}

#[test]
fn traps() {
    assert_chunk!(fusevm_chunk! { (); for x in #(Value::str("no array")) {} } => trap "expected Array, found Str \"no array\"");
}

#[test]
fn what_is_known_of_a_side_decides() {
    assert_chunk!(fusevm_chunk! { (); fn join(a, b) { a + b } join("1", "2") } => 3);
    assert_chunk!(fusevm_chunk! { (); fn join(a, b) { "" + a + b } join("1", 2) } => "12");
    let sorted = fusevm_chunk! { (); ["b", "c", "a"].sort_by(|a, b| ("" + a).cmp(b)) };
    assert_chunk!(sorted => Value::array(vec!["a", "b", "c"]));
}
