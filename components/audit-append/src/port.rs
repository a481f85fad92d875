//! The export `tollgate:core/audit`: what the components that charge call.

use std::time::Duration;

use audit::{EraseError, ErasureRequest, ErasureStatus, Filter, RUN_MS, Retention, Staged, retain};
use calendar::Millis;
use kv_schemas::StoreError;
use money::Nanos;
use shell::{
    KeyValue,
    host::{self, Stopwatch},
};

mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/vendor", "../../wit/core"],
        world: "tollgate:core/audit-append",
    });

    use super::Audit;
    export!(Audit);
}

use crate::{settings::Settings, signer::signer};
use bindings::exports::tollgate::core::audit::{Entry, Erasure, Failure, Guest, Progress};

struct Audit;

impl Guest for Audit {
    fn append(entry: Entry) -> Result<u64, Failure> {
        if entry.limit_check_id.is_empty() || entry.event_type.is_empty() {
            return Err(failure("an entry needs an event type and a limit check id"));
        }
        let store = KeyValue::open().map_err(failure)?;
        let staged = staged(entry);
        let watch = Stopwatch::start();
        audit::append_timed(&store, &staged, || watch.elapsed()).map_err(failure)
    }

    fn sequence(limit: u32) -> Result<Progress, Failure> {
        // What is erased must not come back with a run that was replaced long ago.
        let store = KeyValue::open_for(Duration::from_millis(RUN_MS)).map_err(failure)?;
        let done = match signer(&Settings::read(host::setting)) {
            Ok(signer) => sequence_signed(&store, limit, &signer).map_err(failure),
            // A setting that is none keeps nobody's entry out of the log: only its checkpoints wait.
            Err(error) => match audit::sequence_unsigned(&store, host::now(), limit) {
                Ok(_) => Err(failure(error)),
                Err(unreachable) => Err(failure(unreachable)),
            },
        };
        tidy(limit);
        let progress = done?;
        Ok(Progress { size: progress.size, staged: progress.staged })
    }

    fn erase(tenant: String, session: String) -> Result<Option<Erasure>, Failure> {
        let store = KeyValue::open().map_err(failure)?;
        // For the event. The tenant may be gone, while its entries stay.
        let company = tenancy::find_tenant(&store, &tenant).map_err(failure)?.map(|record| record.company);
        let request = ErasureRequest {
            filter: Filter::Tenant(tenant),
            company: company.unwrap_or_default(),
            session_id: session,
            salt: host::random(),
        };
        match audit::erase(&store, request) {
            Ok(erasure) => Ok(Some(stands(erasure))),
            Err(EraseError::TooMany) => Ok(None),
            Err(EraseError::Store(error)) => Err(failure(error)),
        }
    }

    fn erasure_of(id: String) -> Result<Option<Erasure>, Failure> {
        let store = KeyValue::open().map_err(failure)?;
        Ok(audit::erasure(&store, &id).map_err(failure)?.map(stands))
    }
}

fn stands(erasure: audit::Erasure) -> Erasure {
    Erasure { done: erasure.status == ErasureStatus::Done, id: erasure.id, erased: erasure.erased }
}

/// With another key than before, an entry says so, and is under the first checkpoint of that key.
fn sequence_signed(store: &KeyValue, limit: u32, signer: &audit::Signer) -> Result<audit::Progress, StoreError> {
    if let Some(event) = audit::rekeyed(store, host::now(), signer)? {
        audit::append(store, &Staged::new(event, [host::random(), host::random()], None, String::new()))?;
    }
    audit::sequence(store, host::now(), limit, signer)
}

/// Personal data ages out and is erased. Whatever is wrong with that, the log goes on.
fn tidy(limit: u32) {
    let retention = Retention::parse(&host::setting("personal_retention")).unwrap_or_else(|error| {
        shell::warn!("retention", error = error, message = "Nothing ages out until it is mended.");
        Retention::default()
    });
    let store = KeyValue::open_for(Duration::from_millis(RUN_MS));
    if let Err(error) = store.and_then(|store| retain(&store, host::now(), &retention, limit)) {
        shell::warn!("retention", error = error);
    }
}

fn staged(from: Entry) -> Staged {
    let salts = [host::random(), host::random()];
    let (session, request) = (from.session.clone(), from.request_id.clone());
    Staged::new(entry(from), salts, session, request)
}

fn entry(entry: Entry) -> audit::Entry {
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
        channel: entry.channel,
        capability: entry.capability,
        settlement: entry.settlement,
        at_ms: Millis(entry.at_ms),
        details: entry.details.into_iter().collect(),
        ..audit::Entry::default()
    }
}

fn failure(error: impl std::fmt::Display) -> Failure {
    Failure { message: error.to_string() }
}
