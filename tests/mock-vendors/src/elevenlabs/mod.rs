//! ElevenLabs: text to speech, whole and streamed.

mod ogg;
mod sound;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::State;
use crate::fault::Fault;
use crate::gate::{Request, Vendor, admit};
use crate::play::{self, Piece, Script, play};
use crate::state::now_ms;

const VENDOR: Vendor = Vendor { name: "elevenlabs", key_header: "xi-api-key", key_prefix: "", error };

pub fn router() -> Router<State> {
    Router::new()
        .route("/v1/text-to-speech/{voice}", post(speak))
        .route("/v1/text-to-speech/{voice}/stream", post(speak))
}

#[derive(Deserialize)]
struct Parameters {
    output_format: Option<String>,
}

async fn speak(
    Shared(state): Shared<State>,
    Path(voice): Path<String>,
    Query(parameters): Query<Parameters>,
    request: Request,
) -> Response<Body> {
    let call = match admit(&state, &VENDOR, request, |body| body["text"].as_str().unwrap_or_default().to_owned()).await
    {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    let text = call.body["text"].as_str().unwrap_or_default();
    let characters = text.chars().count();
    let format = parameters.output_format.as_deref().unwrap_or("mp3_44100_128");
    let seconds = (characters as f64 / 15.0).clamp(0.5, 20.0);
    let refusal = if !call.body["text"].is_string() {
        Some((422, json!({"detail": [{"loc": ["body", "text"], "msg": "Field required", "type": "missing"}]})))
    } else if characters > 40_000 {
        Some((400, detail("max_character_limit_exceeded", "The text is too long.")))
    } else if voice.starts_with("nope") {
        Some((404, detail("voice_not_found", "A voice with this id was not found.")))
    } else {
        None
    };
    let sound = sound::make(format, seconds);
    match (refusal, sound) {
        (Some((status, body)), _) => play::json(status, body, &call.fault, call.tracker),
        (None, None) => {
            let body = detail("invalid_output_format", "The output format is unknown.");
            play::json(400, body, &call.fault, call.tracker)
        }
        (None, Some(sound)) => {
            let script = script(sound, characters, &call.fault, state.pace().audio);
            play(script, &call.fault, call.tracker)
        }
    }
}

/// About twenty pieces over `duration`.
fn script(sound: sound::Sound, characters: usize, fault: &Fault, duration: Duration) -> Script {
    let size = (sound.bytes.len() / 20).max(1);
    let pause = duration / 20;
    let pieces = sound.bytes.chunks(size).map(|chunk| Piece { pause, bytes: chunk.to_vec().into() }).collect();
    let mut headers = vec![
        ("content-type", sound.content_type.to_owned()),
        ("request-id", format!("{:x}", now_ms())),
        ("current-concurrent-requests", "1".to_owned()),
        ("maximum-concurrent-requests", "10".to_owned()),
    ];
    if !fault.no_usage {
        headers.push(("character-cost", characters.to_string()));
    }
    Script { headers, pieces, repeat_from: 1 }
}

fn detail(status: &str, message: &str) -> Value {
    json!({"detail": {"status": status, "message": message}})
}

fn error(status: u16) -> Value {
    match status {
        401 => detail("invalid_api_key", "Invalid API key"),
        402 => detail("quota_exceeded", "This request exceeds your quota."),
        429 => detail("too_many_concurrent_requests", "Too many concurrent requests."),
        503 => detail("system_busy", "The system is busy."),
        422 => json!({"detail": [{"loc": ["body"], "msg": "Invalid", "type": "value_error"}]}),
        _ => json!({"detail": "Something went wrong."}),
    }
}
