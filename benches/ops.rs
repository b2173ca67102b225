//! What ops that are written in Rust cost in a loop, with the loop around them: in native Rust, in register
//! code and in machine code.
//!
//! `cargo bench --bench ops --features jit [-- beginnings of names]`. Prints the median time of one turn natively,
//! how many times that each form takes, and how often memory was allocated in a run of machine code. Native Rust
//! calls what is `called` through a pointer that the compiler does not know; what is `inline` it has as an
//! expression. With `--list` it prints what machine code is made of instead.

#[allow(dead_code, reason = "others use the rest")]
#[path = "workloads/race.rs"]
mod race;

use fusevm::prelude::*;
use race::{Effort, Entrant, race, ratio};
use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Borrow;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what is allocated by this thread and others.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: all is left to the system's.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The language of the ops below.
#[derive(Language)]
#[language(name = "course", host = Host, ops(ops::OPS))]
pub struct Course;

/// What the host keeps.
#[derive(Debug, Default, Trace)]
pub struct Host {
    seen: i64,
}

/// An object of the heap.
#[derive(Debug, Object)]
pub struct Pair {
    left: i64,
}

/// An op does not like its operand.
#[derive(Debug)]
pub struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no")
    }
}

impl std::error::Error for Refused {}

/// One op of each kind.
#[fusevm::ops(Course)]
pub mod ops {
    use super::*;

    /// The sum.
    #[ext_op]
    pub fn add(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    /// The sum, unless it is negative.
    #[ext_op]
    pub fn count(a: i64, b: i64) -> Result<i64, Refused> {
        match a.wrapping_add(b) {
            sum if sum < 0 => Err(Refused),
            sum => Ok(sum),
        }
    }

    /// With a number that stands in the bytecode.
    #[ext_op]
    pub fn scaled(#[imm] by: i32, a: i64) -> i64 {
        a.wrapping_mul(i64::from(by)) >> 1
    }

    /// Within bounds.
    #[ext_op(inline)]
    pub fn clamp(x: i64, lo: i64, hi: i64) -> i64 {
        if x < lo {
            lo
        } else if x > hi {
            hi
        } else {
            x
        }
    }

    /// A digit more, in base three.
    #[ext_op(inline)]
    pub fn index(s: i64, i: i64) -> i64 {
        s * 3 + i
    }

    /// A small hash.
    #[ext_op(inline)]
    pub fn hash(h: i64, x: i64) -> i64 {
        let h = (h ^ x) * 0x9e37_79b9;
        h ^ (h >> 15)
    }

    /// The hypotenuse.
    #[ext_op(inline)]
    pub fn hypot(a: f64, b: f64) -> f64 {
        (a * a + b * b).sqrt()
    }

    /// How often the digits have to be added up until one is left.
    #[ext_op(pure)]
    pub fn persistence(n: i64) -> i64 {
        let (mut n, mut turns) = (n, 0);
        while n > 9 {
            let mut sum = 0;
            while n > 0 {
                sum += n % 10;
                n /= 10;
            }
            (n, turns) = (sum, turns + 1);
        }
        turns
    }

    /// The byte at a place, from the beginning again.
    #[ext_op]
    pub fn byte(s: &str, at: i64) -> i64 {
        i64::from(s.as_bytes()[at as usize % s.len()])
    }

    /// A number for the kind.
    #[ext_op]
    pub fn weight(v: &Value, n: i64) -> i64 {
        match v {
            Value::Str(s) => n ^ s.len() as i64,
            _other => n,
        }
    }

    /// Elements.
    #[ext_op]
    pub fn size(a: &Array, n: i64) -> i64 {
        n ^ a.len() as i64
    }

    /// An object.
    #[ext_op]
    pub fn pair(left: i64) -> Pair {
        Pair { left }
    }

    /// Its field.
    #[ext_op]
    pub fn left(pair: &Pair) -> i64 {
        pair.left
    }

    /// How much the host has seen.
    #[ext_op]
    pub fn see(x: i64, host: &mut Host) -> i64 {
        host.seen = host.seen.wrapping_add(x);
        host.seen
    }

    /// Remembers the last one at its place.
    #[ext_op]
    pub fn changed(x: i64, #[cache] last: &mut Last) -> bool {
        std::mem::replace(&mut last.0, x) != x
    }

    /// What a place remembers.
    #[derive(Debug, Default)]
    pub struct Last(i64);
}

/// An op in a loop.
struct Row {
    name: &'static str,
    native: fn(i64) -> f64,
    chunk: fn() -> Chunk,
    /// Whether nothing may be allocated in the loop.
    tight: bool,
}

/// A loop around an expression, here and in Rust.
macro_rules! around {
    ($name:literal, $tight:literal, |$x:ident, $i:ident| $start:literal, $native:expr, $($code:tt)*) => {
        Row {
            name: $name,
            native: |n| {
                let mut $x = $start;
                let f = $native;
                for $i in 0..n {
                    $x = f($x, $i);
                }
                $x as f64
            },
            chunk: || fusevm_chunk! { Course;
                fn run(n: i64) {
                    let mut $x = $start;
                    for $i in 0..n {
                        $x = $($code)*;
                    }
                    $x
                }
            },
            tight: $tight,
        }
    };
}

/// The number, of which the compiler knows nothing here: else it does several turns of a loop in one by way of
/// algebra. It stays in its register.
#[allow(unsafe_code)]
fn opaque(mut x: i64) -> i64 {
    // SAFETY: there is no instruction.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) x, options(pure, nomem, nostack, preserves_flags))
    };
    x
}

/// A loop in which an op looks at the same value each time, which is written in Rust and for the chunk.
macro_rules! looking {
    ($name:literal, ops::$op:ident, $value:expr, $($code:tt)*) => {
        Row {
            name: $name,
            native: |n| {
                let (mut x, value, f) = (0, black_box($value), pointer(ops::$op));
                for i in 0..n {
                    x ^= f(value.borrow(), i);
                }
                x as f64
            },
            chunk: || fusevm_chunk! { Course;
                fn run(n: i64) {
                    let mut x = 0;
                    let value = $($code)*;
                    for i in 0..n {
                        x = x ^ ops::$op(value, i);
                    }
                    x
                }
            },
            tight: true,
        }
    };
}

/// Through a pointer that is not known.
fn pointer<A, B, R>(f: fn(A, B) -> R) -> fn(A, B) -> R {
    black_box(f)
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    around!("nothing", true, |x, i| 0, |x: i64, i| opaque(x) ^ i, x ^ i),
    around!("called", true, |x, i| 0, pointer(ops::add), ops::add(x, i)),
    around!("called, may fail", true, |x, i| 0, {
        let f = pointer(ops::count);
        move |x, i| f(x & 0xffff, i).unwrap_or(0)
    }, ops::count(x & 0xffff, i)),
    around!("called, immediate", true, |x, i| 0, {
        let f = pointer(ops::scaled);
        move |x, i| f(7, x ^ i)
    }, ops::scaled(7, x ^ i)),
    around!("inline: clamp", true, |x, i| 0, |x: i64, i| x ^ ops::clamp(opaque(i) & 1023, 10, 500), x ^ ops::clamp(i & 1023, 10, 500)),
    around!("inline: clamp of what it gave", true, |x, i| 0, |x: i64, i| ops::clamp(opaque(x) + i, 10, 500), ops::clamp(x + i, 10, 500)),
    around!("inline: s * 3 + i", true, |x, i| 0, |x: i64, i| opaque(x).wrapping_mul(3).wrapping_add(i), ops::index(x, i)),
    around!("inline: hash", true, |x, i| 0, |x: i64, i: i64| {
        let h = (opaque(x) ^ i).wrapping_mul(0x9e37_79b9);
        h ^ (h >> 15)
    }, ops::hash(x, i)),
    around!("inline: hypot", true, |x, i| 0.0, |x: f64, i| (x * x + (i as f64) * (i as f64)).sqrt(), ops::hypot(x, i as f64)),
    around!("pure, constant", true, |x, i| 0, |x: i64, i| opaque(x) ^ i, x ^ i ^ ops::persistence(199) ^ 3),
    Row {
        name: "pure, invariant",
        native: |n| {
            let (mut x, p) = (0, ops::persistence(black_box(n)));
            for i in 0..n {
                x ^= opaque(i) ^ p;
            }
            x as f64
        },
        chunk: || fusevm_chunk! { Course;
            fn run(n: i64) {
                let mut x = 0;
                for i in 0..n {
                    x = x ^ (i ^ ops::persistence(n));
                }
                x
            }
        },
        tight: true,
    },
    looking!("&str", ops::byte, "words", "words"),
    looking!("&Value", ops::weight, Value::from("words"), "words"),
    looking!("&Array", ops::size, Array::from_iter([1, 2].map(Value::Int)), [1, 2]),
    Row {
        name: "&Object",
        native: |n| {
            let (mut x, p, f) = (0, black_box(Pair { left: 7 }), black_box(ops::left as fn(&Pair) -> i64));
            for i in 0..n {
                x ^= f(&p) ^ i;
            }
            x as f64
        },
        chunk: || fusevm_chunk! { Course;
            fn run(n: i64) {
                let mut x = 0;
                let p = ops::pair(7);
                for i in 0..n {
                    x = x ^ ops::left(p) ^ i;
                }
                x
            }
        },
        tight: true,
    },
    Row {
        name: "an object made",
        native: |n| {
            let (mut x, f) = (0, black_box(ops::pair as fn(i64) -> Pair));
            for i in 0..n {
                let p = black_box(Box::new(f(i)));
                x ^= p.left;
            }
            x as f64
        },
        chunk: || fusevm_chunk! { Course;
            fn run(n: i64) {
                let mut x = 0;
                for i in 0..n {
                    x = x ^ ops::left(ops::pair(i));
                }
                x
            }
        },
        tight: false,
    },
    Row {
        name: "&mut Host",
        native: |n| {
            let (mut x, mut host, f) = (0, Host::default(), black_box(ops::see as fn(i64, &mut Host) -> i64));
            for i in 0..n {
                x ^= f(i & 3, &mut host);
            }
            black_box(host.seen);
            0.0 * x as f64
        },
        chunk: || fusevm_chunk! { Course;
            fn run(n: i64) {
                let mut x = 0;
                for i in 0..n {
                    x = x ^ ops::see(i & 3);
                }
                0.0
            }
        },
        tight: true,
    },
    Row {
        name: "#[cache]",
        native: |n| {
            let (mut x, mut last) = (0, -1);
            for i in 0..n {
                let now = black_box(i & 3);
                if std::mem::replace(&mut last, now) != now {
                    x += 1;
                }
            }
            0.0 * x as f64
        },
        chunk: || fusevm_chunk! { Course;
            fn run(n: i64) {
                let mut x = 0;
                for i in 0..n {
                    if ops::changed(i & 3) {
                        x = x + 1;
                    }
                }
                0.0
            }
        },
        tight: true,
    },
];

/// Turns of the loop in a run.
const TURNS: i64 = 100_000;

fn main() {
    let test = !std::env::args().any(|a| a == "--bench");
    let (effort, n) = if test {
        (Effort::TEST, 5_000)
    } else {
        (Effort::FULL, TURNS)
    };
    let wanted: Vec<String> = (std::env::args().skip(1))
        .filter(|a| !a.starts_with('-'))
        .collect();
    let is_wanted =
        |row: &&Row| wanted.is_empty() || wanted.iter().any(|w| row.name.starts_with(w));
    if std::env::args().any(|a| a == "--list") {
        return ROWS.iter().filter(is_wanted).for_each(list);
    }
    let mut columns = vec!["registers"];
    if cfg!(feature = "jit") {
        columns.extend(["machine code", "allocations"]);
    }
    println!(
        "| op in a loop | native, a turn | {} |",
        columns.join(" | ")
    );
    println!("|---|---:|{}", "---:|".repeat(columns.len()));
    for row in ROWS.iter().filter(is_wanted) {
        let native: Entrant<'_> =
            Box::new(move |runs| (0..runs).fold(0.0, |_, _| black_box((row.native)(black_box(n)))));
        let mut entrants = vec![
            ("native".to_owned(), native),
            ("registers".to_owned(), in_vm(vm(row, false), n)),
        ];
        if cfg!(feature = "jit") {
            entrants.push(("machine code".to_owned(), in_vm(vm(row, true), n)));
        }
        let times = race(row.name, &mut entrants, effort);
        let mut cells: Vec<String> = times[1..].iter().map(|t| ratio(t / times[0])).collect();
        if let Some((_, run)) = entrants.get_mut(2) {
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            run(1);
            let made = ALLOCATIONS.load(Ordering::Relaxed) - before;
            // What a run takes whatever its length, and what the compiler's thread may do beside it.
            assert!(
                !row.tight || made < n as u64 / 10,
                "{}: {made} allocations",
                row.name
            );
            cells.push(made.to_string());
        }
        let turn = times[0] / n as f64 * 1e9;
        println!("| {} | {turn:.2} ns | {} |", row.name, cells.join(" | "));
    }
}

fn vm(row: &Row, jit: bool) -> Vm<Course> {
    let mut vm = Course::vm(Host::default());
    #[cfg(feature = "jit")]
    {
        let mut config = fusevm::JitConfig::DEFAULT;
        config.enabled = jit;
        config.background = false;
        vm.set_jit(config);
    }
    let _ = jit;
    vm.eval((row.chunk)()).expect("the chunk is right");
    vm
}

fn in_vm<'a>(mut vm: Vm<Course>, n: i64) -> Entrant<'a> {
    Box::new(move |runs| {
        let mut answer = Value::Undef;
        for _ in 0..runs {
            answer = vm
                .call("run", &[Value::Int(black_box(n))])
                .expect("the program runs");
        }
        answer.to_float()
    })
}

/// What machine code is made of.
fn list(row: &Row) {
    println!("; {}", row.name);
    #[cfg(feature = "jit")]
    {
        let mut vm = vm(row, true);
        let mut config = fusevm::JitConfig::DEFAULT;
        (config.background, config.listings) = (false, true);
        vm.set_jit(config);
        for _ in 0..3 {
            vm.call("run", &[Value::Int(TURNS)])
                .expect("the program runs");
        }
        println!("{}", vm.jit_listing());
    }
    #[cfg(not(feature = "jit"))]
    println!("{}", (row.chunk)());
}
