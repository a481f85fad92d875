//! A job at a vendor: its record.
//!
//! ```text
//!   enlisted --vendor answers--> under way --looked at--> done | failed
//!       |                            |
//!    refused: permit given back      +-- too long, or never known: charged in full, failed
//! ```
//! One permit carries it from its start until it is done, so what it may cost is held all the time. Whoever looks at it
//! settles the permit first and writes the record then; both may be repeated, so several may look at once.

use calendar::{HOUR, MINUTE, Millis, SECOND};
use kv_schemas::{Log, Once, Slot, Store, StoreError, Value, expiry, families};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tenancy::VendorBinding;

use crate::vendor::upstream::REQUEST_MS;

/// The longest a job may take; its permit is held as long.
pub const MAX_MS: u64 = 3 * HOUR;
/// Until then its start is in flight: a call, the reading of its answer, and clocks that differ by 10 s.
pub const START_MS: u64 = 3 * MINUTE;
const _: () = assert!(START_MS >= REQUEST_MS + 40 * SECOND + 10 * SECOND + 30 * SECOND);
/// How long a job that is a step of a run may wait, enlisted, until its vendor is called.
pub const UNSENT_MS: u64 = HOUR;
/// How long its record is kept after its end.
pub const KEPT_HOURS: u64 = 14 * 24;

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// `job_...`
    pub id: String,
    pub tenant: String,
    pub session: Option<String>,
    pub provider: String,
    pub kind: String,
    /// As it was when the job began.
    pub binding: VendorBinding,
    /// The vendor's own id; absent until the vendor has answered.
    pub vendor_id: Option<String>,
    /// The permit that pays for it.
    pub permit: String,
    pub started_at: Millis,
    /// When the vendor is asked again.
    pub next_look: Millis,
    pub looks: u32,
    pub state: State,
    pub list_index: u64,
    /// The step of a run that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<OfRun>,
    /// The vendor has begun nothing. It isn't over before its permit is given back: forgotten, that would be charged in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// Why a vendor has begun nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub code: String,
    pub message: String,
}

/// A job that is a step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfRun {
    pub run: String,
    pub step: String,
    /// The vendor is being called, or was: written just before. Until then whoever drives the run may call it.
    pub sent: bool,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum State {
    Queued,
    Running,
    Done { result: Json, at: Millis },
    Failed { code: String, message: String, at: Millis },
}

/// A place on the list of jobs under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub id: String,
    pub at: Millis,
}

impl State {
    pub fn failed(code: &str, message: &str, at: Millis) -> Self {
        Self::Failed { code: code.into(), message: message.into(), at }
    }

    /// The contract's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed { .. })
    }
}

impl Job {
    /// Nobody has called the vendor: nothing can have been used.
    pub fn is_unsent(&self) -> bool {
        self.run.as_ref().is_some_and(|of| !of.sent)
    }

    /// The vendor is asked after 5 s, and then more and more rarely: its webhook usually comes first.
    pub fn looked(&mut self, now: Millis) {
        let pauses = [5, 5, 10, 20, 30];
        let pause = pauses.get(self.looks as usize).copied().unwrap_or(60);
        self.looks = self.looks.saturating_add(1);
        self.next_look = now.plus(pause * SECOND);
    }

    /// As the contract shows it.
    pub fn shown(&self) -> Json {
        let mut shown = json!({
            "id": self.id,
            "provider": self.provider,
            "kind": self.kind,
            "status": self.state.name(),
            "created_at": self.started_at.to_string(),
            "limit_check_id": self.permit,
        });
        if let Some(of) = &self.run {
            shown["run_id"] = of.run.clone().into();
            shown["step"] = of.step.clone().into();
        }
        match &self.state {
            State::Queued | State::Running => {}
            State::Done { result, at } => {
                shown["result"] = result.clone();
                shown["ended_at"] = at.to_string().into();
            }
            State::Failed { code, message, at } => {
                shown["error"] = json!({ "code": code, "message": message });
                shown["ended_at"] = at.to_string().into();
            }
        }
        shown
    }
}

pub fn record(id: &str) -> Value<Job> {
    families::JOB.value(&[id])
}

pub fn by_vendor(job: &Job, vendor_id: &str) -> Value<String> {
    families::JOB_BY_VENDOR.value(&[&job.tenant, &job.provider, vendor_id])
}

/// That the vendor said something of it (written by webhook-ingest).
pub fn hint(id: &str) -> Value<Millis> {
    families::JOB_HINT.value(&[id])
}

pub fn list() -> Log<Listed> {
    families::JOB_LIST.log(&[])
}

/// On the list, then the record: what if we crash in between? The list names a job that is nowhere, and it is struck off.
pub fn enlist(store: &dyn Store, job: &mut Job) -> Result<(), StoreError> {
    job.list_index = list().append(store, &Listed { id: job.id.clone(), at: job.started_at })?;
    record(&job.id).set(store, job)
}

/// The right to call the vendor for a job of a run.
pub fn calling(id: &str) -> Once {
    families::JOB_CALLING.once(&[id])
}

/// The vendor is about to be called: from now on nobody else calls it. `false`: it is too late for that, or another is at
/// it.
///
/// One caller ever wins the right, whatever leases and clocks say. What if we crash after winning it? The record doesn't say
/// so yet. Whoever comes next can't win, and writes into it that the vendor is being called: the job is `lost`, and charged,
/// as after a crash behind that note.
pub fn mark_sent(store: &dyn Store, job: &mut Job, now: Millis) -> Result<bool, StoreError> {
    // Whoever looks gives it up from then on; two clocks may differ a little.
    if job.next_look <= now.plus(MINUTE) {
        return Ok(false);
    }
    let won = calling(&job.id).win(store)?;
    if !won {
        // As it is now: the winner may be well past this.
        match record(&job.id).get(store)?.filter(|known| known.is_unsent() && !known.state.is_over()) {
            Some(known) => *job = known,
            None => return Ok(false),
        }
    }
    if let Some(of) = &mut job.run {
        of.sent = true;
    }
    job.started_at = now;
    job.next_look = now.plus(START_MS);
    record(&job.id).set(store, job)?;
    Ok(won)
}

/// Written as under way in the very moment in which another look closed it, it would be on no list: then it is put there
/// again, and the next look closes it once more.
pub fn keep_listed(store: &dyn Store, job: &mut Job) -> Result<(), StoreError> {
    if matches!(list().get(store, job.list_index)?, Slot::Entry(_)) {
        return Ok(());
    }
    enlist(store, job)
}

/// The vendor has another id for it, by which its webhook may speak.
pub fn alias(store: &dyn Store, job: &Job, vendor_id: &str) -> Result<(), StoreError> {
    let alias = by_vendor(job, vendor_id);
    if !alias.exists(store)? {
        // It goes at the time at which the slowest job's record would.
        let kept = KEPT_HOURS + MAX_MS.div_ceil(HOUR);
        expiry::forget_after(store, shell::host::now().hour_number() + kept, &[alias.key()])?;
        alias.set(store, &job.id)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use kv_schemas::{gap::Gap, memory::Memory};

    const NOW: Millis = Millis(1_000_000 * HOUR);

    fn enlisted(store: &Memory) -> Job {
        let mut job: Job = serde_json::from_value(json!({
            "id": "job_1", "tenant": "demo", "session": null, "provider": "kie", "kind": "clip",
            "binding": { "mode": "live", "options": {} }, "vendor_id": null, "permit": "lc_1",
            "started_at": NOW, "next_look": NOW.plus(UNSENT_MS), "looks": 0, "state": { "status": "queued" },
            "list_index": 0, "run": { "run": "run_1", "step": "a", "sent": false },
        }))
        .unwrap();
        enlist(store, &mut job).unwrap();
        job
    }

    #[test]
    fn of_two_who_think_they_may_one_calls_the_vendor() {
        for at in 0.. {
            let store = Memory::default();
            let (mut ours, theirs) = (enlisted(&store), RefCell::new(0));
            // Another, with the record as it was: no lease and no clock has kept it out. It calls, and the vendor answers.
            let other = |store: &dyn Store| {
                let mut job = Job { vendor_id: None, ..record("job_1").get(store).unwrap().unwrap() };
                job.run.as_mut().unwrap().sent = false;
                job.next_look = NOW.plus(UNSENT_MS);
                if mark_sent(store, &mut job, NOW).unwrap() {
                    job.vendor_id = Some("v_1".into());
                    record("job_1").set(store, &job).unwrap();
                    *theirs.borrow_mut() += 1;
                }
            };
            let gap = Gap::new(&store, at, &other);
            let called = u32::from(mark_sent(&gap, &mut ours, NOW).unwrap());
            let reached = gap.reached();
            assert_eq!(called + *theirs.borrow(), 1, "before operation {at}");
            let known = record("job_1").get(&store).unwrap().unwrap();
            assert!(!known.is_unsent());
            assert_eq!(known.vendor_id.is_some(), *theirs.borrow() == 1, "what the other heard stays: {at}");
            if !reached {
                break;
            }
        }
    }

    #[test]
    fn a_crash_after_winning_the_right_to_call_leaves_a_job_that_is_lost() {
        for crash in 0..3 {
            let store = Memory::default();
            let job = enlisted(&store);
            store.fail_after(crash);
            let crashed = mark_sent(&store, &mut job.clone(), NOW).is_err();
            store.recover();
            let again = mark_sent(&store, &mut job.clone(), NOW.plus(SECOND)).unwrap();
            assert_eq!((crashed, again), (crash < 2, crash == 0), "{crash}: nobody calls who might be the second");
            let known = record("job_1").get(&store).unwrap().unwrap();
            assert!(!known.is_unsent() && known.next_look <= NOW.plus(SECOND + START_MS), "{crash}");
        }
    }
}
