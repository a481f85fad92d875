//! One metered call, up to the moment when the vendor's answer begins: breaker, permit, key, call.
//!
//! From the permit on, every way out resolves it: released when the vendor can't have done anything, charged otherwise.

use calendar::Millis;
use kv_schemas::Store;
use shell::{Call, Kind, Problem, host};

use crate::{
    bindings::{
        adapter::{self, Capability, Meter, Operation},
        limits::{Permit, Rung, Usage},
        sessions::Grant,
    },
    keyed::{self, Failed},
    permits::{self, Ask, quantities},
    telemetry::Trace,
    vendor::{
        self, Vendor,
        attempt::{self, Effort, Refusal},
        body::Body,
        upstream::{self, Answer},
    },
};

/// How long a permit of a call is held: longer than any call may take.
const TTL_MS: u64 = 15 * calendar::MINUTE;

/// A call to be made.
pub struct Wanted<'a> {
    pub grant: &'a Grant,
    pub capability: Capability,
    pub vendor: Vendor,
    pub operation: Operation,
    /// As the adapter planned it.
    pub planned: adapter::Call,
    /// Names its permit, where the caller sent an idempotency key.
    pub token: Option<&'a str>,
    pub effort: Effort,
    /// Its rate has been counted by an earlier call of the same request.
    pub counted: bool,
}

/// A call whose answer has begun.
pub struct Metered {
    pub permit: Permit,
    pub session: Option<String>,
    pub vendor: String,
    pub planned: adapter::Call,
    pub media_type: String,
    pub meter: Meter,
    pub body: Body,
    /// When the vendor was called.
    pub called_at: Millis,
    /// What a collector is told of it, where there is one.
    pub trace: Option<Box<Trace>>,
}

/// Makes the call.
pub async fn begin(call: &Call, store: &dyn Store, wanted: Wanted<'_>) -> Result<Metered, Failed> {
    let Wanted { grant, vendor, planned, .. } = &wanted;
    let vault = host::vault().await?;
    // Before any permit of this attempt; an earlier one that broke off may have one.
    let admitted = attempt::admit(store, vendor)?;
    let ask = Ask {
        grant,
        capability: vendor::name(wanted.capability),
        provider: vendor.name(),
        model: &planned.model,
        worst_case: quantities(&planned.worst_case),
        ttl_ms: TTL_MS,
        continues: None,
        counted: wanted.counted,
        token: wanted.token,
    };
    let permit = match keyed::first(permits::reserve(call, &ask).await) {
        Ok(permit) => permit,
        Err(failed) => {
            admitted.unused(store, vendor);
            return Err(failed);
        }
    };
    let called_at = host::now();
    let trace = Trace::begin(call, wanted.capability, vendor, &planned.model, &permit);
    // What if we crash here? The permit expires and the reaper charges it in full: the vendor may have been called.
    match attempt::make(store, &vault, vendor, planned, &permit.id, wanted.effort, admitted).await {
        Ok(answer) => accept(wanted, permit, answer, called_at, trace),
        Err(Refusal::Free(problem)) => {
            permits::release(&permit.id);
            tell(trace, &problem);
            Err(Failed::Free(about(problem, &permit)))
        }
        Err(Refusal::Lost(problem)) => {
            permits::settle_later(&permit.id, &Usage::Unknown);
            tell(trace, &problem);
            Err(Failed::Charged(about(problem, &permit)))
        }
    }
}

fn tell(trace: Option<Box<Trace>>, problem: &Problem) {
    if let Some(trace) = trace {
        trace.failed(problem);
    }
}

fn accept(
    wanted: Wanted<'_>,
    permit: Permit,
    answer: Answer,
    called_at: Millis,
    trace: Option<Box<Trace>>,
) -> Result<Metered, Failed> {
    let Wanted { grant, vendor, operation, planned, .. } = wanted;
    let media_type = upstream::media_type(&answer.head);
    let expected = planned.content_types.contains(&media_type);
    if !expected || !upstream::is_plain(&answer.head) {
        // What it says is not read, so nobody knows what it cost.
        permits::settle_later(&permit.id, &Usage::Unknown);
        let problem = Problem::new(Kind::VendorError, "vendor_content_type", "The vendor's answer is of another type.");
        tell(trace, &problem);
        return Err(Failed::Charged(about(problem, &permit)));
    }
    let meter = Meter::new(vendor.name(), &operation, &answer.head, &planned.worst_case);
    Ok(Metered {
        permit,
        session: grant.session.clone(),
        vendor: vendor.name().into(),
        planned,
        media_type,
        meter,
        body: answer.body,
        called_at,
        trace,
    })
}

/// Names the permit in an error.
pub fn about(problem: Problem, permit: &Permit) -> Problem {
    Problem { limit_check_id: Some(permit.id.clone()), ..problem }
}

/// The contract's name for where the tenant stands on the ladder.
pub fn mode(rung: Rung) -> &'static str {
    match rung {
        Rung::Full => "full",
        Rung::Throttled => "throttled",
        Rung::TextOnly => "text",
    }
}
