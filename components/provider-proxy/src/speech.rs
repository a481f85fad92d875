//! Speech: audio as it is made, and its interruption.

use serde::Deserialize;
use shell::{Call, KeyValue, Problem, Reply, offline};

use crate::{
    bindings::{
        adapter::{self, Operation},
        limits,
    },
    caller::{capable, owns, tenant_caller},
    metered,
    problems::faulty,
    relay, stop,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    text: String,
    #[serde(default)]
    voice: Option<String>,
    #[serde(default = "mp3")]
    format: String,
}

fn mp3() -> String {
    "mp3".into()
}

/// `POST /v1/speech`
pub async fn speak(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let grant = capable(call, "speech")?;
    let Body { text, voice, format } = call.json()?;
    let operation = Operation::Speech(adapter::Speech { text, voice, format });
    let metered = metered::begin(call, &store, &grant, "speech", operation).await?;
    Ok(relay::stream(metered, store, call.request_id.clone()))
}

/// `DELETE /v1/speech/{limit_check_id}`
pub fn interrupt(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = tenant_caller(call)?;
    let holder = limits::inspect(id).map_err(faulty)?;
    if !owns(&grant, &holder.tenant, holder.session.as_deref()) {
        return Err(Problem::not_found("There is no such permit."));
    }
    stop::interrupt(store, id, shell::host::now().0).map_err(|error| offline(&error))?;
    Ok(Reply::empty(204))
}
