//! The exported port: what the shells above ask about callers and sessions. Everything is decided in crate `session`.

use std::time::Duration;

use session::{Caller, Refusal, WRITE_MS};
use shell::{KeyValue, host, idempotency};

use crate::bindings::port::exports::tollgate::core::sessions::{self as wit, Guest};

/// Implements the port.
pub struct Port;

impl Guest for Port {
    fn verify(authorization: Option<String>, origin: Option<String>) -> Result<wit::Grant, wit::Refusal> {
        let admin_key = host::setting("admin_key");
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
        session::end(&open_to_write().map_err(refused)?, &session, &reason, host::now()).map_err(refused)
    }

    fn overdue(limit: u32) -> Result<Vec<String>, wit::Refusal> {
        let store = open()?;
        // Answers to idempotency keys age in this store too, and this is the call that comes round every second.
        idempotency::sweep(&store, host::now()).map_err(|error| refused(error.into()))?;
        session::overdue(&store, limit, host::now()).map_err(|error| refused(error.into()))
    }

    fn events(limit: u32) -> Result<Vec<wit::SessionEvent>, wit::Refusal> {
        let found = session::events(&open()?, limit, host::now()).map_err(|error| refused(error.into()))?;
        Ok(found.into_iter().map(told).collect())
    }

    fn events_logged(places: Vec<u64>) -> Result<(), wit::Refusal> {
        session::events_logged(&open()?, &places).map_err(|error| refused(error.into()))
    }
}

/// The store for a call that puts events: it must not write so late that nobody looks at the place any more.
pub fn open_to_write() -> Result<KeyValue, Refusal> {
    Ok(KeyValue::open_for(Duration::from_millis(WRITE_MS))?)
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
        module: grant.module,
        behavior: grant.behavior,
        origin: grant.origin,
    }
}

fn seen(view: session::View) -> wit::View {
    wit::View {
        id: view.session.id,
        tenant: view.session.tenant,
        channel: view.session.channel,
        capabilities: view.session.capabilities,
        module: view.session.module,
        behavior: view.session.behavior,
        status: view.status.into(),
        created_at: view.session.created_at.to_string(),
        expires_at: view.session.expires_at.to_string(),
        ended_by: view.ended_by,
    }
}

fn told((place, event): (u64, session::Event)) -> wit::SessionEvent {
    wit::SessionEvent {
        place,
        id: event.id,
        event_type: event.event_type,
        tenant: event.tenant,
        company: event.company,
        session: event.session,
        channel: event.channel,
        at_ms: event.at.0,
        details: event.details.into_iter().collect(),
    }
}

fn refused(refusal: Refusal) -> wit::Refusal {
    let kind = match &refusal {
        Refusal::Unauthenticated { .. } => wit::RefusalKind::Unauthenticated,
        Refusal::NotFound | Refusal::LinkUnknown => wit::RefusalKind::NotFound,
        Refusal::Store(error) => {
            shell::warn!("store", error = error);
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
