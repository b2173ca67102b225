//! Where things stand in memory: registers and globals, parts of arrays, what the heap keeps beside objects.

use super::{Body, PAYLOAD, SIZE};
use crate::heap::Shaped;
use crate::jit::entry;
use crate::jit::ir::{Field, Items, Loc, V};
use crate::value::array_layout as layout;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use std::mem::offset_of;

impl Body<'_, '_> {
    pub(super) fn frame(&mut self) -> ir::Value {
        if let Some(frame) = self.frame {
            return frame;
        }
        let (context, off) = (self.context(), self.off());
        let registers = self.load(types::I64, context, entry::REGISTERS);
        let frame = self.b.ins().iadd(registers, off);
        self.frame = Some(frame);
        frame
    }

    /// The address of a location, and what is to be added.
    pub(super) fn place(&mut self, loc: Loc) -> (ir::Value, i32) {
        match loc {
            Loc::Reg(r) => (self.frame(), i32::from(r) * SIZE as i32),
            Loc::Global(g) => {
                let context = self.context();
                let globals = self.load(types::I64, context, entry::GLOBALS);
                match i32::try_from(i64::from(g) * SIZE) {
                    Ok(behind) => (globals, behind),
                    Err(_) => (self.b.ins().iadd_imm_s(globals, i64::from(g) * SIZE), 0),
                }
            }
        }
    }

    /// Copies a whole value.
    pub(super) fn copy_words(&mut self, from: (ir::Value, i32), to: (ir::Value, i32)) {
        let head = self.load(types::I64, from.0, from.1);
        let rest = self.load(types::I64, from.0, from.1 + PAYLOAD);
        self.store(head, to.0, to.1);
        self.store(rest, to.0, to.1 + PAYLOAD);
    }

    pub(super) fn field(&mut self, field: Field, header: V) -> ir::Value {
        let at = self.value(header);
        let fields = offset_of!(Shaped, fields) as i32;
        match field {
            Field::Slots => return self.load(types::I64, at, fields + self.vec.data),
            Field::SlotCount => return self.load(types::I64, at, fields + self.vec.len),
            _of_arrays => {}
        }
        let vec = layout::VEC as i32;
        let head = |this: &mut Self| this.load(types::I64, at, layout::HEAD as i32);
        match field {
            Field::Kind => {
                let kind = layout::KIND as i32;
                self.b.ins().uload8(types::I64, Self::trusted(), at, kind)
            }
            Field::Data(items) => {
                let first = self.load(types::I64, at, vec + self.vec.data);
                let head = head(self);
                let by = match items {
                    Items::Value => 4,
                    _packed => 3,
                };
                let by = self.fixed(by);
                let behind = self.b.ins().ishl(head, by);
                self.b.ins().iadd(first, behind)
            }
            Field::End => self.load(types::I64, at, vec + self.vec.len),
            Field::Head => head(self),
            Field::Room => {
                let end = self.load(types::I64, at, vec + self.vec.len);
                let capacity = self.load(types::I64, at, vec + self.vec.capacity);
                let here = self.b.ins().isub(capacity, end);
                // What was shifted out before is no element.
                let head = head(self);
                let used = self.b.ins().isub(end, head);
                let context = self.context();
                let most = self.load(types::I64, context, entry::MOST);
                let may = self.b.ins().isub(most, used);
                let is = self.b.ins().icmp(IntCC::SignedLessThan, may, here);
                self.b.ins().select(is, may, here)
            }
            Field::Len | Field::Slots | Field::SlotCount => {
                let len = self.load(types::I64, at, vec + self.vec.len);
                let head = head(self);
                self.b.ins().isub(len, head)
            }
        }
    }

    /// The table of an arena: its first entry, and how many there are.
    pub(super) fn table(&mut self, arena: u32) -> (ir::Value, ir::Value) {
        let context = self.context();
        let tables = self.load(types::I64, context, entry::TABLES);
        let tables = self.load(types::I64, tables, self.vec.data);
        let at = (arena as usize * size_of::<Vec<Shaped>>()) as i32;
        let first = self.load(types::I64, tables, at + self.vec.data);
        let len = self.load(types::I64, tables, at + self.vec.len);
        (first, len)
    }

    pub(super) fn beside(&mut self, first: ir::Value, index: ir::Value) -> ir::Value {
        const { assert!(size_of::<Shaped>() == 32) };
        let by = self.b.ins().ishl_imm_u(index, 5);
        self.b.ins().iadd(first, by)
    }

    /// The shape of a handle: 0, and not what stands somewhere else, where it does not name an object there.
    pub(super) fn shape(&mut self, handle: V, salt: V, arena: u32) -> ir::Value {
        let (handle, salt) = (self.value(handle), self.value(salt));
        let context = self.context();
        let own = (self.b.ins()).uload32(Self::trusted(), context, entry::SALT);
        let is_own = self.b.ins().icmp(IntCC::Equal, salt, own);
        let (first, len) = self.table(arena);
        let index = self.b.ins().band_imm_u(handle, i64::from(u32::MAX));
        let is_in = self.b.ins().icmp(IntCC::UnsignedLessThan, index, len);
        let is = self.b.ins().band(is_own, is_in);
        // Tables of arenas that code is made for are never empty.
        let none = self.b.ins().iconst(types::I64, 0);
        let index = self.b.ins().select(is, index, none);
        let at = self.beside(first, index);
        let key = self.load(types::I64, at, offset_of!(Shaped, key) as i32);
        let word = self.b.ins().ushr_imm_u(handle, 32);
        let shape = self.b.ins().bxor(key, word);
        self.b.ins().select(is, shape, none)
    }
}
