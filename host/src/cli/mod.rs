//! The commands beside `up`: what an operator or a tenant asks of a gate, or of what a gate has written down.

use std::process::ExitCode;

use clap::Subcommand;

mod access;
mod audit;
mod backup;
mod check;
mod checks;
mod export;
mod files;
mod gate;
mod invoice;
mod keys;
mod memory;
mod receipt;
mod restore;
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
    /// Whether a deployment is what it should be: its files, and a gate that runs.
    ///
    /// Exit status: 0 all pass; 1 a check fails; 2 none fails, and one couldn't be made. Without a name, what there is
    /// nothing to ask for is skipped, and doesn't count.
    Check(checks::Check),
    /// What a deployment is like now: one JSON document. Or the delta of two.
    Snapshot(checks::Snapshot),
    /// The store of a gate that doesn't run.
    #[command(subcommand)]
    Store(store::Store),
    /// Writes the whole store of a data folder into one file, also while its gate serves.
    ///
    /// The file is laid out as Spin's, holds one moment of the store, and gets its name when it is whole and on disk. It holds
    /// no key: what is sealed in it opens with the same master_key alone.
    ///
    /// Exit status: 0 the backup is written; 2 it isn't, for what is said.
    Backup(backup::Backup),
    /// Makes a backup the store of a data folder whose gate doesn't run.
    ///
    /// What was done after the backup is gone, what was spent counts against no cap, and the log is shorter than others may
    /// have seen it: a gate that goes on from here writes another history behind the tree size that is printed, which
    /// whoever remembers a later checkpoint will find, and rightly call a fork. So restore the newest backup there is, tell
    /// those who verify the log at which size it was cut off, and give it another name (log_origin, with its key until now
    /// as log_previous_key) when it goes on.
    ///
    /// Exit status: 0 it is the store; 2 it isn't, for what is said.
    Restore(restore::Restore),
    /// The gate's own keys.
    #[command(subcommand)]
    Keys(keys::Keys),
}

impl Client {
    /// Does it. The exit status is the command's answer.
    pub fn run(self) -> ExitCode {
        match self {
            Self::Audit(audit) => audit.run(),
            Self::Check(check) => check.run(),
            Self::Snapshot(snapshot) => snapshot.run(),
            Self::Store(store) => store.run(),
            Self::Backup(backup) => backup.run(),
            Self::Restore(restore) => restore.run(),
            Self::Keys(keys) => keys.run(),
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
