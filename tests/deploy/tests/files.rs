//! OPS-6: what is deployed is what the manifest says; OPS-3: the workflows are written down whole.

use std::collections::BTreeSet;

use calendar::Millis;
use checks::manifest::Manifest;
use checks::workflows::{self, Known};
use checks::{infra, structure, workflows::alerts};
use deploy::{files, leads_somewhere, root, text};
use serde_json::Value;

fn manifest() -> Manifest {
    Manifest::parse(&text("spin.toml")).expect("spin.toml")
}

#[track_caller]
fn nothing_found(verdict: checks::Verdict) {
    let report = verdict.report("test", Millis(0));
    let found: Vec<_> =
        report.findings.iter().map(|one| format!("{} {}: {}", one.code, one.path, one.message)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn ops_6_deploy_files_agree_with_the_manifest() {
    let texts: Vec<_> =
        files("deploy").into_iter().map(|path| (path.clone(), text(&format!("deploy/{path}")))).collect();
    let texts: Vec<_> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    nothing_found(infra::files(&manifest(), &texts));
}

#[test]
fn ops_6_a_job_that_is_taken_away_is_missed() {
    let jobs = text("deploy/spinkube/maintenance.yaml");
    let routes: BTreeSet<_> = manifest().maintenance().map(str::to_owned).collect();
    assert!(routes.len() >= 7, "{routes:?}");
    for route in &routes {
        let without = jobs.replace(&format!("internal{route} "), "internal/health ");
        assert_ne!(without, jobs, "{route}");
        let report = infra::files(&manifest(), &[("maintenance.yaml", &without)]).report("test", Millis(0));
        let missed: Vec<_> =
            report.findings.iter().filter(|one| one.code == "job_missing").map(|one| &one.path).collect();
        assert_eq!(missed, [route]);
    }
}

#[test]
fn ops_6_our_own_timer_calls_the_same_routes() {
    let timer = text("host/src/timer.rs");
    let called: BTreeSet<_> = timer.lines().filter_map(|line| line.trim().strip_prefix("\"/v1/maintenance")).collect();
    let called: BTreeSet<_> =
        called.iter().map(|rest| format!("/v1/maintenance{}", rest.trim_end_matches([',', '"']))).collect();
    assert_eq!(called, manifest().maintenance().map(str::to_owned).collect());
}

#[test]
fn ops_3_all_that_a_deployment_needs_is_there() {
    let wanted = structure::Structure::built_in();
    for folder in &wanted.folders {
        assert!(root().join(folder).is_dir(), "{folder}");
    }
    for file in wanted.files.iter().filter(|file| !file.contains('*')) {
        assert!(root().join(file).is_file(), "{file}");
    }
}

#[test]
fn ops_3_every_workflow_is_whole_and_its_documents_lead_somewhere() {
    let manifest: Value = serde_json::from_str(&text("deploy/workflows.json")).expect("JSON");
    let list = manifest["workflows"].as_array().expect("a list");
    assert_eq!(list.len(), 25);
    // Links are looked at below, with their anchors.
    let docs = list.iter().map(|workflow| workflow["doc"].as_str().expect("a doc"));
    let known = Known {
        files: docs.clone().map(|doc| doc.split('#').next().unwrap_or(doc).to_owned()).collect(),
        alerts: alerts(&text("deploy/prometheus/alerts.yaml")).expect("rules"),
        ..Known::default()
    };
    nothing_found(workflows::check(&manifest, &known));
    docs.for_each(leads_somewhere);
    for workflow in list {
        let check = workflow["check"].as_str().expect("a check");
        match check.split_once(':') {
            Some(("check", name)) => assert!(checks::NAMES.contains(&name), "{check}"),
            Some(("test", prefix)) => assert!(has_test(prefix), "no test begins with `{prefix}`"),
            _ => panic!("{check}"),
        }
    }
}

/// Whether any test in the repository begins so.
fn has_test(prefix: &str) -> bool {
    let wanted = format!("fn {prefix}");
    let sources = ["crates", "components", "host", "tests"].into_iter();
    let mut sources = sources.flat_map(|folder| files(folder).into_iter().map(move |file| format!("{folder}/{file}")));
    sources.any(|file| file.ends_with(".rs") && text(&file).contains(&wanted))
}
