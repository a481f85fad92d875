//! Which vendor serves a tenant's capability, where it is, and with which options.

pub mod attempt;
pub mod body;
pub mod callback;
pub mod catalog;
mod outgoing;
pub mod timer;
pub mod upstream;

use kv_schemas::Store;
use serde_json::{Map, Value as Json};
use shell::{Kind, Problem, offline};
use tenancy::{Tenant, VendorBinding};

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
    fn new(tenant: &str, profile: Profile, binding: VendorBinding) -> Self {
        let options = written(&binding.options);
        Self { tenant: tenant.into(), profile, binding, options }
    }

    /// The address to call, without a trailing slash. Empty where the binding names none and the vendor has no common one.
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

    /// Whether the vendor can be used so.
    pub fn can(&self, capability: Capability) -> bool {
        self.profile.capabilities.contains(&capability)
    }

    /// A whole number among the binding's options: the proxy's own settings stand beside the adapter's.
    pub fn option(&self, name: &str, default: u64, most: u64) -> u64 {
        self.binding.options.get(name).and_then(Json::as_u64).unwrap_or(default).min(most)
    }

    /// With an option of another value for this call; what the binding says stays for later ones.
    pub fn with_option(mut self, name: &str, value: impl Into<Json>) -> Self {
        let mut options = self.binding.options.clone();
        options.insert(name.into(), value.into());
        self.options = written(&options);
        self
    }

    /// With `model` where the page asks for none of its own.
    pub fn with_model(mut self, model: Option<&str>) -> Self {
        if let Some(model) = model {
            self.binding.options.entry("model").or_insert_with(|| model.into());
            self.options = written(&self.binding.options);
        }
        self
    }
}

fn written(options: &Map<String, Json>) -> String {
    serde_json::to_string(options).unwrap_or_else(|_| "{}".into())
}

/// The tenant's record.
pub fn tenant(store: &dyn Store, id: &str) -> Result<Tenant, Problem> {
    tenancy::find_tenant(store, id)
        .map_err(|error| offline(&error))?
        .ok_or_else(|| Problem::forbidden("tenant_gone", "The tenant does not exist any more."))
}

/// The vendor that the tenant chose for a capability, else the first that is bound.
pub fn choose(store: &dyn Store, tenant: &Tenant, capability: Capability) -> Result<Vendor, Problem> {
    let choice = tenant.vendors.get(name(capability)).filter(|_| capability != Capability::Realtime);
    let candidates = match choice {
        Some(choice) => adapter::vendor(&choice.provider).into_iter().collect(),
        None => adapter::vendors(),
    };
    for profile in candidates.into_iter().filter(|profile| profile.capabilities.contains(&capability)) {
        if let Some(vendor) = bound(store, &tenant.id, profile)? {
            return Ok(vendor.with_model(choice.and_then(|choice| choice.model.as_deref())));
        }
    }
    Err(unconfigured(name(capability)))
}

/// The vendor that the caller names, if it can be used so; else the tenant's own.
pub fn asked(
    store: &dyn Store,
    tenant: &Tenant,
    capability: Capability,
    provider: Option<&str>,
) -> Result<Vendor, Problem> {
    let Some(provider) = provider else { return choose(store, tenant, capability) };
    let vendor = named(store, &tenant.id, provider).map_err(|problem| match problem.kind {
        Kind::InvalidRequest => problem.with_param(Some("provider".into())),
        _ => problem,
    })?;
    if vendor.can(capability) {
        return Ok(vendor);
    }
    Err(Problem::invalid("provider", format!("does not do {}", name(capability))))
}

/// A vendor by its name.
pub fn named(store: &dyn Store, tenant: &str, vendor: &str) -> Result<Vendor, Problem> {
    let Some(profile) = adapter::vendor(vendor) else { return Err(unconfigured(vendor)) };
    bound(store, tenant, profile)?.ok_or_else(|| unconfigured(vendor))
}

/// The vendor of something begun earlier, as it was bound then: whatever becomes of the tenant, it can be ended.
pub fn as_bound(tenant: &str, vendor: &str, binding: &VendorBinding) -> Option<Vendor> {
    let profile = adapter::vendor(vendor)?;
    Some(Vendor::new(tenant, profile, binding.clone()))
}

fn bound(store: &dyn Store, tenant: &str, profile: Profile) -> Result<Option<Vendor>, Problem> {
    let binding = tenancy::vendor_binding(tenant, &profile.vendor).get(store).map_err(|error| offline(&error))?;
    let vendor =
        binding.filter(|binding| binding.sealed_secret.is_some()).map(|binding| Vendor::new(tenant, profile, binding));
    Ok(vendor.filter(|vendor| !vendor.base_url().is_empty()))
}

fn unconfigured(what: &str) -> Problem {
    let message = format!("No vendor is configured for {what}: PUT /v1/tenants/{{id}}/vendors/{{vendor}}.");
    Problem::new(Kind::InvalidRequest, "vendor_not_configured", message)
}

/// The contract's name of a capability. A room is a kind of live video: sessions, permits and entries call it so.
pub fn name(capability: Capability) -> &'static str {
    match capability {
        Capability::Chat => "chat",
        Capability::Speech => "speech",
        Capability::Video | Capability::Realtime => "video",
        Capability::Context => "context",
        Capability::Jobs => "jobs",
        Capability::Messages => "messages",
    }
}
