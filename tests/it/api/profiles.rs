//! Profiles: exact counts of ops, rows of them, functions and lines; nothing else depends on them.

use super::chunk;
use fusevm::{Error, Profile, SharedBuffer, prelude::*};

/// A language with ops of its own, one of which calls back.
#[derive(Language)]
#[language(name = "counted", ops(ops::OPS))]
struct Counted;

#[fusevm::ops(Counted)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn double(x: i64) -> i64 {
        x * 2
    }

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    /// Calls twice, the second time with what the first has given.
    #[ext_op]
    pub fn twice(f: Value, x: i64, mut cx: Ctx<'_, Counted>) -> Result<Value, Trap> {
        let once = cx.call(&f, &[Value::Int(x)])?;
        cx.call(&f, &[once])
    }
}

/// A loop of five turns, which calls `f` in each.
fn program() -> Chunk {
    let mut b = Builder::<Counted>::with_source("counted", "");
    b.line(1);
    let f = b.begin_fn("f", &["x"]);
    b.get_slot(0);
    b.op(ops::double {});
    b.emit(Op::ReturnValue);
    b.end_fn(f);
    b.line(2);
    for slot in [0, 1] {
        b.load(0);
        b.set_slot(slot);
    }
    let top = b.label_here();
    b.line(3);
    b.get_slot(1);
    b.get_slot(0);
    b.call("f", 1);
    b.emit(Op::Add);
    b.set_slot(1);
    b.line(4);
    b.get_slot(0);
    b.emit(Op::Inc);
    b.set_slot(0);
    b.get_slot(0);
    b.load(5);
    b.emit(Op::NumLt);
    b.jump_if_true(top);
    b.line(5);
    b.get_slot(1);
    b.finish().expect("it is well built")
}

/// Result and profile of a program.
fn profiled(vm: &mut VM, chunk: &Chunk) -> (Result<Value, Error>, Profile) {
    vm.set_profiling(true);
    let result = vm.eval(chunk);
    vm.set_profiling(false);
    (result, vm.profile())
}

fn functions(profile: &Profile) -> Vec<(Option<&str>, u32, u64, u64)> {
    let rows = profile.functions().into_iter();
    rows.map(|row| (row.name, row.line, row.calls, row.ops))
        .collect()
}

fn lines(profile: &Profile) -> Vec<(u32, u64)> {
    let rows = profile.lines().into_iter();
    rows.map(|row| (row.line, row.ops)).collect()
}

#[test]
fn counts_are_exact() {
    let chunk = program();
    let (result, profile) = profiled(&mut Counted::vm(()), &chunk);
    assert_eq!(result.unwrap(), Value::Int(20), "{chunk}");
    // Five turns of twelve ops, and four of the function in each; at the end a jump over that.
    assert_eq!(
        profile.total(),
        4 + 5 * (12 + 4) + 2,
        "{chunk}\n{profile:#}"
    );
    let ops = [
        ("GetSlot", 26),
        ("SetSlot", 17),
        ("LoadInt", 7),
        ("Add", 5),
        ("Call", 5),
        ("Inc", 5),
        ("JumpIfTrue", 5),
        ("NumLt", 5),
        ("ReturnValue", 5),
        ("ext double", 5),
        ("Jump", 1),
    ];
    assert_eq!(profile.ops(), ops);
    // A call, a return and the way back end a row.
    let pairs = [
        (["SetSlot", "GetSlot"], 5 + 5 + 5 + 1),
        (["GetSlot", "Inc"], 5),
        (["GetSlot", "LoadInt"], 5),
    ];
    let seen = profile.pairs();
    for pair in pairs {
        assert!(seen.contains(&pair), "{pair:?} is not in\n{profile:#}");
    }
    assert_eq!(seen[0], (["SetSlot", "GetSlot"], 16));
    let of = |ops: [&str; 2]| seen.iter().find(|(pair, _)| *pair == ops).map(|row| row.1);
    assert_eq!(of(["Call", "Add"]), None);
    assert_eq!(of(["Call", "SetSlot"]), None);
    assert_eq!(of(["GetSlot", "ext double"]), Some(5));
    assert_eq!(of(["JumpIfTrue", "GetSlot"]), Some(1));
    let triple = (["GetSlot", "Inc", "SetSlot"], 5);
    assert!(profile.triples().contains(&triple), "{profile:#}");
    assert_eq!(
        functions(&profile),
        [(None, 0, 1, 66), (Some("f"), 1, 5, 20)]
    );
    assert_eq!(lines(&profile), [(4, 35), (3, 25), (1, 20), (2, 4), (5, 2)]);
    assert!(profile.lines().iter().all(|row| row.source == "counted"));
}

#[test]
fn blocks_and_runs_inside_ops_are_counted_where_they_stand() {
    let mut b = Builder::<Counted>::new();
    let f = b.begin_fn("f", &["x"]);
    b.get_slot(0);
    b.emit(Op::Inc);
    b.emit(Op::ReturnValue);
    b.end_fn(f);
    let g = b.begin_fn("g", &[] as &[&str]);
    let block = b.begin_block();
    b.op(ops::double {});
    let block = b.end_block(block);
    for n in 1..=3 {
        b.load(n);
    }
    b.make_array(3);
    b.emit(Op::MapBlock(block.0));
    b.emit(Op::ReturnValue);
    b.end_fn(g);
    b.op(ops::function { f: "f".into() });
    b.load(1);
    b.op(ops::twice {});
    b.emit(Op::Pop);
    b.call("g", 0);
    let chunk = b.finish().expect("it is well built");
    let (result, profile) = profiled(&mut Counted::vm(()), &chunk);
    assert_eq!(result.unwrap(), Value::array([2, 4, 6].map(Value::Int)));
    let of = |op: &str| {
        profile
            .ops()
            .iter()
            .find(|row| row.0 == op)
            .map(|row| row.1)
    };
    assert_eq!((of("ext double"), of("ext twice")), (Some(3), Some(1)));
    assert_eq!((of("MapBlock"), of("Inc")), (Some(1), Some(2)));
    let rows = functions(&profile);
    let calls = |name| rows.iter().find(|row| row.0 == name).map(|row| row.2);
    assert_eq!(calls(Some("f")), Some(2));
    assert_eq!(calls(Some("g")), Some(1));
    assert_eq!(calls(None), Some(1));
    let ops: u64 = rows.iter().map(|row| row.3).sum();
    assert_eq!(ops, profile.total());
}

#[test]
fn nothing_else_depends_on_it() {
    let failing = chunk(|b| {
        b.load(1);
        b.println(1);
        b.call("missing", 0);
    });
    let looping = program();
    let seen = |chunk: &Chunk, profiling: bool| {
        let out = SharedBuffer::default();
        let mut vm = Counted::vm(());
        vm.set_output(out.clone());
        vm.set_fuel(Some(1_000));
        vm.set_profiling(profiling);
        let ended = vm.eval(chunk).map_err(|error| error.render());
        (ended, out.text(), vm.fuel())
    };
    for chunk in [&failing, &looping] {
        assert_eq!(seen(chunk, true), seen(chunk, false));
    }
    // What has run is counted, that which trapped as well.
    let (result, profile) = profiled(&mut VM::empty(), &failing);
    assert!(result.is_err());
    assert_eq!(profile.total(), 3);
}

#[test]
fn what_is_counted_is_what_runs_between_on_and_off() {
    let chunk = program();
    let mut vm = Counted::vm(());
    assert_eq!(vm.profile(), Profile::default());
    vm.eval(&chunk).unwrap();
    let (_, once) = profiled(&mut vm, &chunk);
    assert_eq!(once.total(), 86);
    vm.eval(&chunk).unwrap();
    vm.call("f", &[Value::Int(1)]).unwrap();
    assert_eq!(vm.profile(), once);
    vm.set_profiling(true);
    vm.call("f", &[Value::Int(1)]).unwrap();
    vm.call("f", &[Value::Int(1)]).unwrap();
    assert_eq!(functions(&vm.profile()), [(Some("f"), 1, 2, 8)]);
    // Programs that are gone by then are in it.
    vm.set_profiling(true);
    for _ in 0..20 {
        vm.eval(super::chunk(|b| b.load(1))).unwrap();
    }
    assert_eq!(vm.profile().ops(), [("LoadInt", 20)]);
    assert_eq!(vm.profile().pairs(), []);
}

#[test]
fn profiles_add_up() {
    let (one, other) = (program(), chunk(|b| b.load(1)));
    let (_, mut sum) = profiled(&mut Counted::vm(()), &one);
    let (_, alone) = profiled(&mut Counted::vm(()), &other);
    let first = sum.clone();
    sum += alone;
    assert_eq!(sum.total(), first.total() + 1);
    assert_eq!(sum.ops()[2], ("LoadInt", 8));
    assert_eq!(sum.pairs(), first.pairs());
    assert_eq!(sum.functions().len(), 3);
    sum += first.clone();
    assert_eq!(functions(&sum)[0], (None, 0, 2, 132));
    let mut empty = Profile::default();
    empty += first.clone();
    assert_eq!(empty, first);
    assert_eq!(Profile::default().to_string(), "0 ops ran\n");
}

#[test]
fn tables_show_counts_and_shares() {
    let (_, profile) = profiled(&mut Counted::vm(()), &program());
    let text = profile.to_string();
    for line in [
        "86 ops ran",
        "          26   30.2 %  GetSlot",
        "          16   18.6 %  SetSlot; GetSlot",
        "          20   23.3 %             5  f() at counted:1",
        "          66   76.7 %             1  main program of counted",
        "          35   40.7 %  counted:4",
    ] {
        assert!(text.lines().any(|l| l == line), "no {line:?} in\n{text}");
    }
}
