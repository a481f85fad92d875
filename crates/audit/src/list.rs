//! Reading the log in order, or backwards: what has its number, and what is still staged, which is the newest.

use kv_schemas::{Slot, Store, StoreError};

use crate::{
    Entry, Filter, Personal, Position, Selection, Staged, View, places,
    state::{State, sequenced_before, staged},
};

/// How many entries one page looks at, at most.
pub const MAX_SCAN: u64 = 5_000;

/// An entry and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Absent while staged.
    pub seq: Option<u64>,
    /// The entry.
    pub entry: Entry,
    /// Its personal data; absent when there is none, or it was erased.
    pub opening: Option<Personal>,
}

impl Item {
    pub(crate) fn staged(Staged { entry, opening }: Staged) -> Self {
        Self { seq: None, entry, opening }
    }

    /// The JSON view.
    #[must_use]
    pub fn view(&self) -> View {
        View::of(&self.entry, self.seq, self.opening.as_ref())
    }
}

/// What a list consists of at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    filter: Filter,
    sequenced: u64,
    staged: Vec<Staged>,
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
        for waiting in waiting {
            let entry = &waiting.entry;
            let ours = match &filter {
                Filter::All => true,
                Filter::Tenant(tenant) => entry.tenant_id == *tenant,
            };
            if ours && !sequenced_before(store, entry, next)? {
                staged.push(waiting);
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

    /// At most `limit` of the entries that are wanted, oldest first, from `start` on, and where the next page begins, if
    /// anything is left. A page may be short or empty and still have a next one, when [`MAX_SCAN`] entries were looked at.
    ///
    /// # Errors
    /// The store can't be reached, or the log has a gap.
    pub fn page(
        &self,
        store: &dyn Store,
        wanted: &Selection,
        start: Position,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Position>), StoreError> {
        let mut items = Vec::new();
        let end = self.len().min(start.0.saturating_add(MAX_SCAN));
        let mut position = start.0;
        while position < end && items.len() < limit {
            items.extend(self.at(store, position)?.filter(|item| wanted.has(item)));
            position = position.saturating_add(1);
        }
        let next = (position < self.len()).then_some(Position(position));
        Ok((items, next))
    }

    /// As [`Self::page`], newest first: from the one before `below`, or from the newest. Instead of a position it gives the
    /// id of the last entry that was looked at, for [`Self::position_of`]: a position of what is staged may move.
    ///
    /// # Errors
    /// As of [`Self::page`].
    pub fn page_down(
        &self,
        store: &dyn Store,
        wanted: &Selection,
        below: Option<Position>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<String>), StoreError> {
        let mut items = Vec::new();
        let mut position = below.map_or(self.len(), |below| below.0.min(self.len()));
        let end = position.saturating_sub(MAX_SCAN);
        let mut last = None;
        while position > end && items.len() < limit {
            position = position.saturating_sub(1);
            if let Some(item) = self.at(store, position)? {
                last = Some(item.entry.limit_check_id.clone());
                items.extend(Some(item).filter(|item| wanted.has(item)));
            }
        }
        Ok((items, last.filter(|_| position > 0)))
    }

    /// Where the entry with this id is now; `None` when it is not in this list.
    ///
    /// # Errors
    /// As of [`Self::page`].
    pub fn position_of(&self, store: &dyn Store, id: &str) -> Result<Option<Position>, StoreError> {
        if let Some(offset) = self.staged.iter().position(|staged| staged.entry.limit_check_id == id) {
            return Ok(Some(Position(self.sequenced.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX)))));
        }
        let Some(seq) = places::entry_of(id).get(store)? else { return Ok(None) };
        let Filter::Tenant(tenant) = &self.filter else {
            return Ok((seq < self.sequenced).then_some(Position(seq)));
        };
        // A tenant's list grows in the order of the log: 20 looks find one of a million.
        let (mut low, mut high) = (0, self.sequenced);
        while low < high {
            let middle = low.midpoint(high);
            match listed(store, tenant, middle)? {
                found if found == seq => return Ok(Some(Position(middle))),
                found if found < seq => low = middle.saturating_add(1),
                _ => high = middle,
            }
        }
        Ok(None)
    }

    /// As [`Self::page`], but looks at exactly `count` entries, as far as there are any, however many fit.
    ///
    /// # Errors
    /// The store can't be reached, or the log has a gap.
    pub fn span(
        &self,
        store: &dyn Store,
        wanted: &Selection,
        start: Position,
        count: usize,
    ) -> Result<(Vec<Item>, Option<Position>), StoreError> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let end = self.len().min(start.0.saturating_add(count));
        let mut items = Vec::new();
        for position in start.0..end {
            items.extend(self.at(store, position)?.filter(|item| wanted.has(item)));
        }
        Ok((items, (end < self.len()).then_some(Position(end))))
    }

    fn at(&self, store: &dyn Store, position: u64) -> Result<Option<Item>, StoreError> {
        if let Some(offset) = position.checked_sub(self.sequenced) {
            let staged = usize::try_from(offset).ok().and_then(|offset| self.staged.get(offset));
            return Ok(staged.cloned().map(Item::staged));
        }
        let seq = match &self.filter {
            Filter::All => position,
            Filter::Tenant(tenant) => listed(store, tenant, position)?,
        };
        let item = numbered(store, seq)?;
        item.map(Some).ok_or_else(|| missing(places::entry(seq).key()))
    }
}

/// The number of a tenant's entry at a position of its list.
fn listed(store: &dyn Store, tenant: &str, position: u64) -> Result<u64, StoreError> {
    let place = places::tenant_entry(tenant, position);
    place.get(store)?.ok_or_else(|| missing(place.key()))
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
    if let Some(item) = by_id(store, limit_check_id)? {
        return Ok(Some(item));
    }
    let Some(index) = places::staged_at(limit_check_id).get(store)? else {
        return Ok(None);
    };
    match places::stage().get(store, index)? {
        Slot::Entry(staged) if staged.entry.limit_check_id == limit_check_id => Ok(Some(Item::staged(staged))),
        // An index that leads to somebody else's entry shows nobody anything.
        Slot::Entry(_) => Err(strange(places::staged_at(limit_check_id).key())),
        // It got its number between the two looks.
        Slot::Hole => by_id(store, limit_check_id),
    }
}

fn by_id(store: &dyn Store, limit_check_id: &str) -> Result<Option<Item>, StoreError> {
    let Some(seq) = places::entry_of(limit_check_id).get(store)? else {
        return Ok(None);
    };
    let item = numbered(store, seq)?;
    match &item {
        Some(found) if found.entry.limit_check_id != limit_check_id => {
            Err(strange(places::entry_of(limit_check_id).key()))
        }
        _ => Ok(item),
    }
}

fn strange(key: &str) -> StoreError {
    StoreError::Corrupt { key: key.to_owned(), reason: "names an entry of another id".into() }
}

pub(crate) fn numbered(store: &dyn Store, seq: u64) -> Result<Option<Item>, StoreError> {
    let Some(entry) = places::entry(seq).get(store)? else {
        return Ok(None);
    };
    // Most entries have personal data; of those that don't, nothing is read.
    let opening = if entry.personal.is_some() { places::personal(seq).get(store)? } else { None };
    Ok(Some(Item { seq: Some(seq), entry, opening }))
}
