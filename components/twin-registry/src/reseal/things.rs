//! What is kept sealed, kind by kind.
//!
//! A record is read, sealed anew, read again, and written if it is still what it was. The store can't compare and write in
//! one operation, so a change by somebody else between those last two would be undone: a window of one operation, while
//! the master key is being changed. A twin's consents have a claim of their own, which is taken, so that none is undone.

use calendar::{Millis, SECOND};
use compliance::PERSON_KEY;
use kv_schemas::{Slot, Store, StoreError, Value, families};
use serde::{Serialize, de::DeserializeOwned};
use tenancy::{Claim, Endpoint, VendorBinding, bound_vendors, endpoint_context, find_tenant};
use twins::{Consent, consent_context, notes};
use vault::{NONCE_BYTES, Vault};

/// A node that crashed while changing a twin keeps others out for so long; as crate `twins` has it.
const CHANGING_MS: u64 = 5 * SECOND;
/// Places of a company's notes that are looked at: all that are kept, and as many holes.
const MAX_PLACES: u64 = 2 * notes::MAX_NOTES;

/// Seals anew, and keeps count.
pub struct Seals<'a> {
    vault: &'a Vault,
    nonce: &'a dyn Fn() -> [u8; NONCE_BYTES],
    /// Secrets that are sealed by the new key now.
    pub resealed: u64,
    /// Places of secrets that don't open. They stay as they are: the right key may come back.
    pub unopened: Vec<String>,
    /// Records that somebody else was changing.
    missed: u64,
}

impl<'a> Seals<'a> {
    /// By this vault's own key, with fresh nonces.
    pub fn new(vault: &'a Vault, nonce: &'a dyn Fn() -> [u8; NONCE_BYTES]) -> Self {
        Self { vault, nonce, resealed: 0, unopened: Vec::new(), missed: 0 }
    }

    /// Nothing was sealed by another key that can be opened.
    pub fn is_clean(&self) -> bool {
        self.resealed == 0 && self.missed == 0
    }

    /// The key of the index of persons.
    pub fn person_key(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        self.rewrite(store, &families::PERSON_KEY.value::<String>(&[]), |seals, sealed| {
            seals.again(PERSON_KEY, sealed)
        })?;
        Ok(())
    }

    /// All secrets of a tenant.
    pub fn tenant(&mut self, store: &dyn Store, tenant: &str, now: Millis) -> Result<(), StoreError> {
        if find_tenant(store, tenant)?.is_none() {
            return Ok(());
        }
        for vendor in bound_vendors(store, tenant)? {
            let place = tenancy::vendor_binding(tenant, &vendor);
            let wrote = self.rewrite(store, &place, |seals, binding: &mut VendorBinding| {
                let context = |what: &str| format!("vendor/{tenant}/{vendor}/{what}");
                seals.each(&mut binding.sealed_secret, &context("secret"))
                    + seals.each(&mut binding.sealed_webhook_secret, &context("webhook"))
            })?;
            self.unless_gone(store, tenant, &place, wrote)?;
        }
        let place = families::ENDPOINT.value::<Endpoint>(&[tenant]);
        let wrote = self.rewrite(store, &place, |seals, endpoint| {
            let context = endpoint_context(tenant);
            let old = endpoint.old.iter_mut().map(|old| seals.again(&context, &mut old.sealed)).sum::<u64>();
            old + seals.again(&context, &mut endpoint.sealed_secret)
        })?;
        self.unless_gone(store, tenant, &place, wrote)?;
        self.consents(store, tenant, now)
    }

    /// Who consented to a tenant's twin.
    fn consents(&mut self, store: &dyn Store, tenant: &str, now: Millis) -> Result<(), StoreError> {
        let place = twins::consents(tenant);
        let kept = place.get(store)?.unwrap_or_default();
        let is_own =
            |consent: &Consent| self.vault.is_own(&consent_context(tenant, &consent.id), &consent.sealed_subject);
        if kept.iter().all(is_own) {
            return Ok(());
        }
        let attempts = |attempt: &str| families::TWIN_CHANGING.once(&[tenant, attempt]);
        let Some(claim) = Claim::take(store, families::TWIN_MARK.value(&[tenant]), attempts, now, CHANGING_MS)? else {
            self.missed += 1;
            return Ok(());
        };
        // What if we crash, or the store fails, while holding the claim? Whoever changes the twin next waits for its lease.
        let wrote = self.rewrite(store, &place, |seals, list| {
            let again =
                |consent: &mut Consent| seals.again(&consent_context(tenant, &consent.id), &mut consent.sealed_subject);
            list.iter_mut().map(again).sum()
        })?;
        self.unless_gone(store, tenant, &place, wrote)?;
        claim.release(store)
    }

    /// What a company's twins tell each other.
    pub fn notes(&mut self, store: &dyn Store, company: &str) -> Result<(), StoreError> {
        let log = families::MESH_NOTE.log::<notes::Note>(&[company]);
        let tail = log.tail(store)?;
        for index in tail.saturating_sub(MAX_PLACES).saturating_add(1)..=tail {
            let Slot::Entry(mut note) = log.get(store, index)? else { continue };
            let before = note.clone();
            if self.again(&notes::note_context(company, &note.id), &mut note.sealed) == 0 {
                continue;
            }
            if log.get(store, index)? == Slot::Entry(before) {
                log.put(store, index, &note)?;
                self.resealed += 1;
            } else {
                self.missed += 1;
            }
        }
        Ok(())
    }

    /// Reads a record, has it changed, and writes it if it is what it was; gives how many secrets that sealed anew.
    fn rewrite<T: Clone + PartialEq + Serialize + DeserializeOwned>(
        &mut self,
        store: &dyn Store,
        place: &Value<T>,
        change: impl FnOnce(&mut Self, &mut T) -> u64,
    ) -> Result<u64, StoreError> {
        let Some(before) = place.get(store)? else { return Ok(0) };
        let mut after = before.clone();
        let sealed = change(self, &mut after);
        if sealed == 0 {
            return Ok(0);
        }
        if place.get(store)? != Some(before) {
            self.missed += 1;
            return Ok(0);
        }
        place.set(store, &after)?;
        self.resealed += sealed;
        Ok(sealed)
    }

    /// A tenant that was deleted meanwhile leaves nothing behind.
    fn unless_gone<T>(&self, store: &dyn Store, tenant: &str, place: &Value<T>, wrote: u64) -> Result<(), StoreError> {
        if wrote > 0 && find_tenant(store, tenant)?.is_none() { place.delete(store) } else { Ok(()) }
    }

    fn each(&mut self, sealed: &mut Option<String>, context: &str) -> u64 {
        sealed.as_mut().map_or(0, |sealed| self.again(context, sealed))
    }

    /// 1 when it was sealed by another key, and is sealed by the new one now.
    fn again(&mut self, context: &str, sealed: &mut String) -> u64 {
        if self.vault.is_own(context, sealed) {
            return 0;
        }
        let opened = self.vault.open(context, sealed);
        match opened.and_then(|secret| self.vault.seal(context, (self.nonce)(), secret.expose())) {
            Ok(again) => {
                *sealed = again;
                1
            }
            Err(_) => {
                self.unopened.push(context.to_owned());
                0
            }
        }
    }
}
