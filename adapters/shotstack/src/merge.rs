//! The texts that are put into an edit's merge fields.

use adapter::prelude::*;
use adapter::{Fields, PlanError};
use serde_json::{Value, json};

use crate::assets::Hosts;

/// More fields than a template has.
const MAX_FIELDS: usize = 100;

/// The longest text of one field, in bytes.
const MAX_BYTES: usize = 4_096;

/// How an address begins that needs no `://`.
const BEGINNINGS: [&str; 7] = ["http:", "https:", "file:", "ftp:", "//", "/\\", "\\"];

/// Takes no room, so nobody sees it before an address.
const INVISIBLE: [char; 3] = ['\u{200b}', '\u{2060}', '\u{feff}'];

/// `merge` as the vendor takes it. A text that is an address may become that of an asset, so it is checked as one.
///
/// A template that puts a host's name together out of fields is beyond this check: that is the tenant's own template.
pub fn read(input: &Fields, hosts: &Hosts) -> Result<Option<Value>, PlanError> {
    if input.raw("merge").is_none() {
        return Ok(None);
    }
    let wrong = |expected: &str| PlanError::invalid("input.merge", expected);
    let entries: Vec<Fields> = input
        .get("merge")
        .filter(|entries: &Vec<Fields>| entries.len() <= MAX_FIELDS)
        .ok_or_else(|| wrong("must be a list of at most 100 objects with find and replace"))?;
    let mut merged = Vec::new();
    for entry in &entries {
        let text = |name: &str| entry.get::<String>(name).filter(|text| text.len() <= MAX_BYTES);
        let (Some(find), Some(replace)) = (text("find").filter(|find| !find.is_empty()), text("replace")) else {
            return Err(wrong("must have texts of at most 4096 bytes as find and replace"));
        };
        if is_address(&replace) && !hosts.allow(replace.trim()) {
            return Err(wrong("must name public https addresses only, and on the binding's asset_hosts"));
        }
        merged.push(json!({ "find": find, "replace": replace }));
    }
    Ok(Some(Value::Array(merged)))
}

/// Whether a reader of addresses could take `text` for one. Such readers drop white space at the ends and control
/// characters anywhere, read `\` as `/` and any spelling of a scheme; a space within is no proof of mere text.
fn is_address(text: &str) -> bool {
    let seen: String = text.chars().filter(|c| !c.is_control() && !INVISIBLE.contains(c)).collect();
    let seen = seen.trim().to_ascii_lowercase();
    let scheme = |(scheme, _): (&str, &str)| !scheme.contains(char::is_whitespace);
    BEGINNINGS.iter().any(|beginning| seen.starts_with(beginning)) || seen.split_once("://").is_some_and(scheme)
}
