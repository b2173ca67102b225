//! Register instructions: what the register interpreter runs.
//!
//! `d` is the register an instruction writes, `a` and `b` are those it reads, counted from the window of
//! the running frame. Lowering names registers by `u16`; what the loop runs is 8 bytes and names them by
//! `u8`, and where that is not enough there is [`Ins::Wide`]. Where a result may need more than the fast
//! path has, the bytecode op behind the instruction ([`Meta::pc`]) says what it means.

use crate::op::Opcode;

/// The number of a place of which nothing is remembered.
pub(crate) const NOWHERE: u16 = u16::MAX;

/// The type of instructions, and how those on many registers become those on few.
macro_rules! instructions {
    (
        $(#[$about:meta])*
        pub(crate) enum Ins<R = u8> {
            $($(#[$doc:meta])* $Name:ident $({ $($field:ident: $kind:tt),* $(,)? })?,)*
        }
    ) => {
        $(#[$about])*
        pub(crate) enum Ins<R = u8> {
            $($(#[$doc])* $Name $({ $($field: $kind),* })?,)*
        }

        impl Ins<u16> {
            /// The same on registers that are a `u8`, if all of them are.
            pub(super) fn narrow(self) -> Option<Ins> {
                Some(match self {
                    $(Self::$Name $({ $($field),* })? => Ins::$Name $({ $($field: narrowed!($kind $field)),* })?,)*
                })
            }
        }
    };
}

macro_rules! narrowed {
    (R $field:ident) => {
        u8::try_from($field).ok()?
    };
    ($kind:tt $field:ident) => {
        $field
    };
}

instructions! {
/// An instruction, on registers of type `R`.
#[derive(Clone, Copy, Debug)]
#[rustfmt::skip]
pub(crate) enum Ins<R = u8> {
    /// `d = a`, a copy.
    Copy { d: R, a: R },
    /// `d = a`, leaving Undef in `a`.
    Take { d: R, a: R },
    /// `d = n`.
    Int { d: R, n: i32 },
    /// `d =` constant `k` of the code.
    Const { d: R, k: u32 },
    /// `d =` Undef.
    Undef { d: R },
    /// `d =` the truth.
    Bool { d: R, is: bool },
    /// Exchanges two registers.
    Swap { a: R, b: R },
    /// Undef in registers `a..a + n`.
    Clear { a: R, n: R },

    /// `d = a + b`, and so on; numbers, or what language and policy say.
    Add { d: R, a: R, b: R },
    AddI { d: R, a: R, n: i32 },
    Sub { d: R, a: R, b: R },
    SubI { d: R, a: R, n: i32 },
    Mul { d: R, a: R, b: R },
    MulI { d: R, a: R, n: i32 },
    Div { d: R, a: R, b: R },
    Mod { d: R, a: R, b: R },
    ModI { d: R, a: R, n: i32 },
    /// `d = a & b`, and so on.
    And { d: R, a: R, b: R },
    Or { d: R, a: R, b: R },
    Xor { d: R, a: R, b: R },
    Shl { d: R, a: R, b: R },
    Shr { d: R, a: R, b: R },
    AndI { d: R, a: R, n: i32 },
    OrI { d: R, a: R, n: i32 },
    XorI { d: R, a: R, n: i32 },
    ShlI { d: R, a: R, n: i32 },
    ShrI { d: R, a: R, n: i32 },
    /// `d =` a comparison of `a` and `b`.
    Binary { op: Opcode, d: R, a: R, b: R },
    /// `d =` an op of one number, `a`.
    Unary { op: Opcode, d: R, a: R },
    /// `d = !a`.
    Not { d: R, a: R },

    /// Goes on at `to`.
    Jump { to: u32 },
    /// Goes on at `to` if `a` is true; `last` says that nothing uses `a` after this.
    JumpIf { a: R, last: bool, to: u32 },
    /// Goes on at `to` if `a` is false.
    JumpIfNot { a: R, last: bool, to: u32 },
    /// Goes on at `to` if `a < b`, and so on. `JumpNotLt` is no `JumpGe`: NaN.
    JumpLt { a: R, b: R, to: u32 },
    JumpLe { a: R, b: R, to: u32 },
    JumpEq { a: R, b: R, to: u32 },
    JumpNotLt { a: R, b: R, to: u32 },
    JumpNotLe { a: R, b: R, to: u32 },
    JumpNotEq { a: R, b: R, to: u32 },
    /// The same against a number in the instruction.
    JumpLtI { a: R, n: i16, to: u32 },
    JumpLeI { a: R, n: i16, to: u32 },
    JumpGtI { a: R, n: i16, to: u32 },
    JumpGeI { a: R, n: i16, to: u32 },
    JumpEqI { a: R, n: i16, to: u32 },
    JumpNotLtI { a: R, n: i16, to: u32 },
    JumpNotLeI { a: R, n: i16, to: u32 },
    JumpNotGtI { a: R, n: i16, to: u32 },
    JumpNotGeI { a: R, n: i16, to: u32 },
    JumpNotEqI { a: R, n: i16, to: u32 },

    /// `d =` the global of name `name`.
    GetVar { d: R, name: u16 },
    /// The global of name `name` `= a`.
    SetVar { a: R, name: u16 },
    /// `d =` element `b` of the container in `a`.
    IndexGet { d: R, a: R, b: R },
    /// Element `b` of the array in slot `s`, register `a`, `=` register `c`.
    IndexSet { a: R, b: R, c: R, s: u16 },
    /// `d =` element `b` of the array of name `name`.
    ArrayGet { d: R, b: R, name: u16 },
    /// Element `b` of the array of name `name` `= c`.
    ArraySet { b: R, c: R, name: u16 },
    /// Appends `a` to the array of name `name`.
    ArrayPush { a: R, name: u16 },
    /// `d =` what the hash of name `name` has under key `b`, and so on.
    HashGet { d: R, b: R, name: u16 },
    HashExists { d: R, b: R, name: u16 },
    HashDelete { d: R, b: R, name: u16 },
    /// Key `b` of the hash of name `name` `= c`.
    HashSet { b: R, c: R, name: u16 },
    /// An array of the `n` values from `a` on, in `a`.
    MakeArray { a: R, n: R },
    /// `d =` the length of `a`: of an array, a hash or a text.
    Len { d: R, a: R },
    /// `d = a` followed by `b`, as texts.
    Concat { d: R, a: R, b: R },

    /// Calls function `function` of the program with `argc` arguments from `a` on; its result goes to `a`
    /// if the caller wants it.
    Call { a: R, argc: u8, want: bool, function: u32 },
    /// Calls the function of name `name`, wherever it is.
    CallOut { a: R, argc: u8, name: u16 },
    /// Leaves the function or the program with the value of `a`, and `blocks` open loops.
    Return { a: R, blocks: u8 },
    /// Leaves without a value.
    ReturnVoid { blocks: u8 },
    /// The end of the program: its value is `a` if there is one.
    End { a: R, some: bool },

    /// Runs the op at its pc as the base interpreter does, on `n` inputs from `a` on; the results go
    /// to `a` and the registers behind it.
    /// Slots it names are counted from register `locals`.
    Base { a: R, n: R, locals: R },
    /// The same for an op that may jump: if it does, the next instruction runs, else the one behind it.
    BaseBranch { a: R, n: R, locals: R },
    /// Runs the ext op at its pc, of that import, on `n` inputs from `a` on, as `Base` does.
    /// `known` is the number of the place, for what the VM remembers of it.
    Ext { a: R, n: R, locals: R, import: u16, known: u16 },
    /// The same for one that may jump, as `BaseBranch` does.
    ExtBranch { a: R, n: R, locals: R },
    /// Calls builtin `id` with `argc` arguments from `a` on; its result goes to `a`.
    Builtin { a: R, argc: u8, id: u16 },
    /// Goes on in the base interpreter, as exit `exit` says.
    Exit { exit: u32 },
    /// Pays for the ops up to the next such instruction; goes on in the base interpreter if there is
    /// not enough.
    /// `cost` is what it costs, if it is that little; [`u16::MAX`] stands for more.
    Charge { cost: u16, exit: u32 },

    /// Begins the loop of the op at its pc over the array in `a`.
    LoopStart { a: R },
    /// The next turn of the innermost loop: its elements go to `a` and behind it. At the end, its result
    /// goes to `a`, and control to `to`.
    LoopNext { a: R, to: u32 },
    /// A turn has left its value in `a`, or nothing.
    LoopTurn { a: R, some: bool },
    /// The fused loop of the code's list, in one go; if that cannot be, the next instruction runs, else
    /// the one behind it.
    Fused { index: u32 },
    /// Where the instruction names registers that are no `u8`: it runs as it is in [`Code::plain`](super::Code).
    Wide,
    /// Machine code may be entered before the instruction.
    Enter,

    // Those below stand for two or three of the others, which follow them: see `fuse`.

    /// `a += n`, and goes on at `to`.
    StepJump { a: u8, n: i16, to: u32 },
    /// `a += n`, and goes on at `to` if `a < b`, and so on.
    StepLt { a: u8, b: u8, n: i8, to: u32 },
    StepLe { a: u8, b: u8, n: i8, to: u32 },
    /// The same against a number in the instruction; goes back so far from the one behind both.
    StepLtI { a: u8, n: i8, bound: i16, back: u16 },
    StepLeI { a: u8, n: i8, bound: i16, back: u16 },
    StepGtI { a: u8, n: i8, bound: i16, back: u16 },
    StepGeI { a: u8, n: i8, bound: i16, back: u16 },
    /// `a += s`, and goes on at `to` if `a < b`, and so on.
    StepByLt { a: u8, s: u8, b: u8, to: u32 },
    StepByLe { a: u8, s: u8, b: u8, to: u32 },
    /// Two copies: `d = a`, then `e = b`.
    Copies { d: u8, a: u8, e: u8, b: u8 },
    /// `d = c + a * b`, or the other way round.
    MulAdd { d: u8, a: u8, b: u8, c: u8 },
    /// `d = c - a * b`.
    MulFrom { d: u8, a: u8, b: u8, c: u8 },
    /// `d = a * b - c`.
    MulSub { d: u8, a: u8, b: u8, c: u8 },
    /// `d = a * n + m`.
    MulAddI { d: u8, a: u8, n: i16, m: i16 },
    /// Goes on at `to` unless `a % n == m`.
    JumpModNotEq { a: u8, n: i8, m: i8, to: u32 },
    /// Element `b` of the array in `a` `= n`.
    IndexSetI { a: u8, b: u8, n: i16 },
    /// `d = c + a[b]` or the other way round, and so on.
    IndexGetAdd { d: u8, a: u8, b: u8, c: u8 },
    IndexGetFrom { d: u8, a: u8, b: u8, c: u8 },
    IndexGetMul { d: u8, a: u8, b: u8, c: u8 },
    /// Goes on at `to` unless `a[b] == n`, and so on.
    IndexGetNotEqI { a: u8, b: u8, n: i8, to: u32 },
    IndexGetNotLt { a: u8, b: u8, c: u8, to: u32 },
    IndexGetNotGt { a: u8, b: u8, c: u8, to: u32 },
    /// The same of the array of name `name`; goes on so far from the one behind both.
    ArrayGetNotLt { b: u8, c: u8, name: u16, by: i16 },
    ArrayGetNotGt { b: u8, c: u8, name: u16, by: i16 },
    /// `d = of[a * b + c]`.
    IndexGetAt { d: u8, of: u8, a: u8, b: u8, c: u8 },
    /// `d = a + k`, float `k` of the code, or the other way round; and so on.
    AddF { d: u8, a: u8, k: u16 },
    SubF { d: u8, a: u8, k: u16 },
    /// `d = k - a`.
    FromF { d: u8, a: u8, k: u16 },
    MulF { d: u8, a: u8, k: u16 },
    DivF { d: u8, a: u8, k: u16 },
    /// `d = k / a`.
    IntoF { d: u8, a: u8, k: u16 },
    /// Goes on at `to` if `a < k`, and so on.
    JumpLtF { a: u8, k: u16, to: u32 },
    JumpNotLtF { a: u8, k: u16, to: u32 },
    JumpGtF { a: u8, k: u16, to: u32 },
    JumpNotGtF { a: u8, k: u16, to: u32 },
    /// `d =` whether `a` equals constant `k` of the code, or Undef for [`NOWHERE`]; and branches on that.
    EqualK { d: u8, a: u8, k: u16 },
    JumpEqK { a: u8, k: u16, to: u32 },
    JumpNotEqK { a: u8, k: u16, to: u32 },
    /// Runs an ext op whose only input is a copy of `a`: its result goes to `d`. `known` is as for `Ext`.
    ExtOf { d: u8, a: u8, known: u16 },
    /// The same of the global of name `name`.
    ExtOfVar { d: u8, name: u16, known: u16 },
}
}

const _: () = assert!(size_of::<Ins>() == 8);
const _: () = assert!(size_of::<Ins<u16>>() == 12);

/// Where an instruction comes from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meta {
    /// The op that may trap in it.
    pub(crate) pc: u32,
    /// Fuel that was paid for ops behind it.
    pub(crate) refund: u32,
}

impl<R: Copy + PartialEq> Ins<R> {
    /// The register that gets its one value, for those that compute one.
    pub(crate) fn dest(&mut self) -> Option<&mut R> {
        match self {
            Ins::Copy { d, .. }
            | Ins::Take { d, .. }
            | Ins::Int { d, .. }
            | Ins::Const { d, .. }
            | Ins::Undef { d }
            | Ins::Bool { d, .. }
            | Ins::Add { d, .. }
            | Ins::AddI { d, .. }
            | Ins::Sub { d, .. }
            | Ins::SubI { d, .. }
            | Ins::Mul { d, .. }
            | Ins::MulI { d, .. }
            | Ins::Div { d, .. }
            | Ins::Mod { d, .. }
            | Ins::ModI { d, .. }
            | Ins::And { d, .. }
            | Ins::Or { d, .. }
            | Ins::Xor { d, .. }
            | Ins::Shl { d, .. }
            | Ins::Shr { d, .. }
            | Ins::AndI { d, .. }
            | Ins::OrI { d, .. }
            | Ins::XorI { d, .. }
            | Ins::ShlI { d, .. }
            | Ins::ShrI { d, .. }
            | Ins::Binary { d, .. }
            | Ins::Unary { d, .. }
            | Ins::Not { d, .. }
            | Ins::GetVar { d, .. }
            | Ins::IndexGet { d, .. }
            | Ins::ArrayGet { d, .. }
            | Ins::HashGet { d, .. }
            | Ins::HashExists { d, .. }
            | Ins::HashDelete { d, .. }
            | Ins::Len { d, .. }
            | Ins::Concat { d, .. } => Some(d),
            _other => None,
        }
    }

    /// The registers that those read which compute one value.
    pub(crate) fn reads(self) -> [Option<R>; 2] {
        match self {
            Ins::Copy { a, .. }
            | Ins::Take { a, .. }
            | Ins::AddI { a, .. }
            | Ins::SubI { a, .. }
            | Ins::MulI { a, .. }
            | Ins::ModI { a, .. }
            | Ins::AndI { a, .. }
            | Ins::OrI { a, .. }
            | Ins::XorI { a, .. }
            | Ins::ShlI { a, .. }
            | Ins::ShrI { a, .. }
            | Ins::Unary { a, .. }
            | Ins::Not { a, .. }
            | Ins::Len { a, .. } => [Some(a), None],
            Ins::ArrayGet { b, .. }
            | Ins::HashGet { b, .. }
            | Ins::HashExists { b, .. }
            | Ins::HashDelete { b, .. } => [Some(b), None],
            Ins::Add { a, b, .. }
            | Ins::Sub { a, b, .. }
            | Ins::Mul { a, b, .. }
            | Ins::Div { a, b, .. }
            | Ins::Mod { a, b, .. }
            | Ins::And { a, b, .. }
            | Ins::Or { a, b, .. }
            | Ins::Xor { a, b, .. }
            | Ins::Shl { a, b, .. }
            | Ins::Shr { a, b, .. }
            | Ins::Binary { a, b, .. }
            | Ins::IndexGet { a, b, .. }
            | Ins::Concat { a, b, .. } => [Some(a), Some(b)],
            _other => [None, None],
        }
    }

    /// Whether it is one on texts or hashes that reads the register as one operand.
    pub(crate) fn reads_once(self, r: R) -> bool {
        match self {
            Ins::Concat { a, b, .. } => (a == r) != (b == r),
            Ins::HashGet { b, .. } | Ins::HashExists { b, .. } | Ins::HashDelete { b, .. } => {
                b == r
            }
            Ins::HashSet { b, c, .. } => (b == r) != (c == r),
            _other => false,
        }
    }

    /// Whether it is one on texts or hashes, or loads what may be a text.
    pub(crate) fn is_text(self) -> bool {
        matches!(
            self,
            Ins::Const { .. }
                | Ins::Concat { .. }
                | Ins::HashGet { .. }
                | Ins::HashSet { .. }
                | Ins::HashExists { .. }
                | Ins::HashDelete { .. }
        )
    }

    /// Where a branch on a comparison goes, and whether it goes there when that is true.
    pub(crate) fn branch(self) -> Option<(bool, u32)> {
        match self {
            Ins::JumpLt { to, .. }
            | Ins::JumpLe { to, .. }
            | Ins::JumpEq { to, .. }
            | Ins::JumpLtI { to, .. }
            | Ins::JumpLeI { to, .. }
            | Ins::JumpGtI { to, .. }
            | Ins::JumpGeI { to, .. }
            | Ins::JumpEqI { to, .. } => Some((true, to)),
            Ins::JumpNotLt { to, .. }
            | Ins::JumpNotLe { to, .. }
            | Ins::JumpNotEq { to, .. }
            | Ins::JumpNotLtI { to, .. }
            | Ins::JumpNotLeI { to, .. }
            | Ins::JumpNotGtI { to, .. }
            | Ins::JumpNotGeI { to, .. }
            | Ins::JumpNotEqI { to, .. } => Some((false, to)),
            _other => None,
        }
    }

    /// Whether it compares two registers by `==`, or by what is the other way round.
    pub(crate) fn is_equality(self) -> bool {
        matches!(
            self,
            Ins::Binary {
                op: Opcode::NumEq,
                ..
            } | Ins::JumpEq { .. }
                | Ins::JumpNotEq { .. }
        )
    }

    /// Whether it is a branch on two registers: greater is less then, the other way round.
    pub(crate) fn turned(self) -> bool {
        matches!(
            self,
            Ins::JumpLt { .. } | Ins::JumpLe { .. } | Ins::JumpNotLt { .. } | Ins::JumpNotLe { .. }
        )
    }

    /// How many instructions it stands for, itself included.
    pub(crate) fn parts(self) -> usize {
        match self {
            Ins::IndexGetAt { .. } => 3,
            Ins::StepJump { .. }
            | Ins::StepLt { .. }
            | Ins::StepLe { .. }
            | Ins::StepLtI { .. }
            | Ins::StepLeI { .. }
            | Ins::StepGtI { .. }
            | Ins::StepGeI { .. }
            | Ins::StepByLt { .. }
            | Ins::StepByLe { .. }
            | Ins::Copies { .. }
            | Ins::MulAdd { .. }
            | Ins::MulFrom { .. }
            | Ins::MulSub { .. }
            | Ins::MulAddI { .. }
            | Ins::JumpModNotEq { .. }
            | Ins::IndexSetI { .. }
            | Ins::IndexGetAdd { .. }
            | Ins::IndexGetFrom { .. }
            | Ins::IndexGetMul { .. }
            | Ins::IndexGetNotEqI { .. }
            | Ins::IndexGetNotLt { .. }
            | Ins::IndexGetNotGt { .. }
            | Ins::ArrayGetNotLt { .. }
            | Ins::ArrayGetNotGt { .. }
            | Ins::AddF { .. }
            | Ins::SubF { .. }
            | Ins::FromF { .. }
            | Ins::MulF { .. }
            | Ins::DivF { .. }
            | Ins::IntoF { .. }
            | Ins::JumpLtF { .. }
            | Ins::JumpNotLtF { .. }
            | Ins::JumpGtF { .. }
            | Ins::JumpNotGtF { .. }
            | Ins::EqualK { .. }
            | Ins::JumpEqK { .. }
            | Ins::JumpNotEqK { .. }
            | Ins::ExtOf { .. }
            | Ins::ExtOfVar { .. } => 2,
            _other => 1,
        }
    }

    /// Sets where a jump goes.
    pub(super) fn aim(&mut self, at: u32) {
        match self {
            Ins::Jump { to }
            | Ins::JumpIf { to, .. }
            | Ins::JumpIfNot { to, .. }
            | Ins::JumpLt { to, .. }
            | Ins::JumpLe { to, .. }
            | Ins::JumpEq { to, .. }
            | Ins::JumpNotLt { to, .. }
            | Ins::JumpNotLe { to, .. }
            | Ins::JumpNotEq { to, .. }
            | Ins::JumpLtI { to, .. }
            | Ins::JumpLeI { to, .. }
            | Ins::JumpGtI { to, .. }
            | Ins::JumpGeI { to, .. }
            | Ins::JumpEqI { to, .. }
            | Ins::JumpNotLtI { to, .. }
            | Ins::JumpNotLeI { to, .. }
            | Ins::JumpNotGtI { to, .. }
            | Ins::JumpNotGeI { to, .. }
            | Ins::JumpNotEqI { to, .. }
            | Ins::LoopNext { to, .. } => *to = at,
            _other => {}
        }
    }
}
