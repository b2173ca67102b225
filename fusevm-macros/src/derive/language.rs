//! `#[derive(Language)]`.

use super::{concrete, options, with_errors};
use crate::errors::{Errors, unknown};
use crate::parse::{flag, krate, path, value};
use crate::tokens::{respan, span};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{DeriveInput, LitStr, Path, Token, Type};

const OPTIONS: &[&str] = &[
    "name",
    "host",
    "ops",
    "operators",
    "linked",
    "coerce",
    "overflow",
    "zero_div",
    "unset",
    "operands",
    "crate",
];

const ZERO_DIV: &[&str] = &["undef", "trap", "float"];
const UNSET: &[&str] = &["undef", "trap", "strict"];
const OPERANDS: &[&str] = &["coerce", "strict"];

#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    host: Option<Type>,
    sets: Vec<Path>,
    operators: Vec<(Ident, Path)>,
    linked: Option<Ident>,
    coerce: Option<Ident>,
    overflow: Option<Ident>,
    zero_div: Option<Ident>,
    unset: Option<Ident>,
    operands: Option<Ident>,
    krate: Option<Path>,
}

impl Options {
    fn read(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut it = Self::default();
        options(input, "language", OPTIONS, errors, |key, input, errors| {
            match key.unraw().to_string().as_str() {
                "name" => it.name = Some(value(key, input)?),
                "host" => it.host = Some(value(key, input)?),
                "ops" => it.sets = sets(key, input)?,
                "operators" => it.operators = operators(key, input)?,
                "linked" => it.linked = Some(flag(key, input)?),
                "coerce" => it.coerce = Some(flag(key, input)?),
                "overflow" => it.overflow = word(key, input, &["wrap", "trap", "promote"], errors)?,
                "zero_div" => it.zero_div = word(key, input, ZERO_DIV, errors)?,
                "unset" => it.unset = word(key, input, UNSET, errors)?,
                "operands" => it.operands = word(key, input, OPERANDS, errors)?,
                _ => it.krate = Some(path(key, input)?),
            }
            Ok(())
        });
        if let Some(name) = it
            .name
            .as_ref()
            .filter(|name| name.value().trim().is_empty())
        {
            errors.at(name, "the name of a language cannot be empty");
        }
        it
    }

    /// The numeric policy; what is not said is as in a VM without a language.
    fn policy(&self, k: &TokenStream) -> TokenStream {
        let variant = |word: &Option<Ident>, unsaid: &str| {
            let (text, span) = match word {
                Some(word) => (word.to_string(), word.span()),
                None => (unsaid.to_owned(), Span::call_site()),
            };
            let (first, rest) = text.split_at(1);
            Ident::new(&format!("{}{rest}", first.to_uppercase()), span)
        };
        let overflow = variant(&self.overflow, "wrap");
        let zero_div = variant(&self.zero_div, "undef");
        let unset = variant(&self.unset, "undef");
        let operands = variant(&self.operands, "coerce");
        quote! {
            #k::Policy {
                overflow: #k::Overflow::#overflow,
                zero_div: #k::ZeroDiv::#zero_div,
                unset: #k::Unset::#unset,
                operands: #k::Operands::#operands,
            }
        }
    }
}

/// `ops(path, …)`.
fn sets(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Path>> {
    if !input.peek(syn::token::Paren) {
        let text = "op sets are listed in parentheses: `ops(ops::OPS, …)`";
        return Err(syn::Error::new(key.span(), text));
    }
    let inner;
    syn::parenthesized!(inner in input);
    let paths =
        Punctuated::<Path, Token![,]>::parse_terminated_with(&inner, Path::parse_mod_style)?;
    Ok(paths.into_iter().collect())
}

/// `operators(Add = path, …)`.
fn operators(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<(Ident, Path)>> {
    if !input.peek(syn::token::Paren) {
        let text = "operators are listed in parentheses: `operators(Add = ops::add, …)`";
        return Err(syn::Error::new(key.span(), text));
    }
    let inner;
    syn::parenthesized!(inner in input);
    let one = |input: ParseStream<'_>| {
        let op: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok((op, Path::parse_mod_style(input)?))
    };
    let all = Punctuated::<_, Token![,]>::parse_terminated_with(&inner, one)?;
    Ok(all.into_iter().collect())
}

/// One of a few words.
fn word(
    key: &Ident,
    input: ParseStream<'_>,
    known: &[&str],
    errors: &mut Errors,
) -> syn::Result<Option<Ident>> {
    let word: Ident = value(key, input)?;
    let text = word.to_string();
    if known.contains(&text.as_str()) {
        return Ok(Some(word));
    }
    errors.at(&word, unknown(&format!("`{key}`"), &text, known));
    Ok(None)
}

pub(crate) fn language(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::read(input, &mut errors);
    if !concrete(
        input,
        "ops, tables and chunks belong to one language",
        &mut errors,
    ) {
        return errors.render();
    }
    let k = krate(options.krate.as_ref());
    let ident = &input.ident;
    let name = match &options.name {
        Some(name) => name.value(),
        None => ident.unraw().to_string().to_lowercase(),
    };
    let host = options
        .host
        .as_ref()
        .map_or_else(|| quote!(()), |host| host.to_token_stream());
    let (policy, coerce) = (options.policy(&k), options.coerce.is_some());
    let context = options.host.as_ref().map(|host| {
        quote! {
            #[automatically_derived]
            impl #k::Context<#ident> for #host {
                fn take<'a>(call: &mut #k::Call<'a>) -> ::core::option::Option<&'a mut Self> {
                    call.host::<Self>()
                }
            }
        }
    });
    let rows = options
        .sets
        .iter()
        .map(|set| quote!(<#set as #k::OpSet<#ident>>::TABLE));
    let linked = match &options.linked {
        Some(_) => quote!(#k::linked_ops::<Self>()),
        None => quote!(::std::vec::Vec::new()),
    };
    let distinct = options.sets.first().map(|first| {
        let check = quote!(const _: () = #k::assert_distinct(#name, __FUSEVM_SETS););
        respan(check, span(first))
    });
    let operators = options
        .operators
        .iter()
        .map(|(op, path)| quote!((#k::Opcode::#op, <#path as #k::ExtOp<#ident>>::DESC)));
    let fitting = options.operators.iter().enumerate().map(|(at, (_, path))| {
        let check = quote!(const _: () = #k::assert_operator(&__FUSEVM_OPERATORS[#at]););
        respan(check, span(path))
    });
    let code = quote! {
        const _: () = {
            const __FUSEVM_SETS: &[&[&#k::OpDesc]] = &[#(#rows),*];
            const __FUSEVM_OPERATORS: &[(#k::Opcode, &#k::OpDesc)] = &[#(#operators),*];
            #distinct
            #(#fitting)*
            #[automatically_derived]
            impl #k::Language for #ident {
                type Host = #host;
                const NAME: &'static ::core::primitive::str = #name;
                const POLICY: #k::Policy = #policy;
                const COERCE: ::core::primitive::bool = #coerce;
                const OPERATORS: &'static [(#k::Opcode, &'static #k::OpDesc)] = __FUSEVM_OPERATORS;
                fn table() -> &'static #k::OpTable {
                    static TABLE: ::std::sync::OnceLock<#k::OpTable> = ::std::sync::OnceLock::new();
                    TABLE.get_or_init(|| #k::OpTable::of_language::<Self>(__FUSEVM_SETS, #linked))
                }
                fn trace_host(host: &#host, tracer: &mut #k::Tracer<'_>) {
                    #[allow(unused_imports)]
                    use #k::Untraced as _;
                    #k::HostOf(host).trace(tracer);
                }
            }
            #context
        };
    };
    with_errors(code, &errors)
}
