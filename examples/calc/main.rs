//! Numbers, variables, functions of one line: a language, lexer and parser included, on a page.
#![cfg_attr(rustfmt, rustfmt_skip)] // dense, so that it fits

use fusevm::prelude::*;

#[derive(Language)]
#[language(name = "calc", ops(ops::OPS), coerce, unset = trap, zero_div = trap)]
pub struct Calc;
#[fusevm::ops(Calc)]
pub mod ops {
    use {super::*, std::io::{self, Write}};
    /// Length of the hypotenuse.
    #[ext_op(pure)] pub fn hypot(a: f64, b: f64) -> f64 { a.hypot(b) }
    /// Prints the character with that code, and gives the code. An error becomes a trap.
    #[ext_op] pub fn put(code: i64, out: &mut Output) -> io::Result<i64> {
        let c = u8::try_from(code).map_err(|_| io::Error::other(format!("no character has code {code}")))?;
        write!(out, "{}", char::from(c)).map(|()| code)
    }
}

struct Parser<'s> { src: &'s str, tok: &'s str, at: Span, b: &'s mut Builder<Calc>, params: Vec<&'s str>, depth: usize }
const WORDS: &[&str] = &["else", "fn", "if", "let", "print", "then"];
fn binary(t: &str) -> Option<(u8, Op)> {
    Some(match t { "<" => (1, Op::NumLt), "=" => (1, Op::NumEq), "+" => (2, Op::Add), "-" => (2, Op::Sub),
                   "*" => (3, Op::Mul), "/" => (3, Op::Div), "%" => (3, Op::Mod), _ => return None })
}
impl<'s> Parser<'s> {
    fn next(&mut self) -> &'s str { // the lexer: a token is a word, a number, one sign, or "" at the end
        let mut rest = self.src[self.at.end..].trim_start_matches([' ', '\t', '\r']);
        if rest.starts_with('#') { rest = &rest[rest.find('\n').unwrap_or(rest.len())..] }
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(rest.len());
        let n = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
        let lo = self.src.len() - rest.len(); self.at = lo..lo + n;
        std::mem::replace(&mut self.tok, &rest[..n])
    }
    fn fail<T>(&self, want: &str) -> Parsed<T> {
        let error = Diagnostic::at(self.at.clone(), format!("expected {want}"));
        Err(if self.tok.is_empty() { error.incomplete() } else { error }) // the REPL then asks for more
    }
    fn eat(&mut self, t: &str) -> bool { self.tok == t && { self.next(); true } }
    fn want(&mut self, t: &str) -> Parsed { self.skip(); if self.eat(t) { Ok(()) } else { self.fail(&format!("`{t}`")) } }
    fn skip(&mut self) { while self.eat("\n") {} } // a line goes on where something is missing
    fn name(&mut self, what: &str) -> Parsed<&'s str> {
        if WORDS.contains(&self.tok) || !self.tok.starts_with(char::is_alphabetic) { self.fail(what) } else { Ok(self.next()) }
    }
    fn line(&mut self) -> Parsed {
        if self.eat("let") { let x = self.name("a name")?; self.want("=")?; self.expr(0)?; self.b.declare_var(x) }
        else if self.eat("fn") {
            let f = self.name("a name")?; self.want("(")?;
            while !self.eat(")") { let p = self.name("a name or `)`")?; self.params.push(p); self.eat(","); }
            let f = self.b.begin_fn(f, &self.params);
            self.want("=")?; self.expr(0)?; self.b.emit(Op::ReturnValue); self.b.end_fn(f); self.params.clear()
        } else if self.eat("print") { let n = self.list()?; self.b.println(n) } else { self.expr(0)? }
        if matches!(self.tok, "" | "\n") { Ok(()) } else { self.fail("the end of the line") }
    }
    fn list(&mut self) -> Parsed<usize> { let mut n = 1; while { self.expr(0)?; self.eat(",") } { n += 1 } Ok(n) }
    fn expr(&mut self, min: u8) -> Parsed {
        self.skip(); let (x, at) = (self.tok, self.at.clone()); self.b.at(at.clone());
        self.depth += 1; if self.depth > 200 { return self.fail("less in one another") }
        if let Some(n) = Value::parse_number(x) { self.next(); self.b.load(n) }
        else if self.eat("(") { self.expr(0)?; self.want(")")? }
        else if self.eat("if") {
            let (no, end) = (self.b.label(), self.b.label());
            self.expr(0)?; self.want("then")?; self.b.jump_if_false(no);
            self.expr(0)?; self.want("else")?; self.b.jump(end); self.b.bind(no); self.expr(0)?; self.b.bind(end)
        } else if self.name("a number, a name or `(`").map(|_| self.eat("("))? {
            let argc = if self.eat(")") { 0 } else { let n = self.list()?; self.want(")")?; n }; let b = self.b.at(at);
            match (x, argc) { ("hypot", 2) => b.op(ops::hypot {}), ("put", 1) => b.op(ops::put {}), _ => b.call(x, argc) }
        } else if let Some(i) = self.params.iter().position(|p| *p == x) { self.b.get_slot(i) }
        else { self.b.get_var(x) }
        while let Some((p, op)) = binary(self.tok).filter(|b| b.0 >= min) {
            let at = self.at.clone(); self.next(); self.expr(p + 1)?; self.b.at(at).emit(op) }
        self.depth -= 1; Ok(())
    }
}
impl Frontend for Calc {
    fn compile(src: &str, b: &mut Builder<Calc>) -> Parsed {
        let mut p = Parser { src, tok: "\n", at: 0..0, b, params: vec![], depth: 0 };
        while !p.tok.is_empty() { if !p.eat("\n") { p.line()? } } Ok(())
    }
    fn keywords() -> &'static [&'static str] { WORDS }
}
fn main() -> ExitCode { fusevm::cli::main::<Calc>() } // files, -e, a REPL, --dump, carets
