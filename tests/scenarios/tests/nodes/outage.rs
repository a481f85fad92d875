//! LIM-6: the store dies under load and comes back. Meanwhile every gate is offline, quickly; afterwards every total is
//! right, and nobody had anything for nothing.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use scenarios::amounts::SECOND;
use scenarios::tenant::{chat, seconds};
use scenarios::{Books, Mocks, Nodes, Tenant, Value, json};

use crate::work::{AtEnd, Told, Traffic, UNITS, alone, assert_in_the_books, sum};

const THREADS: usize = 6;
/// From the kill until every node knows: its connection broke, and a try at another one has failed.
const NOTICED: Duration = Duration::from_millis(700);
const QUICK: Duration = Duration::from_secs(2);
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// The reaper may have met the outage too, and goes on when its lease has run out: what it hasn't come to by then is
/// still held.
const PATIENCE: Duration = Duration::from_secs(40);

/// Every door of every node says `offline`, at once.
fn assert_offline(nodes: &Nodes, tenant: &Tenant, page: &str) {
    for gate in &nodes.gates {
        let tenant = tenant.moved_to(gate);
        let server = tenant.server();
        let doors = [
            ("POST", "/v1/preflight", seconds(1), &server),
            ("POST", "/v1/chat/completions", chat("Hello?"), &server),
            ("POST", "/v1/sessions", json!({"channel": "widget", "consent": true}), &tenant.visitor()),
            ("POST", "/v1/chat/completions", chat("Hello?"), &tenant.visitor().with_bearer(page)),
            ("GET", "/v1/usage", Value::Null, &server),
        ];
        for (method, path, body, caller) in doors {
            let asked = Instant::now();
            caller.call(method, path).json(&body).send().refused(503, "offline");
            assert!(asked.elapsed() < QUICK, "{method} {path} took {:?}", asked.elapsed());
        }
    }
}

#[test]
fn ops_6_redis_killed_and_restarted_under_load_gives_nothing_away() {
    let mut nodes = Nodes::start(2);
    let mocks = Mocks::start();
    let limits = json!({"limits": {"monthly_cost_usd": "1000000", "burst": 1_000_000}});
    let tenant = Tenant::at(&nodes.gates[0], &mocks, limits);
    let page = tenant.page();
    let servers = nodes.servers(&tenant);
    let storm = alone();
    let traffic = Traffic::of(THREADS);
    let told = thread::scope(|scope| {
        let (traffic, servers) = (&traffic, &servers);
        let end = AtEnd(&traffic.stop);
        let threads: Vec<_> =
            (0..THREADS).map(|n| scope.spawn(move || traffic.work(n, &servers[n % 2], true))).collect();
        for _ in 0..2 {
            traffic.wait_for(7, |_| true);
            nodes.redis.kill9();
            thread::sleep(NOTICED);
            assert_offline(&nodes, &tenant, &page.token);
            nodes.redis.restart();
            // All works again, without a restart of the gates.
            for server in servers {
                scenarios::eventually("the node to be back", BACK_WITHIN, || {
                    (server.get("/v1/usage").status == 200).then_some(())
                });
            }
        }
        traffic.wait_for(7, |_| true);
        drop(end);
        Told::join(threads.into_iter().map(|thread| thread.join().expect("a worker failed")).collect())
    });
    drop(storm);
    assert!(told.offline > 0, "the workers met the outage");

    // Who was told `offline` had nothing from the vendor; who had an answer had it from there.
    let calls = mocks.calls_of(&tenant);
    let texts: String = calls.iter().map(|call| call["body"].to_string()).collect();
    for text in &told.offline_chats {
        assert!(!texts.contains(text.as_str()), "{text} was refused, and the vendor called");
    }
    for text in &told.chats {
        assert!(texts.contains(text.as_str()), "{text} was answered by nobody");
    }

    let books = Books(&servers[1]);
    assert_in_the_books(&told, &books, PATIENCE);
    let (entries, money) = scenarios::eventually("a moment of rest", Duration::from_secs(20), || {
        let (before, entries, after) = (books.money(), books.entries(), Books(&servers[0]).money());
        (before == after && after.settled == sum(&entries)).then_some((entries, after))
    });
    // A call or a check whose settlement met the outage is still held, in full: nothing is free.
    let chats: Vec<&Value> = entries.iter().filter(|entry| entry["capability"] == "chat").collect();
    assert!(chats.len() <= calls.len(), "{} charged, {} made", chats.len(), calls.len());
    let cost = chats.iter().map(|entry| entry["cost_nanos"].as_i64().unwrap()).max().unwrap();
    let unsettled = calls.len() - chats.len();
    let resolved: BTreeSet<&str> = entries.iter().map(|entry| entry["limit_check_id"].as_str().unwrap()).collect();
    let unresolved = told.permits.iter().filter(|permit| !resolved.contains(permit.as_str())).count();
    let held = unsettled as i64 * cost + unresolved as i64 * UNITS as i64 * SECOND;
    assert!(money.held >= held, "{unsettled} calls and {unresolved} checks are not held: {money:?}");
    nodes.verify();
    println!(
        "{} calls, {} entries of them, {unsettled} held; {} checks settled, {unresolved} held; {} refusals",
        calls.len(),
        chats.len(),
        told.settled.len(),
        told.offline
    );
}
