//! The log as it stands in the store, and whether it is whole: no gap, nothing twice, nothing below zero.

use std::collections::{BTreeMap, BTreeSet};

use audit::{Entry, Personal, Staged};
use kv_schemas::{Slot, Store, StoreError, families};
use money::Nanos;

use crate::{keys::Keys, names::usd, reading::readable, report::Report, state::State};

/// All entries: those with a number, and those still staged.
pub(crate) struct Log {
    pub numbered: BTreeMap<u64, Entry>,
    /// In the order of the stage, without those that have their number and without repeats.
    pub staged: Vec<Entry>,
    /// The session of each entry whose personal data is still there, by permit.
    sessions: BTreeMap<String, String>,
    /// How many the sequencer has counted.
    pub size: u64,
    /// Entries on the stage that say something else than another one of the same permit.
    contradictions: Vec<String>,
    /// Those above `size` that aren't on the stage either.
    pub strays: Vec<u64>,
}

impl Log {
    pub fn read(store: &dyn Store, keys: &Keys, state: &State, report: &mut Report) -> Result<Self, StoreError> {
        // The stage first: what moves on meanwhile is then in both, never in neither.
        let (mut on_stage, mut sessions) = (Vec::new(), BTreeMap::new());
        let mut opened = |entry: &Entry, opening: Option<Personal>| {
            let session = opening.and_then(|personal| personal.session_id);
            sessions.extend(session.map(|session| (entry.limit_check_id.clone(), session)));
        };
        for index in &keys.stage {
            let slot = readable(families::STAGE.log::<Staged>(&[]).get(store, *index), report)?;
            if let Some(Slot::Entry(Staged { entry, opening })) = slot {
                opened(&entry, opening);
                on_stage.push(entry);
            }
        }
        let mut numbered = BTreeMap::new();
        for seq in &keys.entries {
            let entry = readable(families::ENTRY.value::<Entry>(&[&seq.to_string()]).get(store), report)?.flatten();
            let Some(entry) = entry else { continue };
            opened(&entry, readable(families::PERSONAL.value(&[&seq.to_string()]).get(store), report)?.flatten());
            numbered.insert(*seq, entry);
        }
        Ok(Self { sessions, ..Self::of(numbered, on_stage, state.size) })
    }

    /// All tenants there are, and those that have left entries behind.
    pub fn tenants<'a>(&'a self, keys: &'a Keys) -> BTreeSet<&'a str> {
        // What concerns no tenant is nobody's.
        let logged = self.all().map(|entry| entry.tenant_id.as_str()).filter(|tenant| !tenant.is_empty());
        keys.tenants.iter().map(String::as_str).chain(logged).collect()
    }

    fn of(numbered: BTreeMap<u64, Entry>, on_stage: Vec<Entry>, size: u64) -> Self {
        let known: BTreeMap<&str, &Entry> =
            numbered.values().map(|entry| (entry.limit_check_id.as_str(), entry)).collect();
        let (mut staged, mut contradictions) = (BTreeMap::<String, Entry>::new(), Vec::new());
        let mut order = Vec::new();
        for entry in &on_stage {
            let id = &entry.limit_check_id;
            match known.get(id.as_str()).copied().or_else(|| staged.get(id)) {
                Some(first) if first.says_the_same(entry) => {}
                Some(_) => contradictions.push(id.clone()),
                None => {
                    order.push(id.clone());
                    staged.insert(id.clone(), entry.clone());
                }
            }
        }
        let waits = |entry: &Entry| on_stage.iter().any(|staged| staged.says_the_same(entry));
        let strays = numbered.range(size..).filter(|(_, entry)| !waits(entry)).map(|(seq, _)| *seq);
        let strays = strays.collect();
        let staged = order.iter().filter_map(|id| staged.remove(id)).collect();
        Self { numbered, staged, sessions: BTreeMap::new(), size, contradictions, strays }
    }

    /// The session that an entry was for, as far as that is still known.
    pub fn session_of(&self, entry: &Entry) -> Option<&String> {
        self.sessions.get(&entry.limit_check_id)
    }

    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.numbered.values().chain(&self.staged)
    }

    pub fn len(&self) -> usize {
        self.numbered.len().saturating_add(self.staged.len())
    }

    /// Whether an entry after the first `size` says that the log goes on under another key, and maybe name.
    pub fn changed_key_at(&self, size: u64) -> bool {
        self.numbered.range(size..).any(|(_, entry)| entry.event_type == "LOG_KEY_CHANGED")
    }

    /// What all entries come to.
    pub fn settled(&self) -> Nanos {
        self.all().fold(Nanos(0), |sum, entry| sum.saturating_add(entry.cost_nanos))
    }

    /// Entries by permit; of several the first.
    pub fn by_permit(&self) -> BTreeMap<&str, &Entry> {
        let mut found = BTreeMap::new();
        for entry in self.all() {
            found.entry(entry.limit_check_id.as_str()).or_insert(entry);
        }
        found
    }

    pub fn check(&self, report: &mut Report) {
        gaps(self.numbered.keys().copied(), self.size, report);
        for seq in &self.strays {
            let sentence = format!(
                "Number {seq} of the log stands beyond its end at {} and is not on its way in either.",
                self.size
            );
            report.differs("beyond_the_end", format!("log, number {seq}"), (), sentence);
        }
        self.repeats(report);
        for entry in self.all().filter(|entry| entry.cost_nanos < Nanos(0) && entry.event_type != "CORRECTION") {
            let (id, cost) = (&entry.limit_check_id, usd(entry.cost_nanos.0));
            report.differs("negative_cost", format!("entry of {id}"), (), format!("The entry of {id} costs {cost}."));
        }
    }

    fn repeats(&self, report: &mut Report) {
        let mut first = BTreeMap::new();
        for (seq, entry) in &self.numbered {
            let id = &entry.limit_check_id;
            if let Some(earlier) = first.insert(id, seq) {
                let sentence = format!("Permit {id} has two entries in the log: numbers {earlier} and {seq}.");
                report.differs("entry_twice", format!("entry of {id}"), (1, 2), sentence);
            }
        }
        for id in &self.contradictions {
            let sentence = format!("Two entries were made for permit {id}, and they say different things.");
            report.differs("entry_contradicted", format!("entry of {id}"), (), sentence);
        }
    }
}

/// Numbers that are missing among `numbers`, or between the last and `size`.
pub(crate) fn gaps(numbers: impl Iterator<Item = u64>, size: u64, report: &mut Report) {
    let mut next = 0;
    for seq in numbers.chain([size]) {
        if seq > next {
            let last = seq.saturating_sub(1);
            let range = if next == last { format!("Number {next}") } else { format!("Numbers {next} to {last}") };
            let sentence = format!("{range} of the log: there is no entry.");
            report.differs("gap", format!("log, number {next}"), (), sentence);
        }
        next = next.max(seq.saturating_add(1));
    }
}
