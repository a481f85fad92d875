//! What the gate reads of an answer or of one chunk of it.

use adapter::Fields;
use adapter::prelude::*;
use serde::Deserialize;

use super::Facts;
use crate::{Tally, tally::Texts};

/// Reads a part of the answer (an object with `choices`) and takes it into account.
///
/// # Errors
/// Not an answer of this protocol, or the vendor's word of an error.
pub fn take(facts: &Facts, json: &[u8], tally: &mut Tally) -> Result<Fields, String> {
    let fields = Fields::parse(json).map_err(|_| "the answer is not a JSON object".to_owned())?;
    if fields.raw("error").is_some() {
        return Err("the vendor broke off with an error".to_owned());
    }
    let choices: Vec<Choice> = fields.get("choices").ok_or_else(|| "the answer has no choices".to_owned())?;
    for choice in &choices {
        [choice.delta, choice.message].into_iter().flatten().for_each(|texts| tally.deliver_texts(texts));
    }
    if let Some(model) = fields.get::<String>("model") {
        tally.set_thinks_unseen((facts.thinks_unseen)(&model));
    }
    if let Some(tokens) = fields.get::<Fields>("usage").and_then(|usage| (facts.usage)(&usage)) {
        tally.report(tokens);
    }
    Ok(fields)
}

#[derive(Debug, Deserialize)]
struct Choice {
    delta: Option<Texts>,
    message: Option<Texts>,
}
