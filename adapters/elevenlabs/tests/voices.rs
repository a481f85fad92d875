//! Voices made of samples: the call, and what its answers say.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::conformance::{Ending, JobAnswer, Recording, Records, check};
use adapter::{
    Adapter, AnswerHead, Job, JobState, NoGood, Operation, PlanError, Progress, Quantity, Speech, Unit, Usage,
    VOICE_CLONE, units_of,
};
use elevenlabs::ElevenLabs;
use serde_json::{Value, json};

const ID: &str = "c38kUX8pkfYO2kHyqfFy";

fn start(changes: Value) -> Operation {
    let mut input = json!({"name": "Meta Travis", "media_type": "audio/mpeg", "sample": "SUQzBAAA"});
    for (name, value) in changes.as_object().unwrap() {
        input.as_object_mut().unwrap().insert(name.clone(), value.clone());
    }
    let job = Job { id: "job_1".into(), kind: VOICE_CLONE.into(), input: input.to_string().into(), ..Job::default() };
    Operation::JobStart(job)
}

fn look() -> Operation {
    Operation::JobLook(ID.into())
}

fn paid() -> Usage {
    Usage::Counted(vec![Quantity::new(Unit::Requests, 1)])
}

fn state(progress: Progress, usage: Usage) -> JobState {
    JobState { vendor_id: Some(ID.into()), progress, usage }
}

fn voice(verification: Value) -> Vec<u8> {
    json!({"voice_id": ID, "name": "Meta Travis", "category": "cloned", "voice_verification": verification})
        .to_string()
        .into()
}

#[test]
fn recorded_answers() {
    let made: Vec<u8> = json!({"voice_id": ID, "requires_verification": false}).to_string().into();
    let done = || Progress::Done(json!({"voice_id": ID}).to_string().into());
    let waits = json!({"requires_verification": true, "is_verified": false, "verification_failures": []});
    let verified = json!({"requires_verification": true, "is_verified": true, "verification_failures": []});
    let answers = [
        (start(json!({})), made.clone(), state(done(), paid())),
        (
            start(json!({})),
            json!({"voice_id": ID, "requires_verification": true}).to_string().into(),
            state(Progress::Running, Usage::Unknown),
        ),
        (look(), voice(json!({"requires_verification": false})), state(done(), paid())),
        (look(), voice(Value::Null), state(done(), paid())),
        (look(), voice(waits), state(Progress::Running, Usage::Unknown)),
        (look(), voice(verified), state(done(), paid())),
    ];
    let jobs = answers.map(|(operation, body, state)| JobAnswer { operation, body, state });
    let speech = Speech { text: "Hi".into(), voice: None, format: "mp3".into() };
    let rows = [
        ("clone", start(json!({})), made, Usage::Unknown),
        ("look", look(), voice(Value::Null), Usage::Counted(vec![])),
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
    check(&ElevenLabs, &Records { recordings: recordings.into(), jobs: jobs.into(), ..Records::default() });
}

#[test]
fn twn_1_a_sample_is_sent_as_a_form() {
    let call = ElevenLabs.plan(&start(json!({"description": "host"})), "{}").unwrap();
    assert_eq!((call.method, call.path.as_str()), ("POST", "/v1/voices/add"));
    assert_eq!(units_of(&call.worst_case, Unit::Requests), 1);
    let body = String::from_utf8_lossy(&call.body).into_owned();
    for part in ["name=\"name\"\r\n\r\nMeta Travis\r\n", "name=\"description\"\r\n\r\nhost\r\n"] {
        assert!(body.contains(part), "{body}");
    }
    assert!(body.contains("name=\"files\"; filename=\"sample.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\nID3"), "{body}");
    let content_type = call.headers.iter().find(|header| header.name == "content-type").unwrap();
    assert_eq!(content_type.value, "multipart/form-data; boundary=tollgate-job1-0000");
    let call = ElevenLabs.plan(&look(), "{}").unwrap();
    assert_eq!((call.method, call.path, call.worst_case), ("GET", format!("/v1/voices/{ID}"), vec![]));
}

#[test]
fn what_is_no_clone_is_refused() {
    let refuses = |operation: &Operation, field: &str| {
        let planned = ElevenLabs.plan(operation, "{}");
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{planned:?}");
    };
    refuses(&start(json!({"sample": "x"})), "input.sample");
    refuses(&Operation::JobStart(Job { kind: "clip".into(), ..Job::default() }), "kind");
    refuses(&Operation::JobLook("a/b".into()), "id");
}

#[test]
fn a_voice_that_is_not_the_speakers_fails() {
    let failed =
        json!({"requires_verification": true, "is_verified": false, "verification_failures": ["voice mismatch"]});
    let read = ElevenLabs.read_job(&look(), &voice(failed)).unwrap();
    assert!(matches!(&read.progress, Progress::Failed(failure) if failure.code == "voice_not_verified"), "{read:?}");
    assert_eq!(read.usage, paid());
    for body in ["{}", "[]", r#"{"voice_id":"../x"}"#, r#"{"voice_id":"another"}"#] {
        let read = ElevenLabs.read_job(&look(), body.as_bytes());
        assert!(matches!(read, Err(NoGood::Garbled(_))), "{body}");
    }
}
