//! Workloads that are loops over numbers.

use fusevm::prelude::*;
use std::hint::black_box;

/// The limit stands in a slot, so that no op of the set is the whole loop.
pub static SUM: StaticChunk = chunk! { ();
    fn run(n) {
        let i; let sum;
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
      'top:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
        GetSlot(sum); GetSlot(i); Add; SetSlot(sum);
        GetSlot(i); Inc; SetSlot(i);
        Jump('top);
      'end:
        GetSlot(sum); ReturnValue;
    }
};

pub fn sum(n: i64) -> f64 {
    (0..n).fold(0, |sum: i64, i| sum.wrapping_add(black_box(i))) as f64
}

pub static NESTED: StaticChunk = chunk! { ();
    fn run(n) {
        let i; let j; let sum;
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
      'outer:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
        LoadInt(0); SetSlot(j);
      'inner:
        GetSlot(j); GetSlot(n); NumLt; JumpIfFalse('next);
        GetSlot(sum); GetSlot(i); GetSlot(j); Mul; Add; SetSlot(sum);
        GetSlot(j); Inc; SetSlot(j);
        Jump('inner);
      'next:
        GetSlot(i); Inc; SetSlot(i);
        Jump('outer);
      'end:
        GetSlot(sum); ReturnValue;
    }
};

pub fn nested(n: i64) -> f64 {
    let mut sum = 0i64;
    for i in 0..n {
        for j in 0..n {
            sum = sum.wrapping_add(i.wrapping_mul(black_box(j)));
        }
    }
    sum as f64
}

/// Steps of all numbers below `n` together.
pub static COLLATZ: StaticChunk = chunk! { ();
    fn run(n) {
        let i; let x; let steps;
        LoadInt(1); SetSlot(i); LoadInt(0); SetSlot(steps);
      'outer:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
        GetSlot(i); SetSlot(x);
      'inner:
        GetSlot(x); LoadInt(1); NumNe; JumpIfFalse('next);
        GetSlot(x); LoadInt(2); Mod; LoadInt(0); NumEq; JumpIfFalse('odd);
        GetSlot(x); LoadInt(1); Shr; SetSlot(x);
        Jump('step);
      'odd:
        GetSlot(x); LoadInt(3); Mul; LoadInt(1); Add; SetSlot(x);
      'step:
        GetSlot(steps); Inc; SetSlot(steps);
        Jump('inner);
      'next:
        GetSlot(i); Inc; SetSlot(i);
        Jump('outer);
      'end:
        GetSlot(steps); ReturnValue;
    }
};

pub fn collatz(n: i64) -> f64 {
    let mut steps = 0i64;
    for i in 1..n {
        let mut x = i;
        while x != 1 {
            x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 };
            steps += 1;
        }
    }
    steps as f64
}

/// Iterations of all points of an `n` by `n` picture, at most 50 each.
pub static MANDELBROT: StaticChunk = chunk! { ();
    fn run(n) {
        let px; let py; let cr; let ci; let r; let i; let rr; let ii; let k; let total;
        LoadInt(0); SetSlot(total); LoadInt(0); SetSlot(py);
      'rows:
        GetSlot(py); GetSlot(n); NumLt; JumpIfFalse('end);
        LoadFloat(2.0); GetSlot(py); Mul; GetSlot(n); Div; LoadFloat(1.0); Sub; SetSlot(ci);
        LoadInt(0); SetSlot(px);
      'points:
        GetSlot(px); GetSlot(n); NumLt; JumpIfFalse('next_row);
        LoadFloat(2.0); GetSlot(px); Mul; GetSlot(n); Div; LoadFloat(1.5); Sub; SetSlot(cr);
        LoadFloat(0.0); SetSlot(r); LoadFloat(0.0); SetSlot(i); LoadInt(0); SetSlot(k);
      'iterate:
        GetSlot(k); LoadInt(50); NumLt; JumpIfFalse('next_point);
        GetSlot(r); GetSlot(r); Mul; SetSlot(rr);
        GetSlot(i); GetSlot(i); Mul; SetSlot(ii);
        GetSlot(rr); GetSlot(ii); Add; LoadFloat(4.0); NumGt; JumpIfTrue('next_point);
        LoadFloat(2.0); GetSlot(r); Mul; GetSlot(i); Mul; GetSlot(ci); Add; SetSlot(i);
        GetSlot(rr); GetSlot(ii); Sub; GetSlot(cr); Add; SetSlot(r);
        GetSlot(k); Inc; SetSlot(k);
        Jump('iterate);
      'next_point:
        GetSlot(total); GetSlot(k); Add; SetSlot(total);
        GetSlot(px); Inc; SetSlot(px);
        Jump('points);
      'next_row:
        GetSlot(py); Inc; SetSlot(py);
        Jump('rows);
      'end:
        GetSlot(total); ReturnValue;
    }
};

pub fn mandelbrot(n: i64) -> f64 {
    let mut total = 0;
    for py in 0..n {
        let ci = 2.0 * py as f64 / n as f64 - 1.0;
        for px in 0..n {
            let cr = 2.0 * px as f64 / n as f64 - 1.5;
            let (mut r, mut i, mut k) = (0.0, 0.0, 0);
            while k < 50 {
                let (rr, ii) = (r * r, i * i);
                if rr + ii > 4.0 {
                    break;
                }
                i = 2.0 * r * i + ci;
                r = rr - ii + cr;
                k += 1;
            }
            total += k;
        }
    }
    f64::from(total)
}
