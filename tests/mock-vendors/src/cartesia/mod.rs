//! Cartesia: text to speech as bytes, the answer has no word about its cost; and voices.

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::State;
use crate::gate::{Answered, Request, Vendor, admit, admit_as, key_of};
use crate::jobs::multipart;
use crate::speech;

const VENDOR: Vendor =
    Vendor { name: "cartesia", key_header: "authorization", key_prefix: "Bearer ", bad_key: 401, error };

pub fn router() -> Router<State> {
    Router::new()
        .route("/tts/bytes", post(speak))
        .route("/voices/clone", post(clone_voice))
        .route("/voices/{id}", get(show_voice))
}

async fn clone_voice(Shared(state): Shared<State>, request: Request) -> Answered {
    let version = request.header("cartesia-version").map(ToOwned::to_owned);
    let form = multipart::read(request.header("content-type").unwrap_or_default(), &request.body);
    let key = key_of(&VENDOR, &request);
    let name = |form: &Value| form["name"].as_str().unwrap_or_default().to_owned();
    let call = admit_as(&state, &VENDOR, &request, key, form.unwrap_or(Value::Null), name).await?;
    if !version.as_deref().is_some_and(is_date) {
        return Ok(call.answer(400, refusal(json!("missing_version"), "Missing Cartesia-Version")));
    }
    if name(&call.body).is_empty() || call.body["clip"]["bytes"].as_u64().unwrap_or(0) == 0 {
        return Ok(call.refuse(400));
    }
    let id = format!("00000000-0000-4000-8000-{:012x}", state.next_event_id());
    let voice = json!({"id": id, "is_owner": true, "name": call.body["name"], "language": call.body["language"]});
    Ok(call.answer(200, voice))
}

async fn show_voice(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    if !id.starts_with("00000000-") {
        return Ok(call.answer(404, refusal(json!("voice_not_found"), "Voice not found")));
    }
    Ok(call.answer(200, json!({"id": id, "is_owner": true, "name": "A voice", "language": "en"})))
}

async fn speak(Shared(state): Shared<State>, request: Request) -> Answered {
    let version = request.header("cartesia-version").map(ToOwned::to_owned);
    let words = |body: &Value| body["transcript"].as_str().unwrap_or_default().to_owned();
    let call = admit(&state, &VENDOR, request, words).await?;
    if !version.as_deref().is_some_and(is_date) {
        return Ok(call.answer(400, refusal(json!("missing_version"), "Missing Cartesia-Version")));
    }
    let body = &call.body;
    let voice = body["voice"]["id"].as_str().or(body["voice"].as_str()).unwrap_or_default();
    let (model, text) =
        (body["model_id"].as_str().unwrap_or_default(), body["transcript"].as_str().unwrap_or_default());
    if model.is_empty() || text.is_empty() || voice.is_empty() {
        return Ok(call.refuse(400));
    }
    if model.starts_with("no-such") {
        return Ok(call.answer(400, refusal(json!("model_not_found"), "Model not found")));
    }
    if voice.starts_with("nope") {
        return Ok(call.answer(404, refusal(json!("voice_not_found"), "Voice not found")));
    }
    let sound = format(&body["output_format"]).and_then(|format| speech::make(&format, seconds(text)));
    let Some(sound) = sound else {
        return Ok(call.answer(400, refusal(json!("output_format_invalid"), "Invalid output format")));
    };
    Ok(call.play(speech::script(sound, state.pace().audio, Vec::new())))
}

fn seconds(text: &str) -> f64 {
    speech::seconds(text.chars().count())
}

/// The sound maker's name of the format; `None` for what the vendor, or the maker, doesn't have.
fn format(wanted: &Value) -> Option<String> {
    let rate = wanted["sample_rate"].as_u64()?;
    match (wanted["container"].as_str()?, wanted["encoding"].as_str()) {
        ("mp3", None) => wanted["bit_rate"].as_u64().map(|bits| format!("mp3_{rate}_{}", bits / 1000)),
        ("wav", Some("pcm_s16le")) => Some(format!("wav_{rate}")),
        ("raw", Some("pcm_s16le")) => Some(format!("pcm_{rate}")),
        _ => None,
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn refusal(code: Value, title: &str) -> Value {
    json!({"error_code": code, "title": title, "message": format!("{title}."),
        "request_id": "00000000-0000-4000-8000-000000000000"})
}

fn error(status: u16) -> Value {
    match status {
        401 => refusal(Value::Null, "Invalid API key"),
        402 => refusal(json!("quota_exceeded"), "Credit limit reached"),
        429 => refusal(json!("concurrency_limited"), "Too many concurrent requests"),
        400..500 => refusal(json!("invalid_request"), "Bad request"),
        _ => refusal(Value::Null, "Internal server error"),
    }
}
