//! The invisible groups that `macro_rules!` puts around what it has matched.
//!
//! `$e:expr` arrives as one group, which keeps `$e * 2` together when `$e` is `1 + 2`. Parsers of
//! tokens look through such groups, so they become parentheses here, unless what is inside is one
//! piece anyway.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The tokens without invisible groups.
pub(crate) fn visible(tokens: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    for tree in tokens {
        let TokenTree::Group(group) = tree else {
            out.extend([tree]);
            continue;
        };
        let inner = visible(group.stream());
        match group.delimiter() {
            Delimiter::None if is_piece(&inner) => out.extend(inner),
            delimiter => {
                let delimiter = match delimiter {
                    Delimiter::None => Delimiter::Parenthesis,
                    seen => seen,
                };
                let mut visible = Group::new(delimiter, inner);
                visible.set_span(group.span());
                out.extend([TokenTree::Group(visible)]);
            }
        }
    }
    out
}

/// Whether the tokens stay together by themselves: a path, a literal, a group, a statement.
fn is_piece(tokens: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let statement = match trees.first() {
        Some(TokenTree::Ident(word)) => ["let", "fn", "static"].iter().any(|it| word == it),
        _ => false,
    };
    let in_path = |tree: &TokenTree| match tree {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => matches!(punct.as_char(), ':' | '\''),
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    };
    statement || trees.len() <= 1 || trees.iter().all(in_path)
}
