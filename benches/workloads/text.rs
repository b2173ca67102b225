//! Workloads that are strings and hashes.

use fusevm::prelude::*;
use std::collections::HashMap;
use std::hint::black_box;

/// The length of a string that grew by `n` appended bytes.
pub static APPEND: StaticChunk = chunk! { ();
    fn run(n) {
        let i; let text;
        LoadInt(0); SetSlot(i); LoadConst(""); SetSlot(text);
      'top:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
        GetSlot(text); LoadConst("x"); Concat; SetSlot(text);
        GetSlot(i); Inc; SetSlot(i);
        Jump('top);
      'end:
        GetSlot(text); StringLen; ReturnValue;
    }
};

pub fn append(n: i64) -> f64 {
    let mut text = String::new();
    for _ in 0..n {
        text.push_str(black_box("x"));
    }
    text.len() as f64
}

/// Counts `n` words, of which a thousand differ, made while it counts.
pub static HASH: StaticChunk = chunk! { ();
    fn run(n) {
        let i; let key; let sum;
        DeclareHash(h);
        LoadInt(0); SetSlot(i);
      'count:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('counted);
        LoadConst("k"); GetSlot(i); LoadInt(7); Mul; LoadInt(1000); Mod; Concat; SetSlot(key);
        GetSlot(key); HashGet(h); LoadInt(1); Add; GetSlot(key); HashSet(h);
        GetSlot(i); Inc; SetSlot(i);
        Jump('count);
      'counted:
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
      'add:
        GetSlot(i); LoadInt(1000); NumLt; JumpIfFalse('end);
        GetSlot(sum); LoadConst("k"); GetSlot(i); Concat; HashGet(h); GetSlot(i); Mul; Add; SetSlot(sum);
        GetSlot(i); Inc; SetSlot(i);
        Jump('add);
      'end:
        GetSlot(sum); ReturnValue;
    }
};

pub fn hash(n: i64) -> f64 {
    let mut h: HashMap<String, i64> = HashMap::new();
    for i in 0..n {
        *h.entry(format!("k{}", i * 7 % 1000)).or_default() += 1;
    }
    let held = |i: i64| h.get(&format!("k{i}")).copied().unwrap_or(0);
    (0..1000).map(|i| held(i) * i).sum::<i64>() as f64
}
