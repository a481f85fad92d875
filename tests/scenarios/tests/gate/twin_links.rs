//! TWN-2: a link address is issued to a module, taken apart, and opened as a session that behaves as it says.

use scenarios::{Gate, Tenant, Value, json};

use crate::twins::{deployed, made, path};

fn linked(tenant: &Tenant, module: &str, mode: &str) -> String {
    let body = json!({"module": module, "mode": mode, "context": {"table": 7}});
    let answer = tenant.server().post(&path(tenant, "/links"), &body).expect(201);
    answer["link_url"].as_str().expect("a link").to_owned()
}

fn open(tenant: &Tenant, link: &str) -> scenarios::Answer {
    tenant.open_session(&json!({"channel": "widget", "consent": true, "link": link}))
}

#[test]
fn twn_2_a_link_opens_a_session_for_its_module() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let twin = deployed(&tenant, json!({}));
    let id = twin["id"].as_str().expect("an id");
    let url = linked(&tenant, "casino", "Casino Interactive");
    assert_eq!(url, format!("mt-link://casino/{id}?mode=dealer"));
    let shown = tenant.server().get(&path(&tenant, "/links")).expect(200);
    assert_eq!(shown, json!({"links": [{"module": "casino", "mode": "dealer", "context": {"table": 7}, "url": url}]}));
    for link in [url.clone(), url.replace('#', "%23"), format!("mt-link://casino/{}?mode=dealer", tenant.id)] {
        let opened = open(&tenant, &link).expect(201);
        assert_eq!((&opened["module"], &opened["behavior"]), (&json!("casino"), &json!("dealer")), "{link}");
        let seen = tenant.server().get(&format!("/v1/sessions/{}", opened["id"].as_str().expect("an id"))).expect(200);
        assert_eq!((&seen["module"], &seen["behavior"]), (&json!("casino"), &json!("dealer")), "{link}");
    }
    let plain = tenant.open_session(&json!({"channel": "widget", "consent": true})).expect(201);
    assert!(plain.get("module").is_none() && plain.get("behavior").is_none(), "{plain}");
    let encoded = url.replace('#', "%23").replace('?', "%3F").replace('=', "%3D");
    let resolved = tenant.server().get(&format!("/v1/twins/resolve?link={encoded}")).expect(200);
    let expected = json!({"tenant_id": tenant.id, "id": id, "module": "casino", "mode": "dealer", "deployed": true});
    assert_eq!(resolved, expected);
}

#[test]
fn twn_2_a_link_that_was_not_issued_opens_nothing() {
    let gate = Gate::shared();
    let (tenant, other) = (Tenant::new(gate, json!({})), Tenant::new(gate, json!({})));
    deployed(&tenant, json!({}));
    deployed(&other, json!({}));
    let (url, theirs) = (linked(&tenant, "shop", "host"), linked(&other, "shop", "host"));
    let unknown = |link: &str| {
        assert_eq!(open(&tenant, link).refused(404, "not_found")["code"], "link_unknown", "{link}");
    };
    unknown(&url.replace("host", "coach"));
    unknown(&url.replace("host", "nonsense"));
    unknown(&url.replace("shop", "club"));
    unknown("mt-link://shop/nobody-at-all?mode=host");
    assert_eq!(open(&tenant, &theirs).refused(403, "forbidden")["code"], "wrong_tenant");
    for bad in ["shop", "https://shop/x?mode=host", "mt-link://shop/x", "mt-link://SHOP/x?mode=host"] {
        assert_eq!(open(&tenant, bad).refused(400, "invalid_request")["param"], "link", "{bad}");
        let asked = tenant.server().get(&format!("/v1/twins/resolve?link={}", bad.replace('?', "%3F")));
        assert_eq!(asked.refused(400, "invalid_request")["param"], "link", "{bad}");
    }
    let resolve = format!("/v1/twins/resolve?link={}", theirs.replace('#', "%23").replace('?', "%3F"));
    assert_eq!(tenant.server().get(&resolve).refused(403, "forbidden")["code"], "wrong_tenant");
    assert_eq!(gate.admin().get(&resolve).expect(200)["tenant_id"], other.id);
    // Taken away, it opens nothing more; what it has opened goes on.
    let opened = open(&tenant, &url).expect(201);
    tenant.server().delete(&path(&tenant, "/links/shop?mode=host")).expect(204);
    tenant.server().delete(&path(&tenant, "/links/shop")).expect(204);
    unknown(&url);
    let session = tenant.server().get(&format!("/v1/sessions/{}", opened["id"].as_str().expect("an id"))).expect(200);
    assert_eq!((&session["status"], &session["module"]), (&json!("active"), &json!("shop")));
}

#[test]
fn twn_2_a_link_says_what_is_wrong_with_it() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    made(&tenant, json!({}));
    let check = |body: Value, param: &str| {
        let refused = tenant.server().post(&path(&tenant, "/links"), &body).refused(400, "invalid_request");
        assert_eq!(refused["param"], param, "{body}");
    };
    check(json!({"mode": "host"}), "module");
    check(json!({"module": "The Shop", "mode": "host"}), "module");
    check(json!({"module": "shop"}), "mode");
    check(json!({"module": "shop", "mode": "villain"}), "mode");
    check(json!({"module": "shop", "mode": "host", "context": "x"}), "context");
    check(json!({"module": "shop", "mode": "host", "context": {"a": "x".repeat(5_000)}}), "context");
    for n in 0..64 {
        linked(&tenant, &format!("m{n}"), "host");
    }
    let one_more = tenant.server().post(&path(&tenant, "/links"), &json!({"module": "more", "mode": "host"}));
    assert_eq!(one_more.refused(409, "conflict")["code"], "too_many_links");
}
