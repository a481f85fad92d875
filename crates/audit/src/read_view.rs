//! From the JSON view of an entry back to the entry, and so to its canonical bytes and its leaf: for whoever checks
//! what the HTTP interface, or an export of it, says.
//!
//! It is strict: what contradicts itself is refused, and so is a field that is not the view's. The entry then says all
//! that the view says, and nothing else; the log's proofs are over the entry.

use calendar::Millis;
use money::Nanos;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, fmt};

use crate::{Entry, Personal};

/// Why a view is that of no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewError {
    /// A field is missing, of another type, or not the view's.
    Malformed(String),
    /// Two fields contradict each other.
    Contradiction(&'static str),
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => write!(f, "not an entry: {reason}"),
            Self::Contradiction(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for ViewError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    tenant_id: String,
    event_type: String,
    provider: String,
    units_consumed: u64,
    unit_type: String,
    cost_currency: String,
    cost_amount: Json,
    limit_check_id: String,
    v: u32,
    /// The entry's place; no part of it.
    seq: Option<u64>,
    at: String,
    session_id: Option<String>,
    request_id: Option<String>,
    channel: String,
    model: String,
    capability: String,
    cost_nanos: Nanos,
    settlement: String,
    company: String,
    #[serde(deserialize_with = "each_once")]
    details: BTreeMap<String, String>,
    salt: String,
    personal: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Digest {
    digest: String,
    salt: Option<String>,
}

/// A map without a name that is there twice: readers would differ in which of the two they see.
fn each_once<'de, D: Deserializer<'de>>(source: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct EachOnce;
    impl<'de> Visitor<'de> for EachOnce {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of texts")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut read = BTreeMap::new();
            while let Some((name, value)) = map.next_entry::<String, String>()? {
                if read.contains_key(&name) {
                    return Err(M::Error::custom(format_args!("duplicate field `{name}`")));
                }
                read.insert(name, value);
            }
            Ok(read)
        }
    }
    source.deserialize_map(EachOnce)
}

impl Entry {
    /// The entry that a line of JSON shows, and its number. Also refused: a name that is there twice, which other readers
    /// might read otherwise.
    ///
    /// # Errors
    /// As [`Entry::from_view`].
    pub fn from_line(line: &str) -> Result<(Option<u64>, Self), ViewError> {
        let shown: Shown = serde_json::from_str(line).map_err(|error| ViewError::Malformed(error.to_string()))?;
        Ok((shown.seq, Self::shown(shown)?))
    }

    /// The entry that a view shows.
    ///
    /// # Errors
    /// It is no view, or it contradicts itself: the amount is not the cost, a session or request is not what the digest
    /// of personal data was made of.
    pub fn from_view(view: &Json) -> Result<Self, ViewError> {
        Self::shown(Shown::deserialize(view).map_err(|error| ViewError::Malformed(error.to_string()))?)
    }

    fn shown(shown: Shown) -> Result<Self, ViewError> {
        let at_ms = Millis::parse(&shown.at).filter(|at| at.to_string() == shown.at);
        let at_ms = at_ms.ok_or(ViewError::Contradiction("`at` is not a time as the log writes it"))?;
        if shown.cost_currency != "USD" {
            return Err(ViewError::Contradiction("`cost_currency` is not USD"));
        }
        // Read by the same parser, so equal exactly if they are the same amount to its precision.
        if serde_json::from_str::<Json>(&shown.cost_nanos.to_string()).ok().as_ref() != Some(&shown.cost_amount) {
            return Err(ViewError::Contradiction("`cost_amount` is not `cost_nanos` in USD"));
        }
        check_personal(&shown)?;
        Ok(Self {
            v: shown.v,
            salt: shown.salt,
            tenant_id: shown.tenant_id,
            company: shown.company,
            event_type: shown.event_type,
            provider: shown.provider,
            model: shown.model,
            units_consumed: shown.units_consumed,
            unit_type: shown.unit_type,
            cost_nanos: shown.cost_nanos,
            limit_check_id: shown.limit_check_id,
            channel: shown.channel,
            capability: shown.capability,
            settlement: shown.settlement,
            at_ms,
            personal: shown.personal.map(|personal| personal.digest),
            details: shown.details,
        })
    }
}

/// What is shown of personal data is what the entry's digest was made of, or nothing once it is erased.
fn check_personal(shown: &Shown) -> Result<(), ViewError> {
    let Shown { session_id, request_id, personal, .. } = shown;
    match personal.as_ref().map(|personal| (&personal.digest, &personal.salt)) {
        Some((digest, Some(salt))) => {
            let request_id = request_id.clone().unwrap_or_default();
            let opening = Personal { salt: salt.clone(), session_id: session_id.clone(), request_id };
            let same = opening.digest() == *digest;
            same.then_some(()).ok_or(ViewError::Contradiction("`session_id` and `request_id` don't give `personal`"))
        }
        Some((_, None)) | None if session_id.is_some() || request_id.is_some() => {
            Err(ViewError::Contradiction("`session_id` or `request_id` without the salt that proves it"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

    use serde_json::json;

    use super::*;
    use crate::{Staged, VERSION, View};

    fn staged(nanos: i64, session: Option<&str>, request: &str) -> Staged {
        let entry = Entry {
            v: VERSION,
            tenant_id: "demo".into(),
            event_type: "TWIN_INTERACTION".into(),
            units_consumed: 30,
            cost_nanos: Nanos(nanos),
            limit_check_id: "lc_1".into(),
            at_ms: Millis(1_795_165_200_001),
            details: [("reason".to_owned(), "ü \"quoted\"".to_owned())].into(),
            ..Entry::default()
        };
        Staged::new(entry, [[7; 16], [8; 16]], session.map(str::to_owned), request.into())
    }

    fn view(staged: &Staged, erased: bool) -> Json {
        let opening = staged.opening.as_ref().filter(|_| !erased);
        let text = serde_json::to_string(&View::of(&staged.entry, Some(3), opening)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_view_gives_back_the_very_bytes() {
        let check = |nanos: i64, session: Option<&str>, request: &str| {
            let staged = staged(nanos, session, request);
            for erased in [false, true] {
                let read = Entry::from_view(&view(&staged, erased)).unwrap();
                assert_eq!(read.canonical(), staged.entry.canonical());
            }
        };
        check(45_000_000, Some("ses_1"), "req_1");
        check(1, None, "req_1");
        check(0, None, "");
        check(-10_000_000, None, "req_1");
        check(i64::MAX, Some("ses_1"), "");
    }

    #[test]
    fn a_view_that_contradicts_itself_is_refused() {
        let check = |field: &str, value: Json, words: &str| {
            let mut view = view(&staged(45_000_000, Some("ses_1"), "req_1"), false);
            view[field] = value;
            let error = Entry::from_view(&view).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        check("cost_amount", json!(0.046), "`cost_amount`");
        check("cost_amount", json!("0.045"), "`cost_amount`");
        check("cost_nanos", json!(45_000_001), "`cost_amount`");
        check("cost_nanos", json!(45.5), "not an entry");
        check("cost_currency", json!("EUR"), "`cost_currency`");
        check("at", json!("2026-11-20T09:00:00Z"), "`at`");
        check("session_id", json!("ses_2"), "don't give `personal`");
        check("request_id", Json::Null, "don't give `personal`");
        check("personal", Json::Null, "without the salt");
        check("note", json!("more"), "unknown field");
        check("tenant_id", Json::Null, "not an entry");
        let mut erased = view(&staged(1, Some("ses_1"), "req_1"), true);
        erased["session_id"] = json!("ses_1");
        assert!(Entry::from_view(&erased).is_err());
    }

    #[test]
    fn a_line_with_a_name_twice_is_refused() {
        let staged = staged(45_000_000, Some("ses_1"), "req_1");
        let line = serde_json::to_string(&View::of(&staged.entry, Some(3), staged.opening.as_ref())).unwrap();
        let (seq, entry) = Entry::from_line(&line).unwrap();
        assert_eq!((seq, entry.canonical()), (Some(3), staged.entry.canonical()));
        let check = |from: &str, to: &str, words: &str| {
            let changed = line.replacen(from, to, 1);
            assert_ne!(changed, line, "{from}");
            let error = Entry::from_line(&changed).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        check("{", "{\"cost_nanos\":1,", "duplicate field `cost_nanos`");
        check("{", "{\"seq\":9,", "duplicate field `seq`");
        check("\"details\":{", "\"details\":{\"reason\":\"\",", "duplicate field `reason`");
        check("\"personal\":{", "\"personal\":{\"salt\":null,", "duplicate field `salt`");
        check("{", "{\"note\":1,", "unknown field");
        check("\"USD\"", "\"EUR\"", "`cost_currency`");
    }
}
