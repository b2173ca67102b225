//! The function of the host for those that call what is in a shared library. The same as `classic::mix`.

#[unsafe(no_mangle)]
pub extern "C" fn mix(a: i64, b: i64) -> i64 {
    (a ^ b).wrapping_add(1)
}
