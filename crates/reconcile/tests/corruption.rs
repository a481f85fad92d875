//! Whatever is wrong with a store is found and named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod story;

use audit::Entry;
use kv_schemas::{families, memory::Memory};
use limits::{Permit, State, permit};
use money::{Nanos, Quantity};
use reconcile::Severity;
use story::{NOW, money_of, report, set_limits, story};

/// Breaks the story, and finds exactly these kinds of differences; the first sentence has these words.
#[track_caller]
fn check(what: &[&str], words: &str, corrupt: impl Fn(&Memory)) {
    let store = story();
    corrupt(&store);
    let report = report(&store);
    let mut kinds: Vec<_> = report.of(Severity::Difference).map(|finding| finding.what).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let sentences: Vec<_> = report.findings.iter().map(|finding| finding.sentence.as_str()).collect();
    assert_eq!(kinds, what, "{sentences:#?}");
    assert!(sentences.iter().any(|sentence| sentence.contains(words)), "no `{words}` in {sentences:#?}");
    assert!(!report.is_clean());
}

fn change_entry(store: &Memory, seq: u64, change: impl FnOnce(&mut Entry)) {
    let place = families::ENTRY.value::<Entry>(&[&seq.to_string()]);
    let mut entry = place.get(store).unwrap().unwrap();
    change(&mut entry);
    place.set(store, &entry).unwrap();
}

fn change_permit(store: &Memory, id: &str, change: impl FnOnce(&mut Permit)) {
    let mut record = permit(id).get(store).unwrap().unwrap();
    change(&mut record);
    permit(id).set(store, &record).unwrap();
}

#[test]
fn a_counter_that_is_off_by_one_is_named() {
    let off = |counter: kv_schemas::Counter, by: i64| move |store: &Memory| assert!(counter.add(store, by).is_ok());
    check(
        &["counter_above"],
        "tenant t, 2026-11, money: the counter says 1.036000001 USD, 0.000000001 USD more than what is settled \
         (0.626 USD) and held (0.41 USD), and no permit explains it.",
        off(money_of("tenant", "t"), 1),
    );
    check(
        &["counter_below"],
        "company c, 2026-11, money: the counter says 1.105999999 USD, 0.000000001 USD less than what is settled \
         (0.696 USD) and held (0.41 USD): as much could be spent a second time.",
        off(money_of("company", "c"), -1),
    );
    check(
        &["counter_below"],
        "session ses_1, life, money",
        off(families::MONEY.counter(&["session", "ses_1", "life"]), -1),
    );
    let units = |unit: &str| families::UNITS.counter(&["tenant", "t", unit, &NOW.day()]);
    check(&["counter_above"], "tenant t, 2026-11-18, seconds: the counter says 104 seconds", off(units("seconds"), 1));
    check(&["counter_below"], "tenant t, 2026-11-18, tokens", off(units("tokens"), -1));
    check(&["counter_below"], "tenant t, 2026-11-18, output_tokens", off(units("output_tokens"), -1));
    let places = || families::OPEN.counter(&["tenant", "t"]);
    check(&["counter_above"], "tenant t, places: the counter says 5 places", off(places(), 1));
    check(&["counter_below"], "tenant t, places: the counter says 3 places", off(places(), -1));
    check(&["counter_below", "negative_counter"], "says -1 places, which is less than nothing", off(places(), -5));
    let words = "tenant u, 2026-11, money: the counter says -0.000000001 USD, which is less than nothing";
    check(&["counter_below", "negative_counter"], words, off(money_of("tenant", "u"), -70_000_001));
    check(&["counter_above"], "tenant nobody, 2026-11, money", off(money_of("tenant", "nobody"), 1));
    check(&["counter_below"], "tenant u, 2026-11, money: the counter says 0.00 USD", |store| {
        money_of("tenant", "u").retire(store).unwrap();
    });
    check(&["unknown_counter"], "spend/planet/t/2026-11", |store| {
        kv_schemas::Store::increment(store, "spend/planet/t/2026-11", 1).unwrap();
    });
}

#[test]
fn an_entry_that_was_tampered_with_is_named() {
    let everywhere = ["cost", "counter_above", "entry_changed", "sums"];
    let words = "The log says 0.11 USD as the cost of permit lc_exact, the permit itself 0.12 USD.";
    check(&everywhere, words, |store| change_entry(store, 0, |entry| entry.cost_nanos = Nanos(110_000_000)));
    let words = "The stored sums of tenant t, 2026-11 come to 0.576 USD, but the entries they count to 0.566 USD.";
    check(&everywhere, words, |store| change_entry(store, 0, |entry| entry.cost_nanos = Nanos(110_000_000)));
    check(
        &["cost", "counter_above", "entry_changed", "negative_cost", "sums"],
        "The entry of lc_exact costs -1.00 USD.",
        |store| {
            change_entry(store, 0, |entry| entry.cost_nanos = Nanos(-1_000_000_000));
        },
    );
    check(&["entry_changed", "sums", "units"], "12 seconds", |store| {
        change_entry(store, 0, |entry| entry.units_consumed = 13)
    });
    check(&["entry_changed", "settlement"], "exact", |store| {
        change_entry(store, 0, |entry| entry.settlement = "full".into())
    });
    let kinds = ["counter_above", "counter_below", "entry_changed", "list", "payer", "sums", "tenant_count"];
    check(&kinds, "as the tenant of permit lc_exact", |store| {
        change_entry(store, 0, |entry| entry.tenant_id = "u".into());
    });
    check(
        &["counter_above", "gap", "index", "list", "no_entry", "sums", "tenant_count"],
        "Number 1 of the log: there is no entry.",
        |store| {
            families::ENTRY.value::<Entry>(&["1"]).delete(store).unwrap();
        },
    );
    check(
        &["counter_above", "gap", "index", "list", "no_entry", "sums", "tenant_count"],
        "Permit lc_chat is closed at 0.006 USD, but the log has no entry of it.",
        |store| families::ENTRY.value::<Entry>(&["2"]).delete(store).unwrap(),
    );
    check(&["counter_above", "no_entry"], "Permit lc_session is closed at 0.05 USD", |store| {
        families::STAGE.log::<Entry>(&[]).remove(store, 4).unwrap();
    });
    check(&["unreadable"], "can't be read", |store| kv_schemas::Store::set(store, "permit/lc_released", b"{").unwrap());
}

#[test]
fn an_entry_that_is_there_twice_is_named() {
    let copy = |store: &Memory, from: u64, to: &str| {
        let entry = families::ENTRY.value::<Entry>(&[&from.to_string()]).get(store).unwrap().unwrap();
        families::ENTRY.value::<Entry>(&[to]).set(store, &entry).unwrap();
    };
    let words = "Permit lc_exact has two entries in the log: numbers 0 and 3.";
    check(&["beyond_the_end", "counter_below", "entry_twice"], words, |store| copy(store, 0, "3"));
    check(
        &["counter_above", "entry_changed", "entry_twice", "index", "no_entry", "sums"],
        "The log's index names an entry of lc_overrun, but there is none.",
        |store| copy(store, 0, "1"),
    );
    check(&["entry_contradicted"], "Two entries were made for permit lc_exact", |store| {
        let mut entry = families::ENTRY.value::<Entry>(&["0"]).get(store).unwrap().unwrap();
        entry.cost_nanos = Nanos(1);
        families::STAGE.log(&[]).append(store, &entry).unwrap();
    });
}

#[test]
fn stored_sums_and_lists_that_are_wrong_are_named() {
    let totals = |change: fn(&mut audit::Totals)| {
        move |store: &Memory| {
            let place = families::TOTALS.value::<audit::Totals>(&["tenant", "t", "2026-11"]);
            let mut stored = place.get(store).unwrap().unwrap();
            change(&mut stored);
            place.set(store, &stored).unwrap();
        }
    };
    let words =
        "The stored sums of tenant t, 2026-11 come to 0.576000001 USD, but the entries they count to 0.576 USD.";
    check(&["sums"], words, totals(|sums| sums.settled_nanos += 1));
    check(&["sums"], "count 4 entries, but there are 3", totals(|sums| sums.entries += 1));
    check(&["sums"], "not by capability and unit", totals(|sums| drop(sums.by_capability.remove("chat"))));
    let line_by_line = "not line by line, as its invoice shows them";
    check(&["sums"], line_by_line, totals(|sums| sums.lines[0].nanos += 1));
    check(&["sums"], line_by_line, totals(|sums| sums.lines[0].units += 1));
    check(&["sums"], line_by_line, totals(|sums| sums.lines[0].model = "another".into()));
    check(&["sums"], line_by_line, totals(|sums| drop(sums.lines.remove(0))));
    check(&["list"], "list of tenant t, 2026-11", |store| {
        families::TALLY.value::<u64>(&["tenant", "t", "2026-11", "1"]).set(store, &2).unwrap();
    });
    check(&["list"], "The list of tenant t's entries ends before number 2 of the log.", |store| {
        families::TENANT_ENTRY.value::<u64>(&["t", "2"]).delete(store).unwrap();
    });
    check(&["index"], "The entry of lc_exact is number 0 of the log, but the index says number 7.", |store| {
        families::ENTRY_OF.value::<u64>(&["lc_exact"]).set(store, &7).unwrap();
    });
}

#[test]
fn a_permit_that_was_tampered_with_is_named() {
    check(&["counter_above", "permit_missing"], "more than what is settled (0.626 USD) and held (0.11 USD)", |store| {
        permit("lc_held").delete(store).unwrap();
    });
    check(&["counter_below", "permit_shape"], "as much could be spent a second time", |store| {
        change_permit(store, "lc_held", |record| record.holds[1].amount += 1);
    });
    check(&["counter_above", "negative_hold", "permit_shape"], "holds less than nothing", |store| {
        change_permit(store, "lc_held", |record| record.holds[1].amount = -1);
    });
    let words = "The log has an entry of 0.12 USD for permit lc_exact, but the permit is released.";
    check(&["counter_above", "entry_without_charge"], words, |store| {
        change_permit(store, "lc_exact", |record| record.state = State::Released);
    });
    check(&["counter_above", "no_entry"], "Permit lc_held is closed at 0.01 USD, but the log has no entry", |store| {
        change_permit(store, "lc_held", |record| {
            let charge = limits::Charge {
                used: vec![Quantity::new("seconds", 1)],
                cost: Nanos(10_000_000),
                settlement: limits::Settlement::Exact,
            };
            record.state = State::Closed { charge, stage: 9 };
        });
    });
    check(&["unlisted"], "Permit lc_held is held for ever", |store| {
        let list = families::PERMIT_LIST.log::<serde_json::Value>(&[]);
        let slot = (1..20).find(|slot| format!("{:?}", list.get(store, *slot).unwrap()).contains("lc_held")).unwrap();
        list.remove(store, slot).unwrap();
    });
}

#[test]
fn a_cap_that_was_crossed_is_named() {
    let words = "tenant t, 2026-11, money: what is settled and held comes to 1.016 USD, 0.516 USD above the highest cap in \
                 force, 0.50 USD; uses that went above what was reserved explain only 0.15 USD.";
    check(&["cap_crossed"], words, |store| set_limits(store, r#"{"monthly_cost_usd":"0.50"}"#));
    check(&["cap_crossed"], "above the highest cap in force, 50 seconds", |store| {
        set_limits(store, r#"{"daily_units":{"seconds":50}}"#);
    });
    check(&["cap_crossed"], "tenant t, places: what is settled and held comes to 4 places, 1 place above", |store| {
        set_limits(store, r#"{"burst":3}"#);
    });
    check(&["cap_crossed"], "session ses_1, life, money", |store| set_limits(store, r#"{"session_cost_usd":"0.07"}"#));
    check(&["cap_crossed"], "company c, 2026-11, money", |store| {
        let company = serde_json::from_str(r#"{"id":"c","limits":{"monthly_cost_usd":"0.10"}}"#).unwrap();
        tenancy::company("c").set(store, &company).unwrap();
    });
}
