//! Ticks: the page says it is still there, the gate says whether to go on.

use calendar::SECOND;
use kv_schemas::Store;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Kind, Problem, Reply, offline};
use tenancy::CAPABILITIES;

use crate::{
    bindings::{
        limits::{Permit, Quantity, Rung},
        sessions::{self, Grant},
    },
    caller::{capable, owns},
    live::{self, GRACE_SECONDS, Live, TICK_SECONDS},
    permits::{self, Ask},
    problems::refused,
    vendor,
    video::tick_ask,
};

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
    let live = live::held_by(store, session).map_err(|error| offline(&error))?;
    let paying = live.is_some() && capability == "video";
    let outcome = match live {
        Some(live) if capability == "video" => pay(call, store, &grant, live).await,
        // Nothing is running up costs: only ask whether it might.
        _ => probe(call, store, &grant, &capability).await,
    };
    let permit = match outcome {
        Ok(permit) => permit,
        // Near the cap there is only text: the visitor may go on, without sound and picture.
        Err(problem) if problem.code == "text_only" => probe(call, store, &grant, "chat").await?,
        Err(problem) => return Err(problem),
    };
    // A live video's reservation covers one tick and no more, however near the cap.
    let next = if permit.rung == Rung::Throttled && !paying { 2 * TICK_SECONDS } else { TICK_SECONDS };
    sessions::touch(session, (next + GRACE_SECONDS) * SECOND).map_err(refused)?;
    Ok(Reply::json(200, &answer(&permit, next)).with("x-limit-check-id", &permit.id))
}

/// Pays for the live video's next stretch and settles the last one; without a permit the video ends now.
async fn pay(call: &Call, store: &KeyValue, grant: &Grant, mut live: Live) -> Result<Permit, Problem> {
    let reserved = TICK_SECONDS + GRACE_SECONDS;
    let ask = tick_ask(grant, &live.provider, &live.lease, reserved, None);
    let permit = match permits::reserve(call, store, &ask).await {
        Ok(permit) => permit,
        Err(problem) => {
            // The kill switch. If the vendor can't be reached now, maintenance goes on trying.
            if problem.kind == Kind::HardCap
                && let Err(error) = live::end(store, live, shell::host::now(), false).await
            {
                eprintln!("kill switch: {} {}", error.code, error.message);
            }
            return Err(problem);
        }
    };
    let now = shell::host::now();
    let (last, since) = (live.tick.clone(), live.tick_since);
    (live.tick, live.tick_since, live.due) = (permit.id.clone(), now, now.plus(reserved * SECOND));
    // What if we crash before this write? The new permit expires and is charged in full; the old one goes on paying.
    live::record(&live.id).set(store, &live).map_err(|error| offline(&error))?;
    // What if we crash before this one? The reaper charges the old permit in full.
    live::settle_tick(&last, &live::seconds(since, now))?;
    Ok(permit)
}

/// Asks for the least that the capability can cost, and gives it back.
async fn probe(call: &Call, store: &dyn Store, grant: &Grant, capability: &str) -> Result<Permit, Problem> {
    let vendor = vendor::choose(store, &grant.tenant, capability)?;
    let (unit_type, units) = match capability {
        "chat" => ("output_tokens", 1),
        "speech" => ("characters", 1),
        _ => ("seconds", TICK_SECONDS),
    };
    let chosen = vendor.binding.options.get("model").and_then(Json::as_str).map(str::to_owned);
    let model = chosen.or_else(|| vendor.profile.models.first().cloned()).unwrap_or_default();
    let ask = Ask {
        grant,
        capability,
        provider: vendor.name(),
        model: &model,
        worst_case: vec![Quantity { unit_type: unit_type.into(), units }],
        ttl_ms: calendar::MINUTE,
        continues: None,
        token: None,
    };
    let permit = permits::reserve(call, store, &ask).await?;
    permits::release(&permit.id);
    Ok(permit)
}

fn answer(permit: &Permit, next: u64) -> Json {
    let (decision, mode) = match permit.rung {
        Rung::Full | Rung::Throttled => ("allow", "full"),
        Rung::TextOnly => ("downgrade", "text"),
    };
    json!({
        "decision": decision,
        "limit_check_id": permit.id,
        "mode": mode,
        "throttled": permit.rung == Rung::Throttled,
        "next_tick_s": next,
        "remaining": {
            "cost_usd": permit.remaining.cost_nanos.map(|nanos| money::Nanos(nanos).to_string()),
            "seconds": permit.remaining.seconds,
        },
    })
}
