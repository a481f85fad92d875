//! `POST /v1/sessions`: a key, an origin and the visitor's word become a session.

use compliance::{PersonKey, PersonKeyError};
use kv_schemas::StoreError;
use session::{Admission, Ask, Refusal, Seed, UserKeys, admit, count_open, open, parse_ask, wants_key_set};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency};
use vault::Vault;

use crate::{key_sets, port::open_to_write};

/// Opens a session.
pub async fn create(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    // Credentials come first: who may not ask learns nothing from the body or from an earlier answer.
    let caller = admit(store, call.authorization(), call.origin().as_deref()).map_err(problem)?;
    call.is_of(&caller.tenant.id);
    let ask = parse_ask(&call.json()?).map_err(|invalid| problem(invalid.into()))?;
    // An earlier answer given again counts too: it costs as much to look up.
    count_open(store, host::now(), &caller, call.header("spin-client-addr")).map_err(problem)?;
    let vault = host::vault().await?;
    let seed = || Seed { id: host::new_id("ses_"), secret: host::new_secret("") };
    // A key belongs to a tenant's API key and origin: pages share the publishable key.
    let owner = format!("session:{}:{}", caller.key_sha256, caller.origin.as_deref().unwrap_or_default());
    let work = async |seed: &Seed| {
        let user_keys = user_keys(store, &vault, &caller, &ask).await.map_err(problem)?;
        let opened = open(&open_to_write().map_err(problem)?, host::now(), &caller, &ask, user_keys.as_ref(), seed)
            .map_err(problem)?;
        Ok((201, serde_json::to_value(opened).unwrap_or_default()))
    };
    idempotency::once(store, &vault, call, &owner, seed, work).await
}

async fn user_keys(
    store: &KeyValue,
    vault: &Vault,
    caller: &Admission,
    ask: &Ask,
) -> Result<Option<UserKeys>, Refusal> {
    let Some(auth) = caller.tenant.end_user_auth.as_ref().filter(|_| wants_key_set(&caller.tenant, ask)) else {
        return Ok(None);
    };
    let token = ask.user_token.as_deref().unwrap_or_default();
    let set = key_sets::find(store, &caller.tenant.id, auth, token).await?;
    let people = PersonKey::get(store, vault, host::random()).map_err(|error| match error {
        PersonKeyError::Store(error) => Refusal::Store(error),
        // Nobody could be told or rid of sessions that aren't noted: nobody gets in.
        PersonKeyError::Vault(error) => Refusal::Store(StoreError::Unavailable(format!("person-key: {error}"))),
    })?;
    Ok(Some(UserKeys { set, people }))
}

pub fn problem(refusal: Refusal) -> Problem {
    if let Refusal::Store(error) = &refusal {
        shell::warn!("store", error = error);
    }
    refusal.problem()
}
