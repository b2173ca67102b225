//! Who is faster: all run in turn, several times, after they are warm, and must give the same answer.

use std::time::{Duration, Instant};

/// What takes part: it runs its workload that many times and gives the last answer.
pub type Entrant<'a> = Box<dyn FnMut(u32) -> f64 + 'a>;

/// How long to look.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Turns; the median of them counts.
    pub rounds: usize,
    /// A turn of an entrant takes at least that long, if that takes no more than a million runs.
    pub turn: Duration,
}

impl Effort {
    pub const FULL: Self = Self {
        rounds: 7,
        turn: Duration::from_millis(8),
    };
    /// To see that it works.
    pub const TEST: Self = Self {
        rounds: 1,
        turn: Duration::ZERO,
    };
}

/// The median time of one run, in seconds, of each.
///
/// # Panics
/// When answers differ.
pub fn race(what: &str, entrants: &mut [(String, Entrant<'_>)], effort: Effort) -> Vec<f64> {
    let mut expected = None;
    let mut runs = Vec::new();
    for (name, run) in entrants.iter_mut() {
        let (answer, count) = warm(run, effort.turn);
        let (first, expected) = expected.get_or_insert((name.clone(), answer));
        assert!(
            answer == *expected,
            "{what}: {first} gives {expected}, but {name} gives {answer}"
        );
        runs.push(count);
    }
    let mut times = vec![Vec::new(); entrants.len()];
    for _ in 0..effort.rounds {
        for (((_, run), &count), times) in entrants.iter_mut().zip(&runs).zip(&mut times) {
            let start = Instant::now();
            run(count);
            times.push(start.elapsed().as_secs_f64() / f64::from(count));
        }
    }
    times.into_iter().map(median).collect()
}

/// Runs until it takes a turn: the answer, and the runs in a turn. What the first of them took alone, to read a
/// program or to compile it, says nothing of the others.
fn warm(run: &mut Entrant<'_>, turn: Duration) -> (f64, u32) {
    let mut count = 1;
    loop {
        let mut timed = || {
            let start = Instant::now();
            (run(count), start.elapsed())
        };
        let (answer, took) = match timed() {
            (_, took) if took >= turn => timed(),
            soon => soon,
        };
        if took >= turn || count >= 1_000_000 {
            return (answer, count);
        }
        let times = turn.as_secs_f64() / took.as_secs_f64().max(1e-9);
        count = (f64::from(count) * times.clamp(2.0, 100.0)) as u32;
    }
}

pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The geometric mean.
pub fn mean(ratios: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, n) = (ratios.into_iter()).fold((0.0, 0), |(sum, n), r| (sum + r.ln(), n + 1));
    (n > 0).then(|| (sum / f64::from(n)).exp())
}

/// A time for people.
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.0} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s => format!("{:.2} ms", s * 1e3),
    }
}

/// A ratio for people.
pub fn ratio(ratio: f64) -> String {
    match ratio {
        r if r < 0.01 => format!("{r:.1e}"),
        r if r < 9.95 => format!("{r:.2}"),
        r => format!("{r:.0}"),
    }
}
