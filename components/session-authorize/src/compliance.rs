//! `GET /v1/compliance/pages?page=`: what a shop's server or page asks before it shows a button that buys.

use ::compliance::{Day, Page, Standing, check_page, find_certificates};
use serde_json::json;
use session::admit;
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use crate::sessions::problem;

/// Whether a page may sell, and which age the tenant demands.
pub fn page(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let caller = admit(store, call.authorization(), call.origin().as_deref()).map_err(problem)?;
    call.is_of(&caller.tenant.id);
    let asked = call.query("page").ok_or_else(|| Problem::invalid("page", "is required"))?;
    let page = Page::parse(&asked)
        .ok_or_else(|| Problem::invalid("page", "must be the path of a page, such as /shop/hemp"))?;
    let restricted = page.is_restricted(&caller.tenant.restricted_pages);
    let certificates = if restricted { find_certificates(store, &caller.tenant.id) } else { Ok(Vec::new()) };
    let certificates = certificates.map_err(|error| offline(&error))?;
    let standing = check_page(&caller.tenant, &certificates, &page, &Day::of(host::now()));
    let certificate = match &standing {
        Standing::Open(certificate) => Some(certificate),
        Standing::Unrestricted | Standing::Closed(_) => None,
    };
    let told = json!({
        "page": page,
        "restricted": restricted,
        "open": standing.code().is_none(),
        "code": standing.code(),
        "minimum_age": caller.tenant.minimum_age,
        "certificate": certificate,
    });
    // Tomorrow it may have expired, and in a moment it may be replaced.
    Ok(Reply::json(200, &told).with("cache-control", "no-store"))
}
