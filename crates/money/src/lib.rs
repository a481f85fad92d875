//! Amounts in nano-USD, decimal strings, and what a quantity costs at a price. No float anywhere.

mod nanos;
mod price;

pub use nanos::{DecimalError, Nanos};
pub use price::{PriceRow, PriceTable, Quantity, UNIT_TYPES, Unpriced};
