//! The log's key as the gate of a data folder derives it, where the folder has the master key that was made for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tlog::{Checkpoint, Signer, Verifier};
use vault::Vault;

/// What the key is derived for: the same word as in `audit-append`.
const PURPOSE: &str = "log";

/// The key, if one of these notes is signed with it. A gate may have been given another one: then nothing is known.
pub fn derived(folder: &Path, notes: &[String]) -> Option<Verifier> {
    let keys = fs::read(folder.join("keys.json")).ok()?;
    let keys: BTreeMap<String, String> = serde_json::from_slice(&keys).ok()?;
    let seed = Vault::new(keys.get("master_key")?).ok()?.derive(PURPOSE).ok()?;
    made_of(seed, notes)
}

/// The key that is made of a seed, if one of these notes is signed with it.
pub fn made_of(seed: [u8; 32], notes: &[String]) -> Option<Verifier> {
    notes.iter().find_map(|note| {
        let origin = Checkpoint::unverified(note).ok()?.origin;
        let key = Signer::new(origin, seed).ok()?.verifier();
        Checkpoint::open(note, &key).is_ok().then_some(key)
    })
}
