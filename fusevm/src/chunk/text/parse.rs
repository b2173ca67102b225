//! Text → chunk: once over the lines for the labels, once for the rest.

use super::super::{Chunk, FunctionEntry, Place, encode};
use super::import::read_import;
use super::literal::read_constant;
use super::token::{Cursor, Mark, Result, Token};
use crate::op::{Op, Opcode};
use crate::value::{Str, Value};
use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

/// Words that start a declaration.
const DECLARATIONS: [&str; 8] = [
    "source", "language", "policy", "import", "const", "name", "fn", "block",
];

/// A chunk that is being read.
pub(super) struct Parser<'t> {
    pub(super) chunk: Chunk,
    /// Where the labels are.
    labels: HashMap<&'t str, usize>,
    /// The first place of each name and constant in its pool.
    names: HashMap<Str, usize>,
    constants: HashMap<Vec<u8>, usize>,
    /// Indices of the imports; `None` for a name that several have.
    pub(super) imports: HashMap<Str, Option<u16>>,
    /// Line and place of the ops that come next.
    line: u32,
    place: Place,
    /// Whether there was any place.
    places: bool,
}

/// The chunk that a text describes.
pub(super) fn parse(text: &str) -> Result<Chunk> {
    let mut parser = Parser {
        chunk: Chunk::default(),
        labels: labels(text)?,
        names: HashMap::new(),
        constants: HashMap::new(),
        imports: HashMap::new(),
        line: 0,
        place: Place::default(),
        places: false,
    };
    for (i, line) in text.lines().enumerate() {
        parser.line(&mut Cursor::new(line, i + 1)?)?;
    }
    if !parser.places {
        parser.chunk.spans.clear();
    }
    Ok(parser.chunk)
}

/// Where each label is.
fn labels(text: &str) -> Result<HashMap<&str, usize>> {
    let mut labels = HashMap::new();
    let mut pc = 0;
    for (i, line) in text.lines().enumerate() {
        let mut c = Cursor::new(line, i + 1)?;
        while let Token::Word(word) = *c.peek() {
            let mark = c.mark();
            c.take()?;
            if !c.eat(":")? {
                pc += usize::from(!DECLARATIONS.contains(&word));
                break;
            }
            if labels.insert(word, pc).is_some() {
                return Err(mark.error(format!("label `{word}` is there twice")));
            }
        }
    }
    Ok(labels)
}

impl Parser<'_> {
    fn line(&mut self, c: &mut Cursor<'_>) -> Result<()> {
        loop {
            let mark = c.mark();
            match *c.peek() {
                Token::End => return Ok(()),
                Token::Directive(_) => self.directive(c)?,
                Token::Word(word) => {
                    c.take()?;
                    if c.eat(":")? {
                        continue;
                    }
                    if DECLARATIONS.contains(&word) {
                        self.declaration(c, word, mark)?;
                    } else {
                        self.op(c, word, mark)?;
                    }
                }
                _ => return c.expected("an op, a label or a declaration"),
            }
            return c.finish();
        }
    }

    fn op(&mut self, c: &mut Cursor<'_>, word: &str, mark: Mark<'_>) -> Result<()> {
        let op = match Opcode::by_name(word) {
            Some(code) => self.core_op(c, code)?,
            None if word == "ext" => self.imported_op(c)?,
            None => {
                let ops = Opcode::ALL.iter().map(|code| code.info().name);
                let near = did_you_mean(word, ops.chain(DECLARATIONS).chain(["ext"]));
                return Err(mark.error(format!("no op `{word}`{near}")));
            }
        };
        if let Token::Directive(_) = c.peek() {
            self.directive(c)?;
        }
        self.push(op);
        Ok(())
    }

    fn push(&mut self, op: Op) {
        self.chunk.ops.push(op);
        self.chunk.lines.push(self.line);
        self.chunk.spans.push(self.place);
    }

    fn directive(&mut self, c: &mut Cursor<'_>) -> Result<()> {
        match *c.peek() {
            Token::Directive("line") => {
                c.take()?;
                self.line = c.unsigned("a line")?;
                self.place = Place::default();
            }
            Token::Directive("at") => {
                c.take()?;
                self.line = c.unsigned("a line")?;
                c.need(":")?;
                let column = c.unsigned("a column")?;
                self.place = Place {
                    column,
                    ..Place::default()
                };
                if matches!(c.peek(), Token::Number(_)) {
                    self.place.start = c.unsigned("the first byte")?;
                    c.need("..")?;
                    self.place.end = c.unsigned("the byte past the last")?;
                }
                self.places = true;
            }
            _ => return c.expected("`.line` or `.at`"),
        }
        Ok(())
    }

    fn declaration(&mut self, c: &mut Cursor<'_>, word: &str, mark: Mark<'_>) -> Result<()> {
        match word {
            "source" => self.chunk.source = Str::from(c.name("the name of the source")?),
            "language" if !self.chunk.ops.is_empty() => {
                return Err(mark.error("`language` must stand before the ops"));
            }
            "language" => self.chunk.language = Some(Str::from(c.name("a language")?)),
            "policy" => self.policy(c)?,
            "import" => {
                let import = read_import(c)?;
                let index = u16::try_from(self.chunk.imports.len()).ok();
                let once = self.imports.entry(import.name.clone());
                once.and_modify(|other| *other = None).or_insert(index);
                self.chunk.imports.push(import);
            }
            "const" => loop {
                let value = read_constant(c)?;
                self.declare_constant(value);
                if !c.eat(",")? {
                    break;
                }
            },
            "name" => loop {
                let name = Str::from(c.name("a name")?);
                self.declare_name(name);
                if !c.eat(",")? {
                    break;
                }
            },
            "fn" => self.function(c)?,
            _ => {
                let start = self.target(c, &"the start of the block, like `@b0`")?;
                let end = self.target(c, &"the end of the block, like `@b0_end`")?;
                self.chunk.blocks.push(start..end);
            }
        }
        Ok(())
    }

    fn policy(&mut self, c: &mut Cursor<'_>) -> Result<()> {
        while *c.peek() != Token::End {
            let mark = c.mark();
            let key = c.word("`overflow`, `zero_div`, `unset` or `operands`")?;
            c.need("=")?;
            match key {
                "overflow" => self.chunk.policy.overflow = choice(c)?,
                "zero_div" => self.chunk.policy.zero_div = choice(c)?,
                "unset" => self.chunk.policy.unset = choice(c)?,
                "operands" => self.chunk.policy.operands = choice(c)?,
                other => {
                    let message = format!(
                        "expected `overflow`, `zero_div`, `unset` or `operands`, found `{other}`"
                    );
                    return Err(mark.error(message));
                }
            }
        }
        Ok(())
    }

    fn function(&mut self, c: &mut Cursor<'_>) -> Result<()> {
        let mark = c.mark();
        let name = self.name_index(c, &"the name of a function")?;
        let arity = match c.eat("/")? {
            true => Some(c.unsigned("the number of arguments")?),
            false => None,
        };
        let pc = if c.at("@") {
            self.target(c, &"the entry, like `@12`")?
        } else {
            let text = self.chunk.name(name).cloned().unwrap_or_default();
            let entry = self.labels.get(text.as_str());
            *entry.ok_or_else(|| {
                let message = format!("no label `{text}` at the entry of the function, and no `@`");
                mark.error(message)
            })?
        };
        self.chunk.functions.push(FunctionEntry { name, pc, arity });
        Ok(())
    }

    /// Where a label is.
    pub(super) fn label(&self, label: &str) -> Result<usize, String> {
        self.labels.get(label).copied().ok_or_else(|| {
            let near = did_you_mean(label, self.labels.keys().copied());
            format!("no label `{label}`{near}")
        })
    }

    /// Index of a name, which is added if it is not there; `None` when the index does not fit.
    pub(super) fn name(&mut self, name: &str) -> Option<u16> {
        let index = match self.names.get(name) {
            Some(index) => *index,
            None => self.declare_name(Str::from(name)),
        };
        index.try_into().ok()
    }

    /// Index of a constant, which is added if it is not there; `None` when the index does not fit.
    pub(super) fn constant(&mut self, value: Value) -> Option<u16> {
        let index = match self.constants.get(&encode::constant(&value)) {
            Some(index) => *index,
            None => self.declare_constant(value),
        };
        index.try_into().ok()
    }

    fn declare_name(&mut self, name: Str) -> usize {
        let index = self.chunk.names.len();
        self.chunk.names.push(name.clone());
        self.names.entry(name).or_insert(index);
        index
    }

    fn declare_constant(&mut self, value: Value) -> usize {
        let index = self.chunk.constants.len();
        let bytes = encode::constant(&value);
        self.constants.entry(bytes).or_insert(index);
        self.chunk.constants.push(value);
        index
    }
}

/// One of the words of a policy.
fn choice<T: FromStr<Err: Display>>(c: &mut Cursor<'_>) -> Result<T> {
    let Token::Word(word) = *c.peek() else {
        return c.expected("a word");
    };
    match word.parse() {
        Ok(choice) => {
            c.take()?;
            Ok(choice)
        }
        Err(error) => c.error(format!("{error}, found `{word}`")),
    }
}

/// "; did you mean …?" when one of the candidates is near.
fn did_you_mean<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    const LONGEST: usize = 32;
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let word = letters(word);
    if word.len() > LONGEST {
        return String::new();
    }
    let near = candidates
        .filter(|candidate| candidate.len() <= 2 * LONGEST)
        .map(|candidate| (distance(&word, &letters(candidate)), candidate))
        .min();
    match near {
        Some((steps, candidate)) if steps <= (word.len() / 3).max(1) => {
            format!("; did you mean `{candidate}`?")
        }
        _ => String::new(),
    }
}

/// Letters to insert, remove or replace to get from one to the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replace = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
