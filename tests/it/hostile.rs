//! tmp
use crate::generate::*;
use fusevm::Limits;
#[test]
fn agree() {
    let forms = Forms::new();
    let mut bad = 0;
    let mut ends = std::collections::BTreeMap::new();
    let n = std::env::var("N").map_or(2000, |n| n.parse().unwrap());
    for seed in 0..n {
        let mut r = Random::new(seed);
        let chunk = program(&mut r, &forms, 120);
        if let Err(e) = fusevm::verify(chunk.clone()) {
            if bad == 0 { println!("{seed} {e}\n{}", chunk.listing()); }
            bad += 1; continue;
        }
        let mut limits = Limits::default();
        limits.max_string_len = 2000; limits.max_array_len = 300; limits.max_hash_len = 50;
        let mut s = Setting { fusion: true, fuel: Some(5000), limits };
        let a = Outcome::of(chunk.clone(), &s);
        s.fusion = false;
        let b = Outcome::of(chunk.clone(), &s);
        if a != b { println!("{seed}\n{}\n{a:#?}\n{b:#?}", chunk.listing()); panic!(); }
        *ends.entry(match a.kind { Some(k) => format!("{k:?}"), None => if a.end == "halted" { a.end } else { "ok".into() } }).or_insert(0) += 1;
    }
    println!("bad {bad} {ends:#?}");
}
