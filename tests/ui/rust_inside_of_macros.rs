use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let a = hash!{ "a" = 1 };
        let b = hash!{ "a" => };
        let c = hash!{ "a" => 1 "b" => 2 };
        let d = concat!("a" "b");
        println!("{");
        println!("{}" 1);
        let e = format!("}");
        [a, b, c, d, e]
    };
}
