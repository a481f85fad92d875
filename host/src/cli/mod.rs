//! The commands beside `up`: what an operator or a tenant asks of a gate, or of what a gate has written down.

use std::process::ExitCode;

use clap::Subcommand;

mod access;
mod audit;
mod backup;
mod check;
mod checks;
mod completions;
mod doctor;
pub mod examples;
mod export;
mod files;
mod gate;
mod invoice;
mod key;
mod keys;
mod load;
mod memory;
mod new;
mod onward;
mod operator;
mod out;
mod pages;
mod price;
mod receipt;
mod refusal;
mod restore;
pub mod start;
mod store;
mod tenant;
mod usage;
mod verify;
pub mod watch;
mod words;

/// Something couldn't be checked, or done.
const UNCHECKED: u8 = 2;

/// See the module's description.
#[derive(Subcommand)]
pub enum Client {
    /// Finds what would keep `up` from starting, or a gate that runs from doing its work; with --fix it mends what it can.
    ///
    /// Nothing is changed without --fix. With --url it also looks at a gate from outside: its clock, the prices of what its
    /// tenants use, whether their vendors can be reached.
    ///
    /// Exit status: 0 no problem (there may be warnings); 1 there is one; 2 it couldn't be found out.
    Doctor(doctor::Doctor),
    /// Makes a tenant with small caps, and prints what to paste into its page.
    ///
    /// The same command again changes nothing, and prints the same; its keys are shown again for a day, and never after.
    New(new::New),
    /// The tenants of a gate.
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// The keys of a tenant. (The gate's own are under `keys`.)
    #[command(subcommand)]
    Key(key::Key),
    /// What a tenant and its company have used, and what is left.
    Usage(usage::Usage),
    /// What a unit costs: a model without a price is refused.
    #[command(subcommand)]
    Price(price::Price),
    /// Plays a month of visitors against caps, without a gate: what it would cost, and when whom would be refused what.
    ///
    /// The limits' own code decides, on a store in memory. The same seed gives the same month.
    ///
    /// Exit status: 0 nobody was refused; 1 somebody was; 2 it couldn't be played.
    Load(load::Load),
    /// Prints what makes a shell complete commands and options.
    Completions(completions::Completions),
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
    /// Does it. The exit status is the command's answer. `program` is the whole command line.
    pub fn run(self, program: fn() -> clap::Command) -> ExitCode {
        match self {
            Self::Doctor(doctor) => doctor.run(),
            Self::New(new) => new.run(),
            Self::Tenant(tenant) => tenant.run(),
            Self::Key(key) => key.run(),
            Self::Usage(usage) => usage.run(),
            Self::Price(price) => price.run(),
            Self::Load(load) => load.run(),
            Self::Completions(completions) => completions.run(program()),
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
            complain(&error);
            ExitCode::from(UNCHECKED)
        }
    }
}

/// Says what went wrong, and what to do about it where that is known.
pub fn complain(error: &anyhow::Error) {
    out::aside(&format!("tollgate: {error:#}"));
    if let Some(advice) = refusal::advice(error) {
        out::aside(&format!("      next: {advice}"));
    }
}

/// Waits for what is asked of a gate.
fn wait<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// The moment by this machine's clock.
fn now() -> calendar::Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    calendar::Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
