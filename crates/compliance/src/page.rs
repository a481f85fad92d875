//! The path of a page, so written that two ways of writing one page are one.
//!
//! A server may well serve `/shop//hemp`, `/shop/%68emp`, `/shop%2Fhemp`, `/shop/hemp;v=1` and `/shop/hemp/` as the same page;
//! what is closed under one name must not be open under another.

use std::fmt;

use serde::{Deserialize, Serialize};
use tenancy::is_page;

/// See the module's description. It begins with a slash and ends with none, but for `/` itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Page(String);

impl Page {
    /// Reads the path of a page, such as a browser's `location.pathname`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = is_page(text).then(|| normal(text))?;
        // What was hidden by escapes counts too: `/%2e%2e`.
        is_page(&plain).then_some(Self(plain))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of those that the patterns name.
    #[must_use]
    pub fn is_restricted(&self, patterns: &[String]) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|pattern| normal(pattern)).collect();
        tenancy::is_restricted(&patterns, &self.0)
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Escapes of plain characters undone, the others in capitals (RFC 3986, 6.2.2), a `%` that escapes nothing escaped, and
/// slashes only where they part something, escaped ones too; of a segment nothing from a `;` on (parameters, RFC 3986, 3.3).
/// Done again, it changes nothing more.
fn normal(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let (mut rest, mut in_parameters) = (path, false);
    while let Some(first) = rest.chars().next() {
        let digits =
            rest.get(1..3).filter(|digits| first == '%' && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (piece, length) = match escaped {
            Some(byte) if is_plain(byte) => (char::from(byte).to_string(), 3),
            Some(byte) => (format!("%{byte:02X}"), 3),
            None if first == '%' => ("%25".to_owned(), 1),
            None => (first.to_string(), first.len_utf8()),
        };
        rest = rest.get(length..).unwrap_or_default();
        match piece.as_str() {
            "/" | "%2F" => {
                in_parameters = false;
                if !plain.ends_with('/') {
                    plain.push('/');
                }
            }
            ";" | "%3B" => in_parameters = true,
            _ if in_parameters => {}
            piece => plain.push_str(piece),
        }
    }
    match plain.strip_suffix('/') {
        Some("") | None => plain,
        Some(shorter) => shorter.to_owned(),
    }
}

/// Characters that mean the same with and without an escape.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn ses_4_one_page_has_one_name() {
        let check = |text: &str, page: Option<&str>| {
            assert_eq!(Page::parse(text).as_ref().map(Page::as_str), page, "{text}");
        };
        check("/", Some("/"));
        check("//", Some("/"));
        check("/shop/hemp", Some("/shop/hemp"));
        check("/shop/hemp/", Some("/shop/hemp"));
        check("//shop///hemp//", Some("/shop/hemp"));
        check("/shop/%68emp", Some("/shop/hemp"));
        check("/shop/a%2fb%c3%a4", Some("/shop/a/b%C3%A4"));
        check("/shop%2F%2fhemp", Some("/shop/hemp"));
        check("/shop;a=1/hemp;b%3Bc", Some("/shop/hemp"));
        check("/shop/%3Bhemp/oil", Some("/shop/oil"));
        check("/shop%2f..", None);
        check("/shop/100%", Some("/shop/100%25"));
        check("/shop/%+1", Some("/shop/%25+1"));
        check("/shop/%4%31", Some("/shop/%2541"));
        check("/%2e%2e/hemp", None);
        check("/shop/../hemp", None);
        check("shop", None);
        check("", None);
    }

    #[test]
    fn ses_4_a_page_is_restricted_whichever_way_it_is_written() {
        let check = |pattern: &str, page: &str, restricted: bool| {
            let page = Page::parse(page).unwrap();
            assert_eq!(page.is_restricted(&[pattern.to_owned()]), restricted, "{pattern} {page}");
        };
        check("/shop/*", "//shop//hemp/", true);
        check("/shop/hemp", "/shop/%68emp", true);
        check("/%73hop/*", "/shop/hemp", true);
        check("/shop/*", "/shop", true);
        check("/*", "/", true);
        check("/shop/*", "/shop%2Fhemp", true);
        check("/shop/hemp", "/shop/hemp;v=1", true);
        check("/shop/*", "/shopping", false);
        check("/shop/hemp", "/shop/hemp/oil", false);
    }
}
