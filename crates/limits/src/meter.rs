//! The counters: whose, over which window, and what a denial by one says.

use audit::{Scope as Logged, totals};
use calendar::{DAY, HOUR, Millis};
use kv_schemas::{Counter, Store, StoreError, expiry, families};
use serde::{Deserialize, Serialize};

use crate::error::{Denial, DenialKind};

/// How long a day's counters are kept: 40 days.
const DAY_KEPT_HOURS: u64 = 40 * 24;
/// How long a session's counters are kept: longer than any session and all it leaves open.
const SESSION_KEPT_HOURS: u64 = 3 * DAY / HOUR;
/// The window of a session's counters.
const LIFE: &str = "life";

/// Whose counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One page's session, for as long as it lives.
    Session,
    /// A tenant.
    Tenant,
    /// All tenants of a company together.
    Company,
}

impl Scope {
    /// The name in keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Tenant => "tenant",
            Self::Company => "company",
        }
    }

    /// What a denial's code begins with.
    fn prefix(self) -> &'static str {
        match self {
            Self::Session => "session_",
            Self::Tenant => "",
            Self::Company => "company_",
        }
    }
}

/// A counter that reservations raise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Meter {
    /// Open permits.
    Places {
        /// Tenant or company.
        scope: Scope,
        /// Whose.
        owner: String,
    },
    /// Units in a window.
    Units {
        /// Any.
        scope: Scope,
        /// Whose.
        owner: String,
        /// Which units.
        unit: String,
        /// A UTC day such as `2026-11-20`; `life` for a session.
        window: String,
    },
    /// Nano-USD in a window.
    Money {
        /// Any.
        scope: Scope,
        /// Whose.
        owner: String,
        /// A UTC month such as `2026-11`; `life` for a session.
        window: String,
    },
}

/// The windows that count at a moment.
pub(crate) struct Windows {
    day: String,
    month: String,
}

impl Windows {
    pub fn at(now: Millis) -> Self {
        Self { day: now.day(), month: now.month() }
    }

    pub fn units(&self, scope: Scope, owner: &str, unit: &str) -> Meter {
        let window = if scope == Scope::Session { LIFE.into() } else { self.day.clone() };
        Meter::Units { scope, owner: owner.into(), unit: unit.into(), window }
    }

    pub fn money(&self, scope: Scope, owner: &str) -> Meter {
        let window = if scope == Scope::Session { LIFE.into() } else { self.month.clone() };
        Meter::Money { scope, owner: owner.into(), window }
    }
}

impl Meter {
    /// Units as they count at `now`.
    #[must_use]
    pub fn units(scope: Scope, owner: &str, unit: &str, now: Millis) -> Self {
        Windows::at(now).units(scope, owner, unit)
    }

    /// Money as it counts at `now`.
    #[must_use]
    pub fn money(scope: Scope, owner: &str, now: Millis) -> Self {
        Windows::at(now).money(scope, owner)
    }

    fn counter(&self) -> Counter {
        match self {
            Self::Places { scope, owner } => families::OPEN.counter(&[scope.name(), owner]),
            Self::Units { scope, owner, unit, window } => families::UNITS.counter(&[scope.name(), owner, unit, window]),
            Self::Money { scope, owner, window } => families::MONEY.counter(&[scope.name(), owner, window]),
        }
    }

    /// What is taken of it: settled and held.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn read(&self, store: &dyn Store) -> Result<i64, StoreError> {
        self.counter().read(store)
    }

    /// Raises or lowers it.
    pub(crate) fn add(&self, store: &dyn Store, delta: i64) -> Result<i64, StoreError> {
        self.counter().add(store, delta)
    }

    /// What the log says is settled of it, staged entries included. `None` where the log has no such sum: it knows
    /// tokens only as a whole, and sums up no sessions.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn settled(&self, store: &dyn Store) -> Result<Option<i64>, StoreError> {
        let sums = |tenants, companies, scope, owner: &str, window: &str| match scope {
            Scope::Session => Ok(None),
            Scope::Tenant => totals(store, tenants, owner, window).map(Some),
            Scope::Company => totals(store, companies, owner, window).map(Some),
        };
        Ok(match self {
            Self::Places { .. } => Some(0),
            Self::Units { unit, .. } if unit.ends_with("_tokens") => None,
            Self::Units { scope, owner, unit, window } => {
                sums(Logged::TenantDay, Logged::CompanyDay, *scope, owner, window)?
                    .map(|sums| i64::try_from(sums.units(unit)).unwrap_or(i64::MAX))
            }
            Self::Money { scope, owner, window } => {
                sums(Logged::Tenant, Logged::Company, *scope, owner, window)?.map(|sums| sums.settled_nanos)
            }
        })
    }

    /// A counter of a short window, newly made, is forgotten when nobody can settle into that window any more.
    pub(crate) fn forget_later(&self, store: &dyn Store, now: Millis) -> Result<(), StoreError> {
        let hours = match self {
            Self::Money { scope: Scope::Session, .. } | Self::Units { scope: Scope::Session, .. } => SESSION_KEPT_HOURS,
            Self::Units { .. } => DAY_KEPT_HOURS,
            Self::Places { .. } | Self::Money { .. } => return Ok(()),
        };
        expiry::forget_after(store, now.hour_number().saturating_add(hours), &[self.counter().key()])
    }

    /// What a caller is told when this is full.
    pub(crate) fn denial(&self, now: Millis) -> Denial {
        match self {
            Self::Places { scope, .. } => Denial {
                retry_after_ms: Some(1_000),
                ..Denial::new(
                    DenialKind::Burst,
                    &format!("{}burst", scope.prefix()),
                    "Too many calls are under way at once.",
                )
            },
            Self::Units { scope: Scope::Session, unit, .. } => Denial::new(
                DenialKind::HardCap,
                &format!("session_{unit}"),
                format!("This session's cap on {unit} is reached."),
            ),
            Self::Units { scope, unit, .. } => Denial {
                retry_after_ms: Some(now.next_day().since(now)),
                ..Denial::new(
                    DenialKind::HardCap,
                    &format!("{}daily_{unit}", scope.prefix()),
                    format!("Today's cap on {unit} is reached."),
                )
            },
            Self::Money { scope: Scope::Session, .. } => {
                Denial::new(DenialKind::HardCap, "session_cap", "This session's cap is reached.")
            }
            Self::Money { scope, .. } => Denial::new(
                DenialKind::HardCap,
                &format!("{}monthly_cap", scope.prefix()),
                "This month's cap is reached.",
            ),
        }
    }
}
