//! Invoices: what a tenant pays for a month, line by line, out of sums that the sequencer keeps. The work is that of the
//! lines, not of the entries.

use calendar::{DAY, Millis};
use kv_schemas::{Store, StoreError};
use money::Nanos;
use serde::Serialize;

use crate::{
    Line, Scope, Totals, places,
    totals::{gathered, tally},
    tree,
};

/// So long after a month's end its invoice is final. A permit pays for the month in which it was made, and may be held
/// for a day at most; the other day is for the reaper, which charges what nobody has settled by then.
pub const FINAL_AFTER_MS: u64 = 2 * DAY;

/// The capability of entries that were counted before sums had lines.
pub const UNSPECIFIED: &str = "unspecified";

const CORRECTION: &str = "CORRECTION";

/// A month in UTC, such as `2026-11`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    name: String,
    /// When the next one begins.
    end: Millis,
}

impl Month {
    /// From 1970 on; four digits, `-`, two digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let begin = Millis::parse(&format!("{text}-01T00:00:00Z"))?;
        // No month has more days; the year 9999 is the last one.
        let end = begin.plus(31_u64.saturating_mul(DAY)).month();
        let end = Millis::parse(&format!("{end}-01T00:00:00Z"))?;
        (begin.month() == text).then(|| Self { name: text.to_owned(), end })
    }

    /// `2026-11`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When the next one begins.
    pub(crate) fn end(&self) -> Millis {
        self.end
    }
}

/// Whether an invoice can still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// More may come.
    Open,
    /// The month is over and no permit of it is held any more.
    Final,
}

/// What a tenant pays for a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invoice {
    /// Who used it.
    pub tenant_id: String,
    /// Who pays; empty where no entry tells.
    pub company: String,
    /// `2026-11`.
    pub month: String,
    /// Whether it can still change.
    pub status: Status,
    /// Always `USD`.
    pub currency: &'static str,
    /// What was used, sorted by capability, provider, model and unit.
    pub lines: Vec<Item>,
    /// What was put right this month, of whatever month; sorted likewise.
    pub corrections: Vec<Item>,
    /// All entries.
    pub entries: u64,
    /// The sum of all lines and corrections in USD.
    pub total_usd: String,
    /// The same in nano-USD.
    pub total_nanos: Nanos,
    /// The signed checkpoint under which every entry of it stands; absent while one doesn't.
    pub checkpoint: Option<String>,
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Such as `chat`.
    pub capability: String,
    /// The vendor.
    pub provider: String,
    /// Empty where the vendor has no models.
    pub model: String,
    /// What `units` are.
    pub unit_type: String,
    /// Entries.
    pub entries: u64,
    /// In units of `unit_type`.
    pub units: u64,
    /// USD.
    pub cost_usd: String,
    /// The same in nano-USD.
    pub cost_nanos: Nanos,
}

impl From<Line> for Item {
    fn from(line: Line) -> Self {
        let Line { capability, provider, model, unit_type, entries, units, nanos, .. } = line;
        let cost = Nanos(nanos);
        Self { capability, provider, model, unit_type, entries, units, cost_usd: cost.to_string(), cost_nanos: cost }
    }
}

/// The invoice of a tenant's month: all entries in the log and all that are staged, each once. A tenant without entries
/// has an empty one. Reads only.
///
/// # Errors
/// The store can't be reached.
pub fn invoice(store: &dyn Store, now: Millis, tenant: &str, month: &Month) -> Result<Invoice, StoreError> {
    let (sums, waiting) = gathered(store, Scope::Tenant, tenant, &month.name)?;
    let over = now >= month.end.plus(FINAL_AFTER_MS);
    // After the sums: the newer checkpoint covers more.
    let checkpoint = if waiting == 0 { tree::checkpoint(store)? } else { None };
    let company = company(store, tenant, &month.name)?;
    let rest = rest(&sums);
    let (corrections, used) = sums.lines.into_iter().partition::<Vec<_>, _>(|line| line.event_type == CORRECTION);
    let total = Nanos(sums.settled_nanos);
    Ok(Invoice {
        tenant_id: tenant.to_owned(),
        company,
        month: month.name.clone(),
        status: if over { Status::Final } else { Status::Open },
        currency: "USD",
        lines: used.into_iter().chain(rest).map(Item::from).collect(),
        corrections: corrections.into_iter().map(Item::from).collect(),
        entries: sums.entries,
        total_usd: total.to_string(),
        total_nanos: total,
        checkpoint: checkpoint.filter(|note| size(note).is_some_and(|size| size >= sums.next)),
    })
}

/// What the lines leave of the sums: entries that an earlier release counted.
fn rest(sums: &Totals) -> Option<Line> {
    let (mut entries, mut nanos) = (sums.entries, sums.settled_nanos);
    for line in &sums.lines {
        entries = entries.saturating_sub(line.entries);
        nanos = nanos.saturating_sub(line.nanos);
    }
    let capability = UNSPECIFIED.to_owned();
    (entries > 0 || nanos != 0).then(|| Line { capability, entries, nanos, ..Line::default() })
}

/// Of the month's first entry, or else of the tenant's last.
fn company(store: &dyn Store, tenant: &str, month: &str) -> Result<String, StoreError> {
    let mut seq = tally(Scope::Tenant, tenant, month, 0).get(store)?;
    if seq.is_none()
        && let Some(last) = places::counted(store, tenant)?.count.checked_sub(1)
    {
        seq = places::tenant_entry(tenant, last).get(store)?;
    }
    let entry = seq.map(|seq| places::entry(seq).get(store)).transpose()?.flatten();
    Ok(entry.map(|entry| entry.company).unwrap_or_default())
}

/// The size that a checkpoint says. It is our own: its signature is for others to check.
fn size(note: &str) -> Option<u64> {
    note.lines().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_strict_and_end_where_the_next_begins() {
        let check = |text: &str, end: Option<&str>| {
            assert_eq!(Month::parse(text).map(|month| month.end), end.and_then(Millis::parse), "{text}");
        };
        check("2026-11", Some("2026-12-01T00:00:00Z"));
        check("2026-12", Some("2027-01-01T00:00:00Z"));
        check("2024-02", Some("2024-03-01T00:00:00Z"));
        check("2026-01", Some("2026-02-01T00:00:00Z"));
        check("1970-01", Some("1970-02-01T00:00:00Z"));
        for bad in
            ["", "2026", "2026-13", "2026-00", "2026-1", "26-11", "2026-11-01", "1969-12", "2026-11 ", "２026-11", "x"]
        {
            check(bad, None);
        }
    }
}
