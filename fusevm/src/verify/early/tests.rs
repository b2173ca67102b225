//! The two verifiers find fault with the same code.

use super::{Checked, check};
use crate::Language;
use crate::chunk::fixed::{
    BodyKind, NO_LABEL, StaticBody, StaticCode, StaticLabel, StaticLanguage, StaticOp,
};
use crate::op::Op;
use crate::semantics::Policy;
use crate::verify::verify;

/// Ops of a body, and labels, one before each op.
const LEN: usize = 7;
const OPS: usize = 3 * LEN;
const TYPES: usize = 4 * OPS + 16;

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = (self.0.wrapping_mul(6_364_136_223_846_793_005)).wrapping_add(1);
        (self.0 >> 33) % n
    }
}

/// An op, and whether it jumps.
fn op(random: &mut Random) -> (Op, bool) {
    match random.below(24) {
        0..5 => (Op::LoadInt(1), false),
        5 => (Op::Pop, false),
        6 => (Op::Dup, false),
        7 => (Op::Swap, false),
        8 => (Op::Rot, false),
        9 => (Op::Add, false),
        10 => (Op::Nop, false),
        11 => (Op::PushFrame, false),
        12 => (Op::PopFrame, false),
        13 => (Op::Call(0, 1), false),
        14..16 => (Op::LogNot, false),
        16 => (Op::Jump(0), true),
        17 => (Op::JumpIfFalse(0), true),
        18 => (Op::JumpIfTrueKeep(0), true),
        19 => (Op::ReturnValue, false),
        20 => (Op::Return, false),
        21 => (Op::MakeArray(2), false),
        22 => (Op::SetSlot(0), false),
        _ => (Op::SlotLtIntJumpIfFalse(0, 5, 0), true),
    }
}

/// A main program, a function of one argument that ends with `Return`, and a block.
fn code(random: &mut Random) -> &'static StaticCode {
    let (mut ops, mut jumps) = (Vec::new(), Vec::new());
    for pc in 0..OPS {
        let (body, at) = (pc / LEN, pc % LEN);
        let (op, jumps_to) = match (body, at) {
            // The block is run.
            (0, 0) => (Op::LoadInt(1), false),
            (0, 1) if random.below(2) == 0 => (Op::MapBlock(0), false),
            (0, 1) => (Op::ForEachBlock(0), false),
            // The main program and the function end.
            (0, at) if at == LEN - 1 => (Op::Return, false),
            (1, at) if at == LEN - 1 => (Op::Return, false),
            _ => op(random),
        };
        ops.push(StaticOp::Core(op));
        jumps.push(match jumps_to {
            true => (body * LEN) as u32 + random.below(LEN as u64) as u32,
            false => NO_LABEL,
        });
    }
    let labels = (0..OPS).map(|pc| StaticLabel {
        name: "l",
        body: pc / LEN,
        pc,
        back: (pc..OPS).any(|from| jumps[from] == pc as u32),
    });
    let labels: Vec<StaticLabel> = labels.collect();
    let body = |kind, body: usize| StaticBody {
        kind,
        start: body * LEN,
        end: (body + 1) * LEN,
    };
    let bodies = vec![
        body(BodyKind::Main, 0),
        body(BodyKind::Function { name: 0, arity: 1 }, 1),
        body(BodyKind::Block, 2),
    ];
    Box::leak(Box::new(StaticCode {
        source: "",
        language: StaticLanguage {
            name: <()>::NAME,
            policy: Policy::default(),
            coerce: false,
        },
        names: &["f"],
        constants: &[],
        bodies: bodies.leak(),
        blocks: &[2],
        declared: &[],
        labels: labels.leak(),
        ops: ops.leak(),
        jumps: jumps.leak(),
        places: vec![(0, 0); OPS].leak(),
    }))
}

#[test]
#[cfg_attr(miri, ignore = "leaks codes, which stand for constants")]
fn both_find_fault_with_the_same_code() {
    let mut random = Random(7);
    let (mut sound, mut faulty) = (0, 0);
    for case in 0..60_000 {
        let code = code(&mut random);
        let early: Checked<OPS, OPS, 1> = check::<OPS, OPS, 1, TYPES>(code);
        let chunk = code.to_chunk();
        let late = verify(chunk.clone());
        assert_eq!(
            early.is_clean(),
            late.is_ok(),
            "case {case}: {early:?}\n{late:?}\n{}",
            chunk.listing()
        );
        match late.is_ok() {
            true => sound += 1,
            false => faulty += 1,
        }
    }
    assert!(sound > 20 && faulty > 20, "{sound} sound, {faulty} faulty");
}
