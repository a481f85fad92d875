//! The walk over the list of permits.
//!
//! Slots are written in order and removed when their permits are over, so the list would thin out behind a permit that
//! is held for long. Where it has become thin, permits move to the end and the beginning moves on.

use std::collections::BTreeMap;

use calendar::Millis;
use kv_schemas::{Lease, Slot, Store, StoreError, expiry};

use super::{
    Reaped,
    head::Head,
    listed::{Seen, record},
    look::{Verdict, look},
    square,
    sums::Holds,
};
use crate::permit::{KEPT_HOURS, Listed, Permit, State, closer, extension, list, maker, permit, resolver};

/// Slots looked at in one run: little enough for the slowest store.
const STRETCH: u64 = 128;
/// About so many permits that are still held are looked at in one maintenance; the next one goes on behind them. Looking at
/// ten thousand again every second would keep a core busy with finding nothing.
const PORTION: u64 = 2_048;

pub(super) fn run(store: &dyn Store, lease: &Lease, now: Millis, limit: usize) -> Result<Reaped, StoreError> {
    let mut head = Head::load(store)?;
    let mut stretch = Stretch::default();
    if head.cursor <= head.first || head.cursor > head.until {
        // A new walk.
        (head.cursor, head.until) = (head.first, list().tail(store)?);
        (head.found, head.holds) = (0, Holds::default());
        stretch.read_holes(store, &mut head, now)?;
    }
    let begin = head.cursor;
    let end = stretch.read(store, &mut head, begin, now)?;
    head.walked = head.walked.max(end);
    if stretch.come > 0 {
        // Before any of them leaves the list. What if we crash here? They are looked at once more, and not counted.
        head.permits = head.permits.saturating_add(stretch.come);
        head.clone().save(store, now)?;
    }
    for (id, slots) in std::mem::take(&mut stretch.ids) {
        stretch.settle(store, now, &mut head, id, slots, limit)?;
    }
    forget(store, now, &stretch.over)?;
    for slot in stretch.over.iter().flat_map(|(_, seen)| &seen.slots) {
        list().remove(store, *slot)?;
    }
    head.found = head.found.saturating_add(u64::try_from(stretch.open.len()).unwrap_or(0));
    head.holds.include(stretch.holds);
    head.cursor = end.saturating_add(1);
    if begin == head.first && (stretch.open.is_empty() || head.is_thin(STRETCH)) {
        let moved = |id: &String| Listed { id: id.clone(), moved: true };
        stretch.open.iter().try_for_each(|(id, slots)| relist(store, moved(id), slots))?;
        head.first = head.cursor;
    }
    let through = end >= head.until || end < begin;
    let pauses = stretch.is_crowded() && begin.saturating_sub(1).checked_div(PORTION) != end.checked_div(PORTION);
    if through {
        (head.open, head.cursor) = (head.found, head.first);
        (head.held, head.held_at) = (head.holds, now);
    }
    // Before the counting, so that what was seen is remembered whatever comes of that.
    head.clone().save(store, now)?;
    let counted = if through { square::run(store, lease, &head, &head.in_limbo(now)) } else { Ok(()) };
    let more = !through && !pauses;
    Ok(Reaped { overdue: stretch.due, more, failed: counted.err() })
}

/// What a run found.
#[derive(Default)]
struct Stretch {
    ids: BTreeMap<String, Vec<u64>>,
    over: Vec<(String, Seen)>,
    open: Vec<(String, Vec<u64>)>,
    due: Vec<String>,
    /// What the open ones hold.
    holds: Holds,
    /// Permits that no walk has seen before.
    come: u64,
}

impl Stretch {
    /// Most of its slots are those of permits that are still held: there is little to be done, and much to look at.
    fn is_crowded(&self) -> bool {
        u64::try_from(self.open.len()).is_ok_and(|open| open.saturating_mul(2) >= STRETCH)
    }

    /// What has become of the slots that earlier walks found taken and not written.
    fn read_holes(&mut self, store: &dyn Store, head: &mut Head, now: Millis) -> Result<(), StoreError> {
        for (slot, patience) in std::mem::take(&mut head.holes) {
            match list().get(store, slot)? {
                Slot::Entry(listed) => {
                    // Its place is among the others now.
                    relist(store, listed, &[slot])?;
                }
                // Its writer doesn't come any more.
                Slot::Hole if patience.is_over(now) => {}
                Slot::Hole => drop(head.holes.insert(slot, patience.again(now))),
            }
        }
        Ok(())
    }

    /// Reads the next slots and gives the last one read.
    fn read(&mut self, store: &dyn Store, head: &mut Head, begin: u64, now: Millis) -> Result<u64, StoreError> {
        let end = head.until.min(begin.saturating_add(STRETCH).saturating_sub(1));
        for slot in begin..=end {
            match list().get(store, slot)? {
                Slot::Entry(listed) => {
                    let is_new = slot > head.walked && !listed.moved;
                    self.come = self.come.saturating_add(u64::from(is_new));
                    self.ids.entry(listed.id).or_default().push(slot);
                }
                Slot::Hole if slot <= head.walked => {}
                Slot::Hole if head.waits_for(slot, now) => {}
                // So many at once: the walk waits here.
                Slot::Hole => return Ok(slot.saturating_sub(1)),
            }
        }
        Ok(end)
    }

    fn settle(
        &mut self,
        store: &dyn Store,
        now: Millis,
        head: &mut Head,
        id: String,
        mut slots: Vec<u64>,
        limit: usize,
    ) -> Result<(), StoreError> {
        let found = record(store, &id)?;
        let verdict = look(store, now, head, &id, found.as_ref())?;
        match verdict {
            Verdict::Unmade if slots.len() > 1 => list().remove(store, slots.remove(0))?,
            Verdict::Over | Verdict::Unmade => {
                self.over.push((id, Seen { slots, record: found }));
                return Ok(());
            }
            Verdict::Open => {}
            Verdict::Due if self.due.len() < limit => self.due.push(id.clone()),
            Verdict::Due => {}
        }
        if let Some(found) = &found {
            self.holds.count(found, verdict == Verdict::Due);
        }
        self.open.push((id, slots));
        Ok(())
    }
}

/// Moves a permit to the end of the list. What if we crash between? It is listed twice, which changes nothing.
fn relist(store: &dyn Store, listed: Listed, slots: &[u64]) -> Result<(), StoreError> {
    list().append(store, &listed)?;
    slots.iter().try_for_each(|slot| list().remove(store, *slot))
}

/// Has all keys of permits that are over forgotten: those that a repeat may ask for after a while, the others now.
fn forget(store: &dyn Store, now: Millis, over: &[(String, Seen)]) -> Result<(), StoreError> {
    let mut later = Vec::new();
    for (id, seen) in over {
        match &seen.record {
            Some(Permit { state: State::Denied(_), keyed: false, .. }) => permit(id).delete(store)?,
            found => later.extend(keys(id, found.as_ref())),
        }
    }
    if later.is_empty() {
        return Ok(());
    }
    let later: Vec<&str> = later.iter().map(String::as_str).collect();
    expiry::forget_after(store, now.hour_number().saturating_add(KEPT_HOURS), &later)
}

fn keys(id: &str, record: Option<&Permit>) -> Vec<String> {
    let mut keys = vec![permit(id).key().to_owned(), resolver(id).key().to_owned(), closer(id).key().to_owned()];
    // The token of one that was never made goes later too: a repeat may be winning it at this moment.
    if record.is_none_or(|record| record.keyed) {
        keys.push(maker(id).key().to_owned());
    }
    if record.is_some_and(|record| record.worst_case.is_empty()) {
        keys.push(extension(id).key().to_owned());
    }
    keys
}
