//! EVIDENCE-05, ADP-2: a vendor is swapped by its binding alone.

use scenarios::tenant::{chat, speech};
use scenarios::{Gate, Mocks, Tenant, json};

#[test]
fn evidence_05_a_put_of_the_binding_swaps_one_vendor_for_another() {
    let gate = Gate::shared();
    let (first, second) = (Mocks::shared(), Mocks::start());
    let mut tenant = Tenant::at(gate, first, json!({}));
    let page = tenant.page();
    page.caller.post("/v1/chat/completions", &chat("To the first")).expect(200);
    assert_eq!(first.calls_of(&tenant).len(), 1);

    // The same page, the same session, the same request: only the binding is another one.
    let at_first = tenant.clone();
    tenant.bind(gate, "openai", &second, json!({}));
    page.caller.post("/v1/chat/completions", &chat("To the second")).expect(200);
    assert_eq!((first.calls_of(&at_first).len(), second.calls_of(&tenant).len()), (1, 1));
    assert_eq!(second.calls_of(&tenant)[0]["key"], tenant.vendor_secrets["openai"].as_str(), "with its own key");

    // The other vendors stay where they were.
    assert_eq!(page.caller.post("/v1/speech", &speech("Hello")).status, 200);
    assert_eq!(first.calls_of(&tenant).len(), 1);

    tenant.bind(gate, "openai", first, json!({}));
    page.caller.post("/v1/chat/completions", &chat("To the first again")).expect(200);
    assert_eq!((first.calls_of(&tenant).len(), second.calls_of(&tenant).len()), (2, 0));
}

#[test]
fn prx_4_a_vendors_address_outside_the_allow_list_is_refused() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    let path = format!("/v1/tenants/{}/vendors/openai", tenant.id);
    for address in [
        "https://evil.example/v1",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/v1",
        "http://[::1]:80/v1",
        "http://127.0.0.1.evil.example/v1",
        "http://user@127.0.0.1:1/v1",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let binding = json!({"mode": "live", "base_url": address, "secret": "sk-test-x", "options": {}});
        let answer = gate.admin().put(&path, &binding);
        let error = answer.refused(400, "invalid_request");
        assert_eq!(error["param"], "base_url", "{address}: {error}");
    }
    tenant.server().post("/v1/chat/completions", &chat("The binding is as it was")).expect(200);
}
