//! What cargo knows about this repository: its root, its target folder and its packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The repository as `cargo metadata` describes it.
pub struct Workspace {
    pub root: PathBuf,
    /// Where cargo builds: `CARGO_TARGET_DIR`, the configuration, or `<root>/target`.
    pub target: PathBuf,
    pub packages: Vec<Package>,
}

/// One member of the workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    pub name: String,
    /// Builds a `.wasm` file (has a `cdylib` target), so it is a component.
    pub is_component: bool,
    /// Can be linted and tested on the developer's own machine: by default whatever is no component.
    /// A package that knows better says `[package.metadata.xtask] native-tests = true` (or `false`).
    pub native_tests: bool,
    /// Must not share a cargo invocation with others, which would unite their features:
    /// `[package.metadata.xtask] builds-alone = true`.
    pub builds_alone: bool,
}

impl Workspace {
    pub fn load() -> Result<Self> {
        // Without the manifest path cargo would look at the caller's folder, which may be another project's.
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
            .arg(manifest)
            .stderr(Stdio::inherit())
            .output()
            .context("cargo can't be started")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed: one of the Cargo.toml files can't be read");
        }
        Self::from_metadata(&serde_json::from_slice(&output.stdout)?)
    }

    fn from_metadata(metadata: &Value) -> Result<Self> {
        let path = |field: &str| {
            metadata[field].as_str().map(PathBuf::from).with_context(|| format!("cargo metadata lacks `{field}`"))
        };
        let packages = metadata["packages"].as_array().context("cargo metadata lacks `packages`")?;
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            packages: packages.iter().map(package).collect(),
        })
    }

    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The programs cargo builds with the `host` profile (native, a panic unwinds).
    pub fn native_program(&self, name: &str) -> PathBuf {
        self.target.join("host").join(name)
    }

    /// Where `build` leaves the gate.
    pub fn tollgate(&self) -> PathBuf {
        self.target.join("release/tollgate")
    }

    pub fn spin_toml(&self) -> PathBuf {
        self.root.join("spin.toml")
    }

    /// A cargo command that runs at the root of the repository.
    pub fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }
}

fn package(value: &Value) -> Package {
    let crate_types = |target: &Value| target["crate_types"].as_array().cloned().unwrap_or_default();
    let targets = value["targets"].as_array().cloned().unwrap_or_default();
    let is_component = targets.iter().any(|target| crate_types(target).iter().any(|kind| kind == "cdylib"));
    Package {
        name: value["name"].as_str().unwrap_or_default().to_owned(),
        is_component,
        native_tests: value["metadata"]["xtask"]["native-tests"].as_bool().unwrap_or(!is_component),
        builds_alone: value["metadata"]["xtask"]["builds-alone"].as_bool().unwrap_or(false),
    }
}

/// Cargo, without what `cargo run` told *us* about our own package: build scripts that watch those variables
/// (`ring`'s does) would otherwise run again each time a developer changes between `cargo build` and `cargo xtask`.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn components_are_the_packages_with_a_cdylib_target() {
        let metadata = json!({
            "workspace_root": "/r", "target_directory": "/t",
            "packages": [
                {"name": "money", "metadata": null, "targets": [{"crate_types": ["lib"]}]},
                {"name": "pre-flight", "metadata": null, "targets": [{"crate_types": ["cdylib"]}]},
                {"name": "shell", "metadata": {"xtask": {"native-tests": false}}, "targets": [{"crate_types": ["lib"]}]},
                {"name": "bundle", "metadata": {"xtask": {"native-tests": true}}, "targets": [{"crate_types": ["lib", "cdylib"]}]},
            ],
        });
        let workspace = Workspace::from_metadata(&metadata).unwrap();
        let natively: Vec<_> =
            workspace.packages.iter().map(|p| (p.name.as_str(), p.is_component, p.native_tests)).collect();
        let expected =
            [("money", false, true), ("pre-flight", true, false), ("shell", false, false), ("bundle", true, true)];
        assert_eq!(natively, expected);
        assert_eq!(workspace.tollgate(), Path::new("/t/release/tollgate"));
        assert!(Workspace::from_metadata(&json!({"packages": []})).is_err());
    }
}
