//! CORS names exactly the page's origin, never `*`, and nothing for an origin that nobody allowed.

use scenarios::tenant::chat;
use scenarios::{Answer, Gate, Mocks, ORIGIN, Tenant, json};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

fn ask(origin: &str, path: &str, method: &str) -> Answer {
    Gate::shared()
        .stranger()
        .with_origin(origin)
        .call("OPTIONS", path)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type,idempotency-key")
        .send()
}

fn allows(answer: &Answer, header: &str, wanted: &str) -> bool {
    let names = answer.header(header).unwrap_or_default();
    names.split(',').any(|name| name.trim().eq_ignore_ascii_case(wanted))
}

#[test]
fn cors_a_known_origin_may_ask() {
    Tenant::new(Gate::shared(), json!({}));
    for (path, method) in [
        ("/v1/sessions", "POST"),
        ("/v1/sessions/ses_1", "DELETE"),
        ("/v1/sessions/ses_1/ticks", "POST"),
        ("/v1/chat/completions", "POST"),
        ("/v1/speech", "POST"),
        ("/v1/speech/lc_1", "DELETE"),
        ("/v1/video/sessions", "POST"),
        ("/v1/preflight", "POST"),
        ("/v1/usage", "GET"),
    ] {
        let answer = ask(ORIGIN, path, method);
        assert!(matches!(answer.status, 200 | 204), "{path}: {} {}", answer.status, answer.text());
        assert_eq!(answer.header(ALLOW_ORIGIN), Some(ORIGIN), "{path}");
        assert!(allows(&answer, "access-control-allow-methods", method), "{path}: {answer:?}");
        for name in ["authorization", "content-type", "idempotency-key"] {
            assert!(allows(&answer, "access-control-allow-headers", name), "{path}: {answer:?}");
        }
        assert!(allows(&answer, "vary", "origin"), "{path}: {answer:?}");
    }
}

#[test]
fn cors_an_unknown_origin_gets_no_header() {
    for origin in ["https://evil.example", "https://page.example.evil.example", "null", "https://page.example:1"] {
        for (path, method) in [("/v1/sessions", "POST"), ("/v1/chat/completions", "POST"), ("/v1/usage", "GET")] {
            let answer = ask(origin, path, method);
            assert_eq!(answer.header(ALLOW_ORIGIN), None, "{origin} {path}");
            assert!(answer.status < 500, "{origin} {path}: {}", answer.status);
        }
    }
}

#[test]
fn cors_answers_name_the_origin_and_show_their_headers() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({}));
    let page = tenant.page();
    let good = page.caller.post("/v1/chat/completions", &chat("Hello"));
    good.expect(200);
    let refused = page.caller.post("/v1/chat/completions", &json!({}));
    refused.refused(400, "invalid_request");
    for answer in [good, refused, page.caller.get("/v1/usage")] {
        assert_eq!(answer.header(ALLOW_ORIGIN), Some(ORIGIN), "{answer:?}");
        assert!(allows(&answer, "vary", "origin"), "{answer:?}");
        for name in ["x-limit-check-id", "x-request-id", "retry-after"] {
            assert!(allows(&answer, "access-control-expose-headers", name), "{name}: {answer:?}");
        }
        assert_ne!(answer.header("access-control-allow-credentials"), Some("true"));
    }
    let stolen = page.caller.with_origin("https://evil.example").post("/v1/chat/completions", &chat("Hello"));
    stolen.refused(403, "forbidden");
    assert_eq!(stolen.header(ALLOW_ORIGIN), None, "another page can't even read the refusal");
}

#[test]
fn cors_an_origin_is_forgotten_with_the_last_tenant_that_allowed_it() {
    let gate = Gate::shared();
    let origin = format!("https://{}.example", scenarios::unique("o"));
    let tenant = Tenant::new(gate, json!({"allowed_origins": [origin]}));
    let shared = Tenant::new(gate, json!({"allowed_origins": [origin]}));
    assert_eq!(ask(&origin, "/v1/sessions", "POST").header(ALLOW_ORIGIN), Some(origin.as_str()));
    gate.admin().patch(&format!("/v1/tenants/{}", tenant.id), &json!({"allowed_origins": []})).expect(200);
    assert_eq!(ask(&origin, "/v1/sessions", "POST").header(ALLOW_ORIGIN), Some(origin.as_str()), "one still does");
    gate.admin().delete(&format!("/v1/tenants/{}", shared.id)).expect(204);
    assert_eq!(ask(&origin, "/v1/sessions", "POST").header(ALLOW_ORIGIN), None);
}
