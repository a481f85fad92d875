//! Asking for an erasure, and asking where it stands.

use kv_schemas::{Slot, Store, StoreError};
use serde::Serialize;
use thiserror::Error;

use super::records::{Done, Progress, Task, asked, done, head, last_of, stands, tasks};
use crate::{Filter, SALT_BYTES, hex};

/// Erasures of one tenant that may be under way, and likewise of everybody's entries. Requests that come at once may
/// exceed it by as many as they are.
pub const MAX_PENDING: usize = 100;
/// Of the newest erasures, those that are looked at to count a tenant's: a bound on the time that a request takes.
const MAX_COUNTED: u64 = 1_000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRequest {
    /// Whose entries are looked through.
    pub filter: Filter,
    /// Who owns the tenant, for the event; empty where that isn't known.
    pub company: String,
    /// Whose data it is.
    pub session_id: String,
    /// Fresh random bytes, for the event.
    pub salt: [u8; SALT_BYTES],
}

/// Why an erasure isn't begun.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EraseError {
    /// The tenant has [`MAX_PENDING`] under way.
    #[error("{MAX_PENDING} erasures are under way")]
    TooMany,
    /// The store can't be reached. It may have been asked for all the same: repeat.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where an erasure stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// `era_...`
    pub id: String,
    /// Whether it is done.
    pub status: ErasureStatus,
    /// Entries whose data was erased so far.
    pub erased: u64,
    /// Whose entries it is about.
    #[serde(skip)]
    pub filter: Filter,
}

/// See [`Erasure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ErasureStatus {
    /// Under way, or about to be.
    Pending,
    /// All entries of what had happened when it was last asked for are without personal data of the session, those
    /// included that were on their way to the log.
    Done,
}

impl Erasure {
    fn pending(index: u64, tenant: Option<&str>, erased: u64) -> Self {
        Self { id: format!("era_{index}"), status: ErasureStatus::Pending, erased, filter: filter(tenant) }
    }

    fn done(index: u64, Done { tenant, erased, .. }: &Done) -> Self {
        let filter = filter(tenant.as_deref());
        Self { id: format!("era_{index}"), status: ErasureStatus::Done, erased: *erased, filter }
    }
}

fn filter(tenant: Option<&str>) -> Filter {
    tenant.map_or(Filter::All, |tenant| Filter::Tenant(tenant.to_owned()))
}

/// Has a session's personal data erased: of all that has happened by now. Asked again while it is under way, it is the
/// same erasure, which then covers what has happened since. Once it is done there is a new one, which goes on from where
/// the other ended: what is on its way to the log can't be seen from here, so nobody could say that nothing is new.
///
/// # Errors
/// See [`EraseError`].
pub fn erase(store: &dyn Store, request: ErasureRequest) -> Result<Erasure, EraseError> {
    let ErasureRequest { filter, company, session_id, salt } = request;
    let tenant = match filter {
        Filter::All => None,
        Filter::Tenant(tenant) => Some(tenant),
    };
    let last = last_of(tenant.as_deref(), &session_id);
    let mut next = 0;
    if let Some(index) = last.get(store)? {
        if let Some(erasure) = join(store, index, tenant.as_deref())? {
            return Ok(erasure);
        }
        next = done(index).get(store)?.map_or(0, |done| done.next);
    }
    if has_too_many(store, tenant.as_deref())? {
        return Err(EraseError::TooMany);
    }
    let task = Task { tenant, company, session_id, salt: hex::encode(&salt), progress: Progress::from(next) };
    let index = tasks().append(store, &task)?;
    // What if we crash here? It is worked off; whoever asks again gets a second one, which finds nothing.
    last.set(store, &index)?;
    Ok(Erasure::pending(index, task.tenant.as_deref(), 0))
}

/// Where an erasure stands. `None`: there is none of this id, or it was done long ago.
///
/// # Errors
/// The store can't be reached.
pub fn erasure(store: &dyn Store, id: &str) -> Result<Option<Erasure>, StoreError> {
    let digits = id.strip_prefix("era_").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let index = digits.and_then(|digits| digits.parse::<u64>().ok());
    let Some(index) = index.filter(|index| id == format!("era_{index}")) else { return Ok(None) };
    // In this order: it moves on from the one to the other.
    if let Slot::Entry(task) = tasks().get(store, index)? {
        let erased = stands(store, index, &task)?.erased;
        return Ok(Some(Erasure::pending(index, task.tenant.as_deref(), erased)));
    }
    Ok(done(index).get(store)?.map(|done| Erasure::done(index, &done)))
}

/// The erasure of this place, if it is under way.
fn join(store: &dyn Store, index: u64, tenant: Option<&str>) -> Result<Option<Erasure>, StoreError> {
    if tasks().get(store, index)? == Slot::Hole {
        return Ok(None);
    }
    // Said first, looked second; who finishes it says so first and looks for this second. One of us sees the other.
    asked(index).add(store, 1)?;
    let Slot::Entry(task) = tasks().get(store, index)? else { return Ok(None) };
    let stands = stands(store, index, &task)?;
    Ok(stands.finished_at.is_none().then(|| Erasure::pending(index, tenant, stands.erased)))
}

/// From the newest on: who has many under way has the newest.
fn has_too_many(store: &dyn Store, tenant: Option<&str>) -> Result<bool, StoreError> {
    let tail = tasks().tail(store)?;
    let first = head().get(store)?.unwrap_or_default().first().max(tail.saturating_sub(MAX_COUNTED)).max(1);
    let mut pending = 0_usize;
    for index in (first..=tail).rev() {
        if let Slot::Entry(task) = tasks().get(store, index)?
            && task.tenant.as_deref() == tenant
        {
            pending = pending.saturating_add(1);
        }
        if pending >= MAX_PENDING {
            return Ok(true);
        }
    }
    Ok(false)
}
