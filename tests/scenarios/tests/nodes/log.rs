//! AUD-2: two nodes sequence one log, as often as they can, and it never forks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::tree::{Log, leaf};
use scenarios::{Books, Caller, Mocks, Nodes, Tenant, eventually, json};
use tlog::Checkpoint;

/// So many checkpoints are looked at in all, in this time at least and at most.
const CHECKPOINTS: usize = 8;
const AT_LEAST: Duration = Duration::from_secs(5);
const AT_MOST: Duration = Duration::from_secs(18);

/// Settles permits and chats until it is told to stop; their ids.
fn work(server: &Caller, stop: &AtomicBool) -> Vec<String> {
    let mut ids = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let answer = server.post("/v1/chat/completions", &chat("Hello"));
        answer.expect(200);
        ids.push(answer.limit_check_id());
        let permit = server.post("/v1/preflight", &seconds(5)).expect(200);
        let id = permit["limit_check_id"].as_str().unwrap().to_owned();
        let used = json!({"units": 3, "unit_type": "seconds"});
        server.post(&format!("{}/settle", permit_path(&id)), &used).expect(200);
        ids.push(id);
    }
    ids
}

/// What a reader is shown, one after the other.
fn read(log: &Log, stop: &AtomicBool) -> Vec<Checkpoint> {
    let mut seen = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        seen.push(log.checkpoint());
    }
    seen
}

#[test]
fn aud_2_two_nodes_never_sign_two_trees_of_one_size() {
    let nodes = Nodes::start(2);
    let tenant = Tenant::at(&nodes.gates[0], Mocks::shared(), json!({}));
    let servers = nodes.servers(&tenant);
    let log = Log::of(servers[0].clone());
    let other = Log::of(servers[1].clone());
    assert_eq!(log.key, other.key, "one log, wherever one asks");
    let stop = AtomicBool::new(false);
    let (ids, seen) = thread::scope(|scope| {
        let (nodes, servers, stop, log) = (&nodes, &servers, &stop, &log);
        // Two maintain each node, besides its own timer; two charge there, and two read.
        for n in 0..4 {
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    nodes.gates[n % 2].maintain();
                }
            });
        }
        let workers: Vec<_> = (0..4).map(|n| scope.spawn(move || work(&servers[n % 2], stop))).collect();
        let logs = [log, &other];
        let readers: Vec<_> = (0..4).map(|n| scope.spawn(move || read(logs[n % 2], stop))).collect();
        let (began, mut sizes) = (Instant::now(), BTreeSet::new());
        while began.elapsed() < AT_LEAST || (sizes.len() < CHECKPOINTS && began.elapsed() < AT_MOST) {
            sizes.insert(log.checkpoint().size);
        }
        stop.store(true, Ordering::Relaxed);
        let ids: Vec<String> = workers.into_iter().flat_map(|worker| worker.join().expect("a worker failed")).collect();
        let seen: Vec<_> = readers.into_iter().map(|reader| reader.join().expect("a reader failed")).collect();
        (ids, seen)
    });
    assert!(ids.len() > 20, "there was traffic: {}", ids.len());

    for seen in &seen {
        for (before, after) in seen.iter().zip(&seen[1..]) {
            assert!(before.size <= after.size, "it has shrunk for a reader: {} {}", before.size, after.size);
        }
    }
    let mut roots = BTreeMap::new();
    for checkpoint in seen.iter().flatten() {
        let root = *roots.entry(checkpoint.size).or_insert(checkpoint.root);
        assert_eq!(root, checkpoint.root, "two trees of {} entries", checkpoint.size);
    }
    assert!(roots.len() >= CHECKPOINTS, "it grew while they looked: {:?}", roots.keys());

    let admin = nodes.gates[1].admin();
    let (newest, entries) = eventually("all entries to be under a checkpoint", Duration::from_secs(30), || {
        nodes.gates[0].maintain();
        let entries = Books(&admin).entries();
        let newest = other.checkpoint();
        let in_order = (0..).zip(&entries).all(|(seq, entry)| entry["seq"] == seq);
        (in_order && newest.size == entries.len() as u64).then_some((newest, entries))
    });
    for checkpoint in seen.iter().flatten().map(|seen| (seen.size, seen)).collect::<BTreeMap<_, _>>().into_values() {
        log.assert_extends(checkpoint, &newest);
    }
    let leaves = log.leaves(&newest);
    assert_eq!(leaves, other.leaves(&newest), "the same at each node");
    let distinct: BTreeSet<&str> = entries.iter().map(|entry| entry["limit_check_id"].as_str().unwrap()).collect();
    assert_eq!(distinct.len(), entries.len(), "an entry is there twice");
    for id in &ids {
        assert!(distinct.contains(id.as_str()), "{id} was settled and isn't there");
    }
    for (entry, there) in entries.iter().zip(&leaves) {
        assert_eq!(&leaf(entry), there, "{entry}");
    }
}
