//! What a tick is told: whether to go on, and what is left.

use money::Nanos;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::bindings::limits::{Permit, Rung};

/// What a tick is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub limit_check_id: String,
    pub standing: Standing,
    cost_left: Option<Nanos>,
    seconds_left: Option<u64>,
}

/// Where the tenant stands on the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Full,
    Throttled,
    TextOnly,
}

impl Answered {
    /// Before the first tick.
    pub fn none() -> Self {
        Self { limit_check_id: String::new(), standing: Standing::Full, cost_left: None, seconds_left: None }
    }

    pub fn of(permit: &Permit) -> Self {
        Self {
            limit_check_id: permit.id.clone(),
            standing: match permit.rung {
                Rung::Full => Standing::Full,
                Rung::Throttled => Standing::Throttled,
                Rung::TextOnly => Standing::TextOnly,
            },
            cost_left: permit.remaining.cost_nanos.map(Nanos),
            seconds_left: permit.remaining.seconds,
        }
    }

    /// The answer's body; `next` is when to tick again, in seconds.
    pub fn json(&self, next: u64) -> Json {
        let (decision, mode) = match self.standing {
            Standing::Full | Standing::Throttled => ("allow", "full"),
            Standing::TextOnly => ("downgrade", "text"),
        };
        json!({
            "decision": decision,
            "limit_check_id": self.limit_check_id,
            "mode": mode,
            "throttled": self.standing == Standing::Throttled,
            "next_tick_s": next,
            "remaining": { "cost_usd": self.cost_left.map(|cost| cost.to_string()), "seconds": self.seconds_left },
        })
    }
}
