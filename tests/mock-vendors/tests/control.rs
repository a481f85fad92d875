//! The control routes over HTTP, as other programs' tests use them.

mod common;

use axum::http::Method;
use common::{Receiver, json, mock, post};
use mock_vendors::{Mock, client};
use serde_json::{Value, json as value};

async fn control(mock: &Mock, command: Value) -> u16 {
    post(mock, "/control", ("content-type", "application/json"), &command.to_string()).await.status
}

async fn get(mock: &Mock, path: &str) -> Value {
    json(&client::send(Method::GET, &format!("{}{path}", mock.url()), &[], "").await.expect("an answer"))
}

#[tokio::test]
async fn commands_are_checked() {
    let mock = mock().await;
    let rows = [
        (value!({}), 200),
        (value!({"vendor": "nobody", "fault": {"status": 500}}), 400),
        (value!({"fault": {"status": 500}}), 400),
        (value!({"webhook": {"url": "http://x"}}), 400),
        (value!({"vendor": "kie", "jobs": {"look": 1}}), 422),
        (value!({"vendor": "kie", "jobs": {"looks": 1}}), 200),
        (value!({"jobs": null, "pace": {"token_ms": 0}}), 200),
        (value!({"vendor": "upload-post", "webhook": {"key": "k", "url": "http://x", "secret": "s"}}), 200),
    ];
    for (command, status) in rows {
        assert_eq!(control(&mock, command.clone()).await, status, "{command}");
    }
}

#[tokio::test]
async fn a_fault_for_some_calls_and_then_all_is_well() {
    let mock = mock().await;
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
    let ask = async |key: &str| {
        let url = format!("{}/anthropic/v1/messages", mock.url());
        let headers = [("x-api-key", key), ("anthropic-version", "2023-06-01")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        client::send(Method::POST, &url, &headers, body).await.expect("an answer")
    };
    let fault = value!({"status": 529, "retry_after": 3, "times": 2, "key": "k"});
    assert_eq!(control(&mock, value!({"vendor": "anthropic", "fault": fault})).await, 200);
    assert_eq!(ask("other").await.status, 200);
    let first = ask("k").await;
    assert_eq!((first.status, &first.headers["retry-after"]), (529, &"3".parse().expect("a header")));
    assert_eq!(json(&first)["error"]["type"], "overloaded_error");
    assert_eq!([ask("k").await.status, ask("k").await.status], [529, 200]);

    for (vendor, fault, status) in [
        (value!("anthropic"), value!({"status": 500}), 500),
        (value!("anthropic"), Value::Null, 200),
        (value!("anthropic"), value!({"status": 401}), 401),
        (Value::Null, Value::Null, 200),
    ] {
        assert_eq!(control(&mock, value!({"vendor": vendor, "fault": fault})).await, 200);
        assert_eq!(ask("k").await.status, status, "{vendor} {fault}");
    }
}

#[tokio::test]
async fn live_sessions_of_all_vendors_show() {
    let mock = mock().await;
    let body = r#"{"mode":"FULL","avatar_id":"a","avatar_persona":{"context_id":"c"},"max_session_duration":1}"#;
    let minted = json(&post(&mock, "/heygen/v1/sessions/token", ("x-api-key", "k"), body).await);
    assert_eq!(minted["code"], 1000);
    let (id, token) = (&minted["data"]["session_id"], minted["data"]["session_token"].as_str().expect("a token"));
    post(&mock, "/tavus/v2/conversations", ("x-api-key", "k"), r#"{"pal_id":"p"}"#).await;

    let sessions = async |vendor: &str| {
        let all = get(&mock, "/control/live").await;
        let one = all.as_array().into_iter().flatten().find(|one| one["vendor"] == vendor).cloned();
        one.expect(vendor)
    };
    let heygen = sessions("heygen").await;
    assert_eq!((&heygen["id"], &heygen["key"], &heygen["status"]), (id, &value!("k"), &value!("created")));
    let tavus = sessions("tavus").await;
    assert_eq!((&tavus["key"], &tavus["status"]), (&value!("k"), &value!("active")));

    // Only the session's own token starts it, and its time runs out.
    let start = "/heygen/v1/sessions/start";
    assert_eq!(post(&mock, start, ("authorization", "Bearer k"), "").await.status, 401);
    let started = post(&mock, start, ("authorization", &format!("Bearer {token}")), "").await;
    assert_eq!((started.status, &json(&started)["data"]["max_session_duration"]), (201, &value!(1)));
    assert_eq!(sessions("heygen").await["status"], "active");
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(sessions("heygen").await["reason"], "MAX_DURATION_REACHED");

    let end = format!("/control/live/tavus/{}/end", tavus["id"].as_str().expect("an id"));
    assert_eq!(post(&mock, &end, ("x-x", "x"), "").await.status, 204);
    for _ in 0..100 {
        if sessions("tavus").await["status"] == "ended" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it never ended");
}

#[tokio::test]
async fn jobs_show_and_report() {
    let (mock, receiver) = (mock().await, Receiver::start().await);
    let hook = value!({"key": "k", "secret": "shh"});
    assert_eq!(control(&mock, value!({"vendor": "kie", "webhook": hook})).await, 200);
    // (words in the prompt, how the job ends, the callback's code)
    for (words, status, code) in [("[[after:20]]", "done", 200), ("[[after:20]][[fail]]", "failed", 501)] {
        let body = value!({"prompt": words, "model": "veo3_fast", "callBackUrl": receiver.url}).to_string();
        let made = json(&post(&mock, "/kie/api/v1/veo/generate", ("authorization", "Bearer k"), &body).await);
        let id = made["data"]["taskId"].as_str().expect("an id");
        let (headers, body) = receiver.wait_for(id).await;
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["code"], code, "{words}");
        assert!(headers.iter().any(|(name, _)| name == "x-webhook-signature"), "{words}");
        let jobs = get(&mock, "/control/jobs").await;
        let job = jobs.as_array().into_iter().flatten().find(|job| job["id"] == id).expect(words);
        assert_eq!(
            (&job["status"], &job["key"], &job["looks"]),
            (&value!(status), &value!("k"), &value!(0)),
            "{words}"
        );
        if status == "done" {
            let url = job["result_url"].as_str().expect("an address");
            let file = client::send(Method::GET, url, &[], "").await.expect("the file");
            assert_eq!((file.status, &file.headers["content-type"]), (200, &"video/mp4".parse().expect("a header")));
        }
    }
    // The record of a callback is written when it has been taken.
    for _ in 0..100 {
        if get(&mock, "/control/callbacks").await.as_array().is_some_and(|all| all.len() == 2) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("two callbacks were to be in the record");
}
