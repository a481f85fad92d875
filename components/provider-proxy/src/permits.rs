//! Permits: ask for one, settle one.

use std::time::Duration;

use kv_schemas::Store;
use shell::{Call, Kind, Problem, offline};

use crate::{
    bindings::{
        adapter, audit,
        limits::{self, Denial, DenialKind, HolderKind, Permit, Quantity, Reservation, Usage},
        sessions::{Caller, Grant},
    },
    problems::{denied, faulty},
};

/// How long a call that waits for a free place sleeps between tries, at first.
const QUEUE_STEP_MS: u64 = 50;

/// What a permit is for.
pub struct Ask<'a> {
    pub grant: &'a Grant,
    pub capability: &'a str,
    pub provider: &'a str,
    pub model: &'a str,
    pub worst_case: Vec<Quantity>,
    pub ttl_ms: u64,
    pub continues: Option<String>,
    /// The rate has been counted by another reservation of the same request.
    pub counted: bool,
    /// Names the permit: asked for again by the same token, the same permit comes back.
    pub token: Option<&'a str>,
}

/// A permit, waiting for a free place as long as the tenant lets its callers wait.
pub async fn reserve(call: &Call, store: &dyn Store, ask: &Ask<'_>) -> Result<Permit, Problem> {
    let started = shell::host::now();
    let mut tries = 0;
    let mut slept = 0;
    loop {
        let denial = match limits::reserve(&reservation(call, ask, tries)) {
            Ok(permit) => return Ok(permit),
            Err(denial) => denial,
        };
        if denial.kind != DenialKind::Burst {
            return Err(log_offline(denial));
        }
        // By a token the tries are counted, not timed: a retry after a crash must come as far as the first attempt.
        let wait = queue_wait(store, ask)?;
        let waited = if ask.token.is_some() { slept } else { shell::host::now().since(started) };
        if waited >= wait {
            return Err(log_offline(denial));
        }
        let pause = pause_ms(ask.token, tries).min(wait - waited);
        spin_sdk::time::sleep(Duration::from_millis(pause)).await;
        slept += pause;
        tries += 1;
    }
}

/// Every try by a token leaves a record of its denial, so those become rarer.
fn pause_ms(token: Option<&str>, tries: u32) -> u64 {
    match token {
        None => QUEUE_STEP_MS,
        Some(_) => QUEUE_STEP_MS << tries.min(8),
    }
}

/// A denied token stays denied, so that each further try has one of its own.
fn of_try(token: &str, tries: u32) -> String {
    format!("{token}.{tries}")
}

fn queue_wait(store: &dyn Store, ask: &Ask<'_>) -> Result<u64, Problem> {
    let tenant = tenancy::find_tenant(store, &ask.grant.tenant).map_err(|error| offline(&error))?;
    Ok(tenant.and_then(|tenant| tenant.limits.queue_wait_ms).unwrap_or(0))
}

fn log_offline(denial: Denial) -> Problem {
    if denial.kind == DenialKind::Offline {
        eprintln!("limits: {}", denial.message);
    }
    denied(denial)
}

fn reservation(call: &Call, ask: &Ask<'_>, tries: u32) -> Reservation {
    Reservation {
        tenant: ask.grant.tenant.clone(),
        session: ask.grant.session.clone(),
        credential: ask.grant.credential.clone(),
        server: ask.grant.caller == Caller::Server,
        holder: HolderKind::Gate,
        capability: ask.capability.into(),
        provider: ask.provider.into(),
        model: ask.model.into(),
        channel: ask.grant.channel.clone(),
        request_id: call.request_id.clone(),
        worst_case: ask.worst_case.clone(),
        ttl_ms: ask.ttl_ms,
        idempotency_key: ask.token.map(|token| of_try(token, tries)),
        continues: ask.continues.clone(),
        queued: ask.counted || tries > 0,
    }
}

/// What a settlement came to.
pub struct Settled {
    pub cost_nanos: i64,
    pub stage: u64,
}

/// Charge, log, close: in this order. A crash after any of them is resumed by the reaper (see `maintenance`).
pub fn settle(id: &str, used: &Usage) -> Result<Settled, Problem> {
    let charge = limits::charge(id, used).map_err(faulty)?;
    let stage = match charge.stage {
        Some(stage) => stage,
        None => audit::append(&entry(&charge)).map_err(|failure| {
            eprintln!("audit: {}", failure.message);
            Problem::offline()
        })?,
    };
    limits::close(id, stage).map_err(faulty)?;
    Ok(Settled { cost_nanos: charge.cost_nanos, stage })
}

/// Settles with what a meter or a clock found. Usage that makes no sense is no usage: the whole reservation is spent.
fn settle_found(id: &str, used: &Usage) -> Result<Settled, Problem> {
    match settle(id, used) {
        Err(problem) if problem.kind == Kind::InvalidRequest => {
            eprintln!("usage of {id}: {}", problem.message);
            settle(id, &Usage::Unknown)
        }
        settled => settled,
    }
}

/// Settles after the answer is out: a failure has nobody to go to but the log, and the reaper tries again.
pub fn settle_later(id: &str, used: &Usage) {
    if let Err(problem) = settle_found(id, used) {
        eprintln!("settle {id}: {} {}", problem.code, problem.message);
    }
}

/// Settles a permit whose being resolved otherwise, by somebody who was quicker, is as good.
pub fn resolve(id: &str, used: &Usage) -> Result<(), Problem> {
    match settle_found(id, used) {
        Ok(_) => Ok(()),
        Err(problem) => match (problem.kind, problem.code.as_str()) {
            (Kind::NotFound, _) | (Kind::Conflict, "already_settled" | "already_released" | "denied") => Ok(()),
            _ => Err(problem),
        },
    }
}

/// Gives a permit back: the vendor was not called, or did nothing.
pub fn release(id: &str) {
    if let Err(fault) = limits::release(id) {
        eprintln!("release {id}: {} {}", fault.code, fault.message);
    }
}

fn entry(charge: &limits::Decision) -> audit::Entry {
    audit::Entry {
        tenant: charge.tenant.clone(),
        company: charge.company.clone(),
        event_type: "TWIN_INTERACTION".into(),
        provider: charge.provider.clone(),
        model: charge.model.clone(),
        units: charge.units,
        unit_type: charge.unit_type.clone(),
        cost_nanos: charge.cost_nanos,
        limit_check_id: charge.id.clone(),
        session: charge.session.clone(),
        request_id: charge.request_id.clone(),
        channel: charge.channel.clone(),
        capability: charge.capability.clone(),
        settlement: charge.settlement.clone(),
        at_ms: charge.at_ms,
    }
}

/// An adapter's quantities as the limits take them.
pub fn quantities(from: &[adapter::Quantity]) -> Vec<Quantity> {
    from.iter().map(|q| Quantity { unit_type: q.unit_type.clone(), units: q.units }).collect()
}

/// What a meter found, as the limits take it.
pub fn used(usage: adapter::Usage) -> Usage {
    match usage {
        adapter::Usage::Reported(found) => Usage::Actual(quantities(&found)),
        adapter::Usage::Counted(found) => Usage::Counted(quantities(&found)),
        adapter::Usage::Unknown => Usage::Unknown,
    }
}
