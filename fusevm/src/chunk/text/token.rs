//! The tokens of a line, and how words and texts are written as tokens.

use super::ParseError;
use std::borrow::Cow;
use std::fmt::{self, Write};

/// A piece of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A name, keyword or op.
    Word(&'a str),
    /// A number, as it is written.
    Number(&'a str),
    /// What a quoted text stands for.
    Text(Cow<'a, str>),
    /// `#3`: the digits.
    Index(&'a str),
    /// `.line`: the word.
    Directive(&'a str),
    /// Punctuation.
    Mark(&'static str),
    /// The end of the line.
    End,
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(text) | Token::Number(text) => write!(f, "`{text}`"),
            Token::Text(_) => f.write_str("a quoted text"),
            Token::Index(digits) => write!(f, "`#{digits}`"),
            Token::Directive(word) => write!(f, "`.{word}`"),
            Token::Mark(mark) => write!(f, "`{mark}`"),
            Token::End => f.write_str("the end of the line"),
        }
    }
}

/// Punctuation, longer marks before their beginnings.
const MARKS: [&str; 16] = [
    "->", "..", ",", ":", "(", ")", "[", "]", "{", "}", "/", "|", "=", "?", "@", "<",
];

/// A line that is being read, one token ahead.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    line: &'a str,
    row: usize,
    token: Token<'a>,
    /// Where `token` starts.
    start: usize,
    /// Where it ends.
    end: usize,
}

pub(super) type Result<T, E = ParseError> = std::result::Result<T, E>;

impl<'a> Cursor<'a> {
    /// A line, with its number from 1.
    pub(super) fn new(line: &'a str, row: usize) -> Result<Self> {
        let (start, end, token) = (0, 0, Token::End);
        let mut cursor = Self {
            line,
            row,
            token,
            start,
            end,
        };
        cursor.take()?;
        Ok(cursor)
    }

    /// The token that comes next.
    pub(super) fn peek(&self) -> &Token<'a> {
        &self.token
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<Token<'a>> {
        let rest = &self.line[self.end..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
        self.start = self.end + blank;
        let (token, len) = match lex(&self.line[self.start..]) {
            Ok(found) => found,
            Err((at, message)) => {
                self.start += at;
                return self.error(message);
            }
        };
        self.end = self.start + len;
        Ok(std::mem::replace(&mut self.token, token))
    }

    /// An error at the next token.
    pub(super) fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(self.mark().error(message))
    }

    /// "expected …, found …" at the next token.
    pub(super) fn expected<T>(&self, what: impl fmt::Display) -> Result<T> {
        self.error(format!("expected {what}, found {}", self.token))
    }

    /// The place of the next token, for errors that come later.
    pub(super) fn mark(&self) -> Mark<'a> {
        Mark {
            line: self.line,
            row: self.row,
            at: self.start,
        }
    }

    /// Takes a mark, if it comes next.
    pub(super) fn eat(&mut self, mark: &str) -> Result<bool> {
        let found = self.at(mark);
        if found {
            self.take()?;
        }
        Ok(found)
    }

    /// Whether a mark comes next.
    pub(super) fn at(&self, mark: &str) -> bool {
        matches!(self.token, Token::Mark(m) if m == mark)
    }

    /// Takes a mark that must come next.
    pub(super) fn need(&mut self, mark: &str) -> Result<()> {
        match self.eat(mark)? {
            true => Ok(()),
            false => self.expected(format_args!("`{mark}`")),
        }
    }

    /// Takes a word.
    pub(super) fn word(&mut self, what: &str) -> Result<&'a str> {
        match *self.peek() {
            Token::Word(word) => {
                self.take()?;
                Ok(word)
            }
            _ => self.expected(what),
        }
    }

    /// Takes a word or a quoted text.
    pub(super) fn name(&mut self, what: &str) -> Result<Cow<'a, str>> {
        let name = match self.peek() {
            Token::Word(word) => Cow::Borrowed(*word),
            Token::Text(text) => text.clone(),
            _ => return self.expected(what),
        };
        self.take()?;
        Ok(name)
    }

    /// Takes a whole number from `min` to `max`.
    pub(super) fn integer(
        &mut self,
        what: impl fmt::Display,
        min: i128,
        max: i128,
    ) -> Result<i128> {
        let Token::Number(digits) = *self.peek() else {
            return self.expected(what);
        };
        match digits.parse() {
            Ok(n) if (min..=max).contains(&n) => {
                self.take()?;
                Ok(n)
            }
            _ => self.expected(format_args!("{what} from {min} to {max}")),
        }
    }

    /// Takes a number that fits `T`, an unsigned type.
    pub(super) fn unsigned<T: TryFrom<i128> + Max>(
        &mut self,
        what: impl fmt::Display,
    ) -> Result<T> {
        let n = self.integer(&what, 0, T::MAX)?;
        match T::try_from(n) {
            Ok(n) => Ok(n),
            Err(_) => self.expected(what),
        }
    }

    /// Checks that nothing is left.
    pub(super) fn finish(&self) -> Result<()> {
        match self.token {
            Token::End => Ok(()),
            _ => self.expected("the end of the line"),
        }
    }
}

/// The greatest number of an unsigned type.
pub(super) trait Max {
    const MAX: i128;
}

macro_rules! max {
    ($($t:ty),*) => { $(impl Max for $t {
        const MAX: i128 = <$t>::MAX as i128;
    })* };
}
max!(u8, u16, u32, u64, usize);

/// A place in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark<'a> {
    line: &'a str,
    row: usize,
    at: usize,
}

impl Mark<'_> {
    /// An error at this place.
    pub(super) fn error(&self, message: impl Into<String>) -> ParseError {
        let before = self.line.get(..self.at).unwrap_or(self.line);
        ParseError {
            line: self.row,
            column: before.chars().count() + 1,
            message: message.into(),
        }
    }
}

/// Offset of a mistake, and what it is.
type Mistake = (usize, String);

/// The token at the start of `rest` and its length.
fn lex(rest: &str) -> Result<(Token<'_>, usize), Mistake> {
    let mut chars = rest.chars();
    let Some(first) = chars.next().filter(|c| *c != ';') else {
        return Ok((Token::End, 0));
    };
    let second = chars.next().unwrap_or(' ');
    if is_word_start(first) {
        let len = word_len(rest);
        return Ok((Token::Word(&rest[..len]), len));
    }
    if first.is_ascii_digit() || first == '-' && (second.is_ascii_digit() || second == 'i') {
        let len = number_len(rest);
        return Ok((Token::Number(&rest[..len]), len));
    }
    match first {
        '"' => return lex_text(rest),
        '#' if second.is_ascii_digit() => {
            let len = 1 + digits_len(&rest[1..]);
            return Ok((Token::Index(&rest[1..len]), len));
        }
        '.' if is_word_start(second) => {
            let len = 1 + word_len(&rest[1..]);
            return Ok((Token::Directive(&rest[1..len]), len));
        }
        _ => {}
    }
    match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        Some(mark) => Ok((Token::Mark(mark), mark.len())),
        None => Err((0, format!("unexpected character {first:?}"))),
    }
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_len(text: &str) -> usize {
    text.find(|c| !is_word_part(c)).unwrap_or(text.len())
}

fn digits_len(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len())
}

/// Digits, a fraction, an exponent, and whatever letters stick to it, so that they are part of the error.
fn number_len(text: &str) -> usize {
    let mut len = usize::from(text.starts_with('-'));
    len += word_len(&text[len..]);
    let fraction = text[len..].strip_prefix('.').unwrap_or_default();
    if fraction.starts_with(|c: char| c.is_ascii_digit()) {
        len += 1 + word_len(fraction);
    }
    let hex = text.starts_with("0x");
    if !hex && text[..len].ends_with(['e', 'E']) && text[len..].starts_with(['+', '-']) {
        len += 1 + word_len(&text[len + 1..]);
    }
    len
}

/// A quoted text.
fn lex_text(rest: &str) -> Result<(Token<'_>, usize), Mistake> {
    let open = || (0, "quoted text without its closing `\"`".to_owned());
    let plain = (rest[1..].find(['"', '\\'])).ok_or_else(open)? + 1;
    if rest[plain..].starts_with('"') {
        return Ok((Token::Text(Cow::Borrowed(&rest[1..plain])), plain + 1));
    }
    let mut text = String::from(&rest[1..plain]);
    let mut at = plain;
    loop {
        let len = rest[at..].find(['"', '\\']).ok_or_else(open)?;
        text.push_str(&rest[at..at + len]);
        at += len;
        if rest[at..].starts_with('"') {
            return Ok((Token::Text(Cow::Owned(text)), at + 1));
        }
        let wrong = || {
            (
                at,
                "expected one of `\\n`, `\\r`, `\\t`, `\\0`, `\\\"`, `\\\\`, `\\u{1f600}`"
                    .to_owned(),
            )
        };
        let escape = rest[at + 1..].chars().next();
        let (c, len) = match escape {
            Some('n') => ('\n', 2),
            Some('r') => ('\r', 2),
            Some('t') => ('\t', 2),
            Some('0') => ('\0', 2),
            Some(c @ ('"' | '\\' | '\'')) => (c, 2),
            Some('u') => {
                let hex = rest[at + 2..]
                    .strip_prefix('{')
                    .and_then(|h| h.split_once('}'));
                let (hex, _) = hex.ok_or_else(wrong)?;
                let code = u32::from_str_radix(hex, 16).ok();
                let c = code.and_then(char::from_u32).ok_or_else(wrong)?;
                (c, hex.len() + 4)
            }
            _ => return Err(wrong()),
        };
        text.push(c);
        at += len;
    }
}

/// Whether a name can stand without quotes.
pub(super) fn is_word(name: &str) -> bool {
    name.starts_with(is_word_start) && word_len(name) == name.len()
}

/// A name as it is written: bare when it is a word.
pub(super) fn name(text: &str) -> Cow<'_, str> {
    match is_word(text) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(quoted(text)),
    }
}

/// A text in quotes. What a terminal would act on is escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '"' | '\\' => out.extend(['\\', c]),
            _ if acts(c) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Control characters, line and paragraph breaks, marks of direction, and what is not seen at all.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
