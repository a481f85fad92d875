//! The start of a live session: permits, record, vendor, in this order.
//!
//! ```text
//!   lease and tick reserved --> on the list --> first call --> [vendor's id kept --> further call] --> live
//!            |                       |              |                                  |
//!         denied: none held          |         refused: given back             fails: ended at the vendor
//!                              crash: maintenance ends it, or settles in full what nobody can end
//! ```

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError};
use shell::{Call, KeyValue, Problem, host, offline};

use super::{
    answered::Answered,
    calls::{Broken, Start},
    end::{close, end},
    record::{
        self, Ending, GRACE_SECONDS, Listed, Live, MAX_PAGE_SECONDS, START_SECONDS, STOP_SECONDS, TICK_SECONDS, ending,
        held_by, list, of_session,
    },
};
use crate::{
    bindings::{
        adapter::{self, Join, Operation},
        limits::{Permit, Usage},
        sessions::{self, Grant},
    },
    keyed::{self, Failed},
    metered::about,
    permits::{self, Ask},
    problems::{refused, unplannable},
    vendor::{Vendor, attempt, callback, upstream},
};

/// How long a server's session may last unless it says otherwise: it doesn't tick, so all of it is reserved.
const DEFAULT_SERVER_SECONDS: u32 = 300;

/// What is to be started.
pub struct Wanted<'a> {
    pub grant: &'a Grant,
    pub vendor: Vendor,
    pub persona: Option<String>,
    pub disclosure: Option<String>,
    pub length: Length,
    /// Names its permit, where the caller sent an idempotency key.
    pub token: Option<&'a str>,
}

/// A session that the page can join.
pub struct Opened {
    pub live: Live,
    pub vendor: Vendor,
    pub join: Join,
    pub tick: Permit,
}

/// How long it may last, and how long until it is ended without a tick, in seconds.
pub struct Length {
    pub max: u32,
    until_due: u64,
}

impl Length {
    /// A page's session goes on as long as it ticks; a server's is reserved as a whole.
    pub fn of(grant: &Grant, asked: Option<u32>) -> Result<Self, Problem> {
        let within = |max: u32| (10..=MAX_PAGE_SECONDS).contains(&max);
        match (&grant.session, asked) {
            (_, Some(max)) if !within(max) => Err(Problem::invalid("max_seconds", "must be between 10 and 3600")),
            (Some(_), max) => {
                Ok(Self { max: max.unwrap_or(MAX_PAGE_SECONDS), until_due: TICK_SECONDS + GRACE_SECONDS })
            }
            (None, max) => {
                let max = max.unwrap_or(DEFAULT_SERVER_SECONDS);
                Ok(Self { max, until_due: u64::from(max) })
            }
        }
    }

    /// When it is due, had it begun then.
    fn due(&self, from: Millis) -> Millis {
        from.plus(self.until_due * SECOND)
    }
}

/// Starts it.
pub async fn open(call: &Call, store: &KeyValue, wanted: Wanted<'_>) -> Result<Opened, Failed> {
    let deadline = host::now().plus(upstream::REQUEST_MS);
    let Wanted { grant, vendor, persona, disclosure, length, token } = wanted;
    if let Some(session) = &grant.session
        && held_by(store, session).map_err(|error| offline(&error))?.is_some()
    {
        return Err(Problem::conflict("video_active", "This session has a live video session already.").into());
    }
    let id = host::new_id("vid_");
    let asked = adapter::Live {
        persona,
        max_seconds: length.max,
        callback_url: callback::url(callback::base(call).await.as_deref(), &vendor, &id).await?,
        visitor: host::new_id("vis_"),
        disclosure,
        id: id.clone(),
    };
    let planned =
        adapter::plan(vendor.name(), &Operation::LiveStart(asked.clone()), &vendor.options).map_err(unplannable)?;
    let admitted = attempt::admit(store, &vendor)?;

    let mut live = draft(grant, &vendor, id);
    let tick = match reserve(call, grant, &mut live, &length, token).await {
        Ok(tick) => tick,
        Err(failed) => {
            admitted.unused(store, &vendor);
            return Err(failed);
        }
    };
    // On the list before the vendor is called: what if we crash in between? Maintenance settles it in full, and the
    // vendor ends it by itself, since nobody joins.
    if let Err(error) = enlist(store, &mut live) {
        permits::release(&live.tick);
        permits::release(&live.lease);
        return Err(Failed::Free(offline(&error)));
    }
    let start = Start { store, vendor: &vendor, asked: &asked, deadline };
    match start.through(&mut live, planned, admitted).await {
        Ok(join) => {
            live.due = length.due(host::now());
            live.starting = false;
            confirm(store, &live, &length).await.map_err(Failed::Charged)?;
            Ok(Opened { live, vendor, join, tick })
        }
        Err(Broken { problem, used }) => {
            let failed = if used.is_some() { Failed::Charged } else { Failed::Free };
            abandon(store, live, used).await.map_err(failed)?;
            Err(failed(about(problem, &tick)))
        }
    }
}

fn draft(grant: &Grant, vendor: &Vendor, id: String) -> Live {
    let now = host::now();
    Live {
        id,
        tenant: grant.tenant.clone(),
        session: grant.session.clone(),
        provider: vendor.name().into(),
        vendor_id: None,
        binding: vendor.binding.clone(),
        lease: String::new(),
        started_at: now,
        tick: String::new(),
        tick_since: now,
        due: now.plus(START_SECONDS * SECOND),
        answered: Answered::none(),
        list_index: 0,
        starting: true,
        step_seconds: u64::from(vendor.profile.live_step_seconds.max(1)),
    }
}

/// The lease on a place and the first tick. Either both or none.
async fn reserve(
    call: &Call,
    grant: &Grant,
    live: &mut Live,
    length: &Length,
    token: Option<&str>,
) -> Result<Permit, Failed> {
    let lease_ask = Ask {
        grant,
        capability: "video",
        provider: &live.provider,
        model: "",
        worst_case: Vec::new(),
        ttl_ms: (length.until_due + STOP_SECONDS + START_SECONDS) * SECOND,
        continues: None,
        counted: false,
        // A lease costs nothing, so a retry takes another: the money is what must not be taken twice.
        token: None,
    };
    live.lease = permits::reserve(call, &lease_ask).await?.id;
    let ask = Ask { counted: true, ..live.tick_ask(grant, live.started_at, length.due(live.started_at), token) };
    match keyed::first(permits::reserve(call, &ask).await) {
        Ok(tick) => {
            live.tick.clone_from(&tick.id);
            live.answered = Answered::of(&tick);
            Ok(tick)
        }
        Err(failed) => {
            permits::release(&live.lease);
            Err(failed)
        }
    }
}

fn enlist(store: &dyn Store, live: &mut Live) -> Result<(), StoreError> {
    live.list_index = list().append(store, &Listed { id: live.id.clone(), at: live.started_at })?;
    record::record(&live.id).set(store, live)?;
    match &live.session {
        Some(session) => of_session(session).set(store, &live.id),
        None => Ok(()),
    }
}

/// The vendor has started it. If its end has begun in the meantime, it is ended now.
async fn confirm(store: &dyn Store, live: &Live, length: &Length) -> Result<(), Problem> {
    record::record(&live.id).set(store, live).map_err(|error| offline(&error))?;
    let touched = match &live.session {
        Some(session) => sessions::touch(session, length.until_due * SECOND).map_err(refused),
        None => Ok(()),
    };
    // After the record: whoever marks an end from here on finds the vendor's id in it.
    let ended = ending(&live.id).get(store).map_err(|error| offline(&error))?;
    if ended.is_none() && touched.is_ok() {
        return Ok(());
    }
    if ended.is_some_and(|ended| ended.closed) {
        reopen(store, live).map_err(|error| offline(&error))?;
    }
    end(store, &live.id, host::now()).await?;
    touched.and(Err(Problem::conflict("video_ended", "The session ended while its video was starting.")))
}

/// It was given up as lost before the vendor answered: its permits are resolved, only the vendor is left to be stopped. On the
/// list again first: what if we crash in between? Maintenance finds it closed and strikes it off, as it was before.
fn reopen(store: &dyn Store, live: &Live) -> Result<(), StoreError> {
    let mut live = live.clone();
    live.list_index = list().append(store, &Listed { id: live.id.clone(), at: live.started_at })?;
    record::record(&live.id).set(store, &live)?;
    ending(&live.id).delete(store)
}

/// A start that failed: what the vendor may have begun is ended, the permits are resolved and the record closed.
async fn abandon(store: &dyn Store, mut live: Live, used: Option<Usage>) -> Result<(), Problem> {
    live.starting = false;
    if live.vendor_id.is_some() {
        let closed = |live: &Live| -> Result<bool, StoreError> {
            record::record(&live.id).set(store, live)?;
            Ok(ending(&live.id).get(store)?.is_some_and(|ended| ended.closed))
        };
        if closed(&live).map_err(|error| offline(&error))? {
            reopen(store, &live).map_err(|error| offline(&error))?;
        }
        if used.is_none() {
            // What if we crash after this? Maintenance finds the record overdue and ends it; a released permit stays so.
            permits::release(&live.tick);
        }
        // Also after a refusal: a vendor that failed half way may have started it all the same. If it can't be reached
        // now either, maintenance goes on trying.
        return end(store, &live.id, host::now()).await.or_else(|problem| {
            shell::warn!("ending_after_a_failed_start", about = live.id, code = problem.code);
            Ok(())
        });
    }
    match used {
        None => permits::release(&live.tick),
        Some(used) => permits::settle_later(&live.tick, &used),
    }
    permits::release(&live.lease);
    let ended = Ending { at: host::now(), next_try: Millis(0), closed: true };
    close(store, &live, ended).map_err(|error| offline(&error))
}
