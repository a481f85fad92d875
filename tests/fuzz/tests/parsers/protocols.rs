//! JSON-RPC from MCP clients, and commands from chats.

use std::fmt::Write;

use fuzz::{Case, hold};
use serde_json::Value;

use crate::commands::{self, Command};
use crate::rpc::{self, Body, Message};
use crate::{millis, require};

#[test]
fn every_request_is_answered_in_json_rpc() {
    let bodies = [
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"Hi"}}}"#,
        r#"{"jsonrpc":"2.0","id":"a","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"[{"jsonrpc":"2.0","id":1.0,"method":"ping"},{"jsonrpc":"2.0","id":2,"result":{}},5]"#,
    ];
    let corpus: Vec<Case> = bodies.map(|body| vec![body.as_bytes().to_vec()]).into();
    hold("JSON-RPC", &corpus, millis(900), |case| {
        let messages = match rpc::body(&case[0]) {
            Ok(Body::One(one)) => vec![one],
            Ok(Body::Batch(batch)) => batch,
            Err(fault) => return answered(&rpc::answer(None, Err(fault)), case[0].len()),
        };
        require((1..=16).contains(&messages.len()), || format!("{} messages at once", messages.len()))?;
        for message in &messages {
            let answer = match rpc::message(message) {
                Ok(Message::Silent) => continue,
                Ok(Message::Request(request)) => {
                    let outcome = request.params::<serde_json::Map<String, Value>>().map(Value::Object);
                    rpc::answer(Some(&request.id), outcome)
                }
                Err((id, fault)) => rpc::answer(id.as_deref(), Err(fault)),
            };
            answered(&answer, case[0].len())?;
        }
        Ok(())
    });
}

/// One answer: a result or an error, with an id that is a text, a number or none.
fn answered(answer: &str, asked: usize) -> Result<(), String> {
    // What is read as text here was read as bytes there: an id may be half a character, told back as it came.
    let Ok(value) = serde_json::from_str::<Value>(answer) else {
        return require(answer.contains("\\u"), || format!("no JSON: {answer}"));
    };
    let members: Vec<&str> = value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let shape = members == ["jsonrpc", "id", "result"] || members == ["jsonrpc", "id", "error"];
    let id = value["id"].is_string() || value["id"].is_number() || value["id"].is_null();
    require(shape && id && value["jsonrpc"] == "2.0", || format!("no answer: {answer}"))?;
    require(answer.len() <= 6 * asked + 1_000, || format!("{} bytes are told of {asked}", answer.len()))
}

#[test]
fn a_command_keeps_what_it_was_told() {
    let texts =
        ["/run clips {\"scenes\": [1, 2]}", "/run@a_bot clips a boat\nat dawn", "/status run_1", "/projects", "Hi"];
    let corpus: Vec<Case> = texts.map(|text| vec![text.as_bytes().to_vec()]).into();
    hold("a command", &corpus, millis(500), |case| {
        let text = String::from_utf8_lossy(&case[0]);
        let found = commands::read(&text);
        require(found.is_some() == text.trim().starts_with('/'), || format!("{found:?}"))?;
        let mut told = String::new();
        match found {
            Some(Command::Run { project, input }) => {
                require(input.is_object(), || format!("the input {input}"))?;
                write!(told, "{project}{input}").map_err(|error| error.to_string())?;
                require(!project.is_empty() && text.contains(&project), || format!("the project {project:?}"))?;
            }
            Some(Command::Status { run }) => told = run,
            _ => {}
        }
        require(told.len() <= 6 * text.len() + 100, || format!("{} bytes are told of {}", told.len(), text.len()))
    });
}
