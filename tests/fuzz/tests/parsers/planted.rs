//! The fuzzer itself, tried on parsers with known faults: it must find each of them, soon, and tell how to repeat it.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fuzz::{Case, Finding, explore};
use serde_json::Value;

use crate::require;

/// What is found within a bound that no fault here comes near.
fn found(name: &str, good: &[&str], property: impl Fn(&Case) -> Result<(), String>) -> Finding {
    let corpus: Vec<Case> = good.iter().map(|body| vec![body.as_bytes().to_vec()]).collect();
    let finding = explore(name, &corpus, 1, Duration::from_secs(60), &property).expect_err("the fault is found");
    let again =
        explore(name, &corpus, finding.seed, Duration::from_secs(60), &property).expect_err("it is found again");
    assert_eq!(again, finding, "the same seed finds the same");
    assert!(finding.to_string().contains("FUZZ_SEED=1"), "{finding}");
    finding
}

#[test]
fn a_panic_in_the_depth_is_found_and_made_small() {
    let good = r#"{"event": "done", "data": {"items": [{"count": 5, "name": "a"}]}}"#;
    let finding = found("planted panic", &[good], |case| {
        let value: Value = serde_json::from_slice(&case[0]).unwrap_or_default();
        if let Some(count) = value.pointer("/data/items/0/count").and_then(Value::as_i64) {
            assert!(count.checked_neg().is_some(), "there is no such number");
        }
        Ok(())
    });
    assert!(finding.what.contains("there is no such number"), "{finding}");
    assert!(finding.case[0].len() <= good.len() + 30, "{finding}");
}

#[test]
fn a_slice_within_a_character_is_found() {
    let finding = found("planted slice", &[r#"{"text": "Hello there"}"#], |case| {
        let value: Value = serde_json::from_slice(&case[0]).unwrap_or_default();
        let text = value["text"].as_str().unwrap_or_default();
        let _ = &text[..text.len().min(8)];
        Ok(())
    });
    assert!(finding.what.starts_with("panics"), "{finding}");
}

/// It checks a body without the spaces around it.
#[test]
fn a_signature_that_leaves_bytes_out_is_found() {
    let body = "{\"id\": \"evt_1\"}";
    let trimmed_sum =
        |body: &[u8]| body.trim_ascii().iter().fold(7_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(*byte));
    let signed = trimmed_sum(body.as_bytes());
    let finding = found("planted signature", &[body], |case| {
        let believed = trimmed_sum(&case[0]) == signed;
        require(!believed || case[0] == body.as_bytes(), || "a body that nobody signed is believed".to_owned())
    });
    assert!(finding.what.contains("nobody signed"), "{finding}");
}

#[test]
fn two_readings_of_one_object_are_found() {
    let first = |text: &str| text.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
    let finding = found("planted twins", &[r#"{"id":"a","b":"c"}"#], |case| {
        let Ok(value) = serde_json::from_slice::<Value>(&case[0]) else { return Ok(()) };
        let (Some(seen), Some(text)) = (value["id"].as_str(), std::str::from_utf8(&case[0]).ok()) else {
            return Ok(());
        };
        let plain = seen.bytes().all(|byte| byte.is_ascii_alphanumeric());
        require(!plain || first(text).is_none_or(|first| first == seen), || "two ids".to_owned())
    });
    assert_eq!(finding.what, "two ids");
}

#[test]
fn the_vendors_words_are_found_in_ours() {
    let finding = found("planted leak", &[r#"{"error": {"message": "no credit"}}"#], |case| {
        let value: Value = serde_json::from_slice(&case[0]).unwrap_or_default();
        let told = value["error"]["message"].as_str().unwrap_or("unknown").to_owned();
        require(!told.contains(fuzz::damage::MARK), || format!("told: {told}"))
    });
    assert!(finding.what.contains(fuzz::damage::MARK), "{finding}");
}

/// What becomes longer at each round trip, such as an answer that repeats what it was sent.
#[test]
fn an_answer_without_a_bound_is_found() {
    let finding = found("planted growth", &[r#"{"list": [1, 2]}"#], |case| {
        let value: Value = serde_json::from_slice(&case[0]).unwrap_or_default();
        let told = value["list"].as_array().map_or(0, |list| list.len() * BASE64_STANDARD.encode(&case[0]).len());
        require(told <= 8 * case[0].len() + 100, || format!("{told} bytes"))
    });
    assert!(finding.what.ends_with("bytes"), "{finding}");
}
