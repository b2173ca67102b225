//! The rows by which this VM and others of its op set have been compared for long: small programs, and
//! what ops cost in a straight line.

use fusevm::prelude::*;
use std::hint::black_box;

/// The language of all workloads: the core ops, and one op of its own.
#[derive(Language)]
#[language(name = "course", ops(mix))]
pub struct Course;

/// Two integers in, one out.
#[ext_op(Course)]
pub fn mix(a: i64, b: i64) -> i64 {
    (a ^ b).wrapping_add(1)
}

/// The same as a builtin.
pub fn mix_builtin(vm: &mut VM, _: u8) -> Value {
    let (b, a) = (vm.pop().to_int(), vm.pop().to_int());
    Value::Int(mix(a, b))
}

pub static FIB_ITERATIVE: StaticChunk = chunk! { ();
    fn run(n) {
        let i; let a; let b; let held;
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(a); LoadInt(1); SetSlot(b);
      'top:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
        GetSlot(a); GetSlot(b); Add; SetSlot(held);
        GetSlot(b); SetSlot(a); GetSlot(held); SetSlot(b);
        GetSlot(i); Inc; SetSlot(i);
        Jump('top);
      'end:
        GetSlot(a); ReturnValue;
    }
};

pub fn fib_iterative(n: i64) -> f64 {
    let (mut a, mut b) = (0i64, 1i64);
    for _ in 0..n {
        (a, b) = (black_box(b), a + b);
    }
    a as f64
}

/// With its limit in the bytecode, so that it is one op when it is fused.
pub fn sum(limit: i64) -> Chunk {
    chunk! { ();
        fn run(n) {
            let i; let sum;
            LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
          'top:
            GetSlot(i); LoadInt({limit}); NumLt; JumpIfFalse('end);
            GetSlot(sum); GetSlot(i); Add; SetSlot(sum);
            GetSlot(i); Inc; SetSlot(i);
            Jump('top);
          'end:
            GetSlot(sum); ReturnValue;
        }
    }
}

/// The same for appending to a string.
pub fn append(limit: i64) -> Chunk {
    chunk! { ();
        fn run(n) {
            let i; let text;
            LoadInt(0); SetSlot(i); LoadConst(""); SetSlot(text);
          'top:
            GetSlot(i); LoadInt({limit}); NumLt; JumpIfFalse('end);
            GetSlot(text); LoadConst("x"); Concat; SetSlot(text);
            GetSlot(i); Inc; SetSlot(i);
            Jump('top);
          'end:
            GetSlot(text); StringLen; ReturnValue;
        }
    }
}

/// `n` ops that do nothing; the last call decides how many are in the chunk.
pub fn nops(n: i64) -> Chunk {
    let nops = std::iter::repeat_n(Op::Nop, n as usize);
    chunk! { ();
        fn run(n) {
            ..{nops};
            GetSlot(n); ReturnValue;
        }
    }
}

pub fn nops_native(n: i64) -> f64 {
    (0..n).for_each(|_| black_box(()));
    n as f64
}

/// `n` times the same ops on slots 0 and 1 in a straight line; slot 0 is the answer.
fn straight(n: i64, ops: &[Op], second: Value) -> Chunk {
    let ops = std::iter::repeat_n(ops, n as usize).flatten().copied();
    chunk! { ();
        fn run(a) {
            let b;
            {second}; SetSlot(b);
            ..{ops};
            GetSlot(a); ReturnValue;
        }
    }
}

pub fn mixed(n: i64) -> Chunk {
    use Op::*;
    #[rustfmt::skip]
    let ops = [
        GetSlot(0), GetSlot(1), Add, SetSlot(0),
        GetSlot(0), LoadInt(3), Mul, SetSlot(0),
        GetSlot(0), LoadInt(1009), Mod, SetSlot(0),
        GetSlot(1), Inc, SetSlot(1),
    ];
    straight(n, &ops, Value::Int(7))
}

pub fn mixed_native(n: i64) -> f64 {
    let (mut a, mut b) = (n, 7i64);
    for _ in 0..black_box(n) {
        a = (a.wrapping_add(b)).wrapping_mul(3) % 1009;
        b += 1;
    }
    a as f64
}

pub fn bitwise(n: i64) -> Chunk {
    use Op::*;
    #[rustfmt::skip]
    let ops = [
        GetSlot(0), LoadInt(5), Shl, GetSlot(1), BitXor, SetSlot(0),
        GetSlot(0), LoadInt(0xff_ffff), BitAnd, SetSlot(0),
        GetSlot(0), LoadInt(3), Shr, GetSlot(0), BitOr, SetSlot(0),
    ];
    straight(n, &ops, Value::Int(0x5a5a))
}

pub fn bitwise_native(n: i64) -> f64 {
    let (mut a, b) = (n, black_box(0x5a5a));
    for _ in 0..black_box(n) {
        a = ((a << 5) ^ b) & 0xff_ffff;
        a |= a >> 3;
    }
    a as f64
}

pub fn float(n: i64) -> Chunk {
    use Op::*;
    #[rustfmt::skip]
    let ops = [
        GetSlot(0), GetSlot(1), Mul, SetSlot(0),
        GetSlot(0), LoadFloat(0.5), Add, SetSlot(0),
        GetSlot(0), LoadFloat(1.25), Div, SetSlot(0),
    ];
    straight(n, &ops, Value::Float(1.125))
}

pub fn float_native(n: i64) -> f64 {
    let (mut a, b) = (n as f64, black_box(1.125));
    for _ in 0..black_box(n) {
        a = (a * b + 0.5) / 1.25;
    }
    a
}

pub static EXT_OP: StaticChunk = chunk! { Course;
    fn run(n) {
        let i; let x;
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(x);
      'top:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
        GetSlot(x); GetSlot(i); mix; SetSlot(x);
        GetSlot(i); Inc; SetSlot(i);
        Jump('top);
      'end:
        GetSlot(x); ReturnValue;
    }
};

pub static BUILTIN: StaticChunk = chunk! { ();
    fn run(n) {
        let i; let x;
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(x);
      'top:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
        GetSlot(x); GetSlot(i); CallBuiltin(0, 2); SetSlot(x);
        GetSlot(i); Inc; SetSlot(i);
        Jump('top);
      'end:
        GetSlot(x); ReturnValue;
    }
};

/// Through a pointer that is not known.
pub fn host_calls(n: i64) -> f64 {
    let mix = black_box(mix as fn(i64, i64) -> i64);
    (0..n).fold(0, mix) as f64
}
