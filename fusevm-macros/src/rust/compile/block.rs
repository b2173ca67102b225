//! Closures: the blocks of `map`, `filter`, `for_each`, `sort_by`, and of ops that take one.
//!
//! A block shares the slots of the code around it. Its elements come on the stack, and its last value
//! stays there.

use super::{Walk, Want};
use crate::rust::ast::{Expr, Kind, Pattern};
use crate::rust::types::Ty;
use crate::tokens::local;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

impl Walk<'_> {
    /// A method that runs its closure for each element.
    pub(super) fn each_method(
        &mut self,
        receiver: &Expr,
        name: &Ident,
        arguments: &[Expr],
        want: Want,
    ) -> Ty {
        let ty = self.value(receiver, None);
        let word = name.to_string();
        if !matches!(ty, Ty::Array | Ty::Any | Ty::Wrong | Ty::Never) {
            let text = match ty {
                Ty::Hash => {
                    format!("`{word}` is for arrays: `.keys().{word}(…)` or `.values().{word}(…)`")
                }
                ty => format!("`{word}` is for arrays, and this is {}", ty.name()),
            };
            self.wrong(receiver.at, text);
        }
        let (op, count) = match word.as_str() {
            "map" => ("MapBlock", 1),
            "filter" => ("GrepBlock", 1),
            "for_each" => ("ForEachBlock", 1),
            _ => ("SortBlock", 2),
        };
        let [
            Expr {
                kind: Kind::Closure(params, body),
                at,
            },
        ] = arguments
        else {
            let shape = if count == 2 { "|a, b| …" } else { "|x| …" };
            let text = format!("`{word}` takes a closure: `.{word}({shape})`");
            // A closure that did not parse has been reported.
            if arguments.iter().any(|it| matches!(it.kind, Kind::Broken)) {
                return Ty::Wrong;
            }
            self.spend(arguments);
            return self.wrong(name.span(), text);
        };
        if params.len() != count {
            let text = match count {
                1 => format!("the closure of `{word}` takes one value: `|x| …`"),
                _ => format!("the closure of `{word}` takes two values: `|a, b| …`"),
            };
            self.wrong(*at, text);
        }
        if want == Want::Nothing && word == "sort_by" {
            let text = "`sort_by` gives a sorted copy: assign it, `x = x.sort_by(…);`";
            self.wrong(name.span(), text);
        }
        let wanted = match word.as_str() {
            "for_each" => Leaves::Nothing,
            "map" => Leaves::Value,
            "filter" => Leaves::Truth,
            _ => Leaves::Number,
        };
        let block = self.block_code(params, body, wanted);
        let (b, k, op) = (
            self.b(),
            &self.target.krate,
            Ident::new(op, Span::mixed_site()),
        );
        let held = local("block");
        self.at = name.span();
        let left = usize::from(word != "for_each");
        let code = quote! {
            let #held = #block;
            #b.emit(#k::Op::#op(#held.0));
        };
        self.write(1, left, code);
        if left == 1 { Ty::Array } else { Ty::Unit }
    }

    /// The code that makes a block, as an expression.
    pub(super) fn block_code(
        &mut self,
        params: &[Pattern],
        body: &Expr,
        leaves: Leaves,
    ) -> TokenStream {
        let outer = self.inner_body();
        self.close_off("a block of an op is not left by `break` and `continue`: use a loop");
        self.frame.blocks += 1;
        self.open();
        self.body.height = params.len();
        for param in params.iter().rev() {
            let var = self.declare(param, Some(Ty::Any), true);
            self.at = param.at;
            self.set_slot(self.vars[var].slot);
        }
        match leaves {
            Leaves::Nothing => {
                self.expr(body, Want::Nothing);
            }
            Leaves::Any => {
                self.expr(body, Want::Value(None));
            }
            Leaves::Value => {
                self.value(body, None);
            }
            Leaves::Truth => {
                let ty = self.value(body, None);
                self.truth(body, ty);
            }
            Leaves::Number => {
                let ty = self.value(body, None);
                if !matches!(ty, Ty::Int | Ty::Float | Ty::Any | Ty::Wrong | Ty::Never) {
                    let text = format!(
                        "the order of two values is a number, and this is {}: `a.cmp(b)`",
                        ty.name()
                    );
                    self.wrong(body.at, text);
                }
            }
        }
        self.close();
        self.frame.blocks -= 1;
        self.exits.pop();
        let inner = std::mem::replace(&mut self.body, outer);
        // The places of the code around are said anew.
        self.body.place = (0, 0);
        let (b, code) = (self.b(), inner.code);
        // A name of its own, since blocks stand in blocks.
        self.ops += 1;
        let open = local(&format!("open{}", self.ops));
        quote!({
            let #open = #b.begin_block();
            #code
            #b.end_block(#open)
        })
    }
}

/// What a block leaves on the stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    Nothing,
    Value,
    Truth,
    Number,
    /// Whatever there is.
    Any,
}
