//! The machine: the tape, the place on it, the input that waits; and the ops that touch them.

use super::Brain;
use fusevm::prelude::*;
use std::collections::VecDeque;
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// Cells of the tape.
pub const CELLS: usize = 30_000;

/// Cells to each side that [`here`](ops::here) shows.
const SHOWN: i64 = 4;

/// What a program changes.
#[derive(Debug)]
pub struct Machine {
    tape: Vec<u8>,
    /// The place; off the tape until something there is touched.
    place: i64,
    /// What was read and not asked for yet.
    input: VecDeque<u8>,
    /// Whether the input has ended.
    ended: bool,
    /// Whether the last thing printed was a whole line.
    line_start: bool,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            tape: vec![0; CELLS],
            place: 0,
            input: VecDeque::new(),
            ended: false,
            line_start: true,
        }
    }
}

/// A cell that is not there.
#[derive(Debug)]
pub struct OffTape(i64);

impl fmt::Display for OffTape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cell = self.0;
        match cell < 0 {
            true => write!(f, "cell {cell} is before the start of the tape"),
            false => write!(
                f,
                "cell {cell} is past the end of the tape, which has {CELLS}"
            ),
        }
    }
}

impl std::error::Error for OffTape {}

impl Machine {
    fn cell(&mut self, at: i32) -> Result<&mut u8, OffTape> {
        let cell = self.place + i64::from(at);
        let index = usize::try_from(cell).map_err(|_| OffTape(cell))?;
        self.tape.get_mut(index).ok_or(OffTape(cell))
    }
}

/// Where products go: the distance of a cell, and the factor. Written `1*2 3*255`.
#[derive(Debug, PartialEq, Eq)]
pub struct Targets(pub Vec<(i32, u8)>);

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (at, n)) in self.0.iter().enumerate() {
            let blank = if i > 0 { " " } else { "" };
            write!(f, "{blank}{at}*{n}")?;
        }
        Ok(())
    }
}

impl FromStr for Targets {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let target = |word: &str| {
            let (at, n) = word.split_once('*').unwrap_or((word, "1"));
            Ok((at.parse()?, n.parse()?))
        };
        text.split_whitespace()
            .map(target)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// The ops of the tape; `at` is the distance of a cell from the place.
#[fusevm::ops(Brain)]
pub mod ops {
    use super::*;
    use std::error::Error;
    use std::io::Write;

    /// Adds to a cell.
    #[ext_op]
    pub fn add(#[imm] at: i32, #[imm] n: u8, m: &mut Machine) -> Result<(), OffTape> {
        m.cell(at).map(|cell| *cell = cell.wrapping_add(n))
    }

    /// Sets a cell.
    #[ext_op]
    pub fn set(#[imm] at: i32, #[imm] n: u8, m: &mut Machine) -> Result<(), OffTape> {
        m.cell(at).map(|cell| *cell = n)
    }

    /// Moves the place.
    #[ext_op]
    pub fn shift(#[imm] by: i32, m: &mut Machine) {
        m.place += i64::from(by);
    }

    /// Moves the place by steps, until it is at a 0.
    #[ext_op]
    pub fn scan(#[imm] by: i32, m: &mut Machine) -> Result<(), OffTape> {
        while *m.cell(0)? != 0 {
            m.place += i64::from(by);
        }
        Ok(())
    }

    /// Adds multiples of a cell to others, and sets it to 0. The others are not touched if it is 0.
    #[ext_op]
    pub fn spread(#[imm] from: i32, #[imm] to: &Targets, m: &mut Machine) -> Result<(), OffTape> {
        let value = std::mem::take(m.cell(from)?);
        if value == 0 {
            return Ok(());
        }
        for (at, factor) in &to.0 {
            let cell = m.cell(*at)?;
            *cell = cell.wrapping_add(factor.wrapping_mul(value));
        }
        Ok(())
    }

    /// Prints a cell.
    #[ext_op]
    pub fn write(
        #[imm] at: i32,
        m: &mut Machine,
        out: &mut Output,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let byte = *m.cell(at)?;
        m.line_start = byte == b'\n';
        Ok(out.write_all(&[byte])?)
    }

    /// Jumps when `read` needs no more input.
    #[ext_op]
    pub fn ready(#[imm] to: Label, m: &mut Machine) -> Branch {
        let _ = to;
        Branch::when(m.ended || !m.input.is_empty())
    }

    /// Takes a line of input, or its end.
    #[ext_op]
    pub fn feed(line: Option<&str>, m: &mut Machine) {
        match line {
            Some(line) => m.input.extend(line.bytes().chain([b'\n'])),
            None => m.ended = true,
        }
    }

    /// Puts the next byte of the input into a cell, 0 at its end.
    #[ext_op]
    pub fn read(#[imm] at: i32, m: &mut Machine) -> Result<(), OffTape> {
        let byte = m.input.pop_front().unwrap_or(0);
        m.cell(at).map(|cell| *cell = byte)
    }

    /// Jumps when a cell is 0.
    #[ext_op]
    pub fn unless(#[imm] at: i32, #[imm] to: Label, m: &mut Machine) -> Result<Branch, OffTape> {
        let _ = to;
        m.cell(at).map(|cell| Branch::when(*cell == 0))
    }

    /// Jumps when a cell is not 0.
    #[ext_op]
    pub fn again(#[imm] at: i32, #[imm] to: Label, m: &mut Machine) -> Result<Branch, OffTape> {
        let _ = to;
        m.cell(at).map(|cell| Branch::when(*cell != 0))
    }

    /// Moves the place, and jumps when the cell there is not 0.
    #[ext_op]
    pub fn move_again(
        #[imm] by: i32,
        #[imm] to: Label,
        m: &mut Machine,
    ) -> Result<Branch, OffTape> {
        let _ = to;
        m.place += i64::from(by);
        m.cell(0).map(|cell| Branch::when(*cell != 0))
    }

    /// Minus the turns of a loop that counts a cell, which is 0 from then on.
    #[ext_op]
    pub fn count(#[imm] at: i32, #[imm] factor: u8, m: &mut Machine) -> Result<i64, OffTape> {
        let value = std::mem::take(m.cell(at)?);
        Ok(-i64::from(value.wrapping_mul(factor)))
    }

    /// The cells around the place, which is in brackets: what a REPL shows.
    #[ext_op]
    pub fn here(m: &mut Machine) -> String {
        let mut text = String::from(if m.line_start { "" } else { "\n" });
        m.line_start = true;
        let (first, last) = (m.place - SHOWN, m.place + SHOWN);
        for cell in first..=last {
            let index = usize::try_from(cell).ok();
            let Some(value) = index.and_then(|index| m.tape.get(index)) else {
                continue;
            };
            text += &match cell == m.place {
                true => format!("[{value}] "),
                false => format!("{value} "),
            };
        }
        text + &format!("at {}", m.place)
    }
}
