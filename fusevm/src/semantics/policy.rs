//! The choices a language makes for its numbers and variables.

use super::word::words;

/// What a language chose; part of a chunk, and of the key of the code compiled from it.
///
/// ```
/// use fusevm::{Overflow, Policy};
///
/// let policy = Policy { overflow: Overflow::Trap, ..Policy::default() };
/// assert_eq!(Policy::from_bits(policy.to_bits()), Some(policy));
/// ```
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub struct Policy {
    /// When an integer result does not fit.
    pub overflow: Overflow,
    /// When a divisor is zero.
    pub zero_div: ZeroDiv,
    /// When a global is read that was never set or declared.
    pub unset: Unset,
    /// When an op on numbers meets another kind of value.
    pub operands: Operands,
}

/// What happens when an integer result does not fit 64 bits.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum Overflow {
    /// It wraps around.
    #[default]
    Wrap,
    /// The program traps.
    Trap,
    /// The op is computed in floats instead.
    Promote,
}

/// What `Div` and `Mod` do with a zero divisor.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum ZeroDiv {
    /// `Div` gives Undef; `Mod` gives integer 0, or NaN in floats.
    #[default]
    Undef,
    /// The program traps, for a float zero too.
    Trap,
    /// Both are computed in floats: infinities and NaN.
    Float,
}

/// What reading a global does that was never set or declared.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum Unset {
    /// It gives Undef.
    #[default]
    Undef,
    /// The program traps.
    Trap,
    /// The program traps, and so it does when a global is set that was never declared.
    Strict,
}

/// What the ops on numbers do with other kinds of values: arithmetic, `Num…`, `Spaceship`, bits.
///
/// A language may name ops of its own that take those operands, its
/// [`OPERATORS`](crate::Language::OPERATORS): they come before what is said here.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum Operands {
    /// They take the number that the value stands for.
    #[default]
    Coerce,
    /// The program traps.
    Strict,
}

words!(Overflow { Wrap = "wrap", Trap = "trap", Promote = "promote" });
words!(ZeroDiv { Undef = "undef", Trap = "trap", Float = "float" });
words!(Unset { Undef = "undef", Trap = "trap", Strict = "strict" });
words!(Operands { Coerce = "coerce", Strict = "strict" });

impl Policy {
    /// The policy as one byte: overflow in bits 0 and 1, zero divisor in bits 2 and 4, unset in bits 3
    /// and 5, operands in bit 6.
    pub const fn to_bits(self) -> u8 {
        let overflow = match self.overflow {
            Overflow::Wrap => 0,
            Overflow::Trap => 1,
            Overflow::Promote => 2,
        };
        let zero_div = match self.zero_div {
            ZeroDiv::Undef => 0,
            ZeroDiv::Trap => 4,
            ZeroDiv::Float => 16,
        };
        let unset = match self.unset {
            Unset::Undef => 0,
            Unset::Trap => 8,
            Unset::Strict => 32,
        };
        let operands = match self.operands {
            Operands::Coerce => 0,
            Operands::Strict => 64,
        };
        overflow | zero_div | unset | operands
    }

    /// The policy of a byte made by [`to_bits`](Self::to_bits); `None` for any other byte.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        let overflow = match bits & 3 {
            0 => Overflow::Wrap,
            1 => Overflow::Trap,
            2 => Overflow::Promote,
            _ => return None,
        };
        let zero_div = match bits & (4 | 16) {
            0 => ZeroDiv::Undef,
            4 => ZeroDiv::Trap,
            16 => ZeroDiv::Float,
            _ => return None,
        };
        let unset = match bits & (8 | 32) {
            0 => Unset::Undef,
            8 => Unset::Trap,
            32 => Unset::Strict,
            _ => return None,
        };
        let operands = match bits & (64 | 128) {
            0 => Operands::Coerce,
            64 => Operands::Strict,
            _ => return None,
        };
        Some(Self {
            overflow,
            zero_div,
            unset,
            operands,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_policies_are_one_to_one() {
        let mut known = 0;
        for bits in 0..=u8::MAX {
            if let Some(policy) = Policy::from_bits(bits) {
                assert_eq!(policy.to_bits(), bits);
                known += 1;
            }
        }
        assert_eq!(known, 3 * 3 * 3 * 2);
        assert_eq!(Policy::default().to_bits(), 0);
    }

    #[test]
    fn words_read_back() {
        for &it in Overflow::ALL {
            assert_eq!(it.to_string().parse(), Ok(it));
        }
        for &it in ZeroDiv::ALL {
            assert_eq!(it.to_string().parse(), Ok(it));
        }
        for &it in Operands::ALL {
            assert_eq!(it.to_string().parse(), Ok(it));
        }
        for &it in Unset::ALL {
            assert_eq!(it.to_string().parse(), Ok(it));
        }
        let wrong = "Wrap".parse::<Overflow>().unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "expected one of `wrap`, `trap`, `promote`"
        );
    }
}
