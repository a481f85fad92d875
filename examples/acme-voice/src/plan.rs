//! Plans a speech call: the request without the key, and the most it can cost.

use adapter::prelude::*;
use adapter::{Answer, Call, Header, Options, PlanError, Quantity, Speech, Unit, is_id};
use serde_json::json;

/// A voice that every account has.
const STOCK_VOICE: &str = "narrator";

/// The longest text of one call, if the options don't say otherwise.
const MAX_CHARACTERS: u64 = 2_000;

/// The vendor's own limit.
const MAX_CHARACTERS_CEILING: u64 = 10_000;

/// The slowest speech worth planning for, in characters a second; normal is 15.
const SLOWEST_CHARACTERS_PER_SECOND: u64 = 4;

/// What an MP3 of 128 kbit/s takes.
const BYTES_PER_SECOND: u64 = 16_000;

/// The upstream request for a text. Options: `voice`, `max_characters`.
pub fn say(speech: &Speech, options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    let most = options.integer("max_characters", MAX_CHARACTERS, 1, MAX_CHARACTERS_CEILING)?;
    let characters = speech.text.chars().count() as u64;
    if characters > most || speech.text.trim().is_empty() {
        return Err(PlanError::invalid("text", format!("must have 1 to {most} characters")));
    }
    if speech.format != "mp3" {
        return Err(PlanError::invalid("format", "must be mp3"));
    }

    let mut call = Call::post_json("/say", &json!({ "text": speech.text, "voice": voice(speech, &options)? }));
    call.headers = vec![Header::new("accept", "audio/mpeg"), Header::new("content-type", "application/json")];
    call.idempotency_header = Some("idempotency-key");
    call.answer = Answer::Audio;
    call.content_types = vec!["audio/mpeg"];
    // Blanks turn out to be free, but a reservation is an upper bound.
    call.worst_case = vec![Quantity::new(Unit::Characters, characters)];
    let seconds = characters.div_ceil(SLOWEST_CHARACTERS_PER_SECOND).saturating_add(10);
    call.max_answer_bytes = seconds.saturating_mul(BYTES_PER_SECOND);
    Ok(call)
}

/// The page's voice, else the binding's, else the one that everybody has.
fn voice(speech: &Speech, options: &Options) -> Result<String, PlanError> {
    let (voice, named_by) = match (&speech.voice, options.text("voice")?) {
        (Some(voice), _) => (voice.clone(), "voice"),
        (None, Some(voice)) => (voice, "options.voice"),
        (None, None) => (STOCK_VOICE.to_owned(), "voice"),
    };
    if is_id(&voice, 64, "-") { Ok(voice) } else { Err(PlanError::invalid(named_by, "must be the id of a voice")) }
}
