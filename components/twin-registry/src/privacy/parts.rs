//! Those who keep something of a session or a consent, as an erasure asks them.

use std::time::Duration;

use calendar::Millis;
use compliance::{LogErasure, Parts};
use kv_schemas::StoreError;
use shell::{Call, KeyValue, host, idempotency};
use tenancy::TWIN_CHANGE_MS;
use twins::{Place, Refusal, consent_context};
use vault::Vault;

use crate::journal::{Log, bindings::tollgate::core::audit};

/// The parts, for one round of work.
pub struct House<'a> {
    pub call: &'a Call,
    pub store: &'a KeyValue,
    pub vault: &'a Vault,
}

impl Parts for House<'_> {
    fn is_open(&self, session: &str, now: Millis) -> Result<bool, StoreError> {
        session::is_over(self.store, session, now).map(|over| !over)
    }

    fn erase_log(&self, tenant: &str, session: &str) -> Result<Option<LogErasure>, StoreError> {
        audit::erase(tenant, session).map(|found| found.map(stands)).map_err(failed)
    }

    fn log_erasure(&self, id: &str) -> Result<Option<LogErasure>, StoreError> {
        audit::erasure_of(id).map(|found| found.map(stands)).map_err(failed)
    }

    fn forget_events(&self, tenant: &str, sessions: &[&str], after: u64) -> Result<Option<u64>, StoreError> {
        events::forget_sessions(self.store, tenant, after, |session| sessions.contains(&session))
    }

    fn forget_answers(&self, tenant: &str, sessions: &[&str], after: u64) -> Result<Option<u64>, StoreError> {
        // As `provider-proxy` names whose keys a page's are.
        let owners: Vec<String> = sessions.iter().map(|session| format!("call:{tenant}:{session}")).collect();
        idempotency::forget_owners(self.store, after, |owner| owners.iter().any(|theirs| theirs == owner))
    }

    fn forget_session(&self, tenant: &str, session: &str) -> Result<(), StoreError> {
        session::forget(self.store, tenant, session)
    }

    fn forget_consent(&self, tenant: &str, consent: &str) -> Result<(), StoreError> {
        let nobody = self.vault.seal(&consent_context(tenant, consent), host::random(), "");
        let nobody = nobody.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let store = KeyValue::open_for(Duration::from_millis(TWIN_CHANGE_MS))?;
        let place = Place { store: &store, now: host::now(), journal: &Log(self.call) };
        match twins::forget_person(place, tenant, consent, &nobody) {
            Ok(()) | Err(Refusal::NotFound(_)) => Ok(()),
            Err(Refusal::Store(error)) => Err(error),
            // Somebody else changes the twin: the next round tries again.
            Err(refusal) => Err(StoreError::Unavailable(refusal.to_string())),
        }
    }
}

fn stands(found: audit::Erasure) -> LogErasure {
    LogErasure { id: found.id, done: found.done, erased: found.erased }
}

fn failed(failure: audit::Failure) -> StoreError {
    StoreError::Unavailable(failure.message)
}
