//! What is known of the stack at a place: heights, scopes, and the types of values as lists that share
//! their tails, so that keeping one costs nothing.

use crate::ext::{Ty, same_type};

/// What is known where control stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// Whether control gets here.
    pub(super) live: bool,
    /// Whether the height is known.
    pub(super) known: bool,
    pub(super) height: u32,
    /// The type of the top value and those below it, as a node of [`Types`]; node 0 knows none.
    pub(super) top: u32,
    /// The innermost open scope; 0 is the frame.
    pub(super) scope: u32,
    /// At a label: the op from which control got here first.
    pub(super) from: usize,
}

impl State {
    /// Where control does not get.
    pub(super) const DEAD: Self = Self {
        live: false,
        ..Self::at(0)
    };

    /// The start of a body that finds `height` values.
    pub(super) const fn at(height: u32) -> Self {
        Self {
            live: true,
            known: true,
            height,
            top: 0,
            scope: 0,
            from: 0,
        }
    }
}

/// A type and the types below it.
#[derive(Clone, Copy)]
struct Node {
    ty: Ty,
    below: u32,
}

/// A scope in another, opened at a height.
#[derive(Clone, Copy)]
struct Scope {
    parent: u32,
    base: u32,
}

/// How deep two lists are compared before what is below counts as unknown.
const DEPTH: usize = 16;

/// Types and scopes that were met; past `C` of them no more is known.
pub(super) struct Types<const C: usize> {
    nodes: [Node; C],
    used: usize,
    scopes: [Scope; C],
    opened: usize,
}

impl<const C: usize> Types<C> {
    pub(super) const fn new() -> Self {
        let node = Node {
            ty: Ty::Any,
            below: 0,
        };
        let scope = Scope { parent: 0, base: 0 };
        Self {
            nodes: [node; C],
            used: 1,
            scopes: [scope; C],
            opened: 1,
        }
    }

    /// The list with `ty` on top of it.
    pub(super) const fn push(&mut self, ty: Ty, below: u32) -> u32 {
        if matches!(ty, Ty::Any) && below == 0 || self.used >= C {
            return 0;
        }
        self.nodes[self.used] = Node { ty, below };
        self.used += 1;
        (self.used - 1) as u32
    }

    /// The top type and the list below it.
    pub(super) const fn pop(&self, top: u32) -> (Ty, u32) {
        let Node { ty, below } = self.nodes[top as usize];
        (ty, below)
    }

    /// What holds for both lists.
    pub(super) const fn merged(&mut self, mut a: u32, mut b: u32) -> u32 {
        let mut common = [Ty::Any; DEPTH];
        let mut depth = 0;
        while a != b && depth < DEPTH {
            let ((x, below_a), (y, below_b)) = (self.pop(a), self.pop(b));
            if same_type(x, y) {
                common[depth] = x;
            }
            (a, b) = (below_a, below_b);
            depth += 1;
        }
        let mut top = if a == b { a } else { 0 };
        while depth > 0 {
            depth -= 1;
            top = self.push(common[depth], top);
        }
        top
    }

    /// Opens a scope.
    pub(super) const fn open(&mut self, parent: u32, base: u32) -> u32 {
        if self.opened >= C {
            return parent;
        }
        self.scopes[self.opened] = Scope { parent, base };
        self.opened += 1;
        (self.opened - 1) as u32
    }

    /// The height at which a scope was opened.
    pub(super) const fn base(&self, scope: u32) -> u32 {
        self.scopes[scope as usize].base
    }

    /// The scope around a scope.
    pub(super) const fn parent(&self, scope: u32) -> u32 {
        self.scopes[scope as usize].parent
    }
}

/// Whether the same scopes are open: as many, at the same heights.
pub(super) const fn same_scopes<const C: usize>(types: &Types<C>, mut a: u32, mut b: u32) -> bool {
    while a != b {
        if a == 0 || b == 0 || types.base(a) != types.base(b) {
            return false;
        }
        (a, b) = (types.parent(a), types.parent(b));
    }
    true
}
