//! A body as JSON: what is wrong with it is named by its dotted path, such as `messages[0].role`.

use problem::{Kind, Problem};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// The most characters of a caller's own field name or value that an answer repeats.
const MAX_REPEATED: usize = 200;

/// Reads a body.
///
/// # Errors
/// 400 `invalid_json`. `param` is the path of the field that is wrong, missing or unknown; `body` when it is the whole;
/// nothing when the body isn't JSON at all.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if body.is_empty() {
        return Err(Problem::new(Kind::InvalidRequest, "invalid_json", "A JSON body is expected."));
    }
    // Serde would take a list for an object's fields in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        let message = "The body can't be read: it must be an object.";
        return Err(Problem::new(Kind::InvalidRequest, "invalid_json", message).with_param(Some("body".into())));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        refusal(error.inner(), &path)
    })?;
    deserializer.end().map_err(|error| refusal(&error, ""))?;
    Ok(value)
}

fn refusal(error: &serde_json::Error, path: &str) -> Problem {
    let message = error.to_string();
    let param = (error.classify() == Category::Data).then(|| param(path, &message));
    Problem::new(Kind::InvalidRequest, "invalid_json", format!("The body can't be read: {}", clip(&message)))
        .with_param(param.as_deref().map(clip))
}

/// The path of the field. An object that lacks a field, or has it twice, is where serde stops: the field itself is only
/// in the message, in its first backticks.
fn param(path: &str, message: &str) -> String {
    let path = if path == "." { "" } else { path };
    let absent = ["missing field `", "duplicate field `"].iter().find_map(|start| message.strip_prefix(start));
    match (path, absent.and_then(|rest| rest.split('`').next())) {
        ("", None) => "body".into(),
        ("", Some(field)) => field.into(),
        (path, None) => path.into(),
        (path, Some(field)) => format!("{path}.{field}"),
    }
}

fn clip(text: &str) -> String {
    text.chars().take(MAX_REPEATED).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Body {
        provider: String,
        estimate: Estimate,
        #[serde(default)]
        messages: Vec<Message>,
        #[serde(default)]
        metadata: BTreeMap<String, u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Estimate {
        units: u64,
        unit_type: Option<Unit>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Message {
        role: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Unit {
        Seconds,
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let check = |body: &str, param: Option<&str>| {
            let problem = read::<Body>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.param.as_deref(), param, "{body}: {}", problem.message);
            assert_eq!((problem.kind.status(), problem.code.as_str()), (400, "invalid_json"), "{body}");
        };
        let with = |more: &str| format!(r#"{{"provider":"openai","estimate":{{"units":1}}{more}}}"#);
        assert!(read::<Body>(with("").as_bytes()).is_ok());
        // Wrong values.
        check(r#"{"provider":"a","estimate":{"units":-1}}"#, Some("estimate.units"));
        check(r#"{"provider":"a","estimate":{"units":1.5}}"#, Some("estimate.units"));
        check(r#"{"provider":"a","estimate":{"units":"`x`"}}"#, Some("estimate.units"));
        check(r#"{"provider":"a","estimate":{"units":1,"unit_type":"must be"}}"#, Some("estimate.unit_type"));
        check(r#"{"provider":5,"estimate":{"units":1}}"#, Some("provider"));
        check(r#"{"provider":null,"estimate":{"units":1}}"#, Some("provider"));
        check(r#"{"provider":"a","estimate":7}"#, Some("estimate"));
        check(&with(r#","messages":[{"role":"user"},{"role":7}]"#), Some("messages[1].role"));
        check(&with(r#","messages":[5]"#), Some("messages[0]"));
        check(&with(r#","metadata":{"a":1,"b":256}"#), Some("metadata.b"));
        // Missing, unknown, twice.
        check("{}", Some("provider"));
        check(r#"{"provider":"a"}"#, Some("estimate"));
        check(r#"{"provider":"a","estimate":{}}"#, Some("estimate.units"));
        check(&with(r#","messages":[{}]"#), Some("messages[0].role"));
        check(&with(r#","surprise":1"#), Some("surprise"));
        check(r#"{"provider":"a","estimate":{"units":1,"surprise":{}}}"#, Some("estimate.surprise"));
        check(r#"{"provider":"a","estimate":{"units":1,"units":2}}"#, Some("estimate.units"));
        check(r#"{"provider":"a","provider":"b"}"#, Some("provider"));
        // The whole, and what isn't JSON.
        check("null", Some("body"));
        check("5", Some("body"));
        check(r#" ["openai",{"units":1}]"#, Some("body"));
        check("", None);
        check("{", None);
        check(r#"{"provider":"#, None);
        check(r#"{"provider":"a","estimate":{units:1}}"#, None);
        check(&with("").repeat(2), None);
    }

    #[test]
    fn what_is_repeated_is_short() {
        let problem = read::<Body>(format!(r#"{{"{}":1}}"#, "x".repeat(100_000)).as_bytes()).unwrap_err();
        assert!(problem.to_json("req_1").len() < 1_000);
    }
}
