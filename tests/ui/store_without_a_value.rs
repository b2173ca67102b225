use fusevm::prelude::*;

#[derive(Language)]
#[language(ops(ops::OPS))]
struct Lang;

#[ops(Lang)]
mod ops {
    use super::*;

    #[ext_op]
    fn set(object: &Value) -> Store {
        Store(0)
    }
}

fn main() {}
