//! LIM-6, LIM-9: what happens to calls under way when a cap moves or the tenant goes.

use std::time::Duration;

use scenarios::amounts::SECOND;
use scenarios::tenant::{merge, permit_path, seconds};
use scenarios::{Answer, Books, Caller, Gate, Tenant, Value, eventually, json, nanos, unique, usd};

#[track_caller]
fn reserve(server: &Caller, units: i64, patch: Value) -> Answer {
    let mut body = seconds(units as u64);
    merge(&mut body, patch);
    server.post("/v1/preflight", &body)
}

#[track_caller]
fn id(answer: &Answer) -> String {
    answer.expect(200)["limit_check_id"].as_str().expect("a permit").to_owned()
}

#[track_caller]
fn settle(server: &Caller, id: &str, units: i64) {
    let used = json!({"units": units, "unit_type": "seconds"});
    let answer = server.post(&format!("{}/settle", permit_path(id)), &used).expect(200);
    assert_eq!(nanos(&answer["cost_amount"]), units * SECOND);
}

#[test]
fn lim_3_a_cap_that_is_lowered_below_the_usage_undoes_nothing() {
    let mut gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({"limits": {"monthly_cost_usd": usd(100 * SECOND)}}));
    let (server, admin) = (tenant.server(), gate.admin());
    let cap = |seconds: i64| {
        let limits = json!({"limits": {"monthly_cost_usd": usd(seconds * SECOND)}});
        admin.patch(&format!("/v1/tenants/{}", tenant.id), &limits).expect(200);
    };
    let money = || {
        let money = Books(&server).money();
        (
            money.cap.map(|cap| cap / SECOND),
            money.settled / SECOND,
            money.held / SECOND,
            money.remaining.map(|left| left / SECOND),
        )
    };
    let [spent, held] = [30, 20].map(|units| id(&reserve(&server, units, json!({}))));
    settle(&server, &spent, 30);
    assert_eq!(money(), (Some(100), 30, 20, Some(50)));

    cap(10);
    assert_eq!(money(), (Some(10), 30, 20, Some(0)), "the usage is what it was");
    assert_eq!(reserve(&server, 1, json!({})).refused(402, "hard_cap")["code"], "monthly_cap");
    // Who has a permit keeps it.
    settle(&server, &held, 15);
    assert_eq!(money(), (Some(10), 45, 0, Some(0)));
    gate.verify();

    cap(46);
    // Raised again, the next call passes at once, and to the unit.
    reserve(&server, 2, json!({})).refused(402, "hard_cap");
    settle(&server, &id(&reserve(&server, 1, json!({}))), 1);
    reserve(&server, 1, json!({})).refused(402, "hard_cap");
    cap(1_000);
    settle(&server, &id(&reserve(&server, 954, json!({}))), 954);
    cap(0);
    reserve(&server, 1, json!({})).refused(402, "hard_cap");
    assert_eq!(money(), (Some(0), 1_000, 0, Some(0)));
    gate.stop_and_verify();
}

#[test]
fn lim_4_a_burst_that_is_lowered_below_what_is_open_ends_nothing() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({"limits": {"burst": 3}}));
    let server = tenant.server();
    let burst = |burst: u64| {
        gate.admin().patch(&format!("/v1/tenants/{}", tenant.id), &json!({"limits": {"burst": burst}})).expect(200);
    };
    let held: Vec<String> = (0..3).map(|_| id(&reserve(&server, 1, json!({})))).collect();
    burst(1);
    reserve(&server, 1, json!({})).refused(429, "burst");
    settle(&server, &held[0], 1);
    settle(&server, &held[1], 1);
    reserve(&server, 1, json!({})).refused(429, "burst");
    burst(2);
    settle(&server, &id(&reserve(&server, 1, json!({}))), 1);
    settle(&server, &held[2], 1);
    assert_eq!(Books(&server).usage().open, 0);
}

#[test]
fn lim_6_a_deleted_tenants_holds_are_settled_all_the_same() {
    let mut gate = Gate::start();
    let company = unique("company-");
    let limits = json!({"limits": {"monthly_cost_usd": usd(100 * SECOND), "burst": 3}});
    gate.admin().put(&format!("/v1/companies/{company}"), &limits).done();
    let [gone, stays] = [(); 2].map(|()| Tenant::new(&gate, json!({"company": company})));
    let (server, other) = (gone.server(), stays.server());
    let page = gone.page();
    // The server's are charged in full once their time is over; the page's can't have used anything.
    let by_server: Vec<String> = (0..2).map(|_| id(&reserve(&server, 20, json!({"hold_s": 3})))).collect();
    let by_page = id(&reserve(&page.caller, 30, json!({"hold_s": 3})));
    reserve(&other, 1, json!({})).refused(429, "burst");

    gate.admin().delete(&format!("/v1/tenants/{}", gone.id)).expect(204);
    for caller in [&server, &page.caller] {
        let answer = caller.delete(&permit_path(&by_server[0]));
        answer.refused(401, "unauthenticated");
        reserve(caller, 1, json!({})).refused(401, "unauthenticated");
    }
    gate.admin().get(&format!("/v1/tenants/{}", gone.id)).refused(404, "not_found");

    let freed = || Some(Books(&other).usage().company).filter(|company| company.held == 0);
    let money = eventually("the company to hold nothing", Duration::from_secs(20), freed);
    assert_eq!(money.settled, 40 * SECOND, "{money:?}");
    for permit in &by_server {
        let entry = Books(&gate.admin()).entry(permit);
        assert_eq!((&entry["settlement"], &entry["units_consumed"]), (&json!("full"), &json!(20)), "{entry}");
    }
    gate.admin().get(&format!("/v1/audit/entries/{by_page}")).refused(404, "not_found");
    // All three places are free for those who stay, and the money that was not spent.
    let held: Vec<String> = (0..3).map(|_| id(&reserve(&other, 20, json!({})))).collect();
    assert_eq!(held.len(), 3);
    held.iter().for_each(|permit| drop(other.delete(&permit_path(permit)).expect(204)));
    reserve(&other, 61, json!({})).refused(402, "hard_cap");
    gate.verify();
    gate.stop_and_verify();
}
