//! Imports as text: `hypot v1 (Float, Float) -> Float`.

use super::token::{Cursor, Result, Token, is_word, name, quoted};
use crate::ext::{ImmTag, Import, Signature};
use crate::value::Str;
use std::borrow::Cow;

/// An import as text. The signature reads like its `Display`, with types quoted that are no words.
pub(super) fn import(import: &Import) -> String {
    let signature = &import.signature;
    let mut inputs = String::new();
    let mut input = |text: &str| {
        if !inputs.is_empty() {
            inputs.push_str(", ");
        }
        inputs.push_str(text);
    };
    for tag in &signature.immediates {
        match tag {
            ImmTag::Enum(variants) => input(&format!("imm enum {variants}")),
            other => input(&format!("imm {}", other.name())),
        }
    }
    for text in &signature.inputs {
        input(&ty(text));
    }
    if signature.variadic {
        input("..");
    }
    let (op, version) = (name(import.name.as_str()), import.version);
    let outputs = types(&signature.outputs);
    let falls = format!("{op} v{version} ({inputs}) -> {outputs}");
    match &signature.jumps {
        Some(jumps) => format!("{falls} | {}", types(jumps)),
        None => falls,
    }
}

fn types(types: &[Str]) -> String {
    match types {
        [one] => ty(one).into_owned(),
        all => {
            let all: Vec<_> = all.iter().map(ty).collect();
            format!("({})", all.join(", "))
        }
    }
}

fn ty(text: &Str) -> Cow<'_, str> {
    let text = text.as_str();
    match text.strip_suffix('?').unwrap_or(text) {
        word if is_word(word) && text != "imm" => Cow::Borrowed(text),
        _ => Cow::Owned(quoted(text)),
    }
}

/// Reads what [`import`] writes.
pub(super) fn read_import(c: &mut Cursor<'_>) -> Result<Import> {
    let name = Str::from(c.name("the name of an ext op")?);
    let version = match *c.peek() {
        Token::Word(word) => word
            .strip_prefix('v')
            .and_then(|digits| digits.parse().ok()),
        _ => None,
    };
    let Some(version) = version else {
        return c.expected("a version like `v1`");
    };
    c.take()?;
    let signature = read_signature(c)?;
    Ok(Import {
        name,
        version,
        signature,
    })
}

fn read_signature(c: &mut Cursor<'_>) -> Result<Signature> {
    let mut signature = Signature::default();
    c.need("(")?;
    let mut more = !c.eat(")")?;
    while more {
        if *c.peek() == Token::Word("imm") {
            c.take()?;
            signature.immediates.push(read_tag(c)?);
        } else if c.eat("..")? {
            signature.variadic = true;
            c.need(")")?;
            break;
        } else {
            signature.inputs.push(read_type(c)?);
        }
        more = c.eat(",")?;
        if !more && !c.eat(")")? {
            return c.expected("`,` or `)`");
        }
    }
    c.need("->")?;
    signature.outputs = read_types(c)?;
    if c.eat("|")? {
        signature.jumps = Some(read_types(c)?);
    }
    Ok(signature)
}

fn read_tag(c: &mut Cursor<'_>) -> Result<ImmTag> {
    let mark = c.mark();
    let word = c.word("what the immediate is, like `i32` or `label`")?;
    match ImmTag::ALL.into_iter().find(|tag| tag.name() == word) {
        Some(ImmTag::Enum(_)) => Ok(ImmTag::Enum(c.unsigned("the number of variants")?)),
        Some(tag) => Ok(tag),
        None => {
            let all: Vec<_> = ImmTag::ALL.iter().map(|tag| tag.name()).collect();
            let all = all.join("`, `");
            Err(mark.error(format!("expected one of `{all}`, found `{word}`")))
        }
    }
}

fn read_types(c: &mut Cursor<'_>) -> Result<Vec<Str>> {
    if !c.eat("(")? {
        return Ok(vec![read_type(c)?]);
    }
    let mut types = Vec::new();
    let mut more = !c.eat(")")?;
    while more {
        types.push(read_type(c)?);
        more = c.eat(",")?;
        if !more && !c.eat(")")? {
            return c.expected("`,` or `)`");
        }
    }
    Ok(types)
}

fn read_type(c: &mut Cursor<'_>) -> Result<Str> {
    let bare = matches!(c.peek(), Token::Word(_));
    let mut ty = Str::from(c.name("a type")?);
    if bare && c.eat("?")? {
        ty.push('?');
    }
    Ok(ty)
}
