//! The books, kept apart from the code that they check: what each permit stands for, and so what each counter must say.

use audit::{Entry, Filter, Position, Selection, Snapshot, VERSION};
use explore::{Verdict, View};
use kv_schemas::memory::Memory;
use limits::{Charge, Meter, Permit, Scope, State};

use super::{Fared, NOW};

/// A counter, and the cap on it.
pub struct Capped {
    pub meter: Meter,
    pub cap: Option<i64>,
}

/// All counters that a permit for seconds stands in, with the caps of this tenant and company.
pub fn counters(store: &Memory, session: Option<&str>) -> Vec<Capped> {
    let tenant = tenancy::tenant("t").get(store).unwrap().unwrap().limits;
    let company = tenancy::company("c").get(store).unwrap().unwrap().limits;
    let units = |caps: &std::collections::BTreeMap<String, u64>| caps.get("seconds").map(|cap| *cap as i64);
    let places = |scope, owner: &str, cap: Option<u64>| Capped {
        meter: Meter::Places { scope, owner: owner.into() },
        cap: cap.map(|cap| cap as i64),
    };
    let mut all = vec![places(Scope::Tenant, "t", tenant.burst), places(Scope::Company, "c", company.burst)];
    let mut both = |scope, owner: &str, units, money: Option<money::Nanos>| {
        all.push(Capped { meter: Meter::units(scope, owner, "seconds", NOW), cap: units });
        all.push(Capped { meter: Meter::money(scope, owner, NOW), cap: money.map(|cap| cap.0) });
    };
    both(Scope::Tenant, "t", units(&tenant.daily_units), tenant.monthly_cap());
    both(Scope::Company, "c", units(&company.daily_units), company.monthly_cap());
    if let Some(session) = session {
        both(Scope::Session, session, units(&tenant.session_units), tenant.session_cap());
    }
    all
}

/// What a permit used of a counter, once that is decided.
pub fn cost(meter: &Meter, charge: &Charge) -> i64 {
    match meter {
        Meter::Places { .. } => 0,
        Meter::Money { .. } => charge.cost.0,
        Meter::Units { unit, .. } => {
            charge.used.iter().filter(|used| used.unit_type == *unit).map(|used| used.units as i64).sum()
        }
    }
}

/// What a permit stands for in a counter.
struct Stands {
    /// Against the cap. What was used beyond the reservation doesn't count here: it was never granted.
    granted: i64,
    /// The least that the counter must have for it.
    counted: i64,
}

fn stands(permit: &Permit, meter: &Meter) -> Stands {
    let Some(hold) = permit.holds.iter().find(|hold| hold.meter == *meter) else {
        return Stands { granted: 0, counted: 0 };
    };
    match &permit.state {
        State::Held => Stands { granted: hold.amount, counted: hold.amount },
        // Nobody asks a cap for what an interaction cost more than was thought. What it cost less is given back after the log.
        State::Charged(charge) | State::Closed { charge, .. } if permit.correction.is_some() => {
            let cost = cost(meter, charge);
            Stands { granted: cost.min(0), counted: cost }
        }
        // From now on the rest may be given back, or what was used beyond may be added, at any moment.
        State::Charged(charge) => {
            let least = cost(meter, charge).min(hold.amount);
            Stands { granted: least, counted: least }
        }
        State::Closed { charge, .. } => {
            let cost = cost(meter, charge);
            Stands { granted: cost.min(hold.amount), counted: cost }
        }
        State::Reserving | State::Denied(_) | State::Releasing | State::Released => Stands { granted: 0, counted: 0 },
    }
}

/// What must hold in every state: no cap is passed by what was granted and spent, and every counter has at least that.
pub fn invariants<O>(view: &View<'_, O>, ids: &[&str], counters: &[Capped]) -> Verdict {
    let permits: Vec<_> = ids.iter().filter_map(|id| view.json::<Permit>(&format!("permit/{id}"))).collect();
    for Capped { meter, cap } in counters {
        let (mut granted, mut least) = (0, 0);
        for permit in &permits {
            let stands = stands(permit, meter);
            (granted, least) = (granted + stands.granted, least + stands.counted);
        }
        if cap.is_some_and(|cap| granted > cap) {
            return Err(format!("{meter:?}: {granted} granted, the cap is {cap:?}"));
        }
        let counter = meter.read(view).map_err(|error| error.to_string())?;
        if counter < least {
            return Err(format!("{meter:?}: {least} granted and spent, {counter} counted"));
        }
    }
    Ok(())
}

/// Who says that it has a permit has one.
pub fn granted_is_held(view: &View<'_, Fared>, ids: &[&str]) -> Verdict {
    for (actor, id) in ids.iter().enumerate() {
        if view.status(actor) != explore::Status::Ended(&Fared::Granted) {
            continue;
        }
        let state = view.json::<Permit>(&format!("permit/{id}")).map(|permit| permit.state.clone());
        if matches!(state, None | Some(State::Reserving | State::Denied(_))) {
            return Err(format!("{id} was granted and is {state:?}"));
        }
    }
    Ok(())
}

/// The log entry of a settled permit.
pub fn entry(permit: &Permit, charge: &Charge) -> Entry {
    let tokens: Vec<_> = charge.used.iter().filter(|used| used.unit_type.ends_with("_tokens")).collect();
    let (units_consumed, unit_type) = match (tokens.is_empty(), charge.used.first()) {
        (false, _) => (tokens.iter().map(|used| used.units).sum(), "tokens".into()),
        (true, Some(used)) => (used.units, used.unit_type.clone()),
        (true, None) => (0, "requests".into()),
    };
    let corrects = permit.correction.iter().flat_map(|correction| {
        let used: Vec<String> = correction.used.iter().map(|q| format!("{} {}", q.units, q.unit_type)).collect();
        let always = [("corrects", correction.corrects.clone()), ("reason", correction.reason.clone())];
        let used = (!used.is_empty()).then(|| ("used", used.join(", ")));
        always.into_iter().chain(used).map(|(name, text)| (name.into(), text))
    });
    Entry {
        v: VERSION,
        tenant_id: permit.tenant.clone(),
        company: permit.company.clone(),
        event_type: if permit.correction.is_some() { "CORRECTION" } else { "TWIN_INTERACTION" }.into(),
        provider: permit.provider.clone(),
        model: permit.model.clone(),
        units_consumed,
        unit_type,
        cost_nanos: charge.cost,
        limit_check_id: permit.id.clone(),
        channel: permit.channel.clone(),
        capability: permit.capability.clone(),
        settlement: charge.settlement.name().into(),
        at_ms: permit.created_at,
        details: corrects.collect(),
        ..Entry::default()
    }
}

/// Everything is over: every settled permit has one entry, every entry a settled permit, and every counter says what the
/// log says, no more and no less.
pub fn balanced(store: &Memory, counters: &[Capped]) -> Verdict {
    let entries = Snapshot::take(store, Filter::All)
        .and_then(|log| log.page(store, &Selection::default(), Position(0), usize::MAX))
        .map_err(|error| error.to_string())?
        .0;
    let mut logged: Vec<_> = entries.iter().map(|item| item.entry.limit_check_id.as_str()).collect();
    let permits: Vec<Permit> = store
        .keys()
        .iter()
        .filter_map(|key| key.strip_prefix("permit/"))
        .filter_map(|id| limits::permit(id).get(store).unwrap())
        .collect();
    let mut settled: Vec<_> =
        permits.iter().filter(|permit| permit.decision().is_some()).map(|permit| permit.id.as_str()).collect();
    logged.sort_unstable();
    settled.sort_unstable();
    if logged != settled {
        return Err(format!("settled {settled:?}, logged {logged:?}"));
    }
    for permit in &permits {
        let Some((charge, stage)) = permit.decision() else { continue };
        if stage.is_none() || !entries.iter().any(|item| item.entry == entry(permit, charge)) {
            return Err(format!("{}: {stage:?}, or its entry says something else", permit.id));
        }
    }
    for Capped { meter, .. } in counters {
        let spent: i64 = permits
            .iter()
            .filter(|permit| permit.holds.iter().any(|hold| hold.meter == *meter))
            .filter_map(|permit| Some(cost(meter, permit.decision()?.0)))
            .sum();
        let counter = meter.read(store).map_err(|error| error.to_string())?;
        // The log sums up no sessions: there a crash may leave too much behind, never too little.
        let is_session =
            matches!(meter, Meter::Units { scope: Scope::Session, .. } | Meter::Money { scope: Scope::Session, .. });
        if counter < spent || (counter > spent && !is_session) {
            return Err(format!("{meter:?}: {spent} spent, {counter} counted"));
        }
    }
    Ok(())
}
