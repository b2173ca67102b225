use fusevm::prelude::*;
use std::rc::Rc;

#[derive(Language)]
#[language(host = Machine)]
struct Calc;

struct Machine(Rc<i64>);

fn main() {}
