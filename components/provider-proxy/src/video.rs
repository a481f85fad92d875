//! Video sessions: started and ended through the gate, joined by the page.

use calendar::{Millis, SECOND};
use kv_schemas::Store;
use serde::Deserialize;
use serde_json::json;
use shell::{Call, KeyValue, Kind, Problem, Reply, idempotency::Head, offline};

use crate::{
    answered::Answered,
    bindings::{
        adapter::{self, Operation, Video},
        limits::{Permit, Usage},
        sessions::{self, Grant},
    },
    callback,
    caller::{capable, owns, tenant_caller},
    keyed::{self, Failed, Start},
    live::{self, Ending, GRACE_SECONDS, Listed, Live, START_SECONDS, STOP_SECONDS, TICK_SECONDS},
    metered::{about, explained, mode},
    permits::{self, Ask},
    problems::{refused, unplannable},
    upstream::{self, Failure},
    vendor::{self, Vendor},
};

/// The longest a page's video session may last at the vendor.
const MAX_PAGE_SECONDS: u32 = 3600;
/// How long a server's session may last unless it says otherwise: it doesn't tick, so all of it is reserved.
const DEFAULT_SERVER_SECONDS: u32 = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default)]
    persona: Option<String>,
    /// For a tenant's own server, which doesn't tick.
    #[serde(default)]
    max_seconds: Option<u32>,
}

/// How long it may last, and how long until it is ended without a tick, in seconds.
struct Length {
    max: u32,
    until_due: u64,
}

impl Length {
    /// What is reserved: also the time that ending it takes.
    fn reserved(&self) -> u64 {
        self.until_due + STOP_SECONDS
    }
}

fn length(grant: &Grant, asked: Option<u32>) -> Result<Length, Problem> {
    let within = |max: u32| (10..=MAX_PAGE_SECONDS).contains(&max);
    match (&grant.session, asked) {
        (_, Some(max)) if !within(max) => Err(Problem::invalid("max_seconds", "must be between 10 and 3600")),
        (Some(_), max) => Ok(Length { max: max.unwrap_or(MAX_PAGE_SECONDS), until_due: TICK_SECONDS + GRACE_SECONDS }),
        (None, max) => {
            let max = max.unwrap_or(DEFAULT_SERVER_SECONDS);
            Ok(Length { max, until_due: u64::from(max) })
        }
    }
}

/// `POST /v1/video/sessions`
pub async fn start(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = capable(call, "video")?;
    let body: Body = if call.body.is_empty() { Body { persona: None, max_seconds: None } } else { call.json()? };
    let length = length(&grant, body.max_seconds)?;
    let keyed = match keyed::begin(call, store, &grant).await? {
        Start::Before(reply) => return Ok(reply),
        Start::Now(keyed) => keyed,
    };
    match open(call, store, &grant, body.persona, &length, keyed.token()).await {
        Ok((reply, body)) => {
            // What if we crash before? A repeat is told that it was attempted already, and maintenance ends the session.
            keyed.finish(store, || Head::of(&reply).whole(&body));
            Ok(reply)
        }
        Err(failed) => Err(keyed.fail(store, call, failed)),
    }
}

/// Opens it; the answer and its body.
async fn open(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    persona: Option<String>,
    length: &Length,
    token: Option<&str>,
) -> Result<(Reply, Vec<u8>), Failed> {
    if let Some(session) = &grant.session
        && live::held_by(store, session).map_err(|error| offline(&error))?.is_some()
    {
        return Err(Problem::conflict("video_active", "This session has a live video session already.").into());
    }
    let vendor = vendor::choose(store, &grant.tenant, "video")?;
    let id = shell::host::new_id("vid_");
    let callback_url = callback::url(call, &vendor, &id).await?;
    let video = Video { persona, max_seconds: length.max, callback_url };
    let planned = adapter::plan(vendor.name(), &Operation::VideoStart(video), &vendor.options).map_err(unplannable)?;

    let (lease, tick) = reserve(call, grant, &vendor, length, token).await?;
    let now = shell::host::now();
    let mut live = Live {
        id,
        tenant: grant.tenant.clone(),
        session: grant.session.clone(),
        provider: vendor.name().into(),
        vendor_id: None,
        binding: vendor.binding.clone(),
        lease: lease.id,
        started_at: now,
        tick: tick.id.clone(),
        tick_since: now,
        due: now.plus(START_SECONDS * SECOND),
        answered: Answered::of(&tick),
        list_index: 0,
    };
    // On the list before the vendor is called: what if we crash in between? Maintenance settles it in full, and the
    // vendor ends it by itself, since nobody joins.
    enlist(store, &mut live).map_err(|error| Failed::Free(offline(&error)))?;
    let started = match begin(&vendor, &planned).await {
        Ok(started) => started,
        Err((problem, used)) => {
            let failed = if used.is_some() { Failed::Charged } else { Failed::Free };
            abandon(store, live, used).map_err(failed)?;
            return Err(failed(about(problem, &tick)));
        }
    };
    live.vendor_id = Some(started.vendor_id.clone());
    live.due = shell::host::now().plus(length.until_due * SECOND);
    confirm(store, &live, &started.vendor_id, length).await.map_err(Failed::Charged)?;
    let answer = json!({
        "id": live.id,
        "provider": live.provider,
        "join_url": started.join_url,
        "limit_check_id": tick.id,
        "tick_seconds": TICK_SECONDS,
    });
    let body = answer.to_string().into_bytes();
    let reply = Reply::bytes(201, "application/json", body.clone())
        .with("x-limit-check-id", &tick.id)
        .with("x-tollgate-provider", &live.provider)
        .with("x-tollgate-mode", mode(tick.rung));
    Ok((reply, body))
}

/// The lease on a place and the first tick. Either both or none.
async fn reserve(
    call: &Call,
    grant: &Grant,
    vendor: &Vendor,
    length: &Length,
    token: Option<&str>,
) -> Result<(Permit, Permit), Failed> {
    let lease_ask = Ask {
        grant,
        capability: "video",
        provider: vendor.name(),
        model: "",
        worst_case: Vec::new(),
        ttl_ms: (length.reserved() + START_SECONDS) * SECOND,
        continues: None,
        counted: false,
        // A lease costs nothing, so a retry takes another: the money is what must not be taken twice.
        token: None,
    };
    let lease = permits::reserve(call, &lease_ask).await?;
    let ask = Ask { counted: true, ..live::tick_ask(grant, vendor.name(), &lease.id, length.reserved(), token) };
    match keyed::first(permits::reserve(call, &ask).await) {
        Ok(tick) => Ok((lease, tick)),
        Err(failed) => {
            permits::release(&lease.id);
            Err(failed)
        }
    }
}

fn enlist(store: &dyn Store, live: &mut Live) -> Result<(), kv_schemas::StoreError> {
    live.list_index = live::list().append(store, &Listed { id: live.id.clone(), at: live.started_at })?;
    live::record(&live.id).set(store, live)?;
    match &live.session {
        Some(session) => live::of_session(session).set(store, &live.id),
        None => Ok(()),
    }
}

/// The vendor has started it. If its end has begun in the meantime, it is ended now.
async fn confirm(store: &dyn Store, live: &Live, vendor_id: &str, length: &Length) -> Result<(), Problem> {
    live::record(&live.id).set(store, live).map_err(|error| offline(&error))?;
    live::by_vendor(live, vendor_id).set(store, &live.id).map_err(|error| offline(&error))?;
    let touched = match &live.session {
        Some(session) => sessions::touch(session, length.until_due * SECOND).map_err(refused),
        None => Ok(()),
    };
    // After the record: whoever marks an end from here on finds the vendor's id in it.
    let ending = live::ending(&live.id).get(store).map_err(|error| offline(&error))?;
    if ending.is_none() && touched.is_ok() {
        return Ok(());
    }
    if ending.is_some_and(|ending| ending.closed) {
        // Given up as lost before the vendor answered: its permits are resolved, only the vendor is left to be stopped.
        live::ending(&live.id).delete(store).map_err(|error| offline(&error))?;
    }
    live::end(store, &live.id, shell::host::now()).await?;
    touched.and(Err(Problem::conflict("video_ended", "The session ended while its video was starting.")))
}

/// Calls the vendor; the error says what may have been used.
async fn begin(vendor: &Vendor, planned: &adapter::Call) -> Result<adapter::VideoSession, (Problem, Option<Usage>)> {
    let vault = shell::host::vault().await.map_err(|problem| (problem, None))?;
    let mut answer = match upstream::call(&vault, vendor, planned, upstream::FIRST_BYTE).await {
        Ok(answer) => answer,
        Err(Failure::NotSent(problem)) => return Err((problem, None)),
        Err(Failure::Lost(problem)) => return Err((problem, Some(Usage::Unknown))),
    };
    if !upstream::is_success(&answer.head) {
        let body = upstream::read_error(&mut answer.body).await;
        return Err((explained(vendor.name(), &answer.head, &body), None));
    }
    let body = upstream::read(&mut answer.body, planned.max_answer_bytes)
        .await
        .map_err(|problem| (problem, Some(Usage::Unknown)))?;
    adapter::video_started(vendor.name(), &body).map_err(|reason| {
        eprintln!("video start at {}: {reason}", vendor.name());
        let problem = Problem::new(Kind::VendorError, "vendor_answer_garbled", "The vendor's answer can't be read.");
        (problem, Some(Usage::Unknown))
    })
}

/// A start that failed: the permits are resolved and the record closed.
fn abandon(store: &dyn Store, live: Live, used: Option<Usage>) -> Result<(), Problem> {
    match used {
        None => permits::release(&live.tick),
        Some(used) => permits::settle_later(&live.tick, &used),
    }
    permits::release(&live.lease);
    let ended = Ending { at: shell::host::now(), next_try: Millis(0), closed: true };
    live::close(store, &live, ended).map_err(|error| offline(&error))
}

/// `DELETE /v1/video/sessions/{id}`; also for a tenant that has switched video off since.
pub async fn end(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = tenant_caller(call)?;
    let found = live::record(id).get(store).map_err(|error| offline(&error))?;
    let Some(live) = found.filter(|live| owns(&grant, &live.tenant, live.session.as_deref())) else {
        return Err(Problem::not_found("There is no such video session."));
    };
    let at = end_of(store, &live.id)?;
    live::end(store, &live.id, at).await?;
    Ok(Reply::empty(204))
}

/// When it ended, if the vendor has said so already; now otherwise.
pub fn end_of(store: &dyn Store, id: &str) -> Result<Millis, Problem> {
    let reported = live::report(id).get(store).map_err(|error| offline(&error))?;
    let now = shell::host::now();
    Ok(reported.map_or(now, |report| Millis(report.at_ms).min(now)))
}
