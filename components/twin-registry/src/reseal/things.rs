//! What is kept sealed, kind by kind.
//!
//! Whoever writes or removes one of these records does it under the tenant's claim ([`tenancy::claim_twin`]): so does
//! this, and nothing that others do is undone, a removal neither. Looking needs no claim: most is sealed by the new key.

use calendar::Millis;
use kv_schemas::{Slot, Store, StoreError, Value, families};
use serde::{Serialize, de::DeserializeOwned};
use tenancy::{Endpoint, VendorBinding, bound_vendors, claim_twin, endpoint_context, find_tenant};
use twins::{Consent, consent_context, notes};
use vault::{NONCE_BYTES, Vault};

/// Places of a company's notes that are looked at: all that are kept, and as many holes.
const MAX_PLACES: u64 = 2 * notes::MAX_NOTES;

/// A secret of a record: what it is sealed for, and where it lies.
type Secret<'a> = (String, &'a mut String);

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

    /// The key of the index of persons. It is made once and never removed, so there is nobody to wait for.
    pub fn person_key(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let place = families::PERSON_KEY.value::<String>(&[]);
        let Some(mut sealed) = place.get(store)? else { return Ok(()) };
        if self.is_due(&[(compliance::PERSON_KEY.into(), &mut sealed)]) {
            self.resealed += self.again(vec![(compliance::PERSON_KEY.into(), &mut sealed)]);
            place.set(store, &sealed)?;
        }
        Ok(())
    }

    /// All secrets of a tenant.
    pub fn tenant(&mut self, store: &dyn Store, tenant: &str, now: Millis) -> Result<(), StoreError> {
        if find_tenant(store, tenant)?.is_none() {
            return Ok(());
        }
        for vendor in bound_vendors(store, tenant)? {
            let place = tenancy::vendor_binding(tenant, &vendor);
            self.record(store, (tenant, now), &place, |binding| of_binding(tenant, &vendor, binding))?;
        }
        let place = families::ENDPOINT.value::<Endpoint>(&[tenant]);
        self.record(store, (tenant, now), &place, |endpoint| of_endpoint(tenant, endpoint))?;
        self.record(store, (tenant, now), &twins::consents(tenant), |list| of_consents(tenant, list))
    }

    /// What a company's twins tell each other.
    pub fn notes(&mut self, store: &dyn Store, company: &str, now: Millis) -> Result<(), StoreError> {
        let log = families::MESH_NOTE.log::<notes::Note>(&[company]);
        let tail = log.tail(store)?;
        // Notes up to here are forgotten.
        let head = families::MESH_HEAD.value::<u64>(&[company]).get(store)?.unwrap_or(0);
        for index in tail.saturating_sub(MAX_PLACES).saturating_add(1)..=tail {
            let Slot::Entry(mut note) = log.get(store, index)? else { continue };
            if index <= head {
                // It was forgotten between somebody's look and their write, the one order that notes don't have.
                log.remove(store, index)?;
                continue;
            }
            let context = notes::note_context(company, &note.id);
            if !self.is_due(&[(context.clone(), &mut note.sealed)]) {
                continue;
            }
            self.alone(store, (&note.tenant, now), |seals| {
                let Slot::Entry(mut note) = log.get(store, index)? else { return Ok(()) };
                let sealed = seals.again(vec![(context, &mut note.sealed)]);
                log.put(store, index, &note)?;
                seals.resealed += sealed;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Seals a tenant's record anew, if something in it has to be.
    fn record<T: Serialize + DeserializeOwned>(
        &mut self,
        store: &dyn Store,
        (tenant, now): (&str, Millis),
        place: &Value<T>,
        secrets: impl for<'r> Fn(&'r mut T) -> Vec<Secret<'r>>,
    ) -> Result<(), StoreError> {
        let Some(mut seen) = place.get(store)? else { return Ok(()) };
        if !self.is_due(&secrets(&mut seen)) {
            return Ok(());
        }
        self.alone(store, (tenant, now), |seals| {
            // Somebody may have changed it before the claim.
            let Some(mut record) = place.get(store)? else { return Ok(()) };
            let sealed = seals.again(secrets(&mut record));
            if sealed == 0 {
                return Ok(());
            }
            place.set(store, &record)?;
            seals.resealed += sealed;
            // A tenant is deleted without the claim, and leaves nothing behind. What if we crash here? A record that opens
            // nothing, of a tenant whose id is never given again.
            if find_tenant(store, tenant)?.is_none() { place.delete(store) } else { Ok(()) }
        })
    }

    /// While nobody else changes what is sealed for this tenant; not at all if somebody does, which the next pass sees.
    fn alone(
        &mut self,
        store: &dyn Store,
        (tenant, now): (&str, Millis),
        work: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Some(claim) = claim_twin(store, now, tenant)? else {
            self.missed += 1;
            return Ok(());
        };
        // What if we crash while holding the claim? Whoever changes the tenant next waits for its lease.
        match work(self) {
            Ok(()) => claim.release(store),
            Err(error) => {
                claim.forfeit(store);
                Err(error)
            }
        }
    }

    /// Whether one was sealed by another key that is known. Notes those that nothing opens.
    fn is_due(&mut self, secrets: &[Secret<'_>]) -> bool {
        let mut due = false;
        for (context, sealed) in secrets {
            if self.vault.is_own(context, sealed) {
                continue;
            }
            match self.vault.open(context, sealed) {
                Ok(_) => due = true,
                Err(_) => self.unopened.push(context.clone()),
            }
        }
        due
    }

    /// Seals by the new key what was sealed by another one; gives how many that were.
    fn again(&self, secrets: Vec<Secret<'_>>) -> u64 {
        let mut count = 0;
        for (context, sealed) in secrets.into_iter().filter(|(context, sealed)| !self.vault.is_own(context, sealed)) {
            let opened = self.vault.open(&context, sealed);
            if let Ok(again) = opened.and_then(|secret| self.vault.seal(&context, (self.nonce)(), secret.expose())) {
                *sealed = again;
                count += 1;
            }
        }
        count
    }
}

fn of_binding<'r>(tenant: &str, vendor: &str, binding: &'r mut VendorBinding) -> Vec<Secret<'r>> {
    let context = |what: &str| format!("vendor/{tenant}/{vendor}/{what}");
    let secret = binding.sealed_secret.as_mut().map(|sealed| (context("secret"), sealed));
    let webhook = binding.sealed_webhook_secret.as_mut().map(|sealed| (context("webhook"), sealed));
    secret.into_iter().chain(webhook).collect()
}

fn of_endpoint<'r>(tenant: &str, endpoint: &'r mut Endpoint) -> Vec<Secret<'r>> {
    let old = endpoint.old.iter_mut().map(|old| &mut old.sealed);
    old.chain([&mut endpoint.sealed_secret]).map(|sealed| (endpoint_context(tenant), sealed)).collect()
}

fn of_consents<'r>(tenant: &str, list: &'r mut [Consent]) -> Vec<Secret<'r>> {
    let of = |consent: &'r mut Consent| (consent_context(tenant, &consent.id), &mut consent.sealed_subject);
    list.iter_mut().map(of).collect()
}
