//! A live session at a vendor (video): its record and its end.
//!
//! Two permits carry it. The *lease* holds the place among the tenant's concurrent calls and costs nothing; its expiry
//! moves with every tick. The *tick* holds the money for the time until a little after the next tick is due. So at any
//! moment what the vendor may be charging is reserved, and when ticks stop, the reservation covers the time it takes to
//! notice and to end the session at the vendor.
//!
//! ```text
//!   enlisted --vendor answers--> live --tick--> live
//!       |                          |
//!       +------- ending ----------+--> vendor stopped --> permits resolved --> closed
//! ```
//! The record is written by the start and by ticks, the [`Ending`] by whoever ends it: a tick in flight can't bring an
//! ended session back. Who writes the record looks for the ending *afterwards*; who ends it marks the ending first and
//! reads the record then. So one of the two always sees the other.

use std::time::Duration;

use calendar::{Millis, SECOND};
use kv_schemas::{Log, Store, StoreError, Value, expiry, families};
use serde::{Deserialize, Serialize};
use shell::{Problem, host, offline};
use tenancy::VendorBinding;

use crate::{
    answered::Answered,
    bindings::{
        adapter::{self, Operation},
        limits::{Quantity, Usage},
        sessions::Grant,
    },
    permits::{self, Ask},
    upstream::{self, Failure},
    vendor,
};

/// A page says that it is still there this often.
pub const TICK_SECONDS: u64 = 15;
/// How late a tick may be.
pub const GRACE_SECONDS: u64 = 10;
/// The longest a vendor's answer to a start takes, with some room: until then a session is starting, not overdue.
pub const START_SECONDS: u64 = 90;
/// The time it takes to notice a missing tick and to end the session at the vendor; reserved as well.
pub const STOP_SECONDS: u64 = 5;
/// How long a vendor may take to end a session in one try.
const STOP_PATIENCE: Duration = Duration::from_secs(STOP_SECONDS);
/// How long to wait after a vendor failed to end a session.
const RETRY_MS: u64 = 10 * SECOND;
/// How long the record of an ended session is kept.
const KEPT_HOURS: u64 = 24;
/// The vendor's code for a session that is over already.
const ALREADY_ENDED: &str = "already_ended";

/// A live session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// `vid_...`
    pub id: String,
    pub tenant: String,
    pub session: Option<String>,
    pub provider: String,
    /// As it was when the session began: it must be possible to end it whatever becomes of the tenant.
    pub binding: VendorBinding,
    /// The vendor's own id; absent until the vendor has answered.
    pub vendor_id: Option<String>,
    /// The permit that holds the place.
    pub lease: String,
    pub started_at: Millis,
    /// The permit that pays for the time since `tick_since`.
    pub tick: String,
    pub tick_since: Millis,
    /// When it is ended unless a tick comes.
    pub due: Millis,
    /// What the last tick was told.
    pub answered: Answered,
    pub list_index: u64,
}

/// That and when a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The first to say so decides, so that every later try settles the same length.
    pub at: Millis,
    /// When the vendor is asked again, after it failed.
    pub next_try: Millis,
    /// The vendor is stopped and the permits are resolved.
    pub closed: bool,
}

/// What a vendor's webhook said of a live session (written by webhook-ingest).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub at_ms: u64,
}

/// A place on the list of live sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub id: String,
    pub at: Millis,
}

pub fn record(id: &str) -> Value<Live> {
    families::LIVE.value(&[id])
}

pub fn ending(id: &str) -> Value<Ending> {
    families::LIVE_ENDING.value(&[id])
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

pub fn list() -> Log<Listed> {
    families::LIVE_LIST.log(&[])
}

/// The live session that a page's session holds, unless its end has begun.
pub fn held_by(store: &dyn Store, session: &str) -> Result<Option<Live>, StoreError> {
    let Some(id) = of_session(session).get(store)? else { return Ok(None) };
    if ending(&id).exists(store)? {
        return Ok(None);
    }
    record(&id).get(store)
}

impl Live {
    /// What the tick pays until `until`. Whole seconds are counted from the start of the session, so that begun seconds
    /// are rounded up once, not once a tick.
    pub fn used(&self, until: Millis) -> Usage {
        let begun = |at: Millis| at.since(self.started_at).div_ceil(SECOND);
        let units = begun(until).saturating_sub(begun(self.tick_since));
        Usage::Actual(vec![Quantity { unit_type: "seconds".into(), units }])
    }
}

/// A tick's reservation.
pub fn tick_ask<'a>(grant: &'a Grant, provider: &'a str, lease: &str, seconds: u64, token: Option<&'a str>) -> Ask<'a> {
    Ask {
        grant,
        capability: "video",
        provider,
        model: "",
        worst_case: vec![Quantity { unit_type: "seconds".into(), units: seconds }],
        ttl_ms: (seconds + START_SECONDS) * SECOND,
        continues: Some(lease.into()),
        counted: false,
        token,
    }
}

/// Ends it: at the vendor first (that is what costs), then the permits, then the record. Every step may be repeated, so
/// a crash anywhere is resumed by the next maintenance.
pub async fn end(store: &dyn Store, id: &str, at: Millis) -> Result<(), Problem> {
    let Some(ending) = mark(store, id, at).map_err(|error| offline(&error))? else { return Ok(()) };
    let live = record(id).get(store).map_err(|error| offline(&error))?;
    let Some(live) = live else { return Ok(()) };
    if live.vendor_id.is_none() && host::now() < live.due {
        // Its start is in flight and sees the mark when the vendor answers; if that crashed, it falls due.
        return Ok(());
    }
    if let Err(problem) = stop_vendor(&live).await {
        let reported = report(id).exists(store).map_err(|error| offline(&error))?;
        if !reported {
            let later = Ending { next_try: host::now().plus(RETRY_MS), ..ending };
            self::ending(id).set(store, &later).map_err(|error| offline(&error))?;
            return Err(problem);
        }
        // The vendor itself said that it is over.
    }
    let used = match live.vendor_id {
        Some(_) => live.used(ending.at),
        // The vendor may or may not have started: nobody knows what it used.
        None => Usage::Unknown,
    };
    permits::resolve(&live.tick, &used)?;
    permits::release(&live.lease);
    close(store, &live, ending).map_err(|error| offline(&error))
}

/// Marks the end; `None` when it is closed already.
fn mark(store: &dyn Store, id: &str, at: Millis) -> Result<Option<Ending>, StoreError> {
    match ending(id).get(store)? {
        Some(ending) if ending.closed => Ok(None),
        Some(ending) => Ok(Some(ending)),
        None => {
            let ending = Ending { at, next_try: Millis(0), closed: false };
            self::ending(id).set(store, &ending)?;
            Ok(Some(ending))
        }
    }
}

/// Nothing is left to be done for it.
pub fn close(store: &dyn Store, live: &Live, ended: Ending) -> Result<(), StoreError> {
    if let Some(session) = &live.session
        && of_session(session).get(store)?.as_ref() == Some(&live.id)
    {
        of_session(session).delete(store)?;
    }
    let (record, ending, report) = (record(&live.id), ending(&live.id), report(&live.id));
    let by_vendor = live.vendor_id.as_deref().map(|vendor_id| by_vendor(live, vendor_id));
    let mut keys = vec![record.key(), ending.key(), report.key()];
    keys.extend(by_vendor.as_ref().map(Value::key));
    expiry::forget_after(store, host::now().hour_number() + KEPT_HOURS, &keys)?;
    ending.set(store, &Ending { closed: true, ..ended })?;
    // Last, so that a crash before leaves it on the list of those to be ended.
    list().remove(store, live.list_index)
}

async fn stop_vendor(live: &Live) -> Result<(), Problem> {
    let Some(vendor_id) = &live.vendor_id else { return Ok(()) };
    let Some(vendor) = vendor::of_live(&live.tenant, &live.provider, &live.binding) else { return Ok(()) };
    let planned = adapter::plan(vendor.name(), &Operation::VideoEnd(vendor_id.clone()), &vendor.options)
        .map_err(crate::problems::unplannable)?;
    let vault = host::vault().await?;
    let mut answer = match upstream::call(&vault, &vendor, &planned, STOP_PATIENCE).await {
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
    Err(Problem::new(shell::Kind::VendorError, &failure.code, failure.message))
}
