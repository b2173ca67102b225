//! Functions of chunks as values.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::Str;

/// A function of a loaded program, as a value; it keeps the program alive.
///
/// The program is kept without its type, since what a program is belongs to later stages.
#[derive(Clone)]
pub struct Func(triomphe::Arc<Inner>);

struct Inner {
    name: Str,
    index: u32,
    /// What tells its program from others.
    identity: usize,
    program: Arc<dyn Any + Send + Sync>,
}

impl Func {
    /// The function number `index` of `program`, which is another one than all that are alive and have
    /// another `identity`.
    pub(crate) fn new(
        name: Str,
        index: u32,
        identity: usize,
        program: Arc<dyn Any + Send + Sync>,
    ) -> Func {
        Func(triomphe::Arc::new(Inner {
            name,
            index,
            identity,
            program,
        }))
    }

    /// The name it was declared under.
    pub fn name(&self) -> &Str {
        &self.0.name
    }

    /// Its number in the program.
    pub(crate) fn index(&self) -> u32 {
        self.0.index
    }

    /// The identity of its program.
    #[inline]
    pub(crate) fn identity(&self) -> usize {
        self.0.identity
    }

    /// The program, if it is a `P`.
    pub(crate) fn program<P: Any + Send + Sync>(&self) -> Option<Arc<P>> {
        Arc::downcast(self.0.program.clone()).ok()
    }
}

/// Equal are functions of one program with the same number, under whatever name.
impl PartialEq for Func {
    fn eq(&self, other: &Self) -> bool {
        (self.0.index, self.0.identity) == (other.0.index, other.0.identity)
    }
}

impl Eq for Func {}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(fn {})", self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn identity_and_program() {
        let program: Arc<dyn Any + Send + Sync> = Arc::new(String::from("program"));
        let f = Func::new(Str::from("f"), 1, 7, program.clone());
        assert_eq!(f, Func::new(Str::from("f"), 1, 7, program.clone()));
        assert_ne!(f, Func::new(Str::from("f"), 2, 7, program));
        let other = Arc::new(String::from("program"));
        assert_ne!(f, Func::new(Str::from("f"), 1, 8, other.clone()));
        // Another handle of the same program.
        assert_eq!(f, Func::new(Str::from("f"), 1, 7, other));
        assert_eq!(f.program::<String>().unwrap().as_str(), "program");
        assert!(f.program::<u8>().is_none());
        assert_eq!((f.name().as_str(), f.index()), ("f", 1));
        assert_eq!(Value::Func(f).to_str(), "(fn f)");
    }
}
