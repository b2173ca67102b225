//! A shell that does nothing and says yes, so that shell ops run.

use fusevm::{ShellHost, ShellResult, Str};

/// Open captures and signals that wait.
#[derive(Default)]
pub(super) struct Yes {
    captures: Vec<Vec<u8>>,
    signals: Vec<Str>,
}

impl ShellHost for Yes {
    fn exec(&mut self, words: &[Str]) -> ShellResult<i32> {
        self.capture_write(b"ran\n")?;
        Ok(words.len() as i32)
    }

    fn pipeline_begin(&mut self, _: u8) -> ShellResult {
        Ok(())
    }

    fn pipeline_stage(&mut self) -> ShellResult {
        Ok(())
    }

    fn pipeline_end(&mut self) -> ShellResult<i32> {
        Ok(0)
    }

    fn redirect(&mut self, _: u8, _: u8, _: &str) -> ShellResult {
        Ok(())
    }

    fn capture_begin(&mut self) -> ShellResult {
        self.captures.push(Vec::new());
        Ok(())
    }

    fn capture_write(&mut self, bytes: &[u8]) -> ShellResult {
        if let Some(capture) = self.captures.last_mut() {
            capture.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn capture_end(&mut self) -> ShellResult<Vec<u8>> {
        Ok(self.captures.pop().unwrap_or_default())
    }

    fn subshell_begin(&mut self) -> ShellResult {
        Ok(())
    }

    fn subshell_end(&mut self) -> ShellResult {
        Ok(())
    }

    fn process_sub_in(&mut self, output: &[u8]) -> ShellResult<Str> {
        Ok(format!("in{}", output.len()).into())
    }

    fn process_sub_out(&mut self) -> ShellResult<Str> {
        Ok("out".into())
    }

    fn process_sub_enter(&mut self, _: &str) -> ShellResult {
        Ok(())
    }

    fn process_sub_leave(&mut self, _: &str) -> ShellResult {
        Ok(())
    }

    fn test_file(&mut self, path: &str, _: u8) -> ShellResult<bool> {
        Ok(!path.is_empty())
    }

    fn trap_set(&mut self, signal: &str) -> ShellResult {
        self.signals.push(signal.into());
        Ok(())
    }

    fn take_signal(&mut self) -> ShellResult<Option<Str>> {
        Ok(self.signals.pop())
    }

    fn word_split(&mut self, text: &str) -> ShellResult<Vec<Str>> {
        Ok(text.split_whitespace().map(Str::from).collect())
    }
}
