//! Caps and rates: what they are, and how a company's go together with its tenants'.

use std::collections::BTreeMap;

use money::Nanos;
use serde::{Deserialize, Serialize};

/// Caps and rates of a tenant or company. Absent means no cap.
///
/// | field | on a company |
/// |---|---|
/// | `monthly_cost_usd`, `daily_units`, `burst` | holds for all its tenants together, besides each tenant's own |
/// | `session_cost_usd`, `session_units`, `queue_wait_ms`, `requests_per_minute`, `request_burst` | the default for each tenant that doesn't set its own |
///
/// Lowering a cap below what is used already is accepted: nothing is undone, and calls are denied until the window ends
/// or the cap is raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Decimal USD per UTC month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_cost_usd: Option<String>,
    /// Units per UTC day, by unit type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub daily_units: BTreeMap<String, u64>,
    /// Decimal USD per page session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_cost_usd: Option<String>,
    /// Units per page session, by unit type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub session_units: BTreeMap<String, u64>,
    /// Open permits at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
    /// How long a call may wait for a free place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_wait_ms: Option<u64>,
    /// Per credential. Tenants' own servers have 60 by default, pages none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// How many of them at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_burst: Option<u64>,
}

impl Limits {
    /// The monthly cap; validated when it was written.
    #[must_use]
    pub fn monthly_cap(&self) -> Option<Nanos> {
        cap(self.monthly_cost_usd.as_deref())
    }

    /// The cap of one page session; validated when it was written.
    #[must_use]
    pub fn session_cap(&self) -> Option<Nanos> {
        cap(self.session_cost_usd.as_deref())
    }

    /// These limits of a tenant, with what the tenant leaves open taken from its company's. `session_units` goes as a
    /// whole: a tenant with a map of its own has none of the company's. What the company caps for all its tenants
    /// together is never taken over.
    #[must_use]
    pub fn or_defaults_of(&self, company: &Self) -> Self {
        let session_units = if self.session_units.is_empty() { &company.session_units } else { &self.session_units };
        Self {
            session_cost_usd: self.session_cost_usd.clone().or_else(|| company.session_cost_usd.clone()),
            session_units: session_units.clone(),
            queue_wait_ms: self.queue_wait_ms.or(company.queue_wait_ms),
            requests_per_minute: self.requests_per_minute.or(company.requests_per_minute),
            request_burst: self.request_burst.or(company.request_burst),
            ..self.clone()
        }
    }
}

/// What is unreadable caps at nothing rather than not at all.
fn cap(usd: Option<&str>) -> Option<Nanos> {
    usd.map(|text| Nanos::parse_usd(text).unwrap_or(Nanos(0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::{Value as Json, json};

    use super::*;

    fn limits(json: Json) -> Limits {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_company_gives_defaults_but_not_its_caps() {
        let check = |tenant: Json, company: Json, together: Json| {
            let merged = limits(tenant.clone()).or_defaults_of(&limits(company.clone()));
            assert_eq!(serde_json::to_value(merged).unwrap(), together, "{tenant} of {company}");
        };
        let shared = json!({"monthly_cost_usd": "9.00", "daily_units": {"seconds": 9}, "burst": 9});
        let defaults = json!({"session_cost_usd": "1.00", "session_units": {"seconds": 60}, "queue_wait_ms": 5,
            "requests_per_minute": 30, "request_burst": 3});
        check(json!({}), json!({}), json!({}));
        check(json!({}), shared.clone(), json!({}));
        check(json!({}), defaults.clone(), defaults.clone());
        check(shared.clone(), json!({"monthly_cost_usd": "1.00", "daily_units": {"tokens": 1}, "burst": 1}), shared);
        let own = json!({"session_cost_usd": "0.00", "session_units": {"tokens": 7}, "queue_wait_ms": 0,
            "requests_per_minute": 600, "request_burst": 60});
        check(own.clone(), defaults.clone(), own.clone());
        check(own.clone(), json!({}), own);
        check(
            json!({"burst": 2, "request_burst": 8}),
            defaults,
            json!({"burst": 2, "session_cost_usd": "1.00", "session_units": {"seconds": 60}, "queue_wait_ms": 5,
                "requests_per_minute": 30, "request_burst": 8}),
        );
    }

    #[test]
    fn a_cap_that_can_not_be_read_lets_nothing_through() {
        let check = |text: Option<&str>, nanos: Option<i64>| {
            let limits = Limits {
                monthly_cost_usd: text.map(Into::into),
                session_cost_usd: text.map(Into::into),
                ..Limits::default()
            };
            assert_eq!(limits.monthly_cap(), nanos.map(Nanos), "{text:?}");
            assert_eq!(limits.session_cap(), nanos.map(Nanos), "{text:?}");
        };
        check(None, None);
        check(Some("0.25"), Some(250_000_000));
        check(Some("0"), Some(0));
        check(Some("a lot"), Some(0));
    }
}
