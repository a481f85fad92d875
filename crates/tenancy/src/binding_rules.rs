//! What a tenant's binding to a vendor may be, above all: where its key may be sent.

use serde_json::{Map, Value as Json};

use crate::{Invalid, Mode, fields::Object, names::Address, telegram_rules};

/// What the variable `dev_hosts` is when nobody set it: a host that can't exist.
pub const NO_DEV_HOSTS: &str = "http://dev.invalid";
/// The most bytes of options.
const MAX_OPTIONS: usize = 16 * 1024;
const MAX_SECRET: usize = 4096;
/// As many webhook secrets as are tried for a delivery.
const MAX_WEBHOOK_SECRETS: usize = 5;
/// All of them, with the ends of their lines.
const MAX_WEBHOOK_TEXT: usize = (MAX_SECRET + 2) * MAX_WEBHOOK_SECRETS;
/// The vendor whose tokens are signed here: its secret names the key that signs, and has it.
const LIVEKIT: &str = "livekit";

/// The vendors' own addresses. A `*.` stands for the tenant's own part of a host.
const OWN: [(&str, &str); 20] = [
    ("anthropic", "https://api.anthropic.com"),
    ("cartesia", "https://api.cartesia.ai"),
    ("deepseek", "https://api.deepseek.com"),
    ("elevenlabs", "https://api.elevenlabs.io"),
    ("elevenlabs", "https://api.us.elevenlabs.io"),
    ("elevenlabs", "https://api.eu.residency.elevenlabs.io"),
    ("elevenlabs", "https://api.in.residency.elevenlabs.io"),
    ("elevenlabs", "https://api.sg.residency.elevenlabs.io"),
    ("gemini", "https://generativelanguage.googleapis.com"),
    ("heygen", "https://api.liveavatar.com"),
    ("kie", "https://api.kie.ai"),
    ("livekit", "https://*.livekit.cloud"),
    ("newsapi", "https://newsapi.org"),
    ("openai", "https://api.openai.com"),
    ("shotstack", "https://api.shotstack.io"),
    ("sportradar", "https://api.sportradar.com"),
    ("stripe", "https://api.stripe.com"),
    ("tavus", "https://tavusapi.com"),
    ("telegram", "https://api.telegram.org"),
    ("upload-post", "https://api.upload-post.com"),
];

/// A binding as it is asked for: secrets in the clear, to be sealed at once.
#[derive(Clone, PartialEq)]
pub struct BindingAsked {
    /// Live or mock.
    pub mode: Mode,
    /// Instead of the vendor's own.
    pub base_url: Option<String>,
    /// A new key; absent keeps the old one.
    pub secret: Option<String>,
    /// New webhook secrets, one a line; absent keeps the old ones.
    pub webhook_secret: Option<String>,
    /// For the adapter.
    pub options: Map<String, Json>,
}

/// Reads a binding, as `PUT /v1/tenants/{id}/vendors/{vendor}` takes it.
pub fn parse_binding(vendor: &str, dev_hosts: &str, body: &Json) -> Result<BindingAsked, Invalid> {
    let body = Object::body(body)?;
    body.only(&["mode", "base_url", "secret", "webhook_secret", "options"])?;
    let mode = match body.text("mode", 1, 10)? {
        None | Some("live") => Mode::Live,
        Some("mock") => Mode::Mock,
        Some(_) => return Err(body.fault("mode", "must be live or mock")),
    };
    let base_url = body.text("base_url", 1, 500)?.map(|url| url.trim_end_matches('/').to_owned());
    if let Some(url) = &base_url {
        base_url_allowed(vendor, dev_hosts, url).map_err(|why| body.fault("base_url", why))?;
    }
    if mode == Mode::Mock && base_url.is_none() {
        return Err(body.fault("base_url", "is required in mode mock"));
    }
    // A secret becomes a header: what can't be one is refused here rather than at the vendor.
    let secret = body.line("secret", 1, MAX_SECRET)?.map(str::to_owned);
    let webhook_secret = webhook_secrets(&body)?.map(str::to_owned);
    let options = body.object("options")?.map(|_| body.get("options").cloned().unwrap_or_default()).unwrap_or_default();
    if options.to_string().len() > MAX_OPTIONS {
        return Err(body.fault("options", format!("must be at most {MAX_OPTIONS} bytes")));
    }
    let options = match options {
        Json::Object(options) => options,
        _ => Map::new(),
    };
    let asked = BindingAsked { mode, base_url, secret, webhook_secret, options };
    if vendor == LIVEKIT && !asked.secret.as_deref().is_none_or(is_key_pair) {
        return Err(body.fault("secret", "must be the API key and the API secret, joined by a colon"));
    }
    if vendor == telegram_rules::VENDOR {
        telegram_rules::check(&body, asked.secret.as_deref(), asked.webhook_secret.as_deref())?;
    }
    Ok(asked)
}

/// The secrets that deliveries are verified with: one, or several while one is being changed.
fn webhook_secrets<'a>(body: &Object<'a>) -> Result<Option<&'a str>, Invalid> {
    let name = "webhook_secret";
    let Some(text) = body.text(name, 1, MAX_WEBHOOK_TEXT)? else { return Ok(None) };
    let is_secret = |line: &str| {
        line.chars().count() <= MAX_SECRET && !line.chars().any(char::is_control) && !line.trim().is_empty()
    };
    if (1..=MAX_WEBHOOK_SECRETS).contains(&text.lines().count()) && text.lines().all(is_secret) {
        return Ok(Some(text));
    }
    let expected = format!(
        "must be 1 to {MAX_WEBHOOK_SECRETS} secrets, one a line, each of 1 to {MAX_SECRET} characters and none of them control characters"
    );
    Err(body.fault(name, expected))
}

/// Whether it is two parts joined by the one colon.
fn is_key_pair(secret: &str) -> bool {
    secret.split_once(':').is_some_and(|(key, secret)| !key.is_empty() && !secret.is_empty() && !secret.contains(':'))
}

fn base_url_allowed(vendor: &str, dev_hosts: &str, url: &str) -> Result<(), &'static str> {
    let address = Address::parse(url)
        .filter(|address| !address.rest.contains(['?', '#']))
        .ok_or("must be an http or https address without query or credentials")?;
    if OWN.iter().any(|(name, own)| *name == vendor && matches_pattern(own, &address)) {
        return Ok(());
    }
    let development = !dev_hosts.is_empty() && dev_hosts != NO_DEV_HOSTS;
    match development {
        true if matches_pattern(dev_hosts, &address) => Ok(()),
        true => Err("must be the vendor's own address or match dev_hosts"),
        false => Err("must be the vendor's own address (another is possible in development only)"),
    }
}

/// Whether an address matches an outbound host pattern such as `http://127.0.0.1:*` or `https://*.example.com`.
pub(crate) fn matches_pattern(pattern: &str, address: &Address<'_>) -> bool {
    let Some((scheme, rest)) = pattern.trim_end_matches('/').split_once("://") else {
        return false;
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let host_matches = match host.strip_prefix('*') {
        Some("") => true,
        // The suffix keeps its dot, so that `evilexample.com` is not `*.example.com`.
        Some(suffix) => suffix.starts_with('.') && address.host.len() > suffix.len() && address.host.ends_with(suffix),
        None => host == address.host,
    };
    let port_matches = match port {
        Some("*") => true,
        Some(port) => port.parse() == Ok(address.port),
        None => address.port == if address.scheme == "https" { 443 } else { 80 },
    };
    (scheme == "*" || scheme == address.scheme) && host_matches && port_matches
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_sent_to_its_vendor_or_to_the_development_hosts() {
        let check = |vendor: &str, dev: &str, url: &str, allowed: bool| {
            assert_eq!(base_url_allowed(vendor, dev, url).is_ok(), allowed, "{vendor} {dev} {url}");
        };
        let dev = "http://127.0.0.1:*";
        check("openai", NO_DEV_HOSTS, "https://api.openai.com/v1", true);
        check("openai", "", "https://api.openai.com", true);
        check("openai", NO_DEV_HOSTS, "http://api.openai.com/v1", false);
        check("openai", NO_DEV_HOSTS, "https://api.openai.com:8443/v1", false);
        check("openai", NO_DEV_HOSTS, "https://api.openai.com.evil.example", false);
        check("openai", NO_DEV_HOSTS, "https://api.openai.com@evil.example", false);
        check("openai", NO_DEV_HOSTS, "https://api.elevenlabs.io", false);
        check("openai", NO_DEV_HOSTS, "http://127.0.0.1:9000", false);
        check("openai", NO_DEV_HOSTS, "http://dev.invalid", false);
        check("openai", "", "http://127.0.0.1:9000", false);
        check("openai", dev, "http://127.0.0.1:9000/v1", true);
        check("openai", dev, "https://127.0.0.1:9000/v1", false);
        check("openai", dev, "http://127.0.0.2:9000", false);
        check("openai", dev, "http://127.0.0.1:9000/v1?x=1", false);
        check("openai", dev, "https://api.openai.com/v1", true);
        check("other", "https://*.test.example", "https://a.test.example", true);
        check("other", "https://*.test.example", "https://test.example", false);
        check("other", "https://*.test.example", "https://eviltest.example", false);
        check("other", "*://*:*", "http://anything:1", true);
        for host in ["api", "api.us", "api.eu.residency", "api.in.residency", "api.sg.residency"] {
            check("elevenlabs", NO_DEV_HOSTS, &format!("https://{host}.elevenlabs.io"), true);
        }
        check("elevenlabs", NO_DEV_HOSTS, "https://api.xx.residency.elevenlabs.io", false);
        check("elevenlabs", NO_DEV_HOSTS, "https://elevenlabs.io", false);
        check("sportradar", NO_DEV_HOSTS, "https://api.sportradar.com", true);
        check("sportradar", NO_DEV_HOSTS, "https://api.sportradar.us", false);
        check("upload-post", NO_DEV_HOSTS, "https://api.upload-post.com/api", true);
        check("upload-post", NO_DEV_HOSTS, "https://app.upload-post.com/api", false);
        check("upload-post", NO_DEV_HOSTS, "https://api.upload-post.com", true);
        check("upload-post", NO_DEV_HOSTS, "https://www.upload-post.com", false);
        check("livekit", NO_DEV_HOSTS, "https://acme.livekit.cloud", true);
        check("livekit", NO_DEV_HOSTS, "wss://acme.livekit.cloud", false);
        check("livekit", NO_DEV_HOSTS, "https://livekit.cloud", false);
    }

    #[test]
    fn a_livekit_secret_is_a_key_and_its_secret() {
        let check = |vendor: &str, secret: Json, param: Option<&str>| {
            let body = json!({"secret": secret, "webhook_secret": "w:h:k"});
            let read = parse_binding(vendor, NO_DEV_HOSTS, &body);
            assert_eq!(read.err().map(|e| e.param).as_deref(), param, "{vendor} {body}");
        };
        check("livekit", json!("APIabc:secret"), None);
        check("livekit", json!(null), None);
        for secret in ["APIabc", ":", "APIabc:", ":secret", "APIabc:se:cret", "APIabc::secret", "a:b\n"] {
            check("livekit", json!(secret), Some("secret"));
        }
        check("openai", json!("sk-1"), None);
        check("openai", json!("a:b:c"), None);
    }

    #[test]
    fn bindings_are_checked_field_by_field() {
        let check = |body: Json, param: Option<&str>| {
            let read = parse_binding("openai", "http://127.0.0.1:*", &body);
            assert_eq!(read.err().map(|e| e.param).as_deref(), param, "{body}");
        };
        check(json!({}), None);
        check(
            json!({"mode": "live", "base_url": null, "secret": "sk-1", "webhook_secret": "w", "options": {"a": 1}}),
            None,
        );
        check(json!({"mode": "mock", "base_url": "http://127.0.0.1:9"}), None);
        check(json!({"mode": "mock"}), Some("base_url"));
        check(json!({"mode": "real"}), Some("mode"));
        check(json!({"mode": 1}), Some("mode"));
        check(json!({"base_url": "https://evil.example"}), Some("base_url"));
        check(json!({"base_url": "nonsense"}), Some("base_url"));
        check(json!({"secret": ""}), Some("secret"));
        check(json!({"secret": "a\nb"}), Some("secret"));
        check(json!({"secret": "s".repeat(4096)}), None);
        check(json!({"secret": "s".repeat(4097)}), Some("secret"));
        check(json!({"webhook_secret": 5}), Some("webhook_secret"));
        for several in ["new\nold", "new\r\nold\r\n", "1\n2\n3\n4\n5", "one two\n whsec_3=="] {
            check(json!({ "webhook_secret": several }), None);
        }
        for secrets in ["", "\n", "a\n\nb", "a\n ", "1\n2\n3\n4\n5\n6", "a\tb", "a\rb", "a\nb\u{0}", "a\nb\r"] {
            check(json!({ "webhook_secret": secrets }), Some("webhook_secret"));
        }
        let long = "s".repeat(4096);
        let five = [long.as_str(); 5].join("\r\n");
        check(json!({ "webhook_secret": five }), None);
        check(json!({ "webhook_secret": format!("a\n{long}s") }), Some("webhook_secret"));
        check(json!({"options": []}), Some("options"));
        check(json!({"options": {"a": "x".repeat(16 * 1024)}}), Some("options"));
        check(json!({"secrets": "typo"}), Some("secrets"));
        check(json!([]), Some("body"));
    }
}
