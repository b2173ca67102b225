//! The ops of a language for those who read: its reference, written from its table.

use super::{AccessKind, Cost, ImmKind, OpDesc, OpTable, Ty, nearest};
use std::fmt::{self, Write};

/// No op has that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOp {
    /// The language.
    pub language: &'static str,
    /// The name.
    pub op: String,
    /// Names of ops that are like it, the nearest first.
    pub similar: Vec<&'static str>,
}

impl fmt::Display for UnknownOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            language,
            op,
            similar,
        } = self;
        write!(f, "language `{language}` has no op `{op}`")?;
        for (at, name) in similar.iter().enumerate() {
            let before = if at == 0 { "; there is" } else { "," };
            write!(f, "{before} `{name}`")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownOp {}

/// Names that an error lists, at most.
const LISTED: usize = 4;

impl OpTable {
    /// The reference of the ops that the language itself has, as Markdown, in the order of their ids.
    /// Where it has none, that of the core ops.
    pub fn reference(&self) -> String {
        let core = |desc: &OpDesc| desc.name.starts_with("core.");
        let own = self.ops().any(|(_, desc)| !core(desc));
        let mut text = format!("# The ops of {}\n", self.language());
        let operators = self.operators();
        for (_, desc) in self.ops().filter(|(_, desc)| own != core(desc)) {
            let stands: Vec<&str> = (operators.iter())
                .filter(|(_, op)| op.name == desc.name)
                .map(|(name, _)| *name)
                .collect();
            text.push('\n');
            section(&mut text, desc, &stands);
        }
        text
    }

    /// The section of one op, and where it is declared.
    ///
    /// # Errors
    /// No op has that name.
    pub fn explain(&self, op: &str) -> Result<String, UnknownOp> {
        let desc = self.id(op).and_then(|id| self.get(id));
        let Some(desc) = desc else {
            return Err(UnknownOp {
                language: self.language(),
                op: op.to_owned(),
                similar: self.similar(op),
            });
        };
        let mut text = String::new();
        section(&mut text, desc, &[]);
        let _ = write!(text, "\nDeclared at {}:{}.\n", desc.file, desc.line);
        Ok(text)
    }

    /// Names like that one: the same word behind another prefix, those that begin so, what is mistyped.
    fn similar(&self, op: &str) -> Vec<&'static str> {
        fn word(name: &str) -> &str {
            name.rsplit('.').next().unwrap_or(name)
        }
        let mut names: Vec<&'static str> = self.ops().map(|(_, desc)| desc.name).collect();
        let begins = |name: &&'static str| !op.is_empty() && word(name).starts_with(word(op));
        let mut similar: Vec<&'static str> = names.iter().copied().filter(begins).collect();
        if similar.iter().any(|name| word(name) == word(op)) {
            similar.retain(|name| word(name) == word(op));
            return similar;
        }
        similar.sort_by_key(|name| word(name).len());
        similar.truncate(LISTED);
        while similar.len() < LISTED {
            names.retain(|name| !similar.contains(name));
            let words: Vec<&str> = names.iter().copied().map(word).collect();
            let Some(near) = nearest(word(op), &words) else {
                break;
            };
            similar.extend(names.iter().find(|name| word(name) == near));
        }
        similar
    }
}

fn section(text: &mut String, desc: &OpDesc, operators: &[&str]) {
    let _ = write!(text, "## {}\n\n`{}`\n\n", desc.name, signature(desc));
    let _ = writeln!(text, "- stack: `{}`", effect(desc));
    let _ = writeln!(text, "- cost: {}", cost(desc));
    if desc.pure {
        text.push_str("- pure: equal operands give equal results, and nothing else happens\n");
    }
    if let Some(alt) = desc.alt {
        let _ = writeln!(text, "- operands of other kinds: `{alt}`");
    }
    if !operators.is_empty() {
        let names: Vec<String> = operators.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(text, "- in place of: {}", names.join(", "));
    }
    if !desc.was.is_empty() {
        let names: Vec<String> = desc.was.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(text, "- was: {}", names.join(", "));
    }
    let _ = writeln!(text, "- machine code: {}", desc.native());
    if !desc.doc.is_empty() {
        let _ = write!(text, "\n{}\n", desc.doc.trim_end());
    }
}

/// The op as a function: immediates, operands, result.
fn signature(desc: &OpDesc) -> String {
    let imm = |kind: ImmKind| match kind {
        ImmKind::U8 => "u8".to_owned(),
        ImmKind::I8 => "i8".to_owned(),
        ImmKind::I32 => "i32".to_owned(),
        ImmKind::U32 => "u32".to_owned(),
        ImmKind::Bool => "bool".to_owned(),
        ImmKind::Enum(names) => names.join(" | "),
        ImmKind::Label => "Label".to_owned(),
        ImmKind::Slot => "Slot".to_owned(),
        ImmKind::Name => "Name".to_owned(),
        ImmKind::Function => "Function".to_owned(),
        ImmKind::Block => "Block".to_owned(),
        ImmKind::Parsed(_) => "text".to_owned(),
        ImmKind::Count => "count".to_owned(),
    };
    let immediates = (desc.immediates.iter())
        .filter(|it| !matches!(it.kind, ImmKind::Count))
        .map(|it| format!("#[imm] {}: {}", it.name, imm(it.kind)));
    let inputs = desc.inputs.iter().map(|it| match it.optional {
        true => format!("{}: Option<{}>", it.name, it.ty),
        false => format!("{}: {}", it.name, it.ty),
    });
    let rest = desc.rest.map(|name| format!("{name}: Rest"));
    let params: Vec<String> = immediates.chain(inputs).chain(rest).collect();
    let types = |types: &[Ty]| match types {
        [] => "()".to_owned(),
        [one] => one.to_string(),
        many => {
            let many: Vec<String> = many.iter().map(Ty::to_string).collect();
            format!("({})", many.join(", "))
        }
    };
    let outputs = &desc.outputs;
    let result = match (outputs.invokes, outputs.jumps) {
        (true, _) => "Invoke".to_owned(),
        (false, None) if outputs.access.is_some() => match outputs.access {
            Some(AccessKind::Store) => "Store".to_owned(),
            Some(AccessKind::Assign) => "Assign".to_owned(),
            _load => "Load".to_owned(),
        },
        (false, Some(jumps)) => format!("Branch<{}, {}>", types(outputs.falls), types(jumps)),
        (false, None) => types(outputs.falls),
    };
    let result = match (outputs.fallible, result.as_str()) {
        (true, _) => format!(" -> Result<{result}>"),
        (false, "()") => String::new(),
        (false, _) => format!(" -> {result}"),
    };
    format!("{}({}){result}", desc.name, params.join(", "))
}

/// What it does to the stack, deepest first.
fn effect(desc: &OpDesc) -> String {
    let inputs = desc.inputs.iter().map(|it| it.name.to_owned());
    let rest = desc.rest.map(|name| format!("..{name}"));
    let before: Vec<String> = inputs.chain(rest).collect();
    let after = |types: &[Ty]| -> String { types.iter().map(|ty| format!(" {ty}")).collect() };
    let falls = match desc.outputs.invokes {
        true => " Any".to_owned(),
        false => after(desc.outputs.falls),
    };
    let jumps = (desc.outputs.jumps).map(|jumps| format!("; at the label:{}", after(jumps)));
    let before: String = before.iter().map(|name| format!("{name} ")).collect();
    format!("{before}--{falls}{}", jumps.unwrap_or_default())
}

fn cost(desc: &OpDesc) -> String {
    match desc.cost {
        Cost::Fixed(n) => format!("{n} fuel"),
        Cost::Of(_) => "fuel that depends on the operands".to_owned(),
    }
}
