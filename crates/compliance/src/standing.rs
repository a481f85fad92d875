//! Whether a page may sell: the route of a restricted product is closed without a valid certificate of that very page.

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use tenancy::Tenant;

use crate::{Certificate, Day, Page, find_certificates};

/// Whether a page is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// The page sells nothing that needs a certificate.
    Unrestricted,
    /// By this certificate.
    Open(&'a Certificate),
    /// `certificate_missing`, or `certificate_expired` where there was one.
    Closed(&'static str),
}

impl Standing<'_> {
    /// Why it is closed.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Closed(code) => Some(code),
            Self::Unrestricted | Self::Open(_) => None,
        }
    }
}

/// Checks one page. Of several certificates that count, the one that counts longest is named.
#[must_use]
pub fn check_page<'a>(tenant: &Tenant, certificates: &'a [Certificate], page: &Page, today: &Day) -> Standing<'a> {
    if !page.is_restricted(&tenant.restricted_pages) {
        return Standing::Unrestricted;
    }
    let mut of_page = certificates.iter().filter(|certificate| certificate.page == *page);
    let valid = of_page.clone().filter(|certificate| certificate.is_valid(today));
    match valid.max_by(|a, b| a.expires_on.cmp(&b.expires_on)) {
        Some(certificate) => Standing::Open(certificate),
        None if of_page.any(|certificate| certificate.expires_on < *today) => Standing::Closed("certificate_expired"),
        None => Standing::Closed("certificate_missing"),
    }
}

/// Why a page is closed, if it is. Reads the certificates of restricted pages only.
///
/// # Errors
/// The store can't be reached: the page counts as closed.
pub fn standing(
    store: &dyn Store,
    tenant: &Tenant,
    page: &Page,
    now: Millis,
) -> Result<Option<&'static str>, StoreError> {
    if !page.is_restricted(&tenant.restricted_pages) {
        return Ok(None);
    }
    let certificates = find_certificates(store, &tenant.id)?;
    Ok(check_page(tenant, &certificates, page, &Day::of(now)).code())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::json;

    use super::*;
    use crate::parse_certificates;

    #[test]
    fn ses_4_a_restricted_page_is_closed_without_a_valid_certificate_of_its_own() {
        let certificate = |page: &str, batch: &str, from: &str, to: &str| {
            json!({"page": page, "product": "p", "batch": batch, "laboratory": "l", "issued_on": from, "expires_on": to,
                "url": "https://lab.example/1", "sha256": "0".repeat(64)})
        };
        let listed = parse_certificates(&json!({"certificates": [
            certificate("/shop/hemp", "1", "2026-01-01", "2026-06-30"),
            certificate("/shop/hemp", "2", "2026-06-01", "2026-12-31"),
            certificate("/shop/oil", "1", "2026-06-01", "2026-06-30"),
            certificate("/free", "1", "2020-01-01", "2020-01-02"),
        ]}))
        .unwrap();
        let mut tenant = Tenant::new("a", "acme");
        tenant.restricted_pages = vec!["/shop/*".into()];
        // The batch whose certificate opens the page; or why it is closed; or neither.
        let check = |page: &str, today: &str, batch: Option<&str>, code: Option<&str>| {
            let (page, today) = (Page::parse(page).unwrap(), Day::parse(today).unwrap());
            let found = check_page(&tenant, &listed, &page, &today);
            let by = match &found {
                Standing::Open(certificate) => Some(certificate.batch.as_str()),
                _ => None,
            };
            assert_eq!((by, found.code()), (batch, code), "{page} {today}");
        };
        check("/shop/hemp", "2026-01-01", Some("1"), None);
        check("/shop/hemp", "2026-06-15", Some("2"), None);
        check("/shop/hemp", "2026-12-31", Some("2"), None);
        check("//shop/%68emp/", "2026-12-31", Some("2"), None);
        check("/shop/hemp", "2027-01-01", None, Some("certificate_expired"));
        check("/shop/hemp", "2025-12-31", None, Some("certificate_missing"));
        check("/shop/oil", "2026-05-31", None, Some("certificate_missing"));
        check("/shop/oil", "2026-06-01", Some("1"), None);
        check("/shop/oil", "2026-07-01", None, Some("certificate_expired"));
        check("/shop/other", "2026-06-01", None, Some("certificate_missing"));
        check("/shop/hemp/large", "2026-06-01", None, Some("certificate_missing"));
        check("/shop", "2026-06-01", None, Some("certificate_missing"));
        check("/free", "2026-06-01", None, None);
        check("/", "2026-06-01", None, None);
    }
}
