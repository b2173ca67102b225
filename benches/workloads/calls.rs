//! Workloads that are calls.

use fusevm::prelude::*;

pub static FIB: StaticChunk = chunk! { ();
    fn run(n) {
        GetSlot(n); LoadInt(2); NumLt; JumpIfFalse('recurse);
        GetSlot(n); ReturnValue;
      'recurse:
        GetSlot(n); LoadInt(1); Sub; Call(run, 1);
        GetSlot(n); LoadInt(2); Sub; Call(run, 1);
        Add; ReturnValue;
    }
};

pub fn fib(n: i64) -> f64 {
    fn fib(n: i64) -> i64 {
        if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
    }
    fib(n) as f64
}

pub static ACKERMANN: StaticChunk = chunk! { ();
    fn run(n) {
        LoadInt(3); GetSlot(n); Call(ack, 2); ReturnValue;
    }
    fn ack(m, n) {
        GetSlot(m); LoadInt(0); NumEq; JumpIfFalse('some);
        GetSlot(n); LoadInt(1); Add; ReturnValue;
      'some:
        GetSlot(n); LoadInt(0); NumEq; JumpIfFalse('more);
        GetSlot(m); LoadInt(1); Sub; LoadInt(1); Call(ack, 2); ReturnValue;
      'more:
        GetSlot(m); LoadInt(1); Sub;
        GetSlot(m); GetSlot(n); LoadInt(1); Sub; Call(ack, 2);
        Call(ack, 2); ReturnValue;
    }
};

pub fn ackermann(n: i64) -> f64 {
    fn ack(m: i64, n: i64) -> i64 {
        match (m, n) {
            (0, n) => n + 1,
            (m, 0) => ack(m - 1, 1),
            (m, n) => ack(m - 1, ack(m, n - 1)),
        }
    }
    ack(3, n) as f64
}

pub static TAK: StaticChunk = chunk! { ();
    fn run(n) {
        GetSlot(n); LoadInt(3); Mul; GetSlot(n); LoadInt(2); Mul; GetSlot(n); Call(tak, 3); ReturnValue;
    }
    fn tak(x, y, z) {
        GetSlot(y); GetSlot(x); NumLt; JumpIfTrue('recurse);
        GetSlot(z); ReturnValue;
      'recurse:
        GetSlot(x); LoadInt(1); Sub; GetSlot(y); GetSlot(z); Call(tak, 3);
        GetSlot(y); LoadInt(1); Sub; GetSlot(z); GetSlot(x); Call(tak, 3);
        GetSlot(z); LoadInt(1); Sub; GetSlot(x); GetSlot(y); Call(tak, 3);
        Call(tak, 3); ReturnValue;
    }
};

pub fn tak(n: i64) -> f64 {
    fn tak(x: i64, y: i64, z: i64) -> i64 {
        if y < x {
            tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y))
        } else {
            z
        }
    }
    tak(3 * n, 2 * n, n) as f64
}
