//! Operands by kind: what may stand for an operand of a core op, and for an immediate of an ext op.

use super::arg::Arg;
use super::layout::{Layout, Scope};
use crate::errors::{Errors, near};
use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Lit;
use syn::ext::IdentExt;

/// The kinds of `fusevm::OperandKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Float,
    Const,
    Name,
    Function,
    Slot,
    Target,
    Block,
    Count,
    Argc,
    Limit,
    Builtin,
    Ext,
    Packed,
    PackedWide,
    Fd,
    RedirectOp,
    FileTest,
    ParamMod,
}

impl Kind {
    /// What is missing where such an operand is.
    pub(crate) fn wanted(self) -> &'static str {
        match self {
            Kind::Int => "an integer",
            Kind::Float => "a float",
            Kind::Const => "a literal, or `{expr}`",
            Kind::Name => "the name of a global: a word, or a text in quotes",
            Kind::Function => "the name of a function",
            Kind::Slot => "a variable: a parameter, or a name of `let`",
            Kind::Target => "a label: `'name`",
            Kind::Block => "the name of a block, or the block itself: `Op { … }`",
            Kind::Count | Kind::Argc => "the number of values it takes",
            Kind::Limit => "a number of type i32",
            Kind::Builtin => "the id of a builtin",
            Kind::Ext | Kind::Packed | Kind::PackedWide => "an ext op, by its path: `ops::name`",
            Kind::Fd => "a file descriptor",
            Kind::RedirectOp => "a code of `redirect_op`",
            Kind::FileTest => "a code of `file_test`",
            Kind::ParamMod => "a code of `param_mod`",
        }
    }

    /// What stands for it until it is known.
    fn zero(self) -> TokenStream {
        match self {
            Kind::Float => quote!(0.0),
            _ => quote!(0),
        }
    }

    /// Whether the effect of the op depends on it.
    fn counts(self) -> bool {
        matches!(
            self,
            Kind::Count | Kind::Argc | Kind::ParamMod | Kind::Function | Kind::Block
        )
    }
}

/// An operand that was understood.
pub(crate) struct Operand {
    /// Its value in constant code.
    pub(crate) fixed: TokenStream,
    /// Its value when the chunk is built, if that is when it is known.
    pub(crate) later: Option<TokenStream>,
    /// Whether the effect of the op is not known before.
    pub(crate) open: bool,
    /// The label it is.
    pub(crate) label: Option<usize>,
}

impl Operand {
    /// Stands for an operand with an error.
    pub(crate) fn missing(kind: Kind) -> Self {
        Self {
            open: kind.counts(),
            ..Self::from(kind.zero())
        }
    }
}

impl From<TokenStream> for Operand {
    fn from(fixed: TokenStream) -> Self {
        Self {
            fixed,
            later: None,
            open: false,
            label: None,
        }
    }
}

impl Arg {
    pub(crate) fn span(&self) -> Span {
        match self {
            Arg::Label(label) => label.span(),
            Arg::Word(word) => word.span(),
            Arg::Text(text) => text.span(),
            Arg::Bool(value) => value.span(),
            Arg::Path(path) => crate::tokens::span(path),
            Arg::Later(group) => group.span(),
            Arg::Number(tokens) | Arg::Const(tokens) => crate::tokens::span(tokens),
        }
    }
}

/// An operand of a core op.
pub(crate) fn operand(
    kind: Kind,
    arg: &Arg,
    scope: &Scope,
    layout: &mut Layout,
    errors: &mut Errors,
) -> Option<Operand> {
    let k = layout.krate();
    let later = |value: TokenStream, fixed: TokenStream| Operand {
        later: Some(value),
        open: kind.counts(),
        ..Operand::from(fixed)
    };
    let zero = kind.zero();
    let fill = super::expand::filling();
    let found = match (kind, arg) {
        (
            Kind::Target | Kind::Block | Kind::Ext | Kind::Packed | Kind::PackedWide,
            Arg::Later(_),
        ) => None,
        (Kind::Const, Arg::Later(value)) => {
            let value = expression(value);
            Some(later(quote!(#fill.constant(#value)), zero))
        }
        (Kind::Name | Kind::Function, Arg::Later(value)) => {
            let value = expression(value);
            Some(later(quote!(#fill.name(#value)), zero))
        }
        (_, Arg::Later(value)) => Some(later(expression(value), zero)),
        (Kind::Const, arg) => constant(arg, &k).map(|(key, tokens)| {
            let index = layout.constant(key, tokens);
            quote!(#index).into()
        }),
        (Kind::Name, Arg::Word(word)) => {
            let index = layout.name(&word.unraw().to_string());
            Some(quote!(#index).into())
        }
        (Kind::Name, Arg::Text(text)) => {
            let index = layout.name(&text.value());
            Some(quote!(#index).into())
        }
        (Kind::Function, Arg::Word(_) | Arg::Text(_)) => {
            let name = match arg {
                Arg::Text(text) => text.value(),
                Arg::Word(word) => word.unraw().to_string(),
                _ => String::new(),
            };
            layout.check_function(&name, arg.span(), errors)?;
            let index = layout.name(&name);
            Some(quote!(#index).into())
        }
        (Kind::Slot, Arg::Word(word)) => {
            let slot = scope.slot(word, errors)?;
            Some(quote!(#slot).into())
        }
        (Kind::Target, Arg::Label(label)) => Some(Operand {
            label: Some(scope.label(&label.ident, label.span(), errors)?),
            ..Operand::from(quote!(0))
        }),
        (Kind::Block, Arg::Word(word)) => {
            let block = scope.block(word, errors)?;
            Some(quote!(#block).into())
        }
        (Kind::Float, Arg::Number(number)) if !is_float(number) => {
            let digits = number.to_string().replace(' ', "");
            errors.at(number, format!("expected a float: `{digits}.0`"));
            return None;
        }
        (Kind::Target | Kind::Block | Kind::Ext | Kind::Packed | Kind::PackedWide, _)
        | (Kind::Name | Kind::Function, _)
        | (_, Arg::Label(_) | Arg::Text(_) | Arg::Bool(_)) => None,
        (Kind::Slot, Arg::Path(_)) => None,
        (_, Arg::Number(tokens) | Arg::Const(tokens)) => Some(tokens.clone().into()),
        (_, Arg::Word(word)) => Some(word.to_token_stream().into()),
        (_, Arg::Path(path)) => Some(path.to_token_stream().into()),
    };
    if found.is_none() {
        errors.push(syn::Error::new(
            arg.span(),
            format!("expected {}", kind.wanted()),
        ));
    }
    found
}

/// What stands in braces, as an expression: without them where they hold nothing else, since rustc
/// finds fault with braces that it does not need.
pub(crate) fn expression(group: &Group) -> TokenStream {
    if syn::parse2::<syn::Expr>(group.stream()).is_err() {
        return group.to_token_stream();
    }
    let mut bare = Group::new(Delimiter::None, group.stream());
    bare.set_span(group.span());
    bare.to_token_stream()
}

/// A literal as a constant of the pool: what tells it from others, and its tokens.
fn constant(arg: &Arg, k: &TokenStream) -> Option<(String, TokenStream)> {
    Some(match arg {
        Arg::Text(text) => (
            format!("s{}", text.value()),
            quote!(#k::Literal::Str(#text)),
        ),
        Arg::Bool(value) => (
            format!("b{}", value.value),
            quote!(#k::Literal::Bool(#value)),
        ),
        Arg::Number(number) => match is_float(number) {
            false => (format!("i{number}"), quote!(#k::Literal::Int(#number))),
            true => (format!("f{number}"), quote!(#k::Literal::Float(#number))),
        },
        _ => return None,
    })
}

/// Whether a number, sign or not, is a float.
fn is_float(number: &TokenStream) -> bool {
    let trees = number.clone().into_iter();
    let last = trees.last().map(|tree| syn::parse2(tree.into()));
    matches!(last, Some(Ok(Lit::Float(_))))
}

/// What stands for an immediate of an ext op.
pub(crate) struct Immediate {
    /// The constant, a `Given`.
    pub(crate) given: TokenStream,
    /// The value when the chunk is built, if that is when it is known.
    pub(crate) later: Option<TokenStream>,
    pub(crate) label: Option<usize>,
}

/// An immediate of an ext op.
pub(crate) fn immediate(
    arg: &Arg,
    scope: &Scope,
    layout: &mut Layout,
    errors: &mut Errors,
) -> Option<Immediate> {
    let (k, mut later, mut label) = (layout.krate(), None, None);
    let span = arg.span();
    let given = match arg {
        Arg::Label(name) => {
            label = Some(scope.label(&name.ident, name.span(), errors)?);
            quote_spanned!(span=> #k::Given::Label(0))
        }
        Arg::Word(word) => {
            let text = word.unraw().to_string();
            if let Some(slot) = scope.find_slot(&text) {
                quote_spanned!(span=> #k::Given::Local(#slot, #text))
            } else if let Some(block) = scope.find_block(&text) {
                quote_spanned!(span=> #k::Given::Block(#block))
            } else {
                quote_spanned!(span=> #k::Given::Word(#text))
            }
        }
        Arg::Path(path) => {
            let text = path
                .segments
                .last()
                .map(|last| last.ident.unraw().to_string());
            quote_spanned!(span=> #k::Given::Word(#text))
        }
        Arg::Text(text) => quote_spanned!(span=> #k::Given::Text(#text)),
        Arg::Bool(value) => quote_spanned!(span=> #k::Given::Bool(#value)),
        Arg::Number(number) if is_float(number) => quote_spanned!(span=> #k::Given::Other),
        Arg::Number(number) => quote_spanned!(span=> #k::Given::Int(#number)),
        Arg::Const(tokens) => {
            let number = layout.number(tokens);
            quote_spanned!(span=> #k::Given::Int(#number))
        }
        Arg::Later(group) => {
            later = Some(expression(group));
            quote_spanned!(span=> #k::Given::Later)
        }
    };
    Some(Immediate {
        given,
        later,
        label,
    })
}

/// "no `what` `word` here", and which one was probably meant.
pub(crate) fn none_here(what: &str, word: &str, known: &[&str]) -> String {
    match near(word, known) {
        Some(guess) => format!("no {what} `{word}` here; did you mean `{guess}`?"),
        None => format!("no {what} `{word}` here"),
    }
}
