//! Who may know whom, read from each crate's `Cargo.toml`. (Cycles between crates are cargo's to refuse.)

use toml::{Table, Value};

use super::Finding;
use super::tree::{Tree, is_core};

/// The one crate under `adapters/` that makes a component of the others.
const GUEST: &str = "adapters/guest/";

/// Crates, and the families named after them, that bring a runtime, a network or a Wasm world.
const RUNTIMES: [&str; 12] = [
    "async-std",
    "hyper",
    "reqwest",
    "smol",
    "spin",
    "tokio",
    "ureq",
    "wasi",
    "wasip2",
    "wasip3",
    "wasmtime",
    "wit-bindgen",
];

fn brings_a_runtime(name: &str) -> bool {
    RUNTIMES
        .iter()
        .any(|runtime| name.strip_prefix(runtime).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

pub fn dependencies(tree: &Tree) -> Vec<Finding> {
    let cores = manifests(tree).filter(|(path, _)| !path.starts_with(GUEST));
    let runtime_of = |(path, manifest): (&str, Table)| {
        let names = shipped_dependencies(&manifest).into_iter().filter(|name| brings_a_runtime(name));
        names
            .map(|name| {
                Finding::error(
                    path,
                    None,
                    format!("`{name}`: a core takes values and returns values; use it in `components/` or `host/`"),
                )
            })
            .collect::<Vec<_>>()
    };
    cores.flat_map(runtime_of).collect()
}

pub fn lints(tree: &Tree) -> Vec<Finding> {
    let takes_them = |manifest: &Table| {
        manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool) == Some(true)
    };
    let lacking = manifests(tree).filter(|(_, manifest)| !takes_them(manifest));
    lacking
        .map(|(path, _)| {
            Finding::error(path, None, "add `[lints] workspace = true`: no panic, no float, no unchecked sum in a core")
        })
        .collect()
}

/// The crates of the core folders; one that can't be read is cargo's to tell.
fn manifests(tree: &Tree) -> impl Iterator<Item = (&str, Table)> {
    let crates = tree.files().filter(|(path, _)| is_core(path) && path.ends_with("Cargo.toml"));
    crates.filter_map(|(path, text)| Some((path, text.parse().ok()?)))
}

/// Names of the crates that are part of the product; those of the tests are free.
fn shipped_dependencies(manifest: &Table) -> Vec<String> {
    let mut tables = vec![manifest.get("dependencies"), manifest.get("build-dependencies")];
    let targets = manifest.get("target").and_then(Value::as_table);
    tables.extend(targets.into_iter().flatten().map(|(_, target)| target.get("dependencies")));
    let entries = tables.into_iter().flatten().filter_map(Value::as_table).flatten();
    // `x = { package = "tokio" }` is tokio by another name.
    entries.map(|(name, value)| value.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn cores_depend_on_no_runtime() {
        let bad = [
            "[dependencies]\ntokio = \"1\"",
            "[dependencies]\nspin-sdk.workspace = true",
            "[dependencies]\nx = { package = \"hyper-util\", version = \"1\" }",
            "[target.'cfg(unix)'.dependencies]\nreqwest = \"1\"",
            "[dependencies.wasmtime-wasi]\nversion = \"48\"",
        ];
        for manifest in bad {
            check(dependencies, &[("crates/a/Cargo.toml", manifest)], &[("crates/a/Cargo.toml", 0)]);
            check(dependencies, &[("host/Cargo.toml", manifest), ("adapters/guest/Cargo.toml", manifest)], &[]);
        }
        check(
            dependencies,
            &[(
                "kv-schemas/Cargo.toml",
                "[dependencies]\nserde = \"1\"\nsmol_str = \"1\"\n[dev-dependencies]\ntokio = \"1\"",
            )],
            &[],
        );
    }

    #[test]
    fn cores_take_the_lints() {
        check(lints, &[("adapters/a/Cargo.toml", "[package]\nname = \"a\"")], &[("adapters/a/Cargo.toml", 0)]);
        check(lints, &[("kv-schemas/Cargo.toml", "[lints]\nworkspace = false")], &[("kv-schemas/Cargo.toml", 0)]);
        check(lints, &[("crates/a/Cargo.toml", "lints.workspace = true"), ("host/Cargo.toml", "[package]")], &[]);
    }
}
