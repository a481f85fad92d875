//! Whether every restricted page has a certificate of analysis that is whole and in force.

use calendar::{DAY, Millis};
use globset::Glob;
use serde_json::Value;

use crate::Verdict;

/// Days before its end from which a certificate is counted as one to be renewed.
const SOON: u64 = 14;

/// A tenant and the answer of `GET /v1/tenants/{id}/certificates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Whose they are.
    pub tenant: String,
    /// Patterns of the pages that must have one, such as `/shop/*`.
    pub restricted: Vec<String>,
    /// `{"certificates": [...]}`
    pub answer: Value,
}

/// See the module's description.
#[must_use]
pub fn check(held: &[Held], now: Millis) -> Verdict {
    let mut verdict = Verdict::default();
    let (mut certificates, mut expiring) = (0_usize, 0_usize);
    for one in held {
        let at = format!("tenant {}", one.tenant);
        let Some(list) = one.answer.get("certificates").and_then(Value::as_array) else {
            verdict.unknown("unreadable", at, "This is no list of certificates.");
            continue;
        };
        certificates = certificates.saturating_add(list.len());
        let mut covered = Vec::new();
        for certificate in list {
            let page = text(certificate, "page");
            let at = format!("{at} {}", page.unwrap_or("?"));
            if let Some(end) = look(&mut verdict, &at, certificate, now) {
                covered.extend(page);
                expiring = expiring.saturating_add(usize::from(now.plus(SOON.saturating_mul(DAY)) >= end));
            }
        }
        for pattern in one.restricted.iter().filter(|pattern| !covered.iter().any(|page| matches(pattern, page))) {
            let message = "No page of this pattern has a valid certificate, so sessions on them are refused.";
            verdict.fail("certificate_missing", format!("{at} {pattern}"), message);
        }
    }
    verdict.fact("certificates", certificates);
    verdict.fact("expiring", expiring);
    verdict
}

fn text<'a>(certificate: &'a Value, name: &str) -> Option<&'a str> {
    certificate.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Says what is wrong with one; gives its end where nothing is.
fn look(verdict: &mut Verdict, at: &str, certificate: &Value, now: Millis) -> Option<Millis> {
    let mut whole = true;
    for name in ["page", "product", "batch", "laboratory"] {
        if text(certificate, name).is_none() {
            verdict.fail("field_missing", format!("{at} {name}"), "A certificate must have this.");
            whole = false;
        }
    }
    let digest = text(certificate, "sha256").unwrap_or_default();
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        verdict.fail(
            "digest",
            format!("{at} sha256"),
            "It must be the SHA-256 of the laboratory's document, 64 hex digits.",
        );
        whole = false;
    }
    let day = |name| text(certificate, name).and_then(|day| Millis::parse(&format!("{day}T00:00:00Z")));
    // The day that is named is the last one.
    let end = day("expires_on").map(|day| day.plus(DAY));
    match (day("issued_on"), end) {
        (Some(issued), Some(end)) => {
            if issued > now {
                verdict.fail("not_yet", format!("{at} issued_on"), "It is issued in the future.");
                whole = false;
            }
            if end <= now {
                verdict.fail("certificate_expired", format!("{at} expires_on"), "Its last day has passed.");
                whole = false;
            }
        }
        _ => {
            verdict.fail("day", at, "`issued_on` and `expires_on` must be days such as 2026-11-21.");
            whole = false;
        }
    }
    end.filter(|_| whole)
}

fn matches(pattern: &str, page: &str) -> bool {
    pattern == page || Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(page))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn ops_3_certificates_that_are_missing_broken_or_over_are_found() {
        let now = Millis::parse("2026-11-21T12:00:00Z").unwrap();
        let check = |change: Value, restricted: &[&str], expected: &[&str]| {
            let mut certificate = json!({"page": "/shop/gummies", "product": "Gummies", "batch": "B7", "laboratory": "Lab",
                "issued_on": "2026-11-01", "expires_on": "2026-11-21", "url": "https://lab.example/B7", "sha256": "ab".repeat(32)});
            for (name, value) in change.as_object().unwrap() {
                certificate[name] = value.clone();
            }
            let restricted = restricted.iter().map(|pattern| (*pattern).to_owned()).collect();
            let held = Held { tenant: "t".into(), restricted, answer: json!({"certificates": [certificate]}) };
            assert_eq!(self::check(&[held], now).found(), expected, "{change}");
        };
        check(json!({}), &["/shop/*"], &[]);
        check(json!({}), &["/shop/gummies"], &[]);
        check(json!({}), &["/bar/*"], &["certificate_missing tenant t /bar/*"]);
        check(json!({"batch": ""}), &[], &["field_missing tenant t /shop/gummies batch"]);
        check(json!({"sha256": "ab"}), &[], &["digest tenant t /shop/gummies sha256"]);
        check(json!({"expires_on": "soon"}), &[], &["day tenant t /shop/gummies"]);
        check(json!({"issued_on": "2026-11-22"}), &[], &["not_yet tenant t /shop/gummies issued_on"]);
        let over = ["certificate_expired tenant t /shop/gummies expires_on", "certificate_missing tenant t /shop/*"];
        check(json!({"expires_on": "2026-11-20"}), &["/shop/*"], &over);
    }

    #[test]
    fn ops_3_what_ends_soon_is_counted() {
        let now = Millis::parse("2026-11-21T12:00:00Z").unwrap();
        let one = |last: &str| {
            json!({"page": "/a", "product": "p", "batch": "b", "laboratory": "l", "issued_on": "2026-01-01",
            "expires_on": last, "sha256": "0".repeat(64)})
        };
        let answer = json!({"certificates": [one("2026-12-01"), one("2027-12-01")]});
        let verdict = check(&[Held { tenant: "t".into(), restricted: vec![], answer }], now);
        assert_eq!((verdict.counted("certificates"), verdict.counted("expiring")), (Some(2), Some(1)));
        let unread = check(&[Held { tenant: "t".into(), restricted: vec![], answer: json!({}) }], now);
        assert_eq!(unread.found(), ["unreadable tenant t"]);
    }
}
