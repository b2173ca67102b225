//! What Forth programs change: the data stack, the memory, and what names and tokens stand for.

use fusevm::Func;
use std::fmt;
use std::ops::Range;

/// Bytes of a cell, which is what the stack and variables hold.
pub const CELL: i64 = 8;

/// Cells the data stack may hold.
const DEEPEST: usize = 1 << 20;

/// Cells of the stack that are shown.
const SHOWN: usize = 16;

/// Bytes the memory may have.
const LARGEST: usize = 1 << 24;

/// First address: none is 0, so that an address never made is an error.
const FIRST: usize = 64;

/// First address of literal texts, which are not in the way of what a program lays out in memory.
const TEXTS: i64 = 1 << 32;

/// What the words work on.
#[derive(Debug)]
pub struct Machine {
    stack: Vec<i64>,
    memory: Vec<u8>,
    literals: Vec<u8>,
    /// What the names of variables, constants and values stand for, by symbol.
    named: Vec<Option<i64>>,
    /// Where literal texts are, by symbol.
    texts: Vec<Option<i64>>,
    /// What execution tokens stand for, from 1.
    tokens: Vec<Func>,
    /// The last token of a word, by symbol.
    ticked: Vec<Option<i64>>,
    /// Whether an input is running, or the last one stopped halfway.
    running: bool,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            stack: Vec::new(),
            memory: vec![0; FIRST],
            literals: Vec::new(),
            named: Vec::new(),
            texts: Vec::new(),
            tokens: Vec::new(),
            ticked: Vec::new(),
            running: false,
        }
    }
}

/// Why a word cannot do its work.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    Underflow {
        word: &'static str,
        takes: usize,
        holds: usize,
    },
    Overflow,
    ZeroDivision(&'static str),
    /// No memory at an address, for so many bytes.
    Address(i64, i64),
    MemoryFull,
    /// A variable or constant whose definition has not run.
    NotYet(String),
    Unknown(String),
    NoToken(i64),
    NoCharacter(i64),
    /// Too many columns to print in.
    NoWidth(i64),
    /// The program's own, by `abort"`.
    Abort(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Underflow { word, takes, holds } => write!(
                f,
                "stack underflow: `{word}` takes {takes}, but the stack holds {holds}"
            ),
            Self::Overflow => write!(f, "stack overflow: it holds {DEEPEST} cells at most"),
            Self::ZeroDivision(word) => write!(f, "division by zero in `{word}`"),
            Self::Address(at, bytes) => write!(f, "no memory at {at} for {bytes} bytes"),
            Self::MemoryFull => write!(f, "the memory has {LARGEST} bytes at most"),
            Self::NotYet(name) => write!(f, "the definition of `{name}` has not run yet"),
            Self::Unknown(word) => write!(f, "unknown word: {word}"),
            Self::NoToken(n) => write!(f, "{n} is not an execution token"),
            Self::NoWidth(n) => write!(f, "{n} columns are too many"),
            Self::NoCharacter(n) => write!(f, "no character has code {n}"),
            Self::Abort(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Fault {}

impl Machine {
    /// Begins an input. What one that stopped halfway has left on the stack goes.
    pub fn start(&mut self) {
        if self.running {
            self.stack.clear();
        }
        self.running = true;
    }

    /// Ends an input.
    pub fn done(&mut self) {
        self.running = false;
    }

    /// Takes cells off the stack for a word, the deepest first.
    pub fn take<const N: usize>(&mut self, word: &'static str) -> Result<[i64; N], Fault> {
        let holds = self.stack.len();
        match self.stack.last_chunk::<N>() {
            Some(cells) => {
                let cells = *cells;
                self.stack.truncate(holds - N);
                Ok(cells)
            }
            None => Err(Fault::Underflow {
                word,
                takes: N,
                holds,
            }),
        }
    }

    /// Puts cells onto the stack, the last on top.
    pub fn give<const N: usize>(&mut self, cells: [i64; N]) -> Result<(), Fault> {
        if self.stack.len() + N > DEEPEST {
            return Err(Fault::Overflow);
        }
        self.stack.extend_from_slice(&cells);
        Ok(())
    }

    /// The cells on top as text, each behind a space; of many the last.
    pub fn shown(&self) -> String {
        let hidden = self.stack.len().saturating_sub(SHOWN);
        let start = if hidden > 0 { " ..." } else { "" };
        let cells = self.stack[hidden..].iter();
        cells.fold(start.to_owned(), |text, cell| format!("{text} {cell}"))
    }

    /// Cells on the stack.
    pub fn depth(&self) -> i64 {
        self.stack.len() as i64
    }

    /// Index of the cell that has `n` above it.
    fn below(&self, word: &'static str, n: i64) -> Result<usize, Fault> {
        let holds = self.stack.len();
        let takes = usize::try_from(n).unwrap_or(usize::MAX).saturating_add(1);
        holds
            .checked_sub(takes)
            .ok_or(Fault::Underflow { word, takes, holds })
    }

    /// The cell that has `n` above it.
    pub fn pick(&self, n: i64) -> Result<i64, Fault> {
        Ok(self.stack[self.below("pick", n)?])
    }

    /// The cell that has `n` above it, 0 where there is none.
    pub fn size(&self, n: usize) -> i64 {
        self.stack.iter().rev().nth(n).copied().unwrap_or(0)
    }

    /// Takes the cell out that has `n` above it.
    pub fn roll(&mut self, n: i64) -> Result<i64, Fault> {
        let at = self.below("roll", n)?;
        Ok(self.stack.remove(at))
    }

    /// The bytes from an address on.
    pub fn bytes(&self, at: i64, len: i64) -> Result<&[u8], Fault> {
        let bytes = match at < TEXTS {
            true => range(at, len).and_then(|range| self.memory.get(range)),
            false => range(at - TEXTS, len).and_then(|range| self.literals.get(range)),
        };
        bytes
            .filter(|_| at >= FIRST as i64)
            .ok_or(Fault::Address(at, len))
    }

    /// The bytes from an address on, to change them.
    pub fn bytes_mut(&mut self, at: i64, len: i64) -> Result<&mut [u8], Fault> {
        let bytes = match at < TEXTS {
            true => range(at, len).and_then(|range| self.memory.get_mut(range)),
            false => range(at - TEXTS, len).and_then(|range| self.literals.get_mut(range)),
        };
        bytes
            .filter(|_| at >= FIRST as i64)
            .ok_or(Fault::Address(at, len))
    }

    /// The cell at an address.
    pub fn load(&self, at: i64) -> Result<i64, Fault> {
        let bytes = self.bytes(at, CELL)?.first_chunk();
        bytes
            .map(|b| i64::from_le_bytes(*b))
            .ok_or(Fault::Address(at, CELL))
    }

    /// Stores a cell at an address.
    pub fn store(&mut self, at: i64, cell: i64) -> Result<(), Fault> {
        self.bytes_mut(at, CELL)?
            .copy_from_slice(&cell.to_le_bytes());
        Ok(())
    }

    /// The byte at an address.
    pub fn byte(&self, at: i64) -> Result<i64, Fault> {
        self.bytes(at, 1).map(|bytes| bytes[0].into())
    }

    /// Stores the lowest byte of a number at an address.
    pub fn store_byte(&mut self, at: i64, byte: i64) -> Result<(), Fault> {
        self.bytes_mut(at, 1)?[0] = byte as u8;
        Ok(())
    }

    /// Copies bytes, as if all were read before any is written.
    pub fn copy(&mut self, from: i64, to: i64, len: i64) -> Result<(), Fault> {
        let bytes = self.bytes(from, len)?.to_vec();
        self.bytes_mut(to, len)?.copy_from_slice(&bytes);
        Ok(())
    }

    /// The first address behind the memory there is.
    pub fn here(&self) -> i64 {
        self.memory.len() as i64
    }

    /// Makes memory, or gives it back.
    pub fn allot(&mut self, bytes: i64) -> Result<(), Fault> {
        let len = self.here().saturating_add(bytes);
        match usize::try_from(len) {
            Ok(len) if len > LARGEST => Err(Fault::MemoryFull),
            Ok(len) if len >= FIRST => {
                self.memory.resize(len, 0);
                Ok(())
            }
            _ => Err(Fault::Address(len, 0)),
        }
    }

    /// Makes a cell of memory.
    pub fn comma(&mut self, cell: i64) -> Result<(), Fault> {
        let at = self.here();
        self.allot(CELL)?;
        self.store(at, cell)
    }

    /// Address and length of a text that is put there.
    pub fn keep(&mut self, text: &str) -> Result<[i64; 2], Fault> {
        if self.literals.len() + text.len() > LARGEST {
            return Err(Fault::MemoryFull);
        }
        let at = TEXTS + self.literals.len() as i64;
        self.literals.extend_from_slice(text.as_bytes());
        Ok([at, text.len() as i64])
    }

    /// Address and length of a literal text, which is put there the first time.
    pub fn text(&mut self, symbol: u32, text: &str) -> [i64; 2] {
        let at = entry(&mut self.texts, symbol).get_or_insert_with(|| {
            let at = TEXTS + self.literals.len() as i64;
            self.literals.extend_from_slice(text.as_bytes());
            at
        });
        [*at, text.len() as i64]
    }

    /// Lets a name stand for a cell.
    pub fn name(&mut self, symbol: u32, cell: i64) {
        *entry(&mut self.named, symbol) = Some(cell);
    }

    /// What a name stands for.
    pub fn named(&self, symbol: u32) -> Option<i64> {
        self.named.get(symbol as usize).copied().flatten()
    }

    /// The token of a word, which is another once the word is another function.
    pub fn token(&mut self, symbol: u32, function: Func) -> i64 {
        let ticked = entry(&mut self.ticked, symbol);
        let same = |token: &i64| self.tokens.get(*token as usize - 1) == Some(&function);
        ticked.filter(same).unwrap_or_else(|| {
            self.tokens.push(function);
            *ticked.insert(self.tokens.len() as i64)
        })
    }

    /// The function of a token.
    pub fn function(&self, token: i64) -> Result<&Func, Fault> {
        let index = usize::try_from(token).ok().and_then(|n| n.checked_sub(1));
        let function = index.and_then(|index| self.tokens.get(index));
        function.ok_or(Fault::NoToken(token))
    }
}

fn range(at: i64, len: i64) -> Option<Range<usize>> {
    let start = usize::try_from(at).ok()?;
    Some(start..start.checked_add(usize::try_from(len).ok()?)?)
}

/// The entry of a symbol, of which there are as many as a VM has names.
fn entry(entries: &mut Vec<Option<i64>>, symbol: u32) -> &mut Option<i64> {
    let index = symbol as usize;
    if index >= entries.len() {
        entries.resize(index + 1, None);
    }
    &mut entries[index]
}
