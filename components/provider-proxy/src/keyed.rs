//! `Idempotency-Key` on a call that costs: a repeat gets the first answer, and the vendor is called once.
//!
//! ```text
//!   plan (token) --> permit of that token --> vendor --> answer stored --> answer's end
//!        |                                      |
//!        +-- nothing charged: the key is free   +-- charged, but no answer: the failure is stored
//! ```
//! What if we crash after the permit? A retry works by the same plan, gets the same permit back and so knows that the
//! vendor may have been called: it isn't again, and the reaper charges the permit. Without the header nothing is
//! written and all of this does nothing.

use kv_schemas::Store;
use shell::{
    Call, Kind, Problem, Reply, host,
    idempotency::{self, Attempt, Begun, Head, Kept},
};
use vault::Vault;

use crate::{
    bindings::{limits::Permit, sessions::Grant},
    record::Record,
};

/// No call takes longer, and its permit is held as long.
const LEASE_MS: u64 = 15 * calendar::MINUTE;

/// A call that may have come with a key.
pub struct Keyed(Option<Held>);

struct Held {
    /// Where the answer is kept; `None` where the caller keeps it by itself.
    place: Option<(Attempt, Vault)>,
    token: String,
    origin: Origin,
}

/// Whose plan it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This call's.
    New,
    /// An earlier attempt's, which broke off.
    Resumed,
}

/// What a call with a key finds.
pub enum Start {
    /// Answered before.
    Before(Reply),
    /// This call does the work.
    Now(Keyed),
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failed {
    /// Before its permit. Nothing was charged, unless an earlier attempt that broke off has a permit.
    Early(Problem),
    /// Nothing was charged: the same key may be tried again.
    Free(Problem),
    /// Something was charged, or may be: a repeat gets the same problem.
    Charged(Problem),
}

impl Failed {
    /// What is told of it.
    pub fn problem(&self) -> &Problem {
        match self {
            Self::Early(problem) | Self::Free(problem) | Self::Charged(problem) => problem,
        }
    }

    /// The same, to be told.
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Early(problem) | Self::Free(problem) | Self::Charged(problem) => problem,
        }
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Early(problem)
    }
}

/// Looks the call's key up. Keys belong to a tenant's credential: nobody gets another's answer.
pub async fn begin(call: &Call, store: &dyn Store, grant: &Grant) -> Result<Start, Problem> {
    let Some(key) = call.idempotency_key()? else { return Ok(Start::Now(Keyed(None))) };
    let vault = host::vault().await?;
    let owner = format!("call:{}:{}", grant.tenant, grant.credential);
    let mut origin = Origin::Resumed;
    let token = || {
        origin = Origin::New;
        host::new_secret("")
    };
    Ok(match idempotency::begin(store, &vault, call, key, &owner, LEASE_MS, token)? {
        Begun::Before(reply) => Start::Before(reply),
        Begun::Now(attempt, token) => Start::Now(Keyed(Some(Held { place: Some((attempt, vault)), token, origin }))),
    })
}

impl Keyed {
    /// A call that has its permit's name, and its answer's place, from its caller, who makes one such call at a time.
    pub fn named(token: String, origin: Origin) -> Self {
        Self(Some(Held { place: None, token, origin }))
    }

    /// The name of this attempt's permit, drawn anew whenever the key was free.
    pub fn token(&self) -> Option<&str> {
        self.0.as_ref().map(|held| held.token.as_str())
    }

    /// The same for the place on a ladder: each rung has a permit of its own.
    pub fn token_of(&self, rung: usize) -> Option<String> {
        self.token().map(|token| if rung == 0 { token.to_owned() } else { format!("{token}.{rung}") })
    }

    /// Whether an earlier attempt broke off, which may have a permit.
    pub fn is_resumed(&self) -> bool {
        self.0.as_ref().is_some_and(|held| held.origin == Origin::Resumed)
    }

    /// Something to collect the answer in.
    pub fn record(&self) -> Record {
        if self.0.as_ref().is_some_and(|held| held.place.is_some()) { Record::begin() } else { Record::Off }
    }

    /// Keeps the answer. Failing to is no reason to fail otherwise: it is paid for and on its way.
    pub fn finish(self, store: &dyn Store, kept: impl FnOnce() -> Kept) {
        if let Some((attempt, vault)) = self.0.and_then(|held| held.place)
            && let Err(problem) = attempt.finish(store, &vault, &kept())
        {
            shell::warn!("keeping_an_answer", code = problem.code, message = problem.message);
        }
    }

    /// Frees the key, or keeps the failure.
    pub fn fail(self, store: &dyn Store, call: &Call, failed: Failed) -> Problem {
        let Some(Held { place: Some((attempt, vault)), origin, token }) = self.0 else {
            return failed.into_problem();
        };
        match failed {
            Failed::Early(problem) if origin == Origin::Resumed => {
                attempt.forfeit(store);
                problem
            }
            Failed::Early(problem) | Failed::Free(problem) => {
                attempt.free(store);
                problem
            }
            Failed::Charged(problem) => {
                let head = Head::of(&Reply::problem(&problem, &call.request_id));
                let held = Held { place: Some((attempt, vault)), token, origin };
                Self(Some(held)).finish(store, || head.whole(&problem.to_json(&call.request_id)));
                problem
            }
        }
    }
}

/// A permit for a call that was not made before.
pub fn first(outcome: Result<Permit, Problem>) -> Result<Permit, Failed> {
    match outcome {
        Ok(permit) if permit.replayed => Err(Failed::Charged(already_attempted(Some(permit.id)))),
        Ok(permit) => Ok(permit),
        // There is a permit of this token, for another model or vendor: the tenant's binding was changed since.
        Err(problem) if problem.code == "idempotency_key_reused" => Err(Failed::Charged(already_attempted(None))),
        Err(problem) if problem.kind == Kind::Offline => Err(Failed::Early(problem)),
        Err(problem) => Err(Failed::Free(problem)),
    }
}

fn already_attempted(limit_check_id: Option<String>) -> Problem {
    let message = "The first request with this idempotency key broke off; the vendor may have been called.";
    Problem { limit_check_id, ..Problem::conflict("already_attempted", message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::limits::{Remaining, Rung};

    #[test]
    fn a_vendor_is_called_for_a_new_permit_only() {
        let permit = |replayed| {
            let remaining = Remaining { cost_nanos: None, seconds: None };
            Ok(Permit { id: "lc_1".into(), rung: Rung::Full, expires_at_ms: 0, remaining, replayed })
        };
        let check = |outcome: Result<Permit, Problem>, expected: &str| {
            let found = match first(outcome) {
                Ok(permit) => format!("call {}", permit.id),
                Err(Failed::Early(problem)) => format!("early {}", problem.code),
                Err(Failed::Free(problem)) => format!("free {}", problem.code),
                Err(Failed::Charged(problem)) => format!("kept {} {:?}", problem.code, problem.limit_check_id),
            };
            assert_eq!(found, expected);
        };
        check(permit(false), "call lc_1");
        check(permit(true), "kept already_attempted Some(\"lc_1\")");
        check(Err(Problem::conflict("idempotency_key_reused", "")), "kept already_attempted None");
        check(Err(Problem::conflict("in_progress", "")), "free in_progress");
        check(Err(Problem::offline()), "early offline");
    }
}
