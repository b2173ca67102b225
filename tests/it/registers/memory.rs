//! What registers take: no copies for what they no longer use, no more than the limits, little when idle.

use super::core;
use crate::allocations::bytes;
use fusevm::{Program, VM};

#[test]
fn scopes_in_scopes_take_no_more_than_they_are_long() {
    let of = |n: usize| {
        let mut text = String::new();
        text.extend((0..n).map(|_| "PushFrame\n"));
        text.extend((0..n).map(|_| "PopFrame\n"));
        let program = Program::new(core(&text)).expect("it verifies");
        let (bytes, ran) = bytes(|| VM::empty().eval(&program));
        ran.expect("it runs");
        bytes
    };
    let (some, more) = (of(500), of(5_000));
    assert!(more < 40 * some, "{some} bytes for 500, {more} for 5,000");
}
