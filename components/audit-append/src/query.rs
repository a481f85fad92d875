//! What a caller asks for: the parameters of a list, and the form of the answer.

use audit::{Cursor, EVENT_TYPES, Filter, Kind, Period, Position, Selection};
use calendar::Millis;
use shell::{Call, Problem};
use tenancy::{CAPABILITIES, is_vendor};

/// Entries on a page when the caller doesn't say.
const DEFAULT_LIMIT: usize = 100;
/// Entries on a page at most.
const MAX_LIMIT: usize = 1_000;

/// Longer ids than this are none of ours.
const MAX_ID: usize = 128;

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which of its entries.
    pub selection: Selection,
    /// Where to begin, and so in which order.
    pub start: Start,
    /// Page size, if the caller gave one.
    limit: Option<usize>,
}

/// Where a list begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Oldest first, from this position on.
    Oldest(Position),
    /// Newest first: what is older than the entry with this id, or all.
    Newest(Option<String>),
}

impl Wanted {
    /// Reads `from`, `to`, `kind`, `event_type`, `session_id`, `capability`, `provider`, `order`, `limit` and `cursor`.
    pub fn read(call: &Call, filter: &Filter) -> Result<Self, Problem> {
        let period = Period { from: moment(call, "from")?, to: moment(call, "to")? };
        if let (Some(from), Some(to)) = (period.from, period.to)
            && from > to
        {
            return Err(Problem::invalid("to", "must not be before `from`"));
        }
        let limit = call.query("limit").map(|text| {
            let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
            limit
                .filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
                .ok_or_else(|| Problem::invalid("limit", format!("must be between 1 and {MAX_LIMIT}")))
        });
        let (start, limit) = (start(call, filter)?, limit.transpose()?);
        Ok(Self { selection: selection(call, filter, period)?, start, limit })
    }

    /// Entries on one page of JSON.
    pub fn page_size(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// Whether one page was asked for, also as NDJSON.
    pub fn is_one_page(&self) -> bool {
        self.limit.is_some()
    }
}

/// Whether the caller asks for an answer of this media type by name.
pub fn accepts(call: &Call, media_type: &str) -> bool {
    let accepted = call.header("accept").unwrap_or_default();
    accepted.split(',').any(|part| part.split(';').next().is_some_and(|media| media.trim() == media_type))
}

/// A cursor of one order is none of the other.
fn start(call: &Call, filter: &Filter) -> Result<Start, Problem> {
    let cursor = call.query("cursor");
    let start = match (call.query("order").as_deref(), cursor.as_deref()) {
        (None | Some("oldest"), None) => Some(Start::Oldest(Position::default())),
        (None | Some("oldest"), Some(text)) => Cursor::read(filter, text).map(Start::Oldest),
        (Some("newest"), None) => Some(Start::Newest(None)),
        (Some("newest"), Some(text)) => Cursor::read_below(filter, text).map(|id| Start::Newest(Some(id.to_owned()))),
        (Some(_), _) => return Err(Problem::invalid("order", "must be oldest or newest")),
    };
    start.ok_or_else(no_cursor)
}

/// What a caller sent is not where a page of this list ended.
pub fn no_cursor() -> Problem {
    Problem::invalid("cursor", "must be the `next_cursor` of an earlier page of this list, in the same order")
}

fn selection(call: &Call, filter: &Filter, period: Period) -> Result<Selection, Problem> {
    let session = |text: &str| (1..=MAX_ID).contains(&text.len());
    Ok(Selection {
        period,
        kind: kind(call, filter)?,
        event_type: checked(call, "event_type", |text| EVENT_TYPES.contains(&text), "must be a type of events")?,
        session_id: checked(call, "session_id", session, "must be the id of a session")?,
        capability: checked(call, "capability", |text| CAPABILITIES.contains(&text), "must be a capability")?,
        provider: checked(call, "provider", is_vendor, "must be the name of a vendor")?,
    })
}

fn checked(call: &Call, name: &str, is_valid: impl Fn(&str) -> bool, rule: &str) -> Result<Option<String>, Problem> {
    let text = call.query(name);
    if text.as_deref().is_some_and(|text| !is_valid(text)) {
        return Err(Problem::invalid(name, rule));
    }
    Ok(text)
}

/// Without a word, a tenant's list is what it costs; everybody's, which is the operator's, is the whole log. A type of
/// events is a word.
fn kind(call: &Call, filter: &Filter) -> Result<Option<Kind>, Problem> {
    let Some(name) = call.query("kind") else {
        return Ok(match filter {
            Filter::Tenant(_) if call.query("event_type").is_none() => Some(Kind::Money),
            Filter::All | Filter::Tenant(_) => None,
        });
    };
    if name == "all" {
        return Ok(None);
    }
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    kind.map(Some).ok_or_else(|| Problem::invalid("kind", "must be money, session, admin or all"))
}

/// A moment (RFC 3339) or the beginning of a UTC day (`2026-11-20`).
fn moment(call: &Call, name: &str) -> Result<Option<Millis>, Problem> {
    let Some(text) = call.query(name) else {
        return Ok(None);
    };
    let moment = Millis::parse(&text).or_else(|| Millis::parse(&format!("{text}T00:00:00Z")));
    moment.map(Some).ok_or_else(|| Problem::invalid(name, "must be a time such as 2026-11-20T09:00:00Z, or a date"))
}
