//! Certificates of analysis: what a laboratory has found in a batch, and on which page that batch is sold.

use std::collections::BTreeMap;

use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use tenancy::{Event, Invalid, Journal, Object, WriteError, find_tenant};

use crate::{Day, Page};

/// The most certificates of a tenant.
pub const MAX_CERTIFICATES: usize = 500;
/// More than the longest path has, which is refused in words of its own.
const MAX_PAGE: usize = 1_024;
const MAX_LINE: usize = 200;
const MAX_URL: usize = 1_000;
const FIELDS: [&str; 8] = ["page", "product", "batch", "laboratory", "issued_on", "expires_on", "url", "sha256"];

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The page that sells the batch.
    pub page: Page,
    /// What is sold, for people.
    pub product: String,
    /// Which batch of it was analysed.
    pub batch: String,
    /// Who analysed it.
    pub laboratory: String,
    /// From this day on it counts.
    pub issued_on: Day,
    /// The last day on which it counts.
    pub expires_on: Day,
    /// Where the document lies.
    pub url: String,
    /// SHA-256 of the document, in hex: whoever fetches it can tell that it is this one.
    pub sha256: String,
}

impl Certificate {
    /// Whether it counts on this day.
    #[must_use]
    pub fn is_valid(&self, today: &Day) -> bool {
        self.issued_on <= *today && *today <= self.expires_on
    }
}

/// Reads `{"certificates": [...]}`.
///
/// # Errors
/// The first field that is wrong, by its path.
pub fn parse_certificates(body: &Json) -> Result<Vec<Certificate>, Invalid> {
    let body = Object::body(body)?;
    body.only(&["certificates"])?;
    let listed = body.objects("certificates", 0, MAX_CERTIFICATES)?;
    let listed = listed.ok_or_else(|| body.fault("certificates", "is required"))?;
    let mut certificates: Vec<Certificate> = Vec::with_capacity(listed.len());
    for fields in listed {
        let certificate = parse(&fields)?;
        let is_same = |other: &Certificate| other.page == certificate.page && other.batch == certificate.batch;
        if certificates.iter().any(is_same) {
            return Err(fields.fault("batch", "is there twice for this page"));
        }
        certificates.push(certificate);
    }
    Ok(certificates)
}

fn parse(fields: &Object<'_>) -> Result<Certificate, Invalid> {
    fields.only(&FIELDS)?;
    let line = |name: &str, most: usize| {
        fields.line(name, 1, most)?.map(str::to_owned).ok_or_else(|| fields.fault(name, "is required"))
    };
    let day = |name: &str| {
        Day::parse(&line(name, 10)?).ok_or_else(|| fields.fault(name, "must be a day, such as 2026-11-20"))
    };
    let page = Page::parse(&line("page", MAX_PAGE)?);
    let page = page.ok_or_else(|| fields.fault("page", "must be the path of a page, such as /shop/hemp"))?;
    let (product, batch, laboratory) =
        (line("product", MAX_LINE)?, line("batch", MAX_LINE)?, line("laboratory", MAX_LINE)?);
    let (issued_on, expires_on) = (day("issued_on")?, day("expires_on")?);
    if expires_on < issued_on {
        return Err(fields.fault("expires_on", "must not be before issued_on"));
    }
    let url = line("url", MAX_URL)?;
    let is_address = url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    if !is_address || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(fields.fault("url", "must be an address that begins with https://"));
    }
    let sha256 = line("sha256", 64)?.to_ascii_lowercase();
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(fields.fault("sha256", "must be 64 hex digits"));
    }
    Ok(Certificate { page, product, batch, laboratory, issued_on, expires_on, url, sha256 })
}

fn place(tenant: &str) -> Value<Vec<Certificate>> {
    families::CERTIFICATES.value(&[tenant])
}

/// All certificates of a tenant.
///
/// # Errors
/// The store can't be reached.
pub fn find_certificates(store: &dyn Store, tenant: &str) -> Result<Vec<Certificate>, StoreError> {
    Ok(place(tenant).get(store)?.unwrap_or_default())
}

/// Puts a list in place of the one before, and says so in the log first.
///
/// # Errors
/// There is no such tenant, or the store can't be reached: the list is the old one or the new one.
pub fn put_certificates(
    store: &dyn Store,
    tenant: &str,
    certificates: &Vec<Certificate>,
    journal: &dyn Journal,
) -> Result<(), WriteError> {
    let known = find_tenant(store, tenant)?.ok_or(WriteError::NotFound("tenant"))?;
    if find_certificates(store, tenant)? == *certificates {
        return Ok(());
    }
    // What if we crash here? The log tells of a list that isn't there yet; the same request again is told once more.
    journal.note(&changed(&known.id, &known.company, certificates))?;
    place(tenant).set(store, certificates)?;
    // Deleted meanwhile? Then it goes again. What if we crash before? Nobody reads the list of a tenant that is gone.
    if find_tenant(store, tenant)?.is_none() {
        forget_certificates(store, tenant)?;
        return Err(WriteError::NotFound("tenant"));
    }
    Ok(())
}

/// Removes a tenant's list with the tenant.
///
/// # Errors
/// The store can't be reached.
pub fn forget_certificates(store: &dyn Store, tenant: &str) -> Result<(), StoreError> {
    place(tenant).delete(store)
}

/// How many there are, and a digest of the list as it is stored: who kept it can prove which one it was.
fn changed(tenant: &str, company: &str, certificates: &Vec<Certificate>) -> Event {
    let bytes = serde_json::to_vec(certificates).unwrap_or_default();
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Event {
        event_type: "CERTIFICATES_CHANGED",
        tenant: tenant.into(),
        company: company.into(),
        details: BTreeMap::from([("count".to_owned(), certificates.len().to_string()), ("sha256".to_owned(), digest)]),
        id: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "tests may panic"
    )]

    use std::cell::RefCell;

    use calendar::Millis;
    use kv_schemas::memory::Memory;
    use serde_json::json;
    use tenancy::{NewKeys, Tenant, Unlogged};

    use super::*;

    fn whole() -> Json {
        json!({"page": "/shop/hemp/", "product": "Hemp oil", "batch": "B-17", "laboratory": "Lab One", "issued_on": "2026-01-02",
            "expires_on": "2026-12-31", "url": "https://lab.example/b17.pdf", "sha256": "AB".repeat(32)})
    }

    #[test]
    fn ses_4_what_is_wrong_with_a_certificate_is_named() {
        let check = |field: &str, value: Json, param: &str| {
            let mut certificate = whole();
            certificate[field] = value.clone();
            let found = parse_certificates(&json!({"certificates": [whole(), certificate]}));
            let param = format!("certificates[1]{}{param}", if param.is_empty() { "" } else { "." });
            assert_eq!(found.map_err(|invalid| invalid.param), Err(param), "{field} {value}");
        };
        for field in FIELDS {
            check(field, Json::Null, field);
            check(field, json!(7), field);
            check(field, json!(""), field);
        }
        check("page", json!("shop"), "page");
        check("page", json!("/shop/*"), "page");
        check("page", json!("/shop/hemp?x=1"), "page");
        check("page", json!(format!("/{}", "x".repeat(600))), "page");
        check("batch", json!("B-17"), "batch");
        check("batch", json!("B\n17"), "batch");
        check("issued_on", json!("2026-02-30"), "issued_on");
        check("issued_on", json!("2027-01-01"), "expires_on");
        check("expires_on", json!("31.12.2026"), "expires_on");
        check("url", json!("http://lab.example/b17.pdf"), "url");
        check("url", json!("https:///b17.pdf"), "url");
        check("url", json!("javascript:alert(1)"), "url");
        check("sha256", json!("abc"), "sha256");
        check("sha256", json!("zz".repeat(32)), "sha256");
        check("colour", json!("green"), "colour");
        let many = vec![whole(); MAX_CERTIFICATES + 1];
        for body in [json!({}), json!({"certificates": {}}), json!({ "certificates": many })] {
            assert_eq!(parse_certificates(&body).unwrap_err().param, "certificates");
        }
        let read = parse_certificates(&json!({"certificates": [whole()]})).unwrap();
        assert_eq!((read[0].page.as_str(), read[0].sha256.as_str()), ("/shop/hemp", "ab".repeat(32).as_str()));
    }

    struct Notes(RefCell<Vec<Event>>);

    impl Journal for Notes {
        fn note(&self, event: &Event) -> Result<(), StoreError> {
            self.0.borrow_mut().push(event.clone());
            Ok(())
        }
    }

    #[test]
    fn ses_4_a_list_replaces_the_one_before_and_the_log_says_so_first() {
        let store = Memory::default();
        let list = parse_certificates(&json!({"certificates": [whole()]})).unwrap();
        let notes = Notes(RefCell::default());
        assert_eq!(put_certificates(&store, "a", &list, &notes), Err(WriteError::NotFound("tenant")));
        let keys = NewKeys { publishable: "tg_pk_a".into(), secret: "tg_sk_a".into() };
        tenancy::create(&store, Millis(1), &Tenant::new("a", "acme"), &keys, &Unlogged).unwrap();

        put_certificates(&store, "a", &list, &notes).unwrap();
        put_certificates(&store, "a", &list, &notes).unwrap();
        assert_eq!(find_certificates(&store, "a").unwrap(), list);
        put_certificates(&store, "a", &Vec::new(), &notes).unwrap();
        assert_eq!(find_certificates(&store, "a").unwrap(), []);
        let told: Vec<String> = notes.0.borrow().iter().map(|event| event.details["count"].clone()).collect();
        assert_eq!(told, ["1", "0"], "what changes nothing is not told");
        let first = notes.0.borrow()[0].clone();
        assert_eq!(
            (first.event_type, first.tenant.as_str(), first.company.as_str()),
            ("CERTIFICATES_CHANGED", "a", "acme")
        );
        assert_eq!(first.details["sha256"].len(), 64);

        struct Broken;
        impl Journal for Broken {
            fn note(&self, _: &Event) -> Result<(), StoreError> {
                Err(StoreError::Unavailable("no log".into()))
            }
        }
        assert!(put_certificates(&store, "a", &list, &Broken).is_err());
        assert_eq!(find_certificates(&store, "a").unwrap(), [], "not told, not changed");
    }
}
