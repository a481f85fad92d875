//! Amounts in nano-USD, decimal strings, and what a quantity costs at a price. No float anywhere.

mod hours;
mod nanos;
mod price;
mod rows_of;
mod table;
#[cfg(test)]
mod tests;

pub use hours::{Hours, HoursError};
pub use nanos::{DecimalError, Nanos};
pub use price::{PriceRow, Quantity, UNIT_TYPES};
pub use rows_of::RowsOf;
pub use table::{PriceTable, Unpriced};
