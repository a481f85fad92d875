//! What the page gets of the vendor's answers, word for word.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::{Adapter, AnswerHead, Header, Operation};
use anthropic::Anthropic;

/// What the page gets of `answer`.
fn passed_on(stream: bool, answer: &str) -> String {
    let operation = Operation::Chat(format!(r#"{{"model":"auto","stream":{stream}}}"#).into());
    let head = AnswerHead { status: 200, headers: vec![Header::new("date", "Fri, 20 Nov 2026 16:00:00 GMT")] };
    let mut meter = Anthropic.meter(&operation, &head, &[]);
    let mut out = meter.push(answer.as_bytes()).expect("is passed on");
    out.extend(meter.end().expect("is whole"));
    String::from_utf8(out).unwrap()
}

const HEAD: &str = r#""created":1795190400,"model":"claude-haiku-4-5-20251001""#;

fn usage(prompt: u64, cached: u64, completion: u64, reasoning: u64) -> String {
    let total = prompt.strict_add(completion);
    format!(
        r#""usage":{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":{cached}}},"completion_tokens_details":{{"reasoning_tokens":{reasoning}}}}}"#
    )
}

#[test]
fn streamed() {
    let role = r#"{"role":"assistant","content":""}"#;
    let rows = [
        (
            include_str!("fixtures/text.sse"),
            vec![role, r#"{"content":"Grüß "}"#, r#"{"content":"dich 👋"}"#],
            "stop",
            usage(30, 5, 8, 0),
        ),
        (
            include_str!("fixtures/numbers-replaced.sse"),
            vec![role, r#"{"content":"Grüß "}"#, r#"{"content":"dich 👋"}"#],
            "length",
            usage(59, 7, 8, 0),
        ),
        (
            include_str!("fixtures/tools.sse"),
            vec![
                role,
                r#"{"content":"Let me look."}"#,
                r#"{"tool_calls":[{"index":0,"id":"toolu_01A","type":"function","function":{"name":"weather","arguments":""}}]}"#,
                r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\": "}}]}"#,
                r#"{"tool_calls":[{"index":0,"function":{"arguments":"\"Köln\"}"}}]}"#,
                r#"{"tool_calls":[{"index":1,"id":"toolu_01B","type":"function","function":{"name":"time","arguments":""}}]}"#,
                r#"{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}"#,
            ],
            "tool_calls",
            usage(30, 5, 64, 0),
        ),
        (
            include_str!("fixtures/thinking.sse"),
            vec![role, r#"{"reasoning_content":"A greeting."}"#, r#"{"content":"Hello!"}"#],
            "stop",
            usage(30, 5, 30, 21),
        ),
        (include_str!("fixtures/unknown.sse"), vec![role, r#"{"content":"Hello!"}"#], "stop", usage(30, 5, 9, 0)),
    ];
    for (answer, deltas, finish, usage) in rows {
        let head = format!(r#"data: {{"id":"msg_01Ada","object":"chat.completion.chunk",{HEAD},"choices":"#);
        let chunk = |delta: &str| {
            format!("{head}[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}],\"usage\":null}}\n\n")
        };
        let mut expected: String = deltas.into_iter().map(chunk).collect();
        expected +=
            &format!("{head}[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{finish}\"}}],\"usage\":null}}\n\n");
        expected += &format!("{head}[],{usage}}}\n\ndata: [DONE]\n\n");
        assert_eq!(passed_on(true, answer), expected);
    }
}

#[test]
fn whole() {
    let rows = [
        (include_str!("fixtures/text.json"), r#""content":"Grüß dich 👋","refusal":null"#, "stop", usage(30, 5, 8, 0)),
        (
            include_str!("fixtures/tools.json"),
            r#""content":null,"refusal":null,"reasoning_content":"Look.","tool_calls":[{"id":"toolu_01A","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Köln\",\"days\":1.50}"}}]"#,
            "tool_calls",
            usage(30, 5, 8, 0),
        ),
        (include_str!("fixtures/cache.json"), r#""content":"Hi!","refusal":null"#, "stop", usage(40, 5, 8, 0)),
        (include_str!("fixtures/refusal.json"), r#""content":"","refusal":null"#, "content_filter", usage(30, 5, 8, 0)),
    ];
    for (answer, message, finish, usage) in rows {
        let expected = format!(
            r#"{{"id":"msg_01Ada","object":"chat.completion",{HEAD},"choices":[{{"index":0,"message":{{"role":"assistant",{message}}},"logprobs":null,"finish_reason":"{finish}"}}],{usage}}}"#
        );
        assert_eq!(passed_on(false, answer), expected);
    }
}
