//! `POST /v1/sessions`: a key, an origin and the visitor's word become a session.

use session::{Admission, Ask, KeySet, Refusal, Seed, admit, count_open, open, parse_ask, wants_key_set};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency};

use crate::{key_sets, port::open_to_write};

/// Opens a session.
pub async fn create(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    // Credentials come first: who may not ask learns nothing from the body or from an earlier answer.
    let caller = admit(store, call.authorization(), call.origin().as_deref()).map_err(problem)?;
    let ask = parse_ask(&call.json()?).map_err(|invalid| problem(invalid.into()))?;
    // An earlier answer given again counts too: it costs as much to look up.
    count_open(store, host::now(), &caller, call.header("spin-client-addr")).map_err(problem)?;
    let vault = host::vault().await?;
    let seed = || Seed { id: host::new_id("ses_"), secret: host::new_secret("") };
    // A key belongs to a tenant's API key and origin: pages share the publishable key.
    let owner = format!("session:{}:{}", caller.key_sha256, caller.origin.as_deref().unwrap_or_default());
    let work = async |seed: &Seed| {
        let key_set = key_set(store, &caller, &ask).await.map_err(problem)?;
        let opened = open(&open_to_write().map_err(problem)?, host::now(), &caller, &ask, key_set.as_ref(), seed)
            .map_err(problem)?;
        Ok((201, serde_json::to_value(opened).unwrap_or_default()))
    };
    idempotency::once(store, &vault, call, &owner, seed, work).await
}

async fn key_set(store: &KeyValue, caller: &Admission, ask: &Ask) -> Result<Option<KeySet>, Refusal> {
    match &caller.tenant.end_user_auth {
        Some(auth) if wants_key_set(&caller.tenant, ask) => {
            let token = ask.user_token.as_deref().unwrap_or_default();
            key_sets::find(store, &caller.tenant.id, auth, token).await.map(Some)
        }
        _ => Ok(None),
    }
}

fn problem(refusal: Refusal) -> Problem {
    if let Refusal::Store(error) = &refusal {
        eprintln!("store: {error}");
    }
    refusal.problem()
}
