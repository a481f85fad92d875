//! A certificate, a person's sessions and an erasure of them that broke off, and what a company's twins tell each other.

use calendar::{DAY, MINUTE, Millis};
use compliance::{LogErasure, Parts, PersonKey, Whose};
use kv_schemas::{Store, StoreError, memory::Memory};
use serde_json::json;
use tenancy::Unlogged;
use twins::notes;
use vault::Vault;

use super::{NOW, crashed};

const TENANT: &str = "demo";
const PERSON: &str = "auth0|anna";

fn vault() -> Vault {
    Vault::new("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").unwrap()
}

fn key(store: &dyn Store) -> PersonKey {
    PersonKey::get(store, &vault(), [7; 24]).unwrap()
}

/// Keeps nothing of anybody.
struct Nobody;

impl Parts for Nobody {
    fn is_open(&self, _: &str, _: Millis) -> Result<bool, StoreError> {
        Ok(false)
    }
    fn erase_log(&self, _: &str, session: &str) -> Result<Option<LogErasure>, StoreError> {
        Ok(Some(LogErasure { id: format!("era_{session}"), done: false, erased: 0 }))
    }
    fn log_erasure(&self, _: &str) -> Result<Option<LogErasure>, StoreError> {
        Ok(None)
    }
    fn forget_events(&self, _: &str, _: &[&str], _: u64) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
    fn forget_answers(&self, _: &str, _: &[&str], _: u64) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
    fn forget_session(&self, _: &str, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
    fn forget_consent(&self, _: &str, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

pub fn told(store: Memory) -> Memory {
    let certificate = json!({"page": "/shop/hemp", "product": "Hemp oil", "batch": "B-17", "laboratory": "Lab One",
        "issued_on": "2026-01-02", "expires_on": "2026-12-31", "url": "https://lab.example/b17.pdf", "sha256": "ab".repeat(32)});
    let list = compliance::parse_certificates(&json!({"certificates": [certificate]})).unwrap();
    compliance::put_certificates(&store, TENANT, &list, &Unlogged).unwrap();

    notes::join(&store, "acme", TENANT).unwrap();
    let asked = notes::parse_note(&json!({"kind": "cultural", "text": "They say hemp.", "topic": "words"})).unwrap();
    for (id, at) in [("note_1", Millis(NOW.0 - 31 * DAY)), ("note_2", NOW)] {
        notes::leave(&store, &vault(), [9; 24], "acme", (id, TENANT, at), &asked).unwrap();
    }
    assert_eq!(notes::reap(&store, NOW, 0).unwrap(), 1);

    for session in ["ses_1", "ses_8"] {
        key(&store).note(&store, TENANT, PERSON, session, NOW).unwrap();
    }
    let whose = Whose::User(PERSON.into());
    let ask = ("per_1", TENANT, &whose);
    compliance::begin_erasure(&store, ask, &key(&store), vec!["con_1".into()], NOW).unwrap();
    let work = |store: &Memory| drop(compliance::work_erasures(store, &Nobody, NOW));
    // Its sessions were asked for, and nothing of them is gone yet.
    crashed(&store, work, |store| {
        let record = store.get("person-erasure/per_1").unwrap().unwrap_or_default();
        String::from_utf8(record).unwrap().contains("era_ses_8")
    })
}

pub fn goes_on(store: &dyn Store) {
    // Earlier releases had none of this.
    let Some(erasure) = compliance::find_erasure(store, "per_1").unwrap() else { return };
    assert_eq!((erasure.finished_at, erasure.erased.consents), (None, 1));
    let later = NOW.plus(MINUTE);
    for n in 0..9 {
        compliance::work_erasures(store, &Nobody, later.plus(n)).unwrap();
    }
    let done = compliance::find_erasure(store, "per_1").unwrap().unwrap();
    assert!(done.finished_at.is_some());
    assert_eq!(done.erased.sessions, 2);
    let left = compliance::sessions_of(store, &key(store), TENANT, PERSON, later, 10).unwrap();
    assert!(left.sessions.is_empty());

    assert_eq!(compliance::find_certificates(store, TENANT).unwrap().len(), 1);
    let told = notes::newest(store, &vault(), "acme", 10).unwrap();
    assert_eq!(told.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["They say hemp."]);
    assert_eq!(notes::members(store, "acme").unwrap(), [TENANT]);
}
