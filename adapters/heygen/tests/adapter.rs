//! The conformance kit on recorded shapes, and what becomes of starts, ends and webhooks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, Start, Webhook, check};
use adapter::{
    Adapter, Answer, AnswerHead, Auth, Effect, Header, Join, Live, NoGood, Operation, PlanError, Step, Unit, Usage,
    units_of,
};
use heygen::HeyGen;
use serde_json::{Value, json};

const TOKEN: &[u8] = include_bytes!("fixtures/token.json");
const STARTED: &[u8] = include_bytes!("fixtures/started.json");
const VIDEO: &[u8] = include_bytes!("fixtures/video_success.json");
const SESSION: &str = "6f1d6a0c-2a40-4f5e-8a57-0c9be0f0a001";
const CONTEXT: &str = r#"{"context_id":"ctx-1"}"#;

fn start(persona: Option<&str>, max_seconds: u32) -> Operation {
    Operation::LiveStart(Live { persona: persona.map(Into::into), max_seconds, ..Live::default() })
}

#[test]
fn recorded_answers() {
    let end = Operation::LiveEnd(SESSION.into());
    let rows = [
        ("start", start(Some("a1"), 600), CONTEXT, TOKEN, Usage::Unknown),
        ("end", end, "{}", br#"{"code":1000,"data":null,"message":"ok"}"#.as_slice(), Usage::Counted(vec![])),
    ];
    let recordings = rows.map(|(name, operation, options, body, usage)| Recording {
        name,
        operation,
        options,
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage,
        ending: Ending::Complete,
    });
    let webhooks = vec![Webhook { headers: vec![Header::new("heygen-event-id", "evt-1")], body: VIDEO.to_vec() }];
    let starts = [TOKEN, STARTED].map(|body| Start { session: Live::default(), body: body.to_vec() }).into();
    check(&HeyGen, &Records { recordings: recordings.into(), webhooks, starts, jobs: vec![] });
}

#[test]
fn a_start_names_its_hard_end() {
    let options = r#"{"avatar_id":"a2","context_id":"ctx-1","voice_id":"v1","language":"de","is_sandbox":true,
        "quality":"low","encoding":"VP8","llm_configuration_id":"l1"}"#;
    let rows = [
        (
            start(Some("a1"), 90),
            CONTEXT,
            json!({
                "mode": "FULL", "avatar_id": "a1", "avatar_persona": {"context_id": "ctx-1"}, "is_sandbox": false,
                "interactivity_type": "CONVERSATIONAL", "max_session_duration": 90,
                "video_settings": {"quality": "high", "encoding": "H264"},
            }),
            120,
        ),
        (
            start(None, 60),
            options,
            json!({
                "mode": "FULL", "avatar_id": "a2", "is_sandbox": true,
                "avatar_persona": {"context_id": "ctx-1", "voice_id": "v1", "language": "de"},
                "interactivity_type": "CONVERSATIONAL", "max_session_duration": 60,
                "video_settings": {"quality": "low", "encoding": "VP8"}, "llm_configuration_id": "l1",
            }),
            60,
        ),
    ];
    for (operation, options, expected, billed) in rows {
        let call = HeyGen.plan(&operation, options).unwrap();
        assert_eq!((call.method, call.path.as_str(), &call.auth), ("POST", "/v1/sessions/token", &Auth::Key));
        assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), expected);
        assert_eq!(units_of(&call.worst_case, Unit::Seconds), billed, "begun minutes are billed");
    }
}

#[test]
fn a_start_takes_two_calls() {
    let first = HeyGen.live_started(&Live::default(), TOKEN).unwrap();
    assert_eq!(first.vendor_id, SESSION);
    let Step::Call(call) = first.step else { panic!("{first:?}") };
    assert_eq!((call.method, call.path.as_str(), call.answer), ("POST", "/v1/sessions/start", Answer::Json));
    assert_eq!(call.auth, Auth::Bearer("eyJhbGciOiJIUzI1NiJ9.e30.c2Vzc2lvbg".into()));
    assert!(call.body.is_empty());

    let second = HeyGen.live_started(&Live::default(), STARTED).unwrap();
    assert_eq!(second.vendor_id, SESSION);
    let (url, token) = ("wss://room-1.livekit.cloud".into(), "eyJhbGciOiJIUzI1NiJ9.e30.cm9vbQ".into());
    assert_eq!(second.step, Step::Open(Join::Room { url, token }));
}

#[test]
fn what_a_start_may_answer() {
    #[derive(Debug, PartialEq)]
    enum Read {
        Call,
        Open,
        Refused(&'static str),
        Garbled,
    }
    let rows = [
        (r#"{"code":100,"data":{"session_id":"s1","session_token":"t"}}"#, Read::Call),
        (r#"{"data":{"session_id":"s1","session_token":"t"}}"#, Read::Call),
        (
            r#"{"code":1000,"data":{"session_id":"s1","session_token":"t","livekit_url":"wss://r.example","livekit_client_token":"t"}}"#,
            Read::Open,
        ),
        (
            r#"{"code":1000,"data":{"session_id":"s1","livekit_url":"ws://127.0.0.1:9/x","livekit_client_token":"t"}}"#,
            Read::Open,
        ),
        (
            r#"{"code":1000,"data":{"session_id":"s1","livekit_url":"ws://r.example","livekit_client_token":"t"}}"#,
            Read::Garbled,
        ),
        (
            r#"{"code":1000,"data":{"session_id":"s1","livekit_url":"javascript:x","livekit_client_token":"t"}}"#,
            Read::Garbled,
        ),
        (r#"{"code":1000,"data":{"session_id":"s1","livekit_url":"wss://r.example"}}"#, Read::Garbled),
        (r#"{"code":1000,"data":{"session_id":"../s1","session_token":"t"}}"#, Read::Garbled),
        (r#"{"code":1000,"data":{"session_id":"s1","session_token":"a b"}}"#, Read::Garbled),
        (r#"{"code":1000,"data":{"session_token":"t"}}"#, Read::Garbled),
        (r#"{"code":"1000","data":{"session_id":"s1","session_token":"t"}}"#, Read::Garbled),
        (r#"{"code":4005,"data":null,"message":"Insufficient credits"}"#, Read::Refused("quota_exceeded")),
        (r#"{"code":4006,"data":null,"message":"Session concurrency limit reached"}"#, Read::Refused("rate_limited")),
        (r#"{"code":4001,"data":{"session_id":"s1","session_token":"t"}}"#, Read::Refused("invalid_request")),
        ("[]", Read::Garbled),
    ];
    for (body, expected) in rows {
        let read = match HeyGen.live_started(&Live::default(), body.as_bytes()) {
            Ok(started) if matches!(started.step, Step::Call(_)) => Read::Call,
            Ok(_) => Read::Open,
            Err(NoGood::Refused(failure)) => Read::Refused(failure.code),
            Err(NoGood::Garbled(_)) => Read::Garbled,
        };
        assert_eq!(read, expected, "{body}");
    }
}

#[test]
fn an_end_names_the_session() {
    let call = HeyGen.plan(&Operation::LiveEnd(SESSION.into()), "{}").unwrap();
    assert_eq!((call.method, call.path.as_str(), &call.auth), ("POST", "/v1/sessions/stop", &Auth::Key));
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body, json!({"session_id": SESSION, "reason": "USER_CLOSED"}));
    assert!(call.worst_case.is_empty());
}

#[test]
fn wrong_requests_name_the_field() {
    let with = |more: &str| format!(r#"{{"context_id":"c",{more}}}"#);
    let a = || start(Some("a"), 60);
    let rows = [
        (start(None, 60), CONTEXT.to_owned(), "persona"),
        (start(Some("a/b"), 60), CONTEXT.to_owned(), "persona"),
        (start(None, 60), with(r#""avatar_id":"""#), "options.avatar_id"),
        (a(), "{}".to_owned(), "options.context_id"),
        (a(), r#"{"allow_no_context":false}"#.to_owned(), "options.context_id"),
        (a(), r#"{"allow_no_context":"yes"}"#.to_owned(), "options.allow_no_context"),
        (a(), r#"{"context_id":"a b"}"#.to_owned(), "options.context_id"),
        (a(), with(r#""voice_id":5"#), "options.voice_id"),
        (a(), with(r#""language":"d e""#), "options.language"),
        (a(), with(r#""is_sandbox":1"#), "options.is_sandbox"),
        (a(), with(r#""quality":"""#), "options.quality"),
        (start(Some("a"), 0), CONTEXT.to_owned(), "max_seconds"),
        (start(Some("a"), 86_401), CONTEXT.to_owned(), "max_seconds"),
        (a(), "[]".to_owned(), "options"),
        (Operation::LiveEnd("../../x".into()), "{}".to_owned(), "id"),
    ];
    for (operation, options, field) in rows {
        let planned = HeyGen.plan(&operation, &options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{field}: {planned:?}");
    }
    assert!(HeyGen.plan(&a(), r#"{"allow_no_context":true}"#).is_ok());
    assert!(matches!(HeyGen.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn webhooks() {
    let header = |id: &str| vec![Header::new("heygen-event-id", id)];
    let avatar: &[u8] = br#"{"event_type":"photo_avatar_train.success","event_data":{"photo_avatar_id":"p1"}}"#;
    let rows: [(_, &[u8], _); 5] = [
        (header("evt-1"), VIDEO, Some("avatar_video.success:vid_1")),
        (header("evt-2"), VIDEO, Some("avatar_video.success:vid_1")),
        (vec![], VIDEO, Some("avatar_video.success:vid_1")),
        (header("evt-1"), avatar, Some("photo_avatar_train.success:evt-1")),
        (vec![], avatar, None),
    ];
    for (headers, body, expected) in rows {
        let event = HeyGen.webhook(&headers, body).ok();
        assert_eq!(event.as_ref().map(|event| event.dedupe_id.as_str()), expected);
        assert!(event.is_none_or(|event| event.effect == Effect::None));
    }
}

#[test]
fn refusals() {
    let rows = [
        (404, "", "already_ended", false),
        (404, r#"{"code":4040,"message":"Session not found"}"#, "already_ended", false),
        (410, "", "already_ended", false),
        (400, r#"{"code":400004,"message":"Session does not exist. SessionID: s1"}"#, "already_ended", false),
        (400, r#"{"code":10005,"message":"session state wrong: closed"}"#, "already_ended", false),
        (400, r#"{"code":4009,"message":"Avatar session is already stopped"}"#, "already_ended", false),
        (400, r#"{"code":4009,"message":"Avatar not found, no session made"}"#, "not_found", false),
        (400, r#"{"code":4000,"message":"Invalid session_id"}"#, "invalid_request", false),
        (404, r#"{"code":4041,"message":"Avatar not found"}"#, "not_found", false),
        (400, r#"{"code":4007,"message":"Not enough credits"}"#, "quota_exceeded", false),
        (403, r#"{"code":4008,"message":"Concurrent session limit reached"}"#, "rate_limited", true),
        (422, r#"{"detail":[{"loc":["body","avatar_id"],"msg":"m","type":"uuid"}]}"#, "invalid_request", false),
        (401, r#"{"code":4010,"message":"m"}"#, "invalid_key", false),
        (429, "", "rate_limited", true),
        (500, "", "vendor_internal", true),
    ];
    for (status, body, code, retryable) in rows {
        let failure = HeyGen.explain(&AnswerHead { status, headers: vec![] }, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
    }
}
