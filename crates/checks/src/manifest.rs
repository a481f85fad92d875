//! What a `spin.toml` says, as far as it is checked: routes, components, variables, hosts.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

/// See the module's description.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Of the application.
    pub version: String,
    /// By name.
    pub variables: BTreeMap<String, Variable>,
    /// Path and component of each, in order. A private one has no path and isn't here.
    pub routes: Vec<(String, String)>,
    /// By id.
    pub components: BTreeMap<String, Component>,
}

/// Whether one must be given, and whether it may be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variable {
    /// It has no default.
    pub required: bool,
    /// It is nobody's business.
    pub secret: bool,
}

/// What a component is made of, and what it may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Component {
    /// Its file.
    pub source: String,
    /// Labels of key-value stores.
    pub stores: BTreeSet<String>,
    /// Outbound host patterns.
    pub hosts: BTreeSet<String>,
    /// Files of its dependencies.
    pub dependencies: Vec<String>,
    /// Packages that its build command names.
    pub packages: BTreeSet<String>,
    /// Variables that its own variables and hosts are made of.
    pub uses: BTreeSet<String>,
}

impl Manifest {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let version = text_at(table.get("application"), "version");
        let routes = table.get("trigger").and_then(|trigger| trigger.get("http")).and_then(Value::as_array);
        let routes = routes.into_iter().flatten().filter_map(|trigger| {
            let route = trigger.get("route")?.as_str()?;
            Some((route.to_owned(), text_at(Some(trigger), "component")))
        });
        Ok(Self {
            version,
            variables: each(&table, "variables").map(|(name, value)| (name.clone(), variable(value))).collect(),
            routes: routes.collect(),
            components: each(&table, "component").map(|(id, value)| (id.clone(), component(value))).collect(),
        })
    }

    /// The routes of the maintenance, which something has to call.
    pub fn maintenance(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|(route, _)| route.as_str()).filter(|route| route.starts_with("/v1/maintenance"))
    }
}

fn each<'a>(table: &'a Table, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    table.get(name).and_then(Value::as_table).into_iter().flatten()
}

fn text_at(value: Option<&Value>, name: &str) -> String {
    value.and_then(|value| value.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn variable(value: &Value) -> Variable {
    let flag = |name: &str| value.get(name).and_then(Value::as_bool).unwrap_or(false);
    Variable { required: flag("required"), secret: flag("secret") }
}

fn component(value: &Value) -> Component {
    let texts = |name: &str| -> BTreeSet<String> {
        let list = value.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let hosts = texts("allowed_outbound_hosts");
    let dependencies = value.get("dependencies").and_then(Value::as_table).into_iter().flatten();
    let variables = value.get("variables").and_then(Value::as_table).into_iter().flatten();
    let templates = variables.filter_map(|(_, value)| value.as_str()).chain(hosts.iter().map(String::as_str));
    Component {
        source: text_at(Some(value), "source"),
        stores: texts("key_value_stores"),
        dependencies: dependencies.map(|(_, value)| text_at(Some(value), "path")).collect(),
        packages: packages(&text_at(value.get("build"), "command")),
        uses: templates.flat_map(names).collect(),
        hosts,
    }
}

/// The packages after `-p`.
fn packages(command: &str) -> BTreeSet<String> {
    let words: Vec<_> = command.split_whitespace().collect();
    let named = words.windows(2).filter_map(|pair| match pair {
        ["-p" | "--package", name] => Some((*name).to_owned()),
        _ => None,
    });
    named.collect()
}

/// The names in `{{ ... }}`.
fn names(template: &str) -> Vec<String> {
    let parts = template.split("{{").skip(1);
    parts.filter_map(|part| part.split_once("}}")).map(|(name, _)| name.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_manifest_is_read() {
        let manifest = Manifest::parse(
            r#"
            [application]
            version = "1.2.3"
            [variables]
            key = { required = true, secret = true }
            place = { default = "" }
            [[trigger.http]]
            route = "/v1/maintenance"
            component = "a"
            [[trigger.http]]
            route = { private = true }
            component = "b"
            [component.a]
            source = "a.wasm"
            key_value_stores = ["default"]
            allowed_outbound_hosts = ["https://x.example", "{{ place }}"]
            [component.a.variables]
            k = "{{ key }}"
            [component.a.build]
            command = "cargo build -p a && cargo build -p bundle"
            [component.a.dependencies]
            "x:y/z" = { path = "bundle.wasm" }
            "#,
        )
        .unwrap();
        assert_eq!(manifest.version, "1.2.3");
        assert_eq!(manifest.routes, [("/v1/maintenance".to_owned(), "a".to_owned())]);
        assert_eq!(manifest.maintenance().collect::<Vec<_>>(), ["/v1/maintenance"]);
        let a = &manifest.components["a"];
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!((&a.uses, &a.packages), (&set(&["key", "place"]), &set(&["a", "bundle"])));
        assert_eq!((&a.stores, a.dependencies.as_slice()), (&set(&["default"]), &["bundle.wasm".to_owned()][..]));
        assert_eq!(manifest.variables["key"], Variable { required: true, secret: true });
        assert!(Manifest::parse("[").is_err());
    }
}
