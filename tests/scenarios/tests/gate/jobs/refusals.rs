//! Jobs that never begin: what they cost, and what the caller is told.

use scenarios::{Books, Mocks, Value, json};

use super::{JOBS, PERMIT, VENDORS, body, facts, tenant};
use crate::house::{self, settled};

#[test]
fn prx_2_a_refusal_costs_nothing_and_an_answer_nobody_can_read_costs_all() {
    let check = |vendor: &'static str, words: &str, in_full: bool| {
        let (tenant, (_, reserved, ..)) = (tenant(vendor), facts(vendor));
        let server = tenant.server();
        let refused = server.post(JOBS, &body(vendor, words)).refused(502, "vendor_error");
        assert!(refused[PERMIT].is_string(), "{vendor} {words}: {refused}");
        assert_eq!(settled(&server), if in_full { reserved } else { 0 }, "{vendor} {words}");
    };
    // kie refuses with status 200.
    check("kie", "[[refuse:402]]", false);
    check("kie", "[[refuse:500]]", true);
    for vendor in VENDORS {
        check(vendor, "[[fault:401]]", false);
        check(vendor, "[[fault:402]]", false);
        check(vendor, "[[fault:400]]", false);
        // The vendor may have begun it.
        check(vendor, "[[fault:garble]]", true);
        check(vendor, "[[fault:lost]]", true);
    }
}

#[test]
fn prx_2_a_bad_request_names_its_field_and_costs_nothing() {
    let check = |vendor: &'static str, patch: Value, param: &str| {
        let tenant = tenant(vendor);
        let mut wanted = body(vendor, "");
        scenarios::tenant::merge(&mut wanted, patch.clone());
        let refused = tenant.page().caller.post(JOBS, &wanted).refused(400, "invalid_request");
        assert_eq!(refused["param"], param, "{vendor} {patch}: {refused}");
        Mocks::shared().assert_not_called(&tenant);
        assert_eq!(Books(&tenant.server()).usage().tenant.held, 0);
        assert_eq!(settled(&tenant.server()), 0);
    };
    for vendor in VENDORS {
        check(vendor, json!({"provider": "nobody"}), "provider");
        check(vendor, json!({"provider": "openai"}), "provider");
        check(vendor, json!({"provider": 1}), "provider");
        check(vendor, json!({"kind": "dance"}), "kind");
        check(vendor, json!({"kind": null}), "kind");
        check(vendor, json!({"kind": ["video"]}), "kind");
        check(vendor, json!({"input": "text"}), "input");
        check(vendor, json!({"input": [1]}), "input");
        check(vendor, json!({"input": {"surprise": true}}), "input");
        check(vendor, json!({"more": 1}), "more");
    }
    check("kie", json!({"input": {"prompt": ""}}), "input.prompt");
    check("kie", json!({"input": {"prompt": 5}}), "input.prompt");
    check("kie", json!({"input": {"model": "no-price"}}), "input.model");
    check("kie", json!({"input": {"seed": -1}}), "input.seed");
    check("kie", json!({"input": {"image_urls": ["http://files.example/a.png"]}}), "input.image_urls");
    check("shotstack", json!({"input": {"timeline": {"tracks": []}}}), "input.timeline");
    check("shotstack", json!({"input": {"timeline": "none"}}), "input.timeline");
    check("shotstack", json!({"input": {"output": {"format": "jpg"}}}), "input.output.format");
    check("shotstack", json!({"input": {"output": {"destinations": []}}}), "input.output.destinations");
    check("shotstack", json!({"input": {"callback": "https://elsewhere.example/"}}), "input.callback");
    check("upload-post", json!({"input": {"platforms": ["tiktok", "tiktok"]}}), "input.platforms");
    check("upload-post", json!({"input": {"platforms": "tiktok"}}), "input.platforms");
    check("upload-post", json!({"input": {"video": "http://files.example/a.mp4"}}), "input.video");
    check("upload-post", json!({"input": {"video": "https://127.0.0.1/a.mp4\r\n"}}), "input.video");
    check("upload-post", json!({"input": {"title": ""}}), "input.title");
}

#[test]
fn prx_2_no_job_without_the_capability_or_the_money() {
    let off = house::tenant(house::gate(), Mocks::shared(), "kie", json!({"capabilities": ["chat"]}), json!({}));
    for caller in [off.page().caller, off.server()] {
        assert_eq!(caller.post(JOBS, &body("kie", "")).refused(403, "forbidden")["code"], "capability_disabled");
    }
    let poor = json!({"limits": {"monthly_cost_usd": "0.30"}});
    let poor = house::tenant(house::gate(), Mocks::shared(), "kie", poor, json!({}));
    poor.server().post(JOBS, &body("kie", "")).refused(402, "hard_cap");
    for tenant in [&off, &poor] {
        Mocks::shared().assert_not_called(tenant);
    }
}
