//! Which sessions a person had: an index by a keyed hash of what the tenant's issuer calls them.
//!
//! Nobody who reads the store can tell whose sessions these are, nor try names against it: the key is sealed. It is one of
//! its own, so that a change of the master key leaves everybody to be found.
//!
//! There is one log for each person and month, so that nothing of it is left behind when the month is long over.

use calendar::{DAY, HOUR, Millis};
use hmac::{Hmac, Mac};
use kv_schemas::{Log, Slot, Store, StoreError, Value, expiry, families};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use vault::{NONCE_BYTES, Vault, VaultError};

/// How long after its month a session is in the index: longer than the log names sessions by default.
const KEPT_HOURS: u64 = 90 * DAY / HOUR;
/// So many months may hold something.
pub(crate) const MONTHS: usize = 5;
/// The context under which the key is sealed.
pub const PERSON_KEY: &str = "person-key";

/// The key of the hashes.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonKey(String);

impl core::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PersonKey(..)")
    }
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonKeyError {
    /// The store can't be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was sealed under a master key that isn't there any more.
    #[error("person-key: {0}")]
    Vault(#[from] VaultError),
}

/// One session of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonSession {
    /// `ses_...`
    pub session: String,
    /// When it was opened.
    pub at: Millis,
}

impl PersonKey {
    /// The deployment's key, made when it is first asked for.
    ///
    /// # Errors
    /// See [`PersonKeyError`].
    pub fn get(store: &dyn Store, vault: &Vault, nonce: [u8; NONCE_BYTES]) -> Result<Self, PersonKeyError> {
        let place: Value<String> = families::PERSON_KEY.value(&[]);
        if let Some(sealed) = place.get(store)? {
            return Ok(Self(vault.open(PERSON_KEY, &sealed)?.expose().to_owned()));
        }
        // Derived, so that all who make it at once make the same.
        let key: String = vault.derive("people")?.iter().map(|byte| format!("{byte:02x}")).collect();
        // What if we crash here? The next one makes the same.
        place.set(store, &vault.seal(PERSON_KEY, nonce, &key)?)?;
        Ok(Self(key))
    }

    /// What a person is called in the index of a tenant, in this month.
    fn hash(&self, tenant: &str, person: &str, month: &str) -> String {
        // Any length of key will do for HMAC.
        let Ok(mac) = <Hmac<Sha256> as Mac>::new_from_slice(self.0.as_bytes()) else { return String::new() };
        // Neither a tenant's id nor a month has a line's end.
        let mac = mac.chain_update(format!("{tenant}\n{month}\n{person}").as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The names of a person in this month and those before it that may hold something, the newest first.
    #[must_use]
    pub fn hashes(&self, tenant: &str, person: &str, now: Millis) -> Vec<String> {
        months(now).iter().map(|month| self.hash(tenant, person, month)).collect()
    }

    /// Notes a session of a person. To be done before the session exists: then there is none that can't be found.
    ///
    /// # Errors
    /// The store can't be reached. It may be noted, of a session that never came to be.
    pub fn note(
        &self,
        store: &dyn Store,
        tenant: &str,
        person: &str,
        session: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let log = person_log(tenant, &self.hash(tenant, person, &now.month()));
        // What if we crash here? The place stays for good, of a session that isn't there.
        let index = log.append(store, &PersonSession { session: session.to_owned(), at: now })?;
        expiry::forget_after(store, month_end(now).saturating_add(KEPT_HOURS), &[&log.slot_key(index), &log.tail_key()])
    }
}

/// One person's sessions of one month.
pub(crate) fn person_log(tenant: &str, hash: &str) -> Log<PersonSession> {
    families::PERSON_SESSION.log(&[tenant, hash])
}

/// At most `most` sessions after place `after` of one log of a person, and where to go on; `None` at the end.
pub(crate) fn read(
    store: &dyn Store,
    tenant: &str,
    hash: &str,
    after: u64,
    most: u64,
) -> Result<(Vec<PersonSession>, Option<u64>), StoreError> {
    let log = person_log(tenant, hash);
    let tail = log.tail_if_any(store)?;
    let end = tail.min(after.saturating_add(most));
    let mut found: Vec<PersonSession> = Vec::new();
    for index in after.saturating_add(1)..=end {
        // A repeat of a request with an idempotency key notes the same session again.
        if let Slot::Entry(session) = log.get(store, index)?
            && !found.iter().any(|known| known.session == session.session)
        {
            found.push(session);
        }
    }
    Ok((found, (end < tail).then_some(end)))
}

/// Sessions of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonSessions {
    /// The newest month first; within a month in their order.
    pub sessions: Vec<PersonSession>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

/// At most about `most` sessions of a person.
///
/// # Errors
/// The store can't be reached.
pub fn sessions_of(
    store: &dyn Store,
    key: &PersonKey,
    tenant: &str,
    person: &str,
    now: Millis,
    most: u64,
) -> Result<PersonSessions, StoreError> {
    let mut found = PersonSessions::default();
    for hash in key.hashes(tenant, person, now) {
        let left = most.saturating_sub(u64::try_from(found.sessions.len()).unwrap_or(u64::MAX));
        let (sessions, next) = read(store, tenant, &hash, 0, left)?;
        found.sessions.extend(sessions);
        found.more |= next.is_some();
    }
    Ok(found)
}

/// This month and those before it, the newest first.
fn months(now: Millis) -> Vec<String> {
    let mut months = vec![now.month()];
    let mut at = now;
    while months.len() < MONTHS && at.0 > 0 {
        // Back to the last day of the month before.
        let day: u64 = at.day().get(8..).and_then(|day| day.parse().ok()).unwrap_or(1);
        at = Millis(at.0.saturating_sub(day.saturating_mul(DAY)));
        months.push(at.month());
    }
    months
}

/// The hour in which the month has ended for certain.
fn month_end(now: Millis) -> u64 {
    now.hour_number().saturating_add(31 * DAY / HOUR)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "tests may panic"
    )]

    use base64::{Engine, engine::general_purpose::STANDARD};
    use kv_schemas::memory::Memory;

    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(&STANDARD.encode([byte; 32])).unwrap()
    }

    fn at(text: &str) -> Millis {
        Millis::parse(text).unwrap()
    }

    fn key(store: &Memory) -> PersonKey {
        PersonKey::get(store, &vault(1), [7; 24]).unwrap()
    }

    #[test]
    fn twn_5_the_key_is_made_once_and_outlives_a_change_of_the_master_key() {
        let store = Memory::default();
        let first = key(&store);
        let during = vault(2).accepting(&STANDARD.encode([1; 32])).unwrap();
        assert_eq!(PersonKey::get(&store, &during, [8; 24]).unwrap(), first);
        assert!(matches!(PersonKey::get(&store, &vault(2), [8; 24]), Err(PersonKeyError::Vault(_))));
        assert!(!format!("{first:?}").contains(&first.0) && !format!("{:?}", store.dump()).contains(&first.0));
    }

    #[test]
    fn twn_5_a_persons_sessions_are_found_and_nobody_elses() {
        let (store, now) = (Memory::default(), at("2026-11-20T09:00:00Z"));
        let key = key(&store);
        for (tenant, person, session, when) in [
            ("a", "anna", "ses_1", "2026-09-30T23:59:59Z"),
            ("a", "anna", "ses_2", "2026-11-20T08:00:00Z"),
            ("a", "anna", "ses_2", "2026-11-20T08:00:01Z"),
            ("a", "bert", "ses_3", "2026-11-20T08:00:00Z"),
            ("b", "anna", "ses_4", "2026-11-20T08:00:00Z"),
        ] {
            key.note(&store, tenant, person, session, at(when)).unwrap();
        }
        let check = |tenant: &str, person: &str, sessions: &[&str]| {
            let hashes = key.hashes(tenant, person, now);
            let found = hashes.iter().flat_map(|hash| read(&store, tenant, hash, 0, 10).unwrap().0);
            assert_eq!(found.map(|found| found.session).collect::<Vec<_>>(), sessions, "{tenant} {person}");
        };
        check("a", "anna", &["ses_2", "ses_1"]);
        check("a", "bert", &["ses_3"]);
        check("b", "anna", &["ses_4"]);
        check("b", "bert", &[]);
        check("a", "ann", &[]);
        assert!(!format!("{:?}", store.dump()).contains("anna"));
        let hash = &key.hashes("a", "anna", now)[0];
        let (first, next) = read(&store, "a", hash, 0, 1).unwrap();
        assert_eq!((first.len(), next), (1, Some(1)));
    }

    #[test]
    fn twn_5_months_are_counted_back_and_nothing_is_left_in_the_end() {
        let check = |now: &str, listed: &str| assert_eq!(months(at(now)).join(" "), listed, "{now}");
        check("2026-11-20T09:00:00Z", "2026-11 2026-10 2026-09 2026-08 2026-07");
        check("2027-03-31T23:59:59Z", "2027-03 2027-02 2027-01 2026-12 2026-11");
        check("2027-03-01T00:00:00Z", "2027-03 2027-02 2027-01 2026-12 2026-11");

        let (store, now) = (Memory::default(), at("2026-11-01T00:00:00Z"));
        expiry::sweep(&store, now.hour_number()).unwrap();
        key(&store).note(&store, "a", "anna", "ses_1", now).unwrap();
        let hours = |days: u64| now.hour_number() + days * 24;
        let held = |store: &Memory| store.keys().iter().filter(|key| key.starts_with("person-session/")).count();
        (0..200).for_each(|_| expiry::sweep(&store, hours(119)).unwrap());
        assert_eq!(held(&store), 2);
        (0..200).for_each(|_| expiry::sweep(&store, hours(123)).unwrap());
        assert_eq!(held(&store), 0);
    }
}
