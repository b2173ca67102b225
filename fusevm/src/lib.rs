//! A framework for building programming languages.
//!
//! You write a lexer and a parser; the rest is here: bytecode with a verifier, an interpreter,
//! limits, errors with positions and call chains, a text and a byte form of programs, a REPL. The ops
//! that your language has and no other are Rust functions of yours:
//!
#![cfg_attr(feature = "macros", doc = "```")]
#![cfg_attr(not(feature = "macros"), doc = "```ignore")]
//! use fusevm::prelude::*;
//!
//! /// A language with one op of its own.
//! #[derive(Language)]
//! #[language(name = "tri", ops(ops::OPS))]
//! pub struct Tri;
//!
//! #[fusevm::ops(Tri)]
//! pub mod ops {
//!     /// Length of the hypotenuse.
//!     #[ext_op(pure)]
//!     pub fn hypot(a: f64, b: f64) -> f64 {
//!         a.hypot(b)
//!     }
//! }
//!
//! fn main() {
//!     let mut b = Builder::<Tri>::new();
//!     b.load(3.0);
//!     b.load(4.0);
//!     b.op(ops::hypot {});
//!     let chunk = b.finish().unwrap();
//!     let length: f64 = Tri::vm(()).eval(&chunk).unwrap().try_into().unwrap();
//!     assert_eq!(length, 5.0);
//! }
//! ```
//!
//! # The flow
//!
//! ```text
//! source ── your front end ──► Builder ──► Chunk ── verify ──► Program ── VM::load ──► runs
//!                                           ▲ ▼
//!                                  text form, bytes: untrusted as well
//! ```
//!
//! | stage | what it is | where |
//! |---|---|---|
//! | ops | the 129 ops, one row each | [`Op`], [`op`] |
//! | values | what programs compute with | [`Value`], [`value`] |
//! | chunks | untrusted plain data | [`Chunk`], [`Builder`], [`ChunkBuilder`] |
//! | verification | the only door to running | [`verify()`], [`Verified`], [`Program`] |
//! | ext ops | ops as Rust functions | [`ext`], [`core_ops`] |
//! | running | programs, globals, limits, errors | [`VM`], [`Vm`] |
//! | heap | what has identity | [`heap`] |
//! | front ends | command line and REPL | [`Frontend`], `cli` |
//!
//! # Features
//!
//! `macros` (on by default): `#[ext_op]` and its kin, and [`core_ops`]. `linked` (on by default): op
//! sets found at link time. `cli`: a command line and REPL for any [`Frontend`]. `serde`: values as
//! serde data. `jit`: machine code for what runs hot, on Unix with x86-64 or AArch64; a VM makes and uses it
//! by itself, `JitConfig` says how, and `JitCompiler` runs single chunks. Without features the crate has a
//! few small dependencies and builds for `wasm32-unknown-unknown`. There is no `unsafe` in it, but for two
//! files of the feature `jit`.

#![cfg_attr(not(feature = "jit"), forbid(unsafe_code))]
#![cfg_attr(feature = "jit", deny(unsafe_code))]

// The macros name `::fusevm`; inside the crate itself that is this.
#[cfg(feature = "macros")]
extern crate self as fusevm;

pub mod chunk;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "macros")]
pub mod core_ops;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod expansion;
pub mod ext;
mod frontend;
mod fuse;
pub mod heap;
mod interp;
#[cfg(all(feature = "jit", unix))]
mod jit;
mod lower;
#[cfg(feature = "macros")]
mod macros;
pub mod op;
pub mod semantics;
pub mod shell;
pub mod testing;
pub mod value;
pub mod verify;
pub mod vm;

pub use chunk::{
    BlockId, BuildError, BuildErrors, Builder, Chunk, ChunkBuilder, Diagnostic, FnId,
    FunctionEntry, Mark, ParseError, Parsed, Piece, Place, Span, WireError,
};
pub use ext::{
    Assign, Block, Branch, Ctx, ExtOp, Function, Invoke, Label, Language, Load, Name, OpDesc,
    OpSet, OpTable, Rest, Slot, Store,
};
pub use frontend::{Frontend, compile};
pub use fuse::fuse;
pub use heap::{Heap, HeapError, Maker, ObjMut, Object, Shape, Trace, Tracer};
#[cfg(all(feature = "jit", unix))]
pub use jit::{JitCompiler, JitConfig, JitExit, JitRefused, JitReport, JitUnit};
pub use op::{Effect, Flags, Op, OpInfo, Opcode, OperandKind};
pub use semantics::{Limits, Operands, Overflow, Policy, Rules, Trap, TrapKind, Unset, ZeroDiv};
pub use shell::{ShellError, ShellHost, ShellResult, file_test, param_mod, redirect_op};
pub use value::{
    Array, Func, FuseValue, Handle, Hash, HostValue, Kind, Number, Obj, Ref, Str, Value, WrongKind,
};
pub use verify::{Broken, Verified, VerifyError, VerifyErrors, verify, verify_with};
pub use vm::{
    Builtin, Callable, Error, ErrorKind, InterruptHandle, LoadError, Loadable, Output, Profile,
    Program, RawHandler, RawWideHandler, Root, SharedBuffer, Site, StaticChunk, VM, VMResult, Vm,
};

#[cfg(feature = "macros")]
pub use chunk::Local;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub use fusevm_macros::{__chunk, __fusevm_chunk};
#[cfg(feature = "macros")]
pub use fusevm_macros::{FuseValue, Immediate, Language, Object, Trace, ext_op, ops};
#[cfg(feature = "macros")]
#[doc(inline)]
pub use macros::chunk;

/// What a front end needs.
pub mod prelude {
    #[cfg(feature = "macros")]
    pub use crate::macros::chunk;
    pub use crate::{
        Array, Assign, Block, Branch, Builder, Chunk, ChunkBuilder, Ctx, Diagnostic, Error, ExtOp,
        Frontend, Func, Function, Hash, Heap, Invoke, Kind, Label, Language, Limits, Load, Maker,
        Name, Obj, ObjMut, Object, Op, OpSet, Output, Parsed, Policy, Program, Ref, Rest, Shape,
        Slot, Span, StaticChunk, Store, Str, Trace, Trap, VM, VMResult, Value, Vm,
    };
    #[cfg(feature = "macros")]
    pub use crate::{FuseValue, Immediate, Local, core_ops, ext_op, fusevm_chunk, ops};
    pub use std::process::ExitCode;
}

/// The README's code blocks, compiled and run by the tests.
#[cfg(all(doctest, feature = "macros", feature = "cli"))]
#[doc = include_str!("../../README.md")]
struct Readme;
