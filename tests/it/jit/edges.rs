//! Scalar ops on operands at the edges of their kinds, in a loop of machine code.

use super::at_once;
use fusevm::{Chunk, JitConfig, VM, Value};

/// Operands by kind: integers, floats, truths, nothing, texts.
fn operands() -> Vec<Vec<Value>> {
    let ints = [
        i64::MIN,
        i64::MIN + 1,
        i64::MAX,
        i64::MAX - 1,
        i32::MIN.into(),
        i32::MAX.into(),
        (1 << 53) + 1,
        -(1 << 53) - 1,
        -1,
        0,
        1,
        2,
        -7,
        63,
        64,
        -64,
    ];
    let floats = [
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        9.223_372_036_854_775e18,
        9.223_372_036_854_776e18,
        -9.223_372_036_854_776e18,
        9_007_199_254_740_992.0,
        0.5,
        -1.5,
        1.0,
        -7.0,
    ];
    let texts = ["", "12", "-2.5", "apple"];
    vec![
        ints.map(Value::Int).to_vec(),
        floats.map(Value::Float).to_vec(),
        vec![Value::Bool(true), Value::Bool(false)],
        vec![Value::Undef],
        texts.map(Value::str).to_vec(),
    ]
}

const BINARY: [&str; 22] = [
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Mod",
    "Pow",
    "BitAnd",
    "BitOr",
    "BitXor",
    "Shl",
    "Shr",
    "NumEq",
    "NumNe",
    "NumLt",
    "NumGt",
    "NumLe",
    "NumGe",
    "Spaceship",
    "Concat",
    "StrLt",
    "LogAnd",
    "LogOr",
];
const BRANCHES: [&str; 6] = ["NumEq", "NumNe", "NumLt", "NumGt", "NumLe", "NumGe"];
const UNARY: [&str; 7] = [
    "Negate",
    "BitNot",
    "Inc",
    "Dec",
    "LogNot",
    "PreIncSlot 0",
    "PreIncSlotVoid 0\n  GetSlot 0",
];

/// A function of two arguments that computes the same a few times over, and gives the last result.
fn looped(policy: &str, body: &str) -> Chunk {
    let text = format!(
        "policy {policy}\nfn f/2\n  Jump over\nf:\n  SetSlot 1\n  SetSlot 4\n  LoadInt 0\n  SetSlot 2\ntop:\n\
         \x20 GetSlot 4\n  SetSlot 0\n{body}  SetSlot 3\n  GetSlot 2\n  LoadInt 1\n  Add\n  SetSlot 2\n\
         \x20 GetSlot 2\n  LoadInt 5\n  NumLt\n  JumpIfTrue top\n  GetSlot 3\n  ReturnValue\nover:\n"
    );
    Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn bodies() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for op in BINARY {
        all.push((op.to_owned(), format!("  GetSlot 0\n  GetSlot 1\n  {op}\n")));
    }
    for op in BRANCHES {
        for (jump, [yes, no]) in [("JumpIfFalse", [1, 2]), ("JumpIfTrue", [2, 1])] {
            let body = format!(
                "  GetSlot 0\n  GetSlot 1\n  {op}\n  {jump} else\n  LoadInt {yes}\n  Jump join\nelse:\n\
                 \x20 LoadInt {no}\njoin:\n"
            );
            all.push((format!("{op}, {jump}"), body));
        }
    }
    for op in UNARY {
        let body = match op.contains("Slot") {
            true => format!("  {op}\n"),
            false => format!("  GetSlot 0\n  {op}\n"),
        };
        all.push((op.to_owned(), body));
    }
    for jump in ["JumpIfFalse", "JumpIfTrue"] {
        let body = format!(
            "  GetSlot 0\n  {jump} else\n  LoadInt 1\n  Jump join\nelse:\n  LoadInt 2\njoin:\n"
        );
        all.push((jump.to_owned(), body));
    }
    all
}

/// What a call gives, to the bit.
fn seen(vm: &mut VM, a: &Value, b: &Value) -> String {
    match vm.call("f", &[a.clone(), b.clone()]) {
        Ok(Value::Float(f)) if f.is_nan() => "NaN".to_owned(),
        Ok(Value::Float(f)) => format!("{f:?}f {:x}", f.to_bits()),
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?} {:?} {}", error.kind(), error.pc(), error.message()),
    }
}

fn vm(chunk: &Chunk, config: Option<&JitConfig>) -> VM {
    let mut vm = VM::empty();
    vm.set_lowering(config.is_some());
    config
        .into_iter()
        .for_each(|config| vm.set_jit(config.clone()));
    vm.eval(chunk).expect("it defines a function");
    vm
}

/// Compares all pairs of operands of all kinds, each pair of kinds in code of its own; how many, and how
/// often machine code was entered.
fn compare(policy: &str, name: &str, body: &str, config: &JitConfig) -> (usize, u64) {
    let chunk = looped(policy, body);
    let (kinds, mut all, mut entries) = (operands(), 0, 0);
    let mut base = vm(&chunk, None);
    for firsts in &kinds {
        for seconds in &kinds {
            let mut hot = vm(&chunk, Some(config));
            for a in firsts {
                for b in seconds {
                    all += 1;
                    let (wanted, found) = (seen(&mut base, a, b), seen(&mut hot, a, b));
                    assert_eq!(
                        found,
                        wanted,
                        "{name} of {a:?} and {b:?}, {policy}, {config:?}\n{}\n{}",
                        hot.jit_report(),
                        chunk.listing()
                    );
                }
            }
            entries += hot.jit_report().entries;
        }
    }
    (all, entries)
}

fn policies() -> Vec<String> {
    let mut all = Vec::new();
    for overflow in ["wrap", "trap", "promote"] {
        for zero in ["undef", "trap", "float"] {
            all.push(format!("overflow={overflow} zero_div={zero}"));
        }
    }
    all
}

/// Ways in which few of the loops are left for good.
fn configs() -> [JitConfig; 3] {
    let mut steady = at_once(25);
    steady.exits = u32::MAX;
    let mut learning = at_once(25);
    (learning.exits, learning.recompiles) = (1, 3);
    let mut shaken = at_once(25);
    (shaken.exits, shaken.stress) = (u32::MAX, 4);
    [steady, learning, shaken]
}

#[test]
fn scalar_ops_at_the_edges() {
    let (mut all, mut entries) = (0, 0);
    for (at, (name, body)) in bodies().iter().enumerate() {
        for (number, policy) in policies().iter().enumerate() {
            // A share of all of them: each op with each of a few policies, in one way each.
            if number % 4 == at % 4 || number == 0 {
                let config = &configs()[(at + number) % 3];
                let (some, entered) = compare(policy, name, body, config);
                all += some;
                entries += entered;
            }
        }
    }
    println!("{all} pairs, {entries} entries");
    assert!(entries as usize > all / 2, "{all} pairs, {entries} entries");
}

#[test]
#[ignore = "takes minutes"]
fn scalar_ops_at_the_edges_under_every_policy() {
    for (name, body) in bodies() {
        for policy in policies() {
            for config in configs() {
                compare(&policy, &name, &body, &config);
            }
        }
    }
}

#[test]
fn scalar_ops_with_a_constant_at_the_edges() {
    let kinds = operands();
    let config = &configs()[0];
    for op in BINARY {
        for (at, b) in kinds[0].iter().chain(&kinds[1]).enumerate() {
            let load = match b {
                Value::Int(n) => format!("LoadInt {n}"),
                other => format!("LoadFloat {other:?}")
                    .replace('N', "n")
                    .replace("nan", "NaN")
                    .replace("NaN", "nan"),
            };
            let policy = &policies()[(at * 7 + op.len()) % 9];
            let Ok(_) = Chunk::parse(&load) else {
                panic!("{load}");
            };
            let chunk = looped(policy, &format!("  GetSlot 0\n  {load}\n  {op}\n"));
            let mut base = vm(&chunk, None);
            for firsts in &kinds[..2] {
                let mut hot = vm(&chunk, Some(config));
                for a in firsts {
                    let (wanted, found) = (seen(&mut base, a, b), seen(&mut hot, a, b));
                    assert_eq!(found, wanted, "{op} of {a:?} and {b:?}, {policy}");
                }
            }
        }
    }
}

#[test]
fn a_division_behind_a_test_stays_behind_it() {
    let body = |op: &str| {
        format!(
            "  GetSlot 1\n  LoadInt 0\n  NumEq\n  JumpIfTrue none\n  GetSlot 0\n  GetSlot 1\n  {op}\n  Jump join\n\
             none:\n  LoadInt 77\njoin:\n"
        )
    };
    for op in ["Mod", "Div"] {
        for policy in policies() {
            for config in configs() {
                let chunk = looped(&policy, &body(op));
                let (mut base, mut hot) = (vm(&chunk, None), vm(&chunk, Some(&config)));
                for a in [7, i64::MIN] {
                    for b in [3, 3, 3, 0, -1, 0, 5, 0] {
                        let (a, b) = (Value::Int(a), Value::Int(b));
                        assert_eq!(
                            seen(&mut hot, &a, &b),
                            seen(&mut base, &a, &b),
                            "{op} of {a:?} and {b:?}"
                        );
                    }
                }
            }
        }
    }
}
