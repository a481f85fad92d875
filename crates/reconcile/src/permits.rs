//! Permits, and whether each agrees with its entry.

use std::collections::{BTreeMap, BTreeSet};

use audit::Entry;
use kv_schemas::{Slot, Store, StoreError, families};
use limits::{Permit, State};
use money::Nanos;
use serde_json::Value as Json;

use crate::{
    keys::Keys,
    log::Log,
    names::{self, usd},
    reading::readable,
    report::{Report, Severity},
    shape,
};

/// All permits of which there is a record.
pub(crate) struct Permits {
    all: BTreeMap<String, Permit>,
    /// Somebody has begun to give back what these didn't use.
    closing: BTreeSet<String>,
    /// Left behind in the middle of a change, or seen there by the reaper.
    limbo: BTreeSet<String>,
    /// What the reaper knows of; absent if its list can't be read.
    listed: Option<BTreeSet<String>>,
}

impl Permits {
    pub fn read(store: &dyn Store, keys: &Keys, report: &mut Report) -> Result<Self, StoreError> {
        let mut all = BTreeMap::new();
        let mut closing = BTreeSet::new();
        for id in &keys.permits {
            let Some(Some(record)) = readable(limits::permit(id).get(store), report)? else { continue };
            // Asked for after the record: one that was charged when read is charged still, or further.
            if matches!(record.state, State::Charged(_)) && families::PERMIT_CLOSER.once(&[id]).taken(store)? {
                closing.insert(id.clone());
            }
            shape::check(id, &record, report);
            all.insert(id.clone(), record);
        }
        let limbo = limits::in_limbo(store)?.into_iter().collect();
        // A permit that can't be read is a finding already.
        let listed = match limits::open(store) {
            Ok(open) => Some(open.into_iter().map(|permit| permit.id).collect()),
            Err(StoreError::Corrupt { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { all, closing, limbo, listed })
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// How many aren't resolved.
    pub fn open(&self) -> usize {
        self.all.values().filter(|permit| !permit.state.is_final()).count()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Permit> {
        self.all.values()
    }

    pub fn get(&self, id: &str) -> Option<&Permit> {
        self.all.get(id)
    }

    /// Whether its counters may be anywhere between held and charged.
    pub fn is_closing(&self, id: &str) -> bool {
        self.closing.contains(id)
    }

    pub fn is_in_limbo(&self, id: &str) -> bool {
        self.limbo.contains(id)
    }

    pub fn check(&self, store: &dyn Store, log: &Log, report: &mut Report) -> Result<(), StoreError> {
        let entries = log.by_permit();
        for permit in self.iter() {
            let id = &permit.id;
            match (&permit.state, entries.get(id.as_str())) {
                (State::Charged(_) | State::Closed { .. }, Some(entry)) => {
                    same(permit, entry, report);
                }
                (State::Closed { charge, .. }, None) => {
                    let cost = usd(charge.cost.0);
                    let sentence = format!("Permit {id} is closed at {cost}, but the log has no entry of it.");
                    report.differs("no_entry", format!("permit {id}"), (cost, "no entry"), sentence);
                }
                (State::Charged(_), None) | (_, None) => {}
                (state, Some(entry)) => {
                    let (cost, state) = (usd(entry.cost_nanos.0), names::state(state));
                    let sentence =
                        format!("The log has an entry of {cost} for permit {id}, but the permit is {state}.");
                    report.differs("entry_without_charge", format!("permit {id}"), ("charged", state), sentence);
                }
            }
            if permit.reserved < Nanos(0) || permit.holds.iter().any(|hold| hold.amount < 0) {
                let sentence = format!("Permit {id} holds less than nothing.");
                report.differs("negative_hold", format!("permit {id}"), (), sentence);
            }
            self.check_listed(store, permit, report)?;
        }
        Ok(())
    }

    /// Where a counter is above all that explains it: permits that were listed, and of which there is no record. A maker
    /// that died before it made one leaves such a permit, too, but that holds nothing.
    pub fn missing(&self, store: &dyn Store, keys: &Keys, report: &mut Report) -> Result<(), StoreError> {
        if !report.of(Severity::Difference).any(|finding| finding.what == "counter_above") {
            return Ok(());
        }
        for slot in &keys.permit_list {
            let listed = families::PERMIT_LIST.log::<Json>(&[]).get(store, *slot);
            let Ok(Slot::Entry(listed)) = listed else { continue };
            let Some(id) = listed.get("id").and_then(Json::as_str).filter(|id| !self.all.contains_key(*id)) else {
                continue;
            };
            if !keys.permits.contains(id) {
                let sentence = format!(
                    "Permit {id} is on the list that the reaper walks, but there is no record of it: what a counter says above \
                     all that is settled and held may be its own."
                );
                report.differs("permit_missing", format!("permit {id}"), (), sentence);
            }
        }
        Ok(())
    }

    /// What the reaper doesn't know of would be held for ever.
    fn check_listed(&self, store: &dyn Store, permit: &Permit, report: &mut Report) -> Result<(), StoreError> {
        let id = &permit.id;
        let known = self.listed.as_ref().is_none_or(|listed| listed.contains(id));
        if permit.state.is_final() || known {
            return Ok(());
        }
        // It may have been resolved between the two looks.
        let now = readable(limits::permit(id).get(store), report)?.flatten();
        if now.is_some_and(|now| !now.state.is_final()) {
            let state = names::state(&permit.state);
            let sentence = format!("Permit {id} is {state} for ever: it is not on the list that the reaper walks.");
            report.differs("unlisted", format!("permit {id}"), (), sentence);
        }
        Ok(())
    }
}

/// A permit and its entry say the same.
fn same(permit: &Permit, entry: &Entry, report: &mut Report) {
    let Some(expected) = permit.entry() else { return };
    let id = &permit.id;
    let mut compare = |what: &'static str, of: &str, charged: String, logged: String| {
        if charged != logged {
            let sentence = format!("The log says {logged} as the {of} of permit {id}, the permit itself {charged}.");
            report.differs(what, format!("permit {id}"), (charged, logged), sentence);
        }
    };
    let units = |entry: &Entry| format!("{} {}", entry.units_consumed, entry.unit_type);
    compare("cost", "cost", usd(expected.cost_nanos.0), usd(entry.cost_nanos.0));
    compare("units", "use", units(&expected), units(entry));
    compare("settlement", "settlement", expected.settlement, entry.settlement.clone());
    compare("payer", "tenant", expected.tenant_id, entry.tenant_id.clone());
    compare("payer", "company", expected.company, entry.company.clone());
    compare("event", "event", expected.event_type, entry.event_type.clone());
    compare("correction", "correction", format!("{:?}", expected.details), format!("{:?}", entry.details));
    compare("time", "time", expected.at_ms.to_string(), entry.at_ms.to_string());
}
