//! What every counter should say, added up from entries and permits alone.
//!
//! | a permit that is | stands in its counters for |
//! |---|---|
//! | being reserved, being released | anything from nothing to all that it holds |
//! | held | all that it holds |
//! | charged | the same; once somebody has begun to close it, anything from that to what it used |
//! | closed | what it used: its entry in the log |
//! | denied, released | nothing |

use std::collections::{BTreeMap, BTreeSet};

use audit::{Entry, Kind};
use calendar::Millis;
use limits::{Hold, Meter, Permit, Scope, State, kept};

use crate::{log::Log, permits::Permits};

/// What one counter should say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    /// What is over.
    pub settled: i128,
    /// What open permits hold, all of it.
    pub held: i128,
    /// The least and the most that the counter may say.
    pub least: i128,
    /// See `least`.
    pub most: i128,
    /// What certainly has been let through: never more than a cap allowed, but for overruns.
    pub firm: i128,
    /// By how much uses went above what was reserved for them.
    pub overrun: i128,
    /// Permits in the middle of a change.
    pub moving: Vec<String>,
    /// Whether the reaper knows one of them as left behind.
    pub limbo: bool,
    /// Whether entries count here whose permits have been forgotten.
    pub from_entries_alone: bool,
    /// When the first of the permits that count here was made.
    pub since: Option<Millis>,
    /// Tenant and company of one of them: whose session it is.
    pub payers: Option<(String, String)>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Standings {
    pub all: BTreeMap<Meter, Standing>,
    /// Days and sessions with entries whose permits have been forgotten: whose units can't all be told any more.
    forgotten: BTreeSet<(Scope, String, String)>,
}

impl Standings {
    pub fn of(permits: &Permits, log: &Log) -> Self {
        let mut standings = Self::default();
        for entry in log.all().filter(|entry| entry.kind() == Kind::Money) {
            standings.entry(entry, permits.get(&entry.limit_check_id), log.session_of(entry));
        }
        for permit in permits.iter() {
            for hold in &permit.holds {
                standings.hold(permits, permit, hold);
            }
        }
        standings
    }

    /// Whether entries and permits still tell what a counter should say.
    pub fn can_tell(&self, meter: &Meter) -> bool {
        match meter {
            Meter::Places { .. } => true,
            Meter::Money { scope: Scope::Session, owner, window } => !self.has_forgotten(Scope::Session, owner, window),
            Meter::Money { .. } => true,
            Meter::Units { scope, owner, unit, window } => {
                is_logged(*scope, unit) || !self.has_forgotten(*scope, owner, window)
            }
        }
    }

    fn has_forgotten(&self, scope: Scope, owner: &str, window: &str) -> bool {
        self.forgotten.contains(&(scope, owner.to_owned(), window.to_owned()))
    }

    fn entry(&mut self, entry: &Entry, permit: Option<&Permit>, session: Option<&String>) {
        // Its counters say something between held and settled: it counts among the permits.
        if permit.is_some_and(|permit| matches!(permit.state, State::Charged(_))) {
            return;
        }
        let cost = i128::from(entry.cost_nanos.0);
        let overrun = match permit {
            Some(permit) => cost.saturating_sub(i128::from(permit.reserved.0)).max(0),
            // What more an interaction cost, as a correction says, no cap was asked for either.
            None if ["overrun", "correction"].contains(&entry.settlement.as_str()) => cost.max(0),
            None => 0,
        };
        for (scope, owner) in [(Scope::Tenant, &entry.tenant_id), (Scope::Company, &entry.company)] {
            let money = self.at(Meter::money(scope, owner, entry.at_ms), permit);
            money.settle(cost, overrun);
            if permit.is_none() {
                money.from_entries_alone = true;
                let units = self.at(Meter::units(scope, owner, &entry.unit_type, entry.at_ms), None);
                units.settle(i128::from(entry.units_consumed), 0);
                units.from_entries_alone = true;
                self.forgotten.insert((scope, owner.clone(), entry.at_ms.day()));
            }
        }
        if let (None, Some(session)) = (permit, session) {
            self.forgotten.insert((Scope::Session, session.clone(), "life".into()));
        }
    }

    fn hold(&mut self, permits: &Permits, permit: &Permit, hold: &Hold) {
        let in_the_log = matches!(hold.meter, Meter::Money { scope: Scope::Tenant | Scope::Company, .. });
        let held = i128::from(hold.amount);
        let (least, most, firm) = match &permit.state {
            State::Denied(_) | State::Released => return,
            // Money is its entry's, and its place is given back.
            State::Closed { .. } if in_the_log || matches!(hold.meter, Meter::Places { .. }) => return,
            State::Closed { charge, .. } => {
                let used = i128::from(kept(hold, charge));
                return self.at(hold.meter.clone(), Some(permit)).settle(used, used.saturating_sub(held).max(0));
            }
            State::Reserving | State::Releasing => (0, held, 0),
            State::Held => (held, held, held),
            State::Charged(charge) => {
                let used = i128::from(kept(hold, charge));
                let range =
                    if permits.is_closing(&permit.id) { (used.min(held), used.max(held)) } else { (held, held) };
                // A place is free once it is given back; money and units are what was used.
                let firm = if matches!(hold.meter, Meter::Places { .. }) { range.0 } else { used };
                (range.0, range.1, firm)
            }
        };
        let limbo = permits.is_in_limbo(&permit.id);
        let standing = self.at(hold.meter.clone(), Some(permit));
        standing.held = standing.held.saturating_add(held);
        standing.least = standing.least.saturating_add(least);
        standing.most = standing.most.saturating_add(most);
        standing.firm = standing.firm.saturating_add(firm);
        let asked_for = if permit.correction.is_some() { 0 } else { held };
        standing.overrun = standing.overrun.saturating_add(firm.saturating_sub(asked_for).max(0));
        if least != most {
            standing.moving.push(permit.id.clone());
            standing.limbo |= limbo;
        }
    }

    fn at(&mut self, meter: Meter, permit: Option<&Permit>) -> &mut Standing {
        let standing = self.all.entry(meter).or_default();
        if let Some(permit) = permit {
            standing.since = Some(standing.since.map_or(permit.created_at, |since| since.min(permit.created_at)));
            standing.payers.get_or_insert_with(|| (permit.tenant.clone(), permit.company.clone()));
        }
        standing
    }
}

impl Standing {
    fn settle(&mut self, amount: i128, overrun: i128) {
        self.settled = self.settled.saturating_add(amount);
        self.least = self.least.saturating_add(amount);
        self.most = self.most.saturating_add(amount);
        self.firm = self.firm.saturating_add(amount);
        self.overrun = self.overrun.saturating_add(overrun);
    }
}

/// Whether the log sums up these units. It knows tokens as a whole only, and no sessions.
pub(crate) fn is_logged(scope: Scope, unit: &str) -> bool {
    scope != Scope::Session && !unit.ends_with("_tokens")
}

/// Whether the reaper can count a counter anew: whether the log has a sum to count by.
pub(crate) fn is_countable(meter: &Meter) -> bool {
    match meter {
        Meter::Places { .. } => true,
        Meter::Units { scope, unit, .. } => is_logged(*scope, unit),
        Meter::Money { scope, .. } => *scope != Scope::Session,
    }
}
