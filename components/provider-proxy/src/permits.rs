//! Permits: ask for one, settle one.

use std::time::Duration;

use shell::{Call, Kind, Problem};

use crate::{
    bindings::{
        adapter, audit,
        limits::{self, Denial, DenialKind, HolderKind, Permit, Quantity, Reservation, Usage},
        sessions::{Caller, Grant},
    },
    problems::{denied, faulty},
    told,
};

/// The longest that anybody waits for a free place, whatever the queue says.
const MAX_WAIT_MS: u64 = 60_000;
/// A waiting call doesn't come again sooner.
const MIN_PAUSE_MS: u64 = 20;
/// Permits settled on the way to another one.
const FEW: u32 = 8;

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

/// A permit, waiting in the tenant's queue for a free place as long as the tenant lets its callers wait.
pub async fn reserve(call: &Call, ask: &Ask<'_>) -> Result<Permit, Problem> {
    let started = shell::host::now();
    let (mut ticket, mut counted, mut reaped) = (None, ask.counted, false);
    loop {
        let denial = match limits::reserve(&reservation(&call.request_id, ask, ticket, counted)) {
            Ok(permit) => return Ok(permit),
            Err(denial) => denial,
        };
        counted = true;
        if denial.ticket.is_some() && shell::host::now().since(started) < MAX_WAIT_MS {
            ticket = denial.ticket;
            let pause = denial.retry_after_ms.unwrap_or(MIN_PAUSE_MS).max(MIN_PAUSE_MS);
            spin_sdk::time::sleep(Duration::from_millis(pause)).await;
        } else if denial.stale && !reaped {
            // What stands in the way may belong to callers that are long gone.
            settle_overdue(FEW)?;
            reaped = true;
        } else {
            return Err(log_offline(denial));
        }
    }
}

/// A permit now or not at all, for who comes again by itself.
pub fn reserve_now(request_id: &str, ask: &Ask<'_>) -> Result<Permit, Problem> {
    limits::reserve(&reservation(request_id, ask, None, ask.counted)).map_err(|denial| {
        if denial.stale
            && let Err(problem) = settle_overdue(FEW)
        {
            shell::warn!("permits", code = problem.code, message = problem.message);
        }
        log_offline(denial)
    })
}

fn log_offline(denial: Denial) -> Problem {
    if denial.kind == DenialKind::Offline {
        shell::warn!("limits", message = denial.message);
    }
    denied(denial)
}

fn reservation(request_id: &str, ask: &Ask<'_>, ticket: Option<u64>, counted: bool) -> Reservation {
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
        request_id: request_id.into(),
        worst_case: ask.worst_case.clone(),
        ttl_ms: ask.ttl_ms,
        idempotency_key: ask.token.map(str::to_owned),
        continues: ask.continues.clone(),
        counted,
        ticket,
    }
}

/// What a settlement came to.
pub struct Settled {
    pub cost_nanos: i64,
    pub stage: u64,
}

/// Charge, log, close: in this order. A crash after any of them is resumed by the reaper (see `maintenance`).
pub fn settle(id: &str, used: &Usage) -> Result<Settled, Problem> {
    log(&limits::charge(id, used).map_err(faulty)?)
}

/// A cost that is decided is logged, and what was held beyond it given back.
pub fn log(charge: &limits::Decision) -> Result<Settled, Problem> {
    let cost_nanos = charge.cost_nanos;
    // Closed already, and perhaps forgotten.
    if let Some(stage) = charge.stage {
        return Ok(Settled { cost_nanos, stage });
    }
    let stage = audit::append(&entry(charge)).map_err(|failure| {
        shell::warn!("audit", message = failure.message);
        Problem::offline()
    })?;
    // What if we crash after this? The reaper has it logged and told again, under the same ids.
    told::corrected(charge)?;
    limits::close(&charge.id, stage).map_err(faulty)?;
    Ok(Settled { cost_nanos, stage })
}

/// Settles with what a meter or a clock found. Usage that makes no sense is no usage: the whole reservation is spent.
fn settle_found(id: &str, used: &Usage) -> Result<Settled, Problem> {
    match settle(id, used) {
        Err(problem) if problem.kind == Kind::InvalidRequest => {
            shell::warn!("usage", about = id, message = problem.message);
            settle(id, &Usage::Unknown)
        }
        settled => settled,
    }
}

/// Settles after the answer is out: a failure has nobody to go to but the log, and the reaper tries again.
pub fn settle_later(id: &str, used: &Usage) {
    if let Err(problem) = settle_found(id, used) {
        shell::warn!("settle", about = id, code = problem.code, message = problem.message);
    }
}

/// Settles a permit whose being resolved otherwise, by somebody who was quicker, is as good.
pub fn resolve(id: &str, used: &Usage) -> Result<(), Problem> {
    by_anyone(settle_found(id, used).map(drop))
}

fn by_anyone(outcome: Result<(), Problem>) -> Result<(), Problem> {
    outcome.or_else(|problem| match (problem.kind, problem.code.as_str()) {
        (Kind::NotFound, _) | (Kind::Conflict, "already_settled" | "already_released" | "denied") => Ok(()),
        _ => Err(problem),
    })
}

/// Settles permits whose holders vanished: what they used is unknown, so the whole reservation is spent.
pub fn settle_overdue(limit: u32) -> Result<u64, Problem> {
    let mut settled = 0;
    for id in limits::overdue(limit).map_err(faulty)? {
        match settle(&id, &Usage::Unknown) {
            Ok(_) => settled += 1,
            Err(problem) => shell::warn!("settling", about = id, code = problem.code, message = problem.message),
        }
    }
    Ok(settled)
}

/// Gives a permit back: the vendor was not called, or did nothing. A failure has nobody to go to but the log, and the
/// permit is charged in full once it is overdue; who comes again by itself uses [`give_back`].
pub fn release(id: &str) {
    if let Err(fault) = limits::release(id) {
        shell::warn!("release", about = id, code = fault.code, message = fault.message);
    }
}

/// The same, for who tries again. Its being resolved otherwise is as good.
pub fn give_back(id: &str) -> Result<(), Problem> {
    by_anyone(limits::release(id).map(drop).map_err(faulty))
}

fn entry(charge: &limits::Decision) -> audit::Entry {
    audit::Entry {
        tenant: charge.tenant.clone(),
        company: charge.company.clone(),
        event_type: charge.event_type.clone(),
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
        details: charge.details.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_that_somebody_has_resolved_is_resolved_and_trouble_stays_trouble() {
        let check = |outcome: Result<(), Problem>, is_resolved: bool| {
            assert_eq!(by_anyone(outcome.clone()).is_ok(), is_resolved, "{outcome:?}");
        };
        check(Ok(()), true);
        check(Err(Problem::not_found("")), true);
        check(Err(Problem::conflict("already_settled", "")), true);
        check(Err(Problem::conflict("already_released", "")), true);
        check(Err(Problem::conflict("concurrent_settlement", "")), false);
        check(Err(Problem::offline()), false);
    }
}
