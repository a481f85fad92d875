//! The pages' commands, run as they are pasted: each page in a folder that looks like a clone, with a gate of its own.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use scenarios::processes::Folder;
use scenarios::{Gate, Mocks, Tenant, Value, json, programs};

use super::commands::to_run;
use super::page::repository;

/// The pages that are run here.
pub const PAGES: [&str; 8] = [
    "README.md",
    "docs/cli.md",
    "docs/deploy.md",
    "docs/events.md",
    "docs/operations.md",
    "docs/runs.md",
    "docs/start.md",
    "docs/webhooks.md",
];

/// What the pages can't name, and stands in for it here.
const STANDS_FOR: [(&str, &str); 5] = [
    ("/var/lib/tollgate", "\"$DATA\""),
    ("/var/backups/tollgate", "\"$SCRATCH/backups\""),
    ("/tmp/drill", "\"$SCRATCH/drill\""),
    ("tollgate-....db", "tollgate-*.db"),
    ("https://example.com/hooks/tollgate", "'\"$MOCKS\"'/hooks"),
];

/// Programs that change other machines, or this one.
const OUTSIDE: [&str; 8] = ["kubectl", "spin", "npm", "npx", "docker", "helm", "sudo", "ssh"];

/// A gate as `cargo xtask up` sets one up: all prices, and the tenant `demo` with every vendor at the mocks.
fn demo(gate: &Gate) -> Tenant {
    let listed = gate.admin().get("/v1/vendors").expect(200);
    let vendors = listed["vendors"].as_array().expect("vendors");
    let prices = vendors.iter().flat_map(|vendor| vendor["list_prices"].as_array().into_iter().flatten());
    let prices: Vec<Value> = prices.map(|row| row["price"].clone()).collect();
    gate.admin().put("/v1/prices", &json!({"prices": prices})).done();
    let rungs = [("openai", "gpt-5.4-mini"), ("anthropic", "claude-haiku-4-5")];
    let rungs = rungs.map(|(provider, model)| json!({"provider": provider, "model": model}));
    let record = json!({
        "id": "demo",
        "company": "acme",
        "allowed_origins": [gate.url],
        "vendors": {
            "chat": {"provider": "openai", "model": "gpt-5.4-mini"},
            "context": {"provider": "newsapi"},
            "jobs": {"provider": "kie"},
        },
        "routes": {"auto": {"pick": "score", "rungs": rungs, "template": "Ask me again in a minute."}},
    });
    let mut tenant = Tenant::at(gate, Mocks::shared(), record);
    for vendor in ["anthropic", "newsapi", "kie"] {
        tenant.bind(gate, vendor, Mocks::shared(), json!({}));
    }
    tenant.bind(gate, "livekit", Mocks::shared(), json!({"secret": "APIdemo:mock-secret-of-livekit"}));
    tenant
}

/// A folder that has what a clone has, with the programs where a build puts them.
fn clone() -> Folder {
    let folder = Folder::new("page-");
    let at = |path: &str| folder.0.join(path);
    copy(&repository(), &folder.0);
    for below in ["bin", "target/release", "scratch/backups"] {
        fs::create_dir_all(at(below)).expect("a folder");
    }
    symlink(repository().join("target/wasm32-wasip2"), at("target/wasm32-wasip2")).expect("a link");
    for place in ["target/release/tollgate", "bin/tollgate"] {
        symlink(programs::tollgate(), at(place)).expect("a link");
    }
    // `cargo xtask env` of a gate that `cargo xtask up` didn't start. No key is in the file: `tollgate check` would find it.
    write_program(&at("bin/cargo"), "#!/bin/sh\n[ \"$*\" = \"xtask env\" ] && printf '%s\\n' \"$EXPORTS\"\n");
    // A command that isn't listed yet must not reach what is beyond this folder.
    for outside in OUTSIDE {
        write_program(&at(&format!("bin/{outside}")), "#!/bin/sh\necho \"$0 is not for tests\" >&2\nexit 1\n");
    }
    // What somebody has who binds a vendor.
    fs::write(at("openai.key"), "sk-test-of-a-page\n").expect("a key");
    folder
}

/// What is in the repository and isn't built. (Copied: `tollgate check` follows no links.)
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        if name.starts_with('.') || ["target", "node_modules", "__pycache__"].contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().expect("its type").is_dir() {
            fs::create_dir(to.join(&name)).expect("a folder");
            copy(&entry.path(), &to.join(&name));
        } else {
            // Somebody's editor may have taken a file away meanwhile.
            drop(fs::copy(entry.path(), to.join(&name)));
        }
    }
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).expect("a program");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it may be run");
}

/// What `cargo xtask env` prints.
fn exports(gate: &Gate, tenant: &Tenant) -> String {
    let exports = [
        ("TOLLGATE_URL", &gate.url),
        ("TOLLGATE_ADMIN_KEY", &gate.admin_key),
        ("TOLLGATE_PUBLISHABLE_KEY", &tenant.publishable_key),
        ("TOLLGATE_SECRET_KEY", &tenant.secret_key),
    ];
    exports.map(|(name, value)| format!("export {name}='{value}'")).join("\n")
}

/// Runs a page. What it printed, if every command did well.
#[track_caller]
fn run(page: &str) -> String {
    let gate = Gate::start();
    let tenant = demo(&gate);
    let folder = clone();
    let pasted = to_run(page).concat();
    let pasted = STANDS_FOR.iter().fold(pasted, |text, (named, here)| text.replace(named, here));
    let path = format!("{}:{}", folder.0.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let script = format!(
        "set -e -o pipefail\neval \"$(cargo xtask env)\"\nA=\"Authorization: Bearer $TOLLGATE_ADMIN_KEY\"\n{pasted}"
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&folder.0)
        .env("PATH", path)
        .env("EXPORTS", exports(&gate, &tenant))
        .env("DATA", gate.data())
        .env("SCRATCH", folder.0.join("scratch"))
        .env("MOCKS", Mocks::shared().base_url("openai"))
        .env("HOME", folder.0.join("scratch"))
        .env("TOLLGATE_STATE", folder.0.join("scratch/state"))
        .env("SPIN_VARIABLE_ADMIN_KEY", &gate.admin_key)
        .env("SPIN_VARIABLE_MASTER_KEY", &gate.master_key)
        .output()
        .expect("bash runs");
    let [said, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "{page}: {}\n{said}\n{errors}", output.status);
    said
}

/// The codes of the errors in what was printed.
fn refusals(said: &str) -> Vec<&str> {
    let answers = said.split("{\"error\":{").skip(1);
    answers.filter_map(|answer| answer.split("\"code\":\"").nth(1)?.split('"').next()).collect()
}

/// Each of these is there, in this order, whatever stands between.
#[track_caller]
fn assert_in_order(said: &str, words: &[&str]) {
    let mut rest = said;
    for word in words {
        let Some((_, after)) = rest.split_once(word) else { panic!("no `{word}` where it should come in {said}") };
        rest = after;
    }
}

#[test]
fn ops_3_the_start_runs_as_pasted() {
    let said = run("docs/start.md");
    assert_eq!(refusals(&said), ["monthly_cap"]);
    assert_in_order(&said, &["\"content\":", "I am sleeping now", "nothing differs", "saved as", "proven"]);
}

#[test]
fn ops_3_the_readme_runs_as_pasted() {
    let said = run("README.md");
    assert_eq!(refusals(&said), ["monthly_cap"]);
    assert_in_order(&said, &["data: [DONE]", "x-tollgate-provider", "nothing differs", "saved as", "hard_cap"]);
}

#[test]
fn ops_3_the_pages_of_those_who_run_it_run_as_pasted() {
    for page in ["docs/cli.md", "docs/deploy.md", "docs/operations.md"] {
        assert_eq!(refusals(&run(page)), Vec::<&str>::new(), "{page}");
    }
}

#[test]
fn ops_3_the_pages_of_those_who_build_on_it_run_as_pasted() {
    for page in ["docs/events.md", "docs/runs.md", "docs/webhooks.md"] {
        assert_eq!(refusals(&run(page)), Vec::<&str>::new(), "{page}");
    }
}
