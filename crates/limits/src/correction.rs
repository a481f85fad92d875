//! What a correction says: which interaction cost how much more or less, and why.

use money::Nanos;
use serde::{Deserialize, Serialize};

/// What is to be put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The interaction's permit, `lc_...`.
    pub corrects: String,
    /// By how much: above zero it cost more, below zero less.
    pub cost: Nanos,
    /// Why, for people.
    pub reason: String,
}

/// The event type of an interaction.
pub(crate) const INTERACTION: &str = "TWIN_INTERACTION";
pub(crate) const CORRECTS: &str = "corrects";
pub(crate) const REASON: &str = "reason";

impl Correction {
    /// The event type of its entry.
    pub(crate) const EVENT: &str = "CORRECTION";

    /// What its entry says of it.
    pub(crate) fn details(&self) -> [(String, String); 2] {
        [(CORRECTS.into(), self.corrects.clone()), (REASON.into(), self.reason.clone())]
    }
}
