//! Cells: values that several closures share, and see each other's writes to.
//!
//! A variable that a closure captures stands in a cell from its declaration on; its slot and the
//! closures hold the cell. The `slot_…` ops are for the code that has the variable in a slot.

/// Cells of the VM's heap.
#[fusevm::ops(prefix = "core")]
pub mod cell {
    use crate::heap::Heap;
    use crate::semantics::{OperandTrap, Trap};
    use crate::value::{Ref, Value};

    /// A new cell that holds `v`.
    #[ext_op]
    pub fn new_cell(v: Value, heap: &mut Heap) -> Result<Ref, Trap> {
        Ok(heap.new_ref(v)?)
    }

    /// The value in a cell.
    #[ext_op]
    pub fn cell_get(cell: Ref, heap: &mut Heap) -> Result<Value, Trap> {
        Ok(heap.ref_get(cell)?)
    }

    /// Writes a cell.
    #[ext_op]
    pub fn cell_set(cell: Ref, v: Value, heap: &mut Heap) -> Result<(), Trap> {
        heap.ref_set(cell, v)?;
        Ok(())
    }

    /// Puts the value of slot `s` into a new cell, and the cell into the slot.
    #[ext_op]
    pub fn slot_to_cell(#[slot] s: &mut Value, heap: &mut Heap) -> Result<(), Trap> {
        *s = heap.new_ref(s.clone())?.into();
        Ok(())
    }

    /// The value in the cell that slot `s` holds.
    #[ext_op]
    pub fn slot_cell_get(#[slot] s: &mut Value, heap: &mut Heap) -> Result<Value, Trap> {
        match s {
            Value::Ref(cell) => Ok(heap.ref_get(*cell)?),
            other => Err(no_cell("core.slot_cell_get", other)),
        }
    }

    /// Writes the cell that slot `s` holds.
    #[ext_op]
    pub fn slot_cell_set(#[slot] s: &mut Value, v: Value, heap: &mut Heap) -> Result<(), Trap> {
        match s {
            Value::Ref(cell) => drop(heap.ref_set(*cell, v)?),
            other => return Err(no_cell("core.slot_cell_set", other)),
        }
        Ok(())
    }

    fn no_cell(op: &'static str, found: &Value) -> Trap {
        let found = format!("{} in the slot", found.kind());
        OperandTrap::new(op, 1, "Ref", found).into()
    }
}
