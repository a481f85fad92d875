//! LIM-4: with `queue_wait_ms` a call beyond the burst waits for a place, in the order in which the calls came.

use std::io::Write;
use std::sync::{Mutex, OnceLock};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use scenarios::raw::connect;
use scenarios::tenant::{chat, merge, permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Answer, Books, Caller, Gate, Mocks, Tenant, Value, json};

use crate::machine;

/// Far longer than a request takes on its way, so that the order of arrival is no matter of luck.
const APART: Duration = Duration::from_millis(120);
/// How long each that is served keeps its place.
const KEPT: Duration = Duration::from_millis(150);
const WAITING: usize = 8;

/// The gate of this file; each scenario has tenants of its own.
pub fn gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(Gate::start)
}

pub fn tenant(burst: u64, queue_wait_ms: u64) -> Tenant {
    let limits = json!({"limits": {"burst": burst, "queue_wait_ms": queue_wait_ms}});
    Tenant::at(gate(), Mocks::shared(), limits)
}

/// Takes a place; gives its permit.
#[track_caller]
pub fn take(server: &Caller) -> String {
    server.post("/v1/preflight", &seconds(1)).expect(200)["limit_check_id"].as_str().expect("a permit").to_owned()
}

#[track_caller]
pub fn leave(server: &Caller, permit: &str) {
    server.delete(&permit_path(permit)).expect(204);
}

/// Who was served, in this order.
#[derive(Default)]
struct Served(Mutex<Vec<usize>>);

impl Served {
    /// Waits for a place, keeps it for a moment, and leaves.
    fn pass(&self, server: &Caller, number: usize) {
        let permit = take(server);
        self.0.lock().expect("not poisoned").push(number);
        sleep(KEPT);
        leave(server, &permit);
    }

    fn order(self) -> Vec<usize> {
        self.0.into_inner().expect("not poisoned")
    }
}

#[test]
fn lim_4_those_who_wait_are_served_in_the_order_they_came() {
    let _machine = machine();
    let tenant = tenant(1, 10_000);
    let (server, served) = (tenant.server(), Served::default());
    let place = take(&server);
    thread::scope(|scope| {
        for number in 0..WAITING {
            let (server, served) = (&server, &served);
            scope.spawn(move || served.pass(server, number));
            sleep(APART);
        }
        leave(&server, &place);
    });
    assert_eq!(served.order(), (0..WAITING).collect::<Vec<_>>());
    assert_eq!(Books(&server).usage().open, 0);
}

#[test]
fn lim_4_chats_reach_the_vendor_in_the_order_they_came() {
    let _machine = machine();
    let tenant = tenant(1, 10_000);
    let server = tenant.server();
    let place = take(&server);
    thread::scope(|scope| {
        for number in 0..WAITING {
            let server = &server;
            let request = chat(&format!("Number {number} [[delay:100]]"));
            scope.spawn(move || server.post("/v1/chat/completions", &request).expect(200));
            sleep(APART);
        }
        leave(&server, &place);
    });
    let calls = Mocks::shared().calls_of(&tenant);
    let asked = calls.iter().map(|call| call["body"]["messages"][0]["content"].as_str().unwrap_or_default());
    let expected: Vec<String> = (0..WAITING).map(|number| format!("Number {number} [[delay:100]]")).collect();
    assert_eq!(asked.collect::<Vec<_>>(), expected);
}

#[test]
fn lim_4_who_comes_later_does_not_overtake() {
    let _machine = machine();
    let tenant = tenant(1, 15_000);
    let (server, served) = (tenant.server(), Served::default());
    let place = take(&server);
    thread::scope(|scope| {
        let (server, served) = (&server, &served);
        for number in 0..4 {
            scope.spawn(move || served.pass(server, number));
            sleep(APART);
        }
        // The crowd comes at the very moment when the place becomes free, and whenever it becomes free again.
        scope.spawn(move || leave(server, &place));
        for number in 4..16 {
            scope.spawn(move || served.pass(server, number));
            sleep(Duration::from_millis(40));
        }
    });
    let order = served.order();
    assert_eq!(order[..4], [0, 1, 2, 3], "{order:?}");
    assert_eq!(order.len(), 16);
}

#[test]
fn lim_4_who_waits_too_long_is_told_when_to_come_again() {
    const WAIT: Duration = Duration::from_millis(1_500);
    let _machine = machine();
    let tenant = tenant(1, WAIT.as_millis() as u64);
    let server = tenant.server();
    let place = take(&server);
    let check = |ask: &(dyn Fn() -> Answer + Sync)| {
        let came = Instant::now();
        // With `Retry-After`, as every 429.
        ask().refused(429, "burst");
        let waited = came.elapsed();
        assert!((WAIT..WAIT + Duration::from_millis(1_200)).contains(&waited), "{waited:?}");
    };
    at_once(4, |number| match number {
        0 => check(&|| server.post("/v1/chat/completions", &chat("Hello"))),
        _ => check(&|| server.post("/v1/preflight", &seconds(1))),
    });
    Mocks::shared().assert_not_called(&tenant);
    assert_eq!(Books(&server).usage().open, 1, "who waits holds nothing");
    leave(&server, &place);
    let came = Instant::now();
    leave(&server, &take(&server));
    assert!(came.elapsed() < Duration::from_secs(1), "who has left isn't waited for: {:?}", came.elapsed());
}

/// No host tells a component that its client has gone: the turn comes all the same, and passes.
#[test]
fn lim_4_who_hangs_up_keeps_the_turn_and_blocks_nobody_for_ever() {
    const GHOSTS: usize = 2;
    let _machine = machine();
    let tenant = tenant(1, 20_000);
    let server = tenant.server();
    let place = take(&server);
    let mut body = seconds(1);
    merge(&mut body, json!({"hold_s": 1}));
    for _ in 0..GHOSTS {
        let mut connection = connect(&gate().url);
        connection.write_all(raw_check(&tenant, "", &body).as_bytes()).expect("it is sent");
        sleep(APART);
        drop(connection);
    }
    thread::scope(|scope| {
        let patient = scope.spawn(|| take(&server));
        sleep(APART);
        leave(&server, &place);
        // Each of the gone holds the place for its second, until the reaper's next turn.
        let permit = patient.join().expect("the patient one is served");
        assert_eq!(Books(&server).usage().open, 1, "those who hung up hold nothing any more");
        leave(&server, &permit);
    });
    let entries = Books(&server).entries();
    let in_full = entries.iter().filter(|entry| entry["settlement"] == "full").count();
    assert_eq!((entries.len(), in_full), (GHOSTS, GHOSTS), "they might have called their vendor: {entries:?}");
}

/// A check as no client library would leave it.
pub fn raw_check(tenant: &Tenant, more_headers: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "POST /v1/preflight HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {}\r\n{more_headers}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        tenant.secret_key,
        body.len()
    )
}

#[test]
fn lim_4_who_died_waiting_is_passed_over() {
    let _machine = machine();
    let mut gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({"limits": {"burst": 1, "queue_wait_ms": 20_000}}));
    let place = take(&tenant.server());
    thread::scope(|scope| {
        for _ in 0..4 {
            let ask = tenant.server().call("POST", "/v1/preflight").json(&seconds(1));
            scope.spawn(|| assert!(ask.try_send().is_err(), "the gate is gone"));
        }
        sleep(Duration::from_millis(600));
        gate.kill9();
    });
    gate.restart();
    let server = tenant.moved_to(&gate).server();
    leave(&server, &place);
    let free = Instant::now();
    let permit = take(&server);
    assert!(free.elapsed() < Duration::from_millis(4_000), "{:?}", free.elapsed());
    assert_eq!(Books(&server).usage().open, 1, "those who died hold nothing");
    leave(&server, &permit);
}

#[test]
fn lim_4_twice_the_burst_passes_in_two_turns() {
    let _machine = machine();
    let tenant = tenant(50, 15_000);
    let server = tenant.server();
    let passed = at_once(100, |_| {
        let permit = take(&server);
        sleep(Duration::from_millis(200));
        leave(&server, &permit);
    });
    assert_eq!(passed.len(), 100);
    assert_eq!(Books(&server).usage().open, 0);
}
