//! The scanner: from source text to tokens, one at a time.

use fusevm::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    Comma,
    Dot,
    Minus,
    Plus,
    Semicolon,
    Slash,
    Star,
    Bang,
    BangEqual,
    Equal,
    EqualEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Identifier,
    String,
    Number,
    And,
    Class,
    Else,
    False,
    For,
    Fun,
    If,
    Nil,
    Or,
    Print,
    Return,
    Super,
    This,
    True,
    Var,
    While,
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
    /// Where ops that come from it are said to be: its last line.
    pub fn place(&self) -> Span {
        let start = self.text.rfind('\n').map_or(0, |at| at + 1);
        match self.kind {
            Kind::String => self.span.start + start..self.span.end,
            _ => self.span.clone(),
        }
    }
}

pub const KEYWORDS: &[&str] = &[
    "and", "class", "else", "false", "for", "fun", "if", "nil", "or", "print", "return", "super",
    "this", "true", "var", "while",
];

const KEYWORD_KINDS: &[Kind] = &[
    Kind::And,
    Kind::Class,
    Kind::Else,
    Kind::False,
    Kind::For,
    Kind::Fun,
    Kind::If,
    Kind::Nil,
    Kind::Or,
    Kind::Print,
    Kind::Return,
    Kind::Super,
    Kind::This,
    Kind::True,
    Kind::Var,
    Kind::While,
];

pub struct Scanner<'s> {
    source: &'s str,
    at: usize,
    line: usize,
}

impl<'s> Scanner<'s> {
    pub fn new(source: &'s str) -> Self {
        Self {
            source,
            at: 0,
            line: 1,
        }
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

    fn error(&self, message: &'static str, start: usize) -> Token<'s> {
        Token {
            text: message,
            ..self.token(Kind::Error, start)
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let skipped = match rest.bytes().next() {
                Some(b'\n') => {
                    self.line += 1;
                    1
                }
                Some(b' ' | b'\r' | b'\t') => 1,
                Some(b'/') if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
                _ => return,
            };
            self.at += skipped;
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
        let keyword = KEYWORDS.binary_search(&&self.source[start..self.at]);
        let kind = keyword.map_or(Kind::Identifier, |at| KEYWORD_KINDS[at]);
        self.token(kind, start)
    }

    fn string(&mut self) -> Token<'s> {
        let start = self.at;
        let end = self.source[start + 1..].find('"');
        let text = match end {
            Some(end) => &self.source[start..start + end + 2],
            None => &self.source[start..],
        };
        self.at += text.len();
        self.line += text.matches('\n').count();
        match end {
            Some(_) => self.token(Kind::String, start),
            None => self.error("Unterminated string.", start),
        }
    }

    fn sign(&mut self, first: char) -> Token<'s> {
        let start = self.at;
        self.at += first.len_utf8();
        let before_equal = self.rest().starts_with('=');
        let (kind, with_equal) = match first {
            '(' => (Kind::LeftParen, None),
            ')' => (Kind::RightParen, None),
            '{' => (Kind::LeftBrace, None),
            '}' => (Kind::RightBrace, None),
            ',' => (Kind::Comma, None),
            '.' => (Kind::Dot, None),
            '-' => (Kind::Minus, None),
            '+' => (Kind::Plus, None),
            ';' => (Kind::Semicolon, None),
            '/' => (Kind::Slash, None),
            '*' => (Kind::Star, None),
            '!' => (Kind::Bang, Some(Kind::BangEqual)),
            '=' => (Kind::Equal, Some(Kind::EqualEqual)),
            '<' => (Kind::Less, Some(Kind::LessEqual)),
            '>' => (Kind::Greater, Some(Kind::GreaterEqual)),
            _ => return self.error("Unexpected character.", start),
        };
        let kind = match with_equal.filter(|_| before_equal) {
            Some(longer) => {
                self.at += 1;
                longer
            }
            None => kind,
        };
        self.token(kind, start)
    }
}
