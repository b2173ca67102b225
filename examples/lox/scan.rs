//! The scanner: from source text to tokens, one at a time.

use fusevm::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sign or a keyword: its text says which.
    Fixed,
    Identifier,
    String,
    Number,
    /// What cannot be a token; its text is what is wrong with it.
    Error,
    End,
}

#[derive(Clone, Debug)]
pub struct Token<'s> {
    pub kind: Kind,
    pub text: &'s str,
    pub span: Span,
    /// The line it ends in.
    pub line: usize,
}

impl Token<'_> {
    pub fn is(&self, fixed: &str) -> bool {
        self.kind == Kind::Fixed && self.text == fixed
    }

    /// Where ops that come from it are said to be: in its last line.
    pub fn place(&self) -> Span {
        let start = match self.kind {
            Kind::String => self.text.rfind('\n').map_or(0, |at| at + 1),
            _ => 0,
        };
        self.span.start + start..self.span.end
    }
}

pub const KEYWORDS: &[&str] = &[
    "and", "class", "else", "false", "for", "fun", "if", "nil", "or", "print", "return", "super",
    "this", "true", "var", "while",
];

pub struct Scanner<'s> {
    source: &'s str,
    at: usize,
    line: usize,
}

impl<'s> Scanner<'s> {
    pub fn new(source: &'s str) -> Self {
        let (at, line) = (0, 1);
        Self { source, at, line }
    }

    /// Goes to the end at once: from here on there are no more tokens.
    pub fn stop(&mut self) {
        self.at = self.source.len();
    }

    pub fn next(&mut self) -> Token<'s> {
        self.skip_blanks();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return self.token(Kind::End, start);
        };
        match first {
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '"' => self.string(),
            _ => self.sign(first),
        }
    }

    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn token(&self, kind: Kind, start: usize) -> Token<'s> {
        Token {
            kind,
            text: &self.source[start..self.at],
            span: start..self.at,
            line: self.line,
        }
    }

    fn error(&self, text: &'static str, start: usize) -> Token<'s> {
        Token {
            text,
            ..self.token(Kind::Error, start)
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            self.at += match rest.bytes().next() {
                Some(b'\n' | b' ' | b'\r' | b'\t') => 1,
                Some(b'/') if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
                _ => return,
            };
            self.line += usize::from(rest.starts_with('\n'));
        }
    }

    /// Goes on as long as bytes are as `holds` says.
    fn skip_while(&mut self, holds: impl Fn(u8) -> bool) {
        self.at += self.rest().bytes().take_while(|byte| holds(*byte)).count();
    }

    fn number(&mut self) -> Token<'s> {
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_digit());
        let mut ahead = self.rest().bytes();
        if ahead.next() == Some(b'.') && ahead.next().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        self.token(Kind::Number, start)
    }

    fn word(&mut self) -> Token<'s> {
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match KEYWORDS.contains(&&self.source[start..self.at]) {
            true => self.token(Kind::Fixed, start),
            false => self.token(Kind::Identifier, start),
        }
    }

    fn string(&mut self) -> Token<'s> {
        let start = self.at;
        let end = self.source[start + 1..].find('"');
        self.at = end.map_or(self.source.len(), |end| start + end + 2);
        self.line += self.source[start..self.at].matches('\n').count();
        match end {
            Some(_) => self.token(Kind::String, start),
            None => self.error("Unterminated string.", start),
        }
    }

    fn sign(&mut self, first: char) -> Token<'s> {
        let start = self.at;
        let rest = self.rest();
        self.at += first.len_utf8();
        if ["!=", "==", "<=", ">="]
            .iter()
            .any(|sign| rest.starts_with(sign))
        {
            self.at += 1;
        } else if !"(){},.-+;/*!=<>".contains(first) {
            return self.error("Unexpected character.", start);
        }
        self.token(Kind::Fixed, start)
    }
}
