//! What an op is: the function as it was written, and its parameters by class.
//!
//! Bodies are not parsed: the compiler does that, and a body that is still being typed must not
//! keep the op from being known.

use crate::class::{Class, Param, is_builtin, read_param};
use crate::errors::Errors;
use crate::inline::Translation;
use crate::parse::OpOptions;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, FnArg, Ident, Path, ReturnType, Signature, Token, Type, Visibility, parse_quote,
};

/// A function with its body as tokens.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: TokenTree,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Function {
    /// Whether a function follows, its attributes already read.
    pub(crate) fn follows(input: ParseStream<'_>) -> bool {
        let ahead = input.fork();
        if ahead.parse::<Visibility>().is_err() {
            return false;
        }
        while !ahead.peek(Token![fn]) {
            let qualifier = ahead.peek(Token![const])
                || ahead.peek(Token![async])
                || ahead.peek(Token![unsafe])
                || ahead.peek(Token![extern])
                || ahead.peek(syn::LitStr);
            if !qualifier || ahead.parse::<TokenTree>().is_err() {
                return false;
            }
        }
        true
    }

    pub(crate) fn has_body(&self) -> bool {
        matches!(&self.body, TokenTree::Group(_))
    }

    /// The attributes that hold for all that is generated: `cfg`.
    pub(crate) fn cfgs(&self) -> Vec<&Attribute> {
        self.attrs
            .iter()
            .filter(|attr| attr.path().is_ident("cfg"))
            .collect()
    }

    /// Those of the attributes that also fit a type.
    pub(crate) fn for_type(&self) -> Vec<&Attribute> {
        let fits = |attr: &&Attribute| {
            ["cfg", "doc", "deprecated"]
                .iter()
                .any(|name| attr.path().is_ident(name))
        };
        self.attrs.iter().filter(fits).collect()
    }

    /// The function as a promise.
    pub(crate) fn without_body(&self) -> Self {
        let mut attrs = self.attrs.clone();
        attrs.push(parse_quote!(#[allow(unused)]));
        Self {
            attrs,
            vis: self.vis.clone(),
            sig: self.sig.clone(),
            body: Group::new(Delimiter::Brace, quote!(::core::unimplemented!())).into(),
        }
    }

    /// The return type, `None` for `()`.
    pub(crate) fn output(&self) -> Option<&Type> {
        match &self.sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(ty),
        }
    }
}

/// The function without the attributes of its parameters that only mean something here.
impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let mut sig = self.sig.clone();
        for input in &mut sig.inputs {
            match input {
                FnArg::Receiver(receiver) => receiver.attrs.clear(),
                FnArg::Typed(param) => param.attrs.retain(is_builtin),
            }
        }
        tokens.append_all(&self.attrs);
        self.vis.to_tokens(tokens);
        sig.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

pub(crate) struct Op {
    pub(crate) function: Function,
    pub(crate) options: OpOptions,
    pub(crate) params: Vec<Param>,
    /// Its name in the language, prefix included.
    pub(crate) name: String,
    /// What its body has become, under `inline`.
    pub(crate) inline: Option<Translation>,
}

impl Op {
    /// Reads a function. Parameters with errors are left out.
    pub(crate) fn read(
        function: Function,
        options: OpOptions,
        prefix: Option<&str>,
        errors: &mut Errors,
    ) -> Self {
        let mut params = Vec::new();
        for input in &function.sig.inputs {
            match input {
                FnArg::Receiver(receiver) => errors.at(
                    receiver,
                    "an op is a free function: take the host as `host: &mut Host`, an operand by a name of its own",
                ),
                FnArg::Typed(param) => params.extend(read_param(param, errors)),
            }
        }
        let own = match &options.name {
            Some(name) => name.value(),
            None => function.sig.ident.unraw().to_string(),
        };
        let name = match prefix {
            Some(prefix) => format!("{prefix}.{own}"),
            None => own,
        };
        Self {
            function,
            options,
            params,
            name,
            inline: None,
        }
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.function.sig.ident
    }

    pub(crate) fn of(&self, class: fn(Class) -> bool) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(move |param| class(param.class))
    }

    /// What stands in the bytecode, but for the count of the rest.
    pub(crate) fn immediates(&self) -> impl Iterator<Item = &Param> {
        self.of(|class| matches!(class, Class::Immediate | Class::Slot))
    }

    pub(crate) fn inputs(&self) -> impl Iterator<Item = (&Param, bool)> {
        self.params.iter().filter_map(|param| match param.class {
            Class::Input { coerce } => Some((param, coerce)),
            _ => None,
        })
    }

    pub(crate) fn rest(&self) -> Option<&Param> {
        self.of(|class| class == Class::Rest).next()
    }

    pub(crate) fn callee(&self) -> Option<&Param> {
        self.of(|class| class == Class::Callee).next()
    }

    pub(crate) fn cache(&self) -> Option<&Param> {
        self.of(|class| class == Class::Cache).next()
    }

    pub(crate) fn ctx(&self) -> Option<&Param> {
        self.of(|class| class == Class::Ctx).next()
    }
}

/// Takes `#[ext_op…]` out of the attributes of an item.
pub(crate) fn take_ext_op(attrs: &mut Vec<Attribute>) -> Option<Attribute> {
    let at = attrs.iter().position(|attr| is_ext_op(attr.path()))?;
    Some(attrs.remove(at))
}

fn is_ext_op(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|last| last.ident == "ext_op")
}
