//! Plans the start and the end of a conversation.

use adapter::prelude::*;
use adapter::{Call, Live, Options, PlanError, Quantity, Unit, is_id, is_plain_url};
use serde_json::{Map, Value, json};

/// The vendor's own maximum of one conversation.
const MAX_SECONDS: u32 = 3600;

/// How long a room waits for the page to come; the room's token is good for as long.
const ABSENT_SECONDS: u64 = 120;

/// How long a room waits for the page to come back: a reload must not end the conversation.
const LEFT_SECONDS: u64 = 15;

/// The upstream request that opens a conversation.
pub fn start(live: &Live, options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    let max_seconds = u64::from(live.max_seconds);
    if !(1..=MAX_SECONDS).contains(&live.max_seconds) {
        return Err(PlanError::invalid("max_seconds", format!("must be from 1 to {MAX_SECONDS}")));
    }
    let absent = options.integer("participant_absent_timeout", ABSENT_SECONDS, 1, u64::from(MAX_SECONDS))?;
    let left = options.integer("participant_left_timeout", LEFT_SECONDS, 0, u64::from(MAX_SECONDS))?;

    let mut body = Map::new();
    let persona = match (&live.persona, named(&options, &["persona"])?) {
        (Some(persona), _) => Some(checked(persona.clone(), "persona")?),
        (None, bound) => bound,
    };
    let face = named(&options, &["face", "replica"])?;
    if persona.is_none() && face.is_none() {
        return Err(PlanError::invalid("persona", "must be given, or set in the binding's options"));
    }
    for (name, value) in [("pal_id", persona), ("face_id", face)] {
        if let Some(value) = value {
            body.insert(name.to_owned(), Value::String(value));
        }
    }
    let texts = [("custom_greeting", "greeting", 1_000), ("conversational_context", "context", 20_000)];
    for (field, option, most) in texts {
        if let Some(text) = options.text(option)? {
            if text.len() > most {
                return Err(PlanError::invalid(format!("options.{option}"), format!("must be at most {most} bytes")));
            }
            body.insert(field.to_owned(), Value::String(text));
        }
    }
    if let Some(label) = &live.disclosure {
        body.insert("conversation_name".to_owned(), Value::String(label.clone()));
    }
    if let Some(url) = &live.callback_url {
        if !is_plain_url(url) {
            return Err(PlanError::invalid("callback_url", "must be an https address, or http on loopback"));
        }
        body.insert("callback_url".to_owned(), Value::String(url.clone()));
    }
    // Without it, whoever learns the room's address can sit in it at the tenant's cost.
    body.insert("require_auth".to_owned(), Value::Bool(true));
    let mut properties = json!({
        "max_call_duration": max_seconds,
        "participant_absent_timeout": absent.min(max_seconds),
        "participant_left_timeout": left.min(max_seconds),
        "enable_recording": false,
    });
    if let (Some(language), Some(properties)) = (options.text("language")?, properties.as_object_mut()) {
        properties.insert("language".to_owned(), Value::String(checked(language, "options.language")?));
    }
    body.insert("properties".to_owned(), properties);

    let mut call = Call::post_json("/v2/conversations", &Value::Object(body));
    call.worst_case = vec![Quantity::new(Unit::Seconds, max_seconds)];
    Ok(call)
}

/// The upstream request that ends a conversation; a repeat is answered with a refusal that means "already ended".
pub fn end(id: &str) -> Result<Call, PlanError> {
    if !is_id(id, 128, "_-") {
        return Err(PlanError::invalid("id", "must be the vendor's id of a conversation"));
    }
    Ok(Call::post_nothing(format!("/v2/conversations/{id}/end")))
}

/// The first of `names` that the options have.
fn named(options: &Options, names: &[&str]) -> Result<Option<String>, PlanError> {
    for name in names {
        if let Some(id) = options.text(name)? {
            return checked(id, &format!("options.{name}")).map(Some);
        }
    }
    Ok(None)
}

fn checked(id: String, field: &str) -> Result<String, PlanError> {
    if is_id(&id, 64, "_-") { Ok(id) } else { Err(PlanError::invalid(field, "must be 1 to 64 of A-Z a-z 0-9 _ -")) }
}
