//! The texts that are put into an edit's merge fields.

use adapter::prelude::*;
use adapter::{Fields, PlanError};
use serde_json::{Value, json};

use crate::assets::Hosts;

/// More fields than a template has.
const MAX_FIELDS: usize = 100;

/// The longest text of one field, in bytes.
const MAX_BYTES: usize = 4_096;

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
        if replace.contains("://") && replace.split_whitespace().count() == 1 && !hosts.allow(replace.trim()) {
            return Err(wrong("must name https addresses only, and on the binding's asset_hosts"));
        }
        merged.push(json!({ "find": find, "replace": replace }));
    }
    Ok(Some(Value::Array(merged)))
}
