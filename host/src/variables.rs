//! Application variables: where their values come from, and how guests read them.
//!
//! In order: `--variable name=value`, the environment (`SPIN_VARIABLE_<NAME>`), the key file for the two keys that can be
//! made on the spot, the default in the manifest.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use wasmtime::component::{Accessor, HasSelf};

use crate::instance::GuestData;
use crate::keys;
use crate::kv::bindings::spin::variables::variables;
use crate::kv::bindings::wasi::config::store as config;
use crate::manifest::{Manifest, Template};
use crate::settings;

/// The value of every application variable.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Finds a value for each variable that the manifest declares.
    ///
    /// # Errors
    /// A required variable has no value, or a given one isn't declared.
    pub fn resolve(
        manifest: &Manifest,
        given: &[(String, String)],
        environment: impl Fn(&str) -> Option<String>,
        made: impl FnOnce(&[&str]) -> Result<BTreeMap<String, String>>,
    ) -> Result<Self> {
        let mut values = BTreeMap::new();
        for (name, value) in given {
            if !manifest.variables.contains_key(name) {
                bail!("--variable {name}: {} declares no such variable", manifest.file);
            }
            values.insert(name.clone(), value.clone());
        }
        for name in manifest.variables.keys() {
            if !values.contains_key(name)
                && let Some(value) = environment(&format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()))
            {
                values.insert(name.clone(), value);
            }
        }
        let wrong =
            values.iter().filter_map(|(name, value)| Some(format!("{:#}", settings::check(name, value).err()?)));
        // All of them: whoever mends one would only be told of the next.
        let wrong: Vec<String> = wrong.collect();
        if !wrong.is_empty() {
            bail!("{}", wrong.join("; "));
        }
        let to_make: Vec<&str> = manifest
            .variables
            .iter()
            .filter(|(name, variable)| {
                variable.default.is_none() && !values.contains_key(*name) && keys::CAN_BE_MADE.contains(&name.as_str())
            })
            .map(|(name, _)| name.as_str())
            .collect();
        if !to_make.is_empty() {
            values.extend(made(&to_make)?);
        }
        for (name, variable) in &manifest.variables {
            if values.contains_key(name) {
                continue;
            }
            let default = variable.default.clone().with_context(|| {
                format!(
                    "variable `{name}` is required and has no value: give --variable {name}=... or SPIN_VARIABLE_{}",
                    name.to_ascii_uppercase()
                )
            })?;
            values.insert(name.clone(), default);
        }
        settings::check_together(|name| values.get(name).map(String::as_str))?;
        Ok(Self(values))
    }

    /// What is to be said against values that can be used all the same.
    pub fn warnings(&self) -> Vec<String> {
        self.0.iter().filter_map(|(name, value)| settings::warning(name, value)).collect()
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Fills a template in. The manifest has checked that the names exist.
    pub fn expand(&self, template: &Template) -> Result<String> {
        template.expand(|name| self.get(name))
    }
}

impl variables::Host for GuestData {}

impl<T: Send + 'static> variables::HostWithStore<T> for HasSelf<GuestData> {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, variables::Error>> {
        Ok(accessor.with(|mut access| match access.get().component.variables.get(&name) {
            Some(value) => Ok(value.clone()),
            None => Err(variables::Error::Undefined(format!("no variable `{name}` is given to this component"))),
        }))
    }
}

impl config::Host for GuestData {
    fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, config::Error>> {
        Ok(Ok(self.component.variables.get(&key).cloned()))
    }

    fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, config::Error>> {
        let all = self.component.variables.iter();
        Ok(Ok(all.map(|(name, value)| (name.clone(), value.clone())).collect()))
    }
}
