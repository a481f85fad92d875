//! CORS: exactly the origins that tenants have allowed, never `*`.
//!
//! A browser's preflight carries no credential, so it can't name the tenant: an origin that *some* tenant has allowed
//! may ask. Whether it may ask with this credential is decided when the request itself comes.

use kv_schemas::{Store, families};

use crate::{Call, Reply};

/// Whether some tenant has allowed this origin. A store that can't be reached allows nothing.
fn known(store: &dyn Store, origin: &str) -> bool {
    families::ORIGIN.value::<Vec<String>>(&[origin]).exists(store).unwrap_or(false)
}

/// The answer to `OPTIONS`.
#[must_use]
pub fn preflight(store: &dyn Store, call: &Call) -> Reply {
    let reply = Reply::empty(204)
        .with("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE")
        .with("access-control-allow-headers", "authorization, content-type, idempotency-key, x-request-id")
        .with("access-control-max-age", "600");
    share(store, call, reply)
}

/// Lets the page read the answer, if its origin is known.
#[must_use]
pub fn share(store: &dyn Store, call: &Call, reply: Reply) -> Reply {
    let reply = reply.with("vary", "Origin");
    match call.header("origin").filter(|origin| known(store, origin)) {
        None => reply,
        Some(origin) => reply.with("access-control-allow-origin", origin).with(
            "access-control-expose-headers",
            "x-request-id, x-limit-check-id, x-tollgate-provider, x-tollgate-mode, retry-after",
        ),
    }
}
