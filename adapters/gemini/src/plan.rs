//! Plans a chat call: puts the request into the vendor's words and computes the most it can cost.
//!
//! Options of the binding, beside those of every chat vendor (`model`, `max_tokens_limit`, `default_max_tokens`) and
//! those of [`crate::thinking`]. They stand for what no official page confirmed to us:
//!
//! - `schemas`: `json` (the default) sends a tool's parameters as `parametersJsonSchema` and the answer's form as
//!   `responseJsonSchema`; `openapi` sends them as `parameters` and `responseSchema`.
//! - `picture_urls`: `refuse` (the default), or `fetch` to let the vendor fetch pictures by `fileData`.
//! - `picture_tokens`: the most that one picture counts as input, 8,192 by default.
//! - `thought_signature`: what stands in for the signature of a call that the newest models want back; empty for none.

use adapter::prelude::*;
use adapter::{Call, Fields, Options, PlanError, Unit};
use chat::{Format, Number, Request, Rules, Settings, Tool, ToolChoice, limits};
use serde_json::value::RawValue;

use crate::contents::{self, Manner};
use crate::models::{self, Thinking};
use crate::thinking;
use crate::wire::{Body, FunctionCallingConfig, FunctionDeclaration, GenerationConfig, ToolConfig, ToolSet};

const RULES: Rules = Rules {
    default_model: "gemini-2.5-flash",
    is_offered: models::is_offered,
    // The vendor has a word for more, but its newest models don't take it.
    max_answers: 1,
    default_max_tokens: limits::DEFAULT_MAX_TOKENS,
    max_tokens_ceiling: 65_536,
};

/// The page's words that are translated here, beside those that every vendor's plan reads.
const TRANSLATED: [&str; 9] = [
    "frequency_penalty",
    "parallel_tool_calls",
    "presence_penalty",
    "response_format",
    "seed",
    "stop",
    "temperature",
    "tool_choice",
    "top_p",
];

/// Tiles of 258 tokens each, and more of them the longer a picture is.
const PICTURE_TOKENS: u64 = 8192;
const MAX_PICTURE_TOKENS: u64 = 1_000_000;

/// The vendor's own word for a call whose signature is lost.
const LOST_SIGNATURE: &str = "skip_thought_signature_validator";

/// Which words a JSON Schema goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Schemas {
    Json,
    OpenApi,
}

/// The upstream request for an OpenAI-shaped body.
///
/// # Errors
/// The field of the request or the option of the binding that is wrong.
pub fn chat(body: &[u8], raw_options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(raw_options)?;
    let raw_options = Fields::parse(raw_options.as_bytes()).unwrap_or_default();
    let request = Request::read(body, &options, &RULES)?;
    request.refuse_untranslated(&TRANSLATED)?;
    let settings = Settings::read(&request.fields)?;
    let schemas = schemas(&options)?;
    let thinking = thinking::plan(&request.model, &options, &raw_options)?;
    let picture_tokens = options.integer("picture_tokens", PICTURE_TOKENS, 1, MAX_PICTURE_TOKENS)?;
    let conversation = contents::translate(&request.messages, &manner(&request.model, &options)?)?;

    let tool_config = tool_config(&request.tools, &settings)?;
    let upstream = Body {
        contents: conversation.contents,
        system_instruction: conversation.system,
        tools: tool_sets(&request.tools, schemas),
        tool_config,
        generation_config: GenerationConfig {
            max_output_tokens: request.max_tokens,
            thinking_config: thinking.config,
            ..generation_config(settings, schemas)?
        },
    };
    let upstream = serde_json::to_vec(&upstream).map_err(|_| PlanError::invalid("messages", "can't be written"))?;

    let input_tokens = request.input_bound(upstream.len(), picture_tokens);
    let method = if request.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    let mut call = request.call(format!("/v1beta/models/{}:{method}", request.model), upstream, input_tokens);
    for quantity in call.worst_case.iter_mut().filter(|quantity| quantity.unit == Unit::OutputTokens) {
        quantity.units = quantity.units.saturating_add(thinking.reserve);
    }
    Ok(call)
}

fn schemas(options: &Options) -> Result<Schemas, PlanError> {
    match options.text("schemas")?.as_deref() {
        None | Some("json") => Ok(Schemas::Json),
        Some("openapi") => Ok(Schemas::OpenApi),
        Some(_) => Err(PlanError::invalid("options.schemas", "must be json or openapi")),
    }
}

fn manner(model: &str, options: &Options) -> Result<Manner, PlanError> {
    let picture_urls = match options.text("picture_urls")?.as_deref() {
        None | Some("refuse") => false,
        Some("fetch") => true,
        Some(_) => return Err(PlanError::invalid("options.picture_urls", "must be refuse or fetch")),
    };
    let signature = match options.text("thought_signature")? {
        Some(signature) if signature.is_empty() => None,
        Some(signature) if adapter::is_id(&signature, 256, "_-+/=") => Some(signature),
        Some(_) => return Err(PlanError::invalid("options.thought_signature", "must be base64 or empty")),
        None => (models::thinking(model) == Thinking::Level).then(|| LOST_SIGNATURE.to_owned()),
    };
    Ok(Manner { picture_urls, signature })
}

fn tool_sets(tools: &[Tool], schemas: Schemas) -> Vec<ToolSet> {
    if tools.is_empty() {
        return Vec::new();
    }
    let declare = |tool: &Tool| {
        let (parameters_json_schema, parameters) = in_words(tool.parameters.clone(), schemas);
        let (name, description) = (tool.name.clone(), tool.description.clone());
        FunctionDeclaration { name, description, parameters, parameters_json_schema }
    };
    vec![ToolSet { function_declarations: tools.iter().map(declare).collect() }]
}

/// A schema as JSON Schema or as OpenAPI's.
fn in_words(schema: Option<Box<RawValue>>, schemas: Schemas) -> (Option<Box<RawValue>>, Option<Box<RawValue>>) {
    match schemas {
        Schemas::Json => (schema, None),
        Schemas::OpenApi => (None, schema),
    }
}

/// Without tools there is nothing to choose.
fn tool_config(tools: &[Tool], settings: &Settings) -> Result<Option<ToolConfig>, PlanError> {
    if !tools.is_empty() && settings.parallel_tool_calls == Some(false) {
        return Err(PlanError::invalid("parallel_tool_calls", "must be true: the vendor can't be held to one call"));
    }
    let (mode, allowed_function_names) = match &settings.tool_choice {
        None => return Ok(None),
        Some(ToolChoice::Auto) => ("AUTO", Vec::new()),
        Some(ToolChoice::None) => ("NONE", Vec::new()),
        Some(ToolChoice::Required) => ("ANY", Vec::new()),
        Some(ToolChoice::Function(name)) => {
            if !tools.iter().any(|tool| tool.name == *name) {
                return Err(PlanError::invalid("tool_choice.function.name", "must be one of the tools"));
            }
            ("ANY", vec![name.clone()])
        }
    };
    let function_calling_config = FunctionCallingConfig { mode, allowed_function_names };
    Ok((!tools.is_empty()).then_some(ToolConfig { function_calling_config }))
}

fn generation_config(settings: Settings, schemas: Schemas) -> Result<GenerationConfig, PlanError> {
    let raw = |number: Option<Number>| number.map(|number| number.raw);
    let seed = settings.seed.map(i32::try_from).transpose();
    let (response_mime_type, schema) = match settings.format {
        Format::Text => (None, None),
        Format::JsonObject => (Some("application/json"), None),
        Format::JsonSchema { schema, .. } => (Some("application/json"), Some(schema)),
    };
    let (response_json_schema, response_schema) = in_words(schema, schemas);
    Ok(GenerationConfig {
        temperature: raw(settings.temperature),
        top_p: raw(settings.top_p),
        presence_penalty: raw(settings.presence_penalty),
        frequency_penalty: raw(settings.frequency_penalty),
        seed: seed.map_err(|_| PlanError::invalid("seed", "must be a whole number of 32 bits"))?,
        stop_sequences: settings.stop,
        response_mime_type,
        response_schema,
        response_json_schema,
        ..GenerationConfig::default()
    })
}
