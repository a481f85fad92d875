//! One metered call, up to the moment when the vendor's answer begins: plan, permit, key, call.
//!
//! From the permit on, every way out resolves it: released when the vendor can't have done anything, charged otherwise.

use kv_schemas::Store;
use shell::{Call, Kind, Problem};
use spin_sdk::http::Response as Incoming;

use crate::{
    bindings::{
        adapter::{self, Meter, Operation},
        limits::{Permit, Rung, Usage},
        sessions::Grant,
    },
    keyed::{self, Failed},
    permits::{self, Ask, quantities, used},
    problems::unplannable,
    thrift::thrifty,
    upstream::{self, Answer, Failure},
    vendor::{self, Vendor},
};

/// How long a permit of a call is held: longer than any call may take.
const TTL_MS: u64 = 15 * calendar::MINUTE;

/// A call whose answer has begun.
pub struct Metered {
    pub permit: Permit,
    pub session: Option<String>,
    pub vendor: String,
    pub planned: adapter::Call,
    pub media_type: String,
    pub meter: Meter,
    pub body: Incoming,
}

/// Makes the call. `token` names its permit, where the caller sent an idempotency key.
pub async fn begin(
    call: &Call,
    store: &dyn Store,
    grant: &Grant,
    capability: &str,
    operation: Operation,
    token: Option<&str>,
) -> Result<Metered, Failed> {
    let vendor = vendor::choose(store, &grant.tenant, capability)?;
    let operation = thrifty(&vendor, operation)?;
    let planned = adapter::plan(vendor.name(), &operation, &vendor.options).map_err(unplannable)?;
    let vault = shell::host::vault().await?;
    let ask = Ask {
        grant,
        capability,
        provider: vendor.name(),
        model: &planned.model,
        worst_case: quantities(&planned.worst_case),
        ttl_ms: TTL_MS,
        continues: None,
        counted: false,
        token,
    };
    let permit = keyed::first(permits::reserve(call, &ask).await)?;
    // What if we crash here? The permit expires and the reaper charges it in full: the vendor may have been called.
    let answer = match upstream::call(&vault, &vendor, &planned, upstream::FIRST_BYTE).await {
        Ok(answer) => answer,
        Err(Failure::NotSent(problem)) => {
            permits::release(&permit.id);
            return Err(Failed::Free(about(problem, &permit)));
        }
        Err(Failure::Lost(problem)) => {
            permits::settle_later(&permit.id, &Usage::Unknown);
            return Err(Failed::Charged(about(problem, &permit)));
        }
    };
    accept(vendor, permit, planned, operation, answer, grant).await
}

async fn accept(
    vendor: Vendor,
    permit: Permit,
    planned: adapter::Call,
    operation: Operation,
    mut answer: Answer,
    grant: &Grant,
) -> Result<Metered, Failed> {
    if !upstream::is_success(&answer.head) {
        let body = upstream::read_error(&mut answer.body).await;
        // The vendor refused: it did nothing, so nothing is charged.
        permits::release(&permit.id);
        return Err(Failed::Free(about(explained(vendor.name(), &answer.head, &body), &permit)));
    }
    let media_type = upstream::media_type(&answer.head);
    let meter = Meter::new(vendor.name(), &operation, &answer.head, &planned.worst_case);
    if !planned.content_types.iter().any(|expected| media_type.starts_with(expected.as_str())) {
        permits::settle_later(&permit.id, &used(meter.usage()));
        let problem = Problem::new(Kind::VendorError, "vendor_content_type", "The vendor's answer is of another type.");
        return Err(Failed::Charged(about(problem, &permit)));
    }
    Ok(Metered {
        permit,
        session: grant.session.clone(),
        vendor: vendor.name().into(),
        planned,
        media_type,
        meter,
        body: answer.body,
    })
}

/// A vendor's error status in the gate's terms.
pub fn explained(vendor: &str, head: &adapter::AnswerHead, body: &[u8]) -> Problem {
    let failure = adapter::explain(vendor, head, body);
    eprintln!("{vendor} answered {} ({})", head.status, failure.code);
    Problem {
        retry_after_ms: failure.retry_after_ms,
        ..Problem::new(Kind::VendorError, &failure.code, failure.message)
    }
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
