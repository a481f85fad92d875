//! What operators change goes into the log, before it is changed: see `tenancy::Journal`.

use kv_schemas::StoreError;
use shell::{Call, host};
use tenancy::{Event, Journal};

pub mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/vendor", "../../wit/core"],
        world: "tollgate:core/registry",
        generate_all,
    });
}

use bindings::tollgate::core::audit::{self, Entry};

/// The log, as one request writes to it.
pub struct Log<'a>(pub &'a Call);

impl Journal for Log<'_> {
    /// Staged when this returns. What if we crash before that? The change isn't made, and the operator has no answer.
    fn note(&self, event: &Event) -> Result<(), StoreError> {
        let id = event.id.clone().unwrap_or_else(|| host::new_id("evt_"));
        let entry = entry(event, id, &self.0.request_id, host::now().0);
        audit::append(&entry).map(drop).map_err(|failure| StoreError::Unavailable(failure.message))
    }
}

/// It costs nothing, uses nothing and belongs to no vendor.
fn entry(event: &Event, id: String, request_id: &str, at_ms: u64) -> Entry {
    Entry {
        tenant: event.tenant.clone(),
        company: event.company.clone(),
        event_type: event.event_type.into(),
        provider: String::new(),
        model: String::new(),
        units: 0,
        unit_type: String::new(),
        cost_nanos: 0,
        limit_check_id: id,
        session: None,
        request_id: request_id.into(),
        channel: String::new(),
        capability: String::new(),
        settlement: String::new(),
        at_ms,
        details: event.details.iter().map(|(name, text)| (name.clone(), text.clone())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_event_is_an_entry_that_costs_nothing() {
        let event = Event {
            event_type: "KEY_REVOKED",
            tenant: "demo".into(),
            company: "acme".into(),
            details: BTreeMap::from([("key_id".to_owned(), "key_1".to_owned())]),
            id: None,
        };
        let entry = entry(&event, "evt_1".into(), "req_1", 7);
        assert_eq!((entry.cost_nanos, entry.units, entry.unit_type.as_str()), (0, 0, ""));
        assert_eq!(
            (entry.tenant.as_str(), entry.company.as_str(), entry.event_type.as_str()),
            ("demo", "acme", "KEY_REVOKED")
        );
        assert_eq!((entry.limit_check_id.as_str(), entry.request_id.as_str(), entry.at_ms), ("evt_1", "req_1", 7));
        assert_eq!((entry.session, entry.details), (None, vec![("key_id".to_owned(), "key_1".to_owned())]));
    }
}
