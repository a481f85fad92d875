//! What a tenant's twin has to say about a session: whether any is opened at all, and what a link makes of it.

use kv_schemas::Store;
use tenancy::{Invalid, KeyKind, Object};
use twins::{CONSENT_REVOKED, LinkAddress, TWIN_RETIRED};

use crate::{Admission, Refusal};

/// The longest link that is looked at.
const MAX_LINK: usize = 300;

/// Reads `link`.
pub(crate) fn parse_link(body: &Object<'_>) -> Result<Option<LinkAddress>, Invalid> {
    let link = body.text("link", 1, MAX_LINK)?.map(LinkAddress::parse).transpose();
    link.map_err(|error| body.fault("link", error.to_string()))
}

/// A twin that nobody consents to any more, or that is retired, opens nothing; one that isn't deployed opens nothing for
/// pages. The tenant's record says so: nothing else is read.
pub(crate) fn check_gate(caller: &Admission) -> Result<(), Refusal> {
    let Some(twin) = &caller.tenant.twin else {
        return Ok(());
    };
    match twin.closed.as_deref() {
        None => {}
        Some(TWIN_RETIRED) => return Err(Refusal::forbidden(TWIN_RETIRED, "This twin is retired.")),
        // Whatever else may close one: it is closed.
        Some(_) => {
            return Err(Refusal::forbidden(CONSENT_REVOKED, "The consent that this twin rests on was taken back."));
        }
    }
    if !twin.pages && caller.key.kind == KeyKind::Publishable {
        return Err(Refusal::forbidden("twin_not_deployed", "This twin is not deployed to production."));
    }
    Ok(())
}

/// The module and the behavior of a link that was issued for the caller's own twin.
pub(crate) fn linked(
    store: &dyn Store,
    caller: &Admission,
    link: Option<&LinkAddress>,
) -> Result<(Option<String>, Option<String>), Refusal> {
    let Some(address) = link else {
        return Ok((None, None));
    };
    let twin = twins::owned(store, &address.owner())?.ok_or(Refusal::LinkUnknown)?;
    if twin.tenant != caller.tenant.id {
        return Err(Refusal::forbidden("wrong_tenant", "This link is of another tenant's twin."));
    }
    let issued = twin.links.iter().find(|issued| address.is(issued)).ok_or(Refusal::LinkUnknown)?;
    Ok((Some(issued.module.clone()), Some(issued.mode.name().to_owned())))
}
