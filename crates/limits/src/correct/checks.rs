//! What makes sense as a correction, and which entry is to be corrected.

use audit::Entry;
use kv_schemas::Store;
use money::Nanos;

use super::corrections;
use crate::{
    correction::{Amount, Correction, INTERACTION},
    error::Fault,
    priced::MAX_COST,
};

/// The longest reason, in characters.
const MAX_REASON: usize = 200;
/// How often one interaction may be corrected.
const MAX_CORRECTIONS: u64 = 100;

pub(super) fn form(asked: &Correction) -> Result<(), Fault> {
    let length = asked.reason.chars().count();
    match &asked.amount {
        Amount::Cost(Nanos(0)) => Err(invalid("cost_usd", "must not be zero")),
        Amount::Cost(cost) if *cost > MAX_COST || *cost < Nanos(MAX_COST.0.saturating_neg()) => {
            Err(invalid("cost_usd", "must be at most 10,000 USD"))
        }
        // Whether the units make sense for the permit is asked when they are priced.
        Amount::Usage(used) if used.is_empty() => Err(invalid("units", "must say what was used")),
        _ if !(1..=MAX_REASON).contains(&length) => Err(invalid("reason", "must have 1 to 200 characters")),
        _ if asked.reason.chars().any(char::is_control) => Err(invalid("reason", "must be plain text in one line")),
        _ => Ok(()),
    }
}

pub(super) fn invalid(param: &'static str, message: &str) -> Fault {
    Fault::Invalid { param, message: message.to_owned() }
}

/// The entry that is to be corrected.
pub(super) fn interaction(store: &dyn Store, asked: &Correction) -> Result<Entry, Fault> {
    let not_one = || invalid("limit_check_id", "is no interaction: only what was charged can be corrected");
    if asked.corrects.starts_with("evt_") {
        return Err(not_one());
    }
    let entry = audit::find(store, &asked.corrects)?.ok_or(Fault::NotFound)?.entry;
    if entry.event_type != INTERACTION {
        return Err(not_one());
    }
    if corrections(&asked.corrects).tail(store)? >= MAX_CORRECTIONS {
        return Err(invalid("limit_check_id", "has been corrected too often"));
    }
    Ok(entry)
}
