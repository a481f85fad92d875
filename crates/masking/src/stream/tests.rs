//! Streams restored, cut at every byte.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use crate::Restorer;
use crate::tests::{restorer, streamed, text};

/// Events `{d}` stand for a chunk with that delta; `!` before ends the choice with it.
fn sse(deltas: &[&str]) -> String {
    let event = |delta: &&str| match (delta.strip_prefix('!'), delta.strip_prefix('{')) {
        (Some(delta), _) => format!(
            "data: {{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":\"stop\"}}]}}\n\n"
        ),
        (None, Some(_)) => format!(
            "data: {{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}]}}\n\n"
        ),
        _ => format!("{delta}\n\n"),
    };
    deltas.iter().map(event).collect()
}

#[test]
fn streams_are_restored_at_every_boundary() {
    let own = |delta: &str| {
        format!(
            "data: {{\"object\":\"chat.completion.chunk\",\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}]}}"
        )
    };
    let own_content = own(r#"{"content":"[EMA"}"#);
    let own_bracket = own(r#"{"content":"["}"#);
    let own_tool = own(r#"{"tool_calls":[{"index":1,"function":{"arguments":"["}}]}"#);
    let rows: [(&[&str], &[&str]); 15] = [
        (
            &[r#"{"content":"To [EMAIL_1]!"}"#, "data: [DONE]"],
            &[r#"{"content":"To bob@example.com!"}"#, "data: [DONE]"],
        ),
        (
            &[
                r#"{"content":"To ["}"#,
                r#"{"content":"EMAIL"}"#,
                r#"{"content":"_"}"#,
                r#"{"content":"1"}"#,
                r#"{"content":"] x"}"#,
            ],
            &[
                r#"{"content":"To "}"#,
                r#"{"content":""}"#,
                r#"{"content":""}"#,
                r#"{"content":""}"#,
                r#"{"content":"bob@example.com x"}"#,
            ],
        ),
        // It becomes none: what was held goes out in front.
        (&[r#"{"content":"["}"#, r#"{"content":"x"}"#], &[r#"{"content":""}"#, r#"{"content":"[x"}"#]),
        (&[r#"{"content":"[EMAIL_"}"#, r#"{"content":"7]"}"#], &[r#"{"content":""}"#, r#"{"content":"[EMAIL_7]"}"#]),
        // The choice ends, with and without the text; `[DONE]`, an error, the end.
        (&[r#"{"content":"[EMA"}"#, "!{}"], &[r#"{"content":""}"#, &own_content, "!{}"]),
        (&[r#"{"content":"[EMA"}"#, r#"!{"content":"["}"#], &[r#"{"content":""}"#, r#"!{"content":"[EMA["}"#]),
        (&[r#"{"content":"[EMA"}"#, "data: [DONE]"], &[r#"{"content":""}"#, &own_content, "data: [DONE]"]),
        (
            &[r#"{"content":"["}"#, r#"data: {"error":{"message":"[EMAIL_1]"}}"#],
            &[r#"{"content":""}"#, &own_bracket, r#"data: {"error":{"message":"[EMAIL_1]"}}"#],
        ),
        (&[r#"{"content":"["}"#], &[r#"{"content":""}"#, &own_bracket]),
        // Another text goes on: what was held comes before it.
        (
            &[
                r#"{"content":"["}"#,
                r#"{"content":null,"tool_calls":[{"index":1,"function":{"arguments":"["}}]}"#,
                "!{}",
            ],
            &[
                r#"{"content":""}"#,
                &own_bracket,
                r#"{"content":null,"tool_calls":[{"index":1,"function":{"arguments":""}}]}"#,
                &own_tool,
                "!{}",
            ],
        ),
        (
            &[r#"{"content":"["}"#, r#"{"content":"","reasoning":"x"}"#, r#"{"content":"y"}"#],
            &[r#"{"content":""}"#, &own_bracket, r#"{"content":"","reasoning":"x"}"#, r#"{"content":"y"}"#],
        ),
        // Texts of one choice keep their own ends.
        (
            &[r#"{"reasoning_content":"[CARD"}"#, r#"{"reasoning_content":"_1]"}"#, r#"{"refusal":"[phone_1]"}"#],
            &[
                r#"{"reasoning_content":""}"#,
                r#"{"reasoning_content":"4111111111111111"}"#,
                r#"{"refusal":"+49 30 1234567"}"#,
            ],
        ),
        (
            &[
                r#"{"tool_calls":[{"index":3,"function":{"arguments":"{\"a\":\"[EM"}}]}"#,
                r#"{"tool_calls":[{"index":3,"function":{"arguments":"AIL_1]\"}"}}]}"#,
            ],
            &[
                r#"{"tool_calls":[{"index":3,"function":{"arguments":"{\"a\":\""}}]}"#,
                r#"{"tool_calls":[{"index":3,"function":{"arguments":"bob@example.com\"}"}}]}"#,
            ],
        ),
        // Comments, other events and usage pass, also between the parts of a placeholder.
        (
            &[
                ": hi [EMAIL_1]",
                r#"{"content":"[EMAIL"}"#,
                ": ping",
                r#"data: {"choices":[],"usage":{"n":1.0}}"#,
                "event: x\ndata: {\"a\":\"[EMAIL_1]\"}",
                r#"{"content":"_1]"}"#,
            ],
            &[
                ": hi [EMAIL_1]",
                r#"{"content":""}"#,
                ": ping",
                r#"data: {"choices":[],"usage":{"n":1.0}}"#,
                "event: x\ndata: {\"a\":\"[EMAIL_1]\"}",
                r#"{"content":"bob@example.com"}"#,
            ],
        ),
        (&["data: [EMAIL_1] {", r#"data: {"choices":null}"#], &["data: [EMAIL_1] {", r#"data: {"choices":null}"#]),
    ];
    for (deltas, expected) in rows {
        let (stream, expected) = (sse(deltas), sse(expected));
        let bytes = stream.as_bytes();
        for place in 0..=bytes.len() {
            assert_eq!(streamed(restorer(), [&bytes[..place], &bytes[place..]]), expected, "cut at {place}");
        }
        assert_eq!(streamed(restorer(), bytes.chunks(1)), expected, "byte by byte");
        // Other line ends: the same, but for chunks of our own.
        let windows = streamed(restorer(), stream.replace('\n', "\r\n").as_bytes().chunks(3));
        assert_eq!(windows.replace("\r\n", "\n"), expected);
        // Nothing masked: not one byte changes.
        assert_eq!(streamed(Restorer::default(), bytes.chunks(5)), stream);
    }
}

#[test]
fn choices_are_apart() {
    let event = |index: u32, text: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}},\"index\":{index}}}]}}\n\n")
    };
    let stream = [event(0, "[EMAIL"), event(1, "[CARD"), event(0, "_1]"), event(1, "_1]")].concat();
    let expected = [event(0, ""), event(1, ""), event(0, "bob@example.com"), event(1, "4111111111111111")].concat();
    assert_eq!(streamed(restorer(), [stream.as_bytes()]), expected);
}

#[test]
fn a_last_event_without_its_blank_line_is_restored() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"[EMAIL_1] [\"}}]}";
    assert_eq!(streamed(restorer(), [stream.as_bytes()]), stream.replace("[EMAIL_1]", "bob@example.com"));
}

#[test]
fn large_events_pass_and_what_follows_is_restored() {
    let chunk = |text: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let large = chunk(&format!("[EMAIL_1]{}", "x".repeat(1 << 20)));
    let stream = format!("{large}{}", chunk("[EMAIL_1]"));
    let expected = format!("{large}{}", chunk("bob@example.com"));
    assert!(streamed(restorer(), stream.as_bytes().chunks(100_000)) == expected);
}

/// The state stays small, whatever indexes a vendor makes up.
#[test]
fn what_is_held_is_bounded() {
    let mut stream = restorer().into_stream();
    let mut out = String::new();
    for index in 0..5_000 {
        let event = format!("data: {{\"choices\":[{{\"index\":{index},\"delta\":{{\"content\":\"[EMAIL_1\"}}}}]}}\n\n");
        out.push_str(&text(stream.push(event.as_bytes())));
        assert!(stream.held.len() <= super::MAX_HELD);
    }
    out.push_str(&text(stream.end()));
    assert_eq!(out.matches("[EMAIL_1").count(), 5_000);
}
