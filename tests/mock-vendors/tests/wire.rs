//! What is special about each vendor's wire, in its raw form.

mod common;

use axum::http::Method;
use common::{json, mock};
use mock_vendors::client;
use serde_json::Value;

/// A call with several headers, `name: value` each.
async fn call(mock: &mock_vendors::Mock, path: &str, headers: &[&str], body: &str) -> client::Answer {
    let headers: Vec<(String, String)> =
        headers.iter().filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    client::send(Method::POST, &format!("{}{path}", mock.url()), &headers, body.to_owned()).await.expect("an answer")
}

#[tokio::test]
async fn streams() {
    let mock = mock().await;
    let text = |answer: client::Answer| String::from_utf8(answer.body.to_vec()).expect("UTF-8");

    let body = r#"{"model":"deepseek-flash","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"[[think]][[cached]]hi"}]}"#;
    let stream = text(call(&mock, "/deepseek/chat/completions", &["authorization: Bearer k"], body).await);
    assert!(stream.starts_with(": keep-alive\n\n") && stream.ends_with("data: [DONE]\n\n"));
    let thought = stream.find("reasoning_content").expect("a thought");
    assert!(stream[thought..].contains(r#""content":"Hi,"#), "thoughts come first");
    let last = stream.trim_end().rsplit("data: ").nth(1).expect("the last chunk");
    let usage = &serde_json::from_str::<Value>(last.trim_end()).expect("JSON")["usage"];
    let count = |name: &str| usage[name].as_u64().expect("a number");
    assert_eq!(count("prompt_tokens"), count("prompt_cache_hit_tokens") + count("prompt_cache_miss_tokens"));
    assert!(count("prompt_cache_hit_tokens") > 0);

    let body = r#"{"model":"claude","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
    let headers = ["x-api-key: k", "anthropic-version: 2023-06-01"];
    let stream = text(call(&mock, "/anthropic/v1/messages", &headers, body).await);
    let names: Vec<&str> = stream.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names[..4], ["message_start", "content_block_start", "ping", "content_block_delta"]);
    assert_eq!(names[names.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    assert!(stream.contains(r#""stop_reason":"max_tokens""#) && stream.contains(r#""usage":{"output_tokens":9}"#));

    let body = r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#;
    let path = "/gemini/v1beta/models/gemini-x:streamGenerateContent?alt=sse";
    let stream = text(call(&mock, path, &["x-goog-api-key: k"], body).await);
    let events: Vec<&str> = stream.split("\r\n\r\n").filter(|event| !event.is_empty()).collect();
    assert!(events.iter().all(|event| event.starts_with("data: {")), "{stream}");
    let counted = events.iter().filter(|event| event.contains("usageMetadata")).count();
    assert!(counted > 2 && counted < events.len(), "most events count, some don't: {counted} of {}", events.len());
    assert!(events.last().is_some_and(|event| event.contains(r#""finishReason":"STOP""#)));
}

#[tokio::test]
async fn what_a_vendor_insists_on() {
    let mock = mock().await;
    let message = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
    let speech = r#"{"model_id":"sonic-3.5","transcript":"Hi","voice":{"id":"v"},"output_format":{"container":"raw","encoding":"pcm_s16le","sample_rate":16000}}"#;
    let content = r#"{"contents":[{"role":"user","parts":[{"text":"[[block]]"}]}]}"#;
    let form = "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nada\r\n--b--\r\n";
    let said = r#"{"chat_id":1,"text":"Hi"}"#;
    let multipart = "content-type: multipart/form-data; boundary=b";
    // (path, headers, body, status, a text in the answer)
    let rows: [(&str, &[&str], &str, u16, &str); 22] = [
        ("/anthropic/v1/messages", &["x-api-key: k"], message, 400, "anthropic-version"),
        ("/anthropic/v1/messages", &["x-api-key: bad"], message, 401, "authentication_error"),
        ("/anthropic/v1/messages/count_tokens", &["x-api-key: k"], message, 200, "input_tokens"),
        ("/gemini/v1beta/models/m:generateContent", &["x-goog-api-key: bad"], content, 400, "API_KEY_INVALID"),
        ("/gemini/v1beta/models/m:generateContent", &["x-goog-api-key: k"], content, 200, "blockReason"),
        ("/gemini/v1beta/models/m:doSomething", &["x-goog-api-key: k"], content, 404, "NOT_FOUND"),
        ("/deepseek/v1/chat/completions", &["authorization: Bearer bad"], message, 401, "authentication_error"),
        ("/cartesia/tts/bytes", &["authorization: Bearer k"], speech, 400, "missing_version"),
        ("/cartesia/tts/bytes", &["authorization: Bearer k", "cartesia-version: 2026-08-14"], speech, 200, ""),
        ("/heygen/v1/sessions/token", &["x-api-key: k"], "{}", 422, "mode"),
        ("/heygen/v1/sessions/stop", &["x-api-key: k"], r#"{"session_id":"x"}"#, 404, "\"code\":404"),
        ("/livekit/twirp/livekit.RoomService/CreateRoom", &["authorization: Bearer x"], "{}", 401, "unauthenticated"),
        ("/kie/api/v1/veo/generate", &["authorization: Bearer k"], "{}", 422, "\"code\":422"),
        ("/shotstack/edit/v1/render", &["x-api-key: bad"], "{}", 403, "Forbidden"),
        ("/shotstack/edit/v1/render", &["x-api-key: k"], "{}", 400, "ValidationError"),
        ("/upload-post/api/upload", &["authorization: Apikey k", multipart], form, 400, "Idempotency-Key"),
        ("/upload-post/api/upload", &["authorization: Apikey k", multipart, "idempotency-key: 1"], form, 400, "video"),
        ("/telegram/botbad:1/sendMessage", &[], said, 401, "Unauthorized"),
        ("/telegram/k/sendMessage", &[], said, 401, "Unauthorized"),
        ("/telegram/botk/doSomething", &[], said, 404, "Not Found"),
        ("/telegram/botk/sendMessage", &[], "{}", 400, "chat_id"),
        ("/telegram/botk/setWebhook", &[], r#"{"url":"http://x.example/","secret_token":"a b"}"#, 400, "unallowed"),
    ];
    for (path, headers, body, status, text) in rows {
        let answer = call(&mock, path, headers, body).await;
        let seen = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, status, "{path} {headers:?}: {seen}");
        assert!(seen.contains(text), "{path} {headers:?}: {seen}");
    }
}

#[tokio::test]
async fn a_fault_may_come_after_the_work() {
    let mock = mock().await;
    let generate = async |words: &str| {
        let body = format!(r#"{{"prompt":"{words}","model":"veo3_fast"}}"#);
        call(&mock, "/kie/api/v1/veo/generate", &["authorization: Bearer k"], &body).await
    };
    assert_eq!(generate("[[fault:500]]").await.status, 500);
    assert_eq!(mock.state.all_jobs().len(), 0, "nothing was done");
    assert_eq!(generate("[[late:500]]").await.status, 500);
    assert_eq!(mock.state.all_jobs().len(), 1, "it was done all the same");
    let lost = generate("[[fault:lost]]").await;
    assert!(lost.cut && lost.body.is_empty());
    assert_eq!(mock.state.all_jobs().len(), 2, "it was done, and nobody knows");
    let refused = generate("[[refuse:402]]").await;
    assert_eq!((refused.status, &json(&refused)["code"]), (200, &serde_json::json!(402)));
    assert_eq!(mock.state.all_jobs().len(), 2);
    let elsewhere = generate("[[redirect:http://127.0.0.2:9/x]]").await;
    assert_eq!((elsewhere.status, elsewhere.headers["location"].as_bytes()), (302, b"http://127.0.0.2:9/x".as_slice()));
}
