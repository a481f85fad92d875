//! Plans one request for a feed.
//!
//! Options: `access_level` (`trial` or `production`), `language`, `versions` (the sports on offer and their API's
//! version, such as `{"soccer": "v4"}`), `sport` (what a topic without one means), `cache_seconds`, `schedule_limit`.

use adapter::prelude::*;
use adapter::{Call, Fields, Options, PlanError, Quantity, Unit, is_id};

use crate::topic::{self, Feed};

/// The largest feed that is read. How large one becomes is documented nowhere; `schedule_limit` keeps a busy day below it.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The most matches of a day that are asked for where the binding doesn't say.
const SCHEDULE_LIMIT: u64 = 50;

/// The only sport whose paths are known for sure.
const DEFAULT_SPORT: (&str, &str) = ("soccer", "v4");

/// The upstream request for a topic.
pub fn context(topic: &str, options: &str) -> Result<Call, PlanError> {
    let versions = versions(options)?;
    let options = Options::parse(options)?;
    let sports: Vec<String> = versions.iter().map(|(sport, _)| sport.clone()).collect();
    let (named, feed) = topic::read(topic, &sports)?;
    let sport = match named {
        Some(sport) => sport.to_owned(),
        None => options.text("sport")?.unwrap_or_else(|| DEFAULT_SPORT.0.to_owned()),
    };
    let (_, version) = versions
        .iter()
        .find(|(offered, _)| *offered == sport)
        .ok_or_else(|| PlanError::invalid("options.sport", "must be one of options.versions"))?;
    let level = options.text("access_level")?.unwrap_or_else(|| "trial".to_owned());
    if !matches!(level.as_str(), "trial" | "production") {
        return Err(PlanError::invalid("options.access_level", "must be trial or production"));
    }
    let language = options.text("language")?.unwrap_or_else(|| "en".to_owned());
    if !is_id(&language, 8, "_-") {
        return Err(PlanError::invalid("options.language", "must be the code of a language"));
    }
    let cache = options.integer("cache_seconds", feed.cache_seconds(), 0, 86_400)?;
    let limit = options.integer("schedule_limit", SCHEDULE_LIMIT, 1, 200)?;

    let feed = match feed {
        Feed::Live => "schedules/live/summaries.json".to_owned(),
        Feed::Schedule(day) => format!("schedules/{day}/summaries.json?start=0&limit={limit}"),
        Feed::Match(id) => format!("sport_events/{id}/summary.json"),
        Feed::Standings(id) => format!("seasons/{id}/standings.json"),
        Feed::Competitor(id) => format!("competitors/{id}/schedules.json"),
    };
    let mut call = Call::get(format!("/{sport}/{level}/{version}/{language}/{feed}"));
    call.worst_case = vec![Quantity::new(Unit::Requests, 1)];
    call.max_answer_bytes = MAX_BYTES as u64;
    call.cache_seconds = u32::try_from(cache).unwrap_or(0);
    Ok(call)
}

/// The sports on offer, each with its API's version.
fn versions(options: &str) -> Result<Vec<(String, String)>, PlanError> {
    let wrong = || PlanError::invalid("options.versions", r#"must be an object such as {"soccer": "v4"}"#);
    let options =
        Fields::parse(options.as_bytes()).map_err(|_| PlanError::invalid("options", "must be a JSON object"))?;
    let Some(raw) = options.raw("versions") else {
        return Ok(vec![(DEFAULT_SPORT.0.to_owned(), DEFAULT_SPORT.1.to_owned())]);
    };
    let offered = Fields::parse(raw.as_bytes()).map_err(|_| wrong())?;
    let mut versions = Vec::new();
    for sport in offered.names() {
        let version: String = offered.get(sport).ok_or_else(wrong)?;
        if !is_id(sport, 40, "-") || !is_id(&version, 8, "") {
            return Err(wrong());
        }
        versions.push((sport.to_owned(), version));
    }
    Ok(versions)
}
