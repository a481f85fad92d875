//! TWN-4: a twin's licence, and what a month came to in the log: split to the cent, with the receipts that prove it.

use std::time::Duration;

use scenarios::tenant::{chat, speech};
use scenarios::{Books, Caller, Gate, Mocks, Tenant, Value, eventually, json};

use crate::twins::{deployed, made, path};

fn wallet() -> String {
    format!("0x{}", "1F".repeat(20))
}

fn nanos(decimal: &str) -> i64 {
    let (sign, digits) = decimal.strip_prefix('-').map_or((1, decimal), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    sign * (whole.parse::<i64>().expect("digits") * 1_000_000_000
        + format!("{part:0<9}").parse::<i64>().expect("digits"))
}

/// All receipts of a statement, page by page.
#[track_caller]
fn receipts(server: &Caller, statement: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("{statement}?limit=2{cursor}")).expect(200);
        let some = page["receipts"].as_array().expect("receipts");
        assert!(some.len() <= 2);
        all.extend(some.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[test]
fn twn_4_a_licence_is_kept_and_shown() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    made(&tenant, json!({}));
    let (server, path) = (tenant.server(), path(&tenant, "/licence"));
    server.get(&path).refused(404, "not_found");
    let asked =
        json!({"creator_wallet": wallet(), "options": {"allow_commercial_use": true, "allow_modifications": false}});
    let kept = server.put(&path, &asked).expect(200);
    assert_eq!((&kept["creator_wallet"], &kept["creator_share"]), (&json!(wallet()), &json!(80)));
    assert_eq!(kept["options"], asked["options"]);
    assert_eq!(server.get(&path).expect(200), kept);
    assert_eq!(server.get(&path.replace("/licence", "")).expect(200)["licence"], kept);
    for (patch, param) in [
        (json!({"creator_wallet": "0x12"}), "creator_wallet"),
        (json!({"creator_wallet": null}), "creator_wallet"),
        (json!({"creator_wallet": wallet(), "creator_share": 101}), "creator_share"),
        (json!({"creator_wallet": wallet(), "options": {"sell": true}}), "options.sell"),
    ] {
        assert_eq!(server.put(&path, &patch).refused(400, "invalid_request")["param"], param, "{patch}");
    }
}

#[test]
fn twn_4_a_month_is_split_by_what_the_log_says() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({}));
    deployed(&tenant, json!({}));
    let server = tenant.server();
    server.put(&path(&tenant, "/licence"), &json!({"creator_wallet": wallet()})).expect(200);
    let page = tenant.page();
    for turn in 1..=4 {
        page.caller.post("/v1/chat/completions", &chat(&format!("Turn {turn}"))).expect(200);
        assert_eq!(page.caller.post("/v1/speech", &speech("Good morning")).status, 200);
    }
    let settled = Books(&server).settled_money().settled;
    let entries = Books(&server).entries();
    let month = entries.last().and_then(|entry| entry["at"].as_str()).expect("a time")[..7].to_owned();
    let statement = path(&tenant, &format!("/royalties/{month}"));
    let told = server.get(&statement).expect(200);
    assert_eq!(nanos(told["exact"].as_str().expect("a sum")), settled, "{told}");
    let cents = |value: &Value| nanos(value.as_str().expect("an amount")) / 10_000_000;
    let (total, creator, platform) =
        (cents(&told["total"]), cents(&told["creator"]["amount"]), cents(&told["platform"]["amount"]));
    assert_eq!(total, (settled + 5_000_000) / 10_000_000, "rounded once");
    assert_eq!((creator, creator + platform), (total * 80 / 100, total));
    assert_eq!((&told["creator"]["wallet"], &told["creator"]["share_percent"]), (&json!(wallet()), &json!(80)));
    assert_eq!((&told["month"], &told["currency"], &told["final"]), (&json!(month), &json!("USD"), &json!(false)));
    assert_eq!(told["entries"], entries.len());

    // Each receipt is an entry of the log, and has its proof.
    let receipts = receipts(&server, &statement);
    let shown = |value: &Value| value["cost_amount"].to_string();
    assert_eq!(receipts.iter().map(|receipt| nanos(&shown(receipt))).sum::<i64>(), settled);
    for receipt in &receipts {
        let id = receipt["limit_check_id"].as_str().expect("an id");
        let entry = entries.iter().find(|entry| entry["limit_check_id"] == id).expect("an entry");
        assert_eq!((shown(receipt), &receipt["stage"]), (shown(entry), &entry["capability"]));
        eventually("its proof", Duration::from_secs(10), || {
            (server.get(receipt["proof"].as_str()?).status == 200).then_some(())
        });
    }
    let other = server.get(&path(&tenant, "/royalties/2020-01")).expect(200);
    assert_eq!((&other["total"], &other["final"], &other["entries"]), (&json!("0.00"), &json!(true), &json!(0)));
    for bad in ["2026-13", "2026", "november"] {
        let refused = server.get(&path(&tenant, &format!("/royalties/{bad}"))).refused(400, "invalid_request");
        assert_eq!(refused["param"], "month", "{bad}");
    }
}
