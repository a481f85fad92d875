//! The maintenance: ends what missed its ticks, settles what crashed callers left, brings the log up to date.
//!
//! Idempotent and bounded. Several callers at once do no harm: a permit is resolved once, a live session's end is marked
//! once, and the log's sequencer holds a lease.

use std::{cell::Cell, pin::pin, rc::Rc, time::Duration};

use calendar::Millis;
use futures::{
    StreamExt,
    future::{Either, select},
    stream,
};
use kv_schemas::{Store, StoreError, families, sweep};
use serde_json::json;
use shell::{Call, KeyValue, Kind, Problem, Reply, host, offline};

use crate::{
    bindings::{audit, sessions},
    caller::operator,
    jobs,
    live::{self, Listed, Live, video},
    messages, permits,
    problems::refused,
    runs, session_events,
};

/// Things of each kind that one run looks at.
const BATCH: u32 = 200;
/// Entries that one run gives their place in the log.
const ENTRIES: u32 = 1_000;
/// After this a place on the list without a record has lost its writer.
const UNWRITTEN_MS: u64 = calendar::MINUTE;
/// How long one run may go on with calls to vendors that end sessions.
const BUDGET_MS: u64 = 10_000;
/// How long one run waits for looks at jobs, and begins any: those under way then go on by themselves, since the kill
/// switch must not wait for vendors that have nothing to do with it.
const LOOKS_MS: u64 = 5_000;
/// Jobs that are looked at at once.
const LOOKS_AT_ONCE: usize = 16;
/// How long one run may settle anew what vendors have reported late.
const ANEW_MS: u64 = 3_000;

/// `POST /v1/maintenance`
pub async fn run(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    operator(call)?;
    // What needs no vendor comes first: one that hangs must not keep anybody's money held. The kill switch comes before the
    // log: an entry can wait a little longer than a vendor that goes on charging. And what fails keeps nothing else waiting.
    let settled = permits::settle_overdue(BATCH);
    let ended_sessions = end_sessions();
    let ended_live = end_live(store).await;
    let settled_anew = live::settle_anew(store, host::now().plus(ANEW_MS));
    let log = write_log(store);
    let finished_jobs = look_at_jobs(store).await.map_err(|error| offline(&error));
    let messages = messages::work_neglected().map_err(|error| offline(&error));
    // After the jobs: what is over is taken in at once.
    let driven = runs::drive_neglected();
    let (settled, ended_sessions, ended_live, finished_jobs) = (settled?, ended_sessions?, ended_live?, finished_jobs?);
    driven?;
    settled_anew?;
    messages?;
    let log = log.map_err(stuck)?;
    Ok(Reply::json(
        200,
        &json!({
            "status": "ok",
            "ended_sessions": ended_sessions,
            "ended_live_sessions": ended_live,
            "finished_jobs": finished_jobs,
            "settled_permits": settled,
            "log": { "size": log.size, "staged": log.staged },
        }),
    ))
}

/// A log that can't be brought up to date waits: nothing of it is lost.
fn write_log(store: &KeyValue) -> Result<audit::Progress, String> {
    // Events first, so that they get their place in the same run.
    let events = session_events::log_waiting(store);
    let progress = audit::sequence(ENTRIES).map_err(|failure| failure.message)?;
    events.map_err(|problem| format!("events of sessions: {}", problem.message))?;
    Ok(progress)
}

/// Whoever calls the maintenance has to hear of it: nothing else shows it before somebody asks for a receipt.
fn stuck(why: String) -> Problem {
    eprintln!("log: {why}");
    let message = format!("All else is done, but the log can't be brought up to date: {why}");
    Problem { code: "log_stuck".into(), message, ..Problem::offline() }
}

/// What a session holds at vendors is ended by [`end_live`], which finds the session over.
fn end_sessions() -> Result<u64, Problem> {
    let mut ended = 0;
    for session in sessions::overdue(BATCH).map_err(refused)? {
        match sessions::end(&session, "missed_tick") {
            Ok(_) => ended += 1,
            // What fails keeps no other going on.
            Err(refusal) => eprintln!("ending {session}: {} {}", refusal.code, refusal.message),
        }
    }
    Ok(ended)
}

/// The kill switch for live sessions whose vendor reported the end, whose tick is overdue, or whose session is over.
async fn end_live(store: &KeyValue) -> Result<u64, Problem> {
    let started = host::now();
    let mut ended = 0;
    // A vendor that doesn't answer must not keep the others' sessions running: it is left alone for the rest of this run.
    let mut silent: Vec<(String, String)> = Vec::new();
    for live in overdue_live(store, started).map_err(|error| offline(&error))? {
        let account = (live.tenant.clone(), live.provider.clone());
        if silent.contains(&account) {
            continue;
        }
        if host::now().since(started) > BUDGET_MS {
            break;
        }
        let outcome = match video::end_of(store, &live) {
            Ok(at) => live::end(store, &live.id, at).await,
            Err(problem) => Err(problem),
        };
        match outcome {
            Ok(()) => ended += 1,
            Err(problem) => {
                eprintln!("ending {}: {} {}", live.id, problem.code, problem.message);
                if is_vendors(&problem) {
                    silent.push(account);
                }
            }
        }
    }
    Ok(ended)
}

/// Whether the vendor failed, and would fail the next session as well.
fn is_vendors(problem: &Problem) -> bool {
    matches!(problem.kind, Kind::VendorError | Kind::VendorTimeout)
}

/// What can't be read is left out: it must not keep all that comes after it going on. A store that isn't there ends it.
fn legible<T>(id: &str, found: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Err(error @ StoreError::Corrupt { .. }) => {
            eprintln!("maintaining {id}: {error}");
            Ok(None)
        }
        found => found,
    }
}

/// Those that are tried for the first time come first.
fn overdue_live(store: &dyn Store, now: Millis) -> Result<Vec<Live>, StoreError> {
    let listed = sweep::pending(store, &live::list(), &families::LIVE_HEAD.value(&[]), now.0, BATCH as usize)?;
    let mut overdue = Vec::new();
    for (index, listed) in listed {
        overdue.extend(legible(&listed.id, if_overdue(store, index, &listed, now))?);
    }
    overdue.sort_by_key(|(next_try, _)| *next_try);
    Ok(overdue.into_iter().map(|(_, live)| live).collect())
}

/// With the time of its next try.
fn if_overdue(
    store: &dyn Store,
    index: u64,
    Listed { id, at }: &Listed,
    now: Millis,
) -> Result<Option<(Millis, Live)>, StoreError> {
    let ending = live::ending(id).get(store)?;
    if ending.is_some_and(|ending| ending.closed) {
        // The process died before striking it off.
        live::list().remove(store, index)?;
        return Ok(None);
    }
    match live::record(id).get(store)? {
        Some(live) if is_over(store, &live, now)? => {
            Ok(Some((ending.map_or(Millis(0), |ending| ending.next_try), live)))
        }
        Some(_) => Ok(None),
        None => {
            // The process died between the list and the record: the vendor was not called. Or it is just being written.
            if now.since(*at) > UNWRITTEN_MS {
                live::list().remove(store, index)?;
            }
            Ok(None)
        }
    }
}

fn is_over(store: &dyn Store, live: &Live, now: Millis) -> Result<bool, StoreError> {
    if let Some(ending) = live::ending(&live.id).get(store)? {
        return Ok(ending.next_try <= now);
    }
    let session_over = match &live.session {
        Some(session) => families::SESSION_END.value::<()>(&[session]).exists(store)?,
        None => false,
    };
    Ok(session_over
        || live.due <= now
        || live::report(&live.id).exists(store)?
        || tenancy::find_tenant(store, &live.tenant)?.is_none())
}

/// The slow poll: jobs whose vendor's webhook didn't come, or that nobody has asked for since it came. What if we crash
/// while some are looked at? They are due again after a while.
async fn look_at_jobs(store: &dyn Store) -> Result<u64, StoreError> {
    let began = host::now();
    let due = due_jobs(store, began)?;
    if due.is_empty() {
        return Ok(0);
    }
    let (store, finished) = (KeyValue::open()?, Rc::new(Cell::new(0)));
    let counted = Rc::clone(&finished);
    let looks = Box::pin(async move {
        let looks = stream::iter(due).for_each_concurrent(LOOKS_AT_ONCE, async |job| {
            if host::now().since(began) < LOOKS_MS && look_at(&store, job).await {
                counted.set(counted.get() + 1);
            }
        });
        looks.await;
    });
    let patience = spin_sdk::time::sleep(Duration::from_millis(LOOKS_MS));
    if let Either::Right((_, looks)) = select(looks, pin!(patience)).await {
        spin_sdk::wasip3::spawn(looks);
    }
    Ok(finished.get())
}

/// Whether it is over.
async fn look_at(store: &KeyValue, job: jobs::Job) -> bool {
    let id = job.id.clone();
    match jobs::look(store, job).await {
        Ok(job) => job.state.is_over(),
        Err(problem) => {
            eprintln!("looking at {id}: {} {}", problem.code, problem.message);
            false
        }
    }
}

fn due_jobs(store: &dyn Store, now: Millis) -> Result<Vec<jobs::Job>, StoreError> {
    let listed = sweep::pending(store, &jobs::list(), &families::JOB_HEAD.value(&[]), now.0, BATCH as usize)?;
    let mut due = Vec::new();
    for (index, listed) in listed {
        due.extend(legible(&listed.id, if_due(store, index, &listed, now))?);
    }
    Ok(due)
}

/// It asks the store whether there is something, not what it says: that fails where the store isn't there.
fn is_due(store: &dyn Store, job: &jobs::Job) -> Result<bool, StoreError> {
    jobs::is_due(store, job).map_err(|problem| StoreError::Unavailable(problem.message))
}

fn if_due(
    store: &dyn Store,
    index: u64,
    jobs::Listed { id, at }: &jobs::Listed,
    now: Millis,
) -> Result<Option<jobs::Job>, StoreError> {
    match jobs::record(id).get(store)? {
        // The process died before striking it off.
        Some(job) if job.state.is_over() => jobs::list().remove(store, index)?,
        Some(job) if is_due(store, &job)? => return Ok(Some(job)),
        Some(_) => {}
        // The process died between the list and the record: the vendor was not called. Or it is just being written.
        None if now.since(*at) > UNWRITTEN_MS => jobs::list().remove(store, index)?,
        None => {}
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;
    use serde_json::{Value as Json, from_value};

    use super::*;

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
}
