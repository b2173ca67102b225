//! Dropping values of any depth in a loop.
//!
//! The storage of arrays, hashes and host values calls [`drain`] from its `Drop`, which runs for
//! the last holder only. Children that this thread alone still holds are emptied onto the same
//! list; `into_unique` lets exactly one of several racing threads have a child, so none is left to
//! a nested `Drop`.

use triomphe::Arc;

use super::{Array, Hash, HostValue, Value};

/// Drops all of `work` and everything that only `work` holds.
pub(super) fn drain(mut work: Vec<Value>) {
    while let Some(value) = work.pop() {
        match value {
            Value::Array(Array(data)) => {
                if let Some(mut data) = Arc::into_unique(data) {
                    data.release(&mut work);
                }
            }
            Value::Hash(Hash(data)) => {
                if let Some(mut data) = Arc::into_unique(data) {
                    data.release(&mut work);
                }
            }
            Value::Host(HostValue(data)) => {
                if let Some(mut data) = Arc::into_unique(data) {
                    data.0.erased_release(&mut work);
                }
            }
            _ => {}
        }
    }
}

/// Keeps `value` for [`drain`] if dropping it could lead further; drops it otherwise.
pub(super) fn keep(value: Value, work: &mut Vec<Value>) {
    if matches!(value, Value::Array(_) | Value::Hash(_) | Value::Host(_)) {
        work.push(value);
    }
}

/// Runs a test where native recursion over values would overflow.
#[cfg(test)]
pub(super) fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    thread
        .spawn(test)
        .expect("a thread starts")
        .join()
        .expect("the test passes");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_values_drop() {
        let depth = if cfg!(miri) { 100 } else { 100_000 };
        on_small_stack(move || {
            let mut value = Value::Undef;
            for i in 0..depth {
                value = if i % 2 == 0 {
                    Value::array(vec![value])
                } else {
                    Value::hash([("k", value)])
                };
            }
            drop(value);
        });
    }

    #[test]
    fn racing_threads_drop_a_deep_value_once() {
        let depth = if cfg!(miri) { 200 } else { 20_000 };
        let mut value = Value::Undef;
        let mut other = Value::Undef;
        for _ in 0..depth {
            // Every level is held twice, so that the threads meet on each.
            other = Value::array(vec![value.clone(), other]);
            value = Value::array(vec![value]);
        }
        let start = std::sync::Arc::new(std::sync::Barrier::new(2));
        let threads = [value, other].map(|value| {
            let start = start.clone();
            let thread = std::thread::Builder::new().stack_size(256 * 1024);
            let run = move || {
                start.wait();
                drop(value);
            };
            thread.spawn(run).expect("a thread starts")
        });
        for thread in threads {
            thread.join().expect("no overflow");
        }
    }
}
