//! What an adapter may put into a request: not another host, and no header that belongs to the proxy or to the connection.
//!
//! Adapters are pure, but they may be a third party's. What one plans is checked before the key is added.

use http::Uri;
use vault::Secret;

/// What the vendors' interfaces need.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Headers that are the proxy's: where it goes, how it is framed, who asks, and how it is encoded.
const RESERVED: [&str; 17] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];
const RESERVED_PREFIXES: [&str; 3] = ["proxy-", "x-forwarded-", "sec-"];

/// Where the path holds the key, at vendors that want it there.
const PLACE: &str = "{key}";
/// What stands there while the path is checked: made of nothing but what a key may be made of.
const STAND_IN: &str = "key";
/// Longer ones are no keys.
const MAX_PATH_KEY: usize = 256;

/// An address with a place for the key. Everything about it is checked before there is a key in it, so that no complaint
/// can have the key in it either.
pub struct Keyed<'a> {
    base_url: &'a str,
    before: &'a str,
    after: &'a str,
}

impl<'a> Keyed<'a> {
    /// Checks `path`, which must have one place for the key, before any query.
    pub fn checked(base_url: &'a str, path: &'a str) -> Result<Self, &'static str> {
        let Some((before, after)) = path.split_once(PLACE) else { return Err("a path without a place for its key") };
        if before.contains('?') {
            return Err("a path with its key in the query");
        }
        // `address` refuses a second place.
        address(base_url, &format!("{before}{STAND_IN}{after}"))?;
        Ok(Self { base_url, before, after })
    }

    /// The address with the key in it: not to be printed.
    pub fn with(self, key: &Secret) -> Result<Uri, &'static str> {
        let key = key.expose();
        let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte));
        if !plain || !(1..=MAX_PATH_KEY).contains(&key.len()) {
            return Err("a key that can't stand in a path");
        }
        address(self.base_url, &format!("{}{key}{}", self.before, self.after))
    }
}

/// The address of a call: `path` below `base_url`, and on no other host.
pub fn address(base_url: &str, path: &str) -> Result<Uri, &'static str> {
    if !is_path(path) {
        return Err("a path that may not be called");
    }
    let base: Uri = base_url.parse().map_err(|_| "no address")?;
    let uri: Uri = format!("{base_url}{path}").parse().map_err(|_| "no valid path")?;
    let same = base.scheme().is_some() && uri.scheme() == base.scheme() && uri.authority() == base.authority();
    if same { Ok(uri) } else { Err("another host than the vendor's") }
}

/// The method, if the vendors' interfaces have it.
pub fn method(name: &str) -> Option<&'static str> {
    METHODS.into_iter().find(|method| *method == name)
}

/// Whether a header may have this value: visible ASCII, blanks and tabs, so that none ends early and another begins.
pub fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

/// Whether an adapter may set this header, where the key's place is `key`.
pub fn is_settable(name: &str, key: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.eq_ignore_ascii_case(key)
        && !RESERVED.contains(&name.as_str())
        && !RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the key may stand in this header: `authorization`, or any that an adapter may set.
pub fn may_hold_key(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization") || is_settable(name, "")
}

/// One `/` at the beginning, visible ASCII, and no way up: a vendor's server may decode before it looks. And no place for
/// a key: where one is left over, nobody puts it there.
fn is_path(path: &str) -> bool {
    let begins = path.starts_with('/') && !path.starts_with("//") && !path.contains(PLACE);
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#".contains(&byte));
    let decoded = path
        .split('?')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/");
    begins && plain && !decoded.split('/').any(|segment| matches!(segment, "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_at_its_vendor() {
        let check = |base: &str, path: &str, expected: Option<&str>| {
            let found = address(base, path).ok().map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{base} {path}");
        };
        let base = "https://api.example.com/v1";
        for path in [
            "/chat/completions",
            "/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
            "/a@b/c",
            "/a//b",
            "/a..b/.well-known",
            "/soccer/en/match.json?a=../b",
            "/%41?x=%2e%2e/",
            "/",
        ] {
            check(base, path, Some(&format!("{base}{path}")));
        }
        for path in [
            "",
            "chat",
            "//evil.example/x",
            ".evil.example/x",
            "@evil.example/x",
            ":8443/x",
            "?x=1",
            "#x",
            "\\evil.example",
            "/a\\b",
            "/a#b",
            "/a b",
            "/a\r\nhost: evil.example",
            "/a\tb",
            "/a\0b",
            "/ä",
            "/..",
            "/../admin",
            "/a/../../b",
            "/a/..?x=1",
            "/./a",
            "/%2e%2e/a",
            "/.%2E/a",
            "/a/%2e./b",
            "/a%2f..%2fb",
            "/a/..%5cb",
            "/bot{key}/sendMessage",
            "/{key}",
            "/a?b={key}",
        ] {
            check(base, path, None);
        }
        // Without a path of its own, whatever is added to the host would be part of it.
        check("https://api.example.com", "/x", Some("https://api.example.com/x"));
        check("https://api.example.com", ".evil.example/x", None);
        check("https://api.example.com", "@evil.example/x", None);
        check("https://api.example.com", ":8443/x", None);
        // A binding without an address, where the vendor has no common one.
        check("", "/x", None);
        check("/v1", "/x", None);
    }

    const KEY: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_-";

    #[test]
    fn a_key_stands_in_one_place_of_the_path() {
        let check = |base: &str, path: &str, expected: Option<&str>| {
            let found = Keyed::checked(base, path).and_then(|keyed| keyed.with(&Secret::new(KEY)));
            assert_eq!(found.ok().map(|uri| uri.to_string()).as_deref(), expected, "{base} {path}");
        };
        let base = "https://api.example.com";
        check(base, "/bot{key}/send", Some(&format!("{base}/bot{KEY}/send")));
        check(base, "/bot{key}/send?a=b", Some(&format!("{base}/bot{KEY}/send?a=b")));
        check(base, "/{key}", Some(&format!("{base}/{KEY}")));
        check("http://127.0.0.1:9/telegram", "/bot{key}/x", Some(&format!("http://127.0.0.1:9/telegram/bot{KEY}/x")));
        for path in [
            "",
            "/",
            "/botkey/send",
            "/bot{KEY}/send",
            "/bot%7Bkey%7D/send",
            "/bot{key}/{key}",
            "/bot{key}{key}",
            "/bot{key}/x?y={key}",
            "/send?token={key}",
            "{key}/send",
            "@{key}.evil.example/",
            ":{key}@evil.example/",
            "//{key}/send",
            "/{key}/../x",
            "/../{key}",
            "/.{key}./%2e%2e/x",
            "/bot{key} /x",
            "/bot{key}#x",
            "/bot{key}\r\nhost: evil.example",
        ] {
            check(base, path, None);
        }
        // What is added to a bare host without a slash would be part of it.
        check("https://api.example.com", ".{key}.evil.example/", None);
        check("", "/bot{key}/send", None);
    }

    #[test]
    fn a_key_that_is_more_than_a_key_stands_in_no_path() {
        let check = |key: &str, expected: bool| {
            let keyed = Keyed::checked("https://api.example.com", "/bot{key}/send").expect("a place for the key");
            let found = keyed.with(&Secret::new(key));
            assert_eq!(found.is_ok(), expected, "{key:?}");
            // What is told of it is the same for all keys, so it can't have one in it.
            assert!(found.is_ok() || found == Err("a key that can't stand in a path"), "{key:?}");
        };
        check(KEY, true);
        check("a", true);
        check(&"a".repeat(256), true);
        check(&"a".repeat(257), false);
        for key in
            ["", ".", "..", "a/b", "a/../b", "a?b", "a#b", "a%2fb", "a\\b", "a b", "a\r\nb", "a@b", "é", "{key}", "a\0"]
        {
            check(key, false);
        }
    }

    #[test]
    fn headers_of_the_proxy_and_the_connection_are_not_an_adapters() {
        let check = |name: &str, expected: bool| assert_eq!(is_settable(name, "x-api-key"), expected, "{name}");
        for name in ["accept", "content-type", "anthropic-version", "cartesia-version", "idempotency-key", "x-acme"] {
            check(name, true);
        }
        for name in [
            "host",
            "Host",
            "content-length",
            "transfer-encoding",
            "Connection",
            "cookie",
            "authorization",
            "AUTHORIZATION",
            "x-api-key",
            "X-Api-Key",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "upgrade",
            "trailer",
            "keep-alive",
            "expect",
            "user-agent",
            "accept-encoding",
            "x-forwarded-for",
            "forwarded",
        ] {
            check(name, false);
        }
    }

    #[test]
    fn the_key_stands_in_no_header_of_the_connection() {
        let check = |name: &str, expected: bool| assert_eq!(may_hold_key(name), expected, "{name}");
        for name in ["authorization", "Authorization", "x-api-key", "xi-api-key", "x-goog-api-key"] {
            check(name, true);
        }
        for name in ["host", "cookie", "Transfer-Encoding", "proxy-authorization", "upgrade"] {
            check(name, false);
        }
    }

    #[test]
    fn a_value_is_one_header_and_nothing_more() {
        let check = |value: &str, expected: bool| assert_eq!(is_value(value), expected, "{value:?}");
        for value in ["", "a", "Bearer sk-1", "a\tb", "text/event-stream; charset=\"x\" ~"] {
            check(value, true);
        }
        for value in ["a\r\nhost: evil", "a\n", "\r", "a\0", "\x7f", "é", "\u{1}"] {
            check(value, false);
        }
    }

    #[test]
    fn methods_are_those_of_the_vendors() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert_eq!(super::method(method), Some(method));
        }
        for method in ["CONNECT", "TRACE", "OPTIONS", "post", "", "GET /x HTTP/1.1\r\nhost: evil"] {
            assert_eq!(super::method(method), None);
        }
    }
}
