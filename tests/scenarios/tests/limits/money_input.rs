//! LIM-2, LIM-9: numbers that make no sense as units or money are refused with the field's name, and charge nothing.

use scenarios::amounts::SECOND;
use scenarios::tenant::{permit_path, seconds};
use scenarios::{Answer, Books, Caller, Gate, Tenant, Value, json};

/// As they stand in a body: a JSON library of ours would not write some of them.
const NO_UNITS: [&str; 24] = [
    "-1",
    "-0.0",
    "-9223372036854775808",
    "-9223372036854775809",
    "0.5",
    "1.5",
    "30.0",
    "1e3",
    "1e30",
    "1e-30",
    "1e400",
    "1000000000001",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "\"30\"",
    "\"\"",
    "null",
    "true",
    "[30]",
    "{\"n\":30}",
    "NaN",
    "030",
];

fn send(caller: &Caller, method: &str, path: &str, body: &str) -> Answer {
    caller.call(method, path).bytes("application/json", body).send()
}

/// What is no JSON at all can't name a field.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok()
}

/// A 400 that names the field, if the body can be read.
#[track_caller]
fn assert_names(answer: &Answer, number: &str, params: &[&str], wrong: &mut Vec<String>) {
    let error = answer.refused(400, "invalid_request");
    let named = match error["param"].as_str() {
        Some(param) => params.contains(&param),
        None => !is_json(number),
    };
    if !named {
        wrong.push(format!("{number}: {} and not {params:?}", error["param"]));
    }
}

#[test]
fn lim_2_senseless_units_are_no_estimate() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let (server, page) = (tenant.server(), tenant.page());
    let mut wrong = Vec::new();
    for caller in [&server, &page.caller] {
        for number in NO_UNITS.into_iter().chain(["0", "-0"]) {
            let body = format!(
                r#"{{"capability":"video","provider":"tavus","estimate":{{"units":{number},"unit_type":"seconds"}}}}"#
            );
            assert_names(&send(caller, "POST", "/v1/preflight", &body), number, &["estimate.units"], &mut wrong);
        }
        for unit in ["\"parsecs\"", "\"\"", "\"SECONDS\"", "\"tokens\"", "\"usd\"", "null", "7", "[\"seconds\"]"] {
            let body =
                format!(r#"{{"capability":"video","provider":"tavus","estimate":{{"units":1,"unit_type":{unit}}}}}"#);
            assert_names(&send(caller, "POST", "/v1/preflight", &body), unit, &["estimate.unit_type"], &mut wrong);
        }
        for hold in ["0", "-1", "3601", "1.5", "\"60\"", "1e30", "18446744073709551616"] {
            let body = format!(
                r#"{{"capability":"video","provider":"tavus","estimate":{{"units":1,"unit_type":"seconds"}},"hold_s":{hold}}}"#
            );
            assert_names(&send(caller, "POST", "/v1/preflight", &body), hold, &["hold_s"], &mut wrong);
        }
    }
    // Dear rather than senseless: ten million seconds are the ten thousand USD that one permit may reserve.
    let error = server.post("/v1/preflight", &seconds(10_000_001)).refused(400, "invalid_request");
    assert_eq!(error["param"], "estimate.units", "{error}");
    server.post("/v1/preflight", &seconds(10_000_000)).refused(402, "hard_cap");
    assert_eq!(wrong, Vec::<String>::new(), "fields named wrongly");
    let usage = Books(&server).usage();
    assert_eq!((usage.tenant.settled, usage.tenant.held, usage.open), (0, 0, 0));
}

#[test]
fn lim_2_senseless_usage_settles_nothing() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let server = tenant.server();
    let id = server.post("/v1/preflight", &seconds(10)).expect(200)["limit_check_id"].as_str().unwrap().to_owned();
    let path = format!("{}/settle", permit_path(&id));
    let mut wrong = Vec::new();
    for number in NO_UNITS {
        let body = format!(r#"{{"units":{number},"unit_type":"seconds"}}"#);
        assert_names(&send(&server, "POST", &path, &body), number, &["units"], &mut wrong);
    }
    for unit in ["\"parsecs\"", "\"\"", "\"characters\"", "\"tokens\"", "null", "7"] {
        let body = format!(r#"{{"units":1,"unit_type":{unit}}}"#);
        assert_names(&send(&server, "POST", &path, &body), unit, &["unit_type"], &mut wrong);
    }
    for (body, param) in
        [("{}", "units"), (r#"{"units":1}"#, "unit_type"), (r#"{"units":1,"unit_type":"seconds","x":1}"#, "x")]
    {
        assert_names(&send(&server, "POST", &path, body), "0", &[param], &mut wrong);
    }
    assert_eq!(wrong, Vec::<String>::new(), "fields named wrongly");
    let usage = Books(&server).usage();
    assert_eq!((usage.tenant.settled, usage.tenant.held, usage.open), (0, 10 * SECOND, 1), "still held");
    // The permit is as good as before.
    server.post(&path, &json!({"units": 0, "unit_type": "seconds"})).expect(200);
    assert_eq!(Books(&server).settled_money().settled, 0);
}

#[test]
fn lim_9_senseless_limits_change_nothing() {
    let gate = Gate::shared();
    let (admin, tenant) = (gate.admin(), Tenant::new(gate, json!({"limits": {"burst": 7}})));
    let server = tenant.server();
    let permit = server.post("/v1/preflight", &seconds(10)).expect(200);
    let path = format!("/v1/tenants/{}", tenant.id);
    let (record, usage) = (admin.get(&path).expect(200), Books(&server).usage());
    let (company, fresh) = (format!("/v1/companies/{}", tenant.company), scenarios::unique("tenant-"));
    let mut wrong = Vec::new();
    let mut check = |field: &str, inner: &str, value: &str| {
        let limits = if inner.is_empty() {
            format!(r#""limits":{{"{field}":{value}}}"#)
        } else {
            format!(r#""limits":{{"{field}":{{"{inner}":{value}}}}}"#)
        };
        let param = format!("limits.{field}{}{inner}", if inner.is_empty() { "" } else { "." });
        let params = [param.as_str()];
        assert_names(&send(&admin, "PATCH", &path, &format!("{{{limits}}}")), value, &params, &mut wrong);
        assert_names(&send(&admin, "PUT", &company, &format!("{{{limits}}}")), value, &params, &mut wrong);
        let whole = format!(
            r#"{{"id":"{fresh}","company":"{}","display_name":"x","allowed_origins":[],{limits}}}"#,
            tenant.company
        );
        assert_names(&send(&admin, "POST", "/v1/tenants", &whole), value, &params, &mut wrong);
    };
    for field in ["monthly_cost_usd", "session_cost_usd"] {
        for value in [
            "25",
            "-1",
            "0.5",
            "1e30",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\"-1\"",
            "\"-0\"",
            "\"+1\"",
            "\"1e3\"",
            "\"1,5\"",
            "\" 1\"",
            "\"NaN\"",
            "\"inf\"",
            "\"0.0000000001\"",
            "\"9223372036854775808\"",
            "\"9000000001\"",
            "\"$5\"",
            "\"1.\"",
            "\".5\"",
        ] {
            check(field, "", value);
        }
    }
    for field in ["daily_units", "session_units"] {
        for value in [
            "-1",
            "0.5",
            "1.0",
            "1e30",
            "1000000000000001",
            "9223372036854775808",
            "18446744073709551616",
            "\"5\"",
            "true",
            "[]",
        ] {
            check(field, "seconds", value);
        }
        check(field, "parsecs", "5");
        check(field, "Seconds", "5");
        for value in ["5", "\"seconds\"", "[]"] {
            check(field, "", value);
        }
    }
    for field in ["burst", "queue_wait_ms", "requests_per_minute", "request_burst"] {
        for value in [
            "-1",
            "0.5",
            "1.0",
            "1e30",
            "1000001",
            "9223372036854775808",
            "18446744073709551616",
            "\"5\"",
            "true",
            "[]",
        ] {
            check(field, "", value);
        }
        if field != "queue_wait_ms" {
            check(field, "", "0");
        }
    }
    check("monthly_cost", "", "\"5\"");
    assert_eq!(wrong, Vec::<String>::new(), "fields named wrongly");

    assert_eq!(admin.get(&path).expect(200), record, "the tenant is as it was");
    assert_eq!(Books(&server).usage(), usage, "and so is its usage");
    admin.get(&format!("/v1/tenants/{fresh}")).refused(404, "not_found");
    server.delete(&permit_path(permit["limit_check_id"].as_str().unwrap())).expect(204);
}
