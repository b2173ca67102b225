//! From text to signs: runs of equal effect are one sign, and brackets know each other.

use fusevm::{Diagnostic, Parsed, Span};

/// What a sign does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A run of `+` and `-`: what it adds.
    Add(u8),
    /// A run of `<` and `>`: how far it goes.
    Move(i32),
    /// `.`
    Write,
    /// `,`
    Read,
    /// `[`
    Open {
        /// Index of its `]`.
        close: usize,
        /// Whether each turn of the loop ends where it began, whatever the tape holds.
        balanced: bool,
    },
    /// `]`
    Close,
}

/// A `[` that waits for its `]`.
struct Waiting {
    index: usize,
    /// How far its body has gone so far.
    net: i32,
    balanced: bool,
}

/// Reads a source.
///
/// # Errors
/// A bracket without its partner; a `[` is one that more input could mend.
pub fn read(source: &str) -> Parsed<Vec<(Sign, Span)>> {
    let mut signs: Vec<(Sign, Span)> = Vec::new();
    let mut open: Vec<Waiting> = Vec::new();
    for (at, byte) in source.bytes().enumerate() {
        let sign = match byte {
            b'+' => Sign::Add(1),
            b'-' => Sign::Add(u8::MAX),
            b'>' => Sign::Move(1),
            b'<' => Sign::Move(-1),
            b'.' => Sign::Write,
            b',' => Sign::Read,
            b'[' => Sign::Open {
                close: 0,
                balanced: true,
            },
            b']' => Sign::Close,
            _comment => continue,
        };
        let here = at..at + 1;
        if let (Sign::Move(by), Some(waiting)) = (sign, open.last_mut()) {
            waiting.net = waiting.net.saturating_add(by);
        }
        match (sign, signs.last_mut()) {
            (Sign::Add(n), Some((Sign::Add(sum), span))) => {
                *sum = sum.wrapping_add(n);
                span.end = here.end;
                continue;
            }
            (Sign::Move(by), Some((Sign::Move(sum), span))) => {
                *sum = sum.saturating_add(by);
                span.end = here.end;
                continue;
            }
            (Sign::Open { .. }, _) => open.push(Waiting {
                index: signs.len(),
                net: 0,
                balanced: true,
            }),
            (Sign::Close, _) => {
                let Some(waiting) = open.pop() else {
                    return Err(Diagnostic::at(here, "`]` without `[`"));
                };
                let balanced = waiting.balanced && waiting.net == 0;
                let close = signs.len();
                signs[waiting.index].0 = Sign::Open { close, balanced };
                if let Some(outer) = open.last_mut() {
                    outer.balanced &= balanced;
                }
            }
            _alone => {}
        }
        signs.push((sign, here));
    }
    match open.last() {
        None => Ok(signs),
        Some(waiting) => {
            let span = signs[waiting.index].1.clone();
            Err(Diagnostic::at(span, "`[` without `]`").incomplete())
        }
    }
}
