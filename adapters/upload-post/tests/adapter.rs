//! The conformance kit on recorded shapes, and what becomes of uploads, their states and events.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::conformance::{Ending, JobAnswer, Recording, Records, Webhook, check};
use adapter::{
    Adapter, AnswerHead, Effect, Header, Job, JobState, NoGood, Operation, PlanError, Progress, Quantity, Unit, Usage,
};
use serde_json::{Value, json};
use upload_post::UploadPost;

const ACCEPTED: &[u8] = include_bytes!("fixtures/accepted.json");
const SCHEDULED: &[u8] = include_bytes!("fixtures/scheduled.json");
const RUNNING: &[u8] = include_bytes!("fixtures/running.json");
const COMPLETED: &[u8] = include_bytes!("fixtures/completed.json");
const UPLOADED: &[u8] = include_bytes!("fixtures/upload_completed.json");
const DISCONNECTED: &[u8] = include_bytes!("fixtures/disconnected.json");
const VIDEO: &str = "https://media.example/v.mp4?sig=a%2Bb";

fn job(input: &Value) -> Job {
    Job { id: "job_1".into(), kind: "publish_video".into(), input: input.to_string().into(), ..Job::default() }
}

fn start(input: &Value) -> Operation {
    Operation::JobStart(job(input))
}

/// A good input with `changes` laid over it; `null` takes a field out.
fn input(changes: Value) -> Value {
    let mut input = json!({ "user": "harbour", "platforms": ["tiktok"], "title": "Ferry", "video": VIDEO });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            input.as_object_mut().unwrap().remove(name);
        } else {
            input.as_object_mut().unwrap().insert(name.clone(), value.clone());
        }
    }
    input
}

fn look(id: &str) -> Operation {
    Operation::JobLook(id.into())
}

fn requests(units: u64) -> Usage {
    Usage::Counted(vec![Quantity::new(Unit::Requests, units)])
}

#[test]
fn recorded_answers() {
    let upload = start(&input(json!({ "platforms": ["tiktok", "youtube"] })));
    let later = start(&input(json!({ "scheduled_date": "2026-12-25T10:00:00Z" })));
    let rows = [
        ("upload", upload.clone(), ACCEPTED, Usage::Unknown),
        ("scheduled upload", later.clone(), SCHEDULED, Usage::Unknown),
        ("look", look("request:req-7f3a9b"), COMPLETED, Usage::Counted(vec![])),
        ("look at a scheduled one", look("job:a1b2c3d4e5f6"), RUNNING, Usage::Counted(vec![])),
    ];
    let recordings = rows.map(|(name, operation, body, usage)| Recording {
        name,
        operation,
        options: "{}",
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage,
        ending: Ending::Complete,
    });
    let result = json!({
        "urls": ["https://video.example/1"],
        "platforms": [
            { "platform": "tiktok", "success": true, "url": "https://video.example/1", "post_id": "73" },
            { "platform": "youtube", "success": false },
        ],
    });
    let state = |id: &str, progress, usage| JobState { vendor_id: Some(id.into()), progress, usage };
    let request = "request:req-7f3a9b";
    let done = Progress::Done(result.to_string().into());
    let rows = [
        (upload, ACCEPTED, state(request, Progress::Queued, Usage::Unknown)),
        (later, SCHEDULED, state("job:a1b2c3d4e5f6", Progress::Queued, Usage::Unknown)),
        (look(request), RUNNING, state(request, Progress::Running, Usage::Unknown)),
        (look(request), COMPLETED, state(request, done, requests(1))),
    ];
    let jobs = rows.map(|(operation, body, state)| JobAnswer { operation, body: body.to_vec(), state });
    let delivery = Header::new("x-upload-post-delivery", "d-1");
    let webhooks =
        [UPLOADED, DISCONNECTED].map(|body| Webhook { headers: vec![delivery.clone()], body: body.to_vec() });
    check(
        &UploadPost,
        &Records { recordings: recordings.into(), webhooks: webhooks.into(), starts: vec![], jobs: jobs.into() },
    );
}

/// The form's fields, taken apart by the boundary that the header names.
fn fields(input: &Value, disclosure: Option<&str>, options: &str) -> Vec<(String, String)> {
    let job = Job { disclosure: disclosure.map(Into::into), ..job(input) };
    let call = UploadPost.plan(&Operation::JobStart(job), options).unwrap();
    let kind = call.headers.iter().find(|header| header.name == "content-type").unwrap();
    let boundary = kind.value.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = String::from_utf8(call.body).unwrap();
    let between = format!("--{boundary}\r\n");
    let parts = body.strip_suffix(&format!("--{boundary}--\r\n")).unwrap().split(&between).skip(1);
    let field = |part: &str| {
        let (name, value) =
            part.strip_prefix("Content-Disposition: form-data; name=\"").unwrap().split_once("\"\r\n\r\n").unwrap();
        (name.to_owned(), value.strip_suffix("\r\n").unwrap().to_owned())
    };
    parts.map(field).collect()
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_form_in_the_vendors_words() {
    let input = input(json!({
        "platforms": ["tiktok", "youtube"], "description": "Two\nlines é\u{1F600}", "scheduled_date": "2026-12-25T10:00:00Z",
    }));
    let expected = owned(&[
        ("user", "harbour"),
        ("platform[]", "tiktok"),
        ("platform[]", "youtube"),
        ("title", "Ferry"),
        ("video", VIDEO),
        ("description", "Two\nlines é\u{1F600}\n\nAI Host"),
        ("scheduled_date", "2026-12-25T10:00:00Z"),
        ("async_upload", "true"),
        ("is_aigc", "true"),
        ("privacy_level", "SELF_ONLY"),
        ("privacyStatus", "private"),
    ]);
    assert_eq!(fields(&input, Some("AI Host"), "{}"), expected);
    let call = UploadPost.plan(&start(&input), "{}").unwrap();
    assert_eq!(
        (call.method, call.path.as_str(), call.idempotency_header),
        ("POST", "/api/upload", Some("Idempotency-Key"))
    );
    assert_eq!(call.worst_case, vec![Quantity::new(Unit::Requests, 2)]);
}

#[test]
fn a_disclosure_is_always_marked() {
    let rows = [
        (None, "{}", true, None),
        (None, r#"{"is_aigc":true}"#, true, None),
        (None, r#"{"is_aigc":false}"#, false, None),
        (Some("AI Host"), r#"{"is_aigc":false}"#, true, Some("AI Host")),
        (Some("AI Host"), "{}", true, Some("AI Host")),
    ];
    for (disclosure, options, marked, description) in rows {
        let fields = fields(&input(json!({})), disclosure, options);
        let find = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        assert_eq!(find("is_aigc"), marked.then_some("true"), "{options}");
        assert_eq!(find("description"), description, "{options}");
        assert_eq!(find("privacy_level"), Some("SELF_ONLY"), "{options}");
    }
}

#[test]
fn no_value_ends_its_field() {
    let forged =
        "x\n--tollgate-job1-0000\nContent-Disposition: form-data; name=\"privacy_level\"\n\nPUBLIC_TO_EVERYONE";
    let fields = fields(&input(json!({ "title": forged })), None, r#"{"user":"harbour","privacy_level":"SELF_ONLY"}"#);
    let find =
        |wanted: &str| fields.iter().filter(|(name, _)| name == wanted).map(|(_, v)| v.as_str()).collect::<Vec<_>>();
    assert_eq!(find("title"), [forged]);
    assert_eq!(find("privacy_level"), ["SELF_ONLY"]);
}

#[test]
fn looks_name_the_kind_of_id() {
    let rows =
        [("request:r-1", "/api/uploadposts/status?request_id=r-1"), ("job:j_1", "/api/uploadposts/status?job_id=j_1")];
    for (id, path) in rows {
        let call = UploadPost.plan(&look(id), "{}").unwrap();
        assert_eq!((call.method, call.path.as_str()), ("GET", path));
        assert!(call.worst_case.is_empty());
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let other = Operation::JobStart(Job { kind: "publish_photo".into(), ..job(&input(json!({}))) });
    let row = |changes: Value| start(&input(changes));
    let rows = [
        (other, "{}", "kind"),
        (start(&json!([])), "{}", "input"),
        (row(json!({ "is_aigc": false })), "{}", "input"),
        (row(json!({ "privacy_level": "PUBLIC_TO_EVERYONE" })), "{}", "input"),
        (row(json!({ "user": null })), "{}", "input.user"),
        (row(json!({ "user": "a\r\nb" })), "{}", "input.user"),
        (row(json!({ "user": "other" })), r#"{"user":"harbour"}"#, "input.user"),
        (row(json!({})), r#"{"user":"a b"}"#, "options.user"),
        (row(json!({ "platforms": null })), "{}", "input.platforms"),
        (row(json!({ "platforms": [] })), "{}", "input.platforms"),
        (row(json!({ "platforms": "tiktok" })), "{}", "input.platforms"),
        (row(json!({ "platforms": ["tiktok", "tiktok"] })), "{}", "input.platforms"),
        (row(json!({ "platforms": ["myspace"] })), "{}", "input.platforms"),
        (row(json!({ "platforms": ["youtube"] })), r#"{"platforms":["tiktok"]}"#, "input.platforms"),
        (row(json!({})), r#"{"platforms":"tiktok"}"#, "options.platforms"),
        (row(json!({})), r#"{"platforms":["a\r\nb"]}"#, "options.platforms"),
        (row(json!({ "title": null })), "{}", "input.title"),
        (row(json!({ "title": " " })), "{}", "input.title"),
        (row(json!({ "title": "é".repeat(2201) })), "{}", "input.title"),
        (row(json!({ "title": "a\rb" })), "{}", "input.title"),
        (row(json!({ "description": "x".repeat(5001) })), "{}", "input.description"),
        (row(json!({ "video": null })), "{}", "input.video"),
        (row(json!({ "video": "http://127.0.0.1/v.mp4" })), "{}", "input.video"),
        (row(json!({ "video": "https://a@media.example/v.mp4" })), "{}", "input.video"),
        (row(json!({ "video": "https://0x7f.1/v.mp4" })), "{}", "input.video"),
        (row(json!({ "video": "https://[::1]/v.mp4" })), "{}", "input.video"),
        (row(json!({ "video": "https://media/v.mp4" })), "{}", "input.video"),
        (row(json!({ "video": "https://media.internal/v.mp4" })), "{}", "input.video"),
        (row(json!({ "video": "https://media.example/v.mp4\r\n--x" })), "{}", "input.video"),
        (row(json!({ "scheduled_date": "tomorrow" })), "{}", "input.scheduled_date"),
        (row(json!({ "scheduled_date": "2026-12-25\r\nx" })), "{}", "input.scheduled_date"),
        (row(json!({})), r#"{"privacy_level":"a b"}"#, "options.privacy_level"),
        (row(json!({ "platforms": ["youtube"] })), r#"{"youtube_privacy":1}"#, "options.youtube_privacy"),
        (row(json!({})), r#"{"is_aigc":"no"}"#, "options.is_aigc"),
        (row(json!({})), "[]", "options"),
        (look("r-1"), "{}", "id"),
        (look("request:"), "{}", "id"),
        (look("request:a&x=1"), "{}", "id"),
    ];
    for (operation, options, field) in rows {
        let planned = UploadPost.plan(&operation, options);
        assert!(
            matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field),
            "{field}: {operation:?} {planned:?}"
        );
    }
    assert!(matches!(UploadPost.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
    assert!(UploadPost.plan(&start(&input(json!({ "user": null }))), r#"{"user":"harbour"}"#).is_ok());
}

fn found(state: &Result<JobState, NoGood>) -> &'static str {
    match state {
        Ok(JobState { progress, .. }) => match progress {
            Progress::Queued => "queued",
            Progress::Running => "running",
            Progress::Done(_) => "done",
            Progress::Failed(failure) => failure.code,
        },
        Err(NoGood::Refused(failure)) => failure.code,
        Err(NoGood::Garbled(_)) => "garbled",
    }
}

#[test]
fn starts_are_read_in_every_spelling() {
    let rows = [
        (r#"{"success":true,"request_id":"r1"}"#, "queued", Some("request:r1")),
        (r#"{"requestId":"r1"}"#, "queued", Some("request:r1")),
        (r#"{"success":true,"data":{"job_id":"j1"}}"#, "queued", Some("job:j1")),
        (r#"{"jobId":"j1","request_id":"r1"}"#, "queued", Some("job:j1")),
        (r#"{"success":false,"message":"vendor text"}"#, "invalid_request", None),
        (r#"{"success":true,"results":{"tiktok":{"success":true}}}"#, "garbled", None),
        (r#"{"request_id":"a b"}"#, "garbled", None),
        ("{}", "garbled", None),
        ("", "garbled", None),
    ];
    for (body, expected, id) in rows {
        let state = UploadPost.read_job(&start(&input(json!({}))), body.as_bytes());
        assert_eq!(found(&state), expected, "{body}: {state:?}");
        assert_eq!(state.ok().and_then(|state| state.vendor_id).as_deref(), id, "{body}");
    }
}

#[test]
fn looks_never_invent_an_end() {
    let none = || Usage::Counted(vec![]);
    let rows = [
        (json!({ "status": "pending" }), "queued", Usage::Unknown),
        (json!({ "status": "scheduled" }), "queued", Usage::Unknown),
        (json!({ "state": "PROCESSING" }), "running", Usage::Unknown),
        (json!({ "status": "completed" }), "garbled", none()),
        (json!({ "status": "completed", "results": [] }), "garbled", none()),
        (json!({ "status": "completed", "results": {} }), "garbled", none()),
        (json!({ "status": "completed", "results": [{ "platform": "tiktok" }] }), "garbled", none()),
        (json!({ "status": "completed", "results": { "tiktok": true } }), "garbled", none()),
        (json!({ "status": "completed", "results": [{ "success": true }] }), "garbled", none()),
        (json!({ "status": "completed", "results": [{ "platform": "x", "success": true }, {}] }), "garbled", none()),
        (json!({ "status": "completed", "results": [{ "platform": "x", "success": true }] }), "done", requests(1)),
        (
            json!({ "status": "done", "results": { "x": { "success": true }, "y": { "status": "failed" } } }),
            "done",
            requests(1),
        ),
        (
            json!({ "status": "completed", "results": [{ "platform": "x", "success": false }] }),
            "publish_failed",
            none(),
        ),
        (json!({ "status": "failed" }), "publish_failed", none()),
        (json!({ "request_id": "other", "status": "pending" }), "garbled", none()),
        (json!({ "success": false, "message": "vendor text" }), "not_found", none()),
        (json!({ "success": true }), "garbled", none()),
        (json!({ "status": "unheard_of" }), "garbled", none()),
    ];
    for (answer, expected, usage) in rows {
        let state = UploadPost.read_job(&look("request:r1"), answer.to_string().as_bytes());
        assert_eq!(found(&state), expected, "{answer}: {state:?}");
        if let Ok(state) = state {
            assert_eq!(state.usage, usage, "{answer}");
        }
    }
    let bad =
        json!({ "status": "done", "results": [{ "platform": "x", "success": true, "url": "javascript:alert(1)" }] });
    let state = UploadPost.read_job(&look("request:r1"), bad.to_string().as_bytes()).unwrap();
    let expected = json!({ "urls": [], "platforms": [{ "platform": "x", "success": true }] });
    assert_eq!(state.progress, Progress::Done(expected.to_string().into()));
}

#[test]
fn events() {
    let delivery = |id: &str| vec![Header::new("X-Upload-Post-Delivery", id)];
    let uploaded = String::from_utf8_lossy(UPLOADED);
    let disconnected = String::from_utf8_lossy(DISCONNECTED);
    let changed = || Some(Effect::JobChanged("job:a1b2c3d4e5f6".into()));
    let about = "upload_completed:a1b2c3d4e5f6:tiktok:harbour:2026-03-15T14:30:00.000000";
    let failed_before = uploaded.replace("2026-03-15", "2026-03-14");
    let rows = [
        (uploaded.as_ref(), vec![], changed(), about.to_owned()),
        // Nobody has signed the delivery's id: the same under another one is the same event.
        (uploaded.as_ref(), delivery("d-1"), changed(), about.to_owned()),
        (uploaded.as_ref(), delivery("d-2"), changed(), about.to_owned()),
        (failed_before.as_str(), delivery("d-1"), changed(), about.replace("2026-03-15", "2026-03-14")),
        (
            disconnected.as_ref(),
            delivery("d-1"),
            Some(Effect::None),
            "social_account_disconnected:-:tiktok:harbour:2026-03-15T14:30:00.000000".into(),
        ),
        (
            r#"{"event":"upload_completed","platform":"x"}"#,
            vec![],
            Some(Effect::None),
            "upload_completed:-:x:-:-".into(),
        ),
        (r#"{"event":"a b"}"#, vec![], None, String::new()),
        (r#"{"job_id":"j1"}"#, vec![], None, String::new()),
    ];
    for (body, headers, effect, dedupe) in rows {
        let event = UploadPost.webhook(&headers, body.as_bytes()).ok();
        assert_eq!(event.as_ref().map(|event| event.effect.clone()), effect, "{body}");
        assert_eq!(event.map(|event| event.dedupe_id).unwrap_or_default(), dedupe, "{body}");
    }
}

#[test]
fn refusals() {
    let rows = [
        (400, "invalid_request", false),
        (401, "invalid_key", false),
        (404, "not_found", false),
        (429, "rate_limited", true),
        (500, "vendor_internal", true),
    ];
    for (status, code, retryable) in rows {
        let failure = UploadPost.explain(&AnswerHead { status, headers: vec![] }, br#"{"detail":"vendor text"}"#);
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status}");
    }
}

/// Events carry the job's id, so the gate is told of it as soon as an answer names it.
#[test]
fn a_look_at_a_request_learns_the_id_of_its_job() {
    let rows = [
        ("request:r1", r#"{"request_id":"r1","job_id":"j1","status":"pending"}"#, Some("job:j1")),
        ("request:r1", r#"{"data":{"jobId":"j1","state":"processing"}}"#, Some("job:j1")),
        ("request:r1", r#"{"request_id":"r1","job_id":"a b","status":"pending"}"#, Some("request:r1")),
        ("request:r1", r#"{"status":"pending"}"#, None),
        ("job:j1", r#"{"job_id":"j1","request_id":"r1","status":"pending"}"#, Some("job:j1")),
    ];
    for (id, body, expected) in rows {
        let state = UploadPost.read_job(&look(id), body.as_bytes());
        assert_eq!(state.ok().and_then(|state| state.vendor_id).as_deref(), expected, "{id} {body}");
    }
    let other = UploadPost.read_job(&look("job:j1"), br#"{"job_id":"j2","status":"pending"}"#);
    assert!(matches!(other, Err(NoGood::Garbled(_))), "{other:?}");
}
