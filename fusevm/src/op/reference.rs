//! The op reference, written from the table.

use super::{FAMILIES, Flags, Opcode};
use std::fmt::Write;

/// The reference of all ops as Markdown: the text of `doc/ops.md`, which a test keeps fresh.
pub fn reference() -> String {
    let mut s = String::from(
        "<!-- Written from the op table; `FUSEVM_BLESS=1 cargo test` renews it. -->\n\n\
         # The ops\n\n\
         Effects list stack values, deepest first; `..n` stands for as many values as operand `n` says. \
         Flags: **P** pure, **T** can trap, **E** ends the path, **C** runs other code, \
         **G** needs a `ShellHost`, **F** fused.\n",
    );
    for (family, doc) in FAMILIES {
        let rows = || {
            Opcode::ALL
                .iter()
                .map(|c| c.info())
                .filter(|i| i.family == *family)
        };
        let _ = write!(
            s,
            "\n## {family}\n\n{} ({} ops)\n\n| op | effect | flags | meaning |\n|---|---|---|---|\n",
            doc.trim().trim_end_matches('.'),
            rows().count(),
        );
        for info in rows() {
            let operands: Vec<String> = (info.operands.iter())
                .map(|(name, kind)| format!("{name}: {}", kind.rust_type()))
                .collect();
            let operands = match operands.is_empty() {
                true => String::new(),
                false => format!("({})", operands.join(", ")),
            };
            let inputs = (info.inputs.iter().map(|i| (*i).to_owned()))
                .chain(info.variadic.map(|v| format!("..{v}")));
            let effect: Vec<String> = inputs
                .chain([String::from("--")])
                .chain(info.outputs.iter().map(|o| (*o).to_owned()))
                .collect();
            let flags: String = [
                (Flags::PURE, 'P'),
                (Flags::TRAPS, 'T'),
                (Flags::ENDS, 'E'),
                (Flags::CALLS, 'C'),
                (Flags::GRANT, 'G'),
                (Flags::FUSED, 'F'),
            ]
            .iter()
            .filter(|(flag, _)| info.flags.has(*flag))
            .map(|(_, letter)| *letter)
            .collect();
            let doc: Vec<&str> = info.doc.iter().map(|l| l.trim()).collect();
            let _ = writeln!(
                s,
                "| `{}{operands}` | `{}` | {flags} | {} |",
                info.name,
                effect.join(" "),
                doc.join(" ").replace('|', "\\|"),
            );
        }
        if *family == "fused" {
            s.push_str("\nEach equals its expansion exactly, in result, trap and fuel:\n\n");
            for code in Opcode::ALL
                .iter()
                .filter(|c| c.info().flags.has(Flags::FUSED))
            {
                let op = super::Op::from_bits(*code, &mut (0..9)).expect("small operands fit");
                let parts: Vec<String> = op.expansion().iter().map(ToString::to_string).collect();
                let _ = writeln!(s, "- `{op}`: `{}`", parts.join("; "));
            }
        }
    }
    s
}
