//! `tollgate:core/limits` over the core: decode, core, encode.

use calendar::Millis;
use kv_schemas::{Store, StoreError, expiry};
use money::Quantity;
use shell::KeyValue;

use crate::bindings::{
    PreFlight,
    limits::{
        self as wit, Decision, Denial, DenialKind, Fallback, Fault, FaultKind, Guest, Holder, HolderKind, Permit,
        Remaining, Reservation, Rung, Usage,
    },
};

impl Guest for PreFlight {
    fn reserve(request: Reservation) -> Result<Permit, Denial> {
        let asked = asked(request);
        let store = KeyValue::open().map_err(|error| denial(None, &asked, "", error.into()))?;
        reserve(&store, shell::host::now(), &asked)
    }

    fn charge(id: String, used: Usage) -> Result<Decision, Fault> {
        let store = KeyValue::open().map_err(|error| fault(error.into()))?;
        let used = match used {
            Usage::Actual(quantities) => limits::Used::Actual(quantities.into_iter().map(quantity).collect()),
            Usage::Counted(quantities) => limits::Used::Counted(quantities.into_iter().map(quantity).collect()),
            Usage::Unknown => limits::Used::Unknown,
        };
        let permit = limits::charge(&store, shell::host::now(), &id, &used).map_err(fault)?;
        decision(permit).ok_or_else(|| fault(limits::Fault::NotFound))
    }

    fn close(id: String, stage: u64) -> Result<(), Fault> {
        let store = KeyValue::open().map_err(|error| fault(error.into()))?;
        limits::close(&store, &id, stage).map_err(fault)
    }

    fn release(id: String) -> Result<(), Fault> {
        let store = KeyValue::open().map_err(|error| fault(error.into()))?;
        limits::release(&store, &id).map_err(fault)
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
        let run = || -> Result<_, StoreError> {
            let (store, now) = (KeyValue::open()?, shell::host::now());
            expiry::sweep(&store, now.hour_number())?;
            limits::overdue(&store, now, limit as usize)
        };
        run().map_err(|error| fault(error.into()))
    }
}

/// Reserves under a fresh id; a denial carries the tenant's own fallback.
pub fn reserve(store: &dyn Store, now: Millis, asked: &limits::Reservation) -> Result<Permit, Denial> {
    let id = shell::host::new_id("lc_");
    let granted =
        limits::reserve(store, now, &id, asked).map_err(|refusal| denial(Some(store), asked, &id, refusal))?;
    Ok(Permit {
        id: granted.id,
        rung: match granted.rung {
            limits::Rung::Full => Rung::Full,
            limits::Rung::Throttled => Rung::Throttled,
            limits::Rung::TextOnly => Rung::TextOnly,
        },
        expires_at_ms: granted.expires_at.0,
        remaining: Remaining {
            cost_nanos: granted.remaining.cost.map(|cost| cost.0),
            seconds: granted.remaining.seconds,
        },
        replayed: granted.replayed,
    })
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
        queued: request.queued,
    }
}

fn quantity(from: wit::Quantity) -> Quantity {
    Quantity { unit_type: from.unit_type, units: from.units }
}

fn denial(store: Option<&dyn Store>, asked: &limits::Reservation, id: &str, refusal: limits::Denial) -> Denial {
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
        eprintln!("limits: {}", refusal.message);
    }
    Denial {
        kind,
        fallback: fallback(store, asked, kind),
        code: refusal.code,
        message: if kind == DenialKind::Offline { "The store can't be reached.".into() } else { refusal.message },
        param: refusal.param,
        id: (!id.is_empty()).then(|| id.to_owned()),
        retry_after_ms: refusal.retry_after_ms,
    }
}

/// In the tenant's own words where the store still answers. Without sound or picture there may still be text.
fn fallback(store: Option<&dyn Store>, asked: &limits::Reservation, kind: DenialKind) -> Option<Fallback> {
    let mode = match kind {
        DenialKind::HardCap | DenialKind::Burst | DenialKind::RateLimited => "text",
        DenialKind::Offline => "offline",
        DenialKind::Invalid | DenialKind::Conflict | DenialKind::Forbidden => return None,
    };
    let tenant = store.and_then(|store| tenancy::find_tenant(store, &asked.tenant).ok().flatten());
    let message = tenant.map_or_else(|| "I am sleeping now".to_owned(), |tenant| tenant.fallback_message);
    Some(Fallback { mode: mode.into(), message })
}

fn decision(permit: limits::Permit) -> Option<Decision> {
    let (charge, stage) = permit.decision()?;
    let (units, unit_type) = limits::Permit::logged_units(charge);
    Some(Decision {
        units,
        unit_type,
        cost_nanos: charge.cost.0,
        settlement: charge.settlement.name().into(),
        stage,
        at_ms: permit.created_at.0,
        id: permit.id.clone(),
        tenant: permit.tenant.clone(),
        company: permit.company.clone(),
        session: permit.session.clone(),
        capability: permit.capability.clone(),
        provider: permit.provider.clone(),
        model: permit.model.clone(),
        channel: permit.channel.clone(),
        request_id: permit.request_id.clone(),
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
            eprintln!("limits: {error}");
            Fault {
                kind: FaultKind::Offline,
                code: "offline".into(),
                message: "The store can't be reached.".into(),
                param: None,
            }
        }
    }
}
