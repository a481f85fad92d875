//! A walk over everything, in stretches.

use std::collections::BTreeSet;

use calendar::Millis;
use kv_schemas::{Slot, Store, StoreError, families, sweep::Head};
use router::{
    breaker::{self, Listed, Record},
    window,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use webhooks::ingest::{Wanted, find_dead_letters};

use super::counted::{Counted, add};

/// The newest so many places of the list of breakers that have opened are looked at.
const MAX_BREAKERS: u64 = 256;
/// Dead letters of one stretch, and what looking for them costs at most.
const LETTERS: usize = 50;
const LETTERS_COST: u32 = 400;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// When it began.
    pub began: Millis,
    /// What it has found so far.
    pub counted: Counted,
    at: Place,
}

/// Where it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    /// After this tenant's place.
    Tenants(u64),
    Breakers,
    /// At this run's place; 0 for the first.
    Runs(u64),
    /// Before this letter's place; none for the newest.
    Letters(Option<u64>),
}

impl Walk {
    /// From the beginning.
    pub fn new(now: Millis) -> Self {
        Self { began: now, counted: Counted::default(), at: Place::Tenants(0) }
    }

    /// Goes on for about so many operations; true when everything is counted.
    pub fn go(&mut self, store: &dyn Store, now: Millis, budget: u32) -> Result<bool, StoreError> {
        let mut left = budget;
        while left > 0 {
            let next = match self.at {
                Place::Tenants(after) => self.tenants(store, now, after, &mut left)?,
                Place::Breakers => self.breakers(store, now, &mut left)?,
                Place::Runs(from) => self.runs(store, from, &mut left)?,
                Place::Letters(before) => self.letters(store, before, &mut left)?,
            };
            match next {
                Some(next) => self.at = next,
                None => return Ok(true),
            }
        }
        Ok(false)
    }

    fn tenants(
        &mut self,
        store: &dyn Store,
        now: Millis,
        after: u64,
        left: &mut u32,
    ) -> Result<Option<Place>, StoreError> {
        let log = families::TENANT_LIST.log::<String>(&[]);
        for index in after.saturating_add(1)..=log.tail(store)? {
            if *left == 0 {
                return Ok(Some(Place::Tenants(index.saturating_sub(1))));
            }
            spend(left, 3);
            let Slot::Entry(id) = log.get(store, index)? else { continue };
            if let Some(tenant) = tenancy::find_tenant(store, &id)? {
                self.counted.tenant(&tenant);
                self.counted.routing(&window::summary(store, &id, now)?);
            }
        }
        Ok(Some(Place::Breakers))
    }

    fn breakers(&mut self, store: &dyn Store, now: Millis, left: &mut u32) -> Result<Option<Place>, StoreError> {
        let log = breaker::list();
        let first = families::BREAKER_HEAD.value::<Head>(&[]).get(store)?.unwrap_or_default().first();
        let tail = log.tail(store)?;
        let mut met = BTreeSet::new();
        for index in first.max(tail.saturating_sub(MAX_BREAKERS).saturating_add(1)).max(1)..=tail {
            spend(left, 2);
            let Slot::Entry(Listed { tenant, vendor, .. }) = log.get(store, index)? else { continue };
            let record = families::BREAKER.value::<Record>(&[&tenant, &vendor]).get(store)?;
            // Those whose time is over stay there for a while; one that opened again before it was struck off stands there twice.
            if record.is_some_and(|record| record.is_open(now)) && met.insert((tenant, vendor.clone())) {
                self.counted.breaker(&vendor);
            }
        }
        Ok(Some(Place::Runs(0)))
    }

    fn runs(&mut self, store: &dyn Store, from: u64, left: &mut u32) -> Result<Option<Place>, StoreError> {
        let log = families::RUN_LIST.log::<IgnoredAny>(&[]);
        let first = families::RUN_HEAD.value::<Head>(&[]).get(store)?.unwrap_or_default().first();
        for index in first.max(from).max(1)..=log.tail(store)? {
            if *left == 0 {
                return Ok(Some(Place::Runs(index)));
            }
            spend(left, 1);
            add(&mut self.counted.runs, u64::from(matches!(log.get(store, index)?, Slot::Entry(_))));
        }
        Ok(Some(Place::Letters(None)))
    }

    fn letters(&mut self, store: &dyn Store, before: Option<u64>, left: &mut u32) -> Result<Option<Place>, StoreError> {
        let found = find_dead_letters(store, &Wanted { tenant: None, before, limit: LETTERS })?;
        spend(left, if found.next.is_some() { LETTERS_COST } else { 1 });
        add(&mut self.counted.dead_letters, u64::try_from(found.found.len()).unwrap_or(0));
        Ok(found.next.map(|before| Place::Letters(Some(before))))
    }
}

fn spend(left: &mut u32, operations: u32) {
    *left = left.saturating_sub(operations);
}
