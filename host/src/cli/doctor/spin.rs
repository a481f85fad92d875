//! What Spin would refuse of a manifest that this host takes.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::finding::Finding;

const WHY: &str = "The same manifest and components run here and under Spin; what only one of the two takes ends that.";

pub fn look(manifest: &Path) -> Vec<Finding> {
    let Some(table) = fs::read_to_string(manifest).ok().and_then(|text| text.parse::<Table>().ok()) else {
        // The look at the start says so.
        return Vec::new();
    };
    let refused = refused(&table);
    if refused.is_empty() {
        return vec![Finding::ok(format!("manifest {}, for Spin", manifest.display()))];
    }
    let what = format!("manifest {}, for Spin", manifest.display());
    refused
        .into_iter()
        .map(|said| Finding::warning(&what, said).because(WHY).mend("put right the key that is named"))
        .collect()
}

fn refused(manifest: &Table) -> Vec<String> {
    let none = Table::new();
    let components = manifest.get("component").and_then(Value::as_table).unwrap_or(&none);
    let mut refused = Vec::new();
    for (id, component) in components {
        if !is_kebab(id) {
            refused.push(format!(
                "key `component.{id}`: an id has words of lower-case letters and digits, joined by dashes"
            ));
        }
        let stores = component.get("key_value_stores").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for store in stores.iter().filter_map(Value::as_str).filter(|store| *store != "default") {
            refused.push(format!(
                "key `component.{id}.key_value_stores`: Spin knows `{store}` only by a runtime configuration that names it"
            ));
        }
    }
    if manifest.get("application").and_then(|it| it.get("name")).and_then(Value::as_str).is_some_and(str::is_empty) {
        refused.push("key `application.name`: is empty".into());
    }
    refused
}

/// A name of the component model, in the case that Spin asks for.
fn is_kebab(id: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    id.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_6_what_spin_would_refuse_is_named() {
        let check = |manifest: &str, named: &[&str]| {
            let refused = refused(&manifest.parse().unwrap());
            assert_eq!(refused.len(), named.len(), "{refused:?}");
            for (said, named) in refused.iter().zip(named) {
                assert!(said.contains(named), "{said}");
            }
        };
        check("[application]\nname = \"x\"\n[component.site2-b]\nkey_value_stores = [\"default\"]", &[]);
        check("[component.My_site]", &["component.My_site"]);
        check("[component.2site]", &["component.2site"]);
        check("[component.site-]", &["component.site-"]);
        check("[component.site]\nkey_value_stores = [\"default\", \"other\"]", &["`other`"]);
        check("[application]\nname = \"\"", &["application.name"]);
    }

    #[test]
    fn ops_6_this_repositorys_manifest_is_fine() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spin.toml");
        assert_eq!(refused(&fs::read_to_string(manifest).unwrap().parse().unwrap()), Vec::<String>::new());
    }
}
