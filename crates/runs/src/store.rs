//! Where recipes and runs are stored, and in which order, so that a crash leaves nothing behind that nobody finds.
//!
//! A run's record is changed under its [`lease`] alone.
//!
//! # What is counted
//!
//! A tenant's runs under way, and its recipes, are bounded by counters: raised before a thing gets its place on its list,
//! lowered after that place is given up. What if we crash in between? The tenant has one place less: for runs until the
//! counter's window is over (16 days at most), for recipes until it is deleted. It never has one too many.

use calendar::{DAY, HOUR, MINUTE, Millis, SECOND};
use kv_schemas::{
    Counter, Lease, Log, Slot, Store, StoreError, Value, expiry, families,
    sweep::{self, Head},
};
use serde::{Deserialize, Serialize};

use crate::run::{MAX_AGE, Run};

mod projects;

pub use projects::{KeptProject, MAX_PROJECTS, Put, delete_orphans, delete_project, project, projects, put_project};

/// How long one who took the lease of a run keeps others out: longer than it may write, by more than two clocks differ.
/// No vendor is waited for meanwhile, so it is short: after a crash nobody gets at the run for so long.
pub const LEASE_MS: u64 = 20 * SECOND;
/// How long the holder may write: the handle to the store is opened for so long, well before the next one may begin.
pub const HOLD_MS: u64 = 6 * SECOND;
/// How long a run is kept past its latest end.
const KEPT_MS: u64 = 90 * DAY;
/// A listed run without a record is one whose maker has crashed.
const LOST_MS: u64 = 10 * MINUTE;
/// Slots of a list looked at for one page, and runs read for it: a run may be large.
const MAX_SLOTS: u64 = 1_000;
const MAX_READ: u32 = 200;
/// Runs under way that a tenant may have. One that is revived counts again.
pub const MAX_UNDER_WAY: i64 = 200;
/// Runs are counted by the window in which they began. Each ends within [`MAX_AGE`], so all that are under way are of this
/// window or of the one before; what a crash left behind in older ones counts no more.
const WINDOW_MS: u64 = 8 * DAY;
const _: () = assert!(WINDOW_MS > MAX_AGE);

/// A place on a list of runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The run's id.
    pub id: String,
    /// When the run began.
    pub at: Millis,
    /// Whose it is.
    #[serde(default)]
    pub tenant: String,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What was found.
    pub found: Vec<T>,
    /// Where the next page begins, if there may be more.
    pub next: Option<u64>,
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

/// A tenant's runs under way, of those that began in a window.
fn open_runs(tenant: &str, window: u64) -> Counter {
    families::RUNS_OPEN.counter(&[tenant, &window.to_string()])
}

fn window(begun: Millis) -> u64 {
    begun.0.checked_div(WINDOW_MS).unwrap_or(0)
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

/// A new run, on all lists. Nobody knows its id before, or the caller sees to it that nobody else makes it at the same
/// time: what was done to it would be undone. Made again after a crash, it is listed by its newest places alone.
///
/// Whether there was room: a tenant has at most [`MAX_UNDER_WAY`], and nothing is written for one more.
///
/// # Errors
/// The store can't be reached. The run may be there all the same, and is driven then.
pub fn enlist(store: &dyn Store, run: &mut Run) -> Result<bool, StoreError> {
    let now = window(run.created_at);
    let own = open_runs(&run.tenant, now).add(store, 1)?;
    if own.saturating_add(open_before(store, &run.tenant, now)?) > MAX_UNDER_WAY {
        open_runs(&run.tenant, now).add(store, -1)?;
        return Ok(false);
    }
    let listed = listed(run);
    // What if we crash after this? The tenant's list names a run that is nowhere; nobody shows it.
    let of = runs_of(&run.tenant);
    run.of_index = of.append(store, &listed)?;
    forget_later(store, run, &of.slot_key(run.of_index))?;
    // What if we crash after this? The list of those under way names a run that is nowhere, and the driver strikes it off.
    run.list_index = run_list().append(store, &listed)?;
    self::run(&run.id).set(store, run)?;
    Ok(true)
}

fn listed(run: &Run) -> Listed {
    Listed { id: run.id.clone(), at: run.created_at, tenant: run.tenant.clone() }
}

/// Whether the tenant may have no more runs under way.
///
/// # Errors
/// The store can't be reached.
pub fn is_full(store: &dyn Store, tenant: &str, now: Millis) -> Result<bool, StoreError> {
    let now = window(now);
    let own = open_runs(tenant, now).read(store)?;
    Ok(own.saturating_add(open_before(store, tenant, now)?) >= MAX_UNDER_WAY)
}

fn open_before(store: &dyn Store, tenant: &str, window: u64) -> Result<i64, StoreError> {
    // Below 0 it can't be, but for a store that was put back to an earlier day.
    Ok(open_runs(tenant, window.saturating_sub(1)).read(store)?.max(0))
}

/// Noted when it begins, once: no crash can leave it out, and a run that is revived needs no other. It ends within
/// [`MAX_AGE`], so this is [`KEPT_MS`] past its end, or a little more.
fn forget_later(store: &dyn Store, run: &Run, of_slot: &str) -> Result<(), StoreError> {
    let mark: Value<u64> = families::RUN_MARK.value(&[&run.id]);
    let tickets = families::RUN_TICKET.counter(&[&run.id]);
    // The counters of its window with it: nobody reads them any more by then.
    let now = window(run.created_at);
    let (open, before) = (open_runs(&run.tenant, now), open_runs(&run.tenant, now.saturating_sub(1)));
    let place = self::run(&run.id);
    let keys = [place.key(), mark.key(), tickets.key(), of_slot, open.key(), before.key()];
    expiry::forget_after(store, forgotten_at(run), &keys)
}

/// Called before the lease of a run is taken that isn't there yet: what if it never will be? What the lease is made of goes
/// by itself.
///
/// # Errors
/// The store can't be reached.
pub fn forget_lease(store: &dyn Store, run: &Run) -> Result<(), StoreError> {
    let mark: Value<u64> = families::RUN_MARK.value(&[&run.id]);
    let tickets = families::RUN_TICKET.counter(&[&run.id]);
    expiry::forget_after(store, forgotten_at(run), &[mark.key(), tickets.key()])
}

/// The hour after which nothing of it is kept.
fn forgotten_at(run: &Run) -> u64 {
    run.created_at.plus(MAX_AGE.saturating_add(KEPT_MS)).0.div_ceil(HOUR)
}

/// Writes the run as it is now, under its lease: it is on the list of those under way unless nothing is left to be done.
///
/// # Errors
/// The store can't be reached; the record may be the old one or the new one.
pub fn save(store: &dyn Store, run: &mut Run) -> Result<(), StoreError> {
    if !run.is_settled() && !is_listed(store, run)? {
        // Revived. What if we crash after this? The list names a run with nothing to be done: it is struck off.
        open_runs(&run.tenant, window(run.created_at)).add(store, 1)?;
        run.list_index = run_list().append(store, &listed(run))?;
    }
    self::run(&run.id).set(store, run)
}

fn is_listed(store: &dyn Store, run: &Run) -> Result<bool, StoreError> {
    Ok(matches!(run_list().get(store, run.list_index)?, Slot::Entry(listed) if listed.id == run.id))
}

/// Runs under way, with their places; by one caller at a time. None of them is always first, nor always last: the order is
/// theirs, but where it begins is drawn by the time.
///
/// # Errors
/// The store can't be reached.
pub fn under_way(store: &dyn Store, now: Millis, most: usize) -> Result<Vec<(u64, Listed)>, StoreError> {
    let mut found = sweep::pending(store, &run_list(), &run_head(), now.0, most)?;
    let by = usize::try_from(mixed(now.0)).unwrap_or(0).checked_rem(found.len()).unwrap_or(0);
    found.rotate_left(by);
    Ok(found)
}

/// Any number of 31 bits (as splitmix64 draws them): rounds may come at a beat, and the beat and the length of the list may
/// have a common factor.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number >> 33
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
    if !is_over {
        return Ok(());
    }
    // Somebody may have struck it off since it was found: each place is counted off once.
    let was_there = matches!(run_list().get(store, index)?, Slot::Entry(place) if place.id == listed.id);
    // What if we crash before? It is looked at again, and found over again.
    sweep::done(store, &run_list(), &run_head(), &[index])?;
    if was_there { count_off(store, listed) } else { Ok(()) }
}

fn count_off(store: &dyn Store, listed: &Listed) -> Result<(), StoreError> {
    // Listed before runs were counted.
    if listed.tenant.is_empty() {
        return Ok(());
    }
    open_runs(&listed.tenant, window(listed.at)).add(store, -1).map(drop)
}

/// As [`close`], for one who has come to the run by its id.
///
/// # Errors
/// The store can't be reached.
pub fn close_own(store: &dyn Store, run: &Run) -> Result<(), StoreError> {
    match run_list().get(store, run.list_index)? {
        Slot::Entry(place) if run.is_settled() && place.id == run.id => {
            run_list().remove(store, run.list_index)?;
            count_off(store, &place)
        }
        _ => Ok(()),
    }
}

/// What `show` makes of a tenant's runs (nothing: it isn't wanted), newest first, from before `before` on (`None` for the
/// first page). Where it wants few of many, a page may be short, or empty, and yet not the last. One run is held at a time.
///
/// # Errors
/// The store can't be reached.
pub fn runs<T>(
    store: &dyn Store,
    tenant: &str,
    before: Option<u64>,
    most: usize,
    show: impl Fn(&Run) -> Option<T>,
) -> Result<Page<T>, StoreError> {
    let log = runs_of(tenant);
    let first = before.unwrap_or(u64::MAX).min(log.tail(store)?.saturating_add(1));
    let last = first.saturating_sub(MAX_SLOTS);
    let (mut index, mut found, mut read) = (first, Vec::new(), 0_u32);
    while index > last.max(1) && found.len() < most && read < MAX_READ {
        index = index.saturating_sub(1);
        let Slot::Entry(listed) = log.get(store, index)? else { continue };
        read = read.saturating_add(1);
        let is_its_place = |run: &Run| run.tenant == tenant && run.of_index == index;
        found.extend(run(&listed.id).get(store)?.filter(is_its_place).as_ref().and_then(&show));
    }
    Ok(Page { found, next: (index > 1).then_some(index) })
}
