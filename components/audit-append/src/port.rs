//! The export `tollgate:core/audit`: what the components that charge call.

use calendar::Millis;
use money::Nanos;
use shell::{KeyValue, host};

mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/vendor", "../../wit/core"],
        world: "tollgate:core/audit-append",
    });

    use super::Audit;
    export!(Audit);
}

use bindings::exports::tollgate::core::audit::{Entry, Failure, Guest, Progress};

struct Audit;

impl Guest for Audit {
    fn append(entry: Entry) -> Result<u64, Failure> {
        if entry.limit_check_id.is_empty() || entry.tenant.is_empty() {
            return Err(failure("an entry needs a tenant and a limit check id"));
        }
        let store = KeyValue::open().map_err(failure)?;
        audit::append(&store, &canonical(entry)).map_err(failure)
    }

    fn sequence(limit: u32) -> Result<Progress, Failure> {
        let store = KeyValue::open().map_err(failure)?;
        let progress = audit::sequence(&store, host::now(), limit).map_err(failure)?;
        Ok(Progress { size: progress.size, staged: progress.staged })
    }
}

fn canonical(entry: Entry) -> audit::Entry {
    audit::Entry {
        v: audit::VERSION,
        tenant_id: entry.tenant,
        company: entry.company,
        event_type: entry.event_type,
        provider: entry.provider,
        model: entry.model,
        units_consumed: entry.units,
        unit_type: entry.unit_type,
        cost_nanos: Nanos(entry.cost_nanos),
        limit_check_id: entry.limit_check_id,
        session_id: entry.session,
        request_id: entry.request_id,
        channel: entry.channel,
        capability: entry.capability,
        settlement: entry.settlement,
        at_ms: Millis(entry.at_ms),
    }
}

fn failure(error: impl std::fmt::Display) -> Failure {
    Failure { message: error.to_string() }
}
