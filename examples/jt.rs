#[path = "../benches/workloads/mod.rs"]
#[allow(dead_code)]
mod workloads;
use fusevm::prelude::*;
fn main() {
    let name = std::env::args().nth(1).unwrap();
    let row = workloads::SHARED
        .iter()
        .chain(&workloads::CLASSIC)
        .find(|w| w.name.starts_with(&name))
        .unwrap();
    let n: i64 = std::env::args()
        .nth(2)
        .map_or(row.n, |n| n.parse().unwrap());
    let mut vm = row.vm(true, true);
    let mut c = fusevm::JitConfig::DEFAULT;
    c.listings = std::env::args().nth(3).is_some();
    vm.set_jit(c);
    for _ in 0..std::env::var("N").map_or(3, |n| n.parse().unwrap()) {
        if std::env::var_os("METERED").is_some() {
            vm.set_fuel(Some(u64::MAX / 2));
        }
        let t = std::time::Instant::now();
        let v = vm.call("run", &[Value::Int(n)]).unwrap();
        println!("{v:?} {:?}", t.elapsed());
    }
}
