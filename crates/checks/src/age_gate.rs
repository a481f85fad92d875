//! Whether nobody gets in without an age: pages that sell carry the marker, and the gate refuses whoever says no age.
//!
//! The marker is for people and for whoever looks at pages from outside; the refusal is what holds.

use crate::Verdict;

/// A restricted page as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// File or URL.
    pub path: String,
    /// Its source.
    pub text: String,
    /// The age that its tenant demands, where that is known.
    pub least: Option<u32>,
}

/// What came of asking for a session without an age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Who was asked for.
    pub tenant: String,
    /// Status of the answer.
    pub status: u16,
    /// Its error's code.
    pub code: Option<String>,
}

/// Looks at each page: `data-age-gate="active"`, `data-age-gate="21"` (no less than the tenant's), or `<AgeGatePortal`.
pub fn pages(verdict: &mut Verdict, pages: &[Page]) {
    for page in pages {
        let source = without_comments(&page.text);
        match marker(&source) {
            Marker::None => verdict.fail(
                "marker_missing",
                &page.path,
                "The page has neither `data-age-gate=\"active\"` nor `<AgeGatePortal`.",
            ),
            Marker::Off(value) => {
                verdict.fail("marker_off", &page.path, format!("`data-age-gate` is `{value}`, which gates nobody."));
            }
            Marker::Age(age) if page.least.is_some_and(|least| age < least) => {
                let least = page.least.unwrap_or_default();
                let message = format!("The page asks for an age of {age}, its tenant for {least}.");
                verdict.fail("marker_too_low", &page.path, message);
            }
            Marker::Age(_) | Marker::Active => {}
        }
    }
    verdict.fact("pages", pages.len());
}

/// Looks at each probe: only a refusal for want of an age will do.
pub fn probes(verdict: &mut Verdict, probes: &[Probe]) {
    for probe in probes {
        let at = format!("tenant {}", probe.tenant);
        match (probe.status, probe.code.as_deref()) {
            (403, Some("age_required")) => {}
            (200..300, _) => {
                verdict.fail("age_gate_open", at, "A session was opened for a visitor who had attested no age.");
            }
            (status, code) => {
                let code = code.unwrap_or("no code");
                let message =
                    format!("The gate refused for another reason ({status}, {code}): nothing is shown by that.");
                verdict.unknown("not_shown", at, message);
            }
        }
    }
    verdict.fact("probed", probes.len());
}

/// The publishable key in a page's source: public by its nature, and what its visitors would show.
#[must_use]
pub fn publishable_key(source: &str) -> Option<&str> {
    let (_, rest) = source.split_once("tg_pk_")?;
    let length = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    let start = source.len().checked_sub(rest.len())?.checked_sub("tg_pk_".len())?;
    let end = start.checked_add("tg_pk_".len())?.checked_add(length)?;
    (length > 0).then(|| source.get(start..end)).flatten()
}

enum Marker {
    None,
    Active,
    Age(u32),
    Off(String),
}

fn marker(source: &str) -> Marker {
    if source.contains("<AgeGatePortal") {
        return Marker::Active;
    }
    let mut found = Marker::None;
    for rest in source.split("data-age-gate").skip(1) {
        // Part of another name, such as `data-age-gate-theme`, or said without a value.
        let Some(value) = rest.trim_start().strip_prefix('=').map(str::trim_start) else { continue };
        let quote = value.chars().next().filter(|first| ['"', '\''].contains(first));
        let value = match quote {
            Some(quote) => value.split(quote).nth(1).unwrap_or_default(),
            None => value.split([' ', '\n', '\t', '>', '/']).next().unwrap_or_default(),
        };
        match (value, value.parse::<u32>()) {
            ("active", _) => return Marker::Active,
            (_, Ok(age)) if age > 0 => return Marker::Age(age),
            _ => found = Marker::Off(value.to_owned()),
        }
    }
    found
}

/// What stands in `<!-- -->` or `{/* */}` gates nobody.
fn without_comments(source: &str) -> String {
    let mut kept = source.to_owned();
    for (open, close) in [("<!--", "-->"), ("{/*", "*/}")] {
        let mut rest = kept.as_str();
        let mut out = String::with_capacity(kept.len());
        while let Some((before, after)) = rest.split_once(open) {
            out.push_str(before);
            rest = after.split_once(close).map_or("", |(_, after)| after);
        }
        out.push_str(rest);
        kept = out;
    }
    kept
}

#[cfg(test)]
mod tests {
    use snapshot::Status;

    use super::*;

    #[test]
    fn ses_4_ops_3_a_restricted_page_has_a_marker() {
        let check = |text: &str, least, expected: &[&str]| {
            let mut verdict = Verdict::default();
            pages(&mut verdict, &[Page { path: "shop.html".into(), text: text.into(), least }]);
            assert_eq!(verdict.found(), expected, "{text}");
        };
        for good in [
            r#"<main data-age-gate="active">"#,
            "<main data-age-gate='active'>",
            "<main data-age-gate=active>",
            r#"<main data-age-gate = "active">"#,
            "return <AgeGatePortal />",
            r#"<!-- old --><div data-age-gate="active">"#,
            r#"<p data-age-gate="off"></p><div data-age-gate="active">"#,
        ] {
            check(good, Some(21), &[]);
        }
        check(r#"<twin-widget data-age-gate="21">"#, Some(21), &[]);
        check(r#"<twin-widget data-age-gate="18">"#, None, &[]);
        check(r#"<twin-widget data-age-gate="18">"#, Some(21), &["marker_too_low shop.html"]);
        check(r#"<div data-age-gate="off">"#, None, &["marker_off shop.html"]);
        check(r#"<div data-age-gate="0">"#, None, &["marker_off shop.html"]);
        for bad in [
            "",
            "<main>",
            r#"<!-- <main data-age-gate="active"> -->"#,
            "{/* <AgeGatePortal /> */}",
            r#"<!-- never closed <main data-age-gate="active">"#,
            r#"<div data-age-gate-theme="active">"#,
            "<p>We have data-age-gate here</p>",
        ] {
            check(bad, None, &["marker_missing shop.html"]);
        }
    }

    #[test]
    fn ses_4_ops_3_only_a_refusal_for_want_of_an_age_will_do() {
        let check = |status, code: Option<&str>, expected| {
            let mut verdict = Verdict::default();
            probes(&mut verdict, &[Probe { tenant: "shop".into(), status, code: code.map(Into::into) }]);
            assert_eq!(verdict.status(), expected, "{status} {code:?}");
        };
        check(403, Some("age_required"), Status::Pass);
        check(201, None, Status::Fail);
        check(403, Some("origin_not_allowed"), Status::Unknown);
        check(401, Some("age_required"), Status::Unknown);
        check(503, None, Status::Unknown);
    }

    #[test]
    fn ops_3_a_pages_key_is_found_in_its_source() {
        let check = |source, expected| assert_eq!(publishable_key(source), expected);
        check(r#"<twin-widget tenant-key="tg_pk_00ff" gate>"#, Some("tg_pk_00ff"));
        check("tenant-key=tg_pk_...", None);
        check("", None);
    }
}
