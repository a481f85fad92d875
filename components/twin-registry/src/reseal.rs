//! Sealing anew: after a change of the master key everything that is kept for long is sealed by the new one, so that the
//! old one can be thrown away. What lives for a day, such as kept answers, is left to run out.
//!
//! ```text
//!   another key --> a pass over everything --something was sealed by another key--> another pass
//!                                          --nothing was--> done; once more from time to time, for an hour
//! ```
//! While nodes are replaced one by one, some still seal with the old key: hence the later passes, and the rule that a node
//! whose key was replaced changes nothing unless nobody with the newer key has been here for a while.
//!
//! What if we crash, or two work at once? Each record is one write, and sealing anew what is sealed anew changes nothing.
//! How far a pass is is saved after the work: a stretch may be looked at twice.

mod things;

#[cfg(test)]
mod tests;

use calendar::{HOUR, MINUTE, Millis};
use kv_schemas::{Slot, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use vault::{NONCE_BYTES, Vault};

use things::Seals;

/// Tenants, or companies, of one call.
const STRETCH: u64 = 40;
/// For so long after a change there are further passes, and so often.
const WATCH_MS: u64 = HOUR;
const AGAIN_MS: u64 = 5 * MINUTE;
/// A key that was replaced comes back when nobody with the other has been here for so long.
const HOLD_MS: u64 = 10 * MINUTE;
/// Keys that were replaced, remembered.
const MAX_PAST: usize = 8;
/// What doesn't open, named.
const MAX_UNOPENED: usize = 50;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// A fingerprint of the key that everything is being sealed with, or is.
    key: String,
    /// Those of keys before it.
    past: Vec<String>,
    /// Since when it is this key.
    since: Millis,
    /// When a node with this key was last at it.
    seen: Millis,
    /// The pass under way, and what it has met that another key had sealed.
    pass: Option<Pass>,
    /// The last pass met none.
    pub done: bool,
    /// When that was.
    ended: Millis,
    /// Sealed anew since it is this key.
    pub resealed: u64,
    /// What no key opens, by the last pass, or so far by this one.
    pub unopened: Vec<String>,
}

/// See [`Progress::pass`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Pass {
    at: At,
    clean: bool,
}

/// Where it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// What belongs to nobody.
    Own,
    /// After this tenant's place.
    Tenants(u64),
    /// After this company's place.
    Companies(u64),
}

/// What there is to tell.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    status: &'static str,
    /// Everything opens with the key of this node alone, but for `unopened`.
    pub done: bool,
    /// See [`Progress::resealed`].
    pub resealed: u64,
    /// Tenants and companies that the pass has still to look at.
    pub left: u64,
    /// See [`Progress::unopened`].
    pub unopened: Vec<String>,
}

fn place() -> Value<Progress> {
    families::RESEAL.value(&[])
}

fn fingerprint(vault: &Vault) -> String {
    vault.token("reseal")
}

/// Goes on. One read when there is nothing to do.
pub fn step(
    store: &dyn Store,
    vault: &Vault,
    nonce: &dyn Fn() -> [u8; NONCE_BYTES],
    now: Millis,
) -> Result<Told, StoreError> {
    let found = place().get(store)?.unwrap_or_default();
    let own = fingerprint(vault);
    if found.key != own && found.past.contains(&own) && is_within(found.seen, now, HOLD_MS) {
        return told(store, &found, &own);
    }
    let mut progress = if found.key == own { found } else { found.replaced(own.clone(), now) };
    if progress.pass.is_none() && progress.done {
        let watched = is_within(progress.since, now, WATCH_MS);
        if !watched || is_within(progress.ended, now, AGAIN_MS) {
            return told(store, &progress, &own);
        }
    }
    let mut seals = Seals::new(vault, nonce);
    let pass = progress.pass.unwrap_or_else(|| {
        progress.unopened.clear();
        Pass { at: At::Own, clean: true }
    });
    let next = stretch(store, &mut seals, pass.at, now)?;
    let clean = pass.clean && seals.is_clean();
    progress.resealed = progress.resealed.saturating_add(seals.resealed);
    let room = MAX_UNOPENED.saturating_sub(progress.unopened.len());
    progress.unopened.extend(seals.unopened.into_iter().take(room));
    progress.pass = next.map(|at| Pass { at, clean });
    progress.seen = now;
    if next.is_none() {
        (progress.done, progress.ended) = (clean, now);
    }
    place().set(store, &progress)?;
    told(store, &progress, &own)
}

/// How far it is, as the node with this key sees it.
pub fn look(store: &dyn Store, vault: &Vault) -> Result<Told, StoreError> {
    told(store, &place().get(store)?.unwrap_or_default(), &fingerprint(vault))
}

impl Progress {
    fn replaced(self, key: String, now: Millis) -> Self {
        let mut past: Vec<String> = self.past.into_iter().filter(|old| *old != key).collect();
        if !self.key.is_empty() {
            past.insert(0, self.key);
        }
        past.truncate(MAX_PAST);
        Self { key, past, since: now, seen: now, ..Self::default() }
    }
}

/// One stretch of a pass, and where the next begins.
fn stretch(store: &dyn Store, seals: &mut Seals<'_>, at: At, now: Millis) -> Result<Option<At>, StoreError> {
    match at {
        At::Own => {
            seals.person_key(store)?;
            Ok(Some(At::Tenants(0)))
        }
        At::Tenants(after) => {
            let log = families::TENANT_LIST.log::<String>(&[]);
            let tail = log.tail(store)?;
            let end = tail.min(after.saturating_add(STRETCH));
            for index in after.saturating_add(1)..=end {
                if let Slot::Entry(tenant) = log.get(store, index)? {
                    seals.tenant(store, &tenant, now)?;
                }
            }
            Ok(Some(if end < tail { At::Tenants(end) } else { At::Companies(0) }))
        }
        At::Companies(after) => {
            let log = families::MESH_LIST.log::<String>(&[]);
            let tail = log.tail(store)?;
            let end = tail.min(after.saturating_add(1));
            for index in after.saturating_add(1)..=end {
                if let Slot::Entry(company) = log.get(store, index)? {
                    seals.notes(store, &company)?;
                }
            }
            Ok((end < tail).then_some(At::Companies(end)))
        }
    }
}

fn told(store: &dyn Store, progress: &Progress, own: &str) -> Result<Told, StoreError> {
    let is_own = progress.key == own;
    let done = is_own && progress.done;
    let at = progress.pass.filter(|_| is_own).map(|pass| pass.at);
    let left = match at {
        None if done => 0,
        _ => {
            let tenants = families::TENANT_LIST.log::<String>(&[]).tail(store)?;
            let companies = families::MESH_LIST.log::<String>(&[]).tail(store)?;
            match at {
                None | Some(At::Own) => tenants.saturating_add(companies),
                Some(At::Tenants(after)) => tenants.saturating_sub(after).saturating_add(companies),
                Some(At::Companies(after)) => companies.saturating_sub(after),
            }
        }
    };
    Ok(Told { status: "ok", done, resealed: progress.resealed, left, unopened: progress.unopened.clone() })
}

/// A clock that was set back doesn't make anything wait until it has caught up.
fn is_within(since: Millis, now: Millis, ms: u64) -> bool {
    now.0.abs_diff(since.0) < ms
}
