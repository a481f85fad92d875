//! What is stored of erasures, and where.

use calendar::Millis;
use kv_schemas::{Counter, Log, Store, StoreError, Value, families, sweep};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::wait::Waited;
use crate::{hex, places};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Task {
    /// Everybody's entries when absent.
    pub tenant: Option<String>,
    pub company: String,
    pub session_id: String,
    pub salt: String,
    /// Where it begins.
    pub progress: Progress,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// How long it has waited; absent before the first step.
    #[serde(default)]
    pub waited: Option<Waited>,
    /// Entries staged up to here are to be seen; absent until it has waited.
    #[serde(default)]
    pub until_stage: Option<u64>,
    /// The repeats that `waited` takes into account.
    pub asked: i64,
    /// Where in the list to go on.
    pub next: u64,
    /// Entries that are being erased, and are counted.
    pub doomed: Vec<u64>,
    pub erased: u64,
    pub finished_at: Option<Millis>,
}

impl Progress {
    /// Of an erasure that begins at this place of the list.
    pub fn from(next: u64) -> Self {
        Self { next, ..Self::default() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    pub tenant: Option<String>,
    pub erased: u64,
    /// Up to where the list was looked through.
    pub next: u64,
}

pub(super) fn tasks() -> Log<Task> {
    families::ERASURES.log(&[])
}

/// All tasks before it are done.
pub(super) fn head() -> Value<sweep::Head> {
    families::ERASURE_HEAD.value(&[])
}

pub(super) fn progress(index: u64) -> Value<Progress> {
    families::ERASURE_PROGRESS.value(&[&index.to_string()])
}

pub(super) fn asked(index: u64) -> Counter {
    families::ERASURE_ASKED.counter(&[&index.to_string()])
}

pub(super) fn done(index: u64) -> Value<Done> {
    families::ERASED.value(&[&index.to_string()])
}

pub(super) fn last_of(tenant: Option<&str>, session_id: &str) -> Value<u64> {
    let digest: [u8; 32] = Sha256::digest(session_id).into();
    families::ERASURE_OF.value(&[tenant.unwrap_or_default(), &hex::encode(&digest)])
}

pub(super) fn stands(store: &dyn Store, index: u64, task: &Task) -> Result<Progress, StoreError> {
    Ok(progress(index).get(store)?.unwrap_or_else(|| task.progress.clone()))
}

/// The number in the log of the entry in this place of the list.
pub(super) fn listed(store: &dyn Store, tenant: Option<&str>, place: u64) -> Result<Option<u64>, StoreError> {
    match tenant {
        None => Ok(Some(place)),
        Some(tenant) => places::tenant_entry(tenant, place).get(store),
    }
}
