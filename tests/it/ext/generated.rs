//! A language of 300 ops, which a generator writes: every class of parameter, result and option, alone and
//! beside others. It is a crate of its own, in the folder for builds.

use crate::generate::Random;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How an operand is passed.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A number or a truth: what inline ops take.
    Scalar,
    Owned,
    Borrowed,
    /// Borrows an object of the heap.
    Object,
    /// Writes one.
    Written,
}
use Kind::{Borrowed, Object, Owned, Scalar, Written};

/// Operands: type, a number made of `@`, ops that load one, and how it is passed.
const OPERANDS: &[(&str, &str, &str, Kind)] = &[
    ("i64", "@", "b.get_slot(TURN);", Scalar),
    (
        "f64",
        "@ as i64",
        "b.get_slot(TURN); b.load(0.5); b.emit(Op::Mul);",
        Scalar,
    ),
    (
        "bool",
        "i64::from(@)",
        "b.get_slot(TURN); b.load(3); b.emit(Op::NumLt);",
        Scalar,
    ),
    ("&str", "digest(@)", "b.get_var(\"text\");", Borrowed),
    ("Str", "digest(@.as_str())", "b.get_var(\"text\");", Owned),
    ("String", "digest(@)", "b.load(\"a text\");", Owned),
    ("Value", "digest(@)", "b.get_slot(TURN);", Owned),
    ("&Value", "digest(@)", "b.get_var(\"list\");", Borrowed),
    (
        "Array",
        "digest(@)",
        "b.get_slot(TURN); b.make_array(1);",
        Owned,
    ),
    ("&Array", "@.len() as i64", "b.get_var(\"list\");", Borrowed),
    ("Hash", "digest(@)", "b.get_var(\"map\");", Owned),
    ("&Hash", "@.len() as i64", "b.get_var(\"map\");", Borrowed),
    (
        "Func",
        "digest(@.name().as_str())",
        "b.get_var(\"func\");",
        Owned,
    ),
    ("Ref", "{ let _ = @; 3 }", "b.get_var(\"cell\");", Owned),
    (
        "Obj<Counter>",
        "{ let _ = @; 4 }",
        "b.get_var(\"counter\");",
        Owned,
    ),
    ("Celsius", "@.0 as i64", "b.get_var(\"celsius\");", Owned),
    (
        "&Celsius",
        "@.0 as i64",
        "b.get_var(\"celsius\");",
        Borrowed,
    ),
    ("Option<i64>", "@.unwrap_or(9)", "b.get_slot(TURN);", Owned),
    (
        "Option<bool>",
        "i64::from(@.is_none())",
        "b.get_slot(TURN);",
        Owned,
    ),
    (
        "Option<&str>",
        "digest(@)",
        "b.get_var(\"text\");",
        Borrowed,
    ),
    ("Option<Celsius>", "digest(@)", "b.get_slot(TURN);", Owned),
    ("&Counter", "@.count", "b.get_var(\"counter\");", Object),
    (
        "Option<&Counter>",
        "@.map_or(5, |c| c.count)",
        "b.get_var(\"counter\");",
        Object,
    ),
    (
        "mut ObjMut<'_, Counter>",
        "{ @.count = mix(@.count, sum); @.count }",
        "b.get_var(\"counter\");",
        Written,
    ),
];

/// Immediates: type, a number made of `@`, one of them, whether it is large or names something, whether
/// inline ops take it.
const IMMEDIATES: &[(&str, &str, &str, bool, bool)] = &[
    ("u8", "i64::from(@)", "200", false, true),
    ("i8", "i64::from(@)", "-5", false, true),
    ("bool", "i64::from(@)", "true", false, true),
    ("Way", "@ as i64", "Way::Left", false, false),
    ("Slot", "i64::from(@.0)", "Slot(7)", false, false),
    ("i32", "i64::from(@)", "-70_000", true, true),
    ("u32", "i64::from(@)", "4_000_000_000", true, true),
    (
        "Name<'_>",
        "digest(@.as_str())",
        "\"text\".into()",
        true,
        false,
    ),
    (
        "Function",
        "{ let _ = @; 6 }",
        "\"small\".into()",
        true,
        false,
    ),
    ("&Letters", "digest(&@.0)", "\"abc\".into()", true, false),
];

/// What an op reaches beside its operands, and what it does with it.
const CONTEXTS: &[(&str, &str)] = &[
    ("host: &mut Host", "host.sum = mix(host.sum, sum);"),
    (
        "heap: &mut Heap",
        "let new = heap.alloc(Counter { count: sum }).expect(\"there is room\"); sum = mix(sum, heap.get(new).expect(\"it is there\").count);",
    ),
    (
        "out: &mut Output",
        "std::io::Write::write_fmt(out, format_args!(\"{sum} \")).expect(\"it is written\");",
    ),
    ("rules: Rules<'_>", "sum = mix(sum, limit(&rules));"),
    (
        "#[slot] slot: &mut Value",
        "*slot = Value::Int(mix(slot.to_int(), sum));",
    ),
    (
        "#[cache] memory: &mut Memory",
        "memory.0 = mix(memory.0, sum); sum = mix(sum, memory.0);",
    ),
    ("#[callee] me: &Closure", "sum = mix(sum, me.captured);"),
    (
        "mut cx: Ctx<'_, Many>",
        "cx.host().sum += 1; sum = mix(sum, cx.call(\"small\", &[Value::Int(sum), Value::Int(1)]).map_or(2, |n| n.to_int()));",
    ),
    (
        "#[imm] body: Block, mut cx: Ctx<'_, Many>",
        "sum = mix(sum, cx.run(body, &[Value::Int(sum)]).map_or(2, |n| n.to_int()));",
    ),
];

/// Results: type, and the expression.
const RESULTS: &[(&str, &str)] = &[
    ("i64", "sum"),
    ("f64", "sum as f64"),
    ("bool", "sum & 1 == 0"),
    ("()", "()"),
    ("String", "sum.to_string()"),
    ("Value", "Value::Int(sum)"),
    ("Array", "Array::from(vec![Value::Int(sum)])"),
    ("Option<i64>", "(sum % 3 != 0).then_some(sum)"),
    ("(i64, String)", "(sum, sum.to_string())"),
    ("Celsius", "Celsius(sum as f64)"),
    ("Counter", "Counter { count: sum }"),
    ("Branch", "Branch::when(sum & 1 == 0)"),
    ("Invoke", "Invoke::Value(Value::Int(sum))"),
];

/// What is said of an op; `scalar` and `fallible` are about its shape.
const OPTIONS: &[&str] = &[
    "",
    "pure",
    "inline",
    "scalar",
    "scalar, pure",
    "scalar, fallible",
    "cost = 3",
    "fallible",
    "fallible, pure",
];

/// The classes that an op is to have, by number.
#[derive(Clone, Copy, Default)]
struct Forced {
    operand: Option<usize>,
    immediate: Option<usize>,
    context: Option<usize>,
    result: Option<usize>,
    option: Option<usize>,
}

/// One op after the other: each class once for sure, and then at random.
fn forced(n: usize) -> Forced {
    let mut forced = Forced::default();
    let mut at = n;
    for (len, slot) in [
        (OPERANDS.len(), &mut forced.operand),
        (IMMEDIATES.len(), &mut forced.immediate),
        (CONTEXTS.len(), &mut forced.context),
        (RESULTS.len(), &mut forced.result),
        (OPTIONS.len(), &mut forced.option),
    ] {
        if at < len {
            *slot = Some(at);
            break;
        }
        at -= len;
    }
    forced
}

/// Writes an op, and what runs it in a loop.
fn op(n: usize, r: &mut Random) -> (String, String) {
    let forced = forced(n);
    // What is forced must not be ruled out by what is said of the op.
    let free = forced.context.is_none() && forced.operand.is_none_or(|at| OPERANDS[at].3 == Scalar);
    let option = OPTIONS[forced.option.unwrap_or_else(|| match free {
        true => r.below(OPTIONS.len()),
        false => 0,
    })];
    let is_pure = option.contains("pure");
    // Numbers and truths alone.
    let is_scalar = (option == "inline" || option.contains("scalar"))
        && forced.operand.is_none_or(|at| OPERANDS[at].3 == Scalar)
        && forced.immediate.is_none_or(|at| IMMEDIATES[at].4)
        && forced.result.is_none_or(|at| at < 3);
    let is_inline = is_scalar && option == "inline";
    let is_fallible = option.contains("fallible");
    let mut contexts: Vec<usize> = Vec::new();
    if !is_scalar && !is_pure {
        contexts.extend(forced.context);
        for at in 0..CONTEXTS.len() {
            if r.one_in(14) && !contexts.contains(&at) {
                contexts.push(at);
            }
        }
        // The whole VM stands alone; so does the heap beside what borrows of it or asks for limits.
        if let Some(whole) = contexts.iter().find(|at| **at >= 7) {
            contexts = vec![*whole];
        } else if contexts.contains(&1) {
            contexts.retain(|at| *at != 3 && *at != 6);
        }
    }
    let has = |at: usize| contexts.contains(&at);
    let whole = has(7) || has(8);
    let may = |kind: Kind, has_object: bool, has_written: bool| match kind {
        _ if is_scalar => kind == Scalar,
        Scalar | Owned => true,
        Borrowed => !whole,
        Object => !whole && !has(1) && !has_written && !is_pure,
        Written => {
            !whole && !has(1) && !has(3) && !has(6) && !has_object && !has_written && !is_pure
        }
    };
    let mut operands: Vec<usize> = Vec::new();
    let count = r.below(4) + usize::from(is_scalar);
    for at in forced
        .operand
        .into_iter()
        .chain((0..count).map(|_| r.below(OPERANDS.len())))
    {
        let is = |kind: Kind| operands.iter().any(|at| OPERANDS[*at].3 == kind);
        if may(OPERANDS[at].3, is(Object), is(Written)) {
            operands.push(at);
        }
    }
    let mut result = forced.result.unwrap_or_else(|| r.below(RESULTS.len()));
    if is_scalar {
        result %= 3;
    }
    // All that stands in the bytecode has 64 bits.
    if RESULTS[result].0 == "Branch" && forced.immediate.is_some_and(|at| IMMEDIATES[at].3) {
        result = 0;
    }
    if is_pure && matches!(RESULTS[result].0, "Branch" | "Invoke" | "Counter") {
        result = 0;
    }
    let mut immediates: Vec<usize> = forced.immediate.into_iter().collect();
    let count = r.below(3);
    for at in (0..count).map(|_| r.below(IMMEDIATES.len())) {
        let large = immediates.iter().any(|at| IMMEDIATES[*at].3)
            || RESULTS[result].0 == "Branch"
            || has(8);
        if (!IMMEDIATES[at].3 || !large) && (!is_scalar || IMMEDIATES[at].4) && immediates.len() < 2
        {
            immediates.push(at);
        }
    }
    let rest = !is_scalar && r.one_in(8);
    written(
        n,
        &Parts {
            option,
            is_inline,
            is_fallible,
            operands,
            immediates,
            contexts,
            result,
            rest,
        },
    )
}

/// What an op is made of.
struct Parts {
    option: &'static str,
    is_inline: bool,
    is_fallible: bool,
    operands: Vec<usize>,
    immediates: Vec<usize>,
    contexts: Vec<usize>,
    result: usize,
    rest: bool,
}

fn written(n: usize, parts: &Parts) -> (String, String) {
    let (mut params, mut body, mut fields, mut loads) =
        (Vec::new(), String::new(), Vec::new(), String::new());
    let mut before = String::new();
    let add = |of: &str, name: &str| match parts.is_inline {
        true => format!(
            "        sum = sum * 31 + ({}) & 16_777_215;\n",
            of.replace('@', name)
        ),
        false => format!("        sum = mix(sum, {});\n", of.replace('@', name)),
    };
    for (at, of) in parts.immediates.iter().enumerate() {
        let (ty, number, one, ..) = IMMEDIATES[*of];
        let name = format!("imm{at}");
        params.push(format!("#[imm] {name}: {ty}"));
        body += &add(number, &name);
        fields.push(format!("{name}: {one}"));
    }
    let (ty, value) = RESULTS[parts.result];
    if ty == "Branch" {
        params.push("#[imm] to: Label".to_owned());
        body += "        let _ = to;\n";
        fields.push("to".to_owned());
    }
    for (at, of) in parts.operands.iter().enumerate() {
        let (ty, number, load, _) = OPERANDS[*of];
        let name = format!("x{at}");
        match ty.strip_prefix("mut ") {
            Some(ty) => params.push(format!("mut {name}: {ty}")),
            None => params.push(format!("{name}: {ty}")),
        }
        body += &add(number, &name);
        loads += &format!("        {load}\n");
    }
    for of in &parts.contexts {
        let (param, does) = CONTEXTS[*of];
        params.push(param.to_owned());
        body += &format!("        {does}\n");
        if param.contains("slot") {
            fields.push("slot: Slot(SLOT as u16)".to_owned());
        }
        if param.contains("Block") {
            fields.push("body".to_owned());
            before += "let body = b.begin_block(); b.load(3); b.emit(Op::Mul); let body = b.end_block(body);";
        }
    }
    if parts.rest {
        params.push("rest: Rest<'_>".to_owned());
        body += "        sum = mix(sum, rest.iter().map(digest).fold(0, mix));\n";
        fields.push("rest: 2".to_owned());
        loads += "        b.get_slot(TURN); b.load(\"rest\");\n";
    }
    let said = |word: &&str| !matches!(*word, "" | "scalar" | "fallible");
    let said = |word: &&str| said(word) && (*word != "inline" || parts.is_inline);
    let option: Vec<&str> = parts.option.split(", ").filter(said).collect();
    let option = option.join(", ");
    let attribute = match &option[..] {
        "" => "#[ext_op]".to_owned(),
        option => format!("#[ext_op({option})]"),
    };
    let (returns, end) = match (parts.is_fallible, ty) {
        (false, "()") => (String::new(), "        let _ = sum;\n".to_owned()),
        (false, ty) => (format!(" -> {ty}"), format!("        {value}\n")),
        (true, ty) => (
            format!(" -> Result<{ty}, String>"),
            format!(
                "        if sum % 101 == 100 {{ return Err(format!(\"{{sum}} is odd\")); }}\n        Ok({value})\n"
            ),
        ),
    };
    let function = format!(
        "    /// Of {} parameters.\n    {attribute}\n    pub fn op_{n}({}){returns} {{\n        let mut sum: i64 = {n};\n{body}{end}    }}\n\n",
        params.len(),
        params.join(", ")
    );
    let after = match ty {
        "()" => "",
        "(i64, String)" => "b.op(given::note {}); b.op(given::note {});",
        "Branch" => "b.load(1); b.op(given::note {}); b.bind(to);",
        _ => "b.op(given::note {});",
    };
    if ty == "Branch" {
        before += "let to = b.label();";
    }
    let case = format!(
        "    Case {{ name: \"op_{n}\", write: |b| {{\n        {before}\n{loads}        b.op(ops::op_{n} {{ {} }});\n        {after}\n    }} }},\n",
        fields.join(", ")
    );
    (function, case)
}

/// The source of all ops.
fn source(ops: usize) -> String {
    let mut r = Random::new(300);
    let (mut functions, mut cases) = (String::new(), String::new());
    for n in 0..ops {
        let (function, case) = op(n, &mut r);
        functions += &function;
        cases += &case;
    }
    format!(
        "//! Generated.\n#![allow(warnings)]\n\nuse super::*;\n\n#[fusevm::ops(Many)]\npub mod ops {{\n    use super::super::*;\n\n{functions}}}\n\n\
         pub const CASES: &[Case] = &[\n{cases}];\n"
    )
}

const MANIFEST: &str = r#"[package]
name = "generated-language"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
fusevm = { path = "../../fusevm", features = ["cli", "serde", "jit"] }

[profile.dev.package."*"]
opt-level = 1
"#;

/// Builds the crate with that source: how long it took.
fn build(folder: &Path, main: &str) -> Duration {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        if fs::read_to_string(&path).ok().as_deref() != Some(text) {
            fs::write(path, text).expect("it can be written");
        }
    };
    write("src/main.rs", main);
    let begin = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--quiet"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join(".."))
        .status();
    assert!(
        status.expect("cargo is there").success(),
        "it does not compile"
    );
    begin.elapsed()
}

/// Run it with `--nocapture` for how long it takes to build.
#[test]
#[ignore = "builds a crate, which takes minutes"]
fn a_language_of_300_ops_means_the_same_in_every_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/generated");
    fs::create_dir_all(folder.join("src")).expect("it can be made");
    fs::write(folder.join("Cargo.toml"), MANIFEST).expect("it can be written");
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("it can be copied");
    let framework = build(&folder, "fn main() {}\n");
    fs::write(folder.join("src/ops.rs"), source(300)).expect("it can be written");
    let language = build(&folder, include_str!("generated/frame.rs"));
    println!("the framework in {framework:.1?}, 300 ops in {language:.1?}");
    let begin = Instant::now();
    let run = Command::new(folder.join("../debug/generated-language"))
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        run.status.success(),
        "{}{}",
        text(&run.stdout),
        text(&run.stderr)
    );
    println!("{}, in {:.1?}", text(&run.stdout).trim(), begin.elapsed());
}
