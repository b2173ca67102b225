//! The one sort: a stable merge sort that can be stopped at each comparison.

use std::mem;

use crate::value::Value;

/// A stable bottom-up merge sort, driven from outside: [`next`](Self::next) asks for a comparison,
/// [`answer`](Self::answer) gives its result.
///
/// A guest's comparator may write to the output, so the comparisons and their order are part of
/// the language:
///
/// * Elements start as runs of width 1. A pass merges neighbouring runs, the leftmost two first;
///   a run without a neighbour stays as it is. Passes double the width until one run is left.
/// * A merge compares the head `a` of the left run with the head `b` of the right one; `b` is
///   taken when the answer puts it first, else `a`.
/// * When one run is exhausted, the rest of the other follows without comparisons.
///
/// So n elements take at most n·⌈log₂ n⌉ comparisons, and fewer than two take none.
#[derive(Debug)]
pub(crate) struct MergeSort {
    /// The runs of this pass; taken elements are Undef.
    from: Vec<Value>,
    /// The runs of the next pass.
    to: Vec<Value>,
    width: usize,
    /// The next element of the left run, and where that run ends.
    left: usize,
    left_end: usize,
    /// The next element of the right run, and where that run ends.
    right: usize,
    right_end: usize,
}

/// Whether a comparator's answer for `(a, b)` puts `b` first: its number is above 0, and not NaN.
#[inline]
pub(crate) fn right_first(answer: &Value) -> bool {
    answer.to_float() > 0.0
}

impl MergeSort {
    /// Starts to sort.
    pub(crate) fn new(items: Vec<Value>) -> Self {
        let mut sort = Self {
            to: Vec::with_capacity(items.len()),
            from: items,
            width: 1,
            left: 0,
            left_end: 0,
            right: 0,
            right_end: 0,
        };
        sort.open_runs(0);
        sort
    }

    /// All elements, in no order.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Value> {
        self.from.iter().chain(&self.to)
    }

    /// The pair `(a, b)` to compare, `a` from the left run; `None` when all is sorted.
    ///
    /// Gives the same pair until it is answered.
    pub(crate) fn next(&mut self) -> Option<(Value, Value)> {
        while self.width < self.from.len() {
            if self.left < self.left_end && self.right < self.right_end {
                let pair = (&self.from[self.left], &self.from[self.right]);
                return Some((pair.0.clone(), pair.1.clone()));
            }
            self.close_runs();
        }
        None
    }

    /// Says whether `b` of the pair asked for goes first. Without such a pair it changes nothing.
    pub(crate) fn answer(&mut self, right_first: bool) {
        if self.left == self.left_end || self.right == self.right_end {
            return;
        }
        let head = if right_first {
            &mut self.right
        } else {
            &mut self.left
        };
        self.to.push(mem::take(&mut self.from[*head]));
        *head += 1;
    }

    /// The elements, sorted once [`next`](Self::next) has given `None`; before that, all of them
    /// in some order.
    pub(crate) fn finish(mut self) -> Vec<Value> {
        if self.to.is_empty() {
            return self.from;
        }
        self.take(self.left..self.left_end);
        self.take(self.right..self.from.len());
        self.to
    }

    /// Moves the rest of both runs, then opens the next two, of the next pass if need be.
    fn close_runs(&mut self) {
        self.take(self.left..self.left_end);
        self.take(self.right..self.right_end);
        if self.right_end < self.from.len() {
            self.open_runs(self.right_end);
        } else {
            mem::swap(&mut self.from, &mut self.to);
            self.to.clear();
            self.width = self.width.saturating_mul(2);
            self.open_runs(0);
        }
    }

    fn open_runs(&mut self, start: usize) {
        let end_of = |start: usize| start.saturating_add(self.width).min(self.from.len());
        self.left = start;
        self.left_end = end_of(self.left);
        self.right = self.left_end;
        self.right_end = end_of(self.right);
    }

    fn take(&mut self, range: std::ops::Range<usize>) {
        self.to.extend(self.from[range].iter_mut().map(mem::take));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ints(items: impl IntoIterator<Item = i64>) -> Vec<Value> {
        items.into_iter().map(Value::Int).collect()
    }

    /// Sorts by a key and gives the result with the pairs asked for.
    fn run(items: &[i64], key: fn(i64) -> i64) -> (Vec<i64>, Vec<(i64, i64)>) {
        let mut sort = MergeSort::new(ints(items.iter().copied()));
        let mut asked = Vec::new();
        while let Some((a, b)) = sort.next() {
            let (a, b) = (a.to_int(), b.to_int());
            asked.push((a, b));
            sort.answer(key(a) > key(b));
        }
        let sorted = sort.finish().iter().map(Value::to_int).collect();
        (sorted, asked)
    }

    #[test]
    fn asks_in_the_documented_order() {
        let (sorted, asked) = run(&[3, 1, 2, 5, 4], |x| x);
        assert_eq!(sorted, [1, 2, 3, 4, 5]);
        assert_eq!(
            asked,
            [
                (3, 1),
                (2, 5),
                (1, 2),
                (3, 2),
                (3, 5),
                (1, 4),
                (2, 4),
                (3, 4),
                (5, 4)
            ]
        );
        assert_eq!(run(&[], |x| x), (vec![], vec![]));
        assert_eq!(run(&[7], |x| x), (vec![7], vec![]));
        assert_eq!(run(&[2, 1], |x| x), (vec![1, 2], vec![(2, 1)]));
    }

    #[test]
    fn agrees_with_a_stable_sort_at_every_length() {
        for len in 0..70_i64 {
            let items: Vec<i64> = (0..len).map(|i| i * 37 % 101 * 100 + i).collect();
            let key = |x: i64| x / 100 % 5;
            let mut expected = items.clone();
            expected.sort_by_key(|&x| key(x));
            assert_eq!(run(&items, key).0, expected);
        }
    }

    #[test]
    fn a_comparator_may_be_senseless_or_fail() {
        for keep in 0..40 {
            let mut sort = MergeSort::new(ints(0..11));
            for step in 0..keep {
                if sort.next().is_some() {
                    sort.answer(step % 3 != 0);
                }
            }
            let mut all: Vec<i64> = sort.finish().iter().map(Value::to_int).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..11));
        }
    }

    #[test]
    fn answers_are_numbers_above_zero() {
        for (answer, first) in [
            (Value::Int(1), true),
            (Value::Int(0), false),
            (Value::Int(-1), false),
            (Value::Float(0.5), true),
            (Value::Float(f64::NAN), false),
            (Value::Bool(true), true),
            (Value::Undef, false),
            (Value::str("2"), true),
        ] {
            assert_eq!(right_first(&answer), first, "{answer:?}");
        }
    }
}
