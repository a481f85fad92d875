//! Chat, in OpenAI's shape.

use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply};

use crate::{
    bindings::adapter::{self, Answer, Capability, Operation},
    caller::{capable, tenant_caller},
    keyed::{self, Start},
    metered, relay, vendor,
};

/// `POST /v1/chat/completions`
pub async fn complete(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let grant = capable(call, "chat")?;
    let keyed = match keyed::begin(call, &store, &grant).await? {
        Start::Before(reply) => return Ok(reply),
        Start::Now(keyed) => keyed,
    };
    let operation = Operation::Chat(call.body.to_vec());
    let metered = match metered::begin(call, &store, &grant, "chat", operation, keyed.token()).await {
        Ok(metered) => metered,
        Err(failed) => return Err(keyed.fail(&store, call, failed)),
    };
    match metered.planned.answer {
        Answer::EventStream => Ok(relay::stream(metered, store, call.request_id.clone(), keyed)),
        Answer::Json | Answer::Audio | Answer::Nothing => relay::whole(metered, &store, call, keyed).await,
    }
}

/// `GET /v1/models`: what the tenant's vendors offer by name, and `auto`.
pub fn models(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = tenant_caller(call)?;
    let mut models = vec![json!({ "id": "auto", "object": "model", "created": 0, "owned_by": "tollgate" })];
    for profile in adapter::vendors() {
        if !profile.capabilities.contains(&Capability::Chat)
            || vendor::named(store, &grant.tenant, &profile.vendor).is_err()
        {
            continue;
        }
        let owner = &profile.vendor;
        models.extend(
            profile.models.iter().map(|id| json!({ "id": id, "object": "model", "created": 0, "owned_by": owner })),
        );
    }
    Ok(Reply::json(200, &json!({ "object": "list", "data": models })))
}
