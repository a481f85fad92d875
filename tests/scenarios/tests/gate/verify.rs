//! AUD-3: `tollgate audit verify` finds the books of a gate in order, while it works and when it has stopped; and
//! whatever is wrong with them it names, in words.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, params};
use scenarios::processes::Folder;
use scenarios::tenant::{chat, merge, permit_path, seconds, speech};
use scenarios::{Gate, Mocks, Tenant, Value, json, programs};

use crate::stored::{self, FILE};

/// Exit status and output of `tollgate audit verify`.
fn verify(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = programs::audit(programs::state());
    command.arg("verify").args(arguments).envs(environment.iter().copied());
    let output = command.output().expect("tollgate runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code().expect("an exit status"), text)
}

/// Works until it is told to stop: chats, speech, checks that are settled, released, denied, and left open.
fn work(tenant: &Tenant, stop: &AtomicBool) {
    let server = tenant.server();
    for turn in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        match turn % 5 {
            0 => drop(server.post("/v1/chat/completions", &chat("Hello"))),
            1 => drop(server.post("/v1/speech", &speech("Good morning"))),
            n => {
                let mut check = seconds(1 + turn % 9);
                merge(&mut check, json!({"hold_s": 600}));
                let answer = server.post("/v1/preflight", &check);
                if answer.status != 200 {
                    continue;
                }
                let path = permit_path(answer.json()["limit_check_id"].as_str().expect("an id"));
                match n {
                    2 => drop(server.delete(&path)),
                    // Above the reservation at times: an overrun.
                    _ => drop(
                        server
                            .post(&format!("{path}/settle"), &json!({"units": 1 + turn % 11, "unit_type": "seconds"})),
                    ),
                }
            }
        }
        if turn == 6 {
            server.post("/v1/preflight", &seconds(7)).expect(200);
        }
    }
}

fn traffic(tenants: &[Tenant], meanwhile: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for tenant in tenants {
            for _ in 0..2 {
                scope.spawn(|| work(tenant, &stop));
            }
        }
        thread::sleep(Duration::from_millis(1_500));
        meanwhile();
        stop.store(true, Ordering::Relaxed);
    });
}

#[track_caller]
fn in_order(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let (status, text) = verify(arguments, environment);
    assert_eq!(status, 0, "{arguments:?}: {text}");
    assert!(text.contains("ok: ") && text.contains("nothing differs"), "{text}");
    text
}

/// A gate with two tenants of one company that have worked; it has stopped.
fn stopped_gate() -> Gate {
    let mut gate = Gate::start();
    let company = scenarios::unique("company-");
    let tenants: [Tenant; 2] = [
        json!({"monthly_cost_usd": "25.00", "daily_units": {"seconds": 100_000}}),
        json!({"monthly_cost_usd": "0.20"}),
    ]
    .map(|limits| Tenant::at(&gate, Mocks::shared(), json!({"company": company, "limits": limits})));
    let data = gate.data().display().to_string();
    let seen_from_outside = [("TOLLGATE_ADMIN_KEY", gate.admin_key.as_str())];
    traffic(&tenants, || {
        for _ in 0..3 {
            in_order(&["--data", &data], &[]);
            in_order(&["--url", &gate.url], &seen_from_outside);
        }
    });
    in_order(&["--url", &gate.url], &seen_from_outside);
    let (status, text) = verify(&["--url", &gate.url], &[("TOLLGATE_ADMIN_KEY", "wrong")]);
    assert_eq!((status, text.contains("refuses the admin key")), (2, true), "{text}");

    gate.sigterm();
    assert!(gate.wait_for_end(Duration::from_secs(20)).success());
    assert_eq!(stored::files(&gate.data()), [gate.data().join(FILE)], "the file alone holds everything");
    gate
}

/// What is broken in a copy of the folder, and what is said of it.
fn broken(data: &Path, breaking: impl FnOnce(&Connection), sentences: &[&str]) {
    let copy = Folder::new("broken-");
    for file in stored::files(data) {
        fs::copy(&file, copy.0.join(file.file_name().expect("a name"))).expect("a copy");
    }
    let connection = stored::open(&copy.0);
    breaking(&connection);
    drop(connection);
    let (status, text) = verify(&["--data", &copy.0.display().to_string()], &[]);
    assert_eq!(status, 1, "{text}");
    for sentence in sentences.iter().chain(&["NOT OK: "]) {
        assert!(text.contains(sentence), "no `{sentence}` in {text}");
    }
}

fn key_like(connection: &Connection, pattern: &str) -> String {
    let query = "SELECT key FROM spin_key_value WHERE key LIKE ?1 ORDER BY key LIMIT 1";
    connection.query_row(query, [pattern], |row| row.get(0)).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// The numbers of the first two entries of what was charged; events stand between them.
fn interactions(data: &Path) -> [u64; 2] {
    let connection = Connection::open(data.join(FILE)).expect("the store");
    let query = "SELECT CAST(substr(key, 7) AS INTEGER) FROM spin_key_value WHERE key LIKE 'entry/%' \
                 AND instr(CAST(value AS TEXT), '\"TWIN_INTERACTION\"') ORDER BY 1 LIMIT 2";
    let mut statement = connection.prepare(query).expect("a query");
    let numbers = statement.query_map([], |row| row.get::<_, i64>(0)).expect("rows");
    let numbers: Vec<u64> = numbers.map(|number| u64::try_from(number.expect("a number")).expect("a number")).collect();
    numbers.try_into().expect("two of them")
}

fn get(connection: &Connection, key: &str) -> Vec<u8> {
    let query = "SELECT value FROM spin_key_value WHERE key = ?1";
    connection.query_row(query, [key], |row| row.get(0)).expect("a value")
}

fn set(connection: &Connection, key: &str, value: &[u8]) {
    let changed = connection.execute("UPDATE spin_key_value SET value = ?2 WHERE key = ?1", params![key, value]);
    assert_eq!(changed.expect("a change"), 1, "{key}");
}

fn add(connection: &Connection, pattern: &str, delta: i64) {
    let key = key_like(connection, pattern);
    let counter = i64::from_le_bytes(get(connection, &key).try_into().expect("8 bytes"));
    set(connection, &key, &(counter + delta).to_le_bytes());
}

fn delete(connection: &Connection, pattern: &str) {
    let key = key_like(connection, pattern);
    assert_eq!(connection.execute("DELETE FROM spin_key_value WHERE key = ?1", [key]).expect("a change"), 1);
}

#[test]
fn aud_3_the_books_of_a_gate_are_in_order_and_what_is_wrong_with_them_is_named() {
    let gate = stopped_gate();
    let folder = gate.data();
    let data = folder.display().to_string();
    let text = in_order(&["--data", &data, "--verbose"], &[]);
    assert!(text.contains(", money: settled 0.") && text.contains(", places: settled 0 places, held"), "{text}");
    let (status, json) = verify(&["--data", &data, "--json"], &[]);
    let report: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((status, &report["ok"]), (0, &json!(true)), "{report}");
    assert!(report["counts"]["entries"].as_u64() > Some(10), "{report}");
    let (status, text) = verify(&["--url", &gate.url, "--admin-key", "any"], &[]);
    assert_eq!((status, text.contains("couldn't check")), (2, true), "{text}");
    let (status, text) = verify(&["--data", "/nowhere"], &[]);
    assert_eq!((status, text.contains("there is no store in /nowhere")), (2, true), "{text}");

    let second_time = ["as much could be spent a second time"];
    broken(&folder, |store| add(store, "spend/tenant/%", -1), &second_time);
    broken(&folder, |store| add(store, "spend/company/%", 1), &["0.000000001 USD more", "no permit explains it"]);
    broken(&folder, |store| add(store, "units/tenant/%/seconds/%", -1), &["1 seconds less than"]);
    broken(&folder, |store| add(store, "open/tenant/%", -1_000), &["which is less than nothing"]);
    broken(&folder, |store| delete(store, "spend/tenant/%"), &second_time);
    let [first, second] = interactions(&folder);
    let gone = format!("Number {first} of the log: there is no entry.");
    broken(&folder, |store| delete(store, &format!("entry/{first}")), &[&gone, "is closed at"]);
    let cheaper = |store: &Connection| {
        let key = format!("entry/{first}");
        let mut entry: Value = serde_json::from_slice(&get(store, &key)).expect("an entry");
        entry["cost_nanos"] = json!(entry["cost_nanos"].as_i64().expect("a cost") + 1);
        set(store, &key, &serde_json::to_vec(&entry).expect("bytes"));
    };
    let changed = format!("Entry {first} of the log (lc_");
    let words = [&changed, "was changed after it was logged", "as the cost of permit lc_", "The stored sums of tenant"];
    broken(&folder, cheaper, &words);
    let twice = |store: &Connection| {
        let entry = get(store, &format!("entry/{first}"));
        set(store, &format!("entry/{second}"), &entry);
    };
    broken(&folder, twice, &[&format!("has two entries in the log: numbers {first} and {second}.")]);
    broken(&folder, |store| delete(store, "tile/0/0/%"), &["tile/0/000", "is missing: the log's checkpoints need it."]);
    let other_tile = |store: &Connection| {
        let key = key_like(store, "tile/0/0/%");
        let mut tile = get(store, &key);
        tile[1] = if tile[1] == b'A' { b'B' } else { b'A' };
        set(store, &key, &tile);
    };
    broken(&folder, other_tile, &["has another hash at place 0 than entry 0 of the log."]);
    let signed_otherwise = |store: &Connection| {
        let key = key_like(store, "checkpoint/%");
        let note = String::from_utf8(get(store, &key)).expect("a note");
        let at = note.len() - 20;
        let other = if &note[at..=at] == "A" { "B" } else { "A" };
        set(store, &key, format!("{}{other}{}", &note[..at], &note[at + 1..]).as_bytes());
    };
    broken(&folder, signed_otherwise, &["was altered, or is not of the log with the key"]);
    broken(&folder, |store| delete(store, "checkpoint/%"), &["is missing"]);
    broken(&folder, |store| delete(store, "sequencer/%"), &["would begin the log anew"]);
    broken(&folder, |store| set(store, &key_like(store, "spend/tenant/%"), b"12"), &["can't be read"]);
    let lower = |store: &Connection| {
        let key = key_like(store, "tenant/%");
        let mut tenant: Value = serde_json::from_slice(&get(store, &key)).expect("a tenant");
        tenant["limits"]["monthly_cost_usd"] = json!("0.000001");
        set(store, &key, &serde_json::to_vec(&tenant).expect("bytes"));
    };
    broken(&folder, lower, &["above the highest cap in force, 0.000001 USD"]);
    in_order(&["--data", &data], &[]);
}

/// Has a Redis server do something.
fn command(url: &str, command: &str) {
    let address = url.strip_prefix("redis://").expect("an address");
    let mut stream = TcpStream::connect(address).expect("the server");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a bound");
    stream.write_all(format!("{command}\r\n").as_bytes()).expect("a command");
    let mut answer = [0; 1];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b":", "{command}");
}

/// Killed at work: the books are in order as they lie there, with their log, and in the one file that it is brought into.
#[test]
fn aud_3_what_a_killed_gate_leaves_is_in_order_and_comes_into_one_file() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let data = gate.data();
    let mut refused = None;
    traffic(std::slice::from_ref(&tenant), || refused = Some(programs::try_fold(&data)));
    let (status, text) = refused.expect("an answer");
    assert_eq!((status, text.contains("in use by another gate")), (Some(2), true), "{text}");
    let permit = tenant.server().post("/v1/preflight", &seconds(7)).expect(200);
    let key = format!("permit/{}", permit["limit_check_id"].as_str().expect("an id"));
    gate.kill9();
    assert!(stored::files(&data).len() > 1, "a log is left");
    let folder = data.display().to_string();
    let before = in_order(&["--data", &folder], &[]);

    programs::fold(&data);
    assert_eq!(stored::files(&data), [data.join(FILE)]);
    let file = Connection::open(data.join(FILE)).expect("the store");
    let known = file.query_row("SELECT count(*) FROM spin_key_value WHERE key = ?1", [key], |row| row.get::<_, i64>(0));
    assert_eq!(known.expect("a count"), 1, "the last permit is in the file");
    drop(file);
    let counts = |text: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("ok: ")).expect("the counts");
        line.split(';').next().map(str::to_owned)
    };
    assert_eq!(counts(&in_order(&["--data", &folder], &[])), counts(&before), "nothing was lost");
    gate.restart();
    tenant.moved_to(&gate).server().post("/v1/preflight", &seconds(7)).expect(200);

    let (status, text) = programs::try_fold(Path::new("/nowhere"));
    assert_eq!((status, text.contains("there is no store in /nowhere")), (Some(2), true), "{text}");
}

#[test]
fn aud_3_a_store_in_redis_is_read_beside_the_gates_that_write_it() {
    let nodes = scenarios::Nodes::start(2);
    let tenant = Tenant::at(&nodes.gates[0], Mocks::shared(), json!({}));
    let tenants = [tenant.clone(), tenant.moved_to(&nodes.gates[1])];
    let url = nodes.redis.url();
    traffic(&tenants, || {
        for _ in 0..3 {
            let (status, text) = verify(&["--kv", &url], &[]);
            assert_eq!(status, 0, "{text}");
        }
    });
    in_order(&["--kv", &url], &[]);
    in_order(&[], &[("TOLLGATE_KV", &url)]);

    // Nobody's place, and given back again.
    let place = format!("open/tenant/{}", tenant.id);
    command(&url, &format!("INCRBY {place} 1"));
    let (status, text) = verify(&["--kv", &url], &[]);
    let named = format!("differs: tenant {}, places: the counter says", tenant.id);
    assert_eq!((status, text.contains(&named), text.contains("no permit explains it")), (1, true, true), "{text}");
    command(&url, &format!("DECRBY {place} 1"));
    in_order(&["--kv", &url], &[]);
    let (status, text) = verify(&["--kv", "redis://127.0.0.1:1"], &[]);
    assert_eq!((status, text.contains("couldn't check")), (2, true), "{text}");
}
