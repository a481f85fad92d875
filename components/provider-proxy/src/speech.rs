//! Speech: audio as it is made, and its interruption.

use serde::Deserialize;
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use crate::{
    bindings::{
        adapter::{self, Capability, Operation},
        limits,
        sessions::Grant,
    },
    caller::{capable, owns, tenant_caller},
    disclosure,
    keyed::{self, Failed, Keyed, Start},
    metered::{self, Metered, Wanted},
    persona,
    problems::{faulty, unplannable},
    relay::{self, Passing},
    stop,
    vendor::{
        self,
        attempt::{Effort, Patience},
    },
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
    match begin(call, &store, &grant, adapter::Speech { text, voice, format }, &keyed).await {
        Ok((metered, passing)) => Ok(relay::stream(metered, store, call.request_id.clone(), keyed, passing)),
        Err(failed) => Err(keyed.fail(&store, call, failed)),
    }
}

async fn begin(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    mut speech: adapter::Speech,
    keyed: &Keyed,
) -> Result<(Metered, Passing), Failed> {
    let tenant = vendor::tenant(store, &grant.tenant)?;
    let mut vendor = vendor::choose(store, &tenant, Capability::Speech)?;
    if let Some(persona) = persona::of(store, grant, &tenant)? {
        if speech.voice.is_none() {
            speech.voice = persona::voice(store, &tenant, &persona, vendor.name())?;
        }
        vendor = persona::felt(vendor, &persona);
    }
    let said = disclosure::to_say(store, &tenant.disclosure, grant.session.as_deref())?;
    if let Some(label) = &said {
        speech.text.insert_str(0, label);
    }
    let operation = Operation::Speech(speech);
    let planned = adapter::plan(vendor.name(), &operation, &vendor.options).map_err(unplannable)?;
    let wanted = Wanted {
        grant,
        capability: Capability::Speech,
        vendor,
        operation,
        planned,
        token: keyed.token(),
        effort: Effort::of(Patience::Retrying),
        counted: false,
    };
    let metered = metered::begin(call, store, wanted).await?;
    let disclosure = tenant.disclosure.shown().map(str::to_owned);
    Ok((metered, Passing { disclosure, says_it: said.is_some(), ..Passing::default() }))
}

/// `DELETE /v1/speech/{limit_check_id}`
pub fn interrupt(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let grant = tenant_caller(call)?;
    let holder = limits::inspect(id).map_err(faulty)?;
    if !owns(&grant, &holder.tenant, holder.session.as_deref()) {
        return Err(Problem::not_found("There is no such permit."));
    }
    stop::interrupt(store, id, host::now()).map_err(|error| offline(&error))?;
    Ok(Reply::empty(204))
}
