//! The conformance kit on recorded shapes, and what a text must be.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, Webhook, check};
use adapter::{Adapter, AnswerHead, Header, Operation, PlanError, Quantity, Speech, Unit, Usage, units_of};
use elevenlabs::ElevenLabs;

fn speech(text: &str, voice: Option<&str>, format: &str) -> Operation {
    Operation::Speech(Speech { text: text.into(), voice: voice.map(Into::into), format: format.into() })
}

fn characters(units: u64) -> Vec<Quantity> {
    vec![Quantity::new(Unit::Characters, units)]
}

#[test]
fn recorded_answers() {
    use Ending::{Complete, Faulty};
    let mp3: &[u8] = include_bytes!("fixtures/speech.mp3");
    // "Guten Tag, Welt!" has 16 characters.
    let rows = [
        ("cost told", vec![("character-cost", "8")], "{}", mp3, Usage::Reported(characters(8)), Complete),
        ("cost not told", vec![("request-id", "r1")], "{}", mp3, Usage::Counted(characters(16)), Complete),
        ("cost garbled", vec![("character-cost", "8.5")], "{}", mp3, Usage::Counted(characters(16)), Complete),
        (
            "cost told twice",
            vec![("character-cost", "1"), ("character-cost", "8")],
            "{}",
            mp3,
            Usage::Counted(characters(16)),
            Complete,
        ),
        ("half price", vec![], r#"{"character_multiplier_percent":50}"#, mp3, Usage::Counted(characters(8)), Complete),
        ("no sound", vec![("character-cost", "8")], "{}", b"", Usage::Reported(characters(8)), Faulty),
    ];
    let recordings: Vec<Recording> = rows
        .into_iter()
        .map(|(name, headers, options, body, usage, ending)| Recording {
            name,
            operation: speech("Guten Tag, Welt!", None, "mp3"),
            options,
            head: AnswerHead { status: 200, headers: headers.into_iter().map(|(n, v)| Header::new(n, v)).collect() },
            body: body.to_vec(),
            usage,
            ending,
        })
        .collect();
    let webhook = Webhook { headers: vec![], body: include_bytes!("fixtures/post_call_transcription.json").to_vec() };
    check(&ElevenLabs, &Records { recordings, webhooks: vec![webhook], ..Records::default() });
}

#[test]
fn requests() {
    let call = ElevenLabs.plan(&speech("a \"b\"", Some("v1"), "pcm"), r#"{"model":"eleven_v3","voice":"v2"}"#).unwrap();
    assert_eq!(call.path, "/v1/text-to-speech/v1/stream?output_format=pcm_16000");
    let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body, serde_json::json!({"model_id": "eleven_v3", "text": "a \"b\""}));
    assert_eq!(call.model, "eleven_v3");
    let call = ElevenLabs.plan(&speech("a", None, "wav"), r#"{"voice":"v2"}"#).unwrap();
    assert_eq!(call.path, "/v1/text-to-speech/v2/stream?output_format=wav_44100");
    let call = ElevenLabs.plan(&speech("a", None, "mp3"), r#"{"language":"de"}"#).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body, serde_json::json!({"model_id": "eleven_flash_v2_5", "text": "a", "language_code": "de"}));
    let call = ElevenLabs.plan(&speech("a", None, "opus"), "{}").unwrap();
    assert_eq!(call.path, "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/stream?output_format=opus_48000_64");
    assert_eq!(call.model, "eleven_flash_v2_5");
}

#[test]
fn twn_1_feeling_is_heard() {
    let check = |options: &str, stability: Option<&str>| {
        let call = ElevenLabs.plan(&speech("a", None, "mp3"), options).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        let settings = stability.map(|text| format!(r#"{{"stability":{text}}}"#));
        assert_eq!(body.get("voice_settings").map(ToString::to_string), settings, "{options}");
    };
    check("{}", None);
    check(r#"{"emotion":5}"#, None);
    check(r#"{"emotion":1}"#, Some("1.0"));
    check(r#"{"emotion":4}"#, Some("0.75"));
    check(r#"{"emotion":7}"#, Some("0.4"));
    check(r#"{"emotion":10}"#, Some("0.3"));
    check(r#"{"emotion":4,"model":"eleven_v3"}"#, Some("0.5"));
    check(r#"{"emotion":10,"model":"eleven_v3"}"#, Some("0.0"));
}

#[test]
fn characters_are_scalars_and_round_up() {
    let rows = [
        ("abc", "{}", 3),
        ("é👋", "{}", 2),
        ("abc", r#"{"character_multiplier_percent":50}"#, 2),
        ("e\u{301}", "{}", 2),
    ];
    for (text, options, expected) in rows {
        let call = ElevenLabs.plan(&speech(text, None, "mp3"), options).unwrap();
        assert_eq!(units_of(&call.worst_case, Unit::Characters), expected, "{text}");
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let long = "x".repeat(5001);
    let rows = [
        (speech("", None, "mp3"), "{}", "text"),
        (speech(" \n", None, "mp3"), "{}", "text"),
        (speech(&long, None, "mp3"), "{}", "text"),
        (speech("ab", None, "mp3"), r#"{"max_characters":1}"#, "text"),
        (speech("a", Some("../x"), "mp3"), "{}", "voice"),
        (speech("a", Some(""), "mp3"), "{}", "voice"),
        (speech("a", None, "mp3"), r#"{"voice":"a/b"}"#, "options.voice"),
        (speech("a", None, "mp3"), r#"{"voice":5}"#, "options.voice"),
        (speech("a", None, "mp3"), r#"{"character_multiplier_percent":0}"#, "options.character_multiplier_percent"),
        (speech("a", None, "mp3"), r#"{"model":"a b"}"#, "options.model"),
        (speech("a", None, "mp3"), r#"{"language":"d e"}"#, "options.language"),
        (speech("a", None, "mp3"), r#"{"emotion":11}"#, "options.emotion"),
        (speech("a", None, "mp3"), "[]", "options"),
        (speech("a", None, "flac"), "{}", "format"),
    ];
    for (operation, options, field) in rows {
        let planned = ElevenLabs.plan(&operation, options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{field}: {planned:?}");
    }
    assert!(matches!(ElevenLabs.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn refusals() {
    let rows = [
        (401, r#"{"detail":{"status":"invalid_api_key","message":"m"}}"#, "invalid_key", false),
        (401, r#"{"detail":{"status":"quota_exceeded","message":"m"}}"#, "quota_exceeded", false),
        (400, r#"{"detail":{"status":"max_character_limit_exceeded","message":"m"}}"#, "text_too_long", false),
        (404, r#"{"detail":{"status":"voice_not_found","message":"m"}}"#, "voice_not_found", false),
        (422, r#"{"detail":[{"loc":["body","text"],"msg":"m","type":"missing"}]}"#, "invalid_request", false),
        (403, r#"{"detail":"forbidden"}"#, "not_permitted", false),
        (429, r#"{"detail":{"status":"too_many_concurrent_requests"}}"#, "rate_limited", true),
        (429, r#"{"detail":{"status":"system_busy"}}"#, "overloaded", true),
        (500, "", "vendor_internal", true),
    ];
    for (status, body, code, retryable) in rows {
        let failure = ElevenLabs.explain(&AnswerHead { status, headers: vec![] }, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
    }
}
