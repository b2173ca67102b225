//! From words to bytecode: one pass, which knows for each word what it stands for at that place.
//!
//! A definition is a function without arguments and results: what it works on is the data stack. The words
//! of an input that stand outside of definitions are its main program. Of several definitions of one name
//! the last has it from the next input on; in an input each is used from where it stands up to the next.

use super::control::{self, Held, Open};
use super::flow::{control as ops, names, print};
use super::source::{self, Token};
use super::{Forth, words};
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

/// Words that are compiled by a function.
const COMPILED: &[(&str, Compile)] = &[
    (":", |c, t| c.define(t)),
    (";", |c, t| c.end_definition(t)),
    ("variable", |c, t| c.name(t)),
    ("create", |c, t| c.name(t)),
    ("constant", |c, t| c.name(t)),
    ("value", |c, t| c.name(t)),
    ("to", |c, t| c.to(t)),
    ("recurse", |c, t| c.recurse(t)),
    ("exit", |c, t| c.exit(t)),
    ("'", |c, t| c.tick(t)),
    ("[']", |c, t| c.tick(t)),
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

fn is_core(word: &str) -> bool {
    words::WORDS.contains(&word)
        || find(SIMPLE, word).is_some()
        || find(COMPILED, word).is_some()
        || find(control::COMPILED, word).is_some()
}

/// The words that are compiled by a function; all others are names of ops.
pub const KEYWORDS: &[&str] = {
    const N: usize = COMPILED.len() + control::COMPILED.len();
    const WORDS: [&str; N] = {
        let (mut words, mut i) = ([""; N], 0);
        while i < N {
            words[i] = match i < COMPILED.len() {
                true => COMPILED[i].0,
                false => control::COMPILED[i - COMPILED.len()].0,
            };
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

/// What a name stands for.
#[derive(Clone)]
enum Meaning {
    /// A definition: the function of that name.
    Function(String),
    /// A variable, constant or value: what that name stands for.
    Named(String),
}

/// A definition that is open.
struct Definition {
    id: fusevm::FnId,
    name: String,
    /// The name of its function.
    function: String,
    span: Span,
    /// What the main program holds.
    held: Vec<Held>,
}

/// The state of compiling.
pub struct Compiler<'b> {
    pub b: &'b mut Builder<Forth>,
    meanings: HashMap<String, Meaning>,
    /// How many definitions of a name are to come, and how many there were.
    counts: HashMap<String, (usize, usize)>,
    definition: Option<Definition>,
    /// Where the word at hand is.
    span: Span,
    /// Numbers that are not written yet.
    literals: Vec<(i64, Span)>,
    /// Control structures that are open.
    pub control: Vec<Open>,
    /// What slots hold.
    pub held: Vec<Held>,
    /// Whether control comes here.
    pub live: bool,
    /// Core words that are functions as well, because a token of them was taken.
    functions: HashSet<String>,
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
            literals: Vec::new(),
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
            self.flush();
            match meaning {
                Meaning::Function(name) => self.b.call(&name, 0),
                Meaning::Named(name) => self.b.op(names::named { name: name.into() }),
            }
        } else if let Some(compile) = find(control::COMPILED, word).or(find(COMPILED, word)) {
            compile(self, token)?;
        } else if let Some(number) = source::number(word) {
            self.literals.push((number, token.span.clone()));
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

    /// Writes the numbers that wait; what follows comes from the word at hand.
    pub fn flush(&mut self) {
        for (n, span) in std::mem::take(&mut self.literals) {
            self.b.at(span);
            literal(n, self.b);
        }
        self.b.at(self.span.clone());
    }

    /// The last two numbers, if they wait and `fits` makes something of them.
    pub fn take_literals<T>(&mut self, fits: fn(i64, i64) -> Option<T>) -> Option<T> {
        let taken = match *self.literals.as_slice() {
            [.., (a, _), (b, _)] => fits(a, b)?,
            _ => return None,
        };
        self.literals.truncate(self.literals.len() - 2);
        Some(taken)
    }

    /// The name under which the next definition of a name is known to the VM.
    fn claim(&mut self, token: &Token) -> Parsed<String> {
        let name = &token.operand;
        let fail = |what: String| Err(Diagnostic::at(token.span.clone(), what));
        if is_core(name) {
            return fail(format!("`{name}` is a core word, which stays as it is"));
        }
        if source::number(name).is_some() {
            return fail(format!("`{name}` is a number"));
        }
        let (to_come, before) = self.counts.entry(name.clone()).or_default();
        *to_come = to_come.saturating_sub(1);
        *before += 1;
        Ok(match *to_come {
            0 => name.clone(),
            _later => format!("{name} {before}"),
        })
    }

    /// That a word stands outside of definitions and control structures.
    fn outside(&self, token: &Token) -> Parsed {
        let word = &token.word;
        let inside = match (&self.definition, self.control.last()) {
            (Some(definition), _) => &definition.name,
            (None, Some(open)) => &open.word,
            (None, None) => return Ok(()),
        };
        let error = format!("`{word}` inside of `{inside}`");
        Err(Diagnostic::at(token.span.clone(), error))
    }

    fn define(&mut self, token: &Token) -> Parsed {
        self.flush();
        self.outside(token)?;
        let function = self.claim(token)?;
        self.definition = Some(Definition {
            id: self.b.begin_fn(&function, &[] as &[&str]),
            name: token.operand.clone(),
            function,
            span: token.span.clone(),
            held: std::mem::take(&mut self.held),
        });
        Ok(())
    }

    fn end_definition(&mut self, token: &Token) -> Parsed {
        self.flush();
        let Some(definition) = self.definition.take() else {
            return Err(Diagnostic::at(token.span.clone(), "`;` without `:`"));
        };
        if let Some(open) = self.control.last() {
            return Err(open.unfinished());
        }
        if self.live && !self.held.is_empty() {
            return Err(Diagnostic::at(token.span.clone(), "`>r` without `r>`"));
        }
        self.live = true;
        self.held = definition.held;
        self.b.end_fn(definition.id);
        // The word is known from here on: inside it its name meant what it had meant before.
        let meaning = Meaning::Function(definition.function);
        self.meanings.insert(definition.name, meaning);
        Ok(())
    }

    /// `variable`, `create`, `constant`, `value`: a name that stands for a cell.
    fn name(&mut self, token: &Token) -> Parsed {
        self.flush();
        self.outside(token)?;
        let name = self.claim(token)?;
        let of = || name.as_str().into();
        match token.word.as_str() {
            "constant" | "value" => self.b.op(names::constant { name: of() }),
            word => {
                self.b.op(names::create { name: of() });
                if word == "variable" {
                    literal(0, self.b);
                    self.b.op(words::ops::comma {});
                }
            }
        }
        // For the inputs to come.
        let function = self.b.begin_fn(&name, &[] as &[&str]);
        self.b.op(names::named { name: of() });
        self.b.end_fn(function);
        self.meanings
            .insert(token.operand.clone(), Meaning::Named(name));
        Ok(())
    }

    fn to(&mut self, token: &Token) -> Parsed {
        self.flush();
        let name = match self.meanings.get(&token.operand) {
            Some(Meaning::Named(name)) => name,
            Some(Meaning::Function(name)) => {
                let error = format!("`{name}` is a definition, not a value");
                return Err(Diagnostic::at(token.span.clone(), error));
            }
            None => &token.operand,
        };
        self.b.op(names::to { name: name.into() });
        Ok(())
    }

    fn recurse(&mut self, token: &Token) -> Parsed {
        self.flush();
        match &self.definition {
            Some(definition) => self.b.call(&definition.function, 0),
            None => {
                let error = "`recurse` outside of a definition";
                return Err(Diagnostic::at(token.span.clone(), error));
            }
        }
        Ok(())
    }

    fn exit(&mut self, _: &Token) -> Parsed {
        self.flush();
        match self.definition {
            Some(_) => self.b.emit(Op::Return),
            None => {
                self.b.op(ops::done {});
                self.b.emit(Op::ReturnValue);
            }
        }
        self.live = false;
        Ok(())
    }

    fn tick(&mut self, token: &Token) -> Parsed {
        self.flush();
        let name = &token.operand;
        let function = match self.meanings.get(name) {
            Some(Meaning::Function(function) | Meaning::Named(function)) => function.clone(),
            None => name.clone(),
        };
        if is_core(name) && !self.functions.contains(name) {
            let function = self.b.begin_fn(name, &[] as &[&str]);
            let written = simple(name, self.b);
            self.b.end_fn(function);
            if !written {
                let error = format!("`{name}` has no execution token");
                return Err(Diagnostic::at(token.span.clone(), error));
            }
            self.functions.insert(name.clone());
        }
        self.b.op(names::tick {
            word: function.into(),
        });
        Ok(())
    }

    fn char(&mut self, token: &Token) -> Parsed {
        let code = token.operand.chars().next().map_or(0, u32::from);
        self.literals.push((code.into(), token.span.clone()));
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

/// Writes a word that is one op or two, if it is one.
fn simple(word: &str, b: &mut Builder<Forth>) -> bool {
    match find(SIMPLE, word) {
        Some(write) => write(b),
        None => return words::emit(word, b),
    }
    true
}

fn literal(n: i64, b: &mut Builder<Forth>) {
    match i32::try_from(n) {
        Ok(n) => b.op(names::literal { n }),
        Err(_) => {
            b.load(n);
            b.op(names::push {});
        }
    }
}
