//! E-mail addresses: `local@domain`, the domain with a dot and a top level that is letters.
//!
//! Source: RFC 5321 and 6531 (letters of every script), narrowed to what people write: the local part is letters,
//! digits and `._%+-'&~`. So `email=bob@example.com` gives `bob@example.com`; a `=` inside an address is not seen.

use std::ops::Range;

/// In bytes. RFC 5321 allows 64 for the local part; twice that for scripts that need more than one byte.
const MAX_LOCAL: usize = 128;
const MAX_DOMAIN: usize = 255;

/// Ends of file names and not top-level domains: `icon@2x.png` is a picture.
const FILE_ENDINGS: [&str; 12] =
    ["png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "bmp", "css", "js", "json", "html"];

/// The addresses of a text, in order and apart from each other.
pub fn find(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (place, _) in text.match_indices('@') {
        let floor = found.last().map_or(0, |range| range.end);
        if let Some(range) = around(text, place, floor) {
            found.push(range);
        }
    }
    found
}

fn around(text: &str, place: usize, floor: usize) -> Option<Range<usize>> {
    let local = text.get(floor..place)?;
    let local = local_part(local)?;
    let domain = domain_part(text.get(place.saturating_add(1)..)?)?;
    Some(place.saturating_sub(local.len())..place.saturating_add(1).saturating_add(domain.len()))
}

/// The longest end of `head` that is a local part.
fn local_part(head: &str) -> Option<&str> {
    let mut length = 0_usize;
    for c in head.chars().rev().take_while(|c| is_local(*c)) {
        length = length.saturating_add(c.len_utf8());
        if length > MAX_LOCAL {
            return None;
        }
    }
    let local = head.get(head.len().saturating_sub(length)..)?;
    let local = local.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
    (!local.is_empty() && !local.ends_with('\'')).then_some(local)
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'' | '&' | '~')
}

/// The longest beginning of `rest` that is a domain.
fn domain_part(rest: &str) -> Option<&str> {
    let mut end = None;
    let mut start = 0_usize;
    let mut labels = 0_usize;
    let mut digit_labels = 0_usize;
    loop {
        let label = label(rest.get(start..)?, MAX_DOMAIN.saturating_sub(start));
        if label.is_empty() {
            break;
        }
        labels = labels.saturating_add(1);
        // `package@1.2.3-rc.final` is a version: no domain begins with two labels of digits.
        digit_labels = digit_labels.saturating_add(usize::from(label.bytes().all(|byte| byte.is_ascii_digit())));
        if labels == 2 && digit_labels == 2 {
            return None;
        }
        let stop = start.saturating_add(label.len());
        if labels > 1 && is_top_level(label) {
            end = Some(stop);
        }
        if rest.as_bytes().get(stop) != Some(&b'.') {
            break;
        }
        start = stop.saturating_add(1);
    }
    rest.get(..end?)
}

/// Letters, digits and hyphens, with no hyphen at the ends.
fn label(rest: &str, room: usize) -> &str {
    let is_label = |c: char| c.is_alphanumeric() || c == '-';
    let length =
        rest.char_indices().find(|(place, c)| !is_label(*c) || *place >= room).map_or(rest.len(), |(at, _)| at);
    let label = rest.get(..length.min(rest.len())).unwrap_or_default();
    if label.starts_with('-') { "" } else { label.trim_end_matches('-') }
}

fn is_top_level(label: &str) -> bool {
    let is_name = label.chars().all(char::is_alphabetic) && label.chars().nth(1).is_some();
    let is_encoded = label.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--"));
    let is_file = FILE_ENDINGS.iter().any(|ending| label.eq_ignore_ascii_case(ending));
    (is_name || is_encoded) && !is_file
}
