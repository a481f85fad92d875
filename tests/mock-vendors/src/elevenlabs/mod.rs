//! ElevenLabs: text to speech, whole and streamed, and voices.

mod voices;

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::State;
use crate::gate::{Answered, Request, Vendor, admit};
use crate::speech;
use crate::state::now_ms;

const VENDOR: Vendor = Vendor { name: "elevenlabs", key_header: "xi-api-key", key_prefix: "", bad_key: 401, error };

pub fn router() -> Router<State> {
    Router::new()
        .route("/v1/text-to-speech/{voice}", post(speak))
        .route("/v1/text-to-speech/{voice}/stream", post(speak))
        .route("/v1/voices/add", post(voices::add))
        .route("/v1/voices/{id}", get(voices::show))
}

async fn speak(Shared(state): Shared<State>, Path(voice): Path<String>, request: Request) -> Answered {
    let format = request.parameter("output_format").unwrap_or("mp3_44100_128").to_owned();
    let call = admit(&state, &VENDOR, request, |body| body["text"].as_str().unwrap_or_default().to_owned()).await?;
    let Some(text) = call.body["text"].as_str() else {
        let missing = json!({"detail": [{"loc": ["body", "text"], "msg": "Field required", "type": "missing"}]});
        return Ok(call.answer(422, missing));
    };
    let characters = text.chars().count();
    if characters > 40_000 {
        return Ok(call.answer(400, detail("max_character_limit_exceeded", "The text is too long.")));
    }
    if voice.starts_with("nope") {
        return Ok(call.answer(404, detail("voice_not_found", "A voice with this id was not found.")));
    }
    let Some(sound) = speech::make(&format, speech::seconds(characters)) else {
        return Ok(call.answer(400, detail("invalid_output_format", "The output format is unknown.")));
    };
    let mut headers = vec![
        ("request-id", format!("{:x}", now_ms())),
        ("current-concurrent-requests", "1".to_owned()),
        ("maximum-concurrent-requests", "10".to_owned()),
    ];
    if !call.fault.no_usage {
        headers.push(("character-cost", characters.to_string()));
    }
    Ok(call.play(speech::script(sound, state.pace().audio, headers)))
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
