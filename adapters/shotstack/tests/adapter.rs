//! The conformance kit on recorded shapes, and what becomes of edits, renders and callbacks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests may panic")]

use adapter::conformance::{Ending, JobAnswer, Recording, Records, Webhook, check};
use adapter::{
    Adapter, AnswerHead, Effect, Job, JobState, NoGood, Operation, PlanError, Progress, Quantity, Unit, Usage,
};
use serde_json::{Value, json};
use shotstack::Shotstack;

const QUEUED: &[u8] = include_bytes!("fixtures/queued.json");
const DONE: &[u8] = include_bytes!("fixtures/done.json");
const EDIT: &[u8] = include_bytes!("fixtures/edit.json");
const SERVE: &[u8] = include_bytes!("fixtures/serve.json");
const LONG: &str = r#"{"max_seconds":30}"#;
const ID: &str = "2abd5c11-0f3d-4c6d-ba20-235fc9b8e8b7";

fn job(kind: &str, input: &Value) -> Job {
    Job { id: "job_1".into(), kind: kind.into(), input: input.to_string().into(), ..Job::default() }
}

fn start(kind: &str, input: &Value) -> Operation {
    Operation::JobStart(job(kind, input))
}

fn look(id: &str) -> Operation {
    Operation::JobLook(id.into())
}

fn seconds(units: u64) -> Vec<Quantity> {
    vec![Quantity::new(Unit::Seconds, units)]
}

/// An edit of these clips, one track each list.
fn edit(tracks: Value) -> Value {
    let tracks: Vec<Value> = tracks.as_array().unwrap().iter().map(|clips| json!({ "clips": clips })).collect();
    json!({ "timeline": { "background": "#000000", "tracks": tracks }, "output": { "format": "mp4", "resolution": "sd" } })
}

fn title(start: Value, length: Value) -> Value {
    json!({ "asset": { "type": "title", "text": "{{NAME}}" }, "start": start, "length": length })
}

fn video(src: &str) -> Value {
    edit(json!([[{ "asset": { "type": "video", "src": src }, "start": 0, "length": 5 }]]))
}

/// `edit` with one more member at `pointer`'s object.
fn with(mut edit: Value, pointer: &str, name: &str, value: Value) -> Value {
    edit.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap().insert(name.into(), value);
    edit
}

#[test]
fn recorded_answers() {
    let render = start("render", &edit(json!([[title(json!(0), json!(8.5))]])));
    let template = start("template", &json!({ "id": ID, "merge": [{ "find": "NAME", "replace": "Jane" }] }));
    let rows = [
        ("render", render.clone(), QUEUED, Usage::Unknown),
        ("template", template, QUEUED, Usage::Unknown),
        ("look", look(ID), DONE, Usage::Counted(vec![])),
    ];
    let recordings = rows.map(|(name, operation, body, usage)| Recording {
        name,
        operation,
        options: LONG,
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage,
        ending: Ending::Complete,
    });
    let result = json!({ "urls": ["https://output.example/5ca6hu7s9k/2abd5c11.mp4"], "duration_s": 8.5 });
    let state = |progress, usage| JobState { vendor_id: Some(ID.into()), progress, usage };
    let jobs = vec![
        JobAnswer { operation: render, body: QUEUED.into(), state: state(Progress::Queued, Usage::Unknown) },
        JobAnswer {
            operation: look(ID),
            body: DONE.into(),
            state: state(Progress::Done(result.to_string().into()), Usage::Reported(seconds(9))),
        },
    ];
    let webhooks = [EDIT, SERVE].map(|body| Webhook { headers: vec![], body: body.to_vec() });
    check(&Shotstack, &Records { recordings: recordings.into(), webhooks: webhooks.into(), starts: vec![], jobs });
}

#[test]
fn a_render_in_the_vendors_words() {
    let mut input = video("https://img.example/a.mp4");
    input["merge"] = json!([{ "find": "NAME", "replace": "Jane" }]);
    let callback = "https://gate.example/v1/webhooks/shotstack/t1?token=x";
    let job = Job { callback_url: Some(callback.into()), ..job("render", &input) };
    let call = Shotstack.plan(&Operation::JobStart(job), r#"{"asset_hosts":["img.example"],"stage":"stage"}"#).unwrap();
    assert_eq!((call.method, call.path.as_str()), ("POST", "/edit/stage/render"));
    assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), with(input, "", "callback", json!(callback)));
}

#[test]
fn a_template_in_the_vendors_words() {
    let input = json!({ "id": ID, "merge": [{ "find": "NAME", "replace": "see https://x.example and smile" }] });
    let call = Shotstack.plan(&start("template", &input), LONG).unwrap();
    assert_eq!((call.path.as_str(), call.worst_case), ("/edit/v1/templates/render", seconds(30)));
    assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), input);
    let call = Shotstack.plan(&look(ID), "{}").unwrap();
    assert_eq!((call.method, call.path), ("GET", format!("/edit/v1/render/{ID}?data=false")));
}

#[test]
fn an_edit_costs_at_most_its_length() {
    let rows = [
        (json!([[title(json!(0), json!(5))]]), 6),
        (json!([[title(json!(0), json!(5)), title(json!(2.5), json!(4.0001))]]), 8),
        (json!([[title(json!(0), json!(5))], [title(json!(3), json!(9))]]), 13),
        (json!([[title(json!(0), json!(5)), title(json!("auto"), json!(5))]]), 11),
        (json!([[title(json!(0), json!(5))], [title(json!(1), json!("end"))]]), 6),
        (json!([[title(json!(0), json!(10800))]]), 10800),
    ];
    for (tracks, expected) in rows {
        let call = Shotstack.plan(&start("render", &edit(tracks.clone())), "{}").unwrap();
        assert_eq!(call.worst_case, seconds(expected), "{tracks}");
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let hosts = r#"{"asset_hosts":["img.example"]}"#;
    let offered = |templates: Value| json!({ "max_seconds": 30, "templates": templates }).to_string();
    let (others, none, text) = (offered(json!(["other"])), offered(json!([])), offered(json!(ID)));
    let fine = || edit(json!([[title(json!(0), json!(5))]]));
    let clip = |start: Value, length: Value| edit(json!([[title(start, length)]]));
    let asset = |asset: Value| edit(json!([[{ "asset": asset, "start": 0, "length": 5 }]]));
    let src = |url: &str| with(fine(), "/timeline", "soundtrack", json!({ "src": url }));
    let merge = |replace: Value| json!({ "id": ID, "merge": [{ "find": "A", "replace": replace }] });
    let callback = Job { callback_url: Some("http://gate.example/".into()), ..job("render", &fine()) };
    let rows = [
        (start("still", &json!({})), "{}", "kind"),
        (start("render", &json!([])), "{}", "input"),
        (start("render", &json!({ "timeline": "x".repeat(300_000) })), "{}", "input"),
        (start("render", &json!({})), "{}", "input.timeline"),
        (start("render", &with(fine(), "", "callback", json!("https://evil.example/"))), "{}", "input.callback"),
        (start("template", &json!({ "id": ID, "callback": null })), "{}", "input.callback"),
        (start("render", &with(fine(), "", "disk", json!("local"))), "{}", "input"),
        (start("render", &with(fine(), "/output", "destinations", json!([]))), "{}", "input.output.destinations"),
        (start("render", &with(fine(), "/timeline", "destinations", json!([]))), "{}", "input.timeline.destinations"),
        (start("render", &with(fine(), "/output", "webhook", json!(1))), "{}", "input.output"),
        (start("render", &with(fine(), "/output", "format", json!("jpg"))), "{}", "input.output.format"),
        (start("render", &with(fine(), "", "output", json!({}))), "{}", "input.output.format"),
        (start("render", &with(fine(), "/output", "resolution", json!("8k"))), "{}", "input.output.resolution"),
        (start("render", &with(fine(), "", "output", json!("mp4"))), "{}", "input.output"),
        (start("render", &edit(json!([]))), "{}", "input.timeline"),
        (start("render", &edit(json!([[]]))), "{}", "input.timeline"),
        (start("render", &clip(json!(0), json!(0))), "{}", "input.timeline"),
        (start("render", &clip(json!(0), json!("auto"))), "{}", "input.timeline"),
        (start("render", &clip(json!(0), json!("{{LENGTH}}"))), "{}", "input.timeline"),
        (start("render", &clip(json!(-1), json!(5))), "{}", "input.timeline"),
        (start("render", &clip(json!(1), json!(10800))), "{}", "input.timeline"),
        (start("render", &clip(json!(0), json!(1e300))), "{}", "input.timeline"),
        (start("render", &clip(json!(null), json!(5))), "{}", "input.timeline"),
        (start("render", &asset(json!({ "type": "html", "html": "<img>" }))), "{}", "input.timeline"),
        (start("render", &asset(json!({ "type": "text-to-image", "prompt": "x" }))), "{}", "input.timeline"),
        (start("render", &asset(json!("x"))), "{}", "input.timeline"),
        (start("render", &video("http://127.0.0.1/a.mp4")), "{}", "input.timeline"),
        (start("render", &video("https://img.example@evil.example/a.mp4")), hosts, "input.timeline"),
        (start("render", &video("https://img.example.evil.example/a.mp4")), hosts, "input.timeline"),
        (start("render", &video("https://evil.example/a.mp4?img.example")), hosts, "input.timeline"),
        (start("render", &video("https://img.example/{{A}}")), "{}", "input.timeline"),
        (start("render", &video("file:///etc/passwd")), "{}", "input.timeline"),
        (start("render", &video("https://127.1/a.mp4")), "{}", "input.timeline"),
        (start("render", &video("https://[::1]/a.mp4")), "{}", "input.timeline"),
        (start("render", &video("https://metadata.google.internal/a")), "{}", "input.timeline"),
        (start("render", &src("https://evil.example/a.mp3")), hosts, "input.timeline"),
        (start("render", &with(fine(), "/timeline", "fonts", json!([{ "src": 1 }]))), "{}", "input.timeline"),
        (start("render", &fine()), r#"{"asset_hosts":"img.example"}"#, "options.asset_hosts"),
        (start("render", &fine()), r#"{"stage":"../v1"}"#, "options.stage"),
        (start("template", &json!({})), LONG, "input.id"),
        (start("template", &json!({ "id": "a/b" })), LONG, "input.id"),
        (start("template", &json!({ "id": ID, "timeline": {} })), LONG, "input"),
        (start("template", &json!({ "id": ID, "merge": {} })), LONG, "input.merge"),
        (start("template", &merge(json!(1))), LONG, "input.merge"),
        (start("template", &merge(json!("x".repeat(5000)))), LONG, "input.merge"),
        (start("template", &json!({ "id": ID })), r#"{"max_seconds":20000}"#, "options.max_seconds"),
        (start("template", &json!({ "id": ID })), r#"{"max_seconds":0}"#, "options.max_seconds"),
        (start("template", &json!({ "id": ID })), r#"{"max_seconds":null}"#, "options.max_seconds"),
        (start("template", &json!({ "id": ID })), "{}", "options.max_seconds"),
        (start("template", &json!({ "id": ID })), &others, "input.id"),
        (start("template", &json!({ "id": ID })), &none, "input.id"),
        (start("template", &json!({ "id": ID })), &text, "options.templates"),
        (Operation::JobStart(callback), "{}", "callback_url"),
        (look("../x"), "{}", "id"),
    ];
    for (operation, options, field) in rows {
        let planned = Shotstack.plan(&operation, options);
        assert!(
            matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field),
            "{field}: {operation:?} {planned:?}"
        );
    }
    assert!(matches!(Shotstack.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
    assert!(Shotstack.plan(&start("render", &video("https://IMG.example:443/a.mp4")), hosts).is_ok());
}

/// The text of a merge field may become an asset's address, so whatever could be read as one is checked as one.
#[test]
fn merge_fields_reach_no_other_hosts() {
    let listed = r#"{"max_seconds":30,"asset_hosts":["img.example"]}"#;
    let rows = [
        ("Jane", listed, true),
        ("", listed, true),
        ("see https://x.example and smile", listed, true),
        ("Note: 5 // 6 \\ 7", listed, true),
        ("https://img.example/a.png", listed, true),
        (" https://img.example/a.png\n", listed, true),
        ("https://any.example/a.png", LONG, true),
        ("https://evil.example/a.png", listed, false),
        (" https://evil.example/a.png", listed, false),
        ("https://evil.example/a b.png", listed, false),
        ("https:evil.example/a.png", listed, false),
        ("https:\\\\evil.example\\a.png", listed, false),
        ("HTTPS://evil.example/a.png", listed, false),
        ("HtTp:/evil.example/a.png", listed, false),
        ("//evil.example/a.png", listed, false),
        ("\t//evil.example/a b.png", listed, false),
        ("\\\\evil.example\\a.png", listed, false),
        ("/\\evil.example/a.png", listed, false),
        ("ht\ntps:evil.example/a.png", listed, false),
        ("\u{0}https:evil.example/a.png", listed, false),
        ("\u{feff}//evil.example/a.png", listed, false),
        ("https://img.example\\@evil.example/a.png", listed, false),
        ("https://img.example/{{B}}", listed, false),
        ("s3://bucket/a b.png", LONG, false),
        ("file:/etc/passwd", LONG, false),
        ("http://169.254.169.254/", LONG, false),
        ("https://169.254.169.254/", LONG, false),
        ("https://localhost/", LONG, false),
    ];
    for (replace, options, fine) in rows {
        let merge = json!([{ "find": "A", "replace": replace }]);
        let template = json!({ "id": ID, "merge": merge });
        let render = with(edit(json!([[title(json!(0), json!(5))]])), "", "merge", merge);
        for operation in [start("template", &template), start("render", &render)] {
            let planned = Shotstack.plan(&operation, options);
            let refused = matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == "input.merge");
            assert_eq!((planned.is_ok(), refused), (fine, !fine), "{replace:?}: {planned:?}");
        }
    }
}

#[test]
fn only_offered_templates_are_rendered() {
    for options in
        [LONG, r#"{"max_seconds":30,"templates":null}"#, &format!(r#"{{"max_seconds":30,"templates":["{ID}"]}}"#)]
    {
        let planned = Shotstack.plan(&start("template", &json!({ "id": ID })), options);
        assert_eq!(planned.map(|call| call.worst_case), Ok(seconds(30)), "{options}");
    }
}

#[test]
fn renders_become_states() {
    let unknown = || Usage::Unknown;
    let url = "https://output.example/a.mp4";
    let rows = [
        (json!({ "status": "queued" }), "queued", unknown()),
        (json!({ "status": "fetching" }), "running", unknown()),
        (json!({ "status": "rendering", "url": url }), "running", unknown()),
        (json!({ "status": "saving", "duration": 8.5 }), "running", unknown()),
        (json!({ "status": "done", "url": url, "duration": 12 }), "done", Usage::Reported(seconds(12))),
        (json!({ "status": "done", "url": url, "duration": 12.001 }), "done", Usage::Reported(seconds(13))),
        (json!({ "status": "done", "url": url }), "done", unknown()),
        (json!({ "status": "done", "url": url, "duration": 0 }), "done", unknown()),
        (json!({ "status": "done", "url": url, "duration": "12" }), "done", unknown()),
        (json!({ "status": "done", "duration": 12 }), "garbled", unknown()),
        (json!({ "status": "done", "url": "javascript:alert(1)", "duration": 12 }), "garbled", unknown()),
        (json!({ "status": "failed", "error": "vendor text" }), "render_failed", Usage::Counted(vec![])),
        (json!({ "status": "ready" }), "garbled", unknown()),
        (json!({ "id": "other", "status": "done", "url": url }), "garbled", unknown()),
        (json!({}), "garbled", unknown()),
    ];
    for (response, expected, usage) in rows {
        let body = json!({ "success": true, "message": "OK", "response": response }).to_string();
        let state = Shotstack.read_job(&look(ID), body.as_bytes());
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
        assert_eq!(found, expected, "{response}: {state:?}");
        if let Ok(state) = state {
            assert_eq!(state.usage, usage, "{response}");
        }
    }
    let refused = Shotstack.read_job(&look(ID), br#"{"success":false,"message":"x","response":{}}"#);
    assert!(matches!(refused, Err(NoGood::Refused(_))), "{refused:?}");
    let garbled = Shotstack.read_job(&start("render", &json!({})), br#"{"success":true,"response":{"id":"a/b"}}"#);
    assert!(matches!(garbled, Err(NoGood::Garbled(_))), "{garbled:?}");
}

#[test]
fn callbacks() {
    let edit = Shotstack.webhook(&[], EDIT).unwrap();
    assert_eq!((edit.name.as_str(), edit.effect), ("edit.done", Effect::JobChanged(ID.into())));
    assert_eq!(edit.dedupe_id, format!("edit:{ID}:done"));
    let serve = Shotstack.webhook(&[], SERVE).unwrap();
    assert_eq!((serve.name.as_str(), serve.effect), ("serve.ready", Effect::JobChanged(ID.into())));
    assert_eq!(serve.dedupe_id, "serve:a4482cbf-e321-42a2-ac8b-947d26886840:ready");
    let rows = [
        (r#"{"type":"ingest","id":"a","status":"ready"}"#, Some(Effect::None)),
        (r#"{"type":"serve","id":"a","status":"ready"}"#, Some(Effect::None)),
        (r#"{"type":"edit","id":"../a","status":"done"}"#, None),
        (r#"{"type":"edit","status":"done"}"#, None),
    ];
    for (body, expected) in rows {
        assert_eq!(Shotstack.webhook(&[], body.as_bytes()).ok().map(|event| event.effect), expected, "{body}");
    }
}

#[test]
fn refusals() {
    let rows = [
        (400, "invalid_request", false),
        (401, "invalid_key", false),
        (403, "invalid_key", false),
        (404, "not_found", false),
        (429, "rate_limited", true),
        (500, "vendor_internal", true),
    ];
    for (status, code, retryable) in rows {
        let failure = Shotstack.explain(&AnswerHead { status, headers: vec![] }, br#"{"message":"Forbidden"}"#);
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status}");
    }
}
