//! What was found: every number of every round, their medians and ratios, and whether they meet the targets.

pub mod file;
pub mod record;
pub mod table;
pub mod targets;

pub use self::record::{Measure, Record, Row, Unit};
