//! The leaves' refusals as the HTTP interface's errors.

use problem::Fallback;
use shell::{Kind, Problem};

use crate::bindings::{
    adapter::PlanError,
    limits::{Denial, DenialKind, Fault, FaultKind},
    sessions::{Refusal, RefusalKind},
};

pub fn refused(refusal: Refusal) -> Problem {
    match refusal.kind {
        RefusalKind::Unauthenticated => Problem::unauthenticated(&refusal.code, refusal.message),
        RefusalKind::Forbidden => Problem::forbidden(&refusal.code, refusal.message),
        RefusalKind::NotFound => Problem::not_found(refusal.message),
        RefusalKind::Offline => Problem::offline(),
    }
}

pub fn denied(denial: Denial) -> Problem {
    let kind = match denial.kind {
        DenialKind::Invalid => Kind::InvalidRequest,
        DenialKind::HardCap => Kind::HardCap,
        DenialKind::Burst => Kind::Burst,
        DenialKind::RateLimited => Kind::RateLimited,
        DenialKind::Conflict => Kind::Conflict,
        DenialKind::Forbidden => Kind::Forbidden,
        DenialKind::Offline => Kind::Offline,
    };
    Problem {
        param: denial.param,
        limit_check_id: denial.id,
        fallback: denial.fallback.map(|fallback| Fallback { mode: fallback.mode, message: fallback.message }),
        retry_after_ms: denial.retry_after_ms,
        ..Problem::new(kind, &denial.code, denial.message)
    }
}

pub fn faulty(fault: Fault) -> Problem {
    match fault.kind {
        FaultKind::NotFound => Problem::not_found(fault.message),
        FaultKind::Conflict => Problem::conflict(&fault.code, fault.message),
        FaultKind::Invalid => Problem::new(Kind::InvalidRequest, &fault.code, fault.message).with_param(fault.param),
        FaultKind::Forbidden => Problem::forbidden(&fault.code, fault.message),
        FaultKind::Offline => Problem::offline(),
    }
}

pub fn unplannable(error: PlanError) -> Problem {
    match error {
        PlanError::Unsupported(what) => Problem::new(Kind::InvalidRequest, "unsupported", what),
        PlanError::Invalid((param, message)) => {
            Problem::new(Kind::InvalidRequest, "invalid_request", message).with_param(param)
        }
    }
}

/// An answer about a job that can't be read.
pub fn garbled(vendor: &str, what: &str) -> Problem {
    shell::warn!("job", about = vendor, error = what);
    Problem::new(Kind::VendorError, "vendor_answer_garbled", "The vendor's answer can't be read.")
}
