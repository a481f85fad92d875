//! AUD-1, AUD-4: a tenant's invoice is its usage, and the sum of its entries: to the nano-USD, line by line, corrections
//! and all, under a checkpoint that covers it.

use std::collections::BTreeMap;
use std::time::Duration;

use scenarios::amounts::{SECOND, usd};
use scenarios::tenant::{chat, permit_path, seconds, speech};
use scenarios::tree::Log;
use scenarios::{Answer, Books, Caller, Gate, Mocks, Tenant, Value, eventually, json};

/// The month is that of the tenant's last entry: the test may run at its end.
fn path(entries: &[Value]) -> String {
    let at = entries.last().and_then(|entry| entry["at"].as_str()).expect("a time");
    format!("/v1/audit/invoices/{}", &at[..7])
}

/// The invoice once all of it is under a checkpoint.
#[track_caller]
fn covered(server: &Caller, path: &str) -> Value {
    eventually("an invoice under a checkpoint", Duration::from_secs(10), || {
        Some(server.get(path).expect(200)).filter(|invoice| invoice["checkpoint"].is_string())
    })
}

fn table(caller: &Caller, path: &str) -> Answer {
    caller.call("GET", path).header("accept", "text/csv").send()
}

/// Rows and cells by the rules of RFC 4180.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'), "{text}");
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(row.is_empty() && cell.is_empty() && !quoted, "it ends with a line: {text}");
    rows
}

fn n(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// The invoice, what usage shows, and the entries added up, are the same.
#[track_caller]
fn check(gate: &Gate, tenant: &Tenant) -> Value {
    let server = tenant.server();
    let books = Books(&server);
    let settled = books.settled_money().settled;
    let entries = books.entries();
    let path = path(&entries);
    let invoice = covered(&server, &path);
    let sum: i64 = entries.iter().map(|entry| n(&entry["cost_nanos"])).sum();
    assert_eq!((n(&invoice["total_nanos"]), sum), (settled, settled), "{invoice}");
    assert_eq!(invoice["entries"], entries.len());
    assert_eq!((&invoice["tenant_id"], &invoice["company"]), (&json!(tenant.id), &json!(tenant.company)));
    assert_eq!((&invoice["status"], &invoice["currency"]), (&json!("open"), &json!("USD")));

    let mut expected = BTreeMap::<[String; 5], (i64, i64, i64)>::new();
    for entry in &entries {
        let of = if entry["event_type"] == "CORRECTION" { "corrections" } else { "lines" };
        let field = |name: &str| entry[name].as_str().unwrap_or_else(|| panic!("{name} in {entry}")).to_owned();
        let key = [of.to_owned(), field("capability"), field("provider"), field("model"), field("unit_type")];
        let line = expected.entry(key).or_default();
        *line = (line.0 + 1, line.1 + n(&entry["units_consumed"]), line.2 + n(&entry["cost_nanos"]));
    }
    let shown: BTreeMap<[String; 5], (i64, i64, i64)> = ["corrections", "lines"]
        .into_iter()
        .flat_map(|of| invoice[of].as_array().expect("a list").iter().map(move |line| (of, line)))
        .map(|(of, line)| {
            let text = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("{name} in {line}")).to_owned();
            let cost = n(&line["cost_nanos"]);
            let decimal = text("cost_usd").parse::<f64>().expect("a decimal");
            assert!((decimal * 1e9 - cost as f64).abs() < 0.5, "{line}");
            let key = [of.to_owned(), text("capability"), text("provider"), text("model"), text("unit_type")];
            (key, (n(&line["entries"]), n(&line["units"]), cost))
        })
        .collect();
    assert_eq!(shown, expected, "line by line");

    // Signed, and over every entry of it.
    let checkpoint = Log::of(server.clone()).open(invoice["checkpoint"].as_str().expect("a note"));
    let highest = books.entries().iter().map(|entry| entry["seq"].as_u64().expect("a number in the log")).max();
    assert!(highest < Some(checkpoint.size), "{highest:?} {checkpoint:?}");

    let answer = table(&server, &path);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"), "{}", answer.text());
    let rows = cells(&answer.text());
    let (head, rows) = rows.split_first().expect("a head");
    let column = |name: &str| head.iter().position(|column| column == name).unwrap_or_else(|| panic!("no {name}"));
    let nanos = |row: &Vec<String>| row[column("cost_nanos")].parse::<i64>().expect("a number");
    let (total, lines) = rows.split_last().expect("a sum");
    assert_eq!((nanos(total), lines.iter().map(nanos).sum::<i64>(), lines.len()), (settled, settled, shown.len()));
    assert_eq!(total[column("row")], "total");
    assert!(rows.iter().all(|row| row.len() == head.len() && row[column("tenant_id")] == tenant.id));

    let by_operator = gate.admin().get(&format!("{path}?tenant={}", tenant.id)).expect(200);
    assert_eq!(by_operator["total_nanos"], invoice["total_nanos"]);
    invoice
}

#[test]
fn aud_4_an_invoice_is_the_usage_and_the_sum_of_the_entries() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let (server, page) = (tenant.server(), tenant.page());
    for turn in 1..=3 {
        page.caller.post("/v1/chat/completions", &chat(&format!("Turn {turn}"))).expect(200);
        assert_eq!(page.caller.post("/v1/speech", &speech("Good morning")).status, 200);
        let permit = server.post("/v1/preflight", &seconds(5 * turn)).expect(200);
        let path = format!("{}/settle", permit_path(permit["limit_check_id"].as_str().expect("an id")));
        server.post(&path, &json!({"units": turn, "unit_type": "seconds"})).expect(200);
    }
    // Above what was reserved.
    let permit = server.post("/v1/preflight", &seconds(2)).expect(200);
    let last = permit["limit_check_id"].as_str().expect("an id").to_owned();
    server.post(&format!("{}/settle", permit_path(&last)), &json!({"units": 9, "unit_type": "seconds"})).expect(200);
    let before = check(&gate, &tenant);
    assert_eq!(before["corrections"], json!([]));
    assert!(before["lines"].as_array().is_some_and(|lines| lines.len() >= 3), "{before}");

    let credit =
        json!({"limit_check_id": last, "cost_usd": format!("-{}", usd(4 * SECOND)), "reason": "a credit note"});
    gate.admin().post("/v1/audit/corrections", &credit).expect(201);
    let after = eventually("the correction", Duration::from_secs(10), || {
        Books(&server).entries().iter().any(|entry| entry["event_type"] == "CORRECTION").then(|| check(&gate, &tenant))
    });
    assert_eq!(n(&after["total_nanos"]), n(&before["total_nanos"]) - 4 * SECOND);
    assert_eq!(after["lines"], before["lines"], "what was used stays");
    assert_eq!(n(&after["corrections"][0]["cost_nanos"]), -4 * SECOND, "{after}");
    gate.verify();
    gate.stop_and_verify();
}

#[test]
fn aud_4_an_invoice_is_its_tenants_and_the_operators() {
    let gate = Gate::shared();
    let (own, other) = (Tenant::new(gate, json!({})), Tenant::new(gate, json!({})));
    let (path, admin) = ("/v1/audit/invoices/2026-01", gate.admin());
    let empty = own.server().get(path).expect(200);
    assert_eq!((&empty["tenant_id"], &empty["company"]), (&json!(own.id), &json!(own.company)), "{empty}");
    assert_eq!((&empty["status"], &empty["total_usd"], &empty["lines"]), (&json!("final"), &json!("0.00"), &json!([])));
    assert_eq!(own.server().get("/v1/audit/invoices/9000-01").expect(200)["status"], "open");
    let refused = own.server().get(&format!("{path}?tenant={}", other.id)).refused(403, "forbidden");
    assert_eq!(refused["param"], "tenant");
    assert_eq!(admin.get(path).refused(400, "invalid_request")["param"], "tenant");
    for month in ["2026-13", "2026", "january", "2026-1"] {
        let refused = own.server().get(&format!("/v1/audit/invoices/{month}")).refused(400, "invalid_request");
        assert_eq!(refused["param"], "month", "{month}");
    }
    gate.stranger().get(path).refused(401, "unauthenticated");
    own.visitor().get(path).refused(403, "forbidden");
}
