//! Rules for damaged and hostile input: nothing panics, nothing is charged above the worst case, nothing leaks.

use alloc::vec;
use alloc::vec::Vec;

use super::metering::{feed, within};
use super::{Noise, Recording, Webhook};
use crate::{Adapter, AnswerHead, Call, Header, Operation, Outgoing, Usage};

/// A vendor's text that must not reach the page.
const MARKER: &str = "Zq7vendor-text";

/// Each byte of the answer in turn is changed or dropped, and noise comes in its place.
pub fn damaged_answers_stay_within_worst_case(adapter: &dyn Adapter, recording: &Recording, call: &Call) {
    let fits = |body: &[u8]| {
        let outcome = feed(adapter, recording, call, [body]);
        // Numbers that the vendor itself reports may be anything; the gate bounds those by the reservation.
        let reported = matches!(outcome.usage, Usage::Reported(_));
        assert!(
            reported || within(&outcome.usage, &call.worst_case),
            "{}: {:?} above worst case",
            recording.name,
            outcome.usage
        );
    };
    for body in damaged(&recording.body) {
        fits(&body);
    }
    let mut noise = Noise(0x5eed);
    for length in [0, 1, 2, 100, 5000] {
        fits(&noise.bytes(length));
    }
}

/// Options and chat bodies that are damaged are refused or planned, never a panic.
pub fn damaged_plans_never_panic(adapter: &dyn Adapter, recordings: &[Recording]) {
    let mut noise = Noise(0x5eed);
    for recording in recordings {
        for options in ["", "[]", "null", "{", r#"{"model":1}"#, r#"{"max_characters":-1}"#, r#"{"a":1,"a":2}"#] {
            let _ = adapter.plan(&recording.operation, options);
        }
        if let Operation::Chat(body) = &recording.operation {
            for body in damaged(body) {
                let operation = Operation::Chat(body);
                let planned = adapter.plan(&operation, recording.options);
                // A meter for a body that doesn't plan is never asked for, and must not panic all the same.
                let worst_case = planned.map(|call| call.worst_case).unwrap_or_default();
                let mut meter = adapter.meter(&operation, &recording.head, &worst_case);
                let _ = meter.push(&recording.body);
                let _ = meter.end();
            }
            let _ = adapter.plan(&Operation::Chat(noise.bytes(1000)), recording.options);
        }
    }
}

/// What a page or a vendor can put into an id or a topic never changes where a call goes.
pub fn ids_and_topics_stay_in_their_place(adapter: &dyn Adapter) {
    let hostile = [
        "",
        "../x",
        "a b",
        "a/../b",
        "é",
        "c1?x=1",
        "c1#x",
        "c1\r\nx: y",
        "%2e%2e/x",
        "..",
        "//evil",
        "a\\b",
        "a{key}",
    ];
    for text in hostile {
        let message = Outgoing { conversation: text.into(), text: "Hi".into() };
        let operations =
            [Operation::LiveEnd(text.into()), Operation::JobLook(text.into()), Operation::MessageSend(message)];
        for operation in operations {
            let planned = adapter.plan(&operation, "{}");
            // Where the id goes into the body it can do no harm; in a path it could.
            if let Ok(call) = planned {
                assert!(
                    text.is_empty() || !call.path.contains(text),
                    "the id {text:?} must not get into a path: {call:?}"
                );
                assert!(super::planning::is_sound_path(&call.path), "the id {text:?} bends the path {:?}", call.path);
                assert!(
                    super::planning::holds_the_key_as_profiled(adapter, &call.path),
                    "the id {text:?} makes a place for the key: {:?}",
                    call.path
                );
            }
        }
        if let Ok(call) = adapter.plan(&Operation::Context(text.into()), "{}") {
            assert!(super::planning::is_sound_path(&call.path), "the topic {text:?} bends the path {:?}", call.path);
            assert!(!call.path.contains("x=1"), "the topic {text:?} adds a parameter: {:?}", call.path);
            assert!(
                super::planning::holds_the_key_as_profiled(adapter, &call.path),
                "the topic {text:?} makes a place for the key: {:?}",
                call.path
            );
        }
    }
}

/// Every status with every kind of body has an explanation in the gate's own words.
pub fn failures_never_repeat_the_vendor(adapter: &dyn Adapter) {
    let bodies: Vec<Vec<u8>> = vec![
        MARKER.into(),
        alloc::format!(r#"{{"error":{{"message":"{MARKER}","type":"{MARKER}","code":"{MARKER}"}}}}"#).into(),
        alloc::format!(r#"{{"detail":{{"status":"{MARKER}","message":"{MARKER}"}}}}"#).into(),
        alloc::format!(r#"{{"error":"{MARKER}","message":"{MARKER}"}}"#).into(),
        Vec::new(),
        Noise(0x5eed).bytes(500),
    ];
    for status in (300..600).chain([0, 100, 200, 999]) {
        let head = AnswerHead { status, headers: vec![Header::new("retry-after", MARKER)] };
        for body in &bodies {
            let failure = adapter.explain(&head, body);
            assert!(!failure.message.contains(MARKER), "{status}: the page sees the vendor's text: {failure:?}");
            assert!(!failure.message.is_empty() && !failure.code.is_empty(), "{status}: {failure:?}");
            assert!(
                failure.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{status}: a code is a name: {failure:?}"
            );
        }
    }
}

/// A repeat of a webhook has the same id; damage gives an error or another event, never a panic.
pub fn webhook_is_repeatable_and_robust(adapter: &dyn Adapter, webhook: &Webhook) {
    let event = match adapter.webhook(&webhook.headers, &webhook.body) {
        Ok(event) => event,
        Err(error) => panic!("a recorded webhook must be read, but {error}"),
    };
    assert_eq!(adapter.webhook(&webhook.headers, &webhook.body).as_ref(), Ok(&event), "a repeat reads the same");
    for text in [&event.dedupe_id, &event.name] {
        assert!(
            (1..=512).contains(&text.len()) && !text.chars().any(char::is_control),
            "ids and names are short and plain: {event:?}"
        );
    }
    for body in damaged(&webhook.body) {
        let _ = adapter.webhook(&webhook.headers, &body);
        let _ = adapter.webhook(&[], &body);
    }
    assert!(adapter.webhook(&[], b"").is_err(), "nothing is not an event");
    assert!(adapter.webhook(&[], &Noise(0x5eed).bytes(300)).is_err(), "noise is not an event");
    assert!(adapter.webhook(&[], "[".repeat(20_000).as_bytes()).is_err(), "depth is not an event");
}

/// Copies of `body`, each with one byte changed or left out, or with its tail cut off.
pub fn damaged(body: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..body.len()).flat_map(move |at| {
        let changed = |byte: u8| {
            let mut copy = body.to_vec();
            copy.splice(at..=at, [byte]);
            copy
        };
        let (left, right) = body.split_at(at);
        let dropped = [left, right.get(1..).unwrap_or_default()].concat();
        [changed(b'9'), changed(b'"'), changed(0xff), dropped, left.to_vec()]
    })
}
