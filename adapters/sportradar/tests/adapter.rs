//! The conformance kit on recorded shapes, and which request each topic becomes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, check};
use adapter::{Adapter, AnswerHead, Operation, PlanError, Quantity, Unit, Usage};
use serde_json::{Value, json};
use sportradar::Sportradar;

const LIVE: &[u8] = include_bytes!("fixtures/live.json");
const MATCH: &[u8] = include_bytes!("fixtures/match.json");
const STANDINGS: &[u8] = include_bytes!("fixtures/standings.json");

fn topic(text: &str) -> Operation {
    Operation::Context(text.into())
}

#[test]
fn recorded_answers() {
    let rows = [
        ("live", "live", LIVE, Ending::Complete),
        ("live of a named sport", "soccer/live", LIVE, Ending::Complete),
        ("match", "match/sr:sport_event:999", MATCH, Ending::Complete),
        ("standings", "standings/sr:season:7", STANDINGS, Ending::Complete),
        ("quiet day", "schedule/2026-12-25", br#"{"generated_at":"x","summaries":[]}"#, Ending::Complete),
        ("no feed", "live", br#"{"message":"hello"}"#, Ending::Faulty),
        ("nothing", "live", b"", Ending::Faulty),
    ];
    let recordings = rows.map(|(name, text, body, ending)| Recording {
        name,
        operation: topic(text),
        options: "{}",
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage: Usage::Counted(vec![Quantity::new(Unit::Requests, 1)]),
        ending,
    });
    check(&Sportradar, &Records { recordings: recordings.into(), ..Records::default() });
}

#[test]
fn topics_become_paths() {
    let many = r#"{"versions":{"soccer":"v4","basketball":"v2"},"access_level":"production","language":"de"}"#;
    let rows = [
        ("live", "{}", "/soccer/trial/v4/en/schedules/live/summaries.json", 5),
        ("schedule/2026-03-30", "{}", "/soccer/trial/v4/en/schedules/2026-03-30/summaries.json?start=0&limit=50", 60),
        (
            "schedule/2026-03-30",
            r#"{"schedule_limit":200}"#,
            "/soccer/trial/v4/en/schedules/2026-03-30/summaries.json?start=0&limit=200",
            60,
        ),
        ("match/sr:sport_event:12", "{}", "/soccer/trial/v4/en/sport_events/sr:sport_event:12/summary.json", 5),
        ("standings/sr:season:7", "{}", "/soccer/trial/v4/en/seasons/sr:season:7/standings.json", 300),
        ("competitor/sr:competitor:44", "{}", "/soccer/trial/v4/en/competitors/sr:competitor:44/schedules.json", 60),
        ("basketball/live", many, "/basketball/production/v2/de/schedules/live/summaries.json", 5),
        ("live", many, "/soccer/production/v4/de/schedules/live/summaries.json", 5),
        ("live", r#"{"cache_seconds":1}"#, "/soccer/trial/v4/en/schedules/live/summaries.json", 1),
    ];
    for (text, options, path, cache) in rows {
        let call = Sportradar.plan(&topic(text), options).unwrap();
        assert_eq!((call.method, call.path.as_str(), call.cache_seconds), ("GET", path, cache), "{text} {options}");
        assert_eq!(call.worst_case, vec![Quantity::new(Unit::Requests, 1)]);
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let topics = [
        "",
        "live/",
        "Live",
        "/live",
        "basketball/live",
        "soccer",
        "soccer/soccer/live",
        "schedule",
        "schedule/2026-3-30",
        "schedule/2026-13-01",
        "schedule/2026-00-10",
        "schedule/2026-01-32",
        "schedule/2026-01-+1",
        "schedule/2026-01-01/x",
        "match/sr:season:7",
        "match/sr:sport_event:",
        "match/sr:sport_event:1a",
        "match/sr:sport_event:1234567890123",
        "standings/../live",
        "competitor/sr:competitor:1?x=1",
    ];
    let options = [
        (r#"{"access_level":"free"}"#, "options.access_level"),
        (r#"{"language":"en/.."}"#, "options.language"),
        (r#"{"sport":"tennis"}"#, "options.sport"),
        (r#"{"versions":{"soccer":4}}"#, "options.versions"),
        (r#"{"versions":{"../soccer":"v4"}}"#, "options.versions"),
        (r#"{"versions":[]}"#, "options.versions"),
        (r#"{"cache_seconds":-1}"#, "options.cache_seconds"),
        ("[]", "options"),
    ];
    let rows = topics.map(|text| (text, "{}", "topic")).into_iter().chain(options.map(|(o, field)| ("live", o, field)));
    for (text, options, field) in rows {
        let planned = Sportradar.plan(&topic(text), options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{text}: {planned:?}");
    }
    assert!(matches!(Sportradar.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

fn passed_on(body: &[u8]) -> Result<Value, String> {
    let worst_case = [Quantity::new(Unit::Requests, 1)];
    let mut meter = Sportradar.meter(&topic("live"), &AnswerHead { status: 200, headers: vec![] }, &worst_case);
    meter.push(body)?;
    meter.end().map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn feeds_become_small_objects() {
    let started = json!({
        "id": "sr:sport_event:999", "competition": "Northern League", "home": "Harbour FC", "away": "Mill Town",
        "home_score": 2, "away_score": 1, "status": "live", "phase": "2nd_half", "clock": "81:12",
        "start_time": "2026-03-30T15:00:00+00:00",
    });
    let waiting =
        json!({ "id": "sr:sport_event:1000", "status": "not_started", "start_time": "2026-03-30T19:00:00+00:00" });
    let first = json!({
        "group": "Northern League", "competitor": "Harbour FC", "rank": 1, "played": 30, "win": 20, "draw": 6,
        "loss": 4, "goals_for": 61, "goals_against": 29, "goals_diff": 32, "points": 66,
    });
    let last = json!({
        "group": "Northern League", "competitor": "Old Quay", "rank": 20, "played": 30, "goals_diff": -40, "points": 11,
    });
    let rows: [(&[u8], Value); 5] = [
        (LIVE, json!({ "matches": [started, waiting] })),
        (STANDINGS, json!({ "standings": [first, last] })),
        (br#"{"summaries":[{"other":1}]}"#, json!({ "matches": [] })),
        (br#"{"schedules":[{"sport_event":{"id":"a\u0000\nb"}}]}"#, json!({ "matches": [{ "id": "ab" }] })),
        (
            br#"{"sport_event":{"id":"x"},"sport_event_status":{"home_score":"2"}}"#,
            json!({ "matches": [{ "id": "x" }] }),
        ),
    ];
    for (body, expected) in rows {
        assert_eq!(passed_on(body), Ok(expected), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_feed_is_bounded() {
    let event = r#"{"sport_event":{"id":"x"}},"#.repeat(300);
    let many = format!(r#"{{"summaries":[{}]}}"#, event.trim_end_matches(','));
    let read = passed_on(many.as_bytes()).unwrap();
    assert_eq!(read.pointer("/matches").and_then(Value::as_array).map(Vec::len), Some(200));
    let most = 4 * 1024 * 1024;
    assert_eq!(Sportradar.plan(&topic("live"), "{}").unwrap().max_answer_bytes, most as u64);
    let (feed, filled) = (r#"{"summaries":[]}"#, |bytes: usize| " ".repeat(bytes));
    assert!(passed_on(format!("{feed}{}", filled(most - feed.len())).as_bytes()).is_ok());
    assert!(passed_on(format!("{feed}{}", filled(most - feed.len() + 1)).as_bytes()).is_err());
}

#[test]
fn refusals() {
    let rows = [
        (401, "invalid_key", false),
        (403, "not_permitted", false),
        (404, "not_found", false),
        (429, "rate_limited", true),
        (500, "vendor_internal", true),
        (503, "overloaded", true),
    ];
    for (status, code, retryable) in rows {
        let failure = Sportradar.explain(&AnswerHead { status, headers: vec![] }, b"");
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status}");
    }
}
