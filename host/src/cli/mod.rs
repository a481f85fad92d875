//! The commands beside `up`: what an operator or a tenant asks of a gate, or of what a gate has written down.

use std::process::ExitCode;

use clap::Subcommand;

mod access;
mod audit;
mod check;
mod export;
mod files;
mod gate;
mod invoice;
mod memory;
mod receipt;
mod store;
mod verify;
mod words;

/// Something couldn't be checked, or done.
const UNCHECKED: u8 = 2;

/// See the module's description.
#[derive(Subcommand)]
pub enum Client {
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The store of a gate that doesn't run.
    #[command(subcommand)]
    Store(store::Store),
}

impl Client {
    /// Does it. The exit status is the command's answer.
    pub fn run(self) -> ExitCode {
        match self {
            Self::Audit(audit) => audit.run(),
            Self::Store(store) => store.run(),
        }
    }
}

/// The exit status of what can't go wrong in two ways.
fn done(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tollgate: {error:#}");
            ExitCode::from(UNCHECKED)
        }
    }
}

/// Waits for what is asked of a gate.
fn wait<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
