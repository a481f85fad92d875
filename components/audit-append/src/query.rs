//! What a caller asks for: the parameters of a list, and the form of the answer.

use audit::{Cursor, Filter, Kind, Period, Position};
use calendar::Millis;
use shell::{Call, Problem};

/// Entries on a page when the caller doesn't say.
const DEFAULT_LIMIT: usize = 100;
/// Entries on a page at most.
const MAX_LIMIT: usize = 1_000;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// When the cost was decided.
    pub period: Period,
    /// Of which kind; of every when absent.
    pub kind: Option<Kind>,
    /// Where to begin.
    pub start: Position,
    /// Page size, if the caller gave one.
    limit: Option<usize>,
}

impl Wanted {
    /// Reads `from`, `to`, `kind`, `limit` and `cursor`.
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
        let start = call.query("cursor").map(|text| {
            Cursor::read(filter, &text)
                .ok_or_else(|| Problem::invalid("cursor", "must be the `next_cursor` of an earlier page of this list"))
        });
        let kind = kind(call, filter)?;
        Ok(Self { period, kind, start: start.transpose()?.unwrap_or_default(), limit: limit.transpose()? })
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

/// Without a word, a tenant's list is what it costs; everybody's, which is the operator's, is the whole log.
fn kind(call: &Call, filter: &Filter) -> Result<Option<Kind>, Problem> {
    let Some(name) = call.query("kind") else {
        return Ok(match filter {
            Filter::All => None,
            Filter::Tenant(_) => Some(Kind::Money),
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
