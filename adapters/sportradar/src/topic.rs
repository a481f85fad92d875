//! What a topic asks for: `live`, `schedule/2026-03-30`, `match/sr:sport_event:1`, each with a sport before it or not.

use adapter::prelude::*;
use adapter::{PlanError, is_id};

const EXPECTED: &str = "must be live, schedule/{YYYY-MM-DD}, match/{sr:sport_event:N}, standings/{sr:season:N} or \
                        competitor/{sr:competitor:N}, with one of the binding's sports before it if need be";

/// One feed of a sport. What it holds has been checked and is safe in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feed {
    Live,
    /// A day, `YYYY-MM-DD`.
    Schedule(String),
    Match(String),
    Standings(String),
    Competitor(String),
}

impl Feed {
    /// How long an answer stays good where the binding doesn't say: scores move by the second, tables by the day.
    pub const fn cache_seconds(&self) -> u64 {
        match self {
            Feed::Live | Feed::Match(_) => 5,
            Feed::Schedule(_) | Feed::Competitor(_) => 60,
            Feed::Standings(_) => 300,
        }
    }
}

/// The sport that the topic names, if it is among `sports`, and the feed.
///
/// # Errors
/// The topic isn't one of those above.
pub fn read<'a>(topic: &'a str, sports: &[String]) -> Result<(Option<&'a str>, Feed), PlanError> {
    let (sport, rest) = match topic.split_once('/') {
        Some((first, rest)) if sports.iter().any(|sport| sport == first) => (Some(first), rest),
        _ => (None, topic),
    };
    let feed = match rest.split_once('/') {
        None if rest == "live" => Some(Feed::Live),
        Some(("schedule", day)) if is_day(day) => Some(Feed::Schedule(day.to_owned())),
        Some(("match", id)) if is_urn(id, "sr:sport_event:") => Some(Feed::Match(id.to_owned())),
        Some(("standings", id)) if is_urn(id, "sr:season:") => Some(Feed::Standings(id.to_owned())),
        Some(("competitor", id)) if is_urn(id, "sr:competitor:") => Some(Feed::Competitor(id.to_owned())),
        _ => None,
    };
    feed.map(|feed| (sport, feed)).ok_or_else(|| PlanError::invalid("topic", EXPECTED))
}

fn is_urn(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|number| is_id(number, 12, "") && is_number(number))
}

/// A day as it is written; whether the month has it is for the vendor to say.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let within = |part: &str, most: u8| part.len() == 2 && part.parse::<u8>().is_ok_and(|n| (1..=most).contains(&n));
    year.len() == 4 && [year, month, day].iter().all(|part| is_number(part)) && within(month, 12) && within(day, 31)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}
