//! `GET /v1/mesh`: twins, modules, live sessions, last sync, counted from what is there.
//!
//! A deployment may have very many twins: the newest are looked at, and `truncated` says so where there are more.

use std::collections::BTreeMap;

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use serde::Serialize;
use session::count_open_sessions;
use shell::{Call, KeyValue, Problem, Reply, host, offline};
use twins::{Twin, notes};

use super::{
    caller::{Caller, caller},
    live,
    walk::walk,
};

/// Places of the list of twins that one request looks at.
const MAX_PLACES: u64 = 1_000;
/// Twins that one answer shows.
const MAX_SHOWN: usize = 100;
/// Of the newest sessions, those that are looked at.
const MAX_SESSIONS: u64 = 300;

/// How the mesh stands.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// `online` while a twin is deployed, `idle` otherwise.
    pub status: &'static str,
    pub network: &'static str,
    /// What notes are sealed with.
    pub encryption: &'static str,
    pub total_twins: usize,
    pub deployed_twins: usize,
    pub modules: Vec<Module>,
    /// Sessions of pages and servers.
    pub live_sessions: u64,
    /// Videos and rooms at vendors.
    pub active_connections: u64,
    /// When a twin was last changed or a note left, RFC 3339.
    pub last_sync: Option<String>,
    pub twins: Vec<Shown>,
    /// Leads to twins that are not shown.
    pub next_cursor: Option<String>,
    /// Whether there is more than was counted.
    pub truncated: bool,
}

/// How many twins are linked to a module.
#[derive(Debug, Clone, Serialize)]
pub struct Module {
    pub module: String,
    pub twins: usize,
}

/// A twin, as others see it.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    pub id: String,
    pub name: String,
    /// Where it was linked first.
    pub module: Option<String>,
    /// How it behaves there.
    pub mode: &'static str,
}

/// `GET /v1/mesh?company=&cursor=`
pub async fn get(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let failed = |error| offline(&error);
    let company = match caller(call, store).await? {
        Caller::Operator => call.query("company"),
        Caller::Server(tenant) => {
            notes::join(store, &tenant.company, &tenant.id).map_err(failed)?;
            Some(tenant.company)
        }
    };
    let before = match call.query("cursor").as_deref() {
        None | Some("") => None,
        Some(text) => Some(
            text.parse::<u64>()
                .map_err(|_| Problem::invalid("cursor", "must be the next_cursor of an earlier page"))?,
        ),
    };
    status(store, company.as_deref(), before, host::now()).map(|status| Reply::json(200, &status)).map_err(failed)
}

/// How the mesh of a company stands, or that of all. With `before`, the twins shown are those before that place; the
/// numbers are always of the whole.
pub fn status(
    store: &dyn Store,
    company: Option<&str>,
    before: Option<u64>,
    now: Millis,
) -> Result<Status, StoreError> {
    let all = walk(store, company, None, MAX_PLACES, usize::MAX)?;
    let page = match before {
        Some(_) => Some(walk(store, company, before, MAX_PLACES, MAX_SHOWN)?),
        None => None,
    };
    let (shown, next) = match &page {
        Some(page) => (page.twins.as_slice(), page.next),
        None => match all.twins.get(MAX_SHOWN) {
            Some((place, _)) => (&all.twins[..MAX_SHOWN], Some(place.saturating_add(1))),
            None => (all.twins.as_slice(), all.next),
        },
    };
    let sessions = match company {
        None => count_open_sessions(store, now, MAX_SESSIONS, |_| true)?,
        Some(company) => count_open_sessions(store, now, MAX_SESSIONS, |session| session.company == company)?,
    };
    let (active_connections, more_live) = live::count(store, company, MAX_SESSIONS)?;
    let deployed_twins = all.twins.iter().filter(|(_, twin)| twin.environment.is_some()).count();
    let note = company.map(|company| notes::last_at(store, company)).transpose()?.flatten();
    let changed = all.twins.iter().map(|(_, twin)| twin.updated_at);
    Ok(Status {
        status: if deployed_twins > 0 { "online" } else { "idle" },
        network: "MT-IM",
        encryption: "XChaCha20-Poly1305 (256 bit)",
        total_twins: all.twins.len(),
        deployed_twins,
        modules: modules(all.twins.iter().map(|(_, twin)| twin.as_ref())),
        live_sessions: sessions.sessions,
        active_connections,
        last_sync: changed.chain(note).max().map(|at| at.to_string()),
        twins: shown.iter().map(|(_, twin)| Shown::of(twin)).collect(),
        next_cursor: next.map(|next| next.to_string()),
        truncated: all.next.is_some() || sessions.truncated || more_live,
    })
}

/// A twin with several modes in a module counts there once.
fn modules<'a>(twins: impl Iterator<Item = &'a Twin>) -> Vec<Module> {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for twin in twins {
        let mut of_twin: Vec<&str> = twin.links.iter().map(|link| link.module.as_str()).collect();
        of_twin.sort_unstable();
        of_twin.dedup();
        for module in of_twin {
            *counted.entry(module).or_default() += 1;
        }
    }
    counted.into_iter().map(|(module, twins)| Module { module: module.to_owned(), twins }).collect()
}

impl Shown {
    fn of(twin: &Twin) -> Self {
        let link = twin.links.first();
        Self {
            id: twin.id.to_string(),
            name: twin.name.clone(),
            module: link.map(|link| link.module.clone()),
            mode: link.map_or(twin.behavior_mode, |link| link.mode).name(),
        }
    }
}
