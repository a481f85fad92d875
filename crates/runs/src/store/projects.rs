//! Recipes in the store. Those of a deleted tenant go with the rounds: tenants that have some are on a list of their own.

use calendar::{HOUR, Millis};
use kv_schemas::{
    Counter, Log, Once, Slot, Store, StoreError, Value, expiry, families,
    sweep::{self, Head},
};
use serde::{Deserialize, Serialize};

use super::{MAX_SLOTS, Page};
use crate::project::Project;

/// Recipes that a tenant may have.
pub const MAX_PROJECTS: i64 = 200;
/// Bytes in memory of the recipes on one page, or little more.
const MAX_PAGE_WEIGHT: usize = 1024 * 1024;
/// How long it is remembered that a recipe's place was given up: two who delete it at once don't take so long.
const GONE_MS: u64 = HOUR;

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

/// A tenant's recipe.
#[must_use]
pub fn project(tenant: &str, id: &str) -> Value<KeptProject> {
    families::PROJECT.value(&[tenant, id])
}

fn project_list(tenant: &str) -> Log<String> {
    families::PROJECT_LIST.log(&[tenant])
}

fn project_count(tenant: &str) -> Counter {
    families::PROJECT_COUNT.counter(&[tenant])
}

fn project_gone(tenant: &str, index: u64) -> Once {
    families::PROJECT_GONE.once(&[tenant, &index.to_string()])
}

/// Tenants that have, or had, recipes.
fn owner_list() -> Log<String> {
    families::PROJECT_OWNERS.log(&[])
}

fn owner_head() -> Value<Head> {
    families::PROJECT_OWNERS_HEAD.value(&[])
}

/// A tenant's place on that list.
fn owner(tenant: &str) -> Value<u64> {
    families::PROJECT_OWNER.value(&[tenant])
}

/// What became of a recipe that was put.
#[derive(Debug, Clone, PartialEq)]
pub enum Put {
    /// It is new.
    Made(KeptProject),
    /// There was one by this id.
    Changed(KeptProject),
    /// The tenant has [`MAX_PROJECTS`] others: nothing was written.
    TooMany,
}

/// Writes a recipe down.
///
/// # Errors
/// The store can't be reached.
pub fn put_project(store: &dyn Store, tenant: &str, recipe: Project, now: Millis) -> Result<Put, StoreError> {
    let place = project(tenant, &recipe.id);
    let known = place.get(store)?;
    let is_new = known.is_none();
    let (created_at, list_index) = match known {
        Some(known) => (known.created_at, known.list_index),
        None => {
            if project_count(tenant).add(store, 1)? > MAX_PROJECTS {
                project_count(tenant).add(store, -1)?;
                return Ok(Put::TooMany);
            }
            own(store, tenant)?;
            // What if we crash before the record is written? The list names a recipe that is nowhere, and nobody shows it.
            // Two who make it at once are listed twice, and shown where the record says.
            (now, project_list(tenant).append(store, &recipe.id)?)
        }
    };
    let mut kept = KeptProject { project: recipe, created_at, updated_at: now, list_index };
    place.set(store, &kept)?;
    // Deleted in this very moment, by itself or with its tenant, it would be on no list.
    let list = project_list(tenant);
    if list.get(store, list_index)? == Slot::Hole || list.tail(store)? < list_index {
        project_count(tenant).add(store, 1)?;
        kept.list_index = project_list(tenant).append(store, &kept.project.id)?;
        place.set(store, &kept)?;
    }
    if !is_new {
        return Ok(Put::Changed(kept));
    }
    // Taken off the list in this very moment, its tenant would be looked at by nobody.
    own(store, tenant)?;
    Ok(Put::Made(kept))
}

/// The tenant is on the list of those that have recipes, so that they go when it does.
fn own(store: &dyn Store, tenant: &str) -> Result<(), StoreError> {
    if owner(tenant).exists(store)? {
        return Ok(());
    }
    // What if we crash after this? It is listed once more with the next recipe: of a tenant that is gone both places go.
    let index = owner_list().append(store, &tenant.to_owned())?;
    owner(tenant).set(store, &index)
}

/// Removes a recipe; whether there was one. Its runs go on: each has its own steps.
///
/// # Errors
/// The store can't be reached.
pub fn delete_project(store: &dyn Store, tenant: &str, id: &str, now: Millis) -> Result<bool, StoreError> {
    let place = project(tenant, id);
    let Some(known) = place.get(store)? else { return Ok(false) };
    place.delete(store)?;
    // What if we crash here? The list names a recipe that is nowhere, and nobody shows it.
    project_list(tenant).remove(store, known.list_index)?;
    // Of two who delete it at once, one lowers the count.
    let gone = project_gone(tenant, known.list_index);
    if gone.win(store)? {
        expiry::forget_after(store, now.plus(GONE_MS).0.div_ceil(HOUR), &[gone.key()])?;
        project_count(tenant).add(store, -1)?;
    }
    Ok(true)
}

/// Looks at a few tenants that have recipes, others each time, and removes all recipes of those that are gone; by one
/// caller at a time. How many those were.
///
/// # Errors
/// The store can't be reached.
pub fn delete_orphans(
    store: &dyn Store,
    now: Millis,
    most: usize,
    is_gone: impl Fn(&str) -> Result<bool, StoreError>,
) -> Result<usize, StoreError> {
    let mut gone = 0_usize;
    for (index, tenant) in sweep::pending(store, &owner_list(), &owner_head(), now.0, most)? {
        if is_gone(&tenant)? {
            delete_projects(store, &tenant)?;
            // What if we crash before? They are looked for again, and there are none.
            sweep::done(store, &owner_list(), &owner_head(), &[index])?;
            gone = gone.saturating_add(1);
        }
    }
    Ok(gone)
}

/// Removes all recipes of a tenant that is deleted.
fn delete_projects(store: &dyn Store, tenant: &str) -> Result<(), StoreError> {
    // First: whoever puts one meanwhile lists the tenant anew.
    owner(tenant).delete(store)?;
    let log = project_list(tenant);
    let tail = log.tail(store)?;
    for index in 1..=tail {
        if let Slot::Entry(id) = log.get(store, index)? {
            // The record first: what if we crash between? The place is found again.
            project(tenant, &id).delete(store)?;
            log.remove(store, index)?;
        }
    }
    project_count(tenant).retire(store)?;
    // Somebody put one all the same: it is found by its place next time.
    if log.tail(store)? == tail { log.retire(store) } else { Ok(()) }
}

/// A tenant's recipes in the order of their making, from behind `after` on (0 for the first page). Of large ones a page
/// has fewer.
///
/// # Errors
/// The store can't be reached.
pub fn projects(store: &dyn Store, tenant: &str, after: u64, most: usize) -> Result<Page<KeptProject>, StoreError> {
    let log = project_list(tenant);
    let tail = log.tail(store)?;
    let (mut index, last) = (after, tail.min(after.saturating_add(MAX_SLOTS)));
    let (mut found, mut weight) = (Vec::new(), 0_usize);
    while index < last && found.len() < most && weight < MAX_PAGE_WEIGHT {
        index = index.saturating_add(1);
        let Slot::Entry(id) = log.get(store, index)? else { continue };
        // Listed twice, or not written (yet): it isn't shown here.
        if let Some(kept) = project(tenant, &id).get(store)?.filter(|kept| kept.list_index == index) {
            weight = weight.saturating_add(kept.project.weight());
            found.push(kept);
        }
    }
    Ok(Page { found, next: (index < tail).then_some(index) })
}
