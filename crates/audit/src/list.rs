//! Reading the log in order: what has its number, then what is still staged.
//!
//! A position counts entries from the beginning of a list and stays valid while the list grows, since staged entries
//! keep their order when they get their numbers. (One exception: where a writer fills an old gap between two pages, the
//! second page may repeat an entry instead of showing the late one. The next listing has both.)

use calendar::Millis;
use kv_schemas::{Slot, Store, StoreError};

use crate::{
    Entry, View, places,
    state::{State, sequenced_before, staged},
};

/// How many entries one page looks at, at most.
pub const MAX_SCAN: u64 = 5_000;

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

/// How many entries of a list come before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position(pub u64);

/// A position as callers hold it: `a17` in everybody's list, `t17` in a tenant's.
pub struct Cursor;

impl Cursor {
    /// The text of a position.
    #[must_use]
    pub fn write(filter: &Filter, position: Position) -> String {
        format!("{}{}", Self::letter(filter), position.0)
    }

    /// The position of a text. `None` when it is none, or one of the other kind of list.
    #[must_use]
    pub fn read(filter: &Filter, text: &str) -> Option<Position> {
        let digits = text.strip_prefix(Self::letter(filter))?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(Position)).flatten()
    }

    fn letter(filter: &Filter) -> char {
        match filter {
            Filter::All => 'a',
            Filter::Tenant(_) => 't',
        }
    }
}

/// An entry and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Absent while staged.
    pub seq: Option<u64>,
    /// The entry.
    pub entry: Entry,
}

impl Item {
    /// The JSON view.
    #[must_use]
    pub fn view(&self) -> View {
        self.entry.view(self.seq)
    }
}

/// What a list consists of at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    filter: Filter,
    sequenced: u64,
    staged: Vec<Entry>,
}

impl Snapshot {
    /// Takes it.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn take(store: &dyn Store, filter: Filter) -> Result<Self, StoreError> {
        // Staged first, numbered second: see `staged`.
        let before = State::load(store)?;
        let waiting = staged(store, &before)?;
        let (sequenced, next) = match &filter {
            Filter::All => {
                // A run that takes over from another may begin a little before where the other has come to.
                let size = State::load(store)?.size.max(before.size);
                (size, size)
            }
            Filter::Tenant(tenant) => {
                let known = places::counted(store, tenant)?;
                (known.count, known.next)
            }
        };
        let mut staged = Vec::new();
        for entry in waiting {
            let ours = match &filter {
                Filter::All => true,
                Filter::Tenant(tenant) => entry.tenant_id == *tenant,
            };
            if ours && !sequenced_before(store, &entry, next)? {
                staged.push(entry);
            }
        }
        Ok(Self { filter, sequenced, staged })
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.sequenced.saturating_add(u64::try_from(self.staged.len()).unwrap_or(u64::MAX))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At most `limit` entries of `period` from `start` on, and where the next page begins, if anything is left. A page
    /// may be short or empty and still have a next one, when [`MAX_SCAN`] entries were looked at.
    ///
    /// # Errors
    /// The store can't be reached, or the log has a gap.
    pub fn page(
        &self,
        store: &dyn Store,
        period: Period,
        start: Position,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Position>), StoreError> {
        let mut items = Vec::new();
        let end = self.len().min(start.0.saturating_add(MAX_SCAN));
        let mut position = start.0;
        while position < end && items.len() < limit {
            if let Some(item) = self.at(store, position)?.filter(|item| period.has(item.entry.at_ms)) {
                items.push(item);
            }
            position = position.saturating_add(1);
        }
        let next = (position < self.len()).then_some(Position(position));
        Ok((items, next))
    }

    /// As [`Self::page`], but looks at exactly `count` entries, as far as there are any, however many fit `period`.
    ///
    /// # Errors
    /// The store can't be reached, or the log has a gap.
    pub fn span(
        &self,
        store: &dyn Store,
        period: Period,
        start: Position,
        count: usize,
    ) -> Result<(Vec<Item>, Option<Position>), StoreError> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let end = self.len().min(start.0.saturating_add(count));
        let mut items = Vec::new();
        for position in start.0..end {
            items.extend(self.at(store, position)?.filter(|item| period.has(item.entry.at_ms)));
        }
        Ok((items, (end < self.len()).then_some(Position(end))))
    }

    fn at(&self, store: &dyn Store, position: u64) -> Result<Option<Item>, StoreError> {
        if let Some(offset) = position.checked_sub(self.sequenced) {
            let entry = usize::try_from(offset).ok().and_then(|offset| self.staged.get(offset));
            return Ok(entry.map(|entry| Item { seq: None, entry: entry.clone() }));
        }
        let seq = match &self.filter {
            Filter::All => position,
            Filter::Tenant(tenant) => {
                let place = places::tenant_entry(tenant, position);
                place.get(store)?.ok_or_else(|| missing(place.key()))?
            }
        };
        let place = places::entry(seq);
        let entry = place.get(store)?.ok_or_else(|| missing(place.key()))?;
        Ok(Some(Item { seq: Some(seq), entry }))
    }
}

/// A number without its entry is never skipped silently: it would be a cent nobody can account for.
pub(crate) fn missing(key: &str) -> StoreError {
    StoreError::Corrupt { key: key.to_owned(), reason: "missing from the log".into() }
}

/// The entry of a permit.
///
/// # Errors
/// The store can't be reached.
pub fn find(store: &dyn Store, limit_check_id: &str) -> Result<Option<Item>, StoreError> {
    if let Some(item) = numbered(store, limit_check_id)? {
        return Ok(Some(item));
    }
    let Some(index) = places::staged_at(limit_check_id).get(store)? else {
        return Ok(None);
    };
    match places::stage().get(store, index)? {
        Slot::Entry(entry) => Ok(Some(Item { seq: None, entry })),
        // It got its number between the two looks.
        Slot::Hole => numbered(store, limit_check_id),
    }
}

fn numbered(store: &dyn Store, limit_check_id: &str) -> Result<Option<Item>, StoreError> {
    let Some(seq) = places::entry_of(limit_check_id).get(store)? else {
        return Ok(None);
    };
    Ok(places::entry(seq).get(store)?.map(|entry| Item { seq: Some(seq), entry }))
}
