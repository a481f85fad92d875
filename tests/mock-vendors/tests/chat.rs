//! The chat stand-in over HTTP.

mod common;

use std::time::Duration;

use common::{chat, json, mock, post};
use mock_vendors::Fault;
use serde_json::Value;

/// The data of every event.
fn events(body: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(body).expect("UTF-8");
    text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn numbers_can_be_computed() {
    let mock = mock().await;
    // (members beside model and messages, the user's text, prompt tokens, choices, a limit on deltas)
    let rows = [
        ("", "12345678", 2, 1, None),
        ("", "123456789", 3, 1, None),
        (r#","max_completion_tokens":5"#, "1234", 1, 1, Some(5)),
        (r#","max_tokens":3,"n":2"#, "1234", 1, 2, Some(3)),
    ];
    for (more, text, prompt, choices, limit) in rows {
        let body = format!(r#"{{"model":"gpt-4.1-mini","messages":[{{"role":"user","content":"{text}"}}]{more}}}"#);
        let whole = json(&chat(&mock, &body).await);
        let usage = &whole["usage"];
        assert_eq!(usage["prompt_tokens"], prompt, "{body}");
        assert_eq!(whole["choices"].as_array().map(Vec::len), Some(choices), "{body}");
        let words = whole["choices"][0]["message"]["content"].as_str().unwrap_or_default().split(' ').count();
        assert_eq!(usage["completion_tokens"], words * choices, "{body}");
        assert!(limit.is_none_or(|limit| limit == words), "{body}");
        assert_eq!(whole["choices"][0]["finish_reason"], if limit.is_some() { "length" } else { "stop" }, "{body}");

        // The stream says and counts the same.
        let body = body.replacen('{', r#"{"stream":true,"stream_options":{"include_usage":true},"#, 1);
        let answer = chat(&mock, &body).await;
        let events = events(&answer.body);
        assert_eq!(events.last().map(String::as_str), Some("[DONE]"));
        let chunks: Vec<Value> =
            events.iter().rev().skip(1).rev().map(|event| serde_json::from_str(event).expect("JSON")).collect();
        let said: String = chunks
            .iter()
            .filter(|chunk| chunk["choices"][0]["index"] == 0)
            .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
            .collect();
        assert_eq!(said, whole["choices"][0]["message"]["content"].as_str().unwrap_or_default());
        assert_eq!(chunks.last().map(|chunk| &chunk["usage"]), Some(usage));
    }
}

#[tokio::test]
async fn keys_and_bodies_are_checked() {
    let mock = mock().await;
    let good = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
    let rows = [
        ("authorization", "Bearer sk-good", good, 200),
        ("authorization", "Bearer bad-key", good, 401),
        ("authorization", "sk-good", good, 401),
        ("x-other", "x", good, 401),
        ("authorization", "Bearer sk-good", r#"{"model":"m","messages":[]}"#, 400),
        ("authorization", "Bearer sk-good", r#"{"messages":[{"role":"user","content":"hi"}]}"#, 400),
        ("authorization", "Bearer sk-good", r#"{"model":"no-such","messages":[{"role":"user","content":"hi"}]}"#, 404),
    ];
    for (name, value, body, status) in rows {
        let answer = post(&mock, "/openai/v1/chat/completions", (name, value), body).await;
        assert_eq!(answer.status, status, "{name}: {value} {body}");
        assert_eq!(json(&answer)["error"].is_object(), status != 200);
    }
    let seen = mock.state.seen();
    assert_eq!(seen[0].key.as_deref(), Some("sk-good"));
    assert_eq!((seen[0].key_ok, seen[1].key_ok), (true, false));
    assert_eq!((seen[0].status, seen[1].status), (Some(200), Some(401)));
    assert!(seen.iter().all(|call| call.finished && !call.aborted));
    assert_eq!(seen[0].path, "/openai/v1/chat/completions");
}

#[tokio::test]
async fn faults_by_word_and_by_control() {
    let mock = mock().await;
    let ask = |text: &str| {
        format!(
            r#"{{"model":"m","stream":true,"stream_options":{{"include_usage":true}},"messages":[{{"role":"user","content":"{text}"}}]}}"#
        )
    };
    let cut = chat(&mock, &ask("[[fault:cut]]")).await;
    assert!(cut.cut && cut.body.len() == 300, "{}", cut.body.len());
    assert_eq!(chat(&mock, &ask("[[fault:503]]")).await.status, 503);
    assert!(std::str::from_utf8(&chat(&mock, &ask("[[fault:garble]]")).await.body).is_err());
    let html = chat(&mock, &ask("[[fault:html]]")).await;
    assert_eq!(html.headers["content-type"], "text/html");
    assert!(
        events(&chat(&mock, &ask("[[fault:error]]")).await.body).last().is_some_and(|event| event.contains("error"))
    );
    let without = String::from_utf8(chat(&mock, &ask("[[no-usage]]")).await.body.to_vec()).expect("UTF-8");
    assert!(!without.contains("usage") && without.contains("[DONE]"));
    assert!(chat(&mock, &ask("[[long]]")).await.body.len() > 50_000);

    mock.state.set_fault(
        "openai",
        Some(Fault { status: Some(429), retry_after: Some(7), times: Some(2), ..Fault::default() }),
    );
    let statuses = [chat(&mock, &ask("a")).await, chat(&mock, &ask("b")).await, chat(&mock, &ask("c")).await];
    assert_eq!(statuses.each_ref().map(|answer| answer.status), [429, 429, 200]);
    assert_eq!(statuses[0].headers["retry-after"], "7");

    // The same over HTTP.
    let fault = r#"{"vendor":"openai","fault":{"status":500,"times":1}}"#;
    let set = post(&mock, "/control", ("content-type", "application/json"), fault).await;
    assert_eq!(set.status, 200);
    assert_eq!(chat(&mock, &ask("a")).await.status, 500);
    let wrong = r#"{"vendor":"openai","fault":{"statu":500}}"#;
    assert_eq!(post(&mock, "/control", ("content-type", "application/json"), wrong).await.status, 422);
}

#[tokio::test]
async fn a_client_that_leaves_is_noted() {
    let mock = mock().await;
    for text in ["[[fault:endless]]", "[[fault:hang]]", "[[slow]]"] {
        mock.state.clear_calls();
        let body = format!(r#"{{"model":"m","stream":true,"messages":[{{"role":"user","content":"{text}"}}]}}"#);
        let left = tokio::time::timeout(Duration::from_millis(300), chat(&mock, &body)).await;
        assert!(left.is_err(), "{text} goes on");
        for _ in 0..100 {
            if mock.state.seen().iter().any(|call| call.aborted) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let seen = mock.state.seen();
        assert!(seen.len() == 1 && seen[0].aborted && !seen[0].finished, "{text}: {seen:?}");
    }
}
