//! Where a twin appears: links to modules, and the environment it is deployed to.

use serde_json::json;
use tenancy::{TwinAccess, set_twin_access, twin_access};

use crate::{
    BehaviorMode, Environment, Licence, Link, LinkAsked, MAX_LINKS, Place, Refusal, Twin, has_consent,
    record::MAX_PAST_LICENCES,
};

/// Links a twin to a module. The same module and mode again replaces the context.
///
/// # Errors
/// The twin is retired or isn't there, has too many links, or the store failed.
pub fn link(at: Place<'_>, tenant: &str, asked: LinkAsked) -> Result<(Twin, Link), Refusal> {
    at.alone(tenant, |owner| {
        let twin = at.living(tenant)?;
        let LinkAsked { module, mode, context } = asked;
        if let Some(link) = twin.link(&module, mode).filter(|link| link.context == context) {
            return Ok(((*twin).clone(), link.clone()));
        }
        let link = Link { module, mode, context, at: at.now };
        let mut next = Twin { updated_at: at.now, ..(*twin).clone() };
        next.links.retain(|old| old.module != link.module || old.mode != mode);
        if next.links.len() >= MAX_LINKS {
            return Err(Refusal::TooMany { what: "links", most: MAX_LINKS });
        }
        next.links.push(link.clone());
        let id = twin.id.to_string();
        let details = [("twin_id", id.as_str()), ("fields", "links"), ("module", &link.module), ("mode", mode.name())];
        // What if we crash here? The twin is as it was, and the repeat is noted again.
        at.note(owner, "TWIN_CHANGED", None, details)?;
        let subject = format!("{id}/{}/{}/{}", link.module, mode.name(), at.now.0);
        let data = json!({ "id": id, "module": link.module, "mode": mode.name(), "url": link.url(twin.id) });
        // What if we crash here? It was told, and the repeat tells it again, as another.
        at.tell(tenant, "twin.linked", &subject, data)?;
        at.write(&next)?;
        Ok((next, link))
    })
}

/// Takes a twin's links to a module away: all, or that of one mode. Idempotent. Sessions that were opened by them go on.
///
/// # Errors
/// There is no such twin, or the store failed.
pub fn unlink(at: Place<'_>, tenant: &str, module: &str, mode: Option<BehaviorMode>) -> Result<(), Refusal> {
    at.alone(tenant, |owner| {
        let twin = at.living(tenant)?;
        let mut next = Twin { updated_at: at.now, ..(*twin).clone() };
        next.links.retain(|link| link.module != module || mode.is_some_and(|mode| link.mode != mode));
        if next.links == twin.links {
            return Ok(());
        }
        let id = twin.id.to_string();
        let mode = mode.map_or("all", BehaviorMode::name);
        let details = [("twin_id", id.as_str()), ("fields", "links"), ("module", module), ("removed_mode", mode)];
        // What if we crash here? The twin is as it was, and the repeat is noted again.
        at.note(owner, "TWIN_CHANGED", None, details)?;
        at.write(&next)
    })
}

/// Deploys a twin. Idempotent.
///
/// # Errors
/// There is no consent, the twin is retired or isn't there, or the store failed: the same again completes it.
pub fn deploy(at: Place<'_>, tenant: &str, environment: Environment) -> Result<Twin, Refusal> {
    at.alone(tenant, |owner| {
        let twin = at.living(tenant)?;
        if !has_consent(at.store, tenant)? {
            return Err(Refusal::ConsentRequired);
        }
        let id = twin.id.to_string();
        let access = twin_access(at.store, tenant)?.unwrap_or_else(|| TwinAccess::new(&id));
        let next_access = TwinAccess { pages: environment == Environment::Production, ..access };
        // What the gate goes by is in the tenant's record: an earlier attempt may not have come so far.
        if twin.environment == Some(environment) && owner.twin.as_ref() == Some(&next_access) {
            return Ok((*twin).clone());
        }
        // What if we crash here? The twin is where it was, and the repeat is noted again.
        at.note(owner, "TWIN_DEPLOYED", None, [("twin_id", &id), ("environment", environment.name())])?;
        let next = Twin { environment: Some(environment), updated_at: at.now, ..(*twin).clone() };
        let subject = format!("{id}/{}/{}", environment.name(), at.now.0);
        let data = json!({ "id": id, "name": next.name, "status": next.status(), "environment": environment.name() });
        at.tell(tenant, "twin.deployed", &subject, data)?;
        // What if we crash after one? Record and gate say different things, and the gate counts; the repeat sees that.
        at.write(&next)?;
        set_twin_access(at.store, tenant, &next_access)?;
        Ok(next)
    })
}

/// Takes a twin out of where it is deployed: pages open no more sessions. Those that are open go on until they end.
/// Idempotent.
///
/// # Errors
/// There is no such twin, or the store failed: the same again completes it.
pub fn withdraw(at: Place<'_>, tenant: &str) -> Result<(), Refusal> {
    at.alone(tenant, |owner| {
        let twin = at.living(tenant)?;
        if twin.environment.is_none() {
            return Ok(());
        }
        let id = twin.id.to_string();
        // What if we crash here? The twin is where it was, and the repeat is noted again.
        at.note(owner, "TWIN_DEPLOYED", None, [("twin_id", &id), ("environment", "none")])?;
        if let Some(access) = twin_access(at.store, tenant)? {
            // From here on it holds. What if we crash here? The record says otherwise, which opens nothing.
            set_twin_access(at.store, tenant, &TwinAccess { pages: false, ..access })?;
        }
        at.write(&Twin { environment: None, updated_at: at.now, ..(*twin).clone() })
    })
}

/// Says under which terms a twin may be used and who earns by it. Idempotent.
///
/// # Errors
/// The twin is retired or isn't there, or the store failed.
pub fn license(at: Place<'_>, tenant: &str, licence: Licence) -> Result<Twin, Refusal> {
    at.alone(tenant, |owner| {
        let twin = at.living(tenant)?;
        let terms = |licence: &Licence| (licence.creator_wallet.clone(), licence.options, licence.creator_share);
        if twin.licence.as_ref().is_some_and(|old| terms(old) == terms(&licence)) {
            return Ok((*twin).clone());
        }
        let (id, share) = (twin.id.to_string(), licence.creator_share.to_string());
        // The wallet is somebody's: it has no business in a log that is kept for good. What if we crash here? The twin is as
        // it was, and the repeat is noted again.
        let details = [("twin_id", id.as_str()), ("fields", "licence"), ("creator_share", &share)];
        at.note(owner, "TWIN_CHANGED", None, details)?;
        let mut next = Twin { updated_at: at.now, ..(*twin).clone() };
        // A month goes by what was agreed last in it.
        let of_before = next.licence.replace(licence).filter(|old| old.at.month() < at.now.month());
        next.past_licences.extend(of_before);
        let too_many = next.past_licences.len().saturating_sub(MAX_PAST_LICENCES);
        next.past_licences.drain(..too_many);
        at.write(&next)?;
        Ok(next)
    })
}
