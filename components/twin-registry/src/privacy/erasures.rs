//! `/v1/privacy/erasures`: asked for at once, done in steps.

use std::time::Duration;

use calendar::MINUTE;
use compliance::{
    BeginError, Erasure, MAX_PENDING_ERASURES, WORK_MS, Whose, begin_erasure, find_erasure, work_erasures,
    work_on_erasure,
};
use kv_schemas::StoreError;
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency, offline};
use vault::Vault;

use super::{parts::House, people};
use crate::{access::Who, refuse};

/// `POST /v1/privacy/erasures`
pub async fn ask(call: &Call, store: &KeyValue, who: &Who, tenant: &str) -> Result<Reply, Problem> {
    let whose = Whose::parse(&call.json::<Json>()?, &[]).map_err(refuse::invalid)?;
    let vault = host::vault().await?;
    let key = people::key(store, &vault)?;
    let work = async |id: &String| {
        let consents = match &whose {
            Whose::Subject(subject) => people::consents(store, &vault, tenant, subject)?,
            Whose::Session(_) | Whose::User(_) => Vec::new(),
        };
        let consents = consents.into_iter().map(|consent| consent.id).collect();
        let asked = begin_erasure(store, (id, tenant, &whose), &key, consents, host::now());
        let asked = asked.map_err(refused)?;
        // What can be done at once is. What if that fails? The maintenance goes on with it.
        let begun = at_work(call, &vault, |house, now| work_on_erasure(house.store, house, id, now));
        let stands = begun.unwrap_or_else(|error| {
            shell::warn!("erasure", id = id, error = error);
            None
        });
        Ok((202, shown(&stands.unwrap_or(asked))))
    };
    let owner = format!("privacy:{}:{tenant}", who.owner());
    idempotency::once(store, &vault, call, &owner, || host::new_id("per_"), work).await
}

/// `GET /v1/privacy/erasures/{id}`
pub fn show(store: &KeyValue, who: &Who, id: &str) -> Result<Reply, Problem> {
    let found = find_erasure(store, id).map_err(|error| offline(&error))?;
    // Another tenant's doesn't exist for this caller.
    match found.filter(|erasure| who.may(&erasure.tenant).is_ok()) {
        Some(erasure) => Ok(Reply::json(200, &shown(&erasure))),
        None => Err(Problem::not_found("There is no erasure with this id.")),
    }
}

/// Goes on with what is under way: for the maintenance. Gives how many are finished.
pub async fn work() -> Result<u64, Problem> {
    let vault = host::vault().await?;
    let call = Call::of_gate("/v1/maintenance/registry", "", &host::new_id("req_"));
    let worked = at_work(&call, &vault, |house, now| work_erasures(house.store, house, now));
    let (finished, failed) = worked.map_err(|error| offline(&error))?;
    for failure in failed {
        shell::warn!("erasure", error = failure);
    }
    Ok(finished)
}

/// Works with a store of its own, which refuses what comes too late.
fn at_work<T>(
    call: &Call,
    vault: &Vault,
    work: impl FnOnce(&House<'_>, calendar::Millis) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let store = KeyValue::open_for(Duration::from_millis(WORK_MS))?;
    work(&House { call, store: &store, vault }, host::now())
}

/// Who asks for ever more keeps the others waiting no longer than these take.
fn refused(error: BeginError) -> Problem {
    match error {
        BeginError::TooMany => {
            let message =
                format!("{MAX_PENDING_ERASURES} erasures are under way already. Try again when some are done.");
            Problem::rate_limited("too_many_erasures", message, MINUTE)
        }
        BeginError::Store(error) => offline(&error),
    }
}

fn shown(erasure: &Erasure) -> Json {
    let erased = erasure.so_far();
    json!({
        "id": erasure.id,
        "tenant_id": erasure.tenant,
        "status": if erasure.finished_at.is_some() { "done" } else { "pending" },
        "asked_at": erasure.asked_at.to_string(),
        "finished_at": erasure.finished_at.map(|at| at.to_string()),
        "erased": { "sessions": erased.sessions, "entries": erased.entries, "consents": erased.consents },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twn_5_too_many_erasures_are_429_with_when_to_come_again() {
        let problem = refused(BeginError::TooMany);
        assert_eq!((problem.kind.status(), problem.code.as_str()), (429, "too_many_erasures"));
        assert_eq!(problem.retry_after_seconds(), Some(60));
        assert!(problem.message.contains("100"), "{}", problem.message);
        assert_eq!(refused(kv_schemas::StoreError::Unavailable("gone".into()).into()).kind.status(), 503);
    }
}
