//! Reserve: the worst case in every scope, or nothing.
//!
//! ```text
//! list -> [maker token] -> intent -> counters -> Held     a permit
//!                             \-> counters, undone -> Denied
//! ```
//! The list comes first: whatever a crash leaves behind, the reaper finds it there.

use calendar::Millis;
use kv_schemas::Store;
use money::Quantity;

use crate::{
    error::{Denial, DenialKind},
    holds::{self, Remaining, Rung, Wanted},
    keyed::{self, Key},
    payers::Payers,
    permit::{Holder, Listed, Permit, State, extension, list, maker, permit},
    priced::{self, Priced},
    queue, rate,
};

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
    /// Its rate has been counted already, by another reservation of the same request.
    pub counted: bool,
    /// The place in the queue that an earlier try was told ([`Denial::ticket`]).
    pub ticket: Option<u64>,
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
///
/// A denial with a ticket isn't the last word: the caller comes again in a moment with that ticket.
///
/// # Errors
/// The denial. `Offline` when the store can't be reached: no permit, and what was raised is found by the reaper.
pub fn reserve(store: &dyn Store, now: Millis, fresh_id: &str, asked: &Reservation) -> Result<Granted, Denial> {
    let key = match Key::of(store, fresh_id, asked)? {
        Ok(key) => key,
        Err(first_answer) => return first_answer,
    };
    let ready = match prepare(store, now, asked) {
        Ok(ready) => ready,
        Err(denial) => return Err(keyed::remember(store, now, &key, asked, denial)?),
    };
    let outcome = make(store, now, &key, asked, &ready);
    queue::leave(store, &ready.payers.tenant, asked, outcome)
}

/// All that is known before anything is held.
struct Ready {
    payers: Payers,
    priced: Priced,
    wanted: Vec<Wanted>,
}

fn prepare(store: &dyn Store, now: Millis, asked: &Reservation) -> Result<Ready, Denial> {
    let payers = Payers::find(store, &asked.tenant)?;
    // Before anything else that costs work: a flood of senseless requests is a flood all the same.
    if !asked.counted && asked.ticket.is_none() {
        rate::count(store, &payers.tenant.limits, asked.server, &asked.credential, now)?;
    }
    payers.check_capability(&asked.capability)?;
    let priced = priced::price(store, asked, now)?;
    let takes_place = asked.continues.is_none();
    match &asked.continues {
        Some(lease) => extend(store, lease, asked, now)?,
        None => queue::wait_for_turn(store, now, &payers.tenant, asked.ticket)?,
    }
    let session = asked.session.as_deref();
    let wanted = holds::wanted(&payers, session, &asked.worst_case, priced.cost, now, takes_place);
    Ok(Ready { payers, priced, wanted })
}

fn make(store: &dyn Store, now: Millis, key: &Key, asked: &Reservation, ready: &Ready) -> Result<Granted, Denial> {
    claim(store, key)?;
    let mut record = Permit {
        company: ready.payers.tenant.company.clone(),
        prices: ready.priced.table.clone(),
        reserved: ready.priced.cost,
        holds: ready.wanted.iter().map(|want| want.hold.clone()).collect(),
        expires_at: now.plus(asked.ttl_ms.min(MAX_TTL_MS)),
        ..intent(key, asked, now)
    };
    permit(&key.id).set(store, &record)?;

    match take(store, now, asked, ready) {
        Ok(sums) => {
            record.rung = holds::rung(&ready.wanted, &sums, ready.payers.tenant.ladder);
            record.remaining = holds::remaining(&ready.wanted, &sums);
            // What if we crash here? All counters are raised and the intent says `Reserving`: nobody has a permit,
            // nothing is called, and the reaper takes back what was raised.
            record.state = State::Held;
            permit(&key.id).set(store, &record)?;
            Ok(granted(&record, false))
        }
        Err(mut denial) => {
            // Whether the counters are as they were is not known: the intent stays for the reaper.
            if denial.kind == DenialKind::Offline {
                return Err(denial);
            }
            denial.ticket = queue::may_wait(store, now, &ready.payers.tenant, asked, &denial)?;
            // What if we crash here? Nothing is held any more, and the reaper finds that out by counting.
            record.state = State::Denied(denial.clone());
            permit(&key.id).set(store, &record)?;
            Err(denial)
        }
    }
}

/// Lists the permit, and makes sure that of several callers with one idempotency key only one makes it.
pub(crate) fn claim(store: &dyn Store, key: &Key) -> Result<(), Denial> {
    list().append(store, &Listed { id: key.id.clone() })?;
    // What if we crash after winning? The list has the id and there is no record: the reaper writes down that this
    // attempt was lost.
    if key.is_keyed() && !maker(&key.id).win(store)? {
        return Err(keyed::in_progress());
    }
    Ok(())
}

/// Raises all counters, or none.
fn take(store: &dyn Store, now: Millis, asked: &Reservation, ready: &Ready) -> Result<Vec<i64>, Denial> {
    let sums = holds::take(store, &ready.wanted, now)?;
    let rung = holds::rung(&ready.wanted, &sums, ready.payers.tenant.ladder);
    if rung == Rung::TextOnly && ["speech", "video"].contains(&asked.capability.as_str()) {
        holds::give_back(store, &ready.wanted)?;
        return Err(Denial::new(DenialKind::HardCap, "text_only", "Near the monthly cap there is only text."));
    }
    Ok(sums)
}

/// The lease a live session holds on its place lives as long as its ticks come.
fn extend(store: &dyn Store, lease: &str, asked: &Reservation, now: Millis) -> Result<(), Denial> {
    let ended = || Denial::new(DenialKind::Conflict, "lease_ended", "The live session has ended.");
    let record = permit(lease).get(store)?.ok_or_else(ended)?;
    if record.state != State::Held || record.tenant != asked.tenant {
        return Err(ended());
    }
    // Beside the record, since only who resolves the lease may write that. Released between the two? Then this says
    // something of a lease that is over, and is forgotten with it.
    let until = record.deadline(store)?.max(now.plus(asked.ttl_ms.min(MAX_TTL_MS)));
    Ok(extension(lease).set(store, &until)?)
}

/// What is asked for, with nothing held yet.
pub(crate) fn intent(key: &Key, asked: &Reservation, now: Millis) -> Permit {
    Permit {
        holder: asked.holder,
        tenant: asked.tenant.clone(),
        session: asked.session.clone(),
        capability: asked.capability.clone(),
        provider: asked.provider.clone(),
        model: asked.model.clone(),
        channel: asked.channel.clone(),
        request_id: asked.request_id.clone(),
        worst_case: asked.worst_case.clone(),
        keyed: key.is_keyed(),
        fingerprint: key.fingerprint.clone(),
        ..Permit::blank(&key.id, now)
    }
}

pub(crate) fn granted(record: &Permit, replayed: bool) -> Granted {
    Granted {
        id: record.id.clone(),
        rung: record.rung,
        expires_at: record.expires_at,
        remaining: record.remaining,
        replayed,
    }
}
