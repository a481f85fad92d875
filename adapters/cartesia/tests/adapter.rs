//! The conformance kit on recorded shapes, and what a text must be.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, check};
use adapter::{
    Adapter, Answer, AnswerHead, Auth, Header, Operation, PlanError, Quantity, Speech, Unit, Usage, units_of,
};
use cartesia::Cartesia;
use serde_json::{Value, json};

fn speech(text: &str, voice: Option<&str>, format: &str) -> Operation {
    Operation::Speech(Speech { text: text.into(), voice: voice.map(Into::into), format: format.into() })
}

fn counted(units: u64) -> Usage {
    Usage::Counted(vec![Quantity::new(Unit::Characters, units)])
}

#[test]
fn recorded_answers() {
    use Ending::{Complete, Faulty};
    let mp3: &[u8] = include_bytes!("fixtures/speech.mp3");
    let error: &[u8] = include_bytes!("fixtures/error.json");
    let clone = r#"{"character_multiplier_percent":150}"#;
    // "Guten Tag, Welt!" has 16 characters.
    let rows: [(_, _, _, Option<&str>, &[u8], _, _); 9] = [
        ("mp3", "mp3", "{}", Some("audio/mpeg"), mp3, counted(16), Complete),
        ("no type", "mp3", "{}", None, mp3, counted(16), Complete),
        ("a cloned voice", "mp3", clone, Some("audio/mpeg"), mp3, counted(24), Complete),
        ("wav", "wav", "{}", Some("audio/wav"), b"RIFF\x24\0\0\0WAVEfmt ", counted(16), Complete),
        ("samples that look like JSON", "pcm", "{}", Some("audio/pcm"), b"{\0}\0\x01\x02", counted(16), Complete),
        ("no sound", "mp3", "{}", Some("audio/mpeg"), b"", counted(16), Faulty),
        ("an error with a good status", "mp3", "{}", Some("application/json"), error, counted(16), Faulty),
        ("an error that claims to be sound", "wav", "{}", Some("audio/wav"), error, counted(16), Faulty),
        ("a page", "pcm", "{}", Some("text/html; charset=utf-8"), b"<html>", counted(16), Faulty),
    ];
    let recordings = rows.map(|(name, format, options, media, body, usage, ending)| Recording {
        name,
        operation: speech("Guten Tag, Welt!", None, format),
        options,
        head: AnswerHead {
            status: 200,
            headers: media.map(|media| Header::new("content-type", media)).into_iter().collect(),
        },
        body: body.to_vec(),
        usage,
        ending,
    });
    check(&Cartesia, &Records { recordings: recordings.into(), ..Records::default() });
    assert!(Cartesia.webhook(&[], b"{}").is_err(), "it sends none");
}

#[test]
fn requests() {
    let stock = "694f9389-aac1-45b6-b726-9d9369183238";
    let mp3 = json!({"container": "mp3", "sample_rate": 44_100, "bit_rate": 128_000});
    let wav = json!({"container": "wav", "sample_rate": 44_100, "encoding": "pcm_s16le"});
    let raw = json!({"container": "raw", "sample_rate": 16_000, "encoding": "pcm_s16le"});
    let rows = [
        (speech("a \"b\"", None, "mp3"), "{}", "2026-08-14", "sonic-3.5", json!({"id": stock}), Value::Null, mp3),
        (
            speech("a", Some("v-1"), "wav"),
            r#"{"voice":"v2","model":"sonic-3-2026-01-12","language":"de"}"#,
            "2026-08-14",
            "sonic-3-2026-01-12",
            json!({"id": "v-1"}),
            json!("de"),
            wav,
        ),
        (
            speech("a", None, "pcm"),
            r#"{"voice":"v2","version":"2026-03-01"}"#,
            "2026-03-01",
            "sonic-3.5",
            json!({"mode": "id", "id": "v2"}),
            Value::Null,
            raw,
        ),
    ];
    for (operation, options, version, model, voice, language, output) in rows {
        let call = Cartesia.plan(&operation, options).unwrap();
        let Operation::Speech(speech) = &operation else { unreachable!() };
        assert_eq!((call.method, call.path.as_str(), &call.auth), ("POST", "/tts/bytes", &Auth::Key));
        assert_eq!((call.answer, call.model.as_str()), (Answer::Audio, model));
        assert!(call.headers.contains(&Header::new("cartesia-version", version)), "{:?}", call.headers);
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!((&body["transcript"], &body["model_id"]), (&json!(speech.text), &json!(model)), "{options}");
        assert_eq!((&body["voice"], &body["output_format"]), (&voice, &output), "{options}");
        assert_eq!(body["language"], language, "{options}");
    }
}

#[test]
fn characters_are_scalars_and_round_up() {
    let rows = [
        ("abc", "{}", 3),
        ("é👋", "{}", 2),
        ("e\u{301}", "{}", 2),
        ("abc", r#"{"character_multiplier_percent":150}"#, 5),
    ];
    for (text, options, expected) in rows {
        let call = Cartesia.plan(&speech(text, None, "mp3"), options).unwrap();
        assert_eq!(units_of(&call.worst_case, Unit::Characters), expected, "{text}");
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let long = "x".repeat(5001);
    let a = || speech("a", None, "mp3");
    let rows = [
        (speech("", None, "mp3"), "{}", "text"),
        (speech(" \n", None, "mp3"), "{}", "text"),
        (speech(&long, None, "mp3"), "{}", "text"),
        (speech("ab", None, "mp3"), r#"{"max_characters":1}"#, "text"),
        (speech("a", None, "opus"), "{}", "format"),
        (speech("a", None, "flac"), "{}", "format"),
        (speech("a", Some("../x"), "mp3"), "{}", "voice"),
        (speech("a", Some(""), "mp3"), "{}", "voice"),
        (a(), r#"{"voice":"a/b"}"#, "options.voice"),
        (a(), r#"{"model":"a b"}"#, "options.model"),
        (a(), r#"{"version":"latest"}"#, "options.version"),
        (a(), r#"{"version":"2026-08-1é"}"#, "options.version"),
        (a(), r#"{"version":20260814}"#, "options.version"),
        (a(), r#"{"language":"d e"}"#, "options.language"),
        (a(), r#"{"character_multiplier_percent":0}"#, "options.character_multiplier_percent"),
        (a(), r#"{"emotion":0}"#, "options.emotion"),
        (a(), "[]", "options"),
    ];
    for (operation, options, field) in rows {
        let planned = Cartesia.plan(&operation, options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{field}: {planned:?}");
    }
    assert!(matches!(Cartesia.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn twn_1_feeling_is_heard() {
    for (grade, feeling) in [(1, Some("neutral")), (3, Some("neutral")), (5, None), (7, None), (8, Some("excited"))] {
        let call = Cartesia.plan(&speech("a", None, "mp3"), &format!(r#"{{"emotion":{grade}}}"#)).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(body["generation_config"]["emotion"].as_str(), feeling, "{grade}");
    }
}

#[test]
fn refusals() {
    let rows: [(u16, &str, &str, bool); 15] = [
        (429, include_str!("fixtures/error.json"), "rate_limited", true),
        (429, "Too many concurrent requests: your plan allows 3", "rate_limited", true),
        (429, r#"{"error":"Too many concurrent requests: m","status_code":429}"#, "rate_limited", true),
        (429, "", "rate_limited", true),
        (429, r#"{"error_code":"quota_exceeded","title":"t","message":"m"}"#, "quota_exceeded", false),
        (402, "Payment required: add credits", "quota_exceeded", false),
        (404, r#"{"error_code":"voice_not_found","title":"t","message":"m"}"#, "voice_not_found", false),
        (400, r#"{"error_code":"model_not_found","title":"t","message":"m"}"#, "model_not_found", false),
        (400, r#"{"error_code":null,"title":"Transcript too long","message":"m"}"#, "text_too_long", false),
        (400, r#"{"error_code":null,"title":"Bad request","message":"the voice said"}"#, "invalid_request", false),
        (400, "Bad request: the voice said", "invalid_request", false),
        (401, "Unauthorized: m", "invalid_key", false),
        (403, "", "not_permitted", false),
        (500, "Internal error: m", "vendor_internal", true),
        (504, "", "vendor_timeout", false),
    ];
    for (status, body, code, retryable) in rows {
        let failure = Cartesia.explain(&AnswerHead { status, headers: vec![] }, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
    }
    let head = AnswerHead { status: 429, headers: vec![Header::new("retry-after", "2")] };
    assert_eq!(Cartesia.explain(&head, b"Too many concurrent requests: m").retry_after_ms, Some(2000));
}
