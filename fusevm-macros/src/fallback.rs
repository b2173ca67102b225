//! What is left of an item with errors: enough of it that no other place reports the same mistake.

use crate::expand::{self, Target};
use crate::model::Op;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// The function without the attributes that mean something only here, and a type of its name that
/// is an op of the language, so that names resolve and completion goes on working.
pub(crate) fn op(op: &Op, target: &Target<'_>) -> TokenStream {
    let (item, stub) = (expand::item(op, target), expand::stub(op, target));
    // What rustc would refuse by itself is said once already.
    let sig = &op.function.sig;
    let refused = sig.receiver().is_some() || sig.variadic.is_some() || !op.function.has_body();
    let inline = crate::inline::expand::stub(op, target);
    let function = match (refused, &op.options.inline) {
        (true, _) => TokenStream::new(),
        (false, None) => op.function.to_token_stream(),
        // What is wrong in such a body was said; rustc would say it in other words.
        (false, Some(_)) => op.function.without_body().to_token_stream(),
    };
    quote!(#function #item #stub #inline)
}
