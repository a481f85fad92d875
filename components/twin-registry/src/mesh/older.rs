//! The mesh by the field names of the older interface: what `/api/metatwin/mesh` and `/api/metatwin/health` show.

use kv_schemas::{Store, StoreError};
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, host, offline};

use crate::health;

use super::{
    caller::{Caller, caller},
    status::status,
    walk::walk,
};

/// Places of the list that are looked at for whoever asks without a key: of twins that the last census hasn't seen yet.
const MAX_PLACES: u64 = 10;

/// What stands in `mesh`: of a server its own company's, of the operator all.
pub async fn mesh(call: &Call, store: &KeyValue) -> Result<Json, Problem> {
    let company = match caller(call, store).await? {
        Caller::Operator => call.query("company"),
        Caller::Server(tenant) => Some(tenant.company),
    };
    let status = status(store, company.as_deref(), None, host::now()).map_err(|error| offline(&error))?;
    Ok(json!({
        "status": status.status,
        "network": format!("{} (MetaTwin Intelligence Mesh)", status.network),
        "activeConnections": status.active_connections,
        "liveSessions": status.live_sessions,
        "totalTwins": status.total_twins,
        "lastSync": status.last_sync,
        "activeTwins": status.twins,
        "capabilities": ["Linguistic data sharing", "Behavioral pattern sync", "Cultural trend adaptation"],
        "encryption": status.encryption,
        "truncated": status.truncated,
    }))
}

/// How many twins there are, by the last census and the newest of them, and whether one is deployed: `online` or `idle`.
pub fn pulse(store: &dyn Store) -> Result<(u64, &'static str), StoreError> {
    let counted = health::counted(store)?;
    let newest = walk(store, None, None, MAX_PLACES, usize::MAX)?.twins;
    let online = counted.twins_deployed > 0 || newest.iter().any(|(_, twin)| twin.environment.is_some());
    let active = counted.twins.max(u64::try_from(newest.len()).unwrap_or(u64::MAX));
    Ok((active, if online { "online" } else { "idle" }))
}
