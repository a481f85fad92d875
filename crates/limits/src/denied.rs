//! How often a permit was denied, by reason: counters in the store, so that they are right over all nodes and restarts.
//!
//! Only a denial writes them. What if we crash between the denial and the count? It isn't counted: nothing rests on it.

use calendar::Millis;
use kv_schemas::{Store, StoreError, families};
use money::UNIT_TYPES;

use crate::{
    denied_days,
    error::{Denial, DenialKind},
};

/// Reasons that aren't about one unit. The last two stand for all codes of their kind.
const PLAIN: [&str; 14] = [
    "monthly_cap",
    "company_monthly_cap",
    "session_cap",
    "text_only",
    "burst",
    "company_burst",
    "requests_per_minute",
    "capability_disabled",
    "tenant_gone",
    "consent_revoked",
    "twin_retired",
    "unpriced",
    "invalid_request",
    "conflict",
];
/// Of each unit: the cap of a tenant's day, a company's, and a session.
const CAPPED: [&str; 3] = ["daily_", "company_daily_", "session_"];
/// All kinds of tokens together.
const TOKENS: &str = "tokens";
/// Those reasons that mean: too many at once, or in a moment (429).
pub const LIMITERS: [&str; 3] = ["requests_per_minute", "burst", "company_burst"];

/// All reasons there are, in their order.
pub fn reasons() -> impl Iterator<Item = String> {
    let units = move || UNIT_TYPES.into_iter().chain([TOKENS]);
    let capped = CAPPED.into_iter().flat_map(move |cap| units().map(move |unit| format!("{cap}{unit}")));
    PLAIN.into_iter().map(str::to_owned).chain(capped)
}

/// Counts a denial of a tenant's: since ever, and on this day. Who waits in the queue isn't denied yet; and while the store
/// is away nothing can be counted there.
///
/// # Errors
/// The store can't be reached: perhaps it isn't counted, or since ever and not on this day.
pub fn count_denial(store: &dyn Store, now: Millis, tenant: &str, denial: &Denial) -> Result<(), StoreError> {
    let Some(reason) = reason(denial) else { return Ok(()) };
    families::DENIAL_COUNT.counter(&[&reason]).add(store, 1)?;
    denied_days::count(store, now, tenant, &reason)
}

/// How often for each reason.
///
/// # Errors
/// The store can't be reached.
pub fn denials(store: &dyn Store) -> Result<Vec<(String, u64)>, StoreError> {
    let read = |reason: String| {
        let count = families::DENIAL_COUNT.counter(&[&reason]).read(store)?;
        Ok((reason, u64::try_from(count).unwrap_or(0)))
    };
    reasons().map(read).collect()
}

fn reason(denial: &Denial) -> Option<String> {
    if denial.ticket.is_some() || denial.kind == DenialKind::Offline {
        return None;
    }
    let known = reasons().find(|reason| *reason == denial.code);
    Some(known.unwrap_or_else(|| match denial.kind {
        DenialKind::Invalid => "invalid_request".into(),
        _ => "conflict".into(),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

    use std::collections::BTreeSet;

    use kv_schemas::memory::Memory;

    use super::*;

    #[test]
    fn ops_1_denials_are_counted_by_their_reason() {
        let check = |kind, code: &str, ticket: Option<u64>, counted: Option<&str>| {
            let store = Memory::default();
            let denial = Denial { ticket, ..Denial::new(kind, code, "no") };
            for _ in 0..3 {
                count_denial(&store, Millis(1_795_000_020_000), "a", &denial).unwrap();
            }
            let found = denials(&store).unwrap().into_iter().filter(|(_, count)| *count > 0);
            let expected = counted.map(|reason| (reason.to_owned(), 3));
            assert_eq!(found.collect::<Vec<_>>(), Vec::from_iter(expected), "{code}");
        };
        check(DenialKind::HardCap, "monthly_cap", None, Some("monthly_cap"));
        check(DenialKind::HardCap, "company_daily_seconds", None, Some("company_daily_seconds"));
        check(DenialKind::HardCap, "session_tokens", None, Some("session_tokens"));
        check(DenialKind::HardCap, "session_input_tokens", None, Some("session_input_tokens"));
        check(DenialKind::Burst, "burst", None, Some("burst"));
        check(DenialKind::Burst, "burst", Some(4), None);
        check(DenialKind::RateLimited, "requests_per_minute", None, Some("requests_per_minute"));
        check(DenialKind::Forbidden, "capability_disabled", None, Some("capability_disabled"));
        check(DenialKind::Invalid, "unpriced", None, Some("unpriced"));
        check(DenialKind::Invalid, "made_up", None, Some("invalid_request"));
        check(DenialKind::Conflict, "attempt_lost", None, Some("conflict"));
        check(DenialKind::Offline, "offline", None, None);
    }

    #[test]
    fn ops_1_reasons_are_few_and_none_is_twice() {
        let all: BTreeSet<_> = reasons().collect();
        assert_eq!(all.len(), reasons().count());
        assert!(all.len() < 50 && LIMITERS.iter().all(|limiter| all.contains(*limiter)));
    }
}
