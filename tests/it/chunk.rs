//! `chunk!`.
use fusevm::prelude::*;
use fusevm::{StaticChunk, chunk};

static FIB: StaticChunk = chunk! { ();
    fn fib(n) {
        GetSlot(n); LoadInt(2); NumLt; JumpIfFalse('rec);
        GetSlot(n); ReturnValue;
      'rec:
        GetSlot(n); LoadInt(1); Sub; Call(fib, 1);
        GetSlot(n); LoadInt(2); Sub; Call(fib, 1);
        Add; ReturnValue;
    }
    LoadInt(20); Call(fib, 1);
};

#[test]
fn fib() {
    assert_eq!(VM::empty().eval(&FIB).unwrap(), Value::Int(6765));
    println!("{}", FIB.to_chunk().listing());
}

#[test]
fn later() {
    let n = 5;
    let c = chunk! { ();
        {n}; LoadInt({n + 1}); Add; ..{[Op::Dup, Op::Mul]}; LoadFloat(9.0); fusevm::core_ops::sqrt; Add;
        SetVar({"x".to_string()}); GetVar(x);
    };
    println!("{}", c.listing());
    assert_eq!(VM::empty().eval(&c).unwrap(), Value::Float(124.0));
}
