//! Code of the host that core ops and loading reach: texts, equality, parsers, sinks, drops. When it
//! panics, that is a trap like any other.

use fusevm::{ErrorKind, TrapKind, prelude::*};
use std::fmt;
use std::io::{self, Write};
use std::panic::resume_unwind;
use std::str::FromStr;

#[derive(Language)]
#[language(name = "rude", ops(ops::OPS))]
struct Rude;

fn panics() -> ! {
    resume_unwind(Box::new("rude"))
}

/// Panics whenever it is asked for something.
#[derive(Clone)]
struct Sulky;

impl FuseValue for Sulky {
    const NAME: &'static str = "Sulky";

    fn text(&self) -> Option<String> {
        panics()
    }

    fn equals(&self, _: &Self) -> bool {
        panics()
    }
}

/// Panics when it goes.
struct Clingy(bool);

impl FuseValue for Clingy {
    const NAME: &'static str = "Clingy";
}

impl Drop for Clingy {
    fn drop(&mut self) {
        if self.0 {
            panics()
        }
    }
}

struct Moody;

impl Trace for Moody {
    fn trace(&self, _: &mut fusevm::Tracer<'_>) {}
}

impl Object for Moody {
    const NAME: &'static str = "Moody";

    fn text(&self) -> Option<String> {
        panics()
    }
}

#[derive(Debug)]
struct Picky;

impl FromStr for Picky {
    type Err = String;
    fn from_str(_: &str) -> Result<Self, String> {
        panics()
    }
}

impl fmt::Display for Picky {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panics()
    }
}

#[ops(Rude)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn sulky() -> Value {
        fusevm::HostValue::new(Sulky).into()
    }

    #[ext_op]
    pub fn clingy() -> Value {
        fusevm::HostValue::new(Clingy(true)).into()
    }

    #[ext_op]
    pub fn moody(heap: &mut Heap) -> Result<Obj<Moody>, Trap> {
        Ok(heap.alloc(Moody)?)
    }

    #[ext_op]
    pub fn picky(#[imm] text: &Picky) {
        let _ = text;
    }
}

/// A sink that panics.
struct Grumpy;

impl Write for Grumpy {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        panics()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a program that stands in one line, where something of the host panics.
fn panicked(program: &StaticChunk) {
    let mut vm = Rude::vm(());
    vm.set_output(io::sink());
    let error = vm.eval(program).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Panic));
    let line = program.to_chunk().line(0);
    let place = format!("{}:{line}", file!());
    assert_eq!(
        error.to_string(),
        format!("{place}: handler panicked: rude")
    );
    let one = vm.eval(&chunk! { Rude; LoadInt(1); });
    assert_eq!(one.unwrap(), Value::Int(1));
}

#[test]
fn texts() {
    panicked(&chunk! { Rude; ops::sulky; PrintLn(1); });
    panicked(&chunk! { Rude; ops::moody; PrintLn(1); });
    panicked(&chunk! { Rude; LoadConst("x"); ops::sulky; Concat; });
    panicked(&chunk! { Rude; LoadConst("x"); ops::moody; Concat; });
    panicked(&chunk! { Rude; ops::sulky; core_ops::to_str; });
    panicked(&chunk! { Rude; ops::moody; core_ops::to_str; });
}

#[test]
fn equality_inside_containers() {
    panicked(&chunk! { Rude; ops::sulky; MakeArray(1); ops::sulky; MakeArray(1); StrEq; });
}

#[test]
fn drops() {
    panicked(&chunk! { Rude; ops::clingy; Pop; });
}

#[test]
fn parsers() {
    let line = line!() + 1;
    let error = Rude::vm(()).eval(&chunk! { Rude; ops::picky("x"); });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Load);
    assert_eq!(error.load_errors()[0].line(), Some(line));
    assert!(error.to_string().ends_with("rude"), "{error}");
}

#[test]
fn sinks() {
    let mut vm = Rude::vm(());
    vm.set_output(Grumpy);
    let panic = ErrorKind::Trap(TrapKind::Panic);
    for text in ["x".repeat(100_000), "x".to_owned()] {
        let error = vm.eval(&chunk! { Rude; {text}; Print(1); });
        assert_eq!(error.unwrap_err().kind(), panic);
    }
    vm.set_output(io::sink());
}
