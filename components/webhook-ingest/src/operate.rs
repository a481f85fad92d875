//! For the operator: events that failed, and their replay.

use serde::Serialize;
use shell::{Call, Problem, Reply, offline};
use tenancy::{Credential, admin_key_matches};
use webhooks::{
    ingest::{self, Replayed, stored},
    signature::Verified,
};

use crate::{deliver::read, house::House};

/// Dead letters in one answer.
const MAX_LETTERS: usize = 1_000;

#[derive(Serialize)]
struct Letters {
    dead_letters: Vec<Letter>,
}

#[derive(Serialize)]
struct Letter {
    id: String,
    tenant: String,
    provider: String,
    name: Option<String>,
    reason: String,
    at: String,
}

#[derive(Serialize)]
struct Outcome<'a> {
    id: &'a str,
    status: &'static str,
    reason: Option<String>,
}

pub fn dead_letters(call: &Call, house: &House<'_>) -> Result<Reply, Problem> {
    operator(call, house)?;
    let limit = match call.query("limit") {
        None => MAX_LETTERS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LETTERS).contains(limit))
            .ok_or_else(|| Problem::invalid("limit", format!("must be between 1 and {MAX_LETTERS}")))?,
    };
    let letters = ingest::dead_letters(house.store, limit).map_err(|error| offline(&error))?;
    let dead_letters = letters.into_iter().map(|letter| Letter {
        id: letter.id,
        tenant: letter.tenant,
        provider: letter.provider,
        name: letter.name,
        reason: letter.reason,
        at: letter.at_ms.to_string(),
    });
    Ok(Reply::json(200, &Letters { dead_letters: dead_letters.collect() }))
}

/// Reads and applies a stored event again: its vendor's adapter may have learnt, or what it is about may be there now.
pub fn replay(call: &Call, house: &House<'_>, id: &str) -> Result<Reply, Problem> {
    operator(call, house)?;
    let event = stored(house.store, id).map_err(|error| offline(&error))?;
    let event = event.ok_or_else(|| Problem::not_found("There is no such event (they are kept for 14 days)."))?;
    let body = event.raw_body().map_err(|error| offline(&error))?;
    let reading = read(house, &event.origin.provider, &event.headers, &body, &Verified { id: None });
    let outcome = ingest::replay(house.store, house.now, &event, &reading.map(|reading| reading.event))
        .map_err(|error| offline(&error))?;
    let (status, reason) = match outcome {
        Replayed::Done => ("done", None),
        Replayed::Failed(reason) => ("failed", Some(reason)),
    };
    Ok(Reply::json(200, &Outcome { id, status, reason }))
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
