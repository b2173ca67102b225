//! What can be checked without knowing types, each mistake on its token.

use crate::class::Class;
use crate::errors::Errors;
use crate::model::Op;
use syn::GenericParam;

/// Words that are types or crates in every module; a type of that name would hide them.
const TAKEN: &[&str] = &[
    "bool", "char", "str", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64",
    "u128", "usize", "f16", "f32", "f64", "f128", "core", "alloc", "std", "fusevm",
];

/// Checks one op.
pub(crate) fn op(op: &Op, every_language: bool, errors: &mut Errors) {
    signature(op, errors);
    name(op, errors);
    order(op, errors);
    options(op, every_language, errors);
}

fn signature(op: &Op, errors: &mut Errors) {
    let sig = &op.function.sig;
    if let Some(token) = &sig.asyncness {
        errors.at(token, "an op runs to its end: it cannot be `async`");
    }
    if let syn::Safety::Unsafe(token) = &sig.safety {
        errors.at(
            token,
            "every chunk may use an op with any operands: it cannot be `unsafe`",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, "an op is a plain Rust function: leave `extern` out");
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(variadic, "variadic operands are `args: Rest<'_>`");
    }
    for param in &sig.generics.params {
        match param {
            GenericParam::Lifetime(_) => {}
            GenericParam::Type(_) | GenericParam::Const(_) => errors.at(
                param,
                "an op has one type for each parameter: take `Value` for any kind, or declare an op for each type",
            ),
        }
    }
    if !op.function.has_body() {
        errors.at(&op.function.body, "an op needs a body: `{ … }`");
    }
}

fn name(op: &Op, errors: &mut Errors) {
    let ident = op.ident();
    let text = ident.to_string();
    if TAKEN.contains(&text.as_str()) {
        let what = match text.as_str() {
            "core" | "alloc" | "std" | "fusevm" => "crate",
            _ => "type",
        };
        errors.at(
            ident,
            format!(
                "an op named `{text}` would shadow the {what}: use `fn {text}_` with `name = \"{text}\"`"
            ),
        );
    }
    if text == "OPS" {
        errors.at(
            ident,
            "`OPS` is the name of the set: use another with `name = \"OPS\"`",
        );
    }
    for name in op.options.name.iter().chain(&op.options.was) {
        let text = name.value();
        if text.is_empty() {
            errors.at(name, "the name of an op cannot be empty");
        } else if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            errors.at(name, "the name of an op is one word");
        }
    }
}

fn order(op: &Op, errors: &mut Errors) {
    let mut rest = false;
    for param in &op.params {
        match param.class {
            Class::Rest if rest => {
                errors.at(&param.ty, "an op has one `Rest`: it takes all that is left")
            }
            Class::Rest => rest = true,
            Class::Input { .. } if rest => errors.at(
                &param.ty,
                "this operand stands behind `Rest`, which takes all that is left: move it before",
            ),
            _ => {}
        }
    }
    for param in op.of(|class| class == Class::Slot).skip(1) {
        errors.at(
            &param.ty,
            "an op writes one slot at a time: take the other as `#[imm] x: Slot`",
        );
    }
    for param in op.of(|class| class == Class::Cache).skip(1) {
        errors.at(
            &param.ty,
            "an op has one memory at each place: put both into one type",
        );
    }
    for param in op.of(|class| class == Class::Callee).skip(1) {
        errors.at(&param.ty, "there is one callee: take it once");
    }
    let Some(ctx) = op.ctx() else { return };
    for param in op.of(beside_ctx) {
        let text = match param.class {
            Class::Context => {
                "`Ctx` is the whole VM: beside it, reach this through `cx.host()`, `cx.heap()`, `cx.output()`"
            }
            Class::Callee => "`Ctx` is the whole VM: beside it, the callee is `cx.callee()`",
            Class::Cache => {
                "`Ctx` is the whole VM, and what it calls may come back to this place: look things up in an op without `Ctx`"
            }
            _ => {
                "`Ctx` is the whole VM, and nothing else can be borrowed from it: return the value"
            }
        };
        errors.at(&param.ty, text);
    }
    for other in op.of(|class| class == Class::Ctx).skip(1) {
        errors.at(
            &other.ty,
            format!("`{}` is the whole VM already: take one `Ctx`", ctx.name()),
        );
    }
}

/// Parameters that borrow from the VM, which an op with `Ctx` has as a whole.
fn beside_ctx(class: Class) -> bool {
    use Class::{Cache, Callee, Context, Rules, Slot};
    matches!(class, Context | Slot | Rules | Cache | Callee)
}

fn options(op: &Op, every_language: bool, errors: &mut Errors) {
    let options = &op.options;
    if let Some(pure) = options.pure.as_ref() {
        use Class::{Cache, Callee, Context, Ctx, Slot};
        let reach = |class| matches!(class, Context | Slot | Cache | Callee | Ctx);
        if let Some(param) = op.of(reach).next() {
            errors.at(
                pure,
                format!(
                    "a pure op reaches nothing but its operands: remove `{}` or `pure`",
                    param.name()
                ),
            );
        }
    }
    if !every_language {
        return;
    }
    if let Some((id, _)) = &options.id {
        errors.at(
            id,
            "ids belong to a language: name it, `#[ops(Calc)]`, or leave `id` out",
        );
    }
    if let Some(ctx) = op.ctx() {
        errors.at(
            &ctx.ty,
            "`Ctx` is of one language: name it, `#[ops(Calc)]`, or return `Invoke` to call a value",
        );
    }
}

/// Checks the ops of a set against each other; says for each whether it stays.
///
/// Ops under `cfg` may stand in for each other; of those that are there, rustc says if two are.
pub(crate) fn set(ops: &[Op], errors: &mut Errors) -> Vec<bool> {
    let mut stays = vec![true; ops.len()];
    let always: Vec<usize> = (0..ops.len())
        .filter(|&i| ops[i].function.cfgs().is_empty())
        .collect();
    for (n, &i) in always.iter().enumerate() {
        let op = &ops[i];
        let mut before = always[..n].iter().map(|&j| &ops[j]);
        if let Some(first) = before.clone().find(|first| first.name == op.name) {
            same_name(first, errors);
            same_name(op, errors);
            stays[i] = false;
        }
        let Some((_, id)) = &op.options.id else {
            continue;
        };
        let same = |first: &&Op| first.options.id.as_ref().is_some_and(|(_, n)| n == id);
        if let Some(first) = before.find(same) {
            same_id(first, op, errors);
            same_id(op, first, errors);
            stays[i] = false;
        }
    }
    stays
}

fn same_name(op: &Op, errors: &mut Errors) {
    let text = format!("two ops of this set are named `{}`: rename one", op.name);
    match &op.options.name {
        Some(name) => errors.at(name, text),
        None => errors.at(op.ident(), text),
    }
}

fn same_id(op: &Op, other: &Op, errors: &mut Errors) {
    if let Some((token, id)) = &op.options.id {
        let text = format!(
            "id {id} is asked for twice, here and by `{}`",
            other.ident()
        );
        errors.at(token, text);
    }
}
