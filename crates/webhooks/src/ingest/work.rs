//! The work on events that are not done with: what a crash left, and what is to be retried; and an operator's replay.

use calendar::{MINUTE, Millis, SECOND};
use kv_schemas::{
    Lease, Store, StoreError, families,
    sweep::{done, pending_within},
};

use super::{
    Books, CONCURRENT_MS, Event, Outcome, Stored,
    apply::{By, attempt, begin},
    backoff::is_spent,
    due,
    event::{Listed, Progress, place},
};

/// Nobody works on the list for longer at once; whoever holds it longer has crashed.
const LEASE_MS: u64 = 30 * SECOND;
/// After this a line whose event isn't recorded has lost its writer.
const UNWRITTEN_MS: u64 = MINUTE;
/// A list that nobody has worked on for so long is neglected: deliveries do a little.
const NEGLECTED_MS: u64 = 10 * SECOND;

/// All that the work is done with.
pub struct Desk<'a> {
    /// Where everything is.
    pub store: &'a dyn Store,
    /// The limits and the log.
    pub books: &'a dyn Books,
    /// Reads a stored event anew, as its vendor's adapter does it now.
    pub reader: &'a dyn Fn(&Stored) -> Result<Event, String>,
    /// The time.
    pub clock: &'a dyn Fn() -> Millis,
}

/// How much is done at most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// So many attempts.
    pub events: u64,
    /// Begun within so long.
    pub millis: u64,
    /// So many lines of the list are looked at.
    pub lines: usize,
    /// And for them so many of its slots are read: most may be empty.
    pub slots: u64,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worked {
    /// Effects that happened.
    pub done: u64,
    /// Those that are tried again.
    pub retrying: u64,
    /// Those that are dead now.
    pub dead: u64,
    /// What kept an event from being looked at, if anything did. It stays on the list.
    pub trouble: Option<StoreError>,
}

impl Desk<'_> {
    /// Tries what is due. Of several who work at once one does, and the others come home with nothing.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn work(&self, bounds: Bounds) -> Result<Worked, StoreError> {
        if due::is_empty(self.store)? {
            return Ok(Worked::default());
        }
        let now = (self.clock)();
        let (mark, tickets) = (families::WEBHOOK_DUE_MARK.value(&[]), families::WEBHOOK_DUE_TICKET.counter(&[]));
        let Some(lease) = Lease::take(self.store, mark, tickets, now.0, LEASE_MS)? else {
            return Ok(Worked::default());
        };
        families::WEBHOOK_WORKED.value(&[]).set(self.store, &now)?;
        let worked = self.round(now, bounds);
        // What if we crash before this? The lease runs out. Nothing else hangs on it: every effect may be repeated.
        lease.release(self.store)?;
        worked
    }

    /// The same, if nobody has done it for a while.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn work_if_neglected(&self, bounds: Bounds) -> Result<Worked, StoreError> {
        let worked_at = families::WEBHOOK_WORKED.value::<Millis>(&[]).get(self.store)?;
        let now = (self.clock)();
        if worked_at.is_some_and(|at| now.0.abs_diff(at.0) < NEGLECTED_MS) {
            return Ok(Worked::default());
        }
        self.work(bounds)
    }

    fn round(&self, began: Millis, bounds: Bounds) -> Result<Worked, StoreError> {
        let mut worked = Worked::default();
        let (mut over, mut left) = (Vec::new(), bounds.events);
        let (list, head) = (due::list(), due::head());
        for (index, line) in pending_within(self.store, &list, &head, began.0, bounds.lines, bounds.slots)? {
            let now = (self.clock)();
            if left == 0 || now.since(began) >= bounds.millis {
                break;
            }
            let (is_over, tried) = match self.look(now, &line) {
                Ok(Look::NotYet) => continue,
                Ok(Look::Over) => (true, None),
                Ok(Look::Tried(outcome)) => (!matches!(outcome, Outcome::Retrying(_)), Some(outcome)),
                // One event that can't be looked at keeps no other waiting.
                Err(error) => {
                    worked.trouble = Some(error);
                    left = left.saturating_sub(1);
                    continue;
                }
            };
            if is_over {
                over.push(index);
            }
            let Some(outcome) = tried else { continue };
            left = left.saturating_sub(1);
            let count = match outcome {
                Outcome::Done => &mut worked.done,
                Outcome::Retrying(_) => &mut worked.retrying,
                Outcome::Dead(_) => &mut worked.dead,
            };
            *count = count.saturating_add(1);
        }
        // What if we crash before this? They are found over, and struck off next time.
        done(self.store, &list, &head, &over)?;
        Ok(worked)
    }

    fn look(&self, now: Millis, line: &Listed) -> Result<Look, StoreError> {
        let Some(seen) = line.seen().get(self.store)? else {
            // Its writer died before the event counted as recorded. Or it is just being written, or long forgotten.
            return Ok(if now.since(line.at) > UNWRITTEN_MS { Look::Over } else { Look::NotYet });
        };
        match seen.progress {
            Progress::Done | Progress::Dead => return Ok(Look::Over),
            Progress::Pending if now.since(seen.first_at) <= CONCURRENT_MS => return Ok(Look::NotYet),
            Progress::Retrying { next } if next > now => return Ok(Look::NotYet),
            Progress::Pending | Progress::Retrying { .. } => {}
        }
        // Nobody has worked on the list for 14 days, and the event itself is forgotten.
        let Some(stored) = place(&line.id).get(self.store)? else { return Ok(Look::Over) };
        let event = if is_spent(seen.attempts) {
            Err("the last attempt was cut off".into())
        } else {
            begin(self.store, now, &stored, &seen)?;
            (self.reader)(&stored)
        };
        attempt(self.store, self.books, now, (&stored, &seen), &event, By::Gate).map(Look::Tried)
    }

    /// Applies a stored event's effect once more, whatever became of it: its vendor's adapter may have learnt, or what it
    /// is about may be there now.
    ///
    /// # Errors
    /// The store can't be reached: replay it again.
    pub fn replay(&self, stored: &Stored) -> Result<Outcome, StoreError> {
        let seen = stored.seen().get(self.store)?.unwrap_or_else(|| stored.unseen(stored.received_at));
        let event = (self.reader)(stored);
        attempt(self.store, self.books, (self.clock)(), (stored, &seen), &event, By::Operator)
    }
}

/// What a look at a line came to.
enum Look {
    NotYet,
    /// Nothing is left to be done.
    Over,
    Tried(Outcome),
}
