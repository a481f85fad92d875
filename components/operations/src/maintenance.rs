//! `POST /v1/maintenance/operations`: the day's snapshot, and the census that metrics show.

use kv_schemas::StoreError;
use serde_json::json;
use shell::{KeyValue, Problem, Reply, host, offline};

use crate::{census, snapshots};

/// One round. With nothing to do it is a few reads.
pub fn round() -> Result<Reply, Problem> {
    let work = || -> Result<Option<String>, StoreError> {
        let store = KeyValue::open_for(snapshots::WORK)?;
        let now = host::now();
        census::step(&store, now)?;
        snapshots::make_if_due(&store, now)
    };
    let made = work().map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &json!({ "status": "ok", "snapshot": made })))
}
