//! The macros that write chunks, as thin covers of the procedural ones: they add where this crate is,
//! so that they work under any name of it and inside other macros.

/// Bytecode op by op, in Rust source, verified while rustc runs.
///
/// Behind the language and a `;` stand the ops of the main program, each with a `;` behind it, and the
/// functions:
///
/// ```
/// use fusevm::prelude::*;
///
/// static FIB: StaticChunk = chunk! { ();
///     fn fib(n) {
///         GetSlot(n); LoadInt(2); NumLt; JumpIfFalse('recurse);
///         GetSlot(n); ReturnValue;
///       'recurse:
///         GetSlot(n); LoadInt(1); Sub; Call(fib, 1);
///         GetSlot(n); LoadInt(2); Sub; Call(fib, 1);
///         Add; ReturnValue;
///     }
///     LoadInt(20); Call(fib, 1);
/// };
///
/// assert_eq!(VM::empty().eval(&FIB).unwrap(), Value::Int(6765));
/// ```
///
/// A mistake is an error of `cargo check`, on the op or the word that is wrong; all of them at once,
/// but that rustc has to know all names and types before it looks at the stack.
///
/// ```compile_fail
/// use fusevm::prelude::*;
///
/// static CHUNK: StaticChunk = chunk! { ();
///     LoadInt(1); Add; // stack underflow: `Add` pops 2, but the stack holds 1
/// };
/// ```
///
/// # What it gives
///
/// A [`StaticChunk`](crate::StaticChunk), which is a constant and may stand in a `static`; a VM loads
/// it by reference. With something in it that comes from an expression, a [`Chunk`](crate::Chunk).
/// The ops have their lines and columns in the `.rs` file, and errors of the program show them.
///
/// # What stands in it
///
/// | | |
/// |---|---|
/// | `Calc;` | first: the language, a type; `();` for the core ops alone |
/// | `Add;` `LoadInt(2);` | a core op with its operands, as in [`Op`](crate::Op) |
/// | `ops::say(2);` | an op of the language, by the path of its type, with its immediates in order (the count of its `Rest` last). What it works on comes from the stack |
/// | `ops::field { index: 3 };` | the same with immediates by name |
/// | `core_ops::floor;` | a core op set has every language |
/// | `'name:` | a label. Jumps stay in their function or block |
/// | `let x;` | a slot of the frame, from here on known as `x` |
/// | `fn f(a, b) { … }` | a function, at the top of the chunk. Its parameters are slots, filled by a prologue; at its end it returns without a value. It leaves one value for its caller where some path has `ReturnValue` |
/// | `fn f(a, b);` | a function of another program, which may be called with so many arguments |
/// | `block b { … }` | a block, for the ops behind it that run one: `MapBlock(b);`. It shares the slots around it |
/// | `MapBlock { … };` | the same at the place of use |
/// | `{expr};` | pushes what the Rust expression gives: `impl Into<Value>` |
/// | `..{ops};` | any ops: `impl IntoIterator<Item = Op>`. Jump targets among them count from the first of them |
///
/// Operands and immediates are
///
/// - literals, with a sign where they have one: `LoadInt(-1)`, `LoadFloat(1.5)`, `LoadConst("text")`;
/// - the words of variables, globals, functions and blocks: `GetSlot(x)`, `GetVar(x)`, `Call(f, 1)`.
///   What is no word stands in quotes: `GetVar("odd name")`;
/// - labels: `Jump('top)`;
/// - variants of an enum, with or without the enum: `ops::mode(Fast)`, `ops::mode(Mode::Fast)`;
/// - constant expressions where a number is expected: `LoadInt(i64::MAX)`, `LoadInt(2 * N)`. For an
///   immediate a constant alone stands in parentheses, since a word may be a name: `ops::field((N))`;
/// - `{expr}`, known when the chunk is made: `LoadInt({n})`, `GetVar({&name})`, `ops::field({index})`.
///
/// ```
/// use fusevm::prelude::*;
///
/// /// Prints each word, behind a number.
/// fn numbered(words: &[&str]) -> Chunk {
///     let words: Vec<Value> = words.iter().map(|word| Value::from(*word)).collect();
///     chunk! { ();
///         let n;
///         LoadInt(0); SetSlot(n);
///         {words};
///         ForEachBlock {
///             let word;
///             SetSlot(word);
///             PreIncSlot(n); LoadConst(" "); GetSlot(word); PrintLn(3);
///         };
///     }
/// }
///
/// let mut vm = VM::empty();
/// let out = fusevm::SharedBuffer::default();
/// vm.set_output(out.clone());
/// vm.eval(numbered(&["one", "two"])).unwrap();
/// # drop(vm);
/// assert_eq!(out.text(), "1 one\n2 two\n");
/// ```
///
/// # What is checked
///
/// While rustc runs: all words; numbers and kinds of operands and immediates, and what codes there are; that ops belong to the
/// language; one stack height at every op on all paths, above the bottom of the frame and of the open
/// scopes; numbers of arguments; what blocks leave; and for ops of the language that a value whose type
/// is known has the type of the operand: `LoadConst("x")` is no `f64`. After an op whose effect is not
/// known yet (a count in `{…}`, spliced ops, a function of another program) heights are not checked.
/// Chunks of more than 2,000 ops are checked when they are loaded. As every chunk is: nothing relies
/// on what the macro found.
///
/// # Panics
///
/// Where a chunk is made with `{expr}` for an immediate that does not fit it, or with ext ops in
/// `..{ops}`.
#[doc(hidden)]
#[macro_export]
macro_rules! __write_chunk {
    ($($tokens:tt)*) => {
        $crate::__chunk! { ($crate) $($tokens)* }
    };
}

// Under a name that is not that of the module `chunk`, so that the prelude can have it alone.
#[doc(inline)]
pub use __write_chunk as chunk;

/// Bytecode in Rust syntax, compiled while rustc runs.
///
/// Behind the language and a `;` stands a program: what is Rust's means what it means in Rust, what is
/// wrong is an error of `cargo check` on its token, and what is hot comes out as fused ops. The value is
/// a [`Chunk`](crate::Chunk), whose last expression gives what the program gives.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Language)]
/// #[language(ops(ops::OPS))]
/// struct Calc;
///
/// #[ops(Calc)]
/// mod ops {
///     #[ext_op(pure)]
///     pub fn clamp(x: i64, low: i64, high: i64) -> i64 {
///         x.clamp(low, high)
///     }
/// }
///
/// fn main() {
///     let threshold = 7;
///     let chunk = fusevm_chunk! { Calc;
///         fn fib(n: i64) -> i64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
///         let mut sum = 0;
///         for i in 0..1_000 { sum += ops::clamp(i, 10, 500); }
///         println!("{} {sum}", fib(20));
///         sum + #threshold
///     };
///     assert_eq!(Calc::vm(()).eval(&chunk).unwrap(), Value::Int(374_812));
/// }
/// ```
///
/// # What there is
///
/// | | |
/// |---|---|
/// | `Calc;` | first: the language, a concrete type; `();` for the core ops alone |
/// | `fn f(a: i64, mut b) -> i64 { … }` | a function, anywhere; all of its block may call it. One inside of `f` is `f.g` to the VM. Without `->` it gives its last value, if there is one. `fn f(a) -> T;` is one that another program defines |
/// | `let x = …;` `let mut x: f64 = …;` `let x;` | a variable, in a slot of its own. It has a value on every way on which it is read |
/// | `let (a, b) = ops::two(x);` | the two results of an op |
/// | `static X = …;` `static mut XS = [];` | a global of the VM, outside of functions, known in all of them. It is set where it stands. `static X;` is one that is set elsewhere |
/// | `x = …` `x += …` `a[i] = …` `a[i][j] -= …` | assignments |
/// | `if` `else` `match` | as statements and values. An arm of `match` is for literals, a name or `_`, with or without `if` |
/// | `while` `loop` `for x in a..b` `for x in a..=b` `for x in array` | with labels, `break`, `break value` from `loop` and labelled blocks, `continue` |
/// | `return` | from a function, or from the program |
/// | `+ - * / %` `== != < > <= >=` `&& \|\|` `!` `& \| ^ << >>` `as i64` `as f64` | operators |
/// | `[a, b]` `[v; n]` `a[i]` | arrays; negative indices count from the end, and there is Undef past the ends |
/// | `hash!{ "k" => v }` `h["k"]` | hashes; there is Undef where there is no key |
/// | `print!` `println!` `format!` | texts with values, in places `{}` and `{name}` |
/// | `concat!("a", 1)` | a text |
/// | `f(a, b)` `ops::clamp(x, 1, 2)` | calls of functions of the chunk, and of ops by their paths |
/// | `#name` `#(expr)` | what a Rust expression gives when the chunk is built, taken by value: `impl Into<Value>`, or exactly the type that belongs there |
///
/// Methods are
///
/// | on | |
/// |---|---|
/// | integers | `abs min max pow signum is_positive is_negative div_euclid rem_euclid cmp`, `wrapping_add` `_sub` `_mul` `_neg` `_shl` `_shr` |
/// | floats | `abs sqrt floor ceil trunc round exp ln sin cos atan2 powf is_nan` |
/// | texts | `len is_empty push_str repeat cmp` |
/// | arrays | `len is_empty push pop remove map filter for_each sort_by` |
/// | hashes | `len is_empty contains_key keys values remove` |
/// | anything | `clone to_string` |
///
/// `map`, `filter`, `for_each` and `sort_by` take a closure, which becomes a block: it shares the
/// variables around it, and neither `return` nor `break` leaves it. `sort_by` gives a sorted copy.
///
/// ```
/// use fusevm::prelude::*;
///
/// let words = ["pear", "fig", "apple"].map(Value::from).to_vec();
/// let chunk = fusevm_chunk! { ();
///     let mut by_length = hash!{};
///     for word in #words {
///         let n = word.len();
///         if !by_length.contains_key(n) { by_length[n] = []; }
///         by_length[n].push(word);
///     }
///     let lengths = by_length.keys().sort_by(|a, b| a.cmp(b));
///     lengths.map(|n| format!("{n}: {}", by_length[n]))
/// };
/// let found = VM::empty().eval(&chunk).unwrap();
/// assert_eq!(found, Value::array(vec!["3: fig", "4: pear", "5: apple"]));
/// ```
///
/// # Types
///
/// A value is an `i64`, `f64`, `bool`, `String`, `Array` or `Hash`, or it is untyped: of any kind, known
/// when it runs. Variables have the type of all that they are assigned, if that is one; so have the
/// results of `if` and `loop`. Parameters without a type are untyped, as are elements of containers,
/// captures, and results of ops; but where a type belongs, a capture has to be of that type and an op has
/// to give it, which rustc checks. `as i64` and `as f64` make a number of anything. `Value` or `_` is the
/// type of what is untyped.
///
/// **Where types are known they mean what Rust means**: `7 / 2` is 3, floats are IEEE, casts saturate,
/// `&&` and `||` are lazy, values are computed in Rust's order, `1 + 2.0` is an error that says what to
/// write. [`both!`](crate::testing::both) shows it for a program. What differs:
///
/// - `+`, `-`, `*`, negation, `abs` and `pow` of integers follow the policy of the language, which wraps
///   if nothing else is said. Where it promotes, what is an i64 here may be a float when it runs;
/// - `<<` and `>>` take the low six bits of their right side;
/// - division by zero traps, where Rust panics. A trap ends the program with line and column;
/// - values are values: what is assigned or passed is copied, in constant time, and `&` before an argument
///   means nothing. Nothing is moved away;
/// - the text of a bool is `1` or nothing, as everywhere in the VM;
/// - functions and globals are the VM's. Another program that replaces them has to keep their types.
///
/// **On untyped values the ops of the VM apply**, with the policy and the `operators` of the language:
/// arithmetic makes numbers of its sides, `/` gives a float, and Undef for zero if nothing else is said.
/// What counts is what is known of a side while rustc runs: `fn join(a, b) { a + b }` is the op that adds,
/// whatever it gets, and `"" + a + b` joins. `a.cmp(b)` compares numbers too, so that an array of texts is
/// sorted by `sort_by(|a, b| ("" + a).cmp(b))`.
///
/// | | on untyped values |
/// |---|---|
/// | `==` `!=` | a text on a side: compares texts. A number on a side: compares numbers. Else two numbers as numbers (`1 == 1.0`), and all other values by kind and content |
/// | `<` `>` `<=` `>=` | a text on a side: compares texts. Else compares numbers, so that texts in variables without a type are compared by `a.cmp(b)` with a text, or by `a < "" + b` |
/// | `+` | a text on a side: joins texts. Else adds numbers |
/// | `&&` `\|\|` | give the side that decides |
/// | `& \| ^ << >>` | of the integers that the sides stand for |
/// | conditions | the truth of the value: false are Undef, zero, `""`, `"0"` and what is empty |
/// | `!` | is an error: write `x == 0`, `as i64`, or change the branches |
/// | `for x in n` | traps when the value is no array |
///
/// # Ops
///
/// An op is called by the path of its type. Its immediates come first, in order, then its operands, then
/// what its `Rest` takes, whose count the macro writes. An operand whose type is known has to be of the type
/// that the op takes. An immediate is a literal, a name, a path
/// (`Mode::Fast`, `Fast`), a capture; a variable for a slot; a closure for a block; and for a label
/// `'name`, that of a loop or block, which the op then leaves. As a statement an op may give any number
/// of values, which are dropped. What does not fit is an error on the argument:
///
/// ```compile_fail
/// use fusevm::prelude::*;
///
/// let chunk = fusevm_chunk! { ();
///     core_ops::atan2(1.0) // `core.atan2` takes 2 arguments, y, x; here are 1
/// };
/// ```
///
/// # Hot loops
///
/// `while i < 1000 { …; i += 1; }` and `for i in 0..1000` test and jump by one op a turn, and a loop whose
/// body is `sum += i`, `text += "…"`, or `XS.push(i)` of a `static` array is one op as a whole.
///
/// # Panics
///
/// Where the chunk is built, when a captured immediate does not fit its op.
#[macro_export]
macro_rules! fusevm_chunk {
    ($($chunk:tt)*) => {
        $crate::__fusevm_chunk! { ($crate) $($chunk)* }
    };
}
