//! SES-4: a page that sells what needs a certificate of analysis is closed without a valid one, for its visitors' sessions
//! and for the shop that asks.

use scenarios::tenant::{Page, merge};
use scenarios::{Books, Gate, Tenant, Value, json};

fn shop(patch: Value) -> Tenant {
    let mut record = json!({"restricted_pages": ["/shop/*"]});
    merge(&mut record, patch);
    Tenant::new(Gate::shared(), record)
}

const LONG_AGO: &str = "2020-01-01";
const PAST: &str = "2020-12-31";
const FAR: &str = "2099-12-31";

fn certificate(page: &str, from: &str, to: &str) -> Value {
    json!({
        "page": page, "product": "Hemp gummies", "batch": "B-17", "laboratory": "Lab One",
        "issued_on": from, "expires_on": to, "url": "https://lab.example/b17.pdf", "sha256": "ab".repeat(32),
    })
}

fn path(tenant: &Tenant) -> String {
    format!("/v1/tenants/{}/certificates", tenant.id)
}

#[track_caller]
fn put(tenant: &Tenant, certificates: &[Value]) {
    let list = json!({ "certificates": certificates });
    assert_eq!(tenant.server().put(&path(tenant), &list).expect(200), list);
}

fn open(tenant: &Tenant, page: Value) -> scenarios::Answer {
    tenant.open_session(&json!({"channel": "widget", "consent": true, "age_attested": 30, "page": page}))
}

/// How the page stands: restricted, open, why not.
#[track_caller]
fn stands(tenant: &Tenant, page: &str) -> Value {
    let of_page = tenant.visitor().get(&format!("/v1/compliance/pages?page={page}")).expect(200);
    let of_server = tenant.server().get(&format!("/v1/compliance/pages?page={page}")).expect(200);
    assert_eq!(of_page, of_server);
    json!([of_page["restricted"], of_page["open"], of_page["code"]])
}

#[test]
fn ses_4_a_restricted_page_is_closed_until_it_has_a_certificate_of_its_own() {
    let tenant = shop(json!({"minimum_age": 21}));
    let check = |page: &str, code: Option<&str>| {
        assert_eq!(stands(&tenant, page), json!([true, code.is_none(), code]), "{page}");
        match code {
            Some(code) => assert_eq!(open(&tenant, json!(page)).refused(403, "forbidden")["code"], code, "{page}"),
            None => drop(open(&tenant, json!(page)).expect(201)),
        }
    };
    check("/shop/gummies", Some("certificate_missing"));
    put(
        &tenant,
        &[
            certificate("/shop/gummies", LONG_AGO, FAR),
            certificate("/shop/oil", LONG_AGO, PAST),
            certificate("/shop/tea", FAR, FAR),
        ],
    );
    check("/shop/gummies", None);
    check("/shop//%67ummies/", None);
    check("/shop/oil", Some("certificate_expired"));
    check("//shop/oil", Some("certificate_expired"));
    check("/shop/tea", Some("certificate_missing"));
    check("/shop/gummies/large", Some("certificate_missing"));
    assert_eq!(stands(&tenant, "/about"), json!([false, true, null]));
    open(&tenant, json!("/about")).expect(201);

    let told = tenant.visitor().get("/v1/compliance/pages?page=/shop/gummies").expect(200);
    assert_eq!(told["certificate"], certificate("/shop/gummies", LONG_AGO, FAR));
    assert_eq!((&told["page"], &told["minimum_age"]), (&json!("/shop/gummies"), &json!(21)));
    // Taken back, it is closed again at once.
    put(&tenant, &[]);
    check("/shop/gummies", Some("certificate_missing"));
}

#[test]
fn ses_4_a_page_says_where_it_is_and_the_age_comes_first() {
    let tenant = shop(json!({"minimum_age": 21}));
    let young = json!({"channel": "widget", "consent": true, "page": "/shop/gummies"});
    assert_eq!(tenant.open_session(&young).refused(403, "forbidden")["code"], "age_required");
    for page in [json!(null), json!(""), json!("shop"), json!("/a?b"), json!("/%2e%2e/shop"), json!(7), json!("/*")] {
        assert_eq!(open(&tenant, page.clone()).refused(400, "invalid_request")["param"], "page", "{page}");
    }
    // The tenant's own server knows its pages, and is held to what it says.
    let mut body = json!({"channel": "widget", "consent": true, "age_attested": 30});
    tenant.server().post("/v1/sessions", &body).expect(201);
    body["page"] = json!("/shop/gummies");
    assert_eq!(tenant.server().post("/v1/sessions", &body).refused(403, "forbidden")["code"], "certificate_missing");
    // Whoever has no such pages may leave it out, or say it.
    let free = Tenant::new(Gate::shared(), json!({}));
    free.page();
    open(&free, json!("/shop/gummies")).expect(201);
}

#[test]
fn ses_4_certificates_are_checked_told_to_their_own_alone_and_changes_are_in_the_log() {
    let gate = Gate::shared();
    let (tenant, other) = (shop(json!({})), shop(json!({})));
    let path = path(&tenant);
    let list = json!({"certificates": [certificate("/shop/gummies", LONG_AGO, FAR)]});
    assert_eq!(tenant.server().get(&path).expect(200), json!({"certificates": []}));
    put(&tenant, &[certificate("/shop/gummies", LONG_AGO, FAR)]);
    gate.admin().put(&path, &list).expect(200);
    assert_eq!(gate.admin().get(&path).expect(200), list);
    for field in ["page", "product", "batch", "laboratory", "issued_on", "expires_on", "url", "sha256"] {
        let mut bad = list.clone();
        bad["certificates"][0][field] = json!("");
        let error = tenant.server().put(&path, &bad).refused(400, "invalid_request");
        assert_eq!(error["param"], format!("certificates[0].{field}"), "{error}");
    }
    assert_eq!(tenant.server().put(&path, &json!({})).refused(400, "invalid_request")["param"], "certificates");
    assert_eq!(tenant.server().get(&path).expect(200), list, "what was refused has changed nothing");

    let page = Page::of(&tenant, &open(&tenant, json!("/")).expect(201)).caller;
    for caller in [other.server(), tenant.visitor(), gate.stranger(), page] {
        for answer in [caller.get(&path), caller.put(&path, &list)] {
            assert!(matches!(answer.status, 401 | 403), "{}", answer.text());
        }
    }
    gate.admin().get("/v1/tenants/nobody-here/certificates").refused(404, "not_found");
    gate.admin().put("/v1/tenants/nobody-here/certificates", &list).refused(404, "not_found");
    gate.stranger().get("/v1/compliance/pages?page=/shop").refused(401, "unauthenticated");
    tenant.visitor().without_origin().get("/v1/compliance/pages?page=/shop").refused(403, "forbidden");
    assert_eq!(tenant.visitor().get("/v1/compliance/pages").refused(400, "invalid_request")["param"], "page");
    assert_eq!(tenant.visitor().get("/v1/compliance/pages?page=x").refused(400, "invalid_request")["param"], "page");

    let changes: Vec<Value> = Books(&gate.admin())
        .entries()
        .into_iter()
        .filter(|entry| entry["tenant_id"] == tenant.id.as_str() && entry["event_type"] == "CERTIFICATES_CHANGED")
        .collect();
    assert_eq!(changes.len(), 1, "what changes nothing is not told: {changes:?}");
    assert_eq!((&changes[0]["details"]["count"], &changes[0]["company"]), (&json!("1"), &json!(tenant.company)));
    assert_eq!(changes[0]["details"]["sha256"].as_str().map(str::len), Some(64));
    // They go with their tenant.
    gate.admin().delete(&format!("/v1/tenants/{}", tenant.id)).expect(204);
    gate.admin().get(&path).refused(404, "not_found");
}
