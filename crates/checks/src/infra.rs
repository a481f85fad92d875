//! Drift: whether the deploy files say what the manifest says, and what runs is what they say.

use std::collections::BTreeSet;

use serde_json::Value;
use toml::Table;

use crate::{Verdict, manifest::Manifest, yaml};

/// Where what is looked at has its place.
const RUNTIME: &str = "runtime-config.toml";
const HOSTS: &str = "egress-hosts.txt";

/// The deploy files, by their path below that folder.
pub type Files<'a> = [(&'a str, &'a str)];

/// What a running gate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The version in `GET /health`.
    pub version: String,
    /// Paths of `GET /v1/openapi.json`.
    pub paths: BTreeSet<String>,
}

/// Compares the deploy files with the manifest.
#[must_use]
pub fn files(manifest: &Manifest, files: &Files<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let mut objects = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".yaml") || path.ends_with(".yml")) {
        match yaml::documents(text) {
            Ok(documents) => objects.extend(documents.into_iter().map(|object| ((*path).to_owned(), object))),
            Err(message) => verdict.fail("unreadable", *path, message),
        }
    }
    let of_kind = |kind: &str| {
        let objects = objects.iter().filter(|(_, object)| object.get("kind").and_then(Value::as_str) == Some(kind));
        objects.collect::<Vec<_>>()
    };
    let apps = of_kind("SpinApp");
    if apps.is_empty() {
        verdict.fail("app_missing", "SpinApp", "No file has one.");
    }
    for (path, app) in apps {
        look_at_app(&mut verdict, path, app, manifest);
    }
    look_at_maintenance(&mut verdict, &of_kind("CronJob"), manifest);
    let text = |name: &str| files.iter().find(|(path, _)| *path == name).map(|(_, text)| *text);
    look_at_stores(&mut verdict, text(RUNTIME), manifest);
    look_at_hosts(&mut verdict, text(HOSTS), manifest);
    verdict.fact("objects", objects.len());
    verdict
}

/// Compares what runs with the manifest.
#[must_use]
pub fn running(manifest: &Manifest, running: &Running) -> Verdict {
    let mut verdict = Verdict::default();
    if running.version != manifest.version {
        let message = format!("What runs is {}, the manifest is {}.", running.version, manifest.version);
        verdict.fail("version", "/health", message);
    }
    // The page's own files and the catch-all are documented by nobody.
    let documented = manifest.routes.iter().map(|(route, _)| route.as_str());
    for route in documented.filter(|route| route.starts_with("/v1/") && !serves(&running.paths, route)) {
        verdict.fail("route_missing", route, "The manifest has this route, and what runs doesn't know it.");
    }
    verdict.fact("routes", manifest.routes.len());
    verdict
}

/// Whether a documented path lies under a route.
fn serves(paths: &BTreeSet<String>, route: &str) -> bool {
    let parts = |path: &str| path.trim_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let (prefix, open) = route.strip_suffix("/...").map_or((route, false), |prefix| (prefix, true));
    let wanted = parts(prefix);
    paths.iter().any(|path| {
        let found = parts(path);
        let fits =
            |(wanted, found): (&String, &String)| wanted == found || wanted.starts_with(':') || found.starts_with('{');
        (open && found.len() >= wanted.len() || found.len() == wanted.len()) && wanted.iter().zip(&found).all(fits)
    })
}

fn look_at_app(verdict: &mut Verdict, path: &str, app: &Value, manifest: &Manifest) {
    let spec = app.get("spec").unwrap_or(&Value::Null);
    let image = spec.get("image").and_then(Value::as_str).unwrap_or_default();
    if image_tag(image) != Some(manifest.version.as_str()) && !image.contains("@sha256:") {
        let message = format!("`{image}` is not of version {}, nor named by its digest.", manifest.version);
        verdict.fail("image", format!("{path} spec.image"), message);
    }
    let mut bound = BTreeSet::new();
    for variable in list(spec, "/variables") {
        let name = variable.get("name").and_then(Value::as_str).unwrap_or_default();
        bound.insert(name);
        let at = format!("{path} spec.variables.{name}");
        match manifest.variables.get(name) {
            None => verdict.fail("variable_undeclared", at, "The manifest declares no such variable."),
            Some(declared) if declared.secret && variable.pointer("/valueFrom/secretKeyRef").is_none() => {
                verdict.fail("variable_in_the_open", at, "It is secret and must come from a Secret.");
            }
            Some(_) => {}
        }
    }
    let required =
        manifest.variables.iter().filter(|(name, variable)| variable.required && !bound.contains(name.as_str()));
    for (name, _) in required {
        let at = format!("{path} spec.variables.{name}");
        verdict.fail("variable_unbound", at, "The manifest requires this variable.");
    }
    let components: BTreeSet<_> = list(spec, "/components").filter_map(Value::as_str).collect();
    if !components.is_empty() {
        let declared: BTreeSet<_> = manifest.components.keys().map(String::as_str).collect();
        for id in components.symmetric_difference(&declared) {
            let message = "It is in the manifest or in the deploy file, and not in both.";
            verdict.fail("component", format!("{path} spec.components.{id}"), message);
        }
    }
    let stores: BTreeSet<_> =
        list(spec, "/runtimeConfig/keyValueStores").filter_map(|store| store.get("name")?.as_str()).collect();
    let from_secret = spec.pointer("/runtimeConfig/loadFromSecret").is_some();
    for label in labels(manifest).iter().filter(|label| !from_secret && !stores.contains(label.as_str())) {
        let at = format!("{path} spec.runtimeConfig.keyValueStores");
        verdict.fail(
            "store_missing",
            at,
            format!("The store `{label}` has no place, so every replica would have its own."),
        );
    }
    for probe in ["readiness", "liveness"] {
        let asked = spec.pointer(&format!("/checks/{probe}/httpGet/path")).and_then(Value::as_str);
        if !asked.is_some_and(|asked| manifest.routes.iter().any(|(route, _)| route == asked)) {
            let message = format!("It asks `{}`, which is no route of the manifest.", asked.unwrap_or("nothing"));
            verdict.fail("probe", format!("{path} spec.checks.{probe}"), message);
        }
    }
}

/// The part after the last colon that isn't a port.
fn image_tag(image: &str) -> Option<&str> {
    image.rsplit('/').next()?.split_once(':').map(|(_, tag)| tag.trim_start_matches('v'))
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn labels(manifest: &Manifest) -> BTreeSet<String> {
    manifest.components.values().flat_map(|component| component.stores.clone()).collect()
}

fn look_at_maintenance(verdict: &mut Verdict, jobs: &[&(String, Value)], manifest: &Manifest) {
    let mut called = BTreeSet::new();
    for (path, job) in jobs {
        let text = job.pointer("/spec/jobTemplate").map(Value::to_string).unwrap_or_default();
        // The path ends where a URL does.
        let routes = text.split("/v1/maintenance").skip(1).map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '/' || c == '-')).unwrap_or(rest.len());
            format!("/v1/maintenance{}", rest.get(..end).unwrap_or_default().trim_end_matches('/'))
        });
        for route in routes {
            if !manifest.maintenance().any(|known| known == route) {
                verdict.fail(
                    "job_astray",
                    path,
                    format!("A CronJob calls `{route}`, which is no route of the manifest."),
                );
            }
            called.insert(route);
        }
    }
    for route in manifest.maintenance().filter(|route| !called.contains(*route)) {
        verdict.fail("job_missing", route, "No CronJob calls it.");
    }
}

fn look_at_stores(verdict: &mut Verdict, text: Option<&str>, manifest: &Manifest) {
    let Some(text) = text else {
        return verdict.fail("file_missing", RUNTIME, "Without it, Spin keeps everything in one machine's file.");
    };
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return verdict.fail("unreadable", RUNTIME, toml::de::Error::message(&error)),
    };
    for label in labels(manifest) {
        if table.get("key_value_store").and_then(|stores| stores.get(&label)).is_none() {
            verdict.fail("store_missing", RUNTIME, format!("There is no `[key_value_store.{label}]`."));
        }
    }
}

/// One host pattern a line; what follows a `#` is for people.
fn look_at_hosts(verdict: &mut Verdict, text: Option<&str>, manifest: &Manifest) {
    let Some(text) = text else {
        return verdict.fail("file_missing", HOSTS, "It says to the network's guard which hosts are called.");
    };
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let listed: BTreeSet<_> = lines.filter(|line| !line.is_empty()).collect();
    // What a variable names is the operator's to add.
    let hosts = manifest.components.values().flat_map(|component| &component.hosts);
    let allowed: BTreeSet<_> = hosts.map(String::as_str).filter(|host| !host.contains("{{")).collect();
    for host in listed.symmetric_difference(&allowed) {
        let place = if listed.contains(host) { "this file" } else { "the manifest" };
        verdict.fail("host", format!("{HOSTS} {host}"), format!("It is in {place} alone."));
    }
}

#[cfg(test)]
mod tests;
