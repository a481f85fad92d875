//! What an edit may make the vendor fetch.

use adapter::prelude::*;
use adapter::{Fields, PlanError, is_public_url};
use serde_json::Value;

/// What can be shown without a further price: assets that are generated from a prompt cost credits of their own, and an
/// `html` asset could load from anywhere.
const TYPES: [&str; 8] = ["video", "image", "audio", "luma", "title", "text", "caption", "shape"];

/// The hosts of option `asset_hosts`; any if it isn't set.
pub struct Hosts(Option<Vec<String>>);

impl Hosts {
    pub fn of(options: &str) -> Result<Self, PlanError> {
        let options =
            Fields::parse(options.as_bytes()).map_err(|_| PlanError::invalid("options", "must be a JSON object"))?;
        match (options.raw("asset_hosts"), options.get::<Vec<String>>("asset_hosts")) {
            (None, _) => Ok(Self(None)),
            (_, Some(hosts)) => Ok(Self(Some(hosts))),
            (_, None) => Err(PlanError::invalid("options.asset_hosts", "must be a list of host names")),
        }
    }

    /// Whether the vendor may fetch this. A merge field's braces don't belong there: they'd be filled in after the check.
    pub fn allow(&self, url: &str) -> bool {
        let Some(rest) = url.strip_prefix("https://") else { return false };
        let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
        let listed = self.0.as_ref().is_none_or(|hosts| hosts.iter().any(|one| one.eq_ignore_ascii_case(host)));
        is_public_url(url) && !url.contains(['{', '}']) && listed
    }
}

/// Every address in `value`, at any depth, is one that may be fetched.
pub fn check(value: &Value, hosts: &Hosts) -> Result<(), PlanError> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| check(item, hosts)),
        Value::Object(members) => members.iter().try_for_each(|(name, member)| {
            if matches!(name.as_str(), "callback" | "destinations") {
                return Err(PlanError::invalid(format!("input.timeline.{name}"), "is not the page's to set"));
            }
            if name == "src" || name.to_ascii_lowercase().ends_with("url") {
                let fine = member.as_str().is_some_and(|url| hosts.allow(url));
                return if fine { Ok(()) } else { Err(wrong_address()) };
            }
            if name == "asset" {
                let kind = member.get("type").and_then(Value::as_str).unwrap_or_default();
                if !TYPES.contains(&kind) {
                    let expected = format!("must have assets of type {}", TYPES.join(", "));
                    return Err(PlanError::invalid("input.timeline", expected));
                }
            }
            check(member, hosts)
        }),
        _ => Ok(()),
    }
}

fn wrong_address() -> PlanError {
    PlanError::invalid(
        "input.timeline",
        "must have assets at public https addresses only, and on the binding's asset_hosts",
    )
}
