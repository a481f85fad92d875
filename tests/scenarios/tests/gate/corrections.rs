//! LIM-3, AUD-1: the operator puts right what an interaction has cost, by an entry of its own that counts against the cap.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use scenarios::amounts::{SECOND, usd};
use scenarios::tenant::{merge, permit_path, seconds};
use scenarios::{Answer, Books, Caller, Gate, Tenant, Value, json, random, unique};

const PATH: &str = "/v1/audit/corrections";

/// A settled interaction of so many seconds.
#[track_caller]
fn interaction(server: &Caller, units: u64) -> String {
    let permit = server.post("/v1/preflight", &seconds(units)).expect(200);
    let id = permit["limit_check_id"].as_str().unwrap_or_else(|| panic!("{permit}")).to_owned();
    server.post(&format!("{}/settle", permit_path(&id)), &json!({"units": units, "unit_type": "seconds"})).expect(200);
    id
}

/// A correction by so many seconds' worth.
fn correction(id: &str, seconds: i64) -> Value {
    let sign = if seconds < 0 { "-" } else { "" };
    let cost = format!("{sign}{}", usd(seconds.abs() * SECOND));
    json!({"limit_check_id": id, "cost_usd": cost, "reason": "the vendor's credit note 17"})
}

fn correct(gate: &Gate, id: &str, seconds: i64) -> Answer {
    gate.admin().post(PATH, &correction(id, seconds))
}

fn keyed(gate: &Gate, key: &str, body: &Value) -> Answer {
    gate.admin().call("POST", PATH).header("idempotency-key", key).json(body).send()
}

#[test]
fn aud_1_a_correction_is_an_entry_of_its_own() {
    let mut gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({}));
    let server = tenant.server();
    let id = interaction(&server, 30);
    for (by, total) in [(-12, 18), (7, 25), (-25, 0)] {
        let answer = correct(&gate, &id, by).expect(201);
        let own = answer["limit_check_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        assert!(own.starts_with("lc_") && own != id, "{answer}");
        assert_eq!((&answer["corrects"], &answer["cost_currency"]), (&json!(id), &json!("USD")), "{answer}");
        assert_eq!(answer["cost_nanos"], by * SECOND, "{answer}");
        assert!(answer["audit"]["stage"].is_u64(), "{answer}");

        let (first, entry) = (Books(&server).entry(&id), Books(&server).entry(&own));
        assert_eq!(entry["event_type"], "CORRECTION", "{entry}");
        assert_eq!((&entry["units_consumed"], &entry["settlement"]), (&json!(0), &json!("correction")), "{entry}");
        assert_eq!(entry["cost_nanos"], by * SECOND, "{entry}");
        assert_eq!(entry["details"], json!({"corrects": id, "reason": "the vendor's credit note 17"}), "{entry}");
        for same in ["tenant_id", "company", "provider", "model", "unit_type", "capability", "channel"] {
            assert_eq!(entry[same], first[same], "{same}: {entry}");
        }
        assert_eq!(first["cost_nanos"], 30 * SECOND, "what was logged stays");
        let usage = Books(&server).usage();
        assert_eq!((usage.tenant.settled, usage.tenant.held), (total * SECOND, 0));
        assert_eq!((usage.company.settled, usage.open), (total * SECOND, 0));
    }
    gate.verify();
    gate.stop_and_verify();
}

#[test]
fn aud_1_corrections_that_make_no_sense_are_refused() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let server = tenant.server();
    let id = interaction(&server, 30);
    let earlier = correct(gate, &id, -10).expect(201);
    let mut wrong = Vec::new();
    let mut check = |patch: Value, status: u16, kind: &str, param: Value| {
        let mut body = correction(&id, -1);
        merge(&mut body, patch);
        let error = gate.admin().post(PATH, &body).refused(status, kind);
        if error["param"] != param {
            wrong.push(format!("{body}: {} and not {param}", error["param"]));
        }
    };
    for cost in ["", "0", "0.00", "-", "-0", "1e3", "0.0000000001", "10000.01", "-10000.01", "-0.021"] {
        check(json!({"cost_usd": cost}), 400, "invalid_request", json!("cost_usd"));
    }
    for cost in [json!(-0.01), json!(null), json!(1)] {
        check(json!({"cost_usd": cost}), 400, "invalid_request", json!("cost_usd"));
    }
    for reason in [json!(""), json!("x".repeat(201)), json!("a\nb"), json!(null), json!(7)] {
        check(json!({"reason": reason}), 400, "invalid_request", json!("reason"));
    }
    check(json!({"limit_check_id": "evt_1"}), 400, "invalid_request", json!("limit_check_id"));
    check(json!({"limit_check_id": earlier["limit_check_id"]}), 400, "invalid_request", json!("limit_check_id"));
    check(json!({"limit_check_id": null}), 400, "invalid_request", json!("limit_check_id"));
    check(json!({"limit_check_id": "lc_none"}), 404, "not_found", Value::Null);
    check(json!({"limit_check_id": "../tenant"}), 404, "not_found", Value::Null);
    check(json!({"more": 1}), 400, "invalid_request", json!("more"));
    assert_eq!(wrong, Vec::<String>::new(), "fields named wrongly");

    gate.stranger().post(PATH, &correction(&id, -1)).refused(401, "unauthenticated");
    for caller in [server.clone(), tenant.page().caller] {
        caller.post(PATH, &correction(&id, -1)).refused(403, "forbidden");
    }
    assert_eq!(gate.admin().get(PATH).status, 405);
    assert_eq!(Books(&server).settled_money().settled, 20 * SECOND, "nothing of it was charged");
    assert_eq!(Books(&server).entries().len(), 2);
}

/// It really used so many seconds.
fn used(id: &str, units: u64) -> Value {
    json!({"limit_check_id": id, "units": units, "unit_type": "seconds", "reason": "the vendor's own count"})
}

#[test]
fn whk_4_a_correction_by_units_comes_to_what_they_cost() {
    let mut gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({}));
    let server = tenant.server();
    let id = interaction(&server, 30);
    correct(&gate, &id, -5).expect(201);
    let mut entries = 2;
    for (units, by) in [(12, -13), (12, 0), (40, 28), (0, -40), (0, 0)] {
        let answer = gate.admin().post(PATH, &used(&id, units));
        assert_eq!(answer.status, if by == 0 { 200 } else { 201 }, "{}", answer.text());
        let answer = answer.json();
        assert_eq!((&answer["corrects"], &answer["cost_nanos"]), (&json!(id), &json!(by * SECOND)), "{answer}");
        if by == 0 {
            assert_eq!((&answer["limit_check_id"], &answer["audit"]), (&Value::Null, &Value::Null), "{answer}");
        } else {
            let entry = Books(&server).entry(answer["limit_check_id"].as_str().unwrap());
            let details =
                json!({"corrects": id, "reason": "the vendor's own count", "used": format!("{units} seconds")});
            assert_eq!((&entry["details"], &entry["units_consumed"]), (&details, &json!(0)), "{entry}");
            entries += 1;
        }
        let usage = Books(&server).usage();
        let total = units as i64 * SECOND;
        assert_eq!((usage.tenant.settled, usage.company.settled, usage.open), (total, total, 0));
        assert_eq!(Books(&server).entries().len(), entries);
    }
    gate.verify();
    gate.stop_and_verify();
}

#[test]
fn whk_4_corrections_by_units_that_make_no_sense_are_refused() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let server = tenant.server();
    let id = interaction(&server, 30);
    let mut wrong = Vec::new();
    let mut check = |patch: Value, param: &str| {
        let mut body = used(&id, 12);
        merge(&mut body, patch);
        let error = gate.admin().post(PATH, &body).refused(400, "invalid_request");
        if error["param"] != param {
            wrong.push(format!("{body}: {} and not {param}", error["param"]));
        }
    };
    check(json!({"cost_usd": "0.01"}), "cost_usd");
    check(json!({"units": null, "unit_type": null}), "cost_usd");
    check(json!({"units": null}), "units");
    check(json!({"unit_type": null}), "unit_type");
    check(json!({"units": -1}), "units");
    check(json!({"units": 1.5}), "units");
    check(json!({"units": "12"}), "units");
    check(json!({"units": 1_000_000_000_001_u64}), "units");
    check(json!({"units": 999_999_999_999_u64}), "units");
    for kind in ["", "minutes", "tokens", "input_tokens", "requests"] {
        check(json!({"unit_type": kind}), "unit_type");
    }
    check(json!({"reason": ""}), "reason");
    assert_eq!(wrong, Vec::<String>::new(), "fields named wrongly");
    gate.admin().post(PATH, &used("lc_none", 12)).refused(404, "not_found");
    assert_eq!(Books(&server).settled_money().settled, 30 * SECOND, "nothing of it was charged");
}

#[test]
fn whk_4_two_that_say_what_was_used_never_count_from_the_same_base() {
    let gate = Gate::shared();
    let server = Tenant::new(gate, json!({})).server();
    let id = interaction(&server, 30);
    for round in 0..5 {
        let asked = |n: usize| 10 + 7 * round + 3 * n as u64;
        let answers = scenarios::wait::at_once(4, |n| (asked(n), gate.admin().post(PATH, &used(&id, asked(n)))));
        for (units, answer) in &answers {
            match answer.status {
                200 | 201 => {}
                _ => assert_eq!(answer.refused(409, "conflict")["code"], "concurrent_correction", "{units}"),
            }
        }
        let total = Books(&server).settled_money().settled / SECOND;
        let made = answers.iter().filter(|(_, answer)| answer.status < 300).count();
        assert!(
            made == 0 || answers.iter().any(|(units, answer)| answer.status < 300 && *units as i64 == total),
            "{total}"
        );
    }
}

#[test]
fn aud_1_a_correction_with_a_key_is_made_once() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let server = tenant.server();
    let (id, key) = (interaction(&server, 30), unique("k-"));
    let answers = scenarios::wait::at_once(6, |_| keyed(gate, &key, &correction(&id, -10)));
    assert!(answers.iter().any(|answer| answer.status == 201));
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.refused(409, "conflict")["code"], "in_progress");
    }
    let first = keyed(gate, &key, &correction(&id, -10)).expect(201);
    assert!(answers.iter().filter(|answer| answer.status == 201).all(|answer| answer.json() == first));
    let other = keyed(gate, &key, &correction(&id, -11)).refused(409, "conflict");
    assert_eq!(other["code"], "idempotency_key_reused");
    assert_eq!(Books(&server).settled_money().settled, 20 * SECOND);
    // Another key is another correction.
    keyed(gate, &unique("k-"), &correction(&id, -10)).expect(201);
    assert_eq!(Books(&server).settled_money().settled, 10 * SECOND);
}

#[test]
fn lim_3_the_cap_goes_by_corrections() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({"limits": {"monthly_cost_usd": usd(100 * SECOND)}}));
    let server = tenant.server();
    let passes = |units: u64| {
        let answer = server.post("/v1/preflight", &seconds(units));
        let id = (answer.status == 200).then(|| answer.json()["limit_check_id"].as_str().unwrap().to_owned());
        if let Some(id) = &id {
            server.delete(&permit_path(id)).expect(204);
        }
        id.is_some()
    };
    let id = interaction(&server, 60);
    for (by, most) in [(30, 10), (-70, 80), (80, 0)] {
        correct(gate, &id, by).expect(201);
        assert!((most == 0 || passes(most)) && !passes(most + 1), "{by}");
    }
    // Above the cap, as the log says.
    correct(gate, &id, 50).expect(201);
    let money = Books(&server).settled_money();
    assert_eq!((money.settled, money.remaining), (150 * SECOND, Some(0)));
    assert!(!passes(1));
}

#[test]
fn lim_3_two_operators_never_give_back_more_than_there_is() {
    let gate = Gate::shared();
    let server = Tenant::new(gate, json!({})).server();
    for _ in 0..5 {
        let before = Books(&server).settled_money().settled;
        let id = interaction(&server, 30);
        let answers = scenarios::wait::at_once(4, |_| correct(gate, &id, -20));
        let made = answers.iter().filter(|answer| answer.status == 201).count() as i64;
        assert!(made <= 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert!(matches!(answer.status, 400 | 409), "{}", answer.text());
        }
        assert_eq!(Books(&server).settled_money().settled - before, (30 - 20 * made) * SECOND);
    }
}

/// What was confirmed is in the log once; what was not, once or never; and the books agree.
#[test]
fn lim_3_a_gate_that_is_killed_corrects_once() {
    let mut gate = Gate::start();
    let tenant = Tenant::new(&gate, json!({}));
    let id = interaction(&tenant.server(), 3_000);
    let mut told: Vec<(String, Option<Value>)> = Vec::new();
    for _ in 0..3 {
        let stop = AtomicBool::new(false);
        let admin = gate.admin();
        let work = || {
            let mut told = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let key = unique("k-");
                let request = admin.call("POST", PATH).header("idempotency-key", &key).json(&correction(&id, -1));
                match request.try_send() {
                    Ok(answer) if answer.status == 201 => told.push((key, Some(answer.json()))),
                    Ok(answer) => assert!(matches!(answer.status, 400 | 409), "{}", answer.text()),
                    Err(_) => told.push((key, None)),
                }
                // Slow enough that the bound on corrections isn't met.
                thread::sleep(Duration::from_millis(25));
            }
            told
        };
        told.extend(thread::scope(|scope| {
            let working = scope.spawn(work);
            thread::sleep(Duration::from_millis(300 + u64::from(random::bytes::<1>()[0])));
            gate.kill9();
            stop.store(true, Ordering::Relaxed);
            working.join().expect("the operator failed")
        }));
        gate.restart();
    }
    let server = tenant.moved_to(&gate).server();
    scenarios::eventually("the reaper to put it right", Duration::from_secs(90), || gate.is_healed().then_some(()));
    assert!(told.iter().filter(|(_, answer)| answer.is_some()).count() > 3, "{told:?}");
    for (key, answer) in &told {
        let again = keyed(&gate, key, &correction(&id, -1));
        match answer {
            Some(answer) => assert_eq!(again.expect(201), *answer),
            None => assert!(matches!(again.status, 201 | 409), "{}", again.text()),
        }
    }
    let entries = Books(&server).entries();
    let logged: i64 = entries.iter().map(|entry| entry["cost_nanos"].as_i64().unwrap()).sum();
    let mut ids: Vec<_> = entries.iter().map(|entry| entry["limit_check_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), entries.len(), "an entry is there twice");
    assert_eq!(Books(&server).settled_money().settled, logged);
    gate.stop_and_verify_healed();
}
