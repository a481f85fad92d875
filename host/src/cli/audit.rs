//! `tollgate audit ...`

use std::process::ExitCode;

use clap::Subcommand;

use super::verify::Verify;

#[derive(Subcommand)]
pub enum Audit {
    /// Proves that counters, permits and the log agree, and names what differs.
    ///
    /// For every tenant, company and window: settled is the sum of the log's entries, held is what open permits hold,
    /// nothing is negative, no cap was ever crossed. Reads only, whatever it reads from.
    ///
    /// Exit status: 0 nothing differs; 1 something does (with --strict, or waits); 2 it couldn't be checked.
    Verify(Verify),
}

impl Audit {
    pub fn run(self) -> ExitCode {
        match self {
            Self::Verify(verify) => verify.run(),
        }
    }
}
