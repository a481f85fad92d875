//! A tenant's key set: from its record, or fetched from where it is published and kept for ten minutes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use calendar::{MINUTE, Millis, SECOND};
use futures::future::{Either, select};
use http_body_util::BodyExt;
use kv_schemas::{Store, Value, families};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use session::{KeySet, MAX_KEY_SET_BYTES, Refusal, user_token};
use shell::host;
use spin_sdk::http::EmptyBody;
use tenancy::EndUserAuth;

/// How long a fetched set is used.
const FRESH: u64 = 10 * MINUTE;
/// How old it must be before an unknown key id fetches it anew: forged ids must not make us fetch all the time.
const RETRY: u64 = 30 * SECOND;
/// How long an old set is used on when its publisher can't be reached.
const STALE: u64 = 60 * MINUTE;
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// A fetched set.
#[derive(Serialize, Deserialize)]
struct Fetched {
    url: String,
    at: Millis,
    set: Json,
}

fn kept(tenant: &str) -> Value<Fetched> {
    families::JWKS.value(&[tenant])
}

/// The key set to check this token with.
pub async fn find(store: &dyn Store, tenant: &str, auth: &EndUserAuth, token: &str) -> Result<KeySet, Refusal> {
    let url = match (&auth.jwks, &auth.jwks_url) {
        (Some(set), _) => return Ok(KeySet::read(set)),
        (None, Some(url)) => url,
        (None, None) => return Err(Refusal::NoKeySet),
    };
    let now = host::now();
    // A record that can't be read is as good as none.
    let old = kept(tenant).get(store).ok().flatten().filter(|old| old.url == *url);
    if let Some(old) = &old {
        let set = KeySet::read(&old.set);
        let age = now.since(old.at);
        let rotated = age >= RETRY && user_token::key_id(token).is_some_and(|id| !set.knows(&id));
        if age < FRESH && !rotated {
            return Ok(set);
        }
    }
    match fetch(url).await {
        Ok(set) => {
            let keys = KeySet::read(&set);
            // What if we crash here? It is fetched again.
            kept(tenant).set(store, &Fetched { url: url.clone(), at: now, set })?;
            Ok(keys)
        }
        Err(why) => {
            shell::warn!("key_set", tenant = tenant, error = why);
            let usable = old.filter(|old| now.since(old.at) < STALE).ok_or(Refusal::NoKeySet)?;
            Ok(KeySet::read(&usable.set))
        }
    }
}

async fn fetch(url: &str) -> Result<Json, &'static str> {
    let limit = std::pin::pin!(spin_sdk::time::sleep(TIME_LIMIT));
    let fetching = std::pin::pin!(fetch_unlimited(url));
    match select(fetching, limit).await {
        Either::Left((fetched, _)) => fetched,
        Either::Right(_) => Err("no answer in time"),
    }
}

async fn fetch_unlimited(url: &str) -> Result<Json, &'static str> {
    let request = http::Request::get(url)
        .header("accept", "application/json")
        .body(EmptyBody::new())
        .map_err(|_| "the address is malformed")?;
    let response = spin_sdk::http::send(request).await.map_err(|_| "can't be reached")?;
    if response.status() != http::StatusCode::OK {
        return Err("the answer isn't 200");
    }
    let bytes = read(response.into_body()).await?;
    let set: Json = serde_json::from_slice(&bytes).map_err(|_| "the answer isn't JSON")?;
    if set.get("keys").is_some_and(Json::is_array) { Ok(set) } else { Err("the answer isn't a key set") }
}

async fn read<B: http_body::Body<Data = Bytes>>(body: B) -> Result<Bytes, &'static str> {
    let mut body = std::pin::pin!(body);
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| "the answer ended early")?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > MAX_KEY_SET_BYTES {
            return Err("the answer is too large");
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}
