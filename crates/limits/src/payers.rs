//! Who pays for a permit: the tenant and its company.

use kv_schemas::Store;
use tenancy::{CAPABILITIES, Company, Limits, Tenant};

use crate::{
    error::{Denial, DenialKind},
    meter::Scope,
};

/// A tenant, with what it takes from its company where it sets nothing itself, and the company.
pub(crate) struct Payers {
    pub tenant: Tenant,
    pub company: Company,
}

impl Payers {
    pub fn find(store: &dyn Store, tenant: &str) -> Result<Self, Denial> {
        let Some(mut tenant) = tenancy::find_tenant(store, tenant)? else {
            return Err(Denial::new(DenialKind::Forbidden, "tenant_gone", "The tenant does not exist any more."));
        };
        let company = tenancy::company(&tenant.company).get(store)?.unwrap_or_default();
        tenant.limits = tenant.limits.or_defaults_of(&company.limits);
        Ok(Self { tenant, company })
    }

    /// All scopes whose caps hold for a permit, in their fixed order.
    pub fn scopes<'a>(&'a self, session: Option<&'a str>) -> impl Iterator<Item = (Scope, &'a str, &'a Limits)> {
        let (tenant, company) = (&self.tenant, &self.company);
        let session = session.map(|session| (Scope::Session, session, &tenant.limits));
        session.into_iter().chain([
            (Scope::Tenant, tenant.id.as_str(), &tenant.limits),
            (Scope::Company, tenant.company.as_str(), &company.limits),
        ])
    }

    pub fn check_capability(&self, capability: &str) -> Result<(), Denial> {
        if !CAPABILITIES.contains(&capability) {
            return Err(Denial::invalid("capability", "invalid_request", "is not a known capability"));
        }
        if !self.tenant.capabilities.iter().any(|own| own == capability) {
            let message = format!("This tenant has no {capability}.");
            return Err(Denial::new(DenialKind::Forbidden, "capability_disabled", message));
        }
        Ok(())
    }
}
