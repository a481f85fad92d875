//! What every change of a twin has in common: one at a time, noted before it is done, gone with its tenant.
//!
//! A twin is changed by reading it, changing it and writing it, and so is what follows from it in the tenant's record. Two
//! at once could undo each other (a twin deployed while the last consent is taken back): so one after the other, under a
//! claim that outlives no crash. Its lease bounds how late an effect may come: callers bring a store that refuses
//! everything after [`tenancy::TWIN_CHANGE_MS`].

use std::{collections::BTreeMap, rc::Rc};

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use serde_json::{Value as Json, json};
use tenancy::{Event, Journal, Tenant, claim_twin, clear_up_if_gone, event_id, find_tenant};

use crate::{Refusal, Twin, find_twin, twin};

/// Where and when a change takes place.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The store, for this change alone.
    pub store: &'a dyn Store,
    /// The time.
    pub now: Millis,
    /// Where it is noted first.
    pub journal: &'a dyn Journal,
}

impl Place<'_> {
    /// Does it while nobody else changes this tenant's twin.
    pub(crate) fn alone<T>(
        &self,
        tenant: &str,
        work: impl FnOnce(&Tenant) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        // A tenant that isn't there leaves no mark either.
        find_tenant(self.store, tenant)?.ok_or(Refusal::NotFound("tenant"))?;
        // What if we crash while holding the claim? The next request waits for the lease, then begins again from the top.
        let claim = claim_twin(self.store, self.now, tenant)?.ok_or(Refusal::Busy)?;
        let owner = find_tenant(self.store, tenant)?.ok_or(Refusal::NotFound("tenant"));
        let mut done = owner.and_then(|owner| work(&owner));
        // Deleted meanwhile? The deletion may have passed before all was written, and nobody would repeat it. What if we
        // crash here? What is left opens nothing, and deleting the tenant once more takes it away.
        if !matches!(done, Err(Refusal::Store(_))) && clear_up_if_gone(self.store, tenant)? {
            done = Err(Refusal::NotFound("tenant"));
        }
        match done {
            Err(Refusal::Store(_)) => claim.forfeit(self.store),
            // What if we crash here? It is done; whoever comes next waits for the lease.
            _ => claim.release(self.store)?,
        }
        done
    }

    /// Notes what is about to be done. `once` names it where it can happen once only: a repeat is then the same entry.
    pub(crate) fn note<const N: usize>(
        &self,
        owner: &Tenant,
        event_type: &'static str,
        once: Option<&str>,
        details: [(&str, &str); N],
    ) -> Result<(), StoreError> {
        let details: BTreeMap<String, String> =
            details.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        self.journal.note(&Event {
            event_type,
            tenant: owner.id.clone(),
            company: owner.company.clone(),
            details,
            id: once.map(|name| event_id(&[event_type, &owner.id, name])),
        })
    }

    /// Tells the tenant's feed. Before the thing itself counts as done: a crash then repeats it.
    pub(crate) fn tell(&self, tenant: &str, kind: &str, subject: &str, data: Json) -> Result<(), StoreError> {
        events::emit(self.store, tenant, &events::Event::new(kind, subject, self.now, None, data))
    }

    /// The tenant's twin, if it isn't retired.
    pub(crate) fn living(&self, tenant: &str) -> Result<Rc<Twin>, Refusal> {
        let twin = find_twin(self.store, tenant)?.ok_or(Refusal::NotFound("twin"))?;
        if twin.retired_at.is_some() { Err(Refusal::Retired) } else { Ok(twin) }
    }

    /// Writes the twin's record, unless the tenant has gone meanwhile.
    pub(crate) fn write(&self, next: &Twin) -> Result<(), Refusal> {
        twin(&next.tenant).set(self.store, next)?;
        // Deleted meanwhile? The deletion may have passed before the record was there. What if we crash here? A record of a
        // tenant that is gone, which nothing leads to.
        if find_tenant(self.store, &next.tenant)?.is_none() {
            twin(&next.tenant).delete(self.store)?;
            return Err(Refusal::NotFound("tenant"));
        }
        Ok(())
    }
}

/// What events tell of a twin.
pub(crate) fn told(twin: &Twin) -> Json {
    json!({ "id": twin.id, "name": twin.name, "status": twin.status() })
}
