//! What the embedded store promises about what the outside has seen.
//!
//! | what happens | strict | relaxed |
//! |---|---|---|
//! | the process is killed | nothing that was shown is lost | nothing that was shown is lost |
//! | the power or the kernel fails | nothing that was shown is lost | up to the last second of it is lost |
//! | either | what is left is a prefix of the order of writes, never torn | the same |
//!
//! "Shown" is whatever left the gate: a call to a vendor, the head or a chunk of an answer. In both modes it waits until
//! every write that it rests on is committed; the modes differ in what a commit is. Both trust a disk which has
//! reported a sync as done.

use std::time::Duration;

/// What a commit of the embedded store survives. The other backends don't look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Durability {
    /// Nothing shown is lost, not even when the power fails.
    ///
    /// A commit is done when the disk has it: one sync for each group of writes.
    #[default]
    Strict,
    /// Nothing shown is lost when the process dies; a power cut loses up to the last second of it.
    ///
    /// A commit is done when the kernel has it. A sync begins within [`SYNC_WITHIN`]; if it isn't over by [`SHOWN_FOR`],
    /// nothing more is committed before it is. After a power cut, counters and log stand as they stood at one moment of the
    /// past second: they agree with each other, and calls made since are in neither. For money: up to one second of spend is unlogged and may be spent again. Whatever
    /// was signed or confirmed within that second (a receipt, a checkpoint of the log, a webhook) is forgotten as well.
    Relaxed,
}

/// How long a relaxed commit waits at most until a sync begins. Half of the second which is promised: the sync takes time.
pub const SYNC_WITHIN: Duration = Duration::from_millis(500);

/// How old a relaxed commit may be at most, unsynced, when another one is made. Commits go on while a sync runs, up to here:
/// then, on a slow disk, callers wait, and nothing is added to what can be lost.
pub const SHOWN_FOR: Duration = Duration::from_millis(900);
