//! The application manifest: `spin.toml`, version 2. What is wrong in it stops the start with the key and what was expected.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;

pub use self::build::Build;
pub use self::template::Template;
use crate::server::routes::Route;

mod build;
mod raw;
mod template;

#[cfg(test)]
mod tests;

/// A checked manifest.
#[derive(Debug)]
pub struct Manifest {
    /// The file, for messages.
    pub file: String,
    pub application: String,
    pub variables: BTreeMap<String, Variable>,
    pub triggers: Vec<Trigger>,
    /// Those that a trigger or another component uses are loaded.
    pub components: BTreeMap<String, Component>,
}

/// An application variable. Without a default it is required.
#[derive(Debug)]
pub struct Variable {
    pub default: Option<String>,
}

/// Requests on `route` go to `component`. No route: private, reachable only as a dependency.
#[derive(Debug)]
pub struct Trigger {
    pub route: Option<Route>,
    pub component: String,
}

#[derive(Debug)]
pub struct Component {
    pub source: PathBuf,
    pub key_value_stores: BTreeSet<String>,
    pub allowed_outbound_hosts: Vec<Template>,
    pub variables: BTreeMap<String, Template>,
    pub environment: BTreeMap<String, String>,
    pub dependencies: BTreeMap<String, Dependency>,
    /// How its file is made; who only runs it needs none of that.
    pub build: Option<Build>,
}

/// Where an imported interface comes from.
#[derive(Debug)]
pub struct Dependency {
    pub source: PathBuf,
    /// The export to use, when it isn't named like the import.
    pub export: Option<String>,
    /// Whether it may use what the component was granted: stores, network, variables.
    pub inherit_configuration: bool,
}

impl Manifest {
    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let base = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, base, &path.display().to_string())
            .with_context(|| format!("{} is not a valid manifest", path.display()))
    }

    /// Checks a manifest's text. Paths in it are relative to `base`.
    pub fn parse(text: &str, base: &Path, file: &str) -> Result<Self> {
        let deserializer = toml::Deserializer::parse(text)?;
        let raw: raw::Manifest = serde_path_to_error::deserialize(deserializer)
            .map_err(|error| anyhow!("key `{}`: {}", error.path(), error.inner()))?;
        if raw.spin_manifest_version != 2 {
            bail!("key `spin_manifest_version`: expected 2, found {}", raw.spin_manifest_version);
        }
        for (kind, settings) in &raw.application.trigger {
            check_application_trigger(kind, settings)?;
        }
        let mut variables = BTreeMap::new();
        for (name, variable) in raw.variables {
            let checked = check_variable(&name, variable).with_context(|| format!("key `variables.{name}`"))?;
            variables.insert(name, checked);
        }
        let sources: BTreeMap<String, toml::Value> =
            raw.component.iter().map(|(id, component)| (id.clone(), component.source.clone())).collect();
        let mut components = BTreeMap::new();
        for (id, component) in raw.component {
            let checked = Check { id: &id, base, variables: &variables, sources: &sources }.component(component)?;
            components.insert(id, checked);
        }
        let triggers = check_triggers(raw.trigger, &components)?;
        Ok(Self { file: file.into(), application: raw.application.name, variables, triggers, components })
    }
}

fn check_application_trigger(kind: &str, settings: &toml::Table) -> Result<()> {
    if kind != "http" {
        bail!("key `application.trigger.{kind}`: only `http` triggers are supported");
    }
    for (key, value) in settings {
        match (key.as_str(), value.as_str()) {
            ("base", Some("/")) => {}
            ("base", _) => bail!("key `application.trigger.http.base`: expected \"/\""),
            _ => bail!("key `application.trigger.http.{key}`: unknown field, expected `base`"),
        }
    }
    Ok(())
}

fn check_variable(name: &str, raw: raw::Variable) -> Result<Variable> {
    if !template::is_variable_name(name) {
        bail!("expected a name of lower-case letters, digits and single underscores");
    }
    match (raw.required, raw.default) {
        (true, Some(_)) => bail!("expected either `required = true` or a `default`, found both"),
        (false, None) => bail!("expected `required = true` or a `default`"),
        (_, default) => Ok(Variable { default }),
    }
}

fn check_triggers(
    raw: BTreeMap<String, toml::Value>,
    components: &BTreeMap<String, Component>,
) -> Result<Vec<Trigger>> {
    let mut triggers = Vec::new();
    let mut routes = BTreeSet::new();
    for (kind, entries) in raw {
        if kind != "http" {
            bail!("key `trigger.{kind}`: only `http` triggers are supported");
        }
        let entries: Vec<toml::Value> = at("trigger.http", entries)?;
        for (n, entry) in entries.into_iter().enumerate() {
            let key = format!("trigger.http[{n}]");
            let raw: raw::HttpTrigger = at(&key, entry)?;
            if !components.contains_key(&raw.component) {
                bail!("key `{key}.component`: there is no component `{}`", raw.component);
            }
            if let Some(executor) = raw.executor
                && !matches!(executor.kind.as_str(), "http" | "spin")
            {
                bail!("key `{key}.executor.type`: expected \"http\" or \"spin\"");
            }
            let route = check_route(&raw.route).with_context(|| format!("key `{key}.route`"))?;
            if let Some(route) = &route
                && !routes.insert(route.to_string())
            {
                bail!("key `{key}.route`: `{route}` is routed twice");
            }
            triggers.push(Trigger { route, component: raw.component });
        }
    }
    if triggers.is_empty() {
        bail!("key `trigger.http`: expected at least one `[[trigger.http]]`");
    }
    Ok(triggers)
}

fn check_route(value: &toml::Value) -> Result<Option<Route>> {
    match value {
        toml::Value::String(route) => Ok(Some(Route::parse(route)?)),
        toml::Value::Table(table) if table.len() == 1 && table.get("private") == Some(&toml::Value::Boolean(true)) => {
            Ok(None)
        }
        _ => bail!("expected a path such as \"/v1/...\", or {{ private = true }}"),
    }
}

/// What a component's checks need to know of the rest.
struct Check<'a> {
    id: &'a str,
    base: &'a Path,
    variables: &'a BTreeMap<String, Variable>,
    sources: &'a BTreeMap<String, toml::Value>,
}

impl Check<'_> {
    fn key(&self, field: &str) -> String {
        format!("key `component.{}.{field}`", self.id)
    }

    fn component(&self, raw: raw::Component) -> Result<Component> {
        let mut variables = BTreeMap::new();
        for (name, value) in raw.variables {
            let key = self.key(&format!("variables.{name}"));
            if !template::is_variable_name(&name) {
                bail!("{key}: expected a name of lower-case letters, digits and single underscores");
            }
            variables.insert(name, self.template(&value).context(key)?);
        }
        for (name, value) in &raw.environment {
            if value.contains("{{") {
                bail!(
                    "{}: variables can't be used here, only in `variables` and `allowed_outbound_hosts`",
                    self.key(&format!("environment.{name}"))
                );
            }
        }
        let mut allowed_outbound_hosts = Vec::new();
        for (n, host) in raw.allowed_outbound_hosts.iter().enumerate() {
            let key = self.key(&format!("allowed_outbound_hosts[{n}]"));
            let template = self.template(host).with_context(|| key.clone())?;
            if template.names().next().is_none() {
                crate::outbound::policy::Pattern::parse(host).context(key)?;
            }
            allowed_outbound_hosts.push(template);
        }
        let mut dependencies = BTreeMap::new();
        for (name, value) in raw.dependencies {
            let field = format!("component.{}.dependencies.\"{name}\"", self.id);
            let mut dependency: raw::Dependency = at(&field, value)?;
            dependency.inherit_configuration |= raw.dependencies_inherit_configuration;
            let checked = self.dependency(dependency).with_context(|| format!("key `{field}`"))?;
            dependencies.insert(name, checked);
        }
        for (n, label) in raw.key_value_stores.iter().enumerate() {
            if label.is_empty() || label.contains(['{', '}']) {
                bail!("{}: expected a store's label", self.key(&format!("key_value_stores[{n}]")));
            }
        }
        let build =
            raw.build.map(|build| Build::read(build, self.base).with_context(|| self.key("build"))).transpose()?;
        Ok(Component {
            source: self.source(&raw.source).with_context(|| self.key("source"))?,
            key_value_stores: raw.key_value_stores.into_iter().collect(),
            allowed_outbound_hosts,
            variables,
            environment: raw.environment,
            dependencies,
            build,
        })
    }

    fn source(&self, value: &toml::Value) -> Result<PathBuf> {
        match value {
            toml::Value::String(path) if !path.is_empty() && !path.contains("{{") => Ok(self.base.join(path)),
            _ => bail!("expected the path of a .wasm file; sources from the network are not supported"),
        }
    }

    fn template(&self, text: &str) -> Result<Template> {
        let template = Template::parse(text)?;
        for name in template.names() {
            if !self.variables.contains_key(name) {
                bail!("`{text}`: the application declares no variable `{name}`");
            }
        }
        Ok(template)
    }

    fn dependency(&self, raw: raw::Dependency) -> Result<Dependency> {
        let source = match (raw.path, raw.component) {
            (Some(path), None) => self.source(&toml::Value::String(path))?,
            (None, Some(id)) => {
                let source = self.sources.get(&id).with_context(|| format!("there is no component `{id}`"))?;
                self.source(source)?
            }
            _ => bail!("expected either `path` or `component`"),
        };
        Ok(Dependency { source, export: raw.export, inherit_configuration: raw.inherit_configuration })
    }
}

/// Reads a part of the manifest, with its key in front of the error.
fn at<T: DeserializeOwned>(key: &str, value: toml::Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let inner = error.path().to_string();
        let separator = if inner.is_empty() || inner == "." { "" } else { "." };
        let inner = if inner == "." { "" } else { &inner };
        anyhow!("key `{key}{separator}{inner}`: {}", error.inner())
    })
}
