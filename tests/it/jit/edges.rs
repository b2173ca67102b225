//! Scalar ops on operands at the edges of their kinds: in a loop, in every tier, against a table that was
//! made without the VM.

use super::reference::{self, Given};
use super::{at_once, none};
use fusevm::{Chunk, ErrorKind, JitConfig, Overflow, Policy, TrapKind, VM, Value, ZeroDiv};

pub(super) const INTS: [i64; 41] = [
    i64::MIN,
    i64::MIN + 1,
    i64::MAX,
    i64::MAX - 1,
    -1 << 62,
    1 << 62,
    (1 << 62) - 1,
    i32::MIN as i64,
    i32::MIN as i64 - 1,
    i32::MAX as i64,
    i32::MAX as i64 + 1,
    1 << 32,
    (1 << 53) - 1,
    1 << 53,
    (1 << 53) + 1,
    -(1 << 53) - 1,
    // The largest whose square fits, and the next.
    3_037_000_499,
    3_037_000_500,
    -3_037_000_500,
    1_000_000_007,
    -1_000_000_000_000_000_000,
    0,
    1,
    -1,
    2,
    -2,
    3,
    -3,
    7,
    -7,
    10,
    31,
    32,
    62,
    63,
    64,
    65,
    127,
    -63,
    -64,
    -65,
];

pub(super) const FLOATS: [f64; 40] = [
    0.0,
    -0.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    -f64::MIN_POSITIVE,
    5e-324,
    -5e-324,
    2.225_073_858_507_201e-308,
    f64::EPSILON,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.0,
    3.0,
    -7.0,
    0.1,
    0.999_999_999_999_999_9,
    63.0,
    64.0,
    -64.5,
    2_147_483_648.0,
    -2_147_483_649.0,
    4_503_599_627_370_496.5,
    9_007_199_254_740_992.0,
    9_007_199_254_740_994.0,
    9.223_372_036_854_775e18,
    9.223_372_036_854_776e18,
    -9.223_372_036_854_776e18,
    -9.223_372_036_854_778e18,
    1.844_674_407_370_955_2e19,
    1e16,
    1e-5,
    -1e300,
];

/// Operands by kind: integers, floats, truths, nothing, texts.
fn operands() -> Vec<Vec<Value>> {
    let texts = ["", "0", "12", " -2.5 ", "apple", "0.0"];
    vec![
        INTS.map(Value::Int).to_vec(),
        FLOATS.map(Value::Float).to_vec(),
        vec![Value::Bool(true), Value::Bool(false)],
        vec![Value::Undef],
        texts.map(Value::str).to_vec(),
    ]
}

/// Ops of which machine code computes numbers, and those for which it may ask the interpreter.
const NUMERIC: [&str; 18] = [
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
];
const OTHERS: [&str; 10] = [
    "Concat", "StrEq", "StrNe", "StrLt", "StrGt", "StrLe", "StrGe", "StrCmp", "LogAnd", "LogOr",
];
const BRANCHES: [&str; 6] = ["NumEq", "NumNe", "NumLt", "NumGt", "NumLe", "NumGe"];
/// Unary ops, as they stand and as the table has them.
const UNARY: [(&str, &str); 8] = [
    ("GetSlot 0\n  Negate", "Negate"),
    ("GetSlot 0\n  BitNot", "BitNot"),
    ("GetSlot 0\n  Inc", "Inc"),
    ("GetSlot 0\n  Dec", "Dec"),
    ("GetSlot 0\n  LogNot", "LogNot"),
    ("GetSlot 0\n  StringLen", "StringLen"),
    ("PreIncSlot 0", "Inc"),
    ("PreIncSlotVoid 0\n  GetSlot 0", "Inc"),
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

/// Code for two operands in slots 0 and 1, and what it gives by the table.
struct Case {
    name: String,
    body: String,
    table: Box<dyn Fn(Policy, &Value, &Value) -> Given>,
    /// Whether there is a second operand.
    is_binary: bool,
    needs: Needs,
}

/// What machine code has to compute, and not the interpreter.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Numbers,
}

/// 1 or 2, by whether it was true.
fn chosen(truth: Given) -> Given {
    let is_true = matches!(truth?, Value::Bool(true));
    Ok(Value::Int(if is_true { 1 } else { 2 }))
}

fn branch(jump: &str) -> String {
    let [yes, no] = match jump {
        "JumpIfFalse" => [1, 2],
        _ => [2, 1],
    };
    format!("  {jump} else\n  LoadInt {yes}\n  Jump join\nelse:\n  LoadInt {no}\njoin:\n")
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for op in NUMERIC.into_iter().chain(OTHERS) {
        all.push(Case {
            name: op.to_owned(),
            body: format!("  GetSlot 0\n  GetSlot 1\n  {op}\n"),
            table: Box::new(move |policy, a, b| reference::binary(policy, op, a, b)),
            is_binary: true,
            needs: match op {
                _ if NUMERIC.contains(&op) => Needs::Numbers,
                _ => Needs::Nothing,
            },
        });
    }
    all.push(Case {
        name: "AddAssignSlotVoid".to_owned(),
        body: "  AddAssignSlotVoid 0, 1\n  GetSlot 0\n".to_owned(),
        table: Box::new(|policy, a, b| reference::binary(policy, "Add", a, b)),
        is_binary: true,
        needs: Needs::Numbers,
    });
    for op in BRANCHES {
        for jump in ["JumpIfFalse", "JumpIfTrue"] {
            all.push(Case {
                name: format!("{op}, {jump}"),
                body: format!("  GetSlot 0\n  GetSlot 1\n  {op}\n{}", branch(jump)),
                table: Box::new(move |policy, a, b| chosen(reference::binary(policy, op, a, b))),
                is_binary: true,
                needs: Needs::Numbers,
            });
        }
    }
    for (code, op) in UNARY {
        all.push(Case {
            name: code.to_owned(),
            body: format!("  {code}\n"),
            table: Box::new(move |policy, a, _| reference::unary(policy, op, a)),
            is_binary: false,
            needs: match op {
                "StringLen" => Needs::Nothing,
                _ => Needs::Numbers,
            },
        });
    }
    for jump in ["JumpIfFalse", "JumpIfTrue"] {
        all.push(Case {
            name: jump.to_owned(),
            body: format!("  GetSlot 0\n{}", branch(jump)),
            table: Box::new(|policy, a, _| chosen(reference::unary(policy, "Truth", a))),
            is_binary: false,
            needs: Needs::Numbers,
        });
    }
    all
}

/// Whether they are the same to the bit, but that all NaN are one.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => {
            a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
        }
        (a, b) => a == b,
    }
}

/// What a call gives: of a trap, its kind and where it was.
fn called(vm: &mut VM, a: &Value, b: &Value) -> Result<Value, (TrapKind, Option<usize>)> {
    vm.call("f", &[a.clone(), b.clone()])
        .map_err(|error| match error.kind() {
            ErrorKind::Trap(kind) => (kind, error.pc()),
            other => panic!("{other:?}: {error}"),
        })
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

/// The base interpreter, register code without machine code, and with it.
struct Tiers {
    chunk: Chunk,
    all: [(&'static str, VM); 3],
}

impl Tiers {
    fn new(chunk: Chunk, config: &JitConfig) -> Self {
        let all = [
            ("base", vm(&chunk, None)),
            ("register code", vm(&chunk, Some(&none()))),
            ("machine code", vm(&chunk, Some(config))),
        ];
        Tiers { chunk, all }
    }

    /// Forgets what was compiled for the kinds that came.
    fn other_kinds(&mut self, config: &JitConfig) {
        self.all[2].1 = vm(&self.chunk, Some(config));
    }

    fn entries(&self) -> u64 {
        self.all[2].1.jit_report().entries
    }

    /// Compares what each gives with the table, and where each traps.
    fn check(&mut self, table: &Given, a: &Value, b: &Value, about: &dyn Fn() -> String) {
        let mut place = None;
        for (tier, vm) in &mut self.all {
            let found = called(vm, a, b);
            let as_said = match (&found, table) {
                (Ok(found), Ok(wanted)) => same(found, wanted),
                (Err((kind, at)), Err(wanted)) => {
                    kind == wanted && at.is_some() && place.replace(*at).is_none_or(|p| p == *at)
                }
                _ => false,
            };
            assert!(
                as_said,
                "{} of {a:?} and {b:?} in {tier} is {found:?}, by the table {table:?}\n{}\n{}",
                about(),
                vm.jit_report(),
                self.chunk.listing()
            );
        }
    }
}

/// A policy, and how it stands in text.
fn policies() -> Vec<(Policy, String)> {
    let mut all = Vec::new();
    for (overflow, word) in [
        (Overflow::Wrap, "wrap"),
        (Overflow::Trap, "trap"),
        (Overflow::Promote, "promote"),
    ] {
        for (zero_div, zero) in [
            (ZeroDiv::Undef, "undef"),
            (ZeroDiv::Trap, "trap"),
            (ZeroDiv::Float, "float"),
        ] {
            let policy = Policy {
                overflow,
                zero_div,
                ..Policy::default()
            };
            all.push((policy, format!("overflow={word} zero_div={zero}")));
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

/// Compares one pair of operands in so many, of all kinds, each pair of kinds in code of its own; how many.
fn compare(
    case: &Case,
    (policy, word): &(Policy, String),
    (way, config): (usize, &JitConfig),
    one_in: usize,
) -> usize {
    let kinds = operands();
    let nothing = [vec![Value::Undef]];
    let seconds = if case.is_binary { &kinds[..] } else { &nothing };
    let mut tiers = Tiers::new(looped(word, &case.body), config);
    let about = || format!("{}, {word}, {config:?}", case.name);
    let (mut all, mut at) = (0, case.name.len());
    for (kind, firsts) in kinds.iter().enumerate() {
        for (other, seconds) in seconds.iter().enumerate() {
            tiers.other_kinds(config);
            let mut pairs = 0;
            for a in firsts {
                for b in seconds {
                    at += 1;
                    if at % one_in == 0 {
                        let table = (case.table)(*policy, a, b);
                        tiers.check(&table, a, b, &about);
                        pairs += 1;
                    }
                }
            }
            // What is not left for good is entered for each pair.
            let numbers = match case.needs {
                Needs::Nothing => false,
                Needs::Numbers => kind < 2 && (other < 2 || !case.is_binary),
            };
            if numbers && way != 1 {
                let entries = tiers.entries();
                assert!(
                    entries + 5 >= pairs as u64,
                    "{} of kinds {kind} and {other}: {entries} entries\n{}",
                    about(),
                    tiers.all[2].1.jit_report()
                );
            }
            all += pairs;
        }
    }
    all
}

#[test]
fn scalar_ops_at_the_edges() {
    let (mut all, configs) = (0, configs());
    for (at, case) in cases().iter().enumerate() {
        for (number, policy) in policies().iter().enumerate() {
            // The usual policy in steady code, and of the rest a share.
            let way = if number == 0 { 0 } else { (at + number) % 3 };
            let one_in = match (number, case.is_binary) {
                (_, false) => 1,
                (0, _) => 4,
                _ => 61,
            };
            all += compare(case, policy, (way, &configs[way]), one_in);
        }
    }
    println!("{all} pairs in each tier");
}

#[test]
#[ignore = "takes minutes"]
fn all_scalar_ops_at_the_edges_under_every_policy() {
    let mut all = 0;
    for case in cases() {
        for policy in policies() {
            for way in configs().iter().enumerate() {
                all += compare(&case, &policy, way, 1);
            }
        }
    }
    println!("{all} pairs in each tier");
}

/// Compares ops of which one operand is a constant: one in so many of the constants.
fn with_constants(one_in: usize) -> usize {
    let kinds = operands();
    let config = &configs()[0];
    let (mut all, mut at) = (0, 0);
    for op in NUMERIC {
        for constant in kinds[0].iter().chain(&kinds[1]) {
            for is_first in [true, false] {
                at += 1;
                if at % one_in != 0 {
                    continue;
                }
                let load = match constant {
                    Value::Int(n) => format!("LoadInt {n}"),
                    Value::Float(f) if f.is_nan() => "LoadFloat nan".to_owned(),
                    other => format!("LoadFloat {other:?}"),
                };
                let (policy, word) = &policies()[at / one_in % 9];
                let body = match is_first {
                    true => format!("  {load}\n  GetSlot 0\n  {op}\n"),
                    false => format!("  GetSlot 0\n  {load}\n  {op}\n"),
                };
                let mut tiers = Tiers::new(looped(word, &body), config);
                let about = || format!("{op}, one of them constant, {word}");
                for others in &kinds[..2] {
                    tiers.other_kinds(config);
                    for other in others {
                        let table = match is_first {
                            true => reference::binary(*policy, op, constant, other),
                            false => reference::binary(*policy, op, other, constant),
                        };
                        // The operand goes to slot 0; what is in slot 1 nobody reads.
                        tiers.check(&table, other, constant, &about);
                        all += 1;
                    }
                }
            }
        }
    }
    all
}

#[test]
fn scalar_ops_with_a_constant_at_the_edges() {
    println!("{} pairs in each tier", with_constants(7));
}

#[test]
#[ignore = "takes minutes"]
fn all_scalar_ops_with_a_constant_at_the_edges() {
    println!("{} pairs in each tier", with_constants(1));
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

#[test]
fn a_division_behind_a_test_stays_behind_it() {
    let body = |op: &str| {
        format!(
            "  GetSlot 1\n  LoadInt 0\n  NumEq\n  JumpIfTrue none\n  GetSlot 0\n  GetSlot 1\n  {op}\n  Jump join\n\
             none:\n  LoadInt 77\njoin:\n"
        )
    };
    for op in ["Mod", "Div"] {
        for (_, policy) in policies() {
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
