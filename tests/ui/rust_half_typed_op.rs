//! The paths of ops stay in the expansion when their statement does not parse: rustc, and an editor,
//! know them.

use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let mut sum = 0;
        sum += core_ops::sqtr(2.0) +
        let half = core_ops::flor;
        core_ops::
        let more = core_ops::floor(core_ops::cel(1.5) 2.5);
    };
}
