//! For the operator: the work on events that are due, dead letters, and the replay of an event.

use std::{fmt::Display, str::FromStr};

use serde::Serialize;
use shell::{Call, Problem, Reply, offline};
use tenancy::{Credential, admin_key_matches};
use webhooks::ingest::{self, Bounds, Expired, Outcome, Wanted, stored};

use crate::house::House;

/// One call of the maintenance.
const ROUND: Bounds = Bounds { events: 200, millis: 10_000, lines: 1_000, slots: 4_096 };
/// What one call of the maintenance removes of each kind of what is too old.
const SWEPT: Expired = Expired(200);

/// Dead letters in one answer.
const MAX_LETTERS: usize = 1_000;

#[derive(Serialize)]
struct Letters {
    dead_letters: Vec<Letter>,
    /// The parameter `before` by which older ones are asked for.
    next: Option<u64>,
}

#[derive(Serialize)]
struct Letter {
    id: String,
    tenant: String,
    provider: String,
    name: Option<String>,
    reason: String,
    at: String,
    attempts: u32,
}

#[derive(Serialize)]
struct Round {
    status: &'static str,
    done: u64,
    retrying: u64,
    dead: u64,
}

#[derive(Serialize)]
struct Replayed<'a> {
    id: &'a str,
    status: &'static str,
    reason: Option<String>,
}

/// `POST /v1/maintenance/webhooks`: tries what is due, and forgets what is too old.
pub fn maintain(call: &Call, house: &House<'_>) -> Result<Reply, Problem> {
    operator(call, house)?;
    let worked = house.at_desk(|desk| desk.work(ROUND)).map_err(|error| offline(&error))?;
    if let Some(trouble) = worked.trouble {
        shell::warn!("webhooks_due", error = trouble);
    }
    ingest::sweep(house.store, house.now(), SWEPT).map_err(|error| offline(&error))?;
    let round = Round { status: "ok", done: worked.done, retrying: worked.retrying, dead: worked.dead };
    Ok(Reply::json(200, &round))
}

pub fn dead_letters(call: &Call, house: &House<'_>) -> Result<Reply, Problem> {
    operator(call, house)?;
    let wanted = Wanted {
        tenant: call.query("tenant"),
        before: number(call, "before", 1, u64::MAX)?,
        limit: number(call, "limit", 1, MAX_LETTERS)?.unwrap_or(MAX_LETTERS),
    };
    let letters = ingest::find_dead_letters(house.store, &wanted).map_err(|error| offline(&error))?;
    let dead_letters = letters.found.into_iter().map(|letter| Letter {
        id: letter.id,
        tenant: letter.tenant,
        provider: letter.provider,
        name: letter.name,
        reason: letter.reason,
        at: letter.at_ms.to_string(),
        attempts: letter.attempts,
    });
    Ok(Reply::json(200, &Letters { dead_letters: dead_letters.collect(), next: letters.next }))
}

/// A whole number in the query.
fn number<T>(call: &Call, name: &str, least: T, most: T) -> Result<Option<T>, Problem>
where
    T: FromStr + PartialOrd + Display + Copy,
{
    let Some(text) = call.query(name) else { return Ok(None) };
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => Err(Problem::invalid(name, format!("must be between {least} and {most}"))),
    }
}

/// Reads and applies a stored event again: its vendor's adapter may have learnt, or what it is about may be there now.
pub fn replay(call: &Call, house: &House<'_>, id: &str) -> Result<Reply, Problem> {
    operator(call, house)?;
    let event = stored(house.store, id).map_err(|error| offline(&error))?;
    let event = event.ok_or_else(|| Problem::not_found("There is no such event (they are kept for 14 days)."))?;
    let outcome = house.at_desk(|desk| desk.replay(&event)).map_err(|error| offline(&error))?;
    let (status, reason) = match outcome {
        Outcome::Done => ("done", None),
        Outcome::Retrying(reason) | Outcome::Dead(reason) => ("failed", Some(reason)),
    };
    Ok(Reply::json(200, &Replayed { id, status, reason }))
}

fn operator(call: &Call, house: &House<'_>) -> Result<(), Problem> {
    match call.authorization().and_then(Credential::parse) {
        Some(Credential::Other(shown)) if admin_key_matches(shown, house.admin_key) => Ok(()),
        Some(Credential::Secret(_) | Credential::Publishable(_) | Credential::Session(_)) => {
            Err(Problem::forbidden("admin_key_needed", "Only the operator may do this."))
        }
        _ => Err(Problem::unauthenticated("unauthenticated", "The admin key is needed.")),
    }
}
