//! Deliveries against an endpoint that fails in every way, with crashes and others at work in every gap.

use std::{cell::RefCell, collections::BTreeMap};

use calendar::{DAY, HOUR, MINUTE, Millis, SECOND};
use kv_schemas::{Store, StoreError, gap::Gap, memory::Memory};
use serde_json::{Value as Json, json};
use tenancy::{EndpointSealed, NewKeys, Unlogged};

use crate::{
    Event,
    delivery::{Courier, Dead, NotDead, Outcome, dead_letters, is_refused, redeliver},
    emit, endpoints, tend,
};

const T: &str = "demo";
const NOW: Millis = Millis(1_000_000 * HOUR);

fn event(n: u64) -> Event {
    Event::new("job.done", &format!("job_{n}"), NOW.plus(n), None, json!({ "n": n }))
}

fn asked(types: &[&str], from: u64) -> EndpointSealed {
    let types = types.iter().map(|name| (*name).to_owned()).collect();
    let (url, sealed_secret) = ("https://hooks.example.com".to_owned(), Some("sealed".to_owned()));
    EndpointSealed { url, types, sealed_secret, id: "ep_1".into(), from }
}

fn set(store: &dyn Store, types: &[&str]) {
    tenancy::set_endpoint(store, NOW, T, asked(types, 0), &Unlogged).unwrap();
}

/// A tenant with an endpoint for these types.
fn house(types: &[&str]) -> Memory {
    let store = Memory::default();
    let tenant = serde_json::from_value(json!({"id": T, "company": "acme"})).unwrap();
    let keys = NewKeys { publishable: "tg_pk_1".into(), secret: "tg_sk_1".into() };
    tenancy::create(&store, NOW, &tenant, &keys, &Unlogged).unwrap();
    set(&store, types);
    store
}

/// What the tenant's server got, and how it answers.
#[derive(Default)]
struct Server {
    got: RefCell<Vec<u64>>,
    /// Answers to come for an event; then it takes it.
    failing: RefCell<BTreeMap<u64, Vec<Outcome>>>,
}

impl Server {
    fn failing(n: u64, outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let server = Self::default();
        server.failing.borrow_mut().insert(n, outcomes.into_iter().collect());
        server
    }

    fn hear(&self, event: &Event) -> Outcome {
        let n = event.data["n"].as_u64().unwrap_or(0);
        if let Some(outcomes) = self.failing.borrow_mut().get_mut(&n)
            && !outcomes.is_empty()
        {
            return outcomes.remove(0);
        }
        self.got.borrow_mut().push(n);
        Outcome::Taken
    }
}

/// One run. Gives how many attempts.
fn run(store: &dyn Store, server: &Server, now: Millis) -> Result<usize, StoreError> {
    let Some(mut courier) = Courier::begin(store, T, now)? else { return Ok(0) };
    let mut attempts = 0;
    while let Some(attempt) = courier.next(now)? {
        attempts += 1;
        let outcome = server.hear(&attempt.event);
        courier.done(attempt, outcome, now)?;
    }
    courier.end(now)?;
    Ok(attempts)
}

/// Runs once in a while, for two days.
fn run_long(store: &dyn Store, server: &Server, from: Millis) {
    for minute in (0..10).chain((10..2 * 24 * 60).step_by(15)) {
        run(store, server, from.plus(minute * MINUTE)).unwrap();
    }
}

fn refused(status: u16) -> Outcome {
    Outcome::Refused { status, retry_after_ms: None }
}

fn silent() -> Outcome {
    Outcome::Silent { why: "no answer in time".into() }
}

fn numbers(dead: &[Dead]) -> Vec<Json> {
    dead.iter().map(|dead| json!([dead.event.data["n"], dead.attempts, dead.reason])).collect()
}

#[test]
fn events_are_delivered_once_and_in_order() {
    let store = house(&["*"]);
    let server = Server::default();
    assert_eq!(run(&store, &server, NOW), Ok(0));
    for n in 1..=250 {
        emit(&store, T, &event(n)).unwrap();
    }
    for (second, attempts) in [100, 100, 50, 0].into_iter().enumerate() {
        assert_eq!(run(&store, &server, NOW.plus(second as u64 * SECOND)), Ok(attempts));
    }
    assert_eq!(server.got.take(), (1..=250).collect::<Vec<_>>());
}

#[test]
fn an_endpoint_is_told_what_it_wants_and_tests() {
    let store = house(&["run.done"]);
    let server = Server::default();
    for (n, kind) in (1..).zip(["job.done", "run.done", "session.started", "test", "run.done"]) {
        emit(&store, T, &Event { kind: kind.into(), ..event(n) }).unwrap();
    }
    run(&store, &server, NOW).unwrap();
    assert_eq!(server.got.take(), [2, 4, 5]);
}

#[test]
fn who_fails_is_tried_again_and_keeps_no_other_waiting() {
    let store = house(&["*"]);
    let server = Server::failing(2, vec![refused(500); 3]);
    for n in 1..=4 {
        emit(&store, T, &event(n)).unwrap();
    }
    let check = |after: u64, attempts: usize, got: &[u64]| {
        assert_eq!(run(&store, &server, NOW.plus(after)), Ok(attempts), "after {after}");
        assert_eq!(*server.got.borrow(), got, "after {after}");
    };
    check(0, 4, &[1, 3, 4]);
    check(4 * SECOND, 0, &[1, 3, 4]);
    check(6 * SECOND, 1, &[1, 3, 4]);
    check(60 * SECOND, 0, &[1, 3, 4]);
    check(6 * SECOND + 72 * SECOND, 1, &[1, 3, 4]);
    emit(&store, T, &event(5)).unwrap();
    check(2 * MINUTE, 1, &[1, 3, 4, 5]);
    check(9 * MINUTE, 1, &[1, 3, 4, 5, 2]);
    check(2 * DAY, 0, &[1, 3, 4, 5, 2]);
}

/// A server that takes so long for each answer that a run is one attempt.
#[test]
fn one_that_fails_for_long_stops_no_other_however_many_have_failed_since() {
    let store = house(&["*"]);
    // The first is never taken; of the others each is taken the second time.
    let server = Server::failing(1, vec![refused(500); 50]);
    for n in 2..=1_300 {
        server.failing.borrow_mut().insert(n, vec![refused(500)]);
    }
    let mut now = NOW;
    for n in 1..=1_300 {
        emit(&store, T, &event(n)).unwrap();
        if n % 10 == 0 {
            now = now.plus(10 * SECOND);
            run(&store, &server, now).unwrap();
        }
    }
    for _ in 0..30 {
        now = now.plus(10 * SECOND);
        run(&store, &server, now).unwrap();
    }
    let mut got = server.got.take();
    got.sort_unstable();
    assert_eq!(got, (2..=1_300).collect::<Vec<_>>());
}

#[test]
fn a_retry_list_that_is_full_takes_no_more_and_what_waits_is_sent_in_the_end() {
    let store = house(&["*"]);
    let server = Server::default();
    for n in 1..=1_200 {
        server.failing.borrow_mut().insert(n, vec![refused(500)]);
    }
    for n in 1..=1_200 {
        emit(&store, T, &event(n)).unwrap();
    }
    // All at once: nobody has been tried again yet.
    for _ in 0..15 {
        run(&store, &server, NOW).unwrap();
    }
    let waiting = |place: u64| server.failing.borrow()[&place].len();
    assert_eq!((waiting(1_000), waiting(1_001)), (0, 1), "the rest waits in the feed");
    for minute in 0..200 {
        run(&store, &server, NOW.plus(minute * MINUTE)).unwrap();
    }
    assert_eq!(server.got.borrow().len(), 1_200);
}

#[test]
fn neither_retries_nor_new_events_wait_for_the_others_at_a_slow_server() {
    let store = house(&["*"]);
    let server = Server::default();
    for n in 1..=6 {
        server.failing.borrow_mut().insert(n, vec![refused(500)]);
        emit(&store, T, &event(n)).unwrap();
    }
    run(&store, &server, NOW).unwrap();
    for n in 7..=12 {
        emit(&store, T, &event(n)).unwrap();
    }
    for second in 0..6 {
        let now = NOW.plus(MINUTE + second * SECOND);
        let mut courier = Courier::begin(&store, T, now).unwrap().unwrap();
        let attempt = courier.next(now).unwrap().unwrap();
        let outcome = server.hear(&attempt.event);
        courier.done(attempt, outcome, now).unwrap();
        assert_eq!(courier.next(now.plus(9 * SECOND)), Ok(None));
        courier.end(now.plus(9 * SECOND)).unwrap();
    }
    let got = server.got.take();
    assert_eq!(got.iter().filter(|n| **n > 6).count(), 3, "{got:?}");
}

#[test]
fn who_is_refused_eight_times_is_dead_and_can_be_sent_again() {
    let store = house(&["*"]);
    let server = Server::failing(1, vec![refused(500); 9]);
    emit(&store, T, &event(1)).unwrap();
    run_long(&store, &server, NOW);
    assert_eq!(numbers(&dead_letters(&store, T, 10).unwrap()), [json!([1, 8, "status 500"])]);
    assert!(server.got.borrow().is_empty());

    let later = NOW.plus(3 * DAY);
    assert_eq!(redeliver(&store, T, "msg_other", later), Err(NotDead::Unknown));
    redeliver(&store, T, &event(1).id, later).unwrap();
    assert_eq!(redeliver(&store, T, &event(1).id, later), Err(NotDead::Unknown), "it isn't dead any more");
    assert_eq!(run(&store, &server, later), Ok(1), "still refused");
    assert_eq!(run(&store, &server, later.plus(6 * SECOND)), Ok(1));
    assert_eq!(server.got.take(), [1]);
}

#[test]
fn dead_letters_are_forgotten_in_the_end() {
    let store = house(&["*"]);
    let server = Server::failing(1, vec![refused(500); 8]);
    emit(&store, T, &event(1)).unwrap();
    run_long(&store, &server, NOW);
    let left = |days: u64| {
        tend(&store, NOW.plus(days * DAY)).unwrap();
        dead_letters(&store, T, 10).unwrap().len()
    };
    assert_eq!((left(14), left(15)), (1, 0));
}

#[test]
fn a_server_that_says_410_is_told_nothing_until_it_is_set_anew() {
    let store = house(&["*"]);
    let server = Server::failing(2, vec![Outcome::Gone]);
    for n in 1..=3 {
        emit(&store, T, &event(n)).unwrap();
    }
    let is_refused = || is_refused(&store, T, &tenancy::find_endpoint(&store, T).unwrap().unwrap()).unwrap();
    assert_eq!((run(&store, &server, NOW), is_refused()), (Ok(2), true));
    assert_eq!(run(&store, &server, NOW.plus(DAY)), Ok(0));
    set(&store, &["*"]);
    assert!(!is_refused());
    run(&store, &server, NOW.plus(DAY)).unwrap();
    assert_eq!(server.got.take(), [1, 2, 3], "nothing is lost meanwhile");
}

#[test]
fn a_silent_server_is_left_alone_for_a_while_and_gets_all_in_the_end() {
    let store = house(&["*"]);
    let server = Server::failing(1, vec![silent(); 3]);
    for n in 1..=3 {
        emit(&store, T, &event(n)).unwrap();
    }
    server.failing.borrow_mut().insert(2, vec![silent()]);
    let attempts: Vec<_> = (0..10).map(|second| run(&store, &server, NOW.plus(second * SECOND)).unwrap()).collect();
    assert_eq!(attempts, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0], "one attempt, then a pause");
    run_long(&store, &server, NOW.plus(10 * SECOND));
    let mut got = server.got.take();
    got.sort_unstable();
    assert_eq!(got, [1, 2, 3]);
}

#[test]
fn a_server_that_asks_for_time_is_given_an_hour_at_most() {
    let check = |status: u16, asked: u64, others_wait: u64| {
        let store = house(&["*"]);
        let server = Server::failing(1, vec![Outcome::Refused { status, retry_after_ms: Some(asked) }]);
        emit(&store, T, &event(1)).unwrap();
        emit(&store, T, &event(2)).unwrap();
        run(&store, &server, NOW).unwrap();
        for wait in [0, others_wait.saturating_sub(1), others_wait] {
            run(&store, &server, NOW.plus(wait)).unwrap();
            assert_eq!(server.got.borrow().contains(&2), wait >= others_wait, "{status} {asked} at {wait}");
        }
        run(&store, &server, NOW.plus(asked.clamp(6 * SECOND, HOUR))).unwrap();
        assert_eq!(server.got.borrow().len(), 2, "{status} {asked}");
    };
    check(429, 30 * SECOND, 30 * SECOND);
    check(503, 9 * HOUR, HOUR);
    check(500, 30 * SECOND, 0);
}

#[test]
fn a_crash_at_any_operation_loses_nothing_and_repeats_only_what_it_hit() {
    for (name, outcomes) in [("taken", vec![]), ("refused", vec![refused(500)]), ("silent", vec![silent()])] {
        let mut crashes = 0;
        for crash in 0.. {
            let store = house(&["*"]);
            let server = Server::failing(2, outcomes.clone());
            for n in 1..=3 {
                emit(&store, T, &event(n)).unwrap();
            }
            store.fail_after(crash);
            let crashed = run(&store, &server, NOW).is_err();
            store.recover();
            run_long(&store, &server, NOW.plus(SECOND));
            let got = server.got.take();
            for n in 1..=3 {
                assert!(got.contains(&n), "{name}: crash after {crash}: {n} is lost: {got:?}");
            }
            assert!(got.len() <= 3 + usize::from(crashed), "{name}: crash after {crash}: {got:?}");
            let mut order = got.clone();
            order.retain(|n| *n != 2);
            order.dedup();
            assert_eq!(order, [1, 3], "{name}: crash after {crash}: {got:?}");
            crashes += u32::from(crashed);
            if !crashed {
                break;
            }
        }
        assert!(crashes > 20, "{name}: {crashes}");
    }
}

#[test]
fn a_crash_while_one_dies_or_is_sent_again_loses_nothing() {
    for crash in 0..60 {
        let store = house(&["*"]);
        let server = Server::failing(1, vec![refused(500); 7]);
        emit(&store, T, &event(1)).unwrap();
        run_long(&store, &server, NOW);
        assert_eq!(server.got.take(), [1], "the eighth time");
        let server = Server::failing(2, vec![refused(500); 8]);
        emit(&store, T, &event(2)).unwrap();
        let at = NOW.plus(3 * DAY);
        for minute in (0..10).chain((10..18 * 60).step_by(15)) {
            run(&store, &server, at.plus(minute * MINUTE)).unwrap();
        }
        // The eighth is due after 20.6 to 24.7 hours.
        store.fail_after(crash);
        let _crashed = run(&store, &server, at.plus(DAY + HOUR));
        store.recover();
        let asked = server.failing.borrow()[&2].len();
        assert!(asked == 0 || crash < 40, "crash after {crash}: the crash is to come at the eighth");
        run_long(&store, &server, at.plus(DAY + HOUR + SECOND));
        let dead = dead_letters(&store, T, 10).unwrap();
        let outcome = server.got.borrow().len() + dead.len();
        assert!((1..=2).contains(&outcome), "crash after {crash}: {dead:?}");
        if !dead.is_empty() {
            store.fail_after(crash);
            let _crashed = redeliver(&store, T, &event(2).id, at.plus(4 * DAY));
            store.recover();
            drop(redeliver(&store, T, &event(2).id, at.plus(4 * DAY)));
            run_long(&store, &server, at.plus(4 * DAY));
            assert!((1..=4).contains(&server.got.borrow().len()), "crash after {crash}");
        }
    }
}

#[test]
fn two_runs_at_once_send_nothing_twice() {
    for at in 0.. {
        let store = house(&["*"]);
        let server = Server::failing(2, vec![refused(500)]);
        for n in 1..=3 {
            emit(&store, T, &event(n)).unwrap();
        }
        let other = |store: &dyn Store| assert!(run(store, &server, NOW).is_ok());
        let gap = Gap::new(&store, at, &other);
        run(&gap, &server, NOW).unwrap();
        if !gap.reached() {
            assert!(at > 20);
            return;
        }
        run_long(&store, &server, NOW.plus(SECOND));
        let mut got = server.got.take();
        got.sort_unstable();
        assert_eq!(got, [1, 2, 3], "in gap {at}");
    }
}

#[test]
fn who_stands_still_while_sending_is_not_overtaken_within_its_lease() {
    for at in 0.. {
        let store = house(&["*"]);
        let server = Server::default();
        emit(&store, T, &event(1)).unwrap();
        // Sends, and is heard of no more.
        let other = |store: &dyn Store| {
            let Some(mut courier) = Courier::begin(store, T, NOW).unwrap() else { return };
            if let Some(attempt) = courier.next(NOW).unwrap() {
                server.hear(&attempt.event);
            }
        };
        let gap = Gap::new(&store, at, &other);
        run(&gap, &server, NOW).unwrap();
        run(&store, &server, NOW.plus(29 * SECOND)).unwrap();
        assert_eq!(*server.got.borrow(), [1], "in gap {at}");
        if !gap.reached() {
            assert!(at > 20);
            return;
        }
    }
}

#[test]
fn two_who_send_a_dead_letter_again_at_once_send_it_once() {
    for at in 0.. {
        let store = house(&["*"]);
        let server = Server::failing(1, vec![refused(500); 8]);
        emit(&store, T, &event(1)).unwrap();
        run_long(&store, &server, NOW);
        let later = NOW.plus(3 * DAY);
        let other = |store: &dyn Store| drop(redeliver(store, T, &event(1).id, later));
        let gap = Gap::new(&store, at, &other);
        drop(redeliver(&gap, T, &event(1).id, later));
        if !gap.reached() {
            assert!(at > 5);
            return;
        }
        run_long(&store, &server, later);
        assert_eq!(server.got.take(), [1], "in gap {at}");
    }
}

#[test]
fn a_removed_endpoint_is_told_nothing_and_a_new_one_only_what_comes() {
    let store = house(&["*"]);
    let server = Server::failing(1, vec![refused(500)]);
    emit(&store, T, &event(1)).unwrap();
    run(&store, &server, NOW).unwrap();
    assert_eq!(endpoints(&store, NOW).unwrap(), [T]);
    tenancy::remove_endpoint(&store, NOW, T, &Unlogged).unwrap();
    emit(&store, T, &event(2)).unwrap();
    assert_eq!(run(&store, &server, NOW.plus(HOUR)), Ok(0));
    assert!(endpoints(&store, NOW).unwrap().is_empty());
    let new = EndpointSealed { id: "ep_2".into(), ..asked(&["*"], 2) };
    tenancy::set_endpoint(&store, NOW, T, new, &Unlogged).unwrap();
    for hour in 0..3 {
        assert_eq!(endpoints(&store, NOW.plus(hour * HOUR)).unwrap(), [T], "once, though it is listed twice");
    }
    emit(&store, T, &event(3)).unwrap();
    run_long(&store, &server, NOW.plus(HOUR));
    assert_eq!(server.got.take(), [3]);
}

#[test]
fn a_deleted_tenant_leaves_nothing_behind() {
    let store = house(&["*"]);
    let server = Server::failing(1, vec![refused(500); 8]);
    emit(&store, T, &event(1)).unwrap();
    run_long(&store, &server, NOW);
    server.failing.borrow_mut().insert(2, vec![refused(500)]);
    emit(&store, T, &event(2)).unwrap();
    run(&store, &server, NOW.plus(3 * DAY)).unwrap();
    tenancy::delete(&store, NOW.plus(3 * DAY), T, &Unlogged).unwrap();
    for minute in 0..10 {
        let now = NOW.plus(4 * DAY + minute * MINUTE);
        assert!(endpoints(&store, now).unwrap().is_empty());
        tend(&store, now).unwrap();
        assert_eq!(run(&store, &server, now), Ok(0));
    }
    let kept = [
        "event-delivery-ticket/demo",
        "event-endpoint-head",
        "event-endpoint-list/tail",
        "feed-list-head",
        "feed-list/tail",
    ];
    let left: Vec<_> =
        store.keys().into_iter().filter(|key| key.starts_with("event-") || key.starts_with("feed-l")).collect();
    assert_eq!(left, kept);
    assert!(!store.keys().iter().any(|key| key.starts_with("feed/") || key.starts_with("feed-head")));
}
