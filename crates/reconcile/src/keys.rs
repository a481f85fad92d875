//! The listed keys, sorted by what they are.

use std::collections::{BTreeMap, BTreeSet};

use kv_schemas::{Family, Kind, families};
use limits::{Meter, Scope};
use tlog::TileId;

use crate::names::place;

/// The families that a check reads.
const READ: [Family; 23] = [
    families::MONEY.family(),
    families::UNITS.family(),
    families::OPEN.family(),
    families::PERMIT.family(),
    families::PERMIT_CLOSER.family(),
    families::PERMIT_LIST.family(),
    families::PERMIT_HEAD.family(),
    families::STAGE.family(),
    families::ENTRY.family(),
    families::PERSONAL.family(),
    families::ENTRY_OF.family(),
    families::TILE.family(),
    families::CHECKPOINT.family(),
    families::SEQUENCER.family(),
    families::SEQUENCER_TICKET.family(),
    families::TALLY.family(),
    families::TOTALS.family(),
    families::TENANT_ENTRY.family(),
    families::TENANT_ENTRIES.family(),
    families::TENANT.family(),
    families::COMPANY.family(),
    families::LIMITS_PAST.family(),
    families::PERMIT_EXTENSION.family(),
];

/// Whether a check reads this key, and if so what kind it is: for whoever loads a store beforehand.
#[must_use]
pub fn concerns(key: &str) -> Option<Kind> {
    let family = READ.iter().find(|family| is_of(family, key))?;
    // Of a numbered log the tail is the counter.
    Some(match family.kind {
        Kind::Logs if key.ends_with("/tail") => Kind::Counters,
        Kind::Logs => Kind::Values,
        kind => kind,
    })
}

/// The place of findings about the counter under this key, if it is one that is compared.
#[must_use]
pub fn place_of(key: &str) -> Option<String> {
    Keys::sort([key.to_owned()].into_iter()).meters.first().map(place)
}

/// Scope, owner and window of sums over the log, as their keys name them.
pub(crate) type Sums = [String; 3];

#[derive(Default)]
pub(crate) struct Keys {
    pub meters: BTreeSet<Meter>,
    /// Counters of nobody that is known.
    pub strange: Vec<String>,
    pub permits: BTreeSet<String>,
    pub stage: BTreeSet<u64>,
    /// Slots of the list that the reaper walks.
    pub permit_list: BTreeSet<u64>,
    pub entries: BTreeSet<u64>,
    pub entry_of: BTreeSet<String>,
    pub totals: BTreeSet<Sums>,
    pub tallies: BTreeMap<Sums, BTreeSet<u64>>,
    pub tenant_entries: BTreeMap<String, BTreeSet<u64>>,
    pub tenant_counts: BTreeSet<String>,
    pub tenants: BTreeSet<String>,
    pub personal: BTreeSet<u64>,
    pub tiles: BTreeSet<TileId>,
    pub checkpoints: BTreeSet<u64>,
    /// The tickets of the runs that left a state.
    pub sequencer: BTreeSet<u64>,
}

impl Keys {
    pub fn sort(keys: impl Iterator<Item = String>) -> Self {
        let mut sorted = Self::default();
        for key in keys {
            sorted.take(&key);
        }
        sorted
    }

    fn take(&mut self, key: &str) {
        if let Some([scope, owner, window]) = parts(&families::MONEY.family(), key) {
            self.meter(key, &scope, |scope| Meter::Money { scope, owner, window });
        } else if let Some([scope, owner, unit, window]) = parts(&families::UNITS.family(), key) {
            self.meter(key, &scope, |scope| Meter::Units { scope, owner, unit, window });
        } else if let Some([scope, owner]) = parts(&families::OPEN.family(), key) {
            self.meter(key, &scope, |scope| Meter::Places { scope, owner });
        } else if let Some([id]) = parts(&families::PERMIT.family(), key) {
            self.permits.insert(id);
        } else if is_of(&families::STAGE.family(), key) {
            self.stage.extend(key.rsplit('/').next().and_then(|index| index.parse::<u64>().ok()));
        } else if is_of(&families::PERMIT_LIST.family(), key) {
            self.permit_list.extend(key.rsplit('/').next().and_then(|index| index.parse::<u64>().ok()));
        } else if let Some([seq]) = parts(&families::ENTRY.family(), key) {
            self.entries.extend(seq.parse::<u64>().ok());
        } else if let Some([id]) = parts(&families::ENTRY_OF.family(), key) {
            self.entry_of.insert(id);
        } else if let Some(sums) = parts(&families::TOTALS.family(), key) {
            self.totals.insert(sums);
        } else if let Some([scope, owner, window, n]) = parts(&families::TALLY.family(), key) {
            self.tallies.entry([scope, owner, window]).or_default().extend(n.parse::<u64>().ok());
        } else if let Some([tenant, n]) = parts(&families::TENANT_ENTRY.family(), key) {
            self.tenant_entries.entry(tenant).or_default().extend(n.parse::<u64>().ok());
        } else if let Some([tenant]) = parts(&families::TENANT_ENTRIES.family(), key) {
            self.tenant_counts.insert(tenant);
        } else if let Some([tenant]) = parts(&families::TENANT.family(), key) {
            self.tenants.insert(tenant);
        } else if let Some([seq]) = parts(&families::PERSONAL.family(), key) {
            self.personal.extend(seq.parse::<u64>().ok());
        } else if let Some([level, index, width]) = parts(&families::TILE.family(), key) {
            let id =
                || Some(TileId { level: level.parse().ok()?, index: index.parse().ok()?, width: width.parse().ok()? });
            self.tiles.extend(id());
        } else if let Some([n]) = parts(&families::CHECKPOINT.family(), key) {
            self.checkpoints.extend(n.parse::<u64>().ok());
        } else if let Some([ticket]) = parts(&families::SEQUENCER.family(), key) {
            self.sequencer.extend(ticket.parse::<u64>().ok());
        }
    }

    fn meter(&mut self, key: &str, scope: &str, meter: impl FnOnce(Scope) -> Meter) {
        match [Scope::Session, Scope::Tenant, Scope::Company].into_iter().find(|known| known.name() == scope) {
            Some(scope) => drop(self.meters.insert(meter(scope))),
            None => self.strange.push(key.to_owned()),
        }
    }
}

fn is_of(family: &Family, key: &str) -> bool {
    family.pattern.split('/').next() == key.split('/').next() && family.owns(key)
}

/// What a key has in place of its pattern's placeholders.
fn parts<const N: usize>(family: &Family, key: &str) -> Option<[String; N]> {
    if !is_of(family, key) {
        return None;
    }
    let segments = family.pattern.split('/').zip(key.split('/'));
    let parts = segments.filter(|(pattern, _)| pattern.starts_with('{')).map(|(_, part)| unescaped(part));
    parts.collect::<Vec<_>>().try_into().ok()
}

/// The text that was percent-encoded into a key.
fn unescaped(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    loop {
        rest = match rest {
            [] => return String::from_utf8_lossy(&bytes).into_owned(),
            [b'%', high, low, after @ ..] if nibble(*high).is_some() && nibble(*low).is_some() => {
                bytes.push(nibble(*high).unwrap_or(0) << 4 | nibble(*low).unwrap_or(0));
                after
            }
            [byte, after @ ..] => {
                bytes.push(*byte);
                after
            }
        };
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn what_was_put_into_a_key_is_found_in_it() {
        for owner in ["demo", "a_b", "a/b", "50%", "ü", ""] {
            let meter = Meter::Money { scope: Scope::Tenant, owner: owner.to_owned(), window: "2026-11".to_owned() };
            let key = families::MONEY.counter(&["tenant", owner, "2026-11"]);
            let keys = Keys::sort([key.key().to_owned()].into_iter());
            assert_eq!(keys.meters.into_iter().collect::<Vec<_>>(), [meter], "{}", key.key());
        }
    }

    #[test]
    fn what_a_check_reads_is_known_by_its_key() {
        let check = |key: &str, kind: Option<Kind>| assert_eq!(concerns(key), kind, "{key}");
        check("spend/tenant/demo/2026-11", Some(Kind::Counters));
        check("stage/7", Some(Kind::Values));
        check("stage/tail", Some(Kind::Counters));
        check("permit/lc_1", Some(Kind::Values));
        check("permit-closer/lc_1", Some(Kind::Onces));
        check("vendor/demo/openai", None);
        check("session/ses_1", None);
    }
}
