//! Parameters by class: how each gets to the function follows from its shape and its attributes, and
//! what it may be from the traits of its type, which rustc knows and not this crate.

use crate::errors::{Errors, unknown};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Ident, Lifetime, Pat, PatType, Type};

/// How a parameter is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Immediate,
    Input {
        coerce: bool,
    },
    Rest,
    /// A slot of the caller's frame, an immediate at the same time.
    Slot,
    /// The memory of the place where the op stands.
    Cache,
    /// The value through which the running frame was called.
    Callee,
    Context,
    Rules,
    Ctx,
}

pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) class: Class,
}

impl Param {
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

const PARAM_ATTRIBUTES: &[&str] = &["imm", "coerce", "slot", "cache", "callee"];

pub(crate) fn is_builtin(attr: &Attribute) -> bool {
    let names = [
        "allow", "warn", "deny", "forbid", "expect", "cfg", "cfg_attr",
    ];
    names.iter().any(|name| attr.path().is_ident(name))
}

/// The attributes of a parameter that count here.
#[derive(Default)]
struct Marks<'a> {
    imm: Option<&'a Attribute>,
    coerce: Option<&'a Attribute>,
    slot: Option<&'a Attribute>,
    cache: Option<&'a Attribute>,
    callee: Option<&'a Attribute>,
}

fn read_marks<'a>(param: &'a PatType, errors: &mut Errors) -> Marks<'a> {
    let mut marks = Marks::default();
    for attr in &param.attrs {
        let path = attr.path();
        let place = match path.get_ident().map(Ident::to_string).as_deref() {
            Some("imm") => &mut marks.imm,
            Some("coerce") => &mut marks.coerce,
            Some("slot") => &mut marks.slot,
            Some("cache") => &mut marks.cache,
            Some("callee") => &mut marks.callee,
            Some("cfg" | "cfg_attr") => {
                errors.at(
                    attr,
                    "put `cfg` on the op: its parameters are the same in every build",
                );
                continue;
            }
            _ if is_builtin(attr) => continue,
            _ => {
                let word = path.to_token_stream().to_string().replace(' ', "");
                errors.at(
                    attr,
                    unknown("parameter attribute", &word, PARAM_ATTRIBUTES),
                );
                continue;
            }
        };
        if place.replace(attr).is_some() {
            errors.at(attr, "this attribute stands twice: remove one");
        } else if let Err(error) = attr.meta.require_path_only() {
            errors.push(error);
        }
    }
    marks
}

pub(crate) fn read_param(param: &PatType, errors: &mut Errors) -> Option<Param> {
    let marks = read_marks(param, errors);
    let ident = match &*param.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(pat.ident.clone()),
        Pat::Wild(_) => {
            errors.at(
                &param.pat,
                "a parameter of an op needs a name: write `_name`",
            );
            None
        }
        _ => {
            errors.at(
                &param.pat,
                "a parameter of an op is a plain name: take it apart in the body",
            );
            None
        }
    };
    let class = classify(&param.ty, &marks, errors);
    Some(Param {
        ident: ident?,
        ty: (*param.ty).clone(),
        class: class?,
    })
}

fn classify(ty: &Type, marks: &Marks<'_>, errors: &mut Errors) -> Option<Class> {
    let class = match bare(ty) {
        Type::ImplTrait(_) => {
            errors.at(
                ty,
                "an op has one type for each parameter: name it instead of `impl …`",
            );
            return None;
        }
        Type::Reference(reference) => match by_value(&reference.elem) {
            Some(instead) => {
                errors.at(ty, format!("take it by value: `{instead}`"));
                return None;
            }
            None if reference.mutability.is_some() => match (marks.slot, marks.cache) {
                (Some(_), _) => Class::Slot,
                (None, Some(_)) => Class::Cache,
                (None, None) => Class::Context,
            },
            None if marks.callee.is_some() => Class::Callee,
            None if marks.imm.is_some() => Class::Immediate,
            None => Class::Input {
                coerce: marks.coerce.is_some(),
            },
        },
        ty if ends_in(ty, "Rest") => Class::Rest,
        ty if ends_in(ty, "Ctx") => Class::Ctx,
        ty if ends_in(ty, "Rules") => Class::Rules,
        _ if marks.callee.is_some() => Class::Callee,
        _ if marks.imm.is_some() => Class::Immediate,
        _ => Class::Input {
            coerce: marks.coerce.is_some(),
        },
    };
    if class == Class::Immediate
        && let Some(why) = no_immediate(bare(ty))
    {
        errors.at(ty, why);
        return None;
    }
    if let (Class::Immediate | Class::Input { .. }, Type::Reference(reference)) = (class, bare(ty))
        && let Some(lifetime) = reference
            .lifetime
            .as_ref()
            .filter(|it| it.ident == "static")
    {
        errors.at(
            lifetime,
            "a parameter lives while the op runs: leave the lifetime out",
        );
        return None;
    }
    misplaced(class, marks, errors);
    Some(class)
}

/// Reports attributes that mean nothing on a parameter of that class.
fn misplaced(class: Class, marks: &Marks<'_>, errors: &mut Errors) {
    let (what, wrong) = match class {
        Class::Immediate => ("an immediate is never widened", vec![marks.coerce]),
        Class::Slot => (
            "a slot is an immediate by itself, and never widened",
            vec![marks.imm, marks.coerce],
        ),
        Class::Cache => (
            "the memory of a place stands neither in the bytecode nor on the stack",
            vec![marks.imm, marks.coerce],
        ),
        Class::Callee => (
            "the callee stands neither in the bytecode nor on the stack",
            vec![marks.imm, marks.coerce],
        ),
        Class::Input { .. } => ("", vec![]),
        Class::Rest => (
            "`Rest` comes off the stack, its count is an immediate anyway",
            vec![marks.imm, marks.coerce],
        ),
        Class::Context | Class::Rules | Class::Ctx => (
            "this is a context, which stands neither in the bytecode nor on the stack",
            vec![marks.imm, marks.coerce],
        ),
    };
    for attr in wrong.into_iter().flatten() {
        errors.at(attr, format!("{what}: leave the attribute out"));
    }
    if let Some(attr) = marks.slot.filter(|_| class != Class::Slot) {
        let text = "a slot is written in place, `#[slot] x: &mut Value`: leave the attribute out";
        errors.at(attr, text);
    }
    if let Some(attr) = marks.cache.filter(|_| class != Class::Cache) {
        let text = "the memory of a place is written in place, `#[cache] x: &mut T`: leave the attribute out";
        errors.at(attr, text);
    }
    if let Some(attr) = marks.callee.filter(|_| class != Class::Callee) {
        let text = "the callee is only read, `#[callee] c: &T` or `#[callee] c: Obj<T>`: leave the attribute out";
        errors.at(attr, text);
    }
}

/// What to write instead of a reference to the types that are classes of their own.
fn by_value(ty: &Type) -> Option<&'static str> {
    match ty {
        ty if ends_in(ty, "Ctx") => Some("cx: Ctx<'_, L>"),
        ty if ends_in(ty, "Rest") => Some("args: Rest<'_>"),
        ty if ends_in(ty, "Rules") => Some("rules: Rules<'_>"),
        _ => None,
    }
}

/// Why a primitive type cannot be an immediate. Other types say so themselves, with more words.
fn no_immediate(ty: &Type) -> Option<String> {
    if let Type::Reference(reference) = ty
        && matches!(&*reference.elem, Type::Path(path) if path.path.is_ident("str"))
    {
        return Some(
            "a text in the bytecode is a name: take `Name<'_>` instead of `&str`".to_owned(),
        );
    }
    let Type::Path(path) = ty else { return None };
    let name = path.path.get_ident()?.to_string();
    match name.as_str() {
        "i64" | "u64" | "i128" | "u128" | "isize" | "usize" => Some(format!(
            "an immediate has at most 32 bits: take `i32` or `u32` instead of `{name}`, or pass it on the stack"
        )),
        "i16" | "u16" => Some(format!("`{name}` is no immediate: take `i32` or `u32`")),
        "f32" | "f64" | "char" | "String" => Some(format!(
            "`{name}` is no immediate: pass it on the stack, where the chunk loads it from its constants"
        )),
        _ => None,
    }
}

/// The type without the parentheses and invisible groups around it.
fn bare(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Paren(inner) => &inner.elem,
            Type::Group(inner) => &inner.elem,
            _ => return ty,
        };
    }
}

fn ends_in(ty: &Type, name: &str) -> bool {
    match bare(ty) {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    }
}

/// The type with `lifetime` in place of all lifetimes that are left out or that the function names.
pub(crate) fn with_lifetime(ty: &Type, lifetime: &Lifetime) -> Type {
    let mut ty = ty.clone();
    Lifetimes(lifetime).visit_type_mut(&mut ty);
    ty
}

struct Lifetimes<'a>(&'a Lifetime);

impl VisitMut for Lifetimes<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            *lifetime = self.0.clone();
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        reference.lifetime.get_or_insert_with(|| self.0.clone());
        visit_mut::visit_type_reference_mut(self, reference);
    }

    // Lifetimes in the signatures of function types are bound there.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(
        &mut self,
        _: &mut syn::ParenthesizedGenericArguments,
    ) {
    }
}
