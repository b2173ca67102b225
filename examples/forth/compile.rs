//! From words to bytecode: one pass, which knows for each word what it stands for at that place.
//!
//! A definition is a function without arguments and results: what it works on is the data stack. The words
//! of an input that stand outside of definitions are its main program. Of several definitions of one name
//! the last has it from the next input on; in an input each is used from where it stands up to the next.

use super::control::{self, Open};
use super::define::{self, Definition, Meaning};
use super::flow::{control as ops, names, print};
use super::held::{self, Held};
use super::pending::Pending;
use super::source::{self, Token};
use super::{Forth, numbers, words};
use fusevm::prelude::*;
use std::collections::{HashMap, HashSet};

/// Words that print or call, and how they are written.
const SIMPLE: &[(&str, fn(&mut Builder<Forth>))] = &[
    (".", |b| b.op(print::dot {})),
    ("u.", |b| b.op(print::unsigned_dot {})),
    (".r", |b| b.op(print::dot_right {})),
    (".s", |b| b.op(print::dot_stack {})),
    ("emit", |b| b.op(print::emit {})),
    ("type", |b| b.op(print::type_ {})),
    ("cr", |b| say("\n", b)),
    ("space", |b| say(" ", b)),
    ("execute", |b| {
        b.op(names::execute {});
        b.emit(Op::Pop);
    }),
];

/// Literals that are no numbers.
const COMPILED: &[(&str, Compile)] = &[
    ("char", |c, t| c.char(t)),
    ("[char]", |c, t| c.char(t)),
    ("s\"", |c, t| c.text(t)),
    (".\"", |c, t| c.text(t)),
    ("abort\"", |c, t| c.text(t)),
];

/// What compiles a word.
pub type Compile = fn(&mut Compiler<'_>, &Token) -> Parsed;

fn say(text: &str, b: &mut Builder<Forth>) {
    b.load(text);
    b.print(1);
}

fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, t)| *t)
}

/// All words that are compiled by a function.
const TABLES: [&[(&str, Compile)]; 4] = [
    COMPILED,
    define::COMPILED,
    control::COMPILED,
    held::COMPILED,
];

/// What compiles a word, if a function does.
fn compiled(word: &str) -> Option<Compile> {
    TABLES.iter().find_map(|table| find(table, word))
}

/// Whether a word is there from the start and stays what it is.
pub fn is_core(word: &str) -> bool {
    let is_op = words::WORDS.contains(&word) || numbers::WORDS.contains(&word);
    is_op || find(SIMPLE, word).is_some() || compiled(word).is_some()
}

/// The words of the tables; all others are names of ops.
pub const KEYWORDS: &[&str] = {
    const N: usize = {
        let (mut n, mut i) = (0, 0);
        while i < TABLES.len() {
            (n, i) = (n + TABLES[i].len(), i + 1);
        }
        n
    };
    const WORDS: [&str; N] = {
        let (mut words, mut n) = ([""; N], 0);
        let mut i = 0;
        while i < TABLES.len() {
            let mut j = 0;
            while j < TABLES[i].len() {
                words[n] = TABLES[i][j].0;
                (n, j) = (n + 1, j + 1);
            }
            i += 1;
        }
        words
    };
    &WORDS
};

/// Compiles a source.
///
/// # Errors
/// What does not fit together; as one that more input could mend, what is not finished.
pub fn compile(source: &str, b: &mut Builder<Forth>) -> Parsed {
    let tokens = source::read(source)?;
    let mut c = Compiler::new(&tokens, b);
    c.b.op(ops::start {});
    c.require(&tokens);
    for token in &tokens {
        c.word(token)?;
    }
    c.flush();
    if let Some(open) = c.control.last() {
        return Err(open.unfinished().incomplete());
    }
    if let Some(definition) = c.definition {
        return Err(Diagnostic::at(definition.span, "`:` without `;`").incomplete());
    }
    c.b.op(ops::done {});
    Ok(())
}

/// The state of compiling.
pub struct Compiler<'b> {
    pub b: &'b mut Builder<Forth>,
    pub meanings: HashMap<String, Meaning>,
    /// How many definitions of a name are to come, and how many there were.
    pub counts: HashMap<String, (usize, usize)>,
    pub definition: Option<Definition>,
    /// Where the word at hand is.
    pub span: Span,
    /// What straight code has said and no word has taken yet, and where.
    pub pending: Vec<(Pending, Span)>,
    /// Control structures that are open.
    pub control: Vec<Open>,
    /// What slots hold.
    pub held: Vec<Held>,
    /// Whether control comes here.
    pub live: bool,
    /// Core words that are functions as well, because a token of them was taken.
    pub functions: HashSet<String>,
}

impl<'b> Compiler<'b> {
    fn new(tokens: &[Token], b: &'b mut Builder<Forth>) -> Self {
        let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
        for token in tokens {
            if let ":" | "variable" | "constant" | "create" | "value" = token.word.as_str() {
                counts.entry(token.operand.clone()).or_default().0 += 1;
            }
        }
        Self {
            b,
            counts,
            meanings: HashMap::new(),
            definition: None,
            span: 0..0,
            pending: Vec::new(),
            control: Vec::new(),
            held: Vec::new(),
            live: true,
            functions: HashSet::new(),
        }
    }

    /// Checks first of all that the words which are neither core words nor the input's own are there.
    fn require(&mut self, tokens: &[Token]) {
        let mut seen = HashSet::new();
        for token in tokens {
            let name = match token.word.as_str() {
                "'" | "[']" => &token.operand,
                word if is_core(word) || source::number(word).is_some() => continue,
                _ => &token.word,
            };
            let own = self.counts.contains_key(name) || is_core(name);
            if !own && seen.insert(name.as_str()) {
                self.b.at(token.span.clone());
                self.b.op(ops::require { word: name.into() });
            }
        }
    }

    fn word(&mut self, token: &Token) -> Parsed {
        let word = token.word.as_str();
        self.span = token.span.clone();
        if let Some(meaning) = self.meanings.get(word).cloned() {
            match meaning {
                Meaning::Function(name) => {
                    self.flush();
                    self.b.call(&name, 0);
                }
                Meaning::Named(name) => self.wait(Pending::Named(name)),
            }
        } else if let Some(compile) = compiled(word) {
            compile(self, token)?;
        } else if let Some(number) = source::number(word) {
            self.wait(Pending::Number(number));
        } else if words::twin(word).is_some_and(|twin| self.twin(&twin)) {
        } else {
            self.flush();
            if self.definition.as_ref().is_some_and(|d| d.name == word) {
                let error =
                    Diagnostic::at(token.span.clone(), format!("`{word}` inside of itself"));
                return Err(error.note("`recurse` calls the definition that it is in"));
            }
            if !simple(word, self.b) {
                self.b.call(word, 0);
            }
        }
        Ok(())
    }

    fn char(&mut self, token: &Token) -> Parsed {
        let code = token.operand.chars().next().map_or(0, u32::from);
        self.wait(Pending::Number(code.into()));
        Ok(())
    }

    fn text(&mut self, token: &Token) -> Parsed {
        self.flush();
        let text = || token.operand.as_str().into();
        match token.word.as_str() {
            ".\"" => say(&token.operand, self.b),
            "s\"" => self.b.op(names::text { text: text() }),
            _abort => self.b.op(ops::abort { text: text() }),
        }
        Ok(())
    }
}

/// Words that go through memory or the stack, and how many cells are above the one that says how far.
const LONG: &[(&str, u8)] = &[
    ("fill", 1),
    ("move", 0),
    ("compare", 0),
    ("type", 0),
    ("roll", 0),
];

/// Writes a word that works on the data stack, if it is an op or two.
pub fn simple(word: &str, b: &mut Builder<Forth>) -> bool {
    if let Some(above) = find(LONG, word) {
        b.op(ops::size { above });
        b.op(ops::work {});
    }
    match find(SIMPLE, word) {
        Some(write) => write(b),
        None => return words::emit(word, b) || numbers::emit(word, b),
    }
    true
}
