use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let x = core_ops::len("a")?;
    };
}
