//! The conformance kit on recorded answers of the vendor.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, Webhook, check};
use adapter::{AnswerHead, Header, Operation, Quantity, Unit, Usage};
use openai::OpenAi;

const STREAMED: &str = r#"{"model":"gpt-4.1-mini","messages":[{"role":"system","content":"You are Ada."},{"role":"user","content":"Hello!"}],"stream":true}"#;
const WHOLE: &str = r#"{"model":"gpt-4.1-mini","messages":[{"role":"user","content":"Hello!"}],"max_tokens":64}"#;

/// The input that the worst case allows for `request`, which a count without the vendor's numbers charges in full.
fn worst_input(request: &str) -> u64 {
    let call = adapter::Adapter::plan(&OpenAi, &Operation::Chat(request.into()), "{}").expect("plans");
    adapter::units_of(&call.worst_case, Unit::InputTokens)
}

fn counted(request: &str, output: u64) -> Usage {
    Usage::Counted(vec![
        Quantity::new(Unit::InputTokens, worst_input(request)),
        Quantity::new(Unit::OutputTokens, output),
    ])
}

fn reported(input: u64, cached: u64, output: u64) -> Usage {
    Usage::Reported(vec![
        Quantity::new(Unit::InputTokens, input),
        Quantity::new(Unit::CachedInputTokens, cached),
        Quantity::new(Unit::OutputTokens, output),
    ])
}

#[test]
fn recorded_answers() {
    use Ending::{Complete, Faulty};
    // "assistant" (9) and "Grüß dich 👋" (16): every text that was delivered counts, a byte a token.
    let half = "assistant".len() as u64 + "Grüß dich 👋".len() as u64;
    let rows: Vec<(&str, &str, &[u8], Usage, Ending)> = vec![
        ("chat", STREAMED, include_bytes!("fixtures/chat.sse"), reported(14, 4, 6), Complete),
        (
            "crlf, comments, and more after the end",
            STREAMED,
            include_bytes!("fixtures/crlf-comments.sse"),
            reported(14, 4, 6),
            Complete,
        ),
        ("tools", STREAMED, include_bytes!("fixtures/tools.sse"), reported(62, 0, 15), Complete),
        ("no usage", STREAMED, include_bytes!("fixtures/no-usage.sse"), counted(STREAMED, half), Complete),
        ("no usage, reasoning", STREAMED, include_bytes!("fixtures/reasoning.sse"), Usage::Unknown, Complete),
        ("no [DONE]", STREAMED, include_bytes!("fixtures/no-done.sse"), reported(14, 4, 6), Faulty),
        ("error inside", STREAMED, include_bytes!("fixtures/error-inside.sse"), counted(STREAMED, half), Faulty),
        ("a page of HTML as a stream", STREAMED, b"<html>\n\n</html>", counted(STREAMED, 0), Faulty),
        ("events of something else", STREAMED, b"data: hello\n\n", counted(STREAMED, 0), Faulty),
        ("whole", WHOLE, include_bytes!("fixtures/completion.json"), reported(19, 0, 10), Complete),
        ("whole, no usage", WHOLE, include_bytes!("fixtures/no-usage.json"), counted(WHOLE, 9 + 6), Complete),
        // A quarter of what was written to the cache, rounded up, comes on top: 19 - 4 + 3.
        (
            "whole, cache written",
            WHOLE,
            br#"{"id":"c","model":"gpt-4.1-mini","choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}],"usage":{"prompt_tokens":19,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":9}}}"#,
            reported(18, 4, 10),
            Complete,
        ),
        ("whole, not an answer", WHOLE, br#"{"hello":"you"}"#, Usage::Unknown, Faulty),
        ("whole, an error", WHOLE, br#"{"error":{"message":"no"}}"#, Usage::Unknown, Faulty),
        ("whole, empty", WHOLE, b"", Usage::Unknown, Faulty),
    ];
    let recordings: Vec<Recording> = rows
        .into_iter()
        .map(|(name, request, body, usage, ending)| Recording {
            name,
            operation: Operation::Chat(request.into()),
            options: "{}",
            head: AnswerHead { status: 200, headers: vec![] },
            body: body.to_vec(),
            usage,
            ending,
        })
        .collect();
    let webhook = Webhook {
        headers: vec![Header::new("webhook-id", "wh_685342e6c53c8190a1be43f081506c52")],
        body: include_bytes!("fixtures/event.json").to_vec(),
    };
    check(&OpenAi, &Records { recordings, webhooks: vec![webhook], ..Records::default() });
}
