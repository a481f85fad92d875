//! Going on with erasures: several in each run, and each tenant with its share.

use calendar::Millis;
use kv_schemas::{Lease, Store, StoreError, families, sweep};

use super::{
    records::{Task, head, tasks},
    step::Run,
};
use crate::{LEASE_MS, still::Mark};

/// Erasures that one run goes on with. The next run goes on with those behind them, and begins anew after the last. As
/// many as one tenant may have come round in two runs; one that waits costs a few reads.
const MAX_TASKS: usize = 64;

/// Goes on with what was asked for, looking at about `limit` entries, all of which lie `still`. Gives how many it has
/// erased.
pub(crate) fn work(store: &dyn Store, now: Millis, still: Mark, limit: u64) -> Result<u64, StoreError> {
    // Two who sweep at once at worst set the head back a little.
    let open = sweep::pending(store, &tasks(), &head(), now.0, MAX_TASKS)?;
    if open.is_empty() {
        return Ok(0);
    }
    let mark = families::ERASURE_MARK.value(&[]);
    let tickets = families::ERASURE_TICKET.counter(&[]);
    let Some(lease) = Lease::take(store, mark, tickets, now.0, LEASE_MS)? else { return Ok(0) };
    let mut run = Run { store, lease: &lease, now, still, left: 0, erased: 0 };
    let done = shares(&open, limit).try_for_each(|(index, share)| {
        run.left = share;
        run.step(index)
    });
    let erased = done.map(|()| run.erased);
    // Also after an error: the steps are safe to repeat.
    let released = lease.release(store);
    let erased = erased?;
    released?;
    Ok(erased)
}

/// How many entries each may look at. Each tenant gets as much as another, however many erasures it has: one that asks
/// for many, or has many entries, keeps nobody else waiting.
fn shares(open: &[(u64, Task)], limit: u64) -> impl Iterator<Item = (u64, u64)> {
    let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
    let mut tenants: Vec<&Option<String>> = open.iter().map(|(_, task)| &task.tenant).collect();
    tenants.sort();
    tenants.dedup();
    let each = limit.checked_div(count(tenants.len())).unwrap_or(limit);
    open.iter().map(move |(index, task)| {
        let siblings = open.iter().filter(|(_, other)| other.tenant == task.tenant).count();
        (*index, each.checked_div(count(siblings)).unwrap_or(each).max(1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::records::Progress;

    #[test]
    fn each_tenant_has_its_share() {
        let check = |tenants: &[&str], limit: u64, expected: &[u64]| {
            let task = |tenant: &&str| Task {
                tenant: Some((*tenant).to_owned()).filter(|tenant| tenant != "*"),
                company: String::new(),
                session_id: String::new(),
                salt: String::new(),
                progress: Progress::default(),
            };
            let open: Vec<(u64, Task)> = (1..).zip(tenants.iter().map(task)).collect();
            let given: Vec<(u64, u64)> = shares(&open, limit).collect();
            assert_eq!(given, (1..).zip(expected.iter().copied()).collect::<Vec<_>>(), "{tenants:?}");
        };
        check(&["a"], 1_000, &[1_000]);
        check(&["a", "a"], 1_000, &[500, 500]);
        check(&["a", "a", "b", "a", "a"], 1_000, &[125, 125, 500, 125, 125]);
        check(&["a", "*", "b", "*"], 900, &[300, 150, 300, 150]);
        check(&["a", "b", "a"], 1, &[1, 1, 1]);
        check(&[], 1_000, &[]);
    }
}
