//! Plans a speech call.

use adapter::prelude::*;
use adapter::{Answer, Auth, Call, Header, Options, PlanError, Quantity, Speech, Unit, is_id};
use serde_json::{Value, json};

use crate::format;

/// The first is the default.
pub const MODELS: &[&str] = &["sonic-3.5", "sonic-3"];

/// A stock voice of the vendor's own examples.
pub const STOCK_VOICE: &str = "694f9389-aac1-45b6-b726-9d9369183238";

/// The interface that the call is written for. It decides the shapes of requests and errors, so it is never left out.
const VERSION: &str = "2026-08-14";

/// From this one on a voice is named by its id alone.
const VOICE_BY_ID_SINCE: &str = "2026-08-14";

/// Of ten grades of feeling.
const MIDDLE: u64 = 5;
/// The longest text of one call, if the options don't say otherwise.
const MAX_CHARACTERS: u64 = 5_000;

/// As far as the options may raise it; the vendor's own limit isn't documented.
const MAX_CHARACTERS_CEILING: u64 = 40_000;

/// The slowest speech worth planning for, in characters a second; normal is 15.
const SLOWEST_CHARACTERS_PER_SECOND: u64 = 4;

/// The upstream request for a text.
///
/// Options: `version`, `model`, `voice`, `language`, `max_characters`, and `character_multiplier_percent`: 150 for a
/// professional clone of a voice. What the vendor means by a character isn't documented: it is taken for a Unicode scalar.
pub fn speech(speech: &Speech, options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    let most = options.integer("max_characters", MAX_CHARACTERS, 1, MAX_CHARACTERS_CEILING)?;
    let percent = options.integer("character_multiplier_percent", 100, 1, 1_000)?;
    let model = options.text("model")?.unwrap_or_else(|| MODELS.first().copied().unwrap_or_default().to_owned());
    if !is_id(&model, 64, "_-.") {
        return Err(PlanError::invalid("options.model", "must be the name of a model"));
    }
    let version = version(&options)?;

    let characters = speech.text.chars().count() as u64;
    if characters > most || speech.text.trim().is_empty() {
        return Err(PlanError::invalid("text", format!("must have 1 to {most} characters")));
    }
    let format = format::find(&speech.format).ok_or_else(|| PlanError::invalid("format", "must be mp3, pcm or wav"))?;

    let mut body = json!({
        "model_id": model,
        "transcript": speech.text,
        "voice": voice(speech, &options, &version)?,
        "output_format": format.output,
    });
    if let (Some(language), Some(body)) = (language(&options)?, body.as_object_mut()) {
        body.insert("language".to_owned(), Value::String(language));
    }

    if let (Some(feeling), Some(body)) = (feeling(&options)?, body.as_object_mut()) {
        body.insert("generation_config".to_owned(), json!({ "emotion": feeling }));
    }

    let billed = characters.saturating_mul(percent).div_ceil(100);
    let seconds = characters.div_ceil(SLOWEST_CHARACTERS_PER_SECOND).saturating_add(10);
    Ok(Call {
        method: "POST",
        path: "/tts/bytes".to_owned(),
        headers: vec![Header::new("content-type", "application/json"), Header::new("cartesia-version", version)],
        body: body.to_string().into_bytes(),
        auth: Auth::Key,
        idempotency_header: None,
        model,
        answer: Answer::Audio,
        content_types: format.content_types,
        worst_case: vec![Quantity::new(Unit::Characters, billed)],
        max_answer_bytes: seconds.saturating_mul(format.bytes_per_second),
        cache_seconds: 0,
    })
}

/// How much feeling is to be heard, 1 to 10; between, the model goes by the text. Models before Sonic 3 take no notice.
fn feeling(options: &Options) -> Result<Option<&'static str>, PlanError> {
    Ok(match options.integer("emotion", MIDDLE, 1, 10)? {
        1..=3 => Some("neutral"),
        8..=10 => Some("excited"),
        _ => None,
    })
}

/// The version of the interface.
pub fn version(options: &Options) -> Result<String, PlanError> {
    let version = options.text("version")?.unwrap_or_else(|| VERSION.to_owned());
    if is_date(&version) {
        return Ok(version);
    }
    Err(PlanError::invalid("options.version", "must be a date such as 2026-08-14"))
}

/// The language that the binding names.
pub fn language(options: &Options) -> Result<Option<String>, PlanError> {
    match options.text("language")? {
        Some(language) if !is_id(&language, 16, "-") => {
            Err(PlanError::invalid("options.language", "must be the code of a language, such as en"))
        }
        language => Ok(language),
    }
}

/// The voice in the words of the interface's version.
fn voice(speech: &Speech, options: &Options, version: &str) -> Result<Value, PlanError> {
    let (id, named_by) = match (&speech.voice, options.text("voice")?) {
        (Some(voice), _) => (voice.clone(), "voice"),
        (None, Some(voice)) => (voice, "options.voice"),
        (None, None) => (STOCK_VOICE.to_owned(), "voice"),
    };
    if !is_id(&id, 64, "_-") {
        return Err(PlanError::invalid(named_by, "must be 1 to 64 of A-Z a-z 0-9 _ -"));
    }
    // Dates of this form are ordered as texts are.
    Ok(if version < VOICE_BY_ID_SINCE { json!({ "mode": "id", "id": id }) } else { json!({ "id": id }) })
}

/// `YYYY-MM-DD`, as far as the digits go.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
}
