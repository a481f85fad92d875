//! `tollgate:core/limits` over the core: decode, core, encode.

use std::time::Duration;

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError, expiry};
use money::{Nanos, Quantity};
use shell::KeyValue;

use crate::{
    bindings::{
        PreFlight,
        limits::{
            self as wit, Amount, Correction, Decision, Denial, DenialKind, Fallback, Fault, FaultKind, Guest, Holder,
            HolderKind, Permit, Remaining, Reservation, Rung, Usage,
        },
    },
    denials,
};

/// How long one maintenance may go on reaping.
const REAP_MS: u64 = 3 * SECOND;
/// Our host runs the maintenance every second, a CronJob every minute. Later than this, callers lend a hand.
const STALE_MS: u64 = 90 * SECOND;
/// Permits settled on the way to another one.
const FEW: usize = 8;

impl Guest for PreFlight {
    fn reserve(request: Reservation) -> Result<Permit, Denial> {
        reserve(&asked(request))
    }

    fn standing(tenant: String) -> Result<Rung, Denial> {
        let found = open().map_err(limits::Denial::from);
        let found = found.and_then(|store| limits::standing(&store, shell::host::now(), &tenant));
        found.map(rung).map_err(|refusal| denial(None, &tenant, "", refusal))
    }

    fn quote(provider: String, model: String, worst_case: Vec<wit::Quantity>) -> Result<i64, Denial> {
        let worst_case: Vec<Quantity> = worst_case.into_iter().map(quantity).collect();
        let found = open().map_err(limits::Denial::from);
        let found = found.and_then(|store| limits::quote(&store, shell::host::now(), &provider, &model, &worst_case));
        found.map(|cost| cost.0).map_err(|refusal| denial(None, "", "", refusal))
    }

    fn charge(id: String, used: Usage) -> Result<Decision, Fault> {
        let store = open().map_err(|error| fault(error.into()))?;
        let used = match used {
            Usage::Actual(quantities) => limits::Used::Actual(quantities.into_iter().map(quantity).collect()),
            Usage::Counted(quantities) => limits::Used::Counted(quantities.into_iter().map(quantity).collect()),
            Usage::Unknown => limits::Used::Unknown,
        };
        let permit = limits::charge(&store, &id, &used).map_err(fault)?;
        decision(&permit).ok_or_else(|| fault(limits::Fault::NotFound))
    }

    fn close(id: String, stage: u64) -> Result<(), Fault> {
        let store = open().map_err(|error| fault(error.into()))?;
        limits::close(&store, &id, stage).map_err(fault)
    }

    fn release(id: String) -> Result<(), Fault> {
        let store = open().map_err(|error| fault(error.into()))?;
        limits::release(&store, &id).map_err(fault)
    }

    fn correct(request: Correction) -> Result<Option<Decision>, Fault> {
        let store = open().map_err(|error| fault(error.into()))?;
        let (now, id) = (shell::host::now(), shell::host::new_id("lc_"));
        let amount = match request.amount {
            Amount::Cost(nanos) => limits::Amount::Cost(Nanos(nanos)),
            Amount::Usage(used) => limits::Amount::Usage(used.into_iter().map(quantity).collect()),
        };
        let asked = limits::Correction { corrects: request.corrects, amount, reason: request.reason };
        let key = request.idempotency_key.as_deref();
        let permit = limits::correct(&store, now, &id, &asked, &request.request_id, key).map_err(fault)?;
        Ok(permit.as_ref().and_then(decision))
    }

    fn inspect(id: String) -> Result<Holder, Fault> {
        let found = || -> Result<_, StoreError> { limits::permit(&id).get(&KeyValue::open()?) };
        let permit = found().map_err(|error| fault(error.into()))?.ok_or_else(|| fault(limits::Fault::NotFound))?;
        let kind = match permit.holder {
            limits::Holder::Gate => HolderKind::Gate,
            limits::Holder::Server => HolderKind::Server,
            limits::Holder::Page => HolderKind::Page,
        };
        Ok(Holder { kind, tenant: permit.tenant, session: permit.session })
    }

    fn overdue(limit: u32) -> Result<Vec<String>, Fault> {
        let run = || {
            let now = shell::host::now();
            expiry::sweep(&open()?, now.hour_number())?;
            reap(now, limit as usize)
        };
        run().map_err(|error: StoreError| fault(error.into()))
    }
}

/// The store for one call: it ends before the reaper takes what the call left behind for abandoned.
fn open() -> Result<KeyValue, StoreError> {
    KeyValue::open_for(Duration::from_millis(limits::PATIENCE_MS / 3))
}

/// Runs of the reaper, until it is through or has worked long enough.
fn reap(now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
    let mut overdue = Vec::new();
    loop {
        let store = KeyValue::open_for(Duration::from_millis(limits::PATIENCE_MS / 3 * 2))?;
        let run = limits::reap(&store, now, limit.saturating_sub(overdue.len()))?;
        overdue.extend(run.overdue);
        if let Some(error) = run.failed {
            shell::warn!("limits", about = "counting anew", error = error);
        }
        if !run.more || shell::host::now().since(now) > REAP_MS {
            return Ok(overdue);
        }
    }
}

/// Reserves under a fresh id; a denial carries the tenant's own fallback.
pub fn reserve(asked: &limits::Reservation) -> Result<Permit, Denial> {
    let (now, id) = (shell::host::now(), shell::host::new_id("lc_"));
    let store = open().map_err(|error| denial(None, &asked.tenant, &id, error.into()))?;
    let granted = limits::reserve(&store, now, &id, asked).map_err(|refusal| {
        let denied = denial(Some(&store), &asked.tenant, &id, refusal.clone());
        // Whoever finds the reaper late lends it a hand and asks once more: it is that answer that counts.
        let is_last = !denied.stale || asked.counted;
        // Perhaps it isn't counted, or told, and is answered all the same.
        let counted = if is_last { limits::count_denial(&store, now, &asked.tenant, &refusal) } else { Ok(()) };
        if let Err(error) = counted.and(denials::tell(&store, now, &id, asked, &refusal)) {
            shell::warn!("limits", about = "a denial", error = error);
        }
        denied
    })?;
    Ok(Permit {
        id: granted.id,
        rung: rung(granted.rung),
        expires_at_ms: granted.expires_at.0,
        remaining: Remaining {
            cost_nanos: granted.remaining.cost.map(|cost| cost.0),
            seconds: granted.remaining.seconds,
        },
        replayed: granted.replayed,
    })
}

/// Frees what vanished callers of this route hold, where nobody else does. What has to be charged waits for whoever
/// may write to the log.
pub fn reap_few() {
    if let Err(error) = reap(shell::host::now(), FEW) {
        shell::warn!("limits", error = error);
    }
}

/// Whether the reaper hasn't run for so long that what it would free may be the reason for a denial.
fn is_stale(store: &dyn Store, kind: DenialKind) -> bool {
    let full = matches!(kind, DenialKind::HardCap | DenialKind::Burst);
    full && limits::last_reaped(store).is_ok_and(|at| shell::host::now().since(at) > STALE_MS)
}

fn asked(request: Reservation) -> limits::Reservation {
    limits::Reservation {
        tenant: request.tenant,
        session: request.session,
        credential: request.credential,
        server: request.server,
        holder: match request.holder {
            HolderKind::Gate => limits::Holder::Gate,
            HolderKind::Server => limits::Holder::Server,
            HolderKind::Page => limits::Holder::Page,
        },
        capability: request.capability,
        provider: request.provider,
        model: request.model,
        channel: request.channel,
        request_id: request.request_id,
        worst_case: request.worst_case.into_iter().map(quantity).collect(),
        ttl_ms: request.ttl_ms,
        idempotency_key: request.idempotency_key,
        continues: request.continues,
        counted: request.counted,
        ticket: request.ticket,
    }
}

fn rung(from: limits::Rung) -> Rung {
    match from {
        limits::Rung::Full => Rung::Full,
        limits::Rung::Throttled => Rung::Throttled,
        limits::Rung::TextOnly => Rung::TextOnly,
    }
}

fn quantity(from: wit::Quantity) -> Quantity {
    Quantity { unit_type: from.unit_type, units: from.units }
}

fn denial(store: Option<&dyn Store>, tenant: &str, id: &str, refusal: limits::Denial) -> Denial {
    let kind = match refusal.kind {
        limits::DenialKind::Invalid => DenialKind::Invalid,
        limits::DenialKind::HardCap => DenialKind::HardCap,
        limits::DenialKind::Burst => DenialKind::Burst,
        limits::DenialKind::RateLimited => DenialKind::RateLimited,
        limits::DenialKind::Conflict => DenialKind::Conflict,
        limits::DenialKind::Forbidden => DenialKind::Forbidden,
        limits::DenialKind::Offline => DenialKind::Offline,
    };
    if kind == DenialKind::Offline {
        shell::warn!("limits", error = refusal.message);
    }
    Denial {
        kind,
        fallback: fallback(store, tenant, kind),
        code: refusal.code,
        message: if kind == DenialKind::Offline { "The store can't be reached.".into() } else { refusal.message },
        param: refusal.param,
        id: (!id.is_empty()).then(|| id.to_owned()),
        retry_after_ms: refusal.retry_after_ms,
        ticket: refusal.ticket,
        stale: store.is_some_and(|store| is_stale(store, kind)),
    }
}

/// In the tenant's own words where the store still answers. Without sound or picture there may still be text.
fn fallback(store: Option<&dyn Store>, tenant: &str, kind: DenialKind) -> Option<Fallback> {
    let mode = match kind {
        DenialKind::HardCap | DenialKind::Burst | DenialKind::RateLimited => "text",
        DenialKind::Offline => "offline",
        DenialKind::Invalid | DenialKind::Conflict | DenialKind::Forbidden => return None,
    };
    let tenant = store.and_then(|store| tenancy::find_tenant(store, tenant).ok().flatten());
    let message = tenant.map_or_else(|| "I am sleeping now".to_owned(), |tenant| tenant.fallback_message);
    Some(Fallback { mode: mode.into(), message })
}

fn decision(permit: &limits::Permit) -> Option<Decision> {
    let (_, stage) = permit.decision()?;
    let entry = permit.entry()?;
    Some(Decision {
        id: entry.limit_check_id,
        event_type: entry.event_type,
        tenant: entry.tenant_id,
        company: entry.company,
        session: permit.session.clone(),
        capability: entry.capability,
        provider: entry.provider,
        model: entry.model,
        channel: entry.channel,
        request_id: permit.request_id.clone(),
        unit_type: entry.unit_type,
        units: entry.units_consumed,
        cost_nanos: entry.cost_nanos.0,
        settlement: entry.settlement,
        at_ms: entry.at_ms.0,
        details: entry.details.into_iter().collect(),
        stage,
    })
}

fn fault(from: limits::Fault) -> Fault {
    let message = from.to_string();
    let make = |kind, code: &str, param: Option<&str>| Fault {
        kind,
        code: code.into(),
        message: message.clone(),
        param: param.map(str::to_owned),
    };
    match from {
        limits::Fault::NotFound => make(FaultKind::NotFound, "not_found", None),
        limits::Fault::Conflict { code, .. } => make(FaultKind::Conflict, code, None),
        limits::Fault::Invalid { param, .. } => make(FaultKind::Invalid, "invalid_request", Some(param)),
        limits::Fault::Store(error) => {
            shell::warn!("limits", error = error);
            Fault {
                kind: FaultKind::Offline,
                code: "offline".into(),
                message: "The store can't be reached.".into(),
                param: None,
            }
        }
    }
}
