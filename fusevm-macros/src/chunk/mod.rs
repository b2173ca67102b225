//! `chunk!`: bytecode op by op, in Rust source.
//!
//! Tokens become items (`parse`, and `arg` for what stands behind an op), items become code that is
//! laid out (`layout`, with a `row` for each op and its `operand`s), and that becomes constants
//! (`expand`). Here it is only known what the core ops are called and what stands for their operands
//! (`ops`); what ext ops are, and whether the code makes sense, the constants ask the library, while
//! rustc evaluates them.

mod arg;
mod expand;
mod layout;
mod operand;
mod ops;
mod parse;
mod row;

use crate::errors::Errors;
use layout::Layout;
use parse::Source;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

/// Expands `($crate) Language; items…`.
pub(crate) fn chunk(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter();
    let Some(TokenTree::Group(krate)) = tokens.next() else {
        return TokenStream::new();
    };
    let krate = krate.stream();
    let k = quote!(#krate::ext::private);
    let mut errors = Errors::default();
    let Some(source) = Source::read(tokens.collect(), &mut errors) else {
        let errors = errors.render();
        return quote!({ #errors #k::no_chunk() });
    };
    let layout = Layout::of(k, &source, &mut errors);
    expand::expand(&layout, &source.language, &errors)
}

/// Whether a word is the name of a core op.
fn is_core(word: &Ident) -> bool {
    let word = word.to_string();
    ops::OPS.iter().any(|(name, ..)| *name == word)
}
