//! Where recipes and runs are stored, and in which order, so that a crash leaves nothing behind that nobody finds.
//!
//! A run's record is changed under its [`lease`] alone.

use calendar::{DAY, HOUR, MINUTE, Millis, SECOND};
use kv_schemas::{
    Lease, Log, Slot, Store, StoreError, Value, expiry, families,
    sweep::{self, Head},
};
use serde::{Deserialize, Serialize};

use crate::{
    project::Project,
    run::{MAX_AGE, Run},
};

/// How long one who took the lease of a run keeps others out. No vendor is waited for meanwhile, so it is short: after a
/// crash nobody gets at the run for so long.
pub const LEASE_MS: u64 = 12 * SECOND;
/// How long the holder may write: the handle to the store is opened for so long, well before the next one may begin.
pub const HOLD_MS: u64 = 6 * SECOND;
/// How long a run is kept past its latest end.
const KEPT_MS: u64 = 90 * DAY;
/// A listed run without a record is one whose maker has crashed.
const LOST_MS: u64 = 10 * MINUTE;
/// Slots of a list looked at for one page, and runs read for it: a run may be large.
const MAX_SLOTS: u64 = 1_000;
const MAX_READ: u32 = 200;

/// A recipe as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptProject {
    /// The recipe.
    pub project: Project,
    /// When it was first put there.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
    /// Its place on the tenant's list.
    list_index: u64,
}

/// A place on a list of runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The run's id.
    pub id: String,
    /// When it was put there.
    pub at: Millis,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What was found.
    pub found: Vec<T>,
    /// Where the next page begins, if there may be more.
    pub next: Option<u64>,
}

/// A tenant's recipe.
#[must_use]
pub fn project(tenant: &str, id: &str) -> Value<KeptProject> {
    families::PROJECT.value(&[tenant, id])
}

fn project_list(tenant: &str) -> Log<String> {
    families::PROJECT_LIST.log(&[tenant])
}

/// A run.
#[must_use]
pub fn run(id: &str) -> Value<Run> {
    families::RUN.value(&[id])
}

fn run_list() -> Log<Listed> {
    families::RUN_LIST.log(&[])
}

fn run_head() -> Value<Head> {
    families::RUN_HEAD.value(&[])
}

fn runs_of(tenant: &str) -> Log<Listed> {
    families::RUNS_OF.log(&[tenant])
}

/// When the timer's own route last drove the runs.
#[must_use]
pub fn driven() -> Value<Millis> {
    families::RUNS_DRIVEN.value(&[])
}

/// The right to change a run. `None`: somebody else has it.
///
/// # Errors
/// The store can't be reached.
pub fn lease(store: &dyn Store, id: &str, now: Millis) -> Result<Option<Lease>, StoreError> {
    let (mark, tickets) = (families::RUN_MARK.value(&[id]), families::RUN_TICKET.counter(&[id]));
    Lease::take_alone(store, mark, tickets, now.0, LEASE_MS)
}

/// Writes a recipe down; whether it is a new one.
///
/// # Errors
/// The store can't be reached.
pub fn put_project(
    store: &dyn Store,
    tenant: &str,
    recipe: Project,
    now: Millis,
) -> Result<(KeptProject, bool), StoreError> {
    let place = project(tenant, &recipe.id);
    let known = place.get(store)?;
    let is_new = known.is_none();
    let (created_at, list_index) = match known {
        Some(known) => (known.created_at, known.list_index),
        // What if we crash before the record is written? The list names a recipe that is nowhere, and nobody shows it. Two
        // who make it at once are listed twice, and shown where the record says.
        None => (now, project_list(tenant).append(store, &recipe.id)?),
    };
    let mut kept = KeptProject { project: recipe, created_at, updated_at: now, list_index };
    place.set(store, &kept)?;
    // Deleted in this very moment, it would be on no list.
    if project_list(tenant).get(store, list_index)? == Slot::Hole {
        kept.list_index = project_list(tenant).append(store, &kept.project.id)?;
        place.set(store, &kept)?;
    }
    Ok((kept, is_new))
}

/// Removes a recipe; whether there was one. Its runs go on: each has its own steps.
///
/// # Errors
/// The store can't be reached.
pub fn delete_project(store: &dyn Store, tenant: &str, id: &str) -> Result<bool, StoreError> {
    let place = project(tenant, id);
    let Some(known) = place.get(store)? else { return Ok(false) };
    place.delete(store)?;
    // What if we crash here? The list names a recipe that is nowhere, and nobody shows it.
    project_list(tenant).remove(store, known.list_index)?;
    Ok(true)
}

/// Removes all recipes of a tenant that is deleted.
///
/// # Errors
/// The store can't be reached: to be repeated.
pub fn delete_projects(store: &dyn Store, tenant: &str) -> Result<(), StoreError> {
    let log = project_list(tenant);
    for index in 1..=log.tail(store)? {
        if let Slot::Entry(id) = log.get(store, index)? {
            // The record first: what if we crash between? The place is found again.
            project(tenant, &id).delete(store)?;
            log.remove(store, index)?;
        }
    }
    log.retire(store)
}

/// A tenant's recipes in the order of their making, from behind `after` on (0 for the first page).
///
/// # Errors
/// The store can't be reached.
pub fn projects(store: &dyn Store, tenant: &str, after: u64, most: usize) -> Result<Page<KeptProject>, StoreError> {
    let log = project_list(tenant);
    let tail = log.tail(store)?;
    let (mut index, last) = (after, tail.min(after.saturating_add(MAX_SLOTS)));
    let mut found = Vec::new();
    while index < last && found.len() < most {
        index = index.saturating_add(1);
        let Slot::Entry(id) = log.get(store, index)? else { continue };
        // Listed twice, or not written (yet): it isn't shown here.
        if let Some(kept) = project(tenant, &id).get(store)?.filter(|kept| kept.list_index == index) {
            found.push(kept);
        }
    }
    Ok(Page { found, next: (index < tail).then_some(index) })
}

/// A new run, on all lists. Nobody knows its id before, or the caller sees to it that nobody else makes it at the same
/// time: what was done to it would be undone. Made again after a crash, it is listed by its newest places alone.
///
/// # Errors
/// The store can't be reached. The run may be there all the same, and is driven then.
pub fn enlist(store: &dyn Store, run: &mut Run) -> Result<(), StoreError> {
    let listed = Listed { id: run.id.clone(), at: run.created_at };
    // What if we crash after this? The tenant's list names a run that is nowhere; nobody shows it.
    let of = runs_of(&run.tenant);
    run.of_index = of.append(store, &listed)?;
    forget_later(store, run, &of.slot_key(run.of_index))?;
    // What if we crash after this? The list of those under way names a run that is nowhere, and the driver strikes it off.
    run.list_index = run_list().append(store, &listed)?;
    self::run(&run.id).set(store, run)
}

/// Noted when it begins, once: no crash can leave it out, and a run that is revived needs no other. It ends within
/// [`MAX_AGE`], so this is [`KEPT_MS`] past its end, or a little more.
fn forget_later(store: &dyn Store, run: &Run, of_slot: &str) -> Result<(), StoreError> {
    let hour = run.created_at.plus(MAX_AGE.saturating_add(KEPT_MS)).0.div_ceil(HOUR);
    let mark: Value<u64> = families::RUN_MARK.value(&[&run.id]);
    let tickets = families::RUN_TICKET.counter(&[&run.id]);
    expiry::forget_after(store, hour, &[self::run(&run.id).key(), mark.key(), tickets.key(), of_slot])
}

/// Writes the run as it is now, under its lease: it is on the list of those under way unless nothing is left to be done.
///
/// # Errors
/// The store can't be reached; the record may be the old one or the new one.
pub fn save(store: &dyn Store, run: &mut Run) -> Result<(), StoreError> {
    if !run.is_settled() && !is_listed(store, run)? {
        // Revived. What if we crash after this? The list names a run with nothing to be done: it is struck off.
        run.list_index = run_list().append(store, &Listed { id: run.id.clone(), at: run.created_at })?;
    }
    self::run(&run.id).set(store, run)
}

fn is_listed(store: &dyn Store, run: &Run) -> Result<bool, StoreError> {
    Ok(matches!(run_list().get(store, run.list_index)?, Slot::Entry(listed) if listed.id == run.id))
}

/// Runs under way, with their places; by one caller at a time.
///
/// # Errors
/// The store can't be reached.
pub fn under_way(store: &dyn Store, now: Millis, most: usize) -> Result<Vec<(u64, Listed)>, StoreError> {
    sweep::pending(store, &run_list(), &run_head(), now.0, most)
}

/// Whether a run may stand at this place of the list of those under way for nothing: whether [`close`] is called for.
#[must_use]
pub fn is_stray(run: &Run, index: u64) -> bool {
    run.is_settled() || run.list_index != index
}

/// Strikes a place off the list of those under way, if nothing is left to be done for its run: under the run's lease,
/// after [`save`], with the run as it is stored.
///
/// # Errors
/// The store can't be reached.
pub fn close(store: &dyn Store, index: u64, listed: &Listed, run: Option<&Run>, now: Millis) -> Result<(), StoreError> {
    let is_over = match run {
        // Listed a second time when it was revived, by somebody who crashed before writing that down.
        Some(run) => is_stray(run, index),
        None => now.since(listed.at) > LOST_MS,
    };
    // What if we crash before? It is looked at again, and found over again.
    if is_over { sweep::done(store, &run_list(), &run_head(), &[index]) } else { Ok(()) }
}

/// As [`close`], for one who has come to the run by its id.
///
/// # Errors
/// The store can't be reached.
pub fn close_own(store: &dyn Store, run: &Run) -> Result<(), StoreError> {
    if run.is_settled() && is_listed(store, run)? { run_list().remove(store, run.list_index) } else { Ok(()) }
}

/// A tenant's runs that `pick` wants, newest first, from before `before` on (`None` for the first page). Where it wants few
/// of many, a page may be short, or empty, and yet not the last.
///
/// # Errors
/// The store can't be reached.
pub fn runs(
    store: &dyn Store,
    tenant: &str,
    before: Option<u64>,
    most: usize,
    pick: impl Fn(&Run) -> bool,
) -> Result<Page<Run>, StoreError> {
    let log = runs_of(tenant);
    let first = before.unwrap_or(u64::MAX).min(log.tail(store)?.saturating_add(1));
    let last = first.saturating_sub(MAX_SLOTS);
    let (mut index, mut found, mut read) = (first, Vec::new(), 0_u32);
    while index > last.max(1) && found.len() < most && read < MAX_READ {
        index = index.saturating_sub(1);
        let Slot::Entry(listed) = log.get(store, index)? else { continue };
        read = read.saturating_add(1);
        let is_its_place = |run: &Run| run.tenant == tenant && run.of_index == index;
        if let Some(run) = run(&listed.id).get(store)?.filter(|run| is_its_place(run) && pick(run)) {
            found.push(run);
        }
    }
    Ok(Page { found, next: (index > 1).then_some(index) })
}
