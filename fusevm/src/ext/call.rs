//! One run of an ext op: its inputs, immediates and contexts on the way in, its results on the way out.
//!
//! A [`Call`] splits the VM into parts that are borrowed side by side: the inputs one after the
//! other, the host, the heap, the output. Each can be taken once; the macros refuse at compile time
//! what could not be taken together. An op with [`Ctx`](super::Ctx) gets the whole VM instead, and
//! its inputs are owned by the caller.

use super::called::{Allocate, Around};
use super::memory::Place;
use super::{HeapUse, Input, IntoOutput, Invoke, Mismatch, OpDesc, Ty};
use crate::heap::Heap;
use crate::semantics::{Limits, OperandTrap, Rules, Trap};
use crate::value::{Func, Value};
use crate::vm::{Linked, Output, VM};
use std::any::Any;

/// How an ext op ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Falls through with its results.
    Next,
    /// Jumps to its label with its results.
    Jump,
    /// Asks the VM to call a function with its [`Rest`].
    Invoke,
    /// Asks the VM to read or set a field of its first input.
    Access,
}

/// Characters of a value that a message shows.
const SHOWN: usize = 80;

/// Kind and value for a message.
pub(crate) fn shown(value: &Value) -> String {
    let mut text = format!("{} {value:?}", value.kind());
    if let Some((end, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// What is still there of the heap.
enum HeapPart<'a> {
    Gone,
    Shared(&'a Heap),
    Unique(&'a mut Heap),
}

/// A result on its way out: a value, or an object that is allocated once the op's borrows have ended.
pub(crate) enum Produced {
    Value(Value),
    Object(Allocate),
}

/// What a run of an op leaves, beside its inputs on the stack. It stands outside of the call, so that
/// nothing is moved about when the call is over.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) first: Option<Produced>,
    pub(crate) second: Option<Produced>,
    pub(crate) invoke: Option<Invoke>,
    pub(crate) field: Option<usize>,
}

impl Results {
    /// Whether it holds nothing that is to be dropped.
    #[cfg(feature = "jit")]
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.second.is_none() && self.invoke.is_none()
    }
}

/// One run of an ext op. Made by the VM, used by what `#[ext_op]` expands to.
pub struct Call<'a> {
    immediates: u64,
    inputs: std::slice::IterMut<'a, Value>,
    taken: usize,
    coerce: bool,
    /// The program; `None` where the op is run before there is one.
    linked: Option<&'a Linked>,
    op: u16,
    host: Option<&'a mut (dyn Any + Send)>,
    heap: HeapPart<'a>,
    output: Option<&'a mut Output>,
    /// The slots of the caller's frame that the op names are there.
    slots: Option<&'a mut [Value]>,
    limits: Option<&'a Limits>,
    callee: &'a Value,
    /// The memory of the place, if the op keeps one.
    place: Option<&'a mut Place>,
    vm: Option<&'a mut VM>,
    pub(crate) results: &'a mut Results,
}

/// The parts of a VM that an op sees side by side.
pub(crate) struct Parts<'a> {
    pub(crate) inputs: &'a mut [Value],
    pub(crate) slots: &'a mut [Value],
    pub(crate) host: &'a mut (dyn Any + Send),
    pub(crate) heap: &'a mut Heap,
    pub(crate) output: &'a mut Output,
    pub(crate) limits: &'a Limits,
    pub(crate) callee: &'a Value,
}

/// Checks a result of an op against the limits.
#[inline]
pub(crate) fn check_size(limits: &Limits, value: &Value) -> Result<(), Trap> {
    let (what, len, limit) = match value {
        Value::Str(text) => ("string", text.len(), limits.max_string_len),
        Value::Array(items) => ("array", items.len(), limits.max_array_len),
        Value::Hash(items) => ("hash", items.len(), limits.max_hash_len),
        _other => return Ok(()),
    };
    match len > limit {
        true => Err(Trap::TooLong {
            what,
            len: len as u64,
            limit,
        }),
        false => Ok(()),
    }
}

/// The trap for an input of another kind.
#[cold]
#[inline(never)]
fn mismatch(desc: &OpDesc, index: usize, expected: Ty, found: &Value) -> Trap {
    let (expected, found) = (expected.to_string(), shown(found));
    OperandTrap::new(desc.name, index + 1, expected, found).into()
}

impl<'a> Call<'a> {
    /// A call that sees the parts of a VM side by side.
    pub(crate) fn leaf(
        site: (&'a Linked, u16, u64),
        parts: Parts<'a>,
        place: Option<&'a mut Place>,
        results: &'a mut Results,
    ) -> Self {
        Self {
            place,
            callee: parts.callee,
            slots: Some(parts.slots),
            host: Some(parts.host),
            heap: HeapPart::Unique(parts.heap),
            output: Some(parts.output),
            limits: Some(parts.limits),
            ..Self::placed(site, parts.inputs, results)
        }
    }

    /// A call that sees the whole VM.
    pub(crate) fn full(
        site: (&'a Linked, u16, u64),
        inputs: &'a mut [Value],
        vm: &'a mut VM,
        results: &'a mut Results,
    ) -> Self {
        Self {
            vm: Some(vm),
            ..Self::placed(site, inputs, results)
        }
    }

    /// A call of a pure op that sees its inputs alone.
    pub(crate) fn early(
        coerce: bool,
        immediates: u64,
        inputs: &'a mut [Value],
        results: &'a mut Results,
    ) -> Self {
        Self {
            coerce,
            ..Self::bare((u16::MAX, immediates), inputs, results)
        }
    }

    /// A call from machine code, of an import at the place of that number.
    #[inline(always)]
    pub(crate) fn around(
        parts: &'a mut Around<'a>,
        (op, place, immediates): (u16, usize, u64),
        results: &'a mut Results,
    ) -> Self {
        Self {
            coerce: parts.linked.coerce(),
            linked: Some(parts.linked),
            host: Some(parts.host),
            heap: HeapPart::Unique(parts.heap),
            output: Some(parts.output),
            limits: Some(parts.limits),
            place: parts.memory.get_mut(place),
            ..Self::bare((op, immediates), &mut [], results)
        }
    }

    #[inline]
    fn placed(
        (linked, op, immediates): (&'a Linked, u16, u64),
        inputs: &'a mut [Value],
        results: &'a mut Results,
    ) -> Self {
        Self {
            coerce: linked.coerce(),
            linked: Some(linked),
            ..Self::bare((op, immediates), inputs, results)
        }
    }

    #[inline]
    fn bare(
        (op, immediates): (u16, u64),
        inputs: &'a mut [Value],
        results: &'a mut Results,
    ) -> Self {
        Self {
            immediates,
            inputs: inputs.iter_mut(),
            taken: 0,
            coerce: false,
            linked: None,
            op,
            host: None,
            heap: HeapPart::Gone,
            output: None,
            slots: None,
            limits: None,
            callee: &Value::Undef,
            place: None,
            vm: None,
            results,
        }
    }

    /// The next input, taken or borrowed as `T`; one that writes to the heap waits in the
    /// [`Operand`] until the others have looked at it.
    #[inline(always)]
    pub(crate) fn input<T: Input<'a>>(&mut self, desc: &OpDesc) -> Result<Operand<'a, T>, Trap> {
        let index = self.taken;
        let value = self.inputs.next().ok_or_else(|| self.missing(desc))?;
        self.taken += 1;
        match T::HEAP {
            HeapUse::Unique => Ok(Operand::Waiting(value, index)),
            HeapUse::None | HeapUse::Shared => self.take(value, index, desc).map(Operand::Ready),
        }
    }

    /// Input `index` as `T`, or the trap that names op, operand, what was expected and what was found.
    #[inline(always)]
    pub(crate) fn take<T: Input<'a>>(
        &mut self,
        value: &'a mut Value,
        index: usize,
        desc: &OpDesc,
    ) -> Result<T, Trap> {
        let coerce = self.coerce || desc.inputs[index].coerce;
        match T::take(value, self, coerce) {
            Ok(input) => Ok(input),
            Err(Mismatch(found)) => Err(mismatch(desc, index, T::TY, &found)),
        }
    }

    /// Whether the next input but `ahead` can be taken as `T`; for ops with an `alt`.
    pub(crate) fn accepts<T: Input<'a>>(&self, desc: &OpDesc, ahead: usize) -> bool {
        let coerce = self.coerce || desc.inputs[ahead].coerce;
        let value = self.inputs.as_slice().get(ahead);
        value.is_some_and(|value| T::accepts(value, self.heap(), coerce))
    }

    /// The remaining inputs.
    pub fn rest(&mut self) -> Rest<'a> {
        Rest {
            values: std::mem::take(&mut self.inputs).into_slice(),
        }
    }

    /// Bits of immediate `index` of the op.
    pub fn immediate(&self, desc: &OpDesc, index: usize) -> u64 {
        desc.immediates[index].extract(self.immediates)
    }

    /// The whole VM, once, for an op with `Ctx`.
    ///
    /// # Errors
    /// A trap when the op was not declared to take it.
    pub fn ctx<L: super::Language>(&mut self) -> Result<super::Ctx<'a, L>, Trap> {
        (self.vm.take().map(super::Ctx::new))
            .ok_or_else(|| Trap::Load("the op was not declared to take `Ctx`".into()))
    }

    /// The slot that immediate `index` of the op names, once.
    ///
    /// # Errors
    /// A trap when a slot was taken before.
    pub fn slot(&mut self, desc: &OpDesc, index: usize) -> Result<&'a mut Value, Trap> {
        let slot = desc.immediates[index].extract(self.immediates) as usize;
        let slots = self.slots.take();
        (slots.and_then(|slots| slots.get_mut(slot)))
            .ok_or_else(|| Trap::Load("a slot of the op is not there".into()))
    }

    /// The callee of the frame the op runs in, if the op declares one.
    pub(crate) fn callee(&self) -> &'a Value {
        self.callee
    }

    /// The trap for a callee that is not of type `expected`.
    pub(crate) fn no_callee(&self, desc: &OpDesc, expected: Ty, found: &Value) -> Trap {
        let mut trap = OperandTrap::callee(desc.name, expected.to_string(), shown(found));
        trap.name = desc.callee.map(|callee| callee.name.into());
        trap.into()
    }

    /// The memory of the place where the op stands, once.
    #[inline]
    pub(crate) fn place(&mut self) -> Option<&'a mut Place> {
        self.place.take()
    }

    /// Policy and limits; from here on nobody can write the heap.
    ///
    /// # Errors
    /// A trap when the heap is being written.
    pub fn rules(&mut self) -> Result<Rules<'a>, Trap> {
        match (self.linked, self.limits, self.shared_heap()) {
            (Some(linked), Some(limits), Some(objects)) => Ok(Rules {
                policy: linked.chunk().policy,
                limits,
                objects,
            }),
            _ => Err(Trap::Load(
                "the rules are not at hand beside `Ctx` or a heap object being written".into(),
            )),
        }
    }

    /// Whether it is time for a collection, while nobody has taken the heap.
    #[inline(always)]
    pub(crate) fn is_due(&self) -> bool {
        matches!(&self.heap, HeapPart::Unique(heap) if heap.is_due())
    }

    /// Checks what the op gives against the limits: its own code did not have to know them.
    ///
    /// # Errors
    /// A trap for what is too long.
    #[inline]
    pub(crate) fn admit(&self, value: &Value) -> Result<(), Trap> {
        self.limits
            .map_or(Ok(()), |limits| check_size(limits, value))
    }

    /// Stores one result; the second call stores the one above it.
    ///
    /// # Errors
    /// The trap of an allocation that fails.
    #[inline]
    pub fn push<T: IntoOutput>(&mut self, result: T) -> Result<(), Trap> {
        let produced = result.into_output(self)?;
        if self.results.first.is_none() {
            self.results.first = Some(produced.0);
        } else {
            self.results.second = Some(produced.0);
        }
        Ok(())
    }

    /// Symbol and text of name `n` of the chunk.
    pub(crate) fn name(&self, n: u16) -> Option<(u32, &'a str)> {
        self.linked?.name(n)
    }

    /// The function of the chunk that name `n` names.
    pub(crate) fn function(&self, n: u16) -> Option<Func> {
        self.linked?.function_named(n)
    }

    /// Constant `k` as this op parses it.
    pub(crate) fn parsed(&self, k: u16) -> Option<&'a (dyn Any + Send + Sync)> {
        self.linked?.parsed(self.op, k)
    }

    /// The heap for a look, while no object of it is being written.
    #[inline]
    pub fn heap(&self) -> Option<&Heap> {
        match (&self.heap, &self.vm) {
            (HeapPart::Shared(heap), _) => Some(heap),
            (HeapPart::Unique(heap), _) => Some(heap),
            (HeapPart::Gone, Some(vm)) => Some(vm.heap()),
            (HeapPart::Gone, None) => None,
        }
    }

    /// The heap for as long as the op runs; from here on nobody can write it.
    #[inline]
    pub(crate) fn shared_heap(&mut self) -> Option<&'a Heap> {
        let heap: &'a Heap = match std::mem::replace(&mut self.heap, HeapPart::Gone) {
            HeapPart::Gone => return None,
            HeapPart::Shared(heap) => heap,
            HeapPart::Unique(heap) => heap,
        };
        self.heap = HeapPart::Shared(heap);
        Some(heap)
    }

    /// The heap for writing, once.
    #[inline]
    pub(crate) fn heap_mut(&mut self) -> Option<&'a mut Heap> {
        match std::mem::replace(&mut self.heap, HeapPart::Gone) {
            HeapPart::Unique(heap) => Some(heap),
            other => {
                self.heap = other;
                None
            }
        }
    }

    /// The heap for an allocation on the way out, if the op's borrows have left it free.
    #[inline]
    pub(crate) fn free_heap(&mut self) -> Option<&mut Heap> {
        match &mut self.heap {
            HeapPart::Unique(heap) => Some(heap),
            _ => None,
        }
    }

    /// The host, once. `H` is the host type of the VM's language.
    #[inline]
    pub fn host<H: 'static>(&mut self) -> Option<&'a mut H> {
        self.host.take()?.downcast_mut()
    }

    /// The output, once.
    #[inline]
    pub fn output(&mut self) -> Option<&'a mut Output> {
        self.output.take()
    }

    fn missing(&self, desc: &OpDesc) -> Trap {
        Trap::StackUnderflow {
            op: desc.name.into(),
            needs: desc.inputs.len(),
            holds: self.taken,
        }
    }
}

/// An input on its way to the op's function.
#[derive(Debug)]
pub enum Operand<'a, T> {
    /// It is there.
    Ready(T),
    /// It is taken when all others are on their way.
    Waiting(&'a mut Value, usize),
}

/// The variadic inputs of an op, deepest first. Their number is an immediate of the op.
#[derive(Clone, Copy, Debug)]
pub struct Rest<'a> {
    values: &'a [Value],
}

impl<'a> Rest<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// One of them.
    pub fn get(&self, index: usize) -> Option<&'a Value> {
        self.values.get(index)
    }

    /// All of them, deepest first.
    pub fn iter(&self) -> std::slice::Iter<'a, Value> {
        self.values.iter()
    }

    /// All of them as a slice.
    pub fn as_slice(&self) -> &'a [Value] {
        self.values
    }
}

impl<'a> IntoIterator for Rest<'a> {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;
    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}

impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("op", &self.op)
            .finish_non_exhaustive()
    }
}
