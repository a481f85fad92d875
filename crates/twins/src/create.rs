//! Making a twin, changing what it is, retiring it.

use kv_schemas::families;
use serde_json::Value as Json;
use tenancy::{TwinAccess, list_twin, set_twin_access, twin_access, will_hold_twin};

use crate::{
    Consent, Mtid, Place, Refusal, Traits, Twin, change::told, consent, find_owner, find_twin, rules::patched,
};

/// Why a retired twin opens no session.
pub const TWIN_RETIRED: &str = "twin_retired";

/// Makes a tenant's twin, with the consent that it rests on. The same call again, with the same ids, completes what a crash
/// left half made and gives the twin when it was already complete.
///
/// # Errors
/// The tenant has another twin, or had one; the store failed.
pub fn create(at: Place<'_>, tenant: &str, id: Mtid, new: Traits, consent: Consent) -> Result<Twin, Refusal> {
    at.alone(tenant, |owner| {
        if let Some(twin) = find_twin(at.store, tenant)? {
            return if twin.id == id { Ok((*twin).clone()) } else { Err(Refusal::Exists) };
        }
        // Somebody else's: 60 random bits say that this doesn't happen. Whoever asks again draws another.
        if find_owner(at.store, id)?.is_some_and(|other| other != tenant) {
            return Err(Refusal::Busy);
        }
        let name = id.to_string();
        // What if we crash after one? The log tells of a twin, or a consent, that isn't there.
        consent::note_given(&at, owner, &consent)?;
        let mode = new.behavior_mode.name();
        at.note(owner, "TWIN_CREATED", Some(&name), [("twin_id", &name), ("behavior_mode", mode)])?;
        // Held first: whatever else is written goes with the tenant.
        will_hold_twin(at.store, tenant)?;
        // What if we crash here? The list has the tenant twice, of which the twin says which place is its own.
        let listed = list_twin(at.store, tenant)?;
        // What if we crash here? The id names a tenant without such a twin. It is not given to anybody else.
        families::TWIN_ID.value(&[&id.code()]).set(at.store, &tenant)?;
        // What if we crash here? A consent to nothing, which the next attempt writes over.
        consent::consents(tenant).set(at.store, &vec![consent])?;
        // What if we crash here? The tenant has no twin yet, and its pages open no sessions: until it is made, which the
        // next attempt does, with this id or another. The other way round pages could open sessions of a twin that isn't
        // deployed.
        set_twin_access(at.store, tenant, &TwinAccess::new(&name))?;
        let twin = made(tenant, id, new, listed, at);
        at.tell(tenant, "twin.created", &name, told(&twin))?;
        // From here on the twin exists.
        at.write(&twin)?;
        Ok(twin)
    })
}

fn made(tenant: &str, id: Mtid, new: Traits, listed: u64, at: Place<'_>) -> Twin {
    Twin {
        id,
        tenant: tenant.into(),
        name: new.name,
        behavior_mode: new.behavior_mode,
        avatar_type: new.avatar_type,
        emotion: new.emotion,
        instructions: new.instructions,
        voice: new.voice,
        video_persona: new.video_persona,
        environment: None,
        retired_at: None,
        links: Vec::new(),
        mesh: new.mesh,
        licence: None,
        past_licences: Vec::new(),
        listed,
        created_at: at.now,
        updated_at: at.now,
    }
}

/// Applies a merge patch to what a twin is, and gives the result.
///
/// # Errors
/// A field is wrong, the twin is retired or isn't there, or the store failed.
pub fn patch(at: Place<'_>, tenant: &str, patch: &Json) -> Result<Twin, Refusal> {
    at.alone(tenant, |owner| {
        let twin = at.living(tenant)?;
        let Traits { name, behavior_mode, avatar_type, emotion, instructions, voice, video_persona, mesh } =
            patched(&twin, patch)?;
        let next = Twin {
            name,
            behavior_mode,
            avatar_type,
            emotion,
            instructions,
            voice,
            video_persona,
            mesh,
            ..(*twin).clone()
        };
        if next == *twin {
            return Ok(next);
        }
        let names: Vec<&str> = patch.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let (id, fields) = (twin.id.to_string(), names.join(", "));
        // What if we crash here? The twin is as it was, and the repeat is noted again.
        at.note(owner, "TWIN_CHANGED", None, [("twin_id", &id), ("fields", &fields)])?;
        let next = Twin { updated_at: at.now, ..next };
        at.write(&next)?;
        Ok(next)
    })
}

/// Retires a twin for good: its sessions end, and no more are opened. Idempotent.
///
/// # Errors
/// There is no such twin, or the store failed: the same again completes it.
pub fn retire(at: Place<'_>, tenant: &str) -> Result<(), Refusal> {
    at.alone(tenant, |owner| {
        let twin = find_twin(at.store, tenant)?.ok_or(Refusal::NotFound("twin"))?;
        if twin.retired_at.is_some() {
            return Ok(());
        }
        let id = twin.id.to_string();
        // What if we crash here? The log tells of a twin that still lives. The repeat says the same id and is dropped.
        at.note(owner, "TWIN_RETIRED", Some(&id), [("twin_id", &id)])?;
        // From here on nobody gets in, and who is in is out. What if we crash here? The record still says otherwise, which
        // opens nothing; the repeat completes it.
        let old = twin_access(at.store, tenant)?.unwrap_or_else(|| TwinAccess::new(&id));
        let closed = TwinAccess {
            closed: Some(TWIN_RETIRED.into()),
            pages: false,
            revoked_before: at.now.max(old.revoked_before),
            ..old
        };
        set_twin_access(at.store, tenant, &closed)?;
        let next = Twin { retired_at: Some(at.now), environment: None, updated_at: at.now, ..(*twin).clone() };
        at.tell(tenant, "twin.retired", &id, told(&next))?;
        at.write(&next)
    })
}
