//! Ops that run a block for each element: a frame over the block's ops, and the state of the loop.

use super::{FrameKind, Step};
use crate::heap::{Trace, Tracer};
use crate::op::Op;
use crate::semantics::{MergeSort, Trap, right_first};
use crate::value::{Array, Value};
use crate::vm::{Linked, VM};

/// The loop of a running block.
pub(crate) enum BlockRun {
    Map { elements: Elements, out: Array },
    Grep { elements: Elements, out: Array },
    Each { elements: Elements },
    Sort { sort: Box<MergeSort> },
}

impl BlockRun {
    /// Shows the values of the loop that are not on the stack.
    pub(crate) fn trace(&self, tracer: &mut Tracer<'_>) {
        match self {
            BlockRun::Map { elements, out } | BlockRun::Grep { elements, out } => {
                elements.array.trace(tracer);
                out.trace(tracer);
            }
            BlockRun::Each { elements } => elements.array.trace(tracer),
            BlockRun::Sort { sort } => sort.items().for_each(|v| v.trace(tracer)),
        }
    }
}

/// What comes next in the innermost loop.
pub(crate) enum Turn {
    /// The block runs for this, or for these two.
    Element(Value, Option<Value>),
    /// The loop is over, with that if it gives anything.
    End(Option<Value>),
}

impl Turn {
    /// The next one of the last of these loops, which is gone when it is over.
    pub(crate) fn of(blocks: &mut Vec<BlockRun>) -> Turn {
        match blocks.last_mut().and_then(BlockRun::next) {
            Some((first, second)) => Turn::Element(first, second),
            None => Turn::End(blocks.pop().and_then(BlockRun::finish)),
        }
    }
}

/// An array and the next element of it. The block may change the array's cell; the loop goes on over
/// the array as it was.
pub(crate) struct Elements {
    array: Array,
    next: usize,
}

impl Elements {
    fn of(value: Value) -> Self {
        let array = match value {
            Value::Array(array) => array,
            _ => Array::new(),
        };
        Self { array, next: 0 }
    }

    fn next(&mut self) -> Option<Value> {
        let value = self.array.get(self.next);
        self.next += 1;
        value
    }

    /// The element whose turn has just been.
    fn current(&self) -> Value {
        self.array.get(self.next - 1).unwrap_or_default()
    }
}

impl BlockRun {
    /// The loop of an op that runs a block for each element of `value`.
    pub(super) fn of(op: Op, value: Value) -> Self {
        let elements = Elements::of(value);
        match op {
            Op::MapBlock(_) => BlockRun::Map {
                elements,
                out: Array::new(),
            },
            Op::GrepBlock(_) => BlockRun::Grep {
                elements,
                out: Array::new(),
            },
            Op::SortBlock(_) => BlockRun::Sort {
                sort: Box::new(MergeSort::new(elements.array.to_vec())),
            },
            _each => BlockRun::Each { elements },
        }
    }

    /// What the block gets for its next turn; `None` when there is none.
    pub(super) fn next(&mut self) -> Option<(Value, Option<Value>)> {
        match self {
            BlockRun::Map { elements, .. }
            | BlockRun::Grep { elements, .. }
            | BlockRun::Each { elements } => elements.next().map(|e| (e, None)),
            BlockRun::Sort { sort } => sort.next().map(|(a, b)| (a, Some(b))),
        }
    }

    /// A turn has left this value.
    pub(super) fn answer(&mut self, left: Value) {
        match self {
            BlockRun::Map { out, .. } => out.push(left),
            BlockRun::Grep { elements, out } => {
                if left.to_bool() {
                    out.push(elements.current());
                }
            }
            BlockRun::Sort { sort } => sort.answer(right_first(&left)),
            BlockRun::Each { .. } => {}
        }
    }

    /// What the op gives.
    pub(super) fn finish(self) -> Option<Value> {
        match self {
            BlockRun::Map { out, .. } | BlockRun::Grep { out, .. } => Some(Value::Array(out)),
            BlockRun::Sort { sort } => Some(Value::array(sort.finish())),
            BlockRun::Each { .. } => None,
        }
    }
}

pub(super) fn map_block(vm: &mut VM, linked: &Linked, b: u16) -> Step {
    start(vm, linked, Op::MapBlock(b), b)
}

pub(super) fn grep_block(vm: &mut VM, linked: &Linked, b: u16) -> Step {
    start(vm, linked, Op::GrepBlock(b), b)
}

pub(super) fn for_each_block(vm: &mut VM, linked: &Linked, b: u16) -> Step {
    start(vm, linked, Op::ForEachBlock(b), b)
}

pub(super) fn sort_block(vm: &mut VM, linked: &Linked, b: u16) -> Step {
    start(vm, linked, Op::SortBlock(b), b)
}

fn start(vm: &mut VM, linked: &Linked, op: Op, b: u16) -> Step {
    let run = BlockRun::of(op, vm.take_one(op.name())?);
    let Some(range) = linked.chunk().blocks.get(usize::from(b)).cloned() else {
        return Err(Trap::Load("no such block".into()));
    };
    let (base, slots) = (vm.stack.len(), vm.frame()?.slots);
    vm.push_frame(FrameKind::Block, base, slots)?;
    if let Some(frame) = vm.frames.last_mut() {
        frame.end = range.end;
    }
    vm.blocks.push(run);
    turn(vm, range.start)
}

/// The block has run once: takes what it left and goes on.
pub(super) fn block_ended(vm: &mut VM) -> Step {
    let base = vm.frame()?.base;
    let left = match vm.stack.len() > base {
        true => vm.stack.pop().unwrap_or_default(),
        false => Value::Undef,
    };
    vm.stack.truncate(base);
    if let Some(run) = vm.blocks.last_mut() {
        run.answer(left);
    }
    let start = block_start(vm)?;
    turn(vm, start)
}

/// Where the running block starts: its op stands before the pc the frame returns to.
fn block_start(vm: &VM) -> Result<usize, Trap> {
    let frame = vm.frame()?;
    let linked = vm.code().get(frame.code);
    let start = linked.and_then(|linked| {
        let op = linked.chunk().ops.get(frame.return_pc.checked_sub(1)?)?;
        let (block, _) = crate::verify::flow::block_of(*op)?;
        Some(linked.chunk().blocks.get(block)?.start)
    });
    start.ok_or_else(|| Trap::Load("no such block".into()))
}

/// Starts the next turn of the running block, or ends its op. A turn costs one unit of fuel beside
/// its ops, so that an empty block ends within its fuel too.
fn turn(vm: &mut VM, start: usize) -> Step {
    vm.charge(1)?;
    let Some(run) = vm.blocks.last_mut() else {
        return Err(Trap::Load("no block is running".into()));
    };
    if let Some((a, b)) = run.next() {
        vm.stack.push(a);
        vm.stack.extend(b);
        vm.pc = start;
        return Ok(());
    }
    let run = std::mem::replace(run, BlockRun::of(Op::Nop, Value::Undef));
    let result = run.finish();
    vm.leave_block(result);
    Ok(())
}
