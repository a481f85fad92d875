//! Sums over the log: what a scope has settled in a window, by capability and unit.

use std::collections::BTreeMap;

use calendar::Millis;
use serde::{Deserialize, Serialize};

use crate::{Entry, Line, lines};

/// Whose entries are summed up, and over which window (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A tenant's month, `2026-11`.
    Tenant,
    /// A company's month.
    Company,
    /// A tenant's day, `2026-11-20`.
    TenantDay,
    /// A company's day.
    CompanyDay,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tenant, Self::Company, Self::TenantDay, Self::CompanyDay];

    /// The window of this scope that a moment is in.
    #[must_use]
    pub fn window(self, at: Millis) -> String {
        match self {
            Self::Tenant | Self::Company => at.month(),
            Self::TenantDay | Self::CompanyDay => at.day(),
        }
    }

    /// Whose sums an entry counts in.
    #[must_use]
    pub fn owner(self, entry: &Entry) -> &str {
        match self {
            Self::Tenant | Self::TenantDay => &entry.tenant_id,
            Self::Company | Self::CompanyDay => &entry.company,
        }
    }

    /// The name in keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Company => "company",
            Self::TenantDay => "tenant-day",
            Self::CompanyDay => "company-day",
        }
    }
}

/// The sums of one scope and window. As stored they are always true, not always the latest: see [`summed`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// The first position in the log that isn't counted yet: what makes counting safe to repeat.
    pub next: u64,
    /// Entries; and so the place in the scope's tally where the next one goes.
    pub entries: u64,
    /// Nano-USD.
    pub settled_nanos: i64,
    /// The same by capability, such as `chat`.
    pub by_capability: BTreeMap<String, Share>,
    /// The lines of a tenant's month, for its invoice; other scopes have none. Sums of earlier releases have no lines of
    /// the entries they had counted by then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

/// One capability's part.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// Entries.
    pub entries: u64,
    /// Nano-USD.
    pub nanos: i64,
    /// Units by unit type.
    pub units: BTreeMap<String, u64>,
}

impl Totals {
    /// Units of one type over all capabilities.
    #[must_use]
    pub fn units(&self, unit_type: &str) -> u64 {
        self.by_capability.values().filter_map(|share| share.units.get(unit_type)).fold(0, |a, b| a.saturating_add(*b))
    }

    /// Counts the entry at position `seq`.
    pub(crate) fn add(&mut self, scope: Scope, seq: u64, entry: &Entry) {
        self.next = seq.saturating_add(1);
        self.include(scope, entry);
    }

    pub(crate) fn include(&mut self, scope: Scope, entry: &Entry) {
        self.entries = self.entries.saturating_add(1);
        self.settled_nanos = self.settled_nanos.saturating_add(entry.cost_nanos.0);
        let share = self.by_capability.entry(entry.capability.clone()).or_default();
        share.entries = share.entries.saturating_add(1);
        share.nanos = share.nanos.saturating_add(entry.cost_nanos.0);
        let units = share.units.entry(entry.unit_type.clone()).or_default();
        *units = units.saturating_add(entry.units_consumed);
        if scope == Scope::Tenant {
            lines::include(&mut self.lines, entry);
        }
    }
}
