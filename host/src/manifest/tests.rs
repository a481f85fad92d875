//! Every mistake is reported with its key.

use super::*;

const GOOD: &str = r#"
spin_manifest_version = 2
[application]
name = "app"
version = "1.0.0"
authors = ["someone"]
[application.trigger.http]
base = "/"
[variables]
key = { required = true, secret = true }
hosts = { default = "http://dev.invalid" }
[[trigger.http]]
id = "one"
route = "/v1/..."
component = "proxy"
[[trigger.http]]
route = "/health"
component = "proxy"
executor = { type = "http" }
[[trigger.http]]
route = { private = true }
component = "leaf"
[component.proxy]
source = "target/proxy.wasm"
description = "the proxy"
key_value_stores = ["default"]
allowed_outbound_hosts = ["https://api.example.com", "{{ hosts }}"]
environment = { MODE = "test" }
variables = { key = "{{ key }}", url = "https://{{ hosts }}/" }
[component.proxy.build]
command = "cargo build"
workdir = "proxy"
watch = ["src/**"]
[component.proxy.dependencies]
"a:b/c@0.1.0" = { path = "target/leaf.wasm", inherit_configuration = true }
"a:b/d@0.1.0" = { component = "leaf" }
[component.leaf]
source = "target/leaf.wasm"
"#;

fn parse(text: &str) -> Result<Manifest> {
    Manifest::parse(text, Path::new("/app"), "spin.toml")
}

#[test]
fn a_full_manifest_is_read() {
    let manifest = parse(GOOD).unwrap();
    assert_eq!(manifest.application, "app");
    assert_eq!(manifest.triggers.len(), 3);
    assert!(manifest.triggers[2].route.is_none());
    let proxy = &manifest.components["proxy"];
    assert_eq!(proxy.source, Path::new("/app/target/proxy.wasm"));
    let build = proxy.build.as_ref().unwrap();
    assert_eq!((&*build.command, &*build.folder), ("cargo build", Path::new("/app/proxy")));
    assert_eq!(build.watch, ["src/**"]);
    assert!(manifest.components["leaf"].build.is_none());
    assert!(proxy.key_value_stores.contains("default"));
    let dependency = &proxy.dependencies["a:b/c@0.1.0"];
    assert!(dependency.inherit_configuration);
    assert_eq!(dependency.source, proxy.dependencies["a:b/d@0.1.0"].source);
    assert!(!proxy.dependencies["a:b/d@0.1.0"].inherit_configuration);
}

/// Replaces a part of the good manifest and expects an error with all of `expected` in it.
#[track_caller]
fn check(part: &str, replacement: &str, expected: &[&str]) {
    assert_eq!(GOOD.matches(part).count(), 1, "`{part}` is not exactly once in the manifest");
    let error = match parse(&GOOD.replace(part, replacement)) {
        Ok(_) => panic!("`{replacement}` was accepted"),
        Err(error) => format!("{error:#}"),
    };
    for expected in expected {
        assert!(error.contains(expected), "`{replacement}`: `{expected}` is not in: {error}");
    }
}

#[test]
fn mistakes_are_reported_with_their_key() {
    check("version = 2", "version = 1", &["spin_manifest_version", "expected 2"]);
    check("version = 2", "version = \"2\"", &["spin_manifest_version"]);
    check("name = \"app\"", "", &["name"]);
    check("authors", "author", &["application", "author", "authors"]);
    check("base = \"/\"", "base = \"/x\"", &["application.trigger.http.base"]);
    check("[application.trigger.http]", "[application.trigger.redis]", &["redis"]);
    check("required = true", "required = 1", &["variables.key.required"]);
    check("{ required = true, secret = true }", "{ secret = true }", &["variables.key", "default"]);
    check("required = true, secret", "required = true, default = \"x\", secret", &["variables.key", "both"]);
    check("hosts = { default", "Hosts = { default", &["variables.Hosts", "lower-case"]);
    check("id = \"one\"", "name = \"one\"", &["trigger.http[0]", "name"]);
    check("route = \"/v1/...\"", "", &["trigger.http[0]", "route"]);
    check("route = \"/v1/...\"", "route = \"v1\"", &["trigger.http[0].route", "begins with"]);
    check("route = \"/v1/...\"", "route = \"/v1/.../x\"", &["trigger.http[0].route"]);
    check("route = \"/v1/...\"", "route = \"/health\"", &["routed twice"]);
    check("{ private = true }", "{ private = false }", &["trigger.http[2].route", "private = true"]);
    check(
        "route = \"/health\"\ncomponent = \"proxy\"",
        "route = \"/health\"\ncomponent = \"nobody\"",
        &["trigger.http[1].component", "nobody"],
    );
    check("type = \"http\"", "type = \"wagi\"", &["executor.type"]);
    check(
        "[[trigger.http]]\nid",
        "[[trigger.redis]]\nchannel = \"x\"\ncomponent = \"proxy\"\n[[trigger.http]]\nid",
        &["trigger.redis"],
    );
    check("source = \"target/proxy.wasm\"", "", &["component.proxy", "source"]);
    check(
        "source = \"target/proxy.wasm\"",
        "source = { url = \"https://x\", digest = \"y\" }",
        &["component.proxy.source", "path"],
    );
    check("source = \"target/proxy.wasm\"", "source = \"{{ key }}.wasm\"", &["component.proxy.source"]);
    check(
        "key_value_stores = [\"default\"]",
        "key_value_store = [\"default\"]",
        &["component.proxy", "key_value_store"],
    );
    check("key_value_stores = [\"default\"]", "key_value_stores = \"default\"", &["component.proxy.key_value_stores"]);
    check("key_value_stores = [\"default\"]", "key_value_stores = [\"\"]", &["component.proxy.key_value_stores[0]"]);
    check("key_value_stores = [\"default\"]", "sqlite_databases = [\"default\"]", &["sqlite_databases"]);
    check("\"https://api.example.com\"", "\"api.example.com\"", &["allowed_outbound_hosts[0]", "scheme"]);
    check("\"{{ hosts }}\"", "\"{{ nothing }}\"", &["allowed_outbound_hosts[1]", "nothing"]);
    check("\"{{ hosts }}\"", "\"{{ hosts\"", &["allowed_outbound_hosts[1]", "}}"]);
    check("MODE = \"test\"", "MODE = \"{{ key }}\"", &["environment.MODE", "variables"]);
    check("key = \"{{ key }}\"", "key = \"{{ keys }}\"", &["component.proxy.variables.key", "keys"]);
    check("key = \"{{ key }}\"", "KEY = \"{{ key }}\"", &["component.proxy.variables.KEY", "lower-case"]);
    check("{ component = \"leaf\" }", "{ component = \"leaves\" }", &["a:b/d@0.1.0", "leaves"]);
    check("{ component = \"leaf\" }", "{ component = \"leaf\", path = \"x\" }", &["a:b/d@0.1.0", "either"]);
    check("{ component = \"leaf\" }", "{ version = \"1.0\" }", &["a:b/d@0.1.0", "version"]);
    check("{ component = \"leaf\" }", "\"1.0\"", &["a:b/d@0.1.0"]);
    check("inherit_configuration = true", "inherit_configuration = \"yes\"", &["inherit_configuration"]);
    check("[component.leaf]", "[components.leaf]", &["components"]);
    check("spin_manifest_version = 2", "spin_manifest_version =", &["line 2"]);
}

#[test]
fn a_manifest_without_triggers_is_refused() {
    let text = "spin_manifest_version = 2\n[application]\nname = \"x\"\n";
    assert!(format!("{:#}", parse(text).unwrap_err()).contains("trigger.http"));
}
