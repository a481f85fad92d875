//! The conformance kit on recorded shapes of the vendor's answers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, Webhook, check};
use adapter::{Adapter, AnswerHead, Header, Operation, Quantity, Unit, Usage, units_of};
use anthropic::Anthropic;

const STREAMED: &str = r#"{"model":"auto","messages":[{"role":"system","content":"You are Ada."},{"role":"user","content":"Hello!"}],"stream":true}"#;
const WHOLE: &str = r#"{"model":"claude-haiku-4-5","messages":[{"role":"user","content":"Hello!"}],"max_tokens":64}"#;
const TOOLS: &str = r#"{"model":"auto","messages":[{"role":"user","content":[{"type":"text","text":"What is the weather here?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}],"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}},{"type":"function","function":{"name":"time"}}],"stream":true}"#;

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

/// Nothing was said of the input: the worst case is charged.
fn counted(request: &str, output: u64) -> Usage {
    let worst_case = Anthropic.plan(&Operation::Chat(request.into()), "{}").expect("plans").worst_case;
    Usage::Counted(vec![
        Quantity::new(Unit::InputTokens, units_of(&worst_case, Unit::InputTokens)),
        Quantity::new(Unit::OutputTokens, output),
    ])
}

#[test]
fn recorded_answers() {
    use Ending::{Complete, Faulty};
    // Every text in a block's start and in its deltas counts, a byte a token.
    let greeting = ["text", "text_delta", "Grüß ", "text_delta", "dich 👋"].concat().len() as u64;
    let so_far = |output| Usage::Counted(quantities(25, 5, output));
    let rows: Vec<(&str, &str, &[u8], Usage, Ending)> = vec![
        ("text", STREAMED, include_bytes!("fixtures/text.sse"), reported(25, 5, 8), Complete),
        (
            "numbers replaced, and a cache written",
            STREAMED,
            include_bytes!("fixtures/numbers-replaced.sse"),
            reported(40 + 15, 7, 8),
            Complete,
        ),
        ("tools", TOOLS, include_bytes!("fixtures/tools.sse"), reported(25, 5, 64), Complete),
        ("thinking", STREAMED, include_bytes!("fixtures/thinking.sse"), reported(25, 5, 30), Complete),
        ("cut while thinking", STREAMED, include_bytes!("fixtures/cut-while-thinking.sse"), Usage::Unknown, Faulty),
        ("unknown kinds", STREAMED, include_bytes!("fixtures/unknown.sse"), reported(25, 5, 9), Complete),
        ("error inside", STREAMED, include_bytes!("fixtures/error-inside.sse"), so_far(greeting), Faulty),
        ("error first", STREAMED, include_bytes!("fixtures/error-first.sse"), counted(STREAMED, 0), Faulty),
        ("cut", STREAMED, include_bytes!("fixtures/cut.sse"), so_far(greeting), Faulty),
        ("no final numbers", STREAMED, include_bytes!("fixtures/no-final-numbers.sse"), so_far(greeting), Complete),
        ("no numbers", STREAMED, include_bytes!("fixtures/no-numbers.sse"), counted(STREAMED, greeting), Complete),
        ("no reason to end", STREAMED, include_bytes!("fixtures/no-reason.sse"), so_far(greeting), Faulty),
        ("events of something else", STREAMED, b"data: hello\n\n", counted(STREAMED, 0), Faulty),
        ("a stop before the start", STREAMED, b"data: {\"type\":\"message_stop\"}\n\n", counted(STREAMED, 0), Faulty),
        ("whole", WHOLE, include_bytes!("fixtures/text.json"), reported(25, 5, 8), Complete),
        ("whole, tools", WHOLE, include_bytes!("fixtures/tools.json"), reported(25, 5, 8), Complete),
        ("whole, a cache written", WHOLE, include_bytes!("fixtures/cache.json"), reported(25 + 9 + 6, 5, 8), Complete),
        ("whole, no numbers", WHOLE, include_bytes!("fixtures/no-numbers.json"), counted(WHOLE, 4 + 3), Complete),
        ("whole, refused", WHOLE, include_bytes!("fixtures/refusal.json"), reported(25, 5, 8), Complete),
        ("whole, not a message", WHOLE, br#"{"type":"error","error":{"type":"api_error"}}"#, Usage::Unknown, Faulty),
        ("whole, empty", WHOLE, b"", Usage::Unknown, Faulty),
    ];
    let record = |(name, request, body, usage, ending): (&'static str, &str, &[u8], Usage, Ending)| Recording {
        name,
        operation: Operation::Chat(request.into()),
        options: "{}",
        head: AnswerHead { status: 200, headers: vec![Header::new("date", "Fri, 20 Nov 2026 16:00:00 GMT")] },
        body: body.to_vec(),
        usage,
        ending,
    };
    let recordings = rows.into_iter().map(record).collect();
    let webhook = Webhook {
        headers: vec![Header::new("webhook-id", "whe_01")],
        body: include_bytes!("fixtures/event.json").to_vec(),
    };
    check(&Anthropic, &Records { recordings, webhooks: vec![webhook], ..Records::default() });
}
