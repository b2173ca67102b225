//! All errors of one expansion, reported at once, each on the token that is to blame.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use std::fmt::Display;

#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    pub(crate) fn at(&mut self, tokens: impl ToTokens, text: impl Display) {
        self.0.push(syn::Error::new_spanned(tokens, text));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// At all tokens from the first to the last.
    pub(crate) fn between(&mut self, first: Span, last: Span, text: impl Display) {
        let place = quote_spanned!(first=> first);
        let end = quote_spanned!(last=> last);
        self.at(quote!(#place #end), text);
    }

    pub(crate) fn append(&mut self, mut other: Errors) {
        self.0.append(&mut other.0);
    }

    /// In the order of their places in the source.
    pub(crate) fn sort(&mut self) {
        self.0.sort_by_key(|error| {
            let start = error.span().unwrap();
            (start.line(), start.column())
        });
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The value, or `None` and one more error.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn render(&self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }
}

/// The known word that a wrong one was probably meant to be, if they have a letter in common.
pub(crate) fn near<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let len = word.chars().count();
    (known.iter().copied())
        .map(|it| (distance(word, it), it))
        .filter(|(far, _)| *far <= (len / 3).max(1) && *far < len)
        .min()
        .map(|(_, it)| it)
}

/// Says which words are known, and which of them was probably meant.
pub(crate) fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let guess = match near(word, known) {
        Some(it) => format!("; did you mean `{it}`?"),
        None => String::new(),
    };
    let list: Vec<String> = known.iter().map(|it| format!("`{it}`")).collect();
    match list.is_empty() {
        true => format!("unknown {what} `{word}`: there are none here"),
        false => format!(
            "unknown {what} `{word}`{guess} (known: {})",
            list.join(", ")
        ),
    }
}

/// Number of characters to insert, delete, replace, or swap with the next.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_near() {
        let known = ["pure", "fast", "cost", "was"];
        assert_eq!(near("pur", &known), Some("pure"));
        assert_eq!(near("fsat", &known), Some("fast"));
        assert_eq!(near("Calc", &["alt"]), None);
        assert_eq!(near("a", &["b"]), None);
    }
}
