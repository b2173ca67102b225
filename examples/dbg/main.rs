use fusevm::*;
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let chunk = Chunk::parse(&text).unwrap();
    let run = |fuel: u64, low: bool| {
        let mut vm = VM::new(chunk.clone());
        vm.set_fuel(Some(fuel)); vm.set_lowering(low); vm.set_output(std::io::sink());
        let r = vm.run();
        let pc = match r { VMResult::Error(e) => (e.pc(), e.message()), other => (None, format!("{other:?}")) };
        (pc, vm.fuel())
    };
    for f in 0..2000 { let (a,b)=(run(f,true),run(f,false)); if a != b { println!("{f}: reg {a:?} base {b:?}"); break; } }
}
