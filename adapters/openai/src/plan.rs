//! Plans a chat call: checks the page's request, bounds it, and computes the most it can cost.

use adapter::prelude::*;
use adapter::{Answer, Call, Fields, Header, Options, PlanError, Quantity, Unit};

use crate::{limits, messages, models};

/// The upstream request for an OpenAI-shaped body.
pub fn chat(body: &[u8], options: &str) -> Result<Call, PlanError> {
    if body.len() > limits::MAX_BODY_BYTES {
        return Err(PlanError::Invalid(None, "the request must be at most 1 MiB".to_owned()));
    }
    let mut request = Fields::parse(body)
        .map_err(|_| PlanError::Invalid(None, "must be a JSON object without repeated names".to_owned()))?;
    let options = Options::parse(options)?;

    refuse_what_escapes_metering(&request)?;
    let model = choose_model(&request, &options)?;
    let input = messages::check(&request, models::picture_tokens(&model))?;
    let tools = check_tools(&request)?;
    let answers = integer(&request, "n", 1, limits::MAX_ANSWERS)?.unwrap_or(1);
    let max_tokens = choose_max_tokens(&mut request, &options)?;
    let stream = flag(&request, "stream")?;

    request.set("model", &model);
    request.set("store", &false);
    force_usage(&mut request, stream)?;

    let body = request.to_json();
    // A token is at least one byte, and escaped text is never shorter than plain text. Pictures count by themselves.
    let input_tokens = (body.len() as u64)
        .saturating_sub(input.picture_bytes)
        .saturating_add(input.picture_tokens)
        .saturating_add(input.messages.saturating_mul(limits::TOKENS_PER_MESSAGE))
        .saturating_add(tools.saturating_mul(limits::TOKENS_PER_TOOL))
        .saturating_add(limits::TOKENS_PER_REQUEST);
    let output_tokens = max_tokens.saturating_mul(answers);

    let (accept, answer, max_answer_bytes) = if stream {
        let bytes = output_tokens.saturating_mul(limits::STREAM_BYTES_PER_TOKEN);
        ("text/event-stream", Answer::EventStream, bytes.saturating_add(limits::STREAM_BYTES_BESIDES))
    } else {
        ("application/json", Answer::Json, limits::MAX_JSON_BYTES as u64)
    };
    Ok(Call {
        method: "POST",
        path: "/chat/completions".to_owned(),
        headers: vec![Header::new("content-type", "application/json"), Header::new("accept", accept)],
        body,
        model,
        answer,
        content_types: vec![accept],
        worst_case: vec![
            Quantity::new(Unit::InputTokens, input_tokens),
            Quantity::new(Unit::OutputTokens, output_tokens),
        ],
        max_answer_bytes,
    })
}

/// Fields that make the vendor bill something which the final usage doesn't show, or do work after the answer.
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

/// The request's model; for `auto` (or none where the binding names one) the binding's, else the default.
fn choose_model(request: &Fields, options: &Options) -> Result<String, PlanError> {
    let bound = options.text("model")?;
    let fallback = || bound.clone().or_else(|| models::OFFERED.first().map(|model| (*model).to_owned()));
    let named: Option<String> = request.get("model");
    let model = match named.as_deref() {
        Some("auto") => fallback(),
        None if request.raw("model").is_none() && bound.is_some() => fallback(),
        _ => named,
    };
    model
        .filter(|model| adapter::is_id(model, 128, "._-:/"))
        .filter(|model| !models::bills_beyond_tokens(model))
        .ok_or_else(|| PlanError::invalid("model", "must be the name of a text model, or \"auto\""))
}

/// Tools the page runs itself. Hosted ones are billed by the call.
fn check_tools(request: &Fields) -> Result<u64, PlanError> {
    let functions = list(request, "functions")?;
    let tools = list(request, "tools")?;
    for (index, tool) in tools.iter().enumerate() {
        if tool.get::<String>("type").as_deref() != Some("function") {
            return Err(PlanError::invalid(format!("tools[{index}].type"), "must be \"function\""));
        }
    }
    Ok((tools.len() as u64).saturating_add(functions.len() as u64))
}

fn list(request: &Fields, name: &str) -> Result<Vec<Fields>, PlanError> {
    if request.raw(name).is_none() {
        return Ok(Vec::new());
    }
    let list: Option<Vec<Fields>> = request.get(name);
    list.filter(|list| list.len() <= 128)
        .ok_or_else(|| PlanError::invalid(name, "must be an array of at most 128 objects"))
}

/// The output limit, set where the request names none: without one the worst case has no bound.
fn choose_max_tokens(request: &mut Fields, options: &Options) -> Result<u64, PlanError> {
    let limit = options.integer("max_tokens_limit", limits::MAX_TOKENS_LIMIT, 1, limits::MAX_TOKENS_CEILING)?;
    let default = options.integer("default_max_tokens", limits::DEFAULT_MAX_TOKENS, 1, limits::MAX_TOKENS_CEILING)?;
    let old = integer(request, "max_tokens", 1, limit)?;
    let new = integer(request, "max_completion_tokens", 1, limit)?;
    match (old, new) {
        (Some(_), Some(_)) => Err(PlanError::invalid("max_tokens", "must not stand beside max_completion_tokens")),
        (Some(tokens), None) | (None, Some(tokens)) => Ok(tokens),
        (None, None) => {
            let tokens = default.min(limit);
            request.set("max_completion_tokens", &tokens);
            Ok(tokens)
        }
    }
}

/// A stream tells its usage only when asked to; the page can't ask it not to.
fn force_usage(request: &mut Fields, stream: bool) -> Result<(), PlanError> {
    let given: Option<Fields> = request.get("stream_options");
    if request.raw("stream_options").is_some() && given.is_none() {
        return Err(PlanError::invalid("stream_options", "must be an object"));
    }
    if stream {
        let mut stream_options = given.unwrap_or_default();
        stream_options.set("include_usage", &true);
        request.set("stream_options", &stream_options);
    } else {
        request.remove("stream_options");
    }
    Ok(())
}

fn integer(request: &Fields, name: &str, min: u64, max: u64) -> Result<Option<u64>, PlanError> {
    if request.raw(name).is_none() {
        return Ok(None);
    }
    let value: Option<u64> = request.get(name);
    match value.filter(|value| (min..=max).contains(value)) {
        Some(value) => Ok(Some(value)),
        None => Err(PlanError::invalid(name, format!("must be a whole number from {min} to {max}"))),
    }
}

fn flag(request: &Fields, name: &str) -> Result<bool, PlanError> {
    if request.raw(name).is_none() {
        return Ok(false);
    }
    request.get(name).ok_or_else(|| PlanError::invalid(name, "must be true or false"))
}
