//! The imports `tollgate:core/limits` and `tollgate:core/audit`: what an interaction used is put right and logged.

use calendar::Millis;
use kv_schemas::StoreError;
use money::Nanos;
use shell::KeyValue;
use webhooks::ingest::{Books, Failure, Usage};

use crate::{
    faults::{Refusal, failure},
    port::bindings::tollgate::core::{
        audit::{self, Entry},
        limits::{self, Amount, Correction, Decision, Fault, FaultKind, Quantity},
    },
};

/// The leaves that the manifest names.
pub struct Leaves;

impl Books for Leaves {
    fn correct(&self, tenant: &str, key: &str, used: &Usage) -> Result<(), Failure> {
        let holder = limits::inspect(&used.limit_check_id).map_err(refused)?;
        if holder.tenant != tenant {
            return Err(Failure::Never("the interaction is of another tenant".into()));
        }
        let decided = limits::correct(&Correction {
            corrects: used.limit_check_id.clone(),
            amount: Amount::Usage(vec![Quantity { unit_type: used.unit_type.clone(), units: used.units }]),
            reason: used.reason.clone(),
            request_id: String::new(),
            idempotency_key: Some(key.to_owned()),
        });
        match decided.map_err(refused)? {
            // It costs that much already.
            None => Ok(()),
            Some(decision) => log(&decision),
        }
    }
}

/// What if we crash before it is logged, or before it is closed? The retry gets the same decision and comes here again; and
/// the reaper goes on with it as with any charge.
fn log(decision: &Decision) -> Result<(), Failure> {
    if decision.stage.is_some() {
        return Ok(());
    }
    let stage =
        audit::append(&entry(decision)).map_err(|failure| Failure::Later(format!("log: {}", failure.message)))?;
    tell(decision).map_err(|error| Failure::Later(error.to_string()))?;
    limits::close(&decision.id, stage).map_err(refused)
}

/// The tenant's server hears of it.
fn tell(decision: &Decision) -> Result<(), StoreError> {
    let cost = Nanos(decision.cost_nanos).to_string();
    let event = events::corrected(&decision.id, Millis(decision.at_ms), &cost, &decision.details);
    events::emit(&KeyValue::open()?, &decision.tenant, &event)
}

fn refused(fault: Fault) -> Failure {
    let refusal = match fault.kind {
        FaultKind::NotFound => Refusal::NotFound,
        FaultKind::Conflict => Refusal::Conflict,
        FaultKind::Invalid => Refusal::Invalid,
        FaultKind::Forbidden => Refusal::Forbidden,
        FaultKind::Offline => Refusal::Offline,
    };
    failure(refusal, &fault.code, &fault.message)
}

fn entry(decision: &Decision) -> Entry {
    Entry {
        tenant: decision.tenant.clone(),
        company: decision.company.clone(),
        event_type: decision.event_type.clone(),
        provider: decision.provider.clone(),
        model: decision.model.clone(),
        units: decision.units,
        unit_type: decision.unit_type.clone(),
        cost_nanos: decision.cost_nanos,
        limit_check_id: decision.id.clone(),
        session: decision.session.clone(),
        request_id: decision.request_id.clone(),
        channel: decision.channel.clone(),
        capability: decision.capability.clone(),
        settlement: decision.settlement.clone(),
        at_ms: decision.at_ms,
        details: decision.details.clone(),
    }
}
