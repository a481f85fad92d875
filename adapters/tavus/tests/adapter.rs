//! The conformance kit on recorded shapes, and what becomes of starts, ends and callbacks.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, Start, Webhook, check};
use adapter::{Adapter, AnswerHead, Effect, Ended, Join, Live, Operation, PlanError, Started, Step, Usage};
use tavus::Tavus;

const CREATED: &[u8] = include_bytes!("fixtures/created.json");
const SHUTDOWN: &[u8] = include_bytes!("fixtures/shutdown.json");
const JOINED: &[u8] = include_bytes!("fixtures/replica_joined.json");

fn start(persona: Option<&str>, max_seconds: u32, callback_url: Option<&str>) -> Operation {
    let (persona, callback_url) = (persona.map(Into::into), callback_url.map(Into::into));
    Operation::LiveStart(Live { persona, max_seconds, callback_url, ..Live::default() })
}

#[test]
fn recorded_answers() {
    let end = Operation::LiveEnd("c123456".into());
    let rows = [
        ("start", start(Some("p1"), 600, None), CREATED, Usage::Unknown),
        ("end", end, b"".as_slice(), Usage::Counted(vec![])),
    ];
    let recordings = rows.map(|(name, operation, body, usage)| Recording {
        name,
        operation,
        options: "{}",
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage,
        ending: Ending::Complete,
    });
    let webhooks = [SHUTDOWN, JOINED].map(|body| Webhook { headers: vec![], body: body.to_vec() });
    let starts = vec![Start { session: Live::default(), body: CREATED.to_vec() }];
    check(&Tavus, &Records { recordings: recordings.into(), webhooks: webhooks.into(), starts, jobs: vec![] });
}

#[test]
fn a_start_names_its_hard_end() {
    let operation = start(Some("pcb7a34da5fe"), 90, Some("https://gate.example/v1/webhooks/tavus/t1?token=x"));
    let call = Tavus.plan(&operation, r#"{"face":"r90","greeting":"Hi","language":"english"}"#).unwrap();
    assert_eq!((call.method, call.path.as_str()), ("POST", "/v2/conversations"));
    let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    let expected = serde_json::json!({
        "pal_id": "pcb7a34da5fe", "face_id": "r90", "custom_greeting": "Hi", "require_auth": true,
        "callback_url": "https://gate.example/v1/webhooks/tavus/t1?token=x",
        "properties": {"max_call_duration": 90, "participant_absent_timeout": 90, "participant_left_timeout": 15,
            "enable_recording": false, "language": "english"},
    });
    assert_eq!(body, expected);
}

#[test]
fn the_label_is_the_name_of_the_conversation() {
    for (label, expected) in [(Some("AI \"Host\""), Some("AI \"Host\"")), (None, None)] {
        let live =
            Live { persona: Some("p".into()), max_seconds: 60, disclosure: label.map(Into::into), ..Live::default() };
        let call = Tavus.plan(&Operation::LiveStart(live), "{}").unwrap();
        let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(body.get("conversation_name").and_then(|name| name.as_str()), expected);
    }
}

#[test]
fn an_end_names_the_conversation() {
    let call = Tavus.plan(&Operation::LiveEnd("c123456".into()), "{}").unwrap();
    assert_eq!((call.method, call.path.as_str()), ("POST", "/v2/conversations/c123456/end"));
    assert!(call.worst_case.is_empty() && call.body.is_empty());
}

#[test]
fn wrong_requests_name_the_field() {
    let rows = [
        (start(None, 60, None), "{}", "persona"),
        (start(Some("a/b"), 60, None), "{}", "persona"),
        (start(None, 60, None), r#"{"persona":"a b"}"#, "options.persona"),
        (start(None, 60, None), r#"{"replica":""}"#, "options.replica"),
        (start(Some("p"), 0, None), "{}", "max_seconds"),
        (start(Some("p"), 3601, None), "{}", "max_seconds"),
        (start(Some("p"), 60, Some("http://gate.example/")), "{}", "callback_url"),
        (start(Some("p"), 60, None), r#"{"participant_absent_timeout":0}"#, "options.participant_absent_timeout"),
        (start(Some("p"), 60, None), r#"{"language":"a b"}"#, "options.language"),
        (Operation::LiveEnd("../../x".into()), "{}", "id"),
    ];
    for (operation, options, field) in rows {
        let planned = Tavus.plan(&operation, options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{field}: {planned:?}");
    }
    assert!(Tavus.plan(&start(None, 3600, Some("http://127.0.0.1:3000/x")), r#"{"replica":"r1"}"#).is_ok());
    assert!(matches!(Tavus.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn where_the_page_joins() {
    let rows = [
        (
            r#"{"conversation_id":"c1","conversation_url":"https://tavus.daily.co/c1","meeting_token":"a.b"}"#,
            Some("https://tavus.daily.co/c1?t=a.b"),
        ),
        (
            r#"{"conversation_id":"c1","conversation_url":"https://x.daily.co/c1?a=1","meeting_token":"t"}"#,
            Some("https://x.daily.co/c1?a=1&t=t"),
        ),
        (
            r#"{"conversation_id":"c1","conversation_url":"http://127.0.0.1:9/room/c1","meeting_token":"t"}"#,
            Some("http://127.0.0.1:9/room/c1?t=t"),
        ),
        (
            r#"{"conversation_id":"c1","conversation_url":"https://tavus.daily.co/c1"}"#,
            Some("https://tavus.daily.co/c1"),
        ),
        (r#"{"conversation_id":"c1","conversation_url":"http://tavus.daily.co/c1","meeting_token":"t"}"#, None),
        (r#"{"conversation_id":"c1","conversation_url":"javascript:alert(1)","meeting_token":"t"}"#, None),
        (r#"{"conversation_id":"c1","conversation_url":"https://tavus.daily.co/c1","meeting_token":"a b"}"#, None),
        (r#"{"conversation_id":"../c1","conversation_url":"https://tavus.daily.co/c1"}"#, None),
        (r#"{"conversation_url":"https://tavus.daily.co/c1"}"#, None),
        ("[]", None),
    ];
    for (body, expected) in rows {
        let started = Tavus.live_started(&Live::default(), body.as_bytes());
        let url = match &started {
            Ok(Started { step: Step::Open(Join::Url(url)), .. }) => Some(url.as_str()),
            _ => None,
        };
        assert_eq!(url, expected, "{body}: {started:?}");
    }
}

#[test]
fn callbacks() {
    let ended = Tavus.webhook(&[], SHUTDOWN).unwrap();
    assert_eq!(ended.effect, Effect::LiveEnded(Ended { vendor_id: "c123456".into(), at_ms: Some(1_777_434_421_000) }));
    assert_eq!(ended.dedupe_id, "c123456:system.shutdown:2026-04-29T03:47:01Z");
    assert_eq!(Tavus.webhook(&[], JOINED).unwrap().effect, Effect::None);
    let at = |timestamp: &str| {
        let body = format!(r#"{{"event_type":"system.shutdown","conversation_id":"c1"{timestamp}}}"#);
        match Tavus.webhook(&[], body.as_bytes()).unwrap().effect {
            Effect::LiveEnded(ended) => ended.at_ms,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(at(r#","timestamp":1779475657.84"#), Some(1_779_475_657_840));
    assert_eq!(at(r#","timestamp":"1779475657""#), Some(1_779_475_657_000));
    // It has ended, whenever that was.
    for unknown in ["", r#","timestamp":"yesterday""#, r#","timestamp":null"#, r#","timestamp":"""#] {
        assert_eq!(at(unknown), None, "{unknown}");
    }
}

#[test]
fn refusals() {
    let rows = [
        (400, r#"{"error":"Invalid conversation_id"}"#, "already_ended", false),
        (404, "", "already_ended", false),
        (400, r#"{"error":"Invalid pal_id"}"#, "invalid_request", false),
        (400, r#"{"message":"User has reached maximum concurrent conversations"}"#, "rate_limited", true),
        (402, r#"{"message":"out of conversational credits"}"#, "quota_exceeded", false),
        (401, r#"{"message":"Invalid access token"}"#, "invalid_key", false),
        (429, "", "rate_limited", true),
        (500, "", "vendor_internal", true),
    ];
    for (status, body, code, retryable) in rows {
        let failure = Tavus.explain(&AnswerHead { status, headers: vec![] }, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
    }
}
