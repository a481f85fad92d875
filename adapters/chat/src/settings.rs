//! How the model is to answer, for vendors that say it in other words. Ranges are OpenAI's; a vendor's own may be
//! narrower.

use adapter::prelude::*;
use adapter::{Fields, PlanError};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::limits;
use crate::request::flag;
use crate::thousandths::thousandths;

/// A number that goes on with the digits it was written with.
#[derive(Debug, Clone)]
pub struct Number {
    pub raw: Box<RawValue>,
    /// For comparisons; see [`thousandths`].
    pub thousandths: i64,
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

/// The form of the answer.
#[derive(Debug, Clone)]
pub enum Format {
    Text,
    JsonObject,
    /// The schema as it was written.
    JsonSchema {
        name: String,
        schema: Box<RawValue>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    Auto,
    None,
    Required,
    /// This function and no other.
    Function(String),
}

/// Everything here may be absent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// 0 to 2.
    pub temperature: Option<Number>,
    /// 0 to 1.
    pub top_p: Option<Number>,
    /// -2 to 2.
    pub presence_penalty: Option<Number>,
    /// -2 to 2.
    pub frequency_penalty: Option<Number>,
    pub stop: Vec<String>,
    pub seed: Option<i64>,
    pub format: Format,
    pub tool_choice: Option<ToolChoice>,
    pub parallel_tool_calls: Option<bool>,
    /// `none`, `minimal`, `low`, `medium`, `high` or `xhigh`.
    pub reasoning_effort: Option<String>,
    pub user: Option<String>,
}

impl Settings {
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// The field that is wrong.
    pub fn read(request: &Fields) -> Result<Self, PlanError> {
        Ok(Self {
            temperature: number(request, "temperature", 0, 2)?,
            top_p: number(request, "top_p", 0, 1)?,
            presence_penalty: number(request, "presence_penalty", -2, 2)?,
            frequency_penalty: number(request, "frequency_penalty", -2, 2)?,
            stop: stop(request)?,
            seed: optional(request, "seed", "must be a whole number")?,
            format: format(request)?,
            tool_choice: tool_choice(request)?,
            parallel_tool_calls: flag(request, "parallel_tool_calls")?,
            reasoning_effort: effort(request)?,
            user: optional(request, "user", "must be a string")?,
        })
    }
}

fn optional<T: serde::de::DeserializeOwned>(
    request: &Fields,
    name: &str,
    expected: &str,
) -> Result<Option<T>, PlanError> {
    if request.raw(name).is_none() {
        return Ok(None);
    }
    request.get(name).map(Some).ok_or_else(|| PlanError::invalid(name, expected))
}

fn number(request: &Fields, name: &str, min: i64, max: i64) -> Result<Option<Number>, PlanError> {
    let wrong = || PlanError::invalid(name, format!("must be a number from {min} to {max}"));
    let Some(raw) = optional::<Box<RawValue>>(request, name, "must be a number")? else {
        return Ok(None);
    };
    let thousandths = thousandths(raw.get()).ok_or_else(|| PlanError::invalid(name, "must be a number"))?;
    if !(min.saturating_mul(1000)..=max.saturating_mul(1000)).contains(&thousandths) {
        return Err(wrong());
    }
    Ok(Some(Number { raw, thousandths }))
}

fn stop(request: &Fields) -> Result<Vec<String>, PlanError> {
    if request.raw("stop").is_none() {
        return Ok(Vec::new());
    }
    let texts = request.get::<String>("stop").map(|text| vec![text]).or_else(|| request.get("stop"));
    texts
        .filter(|texts| texts.len() <= limits::MAX_STOPS && texts.iter().all(|text| !text.is_empty()))
        .ok_or_else(|| PlanError::invalid("stop", "must be a string or an array of at most 4, none of them empty"))
}

fn format(request: &Fields) -> Result<Format, PlanError> {
    if request.raw("response_format").is_none() {
        return Ok(Format::Text);
    }
    let given = request.get::<Fields>("response_format").unwrap_or_default();
    match given.get::<String>("type").as_deref() {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::JsonObject),
        Some("json_schema") => {
            let wanted = given.get::<Fields>("json_schema").unwrap_or_default();
            let name: Option<String> = wanted.get("name");
            let schema = wanted.get::<Fields>("schema").and_then(|_| wanted.get("schema"));
            let at = "response_format.json_schema";
            Ok(Format::JsonSchema {
                name: name.ok_or_else(|| PlanError::invalid(format!("{at}.name"), "must be a string"))?,
                schema: schema.ok_or_else(|| PlanError::invalid(format!("{at}.schema"), "must be an object"))?,
            })
        }
        _ => Err(PlanError::invalid("response_format.type", "must be text, json_object or json_schema")),
    }
}

fn tool_choice(request: &Fields) -> Result<Option<ToolChoice>, PlanError> {
    if request.raw("tool_choice").is_none() {
        return Ok(None);
    }
    let word: Option<String> = request.get("tool_choice");
    let function = || {
        let chosen: Fields = request.get("tool_choice")?;
        chosen.get::<Fields>("function")?.get("name").map(ToolChoice::Function)
    };
    let choice = match word.as_deref() {
        Some("auto") => Some(ToolChoice::Auto),
        Some("none") => Some(ToolChoice::None),
        Some("required") => Some(ToolChoice::Required),
        _ => function(),
    };
    choice.map(Some).ok_or_else(|| {
        PlanError::invalid(
            "tool_choice",
            "must be auto, none, required or {\"type\":\"function\",\"function\":{\"name\"}}",
        )
    })
}

fn effort(request: &Fields) -> Result<Option<String>, PlanError> {
    let expected = "must be none, minimal, low, medium, high or xhigh";
    let effort: Option<String> = optional(request, "reasoning_effort", expected)?;
    let known = |effort: &str| matches!(effort, "none" | "minimal" | "low" | "medium" | "high" | "xhigh");
    match effort {
        Some(effort) if !known(&effort) => Err(PlanError::invalid("reasoning_effort", expected)),
        effort => Ok(effort),
    }
}
