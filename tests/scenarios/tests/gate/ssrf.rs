//! PRX-4: no address makes the gate call where it should not: not a binding's, not a redirect's, not a key set's.

use std::sync::OnceLock;
use std::thread;

use scenarios::jwt::Issuer;
use scenarios::scripted::answer;
use scenarios::{Gate, ScriptedVendor, Tenant, json};

use crate::every_vendor::{ask, gate, settled, tenant};

/// A gate as it is in production: no host is open for development.
fn production() -> &'static Gate {
    static CLOSED: OnceLock<Gate> = OnceLock::new();
    CLOSED.get_or_init(|| Gate::start_with(&["--variable", "dev_hosts=http://dev.invalid"]))
}

/// Addresses that lead, or look as if they led, somewhere else than to OpenAI. `PORT` is a server on this machine.
const ELSEWHERE: [&str; 44] = [
    // Credentials before the host.
    "https://api.openai.com@evil.example/v1",
    "https://api.openai.com:443@evil.example/v1",
    "https://user:password@api.openai.com/v1",
    "https://@api.openai.com/v1",
    // This machine and its neighbours, however they are written.
    "http://localhost:PORT/v1",
    "http://LOCALHOST:PORT/v1",
    "http://2130706433:PORT/v1",
    "http://0x7f000001:PORT/v1",
    "http://0x7f.0.0.1:PORT/v1",
    "http://0177.0.0.1:PORT/v1",
    "http://017700000001:PORT/v1",
    "http://127.1:PORT/v1",
    "http://127.0.1:PORT/v1",
    "http://127.0.0.2:PORT/v1",
    "http://127.000.000.001:PORT/v1",
    "http://0:PORT/v1",
    "http://0.0.0.0:PORT/v1",
    "http://10.0.0.1/v1",
    "http://192.168.0.1/v1",
    "http://169.254.169.254/latest/meta-data",
    "http://metadata.google.internal/v1",
    "http://[::1]:PORT/v1",
    "http://[::]:PORT/v1",
    "http://[0:0:0:0:0:0:0:1]:PORT/v1",
    "http://[::ffff:127.0.0.1]:PORT/v1",
    "http://[::ffff:7f00:1]:PORT/v1",
    "http://[64:ff9b::7f00:1]:PORT/v1",
    "http://[fd00::1]/v1",
    "http://[fe80::1]/v1",
    "http://[fe80::1%25eth0]/v1",
    "http://[fe80::1%eth0]/v1",
    // Look-alikes of the vendor's name.
    "https://api.openai.com./v1",
    "https://api.openai.com.evil.example/v1",
    "https://evilapi.openai.com/v1",
    "https://openai.com/v1",
    "https://api.openai.com%2eevil.example/v1",
    "https://xn--pi-7sb.openai.com/v1",
    "https://\u{0430}pi.openai.com/v1",
    "https://api\u{3002}openai.com/v1",
    // Another port or scheme.
    "https://api.openai.com:8443/v1",
    "http://api.openai.com/v1",
    "ftp://api.openai.com/v1",
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/_",
];

#[test]
fn prx_4_a_binding_leads_to_its_vendor_or_is_refused() {
    let check = |gate: &Gate, more: &[&str]| {
        let listener = ScriptedVendor::saying(answer(200, &[], b""));
        let tenant = Tenant::new(gate, json!({}));
        let path = format!("/v1/tenants/{}/vendors/openai", tenant.id);
        let bind = |address: &str| {
            let address = address.replace("PORT", &listener.port().to_string());
            gate.admin().put(&path, &json!({"mode": "live", "base_url": address, "secret": "sk-test-x", "options": {}}))
        };
        for address in ELSEWHERE.iter().chain(more) {
            let error = bind(address).refused(400, "invalid_request");
            assert_eq!(error["param"], "base_url", "{address}: {error}");
        }
        // Control characters, tails, and what a client might read in another way.
        for address in [
            "https://api.openai.com/v1?x=1",
            "https://api.openai.com/v1#x",
            "https://api.openai.com\\@evil.example/v1",
            "https://api.openai.com\t/v1",
            "https://api.openai.com /v1",
            "https://api.openai.com\r\nhost: evil.example",
            "https:api.openai.com/v1",
            "//api.openai.com/v1",
            "https:///v1",
            "https://:443/v1",
            "https://api.openai.com:/v1",
            "https://api.openai.com:99999/v1",
            "https://api.openai.com:0/v1",
        ] {
            let error = bind(address).refused(400, "invalid_request");
            assert_eq!(error["param"], "base_url", "{address}: {error}");
        }
        bind("https://api.openai.com/v1").expect(204);
        assert!(listener.asked().is_empty(), "nobody was called: {:?}", listener.asked());
    };
    check(gate(), &["https://127.0.0.1:PORT/v1"]);
    check(production(), &["http://127.0.0.1:PORT/v1", "https://127.0.0.1:PORT/v1", "http://dev.invalid/v1"]);
}

#[test]
fn prx_4_no_redirect_is_followed() {
    let gate = gate();
    let check = |vendor: &'static str, status: u16, to: &dyn Fn(&ScriptedVendor) -> String| {
        let second = ScriptedVendor::saying(answer(200, &[("content-type", "application/json")], b"{}"));
        let to = to(&second);
        let first = ScriptedVendor::saying(answer(status, &[("location", &to)], b"moved"));
        let tenant = tenant(gate, vendor, &first.url(), json!({}));
        let what = format!("{vendor} {status} to {to}");
        let answer = ask(&tenant.page().caller, vendor, "Hello", &[]);
        answer.refused(502, "vendor_error");
        assert_eq!(answer.header("location"), None, "{what}");
        assert!(!answer.text().contains(&to), "{what}: {}", answer.text());
        assert_eq!(settled(&tenant), 0, "{what}: the permit is given back");
        assert_eq!(first.asked().len(), 1, "{what}: called once");
        assert!(second.asked().is_empty(), "{what}: the key went on to {:?}", second.asked());
    };
    let other: &(dyn Fn(&ScriptedVendor) -> String + Sync) = &|second| format!("{}/v1/chat/completions", second.url());
    let check = &check;
    thread::scope(|scope| {
        scope.spawn(move || {
            for status in [300, 301, 302, 303, 307, 308] {
                check("openai", status, other);
            }
        });
        scope.spawn(move || {
            check("openai", 302, &|second| format!("//127.0.0.1:{}/x", second.port()));
            check("openai", 307, &|second| format!("http://localhost:{}/x", second.port()));
            check("openai", 307, &|_| "file:///etc/passwd".to_owned());
            check("openai", 307, &|_| "http://169.254.169.254/latest/meta-data".to_owned());
            check("openai", 308, &|_| "/v1/elsewhere".to_owned());
        });
        // Speech, a video, a room, a topic and a job.
        scope.spawn(move || {
            for vendor in ["anthropic", "gemini", "elevenlabs", "cartesia", "tavus", "heygen"] {
                check(vendor, 307, other);
            }
        });
        scope.spawn(move || {
            for vendor in ["livekit", "sportradar", "newsapi", "kie", "shotstack", "upload-post"] {
                check(vendor, 302, other);
            }
        });
    });
}

/// A tenant names where its users' keys are; the gate that fetches them must not be led to its own network.
#[test]
fn prx_4_a_key_set_is_not_fetched_from_this_machine_or_its_network() {
    let issuer = Issuer::eddsa();
    let set = issuer.end_user_auth()["jwks"].clone();
    let check = |gate: &Gate, url: &str, opens: bool| {
        let body = set.to_string();
        let keys = ScriptedVendor::saying(answer(200, &[("content-type", "application/json")], body.as_bytes()));
        let url = url.replace("PORT", &keys.port().to_string());
        let auth = json!({"issuer": issuer.name, "audience": issuer.audience, "jwks_url": url});
        let tenant = Tenant::new(gate, json!({"end_user_auth": auth}));
        let token = issuer.token(json!({}));
        let answer = tenant.open_session(&json!({"channel": "widget", "consent": true, "user_token": token}));
        assert_eq!(answer.status == 201, opens, "{url}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains("127.0.0.1"), "{url}: {}", answer.text());
        // Not even a connection, where it is not allowed.
        assert_eq!(keys.asked().len(), usize::from(opens), "{url}: {:?}", keys.asked());
    };
    let closed = [
        "https://127.0.0.1:PORT/keys",
        "https://localhost:PORT/keys",
        "https://[::1]:PORT/keys",
        "https://[::ffff:127.0.0.1]:PORT/keys",
        "https://10.0.0.1/keys",
        "https://192.168.1.1/keys",
        "https://169.254.169.254/keys",
        "https://[fd00::1]/keys",
        "https://0x7f.1:PORT/keys",
        "https://2130706433:PORT/keys",
        "https://127.1:PORT/keys",
    ];
    for url in closed {
        check(production(), url, false);
        check(gate(), url, false);
    }
    // Over http on this machine: in development only.
    check(gate(), "http://127.0.0.1:PORT/keys", true);
    check(gate(), "http://localhost:PORT/keys", false);
    for url in ["http://127.0.0.1:PORT/keys", "http://localhost:PORT/keys", "http://[::1]:PORT/keys"] {
        check(production(), url, false);
    }
}

#[test]
fn prx_4_a_key_set_has_a_plain_https_address() {
    let gate = gate();
    let check = |url: &str| {
        let tenant = Tenant::new(gate, json!({}));
        let auth = json!({"issuer": "https://idp.example", "audience": "a", "jwks_url": url});
        let path = format!("/v1/tenants/{}", tenant.id);
        let error = gate.admin().patch(&path, &json!({"end_user_auth": auth})).refused(400, "invalid_request");
        assert_eq!(error["param"], "end_user_auth.jwks_url", "{url}: {error}");
    };
    for url in [
        "http://idp.example/keys",
        "https://user@idp.example/keys",
        "https://idp.example\\@evil.example/keys",
        "https://idp.example./keys",
        "https://[fe80::1%25eth0]/keys",
        "ftp://idp.example/keys",
        "file:///etc/passwd",
        "data:application/json,{}",
        "//idp.example/keys",
        "https://idp.example/ keys",
        "https://\u{0456}dp.example/keys",
        "nonsense",
    ] {
        check(url);
    }
}

/// The publisher of a key set can't send the gate on either.
#[test]
fn prx_4_a_key_sets_redirect_is_not_followed() {
    let issuer = Issuer::eddsa();
    let set = issuer.end_user_auth()["jwks"].to_string();
    let second = ScriptedVendor::saying(answer(200, &[("content-type", "application/json")], set.as_bytes()));
    for status in [301, 302, 307, 308] {
        let first = ScriptedVendor::saying(answer(status, &[("location", &format!("{}/keys", second.url()))], b""));
        let auth =
            json!({"issuer": issuer.name, "audience": issuer.audience, "jwks_url": format!("{}/keys", first.url())});
        let tenant = Tenant::new(gate(), json!({"end_user_auth": auth}));
        let token = issuer.token(json!({}));
        let answer = tenant.open_session(&json!({"channel": "widget", "consent": true, "user_token": token}));
        assert_ne!(answer.status, 201, "{status}");
        assert_eq!((first.asked().len(), second.asked().len()), (1, 0), "{status}");
    }
}
