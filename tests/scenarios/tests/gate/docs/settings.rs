//! OPS-5: `docs/settings.md` has every setting there is, with its default, and none that there isn't.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use scenarios::{Value, programs};

use super::page::{read, rows};
use super::source::{literals, sources};

const PAGE: &str = "docs/settings.md";

/// The settings in the tables below a heading, each with its second cell.
fn told(heading: &str) -> BTreeMap<String, String> {
    let rows = rows(&read(PAGE), heading).into_iter();
    let told: Vec<(String, String)> =
        rows.flat_map(|(names, cells)| names.into_iter().map(move |name| (name, cells[0].clone()))).collect();
    let map: BTreeMap<String, String> = told.iter().cloned().collect();
    assert_eq!(map.len(), told.len(), "{heading}: something is there twice");
    map
}

fn names(told: &BTreeMap<String, String>) -> BTreeSet<&str> {
    told.keys().map(String::as_str).collect()
}

/// Name and default of each variable in the manifest; none where it is required.
fn declared(manifest: &str) -> BTreeMap<String, Option<String>> {
    let (_, rest) = manifest.split_once("[variables]\n").expect("variables");
    let lines = rest.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = {"));
    let default = |rest: &str| Some(rest.split_once("default = \"")?.1.split_once('"')?.0.to_owned());
    lines.map(|(name, rest)| (name.to_owned(), default(rest))).collect()
}

#[test]
fn ops_5_every_variable_is_told_with_its_default() {
    let (told, manifest) = (told("## Variables"), read("spin.toml"));
    let declared = declared(&manifest);
    assert_eq!(names(&told), declared.keys().map(String::as_str).collect());
    for (name, default) in &declared {
        let cell = &told[name];
        let said = match default.as_deref() {
            None => cell.contains("required"),
            Some("") => cell == "empty",
            Some(default) => cell.contains(&format!("`{default}`")),
        };
        assert!(said, "{name}: the manifest has {default:?}, the page says {cell}");
        // What the manifest keeps secret is so called.
        let line = manifest.lines().find(|line| line.starts_with(&format!("{name} = {{"))).expect("its line");
        let row = read(PAGE).lines().find(|row| row.starts_with(&format!("| `{name}` "))).expect("its row").to_owned();
        assert_eq!(line.contains("secret = true"), row.contains("| yes |"), "{name}: secret or not");
    }
}

#[test]
fn ops_5_every_variable_is_checked_at_the_start() {
    let (_, text) = sources(&["host/src"]).into_iter().find(|(path, _)| path.ends_with("settings.rs")).expect("it");
    let (_, rest) = text.split_once("match name {").expect("the check");
    let (arms, _) = rest.split_once("\n    }\n").expect("its end");
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let begins_line = |before: &str| before.lines().last().is_some_and(|line| line.trim().is_empty());
    let arms: BTreeSet<&str> = literals(arms)
        .iter()
        .filter(|literal| is_name(literal.text) && begins_line(literal.before))
        .map(|literal| literal.text)
        .collect();
    let told = told("## Variables");
    assert_eq!(names(&told), arms);
}

#[test]
fn ops_5_components_get_no_variable_that_is_not_told() {
    let (told, manifest) = (told("## Variables"), read("spin.toml"));
    let parts = manifest.split(".variables]\n").skip(1);
    let lines = parts.flat_map(|part| part.lines().take_while(|line| !line.starts_with('[')));
    let given: BTreeSet<&str> =
        lines.filter(|line| !line.starts_with('#')).filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    assert!(given.iter().all(|name| told.contains_key(*name)), "{given:?}");
}

#[test]
fn ops_5_every_option_of_up_is_told_with_its_default() {
    let output = Command::new(programs::tollgate()).args(["up", "--help"]).output().expect("tollgate runs");
    let help = String::from_utf8(output.stdout).expect("a text");
    let mut options: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for line in help.lines() {
        let flag = line.split_whitespace().find(|word| word.starts_with("--"));
        if let Some(flag) = flag.filter(|_| line.trim_start().starts_with('-')) {
            last = flag.trim_matches(|c: char| c == ',' || c == '.').to_owned();
            options.insert(last.clone(), String::new());
        }
        if let Some((_, default)) = line.split_once("[default: ") {
            options.insert(last.clone(), default.split(']').next().unwrap_or_default().to_owned());
        }
    }
    options.remove("--help");
    options.remove("--version");
    let told = told("## Options of `tollgate up`");
    assert_eq!(names(&told), options.keys().map(String::as_str).collect(), "{help}");
    for (name, default) in options.iter().filter(|(_, default)| !default.is_empty()) {
        assert!(told[name].contains(&format!("`{default}`")), "{name}: {default}, the page says {}", told[name]);
    }
}

#[test]
fn ops_5_every_variable_of_the_environment_is_told() {
    let mut read_there = BTreeSet::new();
    for (_, text) in sources(&["host/src"]) {
        let found = literals(&text).iter().map(|literal| literal.text.to_owned()).collect::<Vec<_>>();
        read_there.extend(found.into_iter().filter(|text| {
            let rest = text.strip_prefix("TOLLGATE_").unwrap_or_default();
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        }));
    }
    // Of tests and measurements alone.
    read_there.retain(|name| !["TOLLGATE_BENCH", "TOLLGATE_POWER_LOSS_SEED"].contains(&name.as_str()));
    let told = told("## The environment");
    let own: BTreeSet<&str> = names(&told).into_iter().filter(|name| name.starts_with("TOLLGATE_")).collect();
    assert_eq!(own, read_there.iter().map(String::as_str).collect());
}

#[test]
fn lim_5_every_setting_of_a_tenant_is_told() {
    let document: Value = read("components/twin-registry/openapi.json").parse().expect("JSON");
    for (heading, schema) in
        [("### The tenant", "TenantInput"), ("### Its limits", "Limits"), ("### A binding to a vendor", "BindingInput")]
    {
        let fields = document["components"]["schemas"][schema]["properties"].as_object().expect("fields");
        let mut expected: BTreeSet<String> = fields.keys().cloned().collect();
        // These are shown with their own fields.
        for (outer, inner) in [("ladder", "Ladder"), ("privacy", "Privacy"), ("disclosure", "Disclosure")] {
            if expected.remove(outer) {
                let inner = document["components"]["schemas"][inner]["properties"].as_object().expect("fields");
                expected.extend(inner.keys().map(|name| format!("{outer}.{name}")));
            }
        }
        let told = told(heading);
        assert_eq!(names(&told), expected.iter().map(String::as_str).collect(), "{heading}");
    }
}
