//! A run for tests.

use calendar::Millis;
use runs::{Begin, Run, parse_steps};
use serde_json::json;

pub const NOW: Millis = Millis(1_000_000 * calendar::HOUR);

/// Of one job, just begun.
pub fn new_run() -> Run {
    run_of("demo", "key_1")
}

/// The same, begun by that key of that tenant.
pub fn run_of(tenant: &str, credential: &str) -> Run {
    let begin = Begin {
        id: "run_1".into(),
        tenant: tenant.into(),
        credential: credential.into(),
        channel: String::new(),
        base: None,
        chat: None,
        project: None,
        title: String::new(),
        steps: parse_steps(&json!([{ "id": "a", "kind": "k" }])).unwrap(),
        input: json!({}),
    };
    Run::start(begin, NOW).unwrap()
}
