//! The command line (being written).

use crate::Frontend;

/// Runs it.
pub fn main<L: Frontend>() -> std::process::ExitCode
where
    L::Host: Default,
{
    std::process::ExitCode::SUCCESS
}
