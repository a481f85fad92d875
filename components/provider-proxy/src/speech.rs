//! Speech: audio as it is made, and its interruption.

use serde::Deserialize;
use shell::{Call, KeyValue, Problem, Reply, offline};

use crate::{
    bindings::{
        adapter::{self, Operation},
        limits,
    },
    caller::{capable, owns, tenant_caller},
    keyed::{self, Start},
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
    let keyed = match keyed::begin(call, &store, &grant).await? {
        Start::Before(reply) => return Ok(reply),
        Start::Now(keyed) => keyed,
    };
    let operation = Operation::Speech(adapter::Speech { text, voice, format });
    match metered::begin(call, &store, &grant, "speech", operation, keyed.token()).await {
        Ok(metered) => Ok(relay::stream(metered, store, call.request_id.clone(), keyed)),
        Err(failed) => Err(keyed.fail(&store, call, failed)),
    }
}

/// `DELETE /v1/speech/{limit_check_id}`
pub fn interrupt(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = tenant_caller(call)?;
    let holder = limits::inspect(id).map_err(faulty)?;
    if !owns(&grant, &holder.tenant, holder.session.as_deref()) {
        return Err(Problem::not_found("There is no such permit."));
    }
    stop::interrupt(store, id, shell::host::now()).map_err(|error| offline(&error))?;
    Ok(Reply::empty(204))
}
