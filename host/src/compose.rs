//! Joins a component with the dependencies its manifest entry names, into one component whose remaining imports (WASI, stores,
//! variables) are left to the host. A call between the parts is then a function call.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use wac_graph::types::{Package, SubtypeChecker, are_semver_compatible};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

use crate::manifest::{Component, Dependency};

/// What a dependency may import only with `inherit_configuration`: everything through which it could use what was granted
/// to the component.
const GRANTED: [&str; 7] = [
    "wasi:http/client",
    "wasi:http/handler",
    "wasi:http/outgoing-handler",
    "wasi:keyvalue/",
    "wasi:config/",
    "spin:",
    "fermyon:",
];

/// Reads and composes a component. Without dependencies the file is returned as it is.
pub fn compose(id: &str, component: &Component) -> Result<Vec<u8>> {
    let bytes = read(&component.source).with_context(|| format!("component `{id}`"))?;
    if component.dependencies.is_empty() {
        return Ok(bytes);
    }
    compose_bytes(id, bytes, &component.dependencies)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}

fn compose_bytes(id: &str, bytes: Vec<u8>, dependencies: &BTreeMap<String, Dependency>) -> Result<Vec<u8>> {
    let mut composition = Composition::new(id, bytes)?;
    for (name, dependency) in dependencies {
        composition.connect(name, dependency).with_context(|| format!("component `{id}`, dependency `{name}`"))?;
    }
    composition.finish()
}

struct Composition {
    graph: CompositionGraph,
    socket: PackageId,
    instance: NodeId,
    /// One instance for each file, however many interfaces are taken from it: its state is one state.
    plugs: BTreeMap<String, (PackageId, NodeId)>,
}

impl Composition {
    fn new(id: &str, bytes: Vec<u8>) -> Result<Self> {
        let mut graph = CompositionGraph::new();
        let package = Package::from_bytes("tollgate:socket", None, bytes, graph.types_mut())
            .with_context(|| format!("component `{id}` is not a WebAssembly component"))?;
        let socket = graph.register_package(package)?;
        let instance = graph.instantiate(socket);
        Ok(Self { graph, socket, instance, plugs: BTreeMap::new() })
    }

    fn connect(&mut self, name: &str, dependency: &Dependency) -> Result<()> {
        let imports = self.matching_imports(name)?;
        let (package, instance) = self.plug(dependency)?;
        for import in imports {
            let wanted = dependency.export.as_deref().unwrap_or(&import);
            let export = self.matching_export(package, wanted, dependency)?;
            self.check_type(package, &export, &import)?;
            let alias = self.graph.alias_instance_export(instance, &export)?;
            self.graph
                .set_instantiation_argument(self.instance, &import, alias)
                .with_context(|| format!("import `{import}`"))?;
        }
        Ok(())
    }

    /// The imports a dependency's name stands for: one interface, or all of a package.
    fn matching_imports(&self, name: &str) -> Result<Vec<String>> {
        let all: Vec<&String> = self.imports(self.socket).collect();
        let found: Vec<String> =
            all.iter().filter(|import| covers(name, import)).map(|import| (*import).clone()).collect();
        if found.is_empty() {
            let all: Vec<&str> = all.iter().map(|import| import.as_str()).collect();
            bail!("the component imports no such interface; it imports: {}", all.join(", "));
        }
        Ok(found)
    }

    fn plug(&mut self, dependency: &Dependency) -> Result<(PackageId, NodeId)> {
        let file = dependency.source.display().to_string();
        // With and without the configuration are different grants, so they are different instances.
        let key = format!("{file}?{}", dependency.inherit_configuration);
        if let Some(plug) = self.plugs.get(&key) {
            return Ok(*plug);
        }
        let bytes = read(&dependency.source)?;
        let name = format!("tollgate:plug{}", self.plugs.len());
        let package = Package::from_bytes(&name, None, bytes, self.graph.types_mut())
            .with_context(|| format!("{file} is not a WebAssembly component"))?;
        let package = self.graph.register_package(package)?;
        if !dependency.inherit_configuration {
            self.check_imports_nothing_granted(package, &file)?;
        }
        let plug = (package, self.graph.instantiate(package));
        self.plugs.insert(key, plug);
        Ok(plug)
    }

    fn check_imports_nothing_granted(&self, package: PackageId, file: &str) -> Result<()> {
        for import in self.imports(package) {
            if GRANTED.iter().any(|granted| import.starts_with(granted)) {
                bail!(
                    "{file} imports `{import}`: that needs `inherit_configuration = true`, so that it may use what the component was granted"
                );
            }
        }
        Ok(())
    }

    fn matching_export(&self, package: PackageId, wanted: &str, dependency: &Dependency) -> Result<String> {
        let exports = &self.graph.types()[self.graph[package].ty()].exports;
        let found = exports
            .keys()
            .find(|export| *export == wanted)
            .or_else(|| exports.keys().find(|export| are_semver_compatible(export, wanted)));
        found.cloned().with_context(|| {
            let exports: Vec<&str> = exports.keys().map(String::as_str).collect();
            format!("{} doesn't export `{wanted}`; it exports: {}", dependency.source.display(), exports.join(", "))
        })
    }

    fn check_type(&self, package: PackageId, export: &str, import: &str) -> Result<()> {
        let types = self.graph.types();
        let exported = types[self.graph[package].ty()].exports.get(export);
        let imported = types[self.graph[self.socket].ty()].imports.get(import);
        let (Some(exported), Some(imported)) = (exported, imported) else {
            bail!("`{export}` or `{import}` has gone");
        };
        let mut cache = Default::default();
        SubtypeChecker::new(&mut cache)
            .is_subtype(*exported, types, *imported, types)
            .map_err(|error| anyhow!("export `{export}` doesn't fit import `{import}`: {error:#}"))
    }

    fn imports(&self, package: PackageId) -> impl Iterator<Item = &String> {
        self.graph.types()[self.graph[package].ty()].imports.keys()
    }

    /// Exports what the component itself exports, and nothing of its dependencies.
    fn finish(mut self) -> Result<Vec<u8>> {
        let exports: Vec<String> = self.graph.types()[self.graph[self.socket].ty()].exports.keys().cloned().collect();
        for name in exports {
            let alias = self.graph.alias_instance_export(self.instance, &name)?;
            self.graph.export(alias, &name)?;
        }
        // wasmtime validates the result when it compiles it, with the features it really runs.
        let options = EncodeOptions { validate: false, ..Default::default() };
        Ok(self.graph.encode(options)?)
    }
}

/// Whether a dependency's name (`ns:pkg/iface@1.0.0`, version and interface optional) stands for an import.
fn covers(name: &str, import: &str) -> bool {
    if name == import || are_semver_compatible(name, import) {
        return true;
    }
    let (name, name_version) = split_version(name);
    let (import, import_version) = split_version(import);
    let same_version = match (name_version, import_version) {
        (None, _) => true,
        (Some(name), Some(import)) => {
            name == import || are_semver_compatible(&format!("a:b/c@{name}"), &format!("a:b/c@{import}"))
        }
        (Some(_), None) => false,
    };
    let same_interface = if name.contains('/') {
        name == import
    } else {
        import.split_once('/').is_some_and(|(package, _)| package == name)
    };
    same_version && same_interface
}

fn split_version(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, import: &str, expected: bool) {
        assert_eq!(covers(name, import), expected, "{name} for {import}");
    }

    #[test]
    fn a_name_covers_the_imports_it_means() {
        check("a:b/c@1.0.0", "a:b/c@1.0.0", true);
        check("a:b/c@1.2.0", "a:b/c@1.0.0", true);
        check("a:b/c@2.0.0", "a:b/c@1.0.0", false);
        check("a:b/c@0.1.0", "a:b/c@0.2.0", false);
        check("a:b/c", "a:b/c@1.0.0", true);
        check("a:b@1.0.0", "a:b/c@1.0.0", true);
        check("a:b", "a:b/c@1.0.0", true);
        check("a:b", "a:bb/c@1.0.0", false);
        check("a:b/d", "a:b/c", false);
    }
}
