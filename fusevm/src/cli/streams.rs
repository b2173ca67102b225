//! The streams of a command line, shared by it and the VMs it runs.

use std::io::{self, BufRead, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a command line reads and writes.
#[derive(Clone)]
pub(super) struct Streams {
    pub(super) input: Feed,
    pub(super) output: Sink,
    pub(super) errors: Sink,
    /// Whether a person types the input.
    pub(super) terminal: bool,
    /// Whether errors are coloured.
    pub(super) color: bool,
}

/// An output whose clones share it.
#[derive(Clone)]
pub(super) struct Sink(Arc<Mutex<dyn Write + Send>>);

/// An input whose clones share it.
///
/// A read gives at most a line: a buffer above it never holds what the next reader is to see.
#[derive(Clone)]
pub(super) struct Feed(Arc<Mutex<dyn BufRead + Send>>);

fn lock<T: ?Sized>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sink {
    pub(super) fn new(sink: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(sink)))
    }

    /// Writes a text, with a line break if it does not end with one. A sink that fails is not told
    /// about: there is nowhere to tell it.
    pub(super) fn say(&self, text: &str) {
        let mut sink = lock(&self.0);
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let _ = sink.write_all(text.as_bytes());
        let _ = sink.write_all(end.as_bytes());
        let _ = sink.flush();
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.0).flush()
    }
}

impl Feed {
    pub(super) fn new(source: impl BufRead + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(source)))
    }

    /// All that is left.
    pub(super) fn rest(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        lock(&self.0).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The next line without its line break, lossily as UTF-8; `None` at the end.
    pub(super) fn line(&self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        if lock(&self.0).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some(String::from_utf8_lossy(line).into_owned()))
    }
}

impl Read for Feed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut source = lock(&self.0);
        let held = source.fill_buf()?;
        let line = held
            .iter()
            .position(|b| *b == b'\n')
            .map_or(held.len(), |at| at + 1);
        let n = line.min(into.len());
        into[..n].copy_from_slice(&held[..n]);
        source.consume(n);
        Ok(n)
    }
}
