//! Checks of short texts that end up in a path, a header or an address.

/// 1 to `max` ASCII letters, digits or characters of `extra`: safe in a path and in a log line.
pub fn is_id(text: &str, max: usize, extra: &str) -> bool {
    (1..=max).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

/// An `https` address, or an `http` one on loopback for development, with nothing in it that could be read two ways.
pub fn is_plain_url(url: &str) -> bool {
    match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => is_plain(url, rest, false),
        (None, Some(rest)) => is_plain(url, rest, true),
        (None, None) => false,
    }
}

/// The same, or one of a room: `wss`, or `ws` on loopback.
pub fn is_room_url(url: &str) -> bool {
    match (url.strip_prefix("wss://"), url.strip_prefix("ws://")) {
        (Some(rest), _) => is_plain(url, rest, false),
        (None, Some(rest)) => is_plain(url, rest, true),
        (None, None) => is_plain_url(url),
    }
}

fn is_plain(url: &str, rest: &str, loopback_only: bool) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port_ok = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let (host, port) = match authority.strip_prefix("[::1]") {
        Some("") => ("[::1]", None),
        Some(after) => ("[::1]", after.strip_prefix(':').or(Some(""))),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let host_ok = host == "[::1]" || is_id(host, 253, ".-");
    let loopback = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    url.len() <= 2048
        && url.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>'))
        && host_ok
        && port.is_none_or(port_ok)
        && (!loopback_only || loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let rows = [
            ("https://tavus.daily.co/c1", true),
            ("https://tavus.daily.co:8443/c1?t=x", true),
            ("http://127.0.0.1:4000/room/c1", true),
            ("http://localhost/room", true),
            ("http://[::1]:9/room", true),
            ("http://[::1]x/room", false),
            ("http://tavus.daily.co/c1", false),
            ("http://127.0.0.1.evil.example/c1", false),
            ("http://127.0.0.1@evil.example/c1", false),
            ("https://user@evil.example/", false),
            ("https://a:b@evil.example/", false),
            ("https://a\\@evil.example/", false),
            ("https://ho st/", false),
            ("https:///c1", false),
            ("javascript:alert(1)", false),
            ("", false),
        ];
        for (url, expected) in rows {
            assert_eq!(is_plain_url(url), expected, "{url}");
        }
    }

    #[test]
    fn ids() {
        for (id, expected) in [("abc-1", true), ("", false), ("a/b", false), ("é", false), ("abcdefghi", false)] {
            assert_eq!(is_id(id, 8, "-"), expected, "{id}");
        }
    }
}
