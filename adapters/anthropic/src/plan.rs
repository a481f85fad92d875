//! Plans the call: the page's request in the vendor's words.

use adapter::prelude::*;
use adapter::{Call, Header, Options, PlanError};
use chat::{Format, Number, Request, Rules, Settings, limits};
use serde::Serialize;

use crate::models;
use crate::tools::{self, Choice, Tool};
use crate::turns::{self, Block, Turn};

const RULES: Rules = Rules {
    default_model: models::DEFAULT,
    is_offered: |_| true,
    max_answers: 1,
    default_max_tokens: limits::DEFAULT_MAX_TOKENS,
    max_tokens_ceiling: limits::MAX_TOKENS_CEILING,
};

/// What of OpenAI's settings has a place here. `seed` has none, but is a wish that a model may leave unheard.
const TRANSLATED: [&str; 7] =
    ["parallel_tool_calls", "response_format", "seed", "stop", "temperature", "tool_choice", "top_p"];

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a Number>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

/// The upstream request for an OpenAI-shaped body.
pub fn chat(body: &[u8], options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    let request = Request::read(body, &options, &RULES)?;
    request.refuse_untranslated(&TRANSLATED)?;
    let settings = Settings::read(&request.fields)?;
    if settings.temperature.as_ref().is_some_and(|temperature| temperature.thousandths > 1_000) {
        return Err(PlanError::invalid("temperature", "must be at most 1 at this vendor"));
    }
    let top_p = top_p(&settings)?;
    if settings.stop.iter().any(|text| text.trim().is_empty()) {
        return Err(PlanError::invalid("stop", "must hold more than white space at this vendor"));
    }
    if !matches!(settings.format, Format::Text) {
        return Err(PlanError::invalid("response_format", "must be text at this vendor"));
    }

    let turns = turns::translate(&request.messages)?;
    let body = Body {
        model: &request.model,
        max_tokens: request.max_tokens,
        system: turns.system,
        messages: turns.turns,
        stream: request.stream,
        stop_sequences: &settings.stop,
        temperature: settings.temperature.as_ref(),
        top_p,
        tools: request.tools.iter().map(Tool::from).collect(),
        tool_choice: tools::choice(&request, &settings),
        metadata: settings.user.as_deref().map(|user_id| Metadata { user_id }),
    };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let tools_tokens = if request.tools.is_empty() { 0 } else { models::TOOLS_TOKENS };
    let input_tokens = request.input_bound(body.len(), models::PICTURE_TOKENS).saturating_add(tools_tokens);
    let mut call = request.call("/v1/messages", body, input_tokens);
    call.headers.push(Header::new("anthropic-version", "2023-06-01"));
    Ok(call)
}

/// The vendor takes one of `temperature` and `top_p`; a `top_p` of 1 changes nothing, and many pages send both.
fn top_p(settings: &Settings) -> Result<Option<&Number>, PlanError> {
    let top_p = settings.top_p.as_ref().filter(|top_p| top_p.thousandths != 1_000);
    if top_p.is_some() && settings.temperature.is_some() {
        return Err(PlanError::invalid("top_p", "must not stand beside temperature at this vendor"));
    }
    Ok(top_p)
}
