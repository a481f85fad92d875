//! A permit as it is stored, and what it may become.

use calendar::Millis;
use kv_schemas::{Log, Memo, Once, Store, StoreError, Tailed, Value, families};
use money::{Nanos, PriceTable, Quantity};
use serde::{Deserialize, Serialize};

use crate::{
    correction::Corrected,
    error::Denial,
    holds::{Hold, Remaining, Rung},
    short,
};

/// How long a resolved permit is remembered: 32 days, as webhooks are.
pub(crate) const KEPT_HOURS: u64 = 32 * 24;

/// A permit. Windows, prices and counters are frozen here when it is made: a month that ends or a price that changes
/// while it is held changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// `lc_...`
    pub id: String,
    /// Who resolves it.
    pub holder: Holder,
    /// Who pays.
    pub tenant: String,
    /// The tenant's company, which pays too.
    pub company: String,
    /// The page's session, if one asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What for.
    pub capability: String,
    /// Which vendor.
    pub provider: String,
    /// Which model; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// Where the page lives; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// The request that asked.
    pub request_id: String,
    /// The most it can use.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "short::pairs")]
    pub worst_case: Vec<Quantity>,
    /// The prices of the day it was made.
    pub prices: PriceTable,
    /// What `worst_case` costs.
    pub reserved: Nanos,
    /// Every counter it stands in.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "short")]
    pub holds: Vec<Hold>,
    /// When it was made; also the time of its log entry, so that counter and log agree on the month.
    pub created_at: Millis,
    /// When the reaper may resolve it.
    pub expires_at: Millis,
    /// How near the cap the tenant was.
    pub rung: Rung,
    /// What was left.
    #[serde(default)]
    pub remaining: Remaining,
    /// Its id follows from an idempotency key, so that it is remembered even when denied.
    #[serde(default, skip_serializing_if = "is_not")]
    pub keyed: bool,
    /// What the request was, for repeats with the same idempotency key; empty where there is no such key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// What it puts right, if it is a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Corrected>,
    /// Where it stands.
    pub state: State,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_not(yes: &bool) -> bool {
    !yes
}

/// What changes once a permit's windows and prices are frozen.
#[derive(Serialize)]
struct Tail<'a> {
    rung: Rung,
    remaining: Remaining,
    #[serde(skip_serializing_if = "is_not")]
    keyed: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    correction: Option<&'a Corrected>,
    state: &'a State,
}

impl Tailed for Permit {
    fn tail(&self) -> impl Serialize {
        Tail {
            rung: self.rung,
            remaining: self.remaining,
            keyed: self.keyed,
            fingerprint: &self.fingerprint,
            correction: self.correction.as_ref(),
            state: &self.state,
        }
    }
}

/// Who is given a permit and resolves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The gate itself, which calls the vendor. Nobody outside may resolve it.
    Gate,
    /// The tenant's own server, which calls the vendor.
    Server,
    /// A page. It holds no vendor's key, so it can have used nothing: expired, the permit is released; and what the page
    /// says it used is believed up to what was reserved.
    Page,
}

/// Where a permit stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Counters are being raised, or lowered again because one of them is full.
    Reserving,
    /// All counters hold it.
    Held,
    /// No counter holds it. Final.
    Denied(Denial),
    /// What it costs is decided; the log entry may be there; the rest may be being given back.
    Charged(Charge),
    /// The log entry is staged and the rest has been given back. Final.
    Closed {
        /// What it cost.
        charge: Charge,
        /// Its stage index in the log.
        stage: u64,
    },
    /// It cost nothing; what it held is being given back.
    Releasing,
    /// It cost nothing and everything has been given back. Final.
    Released,
}

impl State {
    /// Nothing about the permit or its counters changes any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Denied(_) | Self::Closed { .. } | Self::Released)
    }
}

/// What a permit's use was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Used {
    /// The vendor's numbers, or the caller's.
    Actual(Vec<Quantity>),
    /// No final numbers came: what was delivered, counted by the gate.
    Counted(Vec<Quantity>),
    /// Nobody knows: all of it.
    Unknown,
}

/// How a charge came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// The usage was known and within the reservation.
    Exact,
    /// The usage was counted by the gate, and within the reservation.
    Counted,
    /// The usage was not known; the whole reservation is spent.
    Full,
    /// The usage was known and above the reservation.
    Overrun,
    /// No use: what another permit cost is put right.
    Correction,
}

impl Settlement {
    /// The name in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Counted => "counted",
            Self::Full => "full",
            Self::Overrun => "overrun",
            Self::Correction => "correction",
        }
    }
}

/// The decision what a permit costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// What was used.
    #[serde(serialize_with = "short::pairs")]
    pub used: Vec<Quantity>,
    /// What that costs.
    pub cost: Nanos,
    /// How it came about.
    pub settlement: Settlement,
}

/// What the list says of a permit. Written before anything else of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub id: String,
    /// It stood elsewhere on the list before: whoever counts permits doesn't count it again.
    #[serde(default, skip_serializing_if = "is_not")]
    pub moved: bool,
}

/// A permit's key.
#[must_use]
pub fn permit(id: &str) -> Value<Permit> {
    families::PERMIT.value(&[id])
}

thread_local! {
    /// Permits on their way from one call to the next, which mostly comes to the same instance: that reads what the last
    /// one wrote, and needn't parse it.
    pub(crate) static PERMITS: Memo<Permit> = const { Memo::new(16) };
}

/// Who wins to decide what becomes of it.
pub(crate) fn resolver(id: &str) -> Once {
    families::PERMIT_RESOLVER.once(&[id])
}

/// Who wins to give the rest back.
pub(crate) fn closer(id: &str) -> Once {
    families::PERMIT_CLOSER.once(&[id])
}

/// Who wins to make it, where the caller chose the id.
pub(crate) fn maker(id: &str) -> Once {
    families::PERMIT_MAKER.once(&[id])
}

/// Until when a lease was extended.
pub(crate) fn extension(id: &str) -> Value<Millis> {
    families::PERMIT_EXTENSION.value(&[id])
}

/// Every permit that isn't final yet, and final ones that the reaper hasn't swept.
pub(crate) fn list() -> Log<Listed> {
    families::PERMIT_LIST.log(&[])
}

impl Permit {
    /// A permit of which nothing is known yet, or any more, than its id: nothing is held.
    pub(crate) fn blank(id: &str, now: Millis) -> Self {
        Self {
            id: id.into(),
            holder: Holder::Gate,
            tenant: String::new(),
            company: String::new(),
            session: None,
            capability: String::new(),
            provider: String::new(),
            model: String::new(),
            channel: String::new(),
            request_id: String::new(),
            worst_case: Vec::new(),
            prices: PriceTable::default(),
            reserved: Nanos(0),
            holds: Vec::new(),
            created_at: now,
            expires_at: now,
            rung: Rung::Full,
            remaining: Remaining::default(),
            keyed: true,
            fingerprint: String::new(),
            correction: None,
            state: State::Reserving,
        }
    }

    /// The decision, once there is one, and where its log entry is staged.
    #[must_use]
    pub fn decision(&self) -> Option<(&Charge, Option<u64>)> {
        match &self.state {
            State::Charged(charge) => Some((charge, None)),
            State::Closed { charge, stage } => Some((charge, Some(*stage))),
            _ => None,
        }
    }

    /// Whether it is released rather than charged when its holder vanishes: a lease on a place costs nothing, and a page
    /// can have used nothing.
    #[must_use]
    pub fn is_free_when_abandoned(&self) -> bool {
        let lease = self.worst_case.is_empty() && self.reserved == Nanos(0);
        lease || self.holder == Holder::Page
    }

    /// When the reaper may resolve it: a lease lives as long as its ticks come.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn deadline(&self, store: &dyn Store) -> Result<Millis, StoreError> {
        let extended = if self.worst_case.is_empty() { extension(&self.id).get(store)? } else { None };
        Ok(extended.map_or(self.expires_at, |until| until.max(self.expires_at)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;
    use crate::keyed;

    #[test]
    fn the_tail_is_how_a_permit_ends() {
        let blank = Permit { keyed: false, ..Permit::blank("lc_1", Millis(5)) };
        let charge = Charge { used: vec![Quantity::new("seconds", 3)], cost: Nanos(7), settlement: Settlement::Exact };
        let denial = keyed::lost();
        let remaining = Remaining { cost: Some(Nanos(1)), seconds: Some(2) };
        let corrected = r#"{"corrects":"lc_0","cost":-5,"reason":"r"}"#;
        let corrected = Some(serde_json::from_str::<Corrected>(corrected).unwrap());
        for permit in [
            blank.clone(),
            Permit { state: State::Held, rung: Rung::Throttled, remaining, ..blank.clone() },
            Permit { state: State::Charged(charge.clone()), keyed: true, ..blank.clone() },
            Permit { state: State::Closed { charge, stage: 9 }, fingerprint: "f".into(), ..blank.clone() },
            Permit { state: State::Denied(denial), correction: corrected, ..blank },
        ] {
            let (whole, tail) =
                (serde_json::to_string(&permit).unwrap(), serde_json::to_string(&permit.tail()).unwrap());
            let fields = tail.strip_prefix('{').unwrap();
            assert!(whole.ends_with(&format!(",{fields}")), "{whole}\n{tail}");
        }
    }
}
