//! Pages, certificates, names of persons, and notes of twins: from browsers and servers.

use ::compliance::{Page, Whose, parse_certificates};
use fuzz::{Case, hold};
use serde_json::{Value, json};
use twins::notes::parse_note;

use crate::{is_plain, millis, require};

fn body(case: &Case) -> Option<Value> {
    serde_json::from_slice(&case[0]).ok()
}

#[test]
fn ses_4_a_page_has_one_name_and_stays_restricted_whichever_way_it_is_written() {
    let corpus = ["/", "//shop//%68emp/", "/shop/hemp", "/shop/a%2fb%C3%a4", "/shop/100%", "/shop/%4%31", "/%2e%2e/x"];
    let corpus: Vec<Case> = corpus.iter().map(|page| vec![page.as_bytes().to_vec()]).collect();
    let all = ["/*".to_owned()];
    hold("pages", &corpus, millis(400), |case| {
        let Some(page) = std::str::from_utf8(&case[0]).ok().and_then(Page::parse) else { return Ok(()) };
        let plain = page.as_str();
        require(Page::parse(plain).as_ref() == Some(&page), || format!("{plain} is read otherwise"))?;
        require(plain.starts_with('/') && is_plain(plain, 512), || format!("{plain} is no path"))?;
        require(!plain.contains("//") && (plain == "/" || !plain.ends_with('/')), || format!("{plain}: slashes"))?;
        require(page.is_restricted(&all), || format!("{plain} is below nothing"))?;
        // Every character that needs no escape, escaped; and every slash twice.
        let escape = |c: char| match c {
            '/' => "//".to_owned(),
            c if c.is_ascii_alphanumeric() => format!("%{:02x}", u32::from(c)),
            c => c.to_string(),
        };
        let mut rest = plain;
        let mut other = String::new();
        while let Some(c) = rest.chars().next() {
            let length = if c == '%' { 3 } else { 1 };
            other += &(if c == '%' { rest[..3].to_ascii_lowercase() } else { escape(c) });
            rest = &rest[length..];
        }
        let same = other.len() > 512 || Page::parse(&other).as_ref() == Some(&page);
        require(same, || format!("{other} is not {plain}"))
    });
}

#[test]
fn ses_4_certificates() {
    let certificate = json!({"page": "/shop/hemp", "product": "Hemp oil", "batch": "B-17", "laboratory": "Lab One",
        "issued_on": "2026-01-02", "expires_on": "2026-12-31", "url": "https://lab.example/b17.pdf", "sha256": "ab".repeat(32)});
    let corpus = vec![vec![json!({"certificates": [certificate]}).to_string().into_bytes()]];
    hold("certificates", &corpus, millis(400), |case| {
        let Some(Ok(list)) = body(case).map(|body| parse_certificates(&body)) else { return Ok(()) };
        for certificate in &list {
            require(certificate.issued_on <= certificate.expires_on, || "it is over before it begins".into())?;
            require(certificate.is_valid(&certificate.expires_on), || "its last day doesn't count".into())?;
            require(certificate.url.starts_with("https://") && is_plain(&certificate.url, 1_000), || {
                certificate.url.clone()
            })?;
            require(certificate.sha256.len() == 64, || certificate.sha256.clone())?;
            let texts = [&certificate.product, &certificate.batch, &certificate.laboratory];
            require(texts.iter().all(|text| is_plain(text, 4 * 200)), || format!("{texts:?}"))?;
        }
        let written = serde_json::to_value(&list).map_err(|error| error.to_string())?;
        let again = parse_certificates(&json!({ "certificates": written }));
        require(again.as_ref() == Ok(&list), || format!("{again:?} is not {list:?}"))
    });
}

#[test]
fn twn_5_names_of_persons_and_notes() {
    let corpus = [
        json!({"session_id": "ses_01J"}),
        json!({"user": "auth0|anna", "cursor": "f7"}),
        json!({"subject": "Anna Example"}),
        json!({"kind": "cultural", "text": "They say hemp.", "topic": "words"}),
    ];
    let corpus: Vec<Case> = corpus.iter().map(|body| vec![body.to_string().into_bytes()]).collect();
    hold("persons and notes", &corpus, millis(400), |case| {
        let Some(body) = body(case) else { return Ok(()) };
        if let Ok(whose) = Whose::parse(&body, &["cursor"]) {
            let (Whose::Session(name) | Whose::User(name) | Whose::Subject(name)) = &whose;
            require(name.chars().count() <= 8 * 1_024, || format!("{} characters", name.len()))?;
            let named = ["session_id", "user", "subject"].iter().filter(|field| !body[**field].is_null()).count();
            require(named == 1, || format!("{named} names"))?;
        }
        if let Ok(note) = parse_note(&body) {
            require((1..=1_000).contains(&note.text.chars().count()), || "too long, or empty".into())?;
            require(note.topic.is_none_or(|topic| is_plain(&topic, 4 * 60)), || "a topic of several lines".into())?;
        }
        Ok(())
    });
}
