//! What ids, vendor names, origins and addresses look like.

use crate::Invalid;

/// Ids of tenants and companies: 1 to 64 of `A-Za-z0-9._-`, beginning with a letter or digit.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Vendor names: 1 to 40 of `a-z0-9-`.
#[must_use]
pub fn is_vendor(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Names of routes: 1 to 40 of `a-z0-9-_`.
#[must_use]
pub fn is_route(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
    (1..=40).contains(&text.len()) && text.bytes().all(allowed)
}

pub(crate) fn id(param: &str, text: &str) -> Result<String, Invalid> {
    let rule = "must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit";
    is_id(text).then(|| text.to_owned()).ok_or_else(|| Invalid::new(param, rule))
}

pub(crate) fn vendor(param: &str, text: &str) -> Result<String, Invalid> {
    is_vendor(text).then(|| text.to_owned()).ok_or_else(|| Invalid::new(param, "must be 1 to 40 of a-z 0-9 -"))
}

/// A web origin as browsers send it (RFC 6454): lower case, without path, the scheme's own port left out.
pub(crate) fn origin(param: &str, text: &str) -> Result<String, Invalid> {
    let rule = "must be an exact origin such as https://www.example.com, without a path";
    let lower = text.to_ascii_lowercase();
    let url = Address::parse(&lower).filter(|url| url.rest.is_empty()).ok_or_else(|| Invalid::new(param, rule))?;
    Ok(url.origin())
}

/// The parts of an `http` or `https` address, without credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    pub scheme: &'a str,
    pub host: &'a str,
    pub port: u16,
    /// Path, query and fragment as written.
    pub rest: &'a str,
}

impl<'a> Address<'a> {
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scheme, after) = text.split_once("://")?;
        let own_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        if text.len() > 500 || !text.bytes().all(|b| b.is_ascii_graphic() && !b"\\\"<>`{}|^@".contains(&b)) {
            return None;
        }
        let (authority, rest) = after.split_at_checked(after.find(['/', '?', '#']).unwrap_or(after.len()))?;
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let end = inner.find(']')?.checked_add(2)?;
                let (host, tail) = authority.split_at_checked(end)?;
                (host, if tail.is_empty() { None } else { Some(tail.strip_prefix(':')?) })
            }
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            None => own_port,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|port| *port > 0)?
            }
            Some(_) => return None,
        };
        is_host(host).then_some(Self { scheme, host, port, rest })
    }

    pub fn origin(&self) -> String {
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) => format!("{}://{}", self.scheme, self.host),
            _ => format!("{}://{}:{}", self.scheme, self.host, self.port),
        }
    }

    /// Whether it is this machine, where `http` is as safe as `https`.
    pub fn is_loopback(&self) -> bool {
        let v4 = |host: &str| host.parse::<core::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
        self.host == "localhost" || self.host == "[::1]" || v4(self.host)
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => inner.parse::<core::net::Ipv6Addr>().is_ok(),
        None => {
            (1..=253).contains(&host.len())
                && host.split('.').all(|label| (1..=63).contains(&label.len()))
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact() {
        let check =
            |text: &str, origin_is: Option<&str>| assert_eq!(origin("o", text).ok().as_deref(), origin_is, "{text}");
        check("https://www.example.com", Some("https://www.example.com"));
        check("HTTPS://Www.Example.com", Some("https://www.example.com"));
        check("https://example.com:443", Some("https://example.com"));
        check("https://example.com:8443", Some("https://example.com:8443"));
        check("http://localhost:3000", Some("http://localhost:3000"));
        check("http://127.0.0.1:80", Some("http://127.0.0.1"));
        check("http://[::1]:3000", Some("http://[::1]:3000"));
        for text in [
            "",
            "*",
            "null",
            "example.com",
            "https://",
            "https://example.com/",
            "https://example.com/a",
            "https://example.com?",
            "https://user@example.com",
            "https://exa mple.com",
            "https://*.example.com",
            "https://example.com:0",
            "https://example.com:65536",
            "https://example.com:",
            "https://example.com:+1",
            "ftp://example.com",
            "https://exämple.com",
            "https://a..b",
            "https://[::1",
            "https://[zz]",
            "file://",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn ids_and_vendor_names() {
        for (text, id, vendor) in [
            ("demo", true, true),
            ("Demo.v2_x-1", true, false),
            ("9", true, true),
            ("-a", false, true),
            (".a", false, false),
            ("", false, false),
            ("a/b", false, false),
            ("ü", false, false),
            ("a b", false, false),
        ] {
            assert_eq!((is_id(text), is_vendor(text)), (id, vendor), "{text}");
        }
        assert!(is_id(&"a".repeat(64)) && !is_id(&"a".repeat(65)));
        assert!(is_vendor(&"a".repeat(40)) && !is_vendor(&"a".repeat(41)));
    }
}
