//! From the middle to machine code, by Cranelift. The one file that knows its types.
//!
//! Exits that write the same locations share a cold piece of code, which takes the values as parameters
//! and the number of the exit: one piece for each guard would make the code generator slow (wasmtime
//! issue 8959). Everything is compiled without Cranelift's own optimiser: what is worth doing is done in
//! the middle, where it is known what a guard is.

mod call;
mod exit;
mod fuel;
mod lib;
mod lines;
mod place;

use super::entry::{self, VecLayout};
use super::ir::{B, Bin, Cond, Func, Inst, Lib, Term, Ty, Un, V, WIDE};
use super::mix::Map;
use super::passes::Facts;
use crate::value::{Handle, Value};
use cranelift_codegen::CodegenError;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::condcodes::{CondCode, FloatCC, IntCC};
use cranelift_codegen::ir::{
    self, AbiParam, BlockArg, InstBuilder, MemFlagsData, SigRef, Signature, SourceLoc, Type, types,
};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};

/// Bytes of a value.
const SIZE: i64 = size_of::<Value>() as i64;
/// Where a value has its payload: a truth has it behind the tag.
const PAYLOAD: i32 = 8;
// A handle is three words of four bytes, the last ones of a value.
const _: () = assert!(size_of::<Handle>() == 12 && align_of::<Handle>() == 4);

/// Ways in from the interpreter that are remembered.
const BOXED: usize = 256;

/// What makes machine code for this machine.
pub(super) struct Emitter {
    isa: OwnedTargetIsa,
    /// The same, for what has nothing to keep in registers: it chooses them sooner.
    quick: OwnedTargetIsa,
    context: cranelift_codegen::Context,
    builder: FunctionBuilderContext,
    vec: VecLayout,
    /// Ways in from the interpreter, by what versions are given and give.
    boxed: Map<(Vec<Option<Ty>>, Option<Ty>), Vec<u8>>,
    /// Whether what was made calls the [`keeper`](Emitter::keeper), and its code.
    pub(super) wants_keeper: bool,
    keeper: Option<Vec<u8>>,
}

impl std::fmt::Debug for Emitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Emitter({})", self.isa.triple())
    }
}

/// How machine code is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Quick,
    Good,
    /// Good, and with what it looks like.
    Listed,
}

/// A version as the emitter sees it.
pub(super) struct Target {
    /// Its number, which exits name.
    pub(super) number: u32,
    /// Types of what it is given as values.
    pub(super) args: Vec<Ty>,
    pub(super) gives: Option<Ty>,
    /// A loop is entered from the interpreter alone.
    pub(super) is_loop: bool,
    /// Guards leave one time in so many although they hold; never for 0.
    pub(super) stress: u32,
}

/// What a call goes to.
#[derive(Clone, Debug)]
pub(super) struct Callee {
    /// Where the address of its code stands; 0 as long as there is none.
    pub(super) cell: usize,
    pub(super) args: Vec<Ty>,
    pub(super) gives: Option<Ty>,
    /// Whether something in it, or in what it calls, may want all frames: it is told the exit of the call.
    pub(super) calls_out: bool,
}

/// Machine code, and what it looks like if that is asked for.
#[derive(Debug, Default)]
pub(super) struct Emitted {
    pub(super) code: Vec<u8>,
    /// Bytes before it, so that its innermost loops lie in few lines of the cache.
    pub(super) before: usize,
    pub(super) clif: String,
    pub(super) text: String,
}

impl Emitter {
    /// For this machine; `None` if there is nothing for it. `check` has Cranelift check what it is given.
    pub(super) fn new(check: bool) -> Option<Emitter> {
        Some(Emitter {
            isa: isa(check, "backtracking")?,
            quick: isa(check, "single_pass")?,
            context: cranelift_codegen::Context::new(),
            builder: FunctionBuilderContext::new(),
            vec: entry::vec_layout()?,
            boxed: Map::default(),
            wants_keeper: false,
            keeper: None,
        })
    }

    /// Calls a function of the host and keeps all registers: a call that is rare is to cost nothing where it is
    /// not made. What the function gives is in the context, which has the address of this code too.
    pub(super) fn keeper(&mut self) -> Option<Vec<u8>> {
        if self.keeper.is_none() {
            let keeper = self.new_keeper()?;
            self.keeper = Some(keeper.code[keeper.before..].to_vec());
        }
        self.keeper.clone()
    }

    fn new_keeper(&mut self) -> Option<Emitted> {
        self.function(keeping(), Way::Quick, |b, conv| {
            let block = b.create_block();
            b.append_block_params_for_function_params(block);
            b.switch_to_block(block);
            let context = b.block_params(block)[0];
            let mut signature = Signature::new(conv);
            signature.params = vec![AbiParam::new(types::I64); 3];
            signature.returns.push(AbiParam::new(types::I64));
            let sig = b.import_signature(signature);
            let trusted = MemFlagsData::trusted();
            let mut load = |at: i32| b.ins().load(types::I64, trusted, context, at);
            let (address, given) = (
                load(entry::ADDRESS),
                [0, 8].map(|at| load(entry::GIVEN + at)),
            );
            let given = [context, given[0], given[1]];
            let call = b.ins().call_indirect(sig, address, &given);
            let status = b.inst_results(call)[0];
            b.ins().store(trusted, status, context, entry::STATUS);
            b.ins().return_(&[]);
        })
    }

    /// Machine code of a unit.
    pub(super) fn unit(
        &mut self,
        f: &Func,
        facts: &Facts,
        target: &Target,
        callees: &[Callee],
        listed: bool,
    ) -> Option<Emitted> {
        let vec = self.vec;
        let args = match target.is_loop {
            true => &[][..],
            false => &target.args[..],
        };
        let signature = self.signature(args, target.gives);
        let way = if listed { Way::Listed } else { Way::Good };
        let mut keeps = false;
        let emitted = self.function(signature, way, |b, conv| {
            let trusts = trusts(b);
            keeps = Body {
                b,
                f,
                trusts,
                target,
                callees,
                vec,
                flag: None,
                fuel: None,
                owes: fuel::Owed::default(),
                turns: Vec::new(),
                joins: Map::default(),
                conv,
                facts,
                values: vec![None; f.insts.len()],
                selected: selected(f),
                entries: Map::default(),
                blocks: vec![None; f.blocks.len()],
                fixed: Vec::new(),
                ways: vec![None; f.exits.len()],
                stubs: Vec::new(),
                last: None,
                signatures: Map::default(),
                keeping: None,
                context: None,
                off: None,
                left: None,
                frame: None,
                window: None,
            }
            .emit();
        });
        self.wants_keeper |= keeps;
        emitted
    }

    /// The way in from the interpreter: takes arguments from the registers of the window, calls the code
    /// whose address the context has, and leaves the result where the window begins. It is the same for all
    /// versions that are given and give the same.
    pub(super) fn boxed(&mut self, args: &[Option<Ty>], gives: Option<Ty>) -> Option<Vec<u8>> {
        let kinds = (args.to_vec(), gives);
        if let Some(code) = self.boxed.get(&kinds) {
            return Some(code.clone());
        }
        let boxed = self.new_boxed(args, gives)?;
        let code = boxed.code[boxed.before..].to_vec();
        if self.boxed.len() >= BOXED {
            self.boxed.clear();
        }
        self.boxed.insert(kinds, code.clone());
        Some(code)
    }

    fn new_boxed(&mut self, args: &[Option<Ty>], gives: Option<Ty>) -> Option<Emitted> {
        let given: Vec<Ty> = args.iter().flatten().copied().collect();
        let inner = self.signature(&given, gives);
        let signature = self.signature(&[], None);
        self.function(signature, Way::Good, |b, _| {
            let block = b.create_block();
            b.append_block_params_for_function_params(block);
            b.switch_to_block(block);
            let params: Vec<ir::Value> = b.block_params(block).to_vec();
            let trusted = MemFlagsData::trusted();
            let frame = (b.ins()).load(types::I64, trusted, params[0], entry::FRAME);
            let mut values = params;
            for (r, ty) in args.iter().enumerate() {
                if let Some(ty) = ty {
                    let at = offset(*ty) + r as i32 * SIZE as i32;
                    values.push(b.ins().load(clif(*ty), trusted, frame, at));
                }
            }
            let sig = b.import_signature(inner);
            let code = b.ins().load(types::I64, trusted, values[0], entry::CODE);
            let call = b.ins().call_indirect(sig, code, &values);
            let results: Vec<ir::Value> = b.inst_results(call).to_vec();
            if let Some(ty) = gives {
                let (well, gone) = (b.create_block(), b.create_block());
                b.ins().brif(results[0], gone, &[], well, &[]);
                b.switch_to_block(well);
                // Registers may have moved.
                let frame = (b.ins()).load(types::I64, trusted, values[0], entry::FRAME);
                match results.get(1) {
                    Some(v) if matches!(ty, Ty::Int | Ty::Float) && WIDE => {
                        store_wide(b, frame, ty, *v);
                    }
                    v => {
                        let trusts = trusts(b);
                        store_boxed(b, trusts, (frame, 0), ty, v.copied());
                    }
                }
                b.ins().return_(&[results[0]]);
                b.switch_to_block(gone);
            }
            b.ins().return_(&[results[0]]);
        })
    }

    fn signature(&self, args: &[Ty], gives: Option<Ty>) -> Signature {
        signature(self.isa.default_call_conv(), args, gives)
    }

    fn function(
        &mut self,
        signature: Signature,
        way: Way,
        body: impl FnOnce(&mut FunctionBuilder<'_>, CallConv),
    ) -> Option<Emitted> {
        let listed = way == Way::Listed;
        let isa = match way {
            Way::Quick => &self.quick,
            Way::Good | Way::Listed => &self.isa,
        };
        self.context.clear();
        self.context.func.signature = signature;
        self.context.set_disasm(listed);
        let mut b = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        body(&mut b, isa.default_call_conv());
        b.seal_all_blocks();
        b.finalize(isa.frontend_config());
        let clif = match listed {
            true => self.context.func.display().to_string(),
            false => String::new(),
        };
        let compiled = match self.context.compile(&**isa, &mut ControlPlane::default()) {
            Ok(compiled) => compiled,
            Err(error) => {
                // What is too large stays interpreted; what is wrong is to be seen where it is looked for.
                let wrong = matches!(error.inner, CodegenError::Verifier(_));
                debug_assert!(!wrong, "{:?}", error.inner);
                return None;
            }
        };
        // Nothing is called by name, so that nothing is left to be filled in.
        if !compiled.buffer.relocs().is_empty() {
            return None;
        }
        let before = lines::free(compiled);
        let mut code = vec![0; before];
        code.extend_from_slice(compiled.code_buffer());
        Some(Emitted {
            code,
            before,
            clif,
            text: compiled.vcode.clone().unwrap_or_default(),
        })
    }
}

/// This machine, with registers chosen that way.
fn isa(check: bool, allocation: &str) -> Option<OwnedTargetIsa> {
    let mut flags = settings::builder();
    let set = [
        ("opt_level", "none"),
        ("regalloc_algorithm", allocation),
        ("enable_verifier", if check { "true" } else { "false" }),
        ("is_pic", "false"),
        ("unwind_info", "false"),
        ("enable_probestack", "false"),
        ("enable_alias_analysis", "false"),
        ("log2_min_function_alignment", "6"),
        // Where blocks begin.
        ("machine_code_cfg_info", "true"),
    ];
    for (name, value) in set {
        flags.set(name, value).ok()?;
    }
    let isa = cranelift_native::builder().ok()?;
    isa.finish(settings::Flags::new(flags)).ok()
}

/// Of what keeps all registers: given the context, which says the rest.
fn keeping() -> Signature {
    let mut signature = Signature::new(CallConv::PreserveAll);
    signature.params.push(AbiParam::new(types::I64));
    signature
}

/// Given context, window and calls left before the arguments; gives a status, 0 if all went well, before
/// the value.
fn signature(conv: CallConv, args: &[Ty], gives: Option<Ty>) -> Signature {
    let mut signature = Signature::new(conv);
    let given = [types::I64; 3].into_iter();
    let given = given.chain(args.iter().map(|ty| clif(*ty)));
    signature.params = given.map(AbiParam::new).collect();
    signature.returns.push(AbiParam::new(types::I64));
    if let Some(ty) = gives.filter(|ty| *ty != Ty::Undef) {
        signature.returns.push(AbiParam::new(clif(ty)));
    }
    signature
}

fn clif(ty: Ty) -> Type {
    match ty {
        Ty::Float => types::F64,
        Ty::Pair => types::F64X2,
        Ty::Bool => types::I8,
        Ty::Int | Ty::Ptr | Ty::Undef | Ty::None => types::I64,
    }
}

/// Where a boxed value has the payload.
fn offset(ty: Ty) -> i32 {
    match ty {
        Ty::Bool => 1,
        _others => PAYLOAD,
    }
}

/// What is said of reading and writing memory of the VM.
fn trusts(b: &mut FunctionBuilder<'_>) -> ir::MemFlags {
    (b.func.dfg.mem_flags).insert_unchecked(MemFlagsData::trusted())
}

fn store(
    b: &mut FunctionBuilder<'_>,
    trusts: ir::MemFlags,
    v: ir::Value,
    (at, behind): (ir::Value, i32),
) {
    let ty = b.func.dfg.value_type(v);
    (b.ins()).Store(ir::Opcode::Store, ty, trusts, behind.into(), v, at);
}

/// Writes tag and payload at an address.
fn store_boxed(
    b: &mut FunctionBuilder<'_>,
    trusts: ir::MemFlags,
    (at, behind): (ir::Value, i32),
    ty: Ty,
    v: Option<ir::Value>,
) {
    // The whole word, so that it can be read as one.
    let tag = b.ins().iconst(types::I64, i64::from(ty.tag().unwrap_or(0)));
    store(b, trusts, tag, (at, behind));
    if let Some(v) = v.filter(|_| ty != Ty::Undef) {
        store(b, trusts, v, (at, behind + offset(ty)));
    }
}

/// Writes a number at an address as values are copied, sixteen bytes at once: what reads it so right afterwards has
/// not to wait until two writes have come to memory.
fn store_wide(b: &mut FunctionBuilder<'_>, at: ir::Value, ty: Ty, v: ir::Value) {
    let tag = f64::from_bits(ty.tag().unwrap_or(0).into());
    let tag = b.ins().f64const(tag);
    let v = match ty {
        Ty::Float => v,
        _int => b.ins().bitcast(types::F64, MemFlagsData::new(), v),
    };
    let low = b.ins().scalar_to_vector(types::F64X2, tag);
    let both = b.ins().insertlane(low, v, 1);
    b.ins().store(unaligned(), both, at, 0);
}

/// What is said of reading and writing sixteen bytes: numbers stand at every eighth.
fn unaligned() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// Numbers that are remembered as made.
const FIXED: usize = 16;

/// The ways to a block.
#[derive(Clone, Copy)]
enum Ways {
    None,
    One(B),
    More,
}

/// Integers that are selected in other blocks than their own.
fn selected(f: &Func) -> Map<V, Option<ir::Value>> {
    let mut selected = Map::default();
    for block in &f.blocks {
        for v in &block.insts {
            let Inst::Select(_, a, b) = f.inst(*v) else {
                continue;
            };
            let is_int = |v: &&V| f.int(**v).is_some() && !block.insts.contains(v);
            for v in [a, b].into_iter().filter(is_int) {
                selected.insert(*v, None);
            }
        }
    }
    selected
}

/// A unit on its way.
struct Body<'a, 'b> {
    b: &'a mut FunctionBuilder<'b>,
    f: &'a Func,
    facts: &'a Facts,
    target: &'a Target,
    callees: &'a [Callee],
    vec: VecLayout,
    /// Address of what is set when somebody interrupts.
    flag: Option<ir::Value>,
    /// Where fuel is counted: the variable that has what there is, which the context has when others run.
    fuel: Option<Variable>,
    /// What of it is owed, and by number of block the loop whose turns say so.
    owes: fuel::Owed,
    turns: Vec<Option<fuel::Turn>>,
    /// What is owed where ways meet in a turn.
    joins: Map<B, fuel::Owed>,
    conv: CallConv,
    /// What is said of reading and writing memory of the VM.
    trusts: ir::MemFlags,
    /// By number of value.
    values: Vec<Option<ir::Value>>,
    /// Integers that are selected in other blocks than their own, in machine registers once they are made: a
    /// selection takes nothing else.
    selected: Map<V, Option<ir::Value>>,
    /// Addresses of ops' own code that loops have at hand.
    entries: Map<usize, ir::Value>,
    /// By number of block.
    blocks: Vec<Option<ir::Block>>,
    /// Numbers that are made, as far as they are good in this block.
    fixed: Vec<(i64, ir::Value)>,
    /// The pieces that write what exits write: by number of exit, and all of them.
    ways: Vec<Option<usize>>,
    stubs: Vec<exit::Stub>,
    /// Where all exits end.
    last: Option<ir::Block>,
    /// Signatures of functions of the host, by what they are given.
    signatures: Map<Vec<Type>, SigRef>,
    keeping: Option<SigRef>,
    context: Option<ir::Value>,
    off: Option<ir::Value>,
    left: Option<ir::Value>,
    /// The address of the window, as far as it is good in this block.
    frame: Option<ir::Value>,
    /// The same, where nothing ever moves registers.
    window: Option<ir::Value>,
}

impl Body<'_, '_> {
    /// Whether something in it is called that keeps all registers.
    fn emit(mut self) -> bool {
        let order = &self.facts.order[..];
        self.plan_exits(order);
        let mut frames: Vec<Option<ir::Value>> = vec![None; self.f.blocks.len()];
        // The block before each, if it is one alone.
        let mut ways: Vec<Ways> = vec![Ways::None; self.f.blocks.len()];
        for &at in order {
            for to in self.f.blocks[at.0 as usize].term.succs() {
                let way = &mut ways[to.0 as usize];
                *way = match *way {
                    Ways::None => Ways::One(at),
                    _some => Ways::More,
                };
            }
            self.blocks[at.0 as usize] = Some(self.b.create_block());
        }
        self.turns = fuel::turns(self.f, self.facts, &ways);
        let mut owes = vec![fuel::Owed::default(); self.f.blocks.len()];
        let mut last = None;
        for &at in order {
            let block = self.block(at);
            self.b.switch_to_block(block);
            // What the one block before has is good here.
            let before = match ways[at.0 as usize] {
                Ways::One(before) => Some(before),
                _other => None,
            };
            let left = before.and_then(|before| frames[before.0 as usize]);
            self.frame = self.window.or(left);
            if before != last {
                self.fixed.clear();
            }
            if last.replace(at).is_none() {
                self.b.append_block_params_for_function_params(block);
                let params: Vec<ir::Value> = self.b.block_params(block).to_vec();
                // A loop keeps it where calls leave it alone, which is not where it is given.
                let context = match self.target.is_loop {
                    true => self.load(types::I64, params[0], entry::OWN),
                    false => params[0],
                };
                (self.context, self.off, self.left) =
                    (Some(context), Some(params[1]), Some(params[2]));
                let moves = |inst: &Inst| match inst {
                    Inst::Lib { lib, .. } => matches!(lib, Lib::Step | Lib::Out | Lib::Make(_)),
                    inst => matches!(inst, Inst::Call { .. } | Inst::Room { .. }),
                };
                if self.target.is_loop && !self.f.any(moves) {
                    self.window = Some(self.frame());
                }
                let own = &self.f.blocks[at.0 as usize].params;
                for (v, given) in own.iter().zip(&params[3..]) {
                    self.values[v.0 as usize] = Some(*given);
                }
                if self.f.any(|inst| matches!(inst, Inst::Poll(_))) {
                    // Loops have it at hand.
                    self.flag = Some(self.load(types::I64, params[0], entry::FLAG));
                }
                if self.target.is_loop {
                    self.fetch_entries();
                }
                if self
                    .f
                    .any(|inst| matches!(inst, Inst::Spend(_) | Inst::Pay(_)))
                {
                    self.fuel = Some(self.b.declare_var(types::I64));
                    self.fetch_fuel();
                }
            } else {
                for v in &self.f.blocks[at.0 as usize].params {
                    let given = self.b.append_block_param(block, clif(self.f.ty(*v)));
                    self.values[v.0 as usize] = Some(given);
                }
                if self.facts.is_cold(at) {
                    self.b.set_cold_block(block);
                }
            }
            if let Some(inner) = self.facts.inner(at) {
                self.b.set_srcloc(lines::mark(inner));
            }
            self.owes_at(at, before.map(|before| owes[before.0 as usize]));
            for &v in &self.f.blocks[at.0 as usize].insts {
                self.inst(v, at);
            }
            self.settle_for(at, &ways);
            owes[at.0 as usize] = self.owes;
            frames[at.0 as usize] = self.frame;
            self.term(at);
            self.b.set_srcloc(SourceLoc::default());
        }
        self.finish_exits();
        self.keeping.is_some()
    }

    fn block(&self, at: B) -> ir::Block {
        self.blocks[at.0 as usize].expect("control reaches it")
    }

    fn value(&mut self, v: V) -> ir::Value {
        if let Some(found) = self.values[v.0 as usize] {
            return found;
        }
        // Constants are made where they are used.
        match self.f.inst(v) {
            Inst::Int(n) => self.b.ins().iconst(types::I64, *n),
            Inst::Float(bits) => self.b.ins().f64const(f64::from_bits(*bits)),
            Inst::Bool(is) => self.b.ins().iconst(types::I8, i64::from(*is)),
            Inst::Pack(a, b) if let Some(bits) = self.constants(*a, *b) => {
                let bytes: Vec<u8> = bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
                let pair = self.b.func.dfg.constants.insert(bytes.into());
                self.b.ins().vconst(types::F64X2, pair)
            }
            // A branch asked for the opposite instead. This may be on a way out.
            Inst::Cmp(cond, a, b) => {
                let (x, y) = (self.value(*a), self.value(*b));
                self.b.ins().icmp(int_cond(*cond), x, y)
            }
            other => {
                debug_assert_eq!(*other, Inst::Undef, "{v} is not there");
                self.b.ins().iconst(types::I64, 0)
            }
        }
    }

    /// A number that is part of the instruction that it is for: it is made once where the same is wanted several
    /// times, and is in no register. Not for blocks that do not come before what follows.
    fn fixed(&mut self, n: i64) -> ir::Value {
        if let Some((_, made)) = self.fixed.iter().rev().find(|(of, _)| *of == n) {
            return *made;
        }
        let made = self.b.ins().iconst(types::I64, n);
        if self.fixed.len() < FIXED {
            self.fixed.push((n, made));
        }
        made
    }

    /// The second operand of an instruction that may have a number in it.
    fn second(&mut self, v: V) -> ir::Value {
        match self.f.int(v).filter(|n| i32::try_from(*n).is_ok()) {
            Some(n) => self.fixed(n),
            _other => self.value(v),
        }
    }

    /// The bits of two floats that are known.
    fn constants(&self, a: V, b: V) -> Option<[u64; 2]> {
        match (self.f.inst(a), self.f.inst(b)) {
            (Inst::Float(a), Inst::Float(b)) => Some([*a, *b]),
            _other => None,
        }
    }

    fn pack(&mut self, a: V, b: V) -> ir::Value {
        let first = self.value(a);
        if a == b {
            return self.b.ins().splat(types::F64X2, first);
        }
        let second = self.value(b);
        let low = self.b.ins().scalar_to_vector(types::F64X2, first);
        self.b.ins().insertlane(low, second, 1)
    }

    /// How pairs compare, lane by lane.
    fn compared(&mut self, cond: Cond, a: V, b: V) -> ir::Value {
        let (x, y) = (self.value(a), self.value(b));
        self.b.ins().fcmp(float_cond(cond), x, y)
    }

    fn cmp(&mut self, cond: Cond, a: V, b: V) -> ir::Value {
        let (x, y) = (self.value(a), self.second(b));
        self.b.ins().icmp(int_cond(cond), x, y)
    }

    /// Has the address of an op's own code at hand, if the loop calls that of one alone.
    fn fetch_entries(&mut self) {
        let mut entries: Vec<usize> = (self.f.blocks.iter().flat_map(|block| &block.insts))
            .filter_map(|v| match self.f.inst(*v) {
                Inst::Native { entry, .. } => Some(*entry),
                _other => None,
            })
            .collect();
        entries.dedup();
        if let [entry] = entries[..] {
            let address = self.b.ins().iconst(types::I64, entry as i64);
            let address = self.copied(address);
            self.entries.insert(entry, address);
        }
    }

    fn trusted() -> MemFlagsData {
        MemFlagsData::trusted()
    }

    fn context(&self) -> ir::Value {
        self.context.expect("the entry block comes first")
    }

    fn off(&self) -> ir::Value {
        self.off.expect("the entry block comes first")
    }

    fn left(&self) -> ir::Value {
        self.left.expect("the entry block comes first")
    }

    fn load(&mut self, ty: Type, at: ir::Value, behind: i32) -> ir::Value {
        // What is trusted is looked up once, and not for each.
        let ins = self.b.ins();
        let (load, dfg) = ins.Load(ir::Opcode::Load, ty, self.trusts, behind.into(), at);
        dfg.first_result(load)
    }

    fn store(&mut self, v: ir::Value, at: ir::Value, behind: i32) {
        store(self.b, self.trusts, v, (at, behind));
    }

    fn store_boxed(&mut self, at: ir::Value, behind: i32, ty: Ty, v: Option<ir::Value>) {
        store_boxed(self.b, self.trusts, (at, behind), ty, v);
    }

    /// A copy for a call that wants it in a place of its choice, so that the value itself may stay where it
    /// is.
    fn copied(&mut self, v: ir::Value) -> ir::Value {
        self.b.ins().iadd_imm_s(v, 0)
    }

    fn inst(&mut self, v: V, at: B) {
        let f = self.f;
        if self.target.stress > 0 {
            self.shake(v);
        }
        let result = match f.inst(v) {
            // Made where they are used.
            Inst::Param | Inst::Undef | Inst::Float(_) | Inst::Bool(_) => return,
            Inst::Int(_) => {
                if self.selected.contains_key(&v) {
                    let n = self.value(v);
                    let n = self.copied(n);
                    self.selected.insert(v, Some(n));
                }
                return;
            }
            Inst::Bin(op, a, b) => Some(self.bin(*op, *a, *b)),
            Inst::Un(op, a) => Some(self.un(*op, *a)),
            Inst::Cmp(..) if self.is_turned(v, at) => return,
            Inst::Cmp(cond, a, b) => Some(self.cmp(*cond, *a, *b)),
            Inst::FCmp(cond, a, b) => {
                let (x, y) = (self.value(*a), self.value(*b));
                Some(self.b.ins().fcmp(float_cond(*cond), x, y))
            }
            Inst::Select(is, a, b) => {
                let [x, y] = [a, b].map(|v| match self.selected.get(v) {
                    Some(Some(n)) => *n,
                    _other => self.value(*v),
                });
                let is = self.value(*is);
                Some(self.b.ins().select(is, x, y))
            }
            Inst::Pack(a, b) => match self.constants(*a, *b) {
                Some(_) => return,
                None => Some(self.pack(*a, *b)),
            },
            Inst::Lane(a, n) => {
                let pair = self.value(*a);
                Some(self.b.ins().extractlane(pair, *n))
            }
            Inst::Either(cond, a, b) => {
                let is = self.compared(*cond, *a, *b);
                Some(self.b.ins().vany_true(is))
            }
            Inst::Both(cond, a, b) => {
                let is = self.compared(*cond, *a, *b);
                Some(self.b.ins().vall_true(is))
            }
            Inst::Tag(loc) => {
                let (at, behind) = self.place(*loc);
                Some((self.b.ins()).uload8(types::I64, Self::trusted(), at, behind))
            }
            Inst::Load(loc) => {
                let ty = f.ty(v);
                let (at, behind) = self.place(*loc);
                Some(self.load(clif(ty), at, behind + offset(ty)))
            }
            Inst::Store(loc, of) => {
                let given = self.value(*of);
                let (at, behind) = self.place(*loc);
                self.store_boxed(at, behind, f.ty(*of), Some(given));
                None
            }
            Inst::Counted(loc) => {
                let (at, behind) = self.place(*loc);
                Some(self.load(types::I64, at, behind + PAYLOAD))
            }
            // Read as it is copied, by words of eight bytes: else the processor waits for the copy.
            Inst::Handle(loc) => {
                let (at, behind) = self.place(*loc);
                let head = self.load(types::I64, at, behind);
                let rest = self.load(types::I64, at, behind + PAYLOAD);
                let index = self.b.ins().ushr_imm_u(head, 32);
                let word = self.b.ins().ishl_imm_u(rest, 32);
                Some(self.b.ins().bor(index, word))
            }
            Inst::Salt(loc) => {
                let (at, behind) = self.place(*loc);
                let rest = self.load(types::I64, at, behind + PAYLOAD);
                Some(self.b.ins().ushr_imm_u(rest, 32))
            }
            Inst::Shape(handle, salt, arena) => Some(self.shape(*handle, *salt, *arena)),
            Inst::Beside(handle, arena) => {
                let handle = self.value(*handle);
                let index = self.b.ins().band_imm_u(handle, i64::from(u32::MAX));
                let (first, _) = self.table(*arena);
                Some(self.beside(first, index))
            }
            Inst::Copy(from, to) => {
                let (from, behind) = self.place(*from);
                let (to, before) = self.place(*to);
                self.copy_words((from, behind), (to, before));
                None
            }
            Inst::CopyFrom(at, to) => {
                let at = self.value(*at);
                let (to, before) = self.place(*to);
                self.copy_words((at, 0), (to, before));
                None
            }
            Inst::CopyTo(from, at) => {
                let (from, behind) = self.place(*from);
                let at = self.value(*at);
                self.copy_words((from, behind), (at, 0));
                None
            }
            Inst::Field(field, header) => Some(self.field(*field, *header)),
            Inst::Elem(at) => {
                let at = self.value(*at);
                Some(match f.ty(v) {
                    Ty::Pair => self.b.ins().load(types::F64X2, unaligned(), at, 0),
                    ty => self.load(clif(ty), at, 0),
                })
            }
            Inst::SetElem(at, of) => {
                let (at, given) = (self.value(*at), self.value(*of));
                match f.ty(*of) {
                    Ty::Pair => drop(self.b.ins().store(unaligned(), given, at, 0)),
                    _one => self.store(given, at, 0),
                }
                None
            }
            Inst::ElemTag(at) => {
                let at = self.value(*at);
                Some(self.b.ins().uload8(types::I64, Self::trusted(), at, 0))
            }
            Inst::ElemLoad(at) => {
                let at = self.value(*at);
                let ty = f.ty(v);
                Some(self.load(clif(ty), at, offset(ty)))
            }
            Inst::ElemStore(at, of) => {
                let (at, given) = (self.value(*at), self.value(*of));
                self.store_boxed(at, 0, f.ty(*of), Some(given));
                None
            }
            Inst::Guard(is, want, exit) => {
                let is = self.value(*is);
                self.guard(is, *want, *exit);
                None
            }
            Inst::Poll(exit) => {
                self.poll(*exit);
                None
            }
            Inst::Ensure(cost, exit) => {
                self.ensure(*cost, *exit);
                None
            }
            Inst::Spend(cost) => {
                self.spend(v, *cost, at);
                None
            }
            Inst::Turns(cost, most) => Some(self.turns_paid(*cost, *most)),
            Inst::Charge(..) => {
                debug_assert!(false, "{v} is for the pass of fuel");
                None
            }
            Inst::Pay(cost) => Some(self.pay(*cost)),
            Inst::Lib {
                lib,
                locs,
                args,
                exit,
                ..
            } => {
                self.lib(*lib, *locs, args, *exit);
                None
            }
            Inst::Peek { op, locs, exit } => Some(self.peek(*op, *locs, *exit)),
            Inst::Room { window, deep, exit } => {
                self.room(*window, *deep, *exit);
                None
            }
            Inst::Call {
                version,
                window,
                deep,
                args,
                after,
            } => self.call(*version, (*window, *deep), args, *after),
            Inst::Native {
                entry,
                args,
                places,
                reach,
                exit,
                ..
            } => self.native(v, (*entry, *reach), (args, places), *exit),
            Inst::Went => {
                let context = self.context();
                Some(self.load(types::I8, context, entry::WENT))
            }
            Inst::Given(to) => {
                self.given(*to);
                None
            }
        };
        if let Some(result) = result {
            self.values[v.0 as usize] = Some(result);
        }
    }

    fn bin(&mut self, op: Bin, a: V, b: V) -> ir::Value {
        let x = self.value(a);
        let y = match (op, self.f.int(b)) {
            (Bin::At8 | Bin::At16, Some(0)) => return x,
            (Bin::At8, _) => self.elements(b, 3),
            (Bin::At16, _) => self.elements(b, 4),
            (Bin::Shl | Bin::Shr | Bin::ShrU, Some(n)) => self.fixed(n & 63),
            (Bin::Add | Bin::Sub | Bin::And | Bin::Or | Bin::Xor | Bin::Mul, _) => self.second(b),
            _other => self.value(b),
        };
        let ins = self.b.ins();
        match op {
            Bin::Add | Bin::At8 | Bin::At16 => ins.iadd(x, y),
            Bin::Sub => ins.isub(x, y),
            Bin::Mul => ins.imul(x, y),
            Bin::Rem => ins.srem(x, y),
            Bin::Quot => ins.sdiv(x, y),
            Bin::And => ins.band(x, y),
            Bin::Or => ins.bor(x, y),
            Bin::Xor => ins.bxor(x, y),
            Bin::Shl => ins.ishl(x, y),
            Bin::Shr => ins.sshr(x, y),
            Bin::ShrU => ins.ushr(x, y),
            Bin::MulHigh => ins.smulhi(x, y),
            Bin::AddOver => ins.sadd_overflow(x, y).1,
            Bin::SubOver => ins.ssub_overflow(x, y).1,
            Bin::MulOver => ins.smul_overflow(x, y).1,
            Bin::FAdd => ins.fadd(x, y),
            Bin::FSub => ins.fsub(x, y),
            Bin::FMul => ins.fmul(x, y),
            Bin::FDiv => ins.fdiv(x, y),
        }
    }

    /// So many elements, of as many bytes as two to that power, in bytes.
    fn elements(&mut self, n: V, power: u32) -> ir::Value {
        if let Some(bytes) = self.f.int(n).and_then(|n| n.checked_mul(1 << power)) {
            return self.b.ins().iconst(types::I64, bytes);
        }
        let (n, power) = (self.value(n), self.fixed(power.into()));
        self.b.ins().ishl(n, power)
    }

    fn un(&mut self, op: Un, a: V) -> ir::Value {
        let x = self.value(a);
        let ins = self.b.ins();
        match op {
            Un::Not => ins.bxor_imm_u(x, 1),
            Un::BitNot => ins.bnot(x),
            Un::FNeg => ins.fneg(x),
            Un::ToFloat => ins.fcvt_from_sint(types::F64, x),
            Un::ToInt => ins.fcvt_to_sint_sat(types::I64, x),
            Un::OfBool => ins.uextend(types::I64, x),
            Un::Sqrt => ins.sqrt(x),
            Un::FAbs => ins.fabs(x),
            Un::Floor => ins.floor(x),
            Un::Ceil => ins.ceil(x),
            Un::Trunc => ins.trunc(x),
        }
    }

    fn term(&mut self, at: B) {
        let f = self.f;
        match &f.blocks[at.0 as usize].term {
            Term::Open => {
                debug_assert!(false, "block {} is open", at.0);
                let status = self.b.ins().iconst(types::I64, 1);
                self.leave(status);
            }
            Term::Jump(to, args) => {
                let args = self.args(args);
                let to = self.block(*to);
                self.b.ins().jump(to, &args);
            }
            Term::Branch(is, (yes, with), (no, without)) => {
                let (args, others) = (self.args(with), self.args(without));
                let (to, other) = (self.block(*yes), self.block(*no));
                match f.inst(*is) {
                    // What comes last is placed next: the moves of the next turn, and the jump.
                    Inst::Cmp(cond, a, b) if self.leads_back(*yes) => {
                        let (x, y) = (self.value(*a), self.second(*b));
                        let is = self.b.ins().icmp(int_cond(*cond).complement(), x, y);
                        self.b.ins().brif(is, other, &others, to, &args);
                    }
                    _other => {
                        let is = self.value(*is);
                        self.b.ins().brif(is, to, &args, other, &others);
                    }
                }
            }
            Term::Return(v) => {
                self.tell_fuel();
                let well = self.b.ins().iconst(types::I64, 0);
                let gives = self.target.gives.filter(|ty| *ty != Ty::Undef);
                match v.filter(|_| gives.is_some()) {
                    Some(v) => {
                        let v = self.value(v);
                        self.b.ins().return_(&[well, v]);
                    }
                    None => {
                        self.b.ins().return_(&[well]);
                    }
                }
            }
            Term::Leave(exit) => self.leave_by(*exit),
        }
    }

    /// Whether a block begins the next turn of a loop, or does nothing but that.
    fn leads_back(&self, to: B) -> bool {
        let is_made = |to: &B| self.b.func.layout.is_block_inserted(self.block(*to));
        match &self.f.blocks[to.0 as usize] {
            block if block.insts.is_empty() && block.params.is_empty() => match &block.term {
                Term::Jump(to, _) => is_made(to),
                _other => false,
            },
            _other => is_made(&to),
        }
    }

    /// Whether a comparison is the one that the block ends with, if the opposite is asked for there.
    fn is_turned(&self, v: V, at: B) -> bool {
        match &self.f.blocks[at.0 as usize].term {
            Term::Branch(is, (yes, _), _) => *is == v && self.leads_back(*yes),
            _other => false,
        }
    }

    fn args(&mut self, values: &[V]) -> Vec<BlockArg> {
        values.iter().map(|v| self.value(*v).into()).collect()
    }
}

fn int_cond(cond: Cond) -> IntCC {
    match cond {
        Cond::Eq => IntCC::Equal,
        Cond::Ne => IntCC::NotEqual,
        Cond::Lt => IntCC::SignedLessThan,
        Cond::Le => IntCC::SignedLessThanOrEqual,
        Cond::Gt => IntCC::SignedGreaterThan,
        Cond::Ge => IntCC::SignedGreaterThanOrEqual,
        Cond::Below => IntCC::UnsignedLessThan,
    }
}

fn float_cond(cond: Cond) -> FloatCC {
    match cond {
        Cond::Eq => FloatCC::Equal,
        Cond::Ne => FloatCC::NotEqual,
        Cond::Lt | Cond::Below => FloatCC::LessThan,
        Cond::Le => FloatCC::LessThanOrEqual,
        Cond::Gt => FloatCC::GreaterThan,
        Cond::Ge => FloatCC::GreaterThanOrEqual,
    }
}
