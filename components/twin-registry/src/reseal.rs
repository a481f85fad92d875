//! Sealing anew: after a change of the master key everything that is kept for long is sealed by the new one, so that the
//! old one can be thrown away. What lives for a day, such as kept answers, is left to run out.
//!
//! It is done in passes over everything, a stretch of one at each call; [`progress`] says when there is another. While
//! nodes are replaced one by one, some still seal with the old key: hence the further passes, and the rule that a node
//! whose key was replaced changes nothing unless nobody with the newer key has been here for a while.
//!
//! What if we crash, or two work at once? Each record is one write, and sealing anew what is sealed anew changes nothing.
//! How far a pass is is saved after the work: a stretch may be looked at twice. Two who save at once set each other back
//! by a stretch, or by a note of who was here, which that one makes again: far less than [`progress::MARGIN_MS`].

mod progress;
mod things;

#[cfg(test)]
mod tests;

use calendar::Millis;
use kv_schemas::{Slot, Store, StoreError, Value, families};
use serde::Serialize;
use vault::{NONCE_BYTES, Vault};

use progress::{At, Node, Progress, Turn};
use things::Seals;

/// Tenants of one call.
const STRETCH: u64 = 40;

/// What there is to tell.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    status: &'static str,
    /// Everything opens with the key of this node alone, but for `unopened`, and nobody seals with another one.
    pub done: bool,
    /// When the last pass that met nothing to be sealed anew began, RFC 3339.
    pub clean_pass_began_at: Option<String>,
    /// When a node with a key that was replaced was last seen, RFC 3339.
    pub old_key_seen_at: Option<String>,
    /// See [`Progress::resealed`].
    pub resealed: u64,
    /// Tenants and companies that the pass has still to look at.
    pub left: u64,
    /// See [`Progress::all_unopened`].
    pub unopened: Vec<String>,
}

fn place() -> Value<Progress> {
    families::RESEAL.value(&[])
}

/// Goes on. One read when there is nothing to do.
pub fn step(
    store: &dyn Store,
    vault: &Vault,
    nonce: &dyn Fn() -> [u8; NONCE_BYTES],
    now: Millis,
) -> Result<Told, StoreError> {
    let node = Node::of(vault);
    let found = place().get(store)?.unwrap_or_default();
    let progress = match found.turn(&node, now) {
        Turn::Rest => return told(store, &found, &node, now),
        Turn::Note(progress) => progress,
        Turn::Work(mut progress, mut pass) => {
            let mut seals = Seals::new(vault, nonce);
            let next = stretch(store, &mut seals, pass.at, now)?;
            pass.met(seals.is_clean(), std::mem::take(&mut seals.unopened));
            progress.resealed = progress.resealed.saturating_add(seals.resealed);
            progress.went_on(pass, next, now)
        }
    };
    place().set(store, &progress)?;
    told(store, &progress, &node, now)
}

/// How far it is, as the node with this key sees it.
pub fn look(store: &dyn Store, vault: &Vault, now: Millis) -> Result<Told, StoreError> {
    told(store, &place().get(store)?.unwrap_or_default(), &Node::of(vault), now)
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
                    seals.notes(store, &company, now)?;
                }
            }
            Ok((end < tail).then_some(At::Companies(end)))
        }
    }
}

fn told(store: &dyn Store, progress: &Progress, node: &Node, now: Millis) -> Result<Told, StoreError> {
    let is_own = progress.key == node.key;
    let at = progress.pass.as_ref().filter(|_| is_own).map(|pass| pass.at);
    let left = match at {
        None if is_own && progress.clean => 0,
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
    Ok(Told {
        status: "ok",
        done: is_own && progress.is_done(now),
        clean_pass_began_at: progress.began.filter(|_| is_own).map(|at| at.to_string()),
        old_key_seen_at: progress.past_seen.filter(|_| is_own).map(|at| at.to_string()),
        resealed: progress.resealed,
        left,
        unopened: progress.all_unopened(),
    })
}
