//! A month entry by entry is what its invoice sums up, in pages of any size, whatever has its number already.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{Entry, FINAL_AFTER_MS, InvoiceStatus, Item, Month, MonthPage, invoice, month_page};
use calendar::{DAY, Millis};
use common::{NOW, append, entry, sequence};
use kv_schemas::memory::Memory;
use money::Nanos;

fn some(n: u64) -> Entry {
    let cost = i64::try_from(n * 7_919 % 100_003).unwrap();
    let mut entry = entry(&format!("lc_{n}"), ["a", "b"][usize::try_from(n % 2).unwrap()], cost);
    match n % 11 {
        3 => (entry.event_type, entry.cost_nanos) = ("CORRECTION".into(), Nanos(-cost)),
        5 => (entry.event_type, entry.cost_nanos) = ("SESSION_STARTED".into(), Nanos(0)),
        7 => entry.at_ms = NOW.plus(40 * DAY),
        _ => {}
    }
    entry
}

fn page(store: &Memory, now: Millis, start: u64, limit: usize) -> MonthPage {
    month_page(store, now, "a", &Month::parse("2026-11").unwrap(), start, limit).unwrap()
}

fn check(store: &Memory, when: &str) {
    let whole = invoice(store, NOW, "a", &Month::parse("2026-11").unwrap()).unwrap();
    for limit in [1, 7, 1_000] {
        let (mut items, mut start): (Vec<Item>, u64) = (Vec::new(), 0);
        loop {
            let page = page(store, NOW, start, limit);
            assert_eq!((page.total, page.entries), (whole.total_nanos, whole.entries), "{when}");
            assert!(page.items.len() <= limit);
            items.extend(page.items);
            match page.next {
                Some(next) => start = next,
                None => break,
            }
        }
        let sum: i64 = items.iter().map(|item| item.entry.cost_nanos.0).sum();
        assert_eq!((Nanos(sum), items.len() as u64), (whole.total_nanos, whole.entries), "{when}, {limit} at a time");
        let mut ids: Vec<_> = items.iter().map(|item| item.entry.limit_check_id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len() as u64, whole.entries, "each once, {when}");
    }
}

#[test]
fn twn_4_receipts_add_up_to_the_months_sum() {
    let store = Memory::default();
    check(&store, "empty");
    for n in 0..60 {
        append(&store, &some(n)).unwrap();
    }
    check(&store, "staged");
    sequence(&store, NOW.plus(1_000), 20).unwrap();
    check(&store, "some have their number");
    for round in 0..6 {
        sequence(&store, NOW.plus(2_000 + round * 31_000), 100).unwrap();
    }
    check(&store, "all have their number");
    append(&store, &some(61)).unwrap();
    append(&store, &some(62)).unwrap();
    check(&store, "and more come");
}

#[test]
fn a_month_is_final_when_its_invoice_is() {
    let store = Memory::default();
    let end = Millis::parse("2026-12-01T00:00:00Z").unwrap().plus(FINAL_AFTER_MS);
    assert_eq!(page(&store, Millis(end.0 - 1), 0, 1).status, InvoiceStatus::Open);
    assert_eq!(page(&store, end, 0, 1).status, InvoiceStatus::Final);
}
