//! The calls of a live session's start: one, or several where the vendor wants a token first.

use calendar::Millis;
use kv_schemas::StoreError;
use shell::{KeyValue, Kind, Problem, host, offline};

use super::record::{self, Live, by_vendor};
use crate::{
    bindings::{
        adapter::{self, Join, NoGood, Step},
        limits::Usage,
    },
    vendor::{
        Vendor,
        attempt::{self, Effort, Patience, Refusal},
    },
};

/// The most calls of one start.
const MAX_STEPS: usize = 3;

/// A start that failed, and what may have been used; `None`: nothing.
pub struct Broken {
    pub problem: Problem,
    pub used: Option<Usage>,
}

impl Broken {
    fn unused(problem: Problem) -> Self {
        Self { problem, used: None }
    }

    fn unknown(problem: Problem) -> Self {
        Self { problem, used: Some(Usage::Unknown) }
    }
}

/// The calls of a start.
pub struct Start<'a> {
    pub store: &'a KeyValue,
    pub vendor: &'a Vendor,
    pub asked: &'a adapter::Live,
    /// Until when the vendor must have answered.
    pub deadline: Millis,
}

impl Start<'_> {
    /// Makes the calls, one after the other, until the page can join.
    pub async fn through(
        &self,
        live: &mut Live,
        mut planned: adapter::Call,
        admitted: attempt::Admitted,
    ) -> Result<Join, Broken> {
        let mut admitted = Some(admitted);
        for _ in 0..MAX_STEPS {
            let started =
                self.step(&live.id, &planned, admitted.take().unwrap_or_else(attempt::Admitted::anyway)).await?;
            if live.vendor_id.is_none() {
                // Before the next call: what if we crash then? Maintenance knows what to end.
                live.vendor_id = Some(started.vendor_id);
                self.note(live).map_err(|error| Broken::unknown(offline(&error)))?;
            }
            match started.step {
                Step::Open(join) => return Ok(join),
                Step::Call(next) => planned = next,
            }
        }
        Err(Broken::unknown(garbled("the start takes too many calls")))
    }

    async fn step(
        &self,
        id: &str,
        planned: &adapter::Call,
        admitted: attempt::Admitted,
    ) -> Result<adapter::Started, Broken> {
        let vault = host::vault().await.map_err(Broken::unused)?;
        let effort = Effort { patience: Patience::Careful, deadline: self.deadline };
        let made = attempt::make(self.store, &vault, self.vendor, planned, id, effort, admitted).await;
        let mut answer = made.map_err(|refusal| match refusal {
            Refusal::Free(problem) => Broken::unused(problem),
            Refusal::Lost(problem) => Broken::unknown(problem),
        })?;
        let body = answer.body.whole(planned.max_answer_bytes).await.map_err(Broken::unknown)?;
        adapter::live_started(self.vendor.name(), self.asked, &body).map_err(|no_good| match no_good {
            NoGood::Refused(failure) => Broken::unused(attempt::explained(self.vendor, answer.head.status, failure)),
            NoGood::Garbled(what) => Broken::unknown(garbled(&what)),
        })
    }

    fn note(&self, live: &Live) -> Result<(), StoreError> {
        record::record(&live.id).set(self.store, live)?;
        match &live.vendor_id {
            Some(vendor_id) => by_vendor(live, vendor_id).set(self.store, &live.id),
            None => Ok(()),
        }
    }
}

fn garbled(what: &str) -> Problem {
    shell::warn!("start_of_a_live_session", error = what);
    Problem::new(Kind::VendorError, "vendor_answer_garbled", "The vendor's answer can't be read.")
}
