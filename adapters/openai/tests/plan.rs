//! What a request must be, and what becomes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use adapter::{Adapter, Operation, PlanError, Unit, units_of};
use openai::OpenAi;

const MESSAGES: &str = r#""messages":[{"role":"user","content":"hi"}]"#;

fn plan(body: &str, options: &str) -> Result<adapter::Call, PlanError> {
    OpenAi.plan(&Operation::Chat(body.into()), options)
}

#[test]
fn good_requests_become() {
    let rows = [
        // What is added when nothing is said.
        (
            "{}",
            r#"{"model":"gpt-4o",@}"#,
            r#"{"model":"gpt-4o",@,"max_completion_tokens":1024,"store":false,"service_tier":"default"}"#,
        ),
        // The page can't switch usage or storage its own way.
        (
            "{}",
            r#"{"model":"gpt-4o",@,"stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false},"store":true,"max_tokens":5}"#,
            r#"{"model":"gpt-4o",@,"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"store":false,"max_tokens":5,"service_tier":"default"}"#,
        ),
        (
            "{}",
            r#"{"model":"gpt-4o",@,"stream":false,"stream_options":null,"max_tokens":5}"#,
            r#"{"model":"gpt-4o",@,"stream":false,"max_tokens":5,"store":false,"service_tier":"default"}"#,
        ),
        // The binding's options.
        (
            r#"{"model":"gpt-5.4","default_max_tokens":7}"#,
            r#"{"model":"auto",@}"#,
            r#"{"model":"gpt-5.4",@,"max_completion_tokens":7,"store":false,"service_tier":"default"}"#,
        ),
        (
            "{}",
            r#"{"model":"auto",@,"n":2}"#,
            r#"{"model":"gpt-4.1-mini",@,"n":2,"max_completion_tokens":1024,"store":false,"service_tier":"default"}"#,
        ),
        // The tier is ours, and nothing is filed with what isn't kept.
        (
            "{}",
            r#"{"model":"gpt-4o",@,"max_tokens":5,"service_tier":"default","metadata":{"a":"b"},"user":"v1"}"#,
            r#"{"model":"gpt-4o",@,"max_tokens":5,"service_tier":"default","user":"v1","store":false}"#,
        ),
        // What is unknown passes as it was written.
        (
            "{}",
            r#"{"model":"gpt-4o",@,"max_tokens":5,"temperature":0.10,"response_format":{"z":1,"a":2},"service_tier":"auto","modalities":["text"]}"#,
            r#"{"model":"gpt-4o",@,"max_tokens":5,"temperature":0.10,"response_format":{"z":1,"a":2},"service_tier":"default","modalities":["text"],"store":false}"#,
        ),
    ];
    for (options, page, upstream) in rows {
        let (page, upstream) = (page.replace('@', MESSAGES), upstream.replace('@', MESSAGES));
        let call = plan(&page, options).unwrap_or_else(|error| panic!("{page}: {error:?}"));
        assert_eq!(String::from_utf8_lossy(&call.body), upstream, "{page}");
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let rows = [
        (r#"{@}"#, "model"),
        (r#"{"model":5,@}"#, "model"),
        (r#"{"model":"a b",@}"#, "model"),
        (r#"{"model":"gpt-4o-search-preview",@}"#, "model"),
        (r#"{"model":"gpt-4o-audio-preview",@}"#, "model"),
        (r#"{"model":"m"}"#, "messages"),
        (r#"{"model":"m","messages":[]}"#, "messages"),
        (r#"{"model":"m","messages":"hi"}"#, "messages"),
        (r#"{"model":"m","messages":["hi"]}"#, "messages"),
        (r#"{"model":"m","messages":[{"role":"user","role":"user","content":"hi"}]}"#, "messages"),
        (r#"{"model":"m","messages":[{"content":"hi"}]}"#, "messages[0].role"),
        (r#"{"model":"m","messages":[{"role":"root","content":"hi"}]}"#, "messages[0].role"),
        (r#"{"model":"m","messages":[{"role":"user"}]}"#, "messages[0].content"),
        (r#"{"model":"m","messages":[{"role":"user","content":5}]}"#, "messages[0].content"),
        (r#"{"model":"m","messages":[{"role":"user","content":[5]}]}"#, "messages[0].content[0]"),
        (r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "messages[0].content[0].text"),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio"}]}]}"#,
            "messages[0].content[0].type",
        ),
        (r#"{"model":"m","messages":[{"role":"user","content":[{"type":"file"}]}]}"#, "messages[0].content[0].type"),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]}]}"#,
            "messages[0].content[0].image_url.url",
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x","detail":"original"}}]}]}"#,
            "messages[0].content[0].image_url.detail",
        ),
        (r#"{"model":"m","messages":[{"role":"assistant","audio":{"id":"a"},"content":"x"}]}"#, "messages[0].audio"),
        (r#"{"model":"m",@,"n":0}"#, "n"),
        (r#"{"model":"m",@,"n":9}"#, "n"),
        (r#"{"model":"m",@,"n":1.5}"#, "n"),
        (r#"{"model":"m",@,"n":"1"}"#, "n"),
        (r#"{"model":"m",@,"stream":"true"}"#, "stream"),
        (r#"{"model":"m",@,"stream":true,"stream_options":5}"#, "stream_options"),
        (r#"{"model":"m",@,"max_tokens":0}"#, "max_tokens"),
        (r#"{"model":"m",@,"max_tokens":16385}"#, "max_tokens"),
        (r#"{"model":"m",@,"max_completion_tokens":-1}"#, "max_completion_tokens"),
        (r#"{"model":"m",@,"max_tokens":5,"max_completion_tokens":5}"#, "max_tokens"),
        (r#"{"model":"m",@,"service_tier":"priority"}"#, "service_tier"),
        (r#"{"model":"m",@,"service_tier":5}"#, "service_tier"),
        (r#"{"model":"m",@,"background":true}"#, "background"),
        (r#"{"model":"m",@,"prediction":{}}"#, "prediction"),
        (r#"{"model":"m",@,"web_search_options":{}}"#, "web_search_options"),
        (r#"{"model":"m",@,"audio":{}}"#, "audio"),
        (r#"{"model":"m",@,"modalities":["text","audio"]}"#, "modalities"),
        (r#"{"model":"m",@,"tools":{}}"#, "tools"),
        (r#"{"model":"m",@,"tools":[{"type":"function"},{"type":"web_search"}]}"#, "tools[1].type"),
    ];
    for (body, field) in rows {
        let body = body.replace('@', MESSAGES);
        match plan(&body, "{}") {
            Err(PlanError::Invalid(Some(param), expected)) => assert_eq!(param, field, "{body}: {expected}"),
            other => panic!("{body}: {field} must be refused, but {other:?}"),
        }
    }
}

#[test]
fn what_is_no_request_at_all() {
    let huge = format!(r#"{{"model":"m",{MESSAGES},"user":"{}"}}"#, "x".repeat(1024 * 1024));
    let twice = format!(r#"{{"model":"m",{MESSAGES},"n":1,"n":8}}"#);
    for body in ["", "[]", "{", &huge, &twice] {
        assert!(matches!(plan(body, "{}"), Err(PlanError::Invalid(None, _))), "{}", body.len());
    }
    let speech = Operation::LiveEnd("c1".into());
    assert!(matches!(OpenAi.plan(&speech, "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn worst_cases() {
    let picture = format!("data:image/png;base64,{}", "A".repeat(100_000));
    let with_picture = format!(
        r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{picture}"}}}}]}}]}}"#
    );
    // (body, least and most input, output)
    let rows = [
        (format!(r#"{{"model":"gpt-4o",{MESSAGES},"max_tokens":100}}"#), 100, 300, 100),
        (format!(r#"{{"model":"gpt-4o",{MESSAGES},"max_tokens":100,"n":8}}"#), 100, 300, 800),
        (format!(r#"{{"model":"gpt-4o",{MESSAGES}}}"#), 100, 300, 1024),
        (with_picture.clone(), 1_445 + 100, 1_445 + 400, 1024),
        (with_picture.replace("gpt-4o", "gpt-4o-mini"), 48_169 + 100, 48_169 + 400, 1024),
        (with_picture.replace("gpt-4o", "gpt-5.5"), 12_001 + 100, 12_001 + 400, 1024),
        (with_picture.replace("gpt-4o", "gpt-9"), 36_001 + 100, 36_001 + 400, 1024),
    ];
    for (body, least, most, output) in rows {
        let worst_case = plan(&body, "{}").expect("plans").worst_case;
        let input = units_of(&worst_case, Unit::InputTokens);
        assert!((least..=most).contains(&input), "{input} input tokens for {body:.80}");
        assert_eq!(units_of(&worst_case, Unit::OutputTokens), output, "{body:.80}");
    }
}
