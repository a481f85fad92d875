//! A tenant's further keys: issued, listed, revoked.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency};
use tenancy::{Invalid, KeyKind, Object, key_id};

use crate::{journal::Log, refuse};

#[derive(Serialize, Deserialize)]
struct Drawn {
    key: String,
}

/// `POST /v1/tenants/{id}/keys`: the only time the key is shown.
pub async fn issue(call: &Call, store: &KeyValue, tenant: &str) -> Result<Reply, Problem> {
    let kind = parse_kind(&call.json()?).map_err(refuse::invalid)?;
    let vault = host::vault().await?;
    let prefix = match kind {
        KeyKind::Publishable => "tg_pk_",
        KeyKind::Secret => "tg_sk_",
    };
    let draw = || Drawn { key: host::new_secret(prefix) };
    let work = async |drawn: &Drawn| {
        tenancy::issue_key(store, tenant, kind, &drawn.key, &Log(call)).map_err(refuse::write)?;
        Ok((201, json!({ "id": key_id(&drawn.key), "kind": kind, "key": drawn.key })))
    };
    idempotency::once(store, &vault, call, "operator", draw, work).await
}

/// `GET /v1/tenants/{id}/keys`: ids only.
pub fn list(store: &KeyValue, tenant: &str) -> Result<Reply, Problem> {
    if tenancy::find_tenant(store, tenant).map_err(|error| shell::offline(&error))?.is_none() {
        return Err(Problem::not_found("There is no such tenant."));
    }
    let keys = tenancy::list_keys(store, tenant).map_err(refuse::write)?;
    let shown: Vec<Json> =
        keys.iter().map(|key| json!({ "id": key.id, "kind": key.kind, "revoked": key.revoked_at.is_some() })).collect();
    Ok(Reply::json(200, &json!({ "keys": shown })))
}

/// `DELETE /v1/tenants/{id}/keys/{key}`
pub fn revoke(call: &Call, store: &KeyValue, tenant: &str, key: &str) -> Result<Reply, Problem> {
    tenancy::revoke_key(store, host::now(), tenant, key, &Log(call)).map_err(refuse::write)?;
    Ok(Reply::empty(204))
}

fn parse_kind(body: &Json) -> Result<KeyKind, Invalid> {
    let body = Object::body(body)?;
    body.only(&["kind"])?;
    match body.text("kind", 1, 20)? {
        Some("secret") => Ok(KeyKind::Secret),
        Some("publishable") => Ok(KeyKind::Publishable),
        _ => Err(body.fault("kind", "must be secret or publishable")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_kind() {
        let check = |body: Json, kind: Result<KeyKind, &str>| {
            assert_eq!(parse_kind(&body).map_err(|e| e.param), kind.map_err(str::to_owned), "{body}");
        };
        check(json!({"kind": "secret"}), Ok(KeyKind::Secret));
        check(json!({"kind": "publishable"}), Ok(KeyKind::Publishable));
        check(json!({"kind": "admin"}), Err("kind"));
        check(json!({"kind": null}), Err("kind"));
        check(json!({}), Err("kind"));
        check(json!({"kind": "secret", "key": "tg_sk_mine"}), Err("key"));
        check(json!("secret"), Err("body"));
    }
}
