//! A live session at a vendor, a video conversation or a room: its record.
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

use calendar::{Millis, SECOND};
use kv_schemas::{Log, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use tenancy::VendorBinding;

use super::answered::Answered;
use crate::{
    bindings::{
        limits::{Quantity, Usage},
        sessions::Grant,
    },
    permits::Ask,
};

/// The longest a page's session may last at the vendor.
pub const MAX_PAGE_SECONDS: u32 = 3600;
/// A page says that it is still there this often.
pub const TICK_SECONDS: u64 = 15;
/// How late a tick may be.
pub const GRACE_SECONDS: u64 = 10;
/// The longest a vendor's answer to a start takes, with some room: until then a session is starting, not overdue.
pub const START_SECONDS: u64 = 90;
/// The time it takes to notice a missing tick and to end the session at the vendor; reserved as well.
pub const STOP_SECONDS: u64 = 5;

/// How long the record of an ended session is kept.
pub const KEPT_HOURS: u64 = 24;

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
    /// Its start is in flight: whoever ends it meanwhile only marks the end, and the start sees to it.
    #[serde(default)]
    pub starting: bool,
    /// The vendor bills in steps of so many seconds, and a begun step as a whole.
    #[serde(default = "one")]
    pub step_seconds: u64,
}

fn one() -> u64 {
    1
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
    /// When the gate heard of it first.
    pub at_ms: Millis,
    /// When it ended by the vendor's clock, where the vendor says so.
    #[serde(default)]
    pub ended_at_ms: Option<Millis>,
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
    /// When it ended, by what its vendor says: not after the gate heard of it, and not before it began. Some vendors leave
    /// out what is less than a second: what has begun has lasted for a moment, and its first step is billed.
    ///
    /// What the gate has settled until `settled` lasted longer only if the vendor gives a time of its own: a report can
    /// come long after the end that it tells of.
    pub fn real_end(&self, report: &Report, settled: Option<Millis>) -> Millis {
        let heard = settled.map_or(report.at_ms, |at| at.min(report.at_ms));
        report.ended_at_ms.unwrap_or(heard).min(report.at_ms).max(self.started_at.plus(1))
    }

    /// What the tick pays until `until`.
    pub fn used(&self, until: Millis) -> Usage {
        Usage::Actual(vec![seconds(self.between(self.tick_since, until))])
    }

    /// What the vendor bills between two moments. Begun steps are counted from the start of the session, so that they are
    /// rounded up once, not once a tick.
    pub fn between(&self, from: Millis, until: Millis) -> u64 {
        let begun = |at: Millis| at.since(self.started_at).div_ceil(self.step_seconds * SECOND) * self.step_seconds;
        begun(until).saturating_sub(begun(from))
    }

    /// A reservation for the time from now until a little after `due`. At least one second, also within a step that is
    /// paid for: a unit that isn't reserved can't be charged when the session runs into the next step.
    pub fn tick_ask<'a>(&'a self, grant: &'a Grant, now: Millis, due: Millis, token: Option<&'a str>) -> Ask<'a> {
        let units = self.between(now, due.plus(STOP_SECONDS * SECOND)).max(1);
        Ask {
            grant,
            capability: "video",
            provider: &self.provider,
            model: "",
            worst_case: vec![seconds(units)],
            ttl_ms: due.since(now) + (STOP_SECONDS + START_SECONDS) * SECOND,
            continues: Some(self.lease.clone()),
            counted: false,
            token,
        }
    }
}

fn seconds(units: u64) -> Quantity {
    Quantity { unit_type: "seconds".into(), units }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    #[test]
    fn begun_steps_are_billed_once() {
        let check = |step: u64, ticks: &[u64], expected: &[u64]| {
            let live = Live { step_seconds: step, ..sample() };
            let billed: Vec<u64> =
                ticks.windows(2).map(|pair| live.between(Millis(pair[0]), Millis(pair[1]))).collect();
            assert_eq!(billed, expected, "{ticks:?} by {step}");
        };
        check(1, &[0, 15_200, 30_100, 31_000], &[16, 15, 0]);
        check(60, &[0, 15_000, 59_999, 60_000, 60_001, 121_000], &[60, 0, 0, 60, 60]);
        check(60, &[0, 1], &[60]);
    }

    #[test]
    fn the_vendors_word_counts_within_what_can_be() {
        let check = |report: &str, settled: Option<u64>, end: u64| {
            let live = Live { started_at: Millis(1_000), ..sample() };
            let report_of = serde_json::from_str(report).unwrap();
            assert_eq!(live.real_end(&report_of, settled.map(Millis)), Millis(end), "{report}, {settled:?}");
        };
        check(r#"{"at_ms":9000,"event":"evt_1","ended_at_ms":5000}"#, None, 5_000);
        check(r#"{"at_ms":9000,"event":"evt_1","ended_at_ms":9001}"#, None, 9_000);
        check(r#"{"at_ms":9000,"event":"evt_1","ended_at_ms":999}"#, None, 1_001);
        check(r#"{"at_ms":9000,"event":"evt_1"}"#, None, 9_000);
        check(r#"{"at_ms":9,"ended_at_ms":null}"#, None, 1_001);
        // Of what is settled the vendor's own time says that it lasted longer, its being heard of later doesn't.
        check(r#"{"at_ms":9000,"ended_at_ms":5000}"#, Some(4_000), 5_000);
        check(r#"{"at_ms":9000,"ended_at_ms":3000}"#, Some(4_000), 3_000);
        check(r#"{"at_ms":9000}"#, Some(4_000), 4_000);
        check(r#"{"at_ms":3000}"#, Some(4_000), 3_000);
        check(r#"{"at_ms":9000}"#, Some(500), 1_001);
    }

    pub fn sample() -> Live {
        serde_json::from_value(serde_json::json!({
            "id": "vid_1", "tenant": "t", "session": null, "provider": "v", "vendor_id": null, "lease": "lc_1",
            "binding": { "mode": "mock", "base_url": null, "sealed_secret": null, "sealed_webhook_secret": null,
                "options": {} },
            "started_at": 0, "tick": "lc_2", "tick_since": 0, "due": 0, "list_index": 1,
            "answered": { "limit_check_id": "lc_2", "standing": "full", "cost_left": null, "seconds_left": null },
        }))
        .unwrap()
    }
}
