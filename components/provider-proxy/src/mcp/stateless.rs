//! What version 2026-07-28 wants besides (<https://modelcontextprotocol.io/specification/2026-07-28>): there is nothing to
//! agree on first, so each request says by itself which version it goes by and what its client can do, and repeats in
//! headers what those on its way may want to know. Answers say how long they are good for.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use shell::Call;

use super::{
    INSTRUCTIONS, capabilities,
    rpc::{self, Fault, Request},
    server_info,
    version::{HEADER, Version},
};

/// The headers say something else than the body.
const HEADER_MISMATCH: i32 = -32_020;
/// How long a client may go by the list of tools, and by what the server is.
const GOOD_FOR_MS: u64 = 5 * calendar::MINUTE;

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "_meta")]
    meta: Meta,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what a client can do makes no difference; but it has to say")]
struct Meta {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion")]
    version: String,
    #[serde(rename = "io.modelcontextprotocol/clientCapabilities")]
    capabilities: Map<String, Json>,
}

/// Whether a request says all that it has to, and the same everywhere.
pub fn check(call: &Call, request: &Request) -> Result<(), Fault> {
    let Params { meta, name } = request.params()?;
    let same = |header: &str, expected: &str| {
        let found = call.header(header).and_then(decoded);
        if found.as_deref() == Some(expected) {
            return Ok(());
        }
        Err(Fault::new(HEADER_MISMATCH, format!("The header `{header}` must be there, and say what the body says.")))
    };
    same(HEADER, &meta.version)?;
    same("mcp-method", &request.method)?;
    match (request.method.as_str(), name) {
        ("tools/call", Some(name)) => same("mcp-name", &name),
        _ => Ok(()),
    }
}

/// A header's value as it was meant: what a header can't hold comes as `=?base64?...?=`.
fn decoded(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        None => Some(value.to_owned()),
        Some(encoded) => String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok(),
    }
}

/// `server/discover`
pub fn discover() -> Json {
    json!({
        "supportedVersions": Version::ALL.map(Version::name),
        "capabilities": capabilities(),
        "instructions": INSTRUCTIONS,
        "_meta": { "io.modelcontextprotocol/serverInfo": server_info(Version::V2026_07_28) },
    })
}

/// A result as this version has it.
pub fn complete(method: &str, mut result: Json) -> Json {
    result["resultType"] = "complete".into();
    if method != "tools/call" {
        result["ttlMs"] = GOOD_FOR_MS.into();
        result["cacheScope"] = "private".into();
    }
    result
}

/// The status of an answer: a proxy on the way doesn't have to read the body to know that it failed.
pub fn status(outcome: &Result<Json, Fault>) -> u16 {
    match outcome {
        Ok(_) => 200,
        Err(fault) if fault.code == rpc::METHOD_NOT_FOUND => 404,
        Err(_) => 400,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn headers_and_body_say_the_same() {
        let check = |params: &str, headers: &[(&'static str, &str)], expected: Result<(), i32>| {
            let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
            let message = rpc::message(&RawValue::from_string(text).unwrap());
            let Ok(rpc::Message::Request(request)) = message else { panic!("{params}") };
            let mut call = Call::of_gate("/v1/mcp", "", "req_1");
            for (name, value) in headers {
                call.headers.insert(*name, value.parse().unwrap());
            }
            assert_eq!(super::check(&call, &request).map_err(|fault| fault.code), expected, "{params} {headers:?}");
        };
        let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
        let ask = format!(r#"{{"name":"ask",{meta}}}"#);
        let (version, method) = ((HEADER, "2026-07-28"), ("mcp-method", "tools/call"));
        check(&ask, &[version, method, ("mcp-name", "ask")], Ok(()));
        check(&ask, &[version, method, ("mcp-name", "=?base64?YXNr?=")], Ok(()));
        check(&format!("{{{meta}}}"), &[version, method], Ok(()));
        for wrong in [
            &[version, method][..],
            &[version, method, ("mcp-name", "Ask")],
            &[version, method, ("mcp-name", "=?base64?YXN?=")],
            &[version, ("mcp-name", "ask")],
            &[version, ("mcp-method", "tools/list"), ("mcp-name", "ask")],
            &[method, ("mcp-name", "ask")],
            &[(HEADER, "2025-11-25"), method, ("mcp-name", "ask")],
        ] {
            check(&ask, wrong, Err(HEADER_MISMATCH));
        }
        let all = [version, method, ("mcp-name", "ask")];
        for wrong in [
            r#"{"name":"ask"}"#,
            r#"{"name":"ask","_meta":null}"#,
            r#"{"name":"ask","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#,
            r#"{"name":"ask","_meta":{"io.modelcontextprotocol/protocolVersion":1,"io.modelcontextprotocol/clientCapabilities":{}}}"#,
        ] {
            check(wrong, &all, Err(rpc::INVALID_PARAMS));
        }
    }
}
