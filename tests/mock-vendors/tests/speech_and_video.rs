//! The speech and the video stand-ins over HTTP.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use axum::routing::post as route;
use common::{json, mock, post};
use mock_vendors::client;
use serde_json::{Value, json as value};

#[tokio::test]
async fn sound_and_its_cost() {
    let mock = mock().await;
    let rows = [
        ("v1/stream?output_format=mp3_44100_128", "audio/mpeg", 200),
        ("v1?output_format=wav_44100", "audio/wav", 200),
        ("v1/stream?output_format=pcm_16000", "audio/pcm", 200),
        ("v1/stream?output_format=opus_48000_64", "audio/ogg", 200),
        ("v1/stream?output_format=flac", "application/json", 400),
        ("nope/stream", "application/json", 404),
    ];
    for (path, kind, status) in rows {
        let path = format!("/elevenlabs/v1/text-to-speech/{path}");
        let answer = post(&mock, &path, ("xi-api-key", "k"), r#"{"text":"Grüß dich"}"#).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.headers["content-type"], kind, "{path}");
        assert_eq!(
            answer.headers.get("character-cost").map(|cost| cost.as_bytes()),
            (status == 200).then_some(b"9".as_slice())
        );
        let refused = post(&mock, &path, ("xi-api-key", "bad"), r#"{"text":"a"}"#).await;
        assert_eq!((refused.status, &json(&refused)["detail"]["status"]), (401, &value!("invalid_api_key")));
    }
}

/// A receiver that refuses the first callback it gets, and the events it took.
async fn receiver() -> (String, Arc<Mutex<Vec<Value>>>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (shared, first) = (taken.clone(), Arc::new(Mutex::new(true)));
    let handler = move |body: String| {
        let refuse = std::mem::replace(&mut *first.lock().expect("first"), false);
        if !refuse {
            shared.lock().expect("taken").push(serde_json::from_str(&body).expect("JSON"));
        }
        async move { if refuse { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK } }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/hook?token=t", listener.local_addr().expect("an address"));
    let app = axum::Router::new().route("/hook", route(handler));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, taken)
}

async fn wait_for(taken: &Mutex<Vec<Value>>, event: &str) -> Value {
    for _ in 0..250 {
        let found = taken.lock().expect("taken").iter().find(|body| body["event_type"] == event).cloned();
        if let Some(found) = found {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{event} never came");
}

#[tokio::test]
async fn a_conversation_ends_by_a_call_or_by_time() {
    let mock = mock().await;
    let key = ("x-api-key", "k");
    // (seconds, whether to end it by a call, the reason reported)
    for (seconds, by_call, reason) in
        [(60, true, "end_conversation_endpoint_hit"), (1, false, "max_call_duration reached")]
    {
        let (callback_url, taken) = receiver().await;
        let body = value!({"pal_id": "p1", "require_auth": true, "callback_url": callback_url,
            "properties": {"max_call_duration": seconds}});
        let created = json(&post(&mock, "/tavus/v2/conversations", key, &body.to_string()).await);
        let id = created["conversation_id"].as_str().expect("an id");
        let room = created["conversation_url"].as_str().expect("an address");
        let token = created["meeting_token"].as_str().expect("a token");

        let get = |url: String| async move { client::send(Method::GET, &url, &[], "").await.expect("an answer") };
        assert_eq!(get(room.to_owned()).await.status, 403, "without the token");
        let page = get(format!("{room}?t={token}")).await;
        assert!(page.status == 200 && page.body.windows(4).any(|text| text == b"<svg"));

        wait_for(&taken, "system.replica_joined").await;
        let end = format!("/tavus/v2/conversations/{id}/end");
        if by_call {
            assert_eq!(post(&mock, &end, key, "").await.status, 200);
        }
        let shutdown = wait_for(&taken, "system.shutdown").await;
        assert_eq!(shutdown["properties"]["shutdown_reason"], reason);
        assert_eq!(shutdown["conversation_id"], id);

        let again = post(&mock, &end, key, "").await;
        assert_eq!((again.status, &json(&again)["error"]), (400, &value!("Invalid conversation_id")));
        assert_eq!(json(&get(format!("{room}/state")).await)["status"], "ended");
    }
    let refused = post(&mock, "/tavus/v2/conversations", ("x-api-key", "bad"), "{}").await;
    assert_eq!((refused.status, &json(&refused)["message"]), (401, &value!("Invalid access token")));
    assert_eq!(post(&mock, "/tavus/v2/conversations", key, "{}").await.status, 400);
}
