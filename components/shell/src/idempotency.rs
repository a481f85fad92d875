//! Idempotency keys: the same key with the same request gives the first answer, also after a crash.
//!
//! ```text
//!   mark + claim --> plan (sealed) --> the work --> answer (sealed) --> claim released
//! ```
//! The plan holds what the work would otherwise draw at random: ids, keys, secrets. A retry after a crash works the
//! same plan again and so finishes the first attempt instead of beginning a second. Answers hold secrets that are shown
//! once, so plan and answer are sealed with the master key.

use calendar::{DAY, Millis, SECOND};
use http::Method;
use kv_schemas::{Log, Once, Slot, Store, StoreError, Value, families};
use problem::{Kind, Problem};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use tenancy::Claim;
use vault::{NONCE_BYTES, Vault};

use crate::{Call, Reply, host, offline};

/// How long an attempt may take before a retry may take over.
const LEASE: u64 = 10 * SECOND;
/// The most answers that one call of [`sweep`] looks at.
const MAX_SWEPT: u64 = 128;

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
    let answers = Answers::new(store, vault, owner, key, &fingerprint(&call.method, &call.path, &call.body));
    let (attempt, plan) = match answers.begin(host::now(), host::random(), plan)? {
        Begun::Before { status, body } => return Ok(Reply::bytes(status, "application/json", body)),
        Begun::Now(attempt, plan) => (attempt, plan),
    };
    match work(&plan).await {
        Ok((status, body)) => {
            answers.finish(attempt, host::random(), status, &body.to_string())?;
            Ok(Reply::json(status, &body))
        }
        Err(problem) => {
            answers.abandon(attempt, &problem);
            Err(problem)
        }
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
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A record under a key: which request it belongs to, and something sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    fingerprint: String,
    sealed: String,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    body: String,
}

/// A place in the list of keys in use.
#[derive(Serialize, Deserialize)]
struct Listed {
    owner: String,
    key: String,
    at: Millis,
}

/// All that is stored under one idempotency key.
struct Answers<'a> {
    store: &'a dyn Store,
    vault: &'a Vault,
    owner: String,
    /// SHA-256 of the caller's key.
    key: String,
    fingerprint: String,
}

type Attempt = Claim<Box<dyn Fn(&str) -> Once>>;

enum Begun<P> {
    /// Answered before.
    Before { status: u16, body: String },
    /// This request does the work, by this plan.
    Now(Attempt, P),
}

impl<'a> Answers<'a> {
    fn new(store: &'a dyn Store, vault: &'a Vault, owner: &str, key: &str, fingerprint: &str) -> Self {
        let key = hex(&Sha256::digest(key));
        Self { store, vault, owner: owner.into(), key, fingerprint: fingerprint.into() }
    }

    fn begin<P: Serialize + DeserializeOwned>(
        &self,
        now: Millis,
        nonce: [u8; NONCE_BYTES],
        plan: impl FnOnce() -> P,
    ) -> Result<Begun<P>, Problem> {
        if let Some(answer) = self.read::<Answer>("answer")? {
            return Ok(Begun::Before { status: answer.status, body: answer.body });
        }
        let mark = part(&self.owner, &self.key, "mark");
        if !mark.exists(self.store).map_err(|e| offline(&e))? {
            // Listed first, so that whatever follows is swept in the end. What if we crash here? An empty place.
            let listed = Listed { owner: self.owner.clone(), key: self.key.clone(), at: now };
            list().append(self.store, &listed).map_err(|e| offline(&e))?;
        }
        // What if we crash while holding the claim? A retry takes over after the lease, by the same plan.
        let attempt: Attempt = Claim::take(self.store, mark, attempts(&self.owner, &self.key), now, LEASE)
            .map_err(|e| offline(&e))?
            .ok_or_else(in_progress)?;
        // Somebody may have answered between the first look and the claim.
        if let Some(answer) = self.read::<Answer>("answer")? {
            attempt.release(self.store).map_err(|e| offline(&e))?;
            return Ok(Begun::Before { status: answer.status, body: answer.body });
        }
        let plan = match self.read::<P>("plan")? {
            Some(first) => first,
            None => {
                let plan = plan();
                // Before any effect. What if we crash here? Nothing has happened; the retry finds this plan.
                self.write("plan", nonce, &plan)?;
                plan
            }
        };
        Ok(Begun::Now(attempt, plan))
    }

    /// From here on the answer stands.
    fn finish(&self, attempt: Attempt, nonce: [u8; NONCE_BYTES], status: u16, body: &str) -> Result<(), Problem> {
        self.write("answer", nonce, &Answer { status, body: body.into() })?;
        // What if we crash here? The answer is found before the claim is looked at.
        self.value("plan").delete(self.store).map_err(|e| offline(&e))?;
        attempt.release(self.store).map_err(|e| offline(&e))
    }

    /// The work was refused. Unless the store failed in its midst, nothing was made and the key is free again.
    fn abandon(&self, attempt: Attempt, problem: &Problem) {
        let undone = !matches!(problem.kind, Kind::Offline | Kind::Internal);
        if undone && self.value("plan").delete(self.store).is_ok() {
            let _ = attempt.release(self.store);
        } else {
            attempt.forfeit(self.store);
        }
    }

    fn value(&self, name: &str) -> Value<Sealed> {
        part(&self.owner, &self.key, name)
    }

    fn context(&self, name: &str) -> String {
        format!("{name}/{}/{}", self.owner, self.key)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(record) = self.value(name).get(self.store).map_err(|e| offline(&e))? else {
            return Ok(None);
        };
        if record.fingerprint != self.fingerprint {
            let message = "This idempotency key was used for another request.";
            return Err(Problem::conflict("idempotency_key_reused", message));
        }
        let text = self.vault.open(&self.context(name), &record.sealed).map_err(|_| unreadable())?;
        serde_json::from_str(&text).map(Some).map_err(|_| unreadable())
    }

    fn write<T: Serialize>(&self, name: &str, nonce: [u8; NONCE_BYTES], content: &T) -> Result<(), Problem> {
        let text = serde_json::to_string(content).map_err(|_| unreadable())?;
        let sealed = self.vault.seal(&self.context(name), nonce, &text).map_err(|_| unreadable())?;
        let record = Sealed { fingerprint: self.fingerprint.clone(), sealed };
        self.value(name).set(self.store, &record).map_err(|e| offline(&e))
    }
}

fn in_progress() -> Problem {
    let message = "A request with this idempotency key is being served.";
    Problem { retry_after_ms: Some(SECOND), ..Problem::conflict("in_progress", message) }
}

/// Sealed under another master key, or damaged: there is no saying what was answered.
fn unreadable() -> Problem {
    Problem::new(Kind::Internal, "answer_unreadable", "The first answer to this idempotency key can't be read.")
}

fn part<T>(owner: &str, key: &str, name: &str) -> Value<T> {
    families::ANSWER.value(&[owner, &format!("{key}.{name}")])
}

fn attempts(owner: &str, key: &str) -> Box<dyn Fn(&str) -> Once> {
    let (owner, key) = (owner.to_owned(), key.to_owned());
    Box::new(move |attempt| families::ANSWERING.once(&[&owner, &format!("{key}.{attempt}")]))
}

fn list() -> Log<Listed> {
    families::ANSWER_LIST.log(&[])
}

/// Forgets answers that are more than a day old, oldest first; bounded. Idempotent.
pub fn sweep(store: &dyn Store, now: Millis) -> Result<(), StoreError> {
    let head = families::ANSWER_HEAD.value::<u64>(&[]);
    let before = head.get(store)?.unwrap_or(0);
    let mut swept = before;
    for index in before + 1..=list().tail(store)?.min(before + MAX_SWEPT) {
        // A hole counts as swept once something after it is old: the list is in the order of time.
        let Slot::Entry(listed) = list().get(store, index)? else {
            continue;
        };
        if now.since(listed.at) < DAY {
            break;
        }
        for name in ["answer", "plan"] {
            part::<Sealed>(&listed.owner, &listed.key, name).delete(store)?;
        }
        let mark = part::<tenancy::Mark>(&listed.owner, &listed.key, "mark");
        if let Some(held) = mark.get(store)? {
            let attempt = attempts(&listed.owner, &listed.key);
            for n in 1..=held.attempt {
                attempt(&n.to_string()).retire(store)?;
            }
        }
        mark.delete(store)?;
        // The place goes last. What if we crash before? What is gone is removed again, to no effect.
        list().remove(store, index)?;
        swept = index;
    }
    if swept == before { Ok(()) } else { head.set(store, &swept) }
}

#[cfg(test)]
mod tests;
