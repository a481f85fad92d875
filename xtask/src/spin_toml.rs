//! What `spin.toml` says: which components there are, how each is built, which files they are made of.
//!
//! The build and the style check both read it here, so that there is one list of components and not two.

use anyhow::{Context, Result};
use toml::{Table, Value};

/// One `[component.X]` of the manifest.
#[derive(Debug, Default, PartialEq)]
pub struct Component {
    pub id: String,
    /// `[component.X.build] command`.
    pub build_command: Option<String>,
    /// Folder the command runs in, relative to the manifest.
    pub workdir: Option<String>,
    /// The `.wasm` files it is composed of: its source first, then those of its dependencies.
    pub files: Vec<String>,
    /// Whether it has a `[component.X.dependencies]` table with anything in it.
    pub has_dependencies: bool,
}

impl Component {
    /// The packages a `cargo build` command names, or nothing when the command is of another kind.
    pub fn cargo_packages(&self) -> Option<Vec<String>> {
        let words: Vec<_> = self.build_command.as_deref()?.split_whitespace().collect();
        if words.get(..2)? != ["cargo", "build"] || words.iter().any(|word| word.contains(['&', ';', '|'])) {
            return None;
        }
        let mut packages = Vec::new();
        for (index, word) in words.iter().enumerate() {
            match word.split_once('=') {
                None if ["-p", "--package"].contains(word) => packages.push((*words.get(index + 1)?).to_owned()),
                Some(("-p" | "--package", name)) => packages.push(name.to_owned()),
                _ => {}
            }
        }
        (!packages.is_empty()).then_some(packages)
    }
}

/// The parts of the manifest that the tools need.
#[derive(Debug, Default)]
pub struct Manifest {
    pub components: Vec<Component>,
    /// The kinds of triggers in use, such as `http`.
    pub triggers: Vec<String>,
}

impl Manifest {
    pub fn parse(text: &str) -> Result<Self> {
        let manifest: Table = text.parse().context("spin.toml is not TOML")?;
        let table = |name: &str| manifest.get(name).and_then(Value::as_table).into_iter().flatten();
        Ok(Self {
            components: table("component").map(|(id, value)| component(id, value)).collect(),
            triggers: table("trigger").map(|(kind, _)| kind.clone()).collect(),
        })
    }
}

fn component(id: &str, value: &Value) -> Component {
    let build = value.get("build");
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let dependencies = value.get("dependencies").and_then(Value::as_table);
    let dependency_files =
        dependencies.into_iter().flatten().filter_map(|(_, dependency)| text(dependency.get("path")));
    Component {
        id: id.to_owned(),
        build_command: build.and_then(|build| command(build.get("command")?)),
        workdir: text(build.and_then(|build| build.get("workdir"))),
        files: text(value.get("source")).into_iter().chain(dependency_files).collect(),
        has_dependencies: dependencies.is_some_and(|table| !table.is_empty()),
    }
}

/// Spin takes one command or a list of them.
fn command(value: &Value) -> Option<String> {
    match value {
        Value::String(command) => Some(command.clone()),
        Value::Array(commands) => Some(commands.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" && ")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_read() {
        let manifest = Manifest::parse(
            r#"
            [[trigger.http]]
            route = "/v1/chat/..."
            component = "proxy"
            [component.proxy]
            source = "target/wasm32-wasip2/release/proxy.wasm"
            [component.proxy.build]
            command = "cargo build --target wasm32-wasip2 --release -p proxy"
            [component.proxy.dependencies]
            "tollgate:core/limits@0.1.0" = { path = "target/wasm32-wasip2/release/pre_flight.wasm" }
            [component.other]
            source = { url = "https://example.org/x.wasm", digest = "sha256:00" }
            build = { command = ["make a", "make b"], workdir = "other" }
            "#,
        )
        .unwrap();
        assert_eq!(manifest.triggers, ["http"]);
        let [other, proxy] = &manifest.components[..] else { panic!("{manifest:?}") };
        assert_eq!(
            proxy.files,
            ["target/wasm32-wasip2/release/proxy.wasm", "target/wasm32-wasip2/release/pre_flight.wasm"]
        );
        assert!(proxy.has_dependencies && !other.has_dependencies);
        assert_eq!(
            (other.build_command.as_deref(), other.workdir.as_deref()),
            (Some("make a && make b"), Some("other"))
        );
        assert!(other.files.is_empty());
        assert!(Manifest::parse("= 1").is_err());
    }

    #[test]
    fn packages_are_read_from_the_build_command() {
        let check = |command: &str, expected: Option<&[&str]>| {
            let component = Component { build_command: Some(command.into()), ..Component::default() };
            let packages = component.cargo_packages();
            let packages: Option<Vec<_>> = packages.as_ref().map(|names| names.iter().map(String::as_str).collect());
            assert_eq!(packages.as_deref(), expected, "{command}");
        };
        check("cargo build --target wasm32-wasip2 --release -p proxy", Some(&["proxy"]));
        check("cargo build -p a --package=b --package c", Some(&["a", "b", "c"]));
        check("cargo build --release", None);
        check("cargo build -p a && cargo build -p b", None);
        check("cargo component build -p a", None);
        check("make", None);
        check("", None);
    }
}
