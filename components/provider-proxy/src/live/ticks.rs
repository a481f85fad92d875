//! Ticks: the page says it is still there, the gate says whether to go on.

use calendar::{Millis, SECOND};
use kv_schemas::{Store, StoreError, expiry, families};
use serde::Deserialize;
use serde_json::Value as Json;
use shell::{Call, KeyValue, Kind, Problem, Reply, offline};
use tenancy::CAPABILITIES;

use super::{
    answered::{Answered, Standing},
    end, paid,
    record::{self, GRACE_SECONDS, Live, TICK_SECONDS},
};
use crate::{
    bindings::{
        adapter::Capability,
        limits::Quantity,
        sessions::{self, Grant},
    },
    caller::{capable, owns},
    permits::{self, Ask},
    problems::refused,
    vendor,
};

/// Of the ticks that follow one tick within such a span, one pays.
const MOMENT_MS: u64 = SECOND;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    capability: String,
}

/// `POST /v1/sessions/{id}/ticks`
pub async fn tick(call: &Call, store: &KeyValue, session: &str) -> Result<Reply, Problem> {
    let Body { capability } = call.json()?;
    if !CAPABILITIES.contains(&capability.as_str()) {
        return Err(Problem::invalid("capability", "is not a known capability"));
    }
    let grant = capable(call, &capability)?;
    let view = sessions::get(&grant.tenant, session).map_err(refused)?;
    if !owns(&grant, &view.tenant, Some(&view.id)) {
        return Err(Problem::not_found("There is no such session."));
    }
    if view.status != "active" {
        return Err(Problem::unauthenticated("session_ended", "The session has ended."));
    }
    let live = record::held_by(store, session).map_err(|error| offline(&error))?;
    let paying = live.is_some() && capability == "video";
    let outcome = match live {
        Some(live) if capability == "video" => pay(call, store, &grant, live).await,
        // Nothing is running up costs: only ask whether it might.
        _ => probe(call, store, &grant, &capability).await,
    };
    let answered = match outcome {
        Ok(answered) => answered,
        // Near the cap there is only text: the visitor may go on, without sound and picture.
        Err(problem) if problem.code == "text_only" => probe(call, store, &grant, "chat").await?,
        Err(problem) => return Err(problem),
    };
    // A live video's reservation covers one tick and no more, however near the cap.
    let next = if answered.standing == Standing::Throttled && !paying { 2 * TICK_SECONDS } else { TICK_SECONDS };
    sessions::touch(session, (next + GRACE_SECONDS) * SECOND).map_err(refused)?;
    Ok(Reply::json(200, &answered.json(next)).with("x-limit-check-id", &answered.limit_check_id))
}

/// Pays for the live video's next stretch and settles the last one; without a permit the video ends now.
async fn pay(call: &Call, store: &KeyValue, grant: &Grant, mut live: Live) -> Result<Answered, Problem> {
    let now = shell::host::now();
    if !first(store, &live, now).map_err(|error| offline(&error))? {
        // Another tick is paying at this moment.
        return Ok(live.answered);
    }
    let due = now.plus((TICK_SECONDS + GRACE_SECONDS) * SECOND);
    let permit = match permits::reserve(call, &live.tick_ask(grant, now, due, None)).await {
        Ok(permit) => permit,
        Err(problem) => {
            // The kill switch. If the vendor can't be reached now, maintenance goes on trying.
            if problem.kind == Kind::HardCap
                && let Err(error) = end::end(store, &live.id, shell::host::now()).await
            {
                shell::warn!("kill_switch", code = error.code, message = error.message);
            }
            return Err(problem);
        }
    };
    let last = live.clone();
    // What if we crash after this? The old permit goes on paying, and is noted again with more.
    note(store, &last, now, || permits::release(&permit.id)).map_err(|error| offline(&error))?;
    live.tick.clone_from(&permit.id);
    (live.tick_since, live.due) = (now, due);
    live.answered = Answered::of(&permit);
    // What if we crash before this write? The new permit expires and is charged in full; the old one goes on paying.
    record::record(&live.id).set(store, &live).map_err(|error| offline(&error))?;
    // What if we crash before this one? The reaper charges the old permit in full.
    permits::resolve(&last.tick, &last.used(now))?;
    if let Some(ending) = record::ending(&live.id).get(store).map_err(|error| offline(&error))? {
        // It was ended in the meantime, perhaps by the old record: then nobody else settles the new permit.
        end::pay(store, &live, ending.at)?;
        return Err(Problem::conflict("video_ended", "The video session has ended."));
    }
    Ok(live.answered)
}

/// Notes what the last permit has paid. Where that fails, nothing refers to the next one yet, and it is given back.
fn note(store: &dyn Store, last: &Live, now: Millis, give_back: impl FnOnce()) -> Result<(), StoreError> {
    paid::note(store, last, now).inspect_err(|_| give_back())
}

/// Of the ticks of one moment, one pays. One that wins and fails lets the next moment try again.
fn first(store: &dyn Store, live: &Live, now: Millis) -> Result<bool, StoreError> {
    let moment = format!("{}.{}", live.tick, now.0 / MOMENT_MS);
    let paying = families::LIVE_TICK.once(&[&moment]);
    let won = paying.win(store)?;
    if won {
        expiry::forget_after(store, now.hour_number(), &[paying.key()])?;
    }
    Ok(won)
}

/// Asks for the least that the capability can cost, and gives it back.
async fn probe(call: &Call, store: &dyn Store, grant: &Grant, capability: &str) -> Result<Answered, Problem> {
    let tenant = vendor::tenant(store, &grant.tenant)?;
    let (capability_of, worst_case) = match capability {
        "chat" => (Capability::Chat, Some(("output_tokens", 1))),
        "speech" => (Capability::Speech, Some(("characters", 1))),
        "context" => (Capability::Context, Some(("requests", 1))),
        // What a job costs depends on its kind.
        "jobs" => (Capability::Jobs, None),
        _ => (Capability::Video, Some(("seconds", TICK_SECONDS))),
    };
    let vendor = match vendor::choose(store, &tenant, capability_of) {
        Err(_) if capability == "video" => vendor::choose(store, &tenant, Capability::Realtime)?,
        found => found?,
    };
    let worst_case = worst_case.map(|(unit, units)| Quantity { unit_type: unit.into(), units });
    let chosen = vendor.binding.options.get("model").and_then(Json::as_str).map(str::to_owned);
    let model = chosen.or_else(|| vendor.profile.models.first().cloned()).unwrap_or_default();
    let ask = Ask {
        grant,
        capability,
        provider: vendor.name(),
        model: &model,
        worst_case: worst_case.into_iter().collect(),
        ttl_ms: calendar::MINUTE,
        continues: None,
        counted: false,
        token: None,
    };
    let permit = permits::reserve(call, &ask).await?;
    permits::release(&permit.id);
    Ok(Answered::of(&permit))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use kv_schemas::memory::Memory;

    use super::*;
    use crate::live::record::tests::sample;

    #[test]
    fn a_tick_that_cannot_be_noted_gives_its_permit_back() {
        let check = |operations: Option<u32>, given_back: bool| {
            let (store, given) = (Memory::default(), Cell::new(false));
            if let Some(operations) = operations {
                store.fail_after(operations);
            }
            let noted = note(&store, &sample(), Millis(15_000), || given.set(true));
            assert_eq!((noted.is_err(), given.get()), (given_back, given_back), "{operations:?}");
        };
        check(None, false);
        check(Some(0), true);
        check(Some(1), true);
    }
}
