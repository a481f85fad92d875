//! The story: a tenant, its sessions, permits, log entries, webhooks and routing, written by the cores with fixed ids
//! at fixed times; and how it goes on, which reads all of it.

mod live;
mod log;
mod people;
mod permits;
mod routing;
mod sessions;
mod tenants;
mod twins;
mod webhooks;

use calendar::Millis;
use kv_schemas::memory::Memory;

/// 2026-11-20, 09:00 UTC.
const NOW: Millis = Millis(1_795_165_200_000);

/// All that is written.
pub fn told() -> Memory {
    let store = Memory::default();
    let store = tenants::told(store);
    sessions::told(&store);
    let store = permits::told(store);
    let store = log::told(store);
    live::told(&store);
    let store = webhooks::told(store);
    routing::told(&store);
    let store = twins::told(store);
    people::told(store)
}

/// The next day: everybody reads what is there and goes on from it. Fails if something can't be read.
pub fn goes_on(store: &Memory) {
    people::goes_on(store);
    twins::goes_on(store);
    tenants::goes_on(store);
    sessions::goes_on(store);
    permits::goes_on(store);
    log::goes_on(store);
    webhooks::goes_on(store);
    routing::goes_on(store);
}

/// What is left when `work` dies as soon as there is such a state: for what is written only to be replaced or removed.
fn crashed(store: &Memory, work: impl Fn(&Memory), is_there: impl Fn(&Memory) -> bool) -> Memory {
    let crash = |operations| {
        let store = store.clone();
        store.fail_after(operations);
        work(&store);
        store.recover();
        is_there(&store).then_some(store)
    };
    (0..100).find_map(crash).expect("no crash leaves that state")
}
