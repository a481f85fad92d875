//! OPS-1, LIM-2: a tenant's days, and the deployment's: what was settled on each, and what was denied.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use calendar::{DAY, Millis};
use scenarios::amounts::{SECOND, nanos};
use scenarios::tenant::{permit_path, seconds};
use scenarios::{Answer, Books, Caller, Gate, Mocks, Tenant, Value, eventually, json};

const PATH: &str = "/v1/usage/days";

/// The UTC day `back` days ago, by the machine's clock.
fn day(back: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time since 1970").as_millis();
    Millis(now as u64 - back * DAY).day()
}

fn days(caller: &Caller, query: &str) -> Vec<Value> {
    let answer = caller.get(&format!("{PATH}{query}")).expect(200);
    answer["days"].as_array().unwrap_or_else(|| panic!("no days in {answer}")).clone()
}

#[track_caller]
fn interaction(server: &Caller, units: u64) -> String {
    let permit = server.post("/v1/preflight", &seconds(units)).expect(200);
    let id = permit["limit_check_id"].as_str().unwrap_or_else(|| panic!("{permit}")).to_owned();
    server.post(&format!("{}/settle", permit_path(&id)), &json!({"units": units, "unit_type": "seconds"})).expect(200);
    id
}

fn sum(days: &[Value], field: &str) -> i64 {
    days.iter().map(|day| if field == "cost_usd" { nanos(&day[field]) } else { day[field].as_i64().unwrap() }).sum()
}

#[test]
fn lim_2_the_days_of_a_month_come_to_what_usage_shows_of_it() {
    let gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let other = Tenant::at(&gate, Mocks::shared(), json!({}));
    let server = tenant.server();
    let first = interaction(&server, 30);
    interaction(&server, 12);
    interaction(&other.server(), 5);
    let correction = json!({"limit_check_id": first, "cost_usd": "-0.01", "reason": "a credit note"});
    gate.admin().post("/v1/audit/corrections", &correction).expect(201);
    tenant.page().caller.post("/v1/chat/completions", &scenarios::tenant::chat("Hello")).expect(200);
    let books = Books(&server);
    let settled = books.settled_money().settled;

    // From the first of the month on, or from yesterday where it has just begun.
    let from = format!("{}-01", &day(1)[..7]);
    let check = |caller: &Caller, query: &str, expected: i64, entries: i64| {
        let shown = days(caller, query);
        assert_eq!((sum(&shown, "cost_usd"), sum(&shown, "entries")), (expected, entries), "{shown:?}");
        let dates: Vec<&str> = shown.iter().map(|day| day["day"].as_str().expect("a day")).collect();
        assert!(dates.is_sorted() && dates[0] == from && dates.last() == Some(&day(0).as_str()), "{dates:?}");
    };
    let of = format!("&tenant={}", tenant.id);
    for _ in 0..2 {
        check(&server, &format!("?from={from}"), settled, 4);
        check(&gate.admin(), &format!("?from={from}{of}"), settled, 4);
        check(&gate.admin(), &format!("?from={from}"), settled + 5 * SECOND, 5);
        // Staged at first; with their numbers the second time.
        eventually("everything to have its number", Duration::from_secs(10), || {
            gate.maintain();
            books.entries().iter().all(|entry| entry["seq"].is_u64()).then_some(())
        });
    }
    let usage = server.get("/v1/usage").expect(200);
    let shown = days(&server, &format!("?from={from}"));
    for (capability, month) in usage["by_capability"].as_object().expect("capabilities") {
        let parts: Vec<Value> = shown.iter().map(|day| day["by_capability"][capability].clone()).collect();
        let parts: Vec<Value> = parts.into_iter().filter(|part| !part.is_null()).collect();
        assert_eq!(sum(&parts, "cost_usd"), nanos(&month["cost_usd"]), "{capability}: {shown:?}");
        for (unit, count) in month["units"].as_object().expect("units") {
            let units: i64 = parts.iter().map(|part| part["units"][unit].as_i64().unwrap_or(0)).sum();
            assert_eq!(units, count.as_i64().unwrap(), "{capability} {unit}: {shown:?}");
        }
    }
    let zero = json!({"day": shown[0]["day"], "cost_usd": "0.00", "entries": 0, "by_capability": {}, "denials": {}});
    assert!(day(0).ends_with("-01") || shown[0] == zero, "{shown:?}");
}

#[test]
fn ops_1_denials_of_a_tenant_are_shown_by_day_and_reason() {
    let gate = Gate::start();
    let capped = Tenant::new(&gate, json!({"limits": {"monthly_cost_usd": scenarios::usd(SECOND)}}));
    let rated = Tenant::new(&gate, json!({"limits": {"requests_per_minute": 1, "request_burst": 1}}));
    let quiet = Tenant::new(&gate, json!({}));
    let began = day(0);
    for _ in 0..3 {
        capped.server().post("/v1/preflight", &seconds(10)).refused(402, "hard_cap");
    }
    let asked: Vec<Answer> = (0..4).map(|_| rated.server().post("/v1/preflight", &seconds(1))).collect();
    let limited = asked.iter().filter(|answer| answer.status == 429).count();
    assert!(limited > 0);
    if day(0) != began {
        // Midnight came between: the sums of both days are what counts, and the next run shows them on one.
        return;
    }
    let denials = |caller: &Caller, query: &str| days(caller, query).pop().expect("today")["denials"].clone();
    assert_eq!(denials(&capped.server(), ""), json!({"monthly_cap": 3}));
    assert_eq!(denials(&rated.server(), ""), json!({"requests_per_minute": limited}));
    assert_eq!(denials(&quiet.server(), ""), json!({}));
    assert_eq!(denials(&gate.admin(), &format!("?tenant={}", capped.id)), json!({"monthly_cap": 3}));
    assert_eq!(denials(&gate.admin(), ""), json!({"monthly_cap": 3, "requests_per_minute": limited}));
    // They are forgotten after 40 days, and then nobody says that there were none.
    let old = days(&gate.admin(), &format!("?from={}&to={}&tenant={}", day(50), day(30), capped.id));
    assert_eq!((old.len(), &old[0]["denials"], &old[20]["denials"]), (21, &Value::Null, &json!({})));
}

#[test]
fn ops_1_days_are_shown_to_whom_they_belong_and_within_bounds() {
    let gate = Gate::shared();
    let (tenant, other) = (Tenant::at(gate, Mocks::shared(), json!({})), Tenant::new(gate, json!({})));
    let (server, admin) = (tenant.server(), gate.admin());
    let refused = |caller: &Caller, query: &str, status: u16, kind: &str, param: &str| {
        let error = caller.get(&format!("{PATH}{query}")).refused(status, kind);
        assert_eq!(error["param"].as_str().unwrap_or_default(), param, "{query}: {error}");
    };
    refused(&server, &format!("?tenant={}", other.id), 403, "forbidden", "tenant");
    refused(&tenant.page().caller, "", 403, "forbidden", "");
    refused(&tenant.visitor(), "", 401, "unauthenticated", "");
    refused(&gate.stranger(), "", 401, "unauthenticated", "");
    refused(&admin, "?tenant=nobody-at-all", 404, "not_found", "");
    refused(&admin, "?tenant=_all", 404, "not_found", "");
    for bad in ["2026-02-30", "yesterday", "", "2026-1-1", "2026-11-21T00:00:00Z"] {
        refused(&server, &format!("?from={bad}"), 400, "invalid_request", "from");
        refused(&server, &format!("?to={bad}"), 400, "invalid_request", "to");
    }
    refused(&server, &format!("?from={}", day(92)), 400, "invalid_request", "from");
    refused(&server, &format!("?from={}&to={}", day(3), day(4)), 400, "invalid_request", "from");
    server.post(PATH, &json!({})).refused(405, "method_not_allowed");
    server.get("/v1/usage/weeks").refused(404, "not_found");
    let empty = server.get(&format!("{PATH}?tenant={}", tenant.id)).expect(200);
    let (from, to) = (day(29), day(0));
    assert_eq!((&empty["tenant_id"], &empty["from"], &empty["to"]), (&json!(tenant.id), &json!(from), &json!(to)));
    assert_eq!(empty["days"].as_array().map(Vec::len), Some(30));
    assert!(admin.get(PATH).expect(200)["tenant_id"].is_null());
    // Bounded work: the longest span, again and again.
    let path = format!("{PATH}?from={}", day(91));
    let fastest = (0..10).map(|_| {
        let started = Instant::now();
        assert_eq!(server.get(&path).expect(200)["days"].as_array().map(Vec::len), Some(92));
        started.elapsed()
    });
    let fastest = fastest.min().expect("ten");
    println!("92 days: {fastest:?}");
    assert!(fastest < Duration::from_millis(250), "{fastest:?}");
}
