//! Whether a JSON document is a snapshot: every field that must be there, of its type, and what is wrong by path.

use calendar::Millis;
use serde_json::Value;

use crate::{FAMILIES, VERSION, usd};

/// One thing that keeps a document from being a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Such as `orchestration.runs_ok`; empty for the document itself.
    pub path: String,
    /// What it should be.
    pub message: String,
}

/// What a field may be.
#[derive(Clone, Copy)]
enum Is {
    Count,
    CountOrNull,
    /// From 0 on.
    NumberOrNull,
    /// From 0 to 1.
    ShareOrNull,
    BoolOrNull,
    MoneyOrNull,
    Texts,
    Object,
}

use Is::{BoolOrNull, Count, CountOrNull, MoneyOrNull, NumberOrNull, Object, ShareOrNull, Texts};

/// Every field but the version, the time and the models, which are looked at by themselves.
const FIELDS: [(&str, Is); 22] = [
    ("orchestration.runs_ok", Count),
    ("orchestration.runs_fail", Count),
    ("orchestration.p95_ms", NumberOrNull),
    ("revenue_proxy.checkout_success_rate", ShareOrNull),
    ("compliance.age_gate_pass", BoolOrNull),
    ("compliance.coa_pass", BoolOrNull),
    ("workflow_coverage.defined", CountOrNull),
    ("workflow_coverage.verified", CountOrNull),
    ("workflow_coverage.target", Count),
    ("infra.drift", BoolOrNull),
    ("risk_flags", Texts),
    ("tollgate", Object),
    ("tollgate.tenants", CountOrNull),
    ("tollgate.twins", CountOrNull),
    ("tollgate.sessions", CountOrNull),
    ("tollgate.permits", CountOrNull),
    ("tollgate.held_usd", MoneyOrNull),
    ("tollgate.settled_usd", MoneyOrNull),
    ("tollgate.denials", Object),
    ("tollgate.log", Object),
    ("tollgate.log.tree_size", CountOrNull),
    ("tollgate.checks", Object),
];
const OF_A_MODEL: [(&str, Is); 6] = [
    ("calls", Count),
    ("ok", Count),
    ("fail", Count),
    ("p95_ms", NumberOrNull),
    ("mean_ms", NumberOrNull),
    ("share", ShareOrNull),
];

/// What is wrong with it; nothing with a snapshot. Fields that the schema doesn't know are let be.
#[must_use]
pub fn validate(document: &Value) -> Vec<Fault> {
    let mut faults = Faults(Vec::new());
    if !document.is_object() {
        faults.say("", "must be an object");
        return faults.0;
    }
    match document.get("version").and_then(Value::as_str) {
        Some(VERSION) => {}
        _ => faults.say("version", "must be the text \"1.0\""),
    }
    if !document.get("timestamp_utc").and_then(Value::as_str).is_some_and(is_utc) {
        faults.say("timestamp_utc", "must be a time in RFC 3339, in UTC (ending in `Z`)");
    }
    for (path, is) in FIELDS {
        faults.look(document.pointer(&pointer(path)), path, is);
    }
    match document.get("models").and_then(Value::as_object) {
        None => faults.say("models", "must be an object"),
        Some(models) => {
            for family in FAMILIES.iter().filter(|family| !models.contains_key(**family)) {
                faults.say(&format!("models.{family}"), "is missing");
            }
            for (family, model) in models {
                for (field, is) in OF_A_MODEL {
                    faults.look(model.get(field), &format!("models.{family}.{field}"), is);
                }
            }
        }
    }
    faults.agree(document);
    faults.0
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

fn is_utc(text: &str) -> bool {
    text.ends_with('Z') && Millis::parse(text).is_some()
}

struct Faults(Vec<Fault>);

impl Faults {
    fn say(&mut self, path: &str, message: &str) {
        self.0.push(Fault { path: path.to_owned(), message: message.to_owned() });
    }

    fn look(&mut self, value: Option<&Value>, path: &str, is: Is) {
        let Some(value) = value else { return self.say(path, "is missing") };
        if !fits(value, is) {
            self.say(path, expected(is));
        }
    }

    /// What can't be true together.
    fn agree(&mut self, document: &Value) {
        let count = |path: &str| document.pointer(&pointer(path)).and_then(Value::as_u64);
        if let (Some(defined), Some(verified)) =
            (count("workflow_coverage.defined"), count("workflow_coverage.verified"))
            && verified > defined
        {
            self.say("workflow_coverage.verified", "is more than are defined");
        }
        let Some(models) = document.get("models").and_then(Value::as_object) else { return };
        for (family, model) in models {
            let count = |field: &str| model.get(field).and_then(Value::as_u64);
            if let (Some(calls), Some(ok), Some(fail)) = (count("calls"), count("ok"), count("fail"))
                && ok.checked_add(fail) != Some(calls)
            {
                self.say(&format!("models.{family}.calls"), "is not the sum of `ok` and `fail`");
            }
        }
    }
}

fn fits(value: &Value, is: Is) -> bool {
    match is {
        Count => value.is_u64(),
        CountOrNull => value.is_null() || value.is_u64(),
        BoolOrNull => value.is_null() || value.is_boolean(),
        MoneyOrNull => value.is_null() || value.as_str().is_some_and(|text| usd::parse(text).is_some()),
        Object => value.is_object(),
        Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
        NumberOrNull => value.is_null() || whole_part(value).is_some(),
        // 1, 1.0, or nothing before the point.
        ShareOrNull => value.is_null() || matches!(whole_part(value), Some((0, _) | (1, true))),
    }
}

/// A number from 0 on: what stands before the point, and whether nothing is behind it.
fn whole_part(value: &Value) -> Option<(u64, bool)> {
    let text = value.as_number()?.to_string();
    let (whole, places) = text.split_once('.').unwrap_or((&text, "0"));
    // Shares as small as `1e-7` are written so.
    if let Some((_, exponent)) = places.split_once(['e', 'E']).or_else(|| whole.split_once(['e', 'E'])) {
        return (exponent.starts_with('-') && !text.starts_with('-')).then_some((0, false));
    }
    Some((whole.parse().ok()?, places.bytes().all(|byte| byte == b'0')))
}

fn expected(is: Is) -> &'static str {
    match is {
        Count => "must be a whole number from 0 on",
        CountOrNull => "must be a whole number from 0 on, or null",
        NumberOrNull => "must be a number from 0 on, or null",
        ShareOrNull => "must be a number from 0 to 1, or null",
        BoolOrNull => "must be true, false or null",
        MoneyOrNull => "must be a decimal text such as \"12.34\", or null",
        Texts => "must be a list of texts",
        Object => "must be an object",
    }
}
