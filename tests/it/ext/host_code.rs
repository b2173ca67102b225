//! Code of the host that core ops and loading reach: texts, equality, parsers, sinks, drops. When it
//! panics, that is a trap like any other.

use super::eval;
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

fn panicked(build: impl FnOnce(&mut Builder<Rude>)) {
    let mut vm = Rude::vm(());
    vm.set_output(io::sink());
    let error = eval(&mut vm, |b| {
        b.line(9);
        build(b);
    });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Panic));
    assert_eq!(error.to_string(), "chunk:9: handler panicked: rude");
    assert_eq!(eval(&mut vm, |b| b.load(1)).unwrap(), Value::Int(1));
}

#[test]
fn texts() {
    for op in [
        |b: &mut Builder<Rude>| b.op(ops::sulky {}),
        |b: &mut Builder<Rude>| b.op(ops::moody {}),
    ] {
        panicked(|b| {
            op(b);
            b.println(1);
        });
        panicked(|b| {
            b.load("x");
            op(b);
            b.emit(Op::Concat);
        });
        panicked(|b| {
            op(b);
            b.op(core_ops::to_str {});
        });
    }
}

#[test]
fn equality_inside_containers() {
    panicked(|b| {
        b.op(ops::sulky {});
        b.make_array(1);
        b.op(ops::sulky {});
        b.make_array(1);
        b.emit(Op::StrEq);
    });
}

#[test]
fn drops() {
    panicked(|b| {
        b.op(ops::clingy {});
        b.emit(Op::Pop);
    });
}

#[test]
fn parsers() {
    let mut vm = Rude::vm(());
    let error = eval(&mut vm, |b| {
        b.line(4).op(ops::picky { text: "x".into() });
    });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Load);
    assert_eq!(error.load_errors()[0].line(), Some(4));
    assert!(error.to_string().ends_with("rude"), "{error}");
}

#[test]
fn sinks() {
    let mut vm = Rude::vm(());
    vm.set_output(Grumpy);
    let error = eval(&mut vm, |b| {
        b.load("x".repeat(100_000));
        b.print(1);
    });
    let panic = ErrorKind::Trap(TrapKind::Panic);
    assert_eq!(error.unwrap_err().kind(), panic);
    let error = eval(&mut vm, |b| {
        b.load("x");
        b.print(1);
    });
    assert_eq!(error.unwrap_err().kind(), panic);
    vm.set_output(io::sink());
}
