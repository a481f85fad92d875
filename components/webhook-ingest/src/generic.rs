//! Provider `generic`: events of the tenant's own systems, which need no adapter.

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use webhooks::{
    ingest::{Effect, Event, Usage},
    signature::{Scheme, Verified, event_id},
};

/// The provider whose events the gate takes without an adapter.
pub const GENERIC: &str = "generic";
/// The one type that means something to the gate.
const USAGE_CORRECTED: &str = "usage.corrected";
/// As the reason of a correction that came without one.
const NO_REASON: &str = "reported afterwards";

/// How the sender signs: the binding's option `scheme`. `None` for one that there isn't.
#[must_use]
pub fn scheme(options: &Map<String, Json>) -> Option<Scheme> {
    let Some(option) = options.get("scheme") else { return Some(Scheme::Generic) };
    let known = [Scheme::Generic, Scheme::StandardWebhooks, Scheme::Stripe, Scheme::GitHub];
    known.into_iter().find(|scheme| option.as_str() == Some(scheme.name()))
}

/// What makes a repeat the same event, where there is such a thing: what the signature says, or what is in the signed body.
#[must_use]
pub fn dedupe_id(verified: &Verified, body: &[u8]) -> Option<String> {
    verified.id.clone().or_else(|| event_id(body))
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Whole {
    data: Corrected,
}

#[derive(Deserialize)]
struct Corrected {
    limit_check_id: String,
    units: u64,
    unit_type: String,
    #[serde(default)]
    reason: Option<String>,
}

/// What a verified event means. What is unknown is kept and means nothing.
///
/// # Errors
/// It says that it corrects something, and not what.
pub fn read(body: &[u8]) -> Result<Event, String> {
    let head = serde_json::from_slice::<Head>(body);
    match head.as_ref().map(|head| head.kind.as_str()) {
        Ok(USAGE_CORRECTED) => {}
        // Names are for people, and their senders' own.
        Ok(other) => {
            let name = other.chars().filter(|c| !c.is_control()).take(100).collect();
            return Ok(Event { name, effect: Effect::None });
        }
        Err(_) => return Ok(Event { name: GENERIC.into(), effect: Effect::None }),
    }
    let whole: Whole = serde_json::from_slice(body).map_err(|error| format!("{USAGE_CORRECTED}: {error}"))?;
    let Corrected { limit_check_id, units, unit_type, reason } = whole.data;
    let reason = reason.unwrap_or_else(|| NO_REASON.into());
    let used = Usage { limit_check_id, units, unit_type, reason };
    Ok(Event { name: USAGE_CORRECTED.into(), effect: Effect::Used(used) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_binding_says_how_its_sender_signs() {
        let check = |options: Json, expected: Option<&str>| {
            let found = scheme(options.as_object().unwrap()).map(Scheme::name);
            assert_eq!(found, expected, "{options}");
        };
        check(json!({}), Some("generic"));
        for known in ["generic", "standard-webhooks", "stripe", "github"] {
            check(json!({ "scheme": known }), Some(known));
        }
        // Some of the vendors' own don't cover the body, or prove nothing to a third party.
        for unknown in [json!("kie"), json!("telegram"), json!("Stripe"), json!(""), json!(7), json!(null)] {
            check(json!({ "scheme": unknown }), None);
        }
    }

    #[test]
    fn the_signed_id_goes_before_that_in_the_body() {
        let check = |signed: Option<&str>, body: &str, expected: Option<&str>| {
            let verified = Verified { id: signed.map(str::to_owned) };
            assert_eq!(dedupe_id(&verified, body.as_bytes()).as_deref(), expected, "{body}");
        };
        check(Some("a"), r#"{"id":"b"}"#, Some("a"));
        check(None, r#"{"id":"b"}"#, Some("b"));
        for body in [r#"{"id":7}"#, r#"{"id":""}"#, "{}", "", "\u{ff}"] {
            check(None, body, None);
        }
    }

    #[test]
    fn only_corrections_mean_something() {
        let check = |body: &[u8], name: &str| {
            assert_eq!(read(body), Ok(Event { name: name.into(), effect: Effect::None }), "{body:?}");
        };
        check(br#"{"type":"job.done"}"#, "job.done");
        check(br#"{"type":"usage.corrected "}"#, "usage.corrected ");
        check("{\"type\":\"e\\n\u{e9}\"}".as_bytes(), "e\u{e9}");
        check(format!(r#"{{"type":"{}"}}"#, "x".repeat(5_000)).as_bytes(), &"x".repeat(100));
        let deep = [b"{\"type\":\"a\",\"data\":".as_slice(), &[b'['; 100_000]].concat();
        for body in [&b""[..], b"{}", b"[]", b"null", b"\xff\xfe", b"{\"type\":7}", b"{\"type\":\"a\"", &deep] {
            check(body, GENERIC);
        }
    }

    #[test]
    fn a_correction_says_what_was_used() {
        let body = |data: Json| json!({"type": "usage.corrected", "data": data, "more": 1}).to_string().into_bytes();
        let data = json!({"limit_check_id": "lc_1", "units": 7, "unit_type": "seconds", "reason": "why"});
        let used = |reason: &str| Usage {
            limit_check_id: "lc_1".into(),
            units: 7,
            unit_type: "seconds".into(),
            reason: reason.into(),
        };
        assert_eq!(read(&body(data.clone())).unwrap().effect, Effect::Used(used("why")));
        let changed = |field: &str, value: Json| {
            let mut data = data.clone();
            let fields = data.as_object_mut().unwrap();
            fields.remove(field);
            if !value.is_null() {
                fields.insert(field.into(), value);
            }
            read(&body(data))
        };
        assert_eq!(changed("reason", Json::Null).unwrap().effect, Effect::Used(used(NO_REASON)));
        for (field, value) in [
            ("limit_check_id", Json::Null),
            ("limit_check_id", json!(7)),
            ("units", Json::Null),
            ("units", json!(-1)),
            ("units", json!(1.5)),
            ("units", json!("7")),
            ("unit_type", Json::Null),
            ("reason", json!([])),
        ] {
            let told = changed(field, value.clone()).unwrap_err();
            assert!(told.starts_with("usage.corrected: "), "{field} {value}: {told}");
        }
        assert!(read(br#"{"type":"usage.corrected"}"#).is_err());
        assert!(read(br#"{"type":"usage.corrected","data":null}"#).is_err());
    }
}
