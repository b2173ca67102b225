//! Fieldless enums that are written as words.

use std::fmt;

/// A word that is none of those expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    expected: &'static [&'static str],
}

impl UnknownWord {
    pub(crate) const fn new(expected: &'static [&'static str]) -> Self {
        Self { expected }
    }

    /// The words that would have been understood.
    pub const fn expected(&self) -> &'static [&'static str] {
        self.expected
    }
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected one of")?;
        for (i, word) in self.expected.iter().enumerate() {
            write!(f, "{} `{word}`", if i == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownWord {}

/// Gives a fieldless enum its words: `ALL`, `as_str`, `Display`, `FromStr`.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word it is written as.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::semantics::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::semantics::UnknownWord::new(&[$($word),*])),
                }
            }
        }
    };
}
pub(crate) use words;
