//! Texts and numbers of a feed on their way into the small object.

use adapter::Fields;
use adapter::prelude::*;
use serde_json::{Map, Value};

/// Longer names are cut: the object may end up in a prompt.
const MAX_CHARS: usize = 120;

/// The member `name` as a short text on one line.
pub fn short(fields: &Fields, name: &str) -> Option<String> {
    let text: String = fields.get(name)?;
    let plain: String = text.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

/// A whole number, which a goal difference may be below zero.
pub fn number(fields: &Fields, name: &str) -> Option<i64> {
    fields.get(name)
}

/// Puts the value under `name` if there is one.
pub fn put(object: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}
