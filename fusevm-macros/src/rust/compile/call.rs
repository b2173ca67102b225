//! Calls of the chunk's functions, and what else looks like a call.

use super::{Walk, Want};
use crate::rust::ast::{Expr, Kind};
use crate::rust::place;
use crate::rust::types::Ty;
use quote::quote;
use syn::Path;

impl Walk<'_> {
    /// Whether what is called is an op: a path, or a name that no function has.
    pub(super) fn is_ext(&self, callee: &Expr) -> bool {
        match &callee.kind {
            Kind::Path(_) => true,
            Kind::Name(name) => self.function(name).is_none(),
            _ => false,
        }
    }

    pub(super) fn call(
        &mut self,
        expr: &Expr,
        callee: &Expr,
        arguments: &[Expr],
        want: Want,
    ) -> Ty {
        let function = match &callee.kind {
            Kind::Name(name) => self.function(name),
            _ => None,
        };
        if let Some(function) = function {
            return self.call_function(expr, function, arguments);
        }
        let instead = match &callee.kind {
            Kind::Name(name) => match (self.guess_function(name), name.to_string().as_str()) {
                (Some(guess), _) => Some(format!(
                    "there is no function `{name}`; did you mean \
                    `{guess}`?"
                )),
                (None, "Some" | "None" | "Ok" | "Err") => {
                    Some("there are no options and results here: a value, or Undef".to_owned())
                }
                _ if self.find(name) != super::scope::Found::Nothing => Some(format!(
                    "`{name}` is a variable: a function in one is called by \
                        `core_ops::call_value({name}, …)`"
                )),
                _ => None,
            },
            Kind::Path(path) => of_a_type(path),
            Kind::Broken => None,
            _ => Some(
                "a function is called by its name, and one in a value by \
                `core_ops::call_value(f, …)`"
                    .to_owned(),
            ),
        };
        if let Kind::Name(name) = &callee.kind
            && self.is_lost(name)
        {
            self.spend(arguments);
            return Ty::Wrong;
        }
        match instead {
            Some(text) => {
                if let Kind::Path(path) = &callee.kind {
                    self.named.insert(place(path));
                }
                self.spend(arguments);
                self.wrong(callee.at, text)
            }
            None if matches!(callee.kind, Kind::Broken) => {
                self.spend(arguments);
                Ty::Wrong
            }
            None => self.ext_expr(callee, arguments, want),
        }
    }

    /// Looks at arguments that nothing takes.
    pub(super) fn spend(&mut self, arguments: &[Expr]) {
        for argument in arguments {
            match &argument.kind {
                Kind::Label(_) | Kind::Closure(..) | Kind::Path(_) => {}
                Kind::Ref(inner) => {
                    self.expr(inner, Want::Nothing);
                }
                _ => {
                    self.expr(argument, Want::Nothing);
                }
            }
        }
    }

    fn call_function(&mut self, expr: &Expr, function: usize, arguments: &[Expr]) -> Ty {
        let params: Vec<Ty> = self.functions[function]
            .params
            .iter()
            .map(|(_, ty)| *ty)
            .collect();
        if params.len() != arguments.len() {
            let signature = &self.functions[function];
            let names: Vec<&str> = signature
                .params
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            let takes = match names.len() {
                0 => "no arguments".to_owned(),
                1 => format!("1 argument, {}", names[0]),
                n => format!("{n} arguments, {}", names.join(", ")),
            };
            let text = format!(
                "`{}` takes {takes}; here are {}",
                signature.name,
                arguments.len()
            );
            self.wrong(expr.at, text);
        }
        for (i, argument) in arguments.iter().enumerate() {
            self.argument(argument, params.get(i).copied());
        }
        let (entry, count) = (self.functions[function].entry.clone(), arguments.len());
        let (b, result) = (self.b(), self.result(function));
        self.at = expr.at.first;
        let left = usize::from(result != Ty::Unit);
        self.write(count, left, quote!(#b.call(#entry, #count);));
        result
    }
}

/// What to write instead of a function of a type of Rust.
fn of_a_type(path: &Path) -> Option<String> {
    let names: Vec<String> = path
        .segments
        .iter()
        .map(|it| it.ident.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Some(match names[..] {
        ["String", "new"] => "an empty text is `\"\"`".to_owned(),
        ["String", "from"] => "a text is written as it is: `\"…\"`".to_owned(),
        ["Vec", ..] => "an array is written `[…]`".to_owned(),
        ["HashMap", ..] | ["BTreeMap", ..] | ["Hash", "new"] => {
            "a hash is written `hash!{ … }`".to_owned()
        }
        ["Array", "new"] => "an array is written `[…]`".to_owned(),
        ["Box" | "Rc" | "Arc", ..] => "values are copied in constant time: leave it out".to_owned(),
        ["i64", "from"] => "a value becomes an integer by `as i64`".to_owned(),
        ["f64", "from"] => "a value becomes a float by `as f64`".to_owned(),
        ["i64" | "f64" | "bool" | "str" | "String", name] => {
            format!("methods are called on a value: `x.{name}(…)`")
        }
        _ => return None,
    })
}
