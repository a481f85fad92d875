//! Whether a permit's own record makes sense: it lies under its own id, holds the same of every counter of a kind, and
//! costs what its use costs at its own prices.

use std::collections::BTreeMap;

use limits::{Meter, Permit, Settlement, State};

use crate::{
    names::{amount, usd},
    report::Report,
};

/// `name` is what the record lies under.
pub(crate) fn check(name: &str, permit: &Permit, report: &mut Report) {
    let mut differs = |sentence: String| report.differs("permit_shape", format!("permit {name}"), (), sentence);
    if permit.id != name {
        differs(format!("What stands under permit {name} is the record of permit {}.", permit.id));
    }
    // What a permit is for, it holds of its session, its tenant and its company alike.
    let mut held: BTreeMap<String, i64> = BTreeMap::new();
    if permit.correction.is_none() {
        held.insert("money".into(), permit.reserved.0);
    }
    for hold in &permit.holds {
        let kind = match &hold.meter {
            Meter::Money { .. } => "money".to_owned(),
            Meter::Units { unit, .. } => unit.clone(),
            Meter::Places { .. } => "places".to_owned(),
        };
        let due = *held.entry(kind).or_insert(hold.amount);
        if hold.amount != due {
            let show = |n: i64| amount(&hold.meter, i128::from(n));
            differs(format!(
                "Permit {name} holds {} of one counter and {} of another of the same kind.",
                show(due),
                show(hold.amount)
            ));
        }
    }
    let (State::Charged(charge) | State::Closed { charge, .. }) = &permit.state else { return };
    let due = match charge.settlement {
        Settlement::Full => Some(permit.reserved),
        Settlement::Exact | Settlement::Counted | Settlement::Overrun => permit.prices.cost(&charge.used).ok(),
        Settlement::Correction => None,
    };
    if let Some(due) = due.filter(|due| *due != charge.cost) {
        let (due, cost) = (usd(due.0), usd(charge.cost.0));
        differs(format!("Permit {name} is charged {cost}, but what it used costs {due} at its prices."));
    }
}
