//! The options of a tenant's vendor binding.

use alloc::format;
use alloc::string::String;

use crate::{Fields, PlanError};

/// A JSON object of settings; every setting has a default, so an empty object is complete.
#[derive(Debug, Clone)]
pub struct Options(Fields);

impl Options {
    /// Reads the object.
    ///
    /// # Errors
    /// Not a JSON object.
    pub fn parse(json: &str) -> Result<Self, PlanError> {
        Fields::parse(json.as_bytes()).map(Self).map_err(|_| PlanError::invalid("options", "must be a JSON object"))
    }

    /// A text; `None` when absent.
    ///
    /// # Errors
    /// Present, but not a string.
    pub fn text(&self, name: &str) -> Result<Option<String>, PlanError> {
        self.read(name, "must be a string")
    }

    /// A whole number from `min` to `max`; `default` when absent.
    ///
    /// # Errors
    /// Present, but not such a number.
    pub fn integer(&self, name: &str, default: u64, min: u64, max: u64) -> Result<u64, PlanError> {
        let value = self.read(name, "must be a whole number")?.unwrap_or(default);
        if (min..=max).contains(&value) {
            return Ok(value);
        }
        Err(PlanError::invalid(format!("options.{name}"), format!("must be from {min} to {max}")))
    }

    fn read<T: serde::de::DeserializeOwned>(&self, name: &str, expected: &str) -> Result<Option<T>, PlanError> {
        let Some(raw) = self.0.raw(name) else {
            return Ok(None);
        };
        let value = serde_json::from_str(raw);
        value.map(Some).map_err(|_| PlanError::invalid(format!("options.{name}"), expected))
    }
}
