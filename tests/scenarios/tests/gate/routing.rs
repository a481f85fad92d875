//! RTR-1, RTR-3: a route finds its vendor by score, and says how it fares.

use std::time::Duration;

use scenarios::{Answer, Books, Tenant, Value, eventually, json};

use crate::many_vendors::{ANTHROPIC, DEEPSEEK, GEMINI, OPENAI, Vendor, ask, calls_to, fault, gate, tenant};

pub const WORDS: &str = "I can't think just now. Please come back in a while.";

pub fn rungs(vendors: &[Vendor]) -> Value {
    vendors.iter().map(|vendor| json!({"provider": vendor.name, "model": vendor.model})).collect()
}

pub fn in_order(vendors: &[Vendor]) -> Value {
    json!({"pick": "order", "rungs": rungs(vendors)})
}

pub fn by_score(vendors: &[Vendor], [latency, cost, capability]: [u32; 3]) -> Value {
    json!({"rungs": rungs(vendors), "weights": {"latency": latency, "cost": cost, "capability": capability}})
}

/// `auto` by score, and `fast` in order with a template.
pub fn two_routes() -> Value {
    let mut fast = in_order(&[OPENAI, ANTHROPIC, GEMINI]);
    fast["template"] = json!(WORDS);
    json!({"routes": {"auto": by_score(&[OPENAI, ANTHROPIC, GEMINI], [3, 4, 3]), "fast": fast}})
}

pub fn post(tenant: &Tenant, body: &Value) -> Answer {
    tenant.server().post("/v1/chat/completions", body)
}

/// Who answered, on which rung of which route.
#[track_caller]
pub fn answered_by(answer: &Answer) -> (String, String, String) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let header = |name: &str| answer.header(name).unwrap_or_else(|| panic!("no {name} in {answer:?}")).to_owned();
    let decision: u64 = header("x-tollgate-decision-us").parse().expect("a number");
    assert!(decision < 5_000_000, "{decision} us");
    (header("x-tollgate-provider"), header("x-tollgate-rung"), header("x-tollgate-route"))
}

#[track_caller]
pub fn check_answer(tenant: &Tenant, route: &str, provider: Vendor, rung: usize) -> Answer {
    let answer = post(tenant, &ask(route, "Hello"));
    let expected = (provider.name.to_owned(), rung.to_string(), route.to_owned());
    assert_eq!(answered_by(&answer), expected);
    assert_eq!(answer.header("x-tollgate-model"), Some(provider.model));
    answer
}

/// Nothing is held or open; gives what was settled and how many entries there are.
#[track_caller]
pub fn books(tenant: &Tenant) -> (i64, usize) {
    let server = tenant.server();
    let books = Books(&server);
    let money = books.settled_money();
    eventually("no open permit", Duration::from_secs(10), || (books.usage().open == 0).then_some(()));
    gate().maintain();
    (money.settled, books.entries().len())
}

/// The tenant's statistics, once they are about this many decisions.
#[track_caller]
fn health_of(tenant: &Tenant, decisions: u64) -> Value {
    let server = tenant.server();
    let health = || Some(server.get("/v1/router/health").expect(200)).filter(|health| health["decisions"] == decisions);
    eventually(&format!("statistics of {decisions} decisions"), Duration::from_secs(10), health)
}

#[test]
fn rtr_1_the_cheapest_the_fastest_or_the_most_capable_as_the_weights_say() {
    let all = [OPENAI, ANTHROPIC, GEMINI];
    let tenant = tenant(json!({"routes": {
        "cheap": by_score(&[OPENAI, ANTHROPIC, GEMINI, DEEPSEEK], [0, 1, 0]),
        "capable": by_score(&[ANTHROPIC, OPENAI, GEMINI], [0, 0, 1]),
        "quick": by_score(&all, [1, 0, 0]),
        "only-openai": in_order(&[OPENAI]),
        "only-anthropic": in_order(&[ANTHROPIC]),
        "only-gemini": in_order(&[GEMINI]),
    }}));
    check_answer(&tenant, "cheap", DEEPSEEK, 0);
    check_answer(&tenant, "capable", ANTHROPIC, 0);
    check_answer(&tenant, "quick", OPENAI, 0);

    // Each vendor shows how fast it is. The statistics are summed up at every eighth decision.
    for (vendor, delay_ms) in [(OPENAI, 700), (GEMINI, 400)] {
        fault(&tenant, vendor, json!({"delay_ms": delay_ms}));
    }
    for route in ["only-openai", "only-anthropic", "only-gemini", "only-anthropic", "only-anthropic"] {
        post(&tenant, &ask(route, "Hello")).expect(200);
    }
    let health = health_of(&tenant, 8);
    let latency = |vendor: Vendor| {
        let id = format!("{}/{}", vendor.name, vendor.model);
        let candidates = health["candidates"].as_array().unwrap();
        let found = candidates.iter().find(|candidate| candidate["id"] == id.as_str());
        found.unwrap_or_else(|| panic!("no {id} in {health}"))["latency_ms"].as_u64().unwrap()
    };
    // One of the slow two was also asked once before it was slow.
    assert!(latency(OPENAI) >= 350 && latency(GEMINI) >= 400, "{health}");
    assert!(latency(ANTHROPIC) < latency(GEMINI).min(latency(OPENAI)), "{health}");
    check_answer(&tenant, "quick", ANTHROPIC, 0);
    check_answer(&tenant, "cheap", DEEPSEEK, 0);
}

#[test]
fn rtr_1_a_vendor_that_fails_falls_behind() {
    let mut route = by_score(&[OPENAI, ANTHROPIC], [0, 0, 1]);
    // A little better by its rank, so a few failures weigh more.
    route["rungs"][0]["rank"] = json!(9);
    route["rungs"][1]["rank"] = json!(10);
    let tenant = tenant(json!({"routes": {"auto": route}}));
    check_answer(&tenant, "auto", OPENAI, 0);
    fault(&tenant, OPENAI, json!({"status": 500, "times": 1}));
    check_answer(&tenant, "auto", ANTHROPIC, 1);
    // Half of its calls failed, and that is seen at once.
    health_of(&tenant, 2);
    check_answer(&tenant, "auto", ANTHROPIC, 0);
    assert_eq!(calls_to(&tenant, OPENAI).len(), 2, "it is not asked first any more");
}

#[test]
fn rtr_3_the_routers_health_is_told_to_whom_it_concerns() {
    let tenant = tenant(two_routes());
    let health = tenant.server().get("/v1/router/health").expect(200);
    assert_eq!((&health["status"], &health["decisions"]), (&json!("ok"), &json!(0)), "{health}");
    assert_eq!((&health["success_rate"], &health["fallback_rate"]), (&Value::Null, &Value::Null), "{health}");

    // Two decisions with their first vendor down, then two with none at all.
    fault(&tenant, OPENAI, json!({"status": 500}));
    for _ in 0..2 {
        check_answer(&tenant, "fast", ANTHROPIC, 1);
    }
    let health = health_of(&tenant, 2);
    assert_eq!(
        (&health["status"], &health["success_rate"], &health["fallback_rate"]),
        (&json!("degraded"), &json!(1.0), &json!(1.0)),
        "{health}"
    );
    for _ in 0..2 {
        post(&tenant, &ask("fast", "Hello [[fault:500]]")).expect(200);
    }
    let health = health_of(&tenant, 4);
    assert_eq!((&health["status"], &health["success_rate"]), (&json!("failing"), &json!(0.5)), "{health}");

    let admin = gate().admin();
    let seen = admin.get(&format!("/v1/router/health?tenant={}", tenant.id)).expect(200);
    assert_eq!(seen, health, "the operator sees the same");
    let all = admin.get("/v1/router/health").expect(200);
    let mine = all["tenants"].as_array().unwrap().iter().find(|each| each["tenant"] == tenant.id.as_str());
    assert_eq!(mine.map(|each| &each["health"]), Some(&health), "{all}");
    assert_eq!(all["status"], "failing", "the worst of them: {all}");

    let other = self::tenant(two_routes());
    let path = format!("/v1/router/health?tenant={}", tenant.id);
    other.server().get(&path).refused(403, "forbidden");
    assert_eq!(other.server().get("/v1/router/health").expect(200)["decisions"], 0, "its own");
    gate().stranger().get("/v1/router/health").refused(401, "unauthenticated");
    gate().stranger().with_bearer("tg_sk_nonsense").get("/v1/router/health").refused(401, "unauthenticated");
}

#[test]
fn rtr_3_a_decision_takes_less_than_half_a_second() {
    let tenant = tenant(two_routes());
    let mut slowest: Vec<u64> = Vec::new();
    for _ in 0..24 {
        let answer = post(&tenant, &ask("auto", "Hello"));
        answered_by(&answer);
        slowest.push(answer.header("x-tollgate-decision-us").unwrap().parse().unwrap());
    }
    slowest.sort_unstable();
    println!("decisions in us: p50 {} p95 {}", slowest[12], slowest[22]);
    assert!(slowest[22] < 500_000, "{slowest:?}");
    let health = health_of(&tenant, 24);
    let p95 = health["decision_us"]["p95"].as_u64().unwrap();
    assert!(p95 > 0 && p95 < 500_000, "{health}");
}
