//! Five bodies that attract each other, in arrays of floats.

use fusevm::prelude::*;

pub static NBODY: StaticChunk = chunk! { ();
    fn run(n) {
        let x; let y; let z; let vx; let vy; let vz; let m;
        let i; let j; let dx; let dy; let dz; let dd; let mag; let mi; let mj; let sum;
        LoadInt(0); SetSlot(i);
      'place:
        GetSlot(i); LoadInt(5); NumLt; JumpIfFalse('steps);
        GetSlot(i); LoadFloat(1.5); Mul; GetSlot(i); SlotArraySet(x);
        LoadFloat(2.0); GetSlot(i); LoadFloat(0.75); Mul; Sub; GetSlot(i); SlotArraySet(y);
        GetSlot(i); GetSlot(i); Mul; LoadFloat(0.25); Mul; GetSlot(i); SlotArraySet(z);
        GetSlot(i); LoadInt(2); Sub; LoadFloat(0.125); Mul; GetSlot(i); SlotArraySet(vx);
        LoadInt(2); GetSlot(i); Sub; LoadFloat(0.25); Mul; GetSlot(i); SlotArraySet(vy);
        GetSlot(i); LoadFloat(0.0625); Mul; GetSlot(i); SlotArraySet(vz);
        LoadFloat(1.0); GetSlot(i); LoadInt(1); Add; Div; GetSlot(i); SlotArraySet(m);
        GetSlot(i); Inc; SetSlot(i);
        Jump('place);
      'steps:
        GetSlot(n); LoadInt(0); NumGt; JumpIfFalse('stop);
        GetSlot(n); Dec; SetSlot(n);
        LoadInt(0); SetSlot(i);
      'bodies:
        GetSlot(i); LoadInt(5); NumLt; JumpIfFalse('pulled);
        GetSlot(i); LoadInt(1); Add; SetSlot(j);
      'pairs:
        GetSlot(j); LoadInt(5); NumLt; JumpIfFalse('next_body);
        GetSlot(i); SlotArrayGet(x); GetSlot(j); SlotArrayGet(x); Sub; SetSlot(dx);
        GetSlot(i); SlotArrayGet(y); GetSlot(j); SlotArrayGet(y); Sub; SetSlot(dy);
        GetSlot(i); SlotArrayGet(z); GetSlot(j); SlotArrayGet(z); Sub; SetSlot(dz);
        GetSlot(dx); GetSlot(dx); Mul; GetSlot(dy); GetSlot(dy); Mul; Add;
        GetSlot(dz); GetSlot(dz); Mul; Add; SetSlot(dd);
        LoadFloat(0.01); GetSlot(dd); GetSlot(dd); core_ops::sqrt; Mul; Div; SetSlot(mag);
        GetSlot(i); SlotArrayGet(m); GetSlot(mag); Mul; SetSlot(mi);
        GetSlot(j); SlotArrayGet(m); GetSlot(mag); Mul; SetSlot(mj);
        GetSlot(i); SlotArrayGet(vx); GetSlot(dx); GetSlot(mj); Mul; Sub; GetSlot(i); SlotArraySet(vx);
        GetSlot(i); SlotArrayGet(vy); GetSlot(dy); GetSlot(mj); Mul; Sub; GetSlot(i); SlotArraySet(vy);
        GetSlot(i); SlotArrayGet(vz); GetSlot(dz); GetSlot(mj); Mul; Sub; GetSlot(i); SlotArraySet(vz);
        GetSlot(j); SlotArrayGet(vx); GetSlot(dx); GetSlot(mi); Mul; Add; GetSlot(j); SlotArraySet(vx);
        GetSlot(j); SlotArrayGet(vy); GetSlot(dy); GetSlot(mi); Mul; Add; GetSlot(j); SlotArraySet(vy);
        GetSlot(j); SlotArrayGet(vz); GetSlot(dz); GetSlot(mi); Mul; Add; GetSlot(j); SlotArraySet(vz);
        GetSlot(j); Inc; SetSlot(j);
        Jump('pairs);
      'next_body:
        GetSlot(i); Inc; SetSlot(i);
        Jump('bodies);
      'pulled:
        LoadInt(0); SetSlot(i);
      'shift:
        GetSlot(i); LoadInt(5); NumLt; JumpIfFalse('steps);
        GetSlot(i); SlotArrayGet(x); LoadFloat(0.01); GetSlot(i); SlotArrayGet(vx); Mul; Add; GetSlot(i); SlotArraySet(x);
        GetSlot(i); SlotArrayGet(y); LoadFloat(0.01); GetSlot(i); SlotArrayGet(vy); Mul; Add; GetSlot(i); SlotArraySet(y);
        GetSlot(i); SlotArrayGet(z); LoadFloat(0.01); GetSlot(i); SlotArrayGet(vz); Mul; Add; GetSlot(i); SlotArraySet(z);
        GetSlot(i); Inc; SetSlot(i);
        Jump('shift);
      'stop:
        LoadInt(0); SetSlot(i); LoadFloat(0.0); SetSlot(sum);
      'add:
        GetSlot(i); LoadInt(5); NumLt; JumpIfFalse('end);
        GetSlot(sum);
        GetSlot(i); SlotArrayGet(x); GetSlot(i); SlotArrayGet(vx); Mul; Add;
        GetSlot(i); SlotArrayGet(y); GetSlot(i); SlotArrayGet(vy); Mul; Add;
        GetSlot(i); SlotArrayGet(z); GetSlot(i); SlotArrayGet(vz); Mul; Add;
        SetSlot(sum);
        GetSlot(i); Inc; SetSlot(i);
        Jump('add);
      'end:
        GetSlot(sum); ReturnValue;
    }
};

pub fn nbody(n: i64) -> f64 {
    let of = |f: fn(f64) -> f64| -> [f64; 5] { std::array::from_fn(|i| f(i as f64)) };
    let (mut x, mut y, mut z) = (
        of(|i| i * 1.5),
        of(|i| 2.0 - i * 0.75),
        of(|i| i * i * 0.25),
    );
    let mut vx = of(|i| (i - 2.0) * 0.125);
    let mut vy = of(|i| (2.0 - i) * 0.25);
    let mut vz = of(|i| i * 0.0625);
    let m = of(|i| 1.0 / (i + 1.0));
    for _ in 0..n {
        for i in 0..5 {
            for j in i + 1..5 {
                let (dx, dy, dz) = (x[i] - x[j], y[i] - y[j], z[i] - z[j]);
                let dd: f64 = dx * dx + dy * dy + dz * dz;
                let mag = 0.01 / (dd * dd.sqrt());
                let (mi, mj) = (m[i] * mag, m[j] * mag);
                vx[i] -= dx * mj;
                vy[i] -= dy * mj;
                vz[i] -= dz * mj;
                vx[j] += dx * mi;
                vy[j] += dy * mi;
                vz[j] += dz * mi;
            }
        }
        for i in 0..5 {
            x[i] += 0.01 * vx[i];
            y[i] += 0.01 * vy[i];
            z[i] += 0.01 * vz[i];
        }
    }
    (0..5).fold(0.0, |sum, i| {
        sum + x[i] * vx[i] + y[i] * vy[i] + z[i] * vz[i]
    })
}
