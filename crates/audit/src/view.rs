//! The JSON view of an entry: what people read, and all that it takes to rebuild the canonical bytes.

use std::collections::BTreeMap;

use money::Nanos;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Entry, Personal};

/// What the HTTP interface shows of an entry. The first eight fields are those of the billing contract.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    tenant_id: String,
    event_type: String,
    provider: String,
    units_consumed: u64,
    unit_type: String,
    cost_currency: &'static str,
    cost_amount: Option<Box<RawValue>>,
    limit_check_id: String,
    v: u32,
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
    details: BTreeMap<String, String>,
    salt: String,
    personal: Option<Digest>,
}

/// The digest of personal data, and its salt until it is erased.
#[derive(Debug, Clone, Serialize)]
struct Digest {
    digest: String,
    salt: Option<String>,
}

impl View {
    /// Of an entry with its number, absent while it is staged, and its personal data, absent once it is erased.
    #[must_use]
    pub fn of(entry: &Entry, seq: Option<u64>, opening: Option<&Personal>) -> Self {
        let entry = entry.clone();
        let salt = opening.map(|personal| personal.salt.clone());
        Self {
            tenant_id: entry.tenant_id,
            event_type: entry.event_type,
            provider: entry.provider,
            units_consumed: entry.units_consumed,
            unit_type: entry.unit_type,
            cost_currency: "USD",
            // A number in JSON, written from the integer: 45000000 becomes 0.045 and is never a float on the way.
            cost_amount: RawValue::from_string(entry.cost_nanos.to_string()).ok(),
            limit_check_id: entry.limit_check_id,
            v: entry.v,
            seq,
            at: entry.at_ms.to_string(),
            session_id: opening.and_then(|personal| personal.session_id.clone()),
            request_id: opening.map(|personal| personal.request_id.clone()),
            channel: entry.channel,
            model: entry.model,
            capability: entry.capability,
            cost_nanos: entry.cost_nanos,
            settlement: entry.settlement,
            company: entry.company,
            details: entry.details,
            salt: entry.salt,
            personal: entry.personal.map(|digest| Digest { digest, salt }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use calendar::Millis;

    use super::*;

    fn entry(nanos: i64) -> Entry {
        Entry { cost_nanos: Nanos(nanos), at_ms: Millis(1_795_165_200_000), ..Entry::default() }
    }

    #[test]
    fn the_view_shows_money_as_an_exact_number() {
        let check = |nanos: i64, shown: &str| {
            let view = serde_json::to_string(&View::of(&entry(nanos), Some(7), None)).unwrap();
            assert!(view.contains(&format!(r#""cost_amount":{shown},"#)), "{view}");
            assert!(view.contains(&format!(r#""cost_nanos":{nanos},"#)), "{view}");
        };
        check(45_000_000, "0.045");
        check(1, "0.000000001");
        check(0, "0.00");
        check(i64::MAX, "9223372036.854775807");
        check(-1_500_000_000, "-1.50");
    }

    #[test]
    fn the_view_has_exactly_the_documented_fields() {
        let view = serde_json::to_value(View::of(&entry(1), None, None)).unwrap();
        let mut fields: Vec<&str> = view.as_object().unwrap().keys().map(String::as_str).collect();
        let mut documented: Vec<&str> = "tenant_id event_type provider units_consumed unit_type cost_currency cost_amount \
             limit_check_id v seq at session_id request_id channel model capability cost_nanos settlement company details \
             salt personal"
            .split_whitespace()
            .collect();
        fields.sort_unstable();
        documented.sort_unstable();
        assert_eq!(fields, documented);
        assert_eq!(view.get("at").and_then(|at| at.as_str()), Some("2026-11-20T09:00:00.000Z"));
        assert!(view.get("seq").unwrap().is_null());
    }

    #[test]
    fn personal_data_is_shown_until_it_is_erased() {
        let apart = Personal { salt: "07".repeat(16), session_id: Some("ses_1".into()), request_id: "req_1".into() };
        let entry = Entry { personal: Some(apart.digest()), ..entry(1) };
        let check = |opening: Option<&Personal>, session: &str, salt: &str| {
            let view = serde_json::to_value(View::of(&entry, None, opening)).unwrap();
            let shown = |pointer: &str| view.pointer(pointer).and_then(|text| text.as_str()).unwrap_or("-").to_owned();
            assert_eq!(shown("/personal/digest"), apart.digest());
            assert_eq!((shown("/session_id").as_str(), shown("/personal/salt").as_str()), (session, salt));
        };
        check(Some(&apart), "ses_1", &"07".repeat(16));
        check(None, "-", "-");
    }
}
