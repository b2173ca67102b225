//! The macros of `fusevm`, which exports them all; see there for how a language is made of them.
//!
//! | macro | stands on | makes |
//! |---|---|---|
//! | [`macro@ext_op`] | a function | an op of a language |
//! | [`macro@ops`] | a module of such functions | a set of ops |
//! | [`macro@Language`] | a type | a language: op sets, a host, a policy |
//! | [`macro@Object`] | a struct or enum | objects of the VM's heap |
//! | [`macro@Trace`] | parts of objects | how the handles inside are found |
//! | [`macro@FuseValue`] | a struct or enum | small immutable values of the host |
//! | [`macro@Immediate`] | an enum without fields | operands in the bytecode |
//!
//! Behind `chunk!`, `fusevm_chunk!` and `both!` of `fusevm` stand two more, which these tell where
//! `fusevm` is.
//!
//! A macro goes through the same three steps each time: it reads its input into a model, checks what
//! can be checked without types, and expands what has passed. Errors are collected, stand on the
//! token that is to blame, and are reported all at once; what is in error is still there as a stub,
//! so that its uses report none of their own. What needs types is left to rustc: by bounds whose
//! traits explain themselves, and by constants that fail to evaluate at the right place.
//!
//! Expansions name everything by absolute paths below `::fusevm`, or below the path of the option
//! `crate`, hold no `unsafe`, and do not depend on what names mean where they stand. Deliberately not
//! here: any knowledge of types by the text of their names, but for `Rest` and `Ctx`, which are
//! classes of parameters, for hints at primitive types, and for the types of programs in
//! `fusevm_chunk!`, which are words of its own.

mod check;
mod chunk;
mod class;
mod derive;
mod errors;
mod expand;
mod fallback;
mod inline;
mod model;
mod ops;
mod parse;
mod prove;
mod rust;
mod tokens;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a function an op.
///
/// The function stays as it is: callable, testable, documented. Beside it stands a type of the same
/// name, whose fields are the op's immediates; front ends emit the op by it,
/// `b.op(ops::field { index: 3 })`. It implements `ExtOp` with all that is known about the op.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Language)]
/// #[language(ops(calc::OPS, negate))]
/// struct Calc;
///
/// #[ops(Calc)]
/// mod calc {
///     /// Length of the hypotenuse.
///     #[ext_op(pure)]
///     pub fn hypot(a: f64, b: f64) -> f64 {
///         a.hypot(b)
///     }
/// }
///
/// /// Outside of a set, the language is named first.
/// #[ext_op(Calc, pure)]
/// fn negate(a: i64) -> i64 {
///     -a
/// }
///
/// fn main() {
///     let mut b = Builder::<Calc>::new();
///     b.load(3.0);
///     b.load(4.0);
///     b.op(calc::hypot {});
///     let length = Calc::vm(()).eval(b.finish().unwrap()).unwrap();
///     assert_eq!(length, Value::Float(5.0));
/// }
/// ```
///
/// # Parameters
///
/// The class of a parameter follows from its shape and the traits of its type.
///
/// | shape | class |
/// |---|---|
/// | `#[imm] x: T` | immediate, stands in the bytecode: `u8`, `i8`, `i32`, `u32`, `bool`, `Label`, `Slot`, `Name<'_>`, `Function`, `Block`, enums with `#[derive(Immediate)]`, and `&T` where `T: FromStr + Display + Send + Sync`, a text that is parsed once when the chunk is loaded; 64 bits in all |
/// | `x: T` | operand, taken off the stack: `i64`, `f64`, `bool`, `Value`, `Str`, `Array`, `Hash`, `String`, `Func`, `Ref`, `Obj<T>`, types with `#[derive(FuseValue)]`, and `Option<T>`, which is `None` for any other kind |
/// | `x: &T` | operand, borrowed: `&str`, `&Value`, `&Array`, `&Hash`, heap objects and host values |
/// | `x: ObjMut<'_, T>` | heap object for writing: one, and no other heap object borrowed beside it |
/// | `x: &mut T` | context: the host, `Heap`, `Output`, in any combination |
/// | `x: Ctx<'_, L>` | the whole VM, which can be called back; no other context beside it, and heap objects as `Obj<T>` |
/// | `x: Rest<'_>` | all operands that are left; the last one. Their number is an immediate: the field of the op's type that is named like the parameter, a `u8` |
/// | `#[slot] x: &mut Value` | a slot of the caller's frame, written in place; one. An immediate: the op's type has a field of type `Slot` |
/// | `#[cache] x: &mut T` | memory of the place in the program where the op stands, in each VM its own; one. `T: Default + Send`, and starts as its default. Handles in it are weak: they keep no object alive, and one that is out of date is an error. For what is looked up again and again, such as where a property of objects of some class is; not beside `Ctx` |
/// | `#[callee] x: &T`, `Obj<T>` | the value through which the running function was called, what `Invoke` gave as `callee`: closures reach their captures by it. `Obj<T>` where the op writes the heap; beside `Ctx` it is `cx.callee()` |
/// | `x: Rules<'_>` | the chunk's policy and the VM's limits, for ops that make containers; no heap object is written beside it |
///
/// Operands are deepest first. One of the wrong kind is a trap that names op, operand and both kinds;
/// `#[coerce]` before a parameter, or `coerce` on the language, widens numbers instead.
///
/// # Results
///
/// `()`, a value (whatever may be an operand, and `&str`), `Option<T>` (Undef for `None`), a pair
/// (its second on top), `Branch`, which falls through or jumps to the op's one `Label`, `Invoke`,
/// which lets the VM call a function, `Load`, `Store` and `Assign`, which let it read or set a field of an object, and `Result<_, E>` of these, where an error becomes a trap: any
/// `E` that implements `std::error::Error + Send + Sync`, or a string.
///
/// `Invoke::function(f)` calls `f` with what the op has as `Rest`, in a frame of its own and without
/// Rust recursion; an op that needs the result calls through `Ctx` instead, which nests runs and is
/// limited by `Limits::max_reentry`. `core_ops::call_value` is such an op, ready made. `Invoke::Call`
/// says also through which value it is called, and gives an argument 0: closures and methods are
/// made of it, here one that counts how often it was called.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Language)]
/// #[language(ops(ops::OPS))]
/// struct Lang;
///
/// #[derive(Object)]
/// struct Closure {
///     #[trace(skip)]
///     function: Func,
///     calls: i64,
/// }
///
/// #[ops(Lang)]
/// mod ops {
///     use super::*;
///
///     #[ext_op]
///     pub fn closure(#[imm] function: Function) -> Closure {
///         Closure { function: function.into(), calls: 0 }
///     }
///
///     #[ext_op]
///     pub fn call(callee: Obj<Closure>, args: Rest<'_>, heap: &mut Heap) -> Result<Invoke, Trap> {
///         let _ = args;
///         let function = heap.get(callee)?.function.clone();
///         Ok(Invoke::Call { function, callee: callee.into(), first: None })
///     }
///
///     #[ext_op]
///     pub fn count_call(#[callee] callee: Obj<Closure>, heap: &mut Heap) -> Result<i64, Trap> {
///         let mut closure = heap.get_mut(callee)?;
///         closure.calls += 1;
///         Ok(closure.calls)
///     }
/// }
///
/// fn main() {
///     let mut b = Builder::<Lang>::new();
///     let f = b.begin_fn::<&str>("f", &[]);
///     b.op(ops::count_call {});
///     b.emit(Op::ReturnValue);
///     b.end_fn(f);
///     b.op(ops::closure { function: "f".into() });
///     b.emit(Op::Dup);
///     b.op(ops::call { args: 0 });
///     b.emit(Op::Pop);
///     b.op(ops::call { args: 0 });
///     assert_eq!(Lang::vm(()).eval(b.finish().unwrap()).unwrap(), Value::Int(2));
/// }
/// ```
///
/// # Shapes
///
/// What an op finds out about an object mostly holds for all objects of its kind. Objects that are allocated with
/// `Heap::alloc_shaped` have a `Shape`, and may have fields, which are the heap's. Some results say what holds for **all first inputs of that shape**, while immediates and
/// number of arguments are the same:
///
/// | result | what it says |
/// |---|---|
/// | `Load::Field(n)` | the op leaves field `n`; `Load::Value` is a result like any other |
/// | `Store(n)`, `Assign(n)` | the last input goes to field `n`, and is left by `Assign` |
/// | `Invoke::ByShape { .. }` | this function is called, through the first input or through what is said; the first input may be argument 0 |
/// | `Invoke::Make { .. }` | an object is made like this, and is the result, or argument 0 of a call |
///
/// The op runs when a shape comes by for the first time. From then on, where it stands, the VM compares shapes, and
/// reads the field or makes the call itself; in machine code that is a comparison and a load, or a direct call that may be built in.
/// An object for which it does not hold any more is given another shape, or none, by `Heap::set_shape`: a property
/// that hides a method, for one. `examples/lox` does all of this.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Language)]
/// #[language(ops(ops::OPS))]
/// struct Lang;
///
/// #[derive(Object)]
/// struct Point;
///
/// #[ops(Lang)]
/// mod ops {
///     use super::*;
///
///     #[ext_op]
///     pub fn point(#[cache] shape: &mut Option<Shape>, heap: &mut Heap) -> Result<Obj<Point>, Trap> {
///         let shape = match *shape {
///             Some(shape) => shape,
///             None => *shape.insert(heap.new_shape()?),
///         };
///         Ok(heap.alloc_shaped(Point, shape)?)
///     }
///
///     /// All points have `x` in field 0, and `y` in field 1.
///     #[ext_op]
///     pub fn get(#[imm] name: Name<'_>, point: &Value) -> Load {
///         Load::Field(usize::from(name.as_str() == "y"))
///     }
///
///     #[ext_op]
///     pub fn set(#[imm] name: Name<'_>, point: &Value, value: &Value) -> Assign {
///         Assign(usize::from(name.as_str() == "y"))
///     }
/// }
///
/// # fn main() {
/// let mut b = Builder::<Lang>::new();
/// b.op(ops::point {});
/// b.set_slot(0);
/// b.get_slot(0);
/// b.load(7);
/// b.op(ops::set { name: "y".into() });
/// b.emit(Op::Pop);
/// b.get_slot(0);
/// b.op(ops::get { name: "y".into() });
/// assert_eq!(Lang::vm(()).eval(b.finish().unwrap()).unwrap(), Value::Int(7));
/// # }
/// ```
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Language)]
/// #[language(host = Console, ops(ops::OPS))]
/// struct Lang;
///
/// struct Console {
///     lines: usize,
/// }
///
/// #[derive(Object)]
/// struct Record {
///     fields: Vec<Value>,
/// }
///
/// #[ops(Lang)]
/// mod ops {
///     use super::*;
///
///     #[ext_op]
///     pub fn record(fields: Rest<'_>) -> Record {
///         Record { fields: fields.iter().cloned().collect() }
///     }
///
///     #[ext_op]
///     pub fn get(#[imm] index: u8, record: &Record) -> Option<Value> {
///         record.fields.get(usize::from(index)).cloned()
///     }
///
///     #[ext_op]
///     pub fn set(#[imm] index: u8, mut record: ObjMut<'_, Record>, value: Value) {
///         if let Some(field) = record.fields.get_mut(usize::from(index)) {
///             *field = value;
///         }
///     }
///
///     #[ext_op]
///     pub fn count_line(console: &mut Console) -> i64 {
///         console.lines += 1;
///         console.lines as i64
///     }
///
///     #[ext_op]
///     pub fn jump_if_undef(#[imm] to: Label, value: &Value) -> Branch {
///         let _ = to;
///         Branch::when(value.is_undef())
///     }
///
///     #[ext_op]
///     pub fn twice(f: Value, mut cx: Ctx<'_, Lang>) -> Result<Value, Trap> {
///         let once = cx.call(&f, &[])?;
///         cx.call(&f, &[once])
///     }
/// }
/// # fn main() {}
/// ```
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `pure` | equal operands always give equal results, and nothing else happens: the op may be run early, once instead of twice, or not at all. Where its operands are constants it runs while code is made, if it gives a number and has no `cost`; where they are the same in all turns of a loop, machine code runs it once before; the fuel stays the same |
/// | `fast` | an assertion: it does not compile when machine code would run the op as the interpreter does, and says why. Machine code calls an op itself that takes up to eight operands, immediates, contexts (`&mut` host, heap, output, `Rules`), a `#[slot]` and a `#[cache]`, whose cost is a number, and that gives one value or none, on each way where it may jump; not one with `Ctx`, `Rest` or `#[callee]`, and none that gives `Invoke`, a field or two values. `Language::explain` says it of any op, and whether all of it is passed without boxes |
/// | `equality` | `fn(&Value, &Value) -> bool` is `==` of the two: the VM may answer by itself. That it is, is tested beside the op, on values of all kinds |
/// | `inline` | the body is known to every way of running, see below; such an op is `pure` |
/// | `cost = N`, `cost = f` | the fuel it takes, 1 if not said; `f` is a `fn(&[Value]) -> u64` of the operands |
/// | `name = "…"` | its name in the language, where that cannot be the function's |
/// | `was = "…"` | a name it had before, so that old chunks load; any number of times |
/// | `version = N` | version of its meaning, 1 if not said; chunks made for a later one do not load |
/// | `id = N` | the id it has in its language, instead of the next free one; only in the crate of the language |
/// | `alt = path` | an op of the same shape that is run when operands are of other kinds than this one takes |
/// | `linked` | outside of a set: found at link time by languages that are `linked` |
/// | `crate = path` | outside of a set: where `fusevm` is, if not at `::fusevm` |
///
/// ```
/// use fusevm::prelude::*;
///
/// # #[derive(Language)]
/// # #[language(ops(ops::OPS))]
/// # struct Lang;
/// #[ops(Lang)]
/// mod ops {
///     use super::*;
///
///     #[ext_op(pure, fast, id = 7, version = 2, was = "length")]
///     pub fn hypot(a: f64, b: f64) -> f64 {
///         a.hypot(b)
///     }
///
///     #[ext_op(pure, name = "str", cost = |inputs| inputs.len() as u64)]
///     pub fn str_(value: &Value) -> String {
///         value.to_string()
///     }
///
///     /// Adds numbers, and puts all else side by side.
///     #[ext_op(pure, alt = join)]
///     pub fn add(a: i64, b: i64) -> Value {
///         a.wrapping_add(b).into()
///     }
///
///     #[ext_op(pure)]
///     pub fn join(a: &Value, b: &Value) -> String {
///         format!("{a}{b}")
///     }
/// }
///
/// fn main() {
///     assert_eq!(Lang::table().id("length"), Some(7));
/// }
/// ```
///
/// # Inline ops
///
/// The body of an op under `inline` is translated while rustc runs, into instructions that machine code
/// puts in the place of the op: no call is left. Parameters and result are `i64`, `f64` or `bool`;
/// parameters may be immediates that are numbers, and `&Value`, of which the body asks what kind it is of. The
/// body is of a part of Rust:
///
/// - `+ - * / %`, comparisons, `&& || !`, `& | ^ << >>`, and assignments with these;
/// - `let`, `let mut`, `if`, `while`, `break`, `continue`, `return`, blocks;
/// - `as i64`, `as f64`, `i64::from`, `f64::from`;
/// - of i64 `abs`, `min`, `max`, `wrapping_add`, `wrapping_sub`, `wrapping_mul`, `wrapping_neg`, `wrapping_abs`;
/// - of f64 `sqrt`, `floor`, `ceil`, `trunc`, `round`, `abs`, `min`, `max`, `is_nan`;
/// - `matches!(v, Value::Undef | Value::Bool(false))` and `v.is_undef()` of a `v: &Value`, with kinds and truths for
///   patterns: where machine code knows of what kind it is, nothing is left of the question;
/// - literals, `i64::MAX`, `f64::INFINITY`, `f64::consts::PI` and the like, but no constants of yours;
/// - calls of other inline ops by their paths. An op of another set does not say here what it gives: its
///   result goes to a variable with a type.
///
/// Anything else is an error at that expression. The op means the same in every build and wherever it
/// runs, and so does the function, when Rust code calls it:
///
/// - `+`, `-`, `*`, negation and `abs` of integers wrap;
/// - `/` and `%` of integers trap where Rust panics, and so do `<<` and `>>` for a count that is not from 0
///   to 63; the function panics there;
/// - `min` and `max` of floats that are equal give the first, so that of `0.0` and `-0.0` it is known which.
///
/// For this, such expressions in the function are replaced by others. `cargo test` runs, for every inline
/// op, a test named `__fusevm_inline_…` that compares the function with its translation, on the edges
/// of the types and on what comes.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Language)]
/// #[language(ops(ops::OPS))]
/// struct Lang;
///
/// #[ops(Lang)]
/// mod ops {
///     #[ext_op(inline)]
///     pub fn clamp(x: i64, lo: i64, hi: i64) -> i64 {
///         if x < lo { lo } else { x.min(hi) }
///     }
///
///     /// Where `n` of `len` elements is, counted from the end if negative.
///     #[ext_op(inline)]
///     pub fn position(n: i64, len: i64) -> i64 {
///         let from_start = if n < 0 { n + len } else { n };
///         clamp(from_start, 0, len)
///     }
/// }
///
/// fn main() {
///     assert_eq!(ops::position(-2, 10), 8);
///     let mut vm = Lang::vm(());
///     let chunk = chunk! { Lang; LoadInt(-20); LoadInt(10); ops::position; };
///     assert_eq!(vm.eval(&chunk).unwrap(), Value::Int(0));
/// }
/// ```
#[proc_macro_attribute]
pub fn ext_op(arguments: TokenStream, item: TokenStream) -> TokenStream {
    ops::free_standing(arguments.into(), item.into()).into()
}

/// Makes a set of the ops of a module.
///
/// Every function under `#[ext_op]` becomes an op; all else in the module stays as it is. The set is
/// the type `OPS`, which is added to the module; a language lists it, `ops(ops::OPS)`. Ops have ids
/// in the order in which they are declared.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Language)]
/// #[language(ops(calc::OPS, math::OPS))]
/// struct Calc;
///
/// /// Ops of one language.
/// #[ops(Calc)]
/// mod calc {
///     #[ext_op]
///     pub fn answer() -> i64 {
///         42
///     }
/// }
///
/// /// Ops of every language; their names are `math.floor` and so on.
/// #[ops(prefix = "math")]
/// mod math {
///     #[ext_op(pure)]
///     pub fn floor(a: f64) -> f64 {
///         a.floor()
///     }
/// }
///
/// fn main() {
///     assert!(Calc::table().id("math.floor").is_some());
/// }
/// ```
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | a path, first | the language of the ops; without it they are ops of every language, and have no host |
/// | `linked` | found at link time by languages that are `linked`; needs the language |
/// | `prefix = "p"` | the ops are named `p.name` |
/// | `crate = path` | where `fusevm` is, if not at `::fusevm` |
///
/// The module is written inline: rustc does not show the content of other files to attributes.
#[proc_macro_attribute]
pub fn ops(arguments: TokenStream, item: TokenStream) -> TokenStream {
    ops::set(arguments.into(), item.into()).into()
}

/// Makes a type a language.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Language)]
/// #[language(name = "calc", host = Machine, ops(ops::OPS), coerce, zero_div = trap)]
/// struct Calc;
///
/// struct Machine {
///     ticks: u64,
/// }
///
/// #[ops(Calc)]
/// mod ops {
///     use super::*;
///
///     #[ext_op]
///     pub fn tick(machine: &mut Machine) {
///         machine.ticks += 1;
///     }
/// }
///
/// fn main() {
///     let mut vm = Calc::vm(Machine { ticks: 0 });
///     let mut b = Builder::<Calc>::new();
///     b.op(ops::tick {});
///     vm.eval(b.finish().unwrap()).unwrap();
///     assert_eq!(vm.host_mut().ticks, 1);
/// }
/// ```
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"` | its name; if not said, that of the type in lower case |
/// | `host = T` | what its ops reach as `&mut T`; `T: Send`. If not said, `()`. Where it has `Trace`, objects that it refers to stay alive |
/// | `ops(path, …)` | its op sets, and single ops by name, in the order of their ids. Names are distinct |
/// | `operators(Add = path, …)` | ops that run in place of the op of that name where an operand is no number. The names are those of the ops on numbers, as listings show them; the op at the path takes as many operands and leaves one result, without immediates, `#[cache]` or `Invoke` |
/// | `linked` | also the `linked` sets of the binary, by name, behind those and the core ops |
/// | `coerce` | operands of all its ops are widened as numbers |
/// | `overflow = wrap`, `trap`, `promote` | an integer result past 64 bits wraps (if not said), traps, or becomes a float |
/// | `zero_div = undef`, `trap`, `float` | dividing by zero gives Undef (if not said), traps, or gives what floats give: infinities and NaN |
/// | `unset = undef`, `trap`, `strict` | reading a global that was never set gives Undef (if not said) or traps; under `strict`, setting one that was never declared traps as well |
/// | `operands = coerce`, `strict` | an op on numbers takes another value as the number it stands for (if not said) or traps, unless an operator takes it |
/// | `crate = path` | where `fusevm` is, if not at `::fusevm` |
///
/// ```
/// use fusevm::prelude::*;
///
/// /// A language that adds texts, and nothing else but numbers.
/// #[derive(Language)]
/// #[language(ops(ops::OPS), operands = strict, operators(Add = ops::join))]
/// struct Strict;
///
/// #[ops(Strict)]
/// mod ops {
///     #[ext_op(pure)]
///     pub fn join(a: &str, b: &str) -> String {
///         format!("{a}{b}")
///     }
/// }
///
/// fn main() {
///     let eval = |op, a: Value, b: Value| {
///         let mut chunk = Builder::<Strict>::new();
///         chunk.load(a);
///         chunk.load(b);
///         chunk.emit(op);
///         Strict::vm(()).eval(chunk.finish().unwrap()).map_err(|error| error.message())
///     };
///     assert_eq!(eval(Op::Add, 1.into(), 2.into()), Ok(3.into()));
///     assert_eq!(eval(Op::Add, "a".into(), "b".into()), Ok("ab".into()));
///     let text = "`join`, operand 2: expected Str, found Int 1";
///     assert_eq!(eval(Op::Add, "a".into(), 1.into()), Err(text.into()));
///     let text = "`Sub`, operand 1: expected a number, found Str \"a\"";
///     assert_eq!(eval(Op::Sub, "a".into(), 1.into()), Err(text.into()));
/// }
/// ```
#[proc_macro_derive(Language, attributes(language))]
pub fn derive_language(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::language(&input).into()
}

/// Makes a type one of objects in the VM's heap: with identity, mutable, and reclaimed when nothing
/// leads to them.
///
/// Ops take objects as `&T`, `ObjMut<'_, T>` or `Obj<T>`, and return them as `T`. An object lives as long
/// as something leads to it: the stack, slots, globals, another object, the host if it has `Trace`,
/// `vm.root(v)`. What a Rust variable holds does not count between two runs. The handles inside
/// are found by the `Trace` of its fields, which comes with this derive; `#[trace(skip)]` leaves out
/// a field that holds none and whose type has no `Trace`.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Object)]
/// #[object(name = "Account")]
/// struct CheckedAccount {
///     owner: Value,
///     #[trace(skip)]
///     opened: std::time::Duration,
/// }
///
/// fn main() {
///     assert_eq!(<CheckedAccount as Object>::NAME, "Account");
/// }
/// ```
///
/// # Options
///
/// `#[object(…)]` with `name = "…"`: its name in messages, if not that of the type; `bytes = f`, where
/// `f` is a `fn(&T) -> usize`: how much it owns beside itself, so that few large objects are
/// collected as soon as many small ones; `crate = path`: where `fusevm` is.
#[proc_macro_derive(Object, attributes(object, trace))]
pub fn derive_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::object(&input).into()
}

/// Lets the VM find the handles inside a part of an object.
///
/// All fields need `Trace`, but for those under `#[trace(skip)]`. Types may be generic; their
/// parameters are bound by `Trace`. `#[trace(crate = path)]` says where `fusevm` is.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Trace)]
/// struct Pair<T> {
///     left: T,
///     right: Option<T>,
/// }
///
/// #[derive(Object)]
/// struct Node {
///     children: Pair<Value>,
/// }
/// # fn main() {}
/// ```
#[proc_macro_derive(Trace, attributes(trace))]
pub fn derive_trace(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::trace(&input).into()
}

/// Makes a type one of small immutable values that programs may hold.
///
/// Ops take them as `&T`, as `T` where `T: Clone`, and return them as `T`; `Value: From<T>`. Values
/// inside, in fields of type `Value`, `Array`, `Hash`, `Option<Value>` or `Vec<Value>`, keep objects
/// alive, and are released one by one when a long chain is dropped. A type that changes is an
/// [`Object`](macro@Object) instead.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(FuseValue, Clone, PartialEq)]
/// #[fuse_value(eq)]
/// struct Color(u8, u8, u8);
///
/// fn main() {
///     assert_eq!(Value::from(Color(1, 2, 3)), Value::from(Color(1, 2, 3)));
/// }
/// ```
///
/// # Options
///
/// `#[fuse_value(…)]` with `name = "…"`: its name in messages, if not that of the type; `eq`: two are
/// equal if their type says so, not only if they are the same; `display`: their text is that of
/// `Display`; `crate = path`: where `fusevm` is.
#[proc_macro_derive(FuseValue, attributes(fuse_value))]
pub fn derive_fuse_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::fuse_value(&input).into()
}

/// Lets an enum without fields stand in the bytecode, as a parameter under `#[imm]`.
///
/// It takes one byte, the index of the variant: up to 256 of them, and their order matters to chunks
/// that are stored. The enum needs `Clone` and `Debug` as well, like every op's type.
/// `#[immediate(crate = path)]` says where `fusevm` is.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Immediate, Clone, Copy, Debug)]
/// enum Rounding {
///     Up,
///     Down,
/// }
///
/// #[ops]
/// mod math {
///     use super::*;
///
///     #[ext_op(pure)]
///     pub fn round(#[imm] rounding: Rounding, a: f64) -> f64 {
///         match rounding {
///             Rounding::Up => a.ceil(),
///             Rounding::Down => a.floor(),
///         }
///     }
/// }
/// # fn main() {}
/// ```
#[proc_macro_derive(Immediate, attributes(immediate))]
pub fn derive_immediate(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::immediate(&input).into()
}

/// What stands behind `fusevm::chunk!`, which tells it where `fusevm` is.
#[doc(hidden)]
#[proc_macro]
pub fn __chunk(tokens: TokenStream) -> TokenStream {
    chunk::chunk(tokens.into()).into()
}

/// What `fusevm_chunk!` and `both!` of `fusevm` expand to; see there.
#[doc(hidden)]
#[proc_macro]
pub fn __fusevm_chunk(input: TokenStream) -> TokenStream {
    rust::chunk(input.into()).into()
}
