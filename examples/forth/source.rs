//! From text to words, with what words take out of the text behind them: a name, a text up to a quote.
//!
//! Words are of lower case from here on, numbers are still words.

use fusevm::{Diagnostic, Parsed, Span};

/// A word of the source.
#[derive(Clone, Debug)]
pub struct Token {
    /// In lower case, but for a character in quotes.
    pub word: String,
    /// The word, and what it takes.
    pub span: Span,
    /// A name in lower case, a character, or a text; empty where the word takes none.
    pub operand: String,
}

impl Token {
    /// An error at the word.
    pub fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(Diagnostic::at(self.span.clone(), message))
    }
}

/// What a word takes out of the text behind it.
enum Takes {
    Nothing,
    /// The next word.
    Name,
    /// The next word as it is written.
    Char,
    /// All up to that character.
    Until(char),
    /// The rest of the line.
    Line,
}

fn takes(word: &str) -> Takes {
    match word {
        ":" | "variable" | "constant" | "create" | "value" | "to" | "'" | "[']" => Takes::Name,
        "char" | "[char]" => Takes::Char,
        "s\"" | ".\"" | "abort\"" => Takes::Until('"'),
        "(" => Takes::Until(')'),
        "\\" => Takes::Line,
        _ => Takes::Nothing,
    }
}

/// Reads a source; comments are left out.
///
/// # Errors
/// A word without the name it takes, a text or comment without its end.
pub fn read(source: &str) -> Parsed<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some((word, span)) = next(source, at) {
        at = span.end;
        let word = match quoted(word) {
            Some(_) => word.to_owned(),
            None => word.to_lowercase(),
        };
        let operand = match takes(&word) {
            Takes::Nothing => String::new(),
            Takes::Line => {
                at += source[at..].find('\n').unwrap_or(source.len() - at);
                continue;
            }
            Takes::Until(end) => {
                let text = until(source, &word, &span, end)?;
                at = text.end + 1;
                if end == ')' {
                    continue;
                }
                source[text].to_owned()
            }
            Takes::Name | Takes::Char => {
                let Some((name, place)) = next(source, at) else {
                    let error = Diagnostic::at(span, format!("`{word}` needs a name"));
                    return Err(error.incomplete());
                };
                at = place.end;
                match takes(&word) {
                    Takes::Char => name.to_owned(),
                    _ => name.to_lowercase(),
                }
            }
        };
        let span = span.start..at;
        tokens.push(Token {
            word,
            span,
            operand,
        });
    }
    Ok(tokens)
}

/// The next word from a byte on.
fn next(source: &str, at: usize) -> Option<(&str, Span)> {
    let rest = source.get(at..)?;
    let word = rest.trim_start();
    let start = at + rest.len() - word.len();
    let len = word.find(char::is_whitespace).unwrap_or(word.len());
    (len > 0).then(|| (&word[..len], start..start + len))
}

/// Where the text behind a word is. A text ends in its line, a comment where it likes.
fn until(source: &str, word: &str, span: &Span, end: char) -> Parsed<Span> {
    let rest = &source[span.end..];
    let start = span.end + rest.chars().next().map_or(0, char::len_utf8);
    let found = source[start..].find([end, '\n'].as_slice());
    let found = match end {
        ')' => source[start..].find(end),
        _ => found.filter(|at| source[start + at..].starts_with(end)),
    };
    match found {
        Some(len) => Ok(start..start + len),
        None => {
            let error = Diagnostic::at(span.clone(), format!("`{word}` without `{end}`"));
            Err(if end == ')' {
                error.incomplete()
            } else {
                error
            })
        }
    }
}

/// The number that a word is: decimal, `$` hexadecimal, `%` binary, or a character in quotes.
pub fn number(word: &str) -> Option<i64> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word),
    };
    let (radix, digits) = match digits.as_bytes().first()? {
        b'$' => (16, &digits[1..]),
        b'%' => (2, &digits[1..]),
        b'\'' => return quoted(word),
        _ => (10, digits),
    };
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    let number = i128::from_str_radix(digits, radix).ok()?;
    let number = if negative { -number } else { number };
    // Bits beyond the sign are as good as it is.
    match i64::try_from(number) {
        Ok(number) => Some(number),
        Err(_) => u64::try_from(number).ok().map(u64::cast_signed),
    }
}

fn quoted(word: &str) -> Option<i64> {
    let mut chars = word.strip_prefix('\'')?.strip_suffix('\'')?.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Some(u32::from(c).into()),
        _ => None,
    }
}
