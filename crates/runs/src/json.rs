//! The weight and the depth of JSON: what it takes in memory, which for small values is many times its text. What is
//! stored must also be readable again: parsers give up on what is nested very deep.

use serde_json::{Map, Value as Json};

use crate::error::Invalid;

/// Levels: a run's record adds some, and a parser takes 128.
const MAX_DEPTH: usize = 64;

/// Bytes of a value by itself, of a list and of an object that aren't empty, and of an object's entry besides its name
/// and its value. Rather more than a 32-bit program takes, whose lists and maps grow in steps.
const VALUE: usize = 64;
const LIST: usize = 128;
const OBJECT: usize = 256;
const ENTRY: usize = 96;

/// The most that the body of a request may weigh: two inputs, and the steps around them.
const MAX_BODY: usize = 1024 * 1024;

/// Bytes in memory.
pub(crate) fn weight(value: &Json) -> usize {
    let inner = match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        Json::String(text) => text.len(),
        Json::Array(values) if values.is_empty() => 0,
        Json::Array(values) => values.iter().map(weight).fold(LIST, usize::saturating_add),
        Json::Object(fields) => return weight_of_fields(fields),
    };
    inner.saturating_add(VALUE)
}

/// The same of an object.
pub(crate) fn weight_of_fields(fields: &Map<String, Json>) -> usize {
    let entry = |(name, value): (&String, &Json)| weight(value).saturating_add(ENTRY).saturating_add(name.len());
    let own = if fields.is_empty() { VALUE } else { VALUE.saturating_add(OBJECT) };
    fields.iter().map(entry).fold(own, usize::saturating_add)
}

/// Whether a request's body may be read at all: what it would weigh, told by its marks before any of it is parsed.
///
/// # Errors
/// It names the body.
pub fn check_body(text: &[u8]) -> Result<(), Invalid> {
    let (mut weight, mut in_text, mut escaped) = (text.len(), false, false);
    for byte in text {
        if in_text {
            in_text = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        let more = match byte {
            b'"' => {
                in_text = true;
                0
            }
            b'{' => OBJECT.saturating_add(VALUE),
            b'[' => LIST.saturating_add(VALUE),
            b',' => VALUE,
            b':' => ENTRY,
            _ => 0,
        };
        weight = weight.saturating_add(more);
    }
    if weight > MAX_BODY { Err(Invalid::new("body", at_most(MAX_BODY))) } else { Ok(()) }
}

/// Not heavier than `most` bytes, and not too deep.
pub(crate) fn bounded(param: &str, value: &Json, most: usize) -> Result<(), Invalid> {
    if !is_shallow(value, MAX_DEPTH) {
        return Err(Invalid::new(param, format!("must be nested at most {MAX_DEPTH} deep")));
    }
    if weight(value) > most { Err(Invalid::new(param, at_most(most))) } else { Ok(()) }
}

/// The words for it.
pub(crate) fn at_most(most: usize) -> String {
    format!("must take at most {} KiB in memory", most / 1024)
}

fn is_shallow(value: &Json, levels: usize) -> bool {
    let below = levels.checked_sub(1);
    match value {
        Json::Array(values) => below.is_some_and(|below| values.iter().all(|value| is_shallow(value, below))),
        Json::Object(fields) => below.is_some_and(|below| fields.values().all(|value| is_shallow(value, below))),
        _ => true,
    }
}
