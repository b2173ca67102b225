//! A language: its ops, its host and its policy, as `#[derive(Language)]` declares them.

use super::{ImmediatePool, OpDesc, OpTable};
use crate::heap::Tracer;
use crate::op::Opcode;
use crate::semantics::{Operands, Overflow, Policy, Unset, ZeroDiv};
use crate::vm::Vm;

/// A language: a set of ops with ids of their own, a host type, and a policy for numbers.
///
/// Implemented by `#[derive(Language)]`. A VM has one language; what two share, they share by
/// listing the same op sets.
pub trait Language: Sized + 'static {
    /// What its ops reach as `&mut Host`.
    type Host: Send + 'static;
    /// Its name, in listings and in chunks.
    const NAME: &'static str;
    /// Numeric policy of its chunks.
    const POLICY: Policy;
    /// Whether operands of all its ops are widened through `number`.
    const COERCE: bool;
    /// What its chunks run in place of an op on numbers where an operand is none: so `Add` can mean
    /// something for the language's own values while numbers stay as fast as they are.
    const OPERATORS: &'static [(Opcode, &'static OpDesc)] = &[];

    /// Its ops.
    fn table() -> &'static OpTable;

    /// Shows what objects the host refers to. The derive does so where the host has
    /// [`Trace`](crate::Trace); handles in another host keep nothing alive.
    fn trace_host(host: &Self::Host, tracer: &mut Tracer<'_>) {
        let _ = (host, tracer);
    }

    /// A new VM of this language.
    fn vm(host: Self::Host) -> Vm<Self> {
        Vm::new(host)
    }

    /// The reference of its ops as Markdown: of each the signature, what it does to the stack, its cost,
    /// what machine code does with it and why no better, and its documentation. The core ops, which
    /// every language has, are those of `<() as Language>::reference()`.
    fn reference() -> String {
        Self::table().reference()
    }

    /// The same of one op, a core op too, by its name.
    ///
    /// # Errors
    /// There is none of that name; with names that are like it.
    fn explain(op: &str) -> Result<String, super::UnknownOp> {
        Self::table().explain(op)
    }

    /// Checks that ops of these names are in the table: for linked op sets, which are silently
    /// absent when nothing of their crate is used.
    ///
    /// # Errors
    /// The names that are missing.
    fn require<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<(), super::MissingOps> {
        Self::table().require(names)
    }
}

/// The language of VMs that were given none: the core ops and no host.
impl Language for () {
    type Host = ();
    const NAME: &'static str = "core";
    const POLICY: Policy = Policy {
        overflow: Overflow::Wrap,
        zero_div: ZeroDiv::Undef,
        unset: Unset::Undef,
        operands: Operands::Coerce,
    };
    const COERCE: bool = false;

    fn table() -> &'static OpTable {
        static TABLE: std::sync::OnceLock<OpTable> = std::sync::OnceLock::new();
        TABLE.get_or_init(|| OpTable::new::<()>(super::core_tables::<()>()))
    }
}

/// An op of language `L`: the type that `#[ext_op]` makes beside the function, with the op's
/// immediates as fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an op of language `{L}`",
    label = "not an op of `{L}`",
    note = "an op belongs to the language its set names: `#[fusevm::ops({L})]`, or to every language: `#[fusevm::ops]`"
)]
pub trait ExtOp<L: Language>: Sized {
    /// What it declares.
    const DESC: &'static OpDesc;

    /// Its immediates as packed bits, without the targets of labels: those are label numbers.
    fn encode(self, pool: &mut dyn ImmediatePool) -> u64;
}

/// A set of ops of language `L`, in source order: the `OPS` of a module under `#[ops]`, or a single op.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an op set of language `{L}`",
    label = "not an op set of `{L}`",
    note = "list the `OPS` of modules under `#[fusevm::ops({L})]` or `#[fusevm::ops]`, and free-standing ops by their names"
)]
pub trait OpSet<L: Language> {
    /// The ops.
    const TABLE: &'static [&'static OpDesc];
}

/// An id asked for with `id = N`: implemented for the language once per id, so that rustc shows both
/// places when two ops ask for the same.
pub trait Id<const N: u16> {}
