//! When nothing is going on any more: everything adds up, and what grew has gone again.

use std::collections::BTreeMap;

use audit::{Entry, Filter, Position, Selection, Snapshot, VERSION};
use calendar::{DAY, HOUR};
use kv_schemas::{Store, expiry};
use limits::{Charge, Permit};

use crate::world::World;

/// How often something went wrong on the way: each time may leave a little behind, where the design says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    pub crashes: u64,
    pub errors: u64,
}

/// What can't be counted anew stays too high after a crash: the log sums up no sessions, and tokens only as a whole.
fn may_stay_high(key: &str) -> bool {
    key.contains("/session/") || key.split('/').any(|part| part.ends_with("_tokens"))
}

/// Where the reaper stands.
fn reaping(world: &World) -> String {
    let ours = |key: &String| ["permit-list/", "permit-head", "reaper-"].iter().any(|prefix| key.starts_with(prefix));
    let show = |key: String| match world.memory.get(&key) {
        Ok(value) => format!("{key} = {}", String::from_utf8_lossy(&value.unwrap_or_default())),
        Err(_) => format!("{key} = {}", world.memory.increment(&key, 0).unwrap_or(0)),
    };
    world.memory.keys().into_iter().filter(ours).map(show).collect::<Vec<_>>().join("\n")
}

pub fn balance(world: &World, faults: Faults) -> Result<(), String> {
    let ghost = world.ghost.borrow();
    if let Some(open) = ghost.open().next() {
        return Err(format!("{} is still {:?}; {}", open.id, open.state, reaping(world)));
    }
    let text = |error: kv_schemas::StoreError| error.to_string();
    let listed =
        world.memory.keys().into_iter().find(|key| key.starts_with("permit-list/") && key != "permit-list/tail");
    if let Some(key) = listed {
        return Err(format!("{key} is still listed; {}", reaping(world)));
    }
    for (key, settled) in ghost.counters() {
        if !world.memory.exists(key).map_err(text)? {
            continue;
        }
        let counter = world.memory.increment(key, 0).map_err(text)?;
        let high = may_stay_high(key) && faults.crashes + faults.errors > 0;
        if counter < settled || (counter > settled && !high) {
            return Err(format!("{key} is {counter}, and {settled} are settled"));
        }
    }

    let log = Snapshot::take(&world.memory, Filter::All).map_err(text)?;
    let (mut items, mut next) = (Vec::new(), Some(Position(0)));
    while let Some(start) = next {
        let (page, after) = log.page(&world.memory, &Selection::default(), start, usize::MAX).map_err(text)?;
        items.extend(page);
        next = after;
    }
    let mut logged = BTreeMap::new();
    for item in &items {
        if logged.insert(item.entry.limit_check_id.as_str(), &item.entry).is_some() {
            return Err(format!("{} is in the log twice", item.entry.limit_check_id));
        }
    }
    for permit in ghost.permits() {
        let found = logged.remove(permit.id.as_str());
        let expected = permit.decision().map(|(charge, _)| entry(permit, charge));
        if found != expected.as_ref() {
            return Err(format!("{}: settled {expected:?}, logged {found:?}", permit.id));
        }
    }
    if let Some(id) = logged.keys().next() {
        return Err(format!("{id} is in the log and was never settled"));
    }
    nothing_cost_less_than_nothing(items.iter().map(|item| &item.entry))
}

/// However often an interaction was corrected.
fn nothing_cost_less_than_nothing<'a>(entries: impl Iterator<Item = &'a Entry>) -> Result<(), String> {
    let mut costs = BTreeMap::<&str, i64>::new();
    for entry in entries {
        *costs.entry(entry.details.get("corrects").unwrap_or(&entry.limit_check_id)).or_default() += entry.cost_nanos.0;
    }
    match costs.iter().find(|(_, cost)| **cost < 0) {
        Some((id, cost)) => Err(format!("{id} has cost {cost}")),
        None => Ok(()),
    }
}

/// The log entry of a charge.
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

/// Families whose keys stay for good.
const FOR_GOOD: &[&str] = &[
    "tenant/",
    "company/",
    "price/",
    "spend/tenant/",
    "spend/company/",
    "open/",
    "corrections/",
    "checkpoint/",
    "tile/",
    "permit-list/tail",
    "permit-head",
    "reaper-",
    "queue-head/",
    "expiry-head",
    "stage/tail",
    "sequencer",
    "staged-at/",
    "entry",
    "tally/",
    "totals/",
    "tenant-entr",
];

/// Months later nothing is left but what is kept for good, and the small keys that a crash may leave.
pub fn forgotten(world: &World, faults: Faults) -> Result<(), String> {
    let first = world.clock(0).hour_number();
    for hour in (first..first + 50 * DAY / HOUR).step_by(12) {
        // Some runs each time: a run has a bound.
        for _ in 0..24 {
            expiry::sweep(world, hour).map_err(|error| error.to_string())?;
        }
    }
    let stays = |key: &String| {
        FOR_GOOD.iter().any(|prefix| key.starts_with(prefix)) || (key.starts_with("queue/") && key.ends_with("/tail"))
    };
    let left: Vec<_> = world.memory.keys().into_iter().filter(|key| !stays(key)).collect();
    let most = 2 * (faults.crashes + faults.errors);
    if left.len() as u64 > most {
        let some = left.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
        return Err(format!("{} keys are left for good after {faults:?}: {some}", left.len()));
    }
    Ok(())
}
