//! Whether a log says one and the same thing everywhere: lists, numbers, sums.

use std::collections::BTreeMap;

use audit::{Entry, Filter, Item, Kind, Scope, SettledTotal, Totals, days, settled, totals};
use calendar::{DAY, Millis};
use kv_schemas::{Store, memory::Memory};

use super::{NOW, everything, ids, sequence, tree::check_tree};

/// What is written once and for ever, as bytes. (Stored counts and sums may be older than the lists they are made from.)
pub fn log_bytes(store: &Memory) -> String {
    let ours = |key: &String| ["entry", "tenant-entry", "tally"].iter().any(|f| key.split('/').next() == Some(f));
    let line = |key: String| format!("{key} {}\n", String::from_utf8(store.get(&key).unwrap().unwrap()).unwrap());
    store.keys().into_iter().filter(ours).map(line).collect()
}

/// The list of all, the tenants' lists and all sums agree, and every one of `expected` is there once.
pub fn check_books(store: &Memory, expected: &[String], when: &str) {
    let all = everything(store, Filter::All);
    let mut found: Vec<_> = all.iter().map(|item| item.entry.limit_check_id.clone()).collect();
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(found, expected, "{when}");
    for tenant in ["a", "b"] {
        let mine: Vec<Item> = all.iter().filter(|item| item.entry.tenant_id == tenant).cloned().collect();
        assert_eq!(ids(&everything(store, Filter::Tenant(tenant.into()))), ids(&mine), "{tenant}, {when}");
    }
    for scope in Scope::ALL {
        for owner in ["a", "b", "acme"] {
            for at in [NOW, NOW.plus(2_000)] {
                let window = scope.window(at);
                let ours = |item: &&Item| {
                    let owners = [&item.entry.tenant_id, &item.entry.company];
                    let right = if matches!(scope, Scope::Tenant | Scope::TenantDay) { owners[0] } else { owners[1] };
                    right == owner && scope.window(item.entry.at_ms) == window
                };
                let settled: i64 = all.iter().filter(ours).map(|item| item.entry.cost_nanos.0).sum();
                let entries = all.iter().filter(ours).count() as u64;
                let Totals { entries: counted, settled_nanos, .. } = totals(store, scope, owner, &window).unwrap();
                assert_eq!((counted, settled_nanos), (entries, settled), "{scope:?} {owner} {window}, {when}");
            }
        }
    }
}

/// Runs the sequencer until nothing is left to do, from `late` milliseconds after [`NOW`] on.
pub fn settle(store: &dyn Store, late: u64) {
    for round in 0..6 {
        sequence(store, NOW.plus(late + round * 31_000), 100).unwrap();
    }
}

/// All entries have their numbers, without a gap, and those that had one keep it.
pub fn check_settled(store: &Memory, before: &[Item], expected: &[String], when: &str) {
    let left: Vec<_> = store.keys().into_iter().filter(|key| key.starts_with("stage/")).collect();
    assert_eq!(left, ["stage/tail"], "the stage is empty, {when}");
    check_books(store, expected, when);
    check_tree(store, when);
    let all = everything(store, Filter::All);
    check_settled_total(store, &all, when);
    check_days(store, &all, when);
    let numbers: Vec<_> = all.iter().map(|item| item.seq).collect();
    assert_eq!(numbers, (0..all.len() as u64).map(Some).collect::<Vec<_>>(), "{when}");
    for item in before.iter().filter(|item| item.seq.is_some()) {
        assert!(all.contains(item), "{} was renumbered, {when}", item.entry.limit_check_id);
    }
}

/// What the whole log comes to is what its entries do, each once, however often they were numbered.
pub fn check_settled_total(store: &Memory, all: &[Item], when: &str) {
    let mut expected = SettledTotal::default();
    for Item { entry, .. } in all {
        *expected.entries.entry(entry.kind().name().into()).or_default() += 1;
        match entry.cost_nanos.0 {
            _ if entry.kind() != Kind::Money => {}
            credit if credit < 0 => expected.credited -= credit,
            charge => *expected.charged.entry(entry.capability.clone()).or_default() += charge,
        }
    }
    let (progress, found) = settled(store).unwrap();
    assert_eq!((progress.size, &found), (all.len() as u64, &expected), "{when}");
    let net: i64 = all.iter().map(|item| item.entry.cost_nanos.0).sum();
    assert_eq!(found.nanos(), net, "{when}");
}

/// One of four days, by turns, the last of them that of [`NOW`].
pub fn spread(entry: Entry, n: u64) -> Entry {
    Entry { at_ms: Millis(NOW.0 - (n % 4) * DAY), ..entry }
}

/// The sums of each day are what the entries of that day come to, each once: the deployment's and every tenant's.
pub fn check_days(store: &Memory, all: &[Item], when: &str) {
    let span: Vec<Millis> = (0..6).map(|n| Millis(NOW.0 + 2_000 - n * DAY)).collect();
    for whose in [Filter::All, Filter::Tenant("a".into()), Filter::Tenant("b".into())] {
        for (day, found) in span.iter().zip(days(store, &whose, &span).unwrap()) {
            let mut expected = BTreeMap::<String, (u64, i64)>::new();
            let is_ours = |entry: &Entry| match &whose {
                Filter::All => true,
                Filter::Tenant(tenant) => entry.tenant_id == *tenant,
            };
            for Item { entry, .. } in all {
                if entry.kind() == Kind::Money && entry.at_ms.day() == day.day() && is_ours(entry) {
                    let sums = expected.entry(entry.capability.clone()).or_default();
                    *sums = (sums.0 + 1, sums.1 + entry.cost_nanos.0);
                }
            }
            let found = found.unwrap_or_else(|| panic!("{whose:?}: {} isn't known, {when}", day.day()));
            let whole = expected.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            assert_eq!((found.entries, found.settled_nanos), whole, "{whose:?}, {}, {when}", day.day());
            let shares = found.by_capability.into_iter().map(|(name, share)| (name, (share.entries, share.nanos)));
            assert_eq!(shares.collect::<BTreeMap<_, _>>(), expected, "{whose:?}, {}, {when}", day.day());
        }
    }
}
