//! Routes, privacy, disclosure and what belongs to a vendor's choice: every field's rule, and how a patch merges them.

use serde_json::{Map, Value as Json, json};

use crate::{Disclosure, PersonalData, RoutePick, Tenant, parse_tenant, patched};

fn with(field: &str, value: Json) -> Json {
    let mut body = json!({"id": "demo", "company": "acme"});
    body[field] = value;
    body
}

fn check(field: &str, value: Json, wrong: Option<&str>) {
    let read = parse_tenant(&with(field, value.clone()));
    assert_eq!(read.as_ref().err().map(|invalid| invalid.param.as_str()), wrong, "{field}: {value}");
    if let Ok(tenant) = read {
        // What is stored is read again as it was, by the store and by a patch.
        let stored = serde_json::to_string(&tenant).unwrap();
        assert_eq!(serde_json::from_str::<Tenant>(&stored).unwrap(), tenant, "{stored}");
        assert_eq!(patched(&tenant, &json!({})).unwrap(), tenant, "{stored}");
    }
}

fn read(field: &str, value: Json) -> Tenant {
    parse_tenant(&with(field, value)).unwrap()
}

fn rung() -> Json {
    json!({"provider": "openai", "model": "gpt-4.1-mini"})
}

/// A route of which one field is replaced.
fn route_with(field: &str, value: Json) -> Json {
    let mut route = json!({"rungs": [rung()]});
    route[field] = value;
    json!({"auto": route})
}

/// A route whose second rung has one field replaced.
fn rung_with(field: &str, value: Json) -> Json {
    let mut second = json!({"provider": "anthropic", "model": "m"});
    second[field] = value;
    route_with("rungs", json!([rung(), second]))
}

#[test]
fn routes_are_checked_field_by_field() {
    check("routes", json!(null), None);
    check("routes", json!({}), None);
    check("routes", json!({"auto": null}), None);
    check("routes", json!([]), Some("routes"));
    check("routes", json!({"auto": []}), Some("routes.auto"));
    check("routes", json!({"auto": {}}), Some("routes.auto.rungs"));
    check(
        "routes",
        json!({"auto": {"pick": "score", "weights": {"latency": 0, "cost": 100, "capability": 7},
        "rungs": [{"provider": "openai", "model": "gpt-4.1-mini", "rank": 5}, {"provider": "openai", "model": "n"}],
        "template": "I'll be back."}}),
        None,
    );

    for name in ["a", "fast-1_x", "0", &"a".repeat(40)] {
        check("routes", json!({name: {"rungs": [rung()]}}), None);
    }
    for name in ["", "Auto", "a b", "a.b", "ä", &"a".repeat(41)] {
        check("routes", json!({name: {"rungs": [rung()]}}), Some(&format!("routes.{name}")));
    }
    check("routes", json!({"x".repeat(500): {}}), Some(&format!("routes.{}", "x".repeat(80))));
    let many =
        |n: usize| Json::Object((0..n).map(|i| (format!("r{i}"), json!({"rungs": [rung()]}))).collect::<Map<_, _>>());
    check("routes", many(16), None);
    check("routes", many(17), Some("routes.r16"));

    check("routes", route_with("pick", json!("order")), None);
    check("routes", route_with("pick", json!(null)), None);
    for pick in [json!("random"), json!(""), json!("Score"), json!(1), json!({})] {
        check("routes", route_with("pick", pick), Some("routes.auto.pick"));
    }
    check("routes", route_with("weights", json!(3)), Some("routes.auto.weights"));
    check("routes", route_with("weights", json!({"speed": 3})), Some("routes.auto.weights.speed"));
    for weight in ["latency", "cost", "capability"] {
        let path = format!("routes.auto.weights.{weight}");
        for fits in [json!(0), json!(100), json!(null)] {
            check("routes", route_with("weights", json!({weight: fits})), None);
        }
        for wrong in [json!(-1), json!(101), json!(0.5), json!("3"), json!(u64::MAX)] {
            check("routes", route_with("weights", json!({weight: wrong})), Some(&path));
        }
    }
    check("routes", route_with("template", json!(null)), None);
    check("routes", route_with("template", json!("ü\n".repeat(1_000))), None);
    for template in [json!(""), json!("x".repeat(2_001)), json!(5)] {
        check("routes", route_with("template", template), Some("routes.auto.template"));
    }
    check("routes", route_with("fallback", json!("x")), Some("routes.auto.fallback"));
}

#[test]
fn rungs_are_checked_one_by_one() {
    let some = |n: usize| json!((0..n).map(|i| json!({"provider": "v", "model": format!("m{i}")})).collect::<Vec<_>>());
    check("routes", route_with("rungs", some(8)), None);
    for rungs in [some(0), some(9), json!(null), json!({}), json!("openai")] {
        check("routes", route_with("rungs", rungs), Some("routes.auto.rungs"));
    }
    check("routes", route_with("rungs", json!([rung(), "x"])), Some("routes.auto.rungs[1]"));
    for provider in [json!(null), json!("Open AI"), json!(""), json!(5), json!("x".repeat(41))] {
        check("routes", rung_with("provider", provider), Some("routes.auto.rungs[1].provider"));
    }
    for model in [json!(null), json!(""), json!(5), json!("x".repeat(201)), json!("a\nb")] {
        check("routes", rung_with("model", model), Some("routes.auto.rungs[1].model"));
    }
    for rank in [json!(0), json!(100), json!(null)] {
        check("routes", rung_with("rank", rank), None);
    }
    for rank in [json!(-1), json!(101), json!(1.5), json!("0")] {
        check("routes", rung_with("rank", rank), Some("routes.auto.rungs[1].rank"));
    }
    check("routes", rung_with("weight", json!(1)), Some("routes.auto.rungs[1].weight"));
    check("routes", route_with("rungs", json!([rung(), rung()])), Some("routes.auto.rungs[1].model"));
    let elsewhere = json!({"provider": "azure", "model": "gpt-4.1-mini"});
    check("routes", route_with("rungs", json!([rung(), elsewhere])), None);
}

#[test]
fn a_route_has_the_defaults_of_the_contract() {
    let route = &read("routes", json!({"auto": {"rungs": [rung(), {"provider": "v", "model": "m"}]}})).routes["auto"];
    assert_eq!(route.pick, RoutePick::Score);
    assert_eq!((route.weights.latency, route.weights.cost, route.weights.capability), (3, 4, 3));
    assert_eq!(route.template, None);
    assert_eq!(route.ranked().map(|(rung, rank)| (rung.model.as_str(), rank)).last(), Some(("m", 1)));
}

#[test]
fn privacy_is_checked_field_by_field() {
    check("privacy", json!(null), None);
    check("privacy", json!({}), None);
    check("privacy", json!({"mask": []}), None);
    check("privacy", json!({"mask": ["email", "phone", "card", "national_id"]}), None);
    check("privacy", json!({"mask": ["email", "name"]}), Some("privacy.mask[1]"));
    check("privacy", json!({"mask": ["email", "email"]}), Some("privacy.mask[1]"));
    check("privacy", json!({"mask": [1]}), Some("privacy.mask[0]"));
    check("privacy", json!({"mask": "email"}), Some("privacy.mask"));
    check("privacy", json!({"masks": []}), Some("privacy.masks"));
    check("privacy", json!(["email"]), Some("privacy"));
    assert_eq!(Tenant::new("a", "c").privacy.mask, []);
    let masked = read("privacy", json!({"mask": ["national_id", "email"]})).privacy.mask;
    assert_eq!(masked, [PersonalData::NationalId, PersonalData::Email]);
}

#[test]
fn a_disclosure_is_taken_off_on_purpose_only() {
    check("disclosure", json!(null), None);
    check("disclosure", json!({"show": false}), None);
    check("disclosure", json!({"label": "ü".repeat(200)}), None);
    for label in [json!(""), json!("x".repeat(201)), json!(5), json!("a\r\nb")] {
        check("disclosure", json!({"label": label}), Some("disclosure.label"));
    }
    check("disclosure", json!({"show": "no"}), Some("disclosure.show"));
    check("disclosure", json!({"law": null, "spoken": null}), None);
    for law in ["eu", "us-ca", "us-ut", "us-ny"] {
        check("disclosure", json!({"law": law, "spoken": true}), None);
        check("disclosure", json!({"law": law, "show": false}), Some("disclosure.show"));
    }
    for law in ["eu", "us-ut"] {
        check("disclosure", json!({"law": law, "spoken": false}), Some("disclosure.spoken"));
    }
    check("disclosure", json!({"law": "us-ca", "spoken": false}), None);
    for law in [json!("de"), json!(""), json!(7)] {
        check("disclosure", json!({"law": law}), Some("disclosure.law"));
    }
    check("disclosure", json!({"spoken": "no"}), Some("disclosure.spoken"));
    check("disclosure", json!({"text": "x"}), Some("disclosure.text"));
    for disclosure in [json!("AI Host"), json!(""), json!(false)] {
        check("disclosure", disclosure, Some("disclosure"));
    }
    let shown = |disclosure: Json, shown: Option<&str>| {
        let tenant = read("disclosure", disclosure.clone());
        assert_eq!(tenant.disclosure.shown(), shown, "{disclosure}");
    };
    shown(json!(null), Some("AI Host"));
    shown(json!({}), Some("AI Host"));
    shown(json!({"label": null, "show": null}), Some("AI Host"));
    shown(json!({"label": "KI-Moderation"}), Some("KI-Moderation"));
    shown(json!({"show": false}), None);
    shown(json!({"show": false, "label": "KI"}), None);
}

#[test]
fn what_belongs_to_context_is_refused_elsewhere() {
    let context = |extra: Json| {
        let mut choice = json!({"provider": "sportradar"});
        for (name, value) in extra.as_object().unwrap() {
            choice[name] = value.clone();
        }
        json!({"context": choice})
    };
    check("vendors", context(json!({"into_chat": "match/42", "cache_seconds": 30})), None);
    check("vendors", context(json!({"into_chat": null, "cache_seconds": null})), None);
    check("vendors", context(json!({"into_chat": "ü".repeat(200), "cache_seconds": 86_400})), None);
    for topic in [json!(""), json!("x".repeat(201)), json!(true), json!("a\nb")] {
        check("vendors", context(json!({"into_chat": topic})), Some("vendors.context.into_chat"));
    }
    for seconds in [json!(0), json!(86_401), json!(-1), json!(1.5), json!("30")] {
        check("vendors", context(json!({"cache_seconds": seconds})), Some("vendors.context.cache_seconds"));
    }
    check("vendors", context(json!({"cache": 1})), Some("vendors.context.cache"));
    for capability in ["chat", "speech", "video", "jobs"] {
        for (name, value) in [("into_chat", json!("match")), ("cache_seconds", json!(30))] {
            let choice = json!({capability: {"provider": "v", name: value}});
            check("vendors", choice, Some(&format!("vendors.{capability}.{name}")));
        }
    }
}

#[test]
fn a_patch_merges_the_settings_field_by_field() {
    let start = parse_tenant(&json!({"id": "demo", "company": "acme",
        "routes": {"auto": {"pick": "order", "weights": {"cost": 9}, "rungs": [rung()], "template": "Later."},
            "fast": {"rungs": [rung()]}},
        "privacy": {"mask": ["email"]}, "disclosure": {"label": "KI"},
        "vendors": {"context": {"provider": "newsapi", "into_chat": "sports", "cache_seconds": 60}}}))
    .unwrap();
    let check = |patch: Json, pointer: &str, result: Json| {
        let next = serde_json::to_value(patched(&start, &patch).unwrap()).unwrap();
        assert_eq!(next.pointer(pointer).cloned().unwrap_or_default(), result, "{patch}");
    };
    check(json!({"routes": {"auto": {"weights": {"cost": 1}}}}), "/routes/auto/weights/cost", json!(1));
    check(json!({"routes": {"auto": {"weights": {"cost": 1}}}}), "/routes/auto/pick", json!("order"));
    check(json!({"routes": {"auto": {"weights": null}}}), "/routes/auto/weights/cost", json!(4));
    check(json!({"routes": {"auto": {"pick": null}}}), "/routes/auto/pick", json!("score"));
    check(json!({"routes": {"auto": {"template": null}}}), "/routes/auto/template", json!(null));
    check(json!({"routes": {"auto": null}}), "/routes/auto", json!(null));
    check(json!({"routes": {"auto": null}}), "/routes/fast/pick", json!("score"));
    check(json!({"routes": null}), "/routes", json!({}));
    check(json!({"privacy": {"mask": ["card"]}}), "/privacy/mask", json!(["card"]));
    check(json!({"privacy": null}), "/privacy/mask", json!([]));
    check(json!({"disclosure": {"show": false}}), "/disclosure", json!({"show": false, "label": "KI"}));
    check(json!({"disclosure": null}), "/disclosure", json!({"show": true, "label": "AI Host"}));
    check(json!({"vendors": {"context": {"into_chat": null}}}), "/vendors/context/cache_seconds", json!(60));
    check(json!({"vendors": {"context": {"into_chat": null}}}), "/vendors/context/into_chat", json!(null));

    let refuse = |patch: Json, wrong: &str| {
        assert_eq!(patched(&start, &patch).unwrap_err().param, wrong, "{patch}");
    };
    refuse(json!({"routes": {"auto": {"rungs": null}}}), "routes.auto.rungs");
    refuse(json!({"routes": {"new": {"pick": "order"}}}), "routes.new.rungs");
    refuse(json!({"disclosure": ""}), "disclosure");
    check(json!({"disclosure": {"law": "eu"}}), "/disclosure", json!({"show": true, "label": "KI", "law": "eu"}));
    refuse(json!({"disclosure": {"law": "eu", "show": false}}), "disclosure.show");
    refuse(json!({"vendors": {"chat": {"provider": "v", "cache_seconds": 1}}}), "vendors.chat.cache_seconds");
}

#[test]
fn a_tenant_stored_before_there_were_these_settings_has_their_defaults() {
    let stored = r#"{"id":"demo","company":"acme","display_name":"","allowed_origins":[],"channels":["widget"],
        "capabilities":["chat"],"end_user_auth":null,"minimum_age":null,"consent_required":true,"limits":{},
        "ladder":{"throttle_at":null,"text_only_at":null},"fallback_message":"I am sleeping now",
        "vendors":{"context":{"provider":"newsapi","model":"m"}}}"#;
    let tenant: Tenant = serde_json::from_str(stored).unwrap();
    assert!(tenant.routes.is_empty() && tenant.privacy.mask.is_empty());
    assert_eq!(tenant.disclosure, Disclosure::default());
    assert_eq!(tenant.vendors["context"].cache_seconds, None);
}
