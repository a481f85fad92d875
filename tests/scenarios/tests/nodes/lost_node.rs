//! LIM-6, LIM-7: a node dies in the middle of its work. The others go on, and take over what it has left.

use std::thread;
use std::time::Duration;

use scenarios::{Books, Mocks, Nodes, Tenant, eventually, json};

use crate::work::{AtEnd, Told, Traffic, alone, assert_in_the_books, sum};

const THREADS: usize = 6;
/// The dead node may have been the reaper, with half a minute left of its lease; then each change that it has left in the
/// middle is waited for half a minute, and a settlement is two of them.
const REAPED_WITHIN: Duration = Duration::from_secs(150);

#[test]
fn ops_6_what_a_killed_node_held_is_squared_by_the_others() {
    let mut nodes = Nodes::start(3);
    let limits = json!({"limits": {"monthly_cost_usd": "1000000", "burst": 1_000_000}});
    let tenant = Tenant::at(&nodes.gates[0], Mocks::shared(), limits);
    // Its ticks will not come: another node ends it at the vendor.
    let video = Tenant::at(&nodes.gates[0], Mocks::shared(), json!({}));
    video.page().caller.post("/v1/video/sessions", &json!({"persona": "p1"})).expect(201);

    let servers = nodes.servers(&tenant);
    let storm = alone();
    let traffic = Traffic::of(THREADS);
    let told = thread::scope(|scope| {
        let (traffic, servers) = (&traffic, &servers);
        let end = AtEnd(&traffic.stop);
        // A chat is held for a quarter of an hour, so the node that dies has none.
        let threads: Vec<_> =
            (0..THREADS).map(|n| scope.spawn(move || traffic.work(n, &servers[n % 3], n % 3 > 0))).collect();
        traffic.wait_for(7, |_| true);
        nodes.gates[0].kill9();
        traffic.wait_for(7, |n| n % 3 > 0);
        drop(end);
        Told::join(threads.into_iter().map(|thread| thread.join().expect("a worker failed")).collect())
    });
    assert_eq!(told.offline, 0, "the store was there all the time");
    drop(storm);

    let books = Books(&servers[2]);
    let (_, unresolved) = assert_in_the_books(&told, &books, REAPED_WITHIN);
    assert_eq!(unresolved, 0, "permits that nobody resolves");
    let money = eventually("nothing to be held any more", REAPED_WITHIN, || {
        thread::sleep(Duration::from_millis(300));
        Some(books.money()).filter(|money| money.held == 0)
    });
    let entries = books.entries();
    assert_eq!(money.settled, sum(&entries));
    let chats = entries.iter().filter(|entry| entry["capability"] == "chat").count();
    assert_eq!((chats, Mocks::shared().calls_of(&tenant).len()), (told.chats.len(), told.chats.len()));

    Mocks::shared().call_when(&video, "/end", Duration::from_secs(30), |call| call["status"] == 200);
    let books = video.moved_to(&nodes.gates[1]).server();
    assert!(Books(&books).settled_money().settled > 0, "and paid for");
    nodes.verify();
}
