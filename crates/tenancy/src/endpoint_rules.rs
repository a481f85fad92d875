//! Where a tenant's events may be sent, which, and with what secret they are signed.

use core::net::{Ipv4Addr, Ipv6Addr};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value as Json;

use crate::{Invalid, NO_DEV_HOSTS, binding_rules::matches_pattern, fields::Object, names::Address};

/// Everything that events are of, besides `test`, which is always sent.
pub const EVENT_TYPES: [&str; 21] = [
    "consent.revoked",
    "job.done",
    "job.failed",
    "limit.denied",
    "live.ended",
    "log.corrected",
    "mesh.note",
    "run.cancelled",
    "run.done",
    "run.failed",
    "run.paused",
    "run.started",
    "run.waiting",
    "session.ended",
    "session.started",
    "test",
    "twin.created",
    "twin.deployed",
    "twin.linked",
    "twin.retired",
    "twin.trained",
];
/// Stands for all of them.
const ALL: &str = "*";
/// What a secret begins with (Standard Webhooks).
pub const SECRET_PREFIX: &str = "whsec_";
/// The bytes of a secret.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Names that are never a public host.
const NOT_PUBLIC: [&str; 9] =
    ["localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "arpa"];

/// An endpoint as it is asked for: the secret in the clear, to be sealed at once.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointAsked {
    /// Where to send events.
    pub url: String,
    /// Which; `*` alone is all of them.
    pub types: Vec<String>,
    /// The secret to sign with; absent keeps the old one, or makes one.
    pub secret: Option<String>,
}

/// Reads an endpoint, as `PUT /v1/tenants/{id}/events` takes it.
///
/// # Errors
/// The field that is wrong.
pub fn parse_endpoint(dev_hosts: &str, body: &Json) -> Result<EndpointAsked, Invalid> {
    let body = Object::body(body)?;
    body.only(&["url", "types", "secret"])?;
    let url = body.text("url", 1, 500)?.ok_or_else(|| body.fault("url", "is required"))?;
    url_allowed(dev_hosts, url).map_err(|why| body.fault("url", why))?;
    let mut types = Vec::new();
    for (param, name) in body.texts("types", EVENT_TYPES.len())?.unwrap_or_default() {
        if name != ALL && !EVENT_TYPES.contains(&name) {
            return Err(Invalid::new(param, format!("must be {ALL} or one of {}", EVENT_TYPES.join(", "))));
        }
        types.push(name.to_owned());
    }
    types.sort();
    types.dedup();
    if types.is_empty() || types.iter().any(|name| name == ALL) {
        types = vec![ALL.to_owned()];
    }
    let secret = body.line("secret", 1, 200)?;
    if !secret.is_none_or(is_secret) {
        return Err(body.fault("secret", "must be whsec_ and 24 to 64 bytes in base64"));
    }
    Ok(EndpointAsked { url: url.into(), types, secret: secret.map(str::to_owned) })
}

fn is_secret(secret: &str) -> bool {
    let bytes = secret.strip_prefix(SECRET_PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
    bytes.is_some_and(|bytes| SECRET_BYTES.contains(&bytes.len()))
}

fn url_allowed(dev_hosts: &str, url: &str) -> Result<(), &'static str> {
    let address = Address::parse(url)
        .filter(|address| !address.rest.contains('#'))
        .ok_or("must be an https address without credentials and fragment")?;
    let development = !dev_hosts.is_empty() && dev_hosts != NO_DEV_HOSTS;
    if development && matches_pattern(dev_hosts, &address) {
        return Ok(());
    }
    if address.scheme != "https" {
        return Err("must be an https address");
    }
    if is_public(address.host) { Ok(()) } else { Err("must have a host that everybody can reach") }
}

/// Whether a host can be on the internet, as far as its name tells: where a name leads is for whoever connects to see.
fn is_public(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        return inner.parse().is_ok_and(is_public_v6);
    }
    let host = host.to_ascii_lowercase();
    let Some((_, last)) = host.rsplit_once('.') else { return false };
    // Resolvers take many spellings of a number for an address (`127.1`, `0x7f.1`): only the usual one is taken here.
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        return host.parse().is_ok_and(is_public_v4);
    }
    !NOT_PUBLIC.contains(&last)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, _, _)
    )
}

/// Global unicast that leads to no address of the other kind.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global = first & 0xe000 == 0x2000;
    let translated = first == 0x2002 || (first == 0x2001 && second == 0);
    let documentation = first == 0x2001 && second == 0x0db8;
    global && !translated && !documentation
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_sent_to_public_https_hosts_or_to_the_development_hosts() {
        let check = |dev: &str, url: &str, allowed: bool| {
            assert_eq!(url_allowed(dev, url).is_ok(), allowed, "{dev} {url}");
        };
        let dev = "http://127.0.0.1:*";
        for (url, production, development) in [
            ("https://hooks.example.com/tollgate?x=1", true, true),
            ("https://hooks.example.com:8443/", true, true),
            ("https://8.8.8.8/hook", true, true),
            ("https://[2606:4700::1111]/hook", true, true),
            ("http://127.0.0.1:9000/hook", false, true),
            ("https://127.0.0.1:9000/hook", false, false),
            ("http://hooks.example.com/", false, false),
            ("https://user:word@hooks.example.com/", false, false),
            ("https://hooks.example.com/#part", false, false),
            ("https://hooks.example.com\\@10.0.0.1/", false, false),
            ("https://localhost/", false, false),
            ("https://LocalHost:8443/", false, false),
            ("https://app.localhost/", false, false),
            ("https://printer.local/", false, false),
            ("https://metadata.google.internal/", false, false),
            ("https://intranet/", false, false),
            ("https://10.0.0.1/", false, false),
            ("https://100.64.0.1/", false, false),
            ("https://127.0.0.1/", false, false),
            ("https://127.1/", false, false),
            ("https://0x7f.0.0.1/", false, false),
            ("https://0.0.0.0/", false, false),
            ("https://2130706433/", false, false),
            ("https://1.0x7f000001/", false, false),
            ("https://169.254.169.254/latest", false, false),
            ("https://172.20.0.1/", false, false),
            ("https://192.168.1.1/", false, false),
            ("https://224.0.0.1/", false, false),
            ("https://[::1]/", false, false),
            ("https://[::ffff:10.0.0.1]/", false, false),
            ("https://[fd00::1]/", false, false),
            ("https://[fe80::1]/", false, false),
            ("https://[2002:7f00:1::]/", false, false),
            ("https://localhost./", false, false),
            ("ftp://hooks.example.com/", false, false),
            ("hooks.example.com", false, false),
            ("", false, false),
        ] {
            check(NO_DEV_HOSTS, url, production);
            check("", url, production);
            check(dev, url, development);
        }
    }

    #[test]
    fn endpoints_are_checked_field_by_field() {
        let check = |body: Json, read: Result<&[&str], &str>| {
            let types = parse_endpoint(NO_DEV_HOSTS, &body).map(|asked| asked.types).map_err(|invalid| invalid.param);
            let types = types.as_ref().map(|types| types.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(types.map_err(String::as_str), read.map(<[_]>::to_vec), "{body}");
        };
        let url = "https://hooks.example.com";
        let secret = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        check(json!({"url": url}), Ok(&["*"]));
        check(json!({"url": url, "types": ["*", "job.done"], "secret": null}), Ok(&["*"]));
        check(json!({"url": url, "types": []}), Ok(&["*"]));
        check(json!({"url": url, "types": ["run.done", "job.done", "run.done"]}), Ok(&["job.done", "run.done"]));
        for bytes in [24, 32, 64] {
            check(json!({"url": url, "secret": secret(bytes)}), Ok(&["*"]));
        }
        for bytes in [0, 23, 65] {
            check(json!({"url": url, "secret": secret(bytes)}), Err("secret"));
        }
        for bad in ["", "whsec_", "whsec_!!!!", "secret", &secret(32)[6..], &format!("{}\n", secret(32))] {
            check(json!({"url": url, "secret": bad}), Err("secret"));
        }
        check(json!({"url": url, "secret": 5}), Err("secret"));
        check(json!({"url": url, "types": "job.done"}), Err("types"));
        check(json!({"url": url, "types": ["job.done", "job.*"]}), Err("types[1]"));
        check(json!({"url": url, "types": [1]}), Err("types[0]"));
        check(json!({"url": url, "typo": 1}), Err("typo"));
        check(json!({"url": "http://hooks.example.com"}), Err("url"));
        check(json!({"url": format!("{url}/{}", "x".repeat(500))}), Err("url"));
        check(json!({"url": 1}), Err("url"));
        check(json!({}), Err("url"));
        check(json!([]), Err("body"));
    }
}
