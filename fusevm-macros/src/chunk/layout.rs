//! From items to code that is laid out: names and constants have indices, functions and blocks stand
//! behind the main program, and every op has its row.
//!
//! The order is that of the builder: main program, then functions and blocks as they are opened. A
//! function begins with a prologue that puts its arguments into slots 0, 1, …, and returns at its end
//! if control can get there.

use super::operand::{expression, none_here};
use super::parse::{Function, Item, Source};
use crate::errors::Errors;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use std::collections::HashMap;
use syn::ext::IdentExt;

/// A chunk as it will lie.
pub(crate) struct Layout {
    krate: TokenStream,
    pub(crate) names: Vec<String>,
    name_index: HashMap<String, u16>,
    pub(crate) constants: Vec<TokenStream>,
    constant_index: HashMap<String, u16>,
    pub(crate) bodies: Vec<Body>,
    /// Blocks, as indices of bodies.
    pub(crate) blocks: Vec<usize>,
    /// Functions that are called by name: of the chunk, and of other programs.
    functions: Vec<String>,
    /// Functions of other programs, and the numbers of their parameters.
    declared: Vec<(String, u8)>,
    /// Constants that immediates are, each with its name and what it is of.
    pub(crate) numbers: Vec<(Ident, TokenStream)>,
    /// Ext ops by their paths.
    pub(crate) ext_ops: Vec<(String, syn::Path)>,
    /// Code of its own for each op that is not known.
    pub(crate) unknown: Vec<TokenStream>,
}

/// Code that lies in one piece.
pub(crate) struct Body {
    pub(crate) kind: BodyKind,
    pub(crate) rows: Vec<Row>,
    pub(crate) labels: Vec<Label>,
}

pub(crate) enum BodyKind {
    Main,
    Function { name: u16, arity: u8 },
    Block(Span),
}

pub(crate) struct Label {
    pub(crate) name: Ident,
    /// The row it stands before; `None` until its place is reached.
    pub(crate) at: Option<usize>,
}

/// An op.
pub(crate) struct Row {
    /// The constant, a `StaticOp`.
    pub(crate) op: TokenStream,
    pub(crate) span: Span,
    /// Index of the label in its body.
    pub(crate) label: Option<usize>,
    /// What is to be done when the chunk is built, for the op at `pc`.
    pub(crate) fill: Vec<Fill>,
    /// Checks of its immediates.
    pub(crate) checks: Vec<TokenStream>,
    /// Whether control never goes on behind it.
    pub(crate) ends: bool,
}

/// A value that comes when the chunk is built.
pub(crate) enum Fill {
    Load(TokenStream),
    Op(TokenStream),
    Immediate(usize, TokenStream),
    ImmediateNamed(String, TokenStream),
    Splice(TokenStream),
}

impl Row {
    pub(crate) fn new(op: TokenStream, span: Span) -> Self {
        Self {
            op,
            span,
            label: None,
            fill: Vec::new(),
            checks: Vec::new(),
            ends: false,
        }
    }
}

/// What names mean in a body.
pub(crate) struct Scope {
    pub(crate) body: usize,
    slots: Vec<(String, u16)>,
    blocks: Vec<(String, u16)>,
    labels: Vec<String>,
}

impl Scope {
    pub(crate) fn find_slot(&self, word: &str) -> Option<u16> {
        let found = self.slots.iter().rev().find(|(name, _)| name == word);
        found.map(|(_, slot)| *slot)
    }

    pub(crate) fn find_block(&self, word: &str) -> Option<u16> {
        let found = self.blocks.iter().rev().find(|(name, _)| name == word);
        found.map(|(_, block)| *block)
    }

    pub(crate) fn slot(&self, word: &Ident, errors: &mut Errors) -> Option<u16> {
        let text = word.unraw().to_string();
        let slot = self.find_slot(&text);
        if slot.is_none() {
            let known: Vec<&str> = self.slots.iter().map(|(name, _)| name.as_str()).collect();
            let message = none_here("variable", &text, &known);
            errors.at(word, format!("{message}; `let {text};` declares it"));
        }
        slot
    }

    pub(crate) fn block(&self, word: &Ident, errors: &mut Errors) -> Option<u16> {
        let text = word.unraw().to_string();
        let block = self.find_block(&text);
        if block.is_none() {
            let known: Vec<&str> = self.blocks.iter().map(|(name, _)| name.as_str()).collect();
            let message = none_here("block", &text, &known);
            errors.at(
                word,
                format!("{message}; `block {text} {{ … }}` before it declares it"),
            );
        }
        block
    }

    pub(crate) fn label(&self, name: &Ident, span: Span, errors: &mut Errors) -> Option<usize> {
        let text = name.to_string();
        let found = self.labels.iter().position(|label| *label == text);
        if found.is_none() {
            let known: Vec<&str> = self.labels.iter().map(String::as_str).collect();
            let guess = match crate::errors::near(&text, &known) {
                Some(guess) => format!("; did you mean `'{guess}`?"),
                None => "; jumps stay in their function or block".to_owned(),
            };
            errors.push(syn::Error::new(
                span,
                format!("no label `'{text}` here{guess}"),
            ));
        }
        found
    }
}

/// A name of the pools, limited by what `u16` can count.
fn index(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

impl Layout {
    pub(crate) fn of(krate: TokenStream, source: &Source, errors: &mut Errors) -> Self {
        let (items, start) = (&source.items, crate::tokens::span(&source.language));
        let mut layout = Self {
            krate,
            names: Vec::new(),
            name_index: HashMap::new(),
            constants: Vec::new(),
            constant_index: HashMap::new(),
            bodies: Vec::new(),
            blocks: Vec::new(),
            functions: Vec::new(),
            declared: Vec::new(),
            numbers: Vec::new(),
            ext_ops: Vec::new(),
            unknown: Vec::new(),
        };
        for item in items {
            if let Item::Fn(function) = item {
                layout.declare(function, errors);
            }
        }
        let scope = layout.open(BodyKind::Main, items, Vec::new(), Vec::new(), errors);
        let mut next = 0;
        layout.items(items, scope, &mut next, errors);
        if layout.bodies.len() > 1 && layout.falls_through(0) {
            let k = layout.krate();
            let place = layout.bodies[0].rows.last().map_or(start, |row| row.span);
            let mut row = Row::new(quote!(#k::StaticOp::Core(#k::Op::Jump(0))), place);
            row.label = Some(END);
            row.ends = true;
            layout.bodies[0].rows.push(row);
        }
        layout
    }

    pub(crate) fn krate(&self) -> TokenStream {
        self.krate.clone()
    }

    pub(crate) fn name(&mut self, text: &str) -> u16 {
        let names = &mut self.names;
        *self.name_index.entry(text.to_owned()).or_insert_with(|| {
            names.push(text.to_owned());
            index(names.len() - 1)
        })
    }

    pub(crate) fn constant(&mut self, key: String, tokens: TokenStream) -> u16 {
        let constants = &mut self.constants;
        *self.constant_index.entry(key).or_insert_with(|| {
            constants.push(tokens);
            index(constants.len() - 1)
        })
    }

    fn declare(&mut self, function: &Function, errors: &mut Errors) {
        let name = function.name.unraw().to_string();
        if self.functions.contains(&name) {
            errors.at(
                &function.name,
                format!("function `{name}` is defined twice"),
            );
        }
        if function.params.len() > usize::from(u8::MAX) {
            errors.at(&function.name, "a function has 255 parameters at most");
        }
        if function.body.is_none() {
            let arity = u8::try_from(function.params.len()).unwrap_or(u8::MAX);
            self.declared.push((name.clone(), arity));
        }
        self.functions.push(name);
    }

    /// Functions of other programs that are called, by the indices of their names.
    pub(crate) fn declared(&self) -> impl Iterator<Item = (u16, u8)> {
        let index = |(name, arity): &(String, u8)| Some((*self.name_index.get(name)?, *arity));
        self.declared.iter().filter_map(index)
    }

    /// Whether a function of that name can be called.
    pub(crate) fn check_function(&self, name: &str, span: Span, errors: &mut Errors) -> Option<()> {
        if self.functions.iter().any(|known| known == name) {
            return Some(());
        }
        let known: Vec<&str> = self.functions.iter().map(String::as_str).collect();
        let message = none_here("function", name, &known);
        errors.push(syn::Error::new(
            span,
            format!("{message}; one of another program is declared by `fn {name}(…);`"),
        ));
        None
    }

    /// A new body, with the labels among its items.
    fn open(
        &mut self,
        kind: BodyKind,
        items: &[Item],
        slots: Vec<(String, u16)>,
        blocks: Vec<(String, u16)>,
        errors: &mut Errors,
    ) -> Scope {
        let mut labels: Vec<Label> = Vec::new();
        for item in items {
            if let Item::Label(label) = item {
                if labels.iter().any(|other| other.name == label.ident) {
                    errors.at(label, format!("label `{label}` stands twice"));
                }
                let name = label.ident.clone();
                labels.push(Label { name, at: None });
            }
        }
        let names = labels.iter().map(|label| label.name.to_string()).collect();
        let rows = Vec::new();
        self.bodies.push(Body { kind, rows, labels });
        Scope {
            body: self.bodies.len() - 1,
            slots,
            blocks,
            labels: names,
        }
    }

    /// Lays items out. `next` is the next free slot of the frame.
    fn items(&mut self, items: &[Item], mut scope: Scope, next: &mut u16, errors: &mut Errors) {
        for item in items {
            match item {
                Item::Label(label) => {
                    let body = &mut self.bodies[scope.body];
                    let at = body.rows.len();
                    let place = body.labels.iter_mut();
                    if let Some(place) = place
                        .filter(|l| l.at.is_none())
                        .find(|l| l.name == label.ident)
                    {
                        place.at = Some(at);
                    }
                }
                Item::Let(name) => {
                    scope.slots.push((name.unraw().to_string(), *next));
                    *next = next.saturating_add(1);
                }
                Item::Fn(function) => self.function(function, &scope, errors),
                Item::Block(name, items) => {
                    let block = self.block(name.span(), items, &scope, next, errors);
                    scope.blocks.push((name.unraw().to_string(), block));
                }
                Item::Op(op) => {
                    let row = super::row::op(op, &scope, self, next, errors);
                    self.bodies[scope.body].rows.push(row);
                }
                Item::Load(value) => {
                    let k = self.krate();
                    let mut row = Row::new(quote!(#k::StaticOp::Load), value.span());
                    row.fill.push(Fill::Load(expression(value)));
                    self.bodies[scope.body].rows.push(row);
                }
                Item::Splice(ops) => {
                    let k = self.krate();
                    let mut row = Row::new(quote!(#k::StaticOp::Splice), ops.span());
                    row.fill.push(Fill::Splice(expression(ops)));
                    self.bodies[scope.body].rows.push(row);
                }
            }
        }
    }

    fn function(&mut self, function: &Function, scope: &Scope, errors: &mut Errors) {
        if scope.body != 0 {
            errors.at(
                &function.name,
                "functions stand at the top of the chunk: move it there",
            );
        }
        let Some(items) = &function.body else { return };
        let name = self.name(&function.name.unraw().to_string());
        let mut slots: Vec<(String, u16)> = Vec::new();
        for (param, slot) in function.params.iter().zip(0..) {
            let text = param.unraw().to_string();
            if slots.iter().any(|(other, _)| *other == text) {
                errors.at(param, format!("two parameters are named `{text}`"));
            }
            slots.push((text, slot));
        }
        let arity = u8::try_from(slots.len()).unwrap_or(u8::MAX);
        let mut next = u16::from(arity);
        let kind = BodyKind::Function { name, arity };
        let inner = self.open(kind, items, slots, Vec::new(), errors);
        let body = inner.body;
        let (k, span) = (self.krate(), function.name.span());
        for slot in (0..u16::from(arity)).rev() {
            let row = Row::new(quote!(#k::StaticOp::Core(#k::Op::SetSlot(#slot))), span);
            self.bodies[body].rows.push(row);
        }
        self.items(items, inner, &mut next, errors);
        if self.falls_through(body) {
            let row = Row::new(quote!(#k::StaticOp::Core(#k::Op::Return)), span);
            self.bodies[body].rows.push(row);
        }
    }

    /// Lays a block out; its index.
    pub(crate) fn block(
        &mut self,
        span: Span,
        items: &[Item],
        around: &Scope,
        next: &mut u16,
        errors: &mut Errors,
    ) -> u16 {
        let (slots, blocks) = (around.slots.clone(), around.blocks.clone());
        let scope = self.open(BodyKind::Block(span), items, slots, blocks, errors);
        self.blocks.push(scope.body);
        let block = index(self.blocks.len() - 1);
        self.items(items, scope, next, errors);
        block
    }

    /// Whether control can get to the end of a body: its last op goes on, or a label is there.
    fn falls_through(&self, body: usize) -> bool {
        let Body { rows, labels, .. } = &self.bodies[body];
        let labelled = labels.iter().any(|label| label.at == Some(rows.len()));
        labelled || !rows.last().is_some_and(|row| row.ends)
    }

    /// Name of a constant that is a number.
    pub(crate) fn number(&mut self, value: &TokenStream) -> Ident {
        let name = quote::format_ident!("__FUSEVM_NUMBER_{}", self.numbers.len());
        self.numbers.push((name.clone(), value.clone()));
        name
    }

    /// Index of the ext op with that path.
    pub(crate) fn ext_op(&mut self, path: &syn::Path) -> usize {
        let key = quote!(#path).to_string();
        match self.ext_ops.iter().position(|(other, _)| *other == key) {
            Some(index) => index,
            None => {
                self.ext_ops.push((key, path.clone()));
                self.ext_ops.len() - 1
            }
        }
    }
}

/// The label that the main program jumps to at its end, over all that lies behind it.
pub(crate) const END: usize = usize::MAX;
