//! The conformance kit on answers in the vendor's shapes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, check};
use adapter::{Adapter, AnswerHead, Header, Operation, Quantity, Unit, Usage, units_of};
use gemini::Gemini;

const STREAMED: &str = r#"{"model":"auto","messages":[{"role":"system","content":"You are Ada."},{"role":"user","content":"Hello!"}],"stream":true}"#;
const WHOLE: &str = r#"{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"Hello!"}],"max_tokens":64}"#;
/// A model that doesn't think: what it delivered bounds what it consumed.
const PLAIN: &str = r#"{"model":"gemini-2.0-flash","messages":[{"role":"user","content":"Hello!"}],"stream":true}"#;
const TOOLS: &str = r#"{"model":"gemini-3-flash-preview","messages":[{"role":"user","content":"And in Graz?"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_0","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Graz\"}"}}]},{"role":"tool","tool_call_id":"call_0","content":"sunny"}],"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object"}}}],"tool_choice":"auto","stream":true}"#;

fn quantities(input: u64, cached: u64, output: u64) -> Vec<Quantity> {
    vec![
        Quantity::new(Unit::InputTokens, input),
        Quantity::new(Unit::CachedInputTokens, cached),
        Quantity::new(Unit::OutputTokens, output),
    ]
}

fn reported(input: u64, cached: u64, output: u64) -> Usage {
    Usage::Reported(quantities(input, cached, output))
}

/// By the vendor's last numbers, with what was delivered after them.
fn so_far(input: u64, cached: u64, output: u64) -> Usage {
    Usage::Counted(quantities(input, cached, output))
}

/// Without any number of the vendor: the worst case of input, a byte a token of output.
fn counted(request: &str, output: u64) -> Usage {
    let call = Gemini.plan(&Operation::Chat(request.into()), "{}").expect("plans");
    let input = units_of(&call.worst_case, Unit::InputTokens);
    Usage::Counted(vec![Quantity::new(Unit::InputTokens, input), Quantity::new(Unit::OutputTokens, output)])
}

#[test]
fn recorded_answers() {
    use Ending::{Complete, Faulty};
    let half = "Grüß dich 👋".len() as u64;
    let thought = "The visitor greets me.".len() as u64;
    // The model name in the answer goes before the request's: these were written by a model that doesn't think.
    let plain = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap().replace("gemini-2.5-flash", "gemini-2.0-flash");
    let no_usage_plain = plain(include_bytes!("fixtures/no-usage.sse"));
    let rows: Vec<(&str, &str, &[u8], Usage, Ending)> = vec![
        ("chat", STREAMED, include_bytes!("fixtures/chat.sse"), reported(14, 4, 6), Complete),
        ("CRLF, counts left out", STREAMED, include_bytes!("fixtures/crlf.sse"), reported(14, 4, 6), Complete),
        ("tools", TOOLS, include_bytes!("fixtures/tools.sse"), reported(60, 0, 15), Complete),
        ("thoughts", STREAMED, include_bytes!("fixtures/thoughts.sse"), reported(18, 0, 46), Complete),
        ("blocked", STREAMED, include_bytes!("fixtures/blocked.sse"), reported(18, 0, 0), Complete),
        ("safety", STREAMED, include_bytes!("fixtures/safety.sse"), reported(14, 4, 3), Complete),
        ("no reason", STREAMED, include_bytes!("fixtures/no-finish.sse"), so_far(14, 4, half), Faulty),
        (
            "cut after thoughts",
            STREAMED,
            include_bytes!("fixtures/thoughts-cut.sse"),
            so_far(18, 0, thought + 2 + 31),
            Faulty,
        ),
        (
            "a count before the end only",
            STREAMED,
            include_bytes!("fixtures/usage-before-finish.sse"),
            so_far(14, 4, half),
            Complete,
        ),
        ("error inside", STREAMED, include_bytes!("fixtures/error-inside.sse"), so_far(14, 4, 7), Faulty),
        ("no usage, may think", STREAMED, include_bytes!("fixtures/no-usage.sse"), Usage::Unknown, Complete),
        ("no usage", PLAIN, no_usage_plain.as_bytes(), counted(PLAIN, half), Complete),
        ("nothing", PLAIN, b"", counted(PLAIN, 0), Faulty),
        ("a page of HTML as a stream", PLAIN, b"<html>\n\n</html>", counted(PLAIN, 0), Faulty),
        ("events of something else", PLAIN, b"data: {\"hello\":\"you\"}\n\n", counted(PLAIN, 0), Faulty),
        ("whole", WHOLE, include_bytes!("fixtures/answer.json"), reported(19, 0, 17), Complete),
        ("whole, tools", WHOLE, include_bytes!("fixtures/tools.json"), reported(65, 0, 12), Complete),
        ("whole, blocked", WHOLE, include_bytes!("fixtures/blocked.json"), reported(19, 0, 0), Complete),
        ("whole, no usage", WHOLE, include_bytes!("fixtures/no-usage.json"), Usage::Unknown, Complete),
        ("whole, not an answer", WHOLE, br#"{"hello":"you"}"#, Usage::Unknown, Faulty),
        ("whole, no candidate", WHOLE, br#"{"candidates":[]}"#, Usage::Unknown, Faulty),
        ("whole, an error", WHOLE, br#"{"error":{"code":500,"message":"no"}}"#, Usage::Unknown, Faulty),
        ("whole, empty", WHOLE, b"", Usage::Unknown, Faulty),
    ];
    let date = Header::new("date", "Fri, 20 Nov 2026 10:00:00 GMT");
    let recordings: Vec<Recording> = rows
        .into_iter()
        .map(|(name, request, body, usage, ending)| Recording {
            name,
            operation: Operation::Chat(request.into()),
            options: "{}",
            head: AnswerHead { status: 200, headers: vec![date.clone()] },
            body: body.to_vec(),
            usage,
            ending,
        })
        .collect();
    check(&Gemini, &Records { recordings, ..Records::default() });
}
