//! Whether the operator asks, by the admin key.

use problem::Problem;
use tenancy::{Credential, admin_key_matches};

use crate::{Call, host};

/// Lets the operator through, and nobody else.
pub async fn admit(call: &Call) -> Result<(), Problem> {
    if asks(call).await { Ok(()) } else { Err(unauthenticated()) }
}

/// Whether it is the operator.
pub async fn asks(call: &Call) -> bool {
    match call.authorization().and_then(Credential::parse) {
        Some(Credential::Other(shown)) => admin_key_matches(shown, &host::variable("admin_key").await),
        _ => false,
    }
}

/// The answer to everybody else.
#[must_use]
pub fn unauthenticated() -> Problem {
    Problem::unauthenticated("unauthenticated", "The admin key is missing or wrong.")
}
