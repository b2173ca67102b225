//! The macros that write chunks, as thin covers of the procedural ones: they add where this crate is,
//! so that they work under any name of it and inside other macros.

/// Bytecode op by op, in Rust source, verified while rustc runs.
#[macro_export]
macro_rules! chunk {
    ($($tokens:tt)*) => {
        $crate::__chunk! { ($crate) $($tokens)* }
    };
}
