use fusevm::prelude::*;
static FIB: StaticChunk = chunk! { ();
    fn fib(n) {
        GetSlot(n); LoadInt(2); NumLt; JumpIfFalse('rec);
        GetSlot(n); ReturnValue;
      'rec:
        GetSlot(n); LoadInt(1); Sub; Call(fib, 1);
        GetSlot(n); LoadInt(2); Sub; Call(fib, 1);
        Add; ReturnValue;
    }
    LoadInt(22); Call(fib, 1);
};
fn main(){ let mut vm = VM::empty(); println!("{:?}", vm.eval(&FIB).unwrap()); }
