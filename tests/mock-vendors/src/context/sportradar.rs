//! Sportradar: summaries, standings and schedules of a sport. Who caches makes fewer calls, and the record shows it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use crate::State;
use crate::clock::timestamp;
use crate::gate::{Admitted, Answered, Request, Vendor, admit};
use crate::state::now_ms;

/// Wrong keys are forbidden rather than unauthorized here.
const VENDOR: Vendor = Vendor { name: "sportradar", key_header: "x-api-key", key_prefix: "", bad_key: 403, error };

pub fn router() -> Router<State> {
    let feed = |path: &str| format!("/{{sport}}/{{level}}/{{version}}/{{language}}/{path}");
    Router::new()
        .route(&feed("schedules/live/summaries.json"), get(live))
        .route(&feed("schedules/{date}/summaries.json"), get(day))
        .route(&feed("sport_events/{id}/summary.json"), get(summary))
        .route(&feed("seasons/{id}/standings.json"), get(standings))
        .route(&feed("competitors/{id}/schedules.json"), get(schedules))
}

/// Sport, access level, version, language, and what the feed is of.
type Feed = Path<(String, String, String, String, String)>;

async fn live(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    let body = json!({"generated_at": now(), "summaries": [event("sr:sport_event:999", "live")]});
    Ok(answer(call, 2, body))
}

async fn day(Shared(state): Shared<State>, Path(feed): Feed, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    let is_day = feed.4.len() == 10 && feed.4.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_day {
        return Ok(call.refuse(400));
    }
    let summaries = [event("sr:sport_event:998", "closed"), event("sr:sport_event:1000", "not_started")];
    Ok(answer(call, 60, json!({"generated_at": now(), "summaries": summaries})))
}

async fn summary(Shared(state): Shared<State>, Path(feed): Feed, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    if !is_known("sr:sport_event:", &feed.4) {
        return Ok(call.refuse(404));
    }
    let mut body = event(&feed.4, "live");
    body["generated_at"] = json!(now());
    body["statistics"] = json!({});
    Ok(answer(call, 2, body))
}

async fn standings(Shared(state): Shared<State>, Path(feed): Feed, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    if !is_known("sr:season:", &feed.4) {
        return Ok(call.refuse(404));
    }
    let row = |rank: u64, (id, name, _): Team, points: u64| {
        json!({"rank": rank, "points": points, "played": 30, "win": 20, "draw": 5, "loss": 5, "goals_diff": 31,
            "competitor": {"id": id, "name": name}})
    };
    let groups = json!([{"id": "sr:group:1", "standings": [row(1, HOME, 65), row(2, AWAY, 63)]}]);
    Ok(answer(call, 300, json!({"generated_at": now(), "standings": [{"type": "total", "groups": groups}]})))
}

async fn schedules(Shared(state): Shared<State>, Path(feed): Feed, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    if !is_known("sr:competitor:", &feed.4) {
        return Ok(call.refuse(404));
    }
    let events = [event("sr:sport_event:998", "closed"), event("sr:sport_event:1000", "not_started")];
    Ok(answer(call, 60, json!({"generated_at": now(), "schedules": events})))
}

fn answer(call: Admitted, max_age: u32, body: Value) -> Response<Body> {
    let headers = vec![
        ("cache-control", format!("public, max-age={max_age}")),
        ("x-plan-quota-allotted", "1000".to_owned()),
        ("x-plan-qps-current", "1".to_owned()),
    ];
    call.answer_with(200, headers, body)
}

/// Ids that end in 404 are unknown.
fn is_known(prefix: &str, id: &str) -> bool {
    let number = id.strip_prefix(prefix).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && !number.ends_with("404")
}

type Team = (&'static str, &'static str, &'static str);
const HOME: Team = ("sr:competitor:44", "Liverpool FC", "LIV");
const AWAY: Team = ("sr:competitor:42", "Arsenal FC", "ARS");

/// Before it starts, a match has no scores and no clock.
fn event(id: &str, status: &str) -> Value {
    let team =
        |(id, name, short): Team, side: &str| json!({"id": id, "name": name, "abbreviation": short, "qualifier": side});
    let context = json!({
        "sport": {"id": "sr:sport:1", "name": "Soccer"},
        "category": {"id": "sr:category:1", "name": "England"},
        "competition": {"id": "sr:competition:17", "name": "Premier League"},
        "season": {"id": "sr:season:100", "competition_id": "sr:competition:17", "start_date": "2026-08-15"},
        "round": {"number": 30},
    });
    let state = match status {
        "not_started" => json!({"status": status, "match_status": "not_started"}),
        "closed" => json!({"status": status, "match_status": "ended", "home_score": 2, "away_score": 2}),
        _ => json!({"status": status, "match_status": "2nd_half", "home_score": 2, "away_score": 1,
            "period_scores": [{"type": "regular_period", "number": 1, "home_score": 1, "away_score": 0}],
            "clock": {"played": "81:12"}}),
    };
    json!({
        "sport_event": {"id": id, "start_time": now(), "start_time_confirmed": true, "sport_event_context": context,
            "competitors": [team(HOME, "home"), team(AWAY, "away")], "venue": {"name": "Anfield"}},
        "sport_event_status": state,
    })
}

fn now() -> String {
    timestamp(now_ms())
}

fn error(status: u16) -> Value {
    match status {
        401 | 403 => json!({ "message": "Authentication Error" }),
        404 => json!({ "message": "Not Found" }),
        429 => json!({ "message": "Too Many Requests" }),
        _ => json!({ "message": "Something went wrong" }),
    }
}
