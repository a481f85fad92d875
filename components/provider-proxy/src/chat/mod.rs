//! Chat, in OpenAI's shape.

mod ask;
mod background;
mod ladder;
pub mod privacy;
mod request;
mod routing;
mod template;
mod thrift;

use bytes::Bytes;
use calendar::Millis;
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, cors, host, idempotency::Head};

pub use self::ask::{ask, ask_named};
use self::{
    ladder::{Answered, Climb},
    privacy::Masked,
    request::Request,
};
use crate::{
    bindings::{
        adapter::{self, Answer, Capability},
        sessions::Grant,
    },
    caller::{capable, tenant_caller},
    keyed::{self, Failed, Keyed, Start},
    persona, relay,
    vendor::{self, upstream},
};

/// `POST /v1/chat/completions`
pub async fn complete(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let grant = capable(call, "chat")?;
    let keyed = match keyed::begin(call, &store, &grant).await? {
        Start::Before(reply) => return Ok(reply),
        Start::Now(keyed) => keyed,
    };
    let reply = asked(call, store, &grant, keyed).await?;
    Ok(match call.header("origin").filter(|origin| grant.origin.as_deref() == Some(*origin)) {
        // The tenant allows it, by what it has just been verified with.
        Some(origin) => cors::share_with(origin, reply),
        None => reply,
    })
}

async fn asked(call: &Call, store: KeyValue, grant: &Grant, keyed: Keyed) -> Result<Reply, Problem> {
    match answer(call, &store, grant, &keyed, host::now().plus(upstream::REQUEST_MS)).await {
        Ok(Answered::ByVendor(metered, passing)) if metered.planned.answer == Answer::EventStream => {
            Ok(relay::stream(*metered, store, call.request_id.clone(), keyed, passing))
        }
        Ok(answered) => kept(call, &store, keyed, whole(answered).await),
        Err(failed) => Err(keyed.fail(&store, call, failed)),
    }
}

/// An answer in one piece, and its body.
async fn whole(answered: Answered) -> Result<(Reply, Bytes), Failed> {
    match answered {
        Answered::ByVendor(metered, passing) => relay::whole(*metered, passing).await,
        Answered::ByTemplate(reply, body) => Ok((reply, body.into())),
    }
}

/// The outcome, which a repeat of the idempotency key gets as well.
fn kept(
    call: &Call,
    store: &KeyValue,
    keyed: Keyed,
    outcome: Result<(Reply, Bytes), Failed>,
) -> Result<Reply, Problem> {
    match outcome {
        Ok((reply, body)) => {
            keyed.finish(store, || Head::of(&reply).whole(&body));
            Ok(reply)
        }
        Err(failed) => Err(keyed.fail(store, call, failed)),
    }
}

/// Masks, says who the tenant's twin is, adds what the tenant wants the model to know, decides who answers, and lets the best answer.
async fn answer(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    keyed: &Keyed,
    deadline: Millis,
) -> Result<Answered, Failed> {
    let tenant = vendor::tenant(store, &grant.tenant)?;
    let Masked { mut body, restorer } = privacy::mask(&tenant, &call.body)?;
    let mut request = Request::read(&body);
    if let Some(persona) = persona::of(store, grant, &tenant)?
        && let Some(read) = &mut request
    {
        *read = read.with_first_system(&persona.system);
        if let Some(notes) = persona::learned(store, &tenant).await {
            *read = read.with_system(&notes);
        }
        body = read.to_bytes().into();
    }
    // First without the background: a request that nobody could serve doesn't pay for it.
    let mut decision = routing::decide(store, &tenant, &body, request.as_ref())?;
    if let Some(read) = &request
        && let Some(known) = background::of(call, store, grant, &tenant, read).await
    {
        decision = routing::decide(store, &tenant, &known.to_bytes(), Some(&known))?;
    }
    let streams = request.is_some_and(|request| request.streams());
    let disclosure = tenant.disclosure.shown().map(str::to_owned);
    ladder::climb(Climb { call, store, grant, keyed, streams, deadline }, decision, restorer, disclosure).await
}

/// `GET /v1/models`: what the tenant's vendors offer by name, its routes, and `auto`.
pub fn models(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let grant = tenant_caller(call)?;
    let tenant = vendor::tenant(store, &grant.tenant)?;
    let model = |id: &str, owner: &str| json!({ "id": id, "object": "model", "created": 0, "owned_by": owner });
    let mut models = vec![model("auto", "tollgate")];
    models.extend(tenant.routes.keys().filter(|name| *name != "auto").map(|name| model(name, "tollgate")));
    for profile in adapter::vendors() {
        if !profile.capabilities.contains(&Capability::Chat)
            || vendor::named(store, &grant.tenant, &profile.vendor).is_err()
        {
            continue;
        }
        models.extend(profile.models.iter().map(|id| model(id, &profile.vendor)));
    }
    Ok(Reply::json(200, &json!({ "object": "list", "data": models })))
}
