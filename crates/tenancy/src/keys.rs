//! Keys: shown once, stored as SHA-256, found by it.

use std::rc::Rc;

use calendar::Millis;
use kv_schemas::{Memo, Store, Value, families};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    Event, Journal, WriteError, find_tenant,
    holdings::{self, Holding},
};

const ID_PREFIX: &str = "key_";

/// What a tenant's key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// `tg_pk_...`: opens sessions from allowed origins.
    Publishable,
    /// `tg_sk_...`: the tenant's own servers.
    Secret,
}

impl KeyKind {
    /// The name in requests and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Publishable => "publishable",
            Self::Secret => "secret",
        }
    }
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Names the key in logs and rate limits: see [`key_id`].
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// What it is for.
    pub kind: KeyKind,
    /// When it was revoked, in milliseconds since 1970.
    #[serde(default)]
    pub revoked_at: Option<u64>,
}

/// The kinds of bearer credentials, told apart by their prefix. None is verified yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// `tg_pk_...`
    Publishable(&'a str),
    /// `tg_sk_...`
    Secret(&'a str),
    /// `tgs_...`: a session token.
    Session(&'a str),
    /// Anything else can only be the admin key.
    Other(&'a str),
}

impl<'a> Credential<'a> {
    /// Reads the value of `Authorization`. `None` when it isn't `Bearer <something>`.
    #[must_use]
    pub fn parse(authorization: &'a str) -> Option<Self> {
        let (scheme, token) = authorization.split_once(' ')?;
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.len() > 512 {
            return None;
        }
        Some(match token {
            t if t.starts_with("tg_pk_") => Self::Publishable(t),
            t if t.starts_with("tg_sk_") => Self::Secret(t),
            t if t.starts_with("tgs_") => Self::Session(t),
            t => Self::Other(t),
        })
    }
}

/// A key's place in the store. (The hash is the address, so no comparison in variable time is made.)
#[must_use]
pub fn hash_key(key: &str) -> Value<KeyRecord> {
    key_by_hash(&key_hash(key))
}

/// A key's SHA-256 in hex: what sessions keep of the key that opened them.
#[must_use]
pub fn key_hash(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// The place of a key of which only the SHA-256 is known.
#[must_use]
pub fn key_by_hash(sha256: &str) -> Value<KeyRecord> {
    families::KEY.value(&[sha256])
}

/// A key's id: `key_` and its SHA-256, so that a key is found by its id without any list that could miss it. Keys are
/// 256 random bits: their hash gives nothing away.
#[must_use]
pub fn key_id(key: &str) -> String {
    format!("{ID_PREFIX}{}", key_hash(key))
}

/// Gives a tenant one more key. Idempotent for the same key, which is also noted once only.
pub fn issue_key(
    store: &dyn Store,
    tenant: &str,
    kind: KeyKind,
    key: &str,
    journal: &dyn Journal,
) -> Result<(), WriteError> {
    let owner = find_tenant(store, tenant)?.ok_or(WriteError::NotFound("tenant"))?;
    // What if we crash here? The log tells of a key that was never shown to anybody.
    journal.note(&Event::key_created(&owner, kind, key))?;
    store_key(store, tenant, kind, key)
}

/// Revokes a tenant's key for good. Idempotent: the first time stays.
pub fn revoke_key(
    store: &dyn Store,
    now: Millis,
    tenant: &str,
    id: &str,
    journal: &dyn Journal,
) -> Result<(), WriteError> {
    let place = id.strip_prefix(ID_PREFIX).map(key_by_hash).ok_or(WriteError::NotFound("key"))?;
    let mut record = place.get(store)?.filter(|key| key.tenant == tenant).ok_or(WriteError::NotFound("key"))?;
    if record.revoked_at.is_none() {
        // What if we crash here? The key still works, and the repeat is noted again: the last one took effect.
        journal.note(&Event::key_revoked(store, tenant, record.kind, id)?)?;
        record.revoked_at = Some(now.0);
        // One write: the key works before it and not after it.
        place.set(store, &record)?;
    }
    Ok(())
}

/// A tenant's keys, revoked ones too.
pub fn list_keys(store: &dyn Store, tenant: &str) -> Result<Vec<KeyRecord>, WriteError> {
    let mut keys = Vec::new();
    for (_, holding) in holdings::all(store, tenant)? {
        if let Holding::Key { sha256 } = holding
            && let Some(key) = key_by_hash(&sha256).get(store)?
        {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// The record of a key that may still be used, whatever its tenant says.
pub fn find_key(store: &dyn Store, sha256: &str) -> Result<Option<Rc<KeyRecord>>, kv_schemas::StoreError> {
    thread_local!(static KEYS: Memo<KeyRecord> = const { Memo::new(8) });
    Ok(key_by_hash(sha256).get_memo(store, &KEYS)?.filter(|key| key.revoked_at.is_none()))
}

pub(crate) fn store_key(store: &dyn Store, tenant: &str, kind: KeyKind, key: &str) -> Result<(), WriteError> {
    let sha256 = key_hash(key);
    // What if we crash here? A note of a key that isn't there; removing it later does nothing.
    holdings::log(tenant).append(store, &Holding::Key { sha256: sha256.clone() })?;
    let record = KeyRecord { id: key_id(key), tenant: tenant.into(), kind, revoked_at: None };
    key_by_hash(&sha256).set(store, &record)?;
    Ok(())
}

/// Compares in constant time, also when the lengths differ.
#[must_use]
pub fn admin_key_matches(shown: &str, admin_key: &str) -> bool {
    let (shown, admin) = (Sha256::digest(shown.as_bytes()), Sha256::digest(admin_key.as_bytes()));
    !admin_key.is_empty() && bool::from(shown.as_slice().ct_eq(admin.as_slice()))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        text.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_told_apart_by_prefix() {
        let check = |header: &str, kind: Option<Credential<'_>>| assert_eq!(Credential::parse(header), kind);
        check("Bearer tg_pk_1", Some(Credential::Publishable("tg_pk_1")));
        check("bearer tg_sk_1", Some(Credential::Secret("tg_sk_1")));
        check("Bearer tgs_ses_1.x", Some(Credential::Session("tgs_ses_1.x")));
        check("Bearer  hello ", Some(Credential::Other("hello")));
        check("Basic abc", None);
        check("Bearer ", None);
        check("Bearer", None);
        check("", None);
    }

    #[test]
    fn an_empty_admin_key_admits_nobody() {
        assert!(admin_key_matches("k", "k"));
        assert!(!admin_key_matches("k", "kk"));
        assert!(!admin_key_matches("", ""));
    }
}
