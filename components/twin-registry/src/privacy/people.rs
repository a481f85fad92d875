//! What leads from a person to what is kept of them.

use compliance::{PersonKey, PersonKeyError};
use kv_schemas::Store;
use shell::{Problem, host, offline};
use twins::{Consent, consent_context, find_consents};
use vault::Vault;

/// The key of the index of persons.
pub fn key(store: &dyn Store, vault: &Vault) -> Result<PersonKey, Problem> {
    PersonKey::get(store, vault, host::random()).map_err(|error| match error {
        PersonKeyError::Store(error) => offline(&error),
        PersonKeyError::Vault(error) => {
            shell::warn!("vault", error = error);
            Problem::offline()
        }
    })
}

/// The consents to a tenant's twin that somebody of this name has given.
pub fn consents(store: &dyn Store, vault: &Vault, tenant: &str, subject: &str) -> Result<Vec<Consent>, Problem> {
    let given = find_consents(store, tenant).map_err(|error| offline(&error))?;
    let is_theirs = |consent: &Consent| {
        let name = vault.open(&consent_context(tenant, &consent.id), &consent.sealed_subject);
        name.is_ok_and(|name| name.expose().trim() == subject)
    };
    Ok(given.into_iter().filter(is_theirs).collect())
}
