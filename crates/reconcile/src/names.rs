//! How places and amounts read in sentences.

use limits::{Meter, State};
use money::Nanos;

/// Ids named in one sentence at most.
const NAMED: usize = 5;

/// Whose counter and which window: `tenant demo, 2026-11, money`.
pub(crate) fn place(meter: &Meter) -> String {
    match meter {
        Meter::Places { scope, owner } => format!("{} {owner}, places", scope.name()),
        Meter::Units { scope, owner, unit, window } => format!("{} {owner}, {window}, {unit}", scope.name()),
        Meter::Money { scope, owner, window } => format!("{} {owner}, {window}, money", scope.name()),
    }
}

/// An amount of what a counter counts.
pub(crate) fn amount(meter: &Meter, n: i128) -> String {
    match meter {
        Meter::Money { .. } => usd(to_i64(n)),
        Meter::Units { unit, .. } => format!("{n} {unit}"),
        Meter::Places { .. } => format!("{n} {}", if n == 1 { "place" } else { "places" }),
    }
}

pub(crate) fn usd(nanos: i64) -> String {
    format!("{} USD", Nanos(nanos))
}

pub(crate) fn state(state: &State) -> &'static str {
    match state {
        State::Reserving => "being reserved",
        State::Held => "held",
        State::Denied(_) => "denied",
        State::Charged(_) => "charged",
        State::Closed { .. } => "closed",
        State::Releasing => "being released",
        State::Released => "released",
    }
}

/// `permit lc_1`, `permits lc_1, lc_2 and 7 more`.
pub(crate) fn permits(ids: &[String]) -> String {
    let named: Vec<&str> = ids.iter().take(NAMED).map(String::as_str).collect();
    let more = ids.len().saturating_sub(NAMED);
    let plural = if ids.len() == 1 { "" } else { "s" };
    let tail = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("permit{plural} {}{tail}", named.join(", "))
}

/// Sums are kept wider than any counter, so that no corruption overflows them.
pub(crate) fn to_i64(n: i128) -> i64 {
    i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX })
}
