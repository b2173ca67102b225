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
