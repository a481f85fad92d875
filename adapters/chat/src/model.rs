//! Which model a request is for.

use adapter::prelude::*;
use adapter::{Fields, Options, PlanError};

use crate::Rules;

/// The request's model; for `auto` (or none where the binding names one) the binding's, else the default.
pub fn choose(request: &Fields, options: &Options, rules: &Rules) -> Result<String, PlanError> {
    let bound = options.text("model")?;
    let fallback = || bound.clone().or_else(|| Some(rules.default_model.to_owned()));
    let named: Option<String> = request.get("model");
    let model = match named.as_deref() {
        Some("auto") => fallback(),
        None if request.raw("model").is_none() && bound.is_some() => fallback(),
        _ => named,
    };
    model
        .filter(|model| adapter::is_id(model, 128, "._-:/"))
        .filter(|model| (rules.is_offered)(model))
        .ok_or_else(|| PlanError::invalid("model", "must be the name of a text model, or \"auto\""))
}
