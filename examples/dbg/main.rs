use fusevm::prelude::*;
use std::time::Instant;
static FIB: StaticChunk = chunk! { ();
    fn fib(n) {
        GetSlot(n); LoadInt(2); NumLt; JumpIfFalse('rec);
        GetSlot(n); ReturnValue;
      'rec:
        GetSlot(n); LoadInt(1); Sub; Call(fib, 1);
        GetSlot(n); LoadInt(2); Sub; Call(fib, 1);
        Add; ReturnValue;
    }
    LoadInt(30); Call(fib, 1);
};
static SUM: StaticChunk = chunk! { ();
    let s; let i; let n;
    LoadInt(10_000_000); SetSlot(n);
    LoadInt(0); SetSlot(s); LoadInt(0); SetSlot(i);
  'top:
    GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
    GetSlot(s); GetSlot(i); LoadInt(3); BitXor; Add; SetSlot(s);
    GetSlot(i); Inc; SetSlot(i); Jump('top);
  'end:
    GetSlot(s);
};
static COLLATZ: StaticChunk = chunk! { ();
    let n; let i; let steps;
    LoadInt(1); SetSlot(i); LoadInt(0); SetSlot(steps);
  'outer:
    GetSlot(i); LoadInt(30000); NumLt; JumpIfFalse('end);
    GetSlot(i); SetSlot(n);
  'inner:
    GetSlot(n); LoadInt(1); NumNe; JumpIfFalse('next);
    GetSlot(n); LoadInt(2); Mod; LoadInt(0); NumEq; JumpIfFalse('odd);
    GetSlot(n); LoadInt(1); Shr; SetSlot(n); Jump('step);
  'odd:
    GetSlot(n); LoadInt(3); Mul; LoadInt(1); Add; SetSlot(n);
  'step:
    GetSlot(steps); Inc; SetSlot(steps); Jump('inner);
  'next:
    GetSlot(i); Inc; SetSlot(i); Jump('outer);
  'end:
    GetSlot(steps);
};
static MANDEL: StaticChunk = chunk! { ();
    let y; let x; let zr; let zi; let t; let k; let count; let cr; let ci;
    LoadInt(0); SetSlot(count); LoadInt(0); SetSlot(y);
  'rows:
    GetSlot(y); LoadInt(200); NumLt; JumpIfFalse('end);
    LoadInt(0); SetSlot(x);
  'cols:
    GetSlot(x); LoadInt(200); NumLt; JumpIfFalse('row_end);
    GetSlot(x); LoadFloat(100.0); Div; LoadFloat(1.5); Sub; SetSlot(cr);
    GetSlot(y); LoadFloat(100.0); Div; LoadFloat(1.0); Sub; SetSlot(ci);
    LoadFloat(0.0); SetSlot(zr); LoadFloat(0.0); SetSlot(zi); LoadInt(0); SetSlot(k);
  'iter:
    GetSlot(k); LoadInt(50); NumLt; JumpIfFalse('inside);
    GetSlot(zr); GetSlot(zr); Mul; GetSlot(zi); GetSlot(zi); Mul; Add; LoadFloat(4.0); NumGt; JumpIfTrue('out);
    GetSlot(zr); GetSlot(zr); Mul; GetSlot(zi); GetSlot(zi); Mul; Sub; GetSlot(cr); Add; SetSlot(t);
    LoadFloat(2.0); GetSlot(zr); Mul; GetSlot(zi); Mul; GetSlot(ci); Add; SetSlot(zi);
    GetSlot(t); SetSlot(zr);
    GetSlot(k); Inc; SetSlot(k); Jump('iter);
  'inside:
    GetSlot(count); Inc; SetSlot(count);
  'out:
    GetSlot(x); Inc; SetSlot(x); Jump('cols);
  'row_end:
    GetSlot(y); Inc; SetSlot(y); Jump('rows);
  'end:
    GetSlot(count);
};
static SIEVE: StaticChunk = chunk! { ();
    let a; let i; let j; let n; let count;
    LoadInt(200000); SetSlot(n);
    LoadInt(0); GetSlot(n); Range; SetSlot(a);
    LoadInt(2); SetSlot(i); LoadInt(0); SetSlot(count);
  'top:
    GetSlot(i); GetSlot(n); NumLe; JumpIfFalse('end);
    GetSlot(i); SlotArrayGet(a); JumpIfFalse('next);
    GetSlot(count); Inc; SetSlot(count);
    GetSlot(i); GetSlot(i); Add; SetSlot(j);
  'inner:
    GetSlot(j); GetSlot(n); NumLe; JumpIfFalse('next);
    LoadFalse; GetSlot(j); SlotArraySet(a);
    GetSlot(j); GetSlot(i); Add; SetSlot(j); Jump('inner);
  'next:
    GetSlot(i); Inc; SetSlot(i); Jump('top);
  'end:
    GetSlot(count);
};
static ADD: StaticChunk = chunk! { ();
    let i; let s;
    LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(s);
  'top:
    GetSlot(i); LoadInt(1000000); NumLt; JumpIfFalse('end);
    GetSlot(s); GetSlot(i); LoadInt(7); core_ops::idiv; Add; SetSlot(s);
    GetSlot(i); Inc; SetSlot(i); Jump('top);
  'end:
    GetSlot(s);
};
fn main() {
    for (name, chunk) in [("fib30", &FIB), ("sum 10M", &SUM), ("collatz", &COLLATZ), ("mandel", &MANDEL), ("sieve", &SIEVE), ("ext 1M", &ADD)] {
        let mut best = [f64::MAX; 3];
        let mut res = vec![];
        for _ in 0..3 {
            for (k, b) in best.iter_mut().enumerate() {
                let mut vm = VM::empty();
                if k == 0 { vm.set_fuel(Some(1<<60)); }
                if k == 2 { vm.set_lowering(false); }
                let t = Instant::now();
                let r = vm.eval(chunk).unwrap();
                *b = b.min(t.elapsed().as_secs_f64() * 1e3);
                res.push(r);
            }
        }
        println!("{name:8} {:?} metered {:.1} ms, unmetered {:.1} ms, base {:.1} ms", res[0], best[0], best[1], best[2]);
        assert!(res.iter().all(|r| *r == res[0]));
    }
}
