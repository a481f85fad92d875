//! All that is stored under one idempotency key, and the right to answer it.

use calendar::{Millis, SECOND};
use kv_schemas::{Log, Once, Store, Value, families};
use problem::{Kind, Problem};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use tenancy::Claim;
use vault::{NONCE_BYTES, Vault};

use super::{
    hex,
    kept::{Kept, unreadable},
};
use crate::{host, offline};

/// A record under a key: which request it belongs to, and something sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Sealed {
    fingerprint: String,
    sealed: String,
}

/// A place in the list of keys in use.
#[derive(Serialize, Deserialize)]
pub(super) struct Listed {
    pub owner: String,
    pub key: String,
    pub at: Millis,
}

/// One idempotency key and the request it came with.
pub(super) struct Answers {
    owner: String,
    /// SHA-256 of the caller's key.
    key: String,
    fingerprint: String,
    /// How long an attempt may take, in milliseconds.
    lease: u64,
}

/// The right to answer. Dropping it without an end is what a crash does: a retry takes over after the lease.
pub struct Attempt {
    answers: Answers,
    claim: Claim<AttemptTokens>,
}

/// The tokens that attempts are won by.
type AttemptTokens = Box<dyn Fn(&str) -> Once>;

/// What a request with a key finds.
pub(super) enum Found<P> {
    /// Answered before.
    Before(Kept),
    /// This request does the work, by this plan.
    Now(Attempt, P),
}

impl Answers {
    pub fn new(owner: &str, key: &str, fingerprint: &str, lease: u64) -> Self {
        let key = hex(&Sha256::digest(key));
        Self { owner: owner.into(), key, fingerprint: fingerprint.into(), lease }
    }

    pub fn begin<P: Serialize + DeserializeOwned>(
        self,
        store: &dyn Store,
        vault: &Vault,
        now: Millis,
        nonce: [u8; NONCE_BYTES],
        plan: impl FnOnce() -> P,
    ) -> Result<Found<P>, Problem> {
        if let Some(kept) = self.read::<Kept>(store, vault, "answer")? {
            return Ok(Found::Before(kept));
        }
        let mark = part(&self.owner, &self.key, "mark");
        if !mark.exists(store).map_err(|e| offline(&e))? {
            // Listed first, so that whatever follows is swept in the end. What if we crash here? An empty place.
            let listed = Listed { owner: self.owner.clone(), key: self.key.clone(), at: now };
            list().append(store, &listed).map_err(|e| offline(&e))?;
        }
        // What if we crash while holding the claim? A retry takes over after the lease, by the same plan.
        let claim = Claim::take(store, mark, attempts(&self.owner, &self.key), now, self.lease);
        let Some(claim) = claim.map_err(|e| offline(&e))? else {
            // Of this request, or of another one?
            self.read::<P>(store, vault, "plan")?;
            return Err(in_progress());
        };
        // Somebody may have answered between the first look and the claim.
        if let Some(kept) = self.read::<Kept>(store, vault, "answer")? {
            claim.release(store).map_err(|e| offline(&e))?;
            return Ok(Found::Before(kept));
        }
        match self.plan(store, vault, nonce, plan) {
            Ok(plan) => Ok(Found::Now(Attempt { answers: self, claim }, plan)),
            Err(problem) => {
                // Another request's plan, or none can be written: nothing was done under this claim.
                claim.forfeit(store);
                Err(problem)
            }
        }
    }

    /// The first attempt's plan, or a new one.
    fn plan<P: Serialize + DeserializeOwned>(
        &self,
        store: &dyn Store,
        vault: &Vault,
        nonce: [u8; NONCE_BYTES],
        draw: impl FnOnce() -> P,
    ) -> Result<P, Problem> {
        if let Some(first) = self.read::<P>(store, vault, "plan")? {
            return Ok(first);
        }
        let plan = draw();
        // Before any effect. What if we crash here? Nothing has happened; the retry finds this plan.
        self.write(store, vault, "plan", nonce, &plan)?;
        Ok(plan)
    }

    fn value(&self, name: &str) -> Value<Sealed> {
        part(&self.owner, &self.key, name)
    }

    fn context(&self, name: &str) -> String {
        format!("{name}/{}/{}", self.owner, self.key)
    }

    fn read<T: DeserializeOwned>(&self, store: &dyn Store, vault: &Vault, name: &str) -> Result<Option<T>, Problem> {
        let Some(record) = self.value(name).get(store).map_err(|e| offline(&e))? else {
            return Ok(None);
        };
        if record.fingerprint != self.fingerprint {
            let message = "This idempotency key was used for another request.";
            return Err(Problem::conflict("idempotency_key_reused", message));
        }
        let text = vault.open(&self.context(name), &record.sealed).map_err(|_| unreadable())?;
        serde_json::from_str(text.expose()).map(Some).map_err(|_| unreadable())
    }

    fn write<T: Serialize>(
        &self,
        store: &dyn Store,
        vault: &Vault,
        name: &str,
        nonce: [u8; NONCE_BYTES],
        content: &T,
    ) -> Result<(), Problem> {
        let text = serde_json::to_string(content).map_err(|_| unreadable())?;
        let sealed = vault.seal(&self.context(name), nonce, &text).map_err(|_| unreadable())?;
        let record = Sealed { fingerprint: self.fingerprint.clone(), sealed };
        self.value(name).set(store, &record).map_err(|e| offline(&e))
    }
}

impl Attempt {
    /// From here on the answer stands.
    pub fn finish(self, store: &dyn Store, vault: &Vault, kept: &Kept) -> Result<(), Problem> {
        self.finish_with(store, vault, host::random(), kept)
    }

    pub(super) fn finish_with(
        self,
        store: &dyn Store,
        vault: &Vault,
        nonce: [u8; NONCE_BYTES],
        kept: &Kept,
    ) -> Result<(), Problem> {
        if let Err(problem) = self.answers.write(store, vault, "answer", nonce, kept) {
            self.claim.forfeit(store);
            return Err(problem);
        }
        // What if we crash here? The answer is found before the claim is looked at.
        self.answers.value("plan").delete(store).map_err(|e| offline(&e))?;
        self.claim.release(store).map_err(|e| offline(&e))
    }

    /// Nothing came of it: the key is free, and the next request with it draws a plan of its own.
    pub fn free(self, store: &dyn Store) {
        // What if we crash in between? Who comes after the lease begins anew.
        if self.answers.value("plan").delete(store).is_ok() {
            let _ = self.claim.release(store);
        } else {
            self.claim.forfeit(store);
        }
    }

    /// The work was refused. Unless the store failed in its midst, nothing was made and the key is free again.
    pub fn abandon(self, store: &dyn Store, problem: &Problem) {
        if matches!(problem.kind, Kind::Offline | Kind::Internal) {
            self.forfeit(store);
        } else {
            self.free(store);
        }
    }

    /// Nobody knows what came of it: the next request with the key goes on by the same plan, at once.
    pub fn forfeit(self, store: &dyn Store) {
        self.claim.forfeit(store);
    }
}

fn in_progress() -> Problem {
    let message = "A request with this idempotency key is being served.";
    Problem { retry_after_ms: Some(SECOND), ..Problem::conflict("in_progress", message) }
}

pub(super) fn part<T>(owner: &str, key: &str, name: &str) -> Value<T> {
    families::ANSWER.value(&[owner, &format!("{key}.{name}")])
}

pub(super) fn attempts(owner: &str, key: &str) -> AttemptTokens {
    let (owner, key) = (owner.to_owned(), key.to_owned());
    Box::new(move |attempt| families::ANSWERING.once(&[&owner, &format!("{key}.{attempt}")]))
}

pub(super) fn list() -> Log<Listed> {
    families::ANSWER_LIST.log(&[])
}
