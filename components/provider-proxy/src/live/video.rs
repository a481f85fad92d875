//! Video sessions: started and ended through the gate, joined by the page.

use calendar::Millis;
use kv_schemas::Store;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency::Head, offline};

use super::{
    end,
    open::{self, Length, Opened, Wanted},
    record::{self, Live, TICK_SECONDS},
};
use crate::{
    bindings::{
        adapter::{Capability, Join},
        sessions::Grant,
    },
    caller::{capable, owns, tenant_caller},
    disclosure,
    keyed::{self, Failed, Start},
    metered::mode,
    persona,
    vendor::{self, upstream},
};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default)]
    persona: Option<String>,
    #[serde(default)]
    provider: Option<String>,
    /// For a tenant's own server, which doesn't tick.
    #[serde(default)]
    max_seconds: Option<u32>,
}

/// `POST /v1/video/sessions`
pub async fn start(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = capable(call, "video")?;
    let body: Body = if call.body.is_empty() { Body::default() } else { call.json()? };
    let asked = Asked { provider: body.provider, persona: body.persona, max_seconds: body.max_seconds };
    started(call, store, &grant, Capability::Video, asked).await
}

/// What the caller says of the session it wants.
pub struct Asked {
    pub provider: Option<String>,
    pub persona: Option<String>,
    pub max_seconds: Option<u32>,
}

/// Starts a live session, once for an idempotency key.
pub async fn started(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    capability: Capability,
    asked: Asked,
) -> Result<Reply, Problem> {
    let length = Length::of(grant, asked.max_seconds)?;
    let keyed = match keyed::begin(call, store, grant).await? {
        Start::Before(reply) => return Ok(reply),
        Start::Now(keyed) => keyed,
    };
    match answer(call, store, grant, capability, asked, length, keyed.token()).await {
        Ok((reply, body)) => {
            // What if we crash before? A repeat is told that it was attempted already, and maintenance ends the session.
            keyed.finish(store, || Head::of(&reply).whole(&body));
            Ok(reply)
        }
        Err(failed) => Err(keyed.fail(store, call, failed)),
    }
}

async fn answer(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    capability: Capability,
    asked: Asked,
    length: Length,
    token: Option<&str>,
) -> Result<(Reply, Vec<u8>), Failed> {
    let tenant = vendor::tenant(store, &grant.tenant)?;
    let vendor = vendor::asked(store, &tenant, capability, asked.provider.as_deref())?;
    // A page may name another face than the twin's; who it is stays.
    let (persona, vendor) = match persona::of(store, grant, &tenant)? {
        Some(twin) if capability == Capability::Video => {
            let told = persona::told(vendor, &twin);
            (asked.persona.or(twin.video_persona), told)
        }
        _ => (asked.persona, vendor),
    };
    let label = tenant.disclosure.shown().map(str::to_owned);
    let wanted = Wanted { grant, vendor, persona, disclosure: label.clone(), length, token };
    let opened = open::open(call, store, wanted).await?;
    let answer = shown(&opened, label.as_deref()).await.map_err(Failed::Charged)?;
    let body = answer.to_string().into_bytes();
    let reply = Reply::bytes(201, "application/json", body.clone())
        .with("x-limit-check-id", &opened.tick.id)
        .with("x-tollgate-provider", &opened.live.provider)
        .with("x-tollgate-mode", mode(opened.tick.rung));
    let reply = match &label {
        Some(label) => disclosure::on(reply, label),
        None => reply,
    };
    Ok((reply, body))
}

/// How the page joins: by an address, or a room with a token.
async fn shown(opened: &Opened, label: Option<&str>) -> Result<Json, Problem> {
    let mut answer = json!({
        "id": opened.live.id,
        "provider": opened.live.provider,
        "limit_check_id": opened.tick.id,
        "tick_seconds": TICK_SECONDS,
        "disclosure": label,
    });
    let room = match &opened.join {
        Join::Url(url) => {
            answer["join_url"] = url.as_str().into();
            return Ok(answer);
        }
        Join::Room(room) => (room.url.clone(), room.token.clone()),
        Join::Grants(grants) => {
            let until = host::now().plus(u64::from(grants.ttl_seconds) * calendar::SECOND);
            answer["expires_at"] = until.to_string().into();
            let token = upstream::signed(&host::vault().await?, &opened.vendor, grants)?;
            (room_address(opened.vendor.base_url()), token.expose().to_owned())
        }
    };
    let (url, token) = room;
    let mark = if url.contains('?') { '&' } else { '?' };
    answer["join_url"] = format!("{url}{mark}access_token={token}").into();
    answer["url"] = url.into();
    answer["token"] = token.into();
    Ok(answer)
}

/// Rooms are joined by WebSocket.
fn room_address(base_url: &str) -> String {
    base_url.replacen("http", "ws", 1)
}

/// `DELETE /v1/video/sessions/{id}`; also for a tenant that has switched video off since.
pub async fn stop(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = tenant_caller(call)?;
    let found = record::record(id).get(store).map_err(|error| offline(&error))?;
    let Some(live) = found.filter(|live| owns(&grant, &live.tenant, live.session.as_deref())) else {
        return Err(Problem::not_found("There is no such video session."));
    };
    let at = end_of(store, &live)?;
    end(store, &live.id, at).await?;
    Ok(Reply::empty(204))
}

/// When it ended, if the vendor has said so already; now otherwise.
pub fn end_of(store: &dyn Store, live: &Live) -> Result<Millis, Problem> {
    let reported = record::report(&live.id).get(store).map_err(|error| offline(&error))?;
    let now = host::now();
    Ok(reported.map_or(now, |report| live.real_end(&report, None).min(now)))
}

#[cfg(test)]
mod tests {
    use super::room_address;

    #[test]
    fn a_room_is_where_its_project_is() {
        assert_eq!(room_address("https://acme.livekit.cloud"), "wss://acme.livekit.cloud");
        assert_eq!(room_address("http://127.0.0.1:7880"), "ws://127.0.0.1:7880");
    }
}
