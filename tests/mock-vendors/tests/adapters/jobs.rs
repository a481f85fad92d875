//! Jobs are created, looked at until they are over, and reported.

use adapter::{Adapter, Effect, Header, Job, JobState, Operation, Progress};
use kie::Kie;
use mock_vendors::{Hook, Mock, Plan};
use serde_json::Value;
use shotstack::Shotstack;
use upload_post::UploadPost;

use crate::caller::{Exchange, call};
use crate::common::{Receiver, mock};

const EDIT: &str = r#"{"timeline":{"tracks":[{"clips":[{"asset":{"type":"title","text":"Hi"},"start":1.5,"length":5}]}]},"output":{"format":"mp4","resolution":"sd"}}"#;

const ROWS: [(&dyn Adapter, &str, &str, &str); 5] = [
    (&Kie, "video", r#"{"prompt":"A cat"}"#, "{}"),
    (&Kie, "task", r#"{"model":"m/x","input":{"prompt":"A cat"}}"#, r#"{"credits":{"m/x":5}}"#),
    (&Shotstack, "render", EDIT, "{}"),
    (
        &Shotstack,
        "template",
        r#"{"id":"21e781c0-8232-4418-8986-f5f4a7b3e5a1"}"#,
        r#"{"stage":"stage","max_seconds":30}"#,
    ),
    (
        &UploadPost,
        "publish_video",
        r#"{"user":"ada","platforms":["tiktok","youtube"],"title":"Hi","video":"https://files.example/a.mp4"}"#,
        "{}",
    ),
];

fn job(kind: &str, input: &str, callback_url: Option<String>) -> Operation {
    let (id, disclosure) = ("j1".to_owned(), Some("AI Host".to_owned()));
    Operation::JobStart(Job { id, kind: kind.into(), input: input.into(), callback_url, disclosure })
}

fn read(adapter: &dyn Adapter, operation: &Operation, exchange: &Exchange) -> JobState {
    exchange.assert_good();
    adapter.read_job(operation, &exchange.answer.body).unwrap_or_else(|error| {
        panic!("{operation:?}: {error:?} for {}", String::from_utf8_lossy(&exchange.answer.body))
    })
}

async fn look(mock: &Mock, adapter: &dyn Adapter, id: &str, options: &str) -> JobState {
    let operation = Operation::JobLook(id.to_owned());
    read(adapter, &operation, &call(mock, adapter, &operation, options).await)
}

#[tokio::test]
async fn jobs_go_on_to_their_end() {
    for (adapter, kind, input, options) in ROWS {
        for fail in [false, true] {
            let (mock, receiver) = (mock().await, Receiver::start().await);
            let vendor = adapter.profile().vendor;
            let name = format!("{vendor} {kind} fails: {fail}");
            mock.state.set_plan(Some(vendor), Some(Plan { looks: Some(3), after_ms: None, fail, ..Plan::default() }));
            mock.state.set_hook("upload-post", Hook { url: Some(receiver.url.clone()), ..Hook::default() });
            let start = job(kind, input, Some(receiver.url.clone()));
            let state = read(adapter, &start, &call(&mock, adapter, &start, options).await);
            assert_eq!(state.progress, Progress::Queued, "{name}");
            let id = state.vendor_id.expect(&name);

            // Veo's own interface doesn't tell waiting from working.
            let first = look(&mock, adapter, &id, options).await.progress;
            assert!(matches!(first, Progress::Queued | Progress::Running), "{name}: {first:?}");
            assert_eq!(look(&mock, adapter, &id, options).await.progress, Progress::Running, "{name}");
            assert_eq!(receiver.count(), 0, "{name}");
            match look(&mock, adapter, &id, options).await.progress {
                Progress::Done(result) if !fail => {
                    let result: Value = serde_json::from_slice(&result).expect("JSON");
                    assert!(result["urls"][0].as_str().is_some_and(|url| url.starts_with("http")), "{name}: {result}");
                }
                Progress::Failed(_) if fail => {}
                other => panic!("{name}: {other:?}"),
            }
            if kind == "template" {
                continue;
            }
            let own = &mock.state.all_jobs()[0].id;
            let (headers, body) = receiver.wait_for(own).await;
            let headers: Vec<Header> = headers.into_iter().map(|(name, value)| Header::new(name, value)).collect();
            let event = adapter.webhook(&headers, &body).expect(&name);
            let Effect::JobChanged(changed) = event.effect else { panic!("{name}: {event:?}") };
            assert_eq!(changed.rsplit(':').next(), Some(own.as_str()), "{name}");
        }
    }
}

#[tokio::test]
async fn nobody_has_to_look() {
    let (mock, receiver) = (mock().await, Receiver::start().await);
    let plan = Plan { looks: None, after_ms: Some(50), callbacks: 2, ..Plan::default() };
    mock.state.set_plan(None, Some(plan));
    let hook = Hook { url: None, secret: Some("shh".into()), ..Hook::default() };
    mock.state.set_hook("kie", hook);
    let start = job("video", r#"{"prompt":"A cat"}"#, Some(receiver.url.clone()));
    call(&mock, &Kie, &start, "{}").await.assert_good();
    let (headers, _) = receiver.wait_for("veo_task_").await;
    for name in ["x-webhook-signature", "x-webhook-timestamp"] {
        assert!(headers.iter().any(|(other, _)| other == name), "{name}");
    }
    for _ in 0..100 {
        if receiver.count() == 2 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it was to be reported twice");
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_upload() {
    let mock = mock().await;
    let (adapter, kind, input, options) = ROWS[4];
    let start = job(kind, input, None);
    // The first answer is lost: the vendor has done the work all the same.
    let fault = mock_vendors::Fault { status: Some(500), late: true, times: Some(1), ..Default::default() };
    mock.state.set_fault("upload-post", Some(fault));
    assert_eq!(call(&mock, adapter, &start, options).await.answer.status, 500);
    let second = read(adapter, &start, &call(&mock, adapter, &start, options).await).vendor_id;
    let third = read(adapter, &start, &call(&mock, adapter, &start, options).await).vendor_id;
    assert!(second.is_some() && second == third);
    let jobs = mock.state.all_jobs();
    assert_eq!((jobs.len(), jobs[0].idempotency_key.as_deref()), (1, Some("ours-1")));
    assert_eq!(mock.state.seen().len(), 3);
    assert_eq!(mock.state.seen()[0].body["platform[]"], serde_json::json!(["tiktok", "youtube"]));
}
