//! Where the ops that are built come from.

use super::Builder;
use crate::chunk::{Place, Span};
use crate::ext::Language;

impl<L: Language> Builder<L> {
    /// Says where the ops that follow come from, until the next `at` or `line`.
    pub fn at(&mut self, span: Span) -> &mut Self {
        let row = self
            .line_starts
            .partition_point(|start| *start <= span.start);
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        if row > 0 {
            self.line = clamp(row);
            // Spans come in order, mostly: columns are counted on from the last one in the line.
            let start = self.line_starts[row - 1];
            let (from, before) = match self.counted {
                (at, columns) if (start..=span.start).contains(&at) => (at, columns),
                _ => (start, 0),
            };
            let between = self.text.as_str().get(from..span.start);
            let columns = before + between.map_or(0, |text| text.chars().count());
            self.counted = (span.start, columns);
            self.place.column = clamp(columns + 1);
        }
        self.place.start = clamp(span.start);
        self.place.end = clamp(span.end);
        self
    }

    /// Says the line of the ops that follow, for sources without spans.
    pub fn line(&mut self, line: u32) -> &mut Self {
        self.line = line;
        self.place = Place::default();
        self
    }

    /// Says line and column of the ops that follow, both from 1, for sources whose text is not here.
    pub fn place(&mut self, line: u32, column: u32) -> &mut Self {
        self.line(line);
        self.place.column = column;
        self
    }
}
