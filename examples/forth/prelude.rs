//! Words written in bytecode, which each VM of the language has from the start.
//!
//! They are functions like those a program defines, and unlike core words may be defined anew. Rustc has
//! verified them: a word that pops too much of the VM's stack does not compile. (The data stack is looked
//! at when they run.)

use super::Forth;
use super::flow::{control, names};
use super::numbers::ops as numbers;
use super::words::ops;
use fusevm::prelude::*;

/// The words.
pub static PRELUDE: StaticChunk = chunk! { Forth;
    // ( a b -- b )
    fn nip() { ops::swap; ops::drop_; }

    // ( a b -- b a b )
    fn tuck() { ops::swap; ops::over; }

    // ( a low high -- flag ) Whether it is at least the low bound and below the high one.
    fn within() {
        let width;
        ops::over; numbers::minus; control::hold(width);
        numbers::minus; control::held(width); numbers::unsigned_less;
    }

    // ( addr n -- end addr ) Bounds of a loop over bytes.
    fn bounds() { ops::over; numbers::plus; ops::swap; }

    // ( addr n -- ) Sets bytes to 0.
    fn erase() { control::size(0); control::work; names::literal(0); ops::fill; }

    // ( addr -- addr n ) The text behind a byte that holds its length.
    fn count() { ops::dup; numbers::increment; ops::swap; ops::byte_fetch; }

    // ( -- n ) How many arguments the program was given.
    fn argc() { GetVar("ARGV"); core_ops::len; names::push; }

    // ( n -- addr n ) Argument n, from 0, as a text.
    fn arg() { GetVar("ARGV"); names::argument; core_ops::get; names::given; }

    // ( n -- number ) Argument n as the number that it says.
    fn argn() { GetVar("ARGV"); names::argument; core_ops::get; names::number; }

    // ( n -- )
    fn spaces() {
        let left;
        control::hold(left);
        Jump('test);
      'next:
        LoadConst(" "); Print(1);
        GetSlot(left); Dec; SetSlot(left);
      'test:
        GetSlot(left); LoadInt(0); NumGt; JumpIfTrue('next);
    }

    // ( n -- root ) The greatest integer whose square is not above it, by the method of Newton.
    fn sqrt() {
        let n;
        let x;
        let next;
        control::hold(n);
        GetSlot(n); SetSlot(x);
        GetSlot(n); LoadInt(2); NumLt; JumpIfTrue('done);
        GetSlot(n); LoadInt(2); core_ops::idiv; LoadInt(1); Add; SetSlot(next);
      'closer:
        GetSlot(next); SetSlot(x);
        GetSlot(n); GetSlot(x); core_ops::idiv; GetSlot(x); Add; LoadInt(2); core_ops::idiv;
        SetSlot(next);
        GetSlot(next); GetSlot(x); NumLt; JumpIfTrue('closer);
      'done:
        GetSlot(x); names::push;
    }
};
