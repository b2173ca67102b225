//! What ops say of the shape of their first input: the same in every tier, whatever comes by.

use fusevm::{Chunk, ErrorKind, Heap, TrapKind, Vm, prelude::*};

#[derive(Language)]
#[language(name = "shapes", host = Kinds, ops(ops::OPS))]
struct Shapes;

/// A shape for each kind of thing, and an object that stands for the kind.
#[derive(Default)]
struct Kinds {
    shapes: [Option<(Shape, Obj<Kind>)>; 3],
    /// Runs of ops that say something of a shape.
    asked: usize,
}

impl Kinds {
    fn of(&mut self, kind: u8, heap: &mut Heap) -> Result<(Shape, Obj<Kind>), Trap> {
        let at = usize::from(kind % 3);
        if let Some(found) = self.shapes[at] {
            return Ok(found);
        }
        let found = (heap.new_shape()?, heap.alloc(Kind(i64::from(kind)))?);
        self.shapes[at] = Some(found);
        Ok(found)
    }
}

impl Trace for Kinds {
    fn trace(&self, tracer: &mut fusevm::Tracer<'_>) {
        for (_, kind) in self.shapes.iter().flatten() {
            kind.trace(tracer);
        }
    }
}

#[derive(Object)]
struct Kind(i64);

#[derive(Object)]
struct Thing {
    kind: u8,
}

fn no_thing() -> Trap {
    Trap::Host("no thing".into())
}

#[ops(Shapes)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn thing(#[imm] kind: u8, kinds: &mut Kinds, heap: &mut Heap) -> Result<Obj<Thing>, Trap> {
        let (shape, _) = kinds.of(kind, heap)?;
        Ok(heap.alloc_shaped(Thing { kind }, shape)?)
    }

    /// A thing without a shape.
    #[ext_op]
    pub fn plain(heap: &mut Heap) -> Result<Obj<Thing>, Trap> {
        Ok(heap.alloc(Thing { kind: 0 })?)
    }

    /// Field 0 or 1, which are the other way round in things of the kind 1; -1 where it is not set.
    #[ext_op]
    pub fn get(
        #[imm] field: u8,
        thing: &Value,
        kinds: &mut Kinds,
        heap: &mut Heap,
    ) -> Result<Load, Trap> {
        kinds.asked += 1;
        let thing = heap.downcast::<Thing>(thing).ok_or_else(no_thing)?;
        let field = usize::from(field) ^ usize::from(heap.get(thing)?.kind == 1);
        Ok(match heap.field(thing, field)? {
            Some(_) => Load::Field(field),
            None => Load::Value(Value::Int(-1)),
        })
    }

    #[ext_op]
    pub fn set(
        #[imm] field: u8,
        thing: &Value,
        value: &Value,
        kinds: &mut Kinds,
        heap: &mut Heap,
    ) -> Result<Assign, Trap> {
        kinds.asked += 1;
        let _ = value;
        let thing = heap.downcast::<Thing>(thing).ok_or_else(no_thing)?;
        Ok(Assign(
            usize::from(field) ^ usize::from(heap.get(thing)?.kind == 1),
        ))
    }

    #[ext_op]
    pub fn put(#[imm] field: u8, thing: &Value, value: &Value) -> Store {
        let _ = (thing, value);
        Store(field.into())
    }

    /// Reads a field that need not be there.
    #[ext_op]
    pub fn bare(#[imm] field: u8, thing: &Value) -> Load {
        let _ = thing;
        Load::Field(field.into())
    }

    /// Calls a method with the thing before the arguments: one for the kinds 0 and 1, another for 2.
    #[ext_op]
    pub fn send(
        #[imm] first: Function,
        #[imm] second: Function,
        thing: &Value,
        args: Rest<'_>,
        kinds: &mut Kinds,
        heap: &mut Heap,
    ) -> Result<Invoke, Trap> {
        let _ = args;
        kinds.asked += 1;
        let thing = heap.downcast::<Thing>(thing).ok_or_else(no_thing)?;
        let kind = heap.get(thing)?.kind;
        let (_, callee) = kinds.of(kind, heap)?;
        Ok(Invoke::ByShape {
            function: if kind == 2 { second } else { first }.into(),
            callee: Some(callee.handle()),
            receiver: true,
        })
    }

    /// Calls a function through the thing itself.
    #[ext_op]
    pub fn through(#[imm] f: Function, thing: &Value, args: Rest<'_>) -> Invoke {
        let _ = (thing, args);
        Invoke::ByShape {
            function: f.into(),
            callee: None,
            receiver: false,
        }
    }

    /// A new thing of the same kind, of which a function is called.
    #[ext_op]
    pub fn fresh(
        #[imm] f: Function,
        thing: &Value,
        args: Rest<'_>,
        kinds: &mut Kinds,
        heap: &mut Heap,
    ) -> Result<Invoke, Trap> {
        let _ = args;
        let thing = heap.downcast::<Thing>(thing).ok_or_else(no_thing)?;
        let kind = heap.get(thing)?.kind;
        let (shape, callee) = kinds.of(kind, heap)?;
        Ok(Invoke::Make {
            make: Maker::new(move |heap| heap.alloc_shaped(Thing { kind }, shape)),
            then: Some((f.into(), callee.handle())),
        })
    }

    /// A new thing of the same kind.
    #[ext_op]
    pub fn copy(thing: &Value, kinds: &mut Kinds, heap: &mut Heap) -> Result<Invoke, Trap> {
        let thing = heap.downcast::<Thing>(thing).ok_or_else(no_thing)?;
        let kind = heap.get(thing)?.kind;
        let (shape, _) = kinds.of(kind, heap)?;
        Ok(Invoke::Make {
            make: Maker::new(move |heap| heap.alloc_shaped(Thing { kind }, shape)),
            then: None,
        })
    }

    /// Of the kind through which the function was called.
    #[ext_op]
    pub fn kind(#[callee] kind: &Kind) -> i64 {
        kind.0
    }

    /// Of the thing through which the function was called.
    #[ext_op]
    pub fn own(#[callee] thing: &Thing) -> i64 {
        i64::from(thing.kind) + 100
    }

    /// Takes a thing its shape.
    #[ext_op]
    pub fn unshape(thing: Obj<Thing>, heap: &mut Heap) -> Result<(), Trap> {
        Ok(heap.set_shape(thing, None)?)
    }

    /// Puts another heap in the place of the VM's.
    #[ext_op]
    pub fn swap(mut cx: Ctx<'_, Shapes>) {
        *cx.heap() = Heap::new();
        cx.host().shapes = [None; 3];
    }

    #[ext_op]
    pub fn collect(mut cx: Ctx<'_, Shapes>) {
        cx.collect();
    }
}

/// How a program is run.
#[derive(Clone)]
struct Way {
    name: String,
    lowering: bool,
    #[cfg(all(feature = "jit", unix))]
    jit: fusevm::JitConfig,
}

fn ways() -> Vec<Way> {
    let way = |name: &str, lowering: bool| Way {
        name: name.to_owned(),
        lowering,
        #[cfg(all(feature = "jit", unix))]
        jit: crate::jit::none(),
    };
    let mut ways = vec![way("base", false), way("registers", true)];
    #[cfg(all(feature = "jit", unix))]
    ways.extend(crate::jit::ways().into_iter().map(|(name, jit)| Way {
        jit,
        ..way(name, true)
    }));
    ways.dedup_by(|a, b| a.name == b.name);
    ways
}

/// Runs a program in every way; what it gives, and how often ops were asked in registers.
#[track_caller]
fn run(text: &str) -> (Result<Value, String>, usize) {
    let chunk = Chunk::parse(text).expect("the text is a chunk");
    let (mut first, mut asked) = (None, 0);
    for way in ways() {
        let mut vm: Vm<Shapes> = Shapes::vm(Kinds::default());
        vm.set_lowering(way.lowering);
        #[cfg(all(feature = "jit", unix))]
        vm.set_jit(way.jit.clone());
        let mut limits = vm.limits().clone();
        limits.max_call_depth = 200;
        vm.set_limits(limits);
        vm.set_fuel(Some(1 << 40));
        // Twice, so that what is known from the first time is used.
        for turn in 0..2 {
            let ended = vm.eval(&chunk).map_err(|error| error.render());
            let seen = format!("{ended:?} {:?}", vm.fuel());
            let (before, ended) = match first.take() {
                None => ((seen.clone(), ended.clone()), ended),
                Some(before) => (before, ended),
            };
            if turn == 0 {
                assert_eq!(before.0, seen, "{}\n{text}", way.name);
                first = Some(before);
            } else {
                assert_eq!(before.1, ended, "{} again\n{text}", way.name);
                first = Some((before.0, ended));
            }
        }
        if way.name == "registers" {
            asked = vm.host().asked;
        }
    }
    (first.expect("there are ways").1, asked)
}

const HEAD: &str = "language shapes
import thing v1 (imm u8) -> Thing
import plain v1 () -> Thing
import get v1 (imm u8, Any) -> Any
import set v1 (imm u8, Any, Any) -> Any
import put v1 (imm u8, Any, Any) -> ()
import bare v1 (imm u8, Any) -> Any
import send v1 (imm function, imm function, imm count, Any, ..) -> Any
import through v1 (imm function, imm count, Any, ..) -> Any
import fresh v1 (imm function, imm count, Any, ..) -> Any
import copy v1 (Any) -> Any
import kind v1 () -> Int
import own v1 () -> Int
import unshape v1 (Thing) -> ()
import swap v1 () -> ()
import collect v1 () -> ()
fn first/2 @first
fn second/2 @second
fn init/2 @init
fn own/1 @own
fn deep/2 @deep
";

const FUNCTIONS: &str = "
  Jump end
first:
  SetSlot 1
  SetSlot 0
  GetSlot 0
  ext get 0
  GetSlot 1
  Add
  ext kind
  Add
  ReturnValue
second:
  SetSlot 1
  SetSlot 0
  GetSlot 1
  ext kind
  Mul
  ReturnValue
init:
  SetSlot 1
  SetSlot 0
  GetSlot 0
  GetSlot 1
  ext set 0
  Pop
  GetSlot 0
  ReturnValue
own:
  SetSlot 0
  GetSlot 0
  ext own
  Add
  ReturnValue
deep:
  SetSlot 1
  SetSlot 0
  GetSlot 0
  GetSlot 1
  Inc
  ext send deep, deep, 1
  ReturnValue
end:
";

/// A loop over `body`, with things of the kinds 0, 1 and 2 in the slots 0 to 2, the counter in slot 3, and a sum
/// in slot 4, which is the result.
fn looped(turns: u32, body: &str) -> String {
    let mut text = String::from(HEAD);
    for kind in 0..3 {
        text += &format!(
            "  ext thing {kind}\n  SetSlot {kind}\n  GetSlot {kind}\n  LoadInt {}\n  ext set 0\n  Pop\n",
            10 + kind
        );
    }
    text += &format!(
        "  LoadInt 0\n  SetSlot 3\n  LoadInt 0\n  SetSlot 4\ntop:\n{body}\n  GetSlot 3\n  Inc\n  SetSlot 3\n  \
         GetSlot 3\n  LoadInt {turns}\n  NumLt\n  JumpIfTrue top\n  GetSlot 4\n{FUNCTIONS}"
    );
    text
}

fn add(what: &str) -> String {
    format!("  GetSlot 4\n{what}\n  Add\n  SetSlot 4")
}

#[test]
fn fields_are_read_and_set_without_asking() {
    let body = add("  GetSlot 0\n  ext get 0")
        + "\n  GetSlot 0\n  GetSlot 3\n  ext set 0\n  Pop\n  GetSlot 1\n  GetSlot 3\n  ext put 3";
    let (result, asked) = run(&looped(50, &body));
    assert_eq!(result, Ok(Value::Int(10 + (0..49).sum::<i64>())));
    assert!(asked < 20, "{asked} times");
}

#[test]
fn a_place_sees_one_shape_two_and_more() {
    for kinds in 1..=3 {
        // The slot goes round.
        let body = format!(
            "  GetSlot 3\n  LoadInt {kinds}\n  Mod\n  SetSlot 5\n  GetSlot 5\n  LoadInt 0\n  NumEq\n  JumpIfFalse one\n  \
             GetSlot 0\n  SetSlot 6\n  Jump ready\none:\n  GetSlot 5\n  LoadInt 1\n  NumEq\n  JumpIfFalse two\n  \
             GetSlot 1\n  SetSlot 6\n  Jump ready\ntwo:\n  GetSlot 2\n  SetSlot 6\nready:\n{}\n{}\n  GetSlot 6\n  \
             GetSlot 3\n  ext set 1\n  Pop\n{}",
            add("  GetSlot 6\n  ext get 0"),
            add("  GetSlot 6\n  ext get 1"),
            add("  GetSlot 6\n  GetSlot 3\n  ext send first, second, 1"),
        );
        let (result, _) = run(&looped(60, &body));
        assert!(matches!(result, Ok(Value::Int(_))), "{result:?}");
    }
}

#[test]
fn values_of_any_kind_go_through_fields() {
    let constants = [
        "LoadFloat 1.5",
        "LoadTrue",
        "LoadUndef",
        "LoadConst \"text\"",
        "GetSlot 2",
    ];
    for constant in constants {
        let body = format!(
            "  GetSlot 0\n  {constant}\n  ext set 1\n  Pop\n  GetSlot 0\n  ext get 1\n  SetSlot 5\n  GetSlot 3\n  \
             LoadInt 20\n  NumEq\n  JumpIfFalse on\n  GetSlot 0\n  LoadInt 3\n  ext set 1\n  SetSlot 6\non:\n  \
             GetSlot 5\n  {constant}\n  StrEq\n  JumpIfFalse off\n{}\noff:",
            add("  LoadInt 1")
        );
        let (result, _) = run(&looped(40, &body));
        assert!(result.is_ok(), "{constant}: {result:?}");
    }
}

#[test]
fn calls_reach_what_they_are_called_through() {
    let body = add("  GetSlot 0\n  GetSlot 3\n  ext send first, second, 1")
        + "\n"
        + &add("  GetSlot 2\n  GetSlot 3\n  ext send first, second, 1")
        + "\n"
        + &add("  GetSlot 1\n  GetSlot 3\n  ext through own, 1");
    let (result, asked) = run(&looped(50, &body));
    let sum = |of: &dyn Fn(i64) -> i64| (0..50).map(of).sum::<i64>();
    let expected = sum(&|i| 10 + i) + sum(&|i| 2 * i) + sum(&|i| i + 101);
    assert_eq!(result, Ok(Value::Int(expected)));
    assert!(asked < 30, "{asked} times");
}

#[test]
fn objects_are_made_and_initialised() {
    let body = add("  GetSlot 1\n  GetSlot 3\n  ext fresh init, 1\n  ext get 0")
        + "\n"
        + &add("  GetSlot 0\n  ext copy\n  ext get 0")
        + "\n  GetSlot 3\n  LoadInt 7\n  Mod\n  JumpIfTrue on\n  ext collect\non:";
    let (result, _) = run(&looped(60, &body));
    assert_eq!(result, Ok(Value::Int((0..60).sum::<i64>() - 60)));
}

#[test]
fn an_object_without_its_shape_is_asked_about() {
    let body = format!(
        "{}\n  GetSlot 3\n  LoadInt 15\n  NumEq\n  JumpIfFalse on\n  GetSlot 0\n  ext unshape\non:",
        add("  GetSlot 0\n  ext get 0")
    );
    let (result, _) = run(&looped(40, &body));
    assert_eq!(result, Ok(Value::Int(400)));
}

#[test]
fn another_heap_knows_nothing_of_it() {
    let body = format!(
        "{}\n  GetSlot 3\n  LoadInt 15\n  NumEq\n  JumpIfFalse on\n  ext swap\non:",
        add("  GetSlot 0\n  ext get 0")
    );
    let (result, _) = run(&looped(40, &body));
    assert!(
        result.clone().is_err_and(|e| e.contains("no thing")),
        "{result:?}"
    );
    // What comes then is of the new heap.
    let body = format!(
        "{}\n  GetSlot 3\n  LoadInt 15\n  NumEq\n  JumpIfFalse on\n  ext swap\n  ext thing 0\n  SetSlot 0\n  \
         GetSlot 0\n  LoadInt 20\n  ext set 0\n  Pop\non:",
        add("  GetSlot 0\n  ext get 0")
    );
    let (result, _) = run(&looped(40, &body));
    assert_eq!(result, Ok(Value::Int(16 * 10 + 24 * 20)));
    // Its shapes have the numbers of others, and their fields stand elsewhere.
    let body = format!(
        "{}\n  GetSlot 3\n  LoadInt 15\n  NumEq\n  JumpIfFalse on\n  ext swap\n  ext thing 1\n  SetSlot 0\n  \
         GetSlot 0\n  LoadInt 20\n  ext set 0\n  Pop\n  GetSlot 0\n  LoadInt 30\n  ext set 1\n  Pop\non:",
        add("  GetSlot 0\n  ext get 0")
    );
    let (result, _) = run(&looped(40, &body));
    assert_eq!(result, Ok(Value::Int(16 * 10 + 24 * 20)));
}

#[test]
fn what_has_no_fields_is_an_error_and_a_missing_one_is_nothing() {
    let (result, _) = run(&looped(30, "  GetSlot 0\n  ext bare 5\n  SetSlot 4"));
    assert_eq!(result, Ok(Value::Undef));
    for thing in ["ext plain", "LoadInt 3"] {
        let (result, _) = run(&looped(3, &format!("  {thing}\n  LoadInt 1\n  ext put 0")));
        let wanted = "the first input of `put` is no object that was allocated with a shape";
        assert!(
            result.clone().is_err_and(|e| e.contains(wanted)),
            "{result:?}"
        );
    }
    let (result, _) = run(&looped(3, "  ext plain\n  ext bare 0\n  SetSlot 4"));
    assert_eq!(result, Ok(Value::Undef));
}

#[test]
fn depth_is_limited_and_the_chain_is_told() {
    let (result, _) = run(&looped(
        2,
        &add("  GetSlot 0\n  LoadInt 0\n  ext send deep, deep, 1"),
    ));
    assert!(result.is_err_and(|e| e.contains("deep")));
    let mut vm = Shapes::vm(Kinds::default());
    let chunk = Chunk::parse(&looped(
        2,
        &add("  GetSlot 0\n  LoadInt 0\n  ext send deep, deep, 1"),
    ));
    let error = vm.eval(chunk.unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::CallDepth));
}
