//! Shotstack: renders of an edit or of a template.

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::{Job, NewJob, Status, look, start};
use crate::State;
use crate::callback;
use crate::clock::timestamp;
use crate::gate::{Answered, Request, Vendor, admit};

/// A wrong key is turned away before the vendor's own code sees it.
const VENDOR: Vendor = Vendor { name: "shotstack", key_header: "x-api-key", key_prefix: "", bad_key: 403, error };

/// Of a result whose length doesn't show in the request.
const DEFAULT_SECONDS: f64 = 8.5;

pub fn router() -> Router<State> {
    Router::new()
        .route("/edit/{stage}/render", post(render))
        .route("/edit/{stage}/templates/render", post(template))
        .route("/edit/{stage}/render/{id}", get(read))
}

async fn render(shared: Shared<State>, Path(_stage): Path<String>, request: Request) -> Answered {
    take(shared, request, "render", |body| body["timeline"]["tracks"].is_array() && body["output"].is_object()).await
}

async fn template(shared: Shared<State>, Path(_stage): Path<String>, request: Request) -> Answered {
    take(shared, request, "template", |body| body["id"].is_string()).await
}

async fn take(
    Shared(state): Shared<State>,
    request: Request,
    kind: &'static str,
    is_good: fn(&Value) -> bool,
) -> Answered {
    let host = request.host();
    let call = admit(&state, &VENDOR, request, Value::to_string).await?;
    if !is_good(&call.body) {
        return Ok(call.refuse(400));
    }
    let number = state.next_event_id();
    let id = format!("{:08x}-0f3d-4c6d-ba20-{:012x}", (number >> 48) as u32, number & 0xffff_ffff_ffff);
    start(
        &state,
        NewJob {
            vendor: VENDOR.name,
            kind,
            id: id.clone(),
            key: call.key.clone(),
            host,
            idempotency_key: None,
            input: call.body.clone(),
            callback_url: call.body["callback"].as_str().map(ToOwned::to_owned),
        },
    );
    let response = json!({"message": "Render Successfully Queued", "id": id});
    Ok(call.answer(201, json!({"success": true, "message": "Created", "response": response})))
}

async fn read(Shared(state): Shared<State>, Path((_stage, id)): Path<(String, String)>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    let Some(job) = look(&state, VENDOR.name, &call.key, &id) else {
        return Ok(call.refuse(404));
    };
    let mut response = json!({"id": job.id, "owner": OWNER, "plan": "basic", "status": word(job.status),
        "error": if job.status == Status::Failed { "Render failed" } else { "" }, "poster": null, "thumbnail": null,
        "created": timestamp(job.created_ms), "updated": timestamp(job.ended_ms.unwrap_or(job.created_ms))});
    if job.status == Status::Done {
        response["duration"] = json!(seconds(&job));
        response["renderTime"] = json!(9433.44);
        response["url"] = json!(job.result_url);
    }
    Ok(call.answer(200, json!({"success": true, "message": "OK", "response": response})))
}

const OWNER: &str = "5ca6hu7s9k";

fn word(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Running => "rendering",
        Status::Done => "done",
        Status::Failed => "failed",
    }
}

/// The end of the last clip.
fn seconds(job: &Job) -> f64 {
    let tracks = job.input["timeline"]["tracks"].as_array();
    let clips = tracks.into_iter().flatten().filter_map(|track| track["clips"].as_array()).flatten();
    let ends = clips.filter_map(|clip| Some(clip["start"].as_f64()? + clip["length"].as_f64()?));
    ends.reduce(f64::max).unwrap_or(DEFAULT_SECONDS)
}

/// To the address in the request, unsigned.
pub async fn report(state: &State, job: &Job) {
    let Some(url) = &job.callback_url else { return };
    let is_done = job.status == Status::Done;
    let body = json!({"type": "edit", "action": "render", "id": job.id, "owner": OWNER, "status": word(job.status),
        "url": if is_done { json!(job.result_url) } else { Value::Null },
        "error": if is_done { Value::Null } else { json!("Render failed") },
        "completed": job.ended_ms.map(timestamp)});
    callback::send(state, VENDOR.name, url, body, |_| Vec::new()).await;
}

fn error(status: u16) -> Value {
    let (message, kind) = match status {
        401 | 403 => return json!({ "message": "Forbidden" }),
        404 => ("Not Found", "NotFound"),
        402 => ("Payment Required", "InsufficientCredits"),
        429 => return json!({ "message": "Too Many Requests" }),
        500.. => ("Internal Server Error", "InternalError"),
        _ => ("Bad Request", "ValidationError"),
    };
    json!({"success": false, "message": message, "response": {"error": kind, "details": []}})
}
