//! Reads an OpenAI-shaped request: what every vendor needs to know of it, checked and bounded.
//!
//! What only some vendors need in their own words is read by [`crate::Settings`].

use adapter::prelude::*;
use adapter::{Answer, Auth, Call, Fields, Header, Operation, Options, PlanError, Quantity, Unit};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::messages::{self, Message};
use crate::tools::{self, Tool};
use crate::{limits, model};

/// What a vendor allows.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Stands for `auto` where the binding names no model.
    pub default_model: &'static str,
    /// Whether a model may be asked for: one that bills nothing but tokens.
    pub is_offered: fn(&str) -> bool,
    /// The most answers to one request (`n`).
    pub max_answers: u64,
    /// The output limit of a request that names none; option `default_max_tokens`.
    pub default_max_tokens: u64,
    /// The highest that option `max_tokens_limit` may allow: the most that any model of the vendor gives.
    pub max_tokens_ceiling: u64,
}

/// A checked request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Everything as it was written.
    pub fields: Fields,
    /// The vendor's model; never `auto`.
    pub model: String,
    pub stream: bool,
    /// The most output tokens of each answer.
    pub max_tokens: u64,
    /// How many answers (`n`).
    pub answers: u64,
    pub messages: Vec<Message>,
    pub tools: Vec<Tool>,
    /// How many `functions`, the form of tools that `tools` has replaced.
    pub functions: u64,
}

impl Request {
    /// Reads `body`.
    ///
    /// # Errors
    /// The field that is wrong, or nothing of the request can be read.
    pub fn read(body: &[u8], options: &Options, rules: &Rules) -> Result<Self, PlanError> {
        if body.len() > limits::MAX_BODY_BYTES {
            return Err(PlanError::Invalid(None, "the request must be at most 1 MiB".to_owned()));
        }
        let fields = Fields::parse(body)
            .map_err(|_| PlanError::Invalid(None, "must be a JSON object without repeated names".to_owned()))?;
        refuse_what_escapes_metering(&fields)?;
        let model = model::choose(&fields, options, rules)?;
        let messages = messages::read(&fields)?;
        let tools = tools::read(&fields)?;
        let functions = tools::list(&fields, "functions")?.len() as u64;
        let answers = integer(&fields, "n", 1, rules.max_answers)?.unwrap_or(1);
        let max_tokens = choose_max_tokens(&fields, options, rules)?;
        let stream = flag(&fields, "stream")?.unwrap_or(false);
        if fields.raw("stream_options").is_some() && fields.get::<Fields>("stream_options").is_none() {
            return Err(PlanError::invalid("stream_options", "must be an object"));
        }
        Ok(Self { fields, model, stream, max_tokens, answers, messages, tools, functions })
    }

    /// An upper bound of the input tokens when `sent` bytes go to the vendor and a picture counts `picture_tokens`.
    ///
    /// A token is at least one byte, and escaped text is never shorter than plain text. Pictures count by themselves.
    pub fn input_bound(&self, sent: usize, picture_tokens: u64) -> u64 {
        let (pictures, bytes) = messages::pictures(&self.messages);
        let tools = (self.tools.len() as u64).saturating_add(self.functions);
        (sent as u64)
            .saturating_sub(bytes)
            .saturating_add(pictures.saturating_mul(picture_tokens))
            .saturating_add((self.messages.len() as u64).saturating_mul(limits::TOKENS_PER_MESSAGE))
            .saturating_add(tools.saturating_mul(limits::TOKENS_PER_TOOL))
            .saturating_add(limits::TOKENS_PER_REQUEST)
    }

    /// The call that posts `body`, with its worst case.
    pub fn call(&self, path: impl Into<String>, body: Vec<u8>, input_tokens: u64) -> Call {
        let output_tokens = self.max_tokens.saturating_mul(self.answers);
        let (accept, answer, max_answer_bytes) = if self.stream {
            let bytes = output_tokens.saturating_mul(limits::STREAM_BYTES_PER_TOKEN);
            ("text/event-stream", Answer::EventStream, bytes.saturating_add(limits::STREAM_BYTES_BESIDES))
        } else {
            ("application/json", Answer::Json, limits::MAX_JSON_BYTES as u64)
        };
        Call {
            method: "POST",
            path: path.into(),
            headers: vec![Header::new("content-type", "application/json"), Header::new("accept", accept)],
            body,
            auth: Auth::Key,
            idempotency_header: None,
            model: self.model.clone(),
            answer,
            content_types: vec![accept],
            worst_case: vec![
                Quantity::new(Unit::InputTokens, input_tokens),
                Quantity::new(Unit::OutputTokens, output_tokens),
            ],
            max_answer_bytes,
            cache_seconds: 0,
        }
    }

    /// For vendors with words of their own: refuses what neither `translated` names nor every translator reads. Better
    /// an error that names the field than an answer to something else than was asked.
    ///
    /// # Errors
    /// The first such field, unless its value changes nothing.
    pub fn refuse_untranslated(&self, translated: &[&str]) -> Result<(), PlanError> {
        const READ: [&str; 10] = [
            "max_completion_tokens",
            "max_tokens",
            "messages",
            "modalities",
            "model",
            "n",
            "service_tier",
            "stream",
            "stream_options",
            "tools",
        ];
        /// They tell OpenAI where to file a call, and change nothing in the answer.
        const FILED: [&str; 5] = ["metadata", "prompt_cache_key", "safety_identifier", "store", "user"];
        /// As good as absent.
        const NEUTRAL: [&str; 7] = ["0", "0.0", "false", "[]", "{}", "\"none\"", "\"auto\""];
        let fits = |name: &str| READ.contains(&name) || FILED.contains(&name) || translated.contains(&name);
        let neutral = |name: &str| self.fields.raw(name).is_none_or(|raw| NEUTRAL.contains(&raw));
        if let Some(name) = self.fields.names().find(|name| !fits(name) && !neutral(name)) {
            return Err(PlanError::invalid(name, "is not offered by this vendor"));
        }
        for (index, message) in self.messages.iter().enumerate() {
            if message.role == messages::Role::Function {
                return Err(PlanError::invalid(format!("messages[{index}].role"), "must be tool instead of function"));
            }
            if message.has_function_call {
                let at = format!("messages[{index}].function_call");
                return Err(PlanError::invalid(at, "must be written as tool_calls"));
            }
        }
        Ok(())
    }
}

/// What a meter needs to know of a request, which has been planned by then.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// As the page names it, possibly `auto`.
    pub model: String,
    pub stream: bool,
}

impl Asked {
    /// Reads it; an operation that isn't a chat asks for nothing.
    pub fn of(operation: &Operation) -> Self {
        let Operation::Chat(body) = operation else {
            return Self::default();
        };
        #[derive(Default, Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            model: Option<&'a RawValue>,
            #[serde(borrow)]
            stream: Option<&'a RawValue>,
        }
        let named: Named = serde_json::from_slice(body).unwrap_or_default();
        let model = named.model.and_then(|model| serde_json::from_str(model.get()).ok());
        Self { model: model.unwrap_or_default(), stream: named.stream.is_some_and(|stream| stream.get() == "true") }
    }
}

/// Fields that make a vendor bill something which the final usage doesn't show, or do work after the answer.
fn refuse_what_escapes_metering(request: &Fields) -> Result<(), PlanError> {
    const REFUSED: [&str; 11] = [
        "audio",
        "background",
        "best_of",
        "conversation",
        "max_output_tokens",
        "plugins",
        "prediction",
        "previous_response_id",
        "prompt_cache_options",
        "prompt_cache_retention",
        "web_search_options",
    ];
    if let Some(name) = REFUSED.into_iter().find(|name| request.raw(name).is_some()) {
        return Err(PlanError::invalid(name, "is not offered here"));
    }
    if request.raw("modalities").is_some() {
        let modalities: Option<Vec<String>> = request.get("modalities");
        if modalities.is_none_or(|list| list.iter().any(|kind| kind != "text")) {
            return Err(PlanError::invalid("modalities", "must be [\"text\"]"));
        }
    }
    if request.raw("service_tier").is_some() {
        let tier: Option<String> = request.get("service_tier");
        if !matches!(tier.as_deref(), Some("default" | "auto")) {
            return Err(PlanError::invalid("service_tier", "must be \"default\" or \"auto\""));
        }
    }
    Ok(())
}

/// The output limit; without one the worst case has no bound.
fn choose_max_tokens(request: &Fields, options: &Options, rules: &Rules) -> Result<u64, PlanError> {
    let ceiling = rules.max_tokens_ceiling;
    let limit = options.integer("max_tokens_limit", limits::MAX_TOKENS_LIMIT.min(ceiling), 1, ceiling)?;
    let default = options.integer("default_max_tokens", rules.default_max_tokens, 1, ceiling)?;
    let old = integer(request, "max_tokens", 1, limit)?;
    let new = integer(request, "max_completion_tokens", 1, limit)?;
    match (old, new) {
        (Some(_), Some(_)) => Err(PlanError::invalid("max_tokens", "must not stand beside max_completion_tokens")),
        (Some(tokens), None) | (None, Some(tokens)) => Ok(tokens),
        (None, None) => Ok(default.min(limit)),
    }
}

fn integer(request: &Fields, name: &str, min: u64, max: u64) -> Result<Option<u64>, PlanError> {
    if request.raw(name).is_none() {
        return Ok(None);
    }
    let value: Option<u64> = request.get(name);
    match value.filter(|value| (min..=max).contains(value)) {
        Some(value) => Ok(Some(value)),
        None if min == max => Err(PlanError::invalid(name, format!("must be {min}"))),
        None => Err(PlanError::invalid(name, format!("must be a whole number from {min} to {max}"))),
    }
}

/// A truth value; `None` when absent.
pub fn flag(request: &Fields, name: &str) -> Result<Option<bool>, PlanError> {
    if request.raw(name).is_none() {
        return Ok(None);
    }
    request.get(name).map(Some).ok_or_else(|| PlanError::invalid(name, "must be true or false"))
}
