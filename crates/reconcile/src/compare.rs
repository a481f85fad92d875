//! Every counter against what it should say.

use std::collections::BTreeSet;

use calendar::{DAY, Millis};
use kv_schemas::{Store, StoreError};
use limits::{Meter, Scope};

use crate::{
    keys::Keys,
    names::{amount, permits, place, to_i64},
    reading::readable,
    report::{Report, Severity, Window},
    standing::{Standing, Standings, is_countable},
    window,
};

/// A day's counters are forgotten after so many days, a session's after fewer.
const DAY_KEPT: u64 = 40 * DAY;
/// See [`DAY_KEPT`].
const SESSION_KEPT: u64 = 3 * DAY;

pub(crate) fn check(
    store: &dyn Store,
    now: Millis,
    keys: &Keys,
    standings: &Standings,
    report: &mut Report,
) -> Result<(), StoreError> {
    for key in &keys.strange {
        report.differs("unknown_counter", key, (), format!("The counter {key} belongs to nobody that is known."));
    }
    let nothing = Standing::default();
    let meters: BTreeSet<&Meter> = keys.meters.iter().chain(standings.all.keys()).collect();
    for meter in meters {
        let standing = standings.all.get(meter).unwrap_or(&nothing);
        let counter = match keys.meters.contains(meter) {
            false if is_forgotten(meter, standing, now) => continue,
            false => None,
            true => match readable(meter.read(store), report)? {
                Some(counter) => Some(counter),
                None => continue,
            },
        };
        let checked = standings.can_tell(meter) && !is_older_than_its_permits(meter, standing, counter);
        if checked {
            report.counts.windows = report.counts.windows.saturating_add(1);
            compare(meter, standing, i128::from(counter.unwrap_or(0)), report);
        } else {
            report.counts.not_checkable = report.counts.not_checkable.saturating_add(1);
        }
        // A month in which more was given back than spent.
        let given_back = standing.least.min(0);
        if let Some(below @ ..0) = counter.filter(|counter| i128::from(*counter) < given_back) {
            let (place, below) = (place(meter), amount(meter, i128::from(below)));
            let sentence = format!("{place}: the counter says {below}, which is less than nothing.");
            report.differs("negative_counter", place, (), sentence);
        }
        report.windows.push(Window {
            place: place(meter),
            meter: meter.clone(),
            settled: to_i64(standing.settled),
            held: to_i64(standing.held),
            counter,
            checked,
        });
    }
    Ok(())
}

fn compare(meter: &Meter, standing: &Standing, counter: i128, report: &mut Report) {
    let Standing { settled, held, least, most, moving, limbo, .. } = standing;
    let place = place(meter);
    let show = |n: i128| amount(meter, n);
    let says = format!("{place}: the counter says {}", show(counter));
    let of = format!("what is settled ({}) and held ({})", show(*settled), show(*held));
    let compared = |expected: i128| (show(expected), show(counter));

    if counter < *least {
        let less = show(least.saturating_sub(counter));
        let sentence = format!("{says}, {less} less than {of}: as much could be spent a second time.");
        report.differs("counter_below", place, compared(*least), sentence);
    } else if counter > *most && is_countable(meter) {
        let more = show(counter.saturating_sub(*most));
        let sentence = format!("{says}, {more} more than {of}, and no permit explains it.");
        report.differs("counter_above", place, compared(*most), sentence);
    } else if counter > *most {
        let more = show(counter.saturating_sub(*most));
        let sentence = format!(
            "{place}: over-reserved by {more} until it is forgotten; a crash does that, and the log has no sum of this by \
             which the reaper could count anew."
        );
        report.add(Severity::Waiting, "over_reserved", place, compared(*most), sentence);
    } else if counter > *least && *limbo {
        let more = show(counter.saturating_sub(*least));
        let sentence =
            format!("{place}: over-reserved by up to {more} until the reaper counts anew: {}.", permits(moving));
        report.add(Severity::Waiting, "over_reserved", place, compared(*least), sentence);
    } else if counter > *least {
        let range = format!("between {} and {}", show(*least), show(*most));
        let sentence =
            format!("{says}, as it may, {range}, while these are in the middle of a change: {}.", permits(moving));
        report.add(Severity::Note, "in_motion", place, (range, show(counter)), sentence);
    }
}

/// Whether a counter that isn't there may have been removed after its time.
fn is_forgotten(meter: &Meter, standing: &Standing, now: Millis) -> bool {
    match meter {
        Meter::Units { scope: Scope::Session, .. } | Meter::Money { scope: Scope::Session, .. } => {
            standing.since.is_none_or(|since| now.since(since) >= SESSION_KEPT)
        }
        Meter::Units { window, .. } => window::day(window).is_none_or(|day| now.since(day.start) >= DAY_KEPT),
        Meter::Money { .. } | Meter::Places { .. } => false,
    }
}

/// A session's counter that outlived the records of its permits.
fn is_older_than_its_permits(meter: &Meter, standing: &Standing, counter: Option<i64>) -> bool {
    let of_a_session =
        matches!(meter, Meter::Units { scope: Scope::Session, .. } | Meter::Money { scope: Scope::Session, .. });
    of_a_session && standing.payers.is_none() && counter.is_some_and(|counter| counter != 0)
}
