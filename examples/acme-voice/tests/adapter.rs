//! The conformance kit on recorded shapes, and what is acme's own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use acme_voice::Acme;
use adapter::conformance::{Ending, Recording, Records, Webhook, check};
use adapter::{Adapter, AnswerHead, Header, Operation, PlanError, Quantity, Speech, Unit, Usage};

fn speech(text: &str, voice: Option<&str>, format: &str) -> Operation {
    Operation::Speech(Speech { text: text.into(), voice: voice.map(Into::into), format: format.into() })
}

#[test]
fn recorded_answers() {
    use Ending::{Complete, Faulty};
    let characters = |units| vec![Quantity::new(Unit::Characters, units)];
    let mp3: &[u8] = include_bytes!("fixtures/say.mp3");
    // "Good morning, world!" has 20 characters, 18 of which are no blanks.
    let rows = [
        ("count told", vec![("x-acme-characters", "18")], mp3, Usage::Reported(characters(18)), Complete),
        ("count not told", vec![], mp3, Usage::Counted(characters(20)), Complete),
        ("count garbled", vec![("x-acme-characters", "many")], mp3, Usage::Counted(characters(20)), Complete),
        ("no sound", vec![("x-acme-characters", "18")], b"", Usage::Reported(characters(18)), Faulty),
    ];
    let recordings = rows.into_iter().map(|(name, headers, body, usage, ending)| Recording {
        name,
        operation: speech("Good morning, world!", None, "mp3"),
        options: "{}",
        head: AnswerHead { status: 200, headers: headers.into_iter().map(|(n, v)| Header::new(n, v)).collect() },
        body: body.to_vec(),
        usage,
        ending,
    });
    let webhook = Webhook { headers: vec![], body: include_bytes!("fixtures/voice_ready.json").to_vec() };
    let records = Records { recordings: recordings.collect(), webhooks: vec![webhook], ..Records::default() };
    check(&Acme, &records);
}

#[test]
fn requests() {
    let rows = [
        (None, "{}", "narrator"),
        (None, r#"{"voice":"herald"}"#, "herald"),
        (Some("page-1"), r#"{"voice":"herald"}"#, "page-1"),
    ];
    for (voice, options, expected) in rows {
        let call = Acme.plan(&speech("a \"b\"", voice, "mp3"), options).unwrap();
        assert_eq!((call.method, call.path.as_str()), ("POST", "/say"));
        let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(body, serde_json::json!({"text": "a \"b\"", "voice": expected}));
        assert_eq!(call.worst_case, [Quantity::new(Unit::Characters, 5)], "a reservation counts blanks too");
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let long = "x".repeat(2_001);
    let rows = [
        (speech("", None, "mp3"), "{}", "text"),
        (speech(" \n", None, "mp3"), "{}", "text"),
        (speech(&long, None, "mp3"), "{}", "text"),
        (speech("ab", None, "mp3"), r#"{"max_characters":1}"#, "text"),
        (speech("a", Some("../x"), "mp3"), "{}", "voice"),
        (speech("a", None, "mp3"), r#"{"voice":"a b"}"#, "options.voice"),
        (speech("a", None, "mp3"), r#"{"max_characters":10001}"#, "options.max_characters"),
        (speech("a", None, "mp3"), "[]", "options"),
        (speech("a", None, "wav"), "{}", "format"),
    ];
    for (operation, options, field) in rows {
        let planned = Acme.plan(&operation, options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{field}: {planned:?}");
    }
    assert!(matches!(Acme.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn refusals() {
    let rows = [
        (401, r#"{"error":"bad_key"}"#, "invalid_key", false),
        (403, r#"{"error":"no_credit"}"#, "quota_exceeded", false),
        (404, r#"{"error":"unknown_voice"}"#, "voice_not_found", false),
        (409, r#"{"error":"studio_full"}"#, "overloaded", true),
        (429, "", "rate_limited", true),
        (500, "<html>", "vendor_internal", true),
    ];
    for (status, body, code, retryable) in rows {
        let failure = Acme.explain(&AnswerHead { status, headers: vec![] }, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
    }
}
