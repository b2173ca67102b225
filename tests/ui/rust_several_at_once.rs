//! All mistakes of a chunk are reported, each once.

use fusevm::prelude::*;

fn main() {
    let chunk = fusevm_chunk! { ();
        fn area(w: f64, h: f64) -> f64 { w * hight }
        let mut n = 1u8;
        for i in 0..10 {
            if i % 2 = 0 { n += 1; }
            while n < { n += 1.5; }
            println!("{}");
        }
        let x = area(n);
        x.foo() + [1, 2].map(x) + n?
    };
    // The value of a chunk in error is a chunk, so that nothing else goes wrong.
    let _: usize = chunk.ops().len();
}
