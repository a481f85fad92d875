//! One accepted answer, by as many tries as are safe: breaker, call, retry.
//!
//! ```text
//!   breaker open ---------------------------------------------> refused (nothing was called)
//!   call --accepted--> answer
//!     |---refused for good, or never sent---------------------> refused
//!     |---refused for now, or never reached --pause, again----> (retries at an end) refused
//!     +---lost: it may have been done ------------------------> lost
//! ```
//! What is lost is never repeated: the vendor may have done and billed it. A permit is held through all tries, so nothing
//! is reserved twice. The breaker hears of a vendor that is down; a refusal is an answer, from a vendor that works.

use std::time::Duration;

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use router::{
    Backoff,
    breaker::{self, Admission, Pass, Settings},
};
use shell::{Kind, Problem, host};
use vault::Vault;

use super::{
    Vendor,
    upstream::{self, Answer, Failure},
};
use crate::bindings::adapter::{self, Call};

/// Retries of a call that somebody waits for, unless the binding's option `retries` says otherwise.
const RETRIES: u64 = 2;
/// The most that the option may say.
const MOST_RETRIES: u64 = 5;
/// No try begins later than so long after the first.
const BUDGET_MS: u64 = 40_000;
/// A try that has less time than this isn't made.
const LEAST_MS: u64 = calendar::SECOND;

/// How often a call may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Once: there is another vendor to turn to, or the whole is tried again later anyway.
    Once,
    /// As the binding says.
    Retrying,
    /// As the binding says, but only what has never arrived or was turned away at the door: a start that failed half way
    /// would begin twice.
    Careful,
}

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    pub patience: Patience,
    /// Until when the answer must have begun.
    pub deadline: Millis,
}

impl Effort {
    /// As much as a request has time for that begins now.
    pub fn of(patience: Patience) -> Self {
        Self { patience, deadline: host::now().plus(upstream::REQUEST_MS) }
    }
}

/// Why there is no answer.
pub enum Refusal {
    /// Nothing was done, so nothing is charged.
    Free(Problem),
    /// What was done is unknown.
    Lost(Problem),
}

/// Admitted by the vendor's breaker; asked for before anything is reserved.
pub struct Admitted {
    pass: Option<Pass>,
    settings: Settings,
}

impl Admitted {
    /// The vendor isn't called after all.
    pub fn unused(self, store: &dyn Store, vendor: &Vendor) {
        let told = self.pass.map(|pass| pass.unused(store, host::now()));
        if let Some(Err(error)) = told {
            shell::warn!("breaker", provider = vendor.name(), error = error);
        }
    }

    /// A further call of something that was admitted before.
    pub fn anyway() -> Self {
        Self { pass: None, settings: Settings::default() }
    }
}

/// Asks the breaker. A store that can't be read stands in nobody's way here: the reservation will say so.
pub fn admit(store: &dyn Store, vendor: &Vendor) -> Result<Admitted, Problem> {
    let usual = Settings::default();
    let settings = Settings {
        failures: u32::try_from(vendor.option("breaker_failures", u64::from(usual.failures), 1_000))
            .unwrap_or(u32::MAX),
        open_ms: vendor.option("breaker_seconds", usual.open_ms / 1_000, 3_600) * 1_000,
        ..usual
    };
    match breaker::admit(store, &vendor.tenant, vendor.name(), &settings, host::now()) {
        Ok(Admission::Allow(pass)) => Ok(Admitted { pass: Some(pass), settings }),
        Ok(Admission::Refuse { retry_after_ms }) => {
            let message = "The vendor keeps failing and is left alone for a while.";
            let problem = Problem::new(Kind::VendorError, "circuit_open", message);
            Err(Problem { retry_after_ms: Some(retry_after_ms), ..problem })
        }
        Err(error) => {
            shell::warn!("breaker", provider = vendor.name(), error = error);
            Ok(Admitted { pass: None, settings })
        }
    }
}

/// Calls until there is an accepted answer or no sense in another try. `repeat` names the call to the vendor.
pub async fn make(
    store: &dyn Store,
    vault: &Vault,
    vendor: &Vendor,
    planned: &Call,
    repeat: &str,
    effort: Effort,
    admitted: Admitted,
) -> Result<Answer, Refusal> {
    let Effort { patience, deadline } = effort;
    let retries = match patience {
        Patience::Once => 0,
        Patience::Retrying | Patience::Careful => vendor.option("retries", RETRIES, MOST_RETRIES),
    };
    let backoff = Backoff { retries: u32::try_from(retries).unwrap_or(0), ..Backoff::default() };
    let started = host::now();
    let mut retry = 0;
    loop {
        let left = deadline.since(host::now());
        if left < LEAST_MS {
            admitted.unused(store, vendor);
            return Err(Refusal::Free(upstream::timeout()));
        }
        let first_byte = upstream::FIRST_BYTE.min(Duration::from_millis(left));
        let tried = once(vault, vendor, planned, repeat, first_byte).await;
        let again = match &tried {
            Tried::Accepted(_) | Tried::Lost(_) | Tried::Refused(_) | Tried::Broken(_) => None,
            Tried::Failed(_) if patience == Patience::Careful => None,
            Tried::Later(problem) | Tried::Failed(problem) | Tried::Unreached(problem) => {
                retry += 1;
                let now = host::now();
                let left = BUDGET_MS.saturating_sub(now.since(started)).min(deadline.since(now));
                backoff.next(retry, problem.retry_after_ms, u64::from_le_bytes(host::random()), left)
            }
        };
        match again {
            Some(pause) => spin_sdk::time::sleep(Duration::from_millis(pause)).await,
            None => {
                note(store, vendor, admitted, &tried);
                return tried.into_result();
            }
        }
    }
}

/// What one try came to.
enum Tried {
    Accepted(Answer),
    /// For good: bad key, bad request.
    Refused(Problem),
    /// For now: too busy. The vendor works.
    Later(Problem),
    /// It can't be reached.
    Unreached(Problem),
    /// It fails by itself.
    Failed(Problem),
    /// It gave up waiting for what it may have done, and billed, all the same (504).
    Broken(Problem),
    Lost(Problem),
}

impl Tried {
    fn into_result(self) -> Result<Answer, Refusal> {
        match self {
            Self::Accepted(answer) => Ok(answer),
            Self::Refused(problem) | Self::Later(problem) | Self::Unreached(problem) | Self::Failed(problem) => {
                Err(Refusal::Free(problem))
            }
            Self::Broken(problem) | Self::Lost(problem) => Err(Refusal::Lost(problem)),
        }
    }
}

async fn once(vault: &Vault, vendor: &Vendor, planned: &Call, repeat: &str, first_byte: Duration) -> Tried {
    let mut answer = match upstream::call(vault, vendor, planned, repeat, first_byte).await {
        Ok(answer) => answer,
        Err(Failure::NotSent(problem)) => return Tried::Refused(problem),
        Err(Failure::NotReached(problem)) => return Tried::Unreached(problem),
        Err(Failure::Lost(problem)) => return Tried::Lost(problem),
    };
    if upstream::is_success(&answer.head) {
        return Tried::Accepted(answer);
    }
    let body = answer.body.of_error().await;
    let failure = adapter::explain(vendor.name(), &answer.head, &body);
    let (retryable, broken) = (failure.retryable, answer.head.status >= 500);
    let problem = explained(vendor, answer.head.status, failure);
    match (retryable, broken) {
        (true, true) => Tried::Failed(problem),
        (true, false) => Tried::Later(problem),
        (false, true) => Tried::Broken(problem),
        (false, false) => Tried::Refused(problem),
    }
}

/// A vendor's refusal in the gate's terms.
pub fn explained(vendor: &Vendor, status: u16, failure: adapter::Failure) -> Problem {
    shell::warn!("vendor_refused", provider = vendor.name(), status = status, code = failure.code);
    let kind = if failure.code == "vendor_timeout" { Kind::VendorTimeout } else { Kind::VendorError };
    Problem { retry_after_ms: failure.retry_after_ms, ..Problem::new(kind, &failure.code, failure.message) }
}

/// Tells the breaker. What if we crash before? It hears of one failure less: these are statistics.
fn note(store: &dyn Store, vendor: &Vendor, admitted: Admitted, tried: &Tried) {
    let Some(pass) = admitted.pass else { return };
    let noted: Result<(), StoreError> = match tried {
        Tried::Unreached(_) | Tried::Failed(_) | Tried::Broken(_) | Tried::Lost(_) => {
            pass.failed(store, &admitted.settings, host::now())
        }
        Tried::Accepted(_) | Tried::Refused(_) | Tried::Later(_) => pass.succeeded(store),
    };
    if let Err(error) = noted {
        shell::warn!("breaker", provider = vendor.name(), error = error);
    }
}
