//! The structures that everything is built on: Once, Numbered log, Lease.

use explore::{End, Explore, Status, View};
use kv_schemas::{Lease, Slot, Store, families, memory::Memory};

#[test]
fn of_five_who_want_a_once_at_most_one_wins() {
    let store = Memory::default();
    let once = || families::PERMIT_RESOLVER.once(&["lc_1"]);
    let mut explore = Explore::new(&store).errors(2);
    for name in ["a", "b", "c", "d", "e"] {
        explore = explore.actor(name, |store| once().win(store));
    }
    let explore = explore.always(|view: &View<'_, _>| {
        let winners = view.outcomes().filter(|outcome| **outcome == Ok(true)).count();
        if winners > 1 { Err(format!("{winners} winners")) } else { Ok(()) }
    });
    let explore = explore.finally(|end| {
        let lost = end.view.outcomes().any(|outcome| *outcome == Ok(false));
        let won = once().taken(&end.store) == Ok(true);
        if lost && !won { Err("somebody lost and nobody has it".into()) } else { Ok(()) }
    });
    explore.run("once").at_least(300, 50);
}

#[test]
fn a_log_loses_nothing_and_repeats_nothing() {
    let store = Memory::default();
    let log = || families::STAGE.log::<u64>(&[]);
    let mut explore = Explore::new(&store).errors(1);
    for (actor, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        explore = explore.actor(name, move |store| log().append(store, &(actor as u64)));
    }
    let explore = explore.finally(|end: &End<'_, _>| {
        let tail = log().tail(&end.store).unwrap();
        let slots: Vec<_> = (1..=tail).map(|index| log().get(&end.store, index).unwrap()).collect();
        for actor in 0..4 {
            let copies = slots.iter().filter(|slot| **slot == Slot::Entry(actor)).count();
            let found = match end.view.status(actor as usize) {
                Status::Ended(Ok(index)) => slots.get(*index as usize - 1) == Some(&Slot::Entry(actor)),
                _ => true,
            };
            if copies > 1 || !found {
                return Err(format!("{actor}: {copies} copies in {slots:?}"));
            }
        }
        Ok(())
    });
    explore.run("log").at_least(2_000, 1_000);
}

/// Takes the lease, writes down what it decides, asks, and only then acts: what the rule of [`Lease`] demands.
fn work(store: &dyn Store, now: u64) -> Option<u64> {
    let (mark, tickets) = (families::SEQUENCER_MARK.value(&[]), families::SEQUENCER_TICKET.counter(&[]));
    let lease = Lease::take(store, mark, tickets, now, 10_000).ok()??;
    let ticket = lease.ticket();
    store.set(&format!("decided/{ticket}"), b"1").ok()?;
    if !lease.holds(store).ok()? {
        return None;
    }
    store.set(&format!("acted/{ticket}"), b"1").ok()?;
    lease.release(store).ok()?;
    Some(ticket)
}

#[test]
fn who_acts_under_a_lease_has_told_everybody_who_comes_later() {
    let store = Memory::default();
    let mut explore = Explore::new(&store).errors(1);
    for (name, now) in [("a", 10_000), ("b", 10_001), ("late", 20_001)] {
        explore = explore.actor(name, move |store| work(store, now));
    }
    let explore = explore.always(|view: &View<'_, _>| {
        for ticket in 1..=3 {
            let there = |what: &str| view.exists(&format!("{what}/{ticket}")).unwrap();
            if there("acted") && !there("decided") {
                return Err(format!("{ticket} acted on what nobody can find"));
            }
        }
        let mut tickets: Vec<_> = view.outcomes().flatten().collect();
        tickets.dedup();
        if tickets.len() < view.outcomes().flatten().count() { Err("one ticket twice".into()) } else { Ok(()) }
    });
    explore.run("lease").at_least(1_000, 500);
}

#[test]
fn a_lease_that_a_crash_left_behind_is_taken_over() {
    let store = Memory::default();
    // Nobody releases it: each crashes in the end.
    let take = |store: &dyn Store, now| {
        let (mark, tickets) = (families::SEQUENCER_MARK.value(&[]), families::SEQUENCER_TICKET.counter(&[]));
        let lease = Lease::take(store, mark, tickets, now, 10_000).ok()??;
        store.set(&format!("took/{}", lease.ticket()), b"1").ok()?;
        lease.holds(store).ok()?.then(|| lease.ticket())
    };
    let mut explore = Explore::new(&store);
    for name in ["a", "b", "c", "d"] {
        explore = explore.actor(name, move |store| take(store, 10_000));
    }
    let explore = explore.then().actor("after the lease", move |store| take(store, 20_000)).finally(|end| {
        match end.view.status(4) {
            Status::Ended(Some(ticket)) if *ticket as i64 == end.view.counter("sequencer-ticket") => Ok(()),
            Status::Crashed => Ok(()),
            other => Err(format!("blocked: {other:?}")),
        }
    });
    explore.run("lease after a crash").at_least(5_000, 500);
}
