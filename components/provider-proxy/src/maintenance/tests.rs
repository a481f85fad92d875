//! What is due is found, whatever else is damaged.

use std::cell::Cell;

use calendar::Millis;
use kv_schemas::{Store, StoreError, memory::Memory};
use serde_json::{Value as Json, from_value, json};
use shell::{Kind, Problem};

use super::{
    caught_up,
    kill_switch::{is_vendors, overdue_live},
    looks::due_jobs,
};
use crate::{
    bindings::audit,
    jobs,
    live::{self, Listed, Live},
};

const NOW: Millis = Millis(100_000);

fn binding() -> Json {
    json!({"mode": "mock", "base_url": null, "sealed_secret": null, "sealed_webhook_secret": null, "options": {}})
}

/// A live session that is due.
fn live(store: &Memory, id: &str) {
    let live: Live = from_value(json!({
        "id": id, "tenant": "t", "session": null, "provider": "v", "vendor_id": "1", "lease": "lc_1",
        "binding": binding(), "started_at": 0, "tick": "lc_2", "tick_since": 0, "due": 0, "list_index": 1,
        "answered": { "limit_check_id": "lc_2", "standing": "full", "cost_left": null, "seconds_left": null },
    }))
    .unwrap();
    live::record(id).set(store, &live).unwrap();
    live::list().append(store, &Listed { id: id.into(), at: Millis(0) }).unwrap();
}

/// A job that is due.
fn job(store: &Memory, id: &str) {
    let job: jobs::Job = from_value(json!({
        "id": id, "tenant": "t", "session": null, "provider": "v", "kind": "k", "binding": binding(),
        "vendor_id": "1", "permit": "lc_1", "started_at": 0, "next_look": 0, "looks": 0,
        "state": {"status": "running"}, "list_index": 1,
    }))
    .unwrap();
    jobs::record(id).set(store, &job).unwrap();
    jobs::list().append(store, &jobs::Listed { id: id.into(), at: Millis(0) }).unwrap();
}

#[test]
fn what_cannot_be_read_keeps_nothing_else_going_on() {
    let check = |broken: &str| {
        let store = Memory::default();
        for id in ["a", "b", "c"] {
            live(&store, id);
            job(&store, id);
        }
        store.set(broken, b"{").unwrap();
        let lives: Vec<String> = overdue_live(&store, NOW).unwrap().into_iter().map(|live| live.id).collect();
        let jobs: Vec<String> = due_jobs(&store, NOW).unwrap().into_iter().map(|job| job.id).collect();
        let left = |kind: &str| if broken.starts_with(kind) { vec!["a", "c"] } else { vec!["a", "b", "c"] };
        assert_eq!(lives, left("live"), "{broken}");
        assert_eq!(jobs, left("job"), "{broken}");
    };
    check(live::record("b").key());
    check(live::ending("b").key());
    check(jobs::record("b").key());
    check("nothing");
}

#[test]
fn ses_5_what_a_server_shows_of_a_twin_ends_with_the_consent_to_it() {
    let check = |twin: Option<tenancy::TwinAccess>, over: bool| {
        let store = Memory::default();
        live(&store, "a");
        let mut record = live::record("a").get(&store).unwrap().unwrap();
        (record.started_at, record.due) = (Millis(50_000), Millis(200_000));
        live::record("a").set(&store, &record).unwrap();
        tenancy::tenant("t")
            .set(&store, &tenancy::Tenant { twin: twin.clone(), ..tenancy::Tenant::new("t", "c") })
            .unwrap();
        assert_eq!(!overdue_live(&store, NOW).unwrap().is_empty(), over, "{twin:?}");
    };
    let open = tenancy::TwinAccess::new("MTID#7K3Q-9D2M-XW4B");
    check(None, false);
    check(Some(open.clone()), false);
    check(Some(tenancy::TwinAccess { closed: Some("consent_revoked".into()), ..open.clone() }), true);
    check(Some(tenancy::TwinAccess { closed: Some("twin_retired".into()), ..open.clone() }), true);
    // Somebody else has consented since: what began before stays over.
    check(Some(tenancy::TwinAccess { revoked_before: Millis(60_000), ..open.clone() }), true);
    check(Some(tenancy::TwinAccess { revoked_before: Millis(40_000), ..open }), false);
}

#[test]
fn a_store_that_is_not_there_ends_it() {
    let check = |found: fn(&Memory) -> Result<usize, StoreError>| {
        for operations in 0..100 {
            let store = Memory::default();
            live(&store, "a");
            job(&store, "a");
            store.fail_after(operations);
            match found(&store) {
                Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{operations}: {error}"),
                Ok(found) => {
                    assert_eq!(found, 1, "{operations}");
                    return assert!(operations > 3, "{operations}");
                }
            }
        }
        panic!("it never finds anything");
    };
    check(|store| overdue_live(store, NOW).map(|found| found.len()));
    check(|store| due_jobs(store, NOW).map(|found| found.len()));
}

#[test]
fn only_what_a_vendor_fails_leaves_the_vendor_alone() {
    let check = |kind, alone| assert_eq!(is_vendors(&Problem::new(kind, "some_code", "why")), alone, "{kind:?}");
    check(Kind::VendorError, true);
    check(Kind::VendorTimeout, true);
    check(Kind::Offline, false);
    check(Kind::Conflict, false);
}

#[test]
fn the_log_is_caught_up_with_and_nobody_waits_at_a_hole() {
    let check = |waiting: u64, each: u64, time: u32, runs: u32, left: u64| {
        let (done, made) = (Cell::new(0), Cell::new(0));
        let run = || {
            made.set(made.get() + 1);
            done.set(waiting.min(done.get() + each));
            Ok(audit::Progress { size: done.get(), staged: waiting - done.get() })
        };
        let progress = caught_up(run, || made.get() < time).unwrap();
        assert_eq!((made.get(), progress.staged), (runs, left), "{waiting} waiting, {each} in each run");
    };
    check(0, 1_000, 100, 1, 0);
    check(999, 1_000, 100, 1, 0);
    check(1_999, 1_000, 100, 1, 999);
    check(2_000, 1_000, 100, 2, 0);
    check(7_300, 1_000, 100, 7, 300);
    check(7_300, 1_000, 3, 3, 4_300);
    // A hole that somebody may still fill, or another who is at it.
    check(7_300, 0, 100, 2, 7_300);
    assert_eq!(caught_up(|| Err("gone".into()), || true).unwrap_err(), "gone");
}
