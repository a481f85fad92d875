//! The page that a session is opened on: a restricted one without a valid certificate of analysis opens nothing.

use calendar::Millis;
use compliance::Page;
use kv_schemas::Store;
use tenancy::{Invalid, Object};

use crate::{Admission, Refusal};

/// The longest text that is looked at.
const MAX_PAGE: usize = 1_024;

/// Reads `page`.
pub(crate) fn parse(body: &Object<'_>) -> Result<Option<Page>, Invalid> {
    let Some(text) = body.text("page", 1, MAX_PAGE)? else {
        return Ok(None);
    };
    let page = Page::parse(text);
    page.map(Some).ok_or_else(|| body.fault("page", "must be the path of a page, such as /shop/hemp"))
}

/// A browser of a tenant with restricted pages says which page it is on. A server vouches for its own pages, and may say.
pub(crate) fn check(store: &dyn Store, now: Millis, caller: &Admission, page: Option<&Page>) -> Result<(), Refusal> {
    if caller.tenant.restricted_pages.is_empty() {
        return Ok(());
    }
    let page = match (page, &caller.origin) {
        (Some(page), _) => page,
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(Invalid::new("page", "is required: this tenant has restricted pages").into()),
    };
    match compliance::standing(store, &caller.tenant, page, now)? {
        None => Ok(()),
        Some("certificate_expired") => {
            Err(Refusal::forbidden("certificate_expired", "The certificate of analysis of this page has expired."))
        }
        Some(_) => Err(Refusal::forbidden("certificate_missing", "This page has no certificate of analysis.")),
    }
}
