//! An entry: its canonical bytes, which are the log, and the JSON view, which is what people read.
//!
//! The bytes are JSON with the fields in the order they are declared in, without spaces, and numbers are integers. They
//! must never change for a version: a proof is over them.

use calendar::Millis;
use money::Nanos;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The version of entries written today. Amounts of version 1 are nano-USD.
pub const VERSION: u32 = 1;

/// One settled permit. Holds no personal data: every id in it is the gate's own and random.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// [`VERSION`].
    pub v: u32,
    /// Who pays.
    pub tenant_id: String,
    /// Who owns the tenant.
    pub company: String,
    /// `TWIN_INTERACTION` for a settled permit.
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
    /// Unique in the log.
    pub limit_check_id: String,
    /// The page's session, if one paid.
    pub session_id: Option<String>,
    /// The request that caused it.
    pub request_id: String,
    /// `portal`, `widget`, `landing`; empty for a tenant's own server.
    pub channel: String,
    /// `chat`, `speech`, `video`, `context`, `jobs`.
    pub capability: String,
    /// `exact`, `full`, `overrun`.
    pub settlement: String,
    /// When the cost was decided; decides the month and day it counts in.
    pub at_ms: Millis,
}

impl Entry {
    /// The bytes that the log keeps and proves.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        // Can't fail: strings, integers and an option, and no map with keys of another kind.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The JSON view; `seq` is absent while the entry is staged.
    #[must_use]
    pub fn view(&self, seq: Option<u64>) -> View {
        View {
            tenant_id: self.tenant_id.clone(),
            event_type: self.event_type.clone(),
            provider: self.provider.clone(),
            units_consumed: self.units_consumed,
            unit_type: self.unit_type.clone(),
            cost_currency: "USD",
            // A number in JSON, written from the integer: 45000000 becomes 0.045 and is never a float on the way.
            cost_amount: RawValue::from_string(self.cost_nanos.to_string()).ok(),
            limit_check_id: self.limit_check_id.clone(),
            v: self.v,
            seq,
            at: self.at_ms.to_string(),
            session_id: self.session_id.clone(),
            request_id: self.request_id.clone(),
            channel: self.channel.clone(),
            model: self.model.clone(),
            capability: self.capability.clone(),
            cost_nanos: self.cost_nanos,
            settlement: self.settlement.clone(),
        }
    }
}

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
    request_id: String,
    channel: String,
    model: String,
    capability: String,
    cost_nanos: Nanos,
    settlement: String,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn entry(nanos: i64) -> Entry {
        Entry {
            v: VERSION,
            tenant_id: "demo".into(),
            company: "acme".into(),
            event_type: "TWIN_INTERACTION".into(),
            provider: "tavus".into(),
            model: String::new(),
            units_consumed: 30,
            unit_type: "seconds".into(),
            cost_nanos: Nanos(nanos),
            limit_check_id: "lc_1".into(),
            session_id: None,
            request_id: "req_1".into(),
            channel: "widget".into(),
            capability: "video".into(),
            settlement: "exact".into(),
            at_ms: Millis(1_795_165_200_000),
        }
    }

    #[test]
    fn the_canonical_bytes_of_version_1_never_change() {
        let bytes = String::from_utf8(entry(45_000_000).canonical()).unwrap();
        assert_eq!(
            bytes,
            r#"{"v":1,"tenant_id":"demo","company":"acme","event_type":"TWIN_INTERACTION","provider":"tavus","model":"","units_consumed":30,"unit_type":"seconds","cost_nanos":45000000,"limit_check_id":"lc_1","session_id":null,"request_id":"req_1","channel":"widget","capability":"video","settlement":"exact","at_ms":1795165200000}"#
        );
        let read: Entry = serde_json::from_str(&bytes).unwrap();
        assert_eq!(read.canonical(), bytes.as_bytes(), "reading and writing again gives the same bytes");
    }

    #[test]
    fn the_view_shows_money_as_an_exact_number() {
        let check = |nanos: i64, shown: &str| {
            let view = serde_json::to_string(&entry(nanos).view(Some(7))).unwrap();
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
        let view = serde_json::to_value(entry(1).view(None)).unwrap();
        let fields: Vec<&str> = view.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            fields.join(" "),
            "tenant_id event_type provider units_consumed unit_type cost_currency cost_amount limit_check_id \
             v seq at session_id request_id channel model capability cost_nanos settlement"
        );
        assert_eq!(view.get("at").and_then(|at| at.as_str()), Some("2026-11-20T09:00:00.000Z"));
        assert!(view.get("seq").unwrap().is_null());
    }
}
