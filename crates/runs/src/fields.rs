//! Fields of a JSON object, read so that an error names the field.

use serde_json::{Map, Value as Json};

use crate::{bounds::MAX_STEPS, error::Invalid, ids::is_id};

/// What is asked of ids.
pub(crate) const ID: &str = "must be 1 to 64 of a-z, 0-9, _ and -";

/// An object at a path; `null` counts as absent.
pub(crate) struct Fields<'a> {
    path: &'a str,
    fields: &'a Map<String, Json>,
}

impl<'a> Fields<'a> {
    pub fn of(path: &'a str, value: &'a Json) -> Result<Self, Invalid> {
        let fields = value.as_object();
        let fields =
            fields.ok_or_else(|| Invalid::new(if path.is_empty() { "body" } else { path }, "must be an object"));
        Ok(Self { path, fields: fields? })
    }

    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.into() } else { format!("{}.{name}", self.path) }
    }

    pub fn fault(&self, name: &str, message: &str) -> Invalid {
        Invalid::new(self.path(name), message)
    }

    pub fn only(&self, names: &[&str]) -> Result<(), Invalid> {
        match self.fields.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => {
                let shown: String = if name.is_empty() { "\"\"".into() } else { name.chars().take(64).collect() };
                Err(self.fault(&shown, "is no field of this"))
            }
            None => Ok(()),
        }
    }

    pub fn get(&self, name: &str) -> Option<&'a Json> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str, most: usize) -> Result<Option<&'a str>, Invalid> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::String(text)) if text.chars().count() <= most => Ok(Some(text)),
            Some(_) => Err(self.fault(name, &format!("must be text of at most {most} characters"))),
        }
    }

    pub fn id(&self, name: &str) -> Result<Option<&'a str>, Invalid> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::String(text)) if is_id(text) => Ok(Some(text)),
            Some(_) => Err(self.fault(name, ID)),
        }
    }

    pub fn list(&self, name: &str) -> Result<&'a [Json], Invalid> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Json::Array(values)) if values.len() <= MAX_STEPS => Ok(values),
            Some(_) => Err(self.fault(name, &format!("must be a list of at most {MAX_STEPS} ids"))),
        }
    }
}
