//! What the walk adds up of the permits that it looks at.

use calendar::Millis;
use money::Nanos;
use serde::{Deserialize, Serialize};

use crate::permit::{Permit, State};

/// What some open permits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Holds {
    /// In money.
    pub nanos: Nanos,
    /// The earliest deadline that has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Millis>,
}

impl Holds {
    /// Counts an open permit, which is due to be settled or not.
    pub fn count(&mut self, found: &Permit, due: bool) {
        let holds = match found.state {
            State::Reserving | State::Held | State::Releasing => found.reserved,
            // Settled: it is in the log, or about to be.
            State::Charged(_) | State::Denied(_) | State::Closed { .. } | State::Released => Nanos(0),
        };
        self.include(Self { nanos: holds, overdue: due.then_some(found.expires_at) });
    }

    /// And these.
    pub fn include(&mut self, other: Self) {
        self.nanos = Nanos(self.nanos.0.saturating_add(other.nanos.0));
        self.overdue = self.overdue.into_iter().chain(other.overdue).min();
    }
}
