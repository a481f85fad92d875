//! The maintenance: ends what missed its ticks, settles what crashed callers left, brings the log up to date.
//!
//! Idempotent and bounded. Several callers at once do no harm: a permit is resolved once, a live session's end is marked
//! once, and the log's sequencer holds a lease.

use calendar::Millis;
use kv_schemas::{Store, StoreError, families, sweep};
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, offline};

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
/// How long one run may go on with calls to vendors.
const BUDGET_MS: u64 = 10_000;

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
    let settled_anew = live::settle_anew(store, shell::host::now().plus(ANEW_MS));
    let log = write_log(store);
    let finished_jobs = look_at_jobs(store).await;
    let messages = messages::work_neglected().map_err(|error| offline(&error));
    // After the jobs: what is over is taken in at once.
    let driven = runs::drive_neglected(store).await;
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
        sessions::end(&session, "missed_tick").map_err(refused)?;
        ended += 1;
    }
    Ok(ended)
}

/// The kill switch for live sessions whose vendor reported the end, whose tick is overdue, or whose session is over.
async fn end_live(store: &KeyValue) -> Result<u64, Problem> {
    let started = shell::host::now();
    let mut ended = 0;
    // A vendor that doesn't answer must not keep the others' sessions running: it is left alone for the rest of this run.
    let mut silent: Vec<(String, String)> = Vec::new();
    for live in overdue_live(store, started).map_err(|error| offline(&error))? {
        let account = (live.tenant.clone(), live.provider.clone());
        if silent.contains(&account) {
            continue;
        }
        if shell::host::now().since(started) > BUDGET_MS {
            break;
        }
        match live::end(store, &live.id, video::end_of(store, &live)?).await {
            Ok(()) => ended += 1,
            Err(problem) => {
                eprintln!("ending {}: {} {}", live.id, problem.code, problem.message);
                silent.push(account);
            }
        }
    }
    Ok(ended)
}

/// Those that are tried for the first time come first.
fn overdue_live(store: &KeyValue, now: Millis) -> Result<Vec<Live>, StoreError> {
    let listed = sweep::pending(store, &live::list(), &families::LIVE_HEAD.value(&[]), now.0, BATCH as usize)?;
    let mut overdue = Vec::new();
    for (index, Listed { id, at }) in listed {
        if live::ending(&id).get(store)?.is_some_and(|ending| ending.closed) {
            // The process died before striking it off.
            live::list().remove(store, index)?;
            continue;
        }
        match live::record(&id).get(store)? {
            Some(live) if is_over(store, &live, now)? => {
                let next_try = live::ending(&id).get(store)?.map_or(Millis(0), |ending| ending.next_try);
                overdue.push((next_try, live));
            }
            Some(_) => {}
            // The process died between the list and the record: the vendor was not called. Or it is just being written.
            None if now.since(at) > UNWRITTEN_MS => live::list().remove(store, index)?,
            None => {}
        }
    }
    overdue.sort_by_key(|(next_try, _)| *next_try);
    Ok(overdue.into_iter().map(|(_, live)| live).collect())
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

/// The slow poll: jobs whose vendor's webhook didn't come, or that nobody has asked for since it came.
async fn look_at_jobs(store: &KeyValue) -> Result<u64, Problem> {
    let started = shell::host::now();
    let mut finished = 0;
    for job in due_jobs(store, started)? {
        if shell::host::now().since(started) > BUDGET_MS {
            break;
        }
        let id = job.id.clone();
        match jobs::look(store, job).await {
            Ok(job) => finished += u64::from(job.state.is_over()),
            Err(problem) => eprintln!("looking at {id}: {} {}", problem.code, problem.message),
        }
    }
    Ok(finished)
}

fn due_jobs(store: &KeyValue, now: Millis) -> Result<Vec<jobs::Job>, Problem> {
    let head = families::JOB_HEAD.value(&[]);
    let listed = sweep::pending(store, &jobs::list(), &head, now.0, BATCH as usize).map_err(|error| offline(&error))?;
    let mut due = Vec::new();
    for (index, jobs::Listed { id, at }) in listed {
        let strike = || jobs::list().remove(store, index).map_err(|error| offline(&error));
        match jobs::record(&id).get(store).map_err(|error| offline(&error))? {
            // The process died before striking it off.
            Some(job) if job.state.is_over() => strike()?,
            Some(job) if jobs::is_due(store, &job)? => due.push(job),
            Some(_) => {}
            // The process died between the list and the record: the vendor was not called. Or it is just being written.
            None if now.since(at) > UNWRITTEN_MS => strike()?,
            None => {}
        }
    }
    Ok(due)
}
