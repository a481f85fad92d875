//! What is counted as it happens: webhooks, runs, denials.

use kv_schemas::{Store, StoreError};
use webhooks::ingest::Counted as Webhooks;

use super::text::{Text, Type::Counter, Type::Gauge};
use crate::{
    census::Counted,
    runs::{CANCELLED, FAILED, OK, ended},
};

pub fn webhooks(store: &dyn Store, text: &mut Text) -> Result<(), StoreError> {
    // One that is refused costs one count and no more, so what was received is the sum.
    let received = Webhooks::Verified.read(store)?.saturating_add(Webhooks::Rejected.read(store)?);
    let help = "Deliveries of webhooks (received, verified, rejected, duplicate), failed attempts at an effect, and dead \
                letters, of the whole deployment.";
    let mut family = text.family(Counter, "webhook_events_total", help);
    family.sample(&[("status", "received")], received);
    for counted in Webhooks::ALL {
        family.sample(&[("status", counted.name())], counted.read(store)?);
    }
    Ok(())
}

pub fn runs(store: &dyn Store, text: &mut Text, census: Option<&Counted>) -> Result<(), StoreError> {
    if let Some(census) = census {
        text.one(Gauge, "runs_active", "Runs under way, by the last census.", census.runs);
    }
    let families = [
        (OK, "runs_success_total", "Runs that were done."),
        (FAILED, "runs_failure_total", "Runs that failed."),
        (CANCELLED, "tollgate_runs_cancelled_total", "Runs that somebody cancelled."),
    ];
    for (outcome, name, help) in families {
        text.one(Counter, name, help, ended(store, outcome)?);
    }
    Ok(())
}

pub fn denials(store: &dyn Store, text: &mut Text) -> Result<(), StoreError> {
    let denials = limits::denials(store)?;
    let help = "Requests for a permit that were told to come again (429), by what was full.";
    let mut family = text.family(Counter, "api_rate_limited_requests_total", help);
    for (reason, count) in denials.iter().filter(|(reason, _)| limits::LIMITERS.contains(&reason.as_str())) {
        family.sample(&[("limiter", reason)], count);
    }
    let help =
        "Requests for a permit that were denied, by the code of the answer; without those that the store was away for.";
    let mut family = text.family(Counter, "tollgate_denials_total", help);
    for (reason, count) in &denials {
        family.sample(&[("reason", reason)], count);
    }
    Ok(())
}
