//! Which vendor serves a tenant's capability, where it is, and with which options.

use kv_schemas::Store;
use serde_json::Value as Json;
use shell::{Kind, Problem, offline};
use tenancy::VendorBinding;

use crate::bindings::adapter::{self, Capability, Profile};

/// A vendor as bound for one tenant. Holds the key sealed.
pub struct Vendor {
    pub tenant: String,
    pub profile: Profile,
    pub binding: VendorBinding,
    /// The binding's options with the tenant's choice of model.
    pub options: String,
}

impl Vendor {
    /// The address to call, without a trailing slash.
    pub fn base_url(&self) -> &str {
        self.binding.base_url.as_deref().unwrap_or(&self.profile.base_url).trim_end_matches('/')
    }

    /// The vendor's name.
    pub fn name(&self) -> &str {
        &self.profile.vendor
    }

    /// Where the key is sealed for.
    pub fn secret_context(&self) -> String {
        format!("vendor/{}/{}/secret", self.tenant, self.profile.vendor)
    }
}

/// The vendor that the tenant chose for a capability, else the first that is bound.
pub fn choose(store: &dyn Store, tenant_id: &str, capability: &str) -> Result<Vendor, Problem> {
    let tenant = tenancy::find_tenant(store, tenant_id)
        .map_err(|error| offline(&error))?
        .ok_or_else(|| Problem::forbidden("tenant_gone", "The tenant does not exist any more."))?;
    let choice = tenant.vendors.get(capability);
    for profile in adapter::vendors() {
        let fits = profile.capabilities.iter().any(|can| name(*can) == capability)
            && choice.is_none_or(|choice| choice.provider == profile.vendor);
        if !fits {
            continue;
        }
        if let Some(vendor) = bound(store, tenant_id, profile)? {
            return Ok(with_model(vendor, choice.and_then(|choice| choice.model.clone())));
        }
    }
    Err(unconfigured(capability))
}

/// A vendor by its name.
pub fn named(store: &dyn Store, tenant: &str, vendor: &str) -> Result<Vendor, Problem> {
    let profile = adapter::vendors().into_iter().find(|profile| profile.vendor == vendor);
    let Some(profile) = profile else { return Err(unconfigured(vendor)) };
    bound(store, tenant, profile)?.ok_or_else(|| unconfigured(vendor))
}

/// The vendor of a live session, as it was bound when that began: whatever becomes of the tenant, it can be ended.
pub fn of_live(tenant: &str, vendor: &str, binding: &VendorBinding) -> Option<Vendor> {
    let profile = adapter::vendors().into_iter().find(|profile| profile.vendor == vendor)?;
    let options = Json::Object(binding.options.clone()).to_string();
    Some(Vendor { tenant: tenant.into(), profile, binding: binding.clone(), options })
}

fn bound(store: &dyn Store, tenant: &str, profile: Profile) -> Result<Option<Vendor>, Problem> {
    let binding = tenancy::vendor_binding(tenant, &profile.vendor).get(store).map_err(|error| offline(&error))?;
    Ok(binding.filter(|binding| binding.sealed_secret.is_some()).map(|binding| {
        let options = Json::Object(binding.options.clone()).to_string();
        Vendor { tenant: tenant.into(), profile, binding, options }
    }))
}

fn with_model(mut vendor: Vendor, model: Option<String>) -> Vendor {
    if let Some(model) = model {
        vendor.binding.options.entry("model").or_insert(Json::String(model));
        vendor.options = Json::Object(vendor.binding.options.clone()).to_string();
    }
    vendor
}

fn unconfigured(what: &str) -> Problem {
    let message = format!("No vendor is configured for {what}: PUT /v1/tenants/{{id}}/vendors/{{vendor}}.");
    Problem::new(Kind::InvalidRequest, "vendor_not_configured", message)
}

/// The contract's name of a capability.
pub fn name(capability: Capability) -> &'static str {
    match capability {
        Capability::Chat => "chat",
        Capability::Speech => "speech",
        Capability::Video => "video",
    }
}
