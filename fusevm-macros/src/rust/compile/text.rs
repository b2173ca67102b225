//! `print!`, `println!` and `format!`.

use super::Walk;
use crate::rust::ast::{Expr, Piece};
use crate::rust::types::Ty;
use quote::quote;

impl Walk<'_> {
    pub(super) fn print(&mut self, expr: &Expr, line: bool, text: &[Piece]) -> Ty {
        for piece in text {
            self.at = expr.at.first;
            match piece {
                Piece::Text(text) => self.load_text(text),
                Piece::Value(value) => {
                    self.argument(value, None);
                }
            }
        }
        if text.len() > usize::from(u8::MAX) {
            self.wrong(expr.at, "one `print!` writes 255 pieces at most: use two");
        }
        if self.target.typed {
            self.wrong(expr.at, "`both!` compares values: nothing is printed");
        }
        let (b, n) = (self.b(), text.len());
        self.at = expr.at.first;
        match line {
            true => self.write(n, 0, quote!(#b.println(#n);)),
            false => self.write(n, 0, quote!(#b.print(#n);)),
        }
        Ty::Unit
    }

    pub(super) fn format(&mut self, text: &[Piece]) -> Ty {
        let at = self.at;
        for (i, piece) in text.iter().enumerate() {
            self.at = at;
            let ty = match piece {
                Piece::Text(text) => {
                    self.load_text(text);
                    Ty::Str
                }
                Piece::Value(value) => self.argument(value, None),
            };
            self.at = at;
            // Joining makes text of both sides.
            if i > 0 {
                self.op("Concat", 2, 1);
            } else if text.len() == 1 && ty != Ty::Str {
                self.make_text();
            }
        }
        if text.is_empty() {
            self.load_text("");
        }
        Ty::Str
    }
}
