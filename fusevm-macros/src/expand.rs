//! From the model to code. Nothing fails here: whatever could be wrong was reported before, or is
//! left to rustc with the tokens of the user, so that its message points at them.
//!
//! All paths are absolute, locals are hygienic, and nothing is `unsafe`: an expansion means the same
//! in every module, edition and prelude.

use crate::class::{Class, Param, with_lifetime};
use crate::inline::expand as inline;
use crate::model::Op;
use crate::prove::{checks, id};
use crate::tokens::{doc, local, option, referent, respan, span};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Expr, ExprLit, Lifetime, Lit, Path, Type};

/// What the generated code is for.
pub(crate) struct Target<'a> {
    /// Where all generated paths start.
    pub(crate) krate: TokenStream,
    /// `None`: for every language.
    pub(crate) language: Option<&'a Path>,
}

impl Target<'_> {
    /// Generics of an impl.
    fn generics(&self) -> TokenStream {
        let k = &self.krate;
        match self.language {
            Some(_) => TokenStream::new(),
            None => quote!(<AnyLanguage: #k::Language>),
        }
    }

    /// The language inside of such an impl.
    fn language(&self) -> TokenStream {
        match self.language {
            Some(path) => path.to_token_stream(),
            None => quote!(AnyLanguage),
        }
    }

    /// A language to evaluate checks with.
    pub(crate) fn sample(&self) -> TokenStream {
        match self.language {
            Some(path) => path.to_token_stream(),
            None => quote!(()),
        }
    }
}

pub(crate) fn lifetime(name: &str) -> Lifetime {
    Lifetime::new(name, Span::mixed_site())
}

/// The type where it stands in a declaration.
fn fixed(ty: &Type) -> Type {
    with_lifetime(ty, &lifetime("'static"))
}

/// The type where it stands in an expression. It is written in the same way each time: of messages
/// that are the same, rustc prints one.
pub(crate) fn inferred(ty: &Type) -> Type {
    with_lifetime(ty, &lifetime("'_"))
}

/// The type of what stands in the bytecode for a parameter.
fn immediate(param: &Param, target: &Target<'_>, written: fn(&Type) -> Type) -> TokenStream {
    let k = &target.krate;
    match param.class {
        Class::Slot => quote!(#k::Slot),
        _ => written(&param.ty).to_token_stream(),
    }
}

/// The type the function returns.
fn output(op: &Op) -> TokenStream {
    match op.function.output() {
        Some(ty) => inferred(ty).to_token_stream(),
        None => quote!(()),
    }
}

/// Generated code stays quiet whatever the lints of the user are: it has the names of the user.
fn quiet() -> TokenStream {
    quote!(#[allow(
        non_camel_case_types, dead_code, deprecated, unreachable_pub, unused_variables, clippy::all
    )])
}

/// The function, its type, its implementation and its checks.
pub(crate) fn op(op: &Op, target: &Target<'_>) -> TokenStream {
    let (function, cfgs, quiet) = (&op.function, op.function.cfgs(), quiet());
    let item = item(op, target);
    let (entry, implementation) = (entry(op, target), implementation(op, target));
    let (checks, id) = (checks(op, target), id(op, target));
    let (quick, native) = (quick(op, target), native(op, target));
    let peek = peek(op, target);
    let inlined = op
        .inline
        .as_ref()
        .map(|it| inline::implementation(op, it, target));
    let test = op.inline.as_ref().map(|it| inline::test(op, it, target));
    // Its numbers have suffixes that are not in the source, and lints look there for how they are written.
    let lenient = op.inline.as_ref().map(
        |_| quote!(#[allow(clippy::unusual_byte_groupings, clippy::inconsistent_digit_grouping)]),
    );
    let equality = equality_test(op, target);
    let (k, ident, sample) = (&target.krate, op.ident(), target.sample());
    quote! {
        #lenient
        #function
        #item
        #(#cfgs)*
        #quiet
        const _: () = {
            // The same in every language, but for what runs it.
            const __FUSEVM_DESC: &#k::OpDesc = <#ident as #k::ExtOp<#sample>>::DESC;
            #entry
            #quick
            #peek
            #native
            #implementation
            #inlined
            #checks
            #id
        };
        #test
        #equality
    }
}

/// The type that stands for the op, with its immediates.
pub(crate) fn item(op: &Op, target: &Target<'_>) -> TokenStream {
    let k = &target.krate;
    let (vis, ident, attrs, quiet) = (
        &op.function.vis,
        op.ident(),
        op.function.for_type(),
        quiet(),
    );
    let doc = match attrs.iter().any(|attr| attr.path().is_ident("doc")) {
        true => None,
        false => Some(format!("The op `{}`.", op.name)),
    };
    let doc = doc.map(|text| quote!(#[doc = #text]));
    let immediates = op.immediates().map(|param| {
        let (name, doc) = (&param.ident, format!("`{}`", param.name()));
        let ty = immediate(param, target, fixed);
        quote!(#[doc = #doc] pub #name: <#ty as #k::Immediate<'static>>::Field)
    });
    let rest = op.rest().map(|param| {
        let (name, doc) = (
            &param.ident,
            format!("Number of values in `{}`.", param.name()),
        );
        quote!(#[doc = #doc] pub #name: ::core::primitive::u8)
    });
    let fields = immediates.chain(rest);
    quote! {
        #(#attrs)*
        #doc
        #quiet
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #ident { #(#fields),* }
    }
}

/// The function that gets the parameters out of a call.
///
/// All inputs come first: contexts, and objects that are written, take from the call what an input
/// after them may have to look at.
fn entry(op: &Op, target: &Target<'_>) -> TokenStream {
    let k = &target.krate;
    let (language, ident) = (target.language(), op.ident());
    let (call, desc, rest) = (local("call"), local("desc"), local("rest"));
    let (mut immediates, mut inputs) = (0usize.., 0usize..);
    let mut lets = TokenStream::new();
    let arguments = op.params.iter().map(|param| {
        let ty = inferred(&param.ty);
        match param.class {
            Class::Immediate => {
                let at = immediates.next();
                quote!(<#ty as #k::Immediate<'_>>::decode(#call.immediate(#desc, #at), #call)?)
            }
            Class::Input { .. } => {
                let input = local(&format!("input{}", inputs.next().unwrap_or(0)));
                lets.extend(quote!(let #input = <#ty as #k::Input<'_>>::operand(#call, #desc)?;));
                quote!(<#ty as #k::Input<'_>>::finish(#input, #call, #desc)?)
            }
            Class::Rest => {
                lets.extend(quote!(let #rest = #call.rest();));
                rest.to_token_stream()
            }
            Class::Ctx => respan(quote!(#call.ctx::<#language>()?), span(&param.ty)),
            // Where the parameter stands, for the case that it is of another type.
            Class::Slot => {
                let at = immediates.next();
                respan(quote!(#call.slot(#desc, #at)?), span(&param.ty))
            }
            Class::Rules => quote!(#call.rules()?),
            Class::Cache => {
                let ty = referent(&ty);
                quote!(<#ty as #k::Memory>::of(#call)?)
            }
            Class::Callee => {
                let callee = local("callee");
                lets.extend(quote!(let #callee = <#ty as #k::Callee<'_>>::take(#call, #desc)?;));
                callee.to_token_stream()
            }
            Class::Context => {
                let ty = referent(&ty);
                quote!(#k::once(<#ty as #k::Context<#language>>::take(#call))?)
            }
        }
    });
    let arguments: Vec<TokenStream> = arguments.collect();
    let (output, run) = (output(op), lifetime("'run"));
    let generic = target
        .language
        .is_none()
        .then(|| quote!(, AnyLanguage: #k::Language));
    let alt = alt(op, target, &call, &desc);
    let result = match &op.inline {
        Some(_) => quote! {
            <#ident as #k::inline::InlineOp>::checked((#(#arguments,)*))
                .map_err(|fault| #k::inline::InlineFault::trap(fault, #desc.name))?
        },
        None => quote!(#ident(#(#arguments),*)),
    };
    quote! {
        fn __fusevm_entry<#run #generic>(
            #call: &mut #k::Call<#run>,
        ) -> ::core::result::Result<#k::Flow, #k::Trap> {
            let #desc = __FUSEVM_DESC;
            #alt
            #lets
            <#output as #k::Returns>::put(#result, #call)
        }
    }
}

/// Kinds of values that the inputs and the result of an op of numbers are; `None` where it is none, or
/// asks for anything beside its inputs.
fn kinds(op: &Op) -> Option<(Vec<Ident>, Ident)> {
    let kind = |ty: &Type| named(ty, &NUMBERS);
    let inputs: Vec<Ident> = (op.params.iter())
        .map(|param| match param.class {
            Class::Input { .. } => kind(&param.ty),
            _other => None,
        })
        .collect::<Option<_>>()?;
    let output = kind(op.function.output()?)?;
    (is_cheap(op) && !inputs.is_empty()).then_some((inputs, output))
}

/// Types of numbers, and kinds of values.
const NUMBERS: [(&str, &str); 3] = [("i64", "Int"), ("f64", "Float"), ("bool", "Bool")];

/// What a type of that name stands for.
fn named(ty: &Type, names: &[(&str, &str)]) -> Option<Ident> {
    let Type::Path(path) = ty else {
        return None;
    };
    let ident = path.path.get_ident()?;
    let (_, kind) = names.iter().find(|(name, _)| ident == name)?;
    Some(local_kind(kind))
}

/// Whether it costs what every op costs.
fn is_cheap(op: &Op) -> bool {
    match &op.options.cost {
        None => true,
        Some(Expr::Lit(ExprLit {
            lit: Lit::Int(cost),
            ..
        })) => cost.base10_parse::<u64>().is_ok_and(|cost| cost <= 1),
        Some(_) => false,
    }
}

fn local_kind(name: &str) -> Ident {
    Ident::new(name, proc_macro2::Span::call_site())
}

/// The function that runs an op of numbers on values, without a call.
fn quick(op: &Op, target: &Target<'_>) -> Option<TokenStream> {
    let (kinds, output) = kinds(op)?;
    let (k, ident, inputs) = (&target.krate, op.ident(), local("inputs"));
    let names: Vec<Ident> = (0..kinds.len())
        .map(|at| local(&format!("input{at}")))
        .collect();
    let result = match &op.inline {
        // Where it fails, the entry says so.
        Some(_) => quote! {
            match <#ident as #k::inline::InlineOp>::checked((#(*#names,)*)) {
                ::core::result::Result::Ok(result) => result,
                ::core::result::Result::Err(_) => return false,
            }
        },
        None => quote!(#ident(#(*#names),*)),
    };
    Some(quote! {
        fn __fusevm_quick(#inputs: &mut [#k::Value]) -> ::core::primitive::bool {
            let [#(#k::Value::#kinds(#names)),*] = #inputs else {
                return false;
            };
            #inputs[0] = #k::Value::#output(#result);
            true
        }
    })
}

/// How each input of an op that only looks at its inputs is taken from a value; `None` where it asks for more, or
/// gives what is no number.
fn peeks(op: &Op) -> Option<(Vec<Ident>, Ident)> {
    if op.options.alt.is_some() || kinds(op).is_some() {
        return None;
    }
    let input = |param: &Param| {
        let Class::Input { .. } = param.class else {
            return None;
        };
        if let Type::Reference(reference) = &param.ty
            && reference.mutability.is_none()
        {
            return named(&reference.elem, &[("Value", "Any"), ("str", "Str")]);
        }
        named(&param.ty, &NUMBERS)
    };
    let inputs: Vec<Ident> = op.params.iter().map(input).collect::<Option<_>>()?;
    let output = named(op.function.output()?, &NUMBERS)?;
    (is_cheap(op) && (1..=3).contains(&inputs.len())).then_some((inputs, output))
}

/// The function that runs an op on values which stay where they are.
fn peek(op: &Op, target: &Target<'_>) -> Option<TokenStream> {
    let (kinds, output) = peeks(op)?;
    let (k, ident, inputs) = (&target.krate, op.ident(), local("inputs"));
    let names: Vec<Ident> = (0..kinds.len())
        .map(|at| local(&format!("input{at}")))
        .collect();
    let (patterns, arguments): (Vec<TokenStream>, Vec<TokenStream>) = (kinds.iter().zip(&names))
        .map(|(kind, name)| match kind.to_string().as_str() {
            // There may be another type of that name.
            "Any" => {
                let any = quote!(&dyn ::core::any::Any);
                (quote!(#name), quote!((*#name as #any).downcast_ref()?))
            }
            "Str" => (quote!(#k::Value::Str(#name)), quote!(#name.as_str())),
            _number => (quote!(#k::Value::#kind(#name)), quote!(*#name)),
        })
        .unzip();
    let result = match &op.inline {
        Some(_) => quote! {
            <#ident as #k::inline::InlineOp>::checked((#(#arguments,)*)).ok()?
        },
        None => quote!(#ident(#(#arguments),*)),
    };
    Some(quote! {
        fn __fusevm_peek(
            #inputs: &[&#k::Value],
        ) -> ::core::option::Option<#k::Value> {
            let [#(#patterns),*] = #inputs else {
                return ::core::option::Option::None;
            };
            ::core::option::Option::Some(#k::Value::#output(#result))
        }
    })
}

/// The test of an op that says it is equality, a function beside it.
fn equality_test(op: &Op, target: &Target<'_>) -> Option<TokenStream> {
    op.options.equality.as_ref()?;
    let (k, ident, cfgs) = (&target.krate, op.ident(), op.function.cfgs());
    let name = format_ident!(
        "__fusevm_equality_{}",
        ident.unraw(),
        span = Span::call_site()
    );
    Some(quote! {
        #(#cfgs)*
        #[cfg(test)]
        #[test]
        #[allow(unnameable_test_items, non_snake_case)]
        fn #name() {
            #k::check_equality(|a, b| #ident(a, b));
        }
    })
}

/// Whether machine code might call the op: it asks for no more than machine code can give it, and its cost is
/// known. Whether it can, the types say.
fn is_callable(op: &Op) -> bool {
    let passes = |param: &Param| match param.class {
        Class::Immediate | Class::Input { .. } => true,
        Class::Context | Class::Cache | Class::Rules | Class::Slot => true,
        Class::Rest | Class::Callee | Class::Ctx => false,
    };
    let is_fixed = match &op.options.cost {
        None => true,
        Some(cost) => matches!(cost, Expr::Lit(lit) if matches!(lit.lit, Lit::Int(_))),
    };
    // A slot is passed like an input.
    let slots = op.of(|class| class == Class::Slot).count();
    let inputs = op.inputs().count() + slots;
    is_fixed && inputs <= 8 && op.params.iter().all(passes)
}

/// What stands for an op that machine code may call.
fn called(target: &Target<'_>) -> TokenStream {
    let language = target.language();
    quote!(__FusevmCalled<#language>)
}

/// What machine code has to know of the op, if its types allow that it is called.
fn native(op: &Op, target: &Target<'_>) -> Option<TokenStream> {
    if !is_callable(op) {
        return None;
    }
    let (k, ident, language) = (&target.krate, op.ident(), target.language());
    let (generics, called) = (target.generics(), called(target));
    let (bits, beside, call) = (local("bits"), local("beside"), local("call"));
    let output = match op.function.output() {
        Some(ty) => fixed(ty).to_token_stream(),
        None => quote!(()),
    };
    let (mut immediates, mut inputs) = (0usize.., 0usize..);
    let (mut names, mut types) = (Vec::new(), Vec::new());
    // Whether it asks for what bits and inputs do not say, and for the heap.
    let (mut asks, mut writes, mut slot) = (Vec::new(), Vec::new(), None);
    let arguments = op.params.iter().map(|param| {
        let ty = inferred(&param.ty);
        match param.class {
            Class::Immediate => {
                let at = immediates.next();
                asks.push(quote!(!<#ty as #k::Immediate<'_>>::PASSED));
                let bits = quote!(__FUSEVM_DESC.immediates[#at].extract(#bits));
                quote!(match #call.as_deref() {
                    ::core::option::Option::Some(#call) => {
                        <#ty as #k::Immediate<'_>>::decode(#bits, #call)?
                    }
                    ::core::option::Option::None => {
                        #k::passed(<#ty as #k::Immediate<'_>>::of_bits(#bits))?
                    }
                })
            }
            Class::Context => {
                let ty = referent(&ty);
                asks.push(quote!(true));
                writes.push(quote!(<#ty as #k::Context<#language>>::IS_HEAP));
                quote!(#k::once(<#ty as #k::Context<#language>>::take(
                    #k::passed(#call.as_deref_mut())?
                ))?)
            }
            Class::Cache => {
                let ty = referent(&ty);
                asks.push(quote!(true));
                quote!(<#ty as #k::Memory>::of(#k::passed(#call.as_deref_mut())?)?)
            }
            Class::Rules => {
                asks.push(quote!(true));
                quote!(#k::passed(#call.as_deref_mut())?.rules()?)
            }
            _passed => {
                let name = local(&format!("input{}", inputs.next().unwrap_or(0)));
                names.push(name.clone());
                if param.class == Class::Slot {
                    slot = immediates.next().and_then(|at| u8::try_from(at).ok());
                    types.push(quote!(#k::InSlot));
                    // With the words of the interpreter's entry, so that what is wrong is said once.
                    return respan(quote!(#k::in_slot(#name)?), span(&param.ty));
                }
                types.push(fixed(&param.ty).to_token_stream());
                name.to_token_stream()
            }
        }
    });
    let arguments: Vec<TokenStream> = arguments.collect();
    let result = match &op.inline {
        // Where it fails it does so as the entry of the interpreter says.
        Some(_) => quote! {
            <#ident as #k::inline::InlineOp>::checked((#(#arguments,)*)).map_err(|fault| {
                #k::Failure::from(#k::inline::InlineFault::trap(fault, __FUSEVM_DESC.name))
            })
        },
        None => quote!(::core::result::Result::Ok(#ident(#(#arguments),*))),
    };
    let has_immediates = op.immediates().next().is_some();
    let (boolean, slot) = (quote!(::core::primitive::bool), option(slot));
    Some(quote! {
        // Not for the op's own type: that may be public, and types of inputs need not be.
        struct __FusevmCalled<Language>(::core::marker::PhantomData<Language>);
        #[automatically_derived]
        impl #generics #k::CalledOp for #called {
            type Inputs = (#(#types,)*);
            type Output = #output;
            const IMMEDIATES: #boolean = #has_immediates;
            const ASKS: #boolean = false #(|| #asks)*;
            const WRITES: #boolean = false #(|| #writes)*;
            const SLOT: ::core::option::Option<::core::primitive::u8> = #slot;
            #[inline(always)]
            fn call(
                #bits: ::core::primitive::u64,
                (#(#names,)*): Self::Inputs,
                #beside: #k::Beside<'_>,
            ) -> ::core::result::Result<#output, #k::Failure> {
                #[allow(unused_mut)]
                let mut #call = #beside;
                #result
            }
        }
    })
}

/// The way to the op that is tried when the inputs are of other kinds.
fn alt(op: &Op, target: &Target<'_>, call: &Ident, desc: &Ident) -> Option<TokenStream> {
    let (k, language, alt) = (&target.krate, target.language(), op.options.alt.as_ref()?);
    let fits = op.inputs().enumerate().map(|(at, (param, _))| {
        let ty = inferred(&param.ty);
        quote!(<#ty as #k::Input<'_>>::fits(#call, #desc, #at))
    });
    Some(quote! {
        if !(true #(&& #fits)*) {
            return (<#alt as #k::ExtOp<#language>>::DESC.entry)(#call);
        }
    })
}

fn implementation(op: &Op, target: &Target<'_>) -> TokenStream {
    let k = &target.krate;
    let (generics, language, ident) = (target.generics(), target.language(), op.ident());
    let desc = desc(op, target);
    let pool = local("pool");
    let shift = |at: usize| quote!(__FUSEVM_DESC.immediates[#at].shift);
    let immediates = op.immediates().enumerate().map(|(at, param)| {
        let (name, ty, shift) = (&param.ident, immediate(param, target, inferred), shift(at));
        quote!(| (<#ty as #k::Immediate<'_>>::encode(self.#name, #pool) << #shift))
    });
    let rest = op.rest().map(|param| {
        let (name, shift) = (&param.ident, shift(op.immediates().count()));
        quote!(| (<::core::primitive::u64 as ::core::convert::From<_>>::from(self.#name) << #shift))
    });
    let bits = immediates.chain(rest);
    quote! {
        #[automatically_derived]
        impl #generics #k::ExtOp<#language> for #ident {
            const DESC: &'static #k::OpDesc = &#desc;
            fn encode(self, #pool: &mut dyn #k::ImmediatePool) -> ::core::primitive::u64 {
                0 #(#bits)*
            }
        }
    }
}

/// The constant that describes the op.
fn desc(op: &Op, target: &Target<'_>) -> TokenStream {
    let (k, name, options) = (&target.krate, &op.name, &op.options);
    let (language, output) = (target.language(), output(op));
    let alt_desc = options
        .alt
        .as_ref()
        .map(|alt| quote!(<#alt as #k::ExtOp<#language>>::DESC));
    let immediates = op.immediates().map(|param| {
        let (name, ty) = (param.name(), immediate(param, target, inferred));
        quote!(#k::ImmDesc::new(#name, <#ty as #k::Immediate<'_>>::KIND))
    });
    let count = op.rest().map(|param| {
        let name = param.name();
        quote!(#k::ImmDesc::new(#name, #k::ImmKind::Count))
    });
    let immediates = immediates.chain(count);
    let inputs = op.inputs().enumerate().map(|(at, (param, coerce))| {
        let (name, ty) = (param.name(), inferred(&param.ty));
        let or = alt_desc.as_ref().map(|alt| quote!(.or(#alt, #at)));
        quote!(<#ty as #k::Input<'_>>::DESC.named(#name, #coerce) #or)
    });
    let rest = option(op.rest().map(|param| param.name()));
    let callee = option(op.callee().map(|param| {
        let (name, ty) = (param.name(), inferred(&param.ty));
        quote!(<#ty as #k::Callee<'_>>::DESC.named(#name))
    }));
    let callee = match &alt_desc {
        Some(alt) => quote!(#k::CalleeDesc::or(#callee, #alt)),
        None => callee,
    };
    let cache = op.cache().is_some();
    let or_cache = alt_desc.as_ref().map(|alt| quote!(|| #alt.cache));
    let or = alt_desc.as_ref().map(|alt| quote!(.or(#alt)));
    let alt = option(alt_desc.as_ref().map(|alt| quote!(#alt.name)));
    let id = option(options.id.as_ref().map(|(_, id)| id));
    let cost = match &options.cost {
        None => quote!(#k::Cost::Fixed(1)),
        Some(cost @ Expr::Lit(lit)) if matches!(lit.lit, Lit::Int(_)) => {
            quote!(#k::Cost::Fixed(#cost))
        }
        Some(cost) => quote!(#k::Cost::Of(#cost)),
    };
    let (doc, was, version) = (
        doc(&op.function.attrs),
        &options.was,
        options.version.unwrap_or(1),
    );
    let pure = options.pure.is_some() || op.inline.is_some();
    let equality = options.equality.is_some();
    let calls_back = op.ctx().is_some();
    let fails = op
        .inline
        .as_ref()
        .map(|_| quote!(.failing(__FUSEVM_INLINE)));
    let inline = option(op.inline.as_ref().map(|_| quote!(__FUSEVM_INLINE)));
    let generic = target.language.is_none().then(|| quote!(::<AnyLanguage>));
    let quick = option(kinds(op).map(|_| quote!(__fusevm_quick)));
    let peek = option(peeks(op).map(|_| quote!(__fusevm_peek)));
    let called = called(target);
    let native = match is_callable(op) {
        true => quote!({
            #[allow(unused_imports)]
            use #k::NotCalled as _;
            #k::Probe::<#called>::CALLED
        }),
        false => quote!(::core::option::Option::None),
    };
    let place = quote_spanned!(op.ident().span()=> file: ::core::file!(), line: ::core::line!());
    quote! {
        #k::OpDesc {
            name: #name,
            doc: #doc,
            version: #version,
            was: &[#(#was),*],
            id: #id,
            immediates: &#k::pack([#(#immediates),*]),
            inputs: &[#(#inputs),*],
            rest: #rest,
            callee: #callee,
            cache: #cache #or_cache,
            outputs: <#output as #k::Returns>::OUTPUTS #fails #or,
            pure: #pure,
            equality: #equality,
            calls_back: #calls_back,
            cost: #cost,
            alt: #alt,
            #place,
            entry: __fusevm_entry #generic,
            quick: #quick,
            peek: #peek,
            called: #native,
            inline: #inline,
        }
    }
}

/// An implementation without content, for an op with errors.
pub(crate) fn stub(op: &Op, target: &Target<'_>) -> TokenStream {
    let (k, ident, cfgs) = (&target.krate, op.ident(), op.function.cfgs());
    let (generics, language) = (target.generics(), target.language());
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #generics #k::ExtOp<#language> for #ident {
            const DESC: &'static #k::OpDesc = #k::STUB;
            fn encode(self, _: &mut dyn #k::ImmediatePool) -> ::core::primitive::u64 {
                0
            }
        }
    }
}

/// A set that has these ops, as an implementation for the type `set`.
pub(crate) fn table(set: &Ident, ops: &[&Op], target: &Target<'_>) -> TokenStream {
    let k = &target.krate;
    let (generics, language) = (target.generics(), target.language());
    let rows = ops.iter().map(|op| {
        let (ident, cfgs) = (op.ident(), op.function.cfgs());
        quote!(#(#cfgs)* <#ident as #k::ExtOp<#language>>::DESC)
    });
    quote! {
        #[automatically_derived]
        impl #generics #k::OpSet<#language> for #set {
            const TABLE: &'static [&'static #k::OpDesc] = &[#(#rows),*];
        }
    }
}

/// Submits a set to be found at link time.
pub(crate) fn submit(set: &Ident, target: &Target<'_>) -> TokenStream {
    let (k, language) = (&target.krate, target.language());
    quote! {
        #k::inventory::submit! {
            #k::LinkedSet {
                language: ::core::any::TypeId::of::<#language>,
                table: <#set as #k::OpSet<#language>>::TABLE,
            }
        }
    }
}
