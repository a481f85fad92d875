//! Price rows in the store: per vendor, and a list of vendors.

use std::collections::{BTreeMap, BTreeSet};

use kv_schemas::{Log, Slot, Store, StoreError, Value, families};
use money::PriceRow;

use crate::{Event, Invalid, Journal, WriteError};

/// The most rows of a vendor: all of them are read for every reservation.
const MAX_PER_VENDOR: usize = 2_000;
/// The most lengths of input at which the price of one unit of a model changes: all that may hold go into each permit.
const MAX_BANDS: usize = 16;

/// A vendor's rows.
#[must_use]
pub fn vendor_prices(vendor: &str) -> Value<Vec<PriceRow>> {
    families::PRICES.value(&[vendor])
}

fn vendors() -> Log<String> {
    families::PRICE_LIST.log(&[])
}

/// Adds rows; one with the same vendor, model, unit, day, band and hours replaces the old. Idempotent.
pub fn put_prices(store: &dyn Store, rows: Vec<PriceRow>, journal: &dyn Journal) -> Result<(), WriteError> {
    let mut by_vendor: BTreeMap<String, Vec<PriceRow>> = BTreeMap::new();
    for row in rows {
        by_vendor.entry(row.vendor.clone()).or_default().push(row);
    }
    let (mut merged, mut changed) = (Vec::new(), BTreeMap::new());
    for (vendor, new) in by_vendor {
        let old = vendor_prices(&vendor).get(store)?;
        let is_new = old.is_none();
        let old = old.unwrap_or_default();
        let rows = merge(old.clone(), new);
        let others = rows.iter().filter(|row| !old.contains(row)).count();
        if others > 0 {
            changed.insert(vendor.clone(), others);
        }
        if rows.len() > MAX_PER_VENDOR {
            let message = format!("would give {vendor} more than {MAX_PER_VENDOR} rows");
            return Err(Invalid::new("prices", message).into());
        }
        if let Some(row) = with_too_many_bands(&rows) {
            let (unit, model) = (&row.unit_type, &row.model);
            let message = format!("would give {unit} of {model} more than {MAX_BANDS} different from_input_tokens");
            return Err(Invalid::new("prices", message).into());
        }
        merged.push((vendor, is_new, rows));
    }
    if !changed.is_empty() {
        let rows = changed.values().fold(0_usize, |sum, rows| sum.saturating_add(*rows));
        // What if we crash here, or between two vendors? The repeat is noted again, with what is left to change.
        journal.note(&Event::prices_changed(rows, changed.into_keys().collect()))?;
    }
    for (vendor, is_new, rows) in merged {
        if is_new {
            // What if we crash here? The list names a vendor without rows, or later twice: readers pass over both.
            vendors().append(store, &vendor)?;
        }
        // What if we crash between two vendors? The first has its new prices; the same request again gives the rest theirs.
        vendor_prices(&vendor).set(store, &rows)?;
    }
    Ok(())
}

fn merge(mut rows: Vec<PriceRow>, new: Vec<PriceRow>) -> Vec<PriceRow> {
    for row in new {
        let same = |old: &&mut PriceRow| old.identity() == row.identity();
        match rows.iter_mut().find(same) {
            Some(old) => *old = row,
            None => rows.push(row),
        }
    }
    rows.sort_by(|a, b| a.identity().cmp(&b.identity()));
    rows
}

/// A row of a model and unit that has more bands than there may be.
fn with_too_many_bands(rows: &[PriceRow]) -> Option<&PriceRow> {
    let mut bands: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
    rows.iter().find(|row| {
        let bands = bands.entry((&row.model, &row.unit_type)).or_default();
        bands.insert(row.from_input_tokens);
        bands.len() > MAX_BANDS
    })
}

/// All rows of all vendors, in order.
pub fn all_prices(store: &dyn Store) -> Result<Vec<PriceRow>, StoreError> {
    let mut names = BTreeSet::new();
    for index in 1..=vendors().tail(store)? {
        if let Slot::Entry(vendor) = vendors().get(store, index)? {
            names.insert(vendor);
        }
    }
    let mut rows = Vec::new();
    for vendor in names {
        rows.extend(vendor_prices(&vendor).get(store)?.unwrap_or_default());
    }
    Ok(rows)
}
