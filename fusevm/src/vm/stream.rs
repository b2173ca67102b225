//! The VM's output and input.

use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::sync::{Arc, Mutex};

/// Bytes that are gathered before they go to the sink.
const BUFFER: usize = 16 * 1024;

/// Bytes of the buffer that are kept after a flush.
const IDLE: usize = 512;

/// Where a VM prints: buffered, flushed at the end of a run, before a child process starts and
/// before input is read. Standard output by default.
#[derive(Default)]
pub struct Output {
    /// Standard output where none is set.
    sink: Option<Box<dyn Write + Send>>,
    buffer: Vec<u8>,
    /// Whether something was printed since the last flush.
    dirty: bool,
    /// What is printed inside open captures, innermost last.
    captures: Vec<Vec<u8>>,
}

impl Output {
    /// Prints to another sink from now on; what was printed before is flushed, open captures stay.
    pub(super) fn set_sink(&mut self, sink: impl Write + Send + 'static) {
        // The old sink has nobody left to tell of a failure.
        let _ = self.flush();
        self.sink = Some(Box::new(sink));
    }

    /// Whether something was printed since the last flush.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Bytes in the innermost capture.
    pub(crate) fn captured(&self) -> usize {
        self.captures.last().map_or(0, Vec::len)
    }

    pub(crate) fn captures(&self) -> usize {
        self.captures.len()
    }

    pub(crate) fn begin_capture(&mut self) {
        self.captures.push(Vec::new());
    }

    /// What was printed since the innermost capture began or was last asked.
    pub(crate) fn take_captured(&mut self) -> Vec<u8> {
        self.captures
            .last_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    pub(crate) fn end_captures(&mut self, depth: usize) {
        self.captures.truncate(depth);
    }

    fn sink(&mut self) -> &mut (dyn Write + Send) {
        self.sink
            .get_or_insert_with(|| Box::new(io::stdout()))
            .as_mut()
    }

    fn drain(&mut self) -> io::Result<()> {
        let all = std::mem::take(&mut self.buffer);
        let result = self.sink().write_all(&all);
        self.buffer = all;
        self.buffer.clear();
        result
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(capture) = self.captures.last_mut() {
            capture.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        self.dirty = true;
        if self.buffer.len() + bytes.len() > BUFFER {
            self.drain()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.dirty {
            return Ok(());
        }
        self.drain()?;
        self.buffer.shrink_to(IDLE);
        self.sink().flush()?;
        self.dirty = false;
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // A sink that fails here has nobody left to tell.
        let _ = self.flush();
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Output({} bytes buffered)", self.buffer.len())
    }
}

/// A sink in memory whose clones share it: for tests, and for hosts that show output themselves.
///
/// ```
/// use fusevm::{ChunkBuilder, Op, SharedBuffer, VM};
///
/// let mut b = ChunkBuilder::new();
/// b.emit(Op::LoadInt(6), 1);
/// b.emit(Op::PrintLn(1), 1);
/// let out = SharedBuffer::default();
/// let mut vm = VM::new(b.build());
/// vm.set_output(out.clone());
/// vm.run();
/// assert_eq!(out.text(), "6\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl SharedBuffer {
    /// What was written, lossily as UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock()).into_owned()
    }

    /// What was written since the last `take`, lossily as UTF-8.
    pub fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *self.lock())).into_owned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where `ReadLine` reads: standard input by default.
pub(super) struct Input(Box<dyn BufRead + Send>);

impl Input {
    pub(super) fn new(source: impl Read + Send + 'static) -> Self {
        Self(Box::new(io::BufReader::new(source)))
    }

    /// The next line without its line break, lossily as UTF-8; `None` at the end.
    pub(super) fn line(&mut self, limit: usize) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let limit = (limit as u64).saturating_add(2);
        if self.0.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.ends_with(b"\n") {
            line.pop();
            if line.ends_with(b"\r") {
                line.pop();
            }
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }
}
