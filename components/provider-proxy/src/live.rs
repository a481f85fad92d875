//! A live session at a vendor (video): its record, its ticks, its end.
//!
//! Two permits carry it. The *lease* holds the place among the tenant's concurrent calls and costs nothing; its expiry
//! moves with every tick. The *tick* holds the money for the time until a little after the next tick is due. So at any
//! moment what the vendor may be charging is reserved, and when ticks stop, the reservation covers the time it takes to
//! notice and to end the session at the vendor.

use calendar::Millis;
use kv_schemas::{Log, Store, StoreError, Value, expiry, families};
use serde::{Deserialize, Serialize};
use shell::{Kind, Problem, offline};

use crate::{
    bindings::{
        adapter::{self, Operation},
        limits::{Quantity, Usage},
    },
    permits,
    upstream::{self, Failure},
    vendor,
};

/// A page says that it is still there this often.
pub const TICK_SECONDS: u64 = 15;
/// What is reserved beyond the next tick: time to notice its absence and to end the session.
pub const GRACE_SECONDS: u64 = 10;
/// How long the record of an ended session is kept.
const KEPT_HOURS: u64 = 24;
/// The vendor's code for a session that is over already.
const ALREADY_ENDED: &str = "already_ended";

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// `vid_...`
    pub id: String,
    pub tenant: String,
    pub session: Option<String>,
    pub provider: String,
    /// The vendor's own id; absent until the vendor has answered.
    pub vendor_id: Option<String>,
    /// The permit that holds the place.
    pub lease: String,
    /// The permit that pays for the time since `tick_since`.
    pub tick: String,
    pub tick_since: Millis,
    /// When it is ended unless a tick comes.
    pub due: Millis,
    pub list_index: u64,
    /// Set when its end begins, so that every later try settles the same length.
    pub ended_at: Option<Millis>,
    pub ended: bool,
}

/// What a vendor's webhook said of a live session (written by webhook-ingest).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub at_ms: u64,
}

pub fn record(id: &str) -> Value<Live> {
    families::LIVE.value(&[id])
}

pub fn report(id: &str) -> Value<Report> {
    families::LIVE_REPORT.value(&[id])
}

pub fn of_session(session: &str) -> Value<String> {
    families::LIVE_OF_SESSION.value(&[session])
}

pub fn by_vendor(live: &Live, vendor_id: &str) -> Value<String> {
    families::LIVE_BY_VENDOR.value(&[&live.tenant, &live.provider, vendor_id])
}

pub fn list() -> Log<String> {
    families::LIVE_LIST.log(&[])
}

/// The live session that a page's session holds.
pub fn held_by(store: &dyn Store, session: &str) -> Result<Option<Live>, StoreError> {
    let Some(id) = of_session(session).get(store)? else { return Ok(None) };
    Ok(record(&id).get(store)?.filter(|live| !live.ended))
}

/// Ends it: at the vendor first (that is what costs), then the permits, then the record. Every step may be repeated, so
/// a crash anywhere is resumed by the next maintenance.
pub async fn end(store: &dyn Store, mut live: Live, at: Millis, vendor_knows: bool) -> Result<(), Problem> {
    if live.ended {
        return Ok(());
    }
    let ended_at = live.ended_at.unwrap_or(at);
    if live.ended_at.is_none() {
        live.ended_at = Some(ended_at);
        record(&live.id).set(store, &live).map_err(|error| offline(&error))?;
    }
    if !vendor_knows {
        stop_vendor(store, &live).await?;
    }
    let used = match live.vendor_id {
        Some(_) => seconds(live.tick_since, ended_at),
        // The vendor may or may not have started: nobody knows what it used.
        None => Usage::Unknown,
    };
    settle_tick(&live.tick, &used)?;
    permits::release(&live.lease);
    live.ended = true;
    close(store, &live).map_err(|error| offline(&error))
}

pub fn close(store: &dyn Store, live: &Live) -> Result<(), StoreError> {
    if let Some(session) = &live.session {
        of_session(session).delete(store)?;
    }
    record(&live.id).set(store, live)?;
    let (record, report) = (record(&live.id), report(&live.id));
    let by_vendor = live.vendor_id.as_deref().map(|vendor_id| by_vendor(live, vendor_id));
    let mut keys = vec![record.key(), report.key()];
    keys.extend(by_vendor.as_ref().map(Value::key));
    expiry::forget_after(store, shell::host::now().hour_number() + KEPT_HOURS, &keys)?;
    // Last, so that a crash before leaves it on the list of those to be ended.
    list().remove(store, live.list_index)
}

/// Settles a tick. Its having been settled otherwise (by a concurrent end, a second earlier) is as good.
pub fn settle_tick(tick: &str, used: &Usage) -> Result<(), Problem> {
    match permits::settle(tick, used) {
        Ok(_) => Ok(()),
        Err(problem) if problem.kind == Kind::Conflict && problem.code == "already_settled" => Ok(()),
        Err(problem) => Err(problem),
    }
}

/// Begun seconds count.
pub fn seconds(since: Millis, until: Millis) -> Usage {
    let units = until.since(since).div_ceil(calendar::SECOND);
    Usage::Actual(vec![Quantity { unit_type: "seconds".into(), units }])
}

async fn stop_vendor(store: &dyn Store, live: &Live) -> Result<(), Problem> {
    let Some(vendor_id) = &live.vendor_id else { return Ok(()) };
    let vendor = vendor::named(store, &live.tenant, &live.provider)?;
    let planned = adapter::plan(vendor.name(), &Operation::VideoEnd(vendor_id.clone()), &vendor.options)
        .map_err(crate::problems::unplannable)?;
    let vault = shell::host::vault().await?;
    let mut answer = match upstream::call(&vault, &vendor, &planned).await {
        Ok(answer) => answer,
        Err(Failure::NotSent(problem) | Failure::Lost(problem)) => return Err(problem),
    };
    if upstream::is_success(&answer.head) {
        return Ok(());
    }
    let body = upstream::read_error(&mut answer.body).await;
    let failure = adapter::explain(vendor.name(), &answer.head, &body);
    if failure.code == ALREADY_ENDED {
        return Ok(());
    }
    eprintln!("ending {} at {}: {} ({})", live.id, vendor.name(), answer.head.status, failure.code);
    Err(Problem::new(Kind::VendorError, &failure.code, failure.message))
}
