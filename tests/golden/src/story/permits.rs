//! Permits in every state, a live session's lease, and the queue.

use calendar::{DAY, MINUTE, SECOND};
use kv_schemas::{Store, expiry, memory::Memory};
use limits::{Granted, Holder, Reservation, State, Used};
use money::Quantity;

use super::{NOW, crashed, sessions};

/// Charged, and closed once its entry is in the log.
pub const CHARGED: &str = "lc_charged";

fn seconds(units: u64) -> Vec<Quantity> {
    vec![Quantity::new("seconds", units)]
}

fn ask(worst_case: Vec<Quantity>) -> Reservation {
    Reservation {
        tenant: "demo".into(),
        session: Some(sessions::ID.into()),
        credential: sessions::ID.into(),
        server: false,
        holder: Holder::Gate,
        capability: "video".into(),
        provider: "tavus".into(),
        model: "m-1".into(),
        channel: "widget".into(),
        request_id: "req_1".into(),
        worst_case,
        ttl_ms: MINUTE,
        idempotency_key: None,
        continues: None,
        counted: false,
        ticket: None,
    }
}

fn tokens() -> Reservation {
    let worst_case = vec![Quantity::new("input_tokens", 1_000), Quantity::new("output_tokens", 500)];
    Reservation {
        session: None,
        credential: "key_1".into(),
        server: true,
        holder: Holder::Server,
        capability: "chat".into(),
        provider: "openai".into(),
        channel: String::new(),
        idempotency_key: Some("first".into()),
        ..ask(worst_case)
    }
}

fn reserve(store: &dyn Store, after: u64, id: &str, asked: &Reservation) -> Granted {
    limits::reserve(store, NOW.plus(after), id, asked).unwrap()
}

pub fn told(store: Memory) -> Memory {
    settled(&store);
    denied(&store);
    let store = broken_off(&store);
    waited(&store);
    limits::reap(&store, NOW.plus(20 * SECOND), 10).unwrap();
    let reap = |store: &Memory| drop(limits::reap(store, NOW.plus(21 * SECOND), 10));
    crashed(&store, reap, |store| store.exists("reaper-mark").unwrap())
}

fn denied(store: &dyn Store) {
    let unpriced = Reservation { provider: "nobody".into(), ..ask(seconds(1)) };
    let denial = limits::reserve(store, NOW, "lc_unpriced", &unpriced).unwrap_err();
    limits::count_denial(store, NOW, &unpriced.tenant, &denial).unwrap();
}

fn settled(store: &dyn Store) {
    reserve(store, 0, CHARGED, &ask(seconds(30)));
    limits::charge(store, CHARGED, &Used::Actual(seconds(12))).unwrap();

    let keyed = reserve(store, 1, "lc_unused", &tokens());
    let used = vec![Quantity::new("input_tokens", 900), Quantity::new("cached_input_tokens", 0)];
    limits::charge(store, &keyed.id, &Used::Counted(used)).unwrap();
    limits::close(store, &keyed.id, 1).unwrap();

    let unused = Reservation { holder: Holder::Page, ..ask(seconds(5)) };
    reserve(store, 2, "lc_released", &unused);
    limits::release(store, "lc_released").unwrap();
    let too_much = Reservation { idempotency_key: Some("second".into()), ..ask(seconds(4_000)) };
    limits::reserve(store, NOW.plus(3), "lc_unused", &too_much).unwrap_err();

    // A live session: a lease on the place, and the tick that uses it.
    reserve(store, 4, "lc_lease", &ask(Vec::new()));
    reserve(store, 5, "lc_tick", &Reservation { continues: Some("lc_lease".into()), ..ask(seconds(30)) });
}

/// Died while the counters were being raised, and while they were being lowered.
fn broken_off(store: &Memory) -> Memory {
    let is = |state: State, id: &'static str| {
        move |store: &Memory| limits::permit(id).get(store).unwrap().is_some_and(|permit| permit.state == state)
    };
    let reserving = |store: &Memory| drop(limits::reserve(store, NOW.plus(6), "lc_reserving", &ask(seconds(1))));
    let store = crashed(store, reserving, is(State::Reserving, "lc_reserving"));
    reserve(&store, 7, "lc_releasing", &ask(seconds(1)));
    let releasing = |store: &Memory| drop(limits::release(store, "lc_releasing"));
    crashed(&store, releasing, is(State::Releasing, "lc_releasing"))
}

/// All places are taken: one waits and vanishes, the next is served, and one waits still.
fn waited(store: &dyn Store) {
    reserve(store, 10, "lc_place", &ask(seconds(1)));
    limits::reserve(store, NOW.plus(11), "lc_vanished", &ask(seconds(1))).unwrap_err();
    limits::release(store, "lc_place").unwrap();
    reserve(store, 4 * SECOND, "lc_served", &ask(seconds(1)));
    limits::reserve(store, NOW.plus(4 * SECOND), "lc_waiting", &ask(seconds(1))).unwrap_err();
}

pub fn goes_on(store: &dyn Store) {
    let again = reserve(store, MINUTE, "lc_again", &tokens());
    assert!(again.replayed, "the idempotency key is known");
    limits::close(store, CHARGED, 2).unwrap();
    for run in 0..10 {
        for id in limits::reap(store, NOW.plus(DAY + run * MINUTE), 100).unwrap().overdue {
            limits::charge(store, &id, &Used::Unknown).unwrap();
            limits::close(store, &id, 9).unwrap();
        }
    }
    assert_eq!(limits::open(store).unwrap(), [], "the reaper has found everything");
    reserve(store, DAY, "lc_next_day", &ask(seconds(1)));
    for day in 0..80 {
        expiry::sweep(store, NOW.plus(day * DAY).hour_number()).unwrap();
    }
}
