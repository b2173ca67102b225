//! The plain chunk builder: indices and pcs by hand.

use super::{Chunk, FunctionEntry};
use crate::op::Op;
use crate::semantics::Policy;
use crate::value::{Str, Value};
use std::collections::HashMap;

/// Builds a chunk op by op, with indices and absolute pcs in the author's hands.
///
/// Front ends do better with [`Builder`](super::Builder), which has labels and names. Nothing is
/// checked here; what is wrong, [`verify`](crate::verify::verify) reports. A pool that has grown past
/// its index type is among that.
///
/// ```
/// use fusevm::{ChunkBuilder, Op, VM, VMResult};
///
/// let mut b = ChunkBuilder::new();
/// b.emit(Op::LoadInt(40), 1);
/// b.emit(Op::LoadInt(2), 1);
/// b.emit(Op::Add, 1);
/// match VM::new(b.build()).run() {
///     VMResult::Ok(v) => assert_eq!(v.to_str(), "42"),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Debug, Default)]
pub struct ChunkBuilder {
    chunk: Chunk,
    names: HashMap<Str, u16>,
}

impl ChunkBuilder {
    /// An empty chunk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an op of source line `line`; its pc.
    pub fn emit(&mut self, op: Op, line: u32) -> usize {
        self.chunk.ops.push(op);
        self.chunk.lines.push(line);
        self.chunk.ops.len() - 1
    }

    /// Appends to the constant pool; the index. Past 65,536 the chunk no longer verifies.
    pub fn add_constant(&mut self, value: impl Into<Value>) -> u16 {
        self.chunk.constants.push(value.into());
        last_index(self.chunk.constants.len())
    }

    /// Index of a name in the name pool, where it stands once. Past 65,536 the chunk no longer verifies.
    pub fn add_name(&mut self, name: impl Into<Str>) -> u16 {
        let name = name.into();
        if let Some(index) = self.names.get(&name) {
            return *index;
        }
        self.chunk.names.push(name.clone());
        let index = last_index(self.chunk.names.len());
        self.names.insert(name, index);
        index
    }

    /// The pc of the next op.
    pub fn current_pos(&self) -> usize {
        self.chunk.ops.len()
    }

    /// Sets the target of the jump at `pc`, fused jumps included. Nothing happens when the op there
    /// has no target.
    pub fn patch_jump(&mut self, pc: usize, target: usize) {
        if let Some(op) = self.chunk.ops.get_mut(pc) {
            *op = op.with_target(target);
        }
    }

    /// Declares a function that starts at `pc` and is called with any number of arguments.
    pub fn add_sub_entry(&mut self, name: u16, pc: usize) {
        let arity = None;
        self.chunk.functions.push(FunctionEntry { name, pc, arity });
    }

    /// Declares a function that starts at `pc` and takes `arity` arguments.
    pub fn add_function(&mut self, name: u16, pc: usize, arity: u8) {
        let arity = Some(arity);
        self.chunk.functions.push(FunctionEntry { name, pc, arity });
    }

    /// Declares the ops `start..end` as a block; its index.
    pub fn add_block_range(&mut self, start: usize, end: usize) -> u16 {
        self.chunk.blocks.push(start..end);
        last_index(self.chunk.blocks.len())
    }

    /// Name of the source, as errors show it.
    pub fn set_source(&mut self, source: impl Into<Str>) {
        self.chunk.source = source.into();
    }

    /// Numeric policy of the chunk.
    pub fn set_policy(&mut self, policy: Policy) {
        self.chunk.policy = policy;
    }

    /// The chunk.
    pub fn build(self) -> Chunk {
        self.chunk
    }
}

/// Index of the last element of a pool of that length, saturated: the pool itself then is too long.
fn last_index(len: usize) -> u16 {
    u16::try_from(len - 1).unwrap_or(u16::MAX)
}
