//! What follows from a mistake is not said.

use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let text = String::from("a");
        let table = HashMap::new();
        missing["x"] = 1;
        [1].map(|n: i64| n);
        [1].map(|(a, b)| a);
        match { }
        for x in { }
        while { }
        if { text } else { table }
    };
}
