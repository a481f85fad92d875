//! What can be checked from outside, over HTTP: that `GET /v1/usage` shows the sum of the entries which
//! `GET /v1/audit/entries` shows, that no entry is there twice and none is missing in between, and that nothing is
//! negative; and that each entry is the one that the log's tree has under its number.
//!
//! The gate goes on working meanwhile. So usage is asked for before and after the entries; sums of the log grow, and the
//! entries' own sum lies between the two. (A correction downwards at that very moment shows as a difference: who sees one
//! looks again.)

use std::collections::{BTreeMap, BTreeSet};

use calendar::Millis;
use money::Nanos;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::{
    log::gaps,
    names::{amount, to_i64},
    report::{Report, Severity},
};
use audit::Kind;
use limits::{Meter, Scope};

pub use crate::tree::outside::Tree;

/// A tenant of `GET /v1/tenants`.
#[derive(Debug, Clone, Deserialize)]
pub struct Tenant {
    /// The tenant.
    pub id: String,
    /// Who pays too.
    pub company: String,
}

/// An entry of `GET /v1/audit/entries`.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    tenant_id: String,
    limit_check_id: String,
    seq: Option<u64>,
    at: String,
    event_type: String,
    cost_nanos: Nanos,
    units_consumed: u64,
    unit_type: String,
    settlement: String,
}

/// The answer of `GET /v1/usage`.
#[derive(Debug, Clone, Deserialize)]
pub struct Usage {
    tenant_id: String,
    company: String,
    windows: Vec<Shown>,
}

impl Usage {
    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        Tenant { id: self.tenant_id.clone(), company: self.company.clone() }
    }
}

/// One of its windows; money as decimal text, units as numbers.
#[derive(Debug, Clone, Deserialize)]
struct Shown {
    scope: String,
    period: String,
    unit: String,
    cap: Json,
    settled: Json,
    held: Json,
    remaining: Json,
}

/// The entries as they come, with the usage before them.
pub struct Outside {
    companies: BTreeMap<String, String>,
    before: BTreeMap<Meter, Amounts>,
    sums: BTreeMap<Meter, Sum>,
    ids: BTreeSet<String>,
    numbers: BTreeSet<u64>,
    /// Months and days with entries of tenants that are gone: nobody says whose company they were.
    orphaned: BTreeSet<String>,
    settled: Nanos,
    sight: Sight,
    tree: Option<Tree>,
    report: Report,
}

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// The operator: all there is.
    Whole,
    /// A tenant: its own entries and sums.
    Own,
}

/// A window as it is shown.
#[derive(Debug, Clone, Copy)]
struct Amounts {
    cap: Option<i64>,
    settled: i64,
    held: i64,
    remaining: Option<i64>,
}

/// What a window's entries come to.
#[derive(Default)]
struct Sum {
    total: i128,
    /// What no cap was asked for.
    overrun: i128,
    /// What corrections gave back.
    credit: i128,
}

impl Outside {
    /// Begins with all tenants that are seen, their usage, and the log's tree unless there is none.
    #[must_use]
    pub fn new(sight: Sight, tenants: &[Tenant], before: &[Usage], tree: Option<Tree>) -> Self {
        let mut report = Report::default();
        let before = amounts(before, &mut report);
        Self {
            companies: tenants.iter().map(|tenant| (tenant.id.clone(), tenant.company.clone())).collect(),
            before,
            sums: BTreeMap::new(),
            ids: BTreeSet::new(),
            numbers: BTreeSet::new(),
            orphaned: BTreeSet::new(),
            settled: Nanos(0),
            sight,
            tree,
            report,
        }
    }

    /// Takes the next entry as the interface writes it: a line of JSON, in which no name is there twice.
    pub fn line(&mut self, line: &str) {
        let read = serde_json::from_str::<Json>(line).map_err(|error| error.to_string());
        let repeats = serde_json::from_str::<Entry>(line).map_err(|error| error.to_string());
        match read.and_then(|view| repeats.map(|_| view)) {
            Ok(view) => {
                // What is there twice, others may read otherwise. What else is wrong with it is told below.
                if let Err(error) = audit::Entry::from_line(line)
                    && audit::Entry::from_view(&view).is_ok()
                {
                    let id = view.get("limit_check_id").and_then(Json::as_str).unwrap_or_default();
                    let sentence = format!("The entry of {id} can't be what the log has: {error}.");
                    self.report.differs("entry_contradicts", format!("entry of {id}"), (), sentence);
                }
                self.view(&view);
            }
            Err(error) => {
                let sentence = format!("An entry can't be read: {error}.");
                self.report.differs("unreadable", "entries", (), sentence);
            }
        }
    }

    /// Takes the next entry as the interface shows it.
    pub fn view(&mut self, view: &Json) {
        match Entry::deserialize(view) {
            Ok(entry) => {
                if let Some(tree) = &mut self.tree {
                    tree.view(&entry.limit_check_id, view);
                }
                self.entry(&entry);
            }
            Err(error) => {
                let sentence = format!("An entry can't be read: {error}.");
                self.report.differs("unreadable", "entries", (), sentence);
            }
        }
    }

    /// Takes the next entry.
    fn entry(&mut self, entry: &Entry) {
        let id = &entry.limit_check_id;
        if !self.ids.insert(id.clone()) {
            let sentence = format!("Permit {id} has two entries in the log.");
            self.report.differs("entry_twice", format!("entry of {id}"), (1, 2), sentence);
        }
        if let Some(seq) = entry.seq.filter(|seq| !self.numbers.insert(*seq)) {
            let sentence = format!("Two entries are number {seq} of the log.");
            self.report.differs("number_twice", format!("log, number {seq}"), (), sentence);
        }
        let is_correction = entry.event_type == "CORRECTION";
        if entry.cost_nanos < Nanos(0) && !is_correction {
            let sentence = format!("The entry of {id} costs {} USD.", entry.cost_nanos);
            self.report.differs("negative_cost", format!("entry of {id}"), (), sentence);
        }
        self.settled = self.settled.saturating_add(entry.cost_nanos);
        // Events cost nothing and are no use.
        if Kind::of(&entry.event_type) != Kind::Money {
            return;
        }
        let Some(at) = Millis::parse(&entry.at) else {
            let sentence = format!("The entry of {id} has no time that can be read.");
            return self.report.differs("unreadable", format!("entry of {id}"), (), sentence);
        };
        let company = self.companies.get(&entry.tenant_id).cloned();
        if company.is_none() {
            self.orphaned.extend([at.month(), at.day()]);
        }
        let tenant = Some((Scope::Tenant, entry.tenant_id.clone()));
        for (scope, owner) in [tenant, company.map(|company| (Scope::Company, company))].into_iter().flatten() {
            let cost = i128::from(entry.cost_nanos.0);
            let is_overrun = entry.settlement == "overrun" || is_correction;
            for (meter, n) in [
                (Meter::money(scope, &owner, at), cost),
                (Meter::units(scope, &owner, &entry.unit_type, at), i128::from(entry.units_consumed)),
            ] {
                let sum = self.sums.entry(meter).or_default();
                sum.total = sum.total.saturating_add(n);
                sum.overrun = sum.overrun.saturating_add(if is_overrun { n.max(0) } else { 0 });
                sum.credit = sum.credit.saturating_sub(n.min(0));
            }
        }
    }

    /// Ends with the usage after the last entry.
    #[must_use]
    pub fn finish(mut self, after: &[Usage]) -> Report {
        if self.sight == Sight::Whole {
            let size = self.tree.as_ref().map_or(0, Tree::size);
            gaps(self.numbers.iter().copied(), size, &mut self.report);
        }
        let mut report = self.tree.take().map(Tree::finish).unwrap_or_default();
        report.findings.append(&mut self.report.findings);
        let after = amounts(after, &mut report);
        for (meter, later) in &after {
            let earlier = self.before.get(meter).filter(|_| self.is_summed(meter));
            let Some(earlier) = earlier else {
                report.counts.not_checkable = report.counts.not_checkable.saturating_add(1);
                continue;
            };
            report.counts.windows = report.counts.windows.saturating_add(1);
            let sum = self.sums.remove(meter).unwrap_or_default();
            compare(meter, earlier, later, &sum, &mut report);
            report.windows.push(crate::Window {
                place: crate::names::place(meter),
                meter: meter.clone(),
                settled: to_i64(sum.total),
                held: later.held,
                counter: Some(later.settled.saturating_add(later.held)),
                checked: true,
            });
        }
        report.counts.tenants = crate::count(self.companies.len());
        report.counts.entries = crate::count(self.ids.len());
        report.counts.settled = self.settled;
        report.sorted()
    }

    /// Whether all entries of a window are known to be its own.
    fn is_summed(&self, meter: &Meter) -> bool {
        match meter {
            // The log knows tokens as a whole only; of their kinds usage shows the counter itself.
            Meter::Units { unit, .. } if unit.ends_with("_tokens") => false,
            // Others spend the company's money as well.
            Meter::Units { scope: Scope::Company, .. } | Meter::Money { scope: Scope::Company, .. }
                if self.sight == Sight::Own =>
            {
                false
            }
            Meter::Units { scope: Scope::Company, window, .. } | Meter::Money { scope: Scope::Company, window, .. } => {
                !self.orphaned.contains(window)
            }
            _ => true,
        }
    }
}

fn compare(meter: &Meter, before: &Amounts, after: &Amounts, sum: &Sum, report: &mut Report) {
    let place = crate::names::place(meter);
    let show = |n: i64| amount(meter, i128::from(n));
    let total = to_i64(sum.total);
    if total < before.settled || total > after.settled {
        let shown = if before.settled == after.settled {
            show(after.settled)
        } else {
            format!("{} to {}", show(before.settled), show(after.settled))
        };
        let sentence = format!("{place}: usage shows {shown} as settled, but the entries come to {}.", show(total));
        report.differs("sum_differs", &place, (show(total), shown), sentence);
    }
    for amounts in [before, after] {
        let taken = amounts.settled.saturating_add(amounts.held);
        let free = amounts.cap.map(|cap| cap.saturating_sub(taken).max(0));
        if amounts.held < 0 || i128::from(amounts.settled) < sum.credit.saturating_neg() {
            let sentence = format!("{place}: usage shows less than nothing as settled or held.");
            report.differs("negative", &place, (), sentence);
        }
        // What is held is never shown below zero; what remains gives the counter away all the same.
        if let (Some(free), Some(remaining)) = (free, amounts.remaining)
            && remaining > free
        {
            let sentence = format!(
                "{place}: {} remain although only {} can: the counter is below what is settled, and as much could be spent \
                 a second time.",
                show(remaining),
                show(free)
            );
            report.differs("counter_below", &place, (show(free), show(remaining)), sentence);
        }
    }
    above_cap(meter, after, sum, report);
}

fn above_cap(meter: &Meter, shown: &Amounts, sum: &Sum, report: &mut Report) {
    let taken = shown.settled.saturating_add(shown.held);
    let Some(cap) = shown.cap.filter(|cap| taken > *cap) else { return };
    let (place, show) = (crate::names::place(meter), |n: i64| amount(meter, i128::from(n)));
    let compared = (format!("at most {}", show(cap)), show(taken));
    let says = format!("{place}: what is settled and held comes to {}, above the cap of {}", show(taken), show(cap));
    if i128::from(taken.saturating_sub(cap)) <= sum.overrun {
        let sentence = format!("{says}; there were uses above what was reserved.");
        report.add(Severity::Note, "overrun", place, compared, sentence);
    } else {
        let sentence = format!(
            "{says}: the cap was lowered, or crossed. That can't be told from outside; a check of the store itself tells."
        );
        report.add(Severity::Waiting, "above_cap", place, compared, sentence);
    }
}

/// All windows that are shown, each once.
fn amounts(usages: &[Usage], report: &mut Report) -> BTreeMap<Meter, Amounts> {
    let mut all = BTreeMap::new();
    for usage in usages {
        for shown in &usage.windows {
            let Some((meter, amounts)) = read(usage, shown) else {
                let place = format!("usage of tenant {}", usage.tenant_id);
                let sentence = format!("The {place} has a window that can't be read: {} {}.", shown.scope, shown.unit);
                report.differs("unreadable", place, (), sentence);
                continue;
            };
            all.insert(meter, amounts);
        }
    }
    all
}

fn read(usage: &Usage, shown: &Shown) -> Option<(Meter, Amounts)> {
    let (scope, owner) = match shown.scope.as_str() {
        "tenant" => (Scope::Tenant, usage.tenant_id.clone()),
        "company" => (Scope::Company, usage.company.clone()),
        _ => return None,
    };
    let (unit, window) = (shown.unit.clone(), shown.period.clone());
    let meter = match unit.as_str() {
        "usd" => Meter::Money { scope, owner, window },
        _ => Meter::Units { scope, owner, unit, window },
    };
    let optional = |value: &Json| if value.is_null() { Some(None) } else { number(value).map(Some) };
    let amounts = Amounts {
        cap: optional(&shown.cap)?,
        settled: number(&shown.settled)?,
        held: number(&shown.held)?,
        remaining: optional(&shown.remaining)?,
    };
    Some((meter, amounts))
}

/// Units as they stand, USD in nano-USD.
fn number(value: &Json) -> Option<i64> {
    match value {
        Json::String(usd) => match usd.strip_prefix('-') {
            Some(positive) => Nanos::parse_usd(positive).ok().map(|nanos| nanos.0.saturating_neg()),
            None => Nanos::parse_usd(usd).ok().map(|nanos| nanos.0),
        },
        number => number.as_i64(),
    }
}
