//! Machine code for what runs hot: a method JIT on Cranelift.
//!
//! The interpreter notices what is hot (`tier`), runs it slowly for a while to see which kinds of values
//! it works on (`profile`), and has it compiled on another thread (`batch`, `background`): a function for
//! certain kinds of arguments, or a loop that is entered at its head (`versions`). Register code
//! ([`Code`](crate::lower::Code)) becomes typed values in single assignment (`build`, over the shape that
//! `flow` finds), those are made better (`passes`), and `emit` makes machine code of them, which `memory`
//! keeps. What machine code leaves to the VM goes over one border (`entry`).
//!
//! Machine code assumes: kinds of values, mostly. Where an assumption fails it leaves by an exit, which
//! writes what only it knew to the registers of the frame, and the interpreter goes on at that very
//! instruction: so machine code never means anything but what the interpreter means. An exit that is taken
//! again and again has the unit compiled anew, with what was learned.
//!
//! Counted values never leave their registers; machine code has addresses of them only until the next
//! instruction that may write there. Frames exist as in the interpreter: a call's window begins where
//! its arguments are. What the VM is not told of them is made up for when machine code is left.
//!
//! `unsafe` is in `memory` and `entry` alone.

mod background;
mod batch;
mod build;
mod classic;
mod config;
mod emit;
mod entry;
mod flow;
mod ir;
mod links;
mod listing;
mod memory;
mod mix;
mod passes;
mod profile;
mod report;
mod tier;
mod versions;

pub(crate) use batch::Loaded;
pub(crate) use entry::{Exited, Host, Places, stack_floor};
pub(crate) use flow::ways;
pub(crate) use ir::{At, CalleeAt, Invoked, Why};
pub(crate) use links::Open;
pub(crate) use memory::Kept;
pub(crate) use profile::{ANY, tag};

pub use classic::JitCompiler;
pub use config::JitConfig;
pub use report::{JitExit, JitRefused, JitReport, JitUnit};
pub(crate) use tier::{Jit, Key, Scene};
