//! Programs with other slot numbers: the same, on more registers.

use fusevm::{Chunk, Opcode, OperandKind};

/// The program with `by` added to the number of each slot.
pub(crate) fn shifted(chunk: &Chunk, by: u16) -> Chunk {
    let text = chunk.to_string();
    let imports: Vec<(&str, Vec<bool>)> = text.lines().filter_map(import).collect();
    let lines: Vec<String> = (text.lines())
        .map(|line| shifted_line(line, by, &imports).unwrap_or_else(|| line.to_owned()))
        .collect();
    let text = lines.join("\n") + "\n";
    Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The name of an ext op, and which of its immediates are slots.
fn import(line: &str) -> Option<(&str, Vec<bool>)> {
    let (name, signature) = line.strip_prefix("import ")?.split_once(' ')?;
    let inputs = signature.split_once('(')?.1.split_once(')')?.0;
    let kinds = inputs.split(", ").filter_map(|i| i.strip_prefix("imm "));
    Some((name, kinds.map(|kind| kind == "slot").collect()))
}

/// A line with an op that names slots.
fn shifted_line(line: &str, by: u16, imports: &[(&str, Vec<bool>)]) -> Option<String> {
    let op = line.strip_prefix("  ")?;
    let (head, operands) = match op.strip_prefix("ext ") {
        Some(ext) => {
            let (name, operands) = ext.split_once(' ')?;
            (format!("ext {name}"), operands)
        }
        None => op.split_once(' ').map(|(n, o)| (n.to_owned(), o))?,
    };
    let slots: Vec<bool> = match head.strip_prefix("ext ") {
        Some(name) => imports.iter().find(|(n, _)| *n == name)?.1.clone(),
        None => {
            let operands = Opcode::by_name(&head)?.info().operands;
            let is_slot = |(_, kind): &(_, OperandKind)| *kind == OperandKind::Slot;
            operands.iter().map(is_slot).collect()
        }
    };
    if !slots.contains(&true) {
        return None;
    }
    let operands = operands.split(", ").zip(slots).map(|(operand, is_slot)| {
        match (is_slot, operand.parse::<u16>()) {
            (true, Ok(slot)) => (slot + by).to_string(),
            _other => operand.to_owned(),
        }
    });
    let operands: Vec<String> = operands.collect();
    Some(format!("  {head} {}", operands.join(", ")))
}
