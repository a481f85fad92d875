//! upload-post: a video goes out to platforms. Forms in, one report for each platform.

use axum::Router;
use axum::extract::State as Shared;
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::{Job, NewJob, Status, look, multipart, start};
use crate::State;
use crate::callback::{self, Hook};
use crate::clock::timestamp;
use crate::gate::{Answered, Request, Vendor, admit, admit_as, key_of};
use crate::state::now_ms;
use crate::webhook;

const VENDOR: Vendor =
    Vendor { name: "upload-post", key_header: "authorization", key_prefix: "Apikey ", bad_key: 401, error };

pub fn router() -> Router<State> {
    Router::new()
        .route("/api/upload", post(upload))
        .route("/api/uploadposts/status", get(read))
        .route("/api/uploadposts/users/notifications", post(notifications))
}

/// The same `Idempotency-Key` once more gets the same answer, and nothing is uploaded again.
async fn upload(Shared(state): Shared<State>, request: Request) -> Answered {
    let host = request.host();
    let form = multipart::read(request.header("content-type").unwrap_or_default(), &request.body);
    let idempotency_key = request.header("idempotency-key").map(ToOwned::to_owned);
    let key = key_of(&VENDOR, &request);
    let call = admit_as(&state, &VENDOR, &request, key, form.unwrap_or(Value::Null), Value::to_string).await?;
    let Some(idempotency_key) = idempotency_key else {
        return Ok(call.answer(400, refusal("Idempotency-Key is required")));
    };
    let platforms = platforms(&call.body).len();
    let has = |name: &str| !call.body[name].is_null();
    if platforms == 0 || !has("user") || !has("video") {
        return Ok(call.answer(400, refusal("user, platform[] and video are required")));
    }
    if call.body["user"].as_str().is_some_and(|user| user.starts_with("nope")) {
        return Ok(call.answer(404, refusal("User profile not found")));
    }
    let earlier = state.jobs().repeated(VENDOR.name, &call.key, &idempotency_key);
    let id = earlier.as_ref().map_or_else(|| format!("{:032x}", state.next_event_id()), |job| job.id.clone());
    if earlier.is_none() {
        start(
            &state,
            NewJob {
                vendor: VENDOR.name,
                kind: "upload",
                id: id.clone(),
                key: call.key.clone(),
                host,
                idempotency_key: Some(idempotency_key),
                input: call.body.clone(),
                callback_url: None,
            },
        );
    }
    if has("scheduled_date") {
        return Ok(
            call.answer(200, json!({"success": true, "message": "Upload scheduled successfully.", "job_id": id}))
        );
    }
    let message = "Upload initiated successfully in background.";
    Ok(call.answer(200, json!({"success": true, "message": message, "request_id": id, "total_platforms": platforms})))
}

async fn read(Shared(state): Shared<State>, request: Request) -> Answered {
    let id = request.parameter("request_id").or(request.parameter("job_id")).unwrap_or_default().to_owned();
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    let Some(job) = look(&state, VENDOR.name, &call.key, &id) else {
        return Ok(call.answer(404, refusal("Request not found")));
    };
    let all = platforms(&job.input);
    let status = match job.status {
        Status::Queued => "pending",
        Status::Running => "in_progress",
        Status::Done | Status::Failed => "completed",
    };
    let results: Vec<Value> =
        if job.is_over() { all.iter().map(|one| result(&job, one)).collect() } else { Vec::new() };
    let body = json!({"success": true, "request_id": job.id, "status": status, "completed": results.len(),
        "total": all.len(), "results": results, "last_update": timestamp(now_ms())});
    Ok(call.answer(200, body))
}

/// The account's address for reports.
async fn notifications(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    let before = state.hooks().of(VENDOR.name, &call.key);
    let url = call.body["webhook_url"].as_str().map(ToOwned::to_owned);
    state.set_hook(VENDOR.name, Hook { key: call.key.clone(), url, secret: before.secret });
    Ok(call.answer(200, json!({ "success": true })))
}

fn platforms(form: &Value) -> Vec<String> {
    let texts = |value: &Value| value.as_str().map(ToOwned::to_owned);
    match &form["platform[]"] {
        Value::Array(list) => list.iter().filter_map(texts).collect(),
        one => texts(one).into_iter().collect(),
    }
}

fn result(job: &Job, platform: &str) -> Value {
    let is_done = job.status == Status::Done;
    let url =
        format!("https://www.{platform}.com/@{}/video/{}", job.input["user"].as_str().unwrap_or_default(), job.id);
    json!({"platform": platform, "success": is_done, "message": if is_done { "Published" } else { "Failed" },
        "url": if is_done { json!(url) } else { Value::Null }, "publish_id": format!("p-{}", job.id),
        "post_id": job.id, "error": if is_done { Value::Null } else { json!("The platform refused the video") }})
}

/// One report for each platform, also of failures, to the account's address.
pub async fn report(state: &State, job: &Job) {
    let hook = state.hooks().of(VENDOR.name, &job.key);
    let Some(url) = hook.url else { return };
    for platform in platforms(&job.input) {
        let body = json!({"event": "upload_completed", "job_id": job.id, "user_email": "mock@example.com",
            "profile_username": job.input["user"], "platform": platform, "media_type": "video",
            "title": job.input["title"], "caption": "", "result": result(job, &platform),
            "created_at": timestamp(now_ms())});
        let delivery = format!("dlv_{:x}", state.next_event_id());
        let sign = |body: &[u8]| match &hook.secret {
            Some(secret) => webhook::upload_post(secret, &delivery, now_ms() / 1000, body),
            None => Vec::new(),
        };
        callback::send(state, VENDOR.name, &url, body, sign).await;
    }
}

fn refusal(message: &str) -> Value {
    json!({"success": false, "message": message})
}

fn error(status: u16) -> Value {
    refusal(match status {
        401 => "Invalid or expired token",
        402 | 403 => "This feature requires a paid plan",
        404 => "Not found",
        429 => "Monthly upload limit reached",
        500.. => "Internal server error",
        _ => "Bad request",
    })
}
