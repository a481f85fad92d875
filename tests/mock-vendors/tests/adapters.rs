//! The adapters against the mock: what is planned is understood, what comes back is metered, refusals are explained.

mod common;

use adapter::{Adapter, AnswerHead, Header, Operation, Speech, Unit, Usage, Video, units_of};
use axum::http::Method;
use common::mock;
use elevenlabs::ElevenLabs;
use mock_vendors::client::{self, Answer};
use mock_vendors::{Fault, Mock};
use openai::OpenAi;
use tavus::Tavus;

/// Sends what `adapter` plans for `operation`, as the proxy would.
async fn call(mock: &Mock, adapter: &dyn Adapter, operation: &Operation, options: &str) -> (adapter::Call, Answer) {
    let call = adapter.plan(operation, options).expect("plans");
    let profile = adapter.profile();
    let mut headers: Vec<(String, String)> = call.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect();
    headers.push((profile.credential.name.to_owned(), format!("{}k", profile.credential.prefix)));
    let url = format!("{}{}", mock.base_url(profile.vendor), call.path);
    let method = Method::from_bytes(call.method.as_bytes()).expect("a method");
    let answer = client::send(method, &url, &headers, call.body.clone()).await.expect("an answer");
    (call, answer)
}

fn head(answer: &Answer) -> AnswerHead {
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Header::new(name.as_str(), value.to_str().unwrap_or_default())
    };
    AnswerHead { status: answer.status, headers: answer.headers.iter().map(header).collect() }
}

#[tokio::test]
async fn good_answers_are_metered() {
    let mock = mock().await;
    let chat = |body: &str| Operation::Chat(body.into());
    let speech =
        |format: &str| Operation::Speech(Speech { text: "Grüß dich".into(), voice: None, format: format.into() });
    let ask = r#""messages":[{"role":"system","content":"You are Ada."},{"role":"user","content":"Hi! @"}]"#;
    let streamed = format!(r#"{{"model":"auto","stream":true,{ask}}}"#);
    let whole = format!(r#"{{"model":"auto","n":2,"max_tokens":7,{ask}}}"#);
    // (vendor, operation, unit, what the mock says was used)
    let rows: Vec<(&dyn Adapter, Operation, Unit, Option<u64>)> = vec![
        (&OpenAi, chat(&streamed), Unit::InputTokens, Some(5)),
        (&OpenAi, chat(&whole), Unit::OutputTokens, Some(14)),
        (&OpenAi, chat(&streamed.replace('@', "[[cached]]")), Unit::CachedInputTokens, Some(3)),
        (&OpenAi, chat(&streamed.replace('@', "[[no-usage]]")), Unit::OutputTokens, None),
        (&OpenAi, chat(&streamed.replace('@', "[[long]]")), Unit::InputTokens, Some(6)),
        (&ElevenLabs, speech("mp3"), Unit::Characters, Some(9)),
        (&ElevenLabs, speech("wav"), Unit::Characters, Some(9)),
        (&ElevenLabs, speech("pcm"), Unit::Characters, Some(9)),
        (&ElevenLabs, speech("opus"), Unit::Characters, Some(9)),
    ];
    for (adapter, operation, unit, expected) in rows {
        let (call, answer) = call(&mock, adapter, &operation, "{}").await;
        assert_eq!(answer.status, 200, "{operation:?}");
        let kind = answer.headers["content-type"].to_str().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        assert!(call.content_types.contains(&kind), "{kind} for {operation:?}");
        assert!(answer.body.len() as u64 <= call.max_answer_bytes, "{operation:?}");

        let mut meter = adapter.meter(&operation, &head(&answer), &call.worst_case);
        let mut passed = Vec::new();
        for chunk in answer.body.chunks(100) {
            passed.extend(meter.push(chunk).expect("a good answer"));
        }
        passed.extend(meter.end().expect("a whole answer"));
        assert_eq!(passed, answer.body, "{operation:?}");
        let (used, worst) = (meter.usage(), units_of(&call.worst_case, unit));
        match (&used, expected) {
            (Usage::Reported(list), Some(expected)) => assert_eq!(units_of(list, unit), expected, "{operation:?}"),
            (Usage::Counted(list), None) => assert!(units_of(list, unit) <= worst, "{operation:?}"),
            _ => panic!("{operation:?}: {used:?}"),
        }
    }
}

#[tokio::test]
async fn a_conversation_starts_and_ends() {
    let mock = mock().await;
    let start = Operation::VideoStart(Video { persona: Some("p1".into()), max_seconds: 60, callback_url: None });
    let (_, answer) = call(&mock, &Tavus, &start, "{}").await;
    let session = Tavus.video_started(&answer.body).expect("a session");
    let room = client::send(Method::GET, &session.join_url, &[], "").await.expect("the room");
    assert_eq!(room.status, 200);
    let end = Operation::VideoEnd(session.vendor_id);
    assert_eq!(call(&mock, &Tavus, &end, "{}").await.1.status, 200);
    for _ in 0..100 {
        let (_, again) = call(&mock, &Tavus, &end, "{}").await;
        if again.status != 200 {
            assert_eq!(Tavus.explain(&head(&again), &again.body).code, "already_ended");
            return;
        }
    }
    panic!("an ended conversation ends over and over");
}

#[tokio::test]
async fn refusals_are_explained() {
    let mock = mock().await;
    let chat = Operation::Chat(br#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#.to_vec());
    let speech = Operation::Speech(Speech { text: "Hi".into(), voice: None, format: "mp3".into() });
    let start = Operation::VideoStart(Video { persona: Some("p1".into()), max_seconds: 60, callback_url: None });
    let vendors: [(&dyn Adapter, Operation); 3] = [(&OpenAi, chat), (&ElevenLabs, speech), (&Tavus, start)];
    for (adapter, operation) in vendors {
        for (status, code) in
            [(401, "invalid_key"), (402, "quota_exceeded"), (429, "rate_limited"), (503, "overloaded")]
        {
            let fault = Fault { status: Some(status), retry_after: Some(2), times: Some(1), ..Fault::default() };
            mock.state.set_fault(adapter.profile().vendor, Some(fault));
            let (_, answer) = call(&mock, adapter, &operation, "{}").await;
            let failure = adapter.explain(&head(&answer), &answer.body);
            assert_eq!((answer.status, failure.code), (status, code), "{operation:?}");
            assert_eq!(failure.retry_after_ms, failure.retryable.then_some(2000), "{operation:?}");
        }
    }
}
