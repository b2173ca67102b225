//! Round trips, damage, and lies that the hash does not catch.

use super::super::encode::hash;
use super::sample::{Random, everything};
use super::*;
use crate::chunk::Chunk;

/// `bytes` with the hash that belongs to them.
fn rehashed(bytes: &[u8]) -> Vec<u8> {
    let content = &bytes[..bytes.len() - HASH_LEN];
    [content, &hash(content).to_le_bytes()].concat()
}

#[test]
#[cfg_attr(
    miri,
    ignore = "minutes of it, and the smaller tests walk the same code"
)]
fn chunks_survive_their_bytes() {
    assert_eq!(
        Chunk::from_bytes(&Chunk::default().to_bytes()),
        Ok(Chunk::default())
    );
    let all = everything();
    assert_eq!(Chunk::from_bytes(&all.to_bytes()).as_ref(), Ok(&all));
    for seed in 0..400 {
        let mut r = Random::new(seed);
        let ops = r.below(60);
        let chunk = r.chunk(ops);
        let bytes = chunk.to_bytes();
        let read = Chunk::from_bytes(&bytes).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        assert!(read == chunk, "seed {seed}");
        assert_eq!(read.to_bytes(), bytes, "seed {seed}");
        assert_eq!(read.content_hash(), chunk.content_hash());
    }
}

#[test]
#[cfg_attr(
    miri,
    ignore = "minutes of it, and the smaller tests walk the same code"
)]
fn every_prefix_and_every_flipped_bit_is_found() {
    let mut chunk = everything();
    while chunk.to_bytes().len() < 4096 {
        chunk.names.push("another name of this chunk".into());
    }
    let bytes = chunk.to_bytes();
    for len in 0..bytes.len() {
        assert!(Chunk::from_bytes(&bytes[..len]).is_err(), "{len}");
    }
    let mut flipped = bytes.clone();
    for bit in 0..8 * bytes.len() {
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Chunk::from_bytes(&flipped).is_err(), "{bit}");
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(flipped, bytes);
}

#[test]
#[cfg_attr(
    miri,
    ignore = "minutes of it, and the smaller tests walk the same code"
)]
fn lies_under_a_right_hash_are_refused_or_are_other_chunks() {
    let all = everything().to_bytes();
    let (mut taken, tries) = (0, 10_000);
    for seed in 0..tries {
        let mut r = Random::new(seed);
        let small = r.chunk(10).to_bytes();
        let mut bytes = if seed % 8 == 0 { all.clone() } else { small };
        for _ in 0..=r.below(3) {
            let at = MAGIC.len() + 1 + r.below(bytes.len() - HASH_LEN - MAGIC.len() - 1);
            match r.below(4) {
                0 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][r.below(5)],
                1 => bytes[at] ^= 1 << r.below(8),
                2 => bytes.insert(at, r.next() as u8),
                _ => drop(bytes.remove(at)),
            }
        }
        let bytes = rehashed(&bytes);
        if let Ok(chunk) = Chunk::from_bytes(&bytes) {
            taken += 1;
            assert!(
                chunk.to_bytes() == bytes,
                "seed {seed}: two byte forms of one chunk"
            );
            let text = chunk.to_string();
            let read = Chunk::parse(&text).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
            assert!(read == chunk, "seed {seed}");
        }
    }
    assert!(taken > tries / 20, "{taken} of {tries}");
}

#[test]
fn errors_say_where() {
    let bytes = Chunk::parse("LoadInt 1").unwrap().to_bytes();
    // Magic, version, source, language, policy, and the counts of five pools.
    let op = 4 + 1 + 1 + 1 + 1 + 5 + 1;
    let with = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        Chunk::from_bytes(&rehashed(&bytes)).unwrap_err()
    };
    assert_eq!(Chunk::from_bytes(b"#!/bin/sh"), Err(WireError::NotAChunk));
    assert_eq!(with(4, 2), WireError::Version { found: 2 });
    assert_eq!(with(op, 200), WireError::BadOpcode { at: op, code: 200 });
    let what = "text";
    assert_eq!(with(5, 100), WireError::TooLarge { at: 5, what });
    let what = "policy";
    assert_eq!(with(7, 3), WireError::OutOfRange { at: 7, what });
    assert_eq!(
        with(8, 0x7f),
        WireError::TooLarge {
            at: 8,
            what: "imports"
        }
    );
    assert_eq!(
        Chunk::from_bytes(&bytes[..9]),
        Err(WireError::Truncated { at: 9 })
    );
    let longer = rehashed(&[&bytes[..], b"x"].concat());
    let at = bytes.len() - HASH_LEN;
    assert_eq!(Chunk::from_bytes(&longer), Err(WireError::Trailing { at }));
    let message = "no op has code 200, at byte 14";
    assert_eq!(with(op, 200).to_string(), message);
}
