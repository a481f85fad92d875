//! The books beside the books: what was granted, charged and given back, learned from each permit as it is written, and
//! asked at every single operation whether the counters and caps agree.

use std::collections::BTreeMap;

use kv_schemas::families;
use limits::{Charge, Meter, Permit, Scope, State};
use money::Nanos;
use tenancy::Limits;

/// How long after a change the old cap may still be used by calls that have read it: as old as a call may become.
const GRACE_MS: u64 = limits::PATIENCE_MS / 3;

/// What stands in one counter.
#[derive(Debug, Clone, Copy, Default)]
struct Stands {
    /// Granted and open, or spent: against the cap.
    granted: i64,
    /// The least that the counter must have.
    least: i64,
}

#[derive(Debug, Default)]
pub struct Ghost {
    stands: BTreeMap<String, Stands>,
    permits: BTreeMap<String, Permit>,
    /// Caps by owner: until when each was in force, the last is in force.
    limits: BTreeMap<(Scope, String), Vec<(u64, Limits)>>,
    pub granted: u64,
    pub denied: u64,
    pub settled: u64,
    pub overruns: u64,
    pub corrected: u64,
}

/// The key of a meter's counter.
pub fn key_of(meter: &Meter) -> String {
    match meter {
        Meter::Places { scope, owner } => families::OPEN.counter(&[scope.name(), owner]).key().into(),
        Meter::Units { scope, owner, unit, window } => {
            families::UNITS.counter(&[scope.name(), owner, unit, window]).key().into()
        }
        Meter::Money { scope, owner, window } => families::MONEY.counter(&[scope.name(), owner, window]).key().into(),
    }
}

/// What a charge is, in the units of a meter.
fn cost(meter: &Meter, charge: &Charge) -> i64 {
    let sum = |wanted: &dyn Fn(&str) -> bool| {
        charge.used.iter().filter(|used| wanted(&used.unit_type)).map(|used| used.units as i64).sum()
    };
    match meter {
        Meter::Places { .. } => 0,
        Meter::Money { .. } => charge.cost.0,
        Meter::Units { unit, .. } if unit == "tokens" => sum(&|name| name.ends_with("_tokens")),
        Meter::Units { unit, .. } => sum(&|name| name == unit),
    }
}

fn stands(permit: &Permit, hold: &limits::Hold) -> Stands {
    match &permit.state {
        // Nobody asks a cap for what an interaction cost more than was thought.
        State::Charged(charge) | State::Closed { charge, .. } if permit.correction.is_some() => {
            let cost = cost(&hold.meter, charge);
            Stands { granted: cost.min(0), least: cost }
        }
        State::Held => Stands { granted: hold.amount, least: hold.amount },
        State::Charged(charge) => {
            let least = cost(&hold.meter, charge).min(hold.amount);
            Stands { granted: least, least }
        }
        State::Closed { charge, .. } => {
            let cost = cost(&hold.meter, charge);
            Stands { granted: cost.min(hold.amount), least: cost }
        }
        _ => Stands::default(),
    }
}

/// Which states may follow which.
fn may_follow(before: &State, after: &State, is_correction: bool) -> bool {
    match before {
        State::Reserving if is_correction => {
            matches!(after, State::Reserving | State::Charged(_) | State::Denied(_))
        }
        State::Reserving => matches!(after, State::Reserving | State::Held | State::Denied(_)),
        State::Held => matches!(after, State::Charged(_) | State::Releasing),
        State::Charged(charge) => match after {
            State::Charged(again) | State::Closed { charge: again, .. } => again == charge,
            _ => false,
        },
        State::Releasing => matches!(after, State::Releasing | State::Released),
        State::Denied(_) | State::Closed { .. } | State::Released => before == after,
    }
}

impl Ghost {
    /// Limits change: from now on the new ones hold.
    pub fn limits_changed(&mut self, scope: Scope, owner: &str, limits: Limits, elapsed: u64) {
        let history = self.limits.entry((scope, owner.to_owned())).or_default();
        if let Some(last) = history.last_mut() {
            last.0 = elapsed;
        }
        history.push((u64::MAX, limits));
        history.retain(|(until, _)| until.saturating_add(10 * GRACE_MS) > elapsed);
    }

    /// The highest cap that a call at work now may have read.
    fn cap(&self, meter: &Meter, tenant: &str, elapsed: u64) -> Option<i64> {
        let (scope, owner) = match meter {
            Meter::Places { scope, owner } | Meter::Units { scope, owner, .. } | Meter::Money { scope, owner, .. } => {
                if *scope == Scope::Session {
                    (Scope::Tenant, tenant)
                } else {
                    (*scope, owner.as_str())
                }
            }
        };
        let pick = |limits: &Limits| match meter {
            Meter::Places { .. } => limits.burst.map(|cap| cap as i64),
            Meter::Units { scope: Scope::Session, unit, .. } => limits.session_units.get(unit).map(|cap| *cap as i64),
            Meter::Units { unit, .. } => limits.daily_units.get(unit).map(|cap| *cap as i64),
            Meter::Money { scope: Scope::Session, .. } => limits.session_cap().map(|Nanos(cap)| cap),
            Meter::Money { .. } => limits.monthly_cap().map(|Nanos(cap)| cap),
        };
        let history = self.limits.get(&(scope, owner.to_owned()))?;
        let in_force = history.iter().filter(|(until, _)| until.saturating_add(GRACE_MS) > elapsed);
        in_force.map(|(_, limits)| pick(limits).unwrap_or(i64::MAX)).max()
    }

    pub fn permit_written(&mut self, id: &str, value: &[u8], elapsed: u64) -> Result<(), String> {
        let permit: Permit = serde_json::from_slice(value).map_err(|error| format!("permit/{id}: {error}"))?;
        let before = self.permits.get(id);
        if let Some(before) = before
            && !may_follow(&before.state, &permit.state, permit.correction.is_some())
        {
            return Err(format!("{id} goes from {:?} to {:?}", before.state, permit.state));
        }
        let newly_held = permit.state == State::Held && before.is_none_or(|before| before.state != State::Held);
        match (&permit.state, before.map(|before| &before.state)) {
            (State::Held, _) => self.granted += 1,
            (State::Denied(_), Some(State::Reserving)) => self.denied += 1,
            (State::Charged(_), Some(State::Reserving)) => self.corrected += 1,
            (State::Charged(charge), Some(State::Held)) => {
                self.settled += 1;
                self.overruns += u64::from(charge.settlement == limits::Settlement::Overrun);
            }
            _ => {}
        }
        for hold in before.map_or(&[][..], |before| &before.holds) {
            let was = stands(before.unwrap_or(&permit), hold);
            let entry = self.stands.entry(key_of(&hold.meter)).or_default();
            (entry.granted, entry.least) = (entry.granted - was.granted, entry.least - was.least);
        }
        let mut verdict = Ok(());
        for hold in &permit.holds {
            let is = stands(&permit, hold);
            let key = key_of(&hold.meter);
            let entry = self.stands.entry(key.clone()).or_default();
            (entry.granted, entry.least) = (entry.granted + is.granted, entry.least + is.least);
            let granted = entry.granted;
            let cap = if newly_held { self.cap(&hold.meter, &permit.tenant, elapsed) } else { None };
            if cap.is_some_and(|cap| granted > cap && hold.amount > 0) {
                verdict = Err(format!("{id} was granted: {key} has {granted} granted, the cap is {cap:?}"));
            }
        }
        self.permits.insert(id.to_owned(), permit);
        verdict
    }

    /// A counter has changed.
    pub fn counted(&self, key: &str, sum: i64) -> Result<(), String> {
        let least = self.stands.get(key).map_or(0, |stands| stands.least);
        let is_ours = ["spend/", "units/", "open/"].iter().any(|prefix| key.starts_with(prefix));
        if is_ours && sum < least {
            return Err(format!("{key} is {sum}, and {least} are granted or spent"));
        }
        Ok(())
    }

    /// A key is gone: of a permit only what is final.
    pub fn deleted(&mut self, key: &str) -> Result<(), String> {
        self.stands.remove(key);
        let Some(permit) = key.strip_prefix("permit/").and_then(|id| self.permits.remove(id)) else { return Ok(()) };
        if permit.state.is_final() { Ok(()) } else { Err(format!("{key} was forgotten while {:?}", permit.state)) }
    }

    /// What each counter must say when nothing is open.
    pub fn counters(&self) -> BTreeMap<&str, i64> {
        self.stands.iter().map(|(key, stands)| (key.as_str(), stands.least)).collect()
    }

    pub fn permits(&self) -> impl Iterator<Item = &Permit> {
        self.permits.values()
    }

    pub fn open(&self) -> impl Iterator<Item = &Permit> {
        self.permits().filter(|permit| !permit.state.is_final())
    }
}
