//! Whether everything is there that a deployment is made of, and the manifest agrees with it.

use std::collections::BTreeSet;

use globset::Glob;
use serde::Deserialize;

use crate::Verdict;
use crate::manifest::{Component, Manifest};

/// What must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// Patterns such as `wit/*.wit`: each must match a file.
    #[serde(default)]
    pub files: Vec<String>,
    /// Each must have a file in it.
    #[serde(default)]
    pub folders: Vec<String>,
}

impl Structure {
    /// That of this repository.
    #[must_use]
    pub fn built_in() -> Self {
        // A test holds that it can be read.
        serde_json::from_str(include_str!("structure.json")).unwrap_or_default()
    }
}

/// `files` are all paths below the root, with `/` between their parts.
#[must_use]
pub fn check(wanted: &Structure, files: &BTreeSet<String>, manifest: Option<&str>) -> Verdict {
    let mut verdict = Verdict::default();
    for pattern in &wanted.files {
        let found = match Glob::new(pattern) {
            Ok(glob) => {
                let matcher = glob.compile_matcher();
                files.iter().any(|file| matcher.is_match(file))
            }
            Err(_) => files.contains(pattern),
        };
        if !found {
            verdict.fail("file_missing", pattern, "There is no such file.");
        }
    }
    for folder in wanted.folders.iter().filter(|folder| !has_folder(files, folder)) {
        verdict.fail("folder_missing", folder, "There is no such folder, or nothing in it.");
    }
    if let Some(text) = manifest {
        match Manifest::parse(text) {
            Ok(manifest) => agree(&mut verdict, &manifest, files),
            Err(message) => verdict.fail("manifest_unreadable", "spin.toml", message),
        }
    }
    verdict.fact("files", files.len());
    verdict
}

fn has_folder(files: &BTreeSet<String>, folder: &str) -> bool {
    let prefix = format!("{}/", folder.trim_end_matches('/'));
    files.range(prefix.clone()..).next().is_some_and(|file| file.starts_with(&prefix))
}

/// That every route has a component, every component a purpose and a source, and all variables are declared.
fn agree(verdict: &mut Verdict, manifest: &Manifest, files: &BTreeSet<String>) {
    let mut seen = BTreeSet::new();
    for (route, id) in &manifest.routes {
        if !manifest.components.contains_key(id) {
            verdict.fail("component_missing", route, format!("The route leads to `{id}`, which is no component."));
        }
        if !seen.insert(route) {
            verdict.fail("route_twice", route, "Two triggers have this route.");
        }
    }
    for (id, component) in &manifest.components {
        let at = format!("component.{id}");
        let routed = manifest.routes.iter().any(|(_, to)| to == id);
        let used = manifest.components.values().any(|other| other.dependencies.contains(&component.source));
        if !routed && !used {
            verdict.fail("component_unused", &at, "No route leads to it, and no component depends on it.");
        }
        if !is_made(component, files) {
            let message = "Neither is its file there, nor does its build command name packages that are.";
            verdict.fail("source_missing", format!("{at}.source"), message);
        }
        for dependency in component.dependencies.iter().filter(|path| !path.is_empty()) {
            let sourced = manifest.components.values().any(|other| other.source == *dependency);
            // What has no component of its own is built with the component that uses it.
            if !sourced
                && !files.contains(dependency)
                && !component.packages.iter().any(|name| builds(name, dependency))
            {
                let elsewhere = manifest.components.values().flat_map(|other| &other.packages);
                if !elsewhere.into_iter().any(|name| builds(name, dependency)) {
                    let message = format!("`{dependency}` is no component's file, and no build command makes it.");
                    verdict.fail("dependency_missing", format!("{at}.dependencies"), message);
                }
            }
        }
        for name in component.uses.iter().filter(|name| !manifest.variables.contains_key(*name)) {
            verdict.fail("variable_missing", &at, format!("It uses the variable `{name}`, which isn't declared."));
        }
    }
}

fn is_made(component: &Component, files: &BTreeSet<String>) -> bool {
    let made_of = |name: &String| {
        let tail = format!("{name}/Cargo.toml");
        files.iter().any(|file| *file == tail || file.ends_with(&format!("/{tail}")))
    };
    files.contains(&component.source)
        || (!component.packages.is_empty()
            && component.packages.iter().all(made_of)
            && component.packages.iter().any(|name| builds(name, &component.source)))
}

/// Whether building this package makes this file.
fn builds(package: &str, file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".wasm") == Some(package.replace('-', "_").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [variables]
        key = { required = true }
        [[trigger.http]]
        route = "/..."
        component = "site"
        [component.site]
        source = "target/site.wasm"
        [component.site.variables]
        k = "{{ key }}"
        [component.site.build]
        command = "cargo build -p site && cargo build -p bundle"
        [component.site.dependencies]
        "a:b/c" = { path = "target/bundle.wasm" }
    "#;

    fn files() -> BTreeSet<String> {
        ["README.md", "wit/core/limits.wit", "components/site/Cargo.toml", "adapters/bundle/Cargo.toml"]
            .map(str::to_owned)
            .into()
    }

    fn wanted() -> Structure {
        Structure { files: vec!["README.md".into(), "wit/*/*.wit".into()], folders: vec!["components".into()] }
    }

    #[test]
    fn ops_3_what_is_all_there_passes() {
        assert_eq!(check(&wanted(), &files(), Some(GOOD)).found(), Vec::<String>::new());
        assert!(!Structure::built_in().files.is_empty() && !Structure::built_in().folders.is_empty());
    }

    #[test]
    fn ops_3_what_is_missing_is_named() {
        let without = |name: &str, expected: &[&str]| {
            let files = files().into_iter().filter(|file| file != name).collect();
            assert_eq!(check(&wanted(), &files, Some(GOOD)).found(), expected, "{name}");
        };
        without("README.md", &["file_missing README.md"]);
        without("wit/core/limits.wit", &["file_missing wit/*/*.wit"]);
        without("components/site/Cargo.toml", &["folder_missing components", "source_missing component.site.source"]);
        without("adapters/bundle/Cargo.toml", &["source_missing component.site.source"]);
    }

    #[test]
    fn ops_3_a_manifest_that_disagrees_with_itself_fails() {
        let changed = |from: &str, to: &str, expected: &[&str]| {
            assert!(GOOD.contains(from), "{from}");
            assert_eq!(check(&wanted(), &files(), Some(&GOOD.replace(from, to))).found(), expected, "{from}");
        };
        changed(
            r#"component = "site""#,
            r#"component = "sight""#,
            &["component_missing /...", "component_unused component.site"],
        );
        changed("{{ key }}", "{{ kee }}", &["variable_missing component.site"]);
        changed("target/bundle.wasm", "target/bundles.wasm", &["dependency_missing component.site.dependencies"]);
        changed("target/site.wasm", "target/sight.wasm", &["source_missing component.site.source"]);
        changed("[variables]", "[variables", &["manifest_unreadable spin.toml"]);
        let twice = format!("{GOOD}\n[[trigger.http]]\nroute = \"/...\"\ncomponent = \"site\"\n");
        assert_eq!(check(&wanted(), &files(), Some(&twice)).found(), ["route_twice /..."]);
    }
}
