//! Constants that are counted, texts and hashes.
//!
//! A constant text that only the next instruction reads is given to that by its address, and is never in
//! its register. So that exits, which go on at the constant then, say what there is.

use super::held::Original;
use super::{ARRAY, Build, HASH, Know, St, TEXT};
use crate::jit::entry::calls::{BEHIND, TAKES_KEY, TAKES_VALUE};
use crate::jit::ir::{Lib, Loc, Ty, V, Why};
use crate::lower::Ins;
use crate::value::{Str, Value};
use std::sync::Arc;

/// A constant that stands for a register: the register, the text, and where the constant is.
type Constant<'a> = Option<(u16, &'a Str, i64)>;

/// Kinds that are texts, or written as one: strings and whole numbers.
const WRITTEN: u16 = 1 << TEXT | 1 << INT;
const INT: u8 = 2;

impl Build<'_> {
    /// `d =` a constant that is counted, and the next instruction if it is the only one to read it.
    pub(super) fn constant(&mut self, d: u16, k: u32) -> usize {
        let code = self.src.code;
        let next = self.ip + 1;
        let constant = &code.constants[k as usize];
        let kept = Arc::new(constant.clone());
        let address = std::ptr::from_ref::<Value>(&kept).addr() as i64;
        self.f.keeps.push(kept);
        let know = match constant {
            Value::Str(_) => Know::Tag(TEXT),
            Value::Array(_) => Know::Tag(ARRAY),
            Value::Hash(_) => Know::Tag(HASH),
            _other => Know::Any,
        };
        if self.hold(d, Original::Const(address, know)) {
            return 1;
        }
        self.forget(Loc::Reg(d));
        let is_inside = next - self.start + 1 < self.live.len();
        if let Value::Str(text) = constant
            && is_inside
            && d >= code.base
            && code.plain[next].reads_once(d)
            && (self.src.profile.at(next).times > 0 || self.src.eager)
            && self.text_with(code.plain[next], next, Some((d, text, address)))
        {
            return 2;
        }
        let lib = know.counted().map_or(Lib::Copy, Lib::Share);
        let address = self.int(address);
        self.lib(lib, [None, Some(Loc::Reg(d)), None], vec![address]);
        self.set_st(Loc::Reg(d), St::Mem(know));
        1
    }

    /// An instruction on texts or hashes.
    pub(super) fn text(&mut self, ins: Ins<u16>) -> usize {
        if self.seen().times == 0 && !self.src.eager {
            return self.leave(Why::Kind);
        }
        match self.text_with(ins, self.ip, None) {
            true => 1,
            false => self.step(ins, 1),
        }
    }

    /// The instruction at that place, which is the next one if there is a constant; whether it is done.
    fn text_with(&mut self, ins: Ins<u16>, at: usize, constant: Constant<'_>) -> bool {
        let seen = self.src.profile.at(at);
        if seen.odd || self.seen().odd {
            return false;
        }
        let done = match ins {
            Ins::Concat { d, a, b } if a != b => self.concat((d, a, b), seen.operands, constant),
            Ins::HashGet { d, b, name } => {
                let get = |takes| Lib::HashGet { takes };
                self.look_up((d, b, name), seen.operands[0], constant, get)
            }
            Ins::HashExists { d, b, name } => {
                let exists = |takes| Lib::HashExists { takes };
                self.look_up((d, b, name), seen.operands[0], constant, exists)
            }
            Ins::HashSet { b, c, name } => self.insert((b, c, name), seen.operands[0], constant),
            _other => None,
        };
        match (done, ins) {
            (Some(()), Ins::HashGet { d, .. }) => {
                self.left_in_memory(d, at + 1);
                true
            }
            (done, _) => done.is_some(),
        }
    }

    fn concat(
        &mut self,
        (d, a, b): (u16, u16, u16),
        kinds: [u16; 2],
        constant: Constant<'_>,
    ) -> Option<()> {
        let stands = |r: u16| constant.filter(|(of, ..)| *of == r);
        let (to, left) = (Loc::Reg(d), Loc::Reg(a));
        if let Some((_, _, address)) = stands(a) {
            let right = self.written(b, kinds[1])?;
            if self.may_lead_further(to) && right != Some(to) {
                return None;
            }
            let mut args = vec![self.int(address)];
            let keeps = b < self.src.code.base && b != d;
            match right {
                Some(_) => {}
                None => args.push(self.value(Loc::Reg(b), 0)?.0),
            }
            self.lib_or(
                Why::Range,
                Lib::Join { keeps },
                [Some(to), right, None],
                args,
            );
            self.taken(right.filter(|_| !keeps));
            self.set_st(to, St::Mem(Know::Tag(TEXT)));
            return Some(());
        }
        // It is appended to where it stands.
        let is_text = |st: St| match st {
            St::Mem(Know::Tag(tag)) => tag == TEXT,
            St::Mem(Know::Any) => kinds[0] & !(1 << TEXT) == 0,
            _other => false,
        };
        if !is_text(self.st(left)) {
            return None;
        }
        if let Some((_, text, _)) = stands(b) {
            if a != d && matches!(self.st(to), St::Mem(know) if know.counts()) {
                return None;
            }
            let text = text.as_str();
            let (address, len) = (
                self.int(text.as_ptr().addr() as i64),
                self.int(text.len() as i64),
            );
            let locs = [Some(left), None, None];
            self.lib_or(Why::Range, Lib::Append, locs, vec![address, len]);
        } else {
            let right = self.written(b, kinds[1])?;
            let keeps = b < self.src.code.base && b != d;
            let args = match right {
                Some(_) => Vec::new(),
                None => vec![self.value(Loc::Reg(b), 0)?.0],
            };
            let locs = [Some(left), right, None];
            self.lib_or(Why::Range, Lib::Extend { keeps }, locs, args);
            self.taken(right.filter(|_| !keeps));
        }
        self.set_st(left, St::Mem(Know::Tag(TEXT)));
        if a != d {
            self.forget(to);
            let locs = [Some(left), Some(to), None];
            self.lib(Lib::Move(Some(TEXT)), locs, Vec::new());
            self.set_st(to, St::Mem(Know::Tag(TEXT)));
            self.set_st(left, St::Mem(Know::Plain));
        }
        Some(())
    }

    /// `d =` what the hash of a name has under key `b`.
    fn look_up(
        &mut self,
        (d, b, name): (u16, u16, u16),
        kinds: u16,
        constant: Constant<'_>,
        lib: impl FnOnce(bool) -> Lib,
    ) -> Option<()> {
        let (to, of) = (Loc::Reg(d), self.hash(name)?);
        let (key, takes, args) = self.key(b, kinds, constant)?;
        if key != Some(to) {
            match constant {
                // What it drops, if anything, is dropped by the instruction behind the constant.
                Some(_) if self.may_lead_further(to) => return None,
                Some(_) => {}
                None => self.forget(to),
            }
        }
        self.lib_or(Why::Range, lib(takes), [Some(of), key, Some(to)], args);
        self.taken(key.filter(|_| takes));
        self.set_st(to, St::Mem(Know::Plain));
        Some(())
    }

    /// Key `b` of the hash of a name `= c`.
    fn insert(
        &mut self,
        (b, c, name): (u16, u16, u16),
        kinds: u16,
        constant: Constant<'_>,
    ) -> Option<()> {
        let of = self.hash(name)?;
        if b == c {
            return None;
        }
        let (key, takes_key, mut args) = self.key(b, kinds, constant)?;
        let (value, takes) = match constant {
            Some((r, _, address)) if r == c => {
                args.push(self.int(address));
                (None, false)
            }
            _other => {
                let loc = Loc::Reg(c);
                let takes = c >= self.src.code.base && matches!(self.st(loc), St::Mem(_));
                self.sync(loc);
                (Some(loc), takes)
            }
        };
        let flag = |is: bool, flag: u64| if is { flag as u8 } else { 0 };
        let flags = flag(takes, TAKES_VALUE)
            | flag(takes_key, TAKES_KEY)
            | flag(constant.is_some(), BEHIND);
        let locs = [Some(of), key, value];
        self.lib_or(Why::Range, Lib::HashSet(flags), locs, args);
        self.taken(key.filter(|_| takes_key));
        self.taken(value.filter(|_| takes));
        Some(())
    }

    /// The hash of a name, if it may be one.
    fn hash(&self, name: u16) -> Option<Loc> {
        let of = self.global(name);
        match self.st(of) {
            St::Mem(Know::Any | Know::Tag(HASH)) => Some(of),
            _other => None,
        }
    }

    /// Where a key stands, or else its address, and whether only the stack had it.
    fn key(
        &mut self,
        r: u16,
        kinds: u16,
        constant: Constant<'_>,
    ) -> Option<(Option<Loc>, bool, Vec<V>)> {
        if let Some((_, _, address)) = constant.filter(|(of, ..)| *of == r) {
            return Some((None, false, vec![self.int(address)]));
        }
        let loc = Loc::Reg(r);
        let takes = match self.st(loc) {
            St::Val { v, .. } if self.f.ty(v) == Ty::Int => false,
            St::Mem(Know::Any | Know::Plain | Know::Tag(TEXT | INT)) if kinds & !WRITTEN == 0 => {
                r >= self.src.code.base
            }
            _other => return None,
        };
        self.sync(loc);
        Some((Some(loc), takes, Vec::new()))
    }

    /// Where a text or number stands that is to be written; nowhere if it is the value of the register.
    fn written(&mut self, r: u16, kinds: u16) -> Option<Option<Loc>> {
        let loc = Loc::Reg(r);
        match self.st(loc) {
            St::Val { v, .. } => (self.f.ty(v) == Ty::Int).then_some(None),
            St::Mem(Know::Tag(TEXT)) => Some(Some(loc)),
            St::Mem(Know::Tag(INT)) => Some(None),
            St::Mem(Know::Any | Know::Plain) if kinds == 1 << INT => {
                self.value(loc, kinds)?;
                Some(None)
            }
            St::Mem(Know::Any | Know::Plain) if kinds & !WRITTEN == 0 => Some(Some(loc)),
            St::Mem(_) => None,
        }
    }

    /// What was in a register was taken.
    fn taken(&mut self, loc: Option<Loc>) {
        if let Some(loc) = loc {
            self.set_st(loc, St::Mem(Know::Plain));
        }
    }

    /// Whether a location is known to hold what may hold other values.
    fn may_lead_further(&self, loc: Loc) -> bool {
        matches!(self.st(loc), St::Mem(Know::Tag(tag)) if tag > TEXT)
    }
}
