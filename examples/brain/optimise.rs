//! From signs to commands: one pass that never looks back further than the loop it is in.
//!
//! The pass keeps two things in mind instead of writing them down at once. The place: cells are named by
//! their distance from the machine's place, which moves only where a loop makes distances unknown. And
//! what was done to cells: what is added to a cell before anyone looks at it is one command, what it is
//! set to wins over all before, and a loop whose cell is known to be 0 is left out.
//!
//! When a loop closes, its body is one of these: only a move (a scan), only additions of which one counts
//! the loop's cell (the others are products, done at once), any body that leaves the loop's cell alone but
//! for such a count (its turns are known when it starts), a body that ends with the cell at 0 (it runs
//! once), or none of them.
//!
//! Nothing here recurses, so that sources may nest as they like.

use super::source::Sign;
use fusevm::Span;
use std::collections::HashMap;

/// What a program does; `at` is the distance of a cell from the machine's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Adds to a cell.
    Add { at: i32, n: u8 },
    /// Sets a cell.
    Set { at: i32, n: u8 },
    /// Moves the place.
    Move { by: i32 },
    /// Moves the place in steps until it is at a 0.
    Scan { by: i32 },
    /// Adds multiples of cell `from` to others, and sets it to 0.
    Spread { from: i32, to: Vec<(i32, u8)> },
    /// Prints a cell.
    Write { at: i32 },
    /// Reads into a cell.
    Read { at: i32 },
    /// Begins a loop over a cell.
    Open { at: i32, turns: Turns },
    /// Ends the innermost loop.
    Close,
}

/// How often a loop runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turns {
    /// Until its cell is 0 after a turn, at whose end the place moves.
    Tested { by: i32 },
    /// Once, if its cell is not 0.
    Once,
    /// As often as its cell times this says. The body does not touch the cell, which is 0 at once.
    Counted { factor: u8 },
    /// That often, whatever its cell holds.
    Known(u8),
}

/// Longest body that is searched for a count: what is gained by it is small for longer ones, and
/// searching them anew in each loop around them would take long.
const LONGEST: usize = 1000;

/// The commands of a source.
pub fn optimise(signs: &[(Sign, Span)]) -> Vec<(Command, Span)> {
    let mut o = Optimiser::default();
    let mut next = 0;
    while let Some((sign, span)) = signs.get(next) {
        next += 1;
        match *sign {
            Sign::Add(n) => o.add(o.shift, n, span),
            Sign::Move(by) => o.shift = o.shift.saturating_add(by),
            Sign::Write => o.touch(Command::Write { at: o.shift }, span),
            Sign::Read => {
                o.touch(Command::Read { at: o.shift }, span);
                o.cells.remove(&o.shift);
            }
            Sign::Open { close, .. } if o.value(o.shift) == Some(0) => next = close + 1,
            Sign::Open { balanced, .. } => o.open(balanced, span),
            Sign::Close => o.close(span),
        }
    }
    o.flush();
    o.settle(0..0);
    o.out
}

/// What is known of a cell.
#[derive(Clone, Copy)]
enum Cell {
    /// It holds what it did and this, which is not written down yet.
    More(u8),
    /// It holds this, which is written down.
    Holds(u8),
    /// It is to hold this, which is not written down yet.
    Becomes(u8),
}

struct Loop {
    /// Where its command is.
    index: usize,
    balanced: bool,
    /// What its cell holds before the first turn.
    entry: Option<u8>,
    /// What was known of the cells before it.
    before: HashMap<i32, Cell>,
}

#[derive(Default)]
struct Optimiser {
    out: Vec<(Command, Span)>,
    /// How far the program has moved from the machine's place.
    shift: i32,
    cells: HashMap<i32, Cell>,
    /// Cells of which something is to be written down, and the signs that touched them first.
    touched: Vec<(i32, Span)>,
    loops: Vec<Loop>,
}

impl Optimiser {
    fn value(&self, at: i32) -> Option<u8> {
        match self.cells.get(&at) {
            Some(Cell::Holds(value) | Cell::Becomes(value)) => Some(*value),
            Some(Cell::More(_)) | None => None,
        }
    }

    fn add(&mut self, at: i32, n: u8, span: &Span) {
        let cell = match self.cells.get(&at) {
            None => Cell::More(n),
            Some(Cell::More(more)) => Cell::More(more.wrapping_add(n)),
            Some(Cell::Holds(value) | Cell::Becomes(value)) => Cell::Becomes(value.wrapping_add(n)),
        };
        self.know(at, cell, span);
    }

    fn set(&mut self, at: i32, n: u8, span: &Span) {
        match self.cells.get(&at) {
            Some(Cell::Holds(value)) if *value == n => {}
            _ => self.know(at, Cell::Becomes(n), span),
        }
    }

    /// Remembers what is to be written down of a cell.
    fn know(&mut self, at: i32, cell: Cell, span: &Span) {
        let before = self.cells.insert(at, cell);
        if !matches!(before, Some(Cell::More(_) | Cell::Becomes(_))) {
            self.touched.push((at, span.clone()));
        }
    }

    /// Writes down what was done to cells, in the order in which they were touched.
    fn flush(&mut self) {
        for (at, span) in std::mem::take(&mut self.touched) {
            let command = match self.cells.get(&at) {
                Some(Cell::More(0)) => None,
                Some(&Cell::More(n)) => Some(Command::Add { at, n }),
                Some(&Cell::Becomes(n)) => Some(Command::Set { at, n }),
                Some(Cell::Holds(_)) | None => continue,
            };
            match self.value(at) {
                Some(value) => self.cells.insert(at, Cell::Holds(value)),
                None => self.cells.remove(&at),
            };
            self.out.extend(command.map(|command| (command, span)));
        }
    }

    /// A command that others must see in its place.
    fn touch(&mut self, command: Command, span: &Span) {
        self.flush();
        self.out.push((command, span.clone()));
    }

    /// Moves the machine's place to where the program is.
    fn settle(&mut self, span: Span) {
        match std::mem::take(&mut self.shift) {
            0 => {}
            by => self.out.push((Command::Move { by }, span)),
        }
    }

    fn open(&mut self, balanced: bool, span: &Span) {
        let entry = self.value(self.shift);
        self.flush();
        if !balanced {
            self.settle(span.clone());
        }
        let (at, turns) = (self.shift, Turns::Tested { by: 0 });
        self.loops.push(Loop {
            index: self.out.len(),
            balanced,
            entry,
            before: std::mem::take(&mut self.cells),
        });
        self.out.push((Command::Open { at, turns }, span.clone()));
    }

    fn close(&mut self, span: &Span) {
        let Some(open) = self.loops.pop() else {
            return;
        };
        let once = open.balanced && self.value(self.shift) == Some(0);
        self.flush();
        self.cells.clear();
        let first = open.index + 1;
        let span = self.out[open.index].1.start..span.end;
        if !open.balanced {
            let by = std::mem::take(&mut self.shift);
            match first == self.out.len() {
                true => self.out[open.index] = (Command::Scan { by }, span),
                false => self.end(open.index, Turns::Tested { by }, &span),
            }
        } else if let Some(step) = self.product(first) {
            return self.multiply(open, step, &span);
        } else if once {
            self.end(open.index, Turns::Once, &span);
        } else if let Some((count, step)) = self.count(first) {
            self.out.remove(count);
            let factor = inverse(step.wrapping_neg());
            let turns = match open.entry {
                Some(value) => Turns::Known(value.wrapping_mul(factor)),
                None => Turns::Counted { factor },
            };
            self.end(open.index, turns, &span);
            if open.entry.is_some() {
                return self.set(self.shift, 0, &span);
            }
        } else {
            self.end(open.index, Turns::Tested { by: 0 }, &span);
        }
        self.cells.insert(self.shift, Cell::Holds(0));
    }

    fn end(&mut self, index: usize, how: Turns, span: &Span) {
        if let Command::Open { turns, .. } = &mut self.out[index].0 {
            *turns = how;
        }
        self.out.push((Command::Close, span.end - 1..span.end));
    }

    /// What a turn adds to the loop's cell, when the body from `first` on only adds.
    fn product(&self, first: usize) -> Option<u8> {
        let mut step = 0u8;
        for (command, _) in &self.out[first..] {
            match command {
                Command::Add { at, n } if *at == self.shift => step = step.wrapping_add(*n),
                Command::Add { .. } => {}
                _other => return None,
            }
        }
        (step % 2 == 1).then_some(step)
    }

    /// Puts products in the place of a loop.
    fn multiply(&mut self, open: Loop, step: u8, span: &Span) {
        let factor = inverse(step.wrapping_neg());
        let from = self.shift;
        let to = self
            .out
            .drain(open.index..)
            .filter_map(|(command, _)| match command {
                Command::Add { at, n } if at != from => Some((at, n.wrapping_mul(factor))),
                _other => None,
            });
        let to: Vec<(i32, u8)> = to.collect();
        self.cells = open.before;
        if open.entry.is_some() || to.is_empty() {
            // What the cell was made just before does not matter.
            self.out.pop_if(|(command, _)| match command {
                Command::Add { at, .. } | Command::Set { at, .. } => *at == from,
                _other => false,
            });
            self.cells.remove(&from);
        }
        if let Some(value) = open.entry {
            for (at, n) in to {
                self.add(at, n.wrapping_mul(value), span);
            }
        } else if !to.is_empty() {
            for (at, _) in &to {
                self.cells.remove(at);
            }
            self.out.push((Command::Spread { from, to }, span.clone()));
            self.cells.insert(from, Cell::Holds(0));
        }
        self.set(from, 0, span);
    }

    /// Where the body from `first` on counts the loop's cell, and by what, when nothing else touches it.
    fn count(&self, first: usize) -> Option<(usize, u8)> {
        let body = &self.out[first..];
        if body.len() > LONGEST {
            return None;
        }
        let (mut depth, mut count) = (0, None);
        for (i, (command, _)) in body.iter().enumerate() {
            match command {
                Command::Add { at, n } if *at == self.shift => {
                    if depth > 0 || n % 2 == 0 || count.replace((first + i, *n)).is_some() {
                        return None;
                    }
                }
                Command::Add { .. } => {}
                Command::Set { at, .. } | Command::Write { at } | Command::Read { at } => {
                    if *at == self.shift {
                        return None;
                    }
                }
                Command::Spread { from, to } => {
                    if *from == self.shift || to.iter().any(|(at, _)| *at == self.shift) {
                        return None;
                    }
                }
                Command::Open { at, .. } => {
                    if *at == self.shift {
                        return None;
                    }
                    depth += 1;
                }
                Command::Close => depth -= 1,
                Command::Move { .. } | Command::Scan { .. } => return None,
            }
        }
        count
    }
}

/// The byte whose product with an odd one is 1.
fn inverse(odd: u8) -> u8 {
    // Each step doubles the bits that are right, of which an odd number has three.
    let twice = |x: u8| x.wrapping_mul(2u8.wrapping_sub(odd.wrapping_mul(x)));
    twice(twice(odd))
}
