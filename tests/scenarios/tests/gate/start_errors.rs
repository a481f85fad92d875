//! OPS-5: what is wrong with the configuration stops the start, with an error that names it.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use scenarios::gate::up;
use scenarios::processes::{Folder, Process};
use scenarios::{Gate, programs};

/// The real manifest with absolute paths, changed by `change`.
fn manifest(change: impl Fn(String) -> String) -> String {
    let file = programs::manifest();
    let text = fs::read_to_string(&file).unwrap();
    let base = file.parent().unwrap().display().to_string();
    let absolute = text.replace("\"target/", &format!("\"{base}/target/"));
    change(absolute)
}

/// A start that is to fail.
struct Start {
    manifest: String,
    variable: Option<&'static str>,
    listen: String,
    data: Option<PathBuf>,
}

impl Start {
    fn with(manifest: String) -> Self {
        Self { manifest, variable: None, listen: "127.0.0.1:0".into(), data: None }
    }

    /// It ends by itself, in time, and says `name`.
    #[track_caller]
    fn fails_naming(&self, name: &str) {
        let folder = Folder::new("start-");
        let file = folder.0.join("spin.toml");
        fs::write(&file, &self.manifest).unwrap();
        let data = self.data.clone().unwrap_or_else(|| folder.0.join("data"));
        let mut command = up(&file, &data, &self.listen);
        command.args(self.variable.iter().flat_map(|variable| ["--variable", variable]));
        let mut process = Process::spawn(command, &folder.0.join("gate"));
        let status = process.wait_for_end(Duration::from_secs(40));
        let said = process.errors();
        assert!(!status.success(), "it started: {said}");
        assert!(said.contains(name), "`{name}` is not named: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

/// The real manifest, changed, stops the start with an error that says `name`.
#[track_caller]
fn refused(change: impl Fn(String) -> String, name: &str) {
    Start::with(manifest(change)).fails_naming(name);
}

#[test]
fn ops_5_a_broken_manifest_is_named() {
    Start::with("this is not toml".into()).fails_naming("spin.toml");
    Start::with(String::new()).fails_naming("spin_manifest_version");
    refused(|text| text.replace("spin_manifest_version = 2", "spin_manifest_version = 1"), "spin_manifest_version");
    refused(|text| text.replace("key_value_stores", "key_value_shops"), "key_value_shops");
    refused(|text| text.replace("component = \"site\"", "component = \"sight\""), "sight");
    refused(|text| text.replace("{{ dev_hosts }}", "{{ dev_ghosts }}"), "dev_ghosts");
    refused(|text| text + "\n[[trigger.redis]]\naddress = \"redis://x\"\n", "redis");
}

#[test]
fn ops_5_a_missing_component_file_is_named() {
    refused(|text| text.replace("provider_proxy.wasm", "provider_lost.wasm"), "provider_lost.wasm");
    refused(|text| text.replace("bundle.wasm", "bundle_lost.wasm"), "bundle_lost.wasm");
    // A file that is there but is no component.
    let folder = Folder::new("wasm-");
    let garbage = folder.0.join("garbage.wasm");
    fs::write(&garbage, b"\0asm garbage").unwrap();
    let source = |line: &str| match line.contains("site.wasm") {
        true => format!("source = \"{}\"\n", garbage.display()),
        false => format!("{line}\n"),
    };
    refused(|text| text.lines().map(source).collect(), "`site`");
    // An import that nobody satisfies.
    let without_audit =
        |line: &str| if line.starts_with("\"tollgate:core/audit") { String::new() } else { format!("{line}\n") };
    refused(|text| text.lines().map(without_audit).collect(), "tollgate:core/audit");
}

#[test]
fn ops_5_a_missing_or_wrong_variable_is_named() {
    refused(|text| text.replace("[variables]", "[variables]\nlicence = { required = true }"), "licence");
    for (variable, name) in
        [("dev_ghosts=x", "dev_ghosts"), ("no-equals-sign", "no-equals-sign"), ("dev_hosts=not a host", "not a host")]
    {
        Start { variable: Some(variable), ..Start::with(manifest(|text| text)) }.fails_naming(name);
    }
}

#[test]
fn ops_5_a_key_that_is_none_stops_the_start() {
    // Found at the start, and not by the first tenant whose vendor key can't be sealed or opened.
    for variable in ["master_key=too-short", "master_key=", "master_key=not base64!"] {
        Start { variable: Some(variable), ..Start::with(manifest(|text| text)) }.fails_naming("master_key");
    }
    for variable in [
        "log_key=too-short",
        "log_key=not base64!",
        "log_previous_key=somebody",
        "log_origin=https://gate.example.com/log",
        "log_origin=gate example",
        "log_access=everybody",
        "personal_retention=money=0",
    ] {
        let (name, _) = variable.split_once('=').unwrap();
        Start { variable: Some(variable), ..Start::with(manifest(|text| text)) }.fails_naming(name);
    }
}

#[test]
fn ops_5_a_taken_port_or_a_wrong_folder_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    Start { listen: listen.clone(), ..Start::with(manifest(|text| text)) }.fails_naming(&listen);

    let folder = Folder::new("file-");
    let data = folder.0.join("not-a-folder");
    fs::write(&data, "x").unwrap();
    Start { data: Some(data), ..Start::with(manifest(|text| text)) }.fails_naming("not-a-folder");
}

#[test]
fn ops_5_two_gates_do_not_share_a_folder() {
    // Both would sequence the log, and there is exactly one sequencer.
    let gate = Gate::start();
    let mut command = up(&programs::manifest(), &gate.data(), "127.0.0.1:0");
    command.env("SPIN_VARIABLE_ADMIN_KEY", &gate.admin_key).env("SPIN_VARIABLE_MASTER_KEY", &gate.master_key);
    let folder = Folder::new("second-");
    let mut second = Process::spawn(command, &folder.0.join("gate"));
    let status = second.wait_for_end(Duration::from_secs(30));
    assert!(!status.success(), "{}", second.errors());
    assert_eq!(gate.stranger().get("/health").status, 200, "the first one goes on");
}
