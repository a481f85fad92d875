//! How far sealing anew is, as it is stored, and what follows from it for a node. Nothing here reads or writes.
//!
//! ```text
//!   another key --> a pass --something was sealed by another key--> the next pass
//!                     ^   `--nothing was--> rests: without another key for good, with one for 5 minutes
//!                     '--------------------------------------------------'
//! ```
//! Which node does the pass counts: one that accepts another key seals anew what that key had sealed, and one that doesn't
//! can only name it. So the second leaves a pass of the first alone, and the first begins one of the second anew.

use calendar::{MINUTE, Millis};
use serde::{Deserialize, Serialize};
use vault::Vault;

/// While nodes accept another key, a pass follows so long after the end of the one before.
pub const AGAIN_MS: u64 = 5 * MINUTE;
/// A pass shows that nobody seals with another key any more when it began so long after the last who did: longer than
/// any request, and than clocks differ.
pub const MARGIN_MS: u64 = 5 * MINUTE;
/// A key that was replaced comes back when nobody with the newer one has been here for so long.
pub const HOLD_MS: u64 = 10 * MINUTE;
/// Nodes that accept another key are gone when none has gone on with its pass for so long.
const LEFT_MS: u64 = 8 * MINUTE;
const _: () = assert!(AGAIN_MS < LEFT_MS && LEFT_MS < HOLD_MS);
/// Who was here is noted no more often than this.
const NOTED_MS: u64 = MINUTE;
/// Keys that were replaced, remembered.
const MAX_PAST: usize = 8;
/// What doesn't open, named.
const MAX_UNOPENED: usize = 50;

/// What is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// A fingerprint of the key that everything is being sealed with, or is.
    pub key: String,
    /// Those of keys before it.
    pub past: Vec<String>,
    /// Since when it is this key; 0 when nobody knows of another one before it.
    pub since: Millis,
    /// When a node with this key was last here.
    pub seen: Millis,
    /// When one with a key before it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past_seen: Option<Millis>,
    /// Whoever is at it accepts another key.
    #[serde(default)]
    pub both: bool,
    /// The pass under way.
    pub pass: Option<Pass>,
    /// The last pass met nothing that another key had sealed.
    #[serde(rename = "done")]
    pub clean: bool,
    /// When that pass began, if it was clean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Millis>,
    /// When the last pass ended.
    pub ended: Millis,
    /// Sealed anew since it is this key.
    pub resealed: u64,
    /// What no key opens, by the last pass.
    pub unopened: Vec<String>,
}

/// See [`Progress::pass`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    pub at: At,
    /// It has met nothing that another key had sealed.
    pub clean: bool,
    #[serde(default)]
    pub began: Option<Millis>,
    /// What no key opens, so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unopened: Vec<String>,
}

/// Where it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// What belongs to nobody.
    Own,
    /// After this tenant's place.
    Tenants(u64),
    /// After this company's place.
    Companies(u64),
}

/// What of a node decides.
pub struct Node {
    /// A fingerprint of the key that it seals with.
    pub key: String,
    /// Whether what another key has sealed opens there as well.
    pub accepts: bool,
}

impl Node {
    pub fn of(vault: &Vault) -> Self {
        Self { key: vault.token("reseal"), accepts: vault.accepts_another() }
    }
}

/// What a node does now.
#[derive(Debug)]
pub enum Turn {
    /// Nothing.
    Rest,
    /// Nothing but noting this.
    Note(Progress),
    /// It goes on with this pass.
    Work(Progress, Pass),
}

impl Progress {
    /// What a node that comes now does.
    pub fn turn(&self, node: &Node, now: Millis) -> Turn {
        if self.key != node.key && self.past.contains(&node.key) && is_within(self.seen, now, HOLD_MS) {
            let noted = self.past_seen.is_some_and(|at| is_within(at, now, NOTED_MS));
            return if noted { Turn::Rest } else { Turn::Note(Self { past_seen: Some(now), ..self.clone() }) };
        }
        let mut next = if self.key == node.key { self.clone() } else { self.replaced(node, now) };
        // What a clock that was ahead has said was now at the latest: nobody waits until it is that late.
        next.since = next.since.min(now);
        next.past_seen = next.past_seen.map(|at| at.min(now));
        let rests = match (node.accepts, next.both) {
            (true, true) => next.pass.is_none() && next.clean && is_within(next.ended, now, AGAIN_MS),
            (false, false) => next.pass.is_none() && next.clean,
            (true, false) => false,
            (false, true) => next.is_done(now) || is_within(next.seen, now, LEFT_MS),
        };
        if rests {
            // Without this, a node with a key before it would hold us for gone.
            let note = next.is_done(now) && !next.past.is_empty() && !is_within(next.seen, now, AGAIN_MS);
            return if note { Turn::Note(Self { seen: now, ..next }) } else { Turn::Rest };
        }
        if node.accepts != next.both {
            next = Self { both: node.accepts, pass: None, clean: false, began: None, unopened: Vec::new(), ..next };
        }
        let begins = || Pass { at: At::Own, clean: true, began: Some(now), unopened: Vec::new() };
        let pass = next.pass.take().unwrap_or_else(begins);
        Turn::Work(next, pass)
    }

    /// After a stretch of the pass: it goes on there, or is over.
    pub fn went_on(mut self, pass: Pass, next: Option<At>, now: Millis) -> Self {
        self.seen = now;
        match next {
            Some(at) => self.pass = Some(Pass { at, ..pass }),
            None => {
                self.began = pass.began.filter(|_| pass.clean);
                (self.clean, self.ended, self.unopened, self.pass) = (pass.clean, now, pass.unopened, None);
            }
        }
        self
    }

    /// Everything opens with the key alone, and nobody seals with another one any more, as far as one can know.
    pub fn is_done(&self, now: Millis) -> bool {
        let after = |last: Millis| {
            // A pass of the future is one of a clock that was ahead.
            self.began.is_some_and(|began| began >= last.plus(MARGIN_MS) && began <= now.plus(MARGIN_MS))
        };
        let clean = self.clean && self.pass.as_ref().is_none_or(|pass| pass.clean);
        // Nodes that accept no other key have nothing to wait for.
        clean && (!self.both || after(self.since) && self.past_seen.is_none_or(after))
    }

    /// What no key opens: by the last pass, and so far by the one under way.
    pub fn all_unopened(&self) -> Vec<String> {
        let so_far = self.pass.iter().flat_map(|pass| &pass.unopened);
        let mut all = self.unopened.clone();
        all.extend(so_far.filter(|place| !self.unopened.contains(place)).cloned());
        all.truncate(MAX_UNOPENED);
        all
    }

    fn replaced(&self, node: &Node, now: Millis) -> Self {
        let past = [&self.key].into_iter().chain(&self.past).filter(|old| !old.is_empty() && **old != node.key);
        let past: Vec<String> = past.take(MAX_PAST).cloned().collect();
        // Whoever has a second key when nothing is known yet may well be replacing the first.
        let is_first = past.is_empty() && !node.accepts;
        let since = if is_first { Millis(0) } else { now };
        Self { key: node.key.clone(), past, since, seen: now, ..Self::default() }
    }
}

impl Pass {
    /// What a stretch of it has met.
    pub fn met(&mut self, clean: bool, unopened: Vec<String>) {
        self.clean = self.clean && clean;
        let room = MAX_UNOPENED.saturating_sub(self.unopened.len());
        self.unopened.extend(unopened.into_iter().take(room));
    }
}

/// A clock that was set back doesn't make anything wait until it has caught up.
fn is_within(since: Millis, now: Millis, ms: u64) -> bool {
    now.0.abs_diff(since.0) < ms
}
