//! The crate as a whole: a request masked, an answer that repeats it, the answer restored.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

use serde_json::{Value, json};

use crate::{Kind, Kinds, Masker, Restorer};

fn masked(request: &str) -> (String, Restorer) {
    let mut masker = Masker::new(Kinds::ALL);
    let sent = masker.mask_chat(request.as_bytes()).unwrap();
    (String::from_utf8(sent).unwrap(), masker.into_restorer())
}

/// Knows `[EMAIL_1]` (bob@example.com), `[PHONE_1]` (+49 30 1234567) and `[CARD_1]` (4111111111111111).
pub(crate) fn restorer() -> Restorer {
    let request = r#"{"messages":[{"content":"bob@example.com +49 30 1234567, 4111111111111111"}]}"#;
    let (sent, restorer) = masked(request);
    assert_eq!(sent, r#"{"messages":[{"content":"[EMAIL_1] [PHONE_1], [CARD_1]"}]}"#);
    restorer
}

#[test]
fn requests_are_masked() {
    let rows = [
        // The rest stays byte by byte.
        (
            r#" {"x" : 1.50, "messages":[ {"role":"user","content":"I am bob@example.com"} ],"model":"gpt-4o-2024-08-06" } "#,
            r#" {"x" : 1.50, "messages":[ {"role":"user","content":"I am [EMAIL_1]"} ],"model":"gpt-4o-2024-08-06" } "#,
        ),
        // System messages, names, parts; pictures are left alone.
        (
            r#"{"messages":[{"role":"system","content":"Ask bob@example.com","name":"bob@example.com"},{"content":[{"type":"text","text":"eve@example.com"},{"type":"image_url","image_url":{"url":"https://x.example/eve@example.com"}},{"type":"input_audio","input_audio":{"data":"+12345678/"}}]}]}"#,
            r#"{"messages":[{"role":"system","content":"Ask [EMAIL_1]","name":"[EMAIL_1]"},{"content":[{"type":"text","text":"[EMAIL_2]"},{"type":"image_url","image_url":{"url":"https://x.example/eve@example.com"}},{"type":"input_audio","input_audio":{"data":"+12345678/"}}]}]}"#,
        ),
        // Tool calls and results, masked inside their JSON: names, numbers, escapes.
        (
            r#"{"messages":[{"tool_calls":[{"id":"4111111111111111","function":{"name":"f","arguments":"{\"to\":\"x\\nbob@example.com\",\"card\": 4111111111111111,\"a@b.de\":[1.0]}"}}]},{"role":"tool","tool_call_id":"4111111111111111","content":"{\"m\":\"bob\\u0040example.com\",\"n\":4111111111111111}"}]}"#,
            r#"{"messages":[{"tool_calls":[{"id":"4111111111111111","function":{"name":"f","arguments":"{\"to\":\"x\\n[EMAIL_1]\",\"card\": \"[CARD_1]\",\"[EMAIL_2]\":[1.0]}"}}]},{"role":"tool","tool_call_id":"4111111111111111","content":"{\"m\":\"[EMAIL_1]\",\"n\":[CARD_1]}"}]}"#,
        ),
        // Descriptions of tools, escapes, lone surrogates, equal names, members nobody knows.
        (
            r#"{"tools":[{"function":{"name":"f","description":"Mail bob@example.com"}}],"user":"bob\u0040example.com","new":{"y":"\ud800 eve@example.com"},"user":"joe@example.com"}"#,
            "{\"tools\":[{\"function\":{\"name\":\"f\",\"description\":\"Mail [EMAIL_1]\"}}],\"user\":\"[EMAIL_1]\",\"new\":{\"y\":\"\u{FFFD} [EMAIL_2]\"},\"user\":\"[EMAIL_3]\"}",
        ),
        // Arguments that are no JSON are text.
        (
            r#"{"messages":[{"tool_calls":[{"function":{"arguments":"{\"to\":\"bob@example.com"}}]}]}"#,
            r#"{"messages":[{"tool_calls":[{"function":{"arguments":"{\"to\":\"[EMAIL_1]"}}]}]}"#,
        ),
        ("not json bob@example.com", "not json bob@example.com"),
        ("{\"a\":\"bob@example.com\"", "{\"a\":\"bob@example.com\""),
        ("", ""),
    ];
    for (request, expected) in rows {
        assert_eq!(masked(request).0, expected);
    }
}

#[test]
fn bytes_that_are_no_text_pass() {
    let mut masker = Masker::new(Kinds::ALL);
    assert_eq!(masker.mask_chat(b"{\"a\":\"\xFF bob@example.com\"}").unwrap(), b"{\"a\":\"\xFF bob@example.com\"}");
    assert!(masker.into_restorer().is_empty());
}

#[test]
fn only_the_kinds_of_the_tenant_are_masked() {
    let request = br#"{"m":"bob@example.com 4111111111111111"}"#;
    for (kinds, expected) in [
        (Kinds::NONE, &request[..]),
        (Kinds::NONE.with(Kind::Card), br#"{"m":"bob@example.com [CARD_1]"}"#),
        (Kinds::NONE.with(Kind::Email), br#"{"m":"[EMAIL_1] 4111111111111111"}"#),
    ] {
        let mut masker = Masker::new(kinds);
        assert_eq!(masker.mask_chat(request).unwrap(), expected);
        // For another vendor: the same again.
        assert_eq!(masker.mask_chat(request).unwrap(), expected);
        assert_eq!(masker.count(Kind::Card), usize::from(kinds.has(Kind::Card)));
    }
}

#[test]
fn placeholders_of_the_user_are_never_restored() {
    let request =
        r#"{"messages":[{"content":"[EMAIL_1] [email_2] bob@example.com"},{"content":"{\"[EMAIL\\u005f3]\":1}"}]}"#;
    let (sent, restorer) = masked(request);
    assert!(sent.contains("[EMAIL_1] [email_2] [EMAIL_4]"), "{sent}");
    let answer = "[EMAIL_1] [EMAIL_2] [EMAIL_3] [EMAIL_4] [EMAIL_5]";
    assert_eq!(restorer.restore_text(answer), "[EMAIL_1] [EMAIL_2] [EMAIL_3] bob@example.com [EMAIL_5]");
}

#[test]
fn texts_are_restored() {
    let restorer = restorer();
    for (text, expected) in [
        ("[EMAIL_1]", "bob@example.com"),
        ("[email_1][Card_1]", "bob@example.com4111111111111111"),
        ("[[EMAIL_1]] é[PHONE_1]é", "[bob@example.com] é+49 30 1234567é"),
        (
            "EMAIL_1 email_1 [EMAIL_01] [EMAIL_11] [EMAIL_1 [EMAIL 1] [MAIL_1]",
            "EMAIL_1 email_1 [EMAIL_01] [EMAIL_11] [EMAIL_1 [EMAIL 1] [MAIL_1]",
        ),
        ("[[[[", "[[[["),
        ("[ééééééééééééé]", "[ééééééééééééé]"),
    ] {
        assert_eq!(restorer.restore_text(text), expected);
    }
}

#[test]
fn whole_answers_are_restored() {
    let rows = [
        (
            r#"{"id":"[EMAIL_1]","choices":[{"index":0,"message":{"content":"To [EMAIL_1]\n","tool_calls":[{"function":{"arguments":"{\"to\":\"[EMAIL_1]\"}"}}]}}],"usage":{"total_tokens":1e2}}"#,
            r#"{"id":"[EMAIL_1]","choices":[{"index":0,"message":{"content":"To bob@example.com\n","tool_calls":[{"function":{"arguments":"{\"to\":\"bob@example.com\"}"}}]}}],"usage":{"total_tokens":1e2}}"#,
        ),
        (r#"{"error":{"message":"[EMAIL_1]"}}"#, r#"{"error":{"message":"[EMAIL_1]"}}"#),
        ("[EMAIL_1]", "[EMAIL_1]"),
    ];
    for (answer, expected) in rows {
        assert_eq!(restorer().json(answer.as_bytes()), expected.as_bytes());
    }
}

/// Values inside a JSON string inside JSON are escaped for both.
#[test]
fn values_in_arguments_are_escaped() {
    let value = "a\"b\\c\n";
    let restorer = Restorer::new([("[email_1]".to_owned(), value.to_owned())].into());
    let arguments = json!({"to": "[EMAIL_1]"}).to_string();
    let whole =
        json!({"choices":[{"message":{"tool_calls":[{"function":{"arguments":arguments}}],"content":"[EMAIL_1]"}}]});
    let whole: Value = serde_json::from_slice(&restorer.json(whole.to_string().as_bytes())).unwrap();
    let message = &whole["choices"][0]["message"];
    let arguments: Value =
        serde_json::from_str(message["tool_calls"][0]["function"]["arguments"].as_str().unwrap()).unwrap();
    assert_eq!((arguments["to"].as_str(), message["content"].as_str()), (Some(value), Some(value)));

    let mut stream = restorer.into_stream();
    let chunk =
        json!({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"to\":\"[EMAIL_1]\"}"}}]}}]});
    let out = text(stream.push(format!("data: {chunk}\n\n").as_bytes()));
    let out: Value = serde_json::from_str(out.trim().strip_prefix("data: ").unwrap()).unwrap();
    let arguments = &out["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"];
    assert_eq!(serde_json::from_str::<Value>(arguments.as_str().unwrap()).unwrap()["to"], value);
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The stream restored, given in these pieces.
pub(crate) fn streamed<'a>(restorer: Restorer, chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut stream = restorer.into_stream();
    let mut out: Vec<u8> = chunks.into_iter().flat_map(|chunk| stream.push(chunk)).collect();
    out.extend(stream.end());
    text(out)
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Whatever the user writes, a model that repeats it, in deltas of any size, in a stream cut anywhere, gives it back.
#[test]
fn what_is_masked_and_repeated_comes_back() {
    const PIECES: [&str; 24] = [
        "bob@example.com",
        "BOB@example.com",
        "+49 30 1234567",
        "415-555-2671",
        "4111 1111 1111 1111",
        "078-05-1120",
        "DE89370400440532013000",
        "[EMAIL_1]",
        "[email_2]",
        "[",
        "]",
        "[PHONE_",
        "EMAIL_1",
        "\"",
        "\\",
        "\n",
        "é",
        "\u{1F600}",
        "１２",
        " ",
        "x",
        "{\"a\":\"",
        "@",
        "1",
    ];
    for seed in 0..1_500 {
        let mut random = Random(seed);
        let original: String = (0..random.below(12)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        let request = json!({"messages":[{"role":"user","content":original}]}).to_string();
        let (sent, restorer) = masked(&request);
        let sent: Value = serde_json::from_str(&sent).unwrap();
        let echo = sent["messages"][0]["content"].as_str().unwrap();
        assert_eq!(restorer.restore_text(echo), original, "seed {seed}");
        let whole = json!({"choices":[{"message":{"content":echo}}]}).to_string();
        let whole: Value = serde_json::from_slice(&restorer.json(whole.as_bytes())).unwrap();
        assert_eq!(whole["choices"][0]["message"]["content"], original.as_str(), "seed {seed}");

        let mut stream = String::new();
        let letters: Vec<char> = echo.chars().collect();
        let mut rest = letters.as_slice();
        while !rest.is_empty() {
            let (delta, after) = rest.split_at(random.below(6).min(rest.len()));
            let delta: String = delta.iter().collect();
            stream.push_str(&format!("data: {}\n\n", json!({"choices":[{"index":0,"delta":{"content":delta}}]})));
            rest = after;
        }
        if random.below(2) == 0 {
            stream.push_str("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
        }
        let size = 1 + random.below(40);
        let out = streamed(restorer, stream.as_bytes().chunks(size));
        let events = out.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
        let deltas = events.map(|data| serde_json::from_str::<Value>(data).unwrap());
        let back: String =
            deltas.map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().unwrap_or("").to_owned()).collect();
        assert_eq!(back, original, "seed {seed}");
    }
}
