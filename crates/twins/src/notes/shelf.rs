//! A company's notes: a numbered log whose beginning moves on.

use calendar::Millis;
use kv_schemas::{Log, Slot, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use tenancy::claim_twin;
use vault::{NONCE_BYTES, Vault};

use super::{MAX_NOTES, Note, NoteAsked, NoteKind, note_context};
use crate::{Place, Refusal};

/// Slots that one reading looks at: notes that were taken back leave holes.
const MAX_SCAN: u64 = 2 * MAX_NOTES;
/// Notes among which one that is left again is looked for.
const MAX_REPEAT: u64 = 16;

/// A note as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteRead {
    /// `note_...`
    pub id: String,
    /// When it was left.
    pub at: Millis,
    /// Whose twin left it.
    pub tenant: String,
    /// What it is about.
    pub kind: NoteKind,
    /// In a word or two.
    pub topic: Option<String>,
    /// What it says.
    pub text: String,
}

/// What is sealed of a note.
#[derive(Serialize, Deserialize)]
struct Content {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    text: String,
}

pub(super) fn log(company: &str) -> Log<Note> {
    families::MESH_NOTE.log(&[company])
}

/// The place before the first note.
pub(super) fn head(company: &str) -> Value<u64> {
    families::MESH_HEAD.value(&[company])
}

/// Leaves a note for the company's twins: `note` is its id, whose it is, and when. The same id again soon after is the same
/// note.
///
/// # Errors
/// The store failed (it may be there all the same), or the text can't be sealed.
pub fn leave(
    store: &dyn Store,
    vault: &Vault,
    nonce: [u8; NONCE_BYTES],
    company: &str,
    note: (&str, &str, Millis),
    asked: &NoteAsked,
) -> Result<Note, StoreError> {
    let (id, tenant, at) = note;
    // A repeat after a crash comes soon, and finds it among the newest.
    if let Some(known) = scan(store, company, MAX_REPEAT)?.into_iter().find(|(_, known)| known.id == id) {
        return Ok(known.1);
    }
    let content = Content { topic: asked.topic.clone(), text: asked.text.clone() };
    let unsealed = |reason: String| StoreError::Corrupt { key: note_context(company, id), reason };
    let content = serde_json::to_string(&content).map_err(|error| unsealed(error.to_string()))?;
    let sealed =
        vault.seal(&note_context(company, id), nonce, &content).map_err(|error| unsealed(error.to_string()))?;
    let listed = families::MESH_LISTED.once(&[company]);
    if !listed.taken(store)? {
        // What if we crash here, or two come at once? The company is listed twice, and is looked at twice.
        families::MESH_LIST.log::<String>(&[]).append(store, &company.to_owned())?;
        listed.win(store)?;
    }
    let note = Note { id: id.into(), at, tenant: tenant.into(), kind: asked.kind, sealed };
    // What if we crash here? It is there, and the repeat finds it.
    log(company).append(store, &note)?;
    Ok(note)
}

/// The newest notes with their places, the newest first, at most `most`.
pub(super) fn scan(store: &dyn Store, company: &str, most: u64) -> Result<Vec<(u64, Note)>, StoreError> {
    let log = log(company);
    let tail = log.tail_if_any(store)?;
    if tail == 0 {
        return Ok(Vec::new());
    }
    let first = head(company).get(store)?.unwrap_or(0).max(tail.saturating_sub(MAX_SCAN)).saturating_add(1);
    let most = usize::try_from(most.min(MAX_NOTES)).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for index in (first..=tail).rev() {
        if found.len() >= most {
            break;
        }
        if let Slot::Entry(note) = log.get(store, index)? {
            found.push((index, note));
        }
    }
    Ok(found)
}

/// At most `most` notes of a company, the newest first. One that doesn't open is passed over: it was sealed under a key that
/// is gone.
///
/// # Errors
/// The store can't be reached.
pub fn newest(store: &dyn Store, vault: &Vault, company: &str, most: u64) -> Result<Vec<NoteRead>, StoreError> {
    Ok(scan(store, company, most)?.into_iter().filter_map(|(_, note)| read(vault, company, note)).collect())
}

/// The notes of a company that are not too old, the newest first.
///
/// # Errors
/// The store can't be reached.
pub fn list_notes(store: &dyn Store, vault: &Vault, company: &str, now: Millis) -> Result<Vec<NoteRead>, StoreError> {
    let notes = newest(store, vault, company, MAX_NOTES)?;
    Ok(notes.into_iter().filter(|note| now.since(note.at) < super::KEPT_MS).collect())
}

fn read(vault: &Vault, company: &str, note: Note) -> Option<NoteRead> {
    let opened = vault.open(&note_context(company, &note.id), &note.sealed).ok()?;
    let Content { topic, text } = serde_json::from_str(opened.expose()).ok()?;
    Some(NoteRead { id: note.id, at: note.at, tenant: note.tenant, kind: note.kind, topic, text })
}

/// Takes a note back: a tenant its own, the operator (no tenant) any. Whether there was one.
///
/// # Errors
/// What is sealed for the note's tenant is being changed, or the store can't be reached.
pub fn remove_note(at: Place<'_>, company: &str, tenant: Option<&str>, id: &str) -> Result<bool, Refusal> {
    let Place { store, now, .. } = at;
    let found = scan(store, company, MAX_NOTES)?.into_iter().find(|(_, note)| note.id == id);
    let Some((index, note)) = found.filter(|(_, note)| tenant.is_none_or(|tenant| note.tenant == tenant)) else {
        return Ok(false);
    };
    // Whoever seals it anew would write it once more. What if we crash while holding the claim? The next waits for its lease.
    let claim = claim_twin(store, now, &note.tenant)?.ok_or(Refusal::Busy)?;
    let done = log(company).remove(store, index);
    if done.is_ok() {
        claim.release(store)?;
    } else {
        claim.forfeit(store);
    }
    Ok(done.map(|()| true)?)
}

/// When the newest note was left.
///
/// # Errors
/// The store can't be reached.
pub fn last_at(store: &dyn Store, company: &str) -> Result<Option<Millis>, StoreError> {
    Ok(scan(store, company, 1)?.first().map(|(_, note)| note.at))
}
