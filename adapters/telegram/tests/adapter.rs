//! The conformance kit on recorded shapes, and what becomes of messages in both directions.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, Webhook, check};
use adapter::{Adapter, AnswerHead, Effect, Header, Incoming, Operation, Outgoing, PlanError, Usage};
use serde_json::{Value, json};
use telegram::Telegram;

const SENT: &[u8] = include_bytes!("fixtures/sent.json");
const TOO_MANY: &[u8] = include_bytes!("fixtures/too_many.json");
const PRIVATE: &[u8] = include_bytes!("fixtures/private.json");
const GROUP: &[u8] = include_bytes!("fixtures/group.json");
const EDITED: &[u8] = include_bytes!("fixtures/edited.json");
const CALLBACK: &[u8] = include_bytes!("fixtures/callback.json");

fn say(conversation: &str, text: &str) -> Operation {
    Operation::MessageSend(Outgoing { conversation: conversation.into(), text: text.into() })
}

#[test]
fn recorded_answers() {
    let rows = [("sent", SENT, Ending::Complete), ("a good status that says no", TOO_MANY, Ending::Faulty)];
    let recordings = rows.map(|(name, body, ending)| Recording {
        name,
        operation: say("1111111", "Hi Ada"),
        options: "{}",
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage: Usage::Counted(vec![]),
        ending,
    });
    let webhooks = [PRIVATE, GROUP, EDITED, CALLBACK].map(|body| Webhook { headers: vec![], body: body.to_vec() });
    check(&Telegram, &Records { recordings: recordings.into(), webhooks: webhooks.into(), ..Records::default() });
}

fn body_of(operation: &Operation) -> Value {
    serde_json::from_slice(&Telegram.plan(operation, "{}").unwrap().body).unwrap()
}

#[test]
fn a_message_is_plain_text_for_one_chat() {
    let call = Telegram.plan(&say("-1001234567890", "*5* < 6"), "{}").unwrap();
    assert_eq!((call.method, call.path.as_str()), ("POST", "/bot{key}/sendMessage"));
    assert!(call.worst_case.is_empty(), "it costs nothing");
    assert_eq!(
        body_of(&say("-1001234567890", "*5* < 6")),
        json!({"chat_id": -1_001_234_567_890_i64, "text": "*5* < 6"})
    );
    let long = "\u{1F600}".repeat(4096);
    assert_eq!(body_of(&say("1", &long)), json!({"chat_id": 1, "text": format!("{}…", "\u{1F600}".repeat(2047))}));
}

#[test]
fn wrong_requests_name_the_field() {
    let rows = [
        (say("", "Hi"), "conversation"),
        (say("@harbour", "Hi"), "conversation"),
        (say("1111111, \"parse_mode\": \"HTML\"", "Hi"), "conversation"),
        (say("99999999999999999999", "Hi"), "conversation"),
        (say("1", ""), "text"),
        (say("1", " \n\t"), "text"),
    ];
    for (operation, field) in rows {
        let planned = Telegram.plan(&operation, "{}");
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{field}: {planned:?}");
    }
    assert!(matches!(Telegram.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn answers_are_told_in_the_gates_words() {
    let rows = [
        (SENT.to_vec(), Some(r#"{"message_id":"1366"}"#)),
        (
            br#"{"ok":true,"result":{"message_id":9007199254740993}}"#.to_vec(),
            Some(r#"{"message_id":"9007199254740993"}"#),
        ),
        (br#"{"ok":true,"result":true}"#.to_vec(), None),
        (br#"{"ok":true}"#.to_vec(), None),
        (br#"{"ok":"true","result":{"message_id":1}}"#.to_vec(), None),
        (br#"{"ok":false,"ok":true,"result":{"message_id":1}}"#.to_vec(), None),
        (b"[]".to_vec(), None),
        (b"".to_vec(), None),
    ];
    for (body, expected) in rows {
        let mut meter = Telegram.meter(&say("1", "Hi"), &AnswerHead::default(), &[]);
        assert_eq!(meter.push(&body), Ok(vec![]));
        let passed = meter.end().ok();
        assert_eq!(passed.as_deref(), expected.map(str::as_bytes), "{}", String::from_utf8_lossy(&body));
        assert_eq!(meter.usage(), Usage::Counted(vec![]));
    }
}

#[test]
fn refusals() {
    let no = |code: u16, description: &str| {
        json!({"ok": false, "error_code": code, "description": description}).to_string().into_bytes()
    };
    let rows = [
        (429, TOO_MANY.to_vec(), "rate_limited", true, Some(5_000)),
        // The gate was told 200, and no.
        (200, TOO_MANY.to_vec(), "rate_limited", true, Some(5_000)),
        (429, no(429, "Too Many Requests"), "rate_limited", true, Some(2_000)),
        (429, b"<html>".to_vec(), "rate_limited", true, Some(2_000)),
        (429, br#"{"ok":false,"parameters":{"retry_after":-5}}"#.to_vec(), "rate_limited", true, Some(2_000)),
        (429, br#"{"ok":false,"parameters":{"retry_after":1e99}}"#.to_vec(), "rate_limited", true, Some(2_000)),
        (429, br#"{"ok":false,"parameters":{"retry_after":9223372036854775807}}"#.to_vec(), "rate_limited", true, Some(2_000)),
        (429, br#"{"ok":false,"parameters":[5]}"#.to_vec(), "rate_limited", true, Some(2_000)),
        (401, no(401, "Unauthorized"), "invalid_key", false, None),
        (404, no(404, "Not Found"), "invalid_key", false, None),
        (403, no(403, "Forbidden: bot was blocked by the user"), "not_permitted", false, None),
        (400, no(400, "Bad Request: chat not found"), "not_found", false, None),
        (
            400,
            br#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001234567890}}"#.to_vec(),
            "not_found",
            false,
            None,
        ),
        (400, no(400, "Bad Request: message is too long"), "invalid_request", false, None),
        (409, no(409, "Conflict"), "conflict", true, Some(2_000)),
        (500, no(500, "Internal Server Error"), "vendor_internal", true, Some(2_000)),
        (502, b"<html>bad gateway</html>".to_vec(), "vendor_internal", true, Some(2_000)),
        // A code that is none says nothing.
        (403, no(999, ""), "not_permitted", false, None),
        (403, br#"{"error_code":"429"}"#.to_vec(), "not_permitted", false, None),
        (200, b"{}".to_vec(), "unexpected_status", false, None),
    ];
    for (status, body, code, retryable, retry_after_ms) in rows {
        let head = AnswerHead { status, headers: vec![Header::new("retry-after", "2")] };
        let failure = Telegram.explain(&head, &body);
        let found = (failure.code, failure.retryable, failure.retry_after_ms);
        assert_eq!(found, (code, retryable, retry_after_ms), "{status} {}", String::from_utf8_lossy(&body));
    }
}

/// A message with `changes` made to it, as update 1.
fn update(changes: &Value) -> Value {
    let mut message = json!({"message_id": 5, "from": {"id": 2, "is_bot": false}, "chat": {"id": 3, "type": "private"},
        "date": 1, "text": "Hi"});
    for (name, value) in changes.as_object().unwrap() {
        message.as_object_mut().unwrap().insert(name.clone(), value.clone());
    }
    json!({"update_id": 1, "message": message})
}

fn said(conversation: &str, sender: &str, text: &str) -> Effect {
    Effect::Message(Incoming { conversation: conversation.into(), sender: sender.into(), text: text.into() })
}

#[test]
fn updates() {
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
    let rows = [
        (text(PRIVATE), "10000", "message", said("1111111", "1111111", "When does the ferry leave?")),
        (text(GROUP), "10001", "message", said("-1001234567890", "6123456789", "/run@harbour_bot evening")),
        (text(EDITED), "10002", "edited_message", Effect::None),
        (text(CALLBACK), "10003", "callback_query", Effect::None),
        (update(&json!({})).to_string(), "1", "message", said("3", "2", "Hi")),
        (update(&json!({"chat": {"id": -4, "type": "group"}})).to_string(), "1", "message", said("-4", "2", "Hi")),
        (update(&json!({"text": "x".repeat(9000)})).to_string(), "1", "message", said("3", "2", &"x".repeat(4096))),
        (update(&json!({"text": null, "photo": []})).to_string(), "1", "message", Effect::None),
        (update(&json!({"text": " \n"})).to_string(), "1", "message", Effect::None),
        (update(&json!({"text": 5})).to_string(), "1", "message", Effect::None),
        (update(&json!({"chat": {"id": -5, "type": "channel"}})).to_string(), "1", "message", Effect::None),
        (update(&json!({"from": null})).to_string(), "1", "message", Effect::None),
        (update(&json!({"from": {"id": 2, "is_bot": true}})).to_string(), "1", "message", Effect::None),
        (update(&json!({"sender_chat": {"id": -5}})).to_string(), "1", "message", Effect::None),
        (
            r#"{"update_id":2,"channel_post":{"chat":{"id":-5,"type":"channel"},"text":"Hi"}}"#.into(),
            "2",
            "channel_post",
            Effect::None,
        ),
        (r#"{"update_id":3,"message":"Hi"}"#.into(), "3", "message", Effect::None),
        (r#"{"update_id":4}"#.into(), "4", "update", Effect::None),
        (r#"{"update_id":-5,"a b":1}"#.into(), "-5", "update", Effect::None),
    ];
    for (body, dedupe_id, name, effect) in rows {
        let event = Telegram.webhook(&[], body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!((event.dedupe_id.as_str(), event.name.as_str(), event.effect), (dedupe_id, name, effect), "{body}");
    }
}

#[test]
fn what_is_no_update() {
    let rows = [
        "[]".to_owned(),
        r#"{"message":{"text":"Hi"}}"#.to_owned(),
        r#"{"update_id":"1"}"#.to_owned(),
        r#"{"update_id":1.5}"#.to_owned(),
        r#"{"update_id":99999999999999999999}"#.to_owned(),
        // Two parsers might see two updates.
        r#"{"update_id":1,"update_id":2}"#.to_owned(),
        update(&json!({"chat": null})).to_string(),
        update(&json!({"chat": {"id": 3}})).to_string(),
        update(&json!({"chat": {"type": "private"}})).to_string(),
        update(&json!({"chat": {"id": "3", "type": "private"}})).to_string(),
        update(&json!({"chat": {"id": 3.5, "type": "private"}})).to_string(),
        update(&json!({"from": {"is_bot": false}})).to_string(),
    ];
    for body in rows {
        assert!(Telegram.webhook(&[], body.as_bytes()).is_err(), "{body}");
    }
}
