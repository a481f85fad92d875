//! `GET /v1/usage`: per window the cap, what is settled, what is held, what remains.
//!
//! *Settled* is the log's own sum (so it can't differ from the log); what the limit counter holds beyond that is *held*.

use audit::{Scope, Totals, totals};
use calendar::Millis;
use kv_schemas::{Store, StoreError, families};
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
    let company = tenancy::company(&tenant.company).get(store)?.unwrap_or_default();
    let mut windows = vec![money_window(store, "tenant", &tenant.id, &tenant.limits, now)?];
    windows.push(money_window(store, "company", &tenant.company, &company.limits, now)?);
    for (scope, owner, limits) in
        [("tenant", &tenant.id, &tenant.limits), ("company", &tenant.company, &company.limits)]
    {
        for (unit, cap) in &limits.daily_units {
            windows.push(unit_window(store, scope, owner, unit, *cap, now)?);
        }
    }
    let month = totals(store, Scope::Tenant, &tenant.id, &now.month())?;
    Ok(json!({
        "tenant_id": tenant.id,
        "company": tenant.company,
        "at": now.to_string(),
        "windows": windows,
        "open": {
            "cap": tenant.limits.burst,
            "held": families::OPEN.counter(&["tenant", &tenant.id]).read(store)?,
        },
        "by_capability": by_capability(&month),
    }))
}

fn money_window(store: &dyn Store, scope: &str, owner: &str, limits: &Limits, now: Millis) -> Result<Json, StoreError> {
    let month = now.month();
    let kind = if scope == "company" { Scope::Company } else { Scope::Tenant };
    // The log first: what settles in between shows as held, never as free.
    let settled = Nanos(totals(store, kind, owner, &month)?.settled_nanos);
    let taken = Nanos(families::MONEY.counter(&[scope, owner, &month]).read(store)?);
    let cap = limits.monthly_cap();
    Ok(json!({
        "scope": scope,
        "window": "month",
        "period": month,
        "unit": "usd",
        "cap": cap.map(|cap| cap.to_string()),
        "settled": settled.to_string(),
        "held": taken.saturating_sub(settled).at_least_zero().to_string(),
        "remaining": cap.map(|cap| cap.saturating_sub(taken).at_least_zero().to_string()),
    }))
}

fn unit_window(
    store: &dyn Store,
    scope: &str,
    owner: &str,
    unit: &str,
    cap: u64,
    now: Millis,
) -> Result<Json, StoreError> {
    let day = now.day();
    let kind = if scope == "company" { Scope::CompanyDay } else { Scope::TenantDay };
    let logged = totals(store, kind, owner, &day)?.units(unit);
    let taken = families::UNITS.counter(&[scope, owner, unit, &day]).read(store)?.max(0).unsigned_abs();
    // The log knows tokens as a whole; of their kinds only the counter knows.
    let settled = if unit.ends_with("_tokens") { taken } else { logged };
    Ok(json!({
        "scope": scope,
        "window": "day",
        "period": day,
        "unit": unit,
        "cap": cap,
        "settled": settled,
        "held": taken.saturating_sub(settled),
        "remaining": cap.saturating_sub(taken),
    }))
}

fn by_capability(month: &Totals) -> Json {
    let shares = month.by_capability.iter().map(|(capability, share)| {
        let share = json!({
            "entries": share.entries,
            "cost_usd": Nanos(share.nanos).to_string(),
            "units": share.units,
        });
        (capability.clone(), share)
    });
    Json::Object(shares.collect::<Map<_, _>>())
}
