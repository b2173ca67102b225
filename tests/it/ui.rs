//! One mistake, one message: what the macros say about wrong input, and programs that must compile.
//!
//! Each file of `tests/ui` is a program; beside those that must not compile stands what rustc prints.
//! `TRYBUILD=overwrite cargo test ui` writes the texts anew; read them before you keep them.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass_*.rs");
    cases.compile_fail("tests/ui/[!p]*.rs");
    cases.compile_fail("tests/ui/p[!a]*.rs");
    cases.compile_fail("tests/ui/pattern_*.rs");
}
