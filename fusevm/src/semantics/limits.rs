//! How large a guest program may grow things.

/// Bounds on what a program may use; past one it traps.
///
/// They are checked before memory is asked for. A limit beyond what memory holds is none: a
/// failed allocation ends the process.
///
/// ```
/// let mut limits = fusevm::Limits::default();
/// limits.max_call_depth = 1_000;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Calls open at once. Default 200 000.
    pub max_call_depth: usize,
    /// Values on the operand stack, in slots and in registers, together. Default 4 000 000. Which op
    /// traps at it may depend on how the program runs; below 4096 all of it runs in the base interpreter,
    /// which counts value by value.
    pub max_stack: usize,
    /// Elements of one array. Default 2²⁴.
    pub max_array_len: usize,
    /// Keys of one hash. Default 2²².
    pub max_hash_len: usize,
    /// Bytes of one string, and of the text made of one value. Default 256 MiB.
    pub max_string_len: usize,
    /// Runs of one VM open at once, each started by a handler of the one before. Each takes native
    /// stack, in a debug build about 12 KB, so that the default fits a thread of 256 KiB. Default 16.
    pub max_reentry: usize,
    /// Objects and refs alive in the heap. Default 2²⁴.
    pub max_objects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_call_depth: 200_000,
            max_stack: 4_000_000,
            max_array_len: 1 << 24,
            max_hash_len: 1 << 22,
            max_string_len: 1 << 28,
            max_reentry: 16,
            max_objects: 1 << 24,
        }
    }
}
