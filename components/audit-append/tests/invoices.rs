//! Invoices: who gets whose, and what they look like.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod common;

use audit::{Entry, Staged, append, sequence};
use audit_append::signer::signer;
use common::{ADMIN, NOW, OWN, ask_as, entry, get, house, settings};
use http::Method;
use kv_schemas::memory::Memory;
use money::Nanos;
use tenancy::Tenant;

const PATH: &str = "/v1/audit/invoices/2026-11";

#[test]
fn the_documented_shape() {
    let answer = get(&house(), OWN, PATH);
    let json = answer.json();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(json["checkpoint"].as_str().unwrap().lines().nth(1), Some("3"), "a note, verbatim");
    let (head, _) = answer.text().split_once(r#","checkpoint":"#).unwrap();
    assert_eq!(
        head,
        r#"{"tenant_id":"a","company":"acme","month":"2026-11","status":"open","currency":"USD","lines":[{"capability":"video","provider":"tavus","model":"","unit_type":"seconds","entries":2,"units":60,"cost_usd":"0.09","cost_nanos":90000000}],"corrections":[],"entries":2,"total_usd":"0.09","total_nanos":90000000"#
    );
    // One of b's is staged: counted, and not under the checkpoint yet.
    let b = get(&house(), ADMIN, &format!("{PATH}?tenant=b")).json();
    assert_eq!((b["total_usd"].as_str(), b["entries"].as_u64()), (Some("0.09"), Some(2)));
    assert!(b["checkpoint"].is_null());
}

#[test]
fn whose_and_when() {
    let store = house();
    tenancy::tenant("new").set(&store, &Tenant::new("new", "a company")).unwrap();
    let check = |who: &str, target: &str, says: [&str; 4]| {
        let json = get(&store, who, &format!("/v1/audit/invoices/{target}")).json();
        let said =
            ["tenant_id", "company", "status", "total_usd"].map(|field| json[field].as_str().unwrap().to_owned());
        assert_eq!(said, says, "{target}");
    };
    check(OWN, "2026-11", ["a", "acme", "open", "0.09"]);
    check(OWN, "2026-11?tenant=a", ["a", "acme", "open", "0.09"]);
    check(ADMIN, "2026-11?tenant=a", ["a", "acme", "open", "0.09"]);
    check(ADMIN, "2026-11?tenant=new", ["new", "a company", "open", "0.00"]);
    check(ADMIN, "2026-11?tenant=nobody", ["nobody", "", "open", "0.00"]);
    check(OWN, "2026-10", ["a", "acme", "final", "0.00"]);
    check(OWN, "2026-12", ["a", "acme", "open", "0.00"]);
    check(OWN, "9998-01", ["a", "acme", "open", "0.00"]);
}

#[test]
fn what_is_refused() {
    let store = house();
    let check = |who: &str, target: &str, status: u16, param: Option<&str>| {
        let answer = get(&store, who, &format!("/v1/audit/invoices/{target}"));
        assert_eq!((answer.status, answer.json()["error"]["param"].as_str()), (status, param), "{target}");
    };
    check(ADMIN, "2026-11", 400, Some("tenant"));
    for bad in ["2026-13", "2026-00", "2026", "26-11", "2026-11-01", "november", "2026-1"] {
        check(OWN, bad, 400, Some("month"));
    }
    check(OWN, "2026-11?tenant=b", 403, Some("tenant"));
    check("Bearer tg_pk_a", "2026-11", 403, None);
    check("Bearer wrong", "2026-11", 401, None);
    check("", "2026-11", 401, None);
    check(OWN, "2026-11/lines", 404, None);
    let posted = ask_as(&store, Method::POST, PATH, &[("authorization", OWN)]);
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET, HEAD")));
}

/// Text of others, as strange as the sums allow.
fn strange() -> Memory {
    let store = house();
    let correction = Entry {
        event_type: "CORRECTION".into(),
        cost_nanos: Nanos(-10_000_000),
        units_consumed: 0,
        provider: "a, \"b\"".into(),
        model: "=HYPERLINK(\"http://x\")".into(),
        ..entry(10)
    };
    let used = Entry { model: "-1+1\r\n".into(), ..entry(12) };
    for entry in [correction, used] {
        append(&store, &Staged::from(entry)).unwrap();
    }
    sequence(&store, NOW, 100, &signer(&settings()).unwrap()).unwrap();
    store
}

/// A table read back by the rules of RFC 4180.
fn read(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => cell.extend(chars.next()),
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut cell)),
            ('\r', false) => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (c, _) => cell.push(c),
        }
    }
    assert!(!quoted && row.is_empty() && cell.is_empty(), "it ends with a line");
    rows
}

#[test]
fn as_a_table() {
    let store = strange();
    let table = |accept: &str| ask_as(&store, Method::GET, PATH, &[("authorization", OWN), ("accept", accept)]);
    assert_eq!(table("*/*").header("content-type"), Some("application/json"));
    assert_eq!(
        table("application/json, text/csv").header("content-type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    let answer = table("text/csv");
    let json = get(&store, OWN, PATH).json();
    let rows = read(answer.text());
    let (head, rows) = rows.split_first().unwrap();
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    let shown = |rows: &[Vec<String>], names: &[&str]| -> Vec<String> {
        rows.iter()
            .map(|row| names.iter().map(|name| row[column(name)].as_str()).collect::<Vec<_>>().join("|"))
            .collect()
    };
    assert!(rows.iter().all(|row| row.len() == head.len()));
    assert_eq!(
        shown(rows, &["row", "tenant_id", "status", "provider", "model", "units", "cost_usd", "cost_nanos"]),
        [
            "usage|a|open|tavus||60|0.09|90000000",
            "usage|a|open|tavus|'-1+1\r\n|30|0.045|45000000",
            "correction|a|open|a, \"b\"|'=HYPERLINK(\"http://x\")|0|-0.01|-10000000",
            "total|a|open||||0.125|125000000",
        ]
    );
    assert_eq!(rows.last().unwrap()[column("checkpoint")], json["checkpoint"].as_str().unwrap());
    assert_eq!(json["total_usd"], "0.125");
    assert_eq!(json["corrections"][0]["cost_usd"], "-0.01");
}
