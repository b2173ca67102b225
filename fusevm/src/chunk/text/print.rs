//! Chunk → text.

use super::super::{Chunk, Place};
use super::mention::Mentions;
use super::token::{name, quoted};
use super::{import, literal};
use crate::ext::ImmTag;
use crate::op::{Op, Operand, OperandKind};
use crate::semantics::Policy;
use std::fmt::{self, Write};

/// Column of what stands behind an op.
const BEHIND: usize = 26;
/// Columns that a list of names may take.
const WIDTH: usize = 80;

/// Writes the text of a chunk; with the index of each op behind it if `pcs`.
pub(super) fn print(chunk: &Chunk, out: &mut dyn Write, pcs: bool) -> fmt::Result {
    let mentions = Mentions::of(chunk);
    let declared = declarations(chunk, &mentions, out)?;
    let unsaid = !chunk.spans.is_empty() && chunk.spans.iter().all(|p| *p == Place::default());
    let mut blank = !declared;
    let mut at = (0, Place::default());
    for pc in 0..=chunk.ops.len() {
        let entry = mentions.labels(pc).iter().any(|label| label.entry);
        if !blank && (pc == 0 && !chunk.ops.is_empty() || pc > 0 && entry) {
            out.write_char('\n')?;
        }
        blank = false;
        for label in mentions.labels(pc) {
            writeln!(out, "{}:", label.name)?;
        }
        let Some(op) = chunk.ops.get(pc) else { break };
        let mut row = format!("  {}", op_text(&mentions, *op));
        let from = (
            chunk.line(pc),
            chunk.spans.get(pc).copied().unwrap_or_default(),
        );
        // Places that say nothing are said to be there once.
        let first = pc == 0 && unsaid;
        if from != at || first {
            let place = source_place(from, first);
            row = format!("{row:<width$} {place}", width = BEHIND - 1);
            at = from;
        }
        if pcs {
            row = format!("{row:<width$} ; {pc}", width = 2 * BEHIND - 1);
        }
        writeln!(out, "{row}")?;
    }
    Ok(())
}

fn source_place((line, place): (u32, Place), first: bool) -> String {
    if place == Place::default() && !first {
        return format!(".line {line}");
    }
    let Place { column, start, end } = place;
    match (start, end) {
        (0, 0) => format!(".at {line}:{column}"),
        _ => format!(".at {line}:{column} {start}..{end}"),
    }
}

/// Writes what stands before the ops; whether there is anything.
fn declarations(
    chunk: &Chunk,
    mentions: &Mentions<'_>,
    out: &mut dyn Write,
) -> Result<bool, fmt::Error> {
    let mut lines = Vec::new();
    if !chunk.source.is_empty() {
        lines.push(format!("source {}", quoted(chunk.source())));
    }
    if let Some(language) = chunk.language() {
        lines.push(format!("language {}", name(language)));
    }
    lines.extend(policy(chunk.policy));
    for imported in &chunk.imports {
        lines.push(format!("import {}", import::import(imported)));
    }
    for value in chunk.constants.iter().take(mentions.constants.declared()) {
        lines.push(format!("const {}", literal::constant(value)));
    }
    let mut list = String::new();
    for text in chunk.names.iter().take(mentions.names.declared()) {
        let text = name(text.as_str());
        if !list.is_empty() && list.len() + text.len() + 2 > WIDTH {
            lines.push(std::mem::take(&mut list));
        }
        list.push_str(if list.is_empty() { "name " } else { ", " });
        list.push_str(&text);
    }
    lines.extend(Some(list).filter(|list| !list.is_empty()));
    for (i, f) in chunk.functions.iter().enumerate() {
        let mut line = format!("fn {}", mentions.names.text(f.name));
        if let Some(arity) = f.arity {
            line += &format!("/{arity}");
        }
        if !mentions.is_entry(i) {
            line += &format!(" {}", at(mentions, f.pc));
        }
        lines.push(line);
    }
    for block in &chunk.blocks {
        let (start, end) = (at(mentions, block.start), at(mentions, block.end));
        lines.push(format!("block {start} {end}"));
    }
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    Ok(!lines.is_empty())
}

fn policy(policy: Policy) -> Option<String> {
    let default = Policy::default();
    let mut line = String::from("policy");
    if policy.overflow != default.overflow {
        line += &format!(" overflow={}", policy.overflow);
    }
    if policy.zero_div != default.zero_div {
        line += &format!(" zero_div={}", policy.zero_div);
    }
    if policy.unset != default.unset {
        line += &format!(" unset={}", policy.unset);
    }
    if policy.operands != default.operands {
        line += &format!(" operands={}", policy.operands);
    }
    (policy != default).then_some(line)
}

/// A place in a declaration: always with an `@`.
fn at(mentions: &Mentions<'_>, pc: usize) -> String {
    let target = mentions.target(pc);
    match target.starts_with('@') {
        true => target,
        false => format!("@{target}"),
    }
}

fn op_text(mentions: &Mentions<'_>, op: Op) -> String {
    let mut parts = Vec::new();
    let head = if let Some((import, packed)) = mentions.import(op) {
        for (tag, _, bits) in import.signature.unpack(packed) {
            parts.push(immediate(mentions, tag, bits));
        }
        format!("ext {}", name(import.name.as_str()))
    } else {
        op.each_operand(|o| parts.push(operand(mentions, op, o)));
        op.name().to_owned()
    };
    match parts.is_empty() {
        true => head,
        false => format!("{head} {}", parts.join(", ")),
    }
}

fn operand(mentions: &Mentions<'_>, op: Op, operand: Operand) -> String {
    let bits = operand.bits;
    match operand.kind {
        OperandKind::Name | OperandKind::Function => mentions.names.text(bits as u16),
        OperandKind::Const => mentions.constants.text(bits as u16),
        OperandKind::Target => mentions.target(bits as usize),
        OperandKind::Float => literal::float(f64::from_bits(bits)),
        OperandKind::PackedWide => mentions.packed(op).to_string(),
        kind if kind.is_signed() => bits.cast_signed().to_string(),
        _ => bits.to_string(),
    }
}

fn immediate(mentions: &Mentions<'_>, tag: ImmTag, bits: u64) -> String {
    match tag {
        ImmTag::Name | ImmTag::Function => mentions.names.text(bits as u16),
        ImmTag::Parsed => mentions.constants.text(bits as u16),
        ImmTag::Label => mentions.target(bits as usize),
        ImmTag::Bool => (bits != 0).to_string(),
        ImmTag::I8 => (bits as u8).cast_signed().to_string(),
        ImmTag::I32 => (bits as u32).cast_signed().to_string(),
        ImmTag::U8
        | ImmTag::U32
        | ImmTag::Enum(_)
        | ImmTag::Slot
        | ImmTag::Block
        | ImmTag::Count => bits.to_string(),
    }
}
