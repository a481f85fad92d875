//! `GET /v1/usage`: per window the cap, what is settled, what is held, what remains.
//!
//! *Settled* is the log's own sum (so it can't differ from the log); what the limit counter has beyond that is *held*.

use audit::{Scope as Logged, Totals, totals};
use calendar::Millis;
use kv_schemas::{Store, StoreError};
use limits::{Meter, Scope};
use money::Nanos;
use serde_json::{Map, Value as Json, json};
use session::Caller;
use shell::{Call, KeyValue, Problem, Reply, offline};
use tenancy::{Limits, Tenant};

use crate::caller::anyone;

/// Shows a tenant its own usage; the operator names the tenant.
pub async fn show(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = anyone(call, store).await?;
    let tenant = match (grant.caller, call.query("tenant")) {
        (Caller::Operator, Some(tenant)) => tenant,
        (Caller::Operator, None) => return Err(Problem::invalid("tenant", "must name a tenant")),
        (_, Some(other)) if other != grant.tenant => {
            return Err(Problem::forbidden("wrong_tenant", "A tenant sees its own usage only."));
        }
        (_, _) => grant.tenant,
    };
    let found = tenancy::find_tenant(store, &tenant).map_err(|error| offline(&error))?;
    let tenant = found.ok_or_else(|| Problem::not_found("There is no such tenant."))?;
    let usage = usage(store, &tenant, shell::host::now()).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &usage))
}

fn usage(store: &dyn Store, tenant: &Tenant, now: Millis) -> Result<Json, StoreError> {
    let company = tenancy::find_company(store, &tenant.company)?.unwrap_or_default();
    let mut windows = vec![money_window(store, Scope::Tenant, &tenant.id, &tenant.limits, now)?];
    windows.push(money_window(store, Scope::Company, &tenant.company, &company.limits, now)?);
    for (scope, owner, limits) in
        [(Scope::Tenant, &tenant.id, &tenant.limits), (Scope::Company, &tenant.company, &company.limits)]
    {
        for (unit, cap) in &limits.daily_units {
            windows.push(unit_window(store, scope, owner, unit, *cap, now)?);
        }
    }
    let month = totals(store, Logged::Tenant, &tenant.id, &now.month())?;
    let places = Meter::Places { scope: Scope::Tenant, owner: tenant.id.clone() };
    let burst = tenant.limits.burst.map(to_i64);
    Ok(json!({
        "tenant_id": tenant.id,
        "company": tenant.company,
        "at": now.to_string(),
        "windows": windows,
        "open": { "cap": tenant.limits.burst, "held": Taken::of(store, &places, 0, burst)?.held },
        "by_capability": by_capability(&month),
    }))
}

/// A counter, and what of it is held.
struct Taken {
    all: i64,
    held: i64,
}

impl Taken {
    /// What isn't settled is held. Above the cap, a counter also shows calls that are just being denied (or an overrun,
    /// or that the cap was lowered): then the permits themselves are asked.
    fn of(store: &dyn Store, meter: &Meter, settled: i64, cap: Option<i64>) -> Result<Self, StoreError> {
        let all = meter.read(store)?;
        let beyond = all.saturating_sub(settled).max(0);
        let held = if cap.is_some_and(|cap| all > cap) { beyond.min(limits::held(store, meter)?) } else { beyond };
        Ok(Self { all, held })
    }
}

fn money_window(
    store: &dyn Store,
    scope: Scope,
    owner: &str,
    limits: &Limits,
    now: Millis,
) -> Result<Json, StoreError> {
    let month = now.month();
    let kind = if scope == Scope::Company { Logged::Company } else { Logged::Tenant };
    // The log first: what settles in between shows as held, never as free.
    let settled = Nanos(totals(store, kind, owner, &month)?.settled_nanos);
    let cap = limits.monthly_cap();
    let taken = Taken::of(store, &Meter::money(scope, owner, now), settled.0, cap.map(|cap| cap.0))?;
    Ok(json!({
        "scope": scope.name(),
        "window": "month",
        "period": month,
        "unit": "usd",
        "cap": cap.map(|cap| cap.to_string()),
        "settled": settled.to_string(),
        "held": Nanos(taken.held).to_string(),
        "remaining": cap.map(|cap| cap.saturating_sub(Nanos(taken.all)).at_least_zero().to_string()),
    }))
}

fn unit_window(
    store: &dyn Store,
    scope: Scope,
    owner: &str,
    unit: &str,
    cap: u64,
    now: Millis,
) -> Result<Json, StoreError> {
    let day = now.day();
    let kind = if scope == Scope::Company { Logged::CompanyDay } else { Logged::TenantDay };
    let meter = Meter::units(scope, owner, unit, now);
    // The log knows tokens as a whole; of their kinds only the counter knows.
    let logged = if unit.ends_with("_tokens") {
        meter.read(store)?
    } else {
        to_i64(totals(store, kind, owner, &day)?.units(unit))
    };
    let taken = Taken::of(store, &meter, logged, Some(to_i64(cap)))?;
    Ok(json!({
        "scope": scope.name(),
        "window": "day",
        "period": day,
        "unit": unit,
        "cap": cap,
        "settled": logged,
        "held": taken.held,
        "remaining": to_i64(cap).saturating_sub(taken.all).max(0),
    }))
}

fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The parts of each capability, as answers show them.
pub fn by_capability(sums: &Totals) -> Json {
    let shares = sums.by_capability.iter().map(|(capability, share)| {
        let share = json!({
            "entries": share.entries,
            "cost_usd": Nanos(share.nanos).to_string(),
            "units": share.units,
        });
        (capability.clone(), share)
    });
    Json::Object(shares.collect::<Map<_, _>>())
}
