//! Patterns of pages: a path, or all paths below one (`/shop/*`).

use crate::{Invalid, fields::Object};

/// The most patterns of a tenant.
const MAX_PATTERNS: usize = 100;
/// The longest path of a page, in bytes.
pub const MAX_PAGE: usize = 512;

/// Reads `restricted_pages`.
pub(crate) fn patterns(body: &Object<'_>) -> Result<Vec<String>, Invalid> {
    let mut patterns: Vec<String> = Vec::new();
    for (path, text) in body.texts("restricted_pages", MAX_PATTERNS)?.unwrap_or_default() {
        if !is_page(text.strip_suffix("/*").filter(|folder| !folder.is_empty()).unwrap_or(text)) && text != "/*" {
            return Err(Invalid::new(path, "must be the path of a page, such as /shop/hemp, or of all below, /shop/*"));
        }
        if patterns.iter().any(|known| known == text) {
            return Err(Invalid::new(path, "is there twice"));
        }
        patterns.push(text.into());
    }
    Ok(patterns)
}

/// Whether it is the path of a page: of visible ASCII, from the root, without query, fragment, `*` or steps upwards.
#[must_use]
pub fn is_page(text: &str) -> bool {
    text.starts_with('/')
        && text.len() <= MAX_PAGE
        && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'*' | b'\\'))
        && !text.split('/').any(|part| matches!(part, "." | ".."))
}

/// Whether a page is one of those. A slash at its end makes no difference.
#[must_use]
pub fn is_restricted(patterns: &[String], page: &str) -> bool {
    let page = page.trim_end_matches('/');
    patterns.iter().any(|pattern| match pattern.strip_suffix("/*") {
        Some(folder) => page.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        None => page == pattern.trim_end_matches('/'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_matched_as_whole_segments() {
        let check = |pattern: &str, page: &str, matches: bool| {
            assert_eq!(is_restricted(&[pattern.to_owned()], page), matches, "{pattern} {page}");
        };
        check("/shop/*", "/shop/hemp", true);
        check("/shop/*", "/shop/hemp/oil", true);
        check("/shop/*", "/shop", true);
        check("/shop/*", "/shopping", false);
        check("/*", "/", true);
        check("/*", "/anything", true);
        check("/shop/hemp", "/shop/hemp/", true);
        check("/shop/hemp", "/shop/hemp/oil", false);
        check("/shop/hemp", "/shop", false);
        assert!(!is_restricted(&[], "/shop"));
    }

    #[test]
    fn a_page_is_a_plain_path() {
        for page in ["/", "/shop/hemp", "/a%20b"] {
            assert!(is_page(page), "{page}");
        }
        for page in ["", "shop", "/a?b", "/a#b", "/a/*", "/a/../b", "/a b", "/\u{e4}", "https://a.example/b"] {
            assert!(!is_page(page), "{page}");
        }
    }
}
