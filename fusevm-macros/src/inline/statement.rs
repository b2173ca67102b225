//! Blocks, statements, and what sends control elsewhere.

use super::code::Ins;
use super::expression::{Out, Val, has_block};
use super::ty::{Kind, Var};
use super::{Loop, Reported, Walk, Walked, Write};
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Block, Expr, ExprIf, ExprWhile, Local, Pat, Stmt};

/// The name that a pattern is.
fn plain(pat: &Pat) -> Option<String> {
    match pat {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
            Some(name.ident.to_string())
        }
        Pat::Wild(_) => Some("_".to_owned()),
        _ => None,
    }
}

/// All words of a pattern that may be names.
fn names(pat: &Pat, into: &mut Vec<String>) {
    fn look(tokens: TokenStream, into: &mut Vec<String>) {
        for tree in tokens {
            match tree {
                TokenTree::Ident(word) => into.push(word.to_string()),
                TokenTree::Group(group) => look(group.stream(), into),
                _ => {}
            }
        }
    }
    look(pat.to_token_stream(), into);
}

impl Walk<'_> {
    /// The body of the function.
    pub(super) fn body(&mut self, block: &mut Block) -> Walked<()> {
        match self.block(block, Some(self.result))? {
            Out::Value(value) => {
                let last = block.stmts.last();
                self.expect(
                    value.kind,
                    self.result,
                    &last.map_or(block.span(), Spanned::span),
                )?;
                self.code.push(Ins::Return(value.local));
                Ok(())
            }
            Out::Never => Ok(()),
            Out::Unit => {
                let text = format!(
                    "this body ends without a value: the op gives {}",
                    self.result.name()
                );
                self.error(&*block, text)
            }
        }
    }

    /// A block in a scope of its own. All its errors are reported.
    pub(super) fn block(&mut self, block: &mut Block, want: Option<Kind>) -> Walked<Out> {
        let scope = self.vars.len();
        let (mut out, mut failed) = (Out::Unit, false);
        let count = block.stmts.len();
        for (at, stmt) in block.stmts.iter_mut().enumerate() {
            match self.statement(stmt, (at + 1 == count).then_some(want)) {
                Err(Reported) => failed = true,
                // What stands behind it is never reached.
                Ok(_) if matches!(out, Out::Never) => {}
                Ok(found) => out = found,
            }
        }
        self.vars.truncate(scope);
        if failed { Err(Reported) } else { Ok(out) }
    }

    /// A statement; `last` has the type that is wanted of the last one of a block.
    fn statement(&mut self, stmt: &mut Stmt, last: Option<Option<Kind>>) -> Walked<Out> {
        match stmt {
            Stmt::Local(local) => self.declare(local).map(|()| Out::Unit),
            Stmt::Expr(expr, None) => {
                let out = self.expr(expr, last.flatten())?;
                match (out, last) {
                    (Out::Value(_), None) => self.error(&*expr, "this value is not used"),
                    (out, _) => Ok(out),
                }
            }
            Stmt::Expr(expr, Some(_)) => Ok(match self.expr(expr, None)? {
                Out::Never => Out::Never,
                Out::Unit | Out::Value(_) => Out::Unit,
            }),
            Stmt::Item(item) => self.error(
                &*item,
                "an inline body holds no items: write numbers where they are used, and make an inline op of a function",
            ),
            Stmt::Macro(makro) => self.error(
                &makro.mac.path,
                "a macro cannot stand in an inline body, which is translated as it is written",
            ),
        }
    }

    fn declare(&mut self, local: &mut Local) -> Walked<()> {
        let name = match &local.pat {
            Pat::Type(typed) => plain(&typed.pat),
            pat => plain(pat),
        };
        let declared = self.initial(local, name.is_some());
        // A name that is declared is known even where its value is not understood.
        match (declared, name) {
            (Ok((local, kind)), Some(name)) => {
                let narrow = false;
                self.vars.push((
                    name,
                    Var {
                        local,
                        kind,
                        narrow,
                    },
                ));
                Ok(())
            }
            (Ok(_), None) => Ok(()),
            (Err(Reported), _) => {
                names(&local.pat, &mut self.unknown);
                Err(Reported)
            }
        }
    }

    /// The local of a declaration, with its value in it.
    fn initial(&mut self, local: &mut Local, plain: bool) -> Walked<(u16, Kind)> {
        if !plain {
            return self.error(&local.pat, "a variable of an inline body is a plain name");
        }
        let wanted = match &local.pat {
            Pat::Type(typed) => match Kind::of(&typed.ty) {
                Some(kind) => Some(kind),
                None => {
                    return self.error(
                        &typed.ty,
                        "a variable of an inline body is i64, f64 or bool",
                    );
                }
            },
            _ => None,
        };
        let Some(init) = &mut local.init else {
            let text = "a variable of an inline body begins with a value: `let x = …`";
            return self.error(&local.pat, text);
        };
        if let Some((_, diverge)) = &init.diverge {
            return self.error(
                &**diverge,
                "`else` has no meaning here: a variable is a plain name",
            );
        }
        let value = self.value(&mut init.expr, wanted)?;
        if let Some(kind) = wanted {
            self.expect(value.kind, kind, &*init.expr)?;
        }
        let to = self.code.local(value.kind);
        self.code.push(Ins::Copy(to, value.local));
        Ok((to, value.kind))
    }

    pub(super) fn if_else(&mut self, branch: &mut ExprIf, want: Option<Kind>) -> Walked<Out> {
        if let Expr::Let(_) = &*branch.cond {
            return self.error(
                &branch.cond,
                "a pattern cannot stand in an inline body: compare with `==`",
            );
        }
        let cond = self.typed(&mut branch.cond, Kind::Bool);
        let skip = self.code.here();
        let cond = cond.map(|cond| self.code.push(Ins::JumpIfNot(cond.local, 0)));
        let then = self.block(&mut branch.then_branch, want);
        let Some((_, other)) = &mut branch.else_branch else {
            cond?;
            self.code.aim(skip, self.code.here());
            return match then? {
                Out::Value(_) => {
                    self.error(&branch.then_branch, "`if` without `else` has no value")
                }
                Out::Unit | Out::Never => Ok(Out::Unit),
            };
        };
        let result = match then {
            Ok(Out::Value(value)) => {
                let to = self.code.local(value.kind);
                self.code.push(Ins::Copy(to, value.local));
                Some((to, value.kind))
            }
            _ => None,
        };
        let end = self.code.here();
        if !matches!(then, Ok(Out::Never)) {
            self.code.push(Ins::Jump(0));
        }
        self.code.aim(skip, self.code.here());
        let want = result.map(|(_, kind)| kind).or(want);
        let otherwise = self.expr(other, want);
        cond?;
        let out = match (then?, otherwise?, result) {
            (_, Out::Value(value), Some((to, kind))) => {
                self.expect(value.kind, kind, &**other)?;
                self.code.push(Ins::Copy(to, value.local));
                Out::Value(Val { local: to, kind })
            }
            (_, Out::Never, Some((local, kind))) => Out::Value(Val { local, kind }),
            (Out::Never, otherwise, _) => return Ok(otherwise),
            (_, Out::Unit | Out::Never, None) => Out::Unit,
            (_, Out::Unit, Some(_)) => {
                return self.error(&**other, "this branch has no value, and the other has one");
            }
            (_, Out::Value(_), None) => {
                return self.error(
                    &branch.then_branch,
                    "this branch has no value, and the other has one",
                );
            }
        };
        self.code.aim(end, self.code.here());
        Ok(out)
    }

    pub(super) fn while_loop(&mut self, turn: &mut ExprWhile) -> Walked<Out> {
        if let Some(label) = &turn.label {
            return self.error(label, "a loop of an inline body has no label");
        }
        if let Expr::Let(_) = &*turn.cond {
            return self.error(
                &turn.cond,
                "a pattern cannot stand in an inline body: compare with `==`",
            );
        }
        let head = self.code.here();
        let cond = self.typed(&mut turn.cond, Kind::Bool);
        let leave = self.code.here();
        let cond = cond.map(|cond| self.code.push(Ins::JumpIfNot(cond.local, 0)));
        self.loops.push(Loop {
            head,
            breaks: vec![leave],
        });
        let body = self.block(&mut turn.body, None);
        self.code.push(Ins::Jump(head));
        let end = self.code.here();
        for at in self.loops.pop().into_iter().flat_map(|it| it.breaks) {
            self.code.aim(at, end);
        }
        cond?;
        match body? {
            Out::Value(_) => self.error(&turn.body, "the body of a loop has no value"),
            Out::Unit | Out::Never => Ok(Out::Unit),
        }
    }

    /// `break`, `continue` and `return`.
    pub(super) fn leave(&mut self, expr: &mut Expr) -> Walked<Out> {
        let (label, value) = match expr {
            Expr::Break(it) => (&it.label, it.expr.as_ref()),
            Expr::Continue(it) => (&it.label, None),
            Expr::Return(it) => return self.give_back(it),
            _ => return self.error(&*expr, "this cannot stand in an inline body"),
        };
        if let Some(label) = label {
            return self.error(label, "a loop of an inline body has no label");
        }
        if let Some(value) = value {
            return self.error(
                value,
                "`while` has no value: assign to a variable before `break`",
            );
        }
        let jump = self.code.here();
        let Some(around) = self.loops.last_mut() else {
            return self.error(&*expr, "there is no loop around this");
        };
        let target = match expr {
            Expr::Break(_) => {
                around.breaks.push(jump);
                0
            }
            _ => around.head,
        };
        self.code.push(Ins::Jump(target));
        Ok(Out::Never)
    }

    fn give_back(&mut self, give: &mut syn::ExprReturn) -> Walked<Out> {
        let Some(expr) = &mut give.expr else {
            let text = format!(
                "`return` needs a value: the op gives {}",
                self.result.name()
            );
            return self.error(&*give, text);
        };
        let value = self.typed(expr, self.result)?;
        self.code.push(Ins::Return(value.local));
        if self.write == Write::Fails {
            let tokens = quote!(::core::result::Result::Ok(#expr));
            **expr = Expr::Verbatim(tokens);
        }
        Ok(Out::Never)
    }

    /// `x = value`.
    pub(super) fn assign(&mut self, to: &Expr, value: &mut Expr) -> Walked<Out> {
        let var = self.place(to);
        let want = var.as_ref().ok().map(|var| var.kind);
        let value_of = self.value(value, want);
        let (var, found) = (var?, value_of?);
        self.expect(found.kind, var.kind, &*value)?;
        self.code.push(Ins::Copy(var.local, found.local));
        Ok(Out::Unit)
    }

    /// The variable on the left of an assignment.
    pub(super) fn place(&mut self, to: &Expr) -> Walked<Var> {
        let name = match to {
            Expr::Path(path) => super::word(&path.path),
            _ => None,
        };
        let Some(name) = name else {
            return self.error(to, "an inline body assigns to its own variables only");
        };
        let var = self.variable(&name, to)?;
        match var.narrow {
            true => self.error(
                to,
                "an immediate is a part of the bytecode: copy it, `let x = n as i64`",
            ),
            false => Ok(var),
        }
    }

    /// A value that stays what it is while `next` runs.
    pub(super) fn pinned(&mut self, local: u16, kind: Kind, next: &Expr) -> u16 {
        if !has_block(next) {
            return local;
        }
        let copy = self.code.local(kind);
        self.code.push(Ins::Copy(copy, local));
        copy
    }

    /// Reports a value of another type than is wanted.
    pub(super) fn expect(&mut self, found: Kind, wanted: Kind, at: &impl Spanned) -> Walked<()> {
        if found == wanted {
            return Ok(());
        }
        let instead = match (found, wanted) {
            (Kind::Int, Kind::Float) => ": write `as f64`, or a number with a point",
            (Kind::Float, Kind::Int) | (Kind::Bool, Kind::Int) => ": write `as i64`",
            (Kind::Int | Kind::Float, Kind::Bool) => ": compare it",
            _ => "",
        };
        let text = format!(
            "expected {}, found {}{instead}",
            wanted.name(),
            found.name()
        );
        let span = at.span();
        self.errors.push(syn::Error::new(span, text));
        Err(Reported)
    }
}
