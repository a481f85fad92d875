//! The tree over the log: tiles that say what is in it, and signed checkpoints that vouch for them.
//!
//! A checkpoint is made in this order, and each step rests on the one before:
//!
//! ```text
//!   entries -> state: "checkpoint n+1 has size F" (announced) -> last edge read, hashed, compared with checkpoint n
//!           -> full tiles -> partial tiles -> checkpoint n+1 -> state: "n+1 is published" (announced) -> prune
//! ```
//!
//! # Why one number and one size have one checkpoint
//!
//! A decision is *announced* when it was saved and nobody had drawn a later ticket by then. Every run with a later ticket
//! starts from it, or from what followed from it; a run with an earlier ticket finds out at its own next announcement,
//! and stops. So of all runs that decide the size of checkpoint n+1, one announces it, and only what was announced is
//! acted on: whoever makes checkpoint n+1, whenever, however late, makes it with size F. Entries below F are written
//! before that and have one content; the root follows from them, and Ed25519 has one signature for one text. F is
//! greater than the size of n, so one size has one number as well. (If the key was changed while a run was under way,
//! number n+1 may be signed by either key: the same size, the same root.)
//!
//! A run that sleeps and writes late therefore writes what is there already, or brings back what was pruned, with the
//! same bytes under a name that nobody reads any more.
//!
//! # Why the log never shrinks before a reader
//!
//! See [`read`]. And why a tile that a reader is sent to is there: it is written before the checkpoint that needs it, and
//! removed only after [`KEPT`] later ones are published. One that a reader was too slow for is found again, wider, under
//! the newest.

mod damage;
mod grow;
mod prune;
mod read;
mod receipt;
mod rekey;
mod stored;

pub use grow::MAX_STEP;
pub(crate) use grow::publish;
pub use prune::KEPT;
pub use read::{bundle, checkpoint, tile};
pub use receipt::receipt;
pub use rekey::rekeyed;
