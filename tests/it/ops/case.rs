//! Files of `tests/ops` as cases.

use super::host::{self, Given};
use fusevm::{Chunk, Limits, Op, Value};
use std::fmt;

/// A program with what is expected of it.
#[derive(Clone)]
pub(super) struct Case {
    /// The file, without its ending.
    pub(super) file: String,
    pub(super) name: String,
    /// The program, each op on the line it has in the file.
    pub(super) text: String,
    pub(super) setting: Setting,
    pub(super) end: End,
    pub(super) output: String,
    /// Globals at the end by name: their values, or `unset`.
    pub(super) globals: Vec<(String, String)>,
    pub(super) used: Option<u64>,
}

/// How a case is run.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) limits: Limits,
    pub(super) fuel: u64,
    pub(super) input: Option<String>,
    pub(super) output_fails: bool,
    pub(super) given: Vec<(String, Given)>,
    pub(super) builtins: Vec<(u16, fusevm::Builtin)>,
    pub(super) raw: bool,
    pub(super) shell: Option<Grant>,
}

/// What the mock shell grants.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Grant {
    Everything,
    Nothing,
}

/// How a program ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    Value(String),
    Halted,
    Trap {
        kind: String,
        line: Option<u32>,
        message: String,
    },
    Load {
        line: u32,
        message: String,
    },
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.fvm, {}", self.file, self.name)
    }
}

impl Case {
    /// The program.
    pub(super) fn chunk(&self) -> Result<Chunk, String> {
        Chunk::parse(&self.text).map_err(|error| format!("{self}: {error}\n{}", self.text))
    }
}

/// A case, or what holds for all, that is being read.
#[derive(Clone)]
struct Draft {
    case: Case,
    ends: Vec<End>,
    rows: Vec<Row>,
    /// The last line that has the op of the file.
    op_line: u32,
}

#[derive(Clone)]
struct Row {
    items: Vec<String>,
    end: Result<String, (String, String)>,
}

/// The cases of a file.
pub(super) fn read(file: &str, text: &str) -> Vec<Case> {
    let mut head = Draft::new(file);
    let mut drafts: Vec<Draft> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let draft = match line.strip_prefix(";; case ") {
            Some(name) => {
                let mut draft = head.clone();
                draft.case.name = name.to_owned();
                drafts.push(draft);
                continue;
            }
            None => drafts.last_mut().unwrap_or(&mut head),
        };
        if let Err(mistake) = draft.line(line, number) {
            panic!("{file}.fvm:{number}: {mistake}");
        }
    }
    assert!(!drafts.is_empty(), "{file}.fvm has no `;; case`");
    drafts.into_iter().flat_map(Draft::finish).collect()
}

impl Draft {
    fn new(file: &str) -> Self {
        let setting = Setting {
            limits: Limits::default(),
            fuel: 1_000_000,
            input: Some(String::new()),
            output_fails: false,
            given: Vec::new(),
            builtins: Vec::new(),
            raw: false,
            shell: None,
        };
        let case = Case {
            file: file.to_owned(),
            name: String::new(),
            text: String::new(),
            setting,
            end: End::Halted,
            output: String::new(),
            globals: Vec::new(),
            used: None,
        };
        Self {
            case,
            ends: Vec::new(),
            rows: Vec::new(),
            op_line: 0,
        }
    }

    fn line(&mut self, line: &str, number: u32) -> Result<(), String> {
        if line.starts_with(";;") {
            return Ok(());
        }
        if let Some(said) = line.strip_prefix("; ") {
            return self.said(said);
        }
        self.case.text += &format!(".line {number}\n{line}\n");
        let word = line.split_whitespace().next().unwrap_or_default();
        if word.to_lowercase() == self.case.file.replace('_', "") {
            self.op_line = number;
        }
        if let Some((_, trap)) = line.rsplit_once("; trap ") {
            let (kind, message) = split(trap, ": ")?;
            self.ends.push(End::Trap {
                kind,
                line: Some(number),
                message,
            });
        }
        if let Some((_, message)) = line.rsplit_once("; load: ") {
            let message = message.to_owned();
            self.ends.push(End::Load {
                line: number,
                message,
            });
        }
        Ok(())
    }

    /// A line to the runner.
    fn said(&mut self, said: &str) -> Result<(), String> {
        let (word, rest) = said.split_once(' ').unwrap_or((said, ""));
        let setting = &mut self.case.setting;
        match word {
            "=>" => self.ends.push(End::Value(rest.to_owned())),
            "halted" => self.ends.push(End::Halted),
            "trap" => {
                let (kind, message) = split(rest, ": ")?;
                self.ends.push(End::Trap {
                    kind,
                    line: None,
                    message,
                });
            }
            "with" => self.rows.push(row(rest)?),
            "out:" if rest.starts_with('"') => self.case.output += &literal(rest)?,
            "out:" => self.case.output += &format!("{rest}\n"),
            "global" => {
                let of = if rest.ends_with(" unset") { " " } else { " = " };
                self.case.globals.push(split(rest, of)?);
            }
            "used" => self.case.used = Some(number(rest)?),
            "limit" => {
                for limit in rest.split(' ') {
                    set_limit(&mut setting.limits, limit)?;
                }
            }
            "fuel" => setting.fuel = number(rest)?,
            "input" if rest == "fails" => setting.input = None,
            "input" => setting.input = Some(literal(rest)?),
            "output" if rest == "fails" => setting.output_fails = true,
            "given" => {
                let (name, kind) = split(rest, " ")?;
                setting.given.push((name, host::given(&kind)?));
            }
            "builtin" => {
                let (id, name) = split(rest, " ")?;
                setting.builtins.push((number(&id)?, host::builtin(&name)?));
            }
            "raw" => setting.raw = true,
            "shell" if rest.is_empty() => setting.shell = Some(Grant::Everything),
            "shell" if rest == "refuses" => setting.shell = Some(Grant::Nothing),
            _ => return Err(format!("`; {said}` says nothing to the runner")),
        }
        Ok(())
    }

    /// The case, or one for each row.
    fn finish(self) -> Vec<Case> {
        let ends = self.ends.len() + usize::from(!self.rows.is_empty());
        assert!(
            ends == 1,
            "{}: {ends} ends where one is expected",
            self.case
        );
        let mut case = self.case;
        if let Some(end) = self.ends.into_iter().next() {
            case.end = end;
            return vec![case];
        }
        let of_row = |row: Row| {
            let mut case = case.clone();
            case.name += &format!(" with {}", row.items.join(" | "));
            for (item, i) in row.items.iter().zip(1..) {
                case.text = case.text.replace(&format!("${i}"), item);
            }
            case.end = match row.end {
                Ok(value) => End::Value(value),
                Err((kind, message)) => End::Trap {
                    kind,
                    line: Some(self.op_line),
                    message,
                },
            };
            case
        };
        self.rows.into_iter().map(of_row).collect()
    }
}

fn row(text: &str) -> Result<Row, String> {
    let (items, end) = match (text.rsplit_once(" => "), text.rsplit_once(" trap ")) {
        (Some((items, value)), None) => (items, Ok(value.to_owned())),
        (None, Some((items, trap))) => (items, Err(split(trap, ": ")?)),
        _ => return Err("a row needs ` => ` or ` trap `".into()),
    };
    let items = items.split(" | ").map(str::to_owned).collect();
    Ok(Row { items, end })
}

fn split(text: &str, at: &str) -> Result<(String, String), String> {
    let (a, b) = text
        .split_once(at)
        .ok_or_else(|| format!("no `{at}` in `{text}`"))?;
    Ok((a.to_owned(), b.to_owned()))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no number here"))
}

/// What a quoted text stands for.
fn literal(text: &str) -> Result<String, String> {
    let chunk = Chunk::parse(&format!("LoadConst {text}")).map_err(|error| error.message)?;
    match (chunk.ops(), chunk.constants()) {
        ([Op::LoadConst(0)], [Value::Str(text)]) => Ok(text.as_str().to_owned()),
        _ => Err(format!("`{text}` is no quoted text")),
    }
}

fn set_limit(limits: &mut Limits, text: &str) -> Result<(), String> {
    let (name, value) = split(text, "=")?;
    let limit = match name.as_str() {
        "max_call_depth" => &mut limits.max_call_depth,
        "max_stack" => &mut limits.max_stack,
        "max_array_len" => &mut limits.max_array_len,
        "max_hash_len" => &mut limits.max_hash_len,
        "max_string_len" => &mut limits.max_string_len,
        "max_reentry" => &mut limits.max_reentry,
        "max_objects" => &mut limits.max_objects,
        _ => return Err(format!("no limit `{name}`")),
    };
    *limit = number(&value)?;
    Ok(())
}
