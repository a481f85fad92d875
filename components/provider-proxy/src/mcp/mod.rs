//! The gate as a server of the Model Context Protocol (<https://modelcontextprotocol.io>): its tools, by streamable HTTP.
//!
//! Nothing is kept between requests, so there is no session: each request is answered by itself, with JSON and never with
//! a stream. A tool goes by the same permits, limits and log as the route that does the same.

mod rpc;
mod stateless;
mod tools;
mod version;

use calendar::Millis;
use http::header::{ACCEPT, CONTENT_TYPE, ORIGIN};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json, value::RawValue};
use shell::{Call, KeyValue, Kind, Problem, Reply, host};

use self::{
    rpc::{Body, Fault, Message, Request},
    version::Version,
};
use crate::{
    bindings::sessions::Grant,
    caller,
    vendor::{self, upstream},
};

/// What a model should know of the tools as a whole.
const INSTRUCTIONS: &str = "Questions and runs here cost money. A tool that fails says why, and whether to come again.";

/// No message of a batch is begun later than so long after the first: the host gives a request 90 s for its head, and what
/// is killed there has been paid for in vain.
const BATCH_MS: u64 = 60 * calendar::SECOND;

/// One caller's request.
pub struct Asked<'a> {
    call: &'a Call,
    store: &'a KeyValue,
    grant: Grant,
    version: Version,
    /// Until when an answer must have begun.
    deadline: Millis,
}

/// `POST /v1/mcp`
pub async fn serve(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = match server(call, store) {
        Ok(grant) => grant,
        Err(problem) if problem.kind == Kind::Unauthenticated => {
            let reply = Reply::problem(&problem, &call.request_id);
            return Ok(reply.with("www-authenticate", "Bearer realm=\"tollgate\""));
        }
        Err(problem) => return Err(problem),
    };
    if let Some(refusal) = media_types(call) {
        return Ok(refusal);
    }
    let body = match rpc::body(&call.body) {
        Ok(body) => body,
        Err(fault) => return Ok(failed(400, None, fault)),
    };
    let version = Version::of(call);
    match (body, version) {
        (Body::One(raw), version) => one(call, store, grant, &raw, version).await,
        (Body::Batch(_), Err(fault)) => Ok(failed(400, None, fault)),
        (Body::Batch(batch), Ok(version @ Version::V2025_03_26)) => {
            let deadline = host::now().plus(BATCH_MS);
            several(&Asked { call, store, grant, version, deadline }, &batch).await
        }
        (Body::Batch(_), Ok(_)) => {
            let message = "This protocol version has no batches.";
            Ok(failed(400, None, Fault::new(rpc::INVALID_REQUEST, message)))
        }
    }
}

/// A tenant's server: who has its secret key. A browser may only come from where the tenant lets its pages come from, so
/// that no other page can use a server that runs on its visitor's machine.
fn server(call: &Call, store: &KeyValue) -> Result<Grant, Problem> {
    let grant = caller::server(call)?;
    if call.headers.contains_key(ORIGIN) {
        let tenant = vendor::tenant(store, &grant.tenant)?;
        let origin = call.header("origin").unwrap_or_default();
        if !tenant.allowed_origins.iter().any(|allowed| allowed == origin) {
            return Err(Problem::forbidden("origin_not_allowed", "This origin is not allowed."));
        }
    }
    Ok(grant)
}

/// Why this can't be read, or answered so that the client can.
fn media_types(call: &Call) -> Option<Reply> {
    let mut sent = call.header("content-type").unwrap_or_default().split(';');
    if !sent.next().is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json")) {
        let message = format!("`{CONTENT_TYPE}` must be application/json.");
        return Some(failed(415, None, Fault::new(rpc::INVALID_REQUEST, message)));
    }
    // Answers are never streamed here, so who takes no stream is served all the same.
    let accepts = |media_type: &str| {
        let name = media_type.split(';').next().unwrap_or_default().trim();
        ["application/json", "application/*", "*/*"].iter().any(|taken| name.eq_ignore_ascii_case(taken))
    };
    let mut accepted = call.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if call.headers.contains_key(ACCEPT) && !accepted.any(|list| list.split(',').any(accepts)) {
        let message = format!("`{ACCEPT}` must take application/json.");
        return Some(failed(406, None, Fault::new(rpc::INVALID_REQUEST, message)));
    }
    None
}

/// `initialize` comes before the two have agreed on a version: what the header says doesn't count for it.
async fn one(
    call: &Call,
    store: &KeyValue,
    grant: Grant,
    raw: &RawValue,
    version: Result<Version, Fault>,
) -> Result<Reply, Problem> {
    let message = match (rpc::message(raw), &version) {
        (Ok(Message::Request(request)), _) if request.method == "initialize" => {
            return Ok(answered(rpc::answer(Some(&request.id), initialize(&request))));
        }
        (Ok(Message::Request(request)), Err(fault)) => return Ok(failed(400, Some(&request.id), fault.clone())),
        (Ok(Message::Silent), Err(fault)) => return Ok(failed(400, None, fault.clone())),
        (Ok(message), Ok(_)) => message,
        (Err((id, fault)), _) => return Ok(failed(400, id.as_deref(), fault)),
    };
    let (Message::Request(request), Ok(version)) = (message, version) else { return Ok(Reply::empty(202)) };
    let deadline = host::now().plus(upstream::REQUEST_MS);
    let asked = Asked { call, store, grant, version, deadline };
    let outcome = result(&asked, &request).await;
    let status = if version == Version::V2026_07_28 { stateless::status(&outcome) } else { 200 };
    Ok(Reply::bytes(status, "application/json", rpc::answer(Some(&request.id), outcome)))
}

async fn several(asked: &Asked<'_>, batch: &[Box<RawValue>]) -> Result<Reply, Problem> {
    let answers = answers(batch, || host::now() < asked.deadline, async |request| result(asked, request).await).await;
    Ok(if answers.is_empty() { Reply::empty(202) } else { answered(format!("[{}]", answers.join(","))) })
}

/// One after the other, each with an answer of its own. What there is no time for is told so, and nothing is done for it.
async fn answers(
    batch: &[Box<RawValue>],
    in_time: impl Fn() -> bool,
    perform: impl AsyncFn(&Request) -> Result<Json, Fault>,
) -> Vec<String> {
    let mut answers = Vec::new();
    for raw in batch {
        match rpc::message(raw) {
            Ok(Message::Silent) => {}
            Ok(Message::Request(request)) if request.method == "initialize" => {
                let fault = Fault::new(rpc::INVALID_REQUEST, "`initialize` comes alone.");
                answers.push(rpc::answer(Some(&request.id), Err(fault)));
            }
            Ok(Message::Request(request)) => {
                let outcome = if in_time() { perform(&request).await } else { Err(too_late()) };
                answers.push(rpc::answer(Some(&request.id), outcome));
            }
            Err((id, fault)) => answers.push(rpc::answer(id.as_deref(), Err(fault))),
        }
    }
    answers
}

fn too_late() -> Fault {
    let message = "Nothing was done: what came before it in the batch took too long. Send it again by itself.";
    Fault::new(rpc::INTERNAL_ERROR, message)
}

fn answered(body: String) -> Reply {
    Reply::bytes(200, "application/json", body)
}

fn failed(status: u16, id: Option<&RawValue>, fault: Fault) -> Reply {
    Reply::bytes(status, "application/json", rpc::answer(id, Err(fault)))
}

async fn result(asked: &Asked<'_>, request: &Request) -> Result<Json, Fault> {
    if asked.version < Version::V2026_07_28 {
        return match request.method.as_str() {
            "ping" => Ok(json!({})),
            _ => of_tools(asked, request).await,
        };
    }
    stateless::check(asked.call, request)?;
    let result = match request.method.as_str() {
        "server/discover" => stateless::discover(),
        _ => of_tools(asked, request).await?,
    };
    Ok(stateless::complete(&request.method, result))
}

async fn of_tools(asked: &Asked<'_>, request: &Request) -> Result<Json, Fault> {
    match request.method.as_str() {
        "tools/list" => {
            let params: Listing = request.params()?;
            match params.cursor {
                None => Ok(tools::list(asked.version)),
                Some(_) => Err(Fault::new(rpc::INVALID_PARAMS, "There is no such page: all tools are on the first.")),
            }
        }
        "tools/call" => tools::call(asked, request.params()?).await,
        method => {
            let method: String = method.chars().take(64).collect();
            Err(Fault::new(rpc::METHOD_NOT_FOUND, format!("There is no method {method}.")))
        }
    }
}

#[derive(Deserialize)]
struct Listing {
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what a client can do, and is, makes no difference; but it has to say")]
struct Initialize {
    protocol_version: String,
    capabilities: Map<String, Json>,
    client_info: Map<String, Json>,
}

fn initialize(request: &Request) -> Result<Json, Fault> {
    let asked: Initialize = request.params()?;
    let version = Version::negotiated(&asked.protocol_version);
    Ok(json!({
        "protocolVersion": version.name(),
        "capabilities": capabilities(),
        "serverInfo": server_info(version),
        "instructions": INSTRUCTIONS,
    }))
}

fn capabilities() -> Json {
    json!({ "tools": { "listChanged": false } })
}

fn server_info(version: Version) -> Json {
    let mut server = json!({ "name": "tollgate", "version": env!("CARGO_PKG_VERSION") });
    if version >= Version::V2025_06_18 {
        server["title"] = "Tollgate".into();
    }
    server
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures::executor::block_on;

    use super::*;

    #[test]
    fn what_a_batch_has_no_time_for_is_not_begun() {
        let check = |time_for: usize, expected: [(&str, bool); 4]| {
            let batch = [
                r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#,
                r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                r#"{"jsonrpc":"2.0","id":2,"method":"b"}"#,
                "5",
                r#"{"jsonrpc":"2.0","id":3,"method":"c"}"#,
            ];
            let batch = batch.map(|raw| RawValue::from_string(raw.into()).unwrap());
            let begun = RefCell::new(0);
            let answered = block_on(answers(
                &batch,
                || *begun.borrow() < time_for,
                async |_| {
                    *begun.borrow_mut() += 1;
                    Ok(json!({}))
                },
            ));
            let found: Vec<Json> = answered.iter().map(|answer| serde_json::from_str(answer).unwrap()).collect();
            let found: Vec<_> = found.iter().map(|one| (one["id"].to_string(), one["error"].is_null())).collect();
            assert_eq!(found, expected.map(|(id, good)| (id.to_owned(), good)), "{time_for}");
            assert_eq!(*begun.borrow(), time_for);
        };
        check(3, [("1", true), ("2", true), ("null", false), ("3", true)]);
        check(1, [("1", true), ("2", false), ("null", false), ("3", false)]);
        check(0, [("1", false), ("2", false), ("null", false), ("3", false)]);
    }
}
