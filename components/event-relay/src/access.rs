//! Whose events a caller may see.

use events::Event;
use shell::{Call, KeyValue, Problem, offline};

use crate::bindings::sessions::{self, Caller, Grant, Refusal, RefusalKind};

/// What a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Of this tenant,
    pub tenant: String,
    /// and of this session alone, for a page.
    pub session: Option<String>,
}

impl Scope {
    /// A page sees what happens in its own session, and nothing else.
    pub fn sees(&self, event: &Event) -> bool {
        self.session.is_none() || self.session == event.session
    }
}

/// A tenant's server, a page, or the operator, who names the tenant.
pub fn scope(call: &Call, store: &KeyValue) -> Result<Scope, Problem> {
    let Grant { caller, tenant, session, .. } = verify(call)?;
    match caller {
        Caller::Server => Ok(Scope { tenant, session: None }),
        // A page without a session can't be, and would see all.
        Caller::Page => {
            let session = session.ok_or_else(|| Problem::forbidden("session_required", "There is no session."))?;
            Ok(Scope { tenant, session: Some(session) })
        }
        Caller::Operator => {
            let tenant = call.query("tenant").ok_or_else(|| Problem::invalid("tenant", "is required"))?;
            match tenancy::find_tenant(store, &tenant).map_err(|error| offline(&error))? {
                Some(_) => Ok(Scope { tenant, session: None }),
                None => Err(Problem::not_found("There is no such tenant.")),
            }
        }
    }
}

/// The same without pages. Gives the tenant.
pub fn tenant(call: &Call, store: &KeyValue) -> Result<String, Problem> {
    match scope(call, store)? {
        Scope { tenant, session: None } => Ok(tenant),
        Scope { session: Some(_), .. } => {
            Err(Problem::forbidden("secret_key_required", "This route is for the tenant's server."))
        }
    }
}

/// The operator.
pub fn operator(call: &Call) -> Result<(), Problem> {
    match verify(call)?.caller {
        Caller::Operator => Ok(()),
        Caller::Server | Caller::Page => Err(Problem::forbidden("operator_required", "This route is the operator's.")),
    }
}

fn verify(call: &Call) -> Result<Grant, Problem> {
    let grant = sessions::verify(call.authorization(), call.origin().as_deref()).map_err(refused)?;
    if grant.caller != Caller::Operator {
        call.is_of(&grant.tenant);
    }
    Ok(grant)
}

fn refused(refusal: Refusal) -> Problem {
    match refusal.kind {
        RefusalKind::Unauthenticated => Problem::unauthenticated(&refusal.code, refusal.message),
        RefusalKind::Forbidden => Problem::forbidden(&refusal.code, refusal.message),
        RefusalKind::NotFound => Problem::not_found(refusal.message),
        RefusalKind::Offline => Problem::offline(),
    }
}

/// Asks again whether a credential is still good, for who streams for minutes.
pub struct Credential {
    authorization: Option<String>,
    origin: Option<String>,
    scope: Scope,
}

impl Credential {
    pub fn of(call: &Call, scope: &Scope) -> Self {
        Self { authorization: call.authorization().map(str::to_owned), origin: call.origin(), scope: scope.clone() }
    }

    /// Whether it is: a store that can't be reached takes nothing away.
    pub fn is_good(&self) -> bool {
        match sessions::verify(self.authorization.as_deref(), self.origin.as_deref()) {
            Ok(_) => true,
            Err(refusal) => refusal.kind == RefusalKind::Offline,
        }
    }

    /// Whether the page's session goes on; a key has none, which goes on.
    pub fn goes_on(&self) -> bool {
        let Some(session) = &self.scope.session else { return true };
        match sessions::get(&self.scope.tenant, session) {
            Ok(view) => view.status == "active",
            Err(refusal) => refusal.kind == RefusalKind::Offline,
        }
    }
}
