use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        println!("{} {}", 1);
        println!("{}", 1, 2);
        println!("{nmae}");
        print!("{:?}", 1);
        print!("}");
    };
}
