//! Reading and printing.

use fusevm::{ErrorKind, SharedBuffer, TrapKind, prelude::*};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

fn io_trap(error: &Error) -> bool {
    error.kind() == ErrorKind::Trap(TrapKind::Io)
}

/// A sink that takes so many bytes and no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the disk is full"));
        }
        let n = bytes.len().min(self.0);
        self.0 -= n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A source that fails after its text.
struct Torn(&'static [u8]);

impl Read for Torn {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the line is dead")),
            n => Ok(n),
        }
    }
}

static HELLO: StaticChunk = chunk! { (); LoadConst("hello"); LoadInt(1); PrintLn(2); };

/// Prints and then traps.
static TRAPS: StaticChunk = chunk! { ();
    fn nobody();
    LoadConst("so far"); Print(1); Call(nobody, 0);
};

#[test]
fn output_is_flushed_when_the_run_ends_and_not_before() {
    let seen = SharedBuffer::default();
    let mut vm = VM::empty();
    vm.set_output(seen.clone());
    vm.set_fuel(Some(100));
    vm.eval(&HELLO).unwrap();
    assert_eq!(seen.take(), "hello1\n");
    // What was printed before a trap is seen.
    assert!(vm.eval(&TRAPS).is_err());
    assert_eq!(seen.take(), "so far");
    writeln!(vm.output(), "from the host").unwrap();
    assert_eq!(seen.take(), "");
    vm.set_output(io::sink());
    assert_eq!(seen.take(), "from the host\n");
}

#[test]
fn a_sink_that_fails_is_a_trap_and_the_vm_goes_on() {
    let mut vm = VM::empty();
    vm.set_output(Full(0));
    let error = vm.eval(&HELLO).unwrap_err();
    assert!(io_trap(&error), "{error}");
    assert_eq!(error.message(), "input or output failed: the disk is full");
    // A lot of output meets the failure while it runs, at the op that prints.
    vm.set_output(Full(100_000));
    let line = line!() + 4;
    let floods = chunk! { ();
        {"x".repeat(1000)};
      'top:
        Dup; Print(1); Jump('top);
    };
    let error = vm.eval(floods).unwrap_err();
    assert!(io_trap(&error));
    assert_eq!(error.line(), Some(line));
    // The trap of the program is told rather than that of the last flush.
    vm.set_output(Full(0));
    let error = vm.eval(&TRAPS).unwrap_err();
    assert_eq!(error.message(), "undefined function: nobody");
    let seen = SharedBuffer::default();
    vm.set_output(seen.clone());
    vm.eval(&HELLO).unwrap();
    assert_eq!(seen.text(), "hello1\n");
}

/// Reads `n` lines into an array.
fn read(n: u16) -> Chunk {
    chunk! { (); ..{vec![Op::ReadLine; n.into()]}; MakeArray({n}); }
}

#[test]
fn lines_are_read_one_by_one() {
    let mut vm = VM::empty();
    vm.set_input(&b"one\r\n\ntwo \xff\nlast"[..]);
    let lines = vm.eval(read(3)).unwrap();
    let expected = ["one", "", "two \u{fffd}"].map(Value::from);
    assert_eq!(lines, Value::array(expected.to_vec()));
    // The next program goes on where this one stopped.
    let rest = vm.eval(read(3)).unwrap();
    assert_eq!(format!("{rest:?}"), "[\"last\", undef, undef]");
}

#[test]
fn a_source_that_fails_and_a_line_without_end() {
    let mut vm = VM::empty();
    vm.set_input(Torn(b"one\ntw"));
    assert_eq!(format!("{:?}", vm.eval(read(1)).unwrap()), "[\"one\"]");
    let error = vm.eval(read(1)).unwrap_err();
    assert!(io_trap(&error));
    assert_eq!(error.message(), "input or output failed: the line is dead");
    let mut limits = Limits::default();
    limits.max_string_len = 1000;
    vm.set_limits(limits);
    vm.set_input(io::repeat(b'x'));
    let error = vm.eval(read(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::TextTooLong));
}

/// Says in which order the VM writes and reads.
#[derive(Clone, Default)]
struct Order(Arc<Mutex<Vec<String>>>);

impl Write for Order {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.0.lock().unwrap().push(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Order {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push("(read)".into());
        buffer[..3].copy_from_slice(b"me\n");
        Ok(3)
    }
}

#[test]
fn a_prompt_is_seen_before_the_answer_is_read() {
    let order = Order::default();
    let mut vm = VM::empty();
    vm.set_output(order.clone());
    vm.set_input(order.clone());
    vm.eval(&chunk! { ();
        LoadConst("who? "); Print(1); LoadConst("hello "); ReadLine; Print(2);
    })
    .unwrap();
    let order = order.0.lock().unwrap();
    assert_eq!(*order, ["who? ", "(read)", "hello me"]);
}
