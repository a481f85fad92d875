//! `GET /v1/usage/days`: day by day what was settled, by capability, and what was denied, by reason.
//!
//! The sums of past days are complete in the store, so the answer costs a few reads for each day, however much happened.

use std::collections::BTreeMap;

use audit::{Filter, Totals};
use calendar::{DAY, Millis};
use kv_schemas::{Store, StoreError};
use money::Nanos;
use serde_json::{Value as Json, json};
use session::{Caller, Grant};
use shell::{Call, KeyValue, Problem, Reply, offline};

use crate::{caller::anyone, usage::by_capability};

/// The longest span.
const MAX_DAYS: u64 = 92;
/// How many days when the caller doesn't say: up to today.
const DEFAULT_DAYS: u64 = 30;

/// Shows a tenant its own days; the operator names the tenant, or sees what all of them come to.
pub async fn show(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = anyone(call, store).await?;
    let whose = whose(grant, call.query("tenant"))?;
    let now = shell::host::now();
    let span = Span::read(call.query("from").as_deref(), call.query("to").as_deref(), now)?;
    if let Filter::Tenant(tenant) = &whose {
        let found = tenancy::find_tenant(store, tenant).map_err(|error| offline(&error))?;
        found.ok_or_else(|| Problem::not_found("There is no such tenant."))?;
    }
    let days = days(store, now, &whose, &span).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &days))
}

fn whose(grant: Grant, tenant: Option<String>) -> Result<Filter, Problem> {
    match (grant.caller, tenant) {
        (Caller::Operator, None) => Ok(Filter::All),
        (Caller::Operator, Some(tenant)) => Ok(Filter::Tenant(tenant)),
        (Caller::Page, _) => Err(Problem::forbidden("secret_key_needed", "Pages can't see this; use a secret key.")),
        (Caller::Server, Some(other)) if other != grant.tenant => {
            let problem = Problem::forbidden("wrong_tenant", "A tenant sees its own usage only.");
            Err(problem.with_param(Some("tenant".into())))
        }
        (Caller::Server, _) => Ok(Filter::Tenant(grant.tenant)),
    }
}

/// UTC days, by their beginnings.
#[derive(Debug, PartialEq, Eq)]
struct Span {
    from: Millis,
    to: Millis,
}

impl Span {
    /// Both ends are in it. Where one is missing, it follows from the other and today.
    fn read(from: Option<&str>, to: Option<&str>, now: Millis) -> Result<Self, Problem> {
        let today = Millis(now.0 / DAY * DAY);
        let to = to.map_or(Ok(today), |text| day("to", text))?;
        let default = || Ok(Millis(to.0.saturating_sub((DEFAULT_DAYS - 1) * DAY)));
        let from = from.map_or_else(default, |text| day("from", text))?;
        if from > to {
            return Err(Problem::invalid("from", "must not be after `to`, which is today where it isn't given"));
        }
        if to.since(from) / DAY >= MAX_DAYS {
            return Err(Problem::invalid(
                "from",
                format!("must be at most {MAX_DAYS} days before `to`, both included"),
            ));
        }
        Ok(Self { from, to })
    }

    fn days(&self) -> Vec<Millis> {
        (self.from.0 / DAY..=self.to.0 / DAY).map(|number| Millis(number * DAY)).collect()
    }
}

/// `2026-11-21`, and no other spelling of it.
fn day(param: &str, text: &str) -> Result<Millis, Problem> {
    let day = Millis::parse(&format!("{text}T00:00:00Z")).filter(|day| day.day() == text);
    day.ok_or_else(|| Problem::invalid(param, "must be a UTC day such as 2026-11-21"))
}

fn days(store: &dyn Store, now: Millis, whose: &Filter, span: &Span) -> Result<Json, StoreError> {
    let tenant = match whose {
        Filter::All => None,
        Filter::Tenant(tenant) => Some(tenant.as_str()),
    };
    let days = span.days();
    let mut shown = Vec::new();
    for (day, sums) in days.iter().zip(audit::days(store, whose, &days)?) {
        shown.push(one(*day, sums.as_ref(), limits::denials_on(store, now, tenant, *day)?));
    }
    Ok(json!({ "tenant_id": tenant, "from": span.from.day(), "to": span.to.day(), "days": shown }))
}

/// What nobody knows any more is `null`, and never 0.
fn one(day: Millis, sums: Option<&Totals>, denials: Option<BTreeMap<String, u64>>) -> Json {
    json!({
        "day": day.day(),
        "cost_usd": sums.map(|sums| Nanos(sums.settled_nanos).to_string()),
        "entries": sums.map(|sums| sums.entries),
        "by_capability": sums.map_or_else(|| json!({}), by_capability),
        "denials": denials,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T12:00:00Z
    const NOON: Millis = Millis(1_795_262_400_000);

    #[test]
    fn ops_2_a_span_is_of_whole_days_and_bounded() {
        let check = |from: Option<&str>, to: Option<&str>, expected: Result<(&str, &str, usize), &str>| {
            let found = Span::read(from, to, NOON).map(|span| (span.from.day(), span.to.day(), span.days().len()));
            let found = found.map_err(|problem| problem.param.unwrap_or_default());
            let expected = expected.map(|(from, to, days)| (from.to_owned(), to.to_owned(), days));
            assert_eq!(found, expected.map_err(str::to_owned), "{from:?} {to:?}");
        };
        check(None, None, Ok(("2026-10-23", "2026-11-21", 30)));
        check(Some("2026-11-21"), None, Ok(("2026-11-21", "2026-11-21", 1)));
        check(None, Some("2026-03-01"), Ok(("2026-01-31", "2026-03-01", 30)));
        check(Some("2024-02-28"), Some("2024-03-01"), Ok(("2024-02-28", "2024-03-01", 3)));
        check(Some("2026-11-01"), Some("2026-12-01"), Ok(("2026-11-01", "2026-12-01", 31)));
        check(Some("2026-08-22"), None, Ok(("2026-08-22", "2026-11-21", 92)));
        check(Some("2026-08-21"), None, Err("from"));
        check(Some("2026-11-22"), None, Err("from"));
        check(Some("1970-01-01"), Some("1970-01-01"), Ok(("1970-01-01", "1970-01-01", 1)));
        check(None, Some("1970-01-01"), Ok(("1970-01-01", "1970-01-01", 1)));
        check(None, Some("9999-12-31"), Ok(("9999-12-02", "9999-12-31", 30)));
        for bad in ["", "2026-11-31", "2026-1-1", "20261121", "2026-11-21T00:00:00Z", "1969-12-31", "+2026-01-01", " "]
        {
            check(Some(bad), None, Err("from"));
            check(None, Some(bad), Err("to"));
        }
    }

    #[test]
    fn ops_2_what_nobody_knows_is_null() {
        let day = one(NOON, None, None);
        for field in ["cost_usd", "entries", "denials"] {
            assert!(day[field].is_null(), "{field} in {day}");
        }
        let day = one(NOON, Some(&Totals::default()), Some(BTreeMap::new()));
        assert_eq!((&day["cost_usd"], &day["entries"], &day["denials"]), (&json!("0.00"), &json!(0), &json!({})));
    }
}
