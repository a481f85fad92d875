//! Circuit breaker: a vendor that keeps failing a tenant is left alone for a while, then probed by one call at a time.
//!
//! ```text
//!   closed --N failures in a row--> open for T --T over--> half-open --a call wins the turn--> open for T, probing
//!     ^                              ^  ^                                                         |      |     |
//!     |                              |  +---------- probe died: T later, the next turn -----------+      |     |
//!     |                              +--------------------- probe failed: T is doubled -------------------+     |
//!     +------------------------------------------------------- probe succeeded ---------------------------------+
//! ```
//! The record is removed when the vendor answers, so a vendor in good health has none: a call that goes well costs one
//! `get` and writes nothing. One that nobody has asked for an hour after its T counts as none, too: what it knows is old.
//!
//! A call that is admitted as the probe re-opens the breaker before it goes out, as if it had failed already. So
//! whoever comes meanwhile is refused without asking for the turn, and a probe that never comes back holds nobody up
//! for longer than T. (One that is told of after more than T was taken for dead, and may have company.)
//!
//! # Two at once
//! Only the turn is decided exactly. The count of failures is read and then written: of two that fail at once one may
//! go uncounted, and a straggler may write a count over an opening or after a success. Each is a statistic that is off
//! by as many calls as were under way, and the next few calls set it right. [`strike_closed`] says what may happen
//! while it takes a record away.

mod listed;

use calendar::{HOUR, Millis, SECOND};
use kv_schemas::{Once, Store, StoreError, Value, expiry, families};
use serde::{Deserialize, Serialize};

pub use self::listed::{Listed, list, strike_closed};

/// Nodes' clocks differ by less.
const CLOCKS_MS: u64 = 10 * SECOND;
/// Nobody having asked for so long after its T, it is as closed.
const FORGOTTEN_MS: u64 = HOUR;

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// So many failures in a row open it; 0 is as 1.
    pub failures: u32,
    /// How long it stays open at first (T); doubles with each probe that fails.
    pub open_ms: u64,
    /// What T grows to at most.
    pub longest_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { failures: 8, open_ms: 10_000, longest_ms: 300_000 }
    }
}

/// What is stored of a vendor that has failed. No record: closed, and the last call went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Record {
    /// Closed, after so many failures in a row.
    Closed {
        /// In a row.
        failures: u32,
    },
    /// Open until then, half-open from then on.
    Open {
        /// When the next probe may go.
        until: Millis,
        /// T: how long it was opened for.
        wait_ms: u64,
    },
}

impl Record {
    /// Whether it keeps calls back, or has just done so. One that is never asked again, though its time is over, doesn't; nor
    /// does one that a clock far ahead of all others has left.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        match self {
            Self::Closed { .. } => false,
            Self::Open { until, wait_ms } => {
                until.plus(CLOCKS_MS) > now && until.since(now) <= wait_ms.saturating_mul(2).saturating_add(CLOCKS_MS)
            }
        }
    }

    /// Whether its T has been over for so long, and nobody has asked since.
    fn is_idle(&self, now: Millis, ms: u64) -> bool {
        matches!(self, Self::Open { until, .. } if now.since(*until) >= ms)
    }
}

/// Whether the vendor may be called.
#[derive(Debug)]
pub enum Admission {
    /// Call it, and tell the pass how it went.
    Allow(Pass),
    /// Don't: it keeps failing. Not charged.
    Refuse {
        /// When the next probe may go.
        retry_after_ms: u64,
    },
}

/// A call that was let through. Tell it how it went as soon as that is known: of a stream, at its first byte.
///
/// Dropped, it says nothing about the vendor: right for a call that the page gave up. A probe that is dropped makes
/// place for the next one after T.
#[derive(Debug)]
#[must_use = "tell it how the call went"]
pub struct Pass {
    tenant: String,
    vendor: String,
    seen: Seen,
}

/// What the call was let through on.
#[derive(Debug, Clone, Copy)]
enum Seen {
    Clean,
    Failures,
    Probe { wait_ms: u64 },
}

fn record(tenant: &str, vendor: &str) -> Value<Record> {
    families::BREAKER.value(&[tenant, vendor])
}

/// Asks whether `vendor` may be called for `tenant`.
///
/// # Errors
/// The store can't be reached. If that was when the turn was asked for, it counts as taken: T later there is another.
pub fn admit(
    store: &dyn Store,
    tenant: &str,
    vendor: &str,
    settings: &Settings,
    now: Millis,
) -> Result<Admission, StoreError> {
    let allow = |seen| Ok(Admission::Allow(Pass { tenant: tenant.to_owned(), vendor: vendor.to_owned(), seen }));
    let record = record(tenant, vendor);
    let (until, wait_ms) = match record.get(store)? {
        // It writes nothing, so it doesn't mind if the record is taken away meanwhile.
        Some(idle) if idle.is_idle(now, FORGOTTEN_MS) => return allow(Seen::Clean),
        None => return allow(Seen::Clean),
        Some(Record::Closed { .. }) => return allow(Seen::Failures),
        Some(Record::Open { until, wait_ms }) => (until, wait_ms.clamp(1, settings.longest_ms.max(1))),
    };
    let turn = match turn(until, wait_ms, now) {
        Turn::NotYet { retry_after_ms } => return Ok(Admission::Refuse { retry_after_ms }),
        Turn::Open(start) => start,
    };
    let once: Once = families::BREAKER_PROBE.once(&[tenant, vendor, &turn.0.to_string()]);
    if !once.win(store)? {
        return Ok(Admission::Refuse { retry_after_ms: turn.plus(wait_ms).since(now) });
    }
    // What if we crash here? The turn is won and nobody probes; the next turn begins T after this one did.
    // What if we are slow here, and that next turn begins? It may admit a second probe: one call more that may fail.
    record.set(store, &Record::Open { until: now.plus(wait_ms), wait_ms })?;
    // What if we crash here? One small key stays behind.
    expiry::forget_after(store, now.hour_number(), &[once.key()])?;
    allow(Seen::Probe { wait_ms })
}

/// Where `now` lies for a breaker that is open until `until`.
enum Turn {
    NotYet {
        retry_after_ms: u64,
    },
    /// Half-open, in the turn that began then. One call wins it; its start names it for ever.
    Open(Millis),
}

/// From `until` on, turns of T follow each other, so that a turn whose winner died is followed by another.
fn turn(until: Millis, wait_ms: u64, now: Millis) -> Turn {
    let ahead = until.since(now);
    // Clocks differ a little between nodes. But one that was set back far doesn't keep everybody out until it has
    // caught up.
    if ahead > wait_ms.saturating_mul(2) {
        return Turn::Open(Millis(now.0.saturating_sub(now.0.checked_rem(wait_ms).unwrap_or(0))));
    }
    if ahead > 0 {
        return Turn::NotYet { retry_after_ms: ahead };
    }
    let into = now.since(until).checked_rem(wait_ms).unwrap_or(0);
    Turn::Open(Millis(now.0.saturating_sub(into)))
}

impl Pass {
    /// Whether this call is the one that tries whether the vendor is back.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        matches!(self.seen, Seen::Probe { .. })
    }

    /// The vendor answered. (So it did when it refused what the page asked for.)
    ///
    /// # Errors
    /// The store can't be reached: the breaker stays as it is, and the next call that goes well closes it.
    pub fn succeeded(self, store: &dyn Store) -> Result<(), StoreError> {
        let record = record(&self.tenant, &self.vendor);
        match self.seen {
            // The happy path writes nothing. If others have failed meanwhile, the next to go well sees their count.
            Seen::Clean => Ok(()),
            // A call from before the opening doesn't close it: that is for the probe, which is younger.
            Seen::Failures => match record.get(store)? {
                Some(Record::Closed { .. }) => record.delete(store),
                Some(Record::Open { .. }) | None => Ok(()),
            },
            // What if we crash before? It is open for T at most, and the next probe closes it.
            Seen::Probe { .. } => record.delete(store),
        }
    }

    /// The vendor was not called after all: somebody else may try whether it is back.
    ///
    /// # Errors
    /// The store can't be reached: the next turn begins T after this one did.
    pub fn unused(self, store: &dyn Store, now: Millis) -> Result<(), StoreError> {
        match self.seen {
            Seen::Clean | Seen::Failures => Ok(()),
            // A moment on, since a turn is named by its beginning and this one's name is spent.
            Seen::Probe { wait_ms } => {
                record(&self.tenant, &self.vendor).set(store, &Record::Open { until: now.plus(1), wait_ms })
            }
        }
    }

    /// The vendor failed: no answer, or one that says it is its own fault.
    ///
    /// # Errors
    /// The store can't be reached: the failure may go uncounted.
    pub fn failed(self, store: &dyn Store, settings: &Settings, now: Millis) -> Result<(), StoreError> {
        let record = record(&self.tenant, &self.vendor);
        let open = |wait_ms: u64| Record::Open { until: now.plus(wait_ms), wait_ms };
        let next = match self.seen {
            // Doubled from what this probe was let through on, so two probes of one opening don't double it twice.
            Seen::Probe { wait_ms } => open(wait_ms.saturating_mul(2).min(settings.longest_ms.max(1))),
            Seen::Clean | Seen::Failures => {
                let failures = match record.get(store)? {
                    Some(idle) if idle.is_idle(now, FORGOTTEN_MS) => 1,
                    // A call from before the opening: what it says is known.
                    Some(Record::Open { .. }) => return Ok(()),
                    Some(Record::Closed { failures }) => failures.saturating_add(1),
                    None => 1,
                };
                let opens = failures >= settings.failures;
                if opens {
                    // First: what if we crash in between? A place for one that isn't open, which is struck off.
                    let Self { tenant, vendor, .. } = self;
                    list().append(store, &Listed { tenant, vendor, at: now })?;
                    open(settings.open_ms.clamp(1, settings.longest_ms.max(1)))
                } else {
                    Record::Closed { failures }
                }
            }
        };
        // What if we crash before? The failure is uncounted; a probe's is, as it re-opened the breaker before it went.
        record.set(store, &next)
    }
}
