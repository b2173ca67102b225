use fusevm::testing::both;

fn main() {
    let _ = both! {
        let a = [1, 2];
        println!("{}", 1);
        a[0]
    };
}
