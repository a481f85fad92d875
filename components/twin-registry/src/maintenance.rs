//! `/v1/maintenance/registry`: seals anew after a change of the master key, forgets old notes, and goes on with
//! erasures.

use std::time::Duration;

use shell::{KeyValue, Problem, Reply, host, offline};

use crate::{mesh, privacy, reseal};

/// How long one round's store works. Shorter than the claims that it takes.
const WORK: Duration = Duration::from_millis(tenancy::TWIN_CHANGE_MS);

/// `POST`: one round. With nothing to do it is a few reads.
pub async fn round() -> Result<Reply, Problem> {
    let vault = host::vault().await?;
    let work = || {
        let store = KeyValue::open_for(WORK)?;
        mesh::reap(&store)?;
        reseal::step(&store, &vault, &host::random, host::now())
    };
    // Sealing anew goes on whatever is wrong with these.
    let erasing = privacy::work().await;
    let told = work().map_err(|error| offline(&error))?;
    erasing?;
    Ok(Reply::json(200, &told))
}

/// `GET`: how far sealing anew is.
pub async fn show(store: &KeyValue) -> Result<Reply, Problem> {
    let vault = host::vault().await?;
    let told = reseal::look(store, &vault).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &told))
}
