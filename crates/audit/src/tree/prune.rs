//! Old checkpoints go, and with them the partial tiles that only they needed.

use kv_schemas::{Lease, Store, StoreError};
use tlog::partials;

use crate::{places, state::State};

/// Checkpoints that are kept, so that a reader has time to fetch the tiles of one.
pub const KEPT: usize = 16;

/// Removes what the state no longer has to keep. The state was announced: whoever comes later prunes no less, and a run
/// that comes late removes only what nobody will need again, since widths only grow.
pub(crate) fn prune(store: &dyn Store, lease: &Lease, state: &mut State) -> Result<(), StoreError> {
    while let [old, next, ..] = *state.kept.as_slice()
        && state.kept.len() > KEPT
    {
        let newer = u64::try_from(state.kept.len()).unwrap_or(u64::MAX).saturating_sub(1);
        let needed = partials(next);
        for id in partials(old).into_iter().filter(|id| !needed.contains(id)) {
            places::tile(id).delete(store)?;
        }
        // Tiles first. What if we crash here, or before? The state still has it on its list, and it is done once more.
        places::checkpoint(state.published.saturating_sub(newer)).delete(store)?;
        state.kept.remove(0);
        state.save(store, lease.ticket())?;
    }
    Ok(())
}
