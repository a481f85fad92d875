//! Plans a speech call.

use adapter::prelude::*;
use adapter::{Answer, Auth, Call, Header, Options, PlanError, Quantity, Speech, Unit, is_id};
use serde_json::{Value, json};

use crate::format;

/// The first is the default: the fastest one.
pub const MODELS: &[&str] = &["eleven_flash_v2_5", "eleven_multilingual_v2", "eleven_turbo_v2_5", "eleven_v3"];

/// "Rachel", a stock voice in the vendor's own examples that every account has.
pub const STOCK_VOICE: &str = "21m00Tcm4TlvDq8ikWAM";

/// Of ten grades of feeling.
const MIDDLE: u64 = 5;
/// The longest text of one call, if the options don't say otherwise; the vendor's own limits begin at 3,000 (v3).
const MAX_CHARACTERS: u64 = 5_000;

/// The vendor's highest limit of any model.
const MAX_CHARACTERS_CEILING: u64 = 40_000;

/// The slowest speech worth planning for, in characters a second; normal is 15.
const SLOWEST_CHARACTERS_PER_SECOND: u64 = 4;

/// The upstream request for a text.
pub fn speech(speech: &Speech, options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    let most = options.integer("max_characters", MAX_CHARACTERS, 1, MAX_CHARACTERS_CEILING)?;
    let percent = options.integer("character_multiplier_percent", 100, 1, 1_000)?;
    let model = options.text("model")?.unwrap_or_else(|| MODELS.first().copied().unwrap_or_default().to_owned());
    if !is_id(&model, 64, "_") {
        return Err(PlanError::invalid("options.model", "must be the name of a model"));
    }

    // The vendor counts characters as Unicode scalar values.
    let characters = speech.text.chars().count() as u64;
    if characters > most || speech.text.trim().is_empty() {
        return Err(PlanError::invalid("text", format!("must have 1 to {most} characters")));
    }
    let (voice, named_by) = match (&speech.voice, options.text("voice")?) {
        (Some(voice), _) => (voice.clone(), "voice"),
        (None, Some(voice)) => (voice, "options.voice"),
        (None, None) => (STOCK_VOICE.to_owned(), "voice"),
    };
    if !is_id(&voice, 64, "") {
        return Err(PlanError::invalid(named_by, "must be 1 to 64 letters and digits"));
    }
    let format =
        format::find(&speech.format).ok_or_else(|| PlanError::invalid("format", "must be mp3, pcm, opus or wav"))?;

    let mut body = json!({ "text": speech.text, "model_id": model });
    if let (Some(language), Some(body)) = (options.text("language")?, body.as_object_mut()) {
        if !is_id(&language, 16, "-") {
            return Err(PlanError::invalid("options.language", "must be the code of a language, such as en"));
        }
        body.insert("language_code".to_owned(), Value::String(language));
    }

    if let (Some(settings), Some(body)) = (feeling(&options, &model)?, body.as_object_mut()) {
        body.insert("voice_settings".to_owned(), settings);
    }

    let billed = characters.saturating_mul(percent).div_ceil(100);
    let seconds = characters.div_ceil(SLOWEST_CHARACTERS_PER_SECOND).saturating_add(10);
    Ok(Call {
        method: "POST",
        path: format!("/v1/text-to-speech/{voice}/stream?output_format={}", format.name),
        headers: vec![Header::new("content-type", "application/json")],
        body: body.to_string().into_bytes(),
        auth: Auth::Key,
        idempotency_header: None,
        model,
        answer: Answer::Audio,
        content_types: format.content_types.to_vec(),
        worst_case: vec![Quantity::new(Unit::Characters, billed)],
        max_answer_bytes: seconds.saturating_mul(format.bytes_per_second),
        cache_seconds: 0,
    })
}

/// How much feeling is to be heard, 1 to 10: the less stable a voice is, the more it varies. In the middle the voice's own
/// settings hold. The third generation knows three steps only.
fn feeling(options: &Options, model: &str) -> Result<Option<Value>, PlanError> {
    let grade = options.integer("emotion", MIDDLE, 1, 10)?;
    let stability = match (model.starts_with("eleven_v3"), grade) {
        (_, MIDDLE) => return Ok(None),
        (_, 1 | 2) => "1.0",
        (true, 3..=7) => "0.5",
        (true, _) => "0.0",
        (false, 3 | 4) => "0.75",
        (false, 6 | 7) => "0.4",
        (false, _) => "0.3",
    };
    let stability: Option<serde_json::Number> = stability.parse().ok();
    Ok(Some(json!({ "stability": stability })))
}
