//! A tenant's bindings to vendors: secrets go in and are never shown.

use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host, offline};
use tenancy::{BindingSealed, bind, find_binding, find_tenant, is_vendor, parse_binding, unbind};
use vault::Vault;

use crate::{journal::Log, refuse, twins::changing_tenant};

/// `PUT /v1/tenants/{id}/vendors/{vendor}`
pub async fn put(call: &Call, tenant: &str, vendor: &str) -> Result<Reply, Problem> {
    check_vendor(vendor)?;
    let dev_hosts = host::variable("dev_hosts").await;
    let asked = parse_binding(vendor, &dev_hosts, &call.json()?).map_err(refuse::invalid)?;
    let vault = host::vault().await?;
    let place = format!("vendor/{tenant}/{vendor}");
    let sealed = BindingSealed {
        mode: asked.mode,
        base_url: asked.base_url,
        sealed_secret: seal(&vault, &format!("{place}/secret"), asked.secret)?,
        sealed_webhook_secret: seal(&vault, &format!("{place}/webhook"), asked.webhook_secret)?,
        options: asked.options,
    };
    let put = |store: &KeyValue| bind(store, host::now(), tenant, vendor, sealed.clone(), &Log(call));
    changing_tenant(put).await?;
    Ok(Reply::empty(204))
}

/// `DELETE /v1/tenants/{id}/vendors/{vendor}`
pub async fn delete(call: &Call, tenant: &str, vendor: &str) -> Result<Reply, Problem> {
    check_vendor(vendor)?;
    changing_tenant(|store| unbind(store, host::now(), tenant, vendor, &Log(call))).await?;
    Ok(Reply::empty(204))
}

/// `GET /v1/tenants/{id}/vendors/{vendor}`: whether there are secrets, never which.
pub fn get(store: &KeyValue, tenant: &str, vendor: &str) -> Result<Reply, Problem> {
    check_vendor(vendor)?;
    let failed = |error| offline(&error);
    let known = find_tenant(store, tenant).map_err(failed)?.is_some();
    let binding = find_binding(store, tenant, vendor).map_err(failed)?.filter(|_| known);
    let binding = binding.ok_or_else(|| Problem::not_found("There is no such binding."))?;
    Ok(Reply::json(
        200,
        &json!({
            "mode": binding.mode,
            "base_url": binding.base_url,
            "options": binding.options,
            "secret_set": binding.sealed_secret.is_some(),
            "webhook_secret_set": binding.sealed_webhook_secret.is_some(),
        }),
    ))
}

fn check_vendor(vendor: &str) -> Result<(), Problem> {
    if is_vendor(vendor) { Ok(()) } else { Err(Problem::invalid("vendor", "must be 1 to 40 of a-z 0-9 -")) }
}

fn seal(vault: &Vault, context: &str, secret: Option<String>) -> Result<Option<String>, Problem> {
    let Some(secret) = secret else {
        return Ok(None);
    };
    vault.seal(context, host::random(), &secret).map(Some).map_err(|error| {
        shell::warn!("vault", error = error);
        Problem::offline()
    })
}

#[cfg(test)]
mod tests {
    use tenancy::WriteError;

    use super::*;

    #[test]
    fn any_well_formed_vendor_may_be_bound() {
        let check = |vendor: &str, allowed: bool| {
            let refused = check_vendor(vendor).err().map(|problem| (problem.kind.status(), problem.param));
            assert_eq!(refused, (!allowed).then(|| (400, Some("vendor".into()))), "{vendor}");
        };
        // Which vendors there are is the adapter bundle's to know, and it may be a third party's.
        for vendor in ["openai", "tavus", "generic", "somebody-elses-2", &"v".repeat(40)] {
            check(vendor, true);
        }
        for vendor in ["", "OpenAI", "open ai", "open_ai", "a.b", "%2e%2e", "ö", &"v".repeat(41)] {
            check(vendor, false);
        }
    }

    #[test]
    fn what_is_bound_to_a_tenant_that_is_gone_is_not_found() {
        assert_eq!(refuse::write(WriteError::NotFound("tenant")).kind.status(), 404);
    }
}
