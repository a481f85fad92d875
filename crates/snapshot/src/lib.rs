//! What a deployment is like at one moment, as one document: its shape, its name, its age, and what changed between two.
//!
//! - [`Snapshot`] is the document; [`validate`] says what in a JSON text isn't one.
//! - [`name`] and [`taken_at`] are its name and back; [`is_fresh`] is the bound on its age.
//! - [`diff`] is the delta of two.
//! - [`Report`] is what one check found. The compliance, coverage and drift of a snapshot come from reports.
//!
//! What nobody knows is `null`, never a guess.

mod age;
mod diff;
mod document;
mod family;
mod report;
mod risks;
mod schema;
#[cfg(test)]
mod tests;
mod thousandths;
mod usd;

pub use age::{FRESH, is_fresh, name, taken_at};
pub use diff::{Change, diff};
pub use document::{
    Compliance, Coverage, Infra, Log, Model, Orchestration, RevenueProxy, Snapshot, TARGET, Tollgate, VERSION,
};
pub use family::{FAMILIES, family};
pub use report::{Finding, Report, Status};
pub use risks::{Circumstances, risks};
pub use schema::{Fault, validate};
pub use thousandths::Thousandths;
pub use usd::Usd;
