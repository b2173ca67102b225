//! What was seen while hot code ran for a while in the interpreter's slow steps: kinds of operands and
//! results by instruction, kinds of arrays, and what functions return.

use super::flow::touches;
use super::ir::{Items, Ty};
use crate::lower::{Code, Ins};
use crate::value::{Array, Value, View};

/// What was seen at an instruction. Kinds are bits by tag.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// How often it ran.
    pub(crate) times: u32,
    /// Its first and second operand.
    pub(crate) operands: [u16; 2],
    /// What it left in its register.
    pub(crate) result: u16,
    /// Forms of the array it looked at: of integers, floats, values.
    pub(crate) items: u8,
    /// Whether it wrote behind the last element.
    pub(crate) appends: bool,
    /// Whether machine code could not do it in place.
    pub(crate) odd: bool,
    /// Whether the interpreter could not do it without frames either.
    pub(crate) declines: bool,
}

/// What was seen of one unit's code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    seen: Vec<Seen>,
    /// Kinds of what the function returned.
    pub(crate) returns: u16,
}

/// The number of a value's kind, as it stands in memory.
pub(crate) fn tag(value: &Value) -> u8 {
    match value {
        Value::Undef => 0,
        Value::Bool(_) => 1,
        Value::Int(_) => 2,
        Value::Float(_) => 3,
        Value::Status(_) => 4,
        Value::Ref(_) => 5,
        Value::NativeFn(_) => 6,
        Value::Obj(_) => OBJ,
        Value::Str(_) => STR,
        Value::Array(_) => 9,
        Value::Hash(_) => 10,
        Value::Func(_) => 11,
        Value::Host(_) => 12,
    }
}

/// In place of a tag: any.
pub(crate) const ANY: u8 = u8::MAX;
/// Tags of kinds that own nothing go up to this one.
pub(super) const LAST_PLAIN: u8 = OBJ;
/// The tag of a handle of an object.
pub(super) const OBJ: u8 = 7;
/// The tag of a text.
pub(super) const STR: u8 = 8;

/// The one kind among the bits, if there is one.
pub(super) fn single(bits: u16) -> Option<u8> {
    (bits.count_ones() == 1).then(|| bits.trailing_zeros() as u8)
}

/// The one type among the bits, if it is one that values have.
pub(super) fn single_type(bits: u16) -> Option<Ty> {
    single(bits).and_then(Ty::of_tag)
}

fn items_bit(array: &Array) -> u8 {
    match array.all() {
        View::Int(_) => 1,
        View::Float(_) => 2,
        View::Value(_) => 4,
    }
}

impl Seen {
    /// The one form of the arrays seen.
    pub(super) fn form(&self) -> Option<Items> {
        match self.items {
            1 => Some(Items::Int),
            2 => Some(Items::Float),
            4 => Some(Items::Value),
            _ => None,
        }
    }
}

impl Profile {
    pub(crate) fn at(&self, ip: usize) -> Seen {
        self.seen.get(ip).copied().unwrap_or_default()
    }

    fn at_mut(&mut self, ip: usize, code: &Code) -> &mut Seen {
        if self.seen.is_empty() {
            self.seen = vec![Seen::default(); code.plain.len()];
        }
        &mut self.seen[ip]
    }

    /// Forgets the kinds that were seen at an instruction.
    pub(super) fn reset(&mut self, ip: usize) {
        if let Some(seen) = self.seen.get_mut(ip) {
            (seen.operands, seen.result, seen.items) = ([0; 2], 0, 0);
        }
    }

    /// Whether anything was seen at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// What is in the registers before an instruction runs.
    pub(crate) fn note_before(
        &mut self,
        code: &Code,
        ip: usize,
        registers: &[Value],
        global: impl Fn(u16) -> Option<Value>,
    ) {
        let ins = code.plain[ip];
        let seen = self.at_mut(ip, code);
        seen.times = seen.times.saturating_add(1);
        let reads = touches(ins).reads;
        for (bits, r) in seen.operands.iter_mut().zip(reads.iter().flatten()) {
            *bits |= 1 << tag(&registers[usize::from(*r)]);
        }
        let mut note = |array: &Array, index: Option<u16>| {
            // One without elements becomes what is put there.
            if !array.is_empty() {
                seen.items |= items_bit(array);
            }
            if let Some(Value::Int(n)) = index.map(|r| &registers[usize::from(r)]) {
                seen.appends |= usize::try_from(*n).is_ok_and(|n| n == array.len());
            }
        };
        match ins {
            Ins::IndexGet { a, .. } => {
                if let Value::Array(array) = &registers[usize::from(a)] {
                    note(array, None);
                }
            }
            Ins::IndexSet { a, b, .. } => {
                if let Value::Array(array) = &registers[usize::from(a)] {
                    note(array, Some(b));
                }
            }
            Ins::ArrayGet { name, .. } | Ins::ArrayPush { name, .. } => {
                if let Some(Value::Array(array)) = global(name) {
                    note(&array, None);
                }
            }
            Ins::ArraySet { b, name, .. } => {
                if let Some(Value::Array(array)) = global(name) {
                    note(&array, Some(b));
                }
            }
            // The first and the last input.
            Ins::Ext { a, n, .. } if n > 0 => {
                seen.operands[0] |= 1 << tag(&registers[usize::from(a)]);
                seen.operands[1] |= 1 << tag(&registers[usize::from(a + n - 1)]);
            }
            Ins::Return { a, blocks: 0 } => self.returns |= 1 << tag(&registers[usize::from(a)]),
            Ins::ReturnVoid { blocks: 0 } => self.returns |= 1,
            _other => {}
        }
    }

    /// What is in its register after an instruction has run.
    pub(crate) fn note_after(&mut self, code: &Code, ip: usize, registers: &[Value]) {
        let mut ins = code.plain[ip];
        let d = match ins {
            Ins::Ext { a, .. } | Ins::Base { a, .. } | Ins::Builtin { a, .. } => a,
            _other => match ins.dest() {
                Some(d) => *d,
                None => return,
            },
        };
        if let Some(value) = registers.get(usize::from(d)) {
            self.at_mut(ip, code).result |= 1 << tag(value);
        }
    }

    /// What a call has left.
    pub(crate) fn note_result(&mut self, code: &Code, ip: usize, value: &Value) {
        self.at_mut(ip, code).result |= 1 << tag(value);
    }

    /// The fast path of machine code did not do at that instruction; the interpreter's may not without frames.
    pub(crate) fn note_odd(&mut self, code: &Code, ip: usize, declines: bool) {
        let seen = self.at_mut(ip, code);
        seen.declines |= declines && seen.odd;
        seen.odd = true;
    }
}
