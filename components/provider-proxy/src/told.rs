//! What the tenant's server is told of its log.

use calendar::Millis;
use money::Nanos;
use shell::{KeyValue, Problem, offline};

use crate::bindings::limits::Decision;

/// The tenant's server hears of a correction that is in the log.
pub fn corrected(decision: &Decision) -> Result<(), Problem> {
    if decision.event_type != "CORRECTION" {
        return Ok(());
    }
    let cost = Nanos(decision.cost_nanos).to_string();
    let event = events::corrected(&decision.id, Millis(decision.at_ms), &cost, &decision.details);
    let told = KeyValue::open().and_then(|store| events::emit(&store, &decision.tenant, &event));
    told.map_err(|error| offline(&error))
}
