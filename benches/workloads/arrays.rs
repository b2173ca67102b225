//! Workloads that are arrays.

use fusevm::prelude::*;

/// The number of primes up to `n`.
pub static SIEVE: StaticChunk = chunk! { ();
    fn run(n) {
        let flags; let i; let j; let count;
        MakeArray(0); SetSlot(flags);
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(count);
      'fill:
        GetSlot(i); GetSlot(n); NumLe; JumpIfFalse('filled);
        LoadInt(1); GetSlot(i); SlotArraySet(flags);
        GetSlot(i); Inc; SetSlot(i);
        Jump('fill);
      'filled:
        LoadInt(2); SetSlot(i);
      'outer:
        GetSlot(i); GetSlot(n); NumLe; JumpIfFalse('end);
        GetSlot(i); SlotArrayGet(flags); LoadInt(1); NumEq; JumpIfFalse('next);
        GetSlot(count); Inc; SetSlot(count);
        GetSlot(i); GetSlot(i); Mul; SetSlot(j);
      'inner:
        GetSlot(j); GetSlot(n); NumLe; JumpIfFalse('next);
        LoadInt(0); GetSlot(j); SlotArraySet(flags);
        GetSlot(j); GetSlot(i); Add; SetSlot(j);
        Jump('inner);
      'next:
        GetSlot(i); Inc; SetSlot(i);
        Jump('outer);
      'end:
        GetSlot(count); ReturnValue;
    }
};

pub fn sieve(n: i64) -> f64 {
    let n = n as usize;
    let mut flags = vec![1i64; n + 1];
    let mut count = 0;
    for i in 2..=n {
        if flags[i] == 1 {
            count += 1;
            let mut j = i * i;
            while j <= n {
                flags[j] = 0;
                j += i;
            }
        }
    }
    f64::from(count)
}

/// The sum of the product of two `n` by `n` matrices.
pub static MATMUL: StaticChunk = chunk! { ();
    fn run(n) {
        let a; let b; let i; let j; let k; let sum; let total;
        MakeArray(0); SetSlot(a); MakeArray(0); SetSlot(b);
        LoadInt(0); SetSlot(i);
      'fill_rows:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('filled);
        LoadInt(0); SetSlot(j);
      'fill:
        GetSlot(j); GetSlot(n); NumLt; JumpIfFalse('fill_next);
        GetSlot(i); GetSlot(j); Sub; LoadFloat(0.5); Mul;
        GetSlot(i); GetSlot(n); Mul; GetSlot(j); Add; SlotArraySet(a);
        GetSlot(i); GetSlot(j); Add; LoadFloat(0.25); Mul;
        GetSlot(i); GetSlot(n); Mul; GetSlot(j); Add; SlotArraySet(b);
        GetSlot(j); Inc; SetSlot(j);
        Jump('fill);
      'fill_next:
        GetSlot(i); Inc; SetSlot(i);
        Jump('fill_rows);
      'filled:
        LoadInt(0); SetSlot(i); LoadFloat(0.0); SetSlot(total);
      'rows:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
        LoadInt(0); SetSlot(j);
      'columns:
        GetSlot(j); GetSlot(n); NumLt; JumpIfFalse('next_row);
        LoadInt(0); SetSlot(k); LoadFloat(0.0); SetSlot(sum);
      'products:
        GetSlot(k); GetSlot(n); NumLt; JumpIfFalse('next_column);
        GetSlot(sum);
        GetSlot(i); GetSlot(n); Mul; GetSlot(k); Add; SlotArrayGet(a);
        GetSlot(k); GetSlot(n); Mul; GetSlot(j); Add; SlotArrayGet(b);
        Mul; Add; SetSlot(sum);
        GetSlot(k); Inc; SetSlot(k);
        Jump('products);
      'next_column:
        GetSlot(total); GetSlot(sum); Add; SetSlot(total);
        GetSlot(j); Inc; SetSlot(j);
        Jump('columns);
      'next_row:
        GetSlot(i); Inc; SetSlot(i);
        Jump('rows);
      'end:
        GetSlot(total); ReturnValue;
    }
};

pub fn matmul(n: i64) -> f64 {
    let n = n as usize;
    let (mut a, mut b) = (vec![0.0; n * n], vec![0.0; n * n]);
    for i in 0..n {
        for j in 0..n {
            a[i * n + j] = (i as f64 - j as f64) * 0.5;
            b[i * n + j] = (i + j) as f64 * 0.25;
        }
    }
    let mut total = 0.0;
    for i in 0..n {
        for j in 0..n {
            let mut sum = 0.0;
            for k in 0..n {
                sum += a[i * n + k] * b[k * n + j];
            }
            total += sum;
        }
    }
    total
}

/// Sorts `n` numbers in a global array, which the recursion shares; a sum over the places tells the order.
pub static QUICKSORT: StaticChunk = chunk! { ();
    fn run(n) {
        let i; let seed; let sum;
        DeclareArray(a);
        LoadInt(0); SetSlot(i); LoadInt(42); SetSlot(seed);
      'fill:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('filled);
        GetSlot(seed); LoadInt(3877); Mul; LoadInt(29573); Add; LoadInt(139968); Mod; SetSlot(seed);
        GetSlot(seed); ArrayPush(a);
        GetSlot(i); Inc; SetSlot(i);
        Jump('fill);
      'filled:
        LoadInt(0); GetSlot(n); LoadInt(1); Sub; Call(sort, 2);
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
      'check:
        GetSlot(i); GetSlot(n); NumLt; JumpIfFalse('end);
        GetSlot(sum);
        GetSlot(i); ArrayGet(a); GetSlot(i); LoadInt(10); Mod; Mul;
        Add; SetSlot(sum);
        GetSlot(i); Inc; SetSlot(i);
        Jump('check);
      'end:
        GetSlot(sum); ReturnValue;
    }
    fn sort(low, high) {
        let i; let j; let pivot; let held;
        GetSlot(low); GetSlot(high); NumLt; JumpIfFalse('end);
        GetSlot(low); GetSlot(high); Add; LoadInt(1); Shr; ArrayGet(a); SetSlot(pivot);
        GetSlot(low); SetSlot(i); GetSlot(high); SetSlot(j);
      'split:
        GetSlot(i); GetSlot(j); NumLe; JumpIfFalse('halves);
      'up:
        GetSlot(i); ArrayGet(a); GetSlot(pivot); NumLt; JumpIfFalse('down);
        GetSlot(i); Inc; SetSlot(i);
        Jump('up);
      'down:
        GetSlot(j); ArrayGet(a); GetSlot(pivot); NumGt; JumpIfFalse('swap);
        GetSlot(j); Dec; SetSlot(j);
        Jump('down);
      'swap:
        GetSlot(i); GetSlot(j); NumLe; JumpIfFalse('split);
        GetSlot(i); ArrayGet(a); SetSlot(held);
        GetSlot(j); ArrayGet(a); GetSlot(i); ArraySet(a);
        GetSlot(held); GetSlot(j); ArraySet(a);
        GetSlot(i); Inc; SetSlot(i);
        GetSlot(j); Dec; SetSlot(j);
        Jump('split);
      'halves:
        GetSlot(low); GetSlot(j); Call(sort, 2);
        GetSlot(i); GetSlot(high); Call(sort, 2);
      'end:
    }
};

pub fn quicksort(n: i64) -> f64 {
    fn sort(a: &mut [i64], low: i64, high: i64) {
        if low >= high {
            return;
        }
        let pivot = a[((low + high) >> 1) as usize];
        let (mut i, mut j) = (low, high);
        while i <= j {
            while a[i as usize] < pivot {
                i += 1;
            }
            while a[j as usize] > pivot {
                j -= 1;
            }
            if i <= j {
                a.swap(i as usize, j as usize);
                i += 1;
                j -= 1;
            }
        }
        sort(a, low, j);
        sort(a, i, high);
    }
    let (mut a, mut seed) = (Vec::new(), 42);
    for _ in 0..n {
        seed = (seed * 3877 + 29573) % 139968;
        a.push(seed);
    }
    sort(&mut a, 0, n - 1);
    (a.iter().zip(0..)).fold(0, |sum, (x, i)| sum + x * (i % 10)) as f64
}

/// Makes and counts the nodes of ten trees of depth `n`; a node is an array of two, a leaf an empty one.
pub static TREES: StaticChunk = chunk! { ();
    fn run(n) {
        let i; let count;
        LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(count);
      'top:
        GetSlot(i); LoadInt(10); NumLt; JumpIfFalse('end);
        GetSlot(count); GetSlot(n); Call(make, 1); Call(nodes, 1); Add; SetSlot(count);
        GetSlot(i); Inc; SetSlot(i);
        Jump('top);
      'end:
        GetSlot(count); ReturnValue;
    }
    fn make(depth) {
        GetSlot(depth); LoadInt(0); NumEq; JumpIfFalse('node);
        MakeArray(0); ReturnValue;
      'node:
        GetSlot(depth); LoadInt(1); Sub; Call(make, 1);
        GetSlot(depth); LoadInt(1); Sub; Call(make, 1);
        MakeArray(2); ReturnValue;
    }
    fn nodes(tree) {
        GetSlot(tree); StringLen; LoadInt(0); NumEq; JumpIfFalse('node);
        LoadInt(1); ReturnValue;
      'node:
        LoadInt(1);
        LoadInt(0); SlotArrayGet(tree); Call(nodes, 1); Add;
        LoadInt(1); SlotArrayGet(tree); Call(nodes, 1); Add;
        ReturnValue;
    }
};

pub fn trees(n: i64) -> f64 {
    struct Tree(Option<[Box<Tree>; 2]>);
    fn make(depth: i64) -> Box<Tree> {
        Box::new(Tree(match depth {
            0 => None,
            _ => Some([make(depth - 1), make(depth - 1)]),
        }))
    }
    fn nodes(tree: &Tree) -> i64 {
        match &tree.0 {
            None => 1,
            Some([left, right]) => 1 + nodes(left) + nodes(right),
        }
    }
    (0..10).map(|_| nodes(&make(n))).sum::<i64>() as f64
}
