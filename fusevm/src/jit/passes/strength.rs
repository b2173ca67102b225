//! Dear operations on a constant become several cheap ones.
//!
//! Remainders and quotients: by a power of two with shifts, by anything else with the high half of a
//! product (Warren, "Hacker's Delight", chapter 10). Products with a power of two, or one more or less,
//! with a shift and a sum.
//!
//! **Invariant**: the results are the same for all integers, and no divisor is 0 or -1.

use super::graph::Graph;
use crate::jit::ir::{B, Bin, Cond, Func, Inst, Ty, V};

struct Strength<'a> {
    f: &'a mut Func,
    /// The block as it will be.
    insts: Vec<V>,
}

/// Whether it has changed anything.
pub(super) fn run(f: &mut Func, graph: &Graph) -> bool {
    let is_dear = |v| match f.inst(v) {
        Inst::Bin(Bin::Rem | Bin::Quot | Bin::Mul, _, b) => f.int(*b).is_some(),
        _other => false,
    };
    if !f.any_of(is_dear) {
        return false;
    }
    // What asks of a remainder has to see it before it is made cheaper.
    each(f, graph, |strength, v| strength.comparison(v));
    each(f, graph, |strength, v| strength.operation(v));
    true
}

/// Looks at all instructions; what is cheaper takes their places.
fn each(f: &mut Func, graph: &Graph, cheaper: fn(&mut Strength<'_>, V) -> Option<Inst>) {
    for &B(at) in &graph.order {
        let insts = std::mem::take(&mut f.blocks[at as usize].insts);
        let mut strength = Strength {
            f,
            insts: Vec::with_capacity(insts.len()),
        };
        for v in insts {
            if let Some(inst) = cheaper(&mut strength, v) {
                strength.f.insts[v.0 as usize] = inst;
            }
            strength.insts.push(v);
        }
        let insts = strength.insts;
        f.blocks[at as usize].insts = insts;
    }
}

impl Strength<'_> {
    fn comparison(&mut self, v: V) -> Option<Inst> {
        match *self.f.inst(v) {
            Inst::Cmp(cond @ (Cond::Eq | Cond::Ne), a, b) => self.is_multiple(cond, a, b),
            _ => None,
        }
    }

    fn operation(&mut self, v: V) -> Option<Inst> {
        match *self.f.inst(v) {
            Inst::Bin(op @ (Bin::Rem | Bin::Quot | Bin::Mul), a, b) => {
                let n = self.f.int(b)?;
                self.by_constant(op, a, n)
            }
            _ => None,
        }
    }

    fn put(&mut self, inst: Inst) -> V {
        let v = self.f.value(inst, Ty::Int);
        self.insts.push(v);
        v
    }

    fn bin(&mut self, op: Bin, a: V, n: i64) -> V {
        let n = self.put(Inst::Int(n));
        self.put(Inst::Bin(op, a, n))
    }

    /// `a % 2^k == 0` asks for bits alone.
    fn is_multiple(&mut self, cond: Cond, a: V, b: V) -> Option<Inst> {
        let (Some(0), Inst::Bin(Bin::Rem, x, by)) = (self.f.int(b), self.f.inst(a)) else {
            return None;
        };
        let (x, n) = (*x, self.f.int(*by)?);
        if n < 2 || n.count_ones() != 1 {
            return None;
        }
        let bits = self.bin(Bin::And, x, n - 1);
        Some(Inst::Cmp(cond, bits, b))
    }

    fn by_constant(&mut self, op: Bin, a: V, n: i64) -> Option<Inst> {
        match op {
            Bin::Mul => self.product(a, n),
            Bin::Quot => {
                let quotient = self.quotient(a, n)?;
                let (op, x, y) = quotient;
                Some(Inst::Bin(op, x, y))
            }
            _rem => {
                let (op, x, y) = self.quotient(a, n)?;
                let quotient = self.put(Inst::Bin(op, x, y));
                let whole = self.bin(Bin::Mul, quotient, n);
                let whole = match self.product(quotient, n) {
                    Some(inst) => self.put(inst),
                    None => whole,
                };
                Some(Inst::Bin(Bin::Sub, a, whole))
            }
        }
    }

    fn product(&mut self, a: V, n: i64) -> Option<Inst> {
        let shift = |n: i64| (n > 0 && n.count_ones() == 1).then(|| i64::from(n.trailing_zeros()));
        if let Some(k) = shift(n) {
            let k = self.put(Inst::Int(k));
            return Some(Inst::Bin(Bin::Shl, a, k));
        }
        if let Some(k) = n.checked_sub(1).and_then(shift) {
            let more = self.bin(Bin::Shl, a, k);
            return Some(Inst::Bin(Bin::Add, more, a));
        }
        let k = n.checked_add(1).and_then(shift)?;
        let more = self.bin(Bin::Shl, a, k);
        Some(Inst::Bin(Bin::Sub, more, a))
    }

    /// The last operation of a quotient by a constant, and its operands.
    fn quotient(&mut self, a: V, n: i64) -> Option<(Bin, V, V)> {
        if n == i64::MIN || (-2..2).contains(&n) {
            return None;
        }
        if n > 0 && n.count_ones() == 1 {
            // Rounds towards zero: negative numbers are raised first.
            let k = i64::from(n.trailing_zeros());
            let sign = self.bin(Bin::Shr, a, 63);
            let raise = self.bin(Bin::ShrU, sign, 64 - k);
            let raised = self.put(Inst::Bin(Bin::Add, a, raise));
            let k = self.put(Inst::Int(k));
            return Some((Bin::Shr, raised, k));
        }
        let (magic, shift) = magic(n);
        let mut q = self.bin(Bin::MulHigh, a, magic);
        if n > 0 && magic < 0 {
            q = self.put(Inst::Bin(Bin::Add, q, a));
        }
        if n < 0 && magic > 0 {
            q = self.put(Inst::Bin(Bin::Sub, q, a));
        }
        let shifted = self.bin(Bin::Shr, q, shift);
        let sign = self.bin(Bin::ShrU, shifted, 63);
        Some((Bin::Add, shifted, sign))
    }
}

/// What to multiply with, and how far to shift the high half.
fn magic(d: i64) -> (i64, i64) {
    let two63 = 1u64 << 63;
    let ad = d.unsigned_abs();
    let t = two63 + (d as u64 >> 63);
    let anc = t - 1 - t % ad;
    let mut p = 63;
    let (mut q1, mut r1) = (two63 / anc, two63 % anc);
    let (mut q2, mut r2) = (two63 / ad, two63 % ad);
    loop {
        p += 1;
        (q1, r1) = (q1.wrapping_mul(2), r1 * 2);
        if r1 >= anc {
            (q1, r1) = (q1.wrapping_add(1), r1 - anc);
        }
        (q2, r2) = (q2.wrapping_mul(2), r2 * 2);
        if r2 >= ad {
            (q2, r2) = (q2.wrapping_add(1), r2 - ad);
        }
        let delta = ad - r2;
        if q1 >= delta && (q1 != delta || r1 != 0) {
            break;
        }
    }
    let m = q2.wrapping_add(1) as i64;
    (if d < 0 { m.wrapping_neg() } else { m }, p - 64)
}

#[cfg(test)]
mod tests {
    use super::{Graph, magic, run};
    use crate::jit::passes::golden::check;

    #[test]
    fn a_power_of_two_is_shifts_and_a_test_of_bits() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Int):
                v1: Int = 2
                v2: Int = 0
                v3: Int = Rem v0, v1
                v4: Bool = Eq v3, v2
                v5: Int = 9
                v6: Int = Mul v0, v5
                return v6
            ",
            "
            b0(v0: Int):
                v1: Int = 2
                v2: Int = 0
                v9: Int = 63
                v10: Int = Shr v0, v9
                v11: Int = 63
                v12: Int = ShrU v10, v11
                v13: Int = Add v0, v12
                v14: Int = 1
                v15: Int = Shr v13, v14
                v16: Int = 2
                v17: Int = Mul v15, v16
                v18: Int = 1
                v19: Int = Shl v15, v18
                v3: Int = Sub v0, v19
                v7: Int = 1
                v8: Int = And v0, v7
                v4: Bool = Eq v8, v2
                v5: Int = 9
                v20: Int = 3
                v21: Int = Shl v0, v20
                v6: Int = Add v21, v0
                return v6
            ",
        );
    }

    #[test]
    fn products_are_quotients() {
        let edges = [
            0,
            1,
            -1,
            2,
            -2,
            9,
            10,
            11,
            -10,
            i64::MAX,
            i64::MIN,
            i64::MAX - 1,
        ];
        for d in (-40..=40).chain([1000, 139_968, -139_968, i64::MAX, i64::MIN + 1]) {
            if (-1..=1).contains(&d) {
                continue;
            }
            let (m, s) = magic(d);
            let quotient = |n: i64| {
                let mut q = ((i128::from(n) * i128::from(m)) >> 64) as i64;
                if d > 0 && m < 0 {
                    q = q.wrapping_add(n);
                }
                if d < 0 && m > 0 {
                    q = q.wrapping_sub(n);
                }
                let q = q >> s;
                q.wrapping_add((q as u64 >> 63) as i64)
            };
            for n in edges
                .into_iter()
                .chain(-100..100)
                .chain((1..60).map(|k| (1_i64 << k).wrapping_add(d)))
            {
                assert_eq!(quotient(n), n.wrapping_div(d), "{n} / {d}");
            }
        }
    }
}
