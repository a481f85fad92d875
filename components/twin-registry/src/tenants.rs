//! Tenants: made, shown, changed, deleted, listed.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency, offline};
use tenancy::{NewKeys, Search, find_tenant, key_id, parse_tenant};

use crate::{journal::Log, refuse, twins::changing_tenant};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 200;

/// What making a tenant draws at random.
#[derive(Serialize, Deserialize)]
struct Drawn {
    publishable: String,
    secret: String,
}

/// `POST /v1/tenants`: the only time the keys are shown.
pub async fn create(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let tenant = parse_tenant(&call.json()?).map_err(refuse::invalid)?;
    let vault = host::vault().await?;
    let draw = || Drawn { publishable: host::new_secret("tg_pk_"), secret: host::new_secret("tg_sk_") };
    let work = async |drawn: &Drawn| {
        let keys = NewKeys { publishable: drawn.publishable.clone(), secret: drawn.secret.clone() };
        tenancy::create(store, host::now(), &tenant, &keys, &Log(call)).map_err(refuse::write)?;
        let mut body = json!(tenant);
        body["publishable_key"] = json!(keys.publishable);
        body["publishable_key_id"] = json!(key_id(&keys.publishable));
        body["secret_key"] = json!(keys.secret);
        body["secret_key_id"] = json!(key_id(&keys.secret));
        Ok((201, body))
    };
    idempotency::once(store, &vault, call, "operator", draw, work).await
}

/// `GET /v1/tenants/{id}`
pub fn get(store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    match find_tenant(store, id).map_err(|error| offline(&error))? {
        Some(tenant) => Ok(Reply::json(200, &tenant)),
        None => Err(Problem::not_found("There is no such tenant.")),
    }
}

/// `PATCH /v1/tenants/{id}`
pub async fn update(call: &Call, id: &str) -> Result<Reply, Problem> {
    let patch: Json = call.json()?;
    let tenant = changing_tenant(|store| tenancy::patch(store, host::now(), id, &patch, &Log(call))).await?;
    Ok(Reply::json(200, &tenant))
}

/// `DELETE /v1/tenants/{id}`
pub fn delete(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    tenancy::delete(store, host::now(), id, &Log(call)).map_err(refuse::write)?;
    // What if we crash here? Nobody reads them, and the same request again takes them away.
    compliance::forget_certificates(store, id).map_err(|error| offline(&error))?;
    Ok(Reply::empty(204))
}

/// `GET /v1/tenants?q=&limit=&cursor=`
pub fn list(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let (after, limit) = (cursor(call.query("cursor"))?, limit(call.query("limit"))?);
    // An emptied field of a form looks for nothing.
    let search = call.query("q").filter(|text| !text.is_empty()).map(|text| Search::parse(&text)).transpose();
    let search = search.map_err(refuse::invalid)?;
    let page = tenancy::list(store, after, limit, search.as_ref()).map_err(|error| offline(&error))?;
    Ok(Reply::json(
        200,
        &json!({
            "tenants": page.tenants,
            "next_cursor": page.next.map(|next| next.to_string()),
        }),
    ))
}

fn cursor(text: Option<String>) -> Result<u64, Problem> {
    match text.as_deref() {
        None | Some("") => Ok(0),
        Some(text) => {
            text.parse().map_err(|_| Problem::invalid("cursor", "must be the next_cursor of an earlier page"))
        }
    }
}

fn limit(text: Option<String>) -> Result<usize, Problem> {
    shell::page::limit(text.as_deref(), DEFAULT_PAGE, MAX_PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_bounded() {
        let check = |text: Option<&str>, read: Option<usize>| assert_eq!(limit(text.map(Into::into)).ok(), read);
        check(None, Some(50));
        check(Some("1"), Some(1));
        check(Some("200"), Some(200));
        for text in ["0", "201", "-1", "x", "1.5", "99999999999999999999999"] {
            check(Some(text), None);
        }
        assert_eq!(cursor(Some("7".into())).ok(), Some(7));
        assert_eq!(cursor(None).ok(), Some(0));
        assert!(cursor(Some("abc".into())).is_err());
    }
}
