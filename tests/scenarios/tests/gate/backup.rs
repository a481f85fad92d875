//! OPS-5: a backup taken while a gate serves is a whole gate elsewhere; killed, it leaves nothing under its name; and what a
//! restore finds in its way it doesn't delete.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use scenarios::gate::up;
use scenarios::processes::{Folder, Process};
use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::{Books, Caller, Gate, Mocks, Tenant, json, programs};

use crate::stored::FILE;

/// Exit status and words of `tollgate <arguments>`, which knows no store of the environment.
fn tollgate(arguments: &[&str]) -> (i32, String) {
    let output = command(arguments).output().expect("tollgate runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code().expect("an exit status"), text)
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(programs::tollgate());
    command.env_remove("TOLLGATE_KV").args(arguments);
    command
}

#[track_caller]
fn done(arguments: &[&str]) -> String {
    let (status, text) = tollgate(arguments);
    assert_eq!(status, 0, "{arguments:?}: {text}");
    text
}

#[track_caller]
fn refused(arguments: &[&str], says: &str) {
    let (status, text) = tollgate(arguments);
    assert_eq!((status, text.contains(says)), (2, true), "{arguments:?}: {text}");
}

/// What `tollgate audit verify` says of a folder, remembering in `state`.
fn verify(data: &str, state: &Path) -> (i32, String) {
    let output = programs::audit(state).args(["verify", "--data", data]).output().expect("tollgate runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code().expect("an exit status"), text)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of the tests")
}

/// Chats, checks that are settled, and checks that are left open, until it is told to stop.
fn work(tenant: &Tenant, stop: &AtomicBool, chats: &AtomicUsize) {
    let server = tenant.server();
    for turn in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        if turn % 4 > 0 {
            server.post("/v1/chat/completions", &chat("Hello")).expect(200);
            chats.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let answer = server.post("/v1/preflight", &seconds(1 + turn % 9)).expect(200);
        if turn % 8 == 0 {
            let path = permit_path(answer["limit_check_id"].as_str().expect("an id"));
            server.post(&format!("{path}/settle"), &json!({"units": 1, "unit_type": "seconds"})).expect(200);
        }
    }
}

/// A gate on a folder, with the keys of another.
fn gate_on(data: &Path, gate: &Gate, log: &Path) -> (Process, String) {
    let mut command = up(&programs::manifest(), data, "127.0.0.1:0");
    command.env("SPIN_VARIABLE_ADMIN_KEY", &gate.admin_key).env("SPIN_VARIABLE_MASTER_KEY", &gate.master_key);
    command.args(["--variable", "dev_hosts=http://127.0.0.1:*"]);
    let mut process = Process::spawn(command, log);
    let url = process.wait_for_line("listening on ", Duration::from_secs(120));
    (process, url)
}

#[test]
fn ops_5_a_backup_taken_under_load_is_a_whole_gate_elsewhere() {
    let mut gate = Gate::start();
    let tenants: [Tenant; 2] = [json!({}), json!({})].map(|patch| Tenant::at(&gate, Mocks::shared(), patch));
    let folder = Folder::new("backups-");
    let (data, backups) = (gate.data(), folder.0.join("kept"));
    fs::create_dir(&backups).unwrap();
    let (stop, chats) = (AtomicBool::new(false), AtomicUsize::new(0));
    let during = thread::scope(|scope| {
        for tenant in &tenants {
            for _ in 0..2 {
                scope.spawn(|| work(tenant, &stop, &chats));
            }
        }
        let mut during = Vec::new();
        for _ in 0..5 {
            thread::sleep(Duration::from_millis(400));
            let before = chats.load(Ordering::Relaxed);
            let said = done(&["backup", text(&backups), "--data", text(&data), "--keep", "3"]);
            assert!(said.contains(" keys, ") && said.contains("it holds no key"), "{said}");
            during.push((said, chats.load(Ordering::Relaxed) - before));
        }
        thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
        during
    });
    assert!(during.iter().any(|(_, chats)| *chats > 0), "nobody chatted meanwhile: {during:?}");
    assert!(during[4].0.contains("the log's tree has "), "{during:?}");
    let mut kept: Vec<_> = fs::read_dir(&backups).unwrap().map(|file| file.unwrap().path()).collect();
    kept.sort();
    assert_eq!(kept.len(), 3, "{kept:?}");

    // Each of them is the books of a gate, in order.
    let mut sizes = Vec::new();
    for (n, backup) in kept.iter().enumerate() {
        let elsewhere = folder.0.join(format!("elsewhere-{n}"));
        let said = done(&["restore", text(backup), "--data", text(&elsewhere)]);
        assert!(said.contains("`master_key` must be") && said.contains("a fork"), "{said}");
        let (status, said) = verify(text(&elsewhere), &folder.0.join(format!("state-{n}")));
        assert_eq!((status, said.contains("nothing differs")), (0, true), "{said}");
        let store = Connection::open(elsewhere.join(FILE)).unwrap();
        let entries = "SELECT count(*) FROM spin_key_value WHERE key LIKE 'entry/%'";
        sizes.push(store.query_row(entries, [], |row| row.get::<_, u64>(0)).unwrap());
    }
    assert!(sizes.is_sorted() && sizes[2] > 0, "{sizes:?}");

    // And a gate goes on from there, with what it had then.
    let elsewhere = folder.0.join("elsewhere-2");
    let (process, url) = gate_on(&elsewhere, &gate, &folder.0.join("elsewhere"));
    for tenant in &tenants {
        let restored = Caller::stranger(&url).with_bearer(&tenant.secret_key);
        let here = tenant.server();
        let entries = Books(&here).entries();
        let there = Books(&restored).entries();
        let in_order: Vec<_> = entries.iter().map(|entry| &entry["limit_check_id"]).collect();
        // Of those that wait for their number some get it only now, and perhaps in another order.
        let known = there.iter().filter(|entry| in_order.contains(&&entry["limit_check_id"])).count();
        assert!(known > 0 && known <= in_order.len(), "{known} of {}", in_order.len());
        let sum: i64 = there.iter().map(|entry| entry["cost_nanos"].as_i64().unwrap()).sum();
        assert_eq!(Books(&restored).money().settled, sum);
        // Sealed secrets open.
        restored.post("/v1/chat/completions", &chat("Hello again")).expect(200);
    }
    // What is new gets into the log, and under a checkpoint.
    let operator = Caller::stranger(&url).with_bearer(&gate.admin_key);
    (0..3).for_each(|_| operator.call("POST", "/v1/maintenance").send().done());
    let state = folder.0.join("state-2");
    let (status, said) = verify(text(&elsewhere), &state);
    assert_eq!(status, 0, "it goes on from what was seen: {said}");
    drop(process);
    gate.stop_and_verify();

    // The two have one beginning and two ends: whoever remembers one of them is told so.
    let (status, said) = verify(text(&data), &state);
    assert_eq!((status, said.contains("NOT OK")), (1, true), "{said}");
}

/// A store of some 40 MB: long enough on the way that a kill meets it there.
fn large_store(data: &Path) {
    fs::create_dir(data).unwrap();
    let mut store = Connection::open(data.join(FILE)).unwrap();
    let table = "CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, \
                 PRIMARY KEY (store, key))";
    store.execute(table, []).unwrap();
    let all = store.transaction().unwrap();
    for n in 0..10_000 {
        let insert = "INSERT INTO spin_key_value VALUES ('default', ?1, randomblob(4000))";
        all.execute(insert, [format!("filler/{n}")]).unwrap();
    }
    all.commit().unwrap();
}

fn keys_in(file: &Path) -> u64 {
    let store = Connection::open(file).unwrap();
    let says: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(says, "ok", "{}", file.display());
    store.query_row("SELECT count(*) FROM spin_key_value", [], |row| row.get(0)).unwrap()
}

#[test]
fn ops_5_a_backup_that_is_killed_leaves_nothing_under_its_name() {
    let folder = Folder::new("killed-");
    let data = folder.0.join("data");
    large_store(&data);
    let (fresh, old) = (folder.0.join("fresh.db"), folder.0.join("old.db"));
    done(&["backup", text(&old), "--data", text(&data)]);
    let added = Connection::open(data.join(FILE)).unwrap();
    added.execute("INSERT INTO spin_key_value VALUES ('default', 'later', 'x')", []).unwrap();
    drop(added);
    let (mut killed, mut whole) = (0, 0);
    for round in 0..24_u64 {
        let over = round % 2 == 1;
        let file = if over { &old } else { &fresh };
        let before = over.then(|| keys_in(file));
        let arguments = ["backup", text(file), "--data", text(&data), "--force"];
        let mut process = Process::spawn(command(&arguments), &folder.0.join("backup"));
        thread::sleep(Duration::from_millis(round * round));
        process.kill();
        match file.exists() {
            false => killed += 1,
            true => {
                let keys = keys_in(file);
                assert!(keys == 10_001 || Some(keys) == before, "round {round}: {keys}, {before:?} before");
                whole += 1;
            }
        }
        drop(fs::remove_file(&fresh));
    }
    assert!(killed > 0 && whole > 0, "{killed} were killed in time, {whole} were not");
}

#[test]
fn ops_5_a_restore_moves_a_store_only_when_it_may_and_never_from_under_a_gate() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    tenant.server().post("/v1/chat/completions", &chat("Before")).expect(200);
    let folder = Folder::new("restore-");
    let (data, file) = (gate.data(), folder.0.join("backup.db"));
    let (data, file) = (text(&data), text(&file));
    done(&["backup", file, "--data", data]);
    refused(&["backup", file, "--data", data], "--force replaces it");
    done(&["backup", file, "--data", data, "--force"]);
    refused(&["backup", text(&folder.0), "--data", data], "is a folder: give --keep");
    refused(&["backup", text(&gate.data().join(FILE)), "--data", data, "--force"], "is the store itself");
    refused(&["backup", file, "--data", text(&folder.0), "--force"], "there is no store in");
    refused(&["backup", file, "--data", data, "--kv", "redis://:hush@127.0.0.1:1"], "redis-cli --rdb");
    refused(&["restore", file, "--data", data], "in use by another gate");
    refused(&["restore", file, "--data", data, "--force"], "in use by another gate");
    let late = Tenant::at(&gate, Mocks::shared(), json!({}));
    late.server().post("/v1/chat/completions", &chat("After")).expect(200);

    gate.kill9();
    refused(&["restore", file, "--data", data], "there is a store in");
    let said = done(&["restore", file, "--data", data, "--force"]);
    let moved = said.lines().find_map(|line| line.strip_prefix("the store that was there is in ")).expect("a folder");
    assert!(Path::new(moved).join(FILE).is_file(), "{said}");
    gate.restart();
    tenant.moved_to(&gate).server().post("/v1/chat/completions", &chat("Once more")).expect(200);
    late.moved_to(&gate).server().post("/v1/chat/completions", &chat("Who?")).refused(401, "unauthenticated");

    // And back again: what was moved is a store as well.
    gate.sigterm();
    gate.wait_for_end(Duration::from_secs(20));
    let whole = Path::new(moved).join(FILE);
    refused(&["restore", text(&whole), "--data", data, "--force"], "isn't marked as a backup");
    done(&["restore", text(&whole), "--data", data, "--force", "--unmarked"]);
    gate.restart();
    late.moved_to(&gate).server().post("/v1/chat/completions", &chat("Me")).expect(200);
    gate.verify();
}
