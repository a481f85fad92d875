//! PRX-2, ADP-4: context of a topic: fetched once, in the gate's own words, kept for its time, and better old than
//! nothing when the vendor fails.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use scenarios::wait::at_once;
use scenarios::{Answer, Books, Caller, Mocks, Tenant, Value, json, usd};

use crate::house::{self, NEWS_REQUEST, SPORTRADAR_REQUEST, settled};

const HEADLINES: &str = "/v1/context/headlines";
const STANDINGS: &str = "/v1/context/standings/sr:season:1";

fn tenant(vendor: &'static str, patch: Value) -> Tenant {
    house::tenant(house::gate(), Mocks::shared(), vendor, patch, json!({}))
}

/// A tenant whose context is kept for so long.
fn keeping(vendor: &'static str, seconds: u64) -> Tenant {
    tenant(vendor, json!({"vendors": {"context": {"cache_seconds": seconds}}}))
}

fn calls(tenant: &Tenant) -> usize {
    Mocks::shared().calls_of(tenant).len()
}

#[track_caller]
fn get(caller: &Caller, path: &str) -> Value {
    caller.get(path).expect(200)
}

/// Until what is kept for a second is too old.
fn expire() {
    sleep(Duration::from_millis(1_100));
}

#[test]
fn adp_4_topics_come_in_the_gates_own_words() {
    let (sports, news) = (tenant("sportradar", json!({})), tenant("newsapi", json!({})));
    let (sports, news) = (sports.page().caller, news.page().caller);
    let fetched = |caller: &Caller, topic: &str, source: &str| {
        let answer = caller.get(&format!("/v1/context/{topic}"));
        let body = answer.expect(200);
        assert_eq!((&body["source"], &body["stale"]), (&json!(source), &json!(false)), "{body}");
        assert_eq!(answer.header("x-tollgate-provider"), Some(source));
        assert!(answer.limit_check_id().starts_with("lc_"));
        assert!(body["fetched_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{body}");
        body
    };
    let live = fetched(&sports, "live", "sportradar");
    assert_eq!(live["topic"], "live");
    let game = &live["data"]["matches"][0];
    let facts = ["home", "away", "home_score", "away_score", "clock"].map(|name| game[name].clone());
    assert_eq!(facts, [json!("Liverpool FC"), json!("Arsenal FC"), json!(2), json!(1), json!("81:12")], "{game}");
    let table = fetched(&sports, "standings/sr:season:1", "sportradar");
    assert_eq!(table["data"]["standings"][0]["points"], 65, "{table}");
    fetched(&sports, "schedule/2026-11-20", "sportradar");
    fetched(&sports, "soccer/match/sr:sport_event:7", "sportradar");
    fetched(&sports, "competitor/sr:competitor:44", "sportradar");

    let headlines = fetched(&news, "headlines", "newsapi");
    let text = headlines["data"].to_string();
    assert!(headlines["data"]["articles"].as_array().is_some_and(|all| all.len() > 5), "{headlines}");
    assert!(!text.contains(['<', '>']) && !text.contains("[Removed]"), "{text}");
    fetched(&news, "headlines/sports", "newsapi");
    fetched(&news, "headlines/sports/de", "newsapi");
    assert_eq!(fetched(&news, "search/nothing", "newsapi")["data"]["articles"], json!([]));
}

/// Browsers encode what stands in a path; it is meant as it was typed.
#[test]
fn adp_4_a_topic_is_decoded_once() {
    let (sports, news) = (tenant("sportradar", json!({})), tenant("newsapi", json!({})));
    assert_eq!(get(&sports.server(), STANDINGS)["topic"], "standings/sr:season:1");
    let encoded = get(&sports.server(), "/v1/context/standings/sr%3Aseason%3a1");
    assert_eq!(encoded["topic"], "standings/sr:season:1");
    assert_eq!(calls(&sports), 1, "the same topic");

    let found = get(&news.server(), "/v1/context/search/caf%C3%A9%20%26%20%22bar%22");
    assert_eq!(found["topic"], "search/café & \"bar\"");
    let path = Mocks::shared().calls_of(&news)[0]["path"].clone();
    assert!(path.as_str().is_some_and(|path| path.contains("q=caf%C3%A9%20%26%20%22bar%22&")), "{path}");
    for wrong in ["/v1/context/search/%", "/v1/context/search/%zz", "/v1/context/search/%ff"] {
        assert_eq!(news.server().get(wrong).refused(400, "invalid_request")["param"], "topic", "{wrong}");
    }
}

#[test]
fn prx_2_a_fetch_is_paid_once_and_what_is_kept_is_free() {
    for (vendor, path, price) in [("sportradar", STANDINGS, SPORTRADAR_REQUEST), ("newsapi", HEADLINES, NEWS_REQUEST)] {
        let tenant = tenant(vendor, json!({}));
        let (page, server) = (tenant.page(), tenant.server());
        let first = page.caller.get(path);
        let again = [page.caller.get(path), server.get(path), tenant.page().caller.get(path)];
        for kept in &again {
            assert_eq!(kept.expect(200), first.expect(200), "{vendor}");
            assert_eq!(kept.header("x-limit-check-id"), None, "{vendor}: nothing was paid");
        }
        let good_for = again[0].header("cache-control").and_then(|value| value.strip_prefix("private, max-age="));
        let good_for: u64 = good_for.and_then(|value| value.parse().ok()).expect("a time");
        assert!((250..=600).contains(&good_for), "{vendor}: {good_for}");
        assert_eq!(calls(&tenant), 1, "{vendor}");
        assert_eq!(settled(&server), price, "{vendor}");
        let entry = Books(&server).entry(&first.limit_check_id());
        let facts = (&entry["capability"], &entry["provider"], &entry["unit_type"], &entry["units_consumed"]);
        assert_eq!(facts, (&json!("context"), &json!(vendor), &json!("requests"), &json!(1)), "{entry}");
        assert_eq!(Books(&server).entries().len(), 1, "{vendor}");
    }
}

/// Moments of ten seconds: of those who ask within one, one fetches.
fn wait_for_the_middle_of_a_moment() {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() % 10_000;
        if (500..7_000).contains(&now) {
            return;
        }
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn prx_2_of_twenty_who_ask_at_once_one_fetches() {
    let tenant = tenant("newsapi", json!({}));
    let server = tenant.server();
    house::fault(Mocks::shared(), &tenant, json!({"delay_ms": 700}));
    wait_for_the_middle_of_a_moment();
    let answers: Vec<Answer> = at_once(20, |_| server.get(HEADLINES));
    let first = answers[0].expect(200);
    assert!(answers.iter().all(|answer| answer.expect(200) == first));
    assert_eq!(calls(&tenant), 1);
    assert_eq!(answers.iter().filter(|answer| answer.header("x-limit-check-id").is_some()).count(), 1, "one has paid");
    assert_eq!(settled(&server), NEWS_REQUEST);
}

#[test]
fn prx_2_the_tenant_says_how_long_it_is_kept() {
    let tenant = keeping("newsapi", 1);
    let server = tenant.server();
    let first = get(&server, HEADLINES);
    expire();
    let second = get(&server, HEADLINES);
    assert_ne!(first["fetched_at"], second["fetched_at"]);
    assert_eq!(calls(&tenant), 2);
    house::gate()
        .admin()
        .patch(&format!("/v1/tenants/{}", tenant.id), &json!({"vendors": {"context": {"cache_seconds": 3_600}}}))
        .expect(200);
    expire();
    assert_eq!(get(&server, HEADLINES), second, "it is young enough again");
    assert_eq!(calls(&tenant), 2);
    assert_eq!(settled(&server), 2 * NEWS_REQUEST);
}

/// Another topic, another tenant: another fetch.
#[test]
fn prx_2_what_is_kept_is_the_tenants_own_and_the_topics_own() {
    let (one, other) = (tenant("newsapi", json!({})), tenant("newsapi", json!({})));
    get(&one.server(), HEADLINES);
    get(&one.server(), "/v1/context/headlines/sports");
    get(&other.server(), HEADLINES);
    assert_eq!((calls(&one), calls(&other)), (2, 1));
    assert_eq!(settled(&other.server()), NEWS_REQUEST);
}

#[test]
fn prx_2_kept_for_no_time_at_all_is_fetched_each_time_and_without_delay() {
    let binding = json!({"options": {"cache_seconds": 0}});
    let tenant = house::tenant(house::gate(), Mocks::shared(), "newsapi", json!({}), binding);
    let server = tenant.server();
    let begun = std::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(get(&server, HEADLINES)["stale"], false);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "nobody waits for anybody: {:?}", begun.elapsed());
    assert_eq!(calls(&tenant), 3);
    assert_eq!(settled(&server), 3 * NEWS_REQUEST);
}

#[test]
fn prx_2_a_vendor_that_fails_is_covered_by_what_it_said_before() {
    let faults = [
        json!({"status": 500}),
        json!({"status": 429, "retry_after": 1}),
        json!({"status": 401}),
        json!({"cut_after_bytes": 0}),
        json!({"garble": true}),
        json!({"content_type": "text/html"}),
    ];
    for fault in faults {
        let tenant = keeping("sportradar", 1);
        let server = tenant.server();
        let fresh = get(&server, STANDINGS);
        house::fault(Mocks::shared(), &tenant, fault.clone());
        expire();
        let answer = server.get(STANDINGS);
        let old = answer.expect(200);
        assert_eq!(old["stale"], true, "{fault}: {old}");
        assert_eq!((&old["data"], &old["fetched_at"]), (&fresh["data"], &fresh["fetched_at"]), "{fault}");
        assert_eq!(answer.header("cache-control"), Some("private, max-age=0"), "{fault}");
        assert_eq!(calls(&tenant), 2, "{fault}: asked once, for there is something to show");
        // Well again, and so is the answer.
        house::fault(Mocks::shared(), &tenant, json!({}));
        expire();
        let again = get(&server, STANDINGS);
        assert_eq!(again["stale"], false, "{fault}: {again}");
        assert_ne!(again["fetched_at"], fresh["fetched_at"], "{fault}");
        let paid = settled(&server);
        assert!((2..=3).contains(&(paid / SPORTRADAR_REQUEST)) && paid % SPORTRADAR_REQUEST == 0, "{fault}: {paid}");
    }
}

#[test]
fn prx_2_a_vendor_that_is_gone_is_covered_too() {
    let mocks = Mocks::start();
    let patch = json!({"vendors": {"context": {"cache_seconds": 1}}});
    let tenant = house::tenant(house::gate(), &mocks, "newsapi", patch, json!({}));
    let server = tenant.server();
    let fresh = get(&server, HEADLINES);
    drop(mocks);
    expire();
    let old = get(&server, HEADLINES);
    assert_eq!((&old["stale"], &old["data"]), (&json!(true), &fresh["data"]), "{old}");
    assert_eq!(settled(&server), NEWS_REQUEST, "nothing is paid for what can't be reached");
}

#[test]
fn prx_2_many_who_ask_while_the_vendor_is_down_call_it_hardly_ever() {
    let tenant = keeping("newsapi", 5);
    let server = tenant.server();
    get(&server, HEADLINES);
    house::fault(Mocks::shared(), &tenant, json!({"status": 500}));
    sleep(Duration::from_millis(5_100));
    let answers: Vec<Answer> = at_once(20, |_| server.get(HEADLINES));
    assert!(answers.iter().all(|answer| answer.expect(200)["stale"] == true));
    assert!((2..=3).contains(&calls(&tenant)), "the first fetch and one in each moment: {}", calls(&tenant));
    assert_eq!(settled(&server), NEWS_REQUEST);
}

#[test]
fn prx_2_with_nothing_kept_a_vendor_that_fails_is_an_error_that_costs_nothing() {
    for (fault, code) in [(json!({"status": 500}), "vendor_internal"), (json!({"status": 429}), "rate_limited")] {
        let tenant = tenant("sportradar", json!({}));
        let server = tenant.server();
        house::fault(Mocks::shared(), &tenant, fault.clone());
        let refused = server.get(STANDINGS).refused(502, "vendor_error");
        assert_eq!(refused["code"], code, "{refused}");
        assert_eq!(settled(&server), 0, "{fault}");
    }
    let gone = house::tenant(
        house::gate(),
        Mocks::shared(),
        "sportradar",
        json!({}),
        // Nobody listens there.
        json!({"base_url": "http://127.0.0.1:9", "options": {"retries": 0}}),
    );
    assert_eq!(gone.server().get(STANDINGS).refused(502, "vendor_error")["code"], "vendor_unreachable");
    assert_eq!(settled(&gone.server()), 0);
}

#[test]
fn prx_2_a_bad_topic_is_named_and_costs_nothing() {
    let (sports, news) = (tenant("sportradar", json!({})), tenant("newsapi", json!({})));
    let check = |tenant: &Tenant, topic: &str| {
        let refused = tenant.server().get(&format!("/v1/context/{topic}")).refused(400, "invalid_request");
        assert_eq!(refused["param"], "topic", "{topic}: {refused}");
    };
    for topic in [
        "",
        "weather",
        "live/1",
        "schedule/today",
        "schedule/2026-13-01",
        "match/1",
        "match/sr:sport_event:x",
        "standings/sr:sport_event:1",
        "curling/live",
        "match/..%2f..%2fkeys",
        &"a".repeat(201),
    ] {
        check(&sports, topic);
    }
    for topic in [
        "news",
        "headlines/gossip",
        "headlines/sports/Germany",
        "search",
        "search/",
        "search/%20",
        "search/%00",
        "headlines/sports/de/berlin",
    ] {
        check(&news, topic);
    }
    for tenant in [&sports, &news] {
        Mocks::shared().assert_not_called(tenant);
        assert_eq!(settled(&tenant.server()), 0);
    }
    // A good topic of something that isn't there.
    let refused = sports.server().get("/v1/context/match/sr:sport_event:404").refused(502, "vendor_error");
    assert_eq!(refused["code"], "not_found");
}

#[test]
fn prx_2_no_context_without_the_capability_the_vendor_or_the_money() {
    let off = tenant("newsapi", json!({"capabilities": ["chat"]}));
    for caller in [off.page().caller, off.server()] {
        assert_eq!(caller.get(HEADLINES).refused(403, "forbidden")["code"], "capability_disabled");
    }
    let poor = tenant("newsapi", json!({"limits": {"monthly_cost_usd": usd(NEWS_REQUEST + 1)}}));
    let server = poor.server();
    get(&server, HEADLINES);
    server.get("/v1/context/headlines/sports").refused(402, "hard_cap");
    get(&server, HEADLINES);
    assert_eq!(calls(&poor), 1, "what is kept needs no money");
    let bare = Tenant::new(house::gate(), json!({}));
    let refused = bare.server().get(HEADLINES).refused(400, "invalid_request");
    assert_eq!(refused["code"], "vendor_not_configured");
    house::gate().stranger().get(HEADLINES).refused(401, "unauthenticated");
    Mocks::shared().assert_not_called(&off);
}

/// Switched off after something was fetched: what is kept is not given out either.
#[test]
fn prx_2_what_is_kept_is_not_given_to_whom_may_not_have_it() {
    let tenant = tenant("newsapi", json!({}));
    let server = tenant.server();
    get(&server, HEADLINES);
    let capabilities = json!({"capabilities": ["chat"]});
    house::gate().admin().patch(&format!("/v1/tenants/{}", tenant.id), &capabilities).expect(200);
    assert_eq!(server.get(HEADLINES).refused(403, "forbidden")["code"], "capability_disabled");
}
