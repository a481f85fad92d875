//! WHK-4, SES-6: a live session costs what its vendor says that it lasted, whenever the vendor says so.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use scenarios::amounts::SECOND;
use scenarios::tenant::Page;
use scenarios::{Books, Gate, Mocks, Tenant, Value, eventually, json};

/// A gate whose vendors' reports don't arrive, but for those that the test brings.
fn gate() -> Gate {
    let nowhere = r#"public_url = { default = "http://127.0.0.1:9" }"#;
    Gate::start_changed(|manifest| {
        assert!(manifest.contains(r#"public_url = { default = "" }"#));
        manifest.replace(r#"public_url = { default = "" }"#, nowhere)
    })
}

/// A conversation of a page.
struct Talk<'a> {
    gate: &'a Gate,
    tenant: Tenant,
    page: Page,
    id: String,
    began: u64,
}

impl<'a> Talk<'a> {
    #[track_caller]
    fn start(gate: &'a Gate, patch: Value) -> Self {
        let tenant = Tenant::at(gate, Mocks::shared(), patch);
        let page = tenant.page();
        let before = now_ms();
        let started = page.caller.post("/v1/video/sessions", &json!({"persona": "p1"})).expect(201);
        assert!(now_ms() - before < 900, "too slow a machine for whole seconds");
        let id = started["id"].as_str().expect("an id").to_owned();
        Self { gate, tenant, page, id, began: now_ms() }
    }

    #[track_caller]
    fn end(&self) {
        self.page.caller.delete(&format!("/v1/video/sessions/{}", self.id)).expect(204);
    }

    /// The vendor reports that it ended so long after it had begun.
    #[track_caller]
    fn report(&self, ended_after_ms: u64) -> Value {
        self.report_at(Some(ended_after_ms))
    }

    /// The vendor reports that it ended, and may not say when.
    #[track_caller]
    fn report_at(&self, ended_after_ms: Option<u64>) -> Value {
        let call = Mocks::shared().calls_of(&self.tenant)[0].clone();
        let callback = call["body"]["callback_url"].as_str().unwrap_or_else(|| panic!("no callback_url in {call}"));
        let (_, query) = callback.split_once('?').unwrap_or_else(|| panic!("no token in {callback}"));
        let mut event = json!({"event_type": "system.shutdown", "conversation_id": self.conversation(),
            "message_type": "system", "properties": {"shutdown_reason": "participant_left_timeout"}});
        if let Some(at) = ended_after_ms.map(|after| self.began + after) {
            event["timestamp"] = json!(format!("{}.{:03}", at / 1_000, at % 1_000));
        }
        let stranger = self.gate.stranger();
        let path = format!("/v1/webhooks/tavus/{}?{query}", self.tenant.id);
        stranger.call("POST", &path).json(&event).send().expect(200)["status"].clone()
    }

    /// The vendor's own id.
    fn conversation(&self) -> Value {
        let all =
            Mocks::shared().control().call("GET", "/tavus/v2/conversations").header("x-api-key", "scenario").send();
        let is_own = |one: &&Value| one["callback_url"].as_str().is_some_and(|url| url.contains(&self.tenant.id));
        let all = all.expect(200);
        all["data"].as_array().unwrap().iter().find(is_own).expect("a conversation")["conversation_id"].clone()
    }

    /// Log, usage and invoice say that it lasted so many seconds, with so many corrections; and the books balance.
    #[track_caller]
    fn assert_lasted(&self, seconds: i64, corrections: usize) -> Vec<Value> {
        let server = self.tenant.server();
        let books = Books(&server);
        eventually(&format!("{seconds} seconds"), Duration::from_secs(10), || {
            let usage = books.usage();
            (usage.tenant.held == 0 && usage.tenant.settled == seconds * SECOND).then_some(())
        });
        let entries = books.entries();
        let sum: i64 = entries.iter().map(|entry| entry["cost_nanos"].as_i64().unwrap()).sum();
        assert_eq!(sum, seconds * SECOND, "{entries:?}");
        let is_correction = |entry: &&Value| entry["event_type"] == "CORRECTION";
        let made: Vec<Value> = entries.iter().filter(is_correction).cloned().collect();
        assert_eq!(made.len(), corrections, "{made:?}");
        let month = entries[0]["at"].as_str().unwrap()[..7].to_owned();
        let invoice = server.get(&format!("/v1/audit/invoices/{month}")).expect(200);
        assert_eq!(invoice["total_nanos"], sum, "{invoice}");
        self.gate.verify();
        made
    }

    /// What the tenant's server is told.
    #[track_caller]
    fn told(&self, kind: &str) -> Vec<Value> {
        let page = self.tenant.server().get("/v1/events").expect(200);
        let all = page["events"].as_array().unwrap_or_else(|| panic!("{page}")).clone();
        all.into_iter().filter(|event| event["type"] == kind).collect()
    }
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_millis()).expect("soon enough")
}

#[test]
fn whk_4_an_end_that_is_reported_in_time_is_the_end() {
    let gate = gate();
    let talk = Talk::start(&gate, json!({}));
    sleep(Duration::from_millis(4_500));
    assert_eq!(talk.report(1_050), "accepted");
    talk.assert_lasted(2, 0);
    let told = eventually("the news of it", Duration::from_secs(5), || talk.told("live.ended").pop());
    assert_eq!(
        (&told["data"]["live_session"], &told["data"]["provider"]),
        (&json!(talk.id), &json!("tavus")),
        "{told}"
    );
    // What comes later about the same session changes nothing.
    talk.report(2_500);
    sleep(Duration::from_secs(2));
    talk.assert_lasted(2, 0);
}

#[test]
fn whk_4_an_end_before_the_last_ticks_is_found_out_when_it_is_reported() {
    let gate = gate();
    let talk = Talk::start(&gate, json!({}));
    for _ in 0..2 {
        sleep(Duration::from_millis(2_000));
        talk.page.tick("video").expect(200);
    }
    assert_eq!(talk.report(1_050), "accepted");
    // The second stretch was not used at all, and the first one not as a whole; the last one was not paid yet.
    let made = talk.assert_lasted(2, 2);
    let used: Vec<&Value> = made.iter().map(|entry| &entry["details"]["used"]).collect();
    assert!(used.contains(&&json!("0 seconds")) && used.contains(&&json!("2 seconds")), "{made:?}");
}

#[test]
fn whk_4_a_report_after_the_kill_switch_corrects_what_was_paid() {
    let gate = gate();
    let talk = Talk::start(&gate, json!({"limits": {"monthly_cost_usd": "0.034"}}));
    sleep(Duration::from_millis(4_000));
    assert_eq!(talk.page.tick("video").refused(402, "hard_cap")["code"], "monthly_cap");
    let server = talk.tenant.server();
    assert!(Books(&server).settled_money().settled > 3 * SECOND);
    assert_eq!(talk.told("limit.denied").len(), 1);

    assert_eq!(talk.report(1_050), "accepted");
    eventually("the correction", Duration::from_secs(10), || {
        (Books(&server).settled_money().settled == 2 * SECOND).then_some(())
    });
    let made = talk.assert_lasted(2, 1);
    let details = &made[0]["details"];
    assert_eq!(
        (&details["reason"], &details["used"]),
        (&json!("tavus reported when the session ended"), &json!("2 seconds"))
    );
    assert_eq!(talk.told("log.corrected").len(), 1);
    // Said once more, it changes nothing.
    talk.report(1_050);
    sleep(Duration::from_secs(2));
    talk.assert_lasted(2, 1);
}

#[test]
fn whk_4_a_vendor_that_went_on_is_paid() {
    let gate = gate();
    let talk = Talk::start(&gate, json!({}));
    sleep(Duration::from_millis(1_050));
    talk.end();
    let server = talk.tenant.server();
    let first = Books(&server).settled_money().settled / SECOND;
    assert!((2..=3).contains(&first), "{first}");
    // A little later than the gate ended it: that is how long it takes.
    sleep(Duration::from_millis(8_500));
    assert_eq!(talk.report(9_050), "accepted");
    talk.assert_lasted(10, 1);
}

/// By then the vendor has long ended it, as it was told to.
#[test]
fn whk_4_a_report_without_a_time_that_comes_late_charges_nothing() {
    let gate = gate();
    let talk = Talk::start(&gate, json!({}));
    sleep(Duration::from_millis(1_050));
    talk.end();
    let first = Books(&talk.tenant.server()).settled_money().settled / SECOND;
    assert!((2..=3).contains(&first), "{first}");
    sleep(Duration::from_millis(8_500));
    assert_eq!(talk.report_at(None), "accepted");
    sleep(Duration::from_secs(4));
    talk.assert_lasted(first, 0);
    // Its own time counts, whenever it comes.
    assert_eq!(talk.report(8_050), "accepted");
    talk.assert_lasted(9, 1);
}
