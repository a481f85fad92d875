//! Whose entries a list is made of, and which of them are wanted.

use calendar::Millis;

use crate::{Item, Kind};

/// Whose entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Everybody's.
    All,
    /// One tenant's.
    Tenant(String),
}

/// Entries decided from `from` (inclusive) to `to` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// No bound when absent.
    pub from: Option<Millis>,
    /// No bound when absent.
    pub to: Option<Millis>,
}

impl Period {
    fn has(&self, at: Millis) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
    }
}

/// Which entries of a list are wanted: those that all of this is true of. By default every one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// When the cost was decided.
    pub period: Period,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Of this type, one of [`crate::EVENT_TYPES`].
    pub event_type: Option<String>,
    /// Of this session. Whose personal data is erased is of none.
    pub session_id: Option<String>,
    /// Of this capability.
    pub capability: Option<String>,
    /// By this vendor.
    pub provider: Option<String>,
}

impl Selection {
    /// Whether an entry is wanted.
    #[must_use]
    pub fn has(&self, item: &Item) -> bool {
        let Item { entry, opening, .. } = item;
        let session = opening.as_ref().and_then(|opening| opening.session_id.as_ref());
        self.period.has(entry.at_ms)
            && self.kind.is_none_or(|kind| entry.kind() == kind)
            && self.event_type.as_ref().is_none_or(|wanted| entry.event_type == *wanted)
            && self.session_id.as_ref().is_none_or(|wanted| session == Some(wanted))
            && self.capability.as_ref().is_none_or(|wanted| entry.capability == *wanted)
            && self.provider.as_ref().is_none_or(|wanted| entry.provider == *wanted)
    }
}
