//! kie.ai: Veo's own interface, and the one for all other models. What counts is the body's `code`.

use axum::Router;
use axum::extract::State as Shared;
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::{Job, NewJob, Status, look, start};
use crate::State;
use crate::callback;
use crate::gate::{Answered, Request, Vendor, admit};
use crate::state::now_ms;
use crate::webhook;

const VENDOR: Vendor = Vendor { name: "kie", key_header: "authorization", key_prefix: "Bearer ", bad_key: 401, error };

pub fn router() -> Router<State> {
    Router::new()
        .route("/api/v1/veo/generate", post(generate))
        .route("/api/v1/veo/record-info", get(veo_record))
        .route("/api/v1/jobs/createTask", post(create))
        .route("/api/v1/jobs/recordInfo", get(market_record))
        .route("/api/v1/chat/credit", get(credit))
}

async fn generate(shared: Shared<State>, request: Request) -> Answered {
    take(shared, request, "veo", "/prompt").await
}

async fn create(shared: Shared<State>, request: Request) -> Answered {
    take(shared, request, "market", "/input").await
}

/// `needed` is the place of what a task can't do without.
async fn take(Shared(state): Shared<State>, request: Request, kind: &'static str, needed: &str) -> Answered {
    let host = request.host();
    let call = admit(&state, &VENDOR, request, Value::to_string).await?;
    let model = call.body["model"].as_str().unwrap_or_default();
    if model.is_empty() || model.starts_with("no-such") || call.body.pointer(needed).is_none_or(Value::is_null) {
        return Ok(call.refuse(422));
    }
    let prefix = if kind == "veo" { "veo_task" } else { "task" };
    let id = format!("{prefix}_{:x}", state.next_event_id());
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
            callback_url: call.body["callBackUrl"].as_str().map(ToOwned::to_owned),
        },
    );
    Ok(call.answer(200, json!({"code": 200, "msg": "success", "data": {"taskId": id}})))
}

async fn veo_record(shared: Shared<State>, request: Request) -> Answered {
    record(shared, request, "veo", veo).await
}

async fn market_record(shared: Shared<State>, request: Request) -> Answered {
    record(shared, request, "market", market).await
}

/// Each interface knows its own tasks only.
async fn record(
    Shared(state): Shared<State>,
    request: Request,
    kind: &'static str,
    data: fn(&Job) -> Value,
) -> Answered {
    let id = request.parameter("taskId").unwrap_or_default().to_owned();
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    let found = look(&state, VENDOR.name, &call.key, &id).filter(|job| job.kind == kind);
    // The two interfaces spell it differently.
    let word = if kind == "veo" { "msg" } else { "message" };
    Ok(match found {
        Some(job) => call.answer(200, json!({"code": 200, word: "success", "data": data(&job)})),
        None => call.answer(200, json!({"code": 422, word: "recordInfo is null", "data": null})),
    })
}

async fn credit(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    Ok(call.answer(200, json!({"code": 200, "msg": "success", "data": 1000})))
}

fn veo(job: &Job) -> Value {
    let flag = match job.status {
        Status::Queued | Status::Running => 0,
        Status::Done => 1,
        Status::Failed => 3,
    };
    let response = json!({"taskId": job.id, "resultUrls": [job.result_url], "originUrls": null, "resolution": "1080p"});
    json!({"taskId": job.id, "paramJson": job.input.to_string(), "completeTime": job.ended_ms,
        "response": if job.status == Status::Done { response } else { Value::Null }, "successFlag": flag,
        "errorCode": if flag == 3 { json!(501) } else { Value::Null },
        "errorMessage": if flag == 3 { "generation failed" } else { "" }, "createTime": job.created_ms,
        "fallbackFlag": false})
}

fn market(job: &Job) -> Value {
    let state = match job.status {
        Status::Queued => "queuing",
        Status::Running => "generating",
        Status::Done => "success",
        Status::Failed => "fail",
    };
    let result = json!({ "resultUrls": [job.result_url] }).to_string();
    let (is_done, failed) = (job.status == Status::Done, job.status == Status::Failed);
    json!({"taskId": job.id, "model": job.input["model"], "state": state, "param": job.input.to_string(),
        "resultJson": if is_done { result } else { String::new() }, "failCode": if failed { "501" } else { "" },
        "failMsg": if failed { "generation failed" } else { "" }, "completeTime": job.ended_ms,
        "createTime": job.created_ms, "updateTime": now_ms()})
}

/// To the address in the request; signed if the account has a key for it.
pub async fn report(state: &State, job: &Job) {
    let Some(url) = &job.callback_url else { return };
    let body = match (job.kind, job.status) {
        ("veo", Status::Done) => {
            let info = json!({"resultUrls": [job.result_url], "originUrls": [], "resolution": "1080p"});
            json!({"code": 200, "msg": "Veo3.1 video generated successfully.",
                "data": {"taskId": job.id, "info": info, "fallbackFlag": false}})
        }
        ("veo", _) => json!({"code": 501, "msg": "generation failed", "data": {"taskId": job.id}}),
        (_, Status::Done) => {
            json!({"code": 200, "msg": "Playground task completed successfully.", "data": market(job)})
        }
        _ => json!({"code": 501, "msg": "Playground task failed.", "data": market(job)}),
    };
    let secret = state.hooks().of(VENDOR.name, &job.key).secret;
    let sign = |_: &[u8]| secret.map_or_else(Vec::new, |secret| webhook::kie(&secret, &job.id, now_ms() / 1000));
    callback::send(state, VENDOR.name, url, body, sign).await;
}

fn error(status: u16) -> Value {
    let message = match status {
        401 => "You do not have access permissions",
        402 => "The current credits are insufficient. Please top up.",
        404 => "The requested resource does not exist",
        422 => "The request parameters are invalid",
        429 => "Your call frequency is too high. Please try again later.",
        455 => "Service is currently undergoing maintenance",
        501 => "Generation failed",
        _ => "Server exception, please try again later",
    };
    json!({"code": status, "msg": message, "data": null})
}
