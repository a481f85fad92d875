//! Reading JSON field by field, so that what is wrong is named by its dotted path, such as `channels[0]`.

use serde_json::{Map, Value as Json};
use thiserror::Error;

/// A field that is missing, malformed or out of range: 400, nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{param} {message}")]
pub struct Invalid {
    /// The field's path, such as `limits.burst`; `body` for the whole.
    pub param: String,
    /// What it must be.
    pub message: String,
}

impl Invalid {
    /// One field's fault.
    #[must_use]
    pub fn new(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: param.into(), message: message.into() }
    }
}

/// A JSON object at a path. `null` counts as absent everywhere (RFC 7386).
#[derive(Debug, Clone)]
pub struct Object<'a> {
    path: String,
    fields: &'a Map<String, Json>,
}

impl<'a> Object<'a> {
    /// The body itself.
    pub fn body(value: &'a Json) -> Result<Self, Invalid> {
        Self::at("", value)
    }

    /// An object that a field holds.
    pub fn at(path: &str, value: &'a Json) -> Result<Self, Invalid> {
        match value {
            Json::Object(fields) => Ok(Self { path: path.into(), fields }),
            _ => Err(Invalid::new(if path.is_empty() { "body" } else { path }, "must be an object")),
        }
    }

    /// The dotted path of a field.
    #[must_use]
    pub fn param(&self, name: &str) -> String {
        if self.path.is_empty() { name.into() } else { format!("{}.{name}", self.path) }
    }

    /// This field's fault.
    #[must_use]
    pub fn fault(&self, name: &str, message: impl Into<String>) -> Invalid {
        Invalid::new(self.param(name), message)
    }

    /// The fault of a field that the caller named.
    #[must_use]
    pub fn clipped_fault(&self, name: &str, message: impl Into<String>) -> Invalid {
        self.fault(&clip(name), message)
    }

    /// Refuses all but these fields.
    pub fn only(&self, known: &[&str]) -> Result<(), Invalid> {
        match self.fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(self.clipped_fault(name, "is not a known field")),
            None => Ok(()),
        }
    }

    /// All fields that are not `null`.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Json)> + use<'a> {
        self.fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.as_str(), value))
    }

    /// The field, if it is there and not `null`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Json> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// An object in a field.
    pub fn object(&self, name: &str) -> Result<Option<Self>, Invalid> {
        self.get(name).map(|value| Self::at(&self.param(name), value)).transpose()
    }

    /// A text of `least..=most` characters.
    pub fn text(&self, name: &str, least: usize, most: usize) -> Result<Option<&'a str>, Invalid> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_str()
            .filter(|text| (least..=most).contains(&text.chars().count()))
            .map(Some)
            .ok_or_else(|| self.fault(name, format!("must be a text of {least} to {most} characters")))
    }

    /// A text of `least..=most` characters without control characters.
    pub fn line(&self, name: &str, least: usize, most: usize) -> Result<Option<&'a str>, Invalid> {
        match self.text(name, least, most)? {
            Some(text) if text.chars().any(char::is_control) => {
                Err(self.fault(name, "must not have control characters"))
            }
            text => Ok(text),
        }
    }

    /// A whole number of `least..=most`.
    pub fn integer(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Invalid> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_u64()
            .filter(|number| (least..=most).contains(number))
            .map(Some)
            .ok_or_else(|| self.fault(name, format!("must be a whole number from {least} to {most}")))
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Invalid> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value.as_bool().map(Some).ok_or_else(|| self.fault(name, "must be true or false"))
    }

    /// A list of at most `most` texts, each with its own path.
    pub fn texts(&self, name: &str, most: usize) -> Result<Option<Vec<(String, &'a str)>>, Invalid> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let list = value
            .as_array()
            .filter(|list| list.len() <= most)
            .ok_or_else(|| self.fault(name, format!("must be a list of at most {most}")))?;
        let item = |(i, item): (usize, &'a Json)| {
            let path = format!("{}[{i}]", self.param(name));
            match item.as_str() {
                Some(text) => Ok((path, text)),
                None => Err(Invalid::new(path, "must be a text")),
            }
        };
        list.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// A list of `least..=most` objects, each with its own path.
    pub fn objects(&self, name: &str, least: usize, most: usize) -> Result<Option<Vec<Self>>, Invalid> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let list = value
            .as_array()
            .filter(|list| (least..=most).contains(&list.len()))
            .ok_or_else(|| self.fault(name, format!("must be a list of {least} to {most}")))?;
        let item = |(i, item): (usize, &'a Json)| Self::at(&format!("{}[{i}]", self.param(name)), item);
        list.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// A list of distinct members of `allowed`.
    pub fn choices(&self, name: &str, allowed: &[&str]) -> Result<Option<Vec<String>>, Invalid> {
        let Some(texts) = self.texts(name, allowed.len())? else {
            return Ok(None);
        };
        let mut chosen: Vec<String> = Vec::new();
        for (path, text) in texts {
            if !allowed.contains(&text) {
                return Err(Invalid::new(path, format!("must be one of {}", allowed.join(", "))));
            }
            if chosen.iter().any(|earlier| earlier == text) {
                return Err(Invalid::new(path, "is there twice"));
            }
            chosen.push(text.into());
        }
        Ok(Some(chosen))
    }
}

/// A caller's own name for something, short enough to repeat in an answer.
fn clip(name: &str) -> String {
    name.chars().take(80).collect()
}
