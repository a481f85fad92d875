//! The exported port: what the shells above ask about callers and sessions. Everything is decided in crate `session`.

use session::{Caller, Refusal};
use shell::{KeyValue, host, idempotency};

use crate::bindings::{
    config::wasi::config::store as config,
    port::exports::tollgate::core::sessions::{self as wit, Guest},
};

/// Implements the port.
pub struct Port;

impl Guest for Port {
    fn verify(authorization: Option<String>, origin: Option<String>) -> Result<wit::Grant, wit::Refusal> {
        let admin_key = config::get("admin_key").ok().flatten().unwrap_or_default();
        let store = open()?;
        let grant = session::verify(&store, &admin_key, authorization.as_deref(), origin.as_deref(), host::now());
        grant.map(granted).map_err(refused)
    }

    fn get(tenant: String, session: String) -> Result<wit::View, wit::Refusal> {
        session::view(&open()?, &tenant, &session, host::now()).map(seen).map_err(refused)
    }

    fn touch(session: String, within_ms: u64) -> Result<(), wit::Refusal> {
        session::touch(&open()?, &session, within_ms, host::now()).map_err(refused)
    }

    fn end(session: String, reason: String) -> Result<(), wit::Refusal> {
        session::end(&open()?, &session, &reason, host::now()).map_err(refused)
    }

    fn overdue(limit: u32) -> Result<Vec<String>, wit::Refusal> {
        let store = open()?;
        // Answers to idempotency keys age in this store too, and this is the call that comes round every second.
        idempotency::sweep(&store, host::now()).map_err(|error| refused(error.into()))?;
        session::overdue(&store, limit, host::now()).map_err(|error| refused(error.into()))
    }
}

fn open() -> Result<KeyValue, wit::Refusal> {
    KeyValue::open().map_err(|error| refused(error.into()))
}

fn granted(grant: session::Grant) -> wit::Grant {
    wit::Grant {
        caller: match grant.caller {
            Caller::Operator => wit::Caller::Operator,
            Caller::Server => wit::Caller::Server,
            Caller::Page => wit::Caller::Page,
        },
        tenant: grant.tenant,
        session: grant.session,
        credential: grant.credential,
        channel: grant.channel,
        capabilities: grant.capabilities,
        origin: grant.origin,
    }
}

fn seen(view: session::View) -> wit::View {
    wit::View {
        id: view.session.id,
        tenant: view.session.tenant,
        channel: view.session.channel,
        capabilities: view.session.capabilities,
        status: view.status.into(),
        created_at: view.session.created_at.to_string(),
        expires_at: view.session.expires_at.to_string(),
        ended_by: view.ended_by,
    }
}

fn refused(refusal: Refusal) -> wit::Refusal {
    let kind = match &refusal {
        Refusal::Unauthenticated { .. } => wit::RefusalKind::Unauthenticated,
        Refusal::NotFound => wit::RefusalKind::NotFound,
        Refusal::Store(error) => {
            eprintln!("store: {error}");
            wit::RefusalKind::Offline
        }
        Refusal::NoKeySet => wit::RefusalKind::Offline,
        // The last three are refusals to open, which no function of this port does.
        Refusal::Forbidden { .. } | Refusal::TooYoung { .. } | Refusal::TooMany { .. } | Refusal::Invalid(_) => {
            wit::RefusalKind::Forbidden
        }
    };
    wit::Refusal { kind, code: refusal.code().into(), message: refusal.problem().message }
}
