//! Idempotency keys: the same key with the same request gives the first answer, also after a crash.
//!
//! ```text
//!   mark + claim --> plan (sealed) --> the work --> answer (sealed) --> claim released
//!                                          |
//!                                          +-- came to nothing --> plan deleted, claim released: the key is free
//! ```
//! The plan holds what the work would otherwise draw at random: ids, keys, secrets. A retry after a crash works the
//! same plan again and so finishes the first attempt instead of beginning a second. Answers hold secrets that are shown
//! once, so plan and answer are sealed with the master key.

mod answers;
mod kept;
mod sweep;

use calendar::SECOND;
use http::Method;
use kv_schemas::Store;
use problem::Problem;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use vault::Vault;

use crate::{Call, Reply, host};

pub use answers::Attempt;
use answers::{Answers, Found};
pub use kept::{Head, Kept, MAX_BODY_BYTES};
pub use sweep::{forget_owners, sweep};

/// How long an attempt of [`once`] may take before a retry may take over.
const LEASE: u64 = 10 * SECOND;

/// How a request with an idempotency key begins.
pub enum Begun<P> {
    /// It was answered before; this is the answer.
    Before(Reply),
    /// This request does the work, by this plan.
    Now(Attempt, P),
}

/// Serves a request that creates something. `owner` is whose keys these are (no two owners share any); `plan` draws
/// what is random; `work` must be safe to repeat with the same plan and gives status and JSON body.
pub async fn once<P, F>(
    store: &dyn Store,
    vault: &Vault,
    call: &Call,
    owner: &str,
    plan: impl FnOnce() -> P,
    work: F,
) -> Result<Reply, Problem>
where
    P: Serialize + DeserializeOwned,
    F: AsyncFnOnce(&P) -> Result<(u16, serde_json::Value), Problem>,
{
    let Some(key) = call.idempotency_key()? else {
        let (status, body) = work(&plan()).await?;
        return Ok(Reply::json(status, &body));
    };
    let (attempt, plan) = match begin(store, vault, call, key, owner, LEASE, plan)? {
        Begun::Before(reply) => return Ok(reply),
        Begun::Now(attempt, plan) => (attempt, plan),
    };
    match work(&plan).await {
        Ok((status, body)) => {
            let body = body.to_string();
            let reply = Reply::bytes(status, "application/json", body.clone());
            attempt.finish(store, vault, &Head::of(&reply).whole(body.as_bytes()))?;
            Ok(reply)
        }
        Err(problem) => {
            attempt.abandon(store, &problem);
            Err(problem)
        }
    }
}

/// Begins a request with an idempotency key `key` of `owner`, for work whose answer is not there all at once. The
/// attempt must end in [`Attempt::finish`] or [`Attempt::free`]; if it is dropped, a retry takes over by the same plan
/// after `lease` milliseconds, so the work must not take longer.
pub fn begin<P: Serialize + DeserializeOwned>(
    store: &dyn Store,
    vault: &Vault,
    call: &Call,
    key: &str,
    owner: &str,
    lease: u64,
    plan: impl FnOnce() -> P,
) -> Result<Begun<P>, Problem> {
    let answers = Answers::new(owner, key, &fingerprint(&call.method, &call.path, &call.body), lease);
    match answers.begin(store, vault, host::now(), host::random(), plan)? {
        Found::Before(kept) => kept.reply().map(Begun::Before),
        Found::Now(attempt, plan) => Ok(Begun::Now(attempt, plan)),
    }
}

/// What makes two requests the same.
fn fingerprint(method: &Method, path: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(method.as_str());
    hash.update(b"\n");
    hash.update(path);
    hash.update(b"\n");
    hash.update(body);
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
