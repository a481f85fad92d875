//! Keeps the model's thoughts within bounds: they are billed as output and never seen.
//!
//! Whether `maxOutputTokens` bounds thoughts and answer together is unverified (it did wherever it was measured), and a
//! budget may be overrun. So both are reserved: the limit for the answer, and the budget besides.

use adapter::prelude::*;
use adapter::{Fields, Options, PlanError};
use serde_json::{Value, json};

use crate::models::{self, Thinking};

/// The highest budget an option may set: beyond what any model takes.
const MAX_BUDGET: u64 = 65_536;

/// What a model that is steered by level is expected to think at the lowest level that all of them know.
const LEVEL_BUDGET: u64 = 1024;
const LEVEL: &str = "low";

/// What is asked of the model, and what is reserved for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// `thinkingConfig`; `None` for a model that must not be told.
    pub config: Option<Value>,
    /// Output tokens to reserve beside the answer's.
    pub reserve: u64,
}

/// Plans the thinking of `model` by two options of the binding (both unverified at the vendor):
///
/// - `thinking_budget`: tokens that are reserved, and the `thinkingBudget` that is sent unless there is a level. By
///   default the least the model takes.
/// - `thinking_level`: `minimal`, `low`, `medium` or `high`, sent as `thinkingLevel`. By default `low`, for models that
///   are steered by level.
///
/// # Errors
/// An option is wrong.
pub fn plan(model: &str, options: &Options, raw_options: &Fields) -> Result<Plan, PlanError> {
    let kind = models::thinking(model);
    let least = match kind {
        Thinking::Never => 0,
        Thinking::Budget(least) => least,
        Thinking::Level => LEVEL_BUDGET,
    };
    let reserve = options.integer("thinking_budget", least, 0, MAX_BUDGET)?;
    let wants_budget = raw_options.raw("thinking_budget").is_some();
    let level = match options.text("thinking_level")? {
        None => (kind == Thinking::Level && !wants_budget).then(|| LEVEL.to_owned()),
        Some(level) if matches!(level.as_str(), "minimal" | "low" | "medium" | "high") => Some(level),
        Some(_) => return Err(PlanError::invalid("options.thinking_level", "must be minimal, low, medium or high")),
    };
    let config = match level {
        Some(level) => Some(json!({ "thinkingLevel": level })),
        None if kind == Thinking::Never && !wants_budget => None,
        None => Some(json!({ "thinkingBudget": reserve })),
    };
    Ok(Plan { config, reserve })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn plans() {
        let rows = [
            ("gemini-2.5-flash", "{}", Some(json!({"thinkingBudget": 0})), 0),
            ("gemini-2.5-flash", r#"{"thinking_budget":500}"#, Some(json!({"thinkingBudget": 500})), 500),
            ("gemini-2.5-pro", "{}", Some(json!({"thinkingBudget": 128})), 128),
            ("gemini-2.0-flash", "{}", None, 0),
            ("gemini-3-flash-preview", "{}", Some(json!({"thinkingLevel": "low"})), 1024),
            ("gemini-3-flash-preview", r#"{"thinking_budget":64}"#, Some(json!({"thinkingBudget": 64})), 64),
            (
                "gemini-3.1-pro-preview",
                r#"{"thinking_budget":9000,"thinking_level":"high"}"#,
                Some(json!({"thinkingLevel": "high"})),
                9000,
            ),
            ("gemini-flash-latest", "{}", Some(json!({"thinkingLevel": "low"})), 1024),
        ];
        for (model, options, config, reserve) in rows {
            let raw = Fields::parse(options.as_bytes()).unwrap();
            let planned = plan(model, &Options::parse(options).unwrap(), &raw);
            assert_eq!(planned, Ok(Plan { config, reserve }), "{model} {options}");
        }
    }
}
