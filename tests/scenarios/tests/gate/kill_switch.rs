//! SES-6, LIM-3: whatever takes a visitor's right to go on ends the picture or the room at the vendor, at each vendor of
//! live sessions, within one tick and five seconds; also when the gate was killed in between.
//!
//! The three vendors run side by side in each test, for what they wait for is the same.

use std::thread::sleep;
use std::time::{Duration, Instant};

use scenarios::amounts::SECOND;
use scenarios::{Gate, Mocks, Page, Tenant, Value, json, usd};

use crate::house::{self, HEYGEN_SECOND, LIVEKIT_SECOND, assert_all_ended, live, settled};

const VENDORS: [&str; 3] = ["tavus", "heygen", "livekit"];
/// By which path each is told to end it.
const ENDS: [&str; 3] = ["/end", "/stop", "/DeleteRoom"];
/// A page ticks this often, and may be late by ten seconds.
const TICK: Duration = Duration::from_secs(15);
/// One tick and five seconds: so long after the reason has come, the vendor must have ended it.
const KILL: Duration = Duration::from_secs(20);

/// One visitor in a live session.
struct Visit {
    vendor: &'static str,
    tenant: Tenant,
    page: Page,
    started: Instant,
}

impl Visit {
    /// Begins one; `patch` changes the tenant's record.
    #[track_caller]
    fn begin(gate: &Gate, vendor: &'static str, patch: Value) -> Self {
        let tenant = house::tenant(gate, Mocks::shared(), vendor, patch, json!({}));
        let page = tenant.page();
        let path = if vendor == "livekit" { "/v1/realtime/tokens" } else { "/v1/video/sessions" };
        let started = Instant::now();
        let answer = page.caller.post(path, &json!({"provider": vendor})).expect(201);
        assert_eq!(answer["provider"], vendor, "{answer}");
        assert_eq!(live(Mocks::shared(), &tenant), ["active"], "{vendor}");
        Self { vendor, tenant, page, started }
    }

    #[track_caller]
    fn all(gate: &Gate) -> Vec<Self> {
        VENDORS.map(|vendor| Self::begin(gate, vendor, json!({}))).into()
    }

    fn is_running(&self) -> bool {
        live(Mocks::shared(), &self.tenant) == ["active"]
    }

    /// The vendor has ended it, and what it cost is settled.
    #[track_caller]
    fn assert_killed(&self, gate: &Gate, within: Duration) {
        assert_all_ended(Mocks::shared(), &self.tenant, within);
        let paid = settled(&self.tenant.moved_to(gate).server());
        let (second, most) = price(self.vendor);
        assert!(paid > 0 && paid <= most * second, "{}: {paid}", self.vendor);
    }

    /// How long until its end, for want of a tick, would come too late: a tick and five seconds after the missed one.
    fn until_late(&self) -> Duration {
        (TICK + KILL).saturating_sub(self.started.elapsed())
    }

    fn moved_to(self, gate: &Gate) -> Self {
        let caller = self.tenant.moved_to(gate).visitor().with_bearer(&self.page.token);
        Self { page: Page { caller, ..self.page }, ..self }
    }
}

/// The price of a second, and the most seconds that one tick reserves.
fn price(vendor: &str) -> (i64, i64) {
    match vendor {
        "heygen" => (HEYGEN_SECOND, 60),
        "livekit" => (LIVEKIT_SECOND, 60),
        // A tick, ten seconds of grace and five to end it.
        _ => (SECOND, 30),
    }
}

#[test]
fn ses_6_a_cap_that_is_reached_at_a_tick_ends_it() {
    let gate = house::gate();
    for vendor in VENDORS {
        // As much as the first tick reserves, and half a second more.
        let (second, most) = price(vendor);
        let cap = usd(second * most + second / 2);
        let visit = Visit::begin(gate, vendor, json!({"limits": {"monthly_cost_usd": cap}}));
        sleep(Duration::from_millis(1_100));
        assert!(visit.is_running());
        let denied = visit.page.tick("video").refused(402, "hard_cap");
        assert_eq!(denied["code"], "monthly_cap", "{vendor}: {denied}");
        // The refusal itself ends it: nobody has to come by.
        visit.assert_killed(gate, Duration::from_secs(5));
        // What is left of the money is not enough for another.
        let path = if vendor == "livekit" { "/v1/realtime/tokens" } else { "/v1/video/sessions" };
        visit.page.caller.post(path, &json!({"provider": vendor})).refused(402, "hard_cap");
    }
}

/// Slow on purpose: it waits for a tick that never comes.
#[test]
fn ses_6_a_missed_tick_ends_it() {
    let gate = house::gate();
    let visits = Visit::all(gate);
    // One that ticks goes on.
    let ticking = Visit::begin(gate, "heygen", json!({}));
    sleep(TICK);
    ticking.page.tick("video").expect(200);
    for visit in &visits {
        assert!(visit.is_running(), "{}: a tick may be late", visit.vendor);
    }
    for visit in &visits {
        visit.assert_killed(gate, visit.until_late());
        visit.page.tick("video").refused(401, "unauthenticated");
    }
    assert!(ticking.is_running(), "who ticks may stay");
    ticking.page.end().expect(204);
}

#[test]
fn ses_6_a_session_that_its_server_revokes_ends_it() {
    let gate = house::gate();
    for visit in Visit::all(gate) {
        let server = visit.tenant.server();
        server.delete(&format!("/v1/sessions/{}", visit.page.id)).expect(204);
        visit.assert_killed(gate, Duration::from_secs(5));
        let session = server.get(&format!("/v1/sessions/{}", visit.page.id)).expect(200);
        assert_eq!((&session["status"], &session["ended_by"]), (&json!("ended"), &json!("revoked")), "{session}");
        visit.page.tick("video").refused(401, "unauthenticated");
    }
}

#[test]
fn ses_6_a_deleted_tenant_ends_it() {
    let gate = house::gate();
    let visits = Visit::all(gate);
    for visit in &visits {
        gate.admin().delete(&format!("/v1/tenants/{}", visit.tenant.id)).expect(204);
    }
    for visit in &visits {
        assert_all_ended(Mocks::shared(), &visit.tenant, KILL);
        visit.page.tick("video").refused(401, "unauthenticated");
    }
}

/// The vendor fails to end it at first, as when it is being deployed.
#[test]
fn ses_6_an_end_that_fails_is_tried_again() {
    let gate = house::gate();
    let visits = Visit::all(gate);
    for (visit, path) in visits.iter().zip(ENDS) {
        house::fault(Mocks::shared(), &visit.tenant, json!({"status": 503, "path": path, "times": 1}));
        visit.page.end();
        assert!(visit.is_running(), "{}: it refused to end it", visit.vendor);
    }
    for visit in &visits {
        visit.assert_killed(gate, KILL);
    }
}

/// Slow on purpose: the tick is missed after the gate was killed.
#[test]
fn ses_6_a_missed_tick_ends_it_after_the_gate_was_killed() {
    let mut gate = Gate::start();
    house::price(&gate);
    let visits = Visit::all(&gate);
    gate.kill9();
    for visit in &visits {
        assert!(visit.is_running(), "{}: nobody has ended it", visit.vendor);
    }
    gate.restart();
    for visit in visits.into_iter().map(|visit| visit.moved_to(&gate)) {
        visit.assert_killed(&gate, visit.until_late());
        visit.page.tick("video").refused(401, "unauthenticated");
    }
}

/// Revoked, and killed before the vendor could be told; or killed first and revoked afterwards.
#[test]
fn ses_6_a_revoked_session_ends_it_though_the_gate_was_killed() {
    let mut gate = Gate::start();
    house::price(&gate);
    let visits = Visit::all(&gate);
    let later = Visit::all(&gate);
    for (visit, path) in visits.iter().zip(ENDS) {
        // The vendor doesn't answer: the gate is killed while it waits.
        house::fault(Mocks::shared(), &visit.tenant, json!({"hang": true, "path": path, "times": 1}));
    }
    std::thread::scope(|scope| {
        for visit in &visits {
            scope.spawn(|| {
                let path = format!("/v1/sessions/{}", visit.page.id);
                drop(visit.tenant.server().call("DELETE", &path).try_send());
            });
        }
        for (visit, path) in visits.iter().zip(ENDS) {
            Mocks::shared().call_when(&visit.tenant, path, Duration::from_secs(4), |_| true);
        }
        gate.kill9();
    });
    for visit in &visits {
        assert!(visit.is_running(), "{}: the vendor has not ended it", visit.vendor);
    }
    gate.restart();
    for visit in later.into_iter().map(|visit| visit.moved_to(&gate)) {
        let server = visit.tenant.moved_to(&gate).server();
        server.delete(&format!("/v1/sessions/{}", visit.page.id)).expect(204);
        visit.assert_killed(&gate, Duration::from_secs(5));
    }
    for visit in visits.into_iter().map(|visit| visit.moved_to(&gate)) {
        visit.assert_killed(&gate, KILL);
        visit.page.tick("video").refused(401, "unauthenticated");
    }
}
