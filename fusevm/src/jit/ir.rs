//! The middle: typed values in single assignment, with what machine code leaves the interpreter at each
//! place where it can be left.
//!
//! A [`Func`] is a graph of blocks with parameters. Values are numbers and truths; everything counted
//! stays in the frame's registers or in globals, which are named by [`Loc`]. An [`Exit`] says how the
//! interpreter goes on: in which frames, at which instruction, and which locations have to be written
//! for that, because memory is behind what the values say.

use crate::ext::{OpDesc, Reach};
use crate::heap::Maker;
use crate::value::{Handle, Value};
use std::fmt;
use std::sync::Arc;

/// A value, or an instruction without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct V(pub(super) u32);

/// The number of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct B(pub(super) u32);

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ty {
    /// No value at all.
    None,
    /// The one value that is nothing.
    Undef,
    Bool,
    Int,
    Float,
    /// An address that is good until somebody may write there.
    Ptr,
    /// Two floats, in one register; in memory, one behind the other.
    Pair,
}

/// Whether the target is sure to have registers of sixteen bytes, whose first lane comes first in memory.
pub(super) const WIDE: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

impl Ty {
    /// The tag of a boxed value of that type.
    pub(super) fn tag(self) -> Option<u8> {
        match self {
            Ty::Undef => Some(0),
            Ty::Bool => Some(1),
            Ty::Int => Some(2),
            Ty::Float => Some(3),
            Ty::None | Ty::Ptr | Ty::Pair => None,
        }
    }

    pub(super) fn of_tag(tag: u8) -> Option<Ty> {
        Some(match tag {
            0 => Ty::Undef,
            1 => Ty::Bool,
            2 => Ty::Int,
            3 => Ty::Float,
            _ => return None,
        })
    }
}

/// Where a boxed value stands: a register from the window of the unit on, or a global of the VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Loc {
    Reg(u16),
    Global(u32),
}

/// What elements an array has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Items {
    Int,
    Float,
    Value,
}

/// Parts of an array's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Field {
    /// Which [`Items`] it has, as a number.
    Kind,
    /// The first element in use, of an array of such items.
    Data(Items),
    /// Elements in use.
    Len,
    /// The same with those that were shifted out before, and how many these are.
    End,
    Head,
    /// How many may be appended where they are.
    Room,
    /// Of what the heap keeps beside an object: the first field, and how many there are.
    Slots,
    SlotCount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Bin {
    Add,
    Sub,
    Mul,
    /// The remainder of a division that is known to have one.
    Rem,
    /// The quotient of one that is known to have one.
    Quot,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    /// Of the bits, without a sign.
    ShrU,
    /// The high half of the product.
    MulHigh,
    /// Whether the operation of the integers overflows.
    AddOver,
    SubOver,
    MulOver,
    FAdd,
    FSub,
    FMul,
    FDiv,
    /// Of addresses: so many elements of 8 or 16 bytes further.
    At8,
    At16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Un {
    Not,
    BitNot,
    FNeg,
    ToFloat,
    /// As Rust's `as` does: saturating.
    ToInt,
    /// The number of a truth.
    OfBool,
    Sqrt,
    FAbs,
    Floor,
    Ceil,
    Trunc,
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cond {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// As numbers without a sign.
    Below,
}

/// What a libcall does, or machine code in its place. Each gives 0 when all went well. A location that is
/// `None` where one is wanted is that of a constant, whose address is the first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lib {
    /// Runs the instruction as the interpreter does.
    Step,
    /// Runs the instruction as the interpreter does, with all frames told: it may have the whole VM. All that only values
    /// say has been written before.
    Out,
    /// The next element of the innermost loop over elements comes to `locs[0]`, or two to be compared, the second one to
    /// `locs[1]`. If there is none, what came of the loop does, and it has jumped.
    Next,
    /// What `locs[0]` has is what a turn of that loop has left.
    Answer,
    /// Sees to it that nobody shares the array of a location.
    Unshare,
    /// Sees to it that the array of a location is of that form, which it takes if it is empty and nobody shares it.
    Fit(Items),
    /// Appends what is given to the array of a location. Where its header, its length and its end are given too, it
    /// is known that nobody shares it, and that it is of the form for such elements.
    Push,
    /// Sees to it that there is room for so many more elements in the array of a location, whose header is given, and
    /// that nobody shares; if there may be so many.
    Reserve,
    /// The same as `Push` where all of it is given, and where it is known that there is room.
    Fill,
    /// Drops what a location holds.
    Forget,
    /// The same for what is known to be a text, an array or a hash.
    Release,
    /// `locs[1] = locs[0]`, a copy, where nothing is that has to be dropped.
    Copy,
    /// The same for what is known to be of that tag: a text, an array or a hash. From the element at
    /// `args[0]` if there is no location.
    Share(u8),
    /// `locs[1] = locs[0]`, which is Undef then, where nothing is that has to be dropped. The tag is that of
    /// a text, an array or a hash, if it is known to be one.
    Move(Option<u8>),
    /// Appends a text, by address and length, to the one of a location.
    Append,
    /// Copies element `args[0]` of the array at `locs[0]` to `locs[1]`, which may be the same.
    Element,
    /// Sets field `args[0]` of the object at `locs[0]`, which can have it, to what is at `locs[1]`.
    SetField,
    /// Puts a new object into a location, where nothing has to be dropped: what that maker of the unit makes.
    Make(u32),
    /// `locs[0] =` an array of so many values from there on.
    Array(u16),
    /// `locs[0] =` a constant followed by what `locs[1]` has, which is taken or kept, or by the last
    /// argument, as texts.
    Join { keeps: bool },
    /// Appends what `locs[1]` has to the text of `locs[0]`, or the argument.
    Extend { keeps: bool },
    /// `locs[2] =` what the hash at `locs[0]` has under key `locs[1]`, which is taken or kept.
    HashGet { takes: bool },
    /// The same: whether there is anything.
    HashExists { takes: bool },
    /// Under key `locs[1]` of the hash at `locs[0]` comes what `locs[2]` has; by the flags of the libcall.
    HashSet(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Inst {
    /// Parameter of a block, or of the unit.
    Param,
    Undef,
    Bool(bool),
    Int(i64),
    /// By its bits.
    Float(u64),
    Bin(Bin, V, V),
    Un(Un, V),
    Cmp(Cond, V, V),
    FCmp(Cond, V, V),
    Select(V, V, V),
    /// Two floats, as one pair.
    Pack(V, V),
    /// Of a pair the first, or the second.
    Lane(V, u8),
    /// Whether pairs compare so in either lane, and whether they do in both.
    Either(Cond, V, V),
    Both(Cond, V, V),
    /// The tag of what stands there.
    Tag(Loc),
    /// What stands there, which is known to be of the type.
    Load(Loc),
    /// Writes a value, where nothing is that has to be dropped.
    Store(Loc, V),
    /// The address of the counted value that stands there.
    Counted(Loc),
    /// The handle that stands there: index, and above it generation and arena.
    Handle(Loc),
    /// The heap of the handle that stands there.
    Salt(Loc),
    /// What a handle has in common with what stands beside an object of that arena: the shape, in the upper half,
    /// and nothing in the lower one, if there is such an object in the heap.
    Shape(V, V, u32),
    /// The address of what the heap keeps beside the object of a handle, in that arena.
    Beside(V, u32),
    /// Copies what owns nothing, over what owns nothing.
    Copy(Loc, Loc),
    /// The same to a location from an address.
    CopyFrom(V, Loc),
    /// The same to an address.
    CopyTo(Loc, V),
    /// Of the array at the address.
    Field(Field, V),
    /// An element at an address: packed.
    Elem(V),
    SetElem(V, V),
    /// The tag of a boxed element at an address, its payload, and writing both.
    ElemTag(V),
    ElemLoad(V),
    ElemStore(V, V),
    /// Leaves by the exit unless the truth is as said.
    Guard(V, bool, usize),
    /// Leaves if somebody has interrupted.
    Poll(usize),
    /// Pays for ops, or leaves.
    Charge(u32, usize),
    /// Pays for ops if there is enough; whether there was.
    Pay(u32),
    /// Leaves unless there is so much fuel.
    Ensure(u32, usize),
    /// For how many times so much there is fuel: at least one, behind a look at that, and so many at most.
    Turns(u32, u32),
    /// Pays for ops what is known to be there.
    Spend(V),
    /// Leaves with what it gives if that is not 0. `site` is the instruction, in the frame of the exit.
    Lib {
        lib: Lib,
        locs: [Option<Loc>; 3],
        args: Vec<V>,
        site: usize,
        exit: usize,
    },
    /// Leaves unless a call may be opened whose window begins at the register, so many calls deep in the
    /// unit.
    Room {
        window: u16,
        deep: u32,
        exit: usize,
    },
    /// Calls the version whose window begins at the register, so many calls deep in the unit; `after` is
    /// how the frame goes on if the callee's was left.
    Call {
        version: usize,
        window: u16,
        deep: u32,
        args: Vec<V>,
        after: usize,
    },
    /// The truth that comes of looking at two locations and at nothing else; those of the VM's own never leave.
    Peek {
        op: Look,
        locs: [Loc; 2],
        exit: usize,
    },
    /// An ext op's own code, called without boxes; the address is of the op's entry. What is at a place is
    /// passed by its address, and `args` has nothing for it.
    Native {
        entry: usize,
        args: Vec<V>,
        places: Vec<Option<Loc>>,
        /// What it gives depends on what it is given alone, and it may run once for many.
        pure: bool,
        reach: Reach,
        exit: usize,
    },
    /// What the op right before has given that is no number comes to a location, where nothing is that has to be
    /// dropped.
    Given(Loc),
    /// Whether the instruction that the VM has run right before has jumped.
    Went,
}

/// How a block ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    /// It is not ended yet.
    Open,
    Jump(B, Vec<V>),
    Branch(V, (B, Vec<V>), (B, Vec<V>)),
    /// Leaves the function, with its value if it has one of its own.
    Return(Option<V>),
    Leave(usize),
}

/// Tells a function of each value that the end of a block looks at or hands on.
macro_rules! passed {
    ($term:expr, $of:ident) => {
        match $term {
            Term::Open | Term::Leave(_) | Term::Return(None) => {}
            Term::Jump(_, args) => args.into_iter().for_each($of),
            Term::Branch(is, (_, yes), (_, no)) => {
                $of(is);
                yes.into_iter().chain(no).for_each($of);
            }
            Term::Return(Some(v)) => $of(v),
        }
    };
}

impl Term {
    pub(super) fn succs(&self) -> impl ExactSizeIterator<Item = B> + use<> {
        let (all, count) = match self {
            Term::Open | Term::Return(_) | Term::Leave(_) => ([B(0); 2], 0),
            Term::Jump(to, _) => ([*to, B(0)], 1),
            Term::Branch(_, (yes, _), (no, _)) => ([*yes, *no], 2),
        };
        all.into_iter().take(count)
    }

    pub(super) fn each_value(&mut self, mut of: impl FnMut(&mut V)) {
        passed!(self, of);
    }

    /// The same, to look at.
    pub(super) fn each_operand(&self, mut of: impl FnMut(&V)) {
        passed!(self, of);
    }
}

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) params: Vec<V>,
    pub(super) insts: Vec<V>,
    pub(super) term: Term,
    /// For the header of a loop: the block before it, from outside, and the exit there.
    pub(super) preheader: Option<(B, usize)>,
}

/// A frame as the interpreter has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// Which of the units of the version.
    pub(crate) unit: u16,
    /// The register where its window begins, from that of the version.
    pub(crate) window: u16,
    /// Arguments that its code is for.
    pub(crate) argc: u8,
    /// The instruction that comes next.
    pub(crate) ip: u32,
    /// For one that is not the innermost: whether it wants the result of the call it waits for.
    pub(crate) want: bool,
    /// And whether an ext op has asked for that call.
    pub(crate) invoked: Option<Invoked>,
    /// Through what the function was called, for ops that look at that.
    pub(crate) callee: CalleeAt,
}

/// Where the value is through which a function was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CalleeAt {
    /// Nowhere: it was called by its name, or nothing in it looks at that.
    Nothing,
    /// Where the interpreter has it: the unit was entered from there, and from there alone.
    Entry,
    /// It is this.
    Is(Handle),
    /// In the register before the window.
    Below,
}

/// A call that an ext op asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invoked {
    /// The register for its result; the first input is there as long as the call runs.
    pub(crate) result: u16,
    /// What it was called through; `None` for the first input.
    pub(crate) callee: Option<Handle>,
}

#[cfg(test)]
impl At {
    /// A frame of a unit without arguments.
    pub(super) fn of(unit: u16, window: u16, ip: u32) -> At {
        At {
            unit,
            window,
            argc: 0,
            ip,
            want: true,
            invoked: None,
            callee: CalleeAt::Nothing,
        }
    }
}

/// Why machine code is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Why {
    /// What comes next is not compiled here.
    Planned,
    /// A value is not what it was thought to be.
    Kind,
    /// An index is out of range, an overflow, a divisor of zero: what the fast path leaves out.
    Range,
    /// There is no fuel, or somebody wants to interrupt, or a limit is near.
    Limit,
    /// The instruction needs frames, or it trapped.
    Slow,
    /// A callee was left.
    Callee,
    /// An ext op gave no result: the one so many instructions further. If it has failed, that is not to be
    /// found out again.
    Op(u32),
}

/// How the interpreter goes on.
#[derive(Clone, Debug)]
pub(super) struct Exit {
    pub(super) why: Why,
    /// Innermost first.
    pub(super) frames: Vec<At>,
    /// In the order of locations.
    pub(super) writes: Vec<(Loc, V)>,
}

/// An op, by what describes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peeked(pub(super) &'static OpDesc);

/// What looks at locations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Look {
    /// A language's own op.
    Op(Peeked),
    /// How both compare as numbers, whatever they are.
    Order(Cond),
    /// The same for the first one and a number.
    OrderInt(Cond, i64),
    /// Whether the first one counts as true.
    Truth,
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Look::Op(op) => write!(f, "{}", op.0.name),
            Look::Order(cond) => write!(f, "order {cond:?}"),
            Look::OrderInt(cond, n) => write!(f, "order {cond:?} {n}"),
            Look::Truth => write!(f, "truth"),
        }
    }
}

impl PartialEq for Peeked {
    fn eq(&self, other: &Peeked) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Peeked {}

impl std::hash::Hash for Peeked {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

/// A unit in the middle of its way.
#[derive(Clone, Debug, Default)]
pub(super) struct Func {
    pub(super) insts: Vec<Inst>,
    pub(super) types: Vec<Ty>,
    pub(super) blocks: Vec<Block>,
    pub(super) exits: Vec<Exit>,
    /// Values that the code has addresses of.
    pub(super) keeps: Vec<Arc<Value>>,
    /// The last arena whose shapes it looks at.
    pub(super) arena: u32,
    /// What makes objects in it, by number.
    pub(super) makers: Vec<Maker>,
}

impl Func {
    /// An empty one, with room for about so many instructions.
    pub(super) fn for_about(len: usize) -> Func {
        Func {
            insts: Vec::with_capacity(len),
            types: Vec::with_capacity(len),
            exits: Vec::with_capacity(len / 4),
            ..Func::default()
        }
    }

    pub(super) fn block(&mut self) -> B {
        self.blocks.push(Block {
            params: Vec::new(),
            insts: Vec::new(),
            term: Term::Open,
            preheader: None,
        });
        B(self.blocks.len() as u32 - 1)
    }

    pub(super) fn value(&mut self, inst: Inst, ty: Ty) -> V {
        self.insts.push(inst);
        self.types.push(ty);
        V(self.insts.len() as u32 - 1)
    }

    pub(super) fn param(&mut self, block: B, ty: Ty) -> V {
        let v = self.value(Inst::Param, ty);
        self.blocks[block.0 as usize].params.push(v);
        v
    }

    pub(super) fn ty(&self, v: V) -> Ty {
        self.types[v.0 as usize]
    }

    pub(super) fn inst(&self, v: V) -> &Inst {
        &self.insts[v.0 as usize]
    }

    pub(super) fn int(&self, v: V) -> Option<i64> {
        match self.inst(v) {
            Inst::Int(n) => Some(*n),
            _other => None,
        }
    }

    /// Whether nothing is left in registers that has to be dropped, if nothing was there before: it calls nobody.
    pub(super) fn leaves_plain(&self) -> bool {
        !self.any(|inst| {
            matches!(
                inst,
                Inst::Lib { .. } | Inst::Call { .. } | Inst::Native { .. } | Inst::Given(_)
            )
        })
    }

    /// Whether there is such an instruction.
    pub(super) fn any(&self, of: impl Fn(&Inst) -> bool) -> bool {
        self.any_of(|v| of(self.inst(v)))
    }

    /// Whether there is such an instruction, by number.
    pub(super) fn any_of(&self, of: impl Fn(V) -> bool) -> bool {
        let mut all = self.blocks.iter().flat_map(|block| &block.insts);
        all.any(|v| of(*v))
    }

    /// Tells a function of each use of a value: by instructions, at the ends of blocks, and on ways out.
    pub(super) fn each_use(&mut self, mut of: impl FnMut(&mut V)) {
        for inst in &mut self.insts {
            inst.each_value(&mut of);
        }
        for block in &mut self.blocks {
            block.term.each_value(&mut of);
        }
        for exit in &mut self.exits {
            exit.writes.iter_mut().for_each(|(_, v)| of(v));
        }
    }

    /// Blocks in reverse postorder, as far as control reaches them.
    pub(super) fn order(&self) -> Vec<B> {
        let mut seen = vec![false; self.blocks.len()];
        let mut order = Vec::with_capacity(self.blocks.len());
        let mut open = Vec::with_capacity(self.blocks.len());
        open.push((B(0), 0));
        seen[0] = true;
        while let Some((at, next)) = open.last_mut() {
            let to = match (&self.blocks[at.0 as usize].term, *next) {
                (Term::Jump(to, _) | Term::Branch(_, (to, _), _), 0) => *to,
                (Term::Branch(_, _, (to, _)), 1) => *to,
                _all => {
                    order.push(*at);
                    open.pop();
                    continue;
                }
            };
            *next += 1;
            if !std::mem::replace(&mut seen[to.0 as usize], true) {
                open.push((to, 0));
            }
        }
        order.reverse();
        order
    }
}

/// Tells a function of each operand of an instruction, which is one to look at or to change.
macro_rules! operands {
    ($inst:expr, $of:ident) => {
        match $inst {
            Inst::Param | Inst::Undef | Inst::Bool(_) | Inst::Int(_) | Inst::Float(_) => {}
            Inst::Handle(_) | Inst::Salt(_) | Inst::Copy(..) => {}
            Inst::Shape(a, b, _) => {
                $of(a);
                $of(b);
            }
            Inst::Beside(a, _) | Inst::CopyFrom(a, _) | Inst::CopyTo(_, a) => $of(a),
            Inst::Tag(_) | Inst::Load(_) | Inst::Counted(_) | Inst::Poll(_) | Inst::Charge(..) => {}
            Inst::Room { .. }
            | Inst::Peek { .. }
            | Inst::Pay(_)
            | Inst::Ensure(..)
            | Inst::Turns(..)
            | Inst::Went => {}
            Inst::Given(_) => {}
            Inst::Bin(_, a, b) | Inst::Cmp(_, a, b) | Inst::FCmp(_, a, b) => {
                $of(a);
                $of(b);
            }
            Inst::Pack(a, b) | Inst::Either(_, a, b) | Inst::Both(_, a, b) => {
                $of(a);
                $of(b);
            }
            Inst::SetElem(a, b) | Inst::ElemStore(a, b) => {
                $of(a);
                $of(b);
            }
            Inst::Un(_, a)
            | Inst::Lane(a, _)
            | Inst::Spend(a)
            | Inst::Store(_, a)
            | Inst::Field(_, a)
            | Inst::Elem(a)
            | Inst::ElemTag(a)
            | Inst::ElemLoad(a)
            | Inst::Guard(a, ..) => $of(a),
            Inst::Select(a, b, c) => {
                $of(a);
                $of(b);
                $of(c);
            }
            Inst::Lib { args, .. } | Inst::Call { args, .. } | Inst::Native { args, .. } => {
                args.into_iter().for_each($of);
            }
        }
    };
}

/// The exit that an instruction may leave by, to look at or to change.
macro_rules! exit_of {
    ($inst:expr) => {
        match $inst {
            Inst::Guard(_, _, exit)
            | Inst::Poll(exit)
            | Inst::Charge(_, exit)
            | Inst::Ensure(_, exit) => Some(exit),
            Inst::Lib { exit, .. }
            | Inst::Room { exit, .. }
            | Inst::Native { exit, .. }
            | Inst::Peek { exit, .. } => Some(exit),
            Inst::Call { after, .. } => Some(after),
            _other => None,
        }
    };
}

impl Inst {
    /// The exit that it may leave by.
    pub(super) fn exit(&self) -> Option<usize> {
        exit_of!(self).copied()
    }

    /// The same, to change.
    pub(super) fn exit_mut(&mut self) -> Option<&mut usize> {
        exit_of!(self)
    }

    /// Whether it does nothing but give a value that depends on its operands alone.
    pub(super) fn is_pure(&self) -> bool {
        matches!(
            self,
            Inst::Undef
                | Inst::Bool(_)
                | Inst::Int(_)
                | Inst::Float(_)
                | Inst::Bin(..)
                | Inst::Un(..)
                | Inst::Cmp(..)
                | Inst::FCmp(..)
                | Inst::Select(..)
                | Inst::Pack(..)
                | Inst::Lane(..)
                | Inst::Either(..)
                | Inst::Both(..)
        )
    }

    pub(super) fn each_value(&mut self, mut of: impl FnMut(&mut V)) {
        operands!(self, of);
    }

    /// The same, to look at.
    pub(super) fn each_operand(&self, mut of: impl FnMut(&V)) {
        operands!(self, of);
    }
}

impl fmt::Display for V {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Display for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loc::Reg(r) => write!(f, "r{r}"),
            Loc::Global(g) => write!(f, "g{g}"),
        }
    }
}

/// Values in a row, for people.
fn list(values: &[V]) -> String {
    let all: Vec<String> = values.iter().map(V::to_string).collect();
    all.join(", ")
}

impl fmt::Display for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for at in self.order() {
            let block = &self.blocks[at.0 as usize];
            let params: Vec<String> = (block.params.iter())
                .map(|v| format!("{v}: {:?}", self.ty(*v)))
                .collect();
            writeln!(f, "b{}({}):", at.0, params.join(", "))?;
            for &v in &block.insts {
                self.write_inst(f, v)?;
            }
            let way = |(to, args): &(B, Vec<V>)| format!("b{}({})", to.0, list(args));
            match &block.term {
                Term::Open => writeln!(f, "    open")?,
                Term::Jump(to, args) => writeln!(f, "    jump {}", way(&(*to, args.clone())))?,
                Term::Branch(is, yes, no) => {
                    writeln!(f, "    if {is} {} else {}", way(yes), way(no))?;
                }
                Term::Return(Some(v)) => writeln!(f, "    return {v}")?,
                Term::Return(None) => writeln!(f, "    return")?,
                Term::Leave(exit) => writeln!(f, "    leave {}", self.exit_text(*exit))?,
            }
        }
        Ok(())
    }
}

impl Func {
    /// An exit as the listing has it: where it goes, and what it writes.
    fn exit_text(&self, exit: usize) -> String {
        let exit = &self.exits[exit];
        let ip = exit.frames.first().map_or(0, |at| at.ip);
        let writes: Vec<String> = (exit.writes.iter())
            .map(|(loc, v)| format!("{loc}={v}"))
            .collect();
        format!("@{ip} {:?} [{}]", exit.why, writes.join(" "))
    }

    fn write_inst(&self, f: &mut fmt::Formatter<'_>, v: V) -> fmt::Result {
        let name = match self.ty(v) {
            Ty::None => "    ".to_owned(),
            ty => format!("    {v}: {ty:?} = "),
        };
        match self.inst(v) {
            Inst::Param => writeln!(f, "{name}param"),
            Inst::Undef => writeln!(f, "{name}undef"),
            Inst::Bool(is) => writeln!(f, "{name}{is}"),
            Inst::Int(n) => writeln!(f, "{name}{n}"),
            Inst::Float(bits) => writeln!(f, "{name}{:?}", f64::from_bits(*bits)),
            Inst::Bin(op, a, b) => writeln!(f, "{name}{op:?} {a}, {b}"),
            Inst::Un(op, a) => writeln!(f, "{name}{op:?} {a}"),
            Inst::Cmp(op, a, b) => writeln!(f, "{name}{op:?} {a}, {b}"),
            Inst::FCmp(op, a, b) => writeln!(f, "{name}F{op:?} {a}, {b}"),
            Inst::Select(is, a, b) => writeln!(f, "{name}select {is}, {a}, {b}"),
            Inst::Pack(a, b) => writeln!(f, "{name}pack {a}, {b}"),
            Inst::Lane(a, n) => writeln!(f, "{name}lane {n} of {a}"),
            Inst::Either(op, a, b) => writeln!(f, "{name}either {op:?} {a}, {b}"),
            Inst::Both(op, a, b) => writeln!(f, "{name}both {op:?} {a}, {b}"),
            Inst::Tag(loc) => writeln!(f, "{name}tag {loc}"),
            Inst::Load(loc) => writeln!(f, "{name}load {loc}"),
            Inst::Store(loc, v) => writeln!(f, "{name}store {loc}, {v}"),
            Inst::Counted(loc) => writeln!(f, "{name}counted {loc}"),
            Inst::Handle(loc) => writeln!(f, "{name}handle {loc}"),
            Inst::Salt(loc) => writeln!(f, "{name}heap of {loc}"),
            Inst::Shape(v, salt, arena) => writeln!(f, "{name}shape {v} of {salt}, {arena}"),
            Inst::Beside(v, arena) => writeln!(f, "{name}beside {v}, {arena}"),
            Inst::Copy(from, to) => writeln!(f, "{name}copy {from} to {to}"),
            Inst::CopyFrom(at, to) => writeln!(f, "{name}copy elem {at} to {to}"),
            Inst::CopyTo(from, at) => writeln!(f, "{name}copy {from} to elem {at}"),
            Inst::Field(field, v) => writeln!(f, "{name}{field:?} of {v}"),
            Inst::Elem(at) => writeln!(f, "{name}elem {at}"),
            Inst::SetElem(at, v) => writeln!(f, "{name}set elem {at}, {v}"),
            Inst::ElemTag(at) => writeln!(f, "{name}tag of elem {at}"),
            Inst::ElemLoad(at) => writeln!(f, "{name}load elem {at}"),
            Inst::ElemStore(at, v) => writeln!(f, "{name}store elem {at}, {v}"),
            Inst::Guard(is, want, exit) => {
                let not = if *want { "" } else { "not " };
                writeln!(f, "{name}guard {not}{is}, else {}", self.exit_text(*exit))
            }
            Inst::Poll(exit) => writeln!(f, "{name}poll, else {}", self.exit_text(*exit)),
            Inst::Charge(cost, exit) => {
                writeln!(f, "{name}charge {cost}, else {}", self.exit_text(*exit))
            }
            Inst::Pay(cost) => writeln!(f, "{name}pay {cost}"),
            Inst::Ensure(cost, exit) => {
                writeln!(f, "{name}ensure {cost}, else {}", self.exit_text(*exit))
            }
            Inst::Turns(cost, most) => writeln!(f, "{name}turns of {cost}, {most} at most"),
            Inst::Spend(cost) => writeln!(f, "{name}spend {cost}"),
            Inst::Lib {
                lib,
                locs,
                args,
                exit,
                ..
            } => {
                let locs: Vec<String> = locs.iter().flatten().map(Loc::to_string).collect();
                let (locs, args, exit) = (locs.join(" "), list(args), self.exit_text(*exit));
                writeln!(f, "{name}lib {lib:?} {locs} ({args}), else {exit}")
            }
            Inst::Call {
                version,
                window,
                args,
                after,
                ..
            } => {
                let (args, exit) = (list(args), self.exit_text(*after));
                writeln!(f, "{name}call #{version} r{window} ({args}), else {exit}")
            }
            Inst::Room { window, deep, exit } => {
                let exit = self.exit_text(*exit);
                writeln!(f, "{name}room r{window} {deep} deep, else {exit}")
            }
            Inst::Peek { op, locs, exit } => {
                let ([a, b], exit) = (locs, self.exit_text(*exit));
                writeln!(f, "{name}{op} {a} {b}, else {exit}")
            }
            Inst::Native {
                args,
                places,
                pure,
                reach,
                exit,
                ..
            } => {
                let passed = args.iter().zip(places).map(|(v, place)| match place {
                    None => v.to_string(),
                    Some(loc) => format!("&{loc}"),
                });
                let (passed, exit) = (passed.collect::<Vec<_>>().join(", "), self.exit_text(*exit));
                let pure = if *pure { "pure " } else { "" };
                let world = if reach.world { " in the world" } else { "" };
                writeln!(f, "{name}{pure}native ({passed}){world}, else {exit}")
            }
            Inst::Given(to) => writeln!(f, "{name}given to {to}"),
            Inst::Went => writeln!(f, "{name}went"),
        }
    }
}
