//! The tree grows: entries go into tiles, and a checkpoint is signed over them.

use kv_schemas::{Lease, Store, StoreError};
use tlog::{Checkpoint, CheckpointError, Edge, NoteError, Signer};

use crate::{list::missing, places, state::State};

use super::{damage::damaged, prune::prune, stored};

/// The most entries that one run puts under a checkpoint, so that it ends well within its lease: a log that had entries
/// before it had a tree catches up in steps.
pub const MAX_STEP: u64 = 4_096;

/// Makes the checkpoint that `state` has decided on, and one more if that was left over by a run that broke off and
/// there are entries beyond it. Returns early when the lease is lost: the run that took it over does the rest.
pub(crate) fn publish(
    store: &dyn Store,
    lease: &Lease,
    signer: &Signer,
    state: &mut State,
    room: &mut u64,
) -> Result<(), StoreError> {
    match (Growth { store, lease, signer }).publish(state, room) {
        // Who was replaced long ago finds that what it reads was pruned meanwhile: that is no damage.
        Err(StoreError::Corrupt { .. }) if !lease.holds(store)? => Ok(()),
        done => done,
    }
}

struct Growth<'a> {
    store: &'a dyn Store,
    lease: &'a Lease,
    signer: &'a Signer,
}

impl Growth<'_> {
    fn publish(&self, state: &mut State, room: &mut u64) -> Result<(), StoreError> {
        // What if we crash in here? The size was announced before: the next run makes the same tiles, the same note.
        while let Some(size) = state.frozen {
            let last = state.published_size();
            let Some(edge) = self.grow(state.published, last, size)? else {
                return Ok(());
            };
            // What if we crash before this? Every tile of the checkpoint is there, and nobody is sent to them yet.
            self.sign(state.published.saturating_add(1), &edge)?;
            *room = room.saturating_sub(size.saturating_sub(last));
            state.publish();
            state.freeze(*room);
            // What if we crash before this? Readers look beyond what the state says and find the checkpoint.
            if !state.announce(self.store, self.lease)? {
                return Ok(());
            }
        }
        prune(self.store, self.lease, state)
    }

    /// Writes the tiles of the tree of `size` entries, which the tree of checkpoint `n` is the beginning of. `None`: the
    /// lease was lost meanwhile.
    fn grow(&self, n: u64, last: u64, size: u64) -> Result<Option<Edge>, StoreError> {
        let mut edge = self.last_edge(n, last)?;
        let mut full = Vec::new();
        for seq in last..size {
            full.extend(edge.push(stored::leaf(self.store, seq)?));
        }
        // That took a while. Whoever has replaced us may have pruned what we would now bring back.
        if !self.lease.holds(self.store)? {
            return Ok(None);
        }
        // What if we crash in here? The next run finds some of the tiles, and they are the same.
        for (id, hashes) in full.into_iter().chain(edge.partials()) {
            stored::keep_tile(self.store, id, &hashes)?;
        }
        Ok(Some(edge))
    }

    /// The edge of the tree under checkpoint `n`, if it is what was signed.
    fn last_edge(&self, n: u64, size: u64) -> Result<Edge, StoreError> {
        if n == 0 {
            return Ok(Edge::default());
        }
        let place = places::checkpoint(n);
        let note = place.get(self.store)?.ok_or_else(|| missing(place.key()))?;
        let last = self.opened(n, &note)?;
        if last.size != size {
            return Err(stored::corrupt(&place, format!("{} entries, and {size} were signed", last.size)));
        }
        let edge = Edge::load(size, |id| stored::tile(self.store, id)).map_err(stored::failure)?;
        if edge.root() == last.root { Ok(edge) } else { Err(damaged(self.store, n, size)) }
    }

    /// A checkpoint must be signed by us, or by the key that the operator names as the one before: whoever can write to
    /// the store must not have us go on from a history of their own.
    fn opened(&self, n: u64, note: &str) -> Result<Checkpoint, StoreError> {
        let opened = match (Checkpoint::open(note, &self.signer.verifier()), self.signer.predecessor()) {
            (Err(CheckpointError::Note(NoteError::Unsigned)), Some(before)) => Checkpoint::open(note, before),
            (opened, _) => opened,
        };
        opened.map_err(|error| stored::corrupt(&places::checkpoint(n), error))
    }

    fn sign(&self, n: u64, edge: &Edge) -> Result<(), StoreError> {
        let place = places::checkpoint(n);
        let (size, root) = (edge.size(), edge.root());
        let Some(there) = place.get(self.store)? else {
            let origin = self.signer.name().to_owned();
            return place.set(self.store, &Checkpoint { origin, size, root }.sign(self.signer));
        };
        // A run before us came this far, perhaps under another key. A second note of one number is never signed.
        let there = self.opened(n, &there)?;
        let same = (there.size, there.root) == (size, root);
        if same { Ok(()) } else { Err(stored::corrupt(&place, "signed before over other entries")) }
    }
}
