//! Every vendor's error answers: explained in the gate's words, never in theirs.

use adapter::{AnswerHead, Header};
use fuzz::damage::MARK;
use fuzz::{Case, hold};
use serde_json::Value;

use crate::{adapters, is_our_own, millis, recorded, require};

const STATUSES: [&str; 10] = ["200", "400", "401", "402", "403", "404", "409", "422", "429", "500"];

/// The same answer with the vendor's own words wherever it has words at all.
fn wordy(body: &[u8]) -> Vec<u8> {
    fn marked(value: &mut Value) {
        match value {
            Value::String(text) => MARK.clone_into(text),
            Value::Array(items) => items.iter_mut().for_each(marked),
            Value::Object(members) => members.values_mut().for_each(marked),
            _ => {}
        }
    }
    let mut value: Value = serde_json::from_slice(body).unwrap_or_default();
    marked(&mut value);
    value.to_string().into_bytes()
}

#[test]
fn a_refusal_is_told_in_the_gates_words() {
    for adapter in adapters() {
        let vendor = adapter.profile().vendor;
        let mut bodies = recorded(vendor);
        bodies.push(br#"{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":5}}"#.to_vec());
        bodies.push(br#"{"ok":false,"description":"x","detail":{"status":"x","message":"x"},"response":{}}"#.to_vec());
        // Every answer with every status, as it is and with the vendor's words in it.
        bodies.extend(bodies.clone().iter().map(|body| wordy(body)));
        let with = |body: &Vec<u8>, status: &str| vec![body.clone(), status.as_bytes().to_vec(), b"2".to_vec()];
        let corpus: Vec<Case> =
            bodies.iter().flat_map(|body| STATUSES.iter().map(move |status| with(body, status))).collect();
        hold(&format!("refusal of {vendor}"), &corpus, millis(200), |case| {
            let [body, status, wait] = case.as_slice() else { panic!("three parts") };
            let status = String::from_utf8_lossy(status).parse().unwrap_or(429);
            let head = AnswerHead { status, headers: vec![Header::new("retry-after", String::from_utf8_lossy(wait))] };
            let failure = adapter.explain(&head, body);
            require(adapter.explain(&head, body) == failure, || "explained twice, it is two things".to_owned())?;
            is_our_own(&failure)
        });
    }
}
