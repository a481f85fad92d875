//! The same denials by tenant and UTC day, for whoever looks at the last weeks.
//!
//! A day's counters are few (one for each reason that there was), and what lists them is written when one comes to 1: a
//! flood of denials is two more counters raised for each, and nothing else.

use std::collections::BTreeMap;

use calendar::{DAY, Millis};
use kv_schemas::{Counter, Log, Slot, Store, StoreError, expiry, families};

/// How many days past its own a day is kept.
const KEPT_DAYS: u64 = 40;
const KEPT_HOURS: u64 = KEPT_DAYS * 24;
/// Whose the denials of all tenants are: a tenant's id begins with a letter or a digit.
const EVERYBODY: &str = "_all";

/// Counts a denial on its day, for the tenant and for all.
pub(crate) fn count(store: &dyn Store, now: Millis, tenant: &str, reason: &str) -> Result<(), StoreError> {
    let day = now.day();
    for owner in [tenant, EVERYBODY] {
        let counter = counter(owner, &day, reason);
        if counter.add(store, 1)? != 1 {
            continue;
        }
        // What if we crash before this is done? This reason isn't shown on this day, and two small keys may stay.
        let listed = reasons(owner, &day);
        let index = listed.append(store, &reason.to_owned())?;
        let keys = [counter.key(), &listed.slot_key(index), &listed.tail_key()];
        expiry::forget_after(store, now.next_day().hour_number().saturating_add(KEPT_HOURS), &keys)?;
    }
    Ok(())
}

/// How often on the UTC day of `day` for each reason that there was: a tenant's denials, or everybody's. `None` when they
/// are no longer kept. Reads only, one key for a day without any.
///
/// # Errors
/// The store can't be reached.
pub fn denials_on(
    store: &dyn Store,
    now: Millis,
    tenant: Option<&str>,
    day: Millis,
) -> Result<Option<BTreeMap<String, u64>>, StoreError> {
    if now.since(day.next_day()) > KEPT_DAYS.saturating_mul(DAY) {
        return Ok(None);
    }
    let (owner, day) = (tenant.unwrap_or(EVERYBODY), day.day());
    let mut found = BTreeMap::new();
    let listed = reasons(owner, &day);
    for index in 1..=listed.tail_if_any(store)? {
        // A hole is about to be written: its denial is a moment old.
        if let Slot::Entry(reason) = listed.get(store, index)? {
            let count = counter(owner, &day, &reason).read(store)?;
            found.insert(reason, u64::try_from(count).unwrap_or(0));
        }
    }
    Ok(Some(found))
}

fn counter(owner: &str, day: &str, reason: &str) -> Counter {
    families::DENIALS.counter(&[owner, day, reason])
}

fn reasons(owner: &str, day: &str) -> Log<String> {
    families::DENIAL_REASONS.log(&[owner, day])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

    use std::cell::Cell;

    use calendar::HOUR;
    use kv_schemas::memory::Memory;

    use super::*;
    use crate::{
        count_denial,
        error::{Denial, DenialKind},
    };

    const NOON: Millis = Millis(20_778 * DAY + 12 * HOUR);

    fn deny(store: &dyn Store, at: Millis, tenant: &str, code: &str) -> Result<(), StoreError> {
        count_denial(store, at, tenant, &Denial::new(DenialKind::HardCap, code, "no"))
    }

    fn on(store: &Memory, now: Millis, tenant: Option<&str>, day: Millis) -> String {
        let found = denials_on(store, now, tenant, day).unwrap();
        let line = |(reason, count): (String, u64)| format!("{reason} {count}");
        found.map_or("unknown".into(), |all| all.into_iter().map(line).collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn ops_1_denials_are_counted_by_tenant_day_and_reason() {
        let store = Memory::default();
        for (after, tenant, code) in [
            (0, "a", "burst"),
            (0, "a", "monthly_cap"),
            (11 * HOUR, "a", "burst"),
            (12 * HOUR, "a", "burst"),
            (0, "b", "burst"),
            (0, "b", "made_up"),
        ] {
            deny(&store, NOON.plus(after), tenant, code).unwrap();
        }
        let now = NOON.plus(DAY);
        assert_eq!(on(&store, now, Some("a"), NOON), "burst 2, monthly_cap 1");
        assert_eq!(on(&store, now, Some("a"), NOON.plus(DAY)), "burst 1");
        assert_eq!(on(&store, now, Some("b"), NOON), "burst 1, conflict 1");
        assert_eq!(on(&store, now, None, NOON), "burst 3, conflict 1, monthly_cap 1");
        assert_eq!(on(&store, now, Some("nobody"), NOON), "");
        let read_leaves_nothing = store.keys().iter().all(|key| !key.contains("nobody"));
        assert!(read_leaves_nothing, "{:?}", store.keys());
        assert!(!tenancy::is_id(EVERYBODY), "no tenant's counters are everybody's");
    }

    #[test]
    fn ops_1_denials_of_a_day_are_kept_for_forty_more_and_then_forgotten() {
        let store = Memory::default();
        expiry::sweep(&store, NOON.hour_number()).unwrap();
        for code in ["burst", "monthly_cap", "burst"] {
            deny(&store, NOON, "a", code).unwrap();
        }
        let kept = NOON.next_day().plus(40 * DAY);
        for hour in NOON.hour_number()..=kept.hour_number() {
            expiry::sweep(&store, hour).unwrap();
        }
        assert_eq!(on(&store, kept, Some("a"), NOON), "burst 2, monthly_cap 1", "the last moment");
        let gone = kept.plus(DAY);
        for hour in kept.hour_number()..=gone.hour_number() {
            expiry::sweep(&store, hour).unwrap();
        }
        assert_eq!(on(&store, gone, Some("a"), NOON), "unknown");
        let left: Vec<_> = store.keys().into_iter().filter(|key| key.starts_with("denial")).collect();
        assert_eq!(left, ["denial-count/burst", "denial-count/monthly_cap"], "what is counted since ever");
    }

    /// Counts what is asked of a store.
    struct Asked<'a>(&'a Memory, Cell<u32>);

    impl Asked<'_> {
        fn one(&self) -> &Memory {
            self.1.set(self.1.get() + 1);
            self.0
        }
    }

    impl Store for Asked<'_> {
        fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
            self.one().get(key)
        }
        fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
            self.one().set(key, value)
        }
        fn delete(&self, key: &str) -> Result<(), StoreError> {
            self.one().delete(key)
        }
        fn exists(&self, key: &str) -> Result<bool, StoreError> {
            self.one().exists(key)
        }
        fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
            self.one().increment(key, delta)
        }
    }

    #[test]
    fn ops_1_a_flood_of_denials_is_three_counters_for_each() {
        let store = Memory::default();
        let cost = |tenant: &str, code: &str| {
            let asked = Asked(&store, Cell::new(0));
            deny(&asked, NOON, tenant, code).unwrap();
            asked.1.get()
        };
        assert_eq!(cost("a", "burst"), 11, "the day's first, for the tenant and for all: a list and its forgetting");
        assert_eq!(cost("b", "burst"), 7, "the tenant's first");
        for _ in 0..100 {
            assert_eq!(cost("a", "burst"), 3);
        }
        let reading = Asked(&store, Cell::new(0));
        denials_on(&reading, NOON, Some("c"), NOON).unwrap();
        assert_eq!(reading.1.get(), 1, "a day without any");
        denials_on(&reading, NOON, Some("a"), NOON).unwrap();
        assert_eq!(reading.1.get(), 5, "a day with one reason");
    }

    /// Whatever fails, the denial is answered, and what is counted is never too much.
    #[test]
    fn ops_1_a_count_that_breaks_off_counts_no_denial_twice() {
        for k in 0..11 {
            let store = Memory::default();
            store.fail_after(k);
            deny(&store, NOON, "a", "burst").unwrap_err();
            store.recover();
            deny(&store, NOON, "a", "burst").unwrap();
            for whose in [Some("a"), None] {
                let found = denials_on(&store, NOON, whose, NOON).unwrap().unwrap();
                assert!(found.get("burst").is_none_or(|count| (1..=2).contains(count)), "{found:?} after {k}");
            }
        }
    }
}
