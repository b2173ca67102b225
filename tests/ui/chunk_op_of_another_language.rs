mod language;

use fusevm::prelude::*;
use language::*;

#[derive(Language)]
#[language(ops())]
pub struct Lisp;

static CHUNK: StaticChunk = chunk! { Lisp;
    LoadFloat(1.5); LoadFloat(2.5); ops::hypot;
};

fn main() {}
