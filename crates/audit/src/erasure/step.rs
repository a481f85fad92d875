//! One step of one erasure: what is in the log goes, and at the end it says how much that was.

use calendar::{DAY, HOUR, Millis};
use kv_schemas::{Lease, Slot, Store, StoreError, expiry};

use super::{
    records::{Done, Progress, Task, asked, done, last_of, listed, progress, stands, tasks},
    wait::Waited,
};
use crate::{Entry, Staged, VERSION, append, places, still::Mark};

/// For so long it is known that an erasure was done.
const KEPT_HOURS: u64 = 32 * DAY / HOUR;

const EVENT: &str = "PERSONAL_DATA_ERASED";

pub(super) struct Run<'a> {
    pub store: &'a dyn Store,
    pub lease: &'a Lease,
    pub now: Millis,
    pub still: Mark,
    /// Entries that may be looked at.
    pub left: u64,
    pub erased: u64,
}

impl Run<'_> {
    pub fn step(&mut self, index: u64) -> Result<(), StoreError> {
        // Read under the lease: the run before us may have gone on with it.
        let Slot::Entry(task) = tasks().get(self.store, index)? else { return Ok(()) };
        let before = stands(self.store, index, &task)?;
        if before.finished_at.is_some() {
            return self.finish(index, task, before);
        }
        if self.rests(&task, &before)? {
            return Ok(());
        }
        // What an earlier step decided and perhaps didn't do.
        self.remove(&before.doomed)?;
        let mut stands = self.wait(index, before.clone())?;
        let whole = self.look(&task, &mut stands)?;
        if stands != before && !self.save(index, &stands)? {
            return Ok(());
        }
        // What if we crash in here? They are counted, and the next step begins with them.
        self.remove(&stands.doomed)?;
        self.erased = self.erased.saturating_add(u64::try_from(stands.doomed.len()).unwrap_or(u64::MAX));
        if !whole || stands.until_stage.is_none_or(|until| self.still.next_stage <= until) {
            return Ok(());
        }
        stands = Progress { doomed: Vec::new(), finished_at: Some(self.now), ..stands };
        if self.save(index, &stands)? { self.finish(index, task, stands) } else { Ok(()) }
    }

    /// Whether nothing can be done but wait.
    fn rests(&self, task: &Task, stands: &Progress) -> Result<bool, StoreError> {
        let waits = match stands.until_stage {
            None => stands.waited.is_some_and(|waited| !waited.is_over() && waited.until(self.now) == waited),
            Some(until) => self.still.next_stage <= until,
        };
        Ok(waits && stands.doomed.is_empty() && self.next(task, stands)?.is_none())
    }

    /// Once it has waited, all that is staged by now is to be seen. Whoever asks again has it wait anew.
    fn wait(&self, index: u64, before: Progress) -> Result<Progress, StoreError> {
        // The repeats first, the tail second: what they are about is staged by then.
        let repeats = asked(index).read(self.store)?;
        let waited = before.waited.filter(|_| repeats <= before.asked);
        let waited = waited.map_or_else(|| Waited::begin(self.now), |waited| waited.until(self.now));
        let until_stage = match before.until_stage {
            _ if !waited.is_over() => None,
            None => Some(places::stage().tail(self.store)?),
            known => known,
        };
        Ok(Progress { waited: Some(waited), until_stage, asked: repeats, doomed: Vec::new(), ..before })
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

    /// The next entry to look at, if it lies still.
    fn next(&self, task: &Task, stands: &Progress) -> Result<Option<u64>, StoreError> {
        let seq = listed(self.store, task.tenant.as_deref(), stands.next)?;
        Ok(seq.filter(|seq| *seq < self.still.size))
    }

    /// Looks through the list from where it stands, and tells whether it came to the end.
    fn look(&mut self, task: &Task, stands: &mut Progress) -> Result<bool, StoreError> {
        while let Some(seq) = self.next(task, stands)? {
            if self.left == 0 {
                return Ok(false);
            }
            self.left = self.left.saturating_sub(1);
            let personal = places::personal(seq).get(self.store)?;
            if personal.is_some_and(|personal| personal.session_id.as_deref() == Some(&task.session_id)) {
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
        // What changes nothing logs nothing: whoever makes up ids doesn't fill the log.
        if stands.erased > 0 {
            append(self.store, &event(index, &task, stands.erased, finished_at))?;
        }
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
