//! Who pays for a permit: the tenant and its company.

use std::rc::Rc;

use kv_schemas::{Memo, Store, StoreError, families};
use serde::Deserialize;
use tenancy::{CAPABILITIES, Company, Ladder, Limits, TwinAccess};

use crate::{
    error::{Denial, DenialKind},
    meter::Scope,
};

/// What the limits need of a [`tenancy::Tenant`]: every call reads it, and most of the record is for others.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Payer {
    pub id: String,
    pub company: String,
    #[serde(default = "all")]
    pub capabilities: Vec<String>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub ladder: Ladder,
    #[serde(default)]
    pub twin: Option<TwinAccess>,
}

fn all() -> Vec<String> {
    CAPABILITIES.map(str::to_owned).into()
}

impl Payer {
    fn find(store: &dyn Store, tenant: &str) -> Result<Option<Rc<Self>>, StoreError> {
        thread_local!(static PAYERS: Memo<Payer> = const { Memo::new(8) });
        families::TENANT.value(&[tenant]).get_memo(store, &PAYERS)
    }
}

/// A tenant and its company.
pub(crate) struct Payers {
    pub tenant: Rc<Payer>,
    /// The tenant's, with what it takes from its company where it sets nothing itself.
    pub limits: Limits,
    pub company: Rc<Company>,
}

impl Payers {
    pub fn find(store: &dyn Store, tenant: &str) -> Result<Self, Denial> {
        let Some(tenant) = Payer::find(store, tenant)? else {
            return Err(Denial::new(DenialKind::Forbidden, "tenant_gone", "The tenant does not exist any more."));
        };
        let company = tenancy::find_company(store, &tenant.company)?.unwrap_or_default();
        let limits = tenant.limits.or_defaults_of(&company.limits);
        Ok(Self { tenant, limits, company })
    }

    /// All scopes whose caps hold for a permit, in their fixed order.
    pub fn scopes<'a>(&'a self, session: Option<&'a str>) -> impl Iterator<Item = (Scope, &'a str, &'a Limits)> {
        let Self { tenant, limits, company } = self;
        let session = session.map(|session| (Scope::Session, session, limits));
        session.into_iter().chain([
            (Scope::Tenant, tenant.id.as_str(), limits),
            (Scope::Company, tenant.company.as_str(), &company.limits),
        ])
    }

    /// For a twin that nobody consents to any more, or that is retired, nothing is spent, whoever asks and whatever for.
    pub fn check_twin(&self) -> Result<(), Denial> {
        match self.tenant.twin.as_ref().and_then(|twin| twin.closed.as_deref()) {
            Some(code) => Err(Denial::new(DenialKind::Forbidden, code, "The tenant's twin can't be used any more.")),
            None => Ok(()),
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use kv_schemas::memory::Memory;
    use serde_json::json;
    use tenancy::Tenant;

    use super::*;

    #[test]
    fn a_payer_is_a_part_of_its_tenant() {
        let check = |record: serde_json::Value| {
            let store = Memory::default();
            store.set("tenant/t", record.to_string().as_bytes()).unwrap();
            let Tenant { id, company, capabilities, limits, ladder, twin, .. } =
                tenancy::find_tenant(&store, "t").unwrap().unwrap();
            let payer = Payer { id, company, capabilities, limits, ladder, twin };
            assert_eq!(Payer::find(&store, "t").unwrap().as_deref(), Some(&payer), "{record}");
        };
        check(json!({"id": "t", "company": "c"}));
        check(serde_json::to_value(Tenant::new("t", "c")).unwrap());
        let twin = json!({"id": "MTID#7K3Q-9D2M-XW4B", "closed": "twin_retired", "revoked_before": 9});
        check(json!({"id": "t", "company": "c", "twin": twin}));
        let limits = json!({"monthly_cost_usd": "9.00", "daily_units": {"seconds": 9}, "burst": 9, "queue_wait_ms": 5});
        check(json!({"id": "t", "company": "c", "capabilities": ["chat"], "limits": limits,
            "ladder": {"throttle_at": 0.8, "text_only_at": 0.95}, "display_name": "T", "vendors": {}}));
    }
}
