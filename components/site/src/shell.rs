//! The Spin side of the site: takes a request apart, lets the core decide, touches the store, sends the answer.

use std::borrow::Cow;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use spin_sdk::http::{FullBody, HeaderValue, IntoResponse, Request, Response, StatusCode};
use spin_sdk::http_service;

use crate::reply::{Refusal, Reply};
use crate::routes::{Route, route};
use crate::settings::{self, KEY, MAX_BYTES, Settings};

mod bindings {
    wit_bindgen::generate!({ world: "site", path: "wit", generate_all });
}
use bindings::wasi::keyvalue::store;

#[http_service]
async fn handle(request: Request) -> anyhow::Result<impl IntoResponse> {
    let head = request.method().as_str() == "HEAD";
    let reply = match answer(request).await {
        Ok(reply) if head => reply.without_body(),
        Ok(reply) => reply,
        Err(refusal) => refusal.reply(&request_id()),
    };
    send(reply)
}

async fn answer(request: Request) -> Result<Reply, Refusal> {
    let if_none_match = header(&request, "if-none-match");
    match route(request.method().as_str(), request.uri().path(), if_none_match) {
        Route::Answer(reply) => Ok(reply),
        Route::Refuse(refusal) => Err(refusal),
        Route::ReadSettings => Ok(Reply::json(200, &public(&read()?))),
        Route::WriteSettings => {
            // The key is checked before a byte of the body is read.
            let admin_key = spin_sdk::variables::get("admin_key").await.unwrap_or_default();
            if !settings::is_operator(header(&request, "authorization"), &admin_key) {
                return Err(Refusal::Unauthenticated);
            }
            let body = Limited::new(request.into_body(), MAX_BYTES).collect().await.map_err(unread)?;
            let wanted = settings::parse(&body.to_bytes())?;
            write(&wanted)?;
            Ok(Reply::json(200, &public(&wanted)))
        }
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn public(settings: &Settings) -> serde_json::Value {
    serde_json::to_value(settings).unwrap_or_default()
}

fn read() -> Result<Settings, Refusal> {
    let bucket = store::open("default").map_err(|_| Refusal::Offline)?;
    bucket.get(KEY).map(settings::stored).map_err(|_| Refusal::Offline)
}

/// One set of one key: if we crash here, the page shows either the old settings or the new.
fn write(settings: &Settings) -> Result<(), Refusal> {
    let bytes = serde_json::to_vec(settings).map_err(|_| Refusal::Offline)?;
    let bucket = store::open("default").map_err(|_| Refusal::Offline)?;
    bucket.set(KEY, &bytes).map_err(|_| Refusal::Offline)
}

fn unread(error: Box<dyn std::error::Error + Send + Sync>) -> Refusal {
    if error.is::<LengthLimitError>() {
        return Refusal::TooLarge;
    }
    Refusal::Invalid { param: "body", message: "The body broke off." }
}

fn request_id() -> String {
    let random = spin_sdk::wasip3::random::random::get_random_u64();
    format!("req_{random:016x}")
}

fn send(reply: Reply) -> anyhow::Result<Response<FullBody<Bytes>>> {
    let bytes = match reply.body {
        Cow::Borrowed(embedded) => Bytes::from_static(embedded),
        Cow::Owned(made) => Bytes::from(made),
    };
    let mut response = Response::new(FullBody::new(bytes));
    *response.status_mut() = StatusCode::from_u16(reply.status)?;
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, HeaderValue::from_str(&value)?);
    }
    Ok(response)
}
