//! The Spin side of the site: lets the core decide, touches the store, and answers by the rules all components share.

use std::borrow::Cow;

use bytes::Bytes;
use kv_schemas::{Store, StoreError, families};
use shell::{Call, KeyValue, Limits, host, serve};
use spin_sdk::http::{BoxBody, Request, Response};
use spin_sdk::http_service;

use crate::reply::{Refusal, Reply};
use crate::routes::{self, Route, route};
use crate::settings::{self, MAX_BYTES, Settings};

#[http_service]
async fn handle(request: Request) -> Response<BoxBody> {
    serve(env!("CARGO_PKG_NAME"), request, Limits { body_bytes: MAX_BYTES }, async |call, store| {
        let reply = match answer(call, &store).await {
            Ok(reply) if call.method == "HEAD" => reply.without_body(),
            Ok(reply) => reply,
            Err(refusal) => refusal.reply(&call.request_id),
        };
        Ok(send(reply))
    })
    .await
}

async fn answer(call: &Call, store: &KeyValue) -> Result<Reply, Refusal> {
    let director = if routes::has_director(&call.path) { director(store) } else { None };
    // With a director the policy isn't the one that a cache has stored with the page.
    let known = call.header("if-none-match").filter(|_| director.is_none());
    match route(call.method.as_str(), &call.path, known) {
        Route::Answer(reply) => Ok(match director {
            Some(origin) => routes::directed(reply, &origin),
            None => reply,
        }),
        Route::Refuse(refusal) => Err(refusal),
        Route::ReadSettings => {
            let stored = store.get(&families::SITE.key(&[])).map_err(offline)?;
            Ok(Reply::json(200, &public(&settings::stored(stored))))
        }
        Route::WriteSettings => {
            let admin_key = host::variable("admin_key").await;
            if !settings::is_operator(call.authorization(), &admin_key) {
                return Err(Refusal::Unauthenticated);
            }
            let wanted = public(&settings::parse(&call.body)?);
            // One set of one key: if we crash here, the page shows either the old settings or the new.
            store.set(&families::SITE.key(&[]), wanted.to_string().as_bytes()).map_err(offline)?;
            Ok(Reply::json(200, &wanted))
        }
    }
}

/// Where the demo's director is. Without a store the page comes without one, as in production.
fn director(store: &KeyValue) -> Option<String> {
    settings::stored(store.get(&families::SITE.key(&[])).ok()?).director
}

fn public(settings: &Settings) -> serde_json::Value {
    serde_json::to_value(settings).unwrap_or_default()
}

fn offline(error: StoreError) -> Refusal {
    shell::warn!("store", error = error);
    Refusal::Offline
}

fn send(reply: Reply) -> shell::Reply {
    let bytes = match reply.body {
        Cow::Borrowed(embedded) => Bytes::from_static(embedded),
        Cow::Owned(made) => Bytes::from(made),
    };
    let sent = if bytes.is_empty() {
        shell::Reply::empty(reply.status)
    } else {
        // The type is among the headers that follow.
        shell::Reply::bytes(reply.status, "application/octet-stream", bytes)
    };
    reply.headers.iter().fold(sent, |sent, (name, value)| sent.with(name, value))
}
