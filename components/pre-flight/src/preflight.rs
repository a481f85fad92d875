//! `POST /v1/preflight`: a permit for a caller that calls the vendor itself.

use calendar::{Millis, SECOND};
use kv_schemas::Store;
use limits::{Holder, Reservation};
use money::Quantity;
use serde::Deserialize;
use serde_json::json;
use session::{Caller, Grant};
use shell::{Call, KeyValue, Problem, Reply, offline};
use spin_sdk::time::sleep;
use std::time::Duration;

use crate::{
    bindings::limits::{Denial, DenialKind, Permit, Rung},
    caller::tenant_caller,
    exports,
};

/// How long a permit is held unless the caller says otherwise.
const DEFAULT_HOLD_S: u64 = 120;
/// The longest a caller may ask for.
const MAX_HOLD_S: u64 = 3_600;
/// The longest that anybody waits for a free place, whatever the queue says.
const MAX_WAIT_MS: u64 = 60 * SECOND;
/// A waiting call doesn't come again sooner.
const MIN_PAUSE_MS: u64 = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    capability: String,
    provider: String,
    #[serde(default)]
    model: Option<String>,
    estimate: Estimate,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    hold_s: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Estimate {
    units: u64,
    unit_type: String,
}

/// Reserves the estimate.
pub async fn check(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = tenant_caller(call, store).await?;
    let body: Body = call.json()?;
    if grant.caller == Caller::Page && !grant.capabilities.contains(&body.capability) {
        return Err(Problem::forbidden("capability_disabled", "This session does not have this capability."));
    }
    let permit = reserve(reservation(call, store, grant, body)?).await?;
    Ok(Reply::json(200, &answer(&permit, shell::host::now())).with("x-limit-check-id", &permit.id))
}

/// A permit, waiting in the tenant's queue for a free place as long as the tenant lets its callers wait.
async fn reserve(mut asked: Reservation) -> Result<Permit, Problem> {
    let started = shell::host::now();
    let mut reaped = false;
    loop {
        let denial = match exports::reserve(&asked) {
            Ok(permit) => return Ok(permit),
            Err(denial) => denial,
        };
        asked.counted = true;
        if denial.ticket.is_some() && shell::host::now().since(started) < MAX_WAIT_MS {
            asked.ticket = denial.ticket;
            let pause = denial.retry_after_ms.unwrap_or(MIN_PAUSE_MS).max(MIN_PAUSE_MS);
            sleep(Duration::from_millis(pause)).await;
        } else if denial.stale && !reaped {
            exports::reap_few();
            reaped = true;
        } else {
            return Err(problem(denial));
        }
    }
}

fn reservation(call: &Call, store: &dyn Store, grant: Grant, body: Body) -> Result<Reservation, Problem> {
    for (param, text, most) in [("provider", Some(&body.provider), 40), ("model", body.model.as_ref(), 128)] {
        if text.is_some_and(|text| text.len() > most) {
            return Err(Problem::invalid(param, format!("must have at most {most} characters")));
        }
    }
    let hold_s = body.hold_s.unwrap_or(DEFAULT_HOLD_S);
    if !(1..=MAX_HOLD_S).contains(&hold_s) {
        return Err(Problem::invalid("hold_s", "must be between 1 and 3600"));
    }
    let (session, channel) = match (grant.session, body.session_id) {
        (Some(own), Some(named)) if own != named => {
            return Err(Problem::forbidden("wrong_session", "A session can only ask for itself."));
        }
        (Some(own), _) => (Some(own), grant.channel),
        (None, Some(named)) => {
            let found = session::find(store, &named).map_err(|error| offline(&error))?;
            let found = found.filter(|found| found.tenant == grant.tenant);
            let found = found.ok_or_else(|| Problem::not_found("There is no such session."))?;
            (Some(named), found.channel.clone())
        }
        (None, None) => (None, grant.channel),
    };
    Ok(Reservation {
        tenant: grant.tenant,
        session,
        credential: grant.credential,
        server: grant.caller == Caller::Server,
        holder: if grant.caller == Caller::Page { Holder::Page } else { Holder::Server },
        capability: body.capability,
        provider: body.provider,
        model: body.model.unwrap_or_default(),
        channel,
        request_id: call.request_id.clone(),
        worst_case: vec![Quantity { unit_type: body.estimate.unit_type, units: body.estimate.units }],
        ttl_ms: hold_s * SECOND,
        idempotency_key: call.idempotency_key()?.map(str::to_owned),
        continues: None,
        counted: false,
        ticket: None,
    })
}

fn answer(permit: &Permit, now: Millis) -> serde_json::Value {
    json!({
        "decision": if permit.rung == Rung::TextOnly { "downgrade" } else { "allow" },
        "limit_check_id": permit.id,
        "mode": match permit.rung {
            Rung::Full => "full",
            Rung::Throttled => "throttled",
            Rung::TextOnly => "text",
        },
        "expires_in_s": Millis(permit.expires_at_ms).since(now) / SECOND,
        "remaining": {
            "cost_usd": permit.remaining.cost_nanos.map(|nanos| money::Nanos(nanos).to_string()),
            "seconds": permit.remaining.seconds,
        },
    })
}

fn problem(denial: Denial) -> Problem {
    use shell::Kind;
    let kind = match denial.kind {
        DenialKind::Invalid => Kind::InvalidRequest,
        DenialKind::HardCap => Kind::HardCap,
        DenialKind::Burst => Kind::Burst,
        DenialKind::RateLimited => Kind::RateLimited,
        DenialKind::Conflict => Kind::Conflict,
        DenialKind::Forbidden => Kind::Forbidden,
        DenialKind::Offline => Kind::Offline,
    };
    Problem {
        param: denial.param,
        limit_check_id: denial.id,
        fallback: denial.fallback.map(|f| problem::Fallback { mode: f.mode, message: f.message }),
        retry_after_ms: denial.retry_after_ms,
        ..Problem::new(kind, &denial.code, denial.message)
    }
}
