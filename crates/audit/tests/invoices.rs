//! An invoice is the sum of the month's entries, line by line, whatever has become of them on the way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use std::collections::BTreeMap;

use audit::{
    Entry, FINAL_AFTER_MS, Filter, Invoice, InvoiceStatus, MAX_LINES, Month, OTHER_MODELS, Scope, UNSPECIFIED, invoice,
};
use calendar::{DAY, Millis};
use common::{NOW, append, entry, everything, month, sequence};
use kv_schemas::{Store, memory::Memory};
use money::Nanos;

fn november(store: &dyn Store, tenant: &str) -> Invoice {
    at(store, NOW, tenant)
}

fn at(store: &dyn Store, now: Millis, tenant: &str) -> Invoice {
    invoice(store, now, tenant, &Month::parse("2026-11").unwrap()).unwrap()
}

/// Whatever there may be: tenants, vendors, models, units, corrections, months, events.
fn some(n: u64) -> Entry {
    let pick = |from: &[&str], by: u64| from[usize::try_from(n / by).unwrap() % from.len()].to_owned();
    let cost = i64::try_from(n * 7_919 % 100_003).unwrap();
    let mut entry = entry(&format!("lc_{n}"), &pick(&["a", "b"], 1), cost);
    entry.provider = pick(&["openai", "tavus", "elevenlabs"], 2);
    entry.model = pick(&["", "m1", "m2"], 3);
    entry.unit_type = pick(&["tokens", "seconds"], 5);
    entry.units_consumed = n * 31 % 1_009;
    match n % 11 {
        3 => (entry.event_type, entry.cost_nanos, entry.units_consumed) = ("CORRECTION".into(), Nanos(-cost), 0),
        5 => (entry.event_type, entry.cost_nanos) = ("SESSION_STARTED".into(), Nanos(0)),
        7 => entry.at_ms = NOW.plus(DAY),
        _ => {}
    }
    entry
}

/// Added up from the list of all entries, in another way than by those who keep sums.
fn check(store: &Memory, tenant: &str) {
    let items = everything(store, Filter::Tenant(tenant.into()));
    let ours = items.iter().map(|item| &item.entry).filter(|entry| {
        ["TWIN_INTERACTION", "CORRECTION"].contains(&entry.event_type.as_str()) && entry.at_ms.month() == "2026-11"
    });
    let mut expected = BTreeMap::<(bool, [String; 4]), (u64, u64, i64)>::new();
    for entry in ours.clone() {
        let [a, b, c, d] = [&entry.capability, &entry.provider, &entry.model, &entry.unit_type].map(Clone::clone);
        let sum = expected.entry((entry.event_type == "CORRECTION", [a, b, c, d])).or_default();
        *sum = (sum.0 + 1, sum.1 + entry.units_consumed, sum.2 + entry.cost_nanos.0);
    }
    let invoice = november(store, tenant);
    let lines =
        invoice.lines.iter().map(|line| (false, line)).chain(invoice.corrections.iter().map(|line| (true, line)));
    let shown: Vec<_> = lines
        .map(|(correction, line)| {
            assert_eq!(line.cost_usd, line.cost_nanos.to_string());
            let [a, b, c, d] = [&line.capability, &line.provider, &line.model, &line.unit_type].map(Clone::clone);
            ((correction, [a, b, c, d]), (line.entries, line.units, line.cost_nanos.0))
        })
        .collect();
    assert_eq!(shown, expected.into_iter().collect::<Vec<_>>(), "lines of {tenant}, sorted");
    assert_eq!(invoice.total_nanos.0, ours.clone().map(|entry| entry.cost_nanos.0).sum::<i64>());
    assert_eq!(invoice.total_nanos.0, shown.iter().map(|(_, sum)| sum.2).sum::<i64>());
    assert_eq!(invoice.total_nanos.0, month(store, Scope::Tenant, tenant).settled_nanos, "as usage shows it");
    assert_eq!(invoice.entries, u64::try_from(ours.count()).unwrap());
    assert_eq!(invoice.total_usd, invoice.total_nanos.to_string());
}

#[test]
fn the_lines_are_the_entries_however_far_they_have_come() {
    let store = Memory::default();
    for n in 0..300 {
        append(&store, &some(n)).unwrap();
        if n % 7 == 0 {
            sequence(&store, NOW, 3).unwrap();
        }
        if n % 23 == 0 {
            check(&store, "a");
            check(&store, "b");
        }
    }
    while sequence(&store, NOW, 50).unwrap().staged > 0 {
        check(&store, "a");
    }
    check(&store, "b");
    assert!(!november(&store, "a").corrections.is_empty());
}

#[test]
fn a_run_that_fails_anywhere_leaves_the_invoice_right() {
    for fuel in 0.. {
        let store = Memory::default();
        for n in 0..8 {
            append(&store, &some(n)).unwrap();
        }
        store.fail_after(fuel);
        let whole = sequence(&store, NOW, 100).is_ok();
        store.recover();
        check(&store, "a");
        sequence(&store, NOW.plus(audit::LEASE_MS), 100).unwrap();
        check(&store, "a");
        check(&store, "b");
        if whole {
            assert!(fuel > 10, "the run does something");
            break;
        }
    }
}

#[test]
fn an_invoice_is_final_two_days_after_its_month() {
    let end = Millis::parse("2026-12-01T00:00:00Z").unwrap();
    let store = Memory::default();
    append(&store, &some(0)).unwrap();
    let check = |now: Millis, status: InvoiceStatus| assert_eq!(at(&store, now, "a").status, status, "{now}");
    check(Millis(0), InvoiceStatus::Open);
    check(end, InvoiceStatus::Open);
    check(end.plus(FINAL_AFTER_MS - 1), InvoiceStatus::Open);
    check(end.plus(FINAL_AFTER_MS), InvoiceStatus::Final);
    let nobodys = at(&store, NOW, "nobody");
    assert_eq!((nobodys.entries, nobodys.total_usd.as_str(), nobodys.company.as_str()), (0, "0.00", ""));
    assert!(nobodys.lines.is_empty() && nobodys.corrections.is_empty());
}

#[test]
fn the_checkpoint_covers_all_of_it_or_is_not_shown() {
    let store = Memory::default();
    append(&store, &some(0)).unwrap();
    assert_eq!(november(&store, "a").checkpoint, None, "not even in the log");
    sequence(&store, NOW, 100).unwrap();
    let first = november(&store, "a");
    let note = first.checkpoint.unwrap();
    assert_eq!(audit::checkpoint(&store).unwrap().as_ref(), Some(&note));
    assert_eq!((note.lines().nth(1), first.company.as_str()), (Some("1"), "acme"));
    append(&store, &some(2)).unwrap();
    assert_eq!(november(&store, "a").checkpoint, None, "one waits");
    assert!(november(&store, "b").checkpoint.is_some(), "that is another's");
}

#[test]
fn sums_of_an_earlier_release_show_what_has_no_lines() {
    let store = Memory::default();
    for n in [0, 2, 4] {
        append(&store, &some(n)).unwrap();
    }
    sequence(&store, NOW, 100).unwrap();
    let whole = november(&store, "a");
    let mut old: serde_json::Value =
        serde_json::from_slice(&store.get("totals/tenant/a/2026-11").unwrap().unwrap()).unwrap();
    assert!(old.as_object_mut().unwrap().remove("lines").is_some());
    store.set("totals/tenant/a/2026-11", old.to_string().as_bytes()).unwrap();
    let before = november(&store, "a");
    assert_eq!(before.total_nanos, whole.total_nanos);
    assert_eq!(before.lines.len(), 1);
    let rest = &before.lines[0];
    assert_eq!((rest.capability.as_str(), rest.entries, rest.cost_nanos), (UNSPECIFIED, 3, whole.total_nanos));
    append(&store, &some(6)).unwrap();
    sequence(&store, NOW, 100).unwrap();
    let after = november(&store, "a");
    let entries: Vec<_> = after.lines.iter().map(|line| (line.capability == UNSPECIFIED, line.entries)).collect();
    assert_eq!(entries, [(false, 1), (true, 3)], "what is new has its line");
    assert_eq!(after.total_nanos.0, after.lines.iter().map(|line| line.cost_nanos.0).sum::<i64>());
}

#[test]
fn the_work_is_that_of_the_lines() {
    let reads = |entries: u64| {
        let store = Memory::default();
        for n in 0..entries {
            append(&store, &some(n * 2)).unwrap();
        }
        while sequence(&store, NOW, 1_000).unwrap().staged > 0 {}
        (0..).find(|fuel| {
            store.fail_after(*fuel);
            let done = invoice(&store, NOW, "a", &Month::parse("2026-11").unwrap()).is_ok();
            store.recover();
            done
        })
    };
    assert_eq!(reads(20), reads(600));
}

#[test]
fn names_of_models_that_never_end_are_one_line() {
    let store = Memory::default();
    for n in 0..MAX_LINES as u64 + 40 {
        append(&store, &Entry { model: format!("m{n:04}"), ..entry(&format!("lc_{n}"), "a", 2) }).unwrap();
    }
    sequence(&store, NOW, 1_000).unwrap();
    let invoice = november(&store, "a");
    assert_eq!((invoice.lines.len(), invoice.total_nanos.0), (MAX_LINES + 1, 2 * (MAX_LINES as i64 + 40)));
    assert_eq!(invoice.lines[0].model, OTHER_MODELS);
    assert_eq!(invoice.lines[0].entries, 40);
}
