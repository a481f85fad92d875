//! The sequencer: gives staged entries their place in the log. There is one at a time, and two that overlap do no harm.
//!
//! A run holds a lease. It may lose it between any two operations, to a run that starts from what was saved; so it keeps
//! to the rule of [`Lease`]: what it decided is saved (under its own ticket) or follows from what it has read, then it
//! asks whether it still holds the lease, then it acts.
//!
//! - Which entries come next: slots are read, the lease is asked for, the entries are written. A run that comes after
//!   the asking starts from the same state and finds the same slots.
//! - That a hole is void: saved, asked, and only then anything behind it is taken.
//! - That slots are dealt with: saved, asked, and only then they are removed.
//! - Which entries are under the next checkpoint: saved, asked, and only then it is made (see [`crate::tree`]).
//!
//! A crash is a run that is replaced and never comes back.

use calendar::{Millis, SECOND};
use kv_schemas::{Lease, Slot, Store, StoreError, families};
use tlog::Signer;

use crate::{
    Staged,
    batch::Batch,
    places,
    state::{Hole, State, forget, tickets},
    tree::{MAX_STEP, publish},
};

/// How long a writer may take between taking a stage index and writing the slot.
pub const GRACE_MS: u64 = 30 * SECOND;

/// How long one run is left alone. A run takes well under a second; one that crashed holds up the log for this long. On a
/// store so slow that it takes longer, a run is replaced or cut off, and what it has announced by then is done.
pub const LEASE_MS: u64 = 10 * SECOND;

/// The most stage slots that one run deals with, so that it ends well within its lease.
pub const MAX_RUN: u32 = 1_000;

/// Stage slots after which a run announces how far it is: on a slow store, all that a run that is cut off has to repeat.
const CHUNK: u64 = 100;

/// How far the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries in the log.
    pub size: u64,
    /// Stage slots that wait for their turn.
    pub staged: u64,
    /// Entries under the newest checkpoint: those with a number below this have a receipt.
    pub published: u64,
}

/// Gives at most `limit` staged entries their place (and at most [`MAX_RUN`]), and puts entries under a new checkpoint,
/// at most [`MAX_STEP`]. May be called by many at once: one of them does it, the others get the progress as it stands. A
/// log with nothing to do is only read.
///
/// # Errors
/// The store can't be reached: nothing is lost, a later run continues. Or the tree in the store is not the one that was
/// signed last ([`StoreError::Corrupt`] names the key): then nothing is signed until that is mended, while entries get
/// their places and count as ever.
pub fn sequence(store: &dyn Store, now: Millis, limit: u32, signer: &Signer) -> Result<Progress, StoreError> {
    run(store, now, limit, Some(signer))
}

/// As [`sequence`], by who has no key to sign with: entries get their places and count, and wait for a checkpoint.
///
/// # Errors
/// The store can't be reached.
pub fn sequence_unsigned(store: &dyn Store, now: Millis, limit: u32) -> Result<Progress, StoreError> {
    run(store, now, limit, None)
}

fn run(store: &dyn Store, now: Millis, limit: u32, signer: Option<&Signer>) -> Result<Progress, StoreError> {
    let state = State::load(store)?;
    if state.is_idle(places::stage().tail(store)?) {
        return progress_at(store, &state);
    }
    let mark = families::SEQUENCER_MARK.value(&[]);
    let Some(lease) = Lease::take(store, mark, tickets(), now.0, LEASE_MS)? else {
        return progress_at(store, &state);
    };
    let done = Run { store, lease: &lease, now, limit: limit.min(MAX_RUN), signer }.whole();
    // Also after an error: what was left undone is safe to repeat at once. What if we crash before? The lease runs out.
    let released = lease.release(store);
    done?;
    released?;
    progress(store)
}

/// How far the log is. Reads only.
///
/// # Errors
/// The store can't be reached.
pub fn progress(store: &dyn Store) -> Result<Progress, StoreError> {
    progress_at(store, &State::load(store)?)
}

pub(crate) fn progress_at(store: &dyn Store, state: &State) -> Result<Progress, StoreError> {
    let tail = places::stage().tail(store)?;
    let staged = tail.saturating_add(1).saturating_sub(state.next_stage);
    Ok(Progress { size: state.size, staged, published: state.published_size() })
}

struct Run<'a> {
    store: &'a dyn Store,
    lease: &'a Lease,
    now: Millis,
    limit: u32,
    signer: Option<&'a Signer>,
}

/// What comes next on the stage.
enum Next {
    /// All that this run may take is taken.
    End,
    /// More, after what was taken is announced.
    More,
    /// A hole whose writer may still come. Nothing behind it is taken, or it would lose its order.
    Young(Hole),
    /// A hole whose writer doesn't come any more.
    Void(Hole),
}

impl Run<'_> {
    /// Returns early when the lease is lost: the run that took it over does the rest.
    fn whole(&self) -> Result<(), StoreError> {
        let (found_at, mut state) = State::find(self.store)?;
        // What a run that was cut off has left without a checkpoint.
        state.freeze(MAX_STEP);
        if !state.announce(self.store, self.lease)? {
            return Ok(());
        }
        // What if we crash here? The copy is newer and is found first.
        forget(self.store, found_at.max(1)..self.lease.ticket())?;
        self.rescue(&mut state)?;
        // Before anything else, so that runs which never come to their end don't keep the tree from growing. And whatever
        // is wrong with the tree, the entries get into the log and count.
        let mut room = MAX_STEP;
        let before = self.publish(&mut state, &mut room);
        self.take(&mut state, room)?;
        before?;
        self.publish(&mut state, &mut room)
    }

    fn publish(&self, state: &mut State, room: &mut u64) -> Result<(), StoreError> {
        self.signer.map_or(Ok(()), |signer| publish(self.store, self.lease, signer, state, room))
    }

    /// Takes what is staged, chunk by chunk: one that is announced is done with, however the run ends.
    fn take(&self, state: &mut State, room: u64) -> Result<(), StoreError> {
        let tail = places::stage().tail(self.store)?;
        let last = tail.min(state.next_stage.saturating_add(u64::from(self.limit)).saturating_sub(1));
        loop {
            let (entries, next) = self.read(state, last, tail)?;
            if !self.lease.holds(self.store)? {
                return Ok(());
            }
            // What if we crash in here? The next run finds the same slots and writes the same bytes.
            let mut batch = Batch::after(state, self.now);
            for entry in entries {
                batch.take(self.store, entry)?;
                state.pass();
            }
            batch.commit(self.store)?;
            (state.size, state.settled, state.recent) = (batch.size, batch.settled, batch.recent);
            match next {
                Next::End | Next::More => {}
                Next::Young(hole) => state.hole = Some(hole),
                Next::Void(hole) => {
                    state.hole = Some(hole);
                    state.voids.push(state.next_stage);
                    state.pass();
                }
            }
            let more = matches!(next, Next::More | Next::Void(_));
            if !more {
                // Decided here, so that it is announced with the entries it is about.
                state.freeze(room);
            }
            if !state.announce(self.store, self.lease)? {
                return Ok(());
            }
            self.sweep(state)?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Looks once more at the holes that the last run passed over: a writer that was late by a moment may have written
    /// the slot just before that was saved, and found nothing wrong. Such an entry is staged again, at the end.
    fn rescue(&self, state: &mut State) -> Result<(), StoreError> {
        for index in std::mem::take(&mut state.voids) {
            if let Slot::Entry(entry) = places::stage().get(self.store, index)? {
                // What if we crash after this? The saved state still names the void, so the entry is staged once more,
                // and the second copy is dropped.
                places::stage().append(self.store, &entry)?;
                places::stage().remove(self.store, index)?;
            }
        }
        Ok(())
    }

    /// The entries from `state.next_stage` to `last`, as far as the next hole, a chunk at most.
    fn read(&self, state: &State, last: u64, tail: u64) -> Result<(Vec<Staged>, Next), StoreError> {
        let mut entries = Vec::new();
        let end = last.min(state.next_stage.saturating_add(CHUNK).saturating_sub(1));
        for index in state.next_stage..=end {
            let Slot::Entry(entry) = places::stage().get(self.store, index)? else {
                // A clock that was ahead once has seen it in the future: it counts from now.
                let known = state.hole.filter(|hole| index <= hole.through);
                let known = known.map(|hole| Hole { first_seen: hole.first_seen.min(self.now), ..hole });
                let hole = known.unwrap_or(Hole { through: tail, first_seen: self.now });
                let young = self.now.since(hole.first_seen) <= GRACE_MS;
                return Ok((entries, if young { Next::Young(hole) } else { Next::Void(hole) }));
            };
            entries.push(entry);
        }
        Ok((entries, if end < last { Next::More } else { Next::End }))
    }

    /// Removes the slots that are dealt with, except fresh voids, which [`Self::rescue`] has yet to look at.
    fn sweep(&self, state: &mut State) -> Result<(), StoreError> {
        if state.cleared() == state.next_stage {
            return Ok(());
        }
        let from = state.cleared();
        if state.swept < state.next_stage {
            // Before anything is removed: a late writer that still finds the old state has written its slot before we
            // remove it, and one that finds this removes its slot itself.
            (state.cleared, state.swept) = (from, state.next_stage);
            state.save(self.store, self.lease.ticket())?;
        }
        for index in from..state.next_stage {
            if !state.voids.contains(&index) {
                places::stage().remove(self.store, index)?;
            }
        }
        // What if we crash before this? The slots are removed once more.
        state.cleared = state.next_stage;
        state.save(self.store, self.lease.ticket())
    }
}
