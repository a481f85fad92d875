//! `/v1/audit/entries/{id}/proof`: one entry's receipt, which verifies without asking anybody (C2SP tlog-proof).

use std::time::Duration;

use audit::{MAX_RUN, RUN_MS, find, receipt, sequence};
use calendar::{Millis, SECOND};
use kv_schemas::Store;
use shell::{Call, Kind, Problem, Reply, offline};

use crate::{
    bounded::Bounded,
    caller::Caller,
    settings::{Settings, unusable},
    signer::signer,
};

/// How soon a caller may come back for an entry that isn't under a checkpoint yet: maintenance runs once a second.
const SOON_MS: u64 = SECOND;

/// The receipt of the entry with this id.
///
/// # Errors
/// There is none for this caller, or none yet.
pub fn prove(call: &Call, store: &dyn Store, settings: &Settings, now: Millis, id: &str) -> Result<Reply, Problem> {
    let caller = Caller::of(call, store, &settings.admin_key, now)?;
    let item = find(store, id).map_err(|error| offline(&error))?;
    // Another tenant's entry doesn't exist for this caller.
    if !item.is_some_and(|item| caller.may_see(&item.entry.tenant_id)) {
        return Err(Problem::not_found("There is no entry with this limit check id."));
    }
    let proof = || receipt(store, id).map_err(|error| offline(&error));
    let found = match proof()? {
        Some(found) => Some(found),
        None => {
            // Maintenance would come round for it; who asks now needn't wait. What if we crash in here? It comes round.
            let signer = signer(settings).map_err(unusable)?;
            let run = Bounded::new(store, Duration::from_millis(RUN_MS));
            sequence(&run, now, MAX_RUN, &signer).map_err(|error| offline(&error))?;
            proof()?
        }
    };
    let found = found.ok_or_else(not_yet)?;
    Ok(Reply::bytes(200, "text/plain; charset=utf-8", found.to_string()))
}

fn not_yet() -> Problem {
    let message = "The entry is staged and not in the log yet. Try again in a moment.";
    Problem { retry_after_ms: Some(SOON_MS), ..Problem::new(Kind::NotFound, "not_in_log_yet", message) }
}
