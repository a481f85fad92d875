//! Reserve: the worst case in every scope, or nothing.

use calendar::Millis;
use kv_schemas::{Store, expiry, families};
use money::{Nanos, PriceRow, PriceTable, Quantity};
use sha2::{Digest, Sha256};
use tenancy::{CAPABILITIES, Company, Tenant};

use crate::{
    error::{Denial, DenialKind},
    holds::{self, Remaining, Rung},
    permit::{Holder, KEPT_HOURS, Listed, Permit, State, list, maker, permit},
    rate,
    units::check_units,
};

/// The most one permit may reserve or be charged: ten thousand USD. Keeps every counter far from its bounds.
pub(crate) const MAX_COST: Nanos = Nanos(10_000_000_000_000);
/// The longest a permit may be held.
const MAX_TTL_MS: u64 = calendar::DAY;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Who pays.
    pub tenant: String,
    /// The page's session.
    pub session: Option<String>,
    /// Whose rate counts.
    pub credential: String,
    /// The default rate of the tenant's own servers applies, rather than that of pages.
    pub server: bool,
    /// Who resolves it.
    pub holder: Holder,
    /// One of `tenancy::CAPABILITIES`.
    pub capability: String,
    /// Which vendor.
    pub provider: String,
    /// Which model; may be empty.
    pub model: String,
    /// Where the page lives; may be empty.
    pub channel: String,
    /// The request that asks.
    pub request_id: String,
    /// The most it can use; empty for a lease on a place alone.
    pub worst_case: Vec<Quantity>,
    /// How long it is held when nobody resolves it.
    pub ttl_ms: u64,
    /// The caller's own key.
    pub idempotency_key: Option<String>,
    /// The lease whose place this reservation uses; its expiry moves along.
    pub continues: Option<String>,
    /// Its rate has been counted already: a further try after `burst`, or a second reservation of one request.
    pub queued: bool,
}

/// A permit as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// `lc_...`
    pub id: String,
    /// How near the cap the tenant is.
    pub rung: Rung,
    /// When the reaper may resolve it.
    pub expires_at: Millis,
    /// What is left.
    pub remaining: Remaining,
    /// Whether this is the answer to an earlier call with the same key.
    pub replayed: bool,
}

/// Reserves, or denies with nothing held. `fresh_id` names the permit unless the caller brought an idempotency key.
pub fn reserve(store: &dyn Store, now: Millis, fresh_id: &str, asked: &Reservation) -> Result<Granted, Denial> {
    let fingerprint = fingerprint(asked);
    let id = match &asked.idempotency_key {
        None => fresh_id.to_owned(),
        Some(key) => {
            let id = format!("lc_{}", digest(&[&asked.tenant, &asked.credential, key]));
            if let Some(first) = first_answer(store, &id, &fingerprint)? {
                return first;
            }
            // What if we crash after winning? Nothing is reserved yet; the key is spent and answers `in_progress`.
            if !maker(&id).win(store)? {
                return Err(in_progress());
            }
            id
        }
    };
    let outcome = make(store, now, &id, asked, fingerprint);
    if let (Err(denial), Some(_)) = (&outcome, &asked.idempotency_key) {
        remember_denial(store, now, &id, asked, denial)?;
    }
    outcome
}

fn make(store: &dyn Store, now: Millis, id: &str, asked: &Reservation, fingerprint: String) -> Result<Granted, Denial> {
    let payers = Payers::find(store, asked)?;
    // Before anything else that costs work: a flood of senseless requests is a flood all the same.
    if !asked.queued {
        rate::count(store, &payers.tenant.limits, asked.server, &asked.credential, now)?;
    }
    payers.check_capability(asked)?;
    let priced = price(store, asked, now)?;
    if let Some(lease) = &asked.continues {
        extend(store, lease, asked, now)?;
    }
    let takes_place = asked.continues.is_none();
    let wanted = holds::wanted(&payers.tenant, &payers.company, &asked.worst_case, priced.cost, now, takes_place);

    // First the intent, so that whatever happens below, the reaper knows of it.
    let expires_at = now.plus(asked.ttl_ms.min(MAX_TTL_MS));
    let list_index = list().append(store, &Listed { id: id.into(), expires_at })?;
    let mut record = Permit {
        company: payers.tenant.company.clone(),
        prices: priced.table,
        reserved: priced.cost,
        holds: wanted.iter().map(|want| want.hold.clone()).collect(),
        expires_at,
        list_index,
        ..intent(id, asked, now, fingerprint)
    };
    permit(id).set(store, &record)?;

    let taken = holds::take(store, &wanted, now).and_then(|sums| {
        record.rung = holds::rung(&wanted, &sums, payers.tenant.ladder);
        record.remaining = holds::remaining(&wanted, &sums);
        if record.rung == Rung::TextOnly && ["speech", "video"].contains(&asked.capability.as_str()) {
            for want in wanted.iter().rev() {
                want.hold.meter.add(store, want.hold.amount.saturating_neg())?;
            }
            return Err(Denial::new(DenialKind::HardCap, "text_only", "Near the monthly cap there is only text."));
        }
        Ok(())
    });
    if let Err(denial) = taken {
        if denial.kind != DenialKind::Offline {
            // Undone: nothing is held. A crash before this leaves an intent that the reaper writes off.
            permit(id).delete(store)?;
            list().remove(store, list_index)?;
        }
        return Err(denial);
    }

    // What if we crash here? All counters are raised and the intent says `Reserving`: nobody has a permit, nothing is
    // called, and the amount stays reserved until the reaper squares it.
    record.state = State::Held;
    permit(id).set(store, &record)?;
    Ok(granted(&record, false))
}

/// The tenant and its company.
struct Payers {
    tenant: Tenant,
    company: Company,
}

impl Payers {
    fn find(store: &dyn Store, asked: &Reservation) -> Result<Self, Denial> {
        let Some(tenant) = tenancy::find_tenant(store, &asked.tenant)? else {
            return Err(Denial::new(DenialKind::Forbidden, "tenant_gone", "The tenant does not exist any more."));
        };
        let company = tenancy::company(&tenant.company).get(store)?.unwrap_or_default();
        Ok(Self { tenant, company })
    }

    fn check_capability(&self, asked: &Reservation) -> Result<(), Denial> {
        if !CAPABILITIES.contains(&asked.capability.as_str()) {
            return Err(Denial::invalid("capability", "invalid_request", "is not a known capability"));
        }
        if !self.tenant.capabilities.contains(&asked.capability) {
            let message = format!("This tenant has no {}.", asked.capability);
            return Err(Denial::new(DenialKind::Forbidden, "capability_disabled", message));
        }
        Ok(())
    }
}

struct Priced {
    table: PriceTable,
    cost: Nanos,
}

fn price(store: &dyn Store, asked: &Reservation, now: Millis) -> Result<Priced, Denial> {
    check_units(&asked.worst_case)?;
    let rows = families::PRICES.value::<Vec<PriceRow>>(&[&asked.provider]).get(store)?.unwrap_or_default();
    let table = PriceTable::pick(&rows, &asked.model, now);
    let cost = table.cost(&asked.worst_case).map_err(|unpriced| {
        let param = if asked.model.is_empty() { "provider" } else { "model" };
        Denial::invalid(param, "unpriced", unpriced.to_string())
    })?;
    if cost > MAX_COST {
        return Err(Denial::invalid("estimate.units", "invalid_request", "costs more than one permit may reserve"));
    }
    Ok(Priced { table, cost })
}

/// The lease a live session holds on its place lives as long as its ticks come.
fn extend(store: &dyn Store, lease: &str, asked: &Reservation, now: Millis) -> Result<(), Denial> {
    let ended = || Denial::new(DenialKind::Conflict, "lease_ended", "The live session has ended.");
    let mut record = permit(lease).get(store)?.ok_or_else(ended)?;
    if record.state != State::Held || record.tenant != asked.tenant {
        return Err(ended());
    }
    // What if it is released between the read and this write? Its resolver token is spent and its place given back;
    // the reaper finds a held record that can't be won and strikes it off.
    record.expires_at = record.expires_at.max(now.plus(asked.ttl_ms.min(MAX_TTL_MS)));
    permit(lease).set(store, &record)?;
    Ok(())
}

type FirstAnswer = Option<Result<Granted, Denial>>;

/// A repeat with the same key: same content gives the first answer again, a denied key stays denied.
fn first_answer(store: &dyn Store, id: &str, fingerprint: &str) -> Result<FirstAnswer, Denial> {
    let Some(record) = permit(id).get(store)? else { return Ok(None) };
    if record.fingerprint != fingerprint {
        let message = "The idempotency key was used for another request.";
        return Err(Denial::new(DenialKind::Conflict, "idempotency_key_reused", message));
    }
    Ok(Some(match &record.state {
        State::Reserving => Err(in_progress()),
        State::Denied(denial) => Err(denial.clone()),
        State::Held | State::Charged(_) | State::Closed { .. } | State::Released => Ok(granted(&record, true)),
    }))
}

fn remember_denial(
    store: &dyn Store,
    now: Millis,
    id: &str,
    asked: &Reservation,
    denial: &Denial,
) -> Result<(), Denial> {
    if denial.kind == DenialKind::Offline {
        return Ok(());
    }
    let draft = intent(id, asked, now, fingerprint(asked));
    let record = Permit { worst_case: Vec::new(), state: State::Denied(denial.clone()), ..draft };
    // Remembered as long as a resolved permit is.
    let (kept, maker) = (permit(id), maker(id));
    expiry::forget_after(store, now.hour_number().saturating_add(KEPT_HOURS), &[kept.key(), maker.key()])?;
    Ok(permit(id).set(store, &record)?)
}

/// What is asked for, with nothing held yet.
fn intent(id: &str, asked: &Reservation, now: Millis, fingerprint: String) -> Permit {
    Permit {
        id: id.into(),
        holder: asked.holder,
        tenant: asked.tenant.clone(),
        company: String::new(),
        session: asked.session.clone(),
        capability: asked.capability.clone(),
        provider: asked.provider.clone(),
        model: asked.model.clone(),
        channel: asked.channel.clone(),
        request_id: asked.request_id.clone(),
        worst_case: asked.worst_case.clone(),
        prices: PriceTable::default(),
        reserved: Nanos(0),
        holds: Vec::new(),
        created_at: now,
        expires_at: now,
        rung: Rung::Full,
        remaining: Remaining::default(),
        list_index: 0,
        fingerprint,
        state: State::Reserving,
    }
}

fn granted(record: &Permit, replayed: bool) -> Granted {
    Granted {
        id: record.id.clone(),
        rung: record.rung,
        expires_at: record.expires_at,
        remaining: record.remaining,
        replayed,
    }
}

fn in_progress() -> Denial {
    let message = "A request with this idempotency key is under way.";
    Denial { retry_after_ms: Some(1_000), ..Denial::new(DenialKind::Conflict, "in_progress", message) }
}

/// What makes two requests the same.
fn fingerprint(asked: &Reservation) -> String {
    let session = asked.session.as_deref().unwrap_or_default();
    let mut parts = vec![asked.tenant.as_str(), session, &asked.capability, &asked.provider, &asked.model];
    let units: Vec<String> = asked.worst_case.iter().map(|q| format!("{}={}", q.unit_type, q.units)).collect();
    parts.extend(units.iter().map(String::as_str));
    digest(&parts)
}

/// 26 hex digits over length-prefixed parts.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(13).map(|byte| format!("{byte:02x}")).collect()
}
