//! Words that were meant by others.

/// The word that a mistyped one is nearest to, unless all are far.
pub(crate) fn nearest<'w>(typed: &str, words: &[&'w str]) -> Option<&'w str> {
    const LONGEST: usize = 24;
    if typed.is_empty() || typed.len() > LONGEST {
        return None;
    }
    let near = words.iter().map(|word| (distance(typed, word), *word));
    let near = near.chain(
        (words.iter())
            .filter(|w| typed.len() > 1 && w.starts_with(typed))
            .map(|word| (1, *word)),
    );
    let (far, word) = near.min_by_key(|(far, _)| *far)?;
    (far <= 1 + typed.len() / 4).then_some(word)
}

/// Insertions, deletions and replacements between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != *y))
                .min(above + 1)
                .min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}
