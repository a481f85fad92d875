//! OPS-5: a setting that is wrong is named at the start, by `up` and by `doctor`, with what is expected of it.

use std::process::Command;
use std::time::Duration;

use scenarios::gate::up;
use scenarios::processes::{Folder, Process};
use scenarios::tenant::chat;
use scenarios::{Gate, Mocks, Tenant, json, programs};

/// Each variable with a value that it can't have, and a part of what is said of it.
const WRONG: [(&str, &str, &str); 14] = [
    ("admin_key", "with a space, but long enough", "1 to 512"),
    ("master_key", "too-short", "32 bytes in base64"),
    ("master_previous_key", "too-short", "32 bytes in base64"),
    ("log_key", "not base64!", "32 bytes in base64"),
    ("log_previous_key", "somebody", "verifier key"),
    ("log_origin", "https://gate.example.com/log", "without its scheme"),
    ("log_access", "everybody", "keys or public"),
    ("personal_retention", "money=0", "money=90"),
    ("public_url", "https://gate.example.com/path", "without a path"),
    ("public_url", "gate.example.com", "http or https URL"),
    ("otlp_endpoint", "grpc://127.0.0.1:4317", "http or https URL"),
    ("log_sample", "info=101", "info=10 warn=100 error=100"),
    ("log_sample", "verbose=1", "is no level"),
    ("dev_hosts", "not a host", "one outbound host"),
];

/// Exit status and words of `tollgate doctor` with these variables.
fn doctor(variables: &[(&str, &str)]) -> (bool, String) {
    let folder = Folder::new("doctor-");
    let program = programs::tollgate();
    let mut command = Command::new(&program);
    let manifest = programs::manifest();
    command.args(["doctor", "--listen", "127.0.0.1:0", "--data"]).arg(folder.0.join("data"));
    command.arg("--cache").arg(program.with_file_name("scenarios-cache")).arg("--manifest").arg(&manifest);
    command.current_dir(manifest.parent().expect("a folder"));
    for (name, value) in variables {
        // By the environment: arguments are seen by everybody.
        command.env(format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()), value);
    }
    let output = command.output().expect("tollgate runs");
    (
        output.status.success(),
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat(),
    )
}

#[test]
fn ops_5_a_setting_that_is_wrong_is_named_at_the_start() {
    for (name, value, expected) in WRONG {
        let folder = Folder::new("wrong-");
        let mut command = up(&programs::manifest(), &folder.0.join("data"), "127.0.0.1:0");
        command.env(format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()), value);
        let mut process = Process::spawn(command, &folder.0.join("gate"));
        let status = process.wait_for_end(Duration::from_secs(40));
        let said = process.errors();
        let named = said.contains(&format!("variable `{name}` must be ")) && said.contains(expected);
        assert!(!status.success() && named && !said.contains("panicked"), "{name}={value}: {said}");
        assert!(!name.ends_with("key") || !said.contains(value), "{name} is a secret: {said}");
    }
}

#[test]
fn ops_5_the_doctor_names_all_of_them_at_once() {
    let (healthy, said) = doctor(&[]);
    assert!(healthy, "{said}");
    let wrong = [WRONG[0], WRONG[9], WRONG[12]];
    let (healthy, said) = doctor(&wrong.map(|(name, value, _)| (name, value)));
    assert!(!healthy, "{said}");
    for (name, _, expected) in wrong {
        assert!(said.contains(&format!("variable `{name}` must be ")) && said.contains(expected), "{name}: {said}");
    }
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let (healthy, said) = doctor(&[("master_key", key), ("master_previous_key", key)]);
    assert!(!healthy && said.contains("another key than `master_key`"), "{said}");
}

#[test]
fn ops_5_a_master_key_is_replaced_phase_by_phase() {
    // The settings of each phase, as `keys rotate-master` prints them for a gate with this key.
    let mut gate = Gate::start();
    let output = Command::new(programs::tollgate())
        .args(["keys", "rotate-master", "--manifest"])
        .arg(programs::manifest())
        .env("SPIN_VARIABLE_MASTER_KEY", &gate.master_key)
        .env_remove("SPIN_VARIABLE_MASTER_PREVIOUS_KEY")
        .env_remove("SPIN_VARIABLE_LOG_KEY")
        .output()
        .expect("tollgate runs");
    let plan = String::from_utf8(output.stdout).expect("a text");
    let log_key = gate.admin().get("/v1/audit/log/key").text();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let phases: Vec<Vec<(String, String)>> = plan
        .split("\n\n")
        .map(|phase| phase.lines().filter(|line| !line.starts_with('#')))
        .map(|lines| {
            lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect()
        })
        .collect();
    assert_eq!(phases.len(), 3, "{plan}");
    for (n, settings) in phases.iter().enumerate() {
        let arguments: Vec<String> = settings
            .iter()
            .map(|(name, value)| {
                let name = name.strip_prefix("SPIN_VARIABLE_").expect("a variable").to_ascii_lowercase();
                format!("{name}={value}")
            })
            .flat_map(|variable| ["--variable".to_owned(), variable])
            .collect();
        gate.restart_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(gate.admin().get("/v1/audit/log/key").text(), log_key, "phase {}: the log's key stays", n + 1);
        // Nothing is sealed anew yet, as phase 3 wants it: until then the vendors' keys open.
        if n < 2 {
            tenant.moved_to(&gate).server().post("/v1/chat/completions", &chat("Hello")).expect(200);
        }
    }
}
