//! What holds for `spin.toml`, so that plain `spin up` and our own host run the same file.

use super::Finding;
use super::tree::Tree;
use crate::spin_toml::{Component, Manifest};

const PATH: &str = "spin.toml";

/// Folders of the components that others import. They import none of each other: composition goes one level deep.
const LEAVES: [&str; 4] =
    ["components/session-authorize", "components/pre-flight", "components/audit-append", "adapters/bundle"];

pub fn triggers_and_builds(tree: &Tree) -> Vec<Finding> {
    let manifest = match read(tree) {
        Ok(manifest) => manifest,
        Err(finding) => return vec![finding],
    };
    let triggers = manifest.triggers.iter().filter(|kind| *kind != "http");
    let triggers = triggers.map(|kind| {
        Finding::error(
            PATH,
            None,
            format!("trigger `{kind}`: plain `spin up` refuses it; use a route that is called on a timer"),
        )
    });
    let unbuilt = manifest.components.iter().filter(|component| component.build_command.is_none());
    let unbuilt = unbuilt.map(|component| {
        Finding::error(PATH, None, format!("component `{0}` has no `[component.{0}.build] command`", component.id))
    });
    triggers.chain(unbuilt).collect()
}

pub fn leaves(tree: &Tree) -> Vec<Finding> {
    // A manifest that can't be read is told by the other rule.
    let components = read(tree).map(|manifest| manifest.components).unwrap_or_default();
    let importing = components.iter().filter(|component| component.has_dependencies && is_leaf(tree, component));
    importing
        .map(|component| {
            Finding::error(
                PATH,
                None,
                format!("leaf `{}` has dependencies; share a crate instead of importing a component", component.id),
            )
        })
        .collect()
}

fn read(tree: &Tree) -> Result<Manifest, Finding> {
    let text = tree.text(PATH).ok_or_else(|| Finding::error(PATH, None, "is missing"))?;
    Manifest::parse(text).map_err(|error| Finding::error(PATH, None, format!("{error:#}")))
}

/// A component is told by its id, or by the package its command builds.
fn is_leaf(tree: &Tree, component: &Component) -> bool {
    let packages = component.cargo_packages().unwrap_or_default();
    LEAVES.iter().any(|folder| {
        let name = folder.rsplit('/').next().unwrap_or_default();
        let package = tree.text(&format!("{folder}/Cargo.toml")).and_then(package_name);
        component.id == name || packages.iter().any(|built| built == name || Some(built) == package.as_ref())
    })
}

fn package_name(manifest: &str) -> Option<String> {
    let manifest: toml::Table = manifest.parse().ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    const PROXY: &str = r#"
        [[trigger.http]]
        route = "/..."
        component = "proxy"
        [component.proxy]
        source = "proxy.wasm"
        [component.proxy.build]
        command = "cargo build -p provider-proxy"
        [component.proxy.dependencies]
        "a:b/c" = { path = "x.wasm" }
    "#;

    #[test]
    fn http_triggers_and_built_components_only() {
        check(triggers_and_builds, &[("spin.toml", PROXY)], &[]);
        check(triggers_and_builds, &[("spin.toml", "[[trigger.redis]]\nchannel = \"x\"")], &[("spin.toml", 0)]);
        check(triggers_and_builds, &[("spin.toml", "[component.a]\nsource = \"a.wasm\"")], &[("spin.toml", 0)]);
        check(triggers_and_builds, &[("spin.toml", "= broken")], &[("spin.toml", 0)]);
        check(triggers_and_builds, &[], &[("spin.toml", 0)]);
    }

    #[test]
    fn leaves_have_no_dependencies() {
        check(leaves, &[("spin.toml", PROXY)], &[]);
        for (id, package) in [("pre-flight", "limits"), ("limits", "pre-flight"), ("vendors", "vendor-bundle")] {
            let manifest =
                PROXY.replace("component.proxy", &format!("component.{id}")).replace("provider-proxy", package);
            let files = [
                ("spin.toml", manifest.as_str()),
                ("adapters/bundle/Cargo.toml", "[package]\nname = \"vendor-bundle\""),
            ];
            check(leaves, &files, &[("spin.toml", 0)]);
        }
    }
}
