//! What a host brings for the cases: values that no text can write, builtins, raw handlers, streams.

use fusevm::{Builtin, Object, Trace, Tracer, VM, Value};
use std::io::{self, Read, Write};

/// Makes a value in a VM.
pub(super) type Given = fn(&mut VM) -> Value;

/// `; given x KIND`:
///
/// * `function`: the function `given`, which adds 1 to its argument,
/// * `ref`: a reference to a cell,
/// * `object`: an object of the type `Thing`.
pub(super) fn given(kind: &str) -> Result<Given, String> {
    Ok(match kind {
        "function" => |vm| {
            let text = "fn given/1\n  Return\ngiven:\n  Inc\n  ReturnValue";
            let chunk = fusevm::Chunk::parse(text).expect("it parses");
            vm.load(&chunk).expect("it loads");
            Value::Func(vm.function("given").expect("it is loaded"))
        },
        "ref" => |vm| Value::Ref(vm.heap_mut().new_ref(Value::Int(1)).expect("there is room")),
        "object" => |vm| vm.heap_mut().alloc(Thing).expect("there is room").into(),
        _ => return Err(format!("nothing of the kind `{kind}` is given")),
    })
}

/// A type of objects without a text of its own.
struct Thing;

impl Trace for Thing {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

impl Object for Thing {
    const NAME: &'static str = "Thing";
}

/// `; builtin ID NAME`:
///
/// * `sum` pops its arguments and gives the sum of their integers,
/// * `last` leaves its arguments and gives the last; Undef when it has none,
/// * `messy` pops one argument, pushes three values and gives 1,
/// * `greedy` pops one value more than it was given,
/// * `panics` panics,
/// * `prints` prints its arguments between brackets,
/// * `calls` calls the function `f` with its arguments and gives the result, or the error's text.
pub(super) fn builtin(name: &str) -> Result<Builtin, String> {
    Ok(match name {
        "sum" => |vm, argc| Value::Int((0..argc).map(|_| vm.pop().to_int()).sum()),
        "last" => |vm, _| vm.peek().cloned().unwrap_or_default(),
        "messy" => |vm, _| {
            vm.pop();
            (0..3).for_each(|i| vm.push(Value::Int(i)));
            Value::Int(1)
        },
        "greedy" => |vm, argc| {
            (0..=argc).for_each(|_| drop(vm.pop()));
            Value::Undef
        },
        "panics" => |_, _| panic_quietly(),
        "prints" => |vm, argc| {
            for value in popped(vm, argc) {
                let text = vm.text(&value).unwrap_or_default();
                write!(vm.output(), "[{text}]").expect("the buffer takes all");
            }
            Value::Undef
        },
        "calls" => |vm, argc| {
            let arguments = popped(vm, argc);
            vm.call("f", &arguments)
                .unwrap_or_else(|error| Value::str(error.to_string()))
        },
        _ => return Err(format!("no builtin `{name}`")),
    })
}

/// Panics without a word on standard error.
fn panic_quietly() -> ! {
    std::panic::resume_unwind(Box::new("as it was told"))
}

/// The `n` topmost values, deepest first.
fn popped(vm: &mut VM, n: u8) -> Vec<Value> {
    let mut values: Vec<Value> = (0..n).map(|_| vm.pop()).collect();
    values.reverse();
    values
}

/// `; raw`: the handler of raw ops, by their ids, with their operand `arg`:
///
/// * 0 pushes `arg`,
/// * 1 pops `arg` values,
/// * 2 pops two values and pushes their sum, and their difference,
/// * 3 calls the function `f` and pushes its result, or the error's text,
/// * 4 panics,
/// * 5 pushes `arg` times Undef.
pub(super) fn raw(vm: &mut VM, id: u16, arg: usize) {
    match id {
        0 => vm.push(Value::Int(arg as i64)),
        1 => (0..arg).for_each(|_| drop(vm.pop())),
        2 => {
            let (b, a) = (vm.pop().to_int(), vm.pop().to_int());
            vm.push(Value::Int(a + b));
            vm.push(Value::Int(a - b));
        }
        3 => {
            let result = vm.call("f", &[]);
            vm.push(result.unwrap_or_else(|error| Value::str(error.to_string())));
        }
        4 => panic_quietly(),
        5 => (0..arg).for_each(|_| vm.push(Value::Undef)),
        _ => {}
    }
}

/// A stream that fails.
pub(super) struct Fails;

impl Write for Fails {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("the sink is full"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Fails {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the source is dry"))
    }
}
