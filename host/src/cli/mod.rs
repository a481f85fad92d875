//! The commands beside `up`: what an operator asks of a gate, or of what a gate has written down.

use std::process::ExitCode;

use clap::Subcommand;

mod audit;
mod gate;
mod verify;

/// See the module's description.
#[derive(Subcommand)]
pub enum Client {
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
}

impl Client {
    /// Does it. The exit status is the command's answer.
    pub fn run(self) -> ExitCode {
        match self {
            Self::Audit(audit) => audit.run(),
        }
    }
}
