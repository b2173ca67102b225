//! `cfg` on an op holds for everything that is made of it.

use fusevm::prelude::*;

#[derive(Language)]
#[language(ops(ops::OPS))]
struct Calc;

#[ops(Calc)]
mod ops {
    #[cfg(any())]
    #[ext_op(id = 9, fast)]
    pub fn gone(#[imm] a: Nowhere, b: NoType) -> NoType {
        b
    }

    // Stands for the one above.
    #[cfg(not(any()))]
    #[ext_op]
    pub fn gone() -> i64 {
        1
    }

    #[ext_op]
    pub fn here() -> i64 {
        2
    }
}

#[cfg(any())]
#[ops(Nowhere)]
mod nothing {
    #[ext_op]
    pub fn gone() -> i64 {
        1
    }
}

#[cfg(any())]
#[ext_op(Nowhere)]
fn gone() -> i64 {
    1
}

fn main() {
    let _ = (ops::gone {}, ops::here {});
    assert_eq!(
        (Calc::table().id("gone"), Calc::table().id("here")),
        (Some(0), Some(1))
    );
}
