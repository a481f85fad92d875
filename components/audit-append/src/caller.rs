//! Who is asking: the operator, who sees everything, or a tenant's own server, which sees its tenant.

use audit::Filter;
use calendar::Millis;
use kv_schemas::Store;
use shell::{Call, Problem, offline};
use tenancy::{Credential, KeyKind, admin_key_matches, hash_key};

/// A verified caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Showed the admin key.
    Operator,
    /// Showed the secret key of this tenant.
    Server(String),
}

impl Caller {
    /// Verifies the credential of a call.
    pub fn of(call: &Call, store: &dyn Store, admin_key: &str, now: Millis) -> Result<Self, Problem> {
        let unknown = || Problem::unauthenticated("unauthenticated", "A valid admin key or secret key is needed.");
        match call.authorization().and_then(Credential::parse).ok_or_else(unknown)? {
            Credential::Publishable(_) | Credential::Session(_) => {
                Err(Problem::forbidden("secret_key_needed", "Pages can't read the audit log; use a secret key."))
            }
            Credential::Other(shown) if admin_key_matches(shown, admin_key) => Ok(Self::Operator),
            Credential::Other(_) => Err(unknown()),
            Credential::Secret(shown) => {
                let record = hash_key(shown).get(store).map_err(|error| offline(&error))?.ok_or_else(unknown)?;
                let revoked = record.revoked_at.is_some_and(|at| Millis(at) <= now);
                if record.kind != KeyKind::Secret || revoked {
                    return Err(unknown());
                }
                call.is_of(&record.tenant);
                Ok(Self::Server(record.tenant))
            }
        }
    }

    /// Whose entries the caller gets, having asked for those of `tenant`.
    pub fn filter(&self, tenant: Option<String>) -> Result<Filter, Problem> {
        match (self, tenant) {
            (Self::Operator, None) => Ok(Filter::All),
            (Self::Operator, Some(tenant)) => Ok(Filter::Tenant(tenant)),
            (Self::Server(own), Some(asked)) if *own != asked => {
                Err(Problem::forbidden("wrong_tenant", "This key is of another tenant.")
                    .with_param(Some("tenant".into())))
            }
            (Self::Server(own), _) => Ok(Filter::Tenant(own.clone())),
        }
    }

    /// Whether the caller may see entries of `tenant`.
    pub fn may_see(&self, tenant: &str) -> bool {
        match self {
            Self::Operator => true,
            Self::Server(own) => own == tenant,
        }
    }
}
