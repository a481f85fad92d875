//! Where a tenant's server hears of events: the secret that signs is shown when it is made or given, and never again.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host, offline};
use tenancy::{
    Endpoint, EndpointSealed, SECRET_PREFIX, endpoint_context, find_endpoint, find_tenant, parse_endpoint,
    remove_endpoint, set_endpoint,
};
use vault::Vault;

use crate::{journal::Log, refuse, twins::changing_tenant};

/// `PUT /v1/tenants/{id}/events`
pub async fn put(call: &Call, store: &KeyValue, tenant: &str) -> Result<Reply, Problem> {
    let dev_hosts = host::variable("dev_hosts").await;
    let asked = parse_endpoint(&dev_hosts, &call.json()?).map_err(refuse::invalid)?;
    let vault = host::vault().await?;
    let failed = |error| offline(&error);
    let old = find_endpoint(store, tenant).map_err(failed)?;
    // Given is shown, though it be the old one; absent makes one where there is none.
    let secret = match (asked.secret, &old) {
        (Some(secret), _) => Some(secret),
        (None, None) => Some(format!("{SECRET_PREFIX}{}", STANDARD.encode(host::random::<32>()))),
        (None, Some(_)) => None,
    };
    let is_other = secret.as_deref().is_some_and(|secret| !signs(&vault, tenant, old.as_ref(), secret));
    let sealed_secret = match &secret {
        Some(secret) if is_other => Some(seal(&vault, tenant, secret)?),
        _ => None,
    };
    let id = host::new_id("ep_");
    let from = events::feed::end(store, tenant).map_err(failed)?;
    let asked = EndpointSealed { url: asked.url, types: asked.types, sealed_secret, id, from };
    let set = |store: &KeyValue| set_endpoint(store, host::now(), tenant, asked.clone(), &Log(call));
    let endpoint = changing_tenant(set).await?;
    let mut shown = shown(store, tenant, &endpoint)?;
    if let Some(secret) = secret {
        shown["secret"] = json!(secret);
    }
    Ok(Reply::json(200, &shown))
}

/// `GET /v1/tenants/{id}/events`
pub fn get(store: &KeyValue, tenant: &str) -> Result<Reply, Problem> {
    let failed = |error| offline(&error);
    let known = find_tenant(store, tenant).map_err(failed)?.is_some();
    let endpoint = find_endpoint(store, tenant).map_err(failed)?.filter(|_| known);
    let endpoint = endpoint.ok_or_else(|| Problem::not_found("There is no endpoint for events."))?;
    Ok(Reply::json(200, &shown(store, tenant, &endpoint)?))
}

/// `DELETE /v1/tenants/{id}/events`
pub async fn delete(call: &Call, tenant: &str) -> Result<Reply, Problem> {
    changing_tenant(|store| remove_endpoint(store, host::now(), tenant, &Log(call))).await?;
    Ok(Reply::empty(204))
}

/// `status` is `refused` when the server has said 410: nothing is sent until the endpoint is set anew.
fn shown(store: &KeyValue, tenant: &str, endpoint: &Endpoint) -> Result<serde_json::Value, Problem> {
    let refused = events::delivery::is_refused(store, tenant, endpoint).map_err(|error| offline(&error))?;
    let status = if refused { "refused" } else { "active" };
    Ok(json!({ "url": endpoint.url, "types": endpoint.types, "status": status }))
}

/// Whether it is the secret that signs now.
fn signs(vault: &Vault, tenant: &str, endpoint: Option<&Endpoint>, secret: &str) -> bool {
    let sealed = endpoint.map(|endpoint| endpoint.sealed_secret.as_str()).unwrap_or_default();
    vault.open(&endpoint_context(tenant), sealed).is_ok_and(|signing| signing.expose() == secret)
}

fn seal(vault: &Vault, tenant: &str, secret: &str) -> Result<String, Problem> {
    vault.seal(&endpoint_context(tenant), host::random(), secret).map_err(|error| {
        shell::warn!("vault", error = error);
        Problem::offline()
    })
}
