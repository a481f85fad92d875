//! Who may: the operator, and for some routes a tenant's own server.

use shell::{Call, KeyValue, Problem, offline, operator};
use tenancy::{Credential, KeyKind, find_key, key_hash};

/// Lets the operator through, and the server of this very tenant.
pub async fn operator_or_own(call: &Call, store: &KeyValue, tenant: &str) -> Result<(), Problem> {
    who(call, store).await?.may(tenant)
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The operator.
    Operator,
    /// The server of this tenant.
    Server(String),
}

impl Who {
    /// Whether what is this tenant's may be seen and changed.
    pub fn may(&self, tenant: &str) -> Result<(), Problem> {
        match self {
            Self::Server(own) if own != tenant => {
                Err(Problem::forbidden("wrong_tenant", "This key belongs to another tenant."))
            }
            _ => Ok(()),
        }
    }

    /// Whose idempotency keys it uses: no two share any.
    pub fn owner(&self) -> String {
        match self {
            Self::Operator => "operator".into(),
            Self::Server(tenant) => format!("server:{tenant}"),
        }
    }

    /// The tenant that is meant: a server's own, or the one that the operator names in `param`.
    pub fn tenant(&self, param: &str, named: Option<&str>) -> Result<String, Problem> {
        match (self, named) {
            (_, Some(tenant)) => self.may(tenant).map(|()| tenant.to_owned()),
            (Self::Server(own), None) => Ok(own.clone()),
            (Self::Operator, None) => {
                Err(Problem::invalid(param, format!("{param} is required: the operator names whose")))
            }
        }
    }
}

/// The operator, or a tenant's server that still has its tenant.
pub async fn who(call: &Call, store: &KeyValue) -> Result<Who, Problem> {
    if operator::asks(call).await {
        return Ok(Who::Operator);
    }
    let Some(Credential::Secret(shown)) = call.authorization().and_then(Credential::parse) else {
        return Err(operator::unauthenticated());
    };
    let key = find_key(store, &key_hash(shown)).map_err(|error| offline(&error))?;
    let key = key.filter(|key| key.kind == KeyKind::Secret).ok_or_else(operator::unauthenticated)?;
    call.is_of(&key.tenant);
    Ok(Who::Server(key.tenant.clone()))
}
