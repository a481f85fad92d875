//! The vendor's word of an end that came after the session was settled (the kill switch, say): what was paid for longer
//! than it lasted is given back, and what it lasted longer is charged, as corrections.
//!
//! What if we crash anywhere? The session stays on the list, and what is corrected already is found to be.

use calendar::{HOUR, Millis, SECOND};
use kv_schemas::{Log, Store, StoreError, families, sweep};
use shell::{Problem, host, offline};

use super::{
    paid::{self, Stretches},
    record::{self, Ending, KEPT_HOURS, Live, Report, STOP_SECONDS},
};
use crate::{
    bindings::limits::{self, Amount, Correction, FaultKind, Quantity},
    permits,
    problems::faulty,
};

/// Sessions that one run looks at.
const BATCH: usize = 200;
/// A vendor that ends a session when it is told to does so a little later; it is not charged for. Nor given back what
/// its clock rounds off.
const SLACK: (u64, u64) = (SECOND, STOP_SECONDS * SECOND);
/// A permit that isn't in the log so long after the end will never be.
const UNLOGGED_MS: u64 = 2 * HOUR;

/// Sessions that are to be settled anew.
pub fn list() -> Log<String> {
    families::LIVE_LATE.log(&[])
}

/// Whether there is something left to do.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    Done,
    Later,
}

/// Settles anew what vendors have reported late, until `until`. What fails keeps nobody else waiting.
pub fn settle_anew(store: &dyn Store, until: Millis) -> Result<(), Problem> {
    let head = families::LIVE_LATE_HEAD.value(&[]);
    let listed = sweep::pending(store, &list(), &head, host::now().0, BATCH).map_err(|error| offline(&error))?;
    let mut done = Vec::new();
    for (index, id) in listed {
        match anew(store, &id, until) {
            Ok(Progress::Done) => done.push(index),
            Ok(Progress::Later) => {}
            Err(problem) => shell::warn!("settling_anew", about = id, code = problem.code, message = problem.message),
        }
        if host::now() > until {
            break;
        }
    }
    sweep::done(store, &list(), &head, &done).map_err(|error| offline(&error))
}

fn anew(store: &dyn Store, id: &str, until: Millis) -> Result<Progress, Problem> {
    let read = || -> Result<_, StoreError> {
        Ok((record::record(id).get(store)?, record::ending(id).get(store)?, record::report(id).get(store)?))
    };
    let (live, ending, report) = read().map_err(|error| offline(&error))?;
    // Forgotten, or never there.
    let (Some(live), Some(report)) = (live, report) else { return Ok(Progress::Done) };
    // Started again, after it was given up as lost.
    let Some(ending) = ending else { return Ok(Progress::Later) };
    let paid = paid::stretches(store, id).map_err(|error| offline(&error))?;
    if paid.last() != Some(&live.tick) {
        return Ok(if ending.closed { Progress::Done } else { Progress::Later });
    }
    let end = other_end(store, &live, &ending, &report, &paid).map_err(|error| offline(&error))?;
    let Some(end) = end else { return Ok(Progress::Done) };
    let mut progress = Progress::Done;
    for (permit, seconds) in paid.anew(&live, end) {
        if host::now() > until {
            return Ok(Progress::Later);
        }
        if correct(&live, permit, seconds)? == Progress::Later && host::now().since(ending.at) < UNLOGGED_MS {
            progress = Progress::Later;
        }
    }
    Ok(progress)
}

/// The end by which the session is to be settled anew; `None` where it was settled by much the same.
fn other_end(
    store: &dyn Store,
    live: &Live,
    ending: &Ending,
    report: &Report,
    paid: &Stretches,
) -> Result<Option<Millis>, StoreError> {
    let end = live.real_end(report, Some(ending.at));
    if let Some(until) = paid.until {
        if agrees(until, end) {
            return Ok(None);
        }
        // Before anything is corrected: from now on no report is taken to say what was paid, since that is more or less by
        // then. What if we crash after this? The next run corrects by the other end all the same.
        paid::note(store, live, end)?;
        paid::forget_after(store, &live.id, host::now().hour_number() + KEPT_HOURS)?;
    }
    Ok(Some(end))
}

fn agrees(paid: Millis, end: Millis) -> bool {
    let (before, after) = SLACK;
    paid.since(end) < before && end.since(paid) <= after
}

/// The permit has really used so many seconds.
fn correct(live: &Live, permit: &str, seconds: u64) -> Result<Progress, Problem> {
    let request = Correction {
        corrects: permit.into(),
        amount: Amount::Usage(vec![Quantity { unit_type: "seconds".into(), units: seconds }]),
        reason: format!("{} reported when the session ended", live.provider),
        request_id: live.id.clone(),
        // The vendor may say more exactly later on: that is another correction.
        idempotency_key: Some(format!("live/{}/{permit}/{seconds}", live.id)),
    };
    match limits::correct(&request) {
        Ok(decided) => {
            if let Some(decision) = decided {
                permits::log(&decision)?;
            }
            Ok(Progress::Done)
        }
        // Not in the log yet.
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(Progress::Later),
        Err(fault) if fault.code == "attempt_lost" || fault.kind == FaultKind::Invalid => {
            shell::warn!("settling_anew", about = live.id, at = permit, message = fault.message);
            Ok(Progress::Done)
        }
        Err(fault) => Err(faulty(fault)),
    }
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;
    use crate::live::record::tests::sample;

    #[test]
    fn each_report_is_held_against_what_was_charged_since() {
        let (store, live) = (Memory::default(), sample());
        let ending = Ending { at: Millis(60_000), next_try: Millis(0), closed: true };
        paid::note(&store, &live, ending.at).unwrap();
        let check = |at: u64, ended_at: Option<u64>, expected: Option<u64>| {
            let report = Report { at_ms: Millis(at), ended_at_ms: ended_at.map(Millis) };
            let paid = paid::stretches(&store, &live.id).unwrap();
            assert_eq!(paid.last(), Some("lc_2"));
            let found = other_end(&store, &live, &ending, &report, &paid).unwrap();
            assert_eq!(found, expected.map(Millis), "{report:?}");
        };
        // Heard of long after the gate had it ended.
        check(3_600_000, None, None);
        check(3_600_000, Some(61_000), None);
        check(30_000, None, Some(30_000));
        // Much the same as was paid at first, but not as was charged in the end.
        check(3_600_000, Some(60_500), Some(60_500));
        check(3_600_000, Some(60_500), Some(60_500));
        check(3_600_000, None, Some(60_000));
        assert_eq!(families::LIVE_PAID.log::<paid::Paid>(&[&live.id]).tail(&store).unwrap(), 2, "noted once");
    }

    #[test]
    fn a_little_more_or_less_is_the_same() {
        let check = |end: u64, same: bool| assert_eq!(agrees(Millis(60_000), Millis(end)), same, "{end}");
        check(60_000, true);
        check(59_001, true);
        check(59_000, false);
        check(65_000, true);
        check(65_001, false);
        check(0, false);
    }
}
