//! `GET /metrics`: what is counted, as Prometheus reads it.
//!
//! Everything shown is read from the store, so that it is of the whole deployment, the same at each of its nodes, and goes
//! on where it was after a restart. The work is the same for one tenant and for a hundred thousand.

mod counts;
mod money;
mod state;
#[cfg(test)]
mod tests;
mod text;

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use shell::{Problem, Reply, host, offline};
use text::Text;

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The numbers of all nodes on this store.
pub fn get(store: &dyn Store) -> Result<Reply, Problem> {
    let text = all(store, host::now()).map_err(|error| offline(&error))?;
    Ok(Reply::bytes(200, CONTENT_TYPE, text))
}

fn all(store: &dyn Store, now: Millis) -> Result<String, StoreError> {
    let mut text = Text::default();
    counts::webhooks(store, &mut text)?;
    let census = crate::census::load(store)?;
    counts::runs(store, &mut text, census.last.as_ref())?;
    counts::denials(store, &mut text)?;
    money::permits(store, &mut text, now)?;
    money::settled(store, &mut text)?;
    state::counted(&mut text, &census, now);
    state::snapshots(store, &mut text, now)?;
    state::checks(store, &mut text, now)?;
    Ok(text.finish())
}

/// Milliseconds as the seconds that Prometheus counts in, exactly.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}
