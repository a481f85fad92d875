//! Who has consented to a twin, when and what for. The person's name is sealed; the log knows only the evidence's hash.

use std::rc::Rc;

use calendar::Millis;
use kv_schemas::{Memo, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::{Tenant, TwinAccess, set_twin_access, twin_access, will_hold_twin};

use crate::{Place, Refusal, find_twin};

/// Why a twin without consent opens no session.
pub const CONSENT_REVOKED: &str = "consent_revoked";

/// The most consents of a twin; of more, the oldest that were revoked are forgotten.
pub const MAX_CONSENTS: usize = 64;

/// One consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// `con_...`
    pub id: String,
    /// Who: a name of 1 to 200 characters, sealed by [`consent_context`]; an empty one once it is erased.
    pub sealed_subject: String,
    /// What for: 1 to 500 characters.
    pub purpose: String,
    /// When the person gave it.
    pub given_at: Millis,
    /// SHA-256 of what proves it (a signed form, a recording), 64 hex digits.
    pub evidence_sha256: String,
    /// When it was recorded here.
    pub recorded_at: Millis,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Millis>,
}

impl Consent {
    /// Whether it holds.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.revoked_at.is_none()
    }
}

/// What seals the person's name.
#[must_use]
pub fn consent_context(tenant: &str, id: &str) -> String {
    format!("twin-consent/{tenant}/{id}/subject")
}

/// A tenant's consents, the oldest first.
#[must_use]
pub fn consents(tenant: &str) -> Value<Vec<Consent>> {
    families::TWIN_CONSENT.value(&[tenant])
}

/// Reads a tenant's consents.
///
/// # Errors
/// The store can't be reached.
pub fn find_consents(store: &dyn Store, tenant: &str) -> Result<Vec<Consent>, StoreError> {
    thread_local!(static CONSENTS: Memo<Vec<Consent>> = const { Memo::new(8) });
    let found = consents(tenant).get_memo(store, &CONSENTS)?;
    Ok(found.map(Rc::unwrap_or_clone).unwrap_or_default())
}

/// Whether somebody has consented, and not taken it back.
///
/// # Errors
/// The store can't be reached.
pub fn has_consent(store: &dyn Store, tenant: &str) -> Result<bool, StoreError> {
    Ok(find_consents(store, tenant)?.iter().any(Consent::is_active))
}

pub(crate) fn note_given(at: &Place<'_>, owner: &Tenant, consent: &Consent) -> Result<(), StoreError> {
    // The person's name has no business in a log that is kept for good.
    let details = [
        ("consent_id", consent.id.as_str()),
        ("purpose", &consent.purpose),
        ("evidence_sha256", &consent.evidence_sha256),
        ("given_at", &consent.given_at.to_string()),
    ];
    at.note(owner, "CONSENT_GIVEN", Some(&consent.id), details)
}

/// Records one more consent; a twin that was closed for want of one is open again. The same call again, with the same id,
/// completes it.
///
/// # Errors
/// The twin is retired or isn't there, has too many that hold, or the store failed.
pub fn give_consent(at: Place<'_>, tenant: &str, new: Consent) -> Result<(), Refusal> {
    at.alone(tenant, |owner| {
        at.living(tenant)?;
        let mut list = find_consents(at.store, tenant)?;
        if !list.iter().any(|consent| consent.id == new.id) {
            if list.len() >= MAX_CONSENTS {
                // The log keeps what is forgotten here.
                let revoked = list.iter().position(|consent| !consent.is_active());
                list.remove(revoked.ok_or(Refusal::TooMany { what: "consents", most: MAX_CONSENTS })?);
            }
            // What if we crash here? The log tells of a consent that isn't there; the repeat says the same id.
            note_given(&at, owner, &new)?;
            will_hold_twin(at.store, tenant)?;
            list.push(new);
            // What if we crash here? It is recorded, and the twin still closed: the repeat opens it.
            consents(tenant).set(at.store, &list)?;
        }
        let Some(mut access) = twin_access(at.store, tenant)? else { return Ok(()) };
        if access.closed.as_deref() == Some(CONSENT_REVOKED) {
            // None was opened meanwhile; a session that another's clock made later than its end stays over.
            access = TwinAccess { closed: None, revoked_before: access.revoked_before.max(at.now), ..access };
        }
        // Also when nothing changes: an earlier attempt may have come only half as far.
        set_twin_access(at.store, tenant, &access)?;
        Ok(())
    })
}

/// Takes a consent back. With the last one that held, the twin is closed and its sessions are over. Idempotent.
///
/// # Errors
/// There is no such consent, or the store failed: the same again completes it.
pub fn revoke_consent(at: Place<'_>, tenant: &str, id: &str) -> Result<(), Refusal> {
    at.alone(tenant, |owner| {
        let twin = find_twin(at.store, tenant)?.ok_or(Refusal::NotFound("twin"))?;
        let mut list = find_consents(at.store, tenant)?;
        let consent = list.iter_mut().find(|consent| consent.id == id).ok_or(Refusal::NotFound("consent"))?;
        if !consent.is_active() {
            return Ok(());
        }
        consent.revoked_at = Some(at.now);
        let details = [
            ("consent_id", id),
            ("purpose", consent.purpose.as_str()),
            ("evidence_sha256", consent.evidence_sha256.as_str()),
        ];
        // What if we crash here? The log tells of it and the consent still holds. The repeat says the same id.
        at.note(owner, "CONSENT_REVOKED", Some(id), details)?;
        let access = twin_access(at.store, tenant)?;
        if let Some(access) = access.filter(|_| !list.iter().any(Consent::is_active)) {
            // From here on nobody gets in, and who is in is out. What if we crash here? The list still says that it holds,
            // which opens nothing; the repeat completes it.
            let closed = access.closed.unwrap_or_else(|| CONSENT_REVOKED.into());
            let revoked_before = access.revoked_before.max(at.now);
            set_twin_access(at.store, tenant, &TwinAccess { closed: Some(closed), revoked_before, ..access })?;
        }
        let active = list.iter().filter(|consent| consent.is_active()).count();
        at.tell(tenant, "consent.revoked", id, json!({ "id": twin.id, "consent_id": id, "active": active }))?;
        consents(tenant).set(at.store, &list)?;
        Ok(())
    })
}

/// Forgets who gave a consent, and takes it back if it still holds: nobody can act on the consent of somebody unknown. Its
/// id, its purpose and the evidence's hash stay. `nobody` is an empty name, sealed for this consent. Idempotent.
///
/// # Errors
/// There is no such consent, or the store failed: the same again completes it.
pub fn forget_person(at: Place<'_>, tenant: &str, id: &str, nobody: &str) -> Result<(), Refusal> {
    // What if we crash after this? It is taken back, and the repeat forgets the name.
    revoke_consent(at, tenant, id)?;
    at.alone(tenant, |_| {
        let mut list = find_consents(at.store, tenant)?;
        let consent = list.iter_mut().find(|consent| consent.id == id).ok_or(Refusal::NotFound("consent"))?;
        nobody.clone_into(&mut consent.sealed_subject);
        consents(tenant).set(at.store, &list)?;
        Ok(())
    })
}
