//! The conformance kit on recorded shapes of the vendor's answers, planned requests, and refusals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, check};
use adapter::{Adapter, AnswerHead, Call, Header, Operation, PlanError, Quantity, Unit, Usage, units_of};
use deepseek::DeepSeek;

const STREAMED: &str = r#"{"model":"auto","messages":[{"role":"system","content":"You are Ada."},{"role":"user","content":"Hello, and good morning to you!"}],"stream":true}"#;
const WHOLE: &str = r#"{"model":"deepseek-v4-pro","messages":[{"role":"user","content":"Hello!"}],"max_tokens":64}"#;

fn plan(body: &str, options: &str) -> Result<Call, PlanError> {
    DeepSeek.plan(&Operation::Chat(body.into()), options)
}

fn counted(request: &str, output: u64) -> Usage {
    let worst_case = plan(request, "{}").expect("plans").worst_case;
    Usage::Counted(vec![
        Quantity::new(Unit::InputTokens, units_of(&worst_case, Unit::InputTokens)),
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
    // Everything that was delivered counts, a byte a token: the role, the thoughts, the answer.
    let thoughts = ("assistant".len() + "A greeting.".len()) as u64;
    let all = thoughts + "Grüß dich 👋".len() as u64;
    let rows: Vec<(&str, &str, &[u8], Usage, Ending)> = vec![
        ("thinking", STREAMED, include_bytes!("fixtures/thinking.sse"), reported(56, 64, 30), Complete),
        ("usage apart", STREAMED, include_bytes!("fixtures/usage-apart.sse"), reported(56, 64, 30), Complete),
        ("tools", STREAMED, include_bytes!("fixtures/tools.sse"), reported(62, 0, 15), Complete),
        ("no usage", STREAMED, include_bytes!("fixtures/no-usage.sse"), counted(STREAMED, all), Complete),
        (
            "cut while thinking",
            STREAMED,
            include_bytes!("fixtures/cut-while-thinking.sse"),
            counted(STREAMED, thoughts),
            Faulty,
        ),
        ("error inside", STREAMED, include_bytes!("fixtures/error-inside.sse"), counted(STREAMED, all), Faulty),
        ("queued and never begun", STREAMED, b": keep-alive\n\n: keep-alive\n\n", counted(STREAMED, 0), Faulty),
        ("whole, queued first", WHOLE, include_bytes!("fixtures/completion.json"), reported(56, 64, 30), Complete),
        ("whole, no split", WHOLE, include_bytes!("fixtures/no-split.json"), reported(19, 0, 10), Complete),
        ("whole, a wrong split", WHOLE, include_bytes!("fixtures/wrong-split.json"), reported(19, 0, 10), Complete),
        ("whole, only blank lines", WHOLE, b"\n\n\n", Usage::Unknown, Faulty),
    ];
    let record = |(name, request, body, usage, ending): (&'static str, &str, &[u8], Usage, Ending)| Recording {
        name,
        operation: Operation::Chat(request.into()),
        options: "{}",
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage,
        ending,
    };
    let recordings = rows.into_iter().map(record).collect();
    check(&DeepSeek, &Records { recordings, ..Records::default() });
}

#[test]
fn keep_alives_are_not_passed_on() {
    let operation = Operation::Chat(WHOLE.into());
    let mut meter = DeepSeek.meter(&operation, &AnswerHead::default(), &[]);
    meter.push(include_bytes!("fixtures/completion.json")).unwrap();
    assert!(meter.end().unwrap().starts_with(b"{\"id\""));
}

#[test]
fn the_usage_comes_last_and_alone() {
    let operation = Operation::Chat(STREAMED.into());
    let pass = |body: &[u8]| {
        let mut meter = DeepSeek.meter(&operation, &AnswerHead::default(), &[]);
        String::from_utf8(meter.push(body).expect("is passed on")).unwrap()
    };
    let moved = pass(include_bytes!("fixtures/thinking.sse"));
    assert_eq!(moved, pass(include_bytes!("fixtures/usage-apart.sse")));
    let chunks: Vec<&str> = moved.trim_end().split("\n\n").collect();
    assert!(matches!(chunks.as_slice(), [.., finish, usage, "data: [DONE]"]
        if finish.contains(r#""finish_reason":"stop"}],"usage":null"#) && usage.contains(r#""choices":[],"usage":{"#)));
}

#[test]
fn good_requests_become() {
    let rows = [
        (
            r#"{"model":"auto",@,"max_completion_tokens":7,"n":1,"temperature":0.10,"store":true,"user":"v1"}"#,
            r#"{"model":"deepseek-flash",@,"temperature":0.10,"user":"v1","max_tokens":7}"#,
        ),
        (r#"{"model":"deepseek-v4-pro",@}"#, r#"{"model":"deepseek-v4-pro",@,"max_tokens":8192}"#),
        (
            r#"{"model":"deepseek-flash","messages":[{"role":"developer","content":"a"},{"role":"user","content":"b"}],"stream":true,"max_tokens":5,"thinking":{"type":"disabled"}}"#,
            r#"{"model":"deepseek-flash","messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}],"stream":true,"max_tokens":5,"thinking":{"type":"disabled"},"stream_options":{"include_usage":true}}"#,
        ),
    ];
    let messages = r#""messages":[{"role":"user","content":"hi"}]"#;
    for (page, upstream) in rows {
        let call = plan(&page.replace('@', messages), "{}").unwrap_or_else(|error| panic!("{page}: {error:?}"));
        assert_eq!(String::from_utf8_lossy(&call.body), upstream.replace('@', messages), "{page}");
        assert_eq!(call.path, "/chat/completions");
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let picture = r#"{"type":"image_url","image_url":{"url":"https://x/y.png"}}"#;
    let rows = [
        (r#"{"model":"auto",@,"n":2}"#.to_owned(), "{}", "n"),
        (r#"{"model":"auto",@,"max_tokens":20000}"#.to_owned(), "{}", "max_tokens"),
        (r#"{"model":"auto",@}"#.to_owned(), r#"{"max_tokens_limit":393217}"#, "options.max_tokens_limit"),
        (
            format!(r#"{{"model":"auto","messages":[{{"role":"user","content":[{picture}]}}]}}"#),
            "{}",
            "messages[0].content[0].type",
        ),
    ];
    for (body, options, field) in rows {
        let body = body.replace('@', r#""messages":[{"role":"user","content":"hi"}]"#);
        match plan(&body, options) {
            Err(PlanError::Invalid(Some(param), _)) => assert_eq!(param, field, "{body}"),
            other => panic!("{body}: {field} must be refused, but {other:?}"),
        }
    }
    let much = plan(
        r#"{"model":"auto","max_tokens":393216,"messages":[{"role":"user","content":"hi"}]}"#,
        r#"{"max_tokens_limit":393216}"#,
    );
    assert_eq!(units_of(&much.expect("plans").worst_case, Unit::OutputTokens), 393_216);
}

#[test]
fn refusals() {
    let rows = [
        (400, "{}", "invalid_request", false),
        (
            401,
            r#"{"error":{"message":"m","type":"authentication_error","code":"invalid_request_error"}}"#,
            "invalid_key",
            false,
        ),
        (
            402,
            r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}"#,
            "quota_exceeded",
            false,
        ),
        (422, "{}", "invalid_request", false),
        (429, "{}", "rate_limited", true),
        (500, "", "vendor_internal", true),
        (503, "", "overloaded", true),
    ];
    for (status, body, code, retryable) in rows {
        let head = AnswerHead { status, headers: vec![Header::new("retry-after", "3")] };
        let failure = DeepSeek.explain(&head, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
    }
}
