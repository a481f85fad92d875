//! The intent: what is written of a permit before any counter is raised, and of a denial that came before that.

use calendar::Millis;
use kv_schemas::Store;

use crate::{
    error::{Denial, DenialKind},
    keyed::{self, Key},
    permit::{Listed, Permit, State, list, maker, permit},
    reservation::Reservation,
};

/// Lists the permit, and makes sure that of several callers with one idempotency key only one makes it.
pub(crate) fn claim(store: &dyn Store, key: &Key) -> Result<(), Denial> {
    list().append(store, &Listed { id: key.id.clone(), moved: false })?;
    // What if we crash after winning? The list has the id and there is no record: the reaper writes down that this
    // attempt was lost.
    if key.is_keyed() && !maker(&key.id).win(store)? {
        return Err(keyed::in_progress());
    }
    Ok(())
}

/// What is asked for, with nothing held yet.
pub(crate) fn intent(key: &Key, asked: &Reservation, now: Millis) -> Permit {
    Permit {
        holder: asked.holder,
        tenant: asked.tenant.clone(),
        session: asked.session.clone(),
        capability: asked.capability.clone(),
        provider: asked.provider.clone(),
        model: asked.model.clone(),
        channel: asked.channel.clone(),
        request_id: asked.request_id.clone(),
        worst_case: asked.worst_case.clone(),
        keyed: key.is_keyed(),
        fingerprint: key.fingerprint.clone(),
        ..Permit::blank(&key.id, now)
    }
}

/// Remembers a denial that was decided before anything was held, and gives it back.
pub(crate) fn remember(
    store: &dyn Store,
    now: Millis,
    key: &Key,
    asked: &Reservation,
    denial: Denial,
) -> Result<Denial, Denial> {
    let undecided = denial.kind == DenialKind::Offline || denial.ticket.is_some();
    if !key.is_keyed() || undecided {
        return Ok(denial);
    }
    // Another call with the same key may be making the permit at this moment: only one may write the record.
    match claim(store, key) {
        Ok(()) => {}
        Err(lost) if lost.kind == DenialKind::Conflict => return Ok(denial),
        Err(offline) => return Err(offline),
    }
    let record = Permit { worst_case: Vec::new(), state: State::Denied(denial.clone()), ..intent(key, asked, now) };
    permit(&key.id).set(store, &record)?;
    Ok(denial)
}
