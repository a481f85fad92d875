//! SES-4, SES-5, TWN-5, OPS-3: the tour of `docs/compliance.md` runs as it is pasted, and each step says what the page says.

use std::fs;
use std::process::Command;

use scenarios::processes::Folder;
use scenarios::{Gate, Mocks, Tenant, Value, json, programs};

/// The first block of commands in the document.
fn tour() -> String {
    let repository = programs::manifest().parent().expect("a file is in a folder").to_owned();
    let text = fs::read_to_string(repository.join("docs/compliance.md")).expect("the document");
    let block = text.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    block.expect("a block of commands").replace("target/release/tollgate", "\"$TOLLGATE_BIN\"")
}

/// As `cargo xtask up` sets a gate up: every vendor's list prices, and the tenant `demo` at the mocks.
fn demo(gate: &Gate) -> Tenant {
    let vendors = gate.admin().get("/v1/vendors").expect(200);
    let vendors = vendors["vendors"].as_array().expect("vendors");
    let prices = vendors.iter().flat_map(|vendor| vendor["list_prices"].as_array().into_iter().flatten());
    let prices: Vec<Value> = prices.map(|row| row["price"].clone()).collect();
    gate.admin().put("/v1/prices", &json!({"prices": prices})).done();
    Tenant::at(gate, Mocks::shared(), json!({"id": "demo"}))
}

#[test]
fn ses_4_ses_5_twn_5_ops_3_the_compliance_tour_runs_as_pasted() {
    let gate = Gate::start();
    let tenant = demo(&gate);
    let folder = Folder::new("tour-");
    let output = Command::new("bash")
        .args(["-c", &tour()])
        .current_dir(programs::manifest().parent().expect("a folder"))
        .env("TOLLGATE_BIN", programs::tollgate())
        .env("TOLLGATE_STATE", &folder.0)
        .env("TOLLGATE_URL", &gate.url)
        .env("TOLLGATE_ADMIN_KEY", &gate.admin_key)
        .env("TOLLGATE_PUBLISHABLE_KEY", &tenant.publishable_key)
        .env("TOLLGATE_SECRET_KEY", &tenant.secret_key)
        .output()
        .expect("bash runs");
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(errors, "", "{text}");
    let mut rest = text.as_ref();
    // In this order, whatever stands between.
    for words in [
        r#""code":"consent_required""#,
        r#""status":"created""#,
        r#""code":"age_required""#,
        r#""code":"consent_required""#,
        r#""code":"twin_not_deployed""#,
        r#""status":"deployed""#,
        r#""code":"certificate_missing""#,
        r#""restricted":true,"open":true"#,
        "mt-link://store/MTID#",
        r#""behavior":"concierge""#,
        r#""disclosure":"AI Host""#,
        "HTTP/1.1 200 OK",
        "x-ai-disclosure: AI Host",
        r#""param":"disclosure.show""#,
        r#""code":"session_revoked""#,
        r#""code":"consent_revoked""#,
        r#""ended_by":"revoked""#,
        r#""subject":"travis@example.com""#,
        "nothing differs",
        r#""id":"per_"#,
        "nothing differs",
        r#""creator_share":80"#,
        r#""stage":"chat""#,
        "pass     age-gate",
        "pass     certificates",
        r#""age_gate_pass": true"#,
        r#""coa_pass": true"#,
    ] {
        let Some((_, after)) = rest.split_once(words) else { panic!("no `{words}` where it should come in {text}") };
        rest = after;
    }
    // What it made it has taken away.
    let tenants = gate.admin().get("/v1/tenants").expect(200);
    assert_eq!(tenants["tenants"].as_array().map(Vec::len), Some(1), "{tenants}");
}
