//! Plans the start and the end of a session.

use adapter::prelude::*;
use adapter::{Answer, Call, Fields, Live, Options, PlanError, Quantity, Unit, is_id};
use serde_json::{Map, Value, json};

/// The vendor looks once a minute which sessions are open, and bills that minute.
pub const STEP_SECONDS: u32 = 60;

/// Far above any conversation. The vendor's own maximum isn't documented.
const MAX_SECONDS: u32 = 86_400;

/// The upstream request that makes a session and a token with which it can be started.
///
/// Options: `avatar_id` (the page's persona goes before it), `context_id` (what the avatar is told to be), `voice_id`,
/// `language`, `llm_configuration_id`, `quality`, `encoding`, `is_sandbox` (a minute for free, with the vendor's own test
/// avatars), `allow_no_context`.
pub fn start(live: &Live, options: &str) -> Result<Call, PlanError> {
    let flags = Fields::parse(options.as_bytes()).unwrap_or_default();
    let options = Options::parse(options)?;
    if !(1..=MAX_SECONDS).contains(&live.max_seconds) {
        return Err(PlanError::invalid("max_seconds", format!("must be from 1 to {MAX_SECONDS}")));
    }
    let avatar = match &live.persona {
        Some(persona) => checked(persona.clone(), "persona", "")?,
        None => named(&options, "avatar_id")?
            .ok_or_else(|| PlanError::invalid("persona", "must be given, or options.avatar_id be set"))?,
    };

    let mut persona = Map::new();
    for name in ["voice_id", "context_id", "language"] {
        if let Some(value) = named(&options, name)? {
            persona.insert(name.to_owned(), Value::String(value));
        }
    }
    // The vendor starts it, and bills it, and the avatar never says a word.
    if !persona.contains_key("context_id") && !flag(&flags, "allow_no_context")? {
        return Err(PlanError::invalid("options.context_id", "must be set: without a context the avatar is silent"));
    }

    let mut video = json!({ "quality": "high", "encoding": "H264" });
    let mut body = json!({
        "mode": "FULL",
        "avatar_id": avatar,
        "avatar_persona": persona,
        "is_sandbox": flag(&flags, "is_sandbox")?,
        "interactivity_type": "CONVERSATIONAL",
        "max_session_duration": live.max_seconds,
    });
    for name in ["quality", "encoding"] {
        if let (Some(value), Some(video)) = (named(&options, name)?, video.as_object_mut()) {
            video.insert(name.to_owned(), Value::String(value));
        }
    }
    if let Some(body) = body.as_object_mut() {
        body.insert("video_settings".to_owned(), video);
        if let Some(llm) = named(&options, "llm_configuration_id")? {
            body.insert("llm_configuration_id".to_owned(), Value::String(llm));
        }
    }

    let mut call = Call::post_json("/v1/sessions/token", &body);
    let billed = u64::from(live.max_seconds).next_multiple_of(u64::from(STEP_SECONDS));
    call.worst_case = vec![Quantity::new(Unit::Seconds, billed)];
    Ok(call)
}

/// The upstream request that ends a session. The tenant's key may end any, whoever holds its token.
pub fn end(id: &str) -> Result<Call, PlanError> {
    if !is_id(id, 128, "_-") {
        return Err(PlanError::invalid("id", "must be the vendor's id of a session"));
    }
    let mut call = Call::post_json("/v1/sessions/stop", &json!({ "session_id": id, "reason": "USER_CLOSED" }));
    (call.answer, call.content_types) = (Answer::Nothing, Vec::new());
    Ok(call)
}

fn named(options: &Options, name: &str) -> Result<Option<String>, PlanError> {
    options.text(name)?.map(|value| checked(value, name, "options.")).transpose()
}

fn checked(value: String, name: &str, within: &str) -> Result<String, PlanError> {
    let expected = "must be 1 to 64 of A-Z a-z 0-9 _ -";
    if is_id(&value, 64, "_-") { Ok(value) } else { Err(PlanError::invalid(format!("{within}{name}"), expected)) }
}

/// `false` when absent.
fn flag(options: &Fields, name: &str) -> Result<bool, PlanError> {
    let value = options.raw(name).map_or(Some(false), |_| options.get(name));
    value.ok_or_else(|| PlanError::invalid(format!("options.{name}"), "must be true or false"))
}
