//! AUD-1: a person's data is erased, and the log stays what it was: every proof, every sum, every byte that others hold.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::tree::{Log, leaf};
use scenarios::{Books, Caller, Gate, Mocks, Page, Tenant, Value, eventually, json};

const PATH: &str = "/v1/audit/erasures";
/// The log must have lain still for half a minute and a bit.
const LIMIT: Duration = Duration::from_secs(90);

#[track_caller]
fn erase(caller: &Caller, body: &Value) -> String {
    let asked = caller.post(PATH, body).expect(202);
    assert_eq!(asked["status"], "pending", "{asked}");
    asked["id"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned()
}

/// Until it has erased so many entries. It is under way for minutes after that: what may still come into the log is
/// waited for, in the tests of the core and with their clock.
#[track_caller]
fn erased(gate: &Gate, caller: &Caller, id: &str, least: u64) -> u64 {
    eventually(&format!("erasure {id}"), LIMIT, || {
        gate.maintain();
        thread::sleep(Duration::from_millis(500));
        let shown = caller.get(&format!("{PATH}/{id}")).expect(200);
        assert_eq!(shown["status"], "pending", "early: {shown}");
        Some(shown["erased"].as_u64().expect("a number")).filter(|erased| *erased >= least)
    })
}

fn talk(page: &Page, turns: usize) {
    for turn in 0..turns {
        page.caller.post("/v1/chat/completions", &chat(&format!("Turn {turn}"))).expect(200);
    }
}

/// The tenant's entries of all kinds, once all are in the log, by id.
#[track_caller]
fn entries(server: &Caller) -> BTreeMap<String, Value> {
    eventually("all entries in the log", Duration::from_secs(20), || {
        let page = server.get("/v1/audit/entries?kind=all&limit=1000").expect(200);
        let entries = page["entries"].as_array().expect("entries").clone();
        let by_id = |entry: Value| (entry["limit_check_id"].as_str().expect("an id").to_owned(), entry);
        entries.iter().all(|entry| entry["seq"].is_u64()).then(|| entries.into_iter().map(by_id).collect())
    })
}

/// An entry without what may be erased.
fn rest(entry: &Value) -> Value {
    let mut rest = entry.clone();
    let fields = rest.as_object_mut().expect("an object");
    for personal in ["session_id", "request_id"] {
        assert!(fields.remove(personal).is_some());
    }
    rest["personal"] = entry["personal"]["digest"].clone();
    rest
}

#[test]
fn aud_1_what_is_erased_is_gone_and_everything_else_is_as_it_was() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let other = Tenant::at(&gate, Mocks::shared(), json!({}));
    let (page, neighbour, stranger) = (tenant.page(), tenant.page(), other.page());
    talk(&page, 3);
    talk(&neighbour, 1);
    talk(&stranger, 1);
    let server = tenant.server();
    Books(&server).settled_money();
    let before = entries(&server);
    let invoice = |at: &str| server.get(&format!("/v1/audit/invoices/{}", &at[..7])).expect(200);
    let at = before.values().next().expect("an entry")["at"].as_str().expect("a time").to_owned();
    let billed = invoice(&at);
    let ours: Vec<&String> =
        before.iter().filter(|(_, entry)| entry["session_id"] == page.id.as_str()).map(|(id, _)| id).collect();
    assert!(ours.len() >= 3, "{before:?}");
    let log = Log::of(server.clone());
    let (held, under) = eventually("a receipt", Duration::from_secs(10), || {
        let answer = server.get(&format!("/v1/audit/entries/{}/proof", ours[0]));
        let held: tlog::Receipt = (answer.status == 200).then(|| answer.text().parse().expect("a receipt"))?;
        let under = held.verify(&leaf(&before[ours[0]]), &log.key).expect("it verifies");
        Some((held, under))
    });
    let seen = log.checkpoint();
    let leaves = log.leaves(&seen);

    // Another tenant can ask, and nothing of this one's goes.
    let body = json!({"session_id": page.id});
    let foreign = erase(&other.server(), &body);
    let named = json!({"session_id": page.id, "tenant": tenant.id});
    assert_eq!(other.server().post(PATH, &named).refused(403, "forbidden")["param"], "tenant");
    page.caller.post(PATH, &body).refused(403, "forbidden");
    gate.stranger().post(PATH, &body).refused(401, "unauthenticated");
    let id = erase(&server, &body);
    assert_eq!(erase(&server, &body), id, "asked twice, it is one");
    server.get(&format!("{PATH}/{foreign}")).refused(404, "not_found");
    other.server().get(&format!("{PATH}/{id}")).refused(404, "not_found");
    assert_eq!(erased(&gate, &server, &id, ours.len() as u64), ours.len() as u64);
    assert_eq!(server.post(PATH, &body).expect(202), json!({"id": id, "status": "pending", "erased": ours.len()}));
    assert_eq!(erased(&gate, &other.server(), &foreign, 0), 0);

    let after = entries(&server);
    for (id, entry) in &before {
        let now = &after[id];
        assert_eq!(rest(now), rest(entry), "{id}");
        if ours.contains(&id) {
            assert!(now["session_id"].is_null() && now["request_id"].is_null(), "{now}");
            assert!(now["personal"]["salt"].is_null() && now["personal"]["digest"].is_string(), "{now}");
        } else {
            assert_eq!(now, entry, "nobody else's");
        }
    }
    for field in ["lines", "total_nanos", "entries"] {
        assert_eq!(invoice(&at)[field], billed[field], "{field}");
    }

    // What was held still holds, and the log has only grown.
    talk(&neighbour, 1);
    Books(&server).settled_money();
    let after = entries(&server);
    assert!(after.len() > before.len());
    let now = eventually("a checkpoint of more", Duration::from_secs(10), || {
        gate.maintain();
        Some(log.checkpoint()).filter(|now| now.size > seen.size)
    });
    log.assert_extends(&seen, &now);
    let fresh = Log::of(server.clone());
    for entry in after.values() {
        fresh.assert_proven(entry);
    }
    assert_eq!(fresh.leaves(&now)[..leaves.len()], leaves);
    assert_eq!(held.verify(&leaf(&after[ours[0]]), &log.key).map(|under| under.size), Ok(under.size));
    gate.verify();
    gate.stop_and_verify();
}

#[test]
fn aud_1_a_killed_gate_goes_on_erasing() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let page = tenant.page();
    talk(&page, 2);
    // Asked while entries are on their way, and killed at once, and again while it is under way.
    let permit = tenant.server().post("/v1/preflight", &seconds(5)).expect(200);
    let path = format!("{}/settle", permit_path(permit["limit_check_id"].as_str().expect("an id")));
    tenant.server().post(&path, &json!({"units": 5, "unit_type": "seconds"})).expect(200);
    Books(&tenant.server()).settled_money();
    let id = erase(&tenant.server(), &json!({"session_id": page.id}));
    for pause in [0, 4, 13, 17] {
        thread::sleep(Duration::from_secs(pause));
        gate.kill9();
        gate.restart();
    }
    let server = tenant.moved_to(&gate).server();
    erased(&gate, &server, &id, 2);
    eventually("nothing of the session is left", LIMIT, || {
        gate.maintain();
        let of_page = |entry: &Value| entry["session_id"] == page.id.as_str();
        (!entries(&server).values().any(of_page)).then_some(())
    });
    gate.verify();
    gate.stop_and_verify();
}
