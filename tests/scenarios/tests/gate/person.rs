//! TWN-5, AUD-4: what is kept of one person is told to whoever asks rightly, and erased; the log stays what it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use scenarios::jwt::Issuer;
use scenarios::tenant::{Page, chat};
use scenarios::tree::{Log, leaf};
use scenarios::{Books, Caller, Gate, Mocks, Tenant, Value, eventually, json, unique};

const EXPORTS: &str = "/v1/privacy/exports";
const ERASURES: &str = "/v1/privacy/erasures";
/// A session must have been over for half a minute, and then the log must have lain still for as long.
const LIMIT: Duration = Duration::from_secs(150);

/// A tenant whose users bring tokens, with a twin that somebody has consented to.
struct House {
    gate: Gate,
    tenant: Tenant,
    issuer: Issuer,
    /// What the issuer calls the visitor.
    user: String,
    /// Who has consented.
    subject: String,
}

impl House {
    fn new() -> Self {
        let gate = Gate::start();
        let issuer = Issuer::eddsa();
        let tenant = Tenant::at(&gate, Mocks::shared(), json!({"end_user_auth": issuer.end_user_auth()}));
        let (user, subject) = (unique("anna-"), unique("Anna Example "));
        let twin = json!({
            "name": "Twin", "behavior_mode": "host",
            "consent": {"subject": subject, "purpose": "hosting", "evidence_sha256": "ab".repeat(32)},
        });
        tenant.server().post("/v1/twins", &twin).expect(201);
        let deploy = format!("/v1/twins/{}/deploy", tenant.id);
        tenant.server().post(&deploy, &json!({"environment": "production"})).expect(200);
        Self { gate, tenant, issuer, user, subject }
    }

    #[track_caller]
    fn page(&self, user: &str) -> Page {
        let token = self.issuer.token(json!({ "sub": user }));
        let body = json!({"channel": "widget", "consent": true, "user_token": token});
        Page::of(&self.tenant, &self.tenant.open_session(&body).expect(201))
    }

    fn maintain(&self) {
        self.gate.maintain();
        self.gate.admin().post("/v1/maintenance/registry", &json!({})).expect(200);
        thread::sleep(Duration::from_millis(500));
    }

    /// The whole export, page by page.
    #[track_caller]
    fn export(&self, whose: Value) -> Export {
        let caller = self.tenant.moved_to(&self.gate).server();
        let mut all = Export::default();
        let mut body = whose;
        loop {
            let page = caller.post(EXPORTS, &body).expect(200);
            assert_eq!((&page["tenant_id"], &page["truncated"]), (&json!(self.tenant.id), &json!(false)));
            let list = |name: &str| page[name].as_array().unwrap_or_else(|| panic!("no {name} in {page}")).clone();
            all.sessions.extend(list("sessions"));
            all.consents.extend(list("consents"));
            all.events.extend(list("events"));
            all.entries.extend(list("entries"));
            if page["next_cursor"].is_null() {
                return all;
            }
            body["cursor"] = page["next_cursor"].clone();
        }
    }

    #[track_caller]
    fn erase(&self, whose: &Value) -> Value {
        self.tenant.moved_to(&self.gate).server().post(ERASURES, whose).expect(202)
    }

    /// Until the erasure has counted so many entries of the log.
    #[track_caller]
    fn counted(&self, path: &str, entries: u64) {
        let server = self.tenant.moved_to(&self.gate).server();
        eventually("the erasure's count", LIMIT, || {
            self.maintain();
            let erased = server.get(path).expect(200)["erased"]["entries"].as_u64().expect("a number");
            (erased >= entries).then_some(())
        });
    }

    /// Until nothing is told of them any more.
    #[track_caller]
    fn gone(&self, whose: &Value) {
        eventually("nothing is left", LIMIT, || {
            self.maintain();
            self.export(whose.clone()).is_empty().then_some(())
        });
    }
}

#[derive(Debug, Default, Clone, PartialEq)]
struct Export {
    sessions: Vec<Value>,
    consents: Vec<Value>,
    events: Vec<Value>,
    entries: Vec<Value>,
}

impl Export {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}

/// Neither log nor store of the gate has a word, and they have what must be there.
#[track_caller]
fn assert_nowhere(gate: &Gate, words: &[&str], there: &str) {
    let contains = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    let read: Vec<(PathBuf, Vec<u8>)> =
        files(gate.folder()).into_iter().filter_map(|file| fs::read(&file).ok().map(|bytes| (file, bytes))).collect();
    assert!(read.iter().any(|(_, bytes)| contains(bytes, there)), "the search sees nothing");
    for (file, bytes) in &read {
        for word in words {
            assert!(!contains(bytes, word), "{word} is in {}", file.display());
        }
    }
}

#[test]
fn twn_5_what_is_kept_of_one_person_is_told_and_erased() {
    let mut house = House::new();
    let server = house.tenant.server();
    let (page, neighbour) = (house.page(&house.user), house.page("bert"));
    let said = format!("I am {}", house.user);
    page.caller
        .call("POST", "/v1/chat/completions")
        .header("idempotency-key", "k-1")
        .json(&chat(&said))
        .send()
        .expect(200);
    page.caller.post("/v1/chat/completions", &chat("Hello")).expect(200);
    neighbour.caller.post("/v1/chat/completions", &chat("Hello")).expect(200);
    Books(&server).settled_money();
    let (anna, bert) = (json!({"user": house.user}), json!({"user": "bert"}));

    let told = eventually("all that there is", Duration::from_secs(20), || {
        house.maintain();
        let told = house.export(anna.clone());
        (told.entries.len() == 3 && told.entries.iter().all(|entry| entry["seq"].is_u64()) && !told.events.is_empty())
            .then_some(told)
    });
    assert_eq!((told.sessions.len(), told.consents.len()), (1, 0));
    assert_eq!((&told.sessions[0]["id"], &told.sessions[0]["status"]), (&json!(page.id), &json!("active")));
    assert!(told.entries.iter().all(|entry| entry["session_id"] == page.id.as_str()), "{told:?}");
    assert_eq!(told.events[0]["type"], "session.started");
    assert_eq!(house.export(json!({"session_id": page.id})), told, "by session as by name");
    let others = house.export(bert.clone());
    assert_eq!(others.entries.len(), 2);
    let consents = house.export(json!({"subject": house.subject})).consents;
    assert_eq!((consents.len(), &consents[0]["subject"]), (1, &json!(house.subject)));
    assert!(house.export(json!({"user": "nobody"})).is_empty());

    // Who may: the tenant's own server, and the operator who names it.
    let other = Tenant::new(&house.gate, json!({}));
    for body in [&anna, &json!({"session_id": page.id}), &json!({"subject": house.subject})] {
        for path in [EXPORTS, ERASURES] {
            for caller in [house.gate.stranger(), house.tenant.visitor(), page.caller.clone()] {
                assert!(matches!(caller.post(path, body).status, 401 | 403), "{path}");
            }
            assert_eq!(house.gate.admin().post(path, body).refused(400, "invalid_request")["param"], "tenant");
            let named = format!("{path}?tenant={}", house.tenant.id);
            assert_eq!(other.server().post(&named, body).refused(403, "forbidden")["code"], "wrong_tenant");
        }
        let foreign = other.server().post(EXPORTS, body).expect(200);
        for list in ["sessions", "consents", "events", "entries"] {
            assert_eq!(foreign[list], json!([]), "{list}");
        }
        house.gate.admin().post(&format!("{EXPORTS}?tenant={}", house.tenant.id), body).expect(200);
    }
    for path in [EXPORTS, ERASURES] {
        for body in [json!({}), json!({"user": "a", "subject": "b"})] {
            assert_eq!(server.post(path, &body).refused(400, "invalid_request")["param"], "body");
        }
    }

    // What others hold of the log.
    let log = Log::of(server.clone());
    let seen = log.checkpoint();
    let leaves = log.leaves(&seen);
    let id = told.entries[0]["limit_check_id"].as_str().expect("an id").to_owned();
    let held: tlog::Receipt = eventually("a receipt", Duration::from_secs(10), || {
        let answer = server.get(&format!("/v1/audit/entries/{id}/proof"));
        (answer.status == 200).then(|| answer.text().parse().expect("a receipt"))
    });

    // Asked for while the session goes on, it is erased when that has ended.
    let asked = house.erase(&anna);
    assert_eq!((&asked["status"], &asked["erased"]["sessions"]), (&json!("pending"), &json!(0)), "{asked}");
    let path = format!("{ERASURES}/{}", asked["id"].as_str().expect("an id"));
    other.server().get(&path).refused(404, "not_found");
    page.caller.post("/v1/chat/completions", &chat("Still here")).expect(200);
    Books(&server).settled_money();
    house.maintain();
    assert_eq!(house.export(anna.clone()).sessions.len(), 1, "it goes on");
    page.end().expect(204);
    house.gone(&anna);
    house.gone(&json!({"session_id": page.id}));
    house.counted(&path, 5);
    server.get(&format!("/v1/sessions/{}", page.id)).refused(404, "not_found");
    assert_eq!(house.export(bert).entries, others.entries, "nobody else's");

    // The one who consented: no name any more, and no twin that rests on it.
    let subject = json!({"subject": house.subject});
    let done = house.erase(&subject);
    assert_eq!((&done["status"], &done["erased"]["consents"]), (&json!("done"), &json!(1)), "{done}");
    assert!(house.export(subject.clone()).is_empty());
    let consent = server.get(&format!("/v1/twins/{}/consents", house.tenant.id)).expect(200)["consents"][0].clone();
    assert_eq!((&consent["id"], &consent["purpose"]), (&consents[0]["id"], &json!("hosting")));
    assert_eq!((&consent["evidence_sha256"], &consent["active"]), (&json!("ab".repeat(32)), &json!(false)));
    assert_eq!(consent["subject"], "");
    let token = house.issuer.token(json!({}));
    let body = json!({"channel": "widget", "consent": true, "user_token": token});
    assert_eq!(house.tenant.open_session(&body).refused(403, "forbidden")["code"], "consent_revoked");
    neighbour.tick("chat").refused(401, "unauthenticated");
    // Again, there is nothing to erase.
    let again = house.erase(&subject);
    assert_eq!((&again["status"], &again["erased"]["consents"]), (&json!("done"), &json!(0)));

    // What was held still holds: leaves, receipts, sums.
    Books(&server).settled_money();
    let now = eventually("a checkpoint of more", Duration::from_secs(20), || {
        house.maintain();
        Some(log.checkpoint()).filter(|now| now.size > seen.size)
    });
    log.assert_extends(&seen, &now);
    let fresh = Log::of(server.clone());
    assert_eq!(fresh.leaves(&now)[..leaves.len()], leaves);
    let entry = server.get(&format!("/v1/audit/entries/{id}")).expect(200);
    assert!(entry["session_id"].is_null() && entry["request_id"].is_null(), "{entry}");
    assert!(held.verify(&leaf(&entry), &log.key).is_ok());
    fresh.assert_proven(&entry);
    house.gate.verify();
    assert_nowhere(&house.gate, &[&house.user, &house.subject], &house.tenant.id);
    house.gate.stop_and_verify();
    assert_nowhere(&house.gate, &[&house.user, &house.subject], &house.tenant.id);
}

#[test]
fn aud_4_a_killed_gate_goes_on_erasing_a_person() {
    let mut house = House::new();
    let anna = json!({"user": house.user});
    let pages: Vec<Page> = (0..3).map(|_| house.page(&house.user)).collect();
    for page in &pages {
        page.caller.post("/v1/chat/completions", &chat("Hello")).expect(200);
        page.end().expect(204);
    }
    Books(&house.tenant.server()).settled_money();
    let ask = |caller: &Caller| {
        let call = caller.call("POST", ERASURES).header("idempotency-key", "erase-1");
        call.json(&json!({"user": house.user})).send().expect(202)
    };
    let asked = ask(&house.tenant.server());
    assert_eq!(ask(&house.tenant.server())["id"], asked["id"], "said twice, it is one");
    for pause in [0, 31, 3] {
        thread::sleep(Duration::from_secs(pause));
        house.maintain();
        house.gate.kill9();
        house.gate.restart();
    }
    house.gone(&anna);
    let path = format!("{ERASURES}/{}", asked["id"].as_str().expect("an id"));
    house.counted(&path, 9);
    house.gate.verify();
    house.gate.stop_and_verify();
}

#[test]
fn twn_5_a_tenant_has_a_hundred_erasures_under_way_and_no_more() {
    let house = House::new();
    let ask = |n: u32| {
        let path = format!("{ERASURES}?tenant={}", house.tenant.id);
        house.gate.admin().post(&path, &json!({"session_id": format!("ses_nobody_{n}")}))
    };
    for n in 0..100 {
        assert_eq!(ask(n).expect(202)["status"], "pending", "{n}");
    }
    let refused = ask(100);
    assert_eq!(refused.header("retry-after"), Some("60"));
    assert_eq!(refused.refused(429, "rate_limited")["code"], "too_many_erasures");
    // Nobody else is kept from asking.
    Tenant::new(&house.gate, json!({})).server().post(ERASURES, &json!({"session_id": "ses_nobody"})).expect(202);
}
