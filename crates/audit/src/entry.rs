//! An entry: its canonical bytes, which the log commits to, its leaf, and the JSON view, which is what people read.
//!
//! The bytes are JSON with the fields in the order they are declared in, without spaces, absent ones left out, and
//! numbers are integers. They must never change for a version: a proof is over their hash.

use std::collections::BTreeMap;

use calendar::Millis;
use money::Nanos;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of entries written today. Amounts are nano-USD. Version 1 had no salt and was never under a checkpoint.
pub const VERSION: u32 = 2;
/// The version of leaves: their first byte.
const LEAF_VERSION: u8 = 1;

/// What the log says of one settled permit, or of one event. Holds no personal data: that lies apart, under `personal`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Entry {
    /// [`VERSION`].
    pub v: u32,
    /// 16 random bytes in hex: who doesn't have the entry can't guess it from its leaf.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub salt: String,
    /// Who pays; empty for what concerns no one tenant.
    pub tenant_id: String,
    /// Who owns the tenant.
    pub company: String,
    /// `TWIN_INTERACTION` for a settled permit; see [`Kind`].
    pub event_type: String,
    /// The vendor.
    pub provider: String,
    /// Empty where the vendor has no models.
    pub model: String,
    /// In units of `unit_type`.
    pub units_consumed: u64,
    /// Such as `tokens`, `characters`, `seconds`.
    pub unit_type: String,
    /// Nano-USD.
    pub cost_nanos: Nanos,
    /// Unique in the log. An event, which has no permit, has an id of its own here (`evt_...`).
    pub limit_check_id: String,
    /// `portal`, `widget`, `landing`; empty for a tenant's own server.
    pub channel: String,
    /// `chat`, `speech`, `video`, `context`, `jobs`.
    pub capability: String,
    /// `exact`, `counted`, `full`, `overrun`.
    pub settlement: String,
    /// When the cost was decided; decides the month and day it counts in.
    pub at_ms: Millis,
    /// The digest of the entry's [`Personal`] data, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<String>,
    /// What changed, by whom, why: for events and corrections.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

impl Entry {
    /// The bytes that the log keeps and proves.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        // Can't fail: strings, integers and an option, and no map with keys of another kind.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What stands in the log for everybody to see: that there is an entry, and nothing of what it says.
    #[must_use]
    pub fn leaf(&self) -> Vec<u8> {
        let digest: [u8; 32] = Sha256::digest(self.canonical()).into();
        [&[LEAF_VERSION], digest.as_slice()].concat()
    }

    /// What kind of entry it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::of(&self.event_type)
    }

    /// Whether another entry says the same. Two that were staged for one permit have other salts, and only one of them
    /// gets a place.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let bare = |entry: &Self| Self { salt: String::new(), personal: None, ..entry.clone() };
        bare(self) == bare(other)
    }
}

/// All types of events there are: a list can be asked for those of one, and for none that nobody writes.
pub const EVENT_TYPES: [&str; 25] = [
    "TWIN_INTERACTION",
    "CORRECTION",
    "SESSION_STARTED",
    "SESSION_ENDED",
    "TENANT_CREATED",
    "TENANT_CHANGED",
    "LIMITS_CHANGED",
    "TENANT_DELETED",
    "KEY_CREATED",
    "KEY_REVOKED",
    "VENDOR_BOUND",
    "VENDOR_UNBOUND",
    "COMPANY_LIMITS_CHANGED",
    "PRICES_CHANGED",
    "ENDPOINT_SET",
    "ENDPOINT_REMOVED",
    "CERTIFICATES_CHANGED",
    "TWIN_CREATED",
    "TWIN_CHANGED",
    "TWIN_DEPLOYED",
    "TWIN_RETIRED",
    "CONSENT_GIVEN",
    "CONSENT_REVOKED",
    "PERSONAL_DATA_ERASED",
    "LOG_KEY_CHANGED",
];

/// What entries are about. Each kind's personal data is kept for its own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Settled permits and corrections: all that costs.
    Money,
    /// Sessions that began and ended.
    Session,
    /// What operators did.
    Admin,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Money, Self::Session, Self::Admin];

    /// By the type of event.
    #[must_use]
    pub fn of(event_type: &str) -> Self {
        match event_type {
            "TWIN_INTERACTION" | "CORRECTION" => Self::Money,
            session if session.starts_with("SESSION_") => Self::Session,
            _ => Self::Admin,
        }
    }

    /// The name in requests and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Session => "session",
            Self::Admin => "admin",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn entry(nanos: i64) -> Entry {
        Entry {
            v: VERSION,
            salt: "000102030405060708090a0b0c0d0e0f".into(),
            tenant_id: "demo".into(),
            company: "acme".into(),
            event_type: "TWIN_INTERACTION".into(),
            provider: "tavus".into(),
            model: String::new(),
            units_consumed: 30,
            unit_type: "seconds".into(),
            cost_nanos: Nanos(nanos),
            limit_check_id: "lc_1".into(),
            channel: "widget".into(),
            capability: "video".into(),
            settlement: "exact".into(),
            at_ms: Millis(1_795_165_200_000),
            personal: None,
            details: BTreeMap::new(),
        }
    }

    #[test]
    fn the_canonical_bytes_of_version_2_never_change() {
        let check = |entry: &Entry, bytes: &str, digest: &str| {
            assert_eq!(String::from_utf8(entry.canonical()).unwrap(), bytes);
            let leaf: String = entry.leaf().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(leaf, format!("01{digest}"), "computed by another program: printf %s '...' | sha256sum");
            let read: Entry = serde_json::from_str(bytes).unwrap();
            assert_eq!(read.canonical(), bytes.as_bytes(), "reading and writing again gives the same bytes");
        };
        let plain = entry(45_000_000);
        check(
            &plain,
            r#"{"v":2,"salt":"000102030405060708090a0b0c0d0e0f","tenant_id":"demo","company":"acme","event_type":"TWIN_INTERACTION","provider":"tavus","model":"","units_consumed":30,"unit_type":"seconds","cost_nanos":45000000,"limit_check_id":"lc_1","channel":"widget","capability":"video","settlement":"exact","at_ms":1795165200000}"#,
            "5a8517636841b8314b07142b98b39dc9fd6c3ceb1b287dc812ea753eeb41af53",
        );
        let details = [("reason".to_owned(), "vendor's credit".to_owned()), ("corrects".to_owned(), "lc_0".to_owned())];
        let full = Entry { personal: Some("ab".into()), details: details.into(), ..plain };
        check(
            &full,
            r#"{"v":2,"salt":"000102030405060708090a0b0c0d0e0f","tenant_id":"demo","company":"acme","event_type":"TWIN_INTERACTION","provider":"tavus","model":"","units_consumed":30,"unit_type":"seconds","cost_nanos":45000000,"limit_check_id":"lc_1","channel":"widget","capability":"video","settlement":"exact","at_ms":1795165200000,"personal":"ab","details":{"corrects":"lc_0","reason":"vendor's credit"}}"#,
            "a71be01e244ab7f2053ad42177fbc3b3c5b46730b794da1882e6a4f396d9fc9e",
        );
    }

    #[test]
    fn entries_of_version_1_are_still_read() {
        let old = r#"{"v":1,"tenant_id":"demo","company":"acme","event_type":"TWIN_INTERACTION","provider":"tavus","model":"","units_consumed":30,"unit_type":"seconds","cost_nanos":45000000,"limit_check_id":"lc_1","session_id":null,"request_id":"req_1","channel":"widget","capability":"video","settlement":"exact","at_ms":1795165200000}"#;
        let read: Entry = serde_json::from_str(old).unwrap();
        assert!(read.says_the_same(&Entry { v: 1, ..entry(45_000_000) }));
    }

    /// The table in `docs/audit-log.md` and the enumeration in the OpenAPI document.
    #[test]
    fn aud_3_the_types_of_events_are_those_that_are_documented() {
        let page = include_str!("../../../docs/audit-log.md");
        let rows = page.lines().skip_while(|line| !line.starts_with("| kind |")).take_while(|line| !line.is_empty());
        let words = rows.flat_map(|row| row.split('`')).filter(|word| word.contains('_') || *word == "CORRECTION");
        let in_capitals = |word: &&str| word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        assert_eq!(words.filter(in_capitals).collect::<Vec<_>>(), EVENT_TYPES);
        let api: serde_json::Value =
            serde_json::from_str(include_str!("../../../components/twin-registry/openapi.json")).unwrap();
        let listed = api.pointer("/components/schemas/AuditEntry/properties/event_type/enum").unwrap();
        assert_eq!(listed, &serde_json::json!(EVENT_TYPES));
    }

    #[test]
    fn a_kind_follows_from_the_event_type() {
        let check = |event: &str, kind: Kind| assert_eq!(Kind::of(event), kind, "{event}");
        check("TWIN_INTERACTION", Kind::Money);
        check("CORRECTION", Kind::Money);
        check("SESSION_STARTED", Kind::Session);
        check("KEY_CREATED", Kind::Admin);
        check("TENANT_DELETED", Kind::Admin);
    }
}
