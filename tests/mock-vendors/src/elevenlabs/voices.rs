//! Voices made of samples. A name with `[[verify]]` in it makes one that has to be confirmed: it is, as a job is done.

use axum::extract::{Path, State as Shared};
use serde_json::{Value, json};

use super::{VENDOR, detail};
use crate::State;
use crate::gate::{Answered, Request, admit, admit_as, key_of};
use crate::jobs::{self, NewJob, Status, multipart};

pub async fn add(Shared(state): Shared<State>, request: Request) -> Answered {
    let host = request.host();
    let form = multipart::read(request.header("content-type").unwrap_or_default(), &request.body);
    let key = key_of(&VENDOR, &request);
    let name = |form: &Value| form["name"].as_str().unwrap_or_default().to_owned();
    let call = admit_as(&state, &VENDOR, &request, key, form.unwrap_or(Value::Null), name).await?;
    if call.body["name"].as_str().is_none_or(str::is_empty) || call.body["files"]["bytes"].as_u64().unwrap_or(0) == 0 {
        return Ok(call.refuse(422));
    }
    let must_be_verified = name(&call.body).contains("[[verify]]");
    let id = format!("voice{:015x}", state.next_event_id());
    if must_be_verified {
        let input = call.body.clone();
        let new = NewJob {
            vendor: VENDOR.name,
            kind: "voice",
            id: id.clone(),
            key: call.key.clone(),
            host,
            idempotency_key: None,
            input,
            callback_url: None,
        };
        jobs::start(&state, new);
    }
    Ok(call.answer(200, json!({"voice_id": id, "requires_verification": must_be_verified})))
}

pub async fn show(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    if !id.starts_with("voice") {
        return Ok(call.answer(404, detail("voice_not_found", "A voice with this id was not found.")));
    }
    let status = jobs::look(&state, VENDOR.name, &call.key, &id).map(|job| job.status);
    let verification = json!({
        "requires_verification": status.is_some(),
        "is_verified": status == Some(Status::Done),
        "verification_failures": if status == Some(Status::Failed) { vec!["voice mismatch"] } else { vec![] },
    });
    Ok(call.answer(200, json!({"voice_id": id, "category": "cloned", "voice_verification": verification})))
}
