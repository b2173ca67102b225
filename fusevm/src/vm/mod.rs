//! Where it all meets: the VM, its globals and functions, what it was granted, and its errors.
//!
//! A [`VM`] holds any number of programs. Globals, functions and interned names are the VM's, so
//! what one program defines the next one sees; the latest function of a name wins. How ops run is
//! in `interp`; here is what surrounds a run: loading, calling from outside, limits, handlers.

mod calls;
mod collect;
mod error;
mod fixed;
mod fuel;
mod load;
mod names;
mod profile;
mod program;
mod share;
mod state;
mod stream;
mod typed;

pub use calls::Callable;
pub use error::{Error, ErrorKind, LoadError, Site, VMResult};
pub use fixed::StaticChunk;
pub use fuel::InterruptHandle;
pub use profile::{FunctionCount, LineCount, Profile};
pub(crate) use program::Linked;
pub use program::{Loadable, Program, Source};
#[cfg(all(feature = "jit", unix))]
pub(crate) use share::this_thread;
pub(crate) use state::{Code, FunctionRef, Savepoint, cut};
pub use stream::{Output, SharedBuffer};
pub use typed::Vm;

use crate::chunk::Chunk;
#[cfg(all(feature = "jit", unix))]
use crate::ext::Around;
use crate::ext::{Language, OpTable, Parts};
use crate::heap::Heap;
#[cfg(all(feature = "jit", unix))]
use crate::interp::Directs;
use crate::interp::{BlockRun, Frame, Tally};
use crate::semantics::{Limits, Policy, Rules, Trap};
use crate::shell::ShellHost;
use crate::value::Value;
use std::any::Any;
use std::io::{Read, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// A handler of `CallBuiltin`: gets the VM with the arguments on top of its stack, and their number.
///
/// It may pop them or leave them; the VM cuts the stack to below them and pushes what it returns.
pub type Builtin = fn(&mut VM, u8) -> Value;

/// A handler of raw `Extended` ops: gets the VM, the op's id and its operand. It may push and pop
/// freely, down to the bottom of the running frame.
pub type RawHandler = Box<dyn FnMut(&mut VM, u16, u8) + Send>;

/// A handler of raw `ExtendedWide` ops.
pub type RawWideHandler = Box<dyn FnMut(&mut VM, u16, usize) + Send>;

/// A virtual machine.
///
/// ```
/// use fusevm::{ChunkBuilder, Op, VM, Value};
///
/// let mut b = ChunkBuilder::new();
/// b.emit(Op::LoadInt(40), 1);
/// b.emit(Op::LoadInt(2), 1);
/// b.emit(Op::Add, 1);
/// let mut vm = VM::empty();
/// assert_eq!(vm.eval(b.build()).unwrap(), Value::Int(42));
/// ```
///
/// Between runs a VM is consistent whatever happened: after a trap its frames are gone, its globals
/// are as the program left them, and it runs the next program.
pub struct VM {
    table: &'static OpTable,
    host: Box<dyn Any + Send>,
    trace_host: collect::TraceHost,
    pub(crate) limits: Limits,
    pub(crate) heap: Heap,
    roots: Vec<Value>,
    free_roots: Vec<usize>,
    /// Values that handlers with the whole VM may have in hand.
    held: Vec<Value>,
    /// Where on the stack begins what the handler that runs may pop; 0 where none does.
    bottom: usize,
    output: Output,
    /// Standard input where it is not set, once it is read.
    input: Option<Box<stream::Input>>,
    pub(crate) stack: Vec<Value>,
    pub(crate) slots: Vec<Value>,
    pub(crate) frames: Vec<Frame>,
    /// Registers of the frames that run in them.
    pub(crate) registers: Vec<Value>,
    /// The values through which functions were called that have no frame yet, though they run.
    pub(crate) callees: Vec<Value>,
    /// The first register that no frame has.
    pub(crate) free_register: usize,
    pub(crate) blocks: Vec<BlockRun>,
    pub(crate) pc: usize,
    /// Open calls.
    pub(crate) depth: usize,
    /// Set when the code that runs has changed under the interpreter's loop.
    pub(crate) reload: bool,
    /// What the innermost program ended with.
    pub(crate) result: Option<Value>,
    names: names::Names,
    pub(crate) globals: Vec<Option<Value>>,
    pub(crate) functions: Vec<Option<state::FunctionRef>>,
    /// How often a name was given a function.
    pub(crate) defined: u64,
    /// How often something has changed that code is made for, or chosen by: functions, limits, whether there is fuel to
    /// count, how it is run.
    pub(crate) changed: u64,
    pub(crate) code: Code,
    /// The chunk of `VM::new`, until the first run, and then where it is loaded.
    pending: Option<Arc<Chunk>>,
    main: Option<u32>,
    /// The ids are the host's choice: nobody floods the table.
    /// By number, in order.
    builtins: Vec<(u16, Builtin)>,
    raw: state::Taken<RawHandler>,
    raw_wide: state::Taken<RawWideHandler>,
    /// A trap that a handler ran into while it popped.
    pub(crate) handler_trap: Option<Trap>,
    shell: Option<Box<dyn ShellHost>>,
    pub(crate) shell_state: crate::interp::ShellState,
    pub(crate) status: i32,
    /// Ops that may run before fuel and interrupt are looked at.
    pub(crate) slice: u64,
    /// Fuel beyond the slice; `u64::MAX` for no limit.
    fuel: u64,
    /// Made when somebody asks for a handle.
    interrupt: OnceLock<Arc<AtomicBool>>,
    /// Runs that are open, one inside a handler of the other.
    pub(crate) reentry: usize,
    fusion: bool,
    /// Whether units begin in registers: where that is asked for, and no profile is made.
    pub(crate) lowering: bool,
    lowering_asked: bool,
    /// Whether a main program whose ops run once at most is not lowered, nor fused, the first time.
    pub(crate) lazy: bool,
    /// Whether ops are counted.
    pub(crate) profiling: bool,
    profiler: Option<Box<profile::Profiler>>,
    #[cfg(all(feature = "jit", unix))]
    pub(crate) jit: Option<Box<crate::jit::Jit>>,
    /// Functions that can be called without a frame.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) directs: Directs,
    #[cfg(all(feature = "jit", unix))]
    pub(crate) jit_failed: bool,
    #[cfg(all(feature = "jit", unix))]
    jit_config: Option<Box<crate::jit::JitConfig>>,
    /// Instructions that may still pass before the next look at what is hot, as the last run left it.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) patience: i64,
    /// Counts of register instructions, where those are asked for.
    pub(crate) tally: Option<Box<Tally>>,
}

/// Where the value is through which the function in registers that runs was called.
#[derive(Clone, Copy)]
pub(crate) enum Callee {
    /// In its frame.
    OfFrame,
    /// On top of `VM::callees`.
    Held,
    /// Nowhere: it was called by its name.
    Nothing,
}

/// A value that outlives what else refers to it, until it is given back with [`VM::unroot`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a root that is lost keeps its value for good"]
pub struct Root(usize);

impl VM {
    /// A VM of the core ops alone, whose [`run`](VM::run) runs `chunk`.
    ///
    /// The chunk is verified at the first run, after handlers are set.
    pub fn new(chunk: Chunk) -> Self {
        let mut vm = Self::empty();
        vm.pending = Some(Arc::new(chunk));
        vm
    }

    /// A VM of the core ops alone, without a program of its own.
    pub fn empty() -> Self {
        Self::of::<()>(())
    }

    pub(crate) fn of<L: Language>(host: L::Host) -> Self {
        let limits = Limits::default();
        let mut vm = Self {
            table: L::table(),
            host: Box::new(host),
            trace_host: |host, tracer| {
                (host.downcast_ref().into_iter()).for_each(|host| L::trace_host(host, tracer));
            },
            limits,
            heap: Heap::new(),
            roots: Vec::new(),
            free_roots: Vec::new(),
            held: Vec::new(),
            bottom: 0,
            output: Output::default(),
            input: None,
            stack: Vec::new(),
            slots: Vec::new(),
            frames: Vec::new(),
            registers: Vec::new(),
            callees: Vec::new(),
            free_register: 0,
            blocks: Vec::new(),
            pc: 0,
            depth: 0,
            reload: false,
            result: None,
            names: Default::default(),
            globals: Vec::new(),
            functions: Vec::new(),
            defined: 0,
            changed: 0,
            code: Code::default(),
            pending: None,
            main: None,
            builtins: Vec::new(),
            raw: state::Taken::Unset,
            raw_wide: state::Taken::Unset,
            handler_trap: None,
            shell: None,
            shell_state: Default::default(),
            status: 0,
            slice: 0,
            fuel: u64::MAX,
            interrupt: OnceLock::new(),
            reentry: 0,
            fusion: true,
            lowering: true,
            lowering_asked: true,
            lazy: true,
            profiling: false,
            profiler: None,
            #[cfg(all(feature = "jit", unix))]
            jit: None,
            #[cfg(all(feature = "jit", unix))]
            directs: Directs::default(),
            #[cfg(all(feature = "jit", unix))]
            jit_failed: false,
            #[cfg(all(feature = "jit", unix))]
            jit_config: None,
            #[cfg(all(feature = "jit", unix))]
            patience: i64::MAX,
            tally: None,
        };
        vm.heap.set_limit(vm.limits.max_objects);
        vm
    }

    /// Sets the limits. What is already past a new limit stays until it grows again.
    pub fn set_limits(&mut self, limits: Limits) {
        self.heap.set_limit(limits.max_objects);
        self.limits = limits;
        self.changed += 1;
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Prints to `sink` from now on. What was printed before is flushed.
    pub fn set_output(&mut self, sink: impl Write + Send + 'static) {
        self.output.set_sink(sink);
    }

    /// Reads lines from `source` from now on.
    pub fn set_input(&mut self, source: impl Read + Send + 'static) {
        self.input = Some(Box::new(stream::Input::new(source)));
    }

    /// The output, to print beside the program.
    pub fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    pub(crate) fn read_line(&mut self) -> Result<Value, Trap> {
        self.output.flush().map_err(Trap::Io)?;
        let limit = self.limits.max_string_len;
        let stdin = || Box::new(stream::Input::new(std::io::stdin()));
        let input = self.input.get_or_insert_with(stdin);
        match input.line(limit).map_err(Trap::Io)? {
            None => Ok(Value::Undef),
            Some(line) if line.len() > limit => Err(Trap::TextTooLong { limit }),
            Some(line) => Ok(Value::from(line)),
        }
    }

    /// Registers the handler of `CallBuiltin(id, …)`.
    pub fn register_builtin(&mut self, id: u16, handler: Builtin) {
        match self.builtins.binary_search_by_key(&id, |builtin| builtin.0) {
            Ok(at) => self.builtins[at].1 = handler,
            Err(at) => self.builtins.insert(at, (id, handler)),
        }
    }

    pub(crate) fn take_raw(&mut self) -> Result<RawHandler, Trap> {
        self.raw.take()
    }

    pub(crate) fn put_back_raw(&mut self, handler: RawHandler) {
        self.raw.put_back(handler);
    }

    pub(crate) fn take_raw_wide(&mut self) -> Result<RawWideHandler, Trap> {
        self.raw_wide.take()
    }

    pub(crate) fn put_back_raw_wide(&mut self, handler: RawWideHandler) {
        self.raw_wide.put_back(handler);
    }

    pub(crate) fn builtin(&self, id: u16) -> Option<Builtin> {
        // Mostly they are numbered from 0 on.
        if let Some(&(found, handler)) = self.builtins.get(usize::from(id))
            && found == id
        {
            return Some(handler);
        }
        let at = self.builtins.binary_search_by_key(&id, |builtin| builtin.0);
        Some(self.builtins[at.ok()?].1)
    }

    /// Sets the handler of raw `Extended` ops: those of chunks without a language.
    ///
    /// ```
    /// # use fusevm::{ChunkBuilder, Op, VM, Value};
    /// # let chunk = ChunkBuilder::new().build();
    /// let mut vm = VM::new(chunk);
    /// vm.set_extension_handler(Box::new(|vm, id, arg| match id {
    ///     0 => vm.push(Value::Int(arg as i64)),
    ///     _ => {}
    /// }));
    /// ```
    pub fn set_extension_handler(&mut self, handler: RawHandler) {
        self.raw = state::Taken::Here(handler);
    }

    /// Sets the handler of raw `ExtendedWide` ops.
    pub fn set_extension_wide_handler(&mut self, handler: RawWideHandler) {
        self.raw_wide = state::Taken::Here(handler);
    }

    /// Grants the outside world: without a host, chunks with shell ops do not load.
    pub fn set_shell(&mut self, host: impl ShellHost + 'static) {
        self.shell = Some(Box::new(host));
    }

    pub(crate) fn shell_mut(&mut self) -> Result<&mut (dyn ShellHost + 'static), Trap> {
        let missing = || Trap::Shell("no ShellHost was granted (VM::set_shell)".into());
        self.shell.as_deref_mut().ok_or_else(missing)
    }

    /// Whether sequences of ops run fused; they do by default. Nothing but time depends on it.
    pub fn set_fusion(&mut self, on: bool) {
        self.fusion = on;
        self.changed += 1;
    }

    /// Whether programs run in register form where they can. By default they do, but for a main program
    /// whose ops run once at most: to make that form of it takes longer than to run it, so that it has
    /// none before its second run in a VM. Once this is set, all run in registers or none does. Nothing
    /// but time depends on it.
    pub fn set_lowering(&mut self, on: bool) {
        (self.lowering_asked, self.lazy) = (on, false);
        self.lowering = on && !self.profiling;
        self.changed += 1;
    }

    pub(crate) fn lowering(&self) -> bool {
        self.lowering
    }

    pub(crate) fn fusion(&self) -> bool {
        self.fusion
    }

    /// How machine code is made. What there is already is dropped.
    #[cfg(all(feature = "jit", unix))]
    pub fn set_jit(&mut self, config: crate::JitConfig) {
        self.jit = None;
        self.directs = Directs::default();
        self.changed += 1;
        self.jit_failed = false;
        self.jit_config = Some(Box::new(config));
    }

    /// What was compiled since [`VM::set_jit`], and what became of it.
    #[cfg(all(feature = "jit", unix))]
    pub fn jit_report(&self) -> crate::JitReport {
        self.jit
            .as_ref()
            .map(|jit| jit.report())
            .unwrap_or_default()
    }

    /// How machine code is made.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn jit_config(&self) -> &crate::JitConfig {
        const DEFAULT: &crate::JitConfig = &crate::JitConfig::DEFAULT;
        self.jit_config.as_deref().unwrap_or(DEFAULT)
    }

    /// What was compiled, version by version: what it was entered with, register code with the ops it comes
    /// from, the middle form, what Cranelift was given, machine code. Empty unless
    /// [`JitConfig::listings`](crate::JitConfig::listings) is set.
    #[cfg(all(feature = "jit", unix))]
    pub fn jit_listing(&self) -> String {
        self.jit
            .as_ref()
            .map_or_else(String::new, |jit| jit.listing())
    }

    /// The heap.
    pub fn heap(&self) -> &Heap {
        &self.heap
    }

    /// The heap, to allocate in or to write.
    pub fn heap_mut(&mut self) -> &mut Heap {
        &mut self.heap
    }

    /// Keeps a value, and what it refers to, until [`VM::unroot`].
    pub fn root(&mut self, value: Value) -> Root {
        match self.free_roots.pop() {
            Some(free) => {
                self.roots[free] = value;
                Root(free)
            }
            None => {
                self.roots.push(value);
                Root(self.roots.len() - 1)
            }
        }
    }

    /// The value of a root of this VM.
    pub fn rooted(&self, root: &Root) -> Value {
        self.roots.get(root.0).cloned().unwrap_or_default()
    }

    /// Gives a root of this VM back; its value.
    pub fn unroot(&mut self, root: Root) -> Value {
        let Some(place) = self.roots.get_mut(root.0) else {
            return Value::Undef;
        };
        self.free_roots.push(root.0);
        std::mem::take(place)
    }

    /// The text of a value, objects as their types say.
    ///
    /// # Errors
    /// A trap when it is longer than `Limits::max_string_len`.
    pub fn text(&self, value: &Value) -> Result<String, Trap> {
        let rules = self.rules(Policy::default());
        crate::semantics::string::text(&rules, value).map(std::borrow::Cow::into_owned)
    }

    pub(crate) fn rules(&self, policy: Policy) -> Rules<'_> {
        Rules {
            policy,
            limits: &self.limits,
            objects: &self.heap,
        }
    }

    /// The parts that ops on containers need side by side: rules, globals, slots.
    pub(crate) fn cells(
        &mut self,
        policy: Policy,
    ) -> (Rules<'_>, &mut [Option<Value>], &mut Vec<Value>) {
        let rules = Rules {
            policy,
            limits: &self.limits,
            objects: &self.heap,
        };
        (rules, &mut self.globals, &mut self.slots)
    }

    /// Rules and registers side by side.
    pub(crate) fn register_cells(&mut self, policy: Policy) -> (Rules<'_>, &mut [Value]) {
        let rules = Rules {
            policy,
            limits: &self.limits,
            objects: &self.heap,
        };
        (rules, &mut self.registers)
    }

    /// The parts that an ext op without `Ctx` sees side by side: its `inputs` topmost values, the slots
    /// from `slots` on, if it asks for it the callee, and the rest.
    pub(crate) fn split(&mut self, inputs: usize, slots: usize, callee: bool) -> Parts<'_> {
        let at = self.stack.len() - inputs;
        Parts {
            inputs: &mut self.stack[at..],
            slots: self.slots.get_mut(slots..).unwrap_or_default(),
            host: self.host.as_mut(),
            heap: &mut self.heap,
            output: &mut self.output,
            limits: &self.limits,
            callee: match callee {
                true => calls::callee_of(&self.frames),
                false => &Value::Undef,
            },
        }
    }

    /// The same for an op whose inputs are registers: those it names as slots are from `locals` on,
    /// before the inputs.
    pub(crate) fn split_in_registers(
        &mut self,
        (from, to): (usize, usize),
        locals: usize,
        callee: Option<Callee>,
    ) -> Parts<'_> {
        let (below, above) = self.registers.split_at_mut(from);
        Parts {
            inputs: &mut above[..to - from],
            slots: below.get_mut(locals..).unwrap_or_default(),
            host: self.host.as_mut(),
            heap: &mut self.heap,
            output: &mut self.output,
            limits: &self.limits,
            callee: match callee {
                Some(Callee::OfFrame) => calls::callee_of(&self.frames),
                Some(Callee::Held) => self.callees.last().unwrap_or(&Value::Undef),
                Some(Callee::Nothing) | None => &Value::Undef,
            },
        }
    }

    /// What ops see beside their inputs where they are called from machine code, of the program of that number.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn around<'a>(&'a mut self, linked: &'a Linked, code: u32) -> Around<'a> {
        Around {
            linked,
            host: self.host.as_mut(),
            heap: &mut self.heap,
            output: &mut self.output,
            limits: &self.limits,
            memory: self.code.places_mut(code, linked.place_count()),
        }
    }

    /// The host as the type the VM's language declares.
    pub(crate) fn host_as<H: 'static>(&mut self) -> &mut H {
        // A language's ops only run in VMs of that language, whose host has this type.
        self.host
            .downcast_mut()
            .expect("the host has the type its language declares")
    }

    pub(crate) fn host_ref<H: 'static>(&self) -> &H {
        self.host
            .downcast_ref()
            .expect("the host has the type its language declares")
    }

    /// The ops of the VM's language.
    pub fn table(&self) -> &'static OpTable {
        self.table
    }
}

impl std::fmt::Debug for VM {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VM")
            .field("language", &self.table.language())
            .field("frames", &self.frames.len())
            .finish_non_exhaustive()
    }
}
