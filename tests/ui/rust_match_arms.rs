use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        match 5 { 1..=3 => "low", Some(x) => "some", 7 => "seven" }
    };
}
