//! Operators: which op one is for which types, and what to write where the types do not go together.

use super::{Walk, Want};
use crate::rust::ast::{Binary, Expr, Kind, Unary};
use crate::rust::types::Ty;
use proc_macro2::{Span, TokenStream};

/// What an operator becomes.
enum Meaning {
    /// An op of the table.
    Op(&'static str, Ty),
    /// A core op.
    Core(&'static str, Ty),
    Wrong(String),
}

impl Walk<'_> {
    pub(super) fn unary(&mut self, op: Unary, at: Span, inner: &Expr, want: Want) -> Ty {
        if let (Unary::Neg, Kind::Int(value)) = (op, &inner.kind) {
            return self.integer(inner, *value, true);
        }
        let hint = match want {
            Want::Value(hint) if op == Unary::Neg => hint,
            _ => None,
        };
        let ty = self.value(inner, hint);
        self.at = at;
        match (op, ty) {
            (_, Ty::Wrong | Ty::Never) => ty,
            (Unary::Neg, Ty::Int | Ty::Float | Ty::Any) => {
                self.op("Negate", 1, 1);
                ty
            }
            (Unary::Not, Ty::Bool) => {
                self.op("LogNot", 1, 1);
                ty
            }
            (Unary::Not, Ty::Int) => {
                self.op("BitNot", 1, 1);
                ty
            }
            (Unary::Not, Ty::Any) => {
                let text = "`!` of an untyped value is of its truth or of its bits: compare it, \
                    or write `as i64` behind it";
                self.wrong(at, text)
            }
            (Unary::Neg, ty) => {
                self.wrong(at, format!("`-` needs a number, and this is {}", ty.name()))
            }
            (Unary::Not, ty) => self.wrong(
                at,
                format!("`!` needs a bool or an i64, and this is {}", ty.name()),
            ),
        }
    }

    pub(super) fn binary(&mut self, op: Binary, at: Span, sides: &[Expr; 2], want: Want) -> Ty {
        if let Binary::And | Binary::Or = op {
            return self.short_circuit(op, at, sides);
        }
        // What the result is to be, a side that rustc knows the type of has to be.
        let hint = match want {
            Want::Value(hint) if op.computes() => {
                hint.filter(|ty| matches!(ty, Ty::Int | Ty::Float))
            }
            _ => None,
        };
        let side = |walk: &mut Self, side: &Expr| match side.kind {
            Kind::Call(..) | Kind::Capture(_) | Kind::Binary(..) => walk.hinted(side, hint),
            _ => walk.value(side, None),
        };
        let left = side(self, &sides[0]);
        let right = side(self, &sides[1]);
        self.apply(op, at, [&sides[0], &sides[1]], [left, right])
    }

    /// The op on two values on the stack, the types of which are known.
    pub(super) fn apply(&mut self, op: Binary, at: Span, sides: [&Expr; 2], types: [Ty; 2]) -> Ty {
        if types.iter().any(|ty| matches!(ty, Ty::Wrong | Ty::Never)) {
            self.body.height = self.body.height.saturating_sub(1);
            let compares = op.compares() && !types.contains(&Ty::Never);
            return if compares {
                Ty::Bool
            } else {
                types[0].join(types[1])
            };
        }
        self.at = at;
        match meaning(op, sides, types) {
            Meaning::Op(name, ty) => {
                self.op(name, 2, 1);
                ty
            }
            Meaning::Core(name, ty) => {
                self.core(name, TokenStream::new(), 2, 1);
                ty
            }
            Meaning::Wrong(text) => {
                self.body.height -= 1;
                self.wrong(at, text);
                if op.compares() { Ty::Bool } else { types[0] }
            }
        }
    }

    /// `&&` and `||` as a value: the side that decides.
    fn short_circuit(&mut self, op: Binary, at: Span, sides: &[Expr; 2]) -> Ty {
        let end = self.label();
        let left = self.value(&sides[0], None);
        self.truth(&sides[0], left);
        self.at = at;
        let keep = match op {
            Binary::And => quote::quote!(JumpIfFalseKeep(0)),
            _ => quote::quote!(JumpIfTrueKeep(0)),
        };
        self.branch(keep, end, 0);
        self.drop_value();
        let right = self.value(&sides[1], None);
        // Behind an untyped value anything may be the one that decides.
        if left != Ty::Any {
            self.truth(&sides[1], right);
        }
        self.bind(end);
        match left {
            Ty::Never => Ty::Never,
            left => left.join(right),
        }
    }

    /// Checks that a value can be a condition.
    pub(super) fn truth(&mut self, expr: &Expr, ty: Ty) {
        let text = match ty {
            Ty::Bool | Ty::Any | Ty::Never | Ty::Wrong => return,
            Ty::Int => "a condition is a bool, and this is i64: compare it, `… != 0`".to_owned(),
            Ty::Float => {
                "a condition is a bool, and this is f64: compare it, `… != 0.0`".to_owned()
            }
            ty => format!(
                "a condition is a bool, and this is {}: `!….is_empty()`",
                ty.name()
            ),
        };
        self.wrong(expr.at, text);
    }

    /// Jumps to the label when the truth of an expression is `when`.
    pub(super) fn cond(&mut self, expr: &Expr, when: bool, label: super::Label) {
        match &expr.kind {
            Kind::Bool(value) => {
                if *value == when {
                    self.at = expr.at.first;
                    self.jump(label);
                }
            }
            Kind::Assign(_) => {
                self.wrong(expr.at, "a condition does not assign: `==` compares");
            }
            Kind::Unary(Unary::Not, _, inner) if is_truth(inner) => self.cond(inner, !when, label),
            Kind::Binary(op @ (Binary::And | Binary::Or), _, sides) => {
                // Whether the first side alone may decide for the jump.
                let decides = (*op == Binary::Or) == when;
                if decides {
                    self.cond(&sides[0], when, label);
                    self.cond(&sides[1], when, label);
                } else {
                    let skip = self.label();
                    self.cond(&sides[0], !when, skip);
                    self.cond(&sides[1], when, label);
                    self.bind(skip);
                }
            }
            _ => {
                if let (false, Some((slot, limit))) = (when, self.below(expr)) {
                    self.at = expr.at.first;
                    return self.branch(
                        quote::quote!(SlotLtIntJumpIfFalse(#slot, #limit, 0)),
                        label,
                        0,
                    );
                }
                let ty = self.value(expr, None);
                self.truth(expr, ty);
                self.at = expr.at.first;
                let jump = match when {
                    true => quote::quote!(JumpIfTrue(0)),
                    false => quote::quote!(JumpIfFalse(0)),
                };
                self.branch(jump, label, 1);
            }
        }
    }
}

/// Whether an expression is a bool for what it is made of.
fn is_truth(expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Bool(_) => true,
        Kind::Binary(op, _, sides) => match op {
            Binary::And | Binary::Or => sides.iter().all(is_truth),
            op => op.compares(),
        },
        Kind::Unary(Unary::Not, _, inner) => is_truth(inner),
        _ => false,
    }
}

fn meaning(op: Binary, sides: [&Expr; 2], types: [Ty; 2]) -> Meaning {
    match op {
        Binary::Eq | Binary::Ne => equality(op, sides, types),
        Binary::Lt | Binary::Gt | Binary::Le | Binary::Ge => order(op, sides, types),
        Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Rem => {
            arithmetic(op, sides, types)
        }
        _ => bits(op, types),
    }
}

fn arithmetic(op: Binary, sides: [&Expr; 2], types: [Ty; 2]) -> Meaning {
    let ty = match types {
        [Ty::Int, Ty::Int] => Ty::Int,
        [Ty::Float, Ty::Float] => Ty::Float,
        [Ty::Str, Ty::Str | Ty::Any] | [Ty::Any, Ty::Str] if op == Binary::Add => {
            return Meaning::Op("Concat", Ty::Str);
        }
        [Ty::Int | Ty::Float | Ty::Any, Ty::Int | Ty::Float | Ty::Any]
            if types.contains(&Ty::Any) =>
        {
            Ty::Any
        }
        _ => return Meaning::Wrong(mismatch(op, sides, types)),
    };
    match (op, ty) {
        (Binary::Add, _) => Meaning::Op("Add", ty),
        (Binary::Sub, _) => Meaning::Op("Sub", ty),
        (Binary::Mul, _) => Meaning::Op("Mul", ty),
        (Binary::Div, Ty::Int) => Meaning::Core("idiv", ty),
        (Binary::Div, Ty::Float) => Meaning::Core("fdiv", ty),
        (Binary::Div, _) => Meaning::Op("Div", ty),
        (_, Ty::Int) => Meaning::Core("irem", ty),
        (_, Ty::Float) => Meaning::Core("frem", ty),
        _ => Meaning::Op("Mod", ty),
    }
}

fn equality(op: Binary, sides: [&Expr; 2], types: [Ty; 2]) -> Meaning {
    let pick = |eq, ne| if op == Binary::Eq { eq } else { ne };
    match types {
        // Truths by their texts, `1` and nothing: ops on numbers are the language's, where there are none.
        [Ty::Str, Ty::Str | Ty::Any] | [Ty::Any, Ty::Str] | [Ty::Bool, Ty::Bool] => {
            Meaning::Op(pick("StrEq", "StrNe"), Ty::Bool)
        }
        [Ty::Int, Ty::Int] | [Ty::Float, Ty::Float] => {
            Meaning::Op(pick("NumEq", "NumNe"), Ty::Bool)
        }
        [Ty::Int | Ty::Float, Ty::Any] | [Ty::Any, Ty::Int | Ty::Float] => {
            Meaning::Op(pick("NumEq", "NumNe"), Ty::Bool)
        }
        [a, b] if a == b || a == Ty::Any || b == Ty::Any => {
            Meaning::Core(pick("eq", "ne"), Ty::Bool)
        }
        _ => Meaning::Wrong(mismatch(op, sides, types)),
    }
}

fn order(op: Binary, sides: [&Expr; 2], types: [Ty; 2]) -> Meaning {
    let number = match op {
        Binary::Lt => "NumLt",
        Binary::Gt => "NumGt",
        Binary::Le => "NumLe",
        _ => "NumGe",
    };
    let text = match op {
        Binary::Lt => "StrLt",
        Binary::Gt => "StrGt",
        Binary::Le => "StrLe",
        _ => "StrGe",
    };
    match types {
        [Ty::Str, Ty::Str | Ty::Any] | [Ty::Any, Ty::Str] | [Ty::Bool, Ty::Bool] => {
            Meaning::Op(text, Ty::Bool)
        }
        [Ty::Int, Ty::Int] | [Ty::Float, Ty::Float] => Meaning::Op(number, Ty::Bool),
        [Ty::Int | Ty::Float | Ty::Any, Ty::Any] | [Ty::Any, Ty::Int | Ty::Float] => {
            Meaning::Op(number, Ty::Bool)
        }
        _ => Meaning::Wrong(mismatch(op, sides, types)),
    }
}

fn bits(op: Binary, types: [Ty; 2]) -> Meaning {
    let whole = |ty: Ty| matches!(ty, Ty::Int | Ty::Any);
    match (op, types) {
        (Binary::BitAnd, [Ty::Bool, Ty::Bool]) => Meaning::Op("LogAnd", Ty::Bool),
        (Binary::BitOr, [Ty::Bool, Ty::Bool]) => Meaning::Op("LogOr", Ty::Bool),
        (Binary::BitXor, [Ty::Bool, Ty::Bool]) => Meaning::Op("StrNe", Ty::Bool),
        (_, [a, b]) if whole(a) && whole(b) => Meaning::Op(
            match op {
                Binary::BitAnd => "BitAnd",
                Binary::BitOr => "BitOr",
                Binary::BitXor => "BitXor",
                Binary::Shl => "Shl",
                _ => "Shr",
            },
            if a == b { a } else { Ty::Any },
        ),
        (_, [a, b]) => {
            let wrong = if whole(a) { b } else { a };
            let help = match wrong {
                Ty::Float | Ty::Bool => ": write `as i64` behind it",
                _ => "",
            };
            Meaning::Wrong(format!(
                "`{}` needs i64 on both sides, and this is {}{help}",
                op.sign(),
                wrong.name()
            ))
        }
    }
}

/// What is wrong with two sides of known types.
fn mismatch(op: Binary, sides: [&Expr; 2], types: [Ty; 2]) -> String {
    let [left, right] = types.map(Ty::name);
    let text = format!("`{left} {} {right}`", op.sign());
    match types {
        [Ty::Int, Ty::Float] | [Ty::Float, Ty::Int] => {
            let whole = if types[0] == Ty::Int {
                sides[0]
            } else {
                sides[1]
            };
            match whole.kind {
                Kind::Int(value) => format!("{text}: write `{value}.0`"),
                _ => format!("{text}: write `as f64` behind the i64"),
            }
        }
        [Ty::Str, _] | [_, Ty::Str] if op == Binary::Add => {
            format!("{text}: write `format!(\"{{}}{{}}\", …, …)`")
        }
        [Ty::Str, Ty::Int] | [Ty::Int, Ty::Str] => {
            format!("{text}: write `as i64` behind the text, or `\"…\"` for the number")
        }
        [Ty::Str, Ty::Float] | [Ty::Float, Ty::Str] => {
            format!("{text}: write `as f64` behind the text, or `\"…\"` for the number")
        }
        [Ty::Bool, Ty::Any] | [Ty::Any, Ty::Bool] | [Ty::Bool, Ty::Int] | [Ty::Int, Ty::Bool] => {
            format!("{text}: write `as i64` behind the bool")
        }
        [Ty::Array | Ty::Hash, _] | [_, Ty::Array | Ty::Hash] if op.compares() => {
            format!("{text}: compare their lengths, `.len()`, or their elements")
        }
        _ if op.compares() => format!("{text}: these have no order"),
        _ => format!("{text}: both sides have to be numbers"),
    }
}

/// What is wrong with a value of one type where another belongs.
pub(super) fn misfit(expr: &Expr, found: Ty, wanted: Ty) -> String {
    let (name, belongs) = (found.name(), wanted.name());
    let help = match (wanted, found) {
        (Ty::Float, Ty::Int) => match expr.kind {
            Kind::Int(value) => format!("write `{value}.0`"),
            _ => "write `as f64` behind it".to_owned(),
        },
        (Ty::Int | Ty::Float, Ty::Float | Ty::Bool | Ty::Any | Ty::Str) => {
            format!("write `as {belongs}` behind it")
        }
        (Ty::Bool, Ty::Float) => "compare it, `… != 0.0`".to_owned(),
        (Ty::Bool, Ty::Int | Ty::Any) => "compare it, `… != 0`".to_owned(),
        (Ty::Bool, _) => "write `!….is_empty()`".to_owned(),
        (Ty::Str, _) => "write `format!(\"{}\", …)`".to_owned(),
        (Ty::Array | Ty::Hash, Ty::Any) => "leave the type out, or write `_`".to_owned(),
        (Ty::Int | Ty::Float, Ty::Array | Ty::Hash) => {
            "`.len()` is the number of its elements".to_owned()
        }
        _ => "give it another name, or leave the type out".to_owned(),
    };
    format!("{belongs} belongs here, and this is {name}: {help}")
}
