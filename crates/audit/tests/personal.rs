//! Personal data goes, by age and on demand; everything else stays, byte for byte.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{
    Entry, Erasure, ErasureRequest, ErasureStatus, Filter, Kind, LOOK_MS, Retention, SALT_BYTES, SETTLE_MS, Staged,
    erase, erasure, find, retain,
};
use calendar::{DAY, Millis};
use common::{NOW, entry, everything, sequence};
use kv_schemas::{Store, expiry, gap::Gap, memory::Memory};

const LIMIT: u32 = 1_000;

fn stage(store: &dyn Store, entry: Entry, session: &str) {
    let session = Some(session).filter(|session| !session.is_empty()).map(str::to_owned);
    audit::append(store, &Staged::new(entry, [[7; SALT_BYTES], [8; SALT_BYTES]], session, "req_1".into())).unwrap();
}

/// Money of two tenants and three sessions, a session's event, an operator's event.
fn log() -> Memory {
    let store = Memory::default();
    for n in 0..12_u64 {
        let at_ms = Millis(NOW.0 + n * DAY);
        let mut entry = Entry { at_ms, ..entry(&format!("lc_{n}"), ["a", "b"][usize::from(n % 2 == 1)], 2) };
        match n % 6 {
            4 => entry.event_type = "SESSION_STARTED".into(),
            5 => entry.event_type = "KEY_CREATED".into(),
            _ => {}
        }
        stage(&store, entry, ["ses_1", "ses_1", "ses_2"][usize::try_from(n % 3).unwrap()]);
    }
    sequence(&store, NOW, LIMIT).unwrap();
    store
}

/// Which entries have personal data.
fn opened(store: &Memory) -> String {
    let items = everything(store, Filter::All);
    let opened = items.iter().filter(|item| item.opening.is_some()).map(|item| item.entry.limit_check_id.as_str());
    opened.map(|id| id.trim_start_matches("lc_")).collect::<Vec<_>>().join(" ")
}

/// All that is said to others: entries, tiles, checkpoints, sums, lists, indexes.
fn said(store: &Memory) -> Vec<(String, Vec<u8>)> {
    let is_said = |key: &String| {
        ["entry", "tile", "checkpoint", "totals", "tally", "tenant-entry"]
            .iter()
            .any(|head| key.starts_with(&format!("{head}/")))
    };
    let keys = store.keys().into_iter().filter(is_said);
    keys.map(|key| (key.clone(), store.get(&key).unwrap().unwrap())).collect()
}

/// Maintenance as the host does it, from `now` on until the log has long been still and erasures have waited.
fn settle(store: &dyn Store, now: Millis, days: &str) -> Millis {
    let mut now = now;
    for _ in 0..36 {
        now = now.plus(LOOK_MS / 2);
        sequence(store, now, LIMIT).unwrap();
        retain(store, now, &Retention::parse(days).unwrap(), LIMIT).unwrap();
    }
    now
}

fn request(tenant: Option<&str>, session: &str) -> ErasureRequest {
    ErasureRequest {
        filter: tenant.map_or(Filter::All, |tenant| Filter::Tenant(tenant.into())),
        company: "acme".into(),
        session_id: session.into(),
        salt: [9; SALT_BYTES],
    }
}

fn state_of(store: &Memory, id: &str) -> (ErasureStatus, u64) {
    let Erasure { status, erased, .. } = erasure(store, id).unwrap().unwrap();
    (status, erased)
}

const DONE: fn(u64) -> (ErasureStatus, u64) = |erased| (ErasureStatus::Done, erased);
const PENDING: fn(u64) -> (ErasureStatus, u64) = |erased| (ErasureStatus::Pending, erased);

#[test]
fn each_kind_keeps_its_data_for_its_own_days() {
    let check = |days: &str, after: u64, left: &str| {
        let store = log();
        settle(&store, NOW.plus(after * DAY), days);
        assert_eq!(opened(&store), left, "{days} after {after} days");
    };
    let all = "0 1 2 3 4 5 6 7 8 9 10 11";
    check("", 1_000, all);
    check("money=90 session=30 admin=365", 29, all);
    check("money=90 session=30 admin=365", 34, "0 1 2 3 5 6 7 8 9 10 11");
    check("money=90 session=30 admin=365", 92, "3 5 6 7 8 9 11");
    check("money=90 session=30 admin=365", 200, "5 11");
    check("money=90 session=30 admin=365", 400, "");
    check("admin=1", 400, "0 1 2 3 4 6 7 8 9 10");
    check("money=1", 400, "4 5 10 11");
}

#[test]
fn everything_else_stays_byte_for_byte() {
    let store = log();
    let before = said(&store);
    let receipt = audit::receipt(&store, "lc_3").unwrap().unwrap().to_string();
    // A day later than the last entry, so that nothing else comes into the log.
    settle(&store, NOW.plus(400 * DAY), "money=90 session=30 admin=365");
    assert_eq!(opened(&store), "");
    assert_eq!(said(&store), before);
    assert!(
        before.iter().any(|(key, _)| key.starts_with("tile/")) && before.iter().any(|(key, _)| key == "checkpoint/1")
    );
    assert_eq!(audit::receipt(&store, "lc_3").unwrap().unwrap().to_string(), receipt);
    let proof: tlog::Receipt = receipt.parse().unwrap();
    let item = find(&store, "lc_3").unwrap().unwrap();
    proof.verify(&item.entry.leaf(), &common::SIGNER.verifier()).unwrap();
    let view = serde_json::to_value(item.view()).unwrap();
    assert!(view["session_id"].is_null() && view["request_id"].is_null() && view["personal"]["salt"].is_null());
    assert_eq!(view["personal"]["digest"].as_str(), item.entry.personal.as_deref());
    assert_eq!(item.entry.kind(), Kind::Money);
}

#[test]
fn a_run_is_bounded_and_the_next_goes_on() {
    let store = log();
    let late = settle(&store, NOW.plus(400 * DAY), "");
    let days = Retention::parse("money=90").unwrap();
    let removed: Vec<u64> = (0..4).map(|_| retain(&store, late.plus(LOOK_MS), &days, 5).unwrap().aged).collect();
    assert_eq!(removed, [4, 4, 0, 0], "eight of money among twelve, five looked at in each run");
    let idle = store.dump();
    retain(&store, late.plus(LOOK_MS), &days, 5).unwrap();
    assert_eq!(store.dump(), idle, "with nothing to do it only reads");
}

#[test]
fn an_entry_from_the_future_keeps_what_is_behind_it_no_longer_than_its_days() {
    let store = Memory::default();
    stage(&store, Entry { at_ms: NOW.plus(50_000 * DAY), ..entry("lc_0", "a", 2) }, "ses_1");
    stage(&store, entry("lc_1", "a", 2), "ses_1");
    sequence(&store, NOW, LIMIT).unwrap();
    settle(&store, NOW, "money=90");
    settle(&store, NOW.plus(80 * DAY), "money=90");
    assert_eq!(opened(&store), "0 1");
    settle(&store, NOW.plus(91 * DAY), "money=90");
    assert_eq!(opened(&store), "");
}

#[test]
fn a_run_that_fails_anywhere_is_resumed() {
    let days = "money=90 session=30";
    let late = NOW.plus(400 * DAY);
    let mut most = 0;
    for runs in RUNS_BEFORE {
        for fuel in 0.. {
            let store = log();
            let id = erase(&store, request(Some("b"), "ses_2")).unwrap().id;
            for look in 0..runs {
                retain(&store, late.plus(look * LOOK_MS), &Retention::default(), 0).unwrap();
            }
            let before = said(&store);
            store.fail_after(fuel);
            let now = late.plus(runs * LOOK_MS);
            let whole = retain(&store, now, &Retention::parse(days).unwrap(), LIMIT).is_ok();
            store.recover();
            assert_eq!(said(&store), before, "after {fuel} operations");
            let end = settle(&store, now, days);
            let ended = (opened(&store), state_of(&store, &id), events(&store));
            assert_eq!(ended, (String::new(), DONE(2), "b evt_era_1 2".into()), "failed after {fuel} operations");
            forgotten(&store, end);
            if whole {
                most = most.max(fuel);
                break;
            }
        }
    }
    assert!(most > 40, "a run does something");
}

/// Every erasure that is in the log: whose, which, how many entries.
fn events(store: &Memory) -> String {
    let items = everything(store, Filter::All).into_iter().map(|item| item.entry);
    let erased = items.filter(|entry| entry.event_type == "PERSONAL_DATA_ERASED");
    let said = erased.map(|entry| {
        assert!(!entry.salt.is_empty() && entry.kind() == Kind::Admin && entry.personal.is_none());
        format!("{} {} {}", entry.tenant_id, entry.limit_check_id, entry.details["count"])
    });
    said.collect::<Vec<_>>().join(", ")
}

/// Nothing is left of erasures that are done, a month later.
fn forgotten(store: &Memory, now: Millis) {
    expiry::sweep(store, NOW.hour_number()).unwrap();
    for _ in 0..100 {
        expiry::sweep(store, now.plus(33 * DAY).hour_number()).unwrap();
        if !store.keys().iter().any(|key| key.starts_with("expiry/")) {
            break;
        }
    }
    // A run that broke off leaves its mark to the next.
    let left = store.keys().into_iter().filter(|key| key.starts_with("eras") && key != "erasure-mark");
    assert_eq!(left.collect::<Vec<_>>(), ["erasure-head", "erasure-ticket", "erasures/tail"]);
}

#[test]
fn a_sessions_data_goes_and_nobody_elses() {
    let check = |tenant: Option<&str>, session: &str, left: &str, erased: u64| {
        let store = log();
        let before = said(&store);
        let asked = erase(&store, request(tenant, session)).unwrap();
        assert_eq!((asked.status, asked.erased), PENDING(0));
        let end = settle(&store, NOW, "");
        assert_eq!(
            (opened(&store).as_str(), state_of(&store, &asked.id)),
            (left, DONE(erased)),
            "{tenant:?} {session}"
        );
        let event = (erased > 0).then(|| format!("{} evt_era_1 {erased}", tenant.unwrap_or_default()));
        assert_eq!(events(&store), event.unwrap_or_default(), "what changes nothing logs nothing");
        let keys: Vec<_> = before.iter().map(|(key, _)| key).collect();
        let of_before: Vec<_> = said(&store).into_iter().filter(|(key, _)| keys.contains(&key)).collect();
        // The event came after: what counts a tenant's entries has grown, nothing else has changed.
        let same = |(key, _): &&(String, Vec<u8>)| !key.starts_with("tenant-entries/");
        assert!(of_before.iter().filter(same).eq(before.iter().filter(same)));
        let everything_else = store.dump().into_iter().filter(|(key, _)| !key.starts_with("personal/"));
        let text = everything_else.map(|(key, cell)| format!("{key} {cell:?}")).collect::<String>();
        assert!(!text.contains(session), "its id is nowhere any more");
        forgotten(&store, end);
        assert_eq!(erasure(&store, &asked.id), Ok(None));
    };
    check(Some("a"), "ses_1", "1 2 3 5 7 8 9 11", 4);
    check(Some("a"), "ses_2", "0 1 3 4 5 6 7 9 10 11", 2);
    check(Some("b"), "ses_1", "0 2 4 5 6 8 10 11", 4);
    check(None, "ses_2", "0 1 3 4 6 7 9 10", 4);
    check(Some("a"), "ses_none", "0 1 2 3 4 5 6 7 8 9 10 11", 0);
    check(Some("nobody"), "ses_1", "0 1 2 3 4 5 6 7 8 9 10 11", 0);
}

#[test]
fn it_is_not_done_before_all_that_was_staged_is_seen() {
    let store = log();
    for n in 20..30 {
        stage(&store, entry(&format!("lc_{n}"), "a", 2), "ses_9");
    }
    let id = erase(&store, request(Some("a"), "ses_9")).unwrap().id;
    let mut now = NOW;
    for _ in 0..60 {
        now = now.plus(LOOK_MS);
        // The sequencer is slow.
        sequence(&store, now, 1).unwrap();
        retain(&store, now, &Retention::default(), LIMIT).unwrap();
        let (status, erased) = state_of(&store, &id);
        let left = everything(&store, Filter::All).into_iter().filter_map(|item| item.opening);
        let left = left.filter(|personal| personal.session_id.as_deref() == Some("ses_9")).count();
        assert!(status == ErasureStatus::Pending || left == 0, "done, and {left} are left");
        assert!(status == ErasureStatus::Pending || erased == 10, "{erased}");
    }
    assert_eq!((state_of(&store, &id), events(&store).as_str()), (DONE(10), "a evt_era_1 10"));
}

#[test]
fn asked_again_it_is_the_same_until_it_is_done() {
    let store = log();
    let ask = || erase(&store, request(Some("a"), "ses_1")).unwrap();
    let first = ask();
    assert_eq!(ask(), first);
    // Staged after the first request and before the second, which is answered with the first one's id.
    stage(&store, entry("lc_20", "a", 2), "ses_1");
    assert_eq!(ask(), first);
    let mut now = settle(&store, NOW, "");
    assert_eq!((state_of(&store, &first.id), events(&store).as_str()), (DONE(5), "a evt_era_1 5"));
    // Others of the tenant are nothing of the session.
    stage(&store, entry("lc_21", "a", 2), "ses_2");
    // What is new of the session may be seen, or still be on its way.
    for (which, came_to) in ["", "the stage", "the log", "later"].into_iter().enumerate() {
        let new = || stage(&store, entry(&format!("lc_new {came_to}"), "a", 2), "ses_1");
        match came_to {
            "the stage" => new(),
            "the log" => {
                new();
                sequence(&store, now, LIMIT).unwrap();
            }
            _ => {}
        }
        let next = ask();
        assert_eq!((next.id.as_str(), next.status), (format!("era_{}", which + 2).as_str(), ErasureStatus::Pending));
        assert_eq!(ask(), next);
        if came_to == "later" {
            new();
        }
        now = settle(&store, now, "");
        assert_eq!(state_of(&store, &next.id), DONE(u64::from(!came_to.is_empty())), "{came_to}");
        assert_eq!(state_of(&store, &first.id), DONE(5));
    }
    assert_eq!(opened(&store), "1 2 3 5 7 8 9 11 21");
    forgotten(&store, now);
}

/// Runs that a store has seen before the one that a test looks at: that one finds entries, or waits, or ends it.
const RUNS_BEFORE: [u64; 5] = [2, 3, 4, 11, 12];

/// An erasure of four entries that so many runs have gone on with.
fn begun(runs: u64) -> (Memory, String, Millis) {
    let store = log();
    let id = erase(&store, request(Some("a"), "ses_1")).unwrap().id;
    for look in 1..=runs {
        // At first the log isn't still; then one entry is left for the next run.
        retain(&store, NOW.plus(look * LOOK_MS), &Retention::default(), 0).unwrap();
    }
    (store, id, NOW.plus((runs + 1) * LOOK_MS))
}

/// Whoever asks again while it is just being finished: what was staged before is covered by the answer.
#[test]
fn a_repeat_at_any_moment_of_a_run_is_covered() {
    let mut ended = 0;
    for runs in RUNS_BEFORE {
        for step in 0..200 {
            let (store, id, now) = begun(runs);
            let told = std::cell::RefCell::new(String::new());
            let other = |store: &dyn Store| {
                stage(store, entry("lc_20", "a", 2), "ses_1");
                *told.borrow_mut() = erase(store, request(Some("a"), "ses_1")).unwrap().id;
            };
            let run = Gap::new(&store, step, &other);
            retain(&run, now, &Retention::default(), LIMIT).unwrap();
            if !run.reached() {
                ended += u32::from(state_of(&store, &id).0 == ErasureStatus::Done);
                break;
            }
            let told = told.borrow().clone();
            if state_of(&store, &told).0 == ErasureStatus::Done {
                assert!(!opened(&store).contains("20"), "asked before step {step}");
            }
            let now = settle(&store, now, "");
            settle(&store, now, "");
            assert_eq!(opened(&store), "1 2 3 5 7 8 9 11", "asked before step {step}");
            assert_eq!(state_of(&store, &told).0, ErasureStatus::Done);
        }
    }
    assert_eq!(ended, 1, "the last run ends it");
}

/// A run of the sequencer that sleeps before any one of its operations, is replaced, and wakes up within the time for
/// which it may use its store: what it writes once more is not what somebody has erased.
#[test]
fn a_sequencer_that_was_replaced_brings_nothing_back() {
    for step in 0..200 {
        let store = Memory::default();
        for n in 0..3 {
            stage(&store, entry(&format!("lc_{n}"), "a", 2), "ses_1");
        }
        let others = |store: &dyn Store| {
            erase(store, request(Some("a"), "ses_1")).unwrap();
            for late in [audit::LEASE_MS, audit::RUN_MS - 1] {
                sequence(store, NOW.plus(late), LIMIT).unwrap();
                // A clock that jumps ahead once by any amount makes nothing old.
                retain(store, NOW.plus(late + DAY), &Retention::parse("money=1").unwrap(), LIMIT).unwrap();
            }
        };
        let slow = Gap::new(&store, step, &others);
        sequence(&slow, NOW, LIMIT).unwrap();
        if !slow.reached() {
            assert!(step > 20, "the run does something");
            return;
        }
        settle(&store, NOW.plus(audit::RUN_MS), "");
        assert_eq!(opened(&store), "", "asleep before step {step}");
        assert_eq!(events(&store), "a evt_era_1 3", "asleep before step {step}");
    }
    panic!("a run has an end");
}

/// Two nodes' maintenance, one of which stops before any one of its operations while the other does all of it.
#[test]
fn two_runs_that_overlap_erase_what_one_does() {
    let mut most = 0;
    for runs in RUNS_BEFORE {
        for step in 0..200 {
            let (store, id, now) = begun(runs);
            let other = |store: &dyn Store| assert!(settle(store, now, "") > NOW);
            let run = Gap::new(&store, step, &other);
            retain(&run, now, &Retention::default(), LIMIT).unwrap();
            let reached = run.reached();
            let now = settle(&store, now.plus(SETTLE_MS), "");
            assert_eq!(opened(&store), "1 2 3 5 7 8 9 11", "stopped before step {step}");
            let ended = (state_of(&store, &id), events(&store));
            assert_eq!(ended, (DONE(4), "a evt_era_1 4".into()), "before step {step} after {runs}");
            forgotten(&store, now.plus(DAY));
            if !reached {
                most = most.max(step);
                break;
            }
        }
    }
    assert!(most > 20, "a run does something: {most}");
}

#[test]
fn a_large_log_is_worked_off_in_steps() {
    let store = log();
    let ids = ["ses_1", "ses_2", "ses_3"].map(|session| erase(&store, request(Some("a"), session)).unwrap().id);
    let mut now = NOW;
    for _ in 0..100 {
        now = now.plus(LOOK_MS);
        sequence(&store, now, LIMIT).unwrap();
        retain(&store, now, &Retention::default(), 1).unwrap();
    }
    assert_eq!(ids.map(|id| state_of(&store, &id)), [DONE(4), DONE(2), DONE(0)]);
    assert_eq!(opened(&store), "1 3 5 7 9 11");
}

#[test]
fn only_ids_that_were_given_are_known() {
    let store = log();
    let id = erase(&store, request(Some("a"), "ses_1")).unwrap().id;
    assert_eq!(id, "era_1");
    for unknown in ["era_2", "era_0", "era_01", "era_+1", "era_", "1", "", "evt_era_1", "era_18446744073709551616"] {
        assert_eq!(erasure(&store, unknown), Ok(None), "{unknown}");
    }
    assert_eq!(erasure(&store, &id).unwrap().unwrap().filter, Filter::Tenant("a".into()));
}
