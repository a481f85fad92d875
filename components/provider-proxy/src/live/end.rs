//! The end of a live session, whoever asks for it: at the vendor first, since that is what costs.

use std::time::Duration;

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError, Value, expiry};
use serde_json::json;
use shell::{Kind, Problem, host, offline};

use super::{
    late, paid,
    record::{Ending, KEPT_HOURS, Live, STOP_SECONDS, by_vendor, ending, list, of_session, record, report},
};
use crate::{
    bindings::{
        adapter::{self, Capability, Operation},
        limits::Usage,
    },
    permits,
    problems::unplannable,
    vendor::{self, attempt, upstream},
};

/// How long a vendor may take to end a session in one try.
const STOP_PATIENCE: Duration = Duration::from_secs(STOP_SECONDS);
/// How long to wait after a vendor failed to end a session.
const RETRY_MS: u64 = 10 * SECOND;
/// No session lasts so long at any vendor: a vendor that still refuses to end it isn't asked for ever.
const GIVE_UP_MS: u64 = calendar::DAY;
/// A room can be made again by a visitor who was put out, until the token that the vendor has renewed for him is over.
const REJOIN_MS: u64 = 10 * calendar::MINUTE;
/// How often such a room is ended again meanwhile.
const AGAIN_MS: u64 = calendar::MINUTE;
/// The vendor's code for a session that is over already.
const ALREADY_ENDED: &str = "already_ended";

/// Ends it: at the vendor first (that is what costs), then the permits, then the record. Every step may be repeated, so
/// a crash anywhere is resumed by the next maintenance.
pub async fn end(store: &dyn Store, id: &str, at: Millis) -> Result<(), Problem> {
    let Some(marked) = mark(store, id, at).map_err(|error| offline(&error))? else { return Ok(()) };
    let live = record(id).get(store).map_err(|error| offline(&error))?;
    let Some(live) = live else { return Ok(()) };
    if (live.starting || live.vendor_id.is_none()) && host::now() < live.due {
        // Its start sees the mark when the vendor answers; if that crashed, it falls due.
        return Ok(());
    }
    if let Err(problem) = stop_vendor(&live).await {
        let reported = reported(store, &live, &marked)?.is_some();
        let given_up = host::now().since(live.started_at) > GIVE_UP_MS;
        if given_up {
            shell::warn!("end_given_up", about = id, provider = live.provider);
        } else if !reported {
            let later = Ending { next_try: host::now().plus(RETRY_MS), ..marked };
            ending(id).set(store, &later).map_err(|error| offline(&error))?;
            return Err(problem);
        }
        // The vendor itself said that it is over, or nobody believes any more that it goes on.
    }
    // What the vendor says is what it bills. Whoever reports after this look finds the mark, and sees to it that the session
    // is settled anew.
    let marked = Ending { at: reported(store, &live, &marked)?.unwrap_or(marked.at), ..marked };
    pay(store, &live, marked.at)?;
    permits::release(&live.lease);
    let now = host::now();
    if may_come_back(&live) && now < marked.at.plus(REJOIN_MS) {
        let again = Ending { next_try: now.plus(AGAIN_MS), ..marked };
        return ending(id).set(store, &again).map_err(|error| offline(&error));
    }
    close(store, &live, marked).map_err(|error| offline(&error))
}

/// When it ended, if the vendor has said so.
fn reported(store: &dyn Store, live: &Live, marked: &Ending) -> Result<Option<Millis>, Problem> {
    let read = || -> Result<_, StoreError> {
        let Some(report) = report(&live.id).get(store)? else { return Ok(None) };
        // An end that is made again, of a room or after a crash, was settled by the first one.
        let settled = paid::is_settled(store, live, marked.at)?.then_some(marked.at);
        Ok(Some(live.real_end(&report, settled)))
    };
    read().map_err(|error| offline(&error))
}

/// Settles the last stretch. Where the session was over before it, those before it are settled anew.
pub fn pay(store: &dyn Store, live: &Live, until: Millis) -> Result<(), Problem> {
    if live.vendor_id.is_none() {
        // The vendor may or may not have started: nobody knows what it used.
        return permits::resolve(&live.tick, &Usage::Unknown);
    }
    let note = || -> Result<(), StoreError> {
        paid::note(store, live, until)?;
        if until < live.tick_since {
            late::list().append(store, &live.id)?;
        }
        Ok(())
    };
    note().map_err(|error| offline(&error))?;
    permits::resolve(&live.tick, &live.used(until))
}

/// Whether visitors make the room by joining it.
fn may_come_back(live: &Live) -> bool {
    live.vendor_id.is_some()
        && vendor::as_bound(&live.tenant, &live.provider, &live.binding)
            .is_some_and(|vendor| vendor.can(Capability::Realtime))
}

/// Marks the end; `None` when it is closed already.
fn mark(store: &dyn Store, id: &str, at: Millis) -> Result<Option<Ending>, StoreError> {
    match ending(id).get(store)? {
        Some(marked) if marked.closed => Ok(None),
        Some(marked) => Ok(Some(marked)),
        None => {
            let marked = Ending { at, next_try: Millis(0), closed: false };
            ending(id).set(store, &marked)?;
            Ok(Some(marked))
        }
    }
}

/// Nothing is left to be done for it.
pub fn close(store: &dyn Store, live: &Live, ended: Ending) -> Result<(), StoreError> {
    if let Some(session) = &live.session
        && of_session(session).get(store)?.as_ref() == Some(&live.id)
    {
        of_session(session).delete(store)?;
    }
    let (record, over, report) = (record(&live.id), ending(&live.id), report(&live.id));
    let by_vendor = live.vendor_id.as_deref().map(|vendor_id| by_vendor(live, vendor_id));
    let mut keys = vec![record.key(), over.key(), report.key()];
    keys.extend(by_vendor.as_ref().map(Value::key));
    let hour = host::now().hour_number() + KEPT_HOURS;
    expiry::forget_after(store, hour, &keys)?;
    paid::forget_after(store, &live.id, hour)?;
    // What if we crash after this? It is told again, under the same id.
    tell(store, live, ended.at)?;
    over.set(store, &Ending { closed: true, ..ended })?;
    // Last, so that a crash before leaves it on the list of those to be ended.
    list().remove(store, live.list_index)
}

/// The tenant's server and the page hear of it.
fn tell(store: &dyn Store, live: &Live, at: Millis) -> Result<(), StoreError> {
    if live.vendor_id.is_none() {
        // It never began.
        return Ok(());
    }
    let data = json!({
        "live_session": live.id,
        "provider": live.provider,
        "started_at": live.started_at.to_string(),
        "ended_at": at.to_string(),
    });
    let event = events::Event::new("live.ended", &live.id, host::now(), live.session.as_deref(), data);
    events::emit(store, &live.tenant, &event)
}

async fn stop_vendor(live: &Live) -> Result<(), Problem> {
    let Some(vendor_id) = &live.vendor_id else { return Ok(()) };
    // A vendor that was taken out of the bundle while it had live sessions can't be called: putting it back helps.
    let vendor = vendor::as_bound(&live.tenant, &live.provider, &live.binding)
        .ok_or_else(|| Problem::new(Kind::VendorError, "vendor_gone", "The vendor is not offered any more."))?;
    let operation = Operation::LiveEnd(vendor_id.clone());
    let planned = adapter::plan(vendor.name(), &operation, &vendor.options).map_err(unplannable)?;
    let vault = host::vault().await?;
    let called = upstream::call(&vault, &vendor, &planned, &live.id, STOP_PATIENCE).await;
    let mut answer = called.map_err(upstream::Failure::into_problem)?;
    if upstream::is_success(&answer.head) {
        return Ok(());
    }
    let body = answer.body.of_error().await;
    let failure = adapter::explain(vendor.name(), &answer.head, &body);
    if failure.code == ALREADY_ENDED {
        return Ok(());
    }
    Err(Problem { kind: Kind::VendorError, ..attempt::explained(&vendor, answer.head.status, failure) })
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;
    use crate::live::record::{Report, tests::sample};

    #[test]
    fn an_end_that_is_made_again_stays_when_it_was() {
        let check = |settled: Option<u64>, ended_at: Option<u64>, expected: u64| {
            let (store, live) = (Memory::default(), sample());
            let marked = Ending { at: Millis(60_000), next_try: Millis(0), closed: false };
            if let Some(until) = settled {
                paid::note(&store, &live, Millis(until)).unwrap();
            }
            assert_eq!(reported(&store, &live, &marked).unwrap(), None);
            let said = Report { at_ms: Millis(80_000), ended_at_ms: ended_at.map(Millis) };
            report(&live.id).set(&store, &said).unwrap();
            let found = reported(&store, &live, &marked).unwrap();
            assert_eq!(found, Some(Millis(expected)), "{settled:?} {ended_at:?}");
        };
        // The vendor went on until it said so: it could not be reached.
        check(None, None, 80_000);
        check(Some(60_000), None, 60_000);
        check(Some(60_000), Some(75_000), 75_000);
        check(Some(60_000), Some(50_000), 50_000);
        // Noted by a tick, or until a report by somebody who crashed before the ending said so.
        check(Some(40_000), None, 80_000);
        check(Some(80_000), None, 80_000);
    }
}
