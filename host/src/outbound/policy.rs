//! Whom a component may call: the patterns of `allowed_outbound_hosts`, in Spin's syntax.
//!
//! `scheme://host:port`, where the scheme may be `*`, the host `*` or `*.sub.domain`, the port `*` or a range `low..high`
//! (without `high`). A missing port means the scheme's own.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;

use anyhow::{Context, Result, bail};
use http::Uri;

/// One allowed destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    scheme: Option<String>,
    host: Host,
    port: Port,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// With its leading dot.
    Below(String),
    Exact(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Port {
    Any,
    Within(Range<u32>),
}

/// What the policy says about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed, wherever the name leads: a pattern names this address (or `localhost`) itself.
    AnyAddress,
    /// Allowed as long as the name leads to the public internet.
    PublicOnly,
    /// Not allowed.
    Denied,
}

/// The patterns of a component.
#[derive(Clone, Debug, Default)]
pub struct Policy(Vec<Pattern>);

impl Policy {
    /// Parses every pattern; an empty one (an unset variable) allows nothing.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let given = patterns.into_iter().filter(|pattern| !pattern.is_empty());
        Ok(Self(given.map(Pattern::parse).collect::<Result<_>>()?))
    }

    /// Judges a destination by its address bar alone; addresses are judged when they are known.
    pub fn judge(&self, uri: &Uri) -> Verdict {
        self.find(uri).map_or(Verdict::Denied, |(verdict, _)| verdict)
    }

    /// The verdict, unless it is a denial, and the place of the pattern that it follows from.
    pub fn find(&self, uri: &Uri) -> Option<(Verdict, usize)> {
        let target = Target::of(uri)?;
        let literal = target.host == "localhost" || target.address().is_some();
        let mut found: Option<usize> = None;
        for (place, pattern) in self.0.iter().enumerate().filter(|(_, pattern)| pattern.matches(&target)) {
            if literal && matches!(&pattern.host, Host::Exact(host) if *host == target.host) {
                return Some((Verdict::AnyAddress, place));
            }
            // One that names a host says more than one that names none.
            if found.is_none_or(|found| self.0[found].host == Host::Any) {
                found = Some(place);
            }
        }
        found.map(|place| (Verdict::PublicOnly, place))
    }

    /// The hosts as the patterns name them, in their order: as many as those are, whoever is called.
    pub fn hosts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|pattern| match &pattern.host {
            Host::Any => "other".into(),
            Host::Below(domain) => format!("*{domain}"),
            Host::Exact(host) => host.clone(),
        })
    }
}

/// The parts of a URI that matter.
struct Target {
    scheme: String,
    /// Lower case, without brackets.
    host: String,
    port: u32,
}

impl Target {
    /// `None` for anything a careful client would not send: userinfo, no host, a number that only looks like a name.
    fn of(uri: &Uri) -> Option<Self> {
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let host = normalize(authority.host())?;
        let port = match authority.port() {
            Some(port) => u32::from(port.as_str().parse::<u16>().ok()?),
            // `host:` and `host:99999` have a colon, and no port that could be read.
            None if authority.as_str().len() != authority.host().len() => return None,
            None => default_port(&scheme)?,
        };
        Some(Self { scheme, host, port })
    }

    fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// Lower case, no brackets, addresses in their one canonical form. `None`: neither a name nor an address.
fn normalize(host: &str) -> Option<String> {
    if let Some(inner) = host.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(address.to_string());
    }
    let host = host.to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if host.is_empty() || !host.chars().all(plain) {
        return None;
    }
    // Resolvers read 2130706433, 0x7f.1 and 0177.0.0.1 as addresses. Only the dotted decimal form may be one.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.starts_with(|c: char| c.is_ascii_digit())
        && (last.bytes().all(|c| c.is_ascii_digit()) || last.starts_with("0x"));
    if (numeric || last.is_empty()) && host.parse::<IpAddr>().is_err() {
        return None;
    }
    Some(host)
}

fn default_port(scheme: &str) -> Option<u32> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl Pattern {
    /// Parses one pattern.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_parts(text).with_context(|| {
            format!("`{text}` is no outbound host: expected scheme://host[:port], such as https://api.example.com")
        })
    }

    fn parse_parts(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once("://").context("there is no scheme")?;
        let scheme = match scheme {
            "*" => None,
            "" => bail!("the scheme is empty"),
            scheme if scheme.bytes().all(|c| c.is_ascii_alphanumeric()) => Some(scheme.to_ascii_lowercase()),
            scheme => bail!("`{scheme}` is no scheme"),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            bail!("only scheme, host and port can be given");
        }
        let (host, port) = match rest.rfind(':') {
            Some(colon) if !rest[colon..].contains(']') => (&rest[..colon], Some(&rest[colon + 1..])),
            _ => (rest, None),
        };
        Ok(Self {
            host: parse_host(host)?,
            port: match port {
                Some(port) => parse_port(port)?,
                None => {
                    let scheme = scheme.as_deref().unwrap_or_default();
                    let port = default_port(scheme).context("the scheme has no port of its own")?;
                    Port::Within(port..port + 1)
                }
            },
            scheme,
        })
    }

    fn matches(&self, target: &Target) -> bool {
        let scheme = self.scheme.as_ref().is_none_or(|scheme| *scheme == target.scheme);
        let host = match &self.host {
            Host::Any => true,
            Host::Below(domain) => target.host.ends_with(domain) && target.host.len() > domain.len(),
            Host::Exact(host) => *host == target.host,
        };
        let port = match &self.port {
            Port::Any => true,
            Port::Within(range) => range.contains(&target.port),
        };
        scheme && host && port
    }
}

fn parse_host(host: &str) -> Result<Host> {
    match host {
        "*" => Ok(Host::Any),
        "self" | "self.alt" => bail!("calls to the application itself are not supported"),
        host => match host.strip_prefix("*.") {
            Some(domain) => {
                let domain = normalize(domain).context("there is no domain after `*.`")?;
                Ok(Host::Below(format!(".{domain}")))
            }
            None => Ok(Host::Exact(normalize(host).with_context(|| format!("`{host}` is no host"))?)),
        },
    }
}

fn parse_port(port: &str) -> Result<Port> {
    let number = |text: &str| text.parse::<u16>().map(u32::from).with_context(|| format!("`{text}` is no port"));
    match (port, port.split_once("..")) {
        ("*", _) => Ok(Port::Any),
        (_, Some((low, high))) => {
            let range = number(low)?..number(high)?;
            if range.is_empty() {
                bail!("the range of ports is empty");
            }
            Ok(Port::Within(range))
        }
        (port, None) => {
            let port = number(port)?;
            Ok(Port::Within(port..port + 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], uri: &str, expected: Verdict) {
        let policy = Policy::parse(patterns.iter().copied()).unwrap();
        let verdict = uri.parse().map_or(Verdict::Denied, |uri| policy.judge(&uri));
        assert_eq!(verdict, expected, "{uri} with {patterns:?}");
    }

    #[test]
    fn patterns_match_as_written() {
        use Verdict::{AnyAddress, Denied, PublicOnly};
        let api = &["https://api.example.com"];
        check(api, "https://api.example.com/v1", PublicOnly);
        check(api, "https://API.Example.COM/v1", PublicOnly);
        check(api, "https://api.example.com:443/", PublicOnly);
        check(api, "https://api.example.com:8443/", Denied);
        check(api, "http://api.example.com/", Denied);
        check(api, "https://api.example.com.evil.test/", Denied);
        check(api, "https://api.example.com./", Denied);
        check(api, "https://example.com/", Denied);
        check(api, "https://user@api.example.com/", Denied);
        check(api, "https://api.example.com@evil.test/", Denied);
        check(api, "/relative", Denied);
        check(&[], "https://api.example.com/", Denied);
        check(&[""], "https://api.example.com/", Denied);

        let below = &["https://*.example.com"];
        check(below, "https://a.example.com/", PublicOnly);
        check(below, "https://a.b.example.com/", PublicOnly);
        check(below, "https://example.com/", Denied);
        check(below, "https://badexample.com/", Denied);

        check(&["*://*:*"], "http://anything.test:81/", PublicOnly);
        check(&["*://*:*"], "http://127.0.0.1:81/", PublicOnly);
        check(&["http://*:8000..9000"], "http://a.test:8000/", PublicOnly);
        check(&["http://*:8000..9000"], "http://a.test:8999/", PublicOnly);
        check(&["http://*:8000..9000"], "http://a.test:9000/", Denied);

        check(&["http://127.0.0.1:*"], "http://127.0.0.1:4010/v1", AnyAddress);
        check(&["http://127.0.0.1:*"], "http://127.0.0.2:4010/v1", Denied);
        check(&["http://127.0.0.1:*"], "https://127.0.0.1:4010/v1", Denied);
        check(&["http://localhost:*"], "http://localhost:1/", AnyAddress);
        check(&["http://localhost:*"], "http://127.0.0.1:1/", Denied);
        check(&["http://[::1]:*"], "http://[::1]:1/", AnyAddress);
        check(&["http://[::1]:*"], "http://[0:0:0:0:0:0:0:1]:1/", AnyAddress);
        check(&["*://*:*", "http://127.0.0.1:*"], "http://127.0.0.1:1/", AnyAddress);
        // A name is never literal, whatever it resolves to.
        check(&["http://mock.internal:*"], "http://mock.internal:1/", PublicOnly);
    }

    #[test]
    fn disguised_addresses_are_no_hosts() {
        for host in [
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "127.1",
            "0177.0.0.1",
            "127.0.0.0x1",
            "127.0.0.1.",
            "[::1%25lo]",
            "[127.0.0.1]",
        ] {
            check(&["*://*:*"], &format!("http://{host}/"), Verdict::Denied);
        }
    }

    #[test]
    fn a_destination_is_named_by_the_pattern_that_says_most() {
        let patterns = ["https://*:*", "https://*.livekit.cloud", "http://127.0.0.1:*", "https://api.openai.com"];
        let policy = Policy::parse(patterns).unwrap();
        let hosts: Vec<String> = policy.hosts().collect();
        assert_eq!(hosts, ["other", "*.livekit.cloud", "127.0.0.1", "api.openai.com"]);
        let check = |uri: &str, host: Option<&str>| {
            let found = policy.find(&uri.parse().unwrap()).map(|(_, place)| &*hosts[place]);
            assert_eq!(found, host, "{uri}");
        };
        check("https://api.openai.com/v1", Some("api.openai.com"));
        check("https://a.livekit.cloud/", Some("*.livekit.cloud"));
        check("https://somebody.example/", Some("other"));
        check("http://127.0.0.1:9/", Some("127.0.0.1"));
        check("http://somebody.example/", None);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in [
            "api.example.com",
            "https://",
            "://a",
            "https://a/path",
            "https://u@a",
            "https://a:port",
            "https://a:9..8",
            "https://a:70000",
            "ftp://a",
            "*://a",
            "http://self",
            "https://*.",
            "https://a*b",
            "https://10.0.0.0/8",
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
