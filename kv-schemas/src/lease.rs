//! Lease: one of many does a thing at a time, and whoever is too slow finds out that it was replaced.
//!
//! ```text
//!   free --mark, draw ticket n--> n holds it --release--> free
//!                                  |
//!                                  +--crash, lease over--> ticket n+1 holds it, n holds it no more
//! ```
//! The ticket is the fencing token: tickets only grow, and only the newest holds the lease. The mark is courtesy: it
//! keeps others from drawing while somebody is at work. Two who find it free at once both draw, and the later wins.
//!
//! A holder can be replaced between any two of its operations. So it works by this rule: *write down what you decided,
//! then ask [`Lease::holds`], then act*. If the answer was yes, whoever comes later reads what was written down.

use crate::{Counter, Store, StoreError, Value};

/// A drawn ticket. Dropping it without [`Lease::release`] is what a crash does: the lease runs out.
#[derive(Debug)]
pub struct Lease {
    mark: Value<u64>,
    tickets: Counter,
    ticket: u64,
}

impl Lease {
    /// Draws a ticket. `None`: somebody else is at it, or crashed at it less than `millis` ago.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn take(
        store: &dyn Store,
        mark: Value<u64>,
        tickets: Counter,
        now_ms: u64,
        millis: u64,
    ) -> Result<Option<Self>, StoreError> {
        // A clock that went back far doesn't keep everybody out until it has caught up.
        if mark.get(store)?.is_some_and(|since| now_ms.abs_diff(since) < millis) {
            return Ok(None);
        }
        // What if we crash here, or after the next? Nobody holds it; the mark goes stale.
        mark.set(store, &now_ms)?;
        let ticket = newest(&tickets, store, 1)?;
        Ok(Some(Self { mark, tickets, ticket }))
    }

    /// As [`Lease::take`], but two never hold it within `millis` of each other: for an act that isn't safe to repeat.
    ///
    /// Whoever draws any but the next ticket has met another and steps back. So who goes on has seen the mark of everybody
    /// who drew before: that one has released, or its mark is `millis` old. Where two meet, perhaps neither goes on, and
    /// the mark goes stale. This rests on nodes whose clocks differ by less than `millis` minus the age at which a
    /// holder does nothing any more.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn take_alone(
        store: &dyn Store,
        mark: Value<u64>,
        tickets: Counter,
        now_ms: u64,
        millis: u64,
    ) -> Result<Option<Self>, StoreError> {
        let before = newest(&tickets, store, 0)?;
        let taken = Self::take(store, mark, tickets, now_ms, millis)?;
        Ok(taken.filter(|lease| lease.ticket == before.saturating_add(1)))
    }

    /// The fencing token: greater than all drawn before.
    #[must_use]
    pub fn ticket(&self) -> u64 {
        self.ticket
    }

    /// Whether nobody has drawn a ticket since. True means: at the moment of asking.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn holds(&self, store: &dyn Store) -> Result<bool, StoreError> {
        Ok(newest(&self.tickets, store, 0)? == self.ticket)
    }

    /// Lets the next one in; does nothing once replaced.
    ///
    /// # Errors
    /// The store can't be reached; the mark goes stale.
    pub fn release(self, store: &dyn Store) -> Result<(), StoreError> {
        // Replaced between the two, we remove our successor's mark: another may replace it early, which it finds out.
        if self.holds(store)? { self.mark.delete(store) } else { Ok(()) }
    }

    /// As [`Lease::release`], for one who drew by [`Lease::take_alone`] and whose time isn't over: whoever drew since has
    /// stepped back and left a mark that nobody else removes. Meanwhile nobody else holds it, so any mark may go. Deleted
    /// once: after that it may be another's.
    ///
    /// # Errors
    /// The store can't be reached; the mark goes stale.
    pub fn release_alone(self, store: &dyn Store) -> Result<(), StoreError> {
        self.mark.delete(store)
    }
}

fn newest(tickets: &Counter, store: &dyn Store, drawn: i64) -> Result<u64, StoreError> {
    Ok(u64::try_from(tickets.add(store, drawn)?).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use std::cell::RefCell;

    use super::*;
    use crate::{families, gap::Gap, memory::Memory};

    const MILLIS: u64 = 1_000;

    fn take(store: &Memory, at: u64) -> Result<Option<Lease>, StoreError> {
        let (mark, tickets) = (families::SEQUENCER_MARK.value(&[]), families::SEQUENCER_TICKET.counter(&[]));
        Lease::take(store, mark, tickets, at, MILLIS)
    }

    #[test]
    fn one_holds_it_until_it_is_released_or_stale() {
        let store = Memory::default();
        let first = take(&store, 10_000).unwrap().unwrap();
        assert!(take(&store, 10_999).unwrap().is_none());
        first.release(&store).unwrap();
        let second = take(&store, 10_600).unwrap().unwrap();
        assert!(take(&store, 11_599).unwrap().is_none());
        let third = take(&store, 11_600).unwrap().unwrap();
        assert!(third.ticket() > second.ticket());
        assert_eq!((second.holds(&store), third.holds(&store)), (Ok(false), Ok(true)));
        second.release(&store).unwrap();
        assert!(take(&store, 11_700).unwrap().is_none(), "who was replaced releases nothing");
        assert!(take(&store, 5_000).unwrap().is_some(), "a clock set back doesn't block");
    }

    fn take_alone(store: &dyn Store, at: u64) -> Option<Lease> {
        let (mark, tickets) = (families::SEQUENCER_MARK.value(&[]), families::SEQUENCER_TICKET.counter(&[]));
        Lease::take_alone(store, mark, tickets, at, MILLIS).unwrap()
    }

    #[test]
    fn released_by_one_who_holds_it_alone_it_is_held_by_one_again() {
        for at in 0.. {
            let store = Memory::default();
            let lease = take_alone(&store, 10_000).unwrap();
            // One who comes at any moment of the release, and holds it or not; then another.
            let held = RefCell::new(Vec::new());
            let other = |store: &dyn Store| held.borrow_mut().extend(take_alone(store, 10_001));
            let gap = Gap::new(&store, at, &other);
            lease.release_alone(&gap).unwrap();
            let reached = gap.reached();
            held.borrow_mut().extend(take_alone(&store, 10_002));
            assert_eq!(held.borrow().len(), 1, "before operation {at}");
            if !reached {
                break;
            }
        }
    }

    #[test]
    fn who_stepped_back_blocks_nobody_once_the_holder_is_done() {
        let store = Memory::default();
        let met = RefCell::new(None);
        let other = |store: &dyn Store| *met.borrow_mut() = take_alone(store, 10_000);
        // Another comes between the look at the mark and the ticket: it draws first, and one of the two goes on.
        let gap = Gap::new(&store, 2, &other);
        let (mark, tickets) = (families::SEQUENCER_MARK.value(&[]), families::SEQUENCER_TICKET.counter(&[]));
        let lost = Lease::take_alone(&gap, mark, tickets, 10_000, MILLIS).unwrap();
        let holder = met.take().unwrap();
        assert!(lost.is_none() && !holder.holds(&store).unwrap(), "its ticket isn't the newest any more");
        holder.release_alone(&store).unwrap();
        assert!(take_alone(&store, 10_001).is_some());
    }

    #[test]
    fn a_crash_at_any_operation_delays_but_never_blocks() {
        for crash in 0..8 {
            let store = Memory::default();
            store.fail_after(crash);
            if let Ok(Some(lease)) = take(&store, 10_000) {
                let _ = lease.release(&store);
            }
            store.recover();
            assert!(take(&store, 11_000).unwrap().is_some(), "crash after {crash}");
        }
    }
}
