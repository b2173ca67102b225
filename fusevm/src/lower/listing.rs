//! Register code for people: each instruction with the op it comes from. Behind one that stands for
//! several, those are marked by a `+`: they run only where that one cannot.

use super::{Code, Ins};
use crate::chunk::Chunk;
use std::fmt::Write;

/// Column of the op behind an instruction.
const BEHIND: usize = 40;

/// A unit as comment lines of the text form, so that a listing with them is still one.
pub(crate) fn listing(name: &str, code: &Code, chunk: &Chunk, out: &mut String) {
    let registers = code.registers;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "; {name}: {registers} registers");
    let mut before = None;
    let mut covered = 0_usize;
    for (ip, (ins, meta)) in code.ins.iter().zip(&code.meta).enumerate() {
        let mark = if covered > 0 { '+' } else { ' ' };
        covered = ins.parts().saturating_sub(1).max(covered.saturating_sub(1));
        let row = format!("; {ip:5} {mark}{}", instruction(code, ip));
        let pc = meta.pc as usize;
        // An op is named once, where its first instruction is.
        let _ = match chunk.ops().get(pc).filter(|_| before != Some(pc)) {
            Some(op) => writeln!(out, "{row:<BEHIND$} {pc} {}", op.name()),
            None => writeln!(out, "{row}"),
        };
        before = Some(pc);
    }
}

/// An instruction: its name, its registers as `r0`, where it goes as `→ 7`, and numbers.
fn instruction(code: &Code, ip: usize) -> String {
    let text = match code.ins[ip] {
        Ins::Wide => format!("{:?}", code.plain[ip]),
        ins => format!("{ins:?}"),
    };
    let Some((name, fields)) = text.split_once(" { ") else {
        return text;
    };
    let fields = fields.trim_end_matches(" }").split(", ");
    let shown: Vec<String> = fields
        .filter_map(|field| field.split_once(": "))
        // A number of the program's own.
        .filter(|(field, _)| *field != "known")
        .map(|(field, value)| match field {
            "d" | "a" | "b" | "c" if name != "Call" || field == "a" => format!("r{value}"),
            "to" => format!("→ {value}"),
            "k" => {
                let constant = value
                    .parse()
                    .ok()
                    .and_then(|k: usize| code.constants.get(k));
                constant.map_or_else(String::new, |value| format!("{value:?}"))
            }
            "n" | "op" => value.to_owned(),
            _ => format!("{field} {value}"),
        })
        .collect();
    format!("{name} {}", shown.join(", "))
}
