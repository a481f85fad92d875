//! Every field's rule, with the path that a refusal names.

use serde_json::{Value as Json, json};

use crate::{Tenant, parse_company, parse_prices, parse_tenant, patched};

/// A tenant of which one field is replaced.
fn with(field: &str, value: Json) -> Json {
    let mut body = json!({"id": "demo", "company": "acme"});
    body[field] = value;
    body
}

fn param<T>(read: Result<T, crate::Invalid>) -> Option<String> {
    read.err().map(|invalid| invalid.param)
}

#[test]
fn tenants_are_checked_field_by_field() {
    let check = |field: &str, value: Json, wrong: Option<&str>| {
        assert_eq!(param(parse_tenant(&with(field, value.clone()))).as_deref(), wrong, "{field}: {value}");
    };
    check("id", json!("a".repeat(64)), None);
    for id in [json!("a".repeat(65)), json!(""), json!("a/b"), json!("-a"), json!("ü"), json!(5), json!(null)] {
        check("id", id, Some("id"));
    }
    check("company", json!("a b"), Some("company"));
    check("company", json!(null), Some("company"));
    check("display_name", json!("ü".repeat(200)), None);
    check("display_name", json!("x".repeat(201)), Some("display_name"));
    check("display_name", json!(7), Some("display_name"));

    check("allowed_origins", json!(["https://a.example", "http://localhost:3000"]), None);
    check("allowed_origins", json!(["https://a.example/"]), Some("allowed_origins[0]"));
    check("allowed_origins", json!(["https://a.example", "*"]), Some("allowed_origins[1]"));
    check("allowed_origins", json!(["https://a.example", "HTTPS://A.example"]), Some("allowed_origins[1]"));
    check("allowed_origins", json!([1]), Some("allowed_origins[0]"));
    check("allowed_origins", json!("https://a.example"), Some("allowed_origins"));
    let many = |n: usize| json!((0..n).map(|i| format!("https://a{i}.example")).collect::<Vec<_>>());
    check("allowed_origins", many(64), None);
    check("allowed_origins", many(65), Some("allowed_origins"));

    check("channels", json!([]), None);
    check("channels", json!(["portal", "landing"]), None);
    check("channels", json!(["portal", "phone"]), Some("channels[1]"));
    check("channels", json!(["portal", "portal"]), Some("channels[1]"));
    check("capabilities", json!(["chat", "jobs"]), None);
    check("capabilities", json!(["fly"]), Some("capabilities[0]"));
    check("capabilities", json!({"chat": true}), Some("capabilities"));

    check("minimum_age", json!(null), None);
    check("minimum_age", json!(120), None);
    for age in [json!(0), json!(121), json!(-1), json!(1.5), json!("21")] {
        check("minimum_age", age, Some("minimum_age"));
    }
    check("consent_required", json!(false), None);
    check("consent_required", json!("yes"), Some("consent_required"));
    check("fallback_message", json!(""), Some("fallback_message"));
    check("fallback_message", json!("x".repeat(501)), Some("fallback_message"));

    check("vendors", json!({"chat": {"provider": "openai", "model": "gpt-4.1-mini"}, "video": null}), None);
    check("vendors", json!({"chat": {"provider": "OpenAI"}}), Some("vendors.chat.provider"));
    check("vendors", json!({"chat": {}}), Some("vendors.chat.provider"));
    check("vendors", json!({"chat": {"provider": "a", "key": "sk"}}), Some("vendors.chat.key"));
    check("vendors", json!({"chat": "openai"}), Some("vendors.chat"));
    check("vendors", json!({"fly": {"provider": "a"}}), Some("vendors.fly"));
    check("allowed_origin", json!([]), Some("allowed_origin"));
    assert_eq!(param(parse_tenant(&json!([]))).as_deref(), Some("body"));
    assert_eq!(param(parse_tenant(&json!(null))).as_deref(), Some("body"));
}

#[test]
fn limits_are_checked_field_by_field() {
    let check = |limits: Json, wrong: Option<&str>| {
        let wrong_in_tenant = wrong.map(|w| if w.is_empty() { "limits".into() } else { format!("limits.{w}") });
        assert_eq!(param(parse_tenant(&with("limits", limits.clone()))), wrong_in_tenant, "{limits}");
        assert_eq!(param(parse_company("acme", &json!({"limits": limits.clone()}))), wrong_in_tenant, "{limits}");
    };
    check(json!({}), None);
    check(
        json!({"monthly_cost_usd": "25.00", "daily_units": {"seconds": 3600, "tokens": 5}, "session_cost_usd": "0.50",
        "session_units": {"seconds": 60}, "burst": 50, "queue_wait_ms": 0, "requests_per_minute": 60,
        "request_burst": 10}),
        None,
    );
    for field in ["monthly_cost_usd", "session_cost_usd"] {
        for money in [json!(null), json!("0"), json!("0.000000001"), json!("9000000000")] {
            check(json!({field: money}), None);
        }
        for money in ["-1", "1e3", "0.0000000001", "9000000001", "", " 1", "NaN", "1,5", "+1", "0x1"] {
            check(json!({field: money}), Some(field));
        }
        for money in [json!(25), json!(0), json!(-1), json!(0.5), json!(1e300), json!([]), json!({}), json!(true)] {
            check(json!({field: money}), Some(field));
        }
        check(json!({field: "9".repeat(400)}), Some(field));
    }
    for field in ["daily_units", "session_units"] {
        let one = |unit: &str, cap: Json| json!({ field: { unit: cap } });
        for unit in money::UNIT_TYPES.iter().copied().chain(["tokens"]) {
            let path = format!("{field}.{unit}");
            for cap in [json!(null), json!(0), json!(1), json!(1_000_000_000_000_000_u64)] {
                check(one(unit, cap), None);
            }
            for cap in [json!(-1), json!(1.5), json!(1.0), json!("1"), json!(1e300), json!(i64::MAX), json!(u64::MAX)] {
                check(one(unit, cap), Some(&path));
            }
            check(one(unit, json!(1_000_000_000_000_001_u64)), Some(&path));
        }
        check(one("minutes", json!(1)), Some(&format!("{field}.minutes")));
        check(one("", json!(1)), Some(&format!("{field}.")));
        for map in [json!(5), json!("seconds"), json!([]), json!(0.5)] {
            check(json!({field: map}), Some(field));
        }
    }
    for (field, least, most) in [
        ("burst", 1_i64, 1_000_000_i64),
        ("queue_wait_ms", 0, 30_000),
        ("requests_per_minute", 1, 1_000_000),
        ("request_burst", 1, 1_000_000),
    ] {
        check(json!({field: least}), None);
        check(json!({field: most}), None);
        check(json!({field: least - 1}), Some(field));
        check(json!({field: most + 1}), Some(field));
        check(json!({field: 1.5}), Some(field));
        check(json!({field: "1"}), Some(field));
        for huge in [json!(1e300), json!(i64::MIN), json!(u64::MAX)] {
            check(json!({field: huge}), Some(field));
        }
    }
    check(json!({"bursts": 1}), Some("bursts"));
    check(json!("none"), Some(""));
}

#[test]
fn the_ladder_goes_up() {
    let check = |ladder: Json, wrong: Option<&str>| {
        assert_eq!(param(parse_tenant(&with("ladder", ladder.clone()))).as_deref(), wrong, "{ladder}");
    };
    check(json!({"throttle_at": 0.8, "text_only_at": 0.95}), None);
    check(json!({"throttle_at": 0.8, "text_only_at": 0.8}), None);
    check(json!({"throttle_at": 0, "text_only_at": 1}), None);
    check(json!({"text_only_at": 0.5}), None);
    check(json!({"throttle_at": null}), None);
    check(json!({"throttle_at": 0.9, "text_only_at": 0.8}), Some("ladder.throttle_at"));
    check(json!({"throttle_at": 1.1}), Some("ladder.throttle_at"));
    check(json!({"text_only_at": -0.1}), Some("ladder.text_only_at"));
    check(json!({"text_only_at": "0.8"}), Some("ladder.text_only_at"));
    check(json!({"deny_at": 1}), Some("ladder.deny_at"));
}

#[test]
fn end_users_are_vouched_for_by_one_key_set() {
    let check = |auth: Json, wrong: Option<&str>| {
        assert_eq!(param(parse_tenant(&with("end_user_auth", auth.clone()))).as_deref(), wrong, "{auth}");
    };
    let auth = |extra: Json| {
        let mut auth = json!({"issuer": "https://id.example", "audience": "twins"});
        for (name, value) in extra.as_object().unwrap() {
            auth[name] = value.clone();
        }
        auth
    };
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]});
    check(json!(null), None);
    check(auth(json!({"jwks": keys})), None);
    check(auth(json!({"jwks_url": "https://id.example/jwks"})), None);
    check(auth(json!({"jwks_url": "http://127.0.0.1:9000/jwks"})), None);
    check(auth(json!({"jwks_url": "http://localhost/jwks"})), None);
    check(auth(json!({"jwks_url": "http://id.example/jwks"})), Some("end_user_auth.jwks_url"));
    check(auth(json!({"jwks_url": "file:///etc/passwd"})), Some("end_user_auth.jwks_url"));
    check(auth(json!({"jwks_url": "https://id.example/jwks", "jwks": keys})), Some("end_user_auth.jwks_url"));
    check(auth(json!({})), Some("end_user_auth.jwks"));
    check(auth(json!({"jwks": {"keys": []}})), Some("end_user_auth.jwks.keys"));
    check(auth(json!({"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}})), Some("end_user_auth.jwks.keys[0].k"));
    check(auth(json!({"jwks": {"keys": [{"kty": "RSA", "d": "AA"}]}})), Some("end_user_auth.jwks.keys[0].d"));
    check(auth(json!({"jwks": {"keys": ["x"]}})), Some("end_user_auth.jwks.keys[0]"));
    check(json!({"issuer": "i", "jwks": keys}), Some("end_user_auth.audience"));
    check(json!({"audience": "i", "jwks": keys}), Some("end_user_auth.issuer"));
    check(auth(json!({"jwks": keys, "secret": "x"})), Some("end_user_auth.secret"));
}

#[test]
fn prices_are_checked_row_by_row() {
    let row = |extra: Json| {
        let mut row = json!({"vendor": "openai", "model": "*", "unit_type": "seconds", "usd_per_unit": "0.1", "valid_from": "2026-01-01"});
        for (name, value) in extra.as_object().unwrap() {
            row[name] = value.clone();
        }
        json!({"prices": [row]})
    };
    let check = |body: Json, wrong: Option<&str>| assert_eq!(param(parse_prices(&body)).as_deref(), wrong, "{body}");
    check(row(json!({})), None);
    check(row(json!({"valid_from": null})), None);
    check(row(json!({"usd_per_unit": "0.000000000000000001"})), None);
    check(row(json!({"usd_per_unit": "0.0000000000000000001"})), Some("prices[0].usd_per_unit"));
    check(row(json!({"usd_per_unit": 0.1})), Some("prices[0].usd_per_unit"));
    check(row(json!({"usd_per_unit": "-0.1"})), Some("prices[0].usd_per_unit"));
    check(row(json!({"vendor": "Open AI"})), Some("prices[0].vendor"));
    check(row(json!({"model": ""})), Some("prices[0].model"));
    check(row(json!({"unit_type": "tokens"})), Some("prices[0].unit_type"));
    check(row(json!({"valid_from": "2026-02-30"})), Some("prices[0].valid_from"));
    check(row(json!({"valid_from": "2026-2-3"})), Some("prices[0].valid_from"));
    check(row(json!({"valid_from": "1969-12-31"})), Some("prices[0].valid_from"));
    check(row(json!({"currency": "EUR"})), Some("prices[0].currency"));
    for from in [json!(null), json!(0), json!(200_000), json!(1_000_000_000)] {
        check(row(json!({"from_input_tokens": from})), None);
    }
    for from in [json!(-1), json!(0.5), json!("200000"), json!(1_000_000_001), json!(u64::MAX), json!([])] {
        check(row(json!({"from_input_tokens": from})), Some("prices[0].from_input_tokens"));
    }
    for hours in [json!(null), json!("01:00-04:00,06:00-10:00"), json!("22:00-06:00"), json!("22:00-00:00")] {
        check(row(json!({"hours_utc": hours})), None);
    }
    for hours in ["", " ", "1-4", "01:00-04:00;06:00-10:00", "01:00-24:00", "01:00-01:00", "01:00-04:00,03:00-05:00"] {
        check(row(json!({"hours_utc": hours})), Some("prices[0].hours_utc"));
    }
    for hours in [json!(["01:00-04:00"]), json!(1), json!({}), json!("01:00-04:00,".repeat(50))] {
        check(row(json!({"hours_utc": hours})), Some("prices[0].hours_utc"));
    }
    check(json!({"prices": [], "x": 1}), Some("x"));
    check(json!({"prices": {}}), Some("prices"));
    check(json!({"prices": [1]}), Some("prices[0]"));
    check(json!({}), Some("prices"));
}

#[test]
fn a_patch_merges_field_by_field() {
    let start: Tenant = parse_tenant(&json!({"id": "demo", "company": "acme", "minimum_age": 21, "display_name": "D",
        "limits": {"burst": 5, "monthly_cost_usd": "1.00"}, "vendors": {"chat": {"provider": "openai", "model": "m"}}}))
    .unwrap();
    let check = |patch: Json, read: &dyn Fn(&Tenant) -> Json, result: Json| {
        assert_eq!(read(&patched(&start, &patch).unwrap()), result, "{patch}");
    };
    let limits = |t: &Tenant| serde_json::to_value(&t.limits).unwrap();
    check(json!({}), &|t| json!(*t == start), json!(true));
    check(json!({"limits": {"burst": 9}}), &limits, json!({"monthly_cost_usd": "1.00", "burst": 9}));
    check(json!({"limits": {"burst": null}}), &limits, json!({"monthly_cost_usd": "1.00"}));
    check(json!({"limits": null}), &limits, json!({}));
    check(
        json!({"limits": {"session_cost_usd": "0.10", "session_units": {"seconds": 9, "tokens": null}}}),
        &limits,
        json!({"monthly_cost_usd": "1.00", "burst": 5, "session_cost_usd": "0.10", "session_units": {"seconds": 9}}),
    );
    check(json!({"minimum_age": null}), &|t| json!(t.minimum_age), json!(null));
    check(json!({"fallback_message": null}), &|t| json!(t.fallback_message), json!("I am sleeping now"));
    check(json!({"vendors": {"chat": {"model": null}}}), &|t| json!(t.vendors["chat"].model), json!(null));
    check(json!({"vendors": {"chat": null}}), &|t| json!(t.vendors.len()), json!(0));
    check(json!({"ladder": {"throttle_at": 0.8}}), &|t| json!(t.ladder.throttle_at), json!(8000));
    check(json!({"channels": ["widget"]}), &|t| json!(t.channels), json!(["widget"]));
    check(json!({"id": "demo", "company": "acme"}), &|t| json!(t.id), json!("demo"));

    let refuse = |patch: Json, wrong: &str| {
        assert_eq!(param(patched(&start, &patch)).as_deref(), Some(wrong), "{patch}");
    };
    refuse(json!({"id": "other"}), "id");
    refuse(json!({"id": null}), "id");
    refuse(json!({"company": "other"}), "company");
    refuse(json!({"company": null}), "company");
    refuse(json!({"limits": {"burst": 0}}), "limits.burst");
    refuse(json!({"limits": {"session_cost_usd": 1}}), "limits.session_cost_usd");
    refuse(json!({"limits": {"session_units": {"seconds": -1}}}), "limits.session_units.seconds");
    refuse(json!({"limits": 5}), "limits");
    refuse(json!({"nickname": "x"}), "nickname");
    refuse(json!({"nickname": null}), "nickname");
    refuse(json!("text"), "body");
}

#[test]
fn a_patch_of_the_sessions_units_goes_unit_by_unit() {
    let start = parse_tenant(&with("limits", json!({"session_units": {"seconds": 60, "tokens": 5}}))).unwrap();
    let check = |units: Json, result: Json| {
        let patch = json!({"limits": {"session_units": units}});
        assert_eq!(json!(patched(&start, &patch).unwrap().limits.session_units), result, "{patch}");
    };
    check(json!({}), json!({"seconds": 60, "tokens": 5}));
    check(json!({"seconds": 30}), json!({"seconds": 30, "tokens": 5}));
    check(json!({"seconds": null}), json!({"tokens": 5}));
    check(json!({"credits": 1}), json!({"seconds": 60, "tokens": 5, "credits": 1}));
    check(json!(null), json!({}));
}
