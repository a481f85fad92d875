//! What the log's own lists and sums say, against its entries: the index of permits, the lists by tenant and by scope,
//! and the stored sums that `GET /v1/usage` shows.

use std::collections::{BTreeMap, BTreeSet};

use audit::{Entry, Kind, Scope, Totals};
use kv_schemas::{Store, StoreError, families};

use crate::{
    invoiced::invoiced,
    keys::{Keys, Sums},
    log::Log,
    names::usd,
    reading::readable,
    report::Report,
};

pub(crate) fn check(store: &dyn Store, keys: &Keys, log: &Log, report: &mut Report) -> Result<(), StoreError> {
    index(store, keys, log, report)?;
    let (by_tenant, by_sums) = listed(log);

    let tenants: BTreeSet<&String> = by_tenant.keys().chain(keys.tenant_entries.keys()).collect();
    for tenant in tenants {
        let mut found = Vec::new();
        for n in keys.tenant_entries.get(tenant).into_iter().flatten() {
            let value = families::TENANT_ENTRY.value::<u64>(&[tenant, &n.to_string()]);
            found.push((*n, readable(value.get(store), report)?.flatten()));
        }
        compare(&format!("list of tenant {tenant}'s entries"), by_tenant.get(tenant), &found, log.size, report);
    }

    let all: BTreeSet<&Sums> = by_sums.keys().chain(keys.tallies.keys()).chain(&keys.totals).collect();
    for sums in all {
        let [scope, owner, window] = sums;
        let mut found = Vec::new();
        for n in keys.tallies.get(sums).into_iter().flatten() {
            let value = families::TALLY.value::<u64>(&[scope, owner, window, &n.to_string()]);
            found.push((*n, readable(value.get(store), report)?.flatten()));
        }
        compare(&format!("list of {}", title(sums)), by_sums.get(sums), &found, log.size, report);
        let stored = readable(families::TOTALS.value::<Totals>(&[scope, owner, window]).get(store), report)?.flatten();
        if let Some(stored) = stored {
            totals(sums, &stored, by_sums.get(sums), log, report);
        }
    }
    Ok(())
}

/// Each permit's place in the log.
fn index(store: &dyn Store, keys: &Keys, log: &Log, report: &mut Report) -> Result<(), StoreError> {
    let mut unseen: BTreeSet<&String> = keys.entry_of.iter().collect();
    for (seq, entry) in &log.numbered {
        let id = &entry.limit_check_id;
        unseen.remove(id);
        let found = readable(families::ENTRY_OF.value::<u64>(&[id]).get(store), report)?.flatten();
        // A run of the sequencer writes the entry first.
        if found != Some(*seq) && *seq < log.size {
            let says = found.map_or_else(|| "doesn't have it".to_owned(), |found| format!("says number {found}"));
            let sentence = format!("The entry of {id} is number {seq} of the log, but the index {says}.");
            report.differs("index", format!("entry of {id}"), (), sentence);
        }
    }
    for id in unseen {
        let sentence = format!("The log's index names an entry of {id}, but there is none.");
        report.differs("index", format!("entry of {id}"), (), sentence);
    }
    Ok(())
}

pub(crate) type Positions = Vec<u64>;

/// The numbers of all entries by tenant, and by scope, owner and window.
pub(crate) fn listed(log: &Log) -> (BTreeMap<String, Positions>, BTreeMap<Sums, Positions>) {
    let (mut by_tenant, mut by_sums) = (BTreeMap::<String, Positions>::new(), BTreeMap::<Sums, Positions>::new());
    for (seq, entry) in &log.numbered {
        if !entry.tenant_id.is_empty() {
            by_tenant.entry(entry.tenant_id.clone()).or_default().push(*seq);
        }
        // Events cost nothing and are no use.
        let scopes = if entry.kind() == Kind::Money { Scope::ALL.as_slice() } else { &[] };
        for scope in scopes {
            let sums = [scope.name().to_owned(), scope.owner(entry).to_owned(), scope.window(entry.at_ms)];
            by_sums.entry(sums).or_default().push(*seq);
        }
    }
    (by_tenant, by_sums)
}

/// A list has, in order, all entries the sequencer has counted; it may be ahead of that.
fn compare(name: &str, expected: Option<&Positions>, found: &[(u64, Option<u64>)], size: u64, report: &mut Report) {
    let mut left = expected.into_iter().flatten();
    for (place, (n, seq)) in (0_u64..).zip(found) {
        let next = left.next();
        if *n != place || next != seq.as_ref() {
            let show = |seq: Option<&u64>| seq.map_or_else(|| "nothing".to_owned(), |seq| format!("number {seq}"));
            let (next, seq) = (show(next), show(seq.as_ref()));
            let sentence =
                format!("The {name} has {seq} of the log in place {n}, where {next} belongs in place {place}.");
            return report.differs("list", name, (next, seq), sentence);
        }
    }
    if let Some(missing) = left.next().filter(|seq| **seq < size) {
        let sentence = format!("The {name} ends before number {missing} of the log.");
        report.differs("list", name, (), sentence);
    }
}

/// Stored sums are right up to the position they name.
fn totals(sums: &Sums, stored: &Totals, positions: Option<&Positions>, log: &Log, report: &mut Report) {
    let counted = positions.into_iter().flatten().filter(|seq| **seq < stored.next);
    let entries: Vec<&Entry> = counted.filter_map(|seq| log.numbered.get(seq)).collect();
    let mut expected = Totals { next: stored.next, ..summed(&entries) };
    if sums.first().is_some_and(|scope| scope == Scope::Tenant.name()) {
        // Sums that an earlier release began have lines of what came after.
        let covered = stored.lines.iter().fold(0_u64, |sum, line| sum.saturating_add(line.entries));
        let before = usize::try_from(expected.entries.saturating_sub(covered)).unwrap_or(usize::MAX);
        expected.lines = invoiced(entries.get(before..).unwrap_or_default());
    }
    if expected == *stored {
        return;
    }
    let name = format!("sums of {}", title(sums));
    let difference = if expected.settled_nanos != stored.settled_nanos {
        format!("come to {}, but the entries they count to {}", usd(stored.settled_nanos), usd(expected.settled_nanos))
    } else if expected.entries != stored.entries {
        format!("count {} entries, but there are {}", stored.entries, expected.entries)
    } else if expected.by_capability == stored.by_capability {
        "are right as a whole, but not line by line, as its invoice shows them".to_owned()
    } else {
        "are right as a whole, but not by capability and unit".to_owned()
    };
    let sentence = format!("The stored {name} {difference}.");
    report.differs("sums", name, (usd(expected.settled_nanos), usd(stored.settled_nanos)), sentence);
}

/// Entries added up, independently of those who keep the stored sums.
fn summed(entries: &[&Entry]) -> Totals {
    let mut sums = Totals::default();
    for entry in entries {
        sums.entries = sums.entries.saturating_add(1);
        sums.settled_nanos = sums.settled_nanos.saturating_add(entry.cost_nanos.0);
        let share = sums.by_capability.entry(entry.capability.clone()).or_default();
        share.entries = share.entries.saturating_add(1);
        share.nanos = share.nanos.saturating_add(entry.cost_nanos.0);
        let units = share.units.entry(entry.unit_type.clone()).or_default();
        *units = units.saturating_add(entry.units_consumed);
    }
    sums
}

pub(crate) fn title([scope, owner, window]: &Sums) -> String {
    let scope = scope.strip_suffix("-day").unwrap_or(scope);
    format!("{scope} {owner}, {window}")
}
