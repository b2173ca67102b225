//! What the counting of instructions has to know about them: to choose which of them are fused.

use super::fuse::fuse;
use super::{Code, Ins};
use crate::value::Value;
use std::mem::discriminant;

/// The source of the instructions, where they are counted.
const SOURCE: &str = include_str!("ins.rs");

/// The most instructions that a fused one may stand for.
const WIDEST: usize = 4;

/// How many instructions there are, fused ones included.
pub(crate) fn instructions() -> usize {
    let body = SOURCE.rsplit_once("enum Ins").map_or("", |(_, rest)| rest);
    let body = body.split_once("\n}").map_or(body, |(body, _)| body);
    let is_one = |line: &&str| {
        let name = line.strip_prefix("    ").unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_uppercase())
    };
    body.lines().filter(is_one).count()
}

/// The name of an instruction, with the op where it stands for one of several.
pub(crate) fn name(ins: Ins<u16>, op: &str) -> String {
    let text = format!("{ins:?}");
    let name = text.split(' ').next().unwrap_or_default();
    match ins {
        Ins::Binary { op, .. } | Ins::Unary { op, .. } => format!("{name}({op:?})"),
        Ins::Base { .. } | Ins::BaseBranch { .. } => format!("{name}({op})"),
        _other => name.to_owned(),
    }
}

/// Whether control goes on behind an instruction, and in the loop: not where it may jump, and not where an op
/// runs of which the loop knows nothing.
pub(crate) fn goes_on(ins: Ins<u16>) -> bool {
    let leaves = matches!(
        ins,
        Ins::Jump { .. }
            | Ins::JumpIf { .. }
            | Ins::JumpIfNot { .. }
            | Ins::Call { .. }
            | Ins::CallOut { .. }
            | Ins::Return { .. }
            | Ins::ReturnVoid { .. }
            | Ins::End { .. }
            | Ins::Base { .. }
            | Ins::BaseBranch { .. }
            | Ins::Ext { .. }
            | Ins::ExtBranch { .. }
            | Ins::Exit { .. }
            | Ins::LoopNext { .. }
            | Ins::Fused { .. }
    );
    !leaves && ins.branch().is_none()
}

/// For each place of a code how many instructions the one there stands for: what fusing gives where it
/// sees no more than that.
pub(crate) fn widths(code: &Code) -> Vec<u8> {
    let float =
        |k: u32| matches!(code.constants.get(k as usize), Some(Value::Float(_))).then_some(0);
    let plain = code.narrow();
    let width = |at: usize| {
        let fused = discriminant(&code.ins[at]);
        if fused == discriminant(&plain[at]) {
            return 1;
        }
        let fits = |width: &usize| {
            let seen = plain.get(..at + width);
            seen.is_some_and(|seen| discriminant(&fuse(seen, code.base, float)[at]) == fused)
        };
        (2..WIDEST).find(fits).unwrap_or(WIDEST) as u8
    };
    (0..plain.len()).map(width).collect()
}

#[cfg(test)]
mod tests {
    use super::instructions;

    #[test]
    fn there_is_room_for_more_instructions() {
        let count = instructions();
        assert!((100..250).contains(&count), "{count} instructions");
    }
}
