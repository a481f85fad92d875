//! The conformance kit on recorded shapes, and what becomes of tasks, their records and callbacks.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::conformance::{Ending, JobAnswer, Recording, Records, Webhook, check};
use adapter::{
    Adapter, AnswerHead, Effect, Job, JobState, NoGood, Operation, PlanError, Progress, Quantity, Unit, Usage,
};
use kie::Kie;
use serde_json::{Value, json};

const CREATED: &[u8] = include_bytes!("fixtures/created.json");
const VEO_DONE: &[u8] = include_bytes!("fixtures/veo_done.json");
const TASK_DONE: &[u8] = include_bytes!("fixtures/task_done.json");
const VEO_CALLBACK: &[u8] = include_bytes!("fixtures/veo_callback.json");
const TASK_CALLBACK: &[u8] = include_bytes!("fixtures/task_callback.json");
const PRICED: &str = r#"{"credits":{"grok-imagine/text-to-image":10,"veo3":250}}"#;

fn job(kind: &str, input: &Value) -> Job {
    Job { id: "job_1".into(), kind: kind.into(), input: input.to_string().into(), ..Job::default() }
}

fn start(kind: &str, input: &Value) -> Operation {
    Operation::JobStart(job(kind, input))
}

fn look(id: &str) -> Operation {
    Operation::JobLook(id.into())
}

fn credits(units: u64) -> Vec<Quantity> {
    vec![Quantity::new(Unit::Credits, units)]
}

fn done(url: &str) -> Progress {
    Progress::Done(json!({ "urls": [url] }).to_string().into_bytes())
}

#[test]
fn recorded_answers() {
    let video = start("video", &json!({ "prompt": "a boat" }));
    let task = start("task", &json!({ "model": "grok-imagine/text-to-image", "input": { "prompt": "a boat" } }));
    let rows = [
        ("video", video.clone(), CREATED, Usage::Unknown),
        ("task", task, CREATED, Usage::Unknown),
        ("look at a video", look("veo:veo_task_abcdef123456"), VEO_DONE, Usage::Counted(vec![])),
        ("look at a task", look("job:task_12345678"), TASK_DONE, Usage::Counted(vec![])),
    ];
    let recordings = rows.map(|(name, operation, body, usage)| Recording {
        name,
        operation,
        options: PRICED,
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage,
        ending: Ending::Complete,
    });
    let state = |id: &str, progress, usage| JobState { vendor_id: Some(id.into()), progress, usage };
    let veo = "veo:veo_task_abcdef123456";
    let task = "job:task_12345678";
    let jobs = vec![
        JobAnswer { operation: video, body: CREATED.into(), state: state(veo, Progress::Queued, Usage::Unknown) },
        JobAnswer {
            operation: look(veo),
            body: VEO_DONE.into(),
            state: state(veo, done("https://files.example/v1.mp4"), Usage::Unknown),
        },
        JobAnswer {
            operation: look(task),
            body: TASK_DONE.into(),
            state: state(task, done("https://files.example/x.jpg"), Usage::Reported(credits(5))),
        },
    ];
    let webhooks = [VEO_CALLBACK, TASK_CALLBACK].map(|body| Webhook { headers: vec![], body: body.to_vec() });
    check(&Kie, &Records { recordings: recordings.into(), webhooks: webhooks.into(), starts: vec![], jobs });
}

#[test]
fn a_video_in_the_vendors_words() {
    let input = json!({
        "prompt": "a boat", "aspect_ratio": "16:9", "image_urls": ["https://img.example/a.png"], "seed": 7,
    });
    let job = Job {
        callback_url: Some("https://gate.example/v1/webhooks/kie/t1?token=x".into()),
        disclosure: Some("AI Host".into()),
        ..job("video", &input)
    };
    let call = Kie.plan(&Operation::JobStart(job.clone()), "{}").unwrap();
    assert_eq!((call.method, call.path.as_str(), call.model.as_str()), ("POST", "/api/v1/veo/generate", "veo3_fast"));
    assert_eq!((call.worst_case, call.idempotency_header), (credits(60), None));
    let expected = json!({
        "prompt": "a boat", "model": "veo3_fast", "aspect_ratio": "16:9", "seeds": 7, "watermark": "AI Host",
        "imageUrls": ["https://img.example/a.png"], "callBackUrl": "https://gate.example/v1/webhooks/kie/t1?token=x",
    });
    assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), expected);
    let unmarked = Kie.plan(&Operation::JobStart(job), r#"{"watermark":0}"#).unwrap();
    assert!(!String::from_utf8(unmarked.body).unwrap().contains("AI Host"));
}

#[test]
fn a_task_in_the_vendors_words() {
    let input = json!({ "model": "grok-imagine/text-to-image", "input": { "prompt": "a boat", "n": [1, 2] } });
    let call = Kie.plan(&start("task", &input), PRICED).unwrap();
    assert_eq!((call.path.as_str(), call.worst_case), ("/api/v1/jobs/createTask", credits(10)));
    assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), input);
}

#[test]
fn models_and_their_credits() {
    let rows = [
        (json!({ "prompt": "x" }), r#"{"model":"veo3","credits":{"veo3":250}}"#, "veo3", 250),
        (json!({ "prompt": "x", "model": "veo3_fast" }), r#"{"model":"veo3"}"#, "veo3_fast", 60),
        (json!({ "prompt": "x" }), r#"{"credits":{"veo3_fast":80}}"#, "veo3_fast", 80),
    ];
    for (input, options, model, units) in rows {
        let call = Kie.plan(&start("video", &input), options).unwrap();
        assert_eq!((call.model.as_str(), call.worst_case), (model, credits(units)), "{input} {options}");
    }
}

#[test]
fn looks_go_where_the_kind_keeps_its_tasks() {
    let rows = [("veo:v_1", "/api/v1/veo/record-info?taskId=v_1"), ("job:t-1", "/api/v1/jobs/recordInfo?taskId=t-1")];
    for (id, path) in rows {
        let call = Kie.plan(&look(id), "{}").unwrap();
        assert_eq!((call.method, call.path.as_str()), ("GET", path));
        assert!(call.worst_case.is_empty());
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let video = |input: Value| start("video", &input);
    let task = |input: Value| start("task", &input);
    let images = |urls: Value| video(json!({ "prompt": "x", "image_urls": urls }));
    let twice = Job { input: br#"{"model":"m","input":{"a":1,"a":2}}"#.to_vec(), ..job("task", &json!({})) };
    let callback = Job { callback_url: Some("http://gate.example/".into()), ..job("video", &json!({ "prompt": "x" })) };
    let rows = [
        (start("song", &json!({})), "{}", "kind"),
        (start("video", &json!([])), "{}", "input"),
        (video(json!({ "prompt": "x", "callBackUrl": "https://evil.example/" })), "{}", "input"),
        (video(json!({})), "{}", "input.prompt"),
        (video(json!({ "prompt": " " })), "{}", "input.prompt"),
        (video(json!({ "prompt": "é".repeat(5001) })), "{}", "input.prompt"),
        (video(json!({ "prompt": "x", "model": "a b" })), "{}", "input.model"),
        (video(json!({ "prompt": "x", "model": 3 })), "{}", "input.model"),
        (video(json!({ "prompt": "x", "model": "veo3" })), "{}", "input.model"),
        (video(json!({ "prompt": "x", "aspect_ratio": "16/9" })), "{}", "input.aspect_ratio"),
        (images(json!("https://img.example/a.png")), "{}", "input.image_urls"),
        (images(json!(["http://127.0.0.1/a.png"])), "{}", "input.image_urls"),
        (images(json!(["https://u@img.example/a.png"])), "{}", "input.image_urls"),
        (images(json!(["https://img.example/a.png", "https://127.1/a.png"])), "{}", "input.image_urls"),
        (images(json!(["https://printer.local/a.png"])), "{}", "input.image_urls"),
        (images(json!(vec!["https://img.example/a.png"; 9])), "{}", "input.image_urls"),
        (video(json!({ "prompt": "x", "seed": -1 })), "{}", "input.seed"),
        (video(json!({ "prompt": "x" })), r#"{"credits":{"veo3_fast":0}}"#, "options.credits"),
        (video(json!({ "prompt": "x" })), r#"{"credits":60}"#, "options.credits"),
        (video(json!({ "prompt": "x" })), r#"{"model":4}"#, "options.model"),
        (task(json!({ "model": "m", "input": {} })), "{}", "input.model"),
        (task(json!({ "input": {} })), "{}", "input.model"),
        (task(json!({ "model": "m" })), "{}", "input.input"),
        (task(json!({ "model": "m", "input": "x" })), "{}", "input.input"),
        (task(json!({ "model": "m", "input": { "p": "x".repeat(70_000) } })), "{}", "input.input"),
        (task(json!({ "model": "m", "input": {}, "callBackUrl": "x" })), "{}", "input"),
        (Operation::JobStart(twice), r#"{"credits":{"m":1}}"#, "input.input"),
        (Operation::JobStart(callback), "{}", "callback_url"),
        (look("v_1"), "{}", "id"),
        (look("veo:"), "{}", "id"),
        (look("veo:a&x=1"), "{}", "id"),
        (look("song:1"), "{}", "id"),
    ];
    for (operation, options, field) in rows {
        let planned = Kie.plan(&operation, options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{field}: {planned:?}");
    }
    assert!(matches!(Kie.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn records_become_states() {
    let none = || Usage::Counted(vec![]);
    let rows = [
        ("veo:v", json!({ "successFlag": 0 }), "running", Usage::Unknown),
        (
            "veo:v",
            json!({ "successFlag": 1, "response": { "resultUrls": ["https://f.example/a"] } }),
            "done",
            Usage::Unknown,
        ),
        (
            "veo:v",
            json!({ "successFlag": 1, "response": { "resultUrls": ["http://127.0.0.1:1/a"] } }),
            "done",
            Usage::Unknown,
        ),
        ("veo:v", json!({ "successFlag": 1, "response": { "resultUrls": ["ftp://f.example/a"] } }), "garbled", none()),
        ("veo:v", json!({ "successFlag": 1, "response": { "resultUrls": [] } }), "garbled", none()),
        ("veo:v", json!({ "successFlag": 1 }), "garbled", none()),
        ("veo:v", json!({ "successFlag": 2 }), "generation_failed", none()),
        ("veo:v", json!({ "successFlag": 3, "errorCode": "400" }), "content_refused", none()),
        ("veo:v", json!({ "successFlag": 3, "errorCode": 400 }), "content_refused", none()),
        ("veo:v", json!({ "successFlag": 4 }), "garbled", none()),
        ("veo:v", json!({ "state": "success" }), "garbled", none()),
        ("veo:v", json!({ "taskId": "other", "successFlag": 0 }), "garbled", none()),
        ("job:t", json!({ "state": "waiting" }), "queued", Usage::Unknown),
        ("job:t", json!({ "state": "queuing" }), "queued", Usage::Unknown),
        ("job:t", json!({ "state": "generating" }), "running", Usage::Unknown),
        ("job:t", json!({ "state": "success", "resultJson": "" }), "garbled", none()),
        (
            "job:t",
            json!({ "state": "success", "resultJson": { "resultUrls": ["https://f.example/a"] } }),
            "garbled",
            none(),
        ),
        ("job:t", json!({ "state": "fail", "failCode": "500" }), "generation_failed", none()),
        (
            "job:t",
            json!({ "state": "fail", "creditsConsumed": "2.0" }),
            "generation_failed",
            Usage::Reported(credits(2)),
        ),
        ("job:t", json!({ "state": "fail", "creditsConsumed": 0 }), "generation_failed", none()),
        ("job:t", json!({}), "garbled", none()),
    ];
    for (id, data, expected, usage) in rows {
        let body = json!({ "code": 200, "msg": "success", "data": data }).to_string();
        let state = Kie.read_job(&look(id), body.as_bytes());
        let found = match &state {
            Ok(JobState { progress, .. }) => match progress {
                Progress::Queued => "queued",
                Progress::Running => "running",
                Progress::Done(_) => "done",
                Progress::Failed(failure) => failure.code,
            },
            Err(NoGood::Refused(failure)) => failure.code,
            Err(NoGood::Garbled(_)) => "garbled",
        };
        assert_eq!(found, expected, "{data}: {state:?}");
        if let Ok(state) = state {
            assert_eq!(state.usage, usage, "{data}");
        }
    }
}

#[test]
fn refusals_with_a_good_status() {
    let rows = [
        (r#"{"code":401,"msg":"You do not have access permissions"}"#, "invalid_key", false),
        (r#"{"code":402,"msg":"x","data":null}"#, "quota_exceeded", false),
        (r#"{"code":422,"msg":"x"}"#, "invalid_request", false),
        (r#"{"code":429,"msg":"x"}"#, "rate_limited", true),
        (r#"{"code":451,"msg":"x"}"#, "invalid_request", false),
        (r#"{"code":455,"msg":"x"}"#, "overloaded", true),
        (r#"{"code":503,"msg":"x"}"#, "overloaded", true),
        (r#"{"code":505,"msg":"x"}"#, "not_permitted", false),
    ];
    for (body, code, retryable) in rows {
        let read = Kie.read_job(&start("video", &json!({})), body.as_bytes());
        let Err(NoGood::Refused(failure)) = &read else { panic!("{body}: {read:?}") };
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{body}");
        let explained = Kie.explain(&AnswerHead { status: 400, headers: vec![] }, body.as_bytes());
        assert_eq!((explained.code, explained.retryable), (code, retryable), "{body}");
    }
    let broken = [500, 501, 502, 504, 506, 599, 600].map(|code| json!({ "code": code, "msg": "x" }).to_string());
    for body in broken.iter().map(String::as_str).chain([
        "",
        "[]",
        "{}",
        r#"{"code":200}"#,
        r#"{"code":200,"data":{}}"#,
        r#"{"code":200,"data":{"taskId":"a/b"}}"#,
    ]) {
        let read = Kie.read_job(&start("video", &json!({})), body.as_bytes());
        assert!(matches!(read, Err(NoGood::Garbled(_))), "{body}: {read:?}");
    }
    assert_eq!(Kie.explain(&AnswerHead { status: 503, headers: vec![] }, b"").code, "overloaded");
}

#[test]
fn a_looks_code_may_be_the_tasks_end() {
    let ends = [(400, "content_refused"), (422, "generation_failed"), (501, "generation_failed")];
    let refusals = [
        (401, "invalid_key"),
        (404, "not_found"),
        (429, "rate_limited"),
        (455, "overloaded"),
        (500, "vendor_internal"),
    ];
    for id in ["veo:v", "job:t"] {
        let read = |code: u16| Kie.read_job(&look(id), json!({ "code": code, "msg": "x" }).to_string().as_bytes());
        for (code, expected) in ends {
            let JobState { progress: Progress::Failed(failure), usage, .. } = read(code).unwrap() else {
                panic!("{code} goes on")
            };
            assert_eq!((failure.code, usage), (expected, Usage::Counted(vec![])), "{code}");
        }
        for (code, expected) in refusals {
            let read = read(code);
            assert!(matches!(&read, Err(NoGood::Refused(failure)) if failure.code == expected), "{code}: {read:?}");
        }
    }
}

#[test]
fn callbacks() {
    let veo = String::from_utf8_lossy(VEO_CALLBACK);
    let task = String::from_utf8_lossy(TASK_CALLBACK);
    let rows = [
        (veo.as_ref(), "veo_task_abcdef123456:200", "veo:veo_task_abcdef123456"),
        (task.as_ref(), "task_12345678:200", "job:task_12345678"),
        (r#"{"code":501,"msg":"x","data":{"task_id":"t1","state":"fail"}}"#, "t1:501", "job:t1"),
        (r#"{"code":400,"msg":"x","data":{"taskId":"v1"}}"#, "v1:400", "veo:v1"),
        (r#"{"code":400,"msg":"x","taskId":"v1","data":{"taskId":"v1"}}"#, "v1:400", "veo:v1"),
    ];
    for (body, dedupe, changed) in rows {
        let event = Kie.webhook(&[], body.as_bytes()).unwrap();
        assert_eq!((event.dedupe_id.as_str(), event.effect), (dedupe, Effect::JobChanged(changed.into())), "{body}");
    }
    for body in [
        r#"{"code":200,"data":{"taskId":"a"},"task_id":"b"}"#,
        r#"{"code":200,"data":{"taskId":"../a"}}"#,
        r#"{"code":200,"data":{}}"#,
        r#"{"data":{"taskId":"a"}}"#,
    ] {
        assert!(Kie.webhook(&[], body.as_bytes()).is_err(), "{body}");
    }
}
