//! The line of a source that an error points at, cut so that it can be shown.

use crate::chunk::Span;

/// A line, and the part of it that is meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt<'s> {
    /// From 1.
    pub(super) line: usize,
    /// The line without its line break, and without what is far behind the start of the part.
    pub(super) text: &'s str,
    /// The part, in bytes of `text`; empty when it is a place between characters.
    pub(super) part: Span,
}

/// Bytes of a long line that are shown behind a place.
const BEHIND: usize = 160;

impl<'s> Excerpt<'s> {
    /// The excerpt for a span, which may be anything. A span that starts behind the last word of the
    /// source is shown right behind that word; one of several lines in its first.
    pub(super) fn of_span(source: &'s str, span: &Span) -> Self {
        let mut start = floor(source, span.start);
        let words_end = source.trim_end().len();
        if start >= words_end {
            start = words_end;
        }
        let first = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = line_at(source, first);
        let line_end = first + line.len();
        let start = start.min(line_end);
        let end = floor(source, span.end).clamp(start, line_end);
        let number = source[..first].matches('\n').count() + 1;
        Self::cut(line, number, start - first..end - first)
    }

    /// The excerpt for a whole line, from 1; `None` when the source has no such line.
    pub(super) fn of_line(source: &'s str, number: usize) -> Option<Self> {
        let line = source.lines().nth(number.checked_sub(1)?)?.trim_end();
        let start = line.len() - line.trim_start().len();
        Some(Self::cut(line, number, start..line.len()))
    }

    fn cut(line: &'s str, number: usize, part: Span) -> Self {
        let to = floor(line, part.start.saturating_add(BEHIND));
        Self {
            line: number,
            text: &line[..to],
            part: part.start..part.end.min(to),
        }
    }
}

/// The line that starts at a byte, without its line break.
fn line_at(source: &str, start: usize) -> &str {
    let rest = &source[start..];
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    line.strip_suffix('\r').unwrap_or(line)
}

/// The last character boundary that is not behind a byte.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(source: &str, span: Span) -> (usize, &str, Span) {
        let seen = Excerpt::of_span(source, &span);
        (seen.line, seen.text, seen.part)
    }

    #[test]
    fn spans_of_every_shape_show() {
        assert_eq!(part("ab\ncd ef\n", 6..8), (2, "cd ef", 3..5));
        assert_eq!(part("ab\r\ncd\r\n", 4..6), (2, "cd", 0..2));
        // Empty, at the line break, at the end, past the end.
        assert_eq!(part("ab\ncd", 1..1), (1, "ab", 1..1));
        assert_eq!(part("ab\r\ncd", 2..4), (1, "ab", 2..2));
        assert_eq!(part("ab\r\ncd", 3..4), (1, "ab", 2..2));
        assert_eq!(part("ab +\n\n", 6..6), (1, "ab +", 4..4));
        assert_eq!(part("ab", 70..90), (1, "ab", 2..2));
        assert_eq!(part("", 0..0), (1, "", 0..0));
        // Several lines, inside characters, backwards.
        assert_eq!(part("ab\ncd\n", 1..5), (1, "ab", 1..2));
        assert_eq!(part("äöü", 1..3), (1, "äöü", 0..2));
        #[allow(clippy::reversed_empty_ranges, reason = "front ends may say anything")]
        let backwards = part("abcdef", 4..2);
        assert_eq!(backwards, (1, "abcdef", 4..4));
    }

    #[test]
    fn long_lines_end_behind_the_place() {
        let source = "ä".repeat(10_000);
        let seen = Excerpt::of_span(&source, &(10_000..20_000));
        assert_eq!(seen.text.len(), 10_000 + BEHIND);
        assert_eq!(seen.part, 10_000..10_000 + BEHIND);
    }

    #[test]
    fn whole_lines() {
        let seen = Excerpt::of_line("a\n\t b c \n", 2).expect("there is one");
        assert_eq!((seen.text, seen.part), ("\t b c", 2..5));
        assert_eq!(Excerpt::of_line("a", 2), None);
        assert_eq!(Excerpt::of_line("a", 0), None);
    }
}
