//! Voices made of samples: the call, and what its answers say.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::conformance::{Ending, JobAnswer, Recording, Records, check};
use adapter::{
    Adapter, AnswerHead, Header, Job, JobState, NoGood, Operation, PlanError, Progress, Quantity, Speech, Unit, Usage,
    VOICE_CLONE,
};
use cartesia::Cartesia;
use serde_json::json;

const ID: &str = "f78a3c0e-3b8e-4b6f-8f7d-1e2b3c4d5e6f";

fn start(media_type: &str) -> Operation {
    let input = json!({"name": "Meta Travis", "media_type": media_type, "sample": "UklGRg=="});
    let job = Job { id: "job_1".into(), kind: VOICE_CLONE.into(), input: input.to_string().into(), ..Job::default() };
    Operation::JobStart(job)
}

fn look() -> Operation {
    Operation::JobLook(ID.into())
}

#[test]
fn recorded_answers() {
    let voice: Vec<u8> =
        json!({"id": ID, "is_owner": true, "name": "Meta Travis", "language": "en"}).to_string().into();
    let usage = Usage::Counted(vec![Quantity::new(Unit::Requests, 1)]);
    let progress = Progress::Done(json!({"voice_id": ID}).to_string().into());
    let state = JobState { vendor_id: Some(ID.into()), progress, usage };
    let jobs = [start("audio/wav"), look()].map(|operation| JobAnswer {
        operation,
        body: voice.clone(),
        state: state.clone(),
    });
    let speech = Speech { text: "Hi".into(), voice: None, format: "mp3".into() };
    let rows = [
        ("clone", start("audio/wav"), voice.clone(), Usage::Unknown),
        ("look", look(), voice, Usage::Counted(vec![])),
        (
            "speech",
            Operation::Speech(speech),
            b"ID3".to_vec(),
            Usage::Counted(vec![Quantity::new(Unit::Characters, 2)]),
        ),
    ];
    let recordings = rows.map(|(name, operation, body, usage)| Recording {
        name,
        operation,
        options: "{}",
        head: AnswerHead { status: 200, headers: vec![] },
        body,
        usage,
        ending: Ending::Complete,
    });
    check(&Cartesia, &Records { recordings: recordings.into(), jobs: jobs.into(), ..Records::default() });
}

#[test]
fn twn_1_a_sample_is_sent_as_a_form() {
    let check = |options: &str, version: &str, language: &str| {
        let call = Cartesia.plan(&start("audio/wav"), options).unwrap();
        assert_eq!((call.method, call.path.as_str()), ("POST", "/voices/clone"));
        assert!(call.headers.contains(&Header::new("cartesia-version", version)), "{:?}", call.headers);
        let body = String::from_utf8(call.body).unwrap();
        for part in ["name=\"name\"\r\n\r\nMeta Travis\r\n", &format!("name=\"language\"\r\n\r\n{language}\r\n")] {
            assert!(body.contains(part), "{body}");
        }
        let file = "name=\"clip\"; filename=\"sample.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n";
        assert!(body.contains(file), "{body}");
    };
    check("{}", "2026-08-14", "en");
    check(r#"{"language":"de","version":"2026-03-01"}"#, "2026-03-01", "de");
    let call = Cartesia.plan(&look(), "{}").unwrap();
    assert_eq!((call.method, call.path), ("GET", format!("/voices/{ID}")));
}

#[test]
fn what_is_no_clone_is_refused() {
    let refuses = |operation: &Operation, options: &str, field: &str| {
        let planned = Cartesia.plan(operation, options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{planned:?}");
    };
    refuses(&start("audio/mp4"), "{}", "input.media_type");
    refuses(&start("audio/wav"), r#"{"language":"d e"}"#, "options.language");
    refuses(&look(), r#"{"version":"latest"}"#, "options.version");
    refuses(&Operation::JobStart(Job { kind: "clip".into(), ..Job::default() }), "{}", "kind");
    refuses(&Operation::JobLook("a/b".into()), "{}", "id");
    for body in ["{}", "[]", r#"{"id":"../x"}"#, r#"{"id":"another"}"#] {
        assert!(matches!(Cartesia.read_job(&look(), body.as_bytes()), Err(NoGood::Garbled(_))), "{body}");
    }
}
