//! The maintenance: ends what missed its ticks, settles what crashed callers left, brings the log up to date.
//!
//! Idempotent and bounded. Several callers at once do no harm: a permit is resolved once, a live session's end is marked
//! once, and the log's sequencer holds a lease.

mod kill_switch;
mod listed;
mod looks;
#[cfg(test)]
mod tests;

use router::breaker;
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use self::{kill_switch::end_live, looks::look_at_jobs};
use crate::{
    bindings::{audit, sessions},
    caller::operator,
    live, messages, permits,
    problems::refused,
    runs, session_events,
};

/// Things of each kind that one run looks at.
const BATCH: u32 = 200;
/// Entries that one run gives their place in the log.
const ENTRIES: u32 = 1_000;
/// How long one maintenance may go on with the log while more waits for it than one run takes.
const LOG_MS: u64 = 2_000;
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
    let breakers = breaker::strike_closed(store, host::now(), BATCH as usize).map_err(|error| offline(&error));
    // After the jobs: what is over is taken in at once.
    let driven = runs::drive_neglected();
    let (settled, ended_sessions, ended_live, finished_jobs) = (settled?, ended_sessions?, ended_live?, finished_jobs?);
    driven?;
    settled_anew?;
    messages?;
    breakers?;
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
    let until = host::now().plus(LOG_MS);
    let progress = caught_up(|| audit::sequence(ENTRIES).map_err(|failure| failure.message), || host::now() < until)?;
    events.map_err(|problem| format!("events of sessions: {}", problem.message))?;
    Ok(progress)
}

/// Runs of the sequencer, until less is waiting than one takes: a gate that makes more entries in a second than that would
/// fall behind for ever, and soon nobody could sum up what waits. A run that comes no further ends it.
fn caught_up(
    run: impl Fn() -> Result<audit::Progress, String>,
    in_time: impl Fn() -> bool,
) -> Result<audit::Progress, String> {
    let mut progress = run()?;
    while progress.staged >= u64::from(ENTRIES) && in_time() {
        let next = run()?;
        if next.size <= progress.size {
            return Ok(next);
        }
        progress = next;
    }
    Ok(progress)
}

/// Whoever calls the maintenance has to hear of it: nothing else shows it before somebody asks for a receipt.
fn stuck(why: String) -> Problem {
    shell::warn!("log", error = why);
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
            Err(refusal) => shell::warn!("ending", about = session, code = refusal.code, message = refusal.message),
        }
    }
    Ok(ended)
}
