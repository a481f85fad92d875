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

/// Names that lead to the machine or the network of whoever asks for them.
const LOCAL: [&str; 3] = ["localhost", "local", "internal"];

/// An `https` address with a public host's name, for what a vendor is told to fetch at a page's word.
///
/// Where a name leads to is for the vendor to guard. What is refused here is an address that says by itself that it is
/// none of the public: one of an IP in whatever spelling (`127.1`, `0x7f.0.0.1`), or a local name.
pub fn is_public_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let Some((_, top)) = host.rsplit_once('.') else { return false };
    // An address whose host ends in a number is read as an IPv4 one; no public name does, nor in an empty label.
    let named = top.starts_with(|c: char| c.is_ascii_alphabetic()) && host.split('.').all(|label| !label.is_empty());
    is_plain_url(url) && named && !LOCAL.iter().any(|local| top.eq_ignore_ascii_case(local))
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
    fn public_addresses() {
        let rows = [
            ("https://files.example/a.mp4", true),
            ("https://FILES.example:8443/a.mp4?sig=a%2Bb#t", true),
            ("https://1.files.example", true),
            ("https://local.example/", true),
            ("https://a.xn--p1ai/", true),
            ("http://files.example/a.mp4", false),
            ("http://127.0.0.1/a.mp4", false),
            ("HTTPS://files.example/", false),
            ("//files.example/", false),
            ("https://files/a.mp4", false),
            ("https://127.0.0.1/", false),
            ("https://127.1/", false),
            ("https://2130706433/", false),
            ("https://0x7f000001/", false),
            ("https://0x7f.0x0.0x0.0x1/", false),
            ("https://169.254.0xa9fe", false),
            ("https://0177.0.0.01:443/", false),
            ("https://127.0.0.1./", false),
            ("https://[::1]/", false),
            ("https://[::ffff:127.0.0.1]/", false),
            ("https://localhost/", false),
            ("https://a.localhost/", false),
            ("https://printer.LOCAL/", false),
            ("https://metadata.google.internal/", false),
            ("https://metadata.google.internal./", false),
            ("https://a..example/", false),
            ("https://.example/", false),
            ("https://files.example@127.0.0.1/", false),
            ("https://127.0.0.1\\.files.example/", false),
            ("https://files.example/a b", false),
            ("https://%31%32%37.0.0.example/", false),
            ("", false),
        ];
        for (url, expected) in rows {
            assert_eq!(is_public_url(url), expected, "{url}");
        }
    }

    #[test]
    fn ids() {
        for (id, expected) in [("abc-1", true), ("", false), ("a/b", false), ("é", false), ("abcdefghi", false)] {
            assert_eq!(is_id(id, 8, "-"), expected, "{id}");
        }
    }
}
