//! The maintenance: ends what missed its ticks, settles what crashed callers left, gives the log its order.
//!
//! Idempotent and bounded; to be run by one caller at a time (our host's timer never overlaps, a CronJob forbids it).

use kv_schemas::{Store, families, sweep};
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, offline};

use crate::{
    bindings::{audit, limits, limits::Usage, sessions},
    caller::operator,
    live::{self, Live},
    permits,
    problems::{faulty, refused},
    sessions::finish,
    video,
};

/// Things of each kind that one run looks at.
const BATCH: u32 = 200;
/// Entries that one run gives their place in the log.
const ENTRIES: u32 = 2_000;
/// How long one run may go on with calls to vendors.
const BUDGET_MS: u64 = 10_000;

/// `POST /v1/maintenance`
pub async fn run(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    operator(call)?;
    let ended_sessions = end_sessions(store).await?;
    let ended_live = end_live(store).await?;
    let settled = settle_overdue()?;
    let log = audit::sequence(ENTRIES).map_err(|failure| {
        eprintln!("sequence: {}", failure.message);
        Problem::offline()
    })?;
    Ok(Reply::json(
        200,
        &json!({
            "status": "ok",
            "ended_sessions": ended_sessions,
            "ended_live_sessions": ended_live,
            "settled_permits": settled,
            "log": { "size": log.size, "staged": log.staged },
        }),
    ))
}

async fn end_sessions(store: &KeyValue) -> Result<u64, Problem> {
    let mut ended = 0;
    for session in sessions::overdue(BATCH).map_err(refused)? {
        match finish(store, &session, "missed_tick").await {
            Ok(()) => ended += 1,
            Err(problem) => eprintln!("ending {session}: {} {}", problem.code, problem.message),
        }
    }
    Ok(ended)
}

/// The kill switch for live sessions whose vendor reported the end, whose tick is overdue, or whose session is over.
async fn end_live(store: &KeyValue) -> Result<u64, Problem> {
    let started = shell::host::now();
    let pending = sweep::pending(store, &live::list(), &families::LIVE_HEAD.value(&[]), started.0, BATCH as usize)
        .map_err(|error| offline(&error))?;
    let mut ended = 0;
    for (index, id) in pending {
        if shell::host::now().since(started) > BUDGET_MS {
            break;
        }
        let Some(live) = live::record(&id).get(store).map_err(|error| offline(&error))? else {
            // The process died between the list and the record: the vendor was not called.
            live::list().remove(store, index).map_err(|error| offline(&error))?;
            continue;
        };
        if live.ended {
            live::list().remove(store, index).map_err(|error| offline(&error))?;
        } else if is_over(store, &live)? {
            let (at, vendor_knows) = video::end_of(store, &live)?;
            match live::end(store, live, at, vendor_knows).await {
                Ok(()) => ended += 1,
                Err(problem) => eprintln!("ending {id}: {} {}", problem.code, problem.message),
            }
        }
    }
    Ok(ended)
}

fn is_over(store: &dyn Store, live: &Live) -> Result<bool, Problem> {
    let session_over = match &live.session {
        Some(session) => families::SESSION_END.value::<()>(&[session]).exists(store),
        None => Ok(false),
    };
    let reported = live::report(&live.id).exists(store);
    let (session_over, reported) =
        (session_over.map_err(|error| offline(&error))?, reported.map_err(|error| offline(&error))?);
    Ok(session_over || reported || live.ended_at.is_some() || live.due <= shell::host::now())
}

/// Permits whose holders vanished: what they used is unknown, so the whole reservation is spent.
fn settle_overdue() -> Result<u64, Problem> {
    let mut settled = 0;
    for id in limits::overdue(BATCH).map_err(faulty)? {
        match permits::settle(&id, &Usage::Unknown) {
            Ok(_) => settled += 1,
            Err(problem) => eprintln!("settling {id}: {} {}", problem.code, problem.message),
        }
    }
    Ok(settled)
}
