//! AUD-2, AUD-4: what the log gives out verifies without asking it again, a tenant verifies its own without seeing
//! anybody else's, and a history that was rewritten is caught by whoever saw it before.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use scenarios::processes::Folder;
use scenarios::tenant::{permit_path, seconds};
use scenarios::{Books, Gate, Mocks, Tenant, Value, eventually, json, programs};

/// Exit status and output of `tollgate audit ...`.
fn audit(state: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = programs::audit(state);
    let output = command.args(arguments).envs(environment.iter().copied()).output().expect("tollgate runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code().expect("an exit status"), text)
}

#[track_caller]
fn says(state: &Path, arguments: &[&str], environment: &[(&str, &str)], status: i32, words: &[&str]) -> String {
    let (found, text) = audit(state, arguments, environment);
    assert_eq!(found, status, "{arguments:?}: {text}");
    for words in words {
        assert!(text.contains(words), "no `{words}` in {text}");
    }
    text
}

/// Settles a permit of so many seconds; gives its id.
fn spend(tenant: &Tenant, units: u64) -> String {
    let server = tenant.server();
    let permit = server.post("/v1/preflight", &seconds(units)).expect(200);
    let id = permit["limit_check_id"].as_str().expect("an id").to_owned();
    let usage = json!({"units": units, "unit_type": "seconds"});
    server.post(&format!("{}/settle", permit_path(&id)), &usage).expect(200);
    Books(&server).entry(&id);
    id
}

/// Until everything that is written down stands under a checkpoint.
fn published(gate: &Gate) {
    eventually("the checkpoint to be of all entries", Duration::from_secs(20), || {
        gate.maintain();
        let answer =
            gate.admin().call("GET", "/v1/audit/entries?kind=all").header("accept", "application/x-ndjson").send();
        let entries = answer.text().lines().count();
        let checkpoint = gate.admin().get("/v1/audit/log/checkpoint").text();
        (checkpoint.lines().nth(1) == Some(&entries.to_string())).then_some(())
    });
}

fn path(folder: &Folder, name: &str) -> (PathBuf, String) {
    let path = folder.0.join(name);
    (path.clone(), path.display().to_string())
}

/// The same file with one thing replaced.
fn altered(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("the file");
    assert!(text.contains(from), "no `{from}` in {text}");
    fs::write(file, text.replacen(from, to, 1)).expect("the file");
}

#[test]
fn aud_2_a_receipt_verifies_offline_and_an_altered_one_does_not() {
    let gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let id = spend(&tenant, 45);
    let folder = Folder::new("receipts-");
    let state = folder.0.join("state");
    let (file, name) = path(&folder, "one.receipt");
    let as_tenant = [("TOLLGATE_URL", gate.url.as_str()), ("TOLLGATE_SECRET_KEY", tenant.secret_key.as_str())];
    says(&state, &["receipt", &id, "-o", &name], &as_tenant, 0, &["proven", &id, "0.045 USD", "saved as"]);
    let key = gate.admin().get("/v1/audit/log/key").text().trim().to_owned();

    // Nobody is asked from here on.
    let words =
        ["proven: the log has this entry", &format!("tenant {}", tenant.id), "45 seconds", "0.045 USD", "index: "];
    says(&state, &["check", &name, "--vkey", &key], &[], 0, &words);
    says(&state, &["check", &name], &[], 2, &["is not known"]);
    let stranger = "log.example+c06f95bf+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    says(&state, &["check", &name, "--vkey", stranger], &[], 2, &["no key of a log"]);
    let (other, other_name) = path(&folder, "other.receipt");
    for (from, to, words) in [
        ("index ", "index 1", "is not in a log of"),
        ("\n\u{2014} ", "\n\u{2014} x", "another key"),
        ("extra ", "extra AAAA", "doesn't hold an entry"),
    ] {
        fs::copy(&file, &other).expect("a copy");
        altered(&other, from, to);
        says(&state, &["check", &other_name, "--vkey", &key], &[], 1, &["NOT PROVEN", words]);
    }
    let (status, text) = audit(&state, &["receipt", "lc_none", "-o", &name], &as_tenant);
    assert_eq!((status, text.contains("there is no entry lc_none")), (2, true), "{text}");
}

#[test]
fn aud_4_an_export_is_proven_line_by_line_and_a_tenant_verifies_its_own_alone() {
    let gate = Gate::start();
    let tenants: [Tenant; 2] = [(); 2].map(|()| Tenant::at(&gate, Mocks::shared(), json!({})));
    for units in 1..=4 {
        spend(&tenants[0], units);
        spend(&tenants[1], 10 * units);
    }
    published(&gate);
    let folder = Folder::new("exports-");
    let state = folder.0.join("state");
    let (file, name) = path(&folder, "mine.ndjson");
    let url = ("TOLLGATE_URL", gate.url.as_str());
    let as_tenant = [url, ("TOLLGATE_SECRET_KEY", tenants[0].secret_key.as_str())];
    let as_admin = [url, ("TOLLGATE_ADMIN_KEY", gate.admin_key.as_str())];
    let key = gate.admin().get("/v1/audit/log/key").text().trim().to_owned();

    says(&state, &["export", "-o", &name], &as_tenant, 0, &["4 entries", "saved 4 entries"]);
    let lines = fs::read_to_string(&file).expect("the export");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.len() == 4 && lines.iter().all(|line| line["tenant_id"] == tenants[0].id.as_str()), "{lines:?}");
    says(
        &state,
        &["check", &name, "--vkey", &key],
        &[],
        0,
        &["proven: the log has each of these 4 entries", "0.01 USD"],
    );
    let words = ["consistent in itself; whose log it is nobody can tell without --vkey"];
    says(&state, &["check", &name], &[], 2, &words);
    altered(&file, "\"units_consumed\":3", "\"units_consumed\":2");
    says(&state, &["check", &name, "--vkey", &key], &[], 1, &["NOT PROVEN: line 3", "is not what the log has"]);
    fs::remove_file(folder.0.join("mine.proof.json")).expect("the proof");
    says(&state, &["check", &name, "--vkey", &key], &[], 2, &["there is no proof"]);

    let (all, all_name) = path(&folder, "all.ndjson");
    let text = says(&state, &["export", "-o", &all_name], &as_admin, 0, &["saved "]);
    let count = fs::read_to_string(&all).expect("the export").lines().count();
    assert!(count >= 8 && text.contains(&format!("saved {count} entries")), "{text}");
    says(&state, &["check", &all_name, "--vkey", &key], &[], 0, &[&format!("{count} entries")]);

    // A tenant's own books, against the tree of all.
    let text = says(&state, &["verify"], &as_tenant, 0, &["ok: 1 tenant", "nothing differs"]);
    assert!(!text.contains(&tenants[1].id), "{text}");
    says(&state, &["verify"], &as_admin, 0, &["ok: 2 tenants", "nothing differs"]);

    let month = lines[0]["at"].as_str().expect("a time")[..7].to_owned();
    let text = says(&state, &["invoice", "--month", &month], &as_tenant, 0, &[&tenants[0].id]);
    let invoice: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(invoice["total_usd"], "0.01", "{invoice}");
    let arguments = ["invoice", "--tenant", &tenants[1].id, "--month", &month, "--csv"];
    says(&state, &arguments, &as_admin, 0, &["row,tenant_id", "total,", "100000000"]);
}

#[test]
fn aud_3_a_history_that_was_rewritten_is_caught_by_whoever_saw_it_before() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    for units in 1..=6 {
        spend(&tenant, units);
    }
    published(&gate);
    let folder = Folder::new("rewritten-");
    let state = folder.0.join("state");
    let admin = [("TOLLGATE_ADMIN_KEY", gate.admin_key.as_str())];
    says(&state, &["verify", "--url", &gate.url], &admin, 0, &["nothing differs"]);
    let (_, seen) = path(&folder, "seen");
    fs::write(&seen, gate.admin().get("/v1/audit/log/checkpoint").text()).expect("a file");
    spend(&tenant, 7);
    published(&gate);
    says(&state, &["verify", "--url", &gate.url], &admin, 0, &["nothing differs"]);
    let words = ["nothing differs", "compared with the checkpoint of "];
    says(&state, &["verify", "--url", &gate.url, "--since", &seen], &admin, 0, &words);

    // The same keys, and so the same name and signatures, over another history: shorter, and then longer.
    let forged = gate.another();
    let forger = Tenant::at(&forged, Mocks::shared(), json!({}));
    forged.admin().put("/v1/prices", &scenarios::amounts::price_list()).done();
    spend(&forger, 1);
    published(&forged);
    let url = ["verify", "--url", &forged.url];
    says(&state, &url, &admin, 1, &["was rewritten: it had"]);
    for units in 1..=16 {
        spend(&forger, units);
    }
    published(&forged);
    says(&state, &url, &admin, 1, &["The history of the log", "was rewritten: its first"]);
    says(&state, &["verify", "--url", &forged.url, "--since", &seen], &admin, 1, &["was rewritten: its first"]);
    let text = ["nothing differs", "never seen before"];
    says(&state, &["verify", "--url", &forged.url, "--no-remember"], &admin, 0, &text);
    // Another log altogether, and no log at all.
    let other = Gate::start();
    let of_other = [("TOLLGATE_ADMIN_KEY", other.admin_key.as_str())];
    let words = ["This log is ", "; the one seen before was "];
    says(&state, &["verify", "--url", &other.url, "--since", &seen], &of_other, 1, &words);
    says(&state, &["verify", "--url", &other.url, "--since", "/nowhere"], &of_other, 2, &["no such file"]);
    let nowhere = [of_other[0], ("TOLLGATE_STATE", "/dev/null/state")];
    says(&state, &["verify", "--url", &other.url], &nowhere, 0, &["nothing is remembered: give TOLLGATE_STATE"]);

    // What was remembered is still what was in order, and tells the key for the store itself.
    gate.sigterm();
    assert!(gate.wait_for_end(Duration::from_secs(20)).success());
    let data = gate.data().display().to_string();
    let text = says(&state, &["verify", "--data", &data], &[], 0, &["nothing differs"]);
    assert!(!text.contains("not checked"), "{text}");
    let text = says(&folder.0.join("nothing"), &["verify", "--data", &data], &[], 0, &["signatures", "not checked"]);
    assert!(text.contains("nothing differs"), "{text}");
    says(&state, &["verify", "--data", &forged.data().display().to_string()], &[], 1, &["was rewritten: its first"]);
}
