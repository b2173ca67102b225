//! How machine code is made: what whoever embeds a VM may say of it.

/// How machine code is made, for [`VM::set_jit`](crate::VM::set_jit). Nothing but time and memory depends
/// on it.
///
/// ```
/// use fusevm::{Chunk, JitConfig, VM, Value};
///
/// let chunk = Chunk::parse(
///     "
///       LoadInt 0
///       SetSlot 0
///     top:
///       GetSlot 0
///       LoadInt 3
///       Add
///       SetSlot 0
///       GetSlot 0
///       LoadInt 300000
///       NumLt
///       JumpIfTrue top
///       GetSlot 0
///     ",
/// )
/// .unwrap();
/// let mut config = JitConfig::default();
/// config.listings = true;
/// // So that it is there before the loop ends.
/// config.background = false;
/// let mut vm = VM::empty();
/// vm.set_jit(config);
/// assert_eq!(vm.eval(&chunk).unwrap(), Value::Int(300_000));
/// assert!(vm.jit_listing().contains("main program, the loop at "));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JitConfig {
    /// Whether there is any. On by default.
    pub enabled: bool,
    /// Whether another thread compiles while the program goes on in the interpreter, so that it never stands
    /// still for that. There is one such thread for all VMs of the process, from when something is first hot
    /// until there has been nothing to do for a while. Without it, or where the system gives no thread, what
    /// is hot is compiled at once, and then run.
    pub background: bool,
    /// Instructions, about, that run between two looks at what is hot. 1 compiles whatever runs twice.
    pub threshold: u32,
    /// Instructions that run slowly to see kinds of values before something is compiled.
    pub observed: u32,
    /// Exits by one guard after which a unit is compiled anew.
    pub exits: u32,
    /// How often a place is compiled anew before it stays interpreted.
    pub recompiles: u32,
    /// Bytes of machine code that a VM may have; memory is used as it is needed.
    pub code_memory: usize,
    /// Whether Cranelift checks what it is given.
    pub check: bool,
    /// Whether listings of what is compiled are kept, for [`VM::jit_listing`](crate::VM::jit_listing).
    pub listings: bool,
    /// Whether machine code gets names in `/tmp/perf-PID.map`, where Linux `perf` reads them. The file grows,
    /// and stays behind; a system that does not let it be written is no error.
    pub perf_map: bool,
    /// For tests: guards leave machine code one time in so many although they hold. 0 for never.
    pub stress: u32,
    /// For tests: which times those are.
    pub seed: u64,
    /// For tests: instructions that nobody has seen running are compiled too.
    pub eager: bool,
    /// For tests: every function and every loop is compiled when it runs for the second time, hot or not.
    pub everywhere: bool,
    /// For tests: the code generator fails one time in so many, by turns with an error and with a panic (which
    /// comes first, `seed` says). 0 for never.
    #[doc(hidden)]
    pub fail: u32,
}

impl JitConfig {
    /// What holds where nothing else is said.
    pub const DEFAULT: JitConfig = JitConfig {
        enabled: true,
        background: true,
        threshold: 4_096,
        observed: 2_000,
        exits: 8,
        recompiles: 8,
        code_memory: 32 << 20,
        check: cfg!(debug_assertions),
        listings: false,
        perf_map: false,
        stress: 0,
        seed: 0,
        eager: false,
        everywhere: false,
        fail: 0,
    };
}

impl Default for JitConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}
