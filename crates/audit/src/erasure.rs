//! Erasing the personal data of one session: asked for at once, worked off in small steps over the tenant's own entries.
//!
//! ```text
//!  asked ──▶ Task in the list ──steps──▶ all that was staged by then is seen, and erased ──▶ event staged ──▶ Done
//! ```
//! The session's id is in the task alone, which is written once and removed at the end: what remains of an erasure that is
//! done, or comes from a run that was too slow, says how many entries it was about.
//!
//! A step decides, saves that, asks whether it may, and then acts; a crash anywhere repeats what was saved. A run that
//! sleeps for longer than its lease just before it saves may set the progress back: then the same is looked through once
//! more, and the count is too low by what was erased already.

use calendar::{DAY, HOUR, Millis};
use kv_schemas::{Counter, Lease, Log, Slot, Store, StoreError, Value, expiry, families, sweep};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Entry, Filter, LEASE_MS, SALT_BYTES, Staged, VERSION, append, hex, places,
    state::{State, staged},
    still::Mark,
};

/// Erasures that one run goes on with.
const MAX_TASKS: usize = 8;
/// For so long it is known that an erasure was done.
const KEPT_HOURS: u64 = 32 * DAY / HOUR;
/// Entries looked at to find that a finished erasure has nothing more to do.
const MAX_NEW: u64 = 250;

const EVENT: &str = "PERSONAL_DATA_ERASED";

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
    /// All entries that were in the log or staged when it was asked for are without personal data of the session.
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Task {
    /// Everybody's entries when absent.
    tenant: Option<String>,
    company: String,
    session_id: String,
    salt: String,
    /// Where it begins.
    progress: Progress,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Progress {
    /// Entries staged up to here are to be seen.
    through_stage: u64,
    /// The repeats that `through_stage` takes into account.
    asked: i64,
    /// Where in the list to go on.
    next: u64,
    /// Entries that are being erased, and are counted.
    doomed: Vec<u64>,
    erased: u64,
    finished_at: Option<Millis>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    tenant: Option<String>,
    erased: u64,
    /// Up to where the list was looked through.
    next: u64,
}

fn tasks() -> Log<Task> {
    families::ERASURES.log(&[])
}

fn progress(index: u64) -> Value<Progress> {
    families::ERASURE_PROGRESS.value(&[&index.to_string()])
}

fn asked(index: u64) -> Counter {
    families::ERASURE_ASKED.counter(&[&index.to_string()])
}

fn done(index: u64) -> Value<Done> {
    families::ERASED.value(&[&index.to_string()])
}

fn last_of(tenant: Option<&str>, session_id: &str) -> Value<u64> {
    let digest: [u8; 32] = Sha256::digest(session_id).into();
    families::ERASURE_OF.value(&[tenant.unwrap_or_default(), &hex::encode(&digest)])
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

/// Has a session's personal data erased: of all entries that are in the log or staged by now. Asked again, it is the
/// same erasure, unless it is done and there are new entries of the session since (or too many of the tenant to tell).
///
/// # Errors
/// The store can't be reached. It may have been asked for all the same: repeat.
pub fn erase(store: &dyn Store, request: ErasureRequest) -> Result<Erasure, StoreError> {
    let ErasureRequest { filter, company, session_id, salt } = request;
    let tenant = match filter {
        Filter::All => None,
        Filter::Tenant(tenant) => Some(tenant),
    };
    let last = last_of(tenant.as_deref(), &session_id);
    let mut next = 0;
    if let Some(index) = last.get(store)? {
        match again(store, index, tenant.as_deref(), &session_id)? {
            Again::Same(erasure) => return Ok(erasure),
            Again::From(place) => next = place,
        }
    }
    let through_stage = places::stage().tail(store)?;
    let progress = Progress { through_stage, next, ..Progress::default() };
    let task = Task { tenant, company, session_id, salt: hex::encode(&salt), progress };
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

fn stands(store: &dyn Store, index: u64, task: &Task) -> Result<Progress, StoreError> {
    Ok(progress(index).get(store)?.unwrap_or_else(|| task.progress.clone()))
}

enum Again {
    Same(Erasure),
    /// A new one is needed, which may begin at this place of the list.
    From(u64),
}

fn again(store: &dyn Store, index: u64, tenant: Option<&str>, session_id: &str) -> Result<Again, StoreError> {
    if tasks().get(store, index)? != Slot::Hole {
        // Said first, looked second; who finishes it says so first and looks for this second. One of us sees the other.
        asked(index).add(store, 1)?;
        if let Slot::Entry(task) = tasks().get(store, index)? {
            let stands = stands(store, index, &task)?;
            if stands.finished_at.is_none() {
                return Ok(Again::Same(Erasure::pending(index, tenant, stands.erased)));
            }
        }
    }
    let Some(done) = done(index).get(store)? else { return Ok(Again::From(0)) };
    let is_new = is_on_stage(store, tenant, session_id)? || is_since(store, tenant, session_id, done.next)?;
    Ok(if is_new { Again::From(done.next) } else { Again::Same(Erasure::done(index, &done)) })
}

fn is_on_stage(store: &dyn Store, tenant: Option<&str>, session_id: &str) -> Result<bool, StoreError> {
    let waiting = staged(store, &State::load(store)?)?;
    Ok(waiting.iter().any(|Staged { entry, opening }| {
        let session = opening.as_ref().and_then(|personal| personal.session_id.as_deref());
        session == Some(session_id) && tenant.is_none_or(|tenant| entry.tenant_id == tenant)
    }))
}

fn is_since(store: &dyn Store, tenant: Option<&str>, session_id: &str, next: u64) -> Result<bool, StoreError> {
    let size = State::load(store)?.size;
    for place in next..next.saturating_add(MAX_NEW) {
        match listed(store, tenant, place)?.filter(|seq| *seq < size) {
            None => return Ok(false),
            Some(seq) if is_of(store, seq, session_id)? => return Ok(true),
            Some(_) => {}
        }
    }
    Ok(true)
}

/// The number in the log of the entry in this place of the list.
fn listed(store: &dyn Store, tenant: Option<&str>, place: u64) -> Result<Option<u64>, StoreError> {
    match tenant {
        None => Ok(Some(place)),
        Some(tenant) => places::tenant_entry(tenant, place).get(store),
    }
}

fn is_of(store: &dyn Store, seq: u64, session_id: &str) -> Result<bool, StoreError> {
    let personal = places::personal(seq).get(store)?;
    Ok(personal.is_some_and(|personal| personal.session_id.as_deref() == Some(session_id)))
}

/// Goes on with what was asked for, looking at `limit` entries at most, all of which lie `still`. Gives how many it has
/// erased.
pub(crate) fn work(store: &dyn Store, now: Millis, still: Mark, limit: u64) -> Result<u64, StoreError> {
    let head: Value<sweep::Head> = families::ERASURE_HEAD.value(&[]);
    // Two who sweep at once at worst set the head back a little.
    let open = sweep::pending(store, &tasks(), &head, now.0, MAX_TASKS)?;
    if open.is_empty() {
        return Ok(0);
    }
    let mark = families::ERASURE_MARK.value(&[]);
    let tickets = families::ERASURE_TICKET.counter(&[]);
    let Some(lease) = Lease::take(store, mark, tickets, now.0, LEASE_MS)? else { return Ok(0) };
    let mut run = Run { store, lease: &lease, now, still, left: limit, erased: 0 };
    let done = open.iter().try_for_each(|(index, _)| run.step(*index)).map(|()| run.erased);
    // Also after an error: the steps are safe to repeat.
    let released = lease.release(store);
    let erased = done?;
    released?;
    Ok(erased)
}

struct Run<'a> {
    store: &'a dyn Store,
    lease: &'a Lease,
    now: Millis,
    still: Mark,
    left: u64,
    erased: u64,
}

impl Run<'_> {
    fn step(&mut self, index: u64) -> Result<(), StoreError> {
        // Read under the lease: the run before us may have gone on with it.
        let Slot::Entry(task) = tasks().get(self.store, index)? else { return Ok(()) };
        let before = stands(self.store, index, &task)?;
        if before.finished_at.is_some() {
            return self.finish(index, task, before);
        }
        // What an earlier step decided and perhaps didn't do.
        self.remove(&before.doomed)?;
        let mut stands = Progress { doomed: Vec::new(), ..before.clone() };
        // The repeats first, the tail second: what they are about is staged by then.
        let asked = asked(index).read(self.store)?;
        if asked > stands.asked {
            (stands.asked, stands.through_stage) = (asked, places::stage().tail(self.store)?);
        }
        let whole = self.look(&task, &mut stands)?;
        if stands != before && !self.save(index, &stands)? {
            return Ok(());
        }
        // What if we crash in here? They are counted, and the next step begins with them.
        self.remove(&stands.doomed)?;
        self.erased = self.erased.saturating_add(u64::try_from(stands.doomed.len()).unwrap_or(u64::MAX));
        if !whole || self.still.next_stage <= stands.through_stage {
            return Ok(());
        }
        stands = Progress { doomed: Vec::new(), finished_at: Some(self.now), ..stands };
        if self.save(index, &stands)? { self.finish(index, task, stands) } else { Ok(()) }
    }

    /// Tells whether it is what whoever comes later goes on from.
    fn save(&self, index: u64, stands: &Progress) -> Result<bool, StoreError> {
        if !self.lease.holds(self.store)? {
            return Ok(false);
        }
        progress(index).set(self.store, stands)?;
        self.lease.holds(self.store)
    }

    fn remove(&self, doomed: &[u64]) -> Result<(), StoreError> {
        doomed.iter().try_for_each(|seq| places::personal(*seq).delete(self.store))
    }

    /// Looks through the list from where it stands, and tells whether it came to the end.
    fn look(&mut self, task: &Task, stands: &mut Progress) -> Result<bool, StoreError> {
        let tenant = task.tenant.as_deref();
        while let Some(seq) = listed(self.store, tenant, stands.next)?.filter(|seq| *seq < self.still.size) {
            if self.left == 0 {
                return Ok(false);
            }
            self.left = self.left.saturating_sub(1);
            if is_of(self.store, seq, &task.session_id)? {
                stands.doomed.push(seq);
                stands.erased = stands.erased.saturating_add(1);
            }
            stands.next = stands.next.saturating_add(1);
        }
        Ok(true)
    }

    /// What if we crash in here? All of it is repeated, and gives the same.
    fn finish(&self, index: u64, task: Task, stands: Progress) -> Result<(), StoreError> {
        let repeats = asked(index);
        if repeats.read(self.store)? > stands.asked {
            // Somebody asked again, and was told that it is under way.
            return progress(index).set(self.store, &Progress { finished_at: None, ..stands });
        }
        let finished_at = stands.finished_at.unwrap_or(self.now);
        append(self.store, &event(index, &task, stands.erased, finished_at))?;
        let (done, last) = (done(index), last_of(task.tenant.as_deref(), &task.session_id));
        let hour = finished_at.hour_number().saturating_add(KEPT_HOURS);
        // A later erasure of the session may be forgotten with this one: asked again, it is then done once more.
        let keys = [done.key(), last.key(), repeats.key(), progress(index).key()].map(str::to_owned);
        expiry::forget_after(self.store, hour, &keys.each_ref().map(String::as_str))?;
        done.set(self.store, &Done { tenant: task.tenant, erased: stands.erased, next: stands.next })?;
        tasks().remove(self.store, index)
    }
}

/// That data was erased, and of how many entries; not whose.
fn event(index: u64, task: &Task, erased: u64, at_ms: Millis) -> Staged {
    Staged::from(Entry {
        v: VERSION,
        salt: task.salt.clone(),
        tenant_id: task.tenant.clone().unwrap_or_default(),
        company: task.company.clone(),
        event_type: EVENT.into(),
        limit_check_id: format!("evt_era_{index}"),
        at_ms,
        details: [("count".to_owned(), erased.to_string())].into(),
        ..Entry::default()
    })
}
