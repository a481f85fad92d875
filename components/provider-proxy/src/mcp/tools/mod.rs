//! The tools: what they are called, what they take and give, and who does it.

mod ask;
mod runs;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json, json};
use shell::{Kind, Problem};

use super::{
    Asked,
    rpc::{Fault, INVALID_PARAMS},
    version::Version,
};

/// A tool that is to be used.
#[derive(Deserialize)]
pub struct Use {
    name: String,
    #[serde(default)]
    arguments: Map<String, Json>,
    #[serde(default, rename = "_meta")]
    meta: Meta,
}

/// What goes beside the arguments.
#[derive(Default, Deserialize)]
struct Meta {
    /// As the header of that name: a repeat gets the first answer, and costs nothing.
    #[serde(default, rename = "idempotencyKey")]
    key: Option<String>,
}

/// What a tool gave.
struct Given {
    /// For the model.
    text: String,
    /// For programs: as its output schema says.
    structured: Json,
}

impl Given {
    fn json(structured: Json) -> Self {
        Self { text: structured.to_string(), structured }
    }
}

/// `tools/list`
pub fn list(version: Version) -> Json {
    let tools = [ask::described(), runs::list_described(), runs::start_described(), runs::status_described()];
    json!({ "tools": tools.map(|tool| as_of(version, tool)) })
}

/// Without what that version doesn't know.
fn as_of(version: Version, mut tool: Json) -> Json {
    if let Some(tool) = tool.as_object_mut() {
        if version < Version::V2025_06_18 {
            tool.remove("title");
            tool.remove("outputSchema");
        }
        if version < Version::V2025_03_26 {
            tool.remove("annotations");
        }
    }
    tool
}

/// `tools/call`. What goes wrong in a tool is the model's to know, and no error of the protocol.
pub async fn call(asked: &Asked<'_>, used: Use) -> Result<Json, Fault> {
    let outcome = match used.name.as_str() {
        "ask" => ask::run(asked, used).await,
        "list_projects" => runs::list(asked, used),
        "start_run" => runs::start(asked, used).await,
        "get_run_status" => runs::status(asked, used).await,
        name => {
            let name: String = name.chars().take(64).collect();
            return Err(Fault::new(INVALID_PARAMS, format!("Unknown tool: {name}")));
        }
    };
    Ok(match outcome {
        Ok(given) => success(asked.version, given),
        Err(problem) => failure(&problem, &asked.call.request_id),
    })
}

fn success(version: Version, given: Given) -> Json {
    let mut result = json!({ "content": [{ "type": "text", "text": given.text }], "isError": false });
    if version >= Version::V2025_06_18 {
        result["structuredContent"] = given.structured;
    }
    result
}

/// The gate's own message and code, and beside them the error as every route tells it.
fn failure(problem: &Problem, request_id: &str) -> Json {
    let told: Json = serde_json::from_slice(&problem.to_json(request_id)).unwrap_or_default();
    let mut error = told["error"].clone();
    if let Some(seconds) = problem.retry_after_seconds() {
        error["retry_after_s"] = seconds.into();
    }
    let kind = error["type"].as_str().unwrap_or_default();
    let name = if kind == problem.code { kind.to_owned() } else { format!("{kind} ({})", problem.code) };
    let text = match &problem.param {
        Some(param) => format!("{name}: {param}: {}", problem.message),
        None => format!("{name}: {}", problem.message),
    };
    json!({ "content": [{ "type": "text", "text": text }], "isError": true, "_meta": { "tollgate/error": error } })
}

/// The arguments of a tool.
fn arguments<T: DeserializeOwned>(arguments: Map<String, Json>) -> Result<T, Problem> {
    serde_json::from_value(Json::Object(arguments)).map_err(|error| {
        let what: String = error.to_string().chars().take(200).collect();
        Problem::new(Kind::InvalidRequest, "invalid_arguments", format!("The arguments can't be read: {what}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_hears_of_what_it_knows() {
        let check = |version: Version, expected: &[&str]| {
            let listed = list(version);
            for tool in listed["tools"].as_array().unwrap() {
                let there =
                    ["title", "annotations", "outputSchema"].into_iter().filter(|name| tool.get(name).is_some());
                assert_eq!(there.collect::<Vec<_>>(), expected, "{}", tool["name"]);
                assert_eq!(tool["inputSchema"]["type"], "object");
            }
        };
        check(Version::V2024_11_05, &[]);
        check(Version::V2025_03_26, &["annotations"]);
        check(Version::V2025_06_18, &["title", "annotations", "outputSchema"]);
        check(Version::V2025_11_25, &["title", "annotations", "outputSchema"]);
        check(Version::V2026_07_28, &["title", "annotations", "outputSchema"]);
    }

    #[test]
    fn a_failure_is_told_to_the_model() {
        let text = |problem: &Problem| failure(problem, "req_1")["content"][0]["text"].clone();
        assert_eq!(text(&Problem::not_found("Gone.")), "not_found: Gone.");
        assert_eq!(text(&Problem::invalid("question", "is empty")), "invalid_request: question: is empty");
        let cap = Problem { retry_after_ms: Some(1_500), ..Problem::new(Kind::HardCap, "monthly_cap", "Spent.") };
        let told = failure(&cap, "req_1");
        let expected = (&json!(true), &json!("hard_cap (monthly_cap): Spent."));
        assert_eq!((&told["isError"], &told["content"][0]["text"]), expected);
        let error = &told["_meta"]["tollgate/error"];
        assert_eq!((&error["type"], &error["retry_after_s"]), (&json!("hard_cap"), &json!(2)));
        assert!(told.get("structuredContent").is_none(), "it would have to be as the schema says");
    }
}
